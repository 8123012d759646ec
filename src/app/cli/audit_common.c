/* app/cli/audit_common.c: see audit_common.h. */
#define _XOPEN_SOURCE 700
#include "app/cli/audit_common.h"

#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "port/fs_real.h"

char *keel_audit_actor(char ret[KEEL_AUDIT_ACTOR_MAX]) {
    const struct passwd *who = getpwuid(geteuid());
    (void)snprintf(ret, KEEL_AUDIT_ACTOR_MAX, "%.60s (uid %ld)", who ? who->pw_name : "unknown", (long)geteuid());
    return ret;
}

int keel_audit_record(keel_cli *cli, const keel_audit *trail, const char *action, const char *reason,
                      const char *before, const char *after) {
    char actor[KEEL_AUDIT_ACTOR_MAX];
    keel_audit_entry e = {keel_audit_actor(actor), action, reason, before, after};
    return keel_audit_append(trail, &e, keel_cli_err(cli));
}

const keel_cli_opt keel_audit_cli_options[] = {
    {"sign-key", "FILE", "key that signs the run's audit trail; needed where the trail is signed", 0}, {0}};

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

int keel_audit_record_journal(keel_cli *cli, const char *journal_dir, const char *action, const char *after) {
    char dir[KEEL_FS_PATH_MAX];
    uint8_t seed[KEEL_KEY_SIZE] = {0};
    const keel_fs *fs = keel_fs_real();
    KEEL_TRY(keel_fs_path(journal_dir, "..", dir, keel_cli_err(cli)));
    if (!is_there(fs, dir, "audit.jsonl") && !is_there(fs, dir, "audit.head")) return 0;
    keel_audit trail = {.fs = fs, .clock = keel_clock_real(), .dir = dir};
    int rc = keel_audit_sign_key(cli, seed, &trail);
    if (rc == 0) rc = keel_audit_record(cli, &trail, action, NULL, NULL, after);
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
