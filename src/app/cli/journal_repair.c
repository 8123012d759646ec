/* app/cli/journal_repair.c: keel journal repair. */
#include <inttypes.h>
#include <stdio.h>

#include "app/cli/audit_common.h"
#include "app/cli/journal_common.h"

const keel_cli_verb keel_verb_journal_repair_info = {
    .noun = "journal",
    .verb = "repair",
    .run = keel_verb_journal_repair,
    .summary = "make a journal good up to its last good record",
    .example = "keel journal repair journal --json",
    .positionals = "DIR",
    .positional_min = 1,
    .positional_max = 1,
    .options = {keel_journal_cli_options, keel_audit_reason_options, keel_audit_cli_options},
    .notes =
        "Nothing is destroyed: what lies behind the last good record goes into the folder aside in DIR. After damage\n"
        "that is more than a torn end, compare with the venue before you trade. Exit code 0 good now, 1 cannot be\n"
        "mended, 2 cannot be read.",
    .reports = 1};

static int print(keel_cli *cli, const keel_journal_recovery *rec) {
    if (!keel_cli_json(cli)) {
        keel_journal_cli_report_text(&rec->found, keel_cli_positional(cli, 0));
        if (rec->aside[0]) (void)printf("  aside     %" PRIu64 " bytes in %s\n", rec->dropped_bytes, rec->aside);
        (void)printf("  next      record %" PRIu64 "%s\n", rec->next_seq,
                     rec->safe_mode ? "; reconcile before trading" : "");
        return 0;
    }
    keel_json *j = keel_json_new(2);
    keel_json_object(j);
    keel_json_kstring(j, "schema", "keel.journal_repair");
    keel_json_kint(j, "schema_version", 1);
    keel_journal_cli_report_json(&rec->found, j);
    keel_json_kint(j, "dropped_bytes", (int64_t)rec->dropped_bytes);
    keel_json_kstring(j, "aside", rec->aside[0] ? rec->aside : NULL);
    keel_json_kint(j, "next_seq", (int64_t)rec->next_seq);
    keel_json_kbool(j, "reconcile_first", rec->safe_mode);
    keel_json_close(j);
    int rc = keel_cli_print_json(cli, j);
    keel_json_free(j);
    return rc;
}

/* What was done, of what was ordered before. */
static int record(keel_cli *cli, const char *dir, const keel_journal_recovery *rec) {
    char before[KEEL_JOURNAL_FILE_MAX + 160], after[KEEL_FS_PATH_MAX + 80];
    const keel_journal_report *found = &rec->found;
    if (!rec->aside[0]) return 0; /* it was good as it is */
    (void)snprintf(after, sizeof after, "%" PRIu64 " bytes set aside in %s", rec->dropped_bytes, rec->aside);
    (void)snprintf(before, sizeof before, "%s: %s, byte %" PRId64 ", %" PRIu64 " good records",
                   keel_journal_verdict_word(found->verdict), found->bad_file, found->bad_offset, found->records);
    return keel_audit_record_journal(cli, dir, "journal_repaired", before, after);
}

int keel_verb_journal_repair(keel_cli *cli) {
    keel_journal_cli in;
    keel_journal_recovery rec;
    int rc = keel_journal_cli_where(cli, &in);
    if (rc == 0) KEEL_TRY(keel_audit_record_journal(cli, in.where.dir, "journal_repair_ordered", NULL, NULL));
    if (rc == 0) rc = keel_journal_repair(&in.where, &rec, keel_cli_err(cli));
    if (rc == KEEL_E_PARITY || rc == KEEL_E_IO) return keel_cli_err(cli)->code = KEEL_E_ERROR;
    if (rc != 0) return keel_journal_cli_unreadable(cli, rc);
    KEEL_TRY(record(cli, in.where.dir, &rec));
    return print(cli, &rec);
}
