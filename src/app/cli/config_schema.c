/* app/cli/config_schema.c: keel config schema. */
#include <stdio.h>

#include "app/cli/cli.h"
#include "app/cli/run_config.h"

static const keel_cli_opt OPTIONS[] = {{"strategy", "NAME", "with this strategy's own parameters", 0},
                                       {NULL, NULL, NULL, 0}};

const keel_cli_verb keel_verb_config_schema_info = {
    .noun = "config",
    .verb = "schema",
    .run = keel_verb_config_schema,
    .summary = "every parameter with type, bounds, unit and default, as JSON Schema",
    .example = "keel config schema --strategy ema_cross",
    .options = {OPTIONS},
    .reports = 1};

int keel_verb_config_schema(keel_cli *cli) {
    const char *name = keel_cli_option(cli, "strategy");
    int32_t strategy = name ? keel_run_config_strategy_index(name) : -1;
    if (name && strategy < 0) return keel_cli_refuse_option(cli, "strategy", "is no built-in strategy");
    keel_config *config = keel_config_new();
    keel_json *j = keel_json_new(2);
    int rc = KEEL_E_NOMEM;
    if (config && j) rc = keel_run_config_add_tables(config, strategy, keel_cli_err(cli));
    if (!rc) {
        keel_config_write_schema(config, "keel configuration", name ? NULL : "strategy", j);
        rc = keel_cli_print_json(cli, j);
    }
    keel_json_free(j);
    keel_config_free(config);
    return rc;
}
