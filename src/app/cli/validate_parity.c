/* app/cli/validate_parity.c: keel validate parity: one configuration over one recorded market as a sweep makes it, as
 * the plain loop replays it and as the engine trades it on paper: one state hash and one list of trades, or the system
 * is not validated. */
#define _XOPEN_SOURCE 700 /* realpath */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/cli/backtest_span.h"
#include "app/cli/diff_side.h"
#include "app/cli/parity_decided.h"
#include "app/cli/parity_page.h"
#include "app/cli/parity_status.h"
#include "app/cli/parity_ways.h"
#include "base/build.h"
#include "base/file.h"
#include "base/json_read.h"
#include "base/sha256.h"
#include "base/strbuf.h"
#include "base/timerange.h"
#include "journal/crypto.h"
#include "kernel/unit_text.h"
#include "port/clock.h"
#include "port/fs_real.h"

static const keel_cli_opt OPTIONS[] = {
    {"paper", "RUN", "a paper run that has ended: its configuration, window and recorded market", 0},
    {"days", "N", "without a range or --paper: the last N days of data; default 14", 0},
    {"artifacts", "DIR",
     "reports go to DIR/parity; default: the home's artifacts, else ./artifacts, where the status always is", 0},
    {"key-file", "FILE", "key of an encrypted journal (64 hex digits)", 0},
    {"accept-gaps", NULL, "without --paper: run although bars are missing", 0},
    {"accept-moves", NULL, "without --paper: run although a move looks impossible", 0},
    {"no-funding", NULL, "without --paper: run perpetuals without funding", 0},
    {0}};

const keel_cli_verb keel_verb_validate_parity_info = {
    .noun = "validate",
    .verb = "parity",
    .run = keel_verb_validate_parity,
    .summary = "sweep, replay and paper run of the same recorded data: equal to the last bit?",
    .example = "keel validate parity --paper runs/paper",
    .options = {keel_run_config_options, keel_sweep_device_options, OPTIONS},
    .reports = 1,
    .notes =
        "Compares state hash and every trade of a sweep's lanes (or --device), the plain loop and the paper engine.\n"
        "With --paper the engine's side is that run, from its journal; without, the engine runs here. The report is\n"
        "parity/DATE.json and .md under --artifacts. Anything unequal is exit code 6, and the system is not validated\n"
        "until a later report with trades is equal: keel doctor and keel trade paper say so. See docs/parity.md.\n"};

enum {
    DAYS_DEFAULT = 14,
    DAYS_MAX = 36500,
    DAY_MS = 86400000,
    SIDES = 3,
    REPORTS_A_DAY_MAX = 999,
    REPORT_MAX = 1 << 26
};
enum { REPLAY, SWEEP, PAPER };

typedef struct job {
    keel_cli *cli;
    keel_err *err;
    const char *paper; /* folder; NULL: the engine runs here */
    uint8_t key[KEEL_KEY_SIZE];
    int has_key;
    char folder[KEEL_PARITY_PATH_MAX]; /* of the reports */
    char home[KEEL_PARITY_PATH_MAX];   /* of the status */
    keel_sweep_device_choice choice;
    keel_sweep_device *device;
    /* what is run: */
    keel_run_config own;
    keel_backtest_part *part;
    keel_backtest_data data;
    keel_backtest_accounts accounts;
    keel_diff_side side;
    keel_diff_market market;
    keel_parity_subject subject;
    keel_timerange range;
    const char *venue, *dataset_hash, *symbols[KEEL_SYMBOLS_MAX];
    int32_t symbol_count, traded;
    char name[256];                         /* of the subject; "": not known yet */
    char place[KEEL_PARITY_PATH_MAX + 128]; /* the record that is read; "": not known yet */
    /* what it came to: */
    keel_exec_result result[SIDES];
    keel_err failed[SIDES]; /* code 0: it ran */
    keel_sweep_difference difference;
    int differs; /* the side that does; 0: none */
    keel_parity_decided decided;
    char stem[KEEL_PARITY_PATH_MAX + 32], report[64], now[KEEL_TIME_TEXT_MAX];
    int lock; /* held from the choice of a report's name until it is written; -1: not */
} job;

/* ---- what is run ----------------------------------------------------------------------------------------------- */

