/* app/cli/config_schema.c: keel config schema. */
#include <stdio.h>

#include "app/cli/cli.h"
#include "app/cli/run_config.h"
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

int keel_run_config_write_schema(int32_t strategy, keel_json *j, keel_err *reterr) {
    keel_run_config_own own;
    if (strategy >= 0) {
        keel_strategy_text text = keel_strategy_describe(strategy);
        keel_run_config_own_table(&text, &own);
    }
    keel_config *config = keel_config_new();
    int rc = config ? keel_run_config_add_tables(config, strategy >= 0 ? &own : NULL, reterr) : KEEL_E_NOMEM;
    if (!rc) {
        keel_json_object(j);
        keel_config_write_schema(config, "keel configuration", strategy < 0 ? "strategy" : NULL, j);
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
    int32_t strategy = name ? keel_run_config_strategy_index(name) : -1;
    if (name && strategy < 0) return keel_cli_refuse_option(cli, "strategy", "is no built-in strategy");
    keel_json *j = keel_json_new(2);
    int rc = j ? keel_run_config_write_schema(strategy, j, keel_cli_err(cli)) : KEEL_E_NOMEM;
    if (!rc) rc = keel_cli_print_json(cli, j);
    keel_json_free(j);
    return rc;
}
