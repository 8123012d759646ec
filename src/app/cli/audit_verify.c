/* app/cli/audit_verify.c: keel audit verify. */
#include <inttypes.h>
#include <stdio.h>

#include "app/cli/audit_common.h"
#include "port/fs_real.h"

static const keel_cli_opt OPTIONS[] = {
    {"signer", "KEY", "the key it must be signed with: 64 hex digits (public), or the file of --sign-key", 0}, {0}};

const keel_cli_verb keel_verb_audit_verify_info = {
    .noun = "audit",
    .verb = "verify",
    .run = keel_verb_audit_verify,
    .summary = "is every record of what people did to a run as it was written",
    .example = "keel audit verify runs/paper",
    .positionals = "RUN",
    .positional_min = 1,
    .positional_max = 1,
    .options = {OPTIONS},
    .notes =
        "Hash chain, order, end and signatures. Exit code 6 when a record was changed, moved, removed or put in; the\n"
        "record and its place in the file are named. docs/formats/audit.md.\n",
    .reports = 1};

static int say_json(keel_cli *cli, const keel_audit_report *r) {
    keel_json *j = keel_json_new(2);
    if (!j) return keel_err_set(keel_cli_err(cli), KEEL_E_NOMEM, "out of memory: report: close other programs");
    keel_json_object(j);
    keel_json_kstring(j, "schema", "keel.audit_verify");
    keel_json_kint(j, "schema_version", 1);
    keel_json_kstring(j, "verdict", keel_audit_verdict_word(r->verdict));
    keel_json_kstring(j, "meaning", keel_audit_verdict_sentence(r->verdict));
    keel_json_kint(j, "records", (int64_t)r->records);
    keel_json_kint(j, "signatures", (int64_t)r->signatures);
    keel_json_kstring(j, "head", r->head[0] ? r->head : NULL);
    keel_json_key(j, "first_bad_record");
    if (r->bad_record)
        keel_json_int(j, (int64_t)r->bad_record);
    else
        keel_json_null(j);
    keel_json_kint(j, "first_bad_offset", r->bad_offset);
    keel_json_kint(j, "first_bad_size", r->bad_size);
    keel_json_kstring(j, "why", r->why[0] ? r->why : NULL);
    keel_json_close(j);
    int rc = keel_cli_print_json(cli, j);
    keel_json_free(j);
    return rc;
}

int keel_verb_audit_verify(keel_cli *cli) {
    const char *dir = keel_cli_positional(cli, 0);
    keel_audit trail = {.fs = keel_fs_real(), .clock = keel_clock_real(), .dir = dir};
    keel_audit_report r;
    uint8_t key[KEEL_KEY_SIZE];
    int has = 0;
    KEEL_TRY(keel_audit_public_key(cli, "signer", key, &has));
    KEEL_TRY(keel_audit_verify(&trail, has ? key : NULL, &r, keel_cli_err(cli)));
    if (keel_cli_json(cli))
        KEEL_TRY(say_json(cli, &r));
    else
        (void)printf("%s: %s\n  records     %" PRIu64 "\n  signatures  %" PRIu64 "\n  last        %s\n",
                     keel_audit_verdict_word(r.verdict), keel_audit_verdict_sentence(r.verdict), r.records,
                     r.signatures, r.head[0] ? r.head : "none");
    if (r.verdict == KEEL_AUDIT_GOOD) return 0;
    return keel_err_set(keel_cli_err(cli), KEEL_E_PARITY,
                        "the audit trail is not as it was written (%s): %s: record %" PRIu64 ", byte %" PRId64
                        ": %s; compare it with a copy",
                        keel_audit_verdict_word(r.verdict), dir, r.bad_record, r.bad_offset, r.why);
}