/* SHA-256 of what makes results, but not of when: the window of a weekly report is another each time. */
static void hash_config(const keel_config *c, keel_sha256 *hash) {
    static const char window[] = "run.timerange=";
    keel_strbuf text;
    keel_strbuf_init(&text, 0);
    keel_config_canonical(c, &text);
    for (const char *at = keel_strbuf_text(&text), *next; *at; at = next) {
        const char *end = strchr(at, '\n');
        next = end ? end + 1 : at + strlen(at);
        if (strncmp(at, window, sizeof window - 1) != 0) keel_sha256_add(hash, at, (size_t)(next - at));
    }
    KEEL_ASSERT(!text.failed);
    keel_strbuf_done(&text);
}

/* what PATH, made whole where it can be. */
static void name_place(job *b, const char *what, const char *path, const char *id) {
    char *whole = realpath(path, NULL);
    (void)snprintf(b->place, sizeof b->place, "%s %.4000s%s%.16s", what, whole ? whole : path, id[0] ? " #" : "", id);
    free(whole);
}

static int load_paper(job *b) {
    name_place(b, "paper run", b->paper, "");
    KEEL_TRY(keel_diff_side_open(b->cli, b->paper, b->has_key ? b->key : NULL, NULL, &b->side));
    if (!b->side.is_paper)
        return keel_err_set(b->err, KEEL_E_USAGE, "not a paper run: --paper %s: name the folder of one", b->paper);
    KEEL_TRY(keel_diff_market_load(&b->side, &b->side, &b->market));
    const keel_backtest_account *a = &b->market.accounts.items[0];
    b->subject =
        (keel_parity_subject){.run = b->side.run, .tape = a->tape, .rules = a->rules, .close_at_end = b->side.flatten};
    b->range = b->side.range;
    b->venue = b->side.opened.venue;
    b->dataset_hash = b->side.dataset_hash;
    b->symbol_count = b->side.opened.plan.plan.symbol_count;
    b->traded = b->side.symbol_count;
    for (int32_t i = 0; i < b->symbol_count; i++)
        b->symbols[i] = b->side.opened.symbols[i];
    return 0;
}

/* The last days of what there is, unless a range was asked for. */
static int choose_range(job *b) {
    keel_backtest_span_options o = {.accept_gaps = keel_cli_flag(b->cli, "accept-gaps"),
                                    .accept_moves = keel_cli_flag(b->cli, "accept-moves"),
                                    .no_funding = keel_cli_flag(b->cli, "no-funding")};
    keel_backtest_span scope;
    int64_t days = DAYS_DEFAULT;
    KEEL_TRY(keel_cli_option_int(b->cli, "days", 1, DAYS_MAX, &days));
    KEEL_TRY(keel_backtest_span_scope(b->cli, &b->own, &o, &scope));
    int64_t start_ms = scope.end_ms - days * DAY_MS;
    if (b->own.range.start_ms != INT64_MIN) return 0;
    b->own.range = (keel_timerange){start_ms > scope.start_ms ? start_ms : scope.start_ms, scope.end_ms};
    return 0;
}

static int load_store(job *b) {
    char id[KEEL_SHA256_TEXT_MAX];
    KEEL_TRY(keel_run_config_load(b->cli, &b->own));
    KEEL_TRY(keel_run_config_require(b->cli, &b->own));
    keel_sha256 *hash = keel_sha256_new();
    hash_config(b->own.config, hash);
    keel_sha256_finish_text(hash, id);
    keel_sha256_free(hash);
    name_place(b, "store", b->own.store, id);
    if (keel_run_config_count(&b->own) != 1)
        return keel_err_set(b->err, KEEL_E_USAGE, "several strategies: keel validate parity: ask for one at a time");
    KEEL_TRY(choose_range(b));
    b->part = keel_backtest_parts_new(&b->own);
    if (!b->part) return keel_err_set(b->err, KEEL_E_NOMEM, "out of memory: strategies: close other programs");
    keel_backtest_needs needs = {.run = &b->own,
                                 .part = b->part,
                                 .part_count = 1,
                                 .accept_gaps = keel_cli_flag(b->cli, "accept-gaps"),
                                 .accept_moves = keel_cli_flag(b->cli, "accept-moves"),
                                 .no_funding = keel_cli_flag(b->cli, "no-funding"),
                                 .runs = SIDES};
    KEEL_TRY(keel_backtest_data_load(&needs, &b->data, b->err));
    KEEL_TRY(keel_backtest_accounts_plan(&b->own, b->part, &b->data, &b->accounts, b->err));
    const keel_backtest_account *a = &b->accounts.items[0];
    b->subject = (keel_parity_subject){.run = &b->own, .tape = a->tape, .rules = a->rules, .close_at_end = 1};
    b->range = (keel_timerange){b->data.start_ms, b->data.end_ms};
    b->venue = b->data.venue;
    b->dataset_hash = b->data.dataset_hash;
    b->symbol_count = a->tape->symbol_count;
    for (int32_t i = 0; i < b->symbol_count; i++) {
        b->symbols[i] = b->data.series[a->series[i]].name;
        b->traded += !a->tape->sym[i].watch_only;
    }
    return 0;
}

