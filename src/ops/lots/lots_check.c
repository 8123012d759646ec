/* ops/lots/lots_check.c: is the log whole, and are its lots what the books say? */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json_read.h"
#include "ops/lots/lots_internal.h"

enum { SUMMARY_MAX = 16 << 20, ROUNDED = 4 };

static int no_end(keel_lots *l, const char *why) {
    return keel_err_set(l->err, KEEL_E_DATA,
                        "records are missing: events.jsonl: %s: wait for the run to end, or keel replay RUN --events "
                        "DIR makes the log again",
                        why);
}

int keel_lots_check_end(keel_lots *l, const keel_fs *fs, size_t torn) {
    char path[KEEL_FS_PATH_MAX];
    keel_fs_stat st;
    if (torn > 0) return no_end(l, "its last line is cut");
    KEEL_TRY(keel_fs_path(l->ask.dir, "events.jsonl", path, l->err));
    int rc = fs->stat(fs->ctx, path, &st);
    if (rc == -ENOENT) return no_end(l, "it is not there, only closed parts are");
    return rc == 0 ? 0 : keel_fs_fail(rc, "cannot read the log", path, l->err);
}

int keel_lots_check_rounding(keel_lots *l, const keel_lots_symbol *y, int64_t rounding_e8) {
    int64_t most = ROUNDED * (y->fills + 1);
    if (rounding_e8 <= most && rounding_e8 >= -most) return 0;
    return keel_err_set(l->err, KEEL_E_DATA,
                        "the books have another result than the lots: trade that ends with record %" PRIu64
                        " of events.jsonl: they differ by %" PRId64
                        "e-8: keel replay RUN --events DIR makes the log "
                        "again",
                        l->seq, rounding_e8);
}

static int differs(keel_lots *l, const char *what) {
    return keel_err_set(l->err, KEEL_E_DATA,
                        "the log does not hold what the run's summary.json says: %s: keel replay RUN --events DIR "
                        "makes the log again",
                        what);
}

/* Symbols with lots that nobody has closed: each is one position. */
static int64_t symbols_open(const keel_lots *l) {
    int64_t count = 0;
    for (int32_t s = 0; s < l->symbols; s++) {
        int open = 0;
        for (int64_t i = 0; i < l->lots && !open; i++)
            open = l->lot[i].symbol == s && l->lot[i].left_e8 > 0;
        count += open;
    }
    return count;
}

/* Of a position that is open at the end the summary has a worth, and the log has none. */
static int compare(keel_lots *l, const keel_tree *summary) {
    const keel_tree *totals = keel_tree_find(summary, "totals");
    const char *run_id = "";
    int64_t trades = 0, open = 0, net_e8 = 0;
    if (keel_json_read_string(keel_tree_find(summary, "run_id"), &run_id) != 0 ||
        keel_json_read_int(keel_tree_find(totals, "trades"), &trades) != 0 ||
        keel_json_read_int(keel_tree_find(totals, "open_positions"), &open) != 0 ||
        keel_json_read_decimal(keel_tree_find(totals, "net_profit_usd"), 8, &net_e8) != 0)
        return differs(l, "it cannot be read");
    if (strcmp(run_id, l->run_id) != 0) return differs(l, "run_id");
    if (trades != l->totals.trades) return differs(l, "trades");
    if (open != symbols_open(l)) return differs(l, "open_positions");
    if (open == 0 && net_e8 != l->totals.books_e8) return differs(l, "net_profit_usd");
    return 0;
}

int keel_lots_check_summary(keel_lots *l, const keel_fs *fs) {
    char path[KEEL_FS_PATH_MAX];
    keel_fs_stat st;
    uint8_t *bytes = NULL;
    size_t size = 0;
    keel_tree *tree = NULL;
    KEEL_TRY(keel_fs_path(l->ask.dir, "summary.json", path, l->err));
    if (fs->stat(fs->ctx, path, &st) == -ENOENT) return 0;
    KEEL_TRY(keel_fs_read_whole(fs, path, SUMMARY_MAX, &bytes, &size, l->err));
    int rc = keel_json_parse((const char *)bytes, size, "summary.json", &tree, l->err);
    if (rc == 0) rc = compare(l, tree);
    keel_tree_free(tree);
    free(bytes);
    return rc;
}
