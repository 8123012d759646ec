/* app/cli/audit_orders.c: keel audit orders: every order of a run and what became of it, as a table for auditors. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/cli/audit_common.h"
#include "app/cli/paper_several.h"
#include "base/file.h"
#include "base/json_read.h"
#include "base/sha256.h"
#include "base/timerange.h"
#include "ops/forensic/reader.h"
#include "port/fs_real.h"

static const keel_cli_opt OPTIONS[] = {
    {"output", "FILE", "write the table as CSV here, and its SHA-256 into FILE.sha256", KEEL_CLI_REQUIRED}, {0}};

const keel_cli_verb keel_verb_audit_orders_info = {
    .noun = "audit",
    .verb = "orders",
    .run = keel_verb_audit_orders,
    .summary = "every order of a run and what became of it, as a table",
    .example = "keel audit orders runs/paper --output orders.csv",
    .positionals = "RUN",
    .positional_min = 1,
    .positional_max = 1,
    .options = {OPTIONS},
    .notes =
        "From the run's events alone: one line for each state of an order and each execution, in the order in which\n"
        "they happened, with who decided it and why. A log with a missing record is refused. Columns: "
        "docs/forensics.md.\n",
    .reports = 1};

enum { SUMMARY_MAX = 16 << 20 };

/* Members of a record, then fields of its data, as columns behind run_id, seq, time and event. */
static const char *const MEMBERS[] = {"order_id", "intent_id", "corr_id", "strategy_id", "config_id", "symbol"};
static const char *const FIELDS[] = {"side",     "kind",         "qty",     "px",         "ref_px",
                                     "fill_id",  "notional_usd", "fee_usd", "fee_role",   "slippage_usd",
                                     "stop_px",  "target_px",    "trigger", "filled_qty", "left_qty",
                                     "in_doubt", "latency_ms",   "reason",  "by"};
enum { MEMBER_COUNT = sizeof MEMBERS / sizeof *MEMBERS, FIELD_COUNT = sizeof FIELDS / sizeof *FIELDS };

typedef struct job {
    keel_cli *cli;
    const char *dir;
    char run_id[129];
    char checksum[KEEL_SHA256_TEXT_MAX];
    keel_strbuf table;
    uint64_t seq, lines, orders, fills, trades;
    int64_t last_ms;
} job;

/* ---- the table -------------------------------------------------------------------------------------------------- */

/* RFC 4180: what holds a separator stands in quotes. A number as it is written in the record. */
static void cell(const keel_tree *node, keel_strbuf *out) {
    const char *text = node && node->text ? node->text : "";
    keel_strbuf_add(out, ",");
    if (!strpbrk(text, ",\"\r\n")) {
        keel_strbuf_add(out, text);
        return;
    }
    keel_strbuf_add(out, "\"");
    for (; *text; text++)
        keel_strbuf_addf(out, *text == '"' ? "\"%c" : "%c", *text);
    keel_strbuf_add(out, "\"");
}

static void head(keel_strbuf *out) {
    keel_strbuf_add(out, "run_id,seq,time,event");
    for (size_t i = 0; i < MEMBER_COUNT; i++)
        keel_strbuf_addf(out, ",%s", MEMBERS[i]);
    for (size_t i = 0; i < FIELD_COUNT; i++)
        keel_strbuf_addf(out, ",%s", FIELDS[i]);
    keel_strbuf_add(out, "\n");
}

static int is_of_orders(keel_event_code code) {
    const char *group = keel_event_info_of(code)->group;
    return strcmp(group, "ORDER") == 0 || strcmp(group, "FILL") == 0;
}

static void add_line(job *b, const keel_log_record *r) {
    char time[KEEL_TIME_TEXT_MAX];
    keel_strbuf_addf(&b->table, "%s,%" PRIu64 ",%s,%s", b->run_id, r->seq, keel_time_format(r->ts_ms, time),
                     keel_event_info_of(r->code)->name);
    for (size_t i = 0; i < MEMBER_COUNT; i++)
        cell(keel_tree_find(r->tree, MEMBERS[i]), &b->table);
    for (size_t i = 0; i < FIELD_COUNT; i++)
        cell(keel_tree_find(r->data, FIELDS[i]), &b->table);
    keel_strbuf_add(&b->table, "\n");
    b->lines++;
    b->orders += r->code == KEEL_LOG_ORDER_NEW;
    b->fills += r->code == KEEL_LOG_FILL;
}

/* ---- reading ---------------------------------------------------------------------------------------------------- */

static int missing(const job *b, const char *what) {
    return keel_err_set(keel_cli_err(b->cli), KEEL_E_DATA,
                        "records are missing: %s/events.jsonl: %s: keel replay RUN --events DIR makes the log again",
                        b->dir, what);
}