static void add_words(keel_sha256 *hash, const char *text) { keel_sha256_add(hash, text, strlen(text) + 1); }

/* Words for people, and a hash over all that makes this system another one: configuration, venue, symbols, device. */
static void name_subject(job *b) {
    char frame[KEEL_DURATION_TEXT_MAX], id[KEEL_SHA256_TEXT_MAX];
    int32_t i = 0;
    keel_sha256 *hash = keel_sha256_new();
    hash_config(b->subject.run->config, hash);
    add_words(hash, b->venue);
    if (b->paper ? b->side.no_funding : keel_cli_flag(b->cli, "no-funding")) add_words(hash, "no funding");
    add_words(hash, b->device ? keel_device_kind_names[b->choice.kind] : "cpu");
    for (int32_t k = 0; k < b->symbol_count; k++) {
        add_words(hash, k < b->traded ? "traded" : "watched");
        add_words(hash, b->symbols[k]);
    }
    keel_sha256_finish_text(hash, id);
    keel_sha256_free(hash);
    size_t used = (size_t)snprintf(b->name, sizeof b->name, "%.60s on %.40s ", b->subject.run->strategy, b->venue);
    for (; i < b->traded && used < sizeof b->name - 80; i++)
        used += (size_t)snprintf(b->name + used, sizeof b->name - used, "%s%.16s", i ? "," : "", b->symbols[i]);
    if (i < b->traded) used += (size_t)snprintf(b->name + used, sizeof b->name - used, ",+%d", (int)(b->traded - i));
    keel_duration_format(b->subject.run->timeframe_ms, frame);
    if (used < sizeof b->name) (void)snprintf(b->name + used, sizeof b->name - used, " %s #%.16s", frame, id);
}

/* What the paper run has of its own. */
static int refuse_beside_paper(const job *b) {
    static const char *const OWN[] = {"days", "accept-gaps", "accept-moves", "no-funding"};
    const char *name, *value;
    for (size_t i = 0; keel_cli_given_at(b->cli, i, &name, &value); i++) {
        int own = 0;
        for (size_t k = 0; k < sizeof OWN / sizeof *OWN; k++)
            own |= strcmp(OWN[k], name) == 0;
        for (const keel_cli_opt *o = keel_run_config_options; o->name; o++)
            own |= strcmp(o->name, name) == 0;
        if (own)
            return keel_err_set(b->err, KEEL_E_USAGE,
                                "--%s is the paper run's own: keel validate parity --paper: leave it out", name);
    }
    return 0;
}

static int load(job *b) {
    const char *key = keel_cli_option(b->cli, "key-file");
    b->paper = keel_cli_option(b->cli, "paper");
    if (b->paper) KEEL_TRY(refuse_beside_paper(b));
    if (key) KEEL_TRY(keel_key_load(keel_fs_real(), key, b->key, b->err));
    b->has_key = key != NULL;
    KEEL_TRY(keel_sweep_device_choose(b->cli, &b->choice, NULL));
    KEEL_TRY(keel_parity_folder(b->cli, NULL, b->home));
    KEEL_TRY(keel_parity_folder(b->cli, keel_cli_option(b->cli, "artifacts"), b->folder));
    KEEL_TRY(b->paper ? load_paper(b) : load_store(b));
    if (b->subject.run->kernel->user && b->choice.kind != KEEL_DEVICE_CPU)
        return keel_err_set(b->err, KEEL_E_USAGE, "a strategy of a file needs the processor: --device: leave it out");
    KEEL_TRY(keel_sweep_device_open(b->cli, &b->choice, b->subject.tape, b->subject.rules, &b->device));
    name_subject(b);
    return 0;
}

/* ---- the three ways -------------------------------------------------------------------------------------------- */

/* Does this end say something about the results, not only about this machine or how it was asked? */
static int is_finding(int rc) {
    return rc != 0 && rc != KEEL_E_IO && rc != KEEL_E_NOMEM && rc != KEEL_E_USAGE && rc != KEEL_E_VERSION &&
           rc != KEEL_E_INTERRUPTED;
}

