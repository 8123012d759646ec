/* app/cli/state_common.c: see state_common.h. */
#include "app/cli/state_common.h"

#include <stdio.h>

int keel_state_cli_open(keel_cli *cli, keel_statestore **ret) {
    char path[1100];
    const char *folder = keel_cli_positional(cli, 0);
    (void)snprintf(path, sizeof path, "%.1000s/state.db", folder);
    int rc = keel_statestore_open(path, 0, ret, keel_cli_err(cli));
    if (rc != KEEL_E_NOT_FOUND) return rc;
    return keel_err_set(keel_cli_err(cli), rc, "no kept state: %s: name the folder of a run of keel trade paper",
                        folder);
}

void keel_state_cli_reset_json(const keel_reset *reset, keel_json *j) {
    keel_json_object(j);
    keel_json_kstring(j, "counter", keel_counter_words[reset->counter]);
    keel_json_kint(j, "ts_ms", reset->ts_ms);
    keel_json_kint(j, "given_ms", reset->given_ms);
    keel_json_kstring(j, "who", reset->who);
    keel_json_kstring(j, "why", reset->why);
    keel_json_close(j);
}
