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

static const struct {
    const char *name, *version, *sentence;
} STRATEGIES[] = {
#define STRATEGY_ROW(id, name, version, sentence) {#name, version, sentence},
    KEEL_STRATEGIES(STRATEGY_ROW)};

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
        size_t own;
        (void)keel_run_config_strategy_entries(i, &own);
        keel_json_object(j);
        keel_json_kstring(j, "name", STRATEGIES[i].name);
        keel_json_kstring(j, "version", STRATEGIES[i].version);
        keel_json_kstring(j, "description", STRATEGIES[i].sentence);
        keel_json_kint(j, "own_parameters", (int64_t)own);
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
    for (int32_t i = 0; i < KEEL_STRATEGY_COUNT; i++)
        (void)printf("%-20s %-7s %s\n", STRATEGIES[i].name, STRATEGIES[i].version, STRATEGIES[i].sentence);
    return 0;
}