/* A way that cannot keep its own word, or ends where the plain loop went on, is a finding, not an end. */
static int take(job *b, int way, int rc) {
    if (!is_finding(rc)) return rc;
    b->failed[way] = *b->err;
    return 0;
}

static int run_paper(job *b) {
    char dir[KEEL_FS_PATH_MAX + 16];
    if (!b->paper) return keel_parity_engine(&b->subject, &b->result[PAPER], b->err);
    (void)snprintf(dir, sizeof dir, "%s/journal", b->side.path);
    KEEL_TRY(
        keel_parity_journal(&b->subject, &b->side.opened, dir, b->has_key ? b->key : NULL, &b->result[PAPER], b->err));
    if (b->result[PAPER].state_hash == b->side.state_hash) return 0;
    return keel_err_set(b->err, KEEL_E_PARITY, "the journal ends in %016llx, its manifest says %016llx: %s",
                        (unsigned long long)b->result[PAPER].state_hash, (unsigned long long)b->side.state_hash,
                        b->side.path);
}

static void say(keel_sweep_difference *d, const char *what, const char *one, const char *other) {
    (void)snprintf(d->what, sizeof d->what, "%s", what);
    (void)snprintf(d->one, sizeof d->one, "%.390s", one);
    (void)snprintf(d->other, sizeof d->other, "%.390s", other);
}

/* Is a way what the plain loop is? */
static int compare(job *b, int way) {
    const keel_exec_result *one = &b->result[way], *other = &b->result[REPLAY];
    char left[20], right[20];
    if (b->failed[way].code != 0) {
        say(&b->difference,
            b->failed[way].code == KEEL_E_PARITY ? "it contradicts itself" : "it did not come to its end",
            b->failed[way].text, "");
        return 1;
    }
    if (keel_sweep_compare_trades(one->trades, one->trade_count, other->trades, other->trade_count, &b->difference))
        return 1;
    (void)snprintf(left, sizeof left, "%016" PRIx64, one->state_hash);
    (void)snprintf(right, sizeof right, "%016" PRIx64, other->state_hash);
    if (strcmp(left, right) == 0) return 0;
    say(&b->difference, "state_hash", left, right);
    return 1;
}

static int run_all(job *b) {
    KEEL_TRY(keel_parity_replay(&b->subject, &b->result[REPLAY], b->err));
    for (int way = SWEEP; way <= PAPER; way++) {
        int rc = way == SWEEP ? keel_parity_sweep(&b->subject, b->device, &b->result[SWEEP], b->err) : run_paper(b);
        KEEL_TRY(take(b, way, rc));
        if (!b->differs && compare(b, way)) b->differs = way; /* known also when the next way cannot be run */
    }
    return 0;
}

/* ---- the report ------------------------------------------------------------------------------------------------ */

static keel_parity_side side_of(const job *b, int way) {
    static const char *const NAMES[SIDES] = {"replay", "sweep", "paper"};
    const char *what[SIDES] = {"the plain loop: signals stepped bar by bar, no bar passed over",
                               b->device                      ? keel_sweep_device_name(b->device)
                               : b->subject.run->kernel->user ? "a trial of a sweep, guarded, on the processor"
                                                              : "the lanes of a sweep, on the processor",
                               b->paper ? "the engine, from its journal" : "the engine, run here without a journal"};
    const keel_exec_result *r = &b->result[way];
    int ran = b->failed[way].code == 0;
    return (keel_parity_side){.name = NAMES[way],
                              .what = ran ? what[way] : b->failed[way].text,
                              .state_hash = r->state_hash,
                              .has_hash = ran,
                              .has_trades = ran,
                              .trades = r->trades,
                              .trade_count = ran ? r->trade_count : 0,
                              .decided = -1};
}

/* What the core decided around the first diverging trade, in the plain loop. */
static int add_decisions(job *b, const keel_parity_page *p, keel_parity_side *replay) {
    const keel_parity_side *one, *other;
    int64_t trade, from_ms, to_ms;
    const keel_run_config *run = b->subject.run;
    const char *strategy = run->kernel->user ? run->source.user->file : NULL;
    if (!keel_parity_pair(p, &one, &other, &trade) || trade < 0) return 0;
    keel_parity_span(one, other, trade, &from_ms, &to_ms);
    keel_lane_task task = {.kernel = run->kernel,
                           .params = keel_run_config_rows(run),
                           .by_regime = run->by_regime,
                           .tape = b->subject.tape,
                           .rules = b->subject.rules,
                           .capital_e8 = run->starting_balance_usd_e8,
                           .close_at_end = b->subject.close_at_end,
                           .stepped = 1,
                           .steps = 1,
                           .interrupted = keel_cli_interrupted};
    KEEL_TRY(keel_parity_decided_run(&b->decided, &task, strategy, from_ms, to_ms, b->err));
    replay->decisions = b->decided.items;
    replay->decided = b->decided.count;
    return 0;
}

