/* app/cli/strategy_list.c: keel strategy list. */
#include <stdio.h>

#include "app/cli/cli.h"
#include "app/cli/run_config.h"
#include "core/strategy/strategy.h"

const keel_cli_verb keel_verb_strategy_list_info = {.noun = "strategy",
                                                    .verb = "list",
                                                    .run = keel_verb_strategy_list,
                                                    .summary = "the built-in strategies",
                                                    .example = "keel strategy list",
                                                    .reports = 1};

static int list_json(keel_cli *cli) {
    keel_json *j = keel_json_new(2);
    if (!j)
        return keel_err_set(keel_cli_err(cli), KEEL_E_NOMEM, "out of memory: %s: close other programs",
                            keel_cli_name(cli));
    keel_json_object(j);
    keel_json_kstring(j, "schema", "keel.strategies");
    keel_json_kint(j, "schema_version", 1);
    keel_json_key(j, "strategies");
    keel_json_array(j);
    for (int32_t i = 0; i < KEEL_STRATEGY_COUNT; i++) {
        keel_strategy_text text = keel_strategy_describe(i);
        keel_json_object(j);
        keel_json_kstring(j, "name", text.name);
        keel_json_kstring(j, "version", text.version);
        keel_json_kstring(j, "description", text.sentence);
        keel_json_kint(j, "own_parameters", text.row_count);
        keel_json_close(j);
    }
    keel_json_close(j);
    keel_json_close(j);
    int rc = keel_cli_print_json(cli, j);
    keel_json_free(j);
    return rc;
}

int keel_verb_strategy_list(keel_cli *cli) {
    if (keel_cli_json(cli)) return list_json(cli);
    for (int32_t i = 0; i < KEEL_STRATEGY_COUNT; i++) {
        keel_strategy_text text = keel_strategy_describe(i);
        (void)printf("%-20s %-7s %s\n", text.name, text.version, text.sentence);
    }
    return 0;
}
