/* app/cli/audit_common.h: what the verbs that touch a run write into its audit trail. */
#ifndef KEEL_APP_CLI_AUDIT_COMMON_H
#define KEEL_APP_CLI_AUDIT_COMMON_H

#include "app/cli/cli.h"
#include "ops/forensic/alert.h"
#include "ops/forensic/audit.h"

enum { KEEL_AUDIT_ACTOR_MAX = 96 };

/* Who runs this program: "name (uid 1000)". Returns ret. */
char *keel_audit_actor(char ret[KEEL_AUDIT_ACTOR_MAX]);

/* The program of --alert-command is told what is recorded: between these two, by `trail`. Not given: nothing. What did
 * not arrive is said on stderr; errors of keel_program_check and keel_alerts_open. */
KEEL_MUST_USE int keel_audit_alerts_open(keel_cli *cli, keel_audit *trail, keel_alerts **ret);
void keel_audit_alerts_close(keel_cli *cli, keel_alerts *alerts);

/* Record an action in a trail, and tell the program of --alert-command. Errors of keel_audit_append and
 * keel_audit_alerts_open. */
KEEL_MUST_USE int keel_audit_record(keel_cli *cli, const keel_audit *trail, const char *action, const char *reason,
                                    const char *before, const char *after);

/* --sign-key and --alert-command of a verb that records; for its options. */
extern const keel_cli_opt keel_audit_cli_options[];

/* --reason of a verb that records one where it is given. */
extern const keel_cli_opt keel_audit_reason_options[];
#define KEEL_AUDIT_NO_REASON "not given"

/* What --reason says, KEEL_AUDIT_NO_REASON without it. */
const char *keel_audit_reason(const keel_cli *cli);

/* Read the key of --sign-key into seed and let the trail be signed with it; not given: nothing. The caller wipes. */
KEEL_MUST_USE int keel_audit_sign_key(keel_cli *cli, uint8_t seed[KEEL_KEY_SIZE], keel_audit *trail);

/* Record an action of a verb with keel_audit_cli_options and keel_audit_reason_options, on a journal's folder whose
 * parent is a run. Where the trail and its head were taken away, a new one says so first; where no paper run is:
 * nothing. before: what it was, NULL: not known; after NULL: it is about to be done. */
KEEL_MUST_USE int keel_audit_record_journal(keel_cli *cli, const char *journal_dir, const char *action,
                                            const char *before, const char *after);

/* What somebody asked for as a table, mode 0600, and its SHA-256 in FILE.sha256 as `sha256sum --check` reads it. path
 * is that of --output. KEEL_E_USAGE (no name of a file), KEEL_E_IO. */
KEEL_MUST_USE int keel_audit_write_table(keel_cli *cli, const char *path, const keel_strbuf *table,
                                         const char *checksum);

/* 64 hex digits, or the name of a file that holds a private key, as a public key. */
KEEL_MUST_USE int keel_audit_public_key(keel_cli *cli, const char *option, uint8_t ret[KEEL_KEY_SIZE], int *ret_has);

#endif
