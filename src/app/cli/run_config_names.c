/* app/cli/run_config_names.c: names that the table does not have, and what to say of them: what platforms call their
 * parameters, and values for one regime that cannot be. */
#include <string.h>

#include "app/cli/run_config_internal.h"

/* The 19 names of a platform's tuning space. `here` is the parameter of this build; where there is none, `with` says
 * which part of a platform it belongs to. Those that are called the same here do not stand in it. */
typedef struct platform_name {
    const char *name, *here, *with;
} platform_name;

static const platform_name PLATFORM[] = {
    {"vol_target", "sizing.vol_size_ref", NULL},
    {"max_position_pct", "risk.max_position_exposure", NULL},
    {"venue_leverage", "account.leverage", NULL},
    {"kelly_fraction", NULL, "sizing over a portfolio"},
    {"var_limit", NULL, "the limits of a portfolio's risk"},
    {"es_limit", NULL, "the limits of a portfolio's risk"},
    {"heat_cap", NULL, "the limits of a portfolio's risk"},
    {"ml_conf_threshold", NULL, "models that learn"},
    {"ml_weight", NULL, "models that learn"},
    {"ta_weight", NULL, "blending models with signals"},
    {"sentiment_weight", NULL, "news and sentiment"},
    {"vpin_toxic", NULL, "order book signals"},
    {"participation_rate", NULL, "orders worked over time"},
};

static const char *last_part(const char *path) {
    const char *dot = strrchr(path, '.');
    return dot ? dot + 1 : path;
}

static int explain_platform(const char *path, const char *origin, keel_err *ret) {
    char name[64];
    size_t size = strcspn(last_part(path), "@");
    if (size >= sizeof name) return 0;
    memcpy(name, last_part(path), size);
    name[size] = 0;
    for (size_t i = 0; i < sizeof PLATFORM / sizeof *PLATFORM; i++) {
        const platform_name *p = &PLATFORM[i];
        if (strcmp(p->name, name) != 0) continue;
        if (p->here)
            (void)keel_err_set(ret, KEEL_E_UNKNOWN_KEY, "'%s' has another name in keel: %s: write %s%s", name, origin,
                               p->here, last_part(path) + size);
        else
            (void)keel_err_set(ret, KEEL_E_UNKNOWN_KEY,
                               "this build has no parameter '%s': %s: leave it out; it belongs to %s (docs/sweep.md)",
                               name, origin, p->with);
        return 1;
    }
    return 0;
}

/* ---- values for one regime --------------------------------------------------------------------------------- */

static const char *const LABELS[KEEL_REGIME_COUNT] = {"unknown", "bull", "bear", "chop", "crash"};

int32_t keel_run_config_regime(const char *name, size_t *ret_size) {
    const char *at = strrchr(name, '@');
    if (!at) return -1;
    *ret_size = (size_t)(at - name);
    for (int32_t i = 0; i < KEEL_REGIME_COUNT; i++)
        if (strcmp(LABELS[i], at + 1) == 0) return i;
    return -1;
}

const char *keel_run_config_regime_name(int32_t label) {
    KEEL_ASSERT(label >= 0 && label < KEEL_REGIME_COUNT);
    return LABELS[label];
}

/* Is the first `size` bytes of name this path, or its last part? */
static int means(const char *name, size_t size, const char *path) {
    const char *last = last_part(path);
    return (strlen(path) == size && strncmp(name, path, size) == 0) ||
           (strlen(last) == size && strncmp(name, last, size) == 0);
}

int keel_run_config_regime_may(const char *path) {
    return strncmp(path, "account.", 8) != 0 && strncmp(path, "signals.", 8) != 0;
}

static int explain_regime(const char *path, const char *origin, keel_err *ret) {
    const keel_config_entry *core;
    size_t size = 0, count = 0;
    const char *at = strrchr(path, '@');
    if (!at) return 0;
    if (keel_run_config_regime(path, &size) < 0) {
        (void)keel_err_set(ret, KEEL_E_UNKNOWN_KEY,
                           "'%.40s' is no regime of the market: '%.80s', %s: write unknown, bull, bear, chop or crash "
                           "behind the '@'",
                           at + 1, path, origin);
        return 1;
    }
    core = keel_run_config_core(&count);
    for (size_t i = 0; i < count; i++) {
        if (!means(path, size, core[i].path) || keel_run_config_regime_may(core[i].path)) continue;
        (void)keel_err_set(
            ret, KEEL_E_UNKNOWN_KEY, "%s is the same in every regime: '%.80s', %s: it shapes %s; set it without '%s'",
            core[i].path, path, origin, strncmp(core[i].path, "account.", 8) == 0 ? "the account" : "signals", at);
        return 1;
    }
    if ((size > 4 && strncmp(path, "run.", 4) == 0) || (size > 4 && strncmp(path, "log.", 4) == 0)) {
        (void)keel_err_set(ret, KEEL_E_UNKNOWN_KEY,
                           "'%.80s' is no parameter: %s: only those of the core and of the strategy may have values "
                           "of their own in a regime; set it without '%s'",
                           path, origin, at);
        return 1;
    }
    return 0;
}

int keel_run_config_explain(const char *path, const char *origin, keel_err *ret) {
    return explain_platform(path, origin, ret) || explain_regime(path, origin, ret);
}
