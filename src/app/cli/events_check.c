/* app/cli/events_check.c: keel events check. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "app/cli/cli.h"
#include "app/cli/events_whole.h"
#include "ops/forensic/reader.h"
#include "ops/forensic/retain.h"
#include "port/fs_real.h"

const keel_cli_verb keel_verb_events_check_info = {
    .noun = "events",
    .verb = "check",
    .run = keel_verb_events_check,
    .summary = "is every record of a run's log what the schema says",
    .example = "keel events check runs/paper",
    .positionals = "RUN",
    .positional_min = 1,
    .positional_max = 1,
    .notes =
        "Reads events, metrics, trace and rollups, closed parts too: "
        "every field, and that no record is missing or out\n"
        "of order, and that a log of --events is whole. Exit code 6 when one is not what it should be.\n",
    .reports = 1};

static const char *const STREAMS[] = {"events", "metrics", "trace", "rollups/hourly"};
enum { COUNT = sizeof STREAMS / sizeof *STREAMS };

typedef struct judged {
    int there;
    uint64_t records, removed; /* that are there; that were removed before them */
    size_t torn;
    keel_err bad; /* code 0: none */
} judged;

static int judge_line(const char *text, size_t size, const char *where, judged *ret, keel_log_record *r,
                      char run_id[160]) {
    int rc = keel_log_record_read(text, size, where, r, &ret->bad);
    if (rc != 0) return rc;
    if (r->seq != ret->removed + ret->records + 1)
        rc = keel_err_set(&ret->bad, KEEL_E_DATA,
                          "records are missing or out of order: %s: seq %" PRIu64 " behind %" PRIu64
                          ": keel replay RUN --events DIR makes them again",
                          where, r->seq, ret->removed + ret->records);
    else if (run_id[0] && strcmp(run_id, r->run_id) != 0)
        rc = keel_err_set(&ret->bad, KEEL_E_DATA, "a record of another run: %s: %.80s: the file was put together",
                          where, r->run_id);
    else if (!run_id[0])
        (void)snprintf(run_id, 160, "%s", r->run_id);
    keel_log_record_done(r);
    return rc;
}

/* Records before the first part there is: as many as the trail, if it is what was written, says were ordered to go. */
static void judge_removed(const char *dir, const char *name, const keel_log_lines *lines, const char *text, size_t size,
                          judged *ret) {
    keel_audit trail = {.fs = keel_fs_real(), .clock = keel_clock_real(), .dir = dir};
    keel_audit_report report;
    keel_log_record r;
    uint64_t to_seq = 0;
    keel_err none = {0};
    if (keel_log_lines_first(lines) <= 1 || ret->records > 0) return;
    if (keel_audit_verify(&trail, NULL, &report, &none) != 0 || report.verdict != KEEL_AUDIT_GOOD) return;
    if (keel_retain_removed(trail.fs, dir, name, &to_seq, &none) != 0) return;
    if (keel_log_record_read(text, size, keel_log_lines_where(lines), &r, &none) != 0) return;
    if (r.seq <= to_seq + 1) ret->removed = r.seq - 1;
    keel_log_record_done(&r);
}

static int judge_stream(const char *dir, const char *name, judged *ret, char run_id[160], keel_err *err) {
    keel_log_lines *lines = NULL;
    keel_log_record r;
    const char *text;
    size_t size;
    int rc = keel_log_lines_open_kept(keel_fs_real(), dir, name, &lines, err);
    if (rc == KEEL_E_NOT_FOUND) return 0;
    if (rc != 0) return rc;
    ret->there = 1;
    while ((rc = keel_log_lines_next(lines, &text, &size, &ret->bad)) == 1) {
        judge_removed(dir, name, lines, text, size, ret);
        if (judge_line(text, size, keel_log_lines_where(lines), ret, &r, run_id) != 0) break;
        ret->records++;
    }
    ret->torn = ret->bad.code ? 0 : keel_log_lines_torn(lines);
    keel_log_lines_close(lines);
    return 0;
}

static int say_json(keel_cli *cli, const judged all[COUNT], int good) {
    keel_json *j = keel_json_new(2);
    if (!j) return keel_err_set(keel_cli_err(cli), KEEL_E_NOMEM, "out of memory: report: close other programs");
    keel_json_object(j);
    keel_json_kstring(j, "schema", "keel.events_check");
    keel_json_kint(j, "schema_version", 1);
    keel_json_kbool(j, "good", good);
    keel_json_key(j, "streams");
    keel_json_object(j);
    for (int i = 0; i < COUNT; i++) {
        if (!all[i].there) continue;
        keel_json_key(j, STREAMS[i]);
        keel_json_object(j);
        keel_json_kint(j, "records", (int64_t)all[i].records);
        keel_json_kint(j, "removed_records", (int64_t)all[i].removed);
        keel_json_kint(j, "torn_bytes", (int64_t)all[i].torn);
        keel_json_kstring(j, "first_bad", all[i].bad.code ? all[i].bad.text : NULL);
        keel_json_close(j);
    }
    keel_json_close(j);
    keel_json_close(j);
    int rc = keel_cli_print_json(cli, j);
    keel_json_free(j);
    return rc;
}

static void say_text(const judged all[COUNT]) {
    for (int i = 0; i < COUNT; i++) {
        if (!all[i].there) continue;
        (void)printf("%-16s %10" PRIu64 " records, %s", STREAMS[i], all[i].records,
                     all[i].bad.code ? all[i].bad.text
                     : all[i].torn   ? "the last line was being written"
                                     : "good");
        if (all[i].removed) (void)printf("; %" PRIu64 " before them were removed", all[i].removed);
        (void)printf("\n");
    }
}

int keel_verb_events_check(keel_cli *cli) {
    judged all[COUNT];
    char run_id[160] = "";
    const char *dir = keel_cli_positional(cli, 0);
    keel_err *err = keel_cli_err(cli);
    const keel_err *first = NULL;
    keel_err whole = {0};
    int there = 0;
    memset(all, 0, sizeof all);
    for (int i = 0; i < COUNT; i++) {
        KEEL_TRY(judge_stream(dir, STREAMS[i], &all[i], run_id, err));
        there += all[i].there;
        if (!first && all[i].bad.code) first = &all[i].bad;
    }
    if (!there) return keel_err_set(err, KEEL_E_NOT_FOUND, "no log: %s: is it the folder of a run", dir);
    if (!first && keel_events_check_whole(dir, &whole) != 0) first = &whole;
    if (keel_cli_json(cli))
        KEEL_TRY(say_json(cli, all, first == NULL));
    else
        say_text(all);
    return first ? keel_err_set(err, KEEL_E_PARITY, "%s", first->text) : 0;
}