static int take(job *b, const char *text, size_t size, const char *where) {
    keel_log_record r;
    KEEL_TRY(keel_log_record_read(text, size, where, &r, keel_cli_err(b->cli)));
    int whole = r.seq == ++b->seq && r.run_id && (!b->run_id[0] || strcmp(r.run_id, b->run_id) == 0);
    if (whole && !b->run_id[0]) (void)snprintf(b->run_id, sizeof b->run_id, "%s", r.run_id);
    b->last_ms = r.ts_ms;
    b->trades += r.code == KEEL_LOG_POSITION_CLOSE;
    if (whole && is_of_orders(r.code)) add_line(b, &r);
    keel_log_record_done(&r);
    return whole ? 0 : missing(b, where);
}

static int read_log(job *b) {
    keel_log_lines *lines = NULL;
    const char *text;
    size_t size;
    keel_err *err = keel_cli_err(b->cli);
    KEEL_TRY(keel_log_lines_open(keel_fs_real(), b->dir, "events", &lines, err));
    int rc;
    while ((rc = keel_log_lines_next(lines, &text, &size, err)) == 1)
        if ((rc = take(b, text, size, keel_log_lines_where(lines))) != 0) break;
    if (rc == 0 && keel_log_lines_torn(lines) > 0) rc = missing(b, "its last line is cut");
    keel_log_lines_close(lines);
    if (rc == 0 && b->seq == 0) rc = missing(b, "it is empty");
    return rc;
}

/* Whole records that are missing at the end show in the summary of a run that ended. */
static int check_summary(const job *b) {
    char path[KEEL_FS_PATH_MAX];
    const keel_fs *fs = keel_fs_real();
    keel_err *err = keel_cli_err(b->cli);
    keel_fs_stat st;
    uint8_t *bytes = NULL;
    size_t size = 0;
    keel_tree *tree = NULL;
    int64_t trades = -1;
    KEEL_TRY(keel_fs_path(b->dir, "summary.json", path, err));
    if (fs->stat(fs->ctx, path, &st) == -ENOENT) return 0;
    KEEL_TRY(keel_fs_read_whole(fs, path, SUMMARY_MAX, &bytes, &size, err));
    int rc = keel_json_parse((const char *)bytes, size, "summary.json", &tree, err);
    if (rc == 0 && (keel_json_read_int(keel_tree_find(keel_tree_find(tree, "totals"), "trades"), &trades) != 0 ||
                    trades != (int64_t)b->trades))
        rc = missing(b, "the run's summary.json has another number of trades");
    keel_tree_free(tree);
    free(bytes);
    return rc;
}

/* ---- saying it -------------------------------------------------------------------------------------------------- */

static int say(const job *b, const char *path) {
    char time[KEEL_TIME_TEXT_MAX];
    (void)keel_time_format(b->last_ms, time);
    if (!keel_cli_json(b->cli)) {
        (void)printf("%" PRIu64 " orders, %" PRIu64 " executions, %" PRIu64 " lines of run %s up to %s: %s\n",
                     b->orders, b->fills, b->lines, b->run_id, time, path);
        return 0;
    }
    keel_json *j = keel_json_new(2);
    if (!j) return keel_err_set(keel_cli_err(b->cli), KEEL_E_NOMEM, "out of memory: orders: close other programs");
    keel_json_object(j);
    keel_json_kstring(j, "schema", "keel.audit_orders");
    keel_json_kint(j, "schema_version", 1);
    keel_json_kstring(j, "run_id", b->run_id);
    keel_json_kstring(j, "as_of", time);
    keel_json_kint(j, "events", (int64_t)b->seq);
    keel_json_kint(j, "lines", (int64_t)b->lines);
    keel_json_kint(j, "orders", (int64_t)b->orders);
    keel_json_kint(j, "fills", (int64_t)b->fills);
    keel_json_kstring(j, "csv_sha256", b->checksum);
    keel_json_close(j);
    int rc = keel_cli_print_json(b->cli, j);
    keel_json_free(j);
    return rc;
}

static int work(job *b) {
    const char *path = keel_cli_option(b->cli, "output");
    KEEL_TRY(keel_paper_several_refuse(b->dir, keel_cli_err(b->cli)));
    head(&b->table);
    KEEL_TRY(read_log(b));
    KEEL_TRY(check_summary(b));
    if (b->table.failed)
        return keel_err_set(keel_cli_err(b->cli), KEEL_E_NOMEM, "out of memory: table of orders: close other programs");
    keel_sha256_text(b->table.text, b->table.size, b->checksum);
    KEEL_TRY(keel_audit_write_table(b->cli, path, &b->table, b->checksum));
    return say(b, path);
}

int keel_verb_audit_orders(keel_cli *cli) {
    job b = {.cli = cli, .dir = keel_cli_positional(cli, 0)};
    keel_strbuf_init(&b.table, 0);
    int rc = work(&b);
    keel_strbuf_done(&b.table);
    return rc;
}
