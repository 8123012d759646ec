/* app/cli/paper_journal.c: see paper_journal.h. */
#include "app/cli/paper_journal.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json_read.h"
#include "journal/format.h"

static int is_segment(void *data, const char *name) {
    char journal[KEEL_JOURNAL_NAME_MAX + 1];
    uint64_t segment = 0;
    int *found = data;
    *found = *found || keel_journal_file_parse(name, journal, &segment);
    return 0;
}

int keel_paper_journal_find(keel_journal_where *where, char dir[KEEL_FS_PATH_MAX], keel_err *reterr) {
    keel_fs_stat st;
    const keel_fs *fs = where->fs;
    const char *given = where->dir;
    if (fs->stat(fs->ctx, given, &st) != 0 || !st.is_dir)
        return keel_err_set(reterr, KEEL_E_NOT_FOUND,
                            "no run: %s: no such folder: give the folder that keel trade paper --run wrote", given);
    KEEL_TRY(keel_fs_path(given, "journal", dir, reterr));
    if (fs->stat(fs->ctx, dir, &st) != 0 || !st.is_dir) (void)snprintf(dir, KEEL_FS_PATH_MAX, "%s", given);
    where->dir = dir;
    int found = 0;
    if (fs->list(fs->ctx, dir, is_segment, &found) != 0 || found) return 0; /* what cannot be read says so later */
    return keel_err_set(reterr, KEEL_E_NOT_FOUND,
                        "no run: %s: it holds no journal: give the folder that keel trade paper --run wrote", given);
}

int keel_paper_journal_judge(const keel_journal_where *where, keel_journal_report *ret, keel_err *reterr) {
    KEEL_TRY(keel_journal_inspect(where, 0, NULL, NULL, ret, reterr));
    if (ret->verdict == KEEL_JOURNAL_GOOD || ret->verdict == KEEL_JOURNAL_TORN) return 0;
    return keel_err_set(reterr, KEEL_E_PARITY,
                        "the journal is %s: %s, byte %" PRId64 ": %s: keel journal verify shows it",
                        keel_journal_verdict_word(ret->verdict), ret->bad_file, ret->bad_offset, ret->why);
}

int keel_paper_journal_open(keel_cli *cli, const keel_journal_where *where, keel_paper_opened *ret) {
    char *text = NULL;
    size_t size = 0;
    KEEL_TRY(keel_engine_start_of(where, &text, &size, keel_cli_err(cli)));
    int rc = keel_paper_start_read(cli, text, size, where->dir, ret);
    free(text);
    return rc != 0 ? rc : keel_paper_start_behaviour(where, &ret->plan, keel_cli_interrupted, keel_cli_err(cli));
}

int keel_paper_journal_run_id(const keel_journal_where *where, char ret[KEEL_PAPER_RUN_ID_SIZE]) {
    keel_tree *tree = NULL;
    keel_err unreadable = {0};
    const char *run_id = "";
    char *text = NULL;
    size_t size = 0;
    int known = keel_engine_start_of(where, &text, &size, &unreadable) == 0 &&
                keel_json_parse(text, size, where->dir, &tree, &unreadable) == 0 &&
                keel_json_read_string(keel_tree_find(tree, "run_id"), &run_id) == 0 && *run_id &&
                strlen(run_id) < KEEL_PAPER_RUN_ID_SIZE;
    if (known) memcpy(ret, run_id, strlen(run_id) + 1);
    keel_tree_free(tree);
    free(text);
    return known;
}
