/* app/cli/config_schema.c: keel config schema. */
#include <stdio.h>
#include <string.h>

#include "app/cli/cli.h"
#include "app/cli/run_config_internal.h"
#include "core/strategy/strategy.h"

static const keel_cli_opt OPTIONS[] = {
    {"strategy", "NAME", "only this strategy's own parameters; default: each where run.strategy names it", 0},
    {NULL, NULL, NULL, 0}};

const keel_cli_verb keel_verb_config_schema_info = {
    .noun = "config",
    .verb = "schema",
    .run = keel_verb_config_schema,
    .summary = "every parameter with type, bounds, unit and default, as JSON Schema",
    .example = "keel config schema --strategy ema_cross",
    .options = {OPTIONS},
    .notes =
        "An editor completes and checks from it: 'keel init' writes it beside config.yaml, whose first line points\n"
        "to it. For another file: keel config schema > config.schema.json, and on top of the YAML file\n"
        "  # yaml-language-server: $schema=config.schema.json",
    .reports = 1};

static void open_member(keel_json *j, const char *key) {
    keel_json_key(j, key);
    keel_json_object(j);
}

/* {"if": run.strategy is this one, "then": the section strategy has its parameters and no others} */
static int write_own(int32_t strategy, keel_json *j, keel_err *reterr) {
    keel_run_config_own rows;
    keel_strategy_text text = keel_strategy_describe(strategy);
    keel_run_config_own_table(&text, &rows);
    keel_config *own = keel_config_new();
    int rc = own ? keel_config_add_entries(own, rows.entry, rows.count, reterr) : KEEL_E_NOMEM;
    if (own) keel_config_allow_variants(own, KEEL_RUN_CONFIG_REGIMES, keel_run_config_regime_may);
    if (!rc) {
        keel_json_object(j);
        open_member(j, "if");
        keel_json_key(j, "required");
        keel_json_raw(j, "[\"run\"]");
        open_member(j, "properties");
        open_member(j, "run");
        keel_json_key(j, "required");
        keel_json_raw(j, "[\"strategy\"]");
        open_member(j, "properties");
        open_member(j, "strategy");
        keel_json_kstring(j, "const", keel_run_config_strategy_name(strategy));
        for (int depth = 0; depth < 5; depth++)
            keel_json_close(j);
        open_member(j, "then");
        open_member(j, "properties");
        keel_config_write_section_schema(own, "strategy", j);
        for (int depth = 0; depth < 3; depth++)
            keel_json_close(j);
    }
    keel_config_free(own);
    return rc;
}

/* 1 when entry i is the first of a section that an item of `strategies` may have as well. */
static int begins_own_section(const keel_config *c, size_t i) {
    const char *path = keel_config_entry_at(c, i)->path, *dot = strchr(path, '.');
    if (!dot || strncmp(path, "run.", 4) == 0 || strncmp(path, "log.", 4) == 0 || strncmp(path, "account.", 8) == 0 ||
        strncmp(path, "strategy.", 9) == 0)
        return 0;
    size_t size = (size_t)(dot - path) + 1;
    return i == 0 || strncmp(keel_config_entry_at(c, i - 1)->path, path, size) != 0;
}

/* {"strategies": a list of objects: the rows of an item, its parameters, and the core's sections} */
static void write_strategies(const keel_config *c, keel_json *j) {
    size_t count;
    const keel_config_entry *rows = keel_run_config_item_entries(&count);
    keel_config *item = keel_config_new();
    KEEL_ASSERT(item && keel_config_add_entries(item, rows, count, NULL) == 0);
    open_member(j, "strategies");
    keel_json_kstring(j, "type", "array");
    keel_json_kstring(j, "description", "several strategies in one run, in place of run.strategy");
    open_member(j, "items");
    keel_json_kstring(j, "type", "object");
    keel_json_kbool(j, "additionalProperties", 0);
    keel_json_key(j, "required");
    keel_json_raw(j, "[\"strategy\"]");
    open_member(j, "properties");
    for (size_t i = 0; i < count; i++)
        keel_config_write_property(item, i, j);
    open_member(j, "parameters");
    keel_json_kstring(j, "type", "object");
    keel_json_kstring(j, "description", "the strategy's own parameters: 'keel strategy show NAME'");
    keel_json_close(j);
    for (size_t i = 0; i < keel_config_count(c); i++) {
        char reference[100], section[64];
        const char *path = keel_config_entry_at(c, i)->path;
        if (!begins_own_section(c, i)) continue;
        (void)snprintf(section, sizeof section, "%.*s", (int)strcspn(path, "."), path);
        (void)snprintf(reference, sizeof reference, "#/properties/%s", section);
        open_member(j, section);
        keel_json_kstring(j, "$ref", reference);
        keel_json_close(j);
    }
    for (int depth = 0; depth < 3; depth++)
        keel_json_close(j);
    keel_config_free(item);
}

int keel_run_config_write_schema(int32_t strategy, keel_json *j, keel_err *reterr) {
    keel_run_config_own own;
    if (strategy >= 0) {
        keel_strategy_text text = keel_strategy_describe(strategy);
        keel_run_config_own_table(&text, &own);
    }
    keel_config *config = keel_config_new();
    int rc = config ? keel_run_config_add_tables(config, strategy >= 0 ? &own : NULL, reterr) : KEEL_E_NOMEM;
    if (!rc) {
        keel_config_allow_variants(config, KEEL_RUN_CONFIG_REGIMES, keel_run_config_regime_may);
        keel_json_object(j);
        keel_config_write_schema(config, "keel configuration", strategy < 0 ? "strategy" : NULL, write_strategies, j);
        if (strategy < 0) {
            keel_json_key(j, "allOf");
            keel_json_array(j);
            for (int32_t i = 0; i < KEEL_STRATEGY_COUNT && !rc; i++)
                rc = write_own(i, j, reterr);
            keel_json_close(j);
        }
        keel_json_close(j);
    }
    keel_config_free(config);
    return rc;
}

int keel_verb_config_schema(keel_cli *cli) {
    const char *name = keel_cli_option(cli, "strategy");
    int32_t strategy = name ? keel_strategy_builtin(name) : -1;
    if (name && strategy < 0) return keel_cli_refuse_option(cli, "strategy", "is no built-in strategy");
    keel_json *j = keel_json_new(2);
    int rc = j ? keel_run_config_write_schema(strategy, j, keel_cli_err(cli)) : KEEL_E_NOMEM;
    if (!rc) rc = keel_cli_print_json(cli, j);
    keel_json_free(j);
    return rc;
}
