/* app/cli/journal_scrub.c: keel journal scrub. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "app/cli/journal_common.h"
#include "journal/scrub.h"

static const keel_cli_opt OPTIONS[] = {{"mib-per-s", "N", "read no faster than this, MiB/s; default 50", 0}, {0}};

const keel_cli_verb keel_verb_journal_scrub_info = {
    .noun = "journal",
    .verb = "scrub",
    .run = keel_verb_journal_scrub,
    .summary = "verify gently, beside a writer at work",
    .example = "keel journal scrub journal --mib-per-s 20 --json",
    .positionals = "DIR",
    .positional_min = 1,
    .positional_max = 1,
    .options = {keel_journal_cli_options, OPTIONS},
    .notes =
        "For a schedule: finds bit rot while there is still a copy. The very end, which a writer may be writing, is\n"
        "not judged. Exit code 0 good, 1 damaged, 2 cannot be read.",
    .reports = 1};

static int print(keel_cli *cli, const keel_journal_scrubbed *s, int damaged) {
    if (!keel_cli_json(cli)) {
        (void)printf("%s: %" PRIu64 " records in %" PRIu64 " segments, %zu snapshots\n", damaged ? "damaged" : "good",
                     s->report.records, s->report.segments, s->snapshot_count);
        return 0;
    }
    keel_json *j = keel_json_new(2);
    keel_json_object(j);
    keel_json_kstring(j, "schema", "keel.journal_scrub");
    keel_json_kint(j, "schema_version", 1);
    keel_json_kbool(j, "damaged", damaged);
    keel_journal_cli_report_json(&s->report, j);
    keel_json_kint(j, "snapshots", (int64_t)s->snapshot_count);
    keel_json_kint(j, "snapshots_bad", (int64_t)s->snapshots_bad);
    keel_json_close(j);
    int rc = keel_cli_print_json(cli, j);
    keel_json_free(j);
    return rc;
}

int keel_verb_journal_scrub(keel_cli *cli) {
    keel_journal_cli in;
    keel_journal_scrubbed s;
    int64_t mib_per_s = 50;
    KEEL_TRY(keel_cli_option_int(cli, "mib-per-s", 1, 1000000, &mib_per_s));
    int rc = keel_journal_cli_where(cli, &in);
    if (rc == 0)
        rc = keel_journal_scrub(&in.where, keel_clock_real(), (uint64_t)mib_per_s << 20, &s, keel_cli_err(cli));
    if (rc != 0) return keel_journal_cli_unreadable(cli, rc);
    int damaged = s.report.verdict > KEEL_JOURNAL_TORN || s.snapshots_bad;
    rc = print(cli, &s, damaged);
    if (rc == 0 && damaged)
        rc = keel_err_set(keel_cli_err(cli), KEEL_E_ERROR, "journal is damaged: %s: see keel journal verify",
                          in.where.dir);
    free(s.snapshots);
    return rc;
}
