/* app/cli/strategy_show.c: keel strategy show: own parameters, and the core parameters it presets. */
#include <stdio.h>
#include <string.h>

#include "app/cli/cli.h"
#include "app/cli/run_config.h"
#include "app/cli/strategy_text.h"
#include "base/real.h"
#include "core/strategy/strategy.h"

const keel_cli_verb keel_verb_strategy_show_info = {
    .noun = "strategy",
    .verb = "show",
    .run = keel_verb_strategy_show,
    .summary = "parameters of one strategy, with bounds, and what it presets",
    .example = "keel strategy show ema_cross",
    .positionals = "NAME|FILE.c",
    .positional_min = 1,
    .positional_max = 1,
    .reports = 1};

/* Core parameters whose default this strategy changes, in table order. */
typedef struct presets {
    double value[KEEL_PARAM_COUNT];
    int differs[KEEL_PARAM_COUNT];
} presets;

static void find_presets(const keel_strategy_source *source, presets *ret) {
    keel_params plain, preset;
    keel_params_default(&plain);
    keel_params_default(&preset);
    KEEL_ASSERT(source->kernel->strategy_select(&preset, source->id) == 1);
    for (int32_t i = 0; i < KEEL_PARAM_COUNT; i++) {
        ret->value[i] = keel_params_get(&preset, i);
        ret->differs[i] = ret->value[i] != keel_params_get(&plain, i);
    }
}

static const char *const CORE_PATHS[KEEL_PARAM_COUNT] = {
#define X(section, name, type, def, lo, hi, step, unit, doc) #section "." #name,
#include "model/params.def"
#undef X
};

static int show_json(keel_cli *cli, const keel_strategy_source *source, const keel_config_entry *own, size_t count,
                     const presets *preset) {
    keel_json *j = keel_json_new(2);
    if (!j)
        return keel_err_set(keel_cli_err(cli), KEEL_E_NOMEM, "out of memory: %s: close other programs",
                            keel_cli_name(cli));
    keel_json_object(j);
    keel_json_kstring(j, "schema", "keel.strategy");
    keel_json_kint(j, "schema_version", 1);
    keel_json_kstring(j, "name", source->text.name);
    keel_json_kstring(j, "version", source->text.version);
    keel_json_kstring(j, "description", source->text.sentence);
    keel_strategy_text_json(&source->text, j);
    keel_json_kstring(j, "file", source->user ? source->path : NULL);
    keel_json_kstring(j, "sha256", source->user ? source->user->sha256 : NULL);
    keel_json_key(j, "parameters");
    keel_json_array(j);
    for (size_t i = 0; i < count; i++) {
        keel_json_object(j);
        keel_json_kstring(j, "path", own[i].path);
        keel_json_kstring(j, "default", own[i].default_text);
        keel_json_kstring(j, "minimum", own[i].min);
        keel_json_kstring(j, "maximum", own[i].max);
        keel_json_kstring(j, "step", own[i].step);
        keel_json_kstring(j, "unit", own[i].unit);
        keel_json_kstring(j, "description", own[i].doc);
        keel_json_close(j);
    }
    keel_json_close(j);
    keel_json_key(j, "presets");
    keel_json_object(j);
    for (int32_t i = 0; i < KEEL_PARAM_COUNT; i++)
        if (preset->differs[i]) keel_json_kdouble(j, CORE_PATHS[i], preset->value[i]);
    keel_json_close(j);
    keel_json_close(j);
    int rc = keel_cli_print_json(cli, j);
    keel_json_free(j);
    return rc;
}

static void show_table(const keel_strategy_source *source, const keel_config_entry *own, size_t count,
                       const presets *preset) {
    char text[KEEL_REAL_TEXT_MAX];
    (void)printf("%s: own parameters%s\n", source->text.name, count ? "" : ": none");
    for (size_t i = 0; i < count; i++)
        (void)printf("  %-28s %8s  %s to %s %s: %s\n", own[i].path, own[i].default_text, own[i].min, own[i].max,
                     own[i].unit, own[i].doc);
    (void)printf("core parameters with another default:\n");
    int shown = 0;
    for (int32_t i = 0; i < KEEL_PARAM_COUNT; i++) {
        if (!preset->differs[i]) continue;
        (void)printf("  %-40s %s\n", CORE_PATHS[i], keel_real_format(preset->value[i], text));
        shown = 1;
    }
    if (!shown) (void)printf("  none\n");
    keel_strbuf lines;
    keel_strbuf_init(&lines, 0);
    keel_strategy_text_lines(&source->text, &lines);
    if (lines.size) (void)printf("it says of itself:\n%s", keel_strbuf_text(&lines));
    keel_strbuf_clear(&lines);
    keel_strategy_text_id(&source->text, &lines);
    (void)printf("%s: %s\n", keel_strbuf_text(&lines), source->text.sentence);
    keel_strbuf_done(&lines);
    if (source->user) (void)printf("file %s, sha256 %s\n", source->path, source->user->sha256);
    (void)printf("every other parameter: keel config show --effective --strategy %s\n",
                 source->user ? source->path : source->text.name);
}

int keel_verb_strategy_show(keel_cli *cli) {
    const char *name = keel_cli_positional(cli, 0);
    keel_strategy_source source;
    keel_run_config_own own;
    presets preset;
    int rc = keel_strategy_open(cli, name, &source);
    if (rc == KEEL_E_USAGE) rc = keel_cli_err(cli)->code = KEEL_E_NOT_FOUND;
    if (rc == 0) {
        keel_run_config_own_table(&source.text, &own);
        find_presets(&source, &preset);
        if (keel_cli_json(cli))
            rc = show_json(cli, &source, own.entry, own.count, &preset);
        else
            show_table(&source, own.entry, own.count, &preset);
    }
    keel_strategy_close(&source);
    return rc;
}
