/* app/cli/journal_verify.c: keel journal verify. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "app/cli/journal_common.h"
#include "journal/scrub.h"

const keel_cli_verb keel_verb_journal_verify_info = {
    .noun = "journal",
    .verb = "verify",
    .run = keel_verb_journal_verify,
    .summary = "is every byte of a journal what was written",
    .example = "keel journal verify journal --json",
    .positionals = "DIR",
    .positional_min = 1,
    .positional_max = 1,
    .options = {keel_journal_cli_options},
    .notes =
        "Checksums, order, hash chain, signatures and snapshots. Exit code 0 good, 1 damaged, 2 cannot be read.\n"
        "A torn end counts as damage here; opening the journal for writing mends it by itself.",
    .reports = 1};

static void snapshots_json(const keel_journal_scrubbed *s, keel_json *j) {
    keel_json_key(j, "snapshots");
    keel_json_array(j);
    for (size_t i = 0; i < s->snapshot_count; i++) {
        keel_json_object(j);
        keel_json_kint(j, "seq", (int64_t)s->snapshots[i].seq);
        keel_json_kbool(j, "whole", s->snapshots[i].code == 0);
        keel_json_kstring(j, "why", s->snapshots[i].code ? s->snapshots[i].why : NULL);
        keel_json_close(j);
    }
    keel_json_close(j);
}

static int print(keel_cli *cli, const keel_journal_where *where, const keel_journal_scrubbed *s) {
    const char *dir = keel_cli_positional(cli, 0);
    keel_journal_cli_run run;
    keel_journal_cli_run_of(where, &run);
    if (keel_cli_json(cli)) {
        keel_json *j = keel_json_new(2);
        keel_json_object(j);
        keel_json_kstring(j, "schema", "keel.journal_verify");
        keel_json_kint(j, "schema_version", 1);
        keel_json_kstring(j, "dir", dir);
        keel_journal_cli_run_json(&run, j);
        keel_journal_cli_report_json(&s->report, j);
        snapshots_json(s, j);
        keel_json_close(j);
        int rc = keel_cli_print_json(cli, j);
        keel_json_free(j);
        return rc;
    }
    keel_journal_cli_report_text(&s->report, dir);
    if (run.run_id[0]) (void)printf("  run       %s, strategy %s\n", run.run_id, run.strategy);
    for (size_t i = 0; i < s->snapshot_count; i++)
        (void)printf("  snapshot  %" PRIu64 ": %s\n", s->snapshots[i].seq,
                     s->snapshots[i].code ? s->snapshots[i].why : "whole");
    return 0;
}

int keel_verb_journal_verify(keel_cli *cli) {
    keel_journal_cli in;
    keel_journal_scrubbed s;
    int rc = keel_journal_cli_where(cli, &in);
    if (rc == 0) rc = keel_journal_scrub(&in.where, NULL, 0, &s, keel_cli_err(cli));
    if (rc != 0) return keel_journal_cli_unreadable(cli, rc);
    rc = print(cli, &in.where, &s);
    const keel_journal_report *r = &s.report;
    if (rc == 0 && r->verdict != KEEL_JOURNAL_GOOD)
        rc = keel_err_set(keel_cli_err(cli), KEEL_E_ERROR,
                          "journal is damaged (%s): %s/%s, byte %" PRId64
                          ": keel journal repair keeps what is behind it aside",
                          keel_journal_verdict_word(r->verdict), in.where.dir, r->bad_file, r->bad_offset);
    if (rc == 0 && s.snapshots_bad)
        rc = keel_err_set(keel_cli_err(cli), KEEL_E_ERROR,
                          "%zu snapshots are damaged: %s: remove them; recovery takes "
                          "older ones",
                          s.snapshots_bad, in.where.dir);
    free(s.snapshots);
    return rc;
}