/* 1 when a report's place is free, or one of the same subject stands there that was equal: a breach is kept. */
static int may_write(const job *b, const char *path) {
    char *text = NULL;
    const char *subject = NULL;
    size_t size = 0;
    keel_tree *tree = NULL;
    keel_err ignored = {0};
    int rc = keel_file_read(path, REPORT_MAX, &text, &size, &ignored), same = rc == KEEL_E_NOT_FOUND, equal = 0;
    if (rc == 0 && keel_json_parse(text, size, path, &tree, &ignored) == 0 &&
        keel_json_read_string(keel_tree_find(tree, "subject"), &subject) == 0 &&
        keel_json_read_bool(keel_tree_find(tree, "equal"), &equal) == 0)
        same = equal && strcmp(subject, b->name) == 0;
    keel_tree_free(tree);
    free(text);
    return same;
}

/* DATE, and for other reports of that day DATE-2 and so on. */
static int name_report(job *b) {
    char path[KEEL_PARITY_PATH_MAX + 40];
    for (int n = 1; n <= REPORTS_A_DAY_MAX; n++) {
        if (n == 1)
            (void)snprintf(b->report, sizeof b->report, "%.10s", b->now);
        else
            (void)snprintf(b->report, sizeof b->report, "%.10s-%d", b->now, n);
        (void)snprintf(b->stem, sizeof b->stem, "%.4063s/%.16s", b->folder, b->report);
        (void)snprintf(path, sizeof path, "%s.json", b->stem);
        if (may_write(b, path)) return 0;
    }
    return keel_err_set(b->err, KEEL_E_IO, "no place for another report: %s: move those of today away", b->folder);
}

static int tell_text(const job *b, const keel_parity_page *p) {
    (void)printf("%s: %s\n\n", p->equal ? "validated" : "NOT VALIDATED", p->title);
    for (int32_t i = 0; i < p->side_count; i++) {
        const keel_parity_side *s = &p->sides[i];
        if (s->has_hash)
            (void)printf("  %-7s %016" PRIx64 "  %6" PRId64 " trades  %s\n", s->name, s->state_hash, s->trade_count,
                         s->what);
        else
            (void)printf("  %-7s %s\n", s->name, s->what);
    }
    if (p->difference)
        (void)printf("\nfirst difference: %s\n  %-7s %s\n  %-7s %s\n", p->difference->what, p->one_name,
                     p->difference->one, p->other_name, p->difference->other);
    (void)printf("\nReport: %s.md\n", b->stem);
    return 0;
}

static int tell_json(const job *b, const keel_parity_page *p) {
    keel_json *j = keel_json_new(2);
    if (!j) return keel_err_set(b->err, KEEL_E_NOMEM, "out of memory: report: close other programs");
    int rc = keel_parity_json(p, j, b->err);
    if (rc == 0) rc = keel_cli_print_json(b->cli, j);
    keel_json_free(j);
    return rc;
}

/* ---- the status ------------------------------------------------------------------------------------------------ */

/* Where the report lies, as the status has it. */
static void name_file(const job *b, char *ret_file, size_t size) {
    char *whole = strcmp(b->folder, b->home) == 0 ? NULL : realpath(b->folder, NULL);
    (void)snprintf(ret_file, size, "%s%s%s.md", whole ? whole : "", whole ? "/" : "", b->report);
    free(whole);
}

static int put_status(job *b, int equal, const char *file, keel_err *err) {
    int kept = 0;
    keel_parity_verdict v = {.subject = b->name[0] ? b->name : b->place,
                             .place = b->place,
                             .report = file,
                             .checked_at = b->now,
                             .equal = equal,
                             .is_empty = b->result[REPLAY].trade_count == 0};
    KEEL_TRY(keel_parity_folder_make(b->home, err));
    KEEL_TRY(keel_parity_status_put(b->home, &v, &kept, err));
    if (kept) keel_cli_warn(b->cli, "nothing was traded: an earlier breach stands: not validated: %s", b->name);
    return 0;
}

