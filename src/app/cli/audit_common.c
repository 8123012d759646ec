/* app/cli/audit_common.c: see audit_common.h. */
#define _XOPEN_SOURCE 700
#include "app/cli/audit_common.h"

#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/json_read.h"
#include "base/sha256.h"
#include "journal/inspect.h"
#include "ops/forensic/reader.h"
#include "port/fs_real.h"

enum { DOCUMENT_MAX = 16 << 20, RUN_ID_MAX = 129 };

char *keel_audit_actor(char ret[KEEL_AUDIT_ACTOR_MAX]) {
    const struct passwd *who = getpwuid(geteuid());
    (void)snprintf(ret, KEEL_AUDIT_ACTOR_MAX, "%.60s (uid %ld)", who ? who->pw_name : "unknown", (long)geteuid());
    return ret;
}

int keel_audit_alerts_open(keel_cli *cli, keel_audit *trail, keel_alerts **ret) {
    keel_alerts_options o = {
        .program = keel_program_real(), .clock = keel_clock_real(), .path = keel_cli_option(cli, "alert-command")};
    *ret = NULL;
    if (!o.path) return 0;
    KEEL_TRY(keel_program_check(o.path, keel_cli_err(cli)));
    KEEL_TRY(keel_alerts_open(&o, ret, keel_cli_err(cli)));
    trail->told = keel_alerts_put;
    trail->told_data = *ret;
    return 0;
}

void keel_audit_alerts_close(keel_cli *cli, keel_alerts *alerts) {
    keel_alerts_result r;
    keel_alerts_close(alerts, &r);
    if (r.failed + r.dropped > 0)
        keel_cli_warn(cli, "the alert did not arrive: %s", r.why[0] ? r.why : "no time was left");
}

int keel_audit_record(keel_cli *cli, const keel_audit *trail, const char *action, const char *reason,
                      const char *before, const char *after) {
    char actor[KEEL_AUDIT_ACTOR_MAX];
    keel_audit_entry e = {keel_audit_actor(actor), action, reason, before, after};
    keel_audit heard = *trail;
    keel_alerts *alerts = NULL;
    KEEL_TRY(keel_audit_alerts_open(cli, &heard, &alerts));
    int rc = keel_audit_append(&heard, &e, keel_cli_err(cli));
    keel_audit_alerts_close(cli, alerts);
    return rc;
}

const keel_cli_opt keel_audit_cli_options[] = {
    {"sign-key", "FILE", "key that signs the run's audit trail; needed where the trail is signed", 0},
    {"alert-command", "FILE", "run this program with what is recorded on its standard input", 0},
    {0}};

const keel_cli_opt keel_audit_reason_options[] = {
    {"reason", "TEXT", "why; kept with your name in the run's audit trail, without secrets", 0}, {0}};

const char *keel_audit_reason(const keel_cli *cli) {
    const char *given = keel_cli_option(cli, "reason");
    return given && *given ? given : KEEL_AUDIT_NO_REASON;
}

int keel_audit_sign_key(keel_cli *cli, uint8_t seed[KEEL_KEY_SIZE], keel_audit *trail) {
    const char *file = keel_cli_option(cli, "sign-key");
    if (!file) return 0;
    KEEL_TRY(keel_key_load(trail->fs, file, seed, keel_cli_err(cli)));
    trail->sign_seed = seed;
    return 0;
}

/* 1: it is there, or cannot be seen, which the next call of it tells. */
static int is_there(const keel_fs *fs, const char *dir, const char *name) {
    char path[KEEL_FS_PATH_MAX];
    keel_err ignored = {0};
    keel_fs_stat st;
    return keel_fs_path(dir, name, path, &ignored) != 0 || fs->stat(fs->ctx, path, &st) != -ENOENT;
}

/* The run that a document in dir is of: 1, 0: there is none, or its member `key` is no `word`. */
static int run_of_file(const keel_fs *fs, const char *dir, const char *name, const char *key, const char *word,
                       char ret[RUN_ID_MAX]) {
    char path[KEEL_FS_PATH_MAX];
    const char *is = "", *run_id = "";
    uint8_t *bytes = NULL;
    size_t size = 0;
    keel_tree *tree = NULL;
    keel_err none = {0};
    int found = keel_fs_path(dir, name, path, &none) == 0 &&
                keel_fs_read_whole(fs, path, DOCUMENT_MAX, &bytes, &size, &none) == 0 &&
                keel_json_parse((const char *)bytes, size, name, &tree, &none) == 0 &&
                keel_json_read_string(keel_tree_find(tree, key), &is) == 0 && strcmp(is, word) == 0 &&
                keel_json_read_string(keel_tree_find(tree, "run_id"), &run_id) == 0;
    if (found) (void)snprintf(ret, RUN_ID_MAX, "%s", run_id);
    keel_tree_free(tree);
    free(bytes);
    return found && *ret;
}

