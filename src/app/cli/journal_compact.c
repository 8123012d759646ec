/* app/cli/journal_compact.c: keel journal compact. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "app/cli/audit_common.h"
#include "app/cli/journal_common.h"
#include "app/cli/paper_kept.h"
#include "journal/compact.h"

static const keel_cli_opt OPTIONS[] = {{"discard", NULL, "delete instead of moving into the folder archive", 0}, {0}};

const keel_cli_verb keel_verb_journal_compact_info = {
    .noun = "journal",
    .verb = "compact",
    .run = keel_verb_journal_compact,
    .summary = "put away segments that no recovery needs",
    .example = "keel journal compact journal --json",
    .positionals = "DIR",
    .positional_min = 1,
    .positional_max = 1,
    .options = {keel_journal_cli_options, OPTIONS, keel_audit_reason_options, keel_audit_cli_options},
    .notes =
        "Segments that lie wholly before the oldest kept snapshot go into the folder archive in DIR. The journal is\n"
        "verified first, and the snapshot of a run is read as a start would; where none can be read, nothing is put\n"
        "away. No writer may be at work. Exit code 0 done, 1 damaged, 2 cannot be read.",
    .reports = 1};

/* Snapshots of runs are read as a start would read them; other journals' are their writers'. */
static int judge(void *data, const char *name, const uint8_t *bytes, size_t size, uint64_t state_hash,
                 keel_err *reterr) {
    keel_engine_kept *kept = data;
    return strcmp(name, "engine") == 0 ? keel_paper_kept_judge(bytes, size, state_hash, kept, reterr) : 0;
}

/* What was done, of what was ordered before. */
static int record(keel_cli *cli, const char *dir, const keel_journal_compaction *c) {
    char before[80], after[160];
    (void)snprintf(before, sizeof before, "from segment %" PRIu64, c->first_segment - c->segments);
    (void)snprintf(after, sizeof after,
                   "from segment %" PRIu64 ", record %" PRIu64 "; %" PRIu64 " segments put away, %" PRIu64 " bytes",
                   c->first_segment, c->first_seq, c->segments, c->bytes);
    return c->segments ? keel_audit_record_journal(cli, dir, "journal_compacted", before, after) : 0;
}

int keel_verb_journal_compact(keel_cli *cli) {
    keel_journal_cli in;
    keel_journal_compaction c;
    keel_engine_kept kept = {0};
    const keel_snapshot_judge judges = {&kept, judge};
    int rc = keel_journal_cli_where(cli, &in);
    if (rc == 0) KEEL_TRY(keel_audit_record_journal(cli, in.where.dir, "journal_compact_ordered", NULL, NULL));
    if (rc == 0) rc = keel_journal_compact(&in.where, keel_cli_flag(cli, "discard"), &judges, &c, keel_cli_err(cli));
    if (rc == KEEL_E_PARITY) return keel_cli_err(cli)->code = KEEL_E_ERROR;
    if (rc != 0) return keel_journal_cli_unreadable(cli, rc);
    KEEL_TRY(record(cli, in.where.dir, &c));
    if (!keel_cli_json(cli)) {
        if (!c.snapshot_seq) (void)printf("nothing done: there is no snapshot that recovery could begin from\n");
        if (kept.format)
            (void)printf("relies on the snapshot of record %" PRIu64 ", which was read: format %" PRIu32
                         " by keel %s, state hash %016" PRIx64 "\n",
                         c.snapshot_seq, kept.format, kept.build, kept.state_hash);
        (void)printf("%" PRIu64 " segments put away, %" PRIu64 " bytes; the journal begins with segment %" PRIu64
                     ", record %" PRIu64 "\n",
                     c.segments, c.bytes, c.first_segment, c.first_seq);
        return 0;
    }
    keel_json *j = keel_json_new(2);
    keel_json_object(j);
    keel_json_kstring(j, "schema", "keel.journal_compact");
    keel_json_kint(j, "schema_version", 1);
    keel_json_kint(j, "segments", (int64_t)c.segments);
    keel_json_kint(j, "bytes", (int64_t)c.bytes);
    keel_json_kint(j, "oldest_snapshot_seq", (int64_t)c.snapshot_seq);
    keel_json_key(j, "snapshot_format");
    if (kept.format)
        keel_json_int(j, kept.format);
    else
        keel_json_null(j);
    keel_json_kstring(j, "snapshot_build", kept.format ? kept.build : NULL);
    keel_json_kint(j, "first_segment", (int64_t)c.first_segment);
    keel_json_kint(j, "first_seq", (int64_t)c.first_seq);
    keel_json_close(j);
    rc = keel_cli_print_json(cli, j);
    keel_json_free(j);
    return rc;
}
