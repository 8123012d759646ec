/* app/cli/state_common.c: see state_common.h. */
#include "app/cli/state_common.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json_read.h"
#include "port/fs_real.h"

enum { TRAIL_MAX = 1 << 28 };

int keel_state_cli_open(keel_cli *cli, keel_statestore **ret) {
    char path[1100];
    const char *folder = keel_cli_positional(cli, 0);
    (void)snprintf(path, sizeof path, "%.1000s/state.db", folder);
    int rc = keel_statestore_open(path, 0, ret, keel_cli_err(cli));
    if (rc != KEEL_E_NOT_FOUND) return rc;
    return keel_err_set(keel_cli_err(cli), rc, "no kept state: %s: name the folder of a run of keel trade paper",
                        folder);
}

/* Number of the reset that a line of the trail is about, 0: none. */
static int64_t reset_of(const char *line, size_t size) {
    static const char BEGIN[] = KEEL_STATE_CLI_RESET;
    keel_tree *t = NULL;
    keel_err ignored = {0};
    const char *action = "", *after = "";
    int64_t number = 0;
    if (keel_json_parse(line, size, "audit.jsonl", &t, &ignored) != 0) return 0;
    if (keel_json_read_string(keel_tree_find(t, "action"), &action) == 0 && strcmp(action, "counter_reset") == 0 &&
        keel_json_read_string(keel_tree_find(t, "after"), &after) == 0 && strncmp(after, BEGIN, sizeof BEGIN - 1) == 0)
        number = strtoll(after + sizeof BEGIN - 1, NULL, 10);
    keel_tree_free(t);
    return number;
}

int keel_state_cli_check_resets(keel_cli *cli, int64_t count) {
    char path[KEEL_FS_PATH_MAX];
    uint8_t *bytes = NULL;
    size_t size = 0;
    int64_t known = 0;
    keel_err *err = keel_cli_err(cli), found = {0};
    KEEL_TRY(keel_fs_path(keel_cli_positional(cli, 0), "audit.jsonl", path, err));
    int rc = keel_fs_read_whole(keel_fs_real(), path, TRAIL_MAX, &bytes, &size, &found);
    if (rc == KEEL_E_NOT_FOUND) return 0;
    if (rc != 0) return keel_err_set(err, rc, "%s", found.text);
    for (size_t at = 0; at < size;) {
        const char *line = (const char *)bytes + at, *end = memchr(line, '\n', size - at);
        if (!end) break; /* nobody was promised that it is kept */
        int64_t number = reset_of(line, (size_t)(end - line));
        if (number > known) known = number;
        at += (size_t)(end - line) + 1;
    }
    free(bytes);
    if (known <= count) return 0;
    return keel_err_set(err, KEEL_E_PARITY,
                        "a reset was taken out: reset %" PRId64
                        " of counters, which the audit trail has: put state.db back from a copy, or order it again",
                        known);
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