/* The same of the log's first record. */
static int run_of_log(const keel_fs *fs, const char *dir, char ret[RUN_ID_MAX]) {
    keel_log_lines *lines = NULL;
    keel_log_record r;
    const char *text;
    size_t size;
    keel_err none = {0};
    if (keel_log_lines_open_kept(fs, dir, "events", &lines, &none) != 0) return 0;
    if (keel_log_lines_next(lines, &text, &size, &none) == 1 &&
        keel_log_record_read(text, size, keel_log_lines_where(lines), &r, &none) == 0) {
        (void)snprintf(ret, RUN_ID_MAX, "%s", r.run_id ? r.run_id : "");
        keel_log_record_done(&r);
    }
    keel_log_lines_close(lines);
    return *ret != 0;
}

/* The paper run that has its folder here, however far it came; 0: none. */
static int run_of_folder(const keel_fs *fs, const char *dir, char ret[RUN_ID_MAX]) {
    return run_of_file(fs, dir, "manifest.json", "kind", "paper", ret) ||
           run_of_file(fs, dir, "operational.json", "schema", "keel.counters", ret) || run_of_log(fs, dir, ret);
}

/* Nobody is to take the signatures off a run by taking its trail away: the journal says whose they were. */
static int needs_key_of_journal(keel_cli *cli, const char *journal_dir, const keel_audit *trail) {
    keel_err unreadable = {0};
    uint8_t key[KEEL_KEY_SIZE];
    keel_journal_where where = {trail->fs, journal_dir, keel_cli_option(cli, "name"), NULL, NULL};
    keel_journal_report *found = calloc(1, sizeof *found);
    if (!found)
        return keel_err_set(keel_cli_err(cli), KEEL_E_NOMEM, "out of memory: audit trail: close other programs");
    int rc = keel_journal_inspect(&where, 0, NULL, NULL, found, &unreadable);
    int is_signed = rc == 0 && (found->flags & KEEL_JOURNAL_SEGMENT_SIGNED) != 0;
    rc = 0;
    if (is_signed && trail->sign_seed) keel_sign_public(trail->sign_seed, key);
    if (is_signed && (!trail->sign_seed || memcmp(key, found->public_key, sizeof key) != 0))
        rc = keel_err_set(keel_cli_err(cli), KEEL_E_GATE,
                          "the run is signed and its audit trail is gone: %s: add --sign-key FILE, the key that signed "
                          "its journal",
                          trail->dir);
    free(found);
    return rc;
}

int keel_audit_record_journal(keel_cli *cli, const char *journal_dir, const char *action, const char *before,
                              const char *after) {
    char dir[KEEL_FS_PATH_MAX];
    char run_id[RUN_ID_MAX] = "";
    uint8_t seed[KEEL_KEY_SIZE] = {0};
    const keel_fs *fs = keel_fs_real();
    KEEL_TRY(keel_fs_path(journal_dir, "..", dir, keel_cli_err(cli)));
    keel_audit trail = {.fs = fs, .clock = keel_clock_real(), .dir = dir};
    if (!is_there(fs, dir, "audit.head")) { /* taken away, or its first record was being written */
        int known = run_of_folder(fs, dir, run_id);
        if (!known && !is_there(fs, dir, "audit.jsonl")) return 0;
        if (known) trail.run_id = run_id;
        trail.has_begun = 1;
    }
    int rc = keel_audit_sign_key(cli, seed, &trail);
    if (rc == 0 && trail.has_begun) rc = needs_key_of_journal(cli, journal_dir, &trail);
    if (rc == 0) rc = keel_audit_record(cli, &trail, action, keel_audit_reason(cli), before, after);
    keel_wipe(seed, sizeof seed);
    return rc;
}

int keel_audit_public_key(keel_cli *cli, const char *option, uint8_t ret[KEEL_KEY_SIZE], int *ret_has) {
    const char *given = keel_cli_option(cli, option);
    uint8_t seed[KEEL_KEY_SIZE];
    if (!given) return 0;
    *ret_has = 1;
    if (strlen(given) == 2 * KEEL_KEY_SIZE && keel_unhex(given, ret, KEEL_KEY_SIZE)) return 0;
    KEEL_TRY(keel_key_load(keel_fs_real(), given, seed, keel_cli_err(cli)));
    keel_sign_public(seed, ret);
    keel_wipe(seed, sizeof seed);
    return 0;
}

int keel_audit_write_table(keel_cli *cli, const char *path, const keel_strbuf *table, const char *checksum) {
    const keel_fs *fs = keel_fs_real();
    keel_err *err = keel_cli_err(cli);
    char folder[KEEL_FS_PATH_MAX] = ".", beside[KEEL_FS_PATH_MAX], line[KEEL_FS_PATH_MAX + KEEL_SHA256_TEXT_MAX];
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    if (strlen(path) + sizeof ".sha256" > sizeof beside || !*name)
        return keel_cli_refuse_option(cli, "output", "is no name of a file");
    if (slash) (void)snprintf(folder, sizeof folder, "%.*s", slash == path ? 1 : (int)(slash - path), path);
    (void)snprintf(beside, sizeof beside, "%s.sha256", name);
    int size = snprintf(line, sizeof line, "%s  %s\n", checksum, name);
    KEEL_TRY(keel_fs_replace(fs, folder, name, table->text, table->size, err));
    return keel_fs_replace(fs, folder, beside, line, (size_t)size, err);
}
