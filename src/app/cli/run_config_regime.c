/* app/cli/run_config_regime.c: parameters that have values of their own while the market's regime is a certain one,
 * written NAME@REGIME. Each is a row of the table like the parameter's, which exists once somebody names it; a
 * configuration without any is what it always was, byte for byte. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/cli/run_config_internal.h"

struct keel_run_override {
    keel_config_entry entry;
    char path[96]; /* "exits.sl_atr_mult@bear" */
    int32_t label; /* KEEL_REGIME_* */
    int32_t index; /* of the parameter: the core's, then the strategy's own */
    struct keel_run_override *next;
};

/* ---- rows -------------------------------------------------------------------------------------------------- */

static int add_row(keel_run_config *run, const keel_config_entry *of, int32_t label, int32_t index, keel_err *err) {
    struct keel_run_override *o = calloc(1, sizeof *o), **end = &run->overrides;
    if (!o) return keel_err_set(err, KEEL_E_NOMEM, "out of memory: configuration: close other programs");
    (void)snprintf(o->path, sizeof o->path, "%.80s@%s", of->path, keel_run_config_regime_name(label));
    if (keel_config_has(run->config, o->path)) {
        free(o);
        return 0;
    }
    o->entry = *of;
    o->entry.path = o->path;
    o->entry.default_text = NULL;
    o->entry.flags |= KEEL_CONFIG_OPTIONAL | KEEL_CONFIG_ADDED;
    o->label = label;
    o->index = index;
    while (*end)
        end = &(*end)->next;
    *end = o;
    return keel_config_add_entries(run->config, &o->entry, 1, err);
}

static const char *last_part(const char *path) {
    const char *dot = strrchr(path, '.');
    return dot ? dot + 1 : path;
}

static int is_named(const char *name, size_t size, const char *path) {
    if (memchr(name, '.', size)) return strlen(path) == size && strncmp(path, name, size) == 0;
    return strlen(last_part(path)) == size && strncmp(last_part(path), name, size) == 0;
}

/* The rows that name may mean. Nothing where it means none: whoever resolves says so. */
static int add_rows(keel_run_config *run, const char *name, keel_err *err) {
    size_t size = 0, first = keel_run_config_core_first(), count = first + KEEL_PARAM_COUNT + run->own.count;
    int32_t label = keel_run_config_regime(name, &size);
    for (size_t i = first; label >= 0 && i < count; i++) {
        const keel_config_entry *e = keel_config_entry_at(run->config, i);
        if (is_named(name, size, e->path) && keel_run_config_regime_may(e->path))
            KEEL_TRY(add_row(run, e, label, (int32_t)(i - first), err));
    }
    return 0;
}

int keel_run_config_know_given(keel_run_config *run, keel_err *err) {
    keel_config_on_unknown(run->config, keel_run_config_explain);
    for (size_t i = 0; i < keel_config_given_count(run->config); i++) {
        const char *path = keel_config_given_path(run->config, i);
        if (strchr(path, '@')) KEEL_TRY(add_rows(run, path, err));
    }
    return 0;
}

int keel_run_config_know(keel_run_config *run, const char *name, const char *origin, keel_err *err) {
    if (strchr(name, '@')) KEEL_TRY(add_rows(run, name, err));
    for (size_t i = 0; i < keel_config_count(run->config); i++) {
        const char *path = keel_config_entry_at(run->config, i)->path;
        if (strcmp(path, name) == 0 || strcmp(last_part(path), name) == 0) return 0;
    }
    return keel_run_config_explain(name, origin, err) ? err->code : 0;
}

void keel_run_config_forget_regimes(keel_run_config *run) {
    while (run->overrides) {
        struct keel_run_override *next = run->overrides->next;
        free(run->overrides);
        run->overrides = next;
    }
}

/* ---- what the core reads ----------------------------------------------------------------------------------- */

static void put(const keel_run_config *run, keel_params *p, const struct keel_run_override *o) {
    double value = keel_config_get_real(run->config, o->path);
    int32_t taken = o->index < KEEL_PARAM_COUNT ? keel_params_set(p, o->index, value)
                                                : run->kernel->strategy_set(p, o->index - KEEL_PARAM_COUNT, value);
    KEEL_ASSERT(taken == 1); /* the row has the parameter's own bounds */
}