/* An end before there is a report: what was found until then is kept. Returns rc, whose line stays the one told. */
static int put_end(job *b, int rc, int loaded) {
    keel_err err = {0};
    if (!b->differs && !(loaded ? is_finding(rc) : rc == KEEL_E_PARITY)) return rc;
    if (!b->name[0] && !b->place[0]) return rc;
    if (put_status(b, 0, "", &err) != 0) keel_cli_warn(b->cli, "the status of parity cannot be kept: %.700s", err.text);
    return rc;
}

static int report(job *b) {
    char range[3 * KEEL_TIME_TEXT_MAX], title[512], file[2 * KEEL_PARITY_PATH_MAX];
    keel_parity_side sides[SIDES] = {side_of(b, REPLAY), side_of(b, SWEEP), side_of(b, PAPER)};
    (void)keel_timerange_format(&b->range, range);
    (void)snprintf(title, sizeof title, "%s, %s", b->name, range);
    int placed = keel_parity_folder_make(b->folder, b->err);
    if (placed == 0) placed = keel_parity_lock(b->folder, "report.lock", &b->lock, b->err);
    if (placed == 0) placed = name_report(b);
    if (placed != 0) return put_end(b, placed, 0);
    name_file(b, file, sizeof file);
    if (b->differs) KEEL_TRY(put_status(b, 0, file, b->err)); /* whatever becomes of the report */
    const keel_parity_fact facts[] = {{"subject", b->name},
                                      {"checked_at", b->now},
                                      {"range", range},
                                      {"venue", b->venue},
                                      {"dataset_hash", b->dataset_hash},
                                      {"paper_run", b->paper ? b->side.run_id : NULL},
                                      {"paper_folder", b->paper},
                                      {"build", keel_build_id()},
                                      {"build_flags", keel_build_flags()},
                                      {"core", keel_unit_sha256},
                                      {"core_of_paper_run", b->paper ? b->side.core : NULL},
                                      {"device", b->device ? keel_sweep_device_name(b->device) : "cpu"},
                                      {"report", b->stem}};
    keel_parity_page page = {
        .schema = "keel.parity",
        .title = title,
        .verdict = b->differs ? "The three ways differ: this system is not validated. What the causes can be, and how "
                                "each is told: docs/parity.md."
                              : "Sweep, replay and paper trading are equal to the last bit: validated.",
        .equal = !b->differs,
        .sides = sides,
        .side_count = SIDES,
        .difference = b->differs ? &b->difference : NULL,
        .one_name = sides[b->differs].name,
        .other_name = sides[REPLAY].name,
        .symbols = b->symbols,
        .symbol_count = b->symbol_count,
        .facts = facts,
        .fact_count = (int32_t)(sizeof facts / sizeof *facts),
        .run = b->subject.run};
    KEEL_TRY(add_decisions(b, &page, &sides[REPLAY]));
    KEEL_TRY(keel_parity_write(&page, b->stem, b->err));
    if (!b->differs) KEEL_TRY(put_status(b, 1, file, b->err));
    KEEL_TRY(keel_cli_json(b->cli) ? tell_json(b, &page) : tell_text(b, &page));
    if (!b->differs) return 0;
    return keel_err_set(b->err, KEEL_E_PARITY, "not validated: %s: %s differs from the replay: see %s.md", b->name,
                        sides[b->differs].name, b->stem);
}

int keel_verb_validate_parity(keel_cli *cli) {
    job *b = calloc(1, sizeof *b);
    if (!b) return keel_err_set(keel_cli_err(cli), KEEL_E_NOMEM, "out of memory: parity: close other programs");
    b->cli = cli;
    b->err = keel_cli_err(cli);
    b->lock = -1;
    (void)keel_time_format(keel_clock_real()->wall_ms(keel_clock_real()->ctx), b->now);
    int rc = load(b), loaded = rc == 0;
    if (rc == 0) rc = run_all(b);
    rc = rc == 0 ? report(b) : put_end(b, rc, loaded);
    keel_parity_unlock(b->lock);
    for (int i = 0; i < SIDES; i++)
        keel_exec_done(&b->result[i]);
    keel_parity_decided_done(&b->decided);
    keel_sweep_device_close(b->device);
    keel_diff_market_done(&b->market);
    keel_diff_side_done(&b->side);
    keel_backtest_accounts_done(&b->accounts);
    keel_backtest_data_done(&b->data);
    free(b->part);
    keel_run_config_done(&b->own);
    keel_wipe(b->key, sizeof b->key);
    free(b);
    return rc;
}