/* A switch that is on in some regime, or a figure above 0 that is one, asks for its signals always: every such rule of
 * the core asks for more the larger the value. */
static void widen(const keel_run_config *run, keel_params *p, const struct keel_run_override *o) {
    if (o->index >= KEEL_PARAM_COUNT) return;
    if (keel_config_get_real(run->config, o->path) > keel_params_get(p, o->index)) put(run, p, o);
}

void keel_run_config_fill_regimes(keel_run_config *run) {
    run->by_regime = 0;
    for (int32_t label = 0; label < KEEL_REGIME_COUNT; label++)
        run->rows[1 + label] = run->params;
    for (const struct keel_run_override *o = run->overrides; o; o = o->next) {
        if (!keel_config_is_set(run->config, o->path)) continue;
        put(run, &run->rows[1 + o->label], o);
        widen(run, &run->params, o);
        run->by_regime = 1;
    }
    run->rows[0] = run->params;
}

const keel_params *keel_run_config_rows(const keel_run_config *run) {
    return run->by_regime ? run->rows : &run->params;
}

int32_t keel_run_config_row_count(const keel_run_config *run) { return run->by_regime ? 1 + KEEL_REGIME_COUNT : 1; }

/* ---- what must not differ ---------------------------------------------------------------------------------- */

static int same_signal(const keel_signal_spec *a, const keel_signal_spec *b) {
    return a->kind == b->kind && a->slot == b->slot && a->source == b->source && memcmp(a->p, b->p, sizeof a->p) == 0 &&
           memcmp(a->f, b->f, sizeof a->f) == 0;
}

/* Does what `wide` asks for hold every signal of p? */
static int covers(const keel_kernel *kernel, const keel_params *wide, const keel_params *p) {
    keel_signal_list all, one;
    kernel->strategy_signals(wide, &all);
    kernel->strategy_signals(p, &one);
    for (int32_t i = 0; i < one.n; i++) {
        int found = 0;
        for (int32_t k = 0; k < all.n; k++)
            found |= same_signal(&one.spec[i], &all.spec[k]);
        if (!found) return 0;
    }
    return one.overflow == all.overflow || all.overflow;
}

/* The first value by which alone signals become others. */
static const struct keel_run_override *culprit(const keel_run_config *run) {
    keel_params plain, one, wide;
    keel_run_config_base(run, &plain);
    for (const struct keel_run_override *o = run->overrides; o; o = o->next) {
        if (!keel_config_is_set(run->config, o->path)) continue;
        one = wide = plain;
        put(run, &one, o);
        widen(run, &wide, o);
        if (!covers(run->kernel, &wide, &one)) return o;
    }
    return NULL;
}

static int check_signals(const keel_run_config *run, int32_t label, keel_err *err) {
    if (covers(run->kernel, &run->rows[0], &run->rows[1 + label])) return 0;
    const struct keel_run_override *o = culprit(run);
    if (!o)
        return keel_err_set(err, KEEL_E_USAGE,
                            "signals would be others in regime %s: values with '@%s': they are the same in every "
                            "regime; leave out what they are made of",
                            keel_run_config_regime_name(label), keel_run_config_regime_name(label));
    return keel_err_set(err, KEEL_E_USAGE,
                        "%.*s is the same in every regime: '%s', %s: it shapes signals; set it without '%s'",
                        (int)strcspn(o->path, "@"), o->path, o->path, keel_config_origin_of(run->config, o->path),
                        strchr(o->path, '@'));
}

int keel_run_config_probe(const keel_run_config *run, const keel_list *symbols, keel_err *err) {
    if (!run->by_regime) return keel_strategy_probe(&run->source, &run->params, symbols, NULL, err);
    for (int32_t label = 0; label < KEEL_REGIME_COUNT; label++)
        KEEL_TRY(keel_strategy_probe(&run->source, &run->rows[1 + label], symbols, NULL, err));
    if (!run->strategy) return 0;
    for (int32_t label = 0; label < KEEL_REGIME_COUNT; label++)
        KEEL_TRY(check_signals(run, label, err));
    return 0;
}
