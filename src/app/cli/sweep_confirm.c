/* app/cli/sweep_confirm.c: keel sweep confirm: trials against the plain backtest path, bit for bit. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/cli/backtest_accounts.h"
#include "app/cli/backtest_scope.h"
#include "app/cli/parity_ways.h"
#include "app/cli/sweep_compare.h"
#include "app/cli/sweep_device.h"
#include "app/cli/sweep_failure.h"
#include "app/cli/sweep_rows.h"
#include "app/cli/sweep_trial.h"

static const keel_cli_opt OPTIONS[] = {
    {"top", "N", "the best N trials", 0},
    {"all", NULL, "every trial that ran to its end", 0},
    {"store", "DIR", "folder of the market data, when it is not where it was", 0},
    {"report-dir", "DIR", "where the report of a difference goes; default: beside the sweep's file", 0},
    {0}};

const keel_cli_verb keel_verb_sweep_confirm_info = {
    .noun = "sweep",
    .verb = "confirm",
    .run = keel_verb_sweep_confirm,
    .summary = "run trials again on the plain path and compare them bit for bit",
    .example = "keel sweep confirm 043f9db0048e9934 --top 10",
    .positionals = "ID|HASH",
    .positional_min = 1,
    .positional_max = 1,
    .options = {keel_sweep_folder_options, OPTIONS, keel_sweep_device_options},
    .reports = 1,
    .notes =
        "ID of a sweep with --top or --all, or the hash of one trial. State hash, number of trades and every total\n"
        "must be equal; the first thing that is not is shown from both sides, and the exit code is 6; a report of it\n"
        "(confirm-HASH.json and .md) has the first diverging trade, what happened around it on both sides, figures by\n"
        "symbol and every parameter: docs/formats/parity.md. With --device every trial is run on that device as well,\n"
        "and compared in the same way; all: on every device at hand, one after the other.\n"};

/* What one trial says on its own: the plain path's answer. */
typedef struct answer {
    keel_backtest_accounts accounts; /* one */
    uint64_t stepped_hash;           /* of the plain loop */
    keel_strbuf totals;
    int code; /* 0, or why it failed */
    keel_err err;
} answer;

/* A market as a trial reads it: bitcoin to watch or not, more or less history. */
typedef struct market {
    keel_backtest_data data;
    keel_backtest_part part;
    int loaded;
    int64_t used; /* when last, in trials */
} market;

/* Trials of one sweep that read it in several ways take turns; so many are kept. */
enum { MARKETS = 4 };

/* A device that every trial is run on as well. */
typedef struct asked {
    keel_sweep_device_choice choice;
    keel_sweep_device *device; /* NULL: not opened yet, or the fallback was asked for */
} asked;

enum { DEVICES = KEEL_DEVICE_KINDS * KEEL_DEVICES_MAX };

typedef struct job {
    keel_cli *cli;
    keel_err *err;
    const keel_sweep_header *header;
    market markets[MARKETS];
    market *at;             /* of the trial that is looked at; NULL: none was loaded */
    asked devices[DEVICES]; /* [device_count] asked as well */
    int32_t device_count;
    keel_lane_batch_room room;
    int64_t checked, confirmed, different, skipped;
    int64_t first_trial; /* of the first difference */
    char first_hash[KEEL_SHA256_TEXT_MAX];
    keel_sweep_difference first;
    keel_sweep_failure failure; /* of the first one that differs */
    const char *folder;         /* of all sweeps */
    keel_progress progress;
} job;

/* ---- the plain path ---------------------------------------------------------------------------------------- */

/* Is this the market that `wanted` would load? */
static int fits(const market *m, const keel_run_config *run, const keel_backtest_part *wanted) {
    if (!m->loaded || m->part.wants_btc != wanted->wants_btc) return 0;
    int64_t earliest = wanted->wants_btc ? m->part.earliest_ms : m->part.earliest_traded_ms;
    return m->part.preroll_ms == keel_scope_history(run->timeframe_ms, m->data.start_ms, earliest, wanted->warmup_bars);
}

static int load(job *b, const keel_run_config *run, const keel_backtest_part *wanted, market *to, keel_err *err) {
    keel_backtest_data_done(&to->data);
    *to = (market){.part = *wanted};
    keel_backtest_needs needs = keel_sweep_needs(run, &b->header->asked, &to->part);
    KEEL_TRY(keel_backtest_data_load(&needs, &to->data, err));
    to->loaded = 1;
    return 0;
}

/* The others take the memory that this one may need. */
static void forget_all(job *b) {
    for (int i = 0; i < MARKETS; i++) {
        keel_backtest_data_done(&b->markets[i].data);
        b->markets[i] = (market){0};
    }
}

static int load_data(job *b, const keel_run_config *run, keel_err *err) {
    keel_backtest_part wanted = keel_backtest_part_of(run);
    market *oldest = &b->markets[0];
    int held = 0;
    b->at = NULL;
    for (int i = 0; i < MARKETS && !b->at; i++) {
        market *m = &b->markets[i];
        if (fits(m, run, &wanted)) b->at = m;
        held |= m->loaded;
        if (m->used < oldest->used) oldest = m;
    }
    if (!b->at) {
        int rc = load(b, run, &wanted, oldest, err);
        if (held && (rc == KEEL_E_NOMEM || rc == KEEL_E_GATE)) {
            forget_all(b);
            rc = load(b, run, &wanted, oldest, err);
        }
        if (rc != 0) return rc;
        b->at = oldest;
    }
    b->at->used = b->checked + 1;
    return 0;
}

/* The same once more with signals stepped bar by bar and no bar passed over: the plain loop that every faster form is
 * judged by. */
static int run_stepped(const job *b, const keel_run_config *run, answer *plain) {
    const keel_backtest_account *a = &plain->accounts.items[0];
    keel_exec_result loop;
    keel_parity_subject s = {
        .run = run, .tape = a->tape, .rules = a->rules, .close_at_end = !b->header->asked.keep_open};
    KEEL_TRY(keel_parity_replay(&s, &loop, &plain->err));
    plain->stepped_hash = loop.state_hash;
    keel_exec_done(&loop);
    return 0;
}

static int run_plain(job *b, keel_run_config *run, answer *ret) {
    keel_exec_options o = {.close_at_end = !b->header->asked.keep_open, .interrupted = keel_cli_interrupted};
    KEEL_TRY(load_data(b, run, &ret->err));
    KEEL_TRY(keel_backtest_accounts_plan(run, &b->at->part, &b->at->data, &ret->accounts, &ret->err));
    KEEL_TRY(keel_backtest_accounts_run(run, &b->at->data, &o, &ret->accounts, &ret->err));
    const keel_exec_result *all = &ret->accounts.all;
    keel_backtest_run plain = keel_backtest_run_of(all, run->strategy);
    KEEL_TRY(run_stepped(b, run, ret));
    return keel_sweep_totals(&plain, &all->tally, run, &b->at->data, &ret->totals, &ret->err);
}

/* ---- comparing --------------------------------------------------------------------------------------------- */

static void say(keel_sweep_difference *d, const char *what, const char *one, const char *other) {
    (void)snprintf(d->what, sizeof d->what, "%s", what);
    (void)snprintf(d->one, sizeof d->one, "%.390s", one);
    (void)snprintf(d->other, sizeof d->other, "%.390s", other);
}

/* 1: different (ret says what), 0: equal, or an error. */
static int compare(const keel_row *row, const answer *plain, keel_sweep_difference *ret, keel_err *err) {
    char one[20], other[20];
    if (plain->code != 0 || row->trial.status == KEEL_TRIAL_FAILED) {
        const char *has = plain->code != 0 ? plain->err.text : "it runs";
        const char *said = row->trial.status == KEEL_TRIAL_FAILED ? row->trial.error : "it runs";
        if (strncmp(has, said, sizeof row->trial.error - 1) == 0) return 0;
        say(ret, "status", said, has);
        return 1;
    }
    if (row->trial.state_hash != plain->accounts.all.state_hash) {
        (void)snprintf(one, sizeof one, "%016" PRIx64, row->trial.state_hash);
        (void)snprintf(other, sizeof other, "%016" PRIx64, plain->accounts.all.state_hash);
        say(ret, "state_hash", one, other);
        return 1;
    }
    if (row->trial.state_hash != plain->stepped_hash) {
        (void)snprintf(one, sizeof one, "%016" PRIx64, row->trial.state_hash);
        (void)snprintf(other, sizeof other, "%016" PRIx64, plain->stepped_hash);
        say(ret, "state_hash, stepped bar by bar", one, other);
        return 1;
    }
    return keel_sweep_compare_totals(keel_strbuf_text(&row->trial.totals), keel_strbuf_text(&plain->totals), ret, err);
}

/* ---- devices ----------------------------------------------------------------------------------------------- */

/* Every device at hand. */
static int choose_all(job *b, keel_sweep_device_choice first) {
    for (int kind = KEEL_DEVICE_CPU + 1; kind < KEEL_DEVICE_KINDS; kind++) {
        keel_device_info found[KEEL_DEVICES_MAX];
        keel_err why = {0};
        int32_t count = 0;
        int rc = keel_device_list((keel_device_kind)kind, found, &count, &why);
        if (rc == KEEL_E_NOT_FOUND) continue;
        if (rc != 0) return keel_err_set(b->err, rc, "%s", why.text);
        for (int32_t i = 0; i < count; i++) {
            if (!found[i].usable) continue;
            first.kind = (keel_device_kind)kind;
            first.index = found[i].index;
            b->devices[b->device_count++].choice = first;
        }
    }
    if (b->device_count == 0)
        keel_cli_warn(b->cli, "no device is at hand: --device all: the processor alone answers; keel doctor says more");
    return 0;
}

static int choose_devices(job *b) {
    keel_sweep_device_choice choice;
    int all = 0;
    KEEL_TRY(keel_sweep_device_choose(b->cli, &choice, &all));
    if (all) return choose_all(b, choice);
    if (choice.kind != KEEL_DEVICE_CPU) b->devices[b->device_count++].choice = choice;
    return 0;
}

/* The same trial on a device: 1 when it differs from the plain path (ret says how), 0, or an error.
 *   ret_result  out  what it came to, until the device's next run; tally NULL: it was not asked */
static int compare_device(job *b, asked *on, const keel_run_config *run, const answer *plain,
                          keel_sweep_difference *ret, keel_lane_result *ret_result) {
    const keel_backtest_account *a = &plain->accounts.items[0];
    const keel_exec_result *all = &plain->accounts.all;
    keel_lane_result result;
    keel_strbuf totals;
    char what[96];
    keel_group_task task = {.kernel = run->kernel,
                            .tape = a->tape,
                            .rules = a->rules,
                            .close_at_end = !b->header->asked.keep_open,
                            .interrupted = keel_cli_interrupted};
    if (run->kernel->user)
        return keel_err_set(b->err, KEEL_E_USAGE, "a strategy of a file needs the processor: --device: leave it out");
    KEEL_TRY(keel_sweep_device_may(run, b->err));
    if (!on->device) KEEL_TRY(keel_sweep_device_open(b->cli, &on->choice, a->tape, a->rules, &on->device));
    if (!on->device) return 0; /* the fallback was asked for, and a warning said so */
    KEEL_TRY(keel_sweep_device_one(on->device, &task, &run->params, run->starting_balance_usd_e8, &b->room, &result,
                                   b->err));
    *ret_result = result;
    (void)snprintf(what, sizeof what, "state_hash on %s", keel_sweep_device_kind(on->device));
    int differs = result.state_hash != all->state_hash;
    if (differs) {
        char one[20], other[20];
        (void)snprintf(one, sizeof one, "%016" PRIx64, result.state_hash);
        (void)snprintf(other, sizeof other, "%016" PRIx64, all->state_hash);
        say(ret, what, one, other);
    } else {
        keel_backtest_run made = keel_sweep_run_of(&result, run->strategy);
        keel_strbuf_init(&totals, 0);
        differs = keel_sweep_totals(&made, result.tally, run, &b->at->data, &totals, b->err);
        if (differs == 0)
            differs =
                keel_sweep_compare_totals(keel_strbuf_text(&totals), keel_strbuf_text(&plain->totals), ret, b->err);
        keel_strbuf_done(&totals);
        if (differs < 0) return differs;
    }
    keel_sweep_difference event;
    int moved = keel_sweep_compare_trades(result.trades, result.trade_count, all->trades, all->trade_count, &event);
    if (moved && !differs) *ret = event;
    return moved || differs;
}

/* The first trial that differs is looked into, and told in a report. */
static int note(job *b, const keel_row *row, const keel_run_config *run, const answer *plain,
                const keel_sweep_difference *d, const asked *on, const keel_lane_result *on_device,
                int device_differs) {
    char folder[KEEL_SWEEP_PATH_MAX];
    const char *given = keel_cli_option(b->cli, "report-dir");
    int has_plain = run && plain->code == 0;
    b->different++;
    if (b->different > 1) return 0;
    b->first = *d;
    b->first_trial = row->index;
    memcpy(b->first_hash, row->trial.trial_hash, sizeof b->first_hash);
    KEEL_TRY(keel_sweep_path(b->folder, b->header->sweep_id, "", folder, b->err));
    b->failure = (keel_sweep_failure){.cli = b->cli,
                                      .header = b->header,
                                      .row = row,
                                      .run = run && run->config_id[0] ? run : NULL, /* refused: no values */
                                      .data = b->at ? &b->at->data : NULL,
                                      .plain = has_plain ? &plain->accounts : NULL,
                                      .plain_totals = has_plain ? keel_strbuf_text(&plain->totals) : NULL,
                                      .stepped_hash = plain->stepped_hash,
                                      .device = on_device->tally ? on_device : NULL,
                                      .device_name = on && on->device ? keel_sweep_device_name(on->device) : NULL,
                                      .device_kind = on && on->device ? keel_sweep_device_kind(on->device) : NULL,
                                      .device_differs = device_differs,
                                      .first = &b->first,
                                      .folder = given ? given : folder};
    return keel_sweep_failure_explain(&b->failure, b->err);
}

static int is_fatal(int rc) {
    return rc == KEEL_E_NOMEM || rc == KEEL_E_INTERRUPTED || rc == KEEL_E_IO || rc == KEEL_E_NOT_FOUND ||
           rc == KEEL_E_GATE;
}

static int check(job *b, const keel_row *row) {
    keel_run_config run;
    keel_sweep_difference d;
    keel_lane_result result;
    answer plain;
    memset(&plain, 0, sizeof plain);
    memset(&d, 0, sizeof d);
    memset(&result, 0, sizeof result);
    keel_strbuf_init(&plain.totals, 0);
    if (row->trial.status == KEEL_TRIAL_PRUNED) {
        b->skipped++;
        return 0;
    }
    plain.code = keel_sweep_row_config(b->cli, b->header, row, &run);
    if (plain.code != 0) plain.err = *b->err;
    if (plain.code == 0 && keel_cli_option(b->cli, "store")) run.store = keel_cli_option(b->cli, "store");
    if (plain.code == 0) plain.code = run_plain(b, &run, &plain);
    int rc = is_fatal(plain.code) ? keel_err_set(b->err, plain.code, "%s", plain.err.text) : 0;
    if (rc == 0) {
        int differs = compare(row, &plain, &d, b->err), on_device = 0;
        asked *on = NULL; /* the last one that answered: the first that differs */
        for (int32_t i = 0; i < b->device_count && on_device == 0 && plain.code == 0 && differs >= 0; i++) {
            keel_sweep_difference of_device;
            on = &b->devices[i];
            on_device = compare_device(b, on, &run, &plain, &of_device, &result);
            if (on_device != 0 && differs == 0) d = of_device;
            if (on_device != 0) differs = on_device;
        }
        b->checked++;
        b->confirmed += differs == 0;
        rc = differs > 0 ? note(b, row, run.config ? &run : NULL, &plain, &d, on, &result, on_device > 0) : differs;
    }
    keel_backtest_accounts_done(&plain.accounts);
    keel_strbuf_done(&plain.totals);
    keel_run_config_done(&run);
    return rc;
}

/* ---- saying it --------------------------------------------------------------------------------------------- */

static void difference_json(const char *key, const keel_sweep_difference *d, const char *one, keel_json *j) {
    keel_json_key(j, key);
    keel_json_object(j);
    keel_json_kstring(j, "what", d->what);
    keel_json_kstring(j, one, d->one);
    keel_json_kstring(j, "plain", d->other);
    keel_json_close(j);
}

static int tell_json(job *b, int64_t damaged) {
    keel_json *j = keel_json_new(2);
    if (!j) return keel_err_set(b->err, KEEL_E_NOMEM, "out of memory: report: close other programs");
    keel_json_object(j);
    keel_json_kstring(j, "schema", "keel.sweep_confirm");
    keel_json_kint(j, "schema_version", 1);
    keel_json_kstring(j, "sweep_id", b->header->sweep_id);
    keel_json_kint(j, "checked", b->checked);
    keel_json_kint(j, "confirmed", b->confirmed);
    keel_json_kint(j, "different", b->different);
    keel_json_kint(j, "skipped_pruned", b->skipped);
    keel_json_kint(j, "unreadable_rows", damaged);
    keel_json_key(j, "devices");
    keel_json_array(j);
    for (int32_t i = 0; i < b->device_count; i++)
        if (b->devices[i].device) keel_json_string(j, keel_sweep_device_name(b->devices[i].device));
    keel_json_close(j);
    keel_json_key(j, "first_difference");
    if (b->different > 0) {
        keel_json_object(j);
        keel_json_kint(j, "trial", b->first_trial);
        keel_json_kstring(j, "trial_hash", b->first_hash);
        difference_json("difference", &b->first, "row", j);
        keel_json_kstring(j, "verdict", b->failure.verdict);
        keel_json_kstring(j, "report", b->failure.report[0] ? b->failure.report : NULL);
        if (b->failure.has_event) {
            difference_json("event", &b->failure.event, "sweep", j);
        } else {
            keel_json_key(j, "event");
            keel_json_null(j);
        }
        keel_json_close(j);
    } else {
        keel_json_null(j);
    }
    keel_json_close(j);
    int rc = keel_cli_print_json(b->cli, j);
    keel_json_free(j);
    return rc;
}

static int tell(job *b, int64_t damaged) {
    if (keel_cli_json(b->cli)) {
        KEEL_TRY(tell_json(b, damaged));
    } else {
        (void)printf("%" PRId64 " trials run again on the plain path: %" PRId64 " equal, %" PRId64 " different\n",
                     b->checked, b->confirmed, b->different);
        for (int32_t i = 0; i < b->device_count; i++)
            if (b->devices[i].device)
                (void)printf("run on %s as well: %s\n", keel_sweep_device_kind(b->devices[i].device),
                             keel_sweep_device_name(b->devices[i].device));
        if (b->skipped > 0) (void)printf("%" PRId64 " pruned trials were left out\n", b->skipped);
        if (b->different > 0)
            (void)printf("first difference: trial %" PRId64 " %.16s, %s\n  row    %s\n  plain  %s\n%s%s",
                         b->first_trial, b->first_hash, b->first.what, b->first.one, b->first.other, b->failure.verdict,
                         b->failure.verdict[0] ? "\n" : "");
        if (b->failure.has_event)
            (void)printf("first event: %s\n  sweep  %s\n  plain  %s\n", b->failure.event.what, b->failure.event.one,
                         b->failure.event.other);
    }
    if (b->different > 0)
        return keel_err_set(b->err, KEEL_E_PARITY,
                            "%" PRId64 " of %" PRId64
                            " trials are not what their rows say: sweep %s: "
                            "trust none of it until the cause is known%s%.600s",
                            b->different, b->checked, b->header->sweep_id,
                            b->failure.report[0] ? "; the first one: " : "", b->failure.report);
    if (damaged > 0)
        return keel_err_set(b->err, KEEL_E_PARITY,
                            "%" PRId64
                            " rows cannot be read: sweep %s: cut the file before the first "
                            "of them and use keel sweep run --resume",
                            damaged, b->header->sweep_id);
    return 0;
}

/* ---- the verb ---------------------------------------------------------------------------------------------- */

static int check_sweep(job *b, const char *folder, const char *id) {
    keel_sweep_rows rows;
    int64_t top = 0;
    int all = keel_cli_flag(b->cli, "all");
    KEEL_TRY(keel_cli_option_int(b->cli, "top", 1, INT64_MAX, &top));
    if (!all && top == 0)
        return keel_err_set(b->err, KEEL_E_USAGE, "which trials: keel sweep confirm: give --top N or --all");
    int rc = keel_sweep_rows_load(folder, id, &rows, b->err);
    if (rc == 0) {
        b->header = &rows.header;
        if (!all) keel_sweep_rows_rank(&rows);
        int64_t count = all || top > rows.count ? rows.count : top;
        keel_progress_begin(b->cli, &b->progress, "confirm", (uint64_t)count, "trials");
        for (int64_t i = 0; rc == 0 && i < count; i++) {
            keel_row row;
            rc = keel_sweep_row_load(&rows, &rows.lines[i], &row, b->err);
            if (rc == 0) rc = check(b, &row);
            keel_row_done(&row);
            keel_progress_update(&b->progress, (uint64_t)i + 1);
            if (rc == 0 && keel_cli_interrupted())
                rc = keel_err_set(b->err, KEEL_E_INTERRUPTED, "interrupted: confirm: run it again");
        }
        keel_progress_end(&b->progress, (uint64_t)(b->checked + b->skipped));
        if (rc == 0) rc = tell(b, rows.damaged);
    }
    keel_sweep_rows_done(&rows);
    return rc;
}

static int check_trial(job *b, const char *folder, const char *hash) {
    keel_sweep_header header;
    keel_row row;
    int rc = keel_sweep_find_trial(folder, hash, &header, &row, b->err);
    b->header = &header;
    if (rc == 0) rc = check(b, &row);
    if (rc == 0) rc = tell(b, 0);
    keel_row_done(&row);
    keel_sweep_header_done(&header);
    return rc;
}

int keel_verb_sweep_confirm(keel_cli *cli) {
    char folder[KEEL_SWEEP_PATH_MAX], id[KEEL_SWEEP_ID_SIZE];
    const char *name = keel_cli_positional(cli, 0);
    keel_err not_a_sweep = {0};
    job *b = calloc(1, sizeof *b);
    if (!b) return keel_err_set(keel_cli_err(cli), KEEL_E_NOMEM, "out of memory: sweep: close other programs");
    b->cli = cli;
    b->err = keel_cli_err(cli);
    int rc = choose_devices(b);
    if (rc == 0) rc = keel_sweep_folder(cli, folder);
    b->folder = folder;
    if (rc == 0) {
        int found = keel_sweep_find(folder, name, id, &not_a_sweep);
        int is_trial = found == KEEL_E_NOT_FOUND && strlen(name) > KEEL_SWEEP_ID_SIZE - 1;
        if (found != 0 && !is_trial)
            rc = found == KEEL_E_NOT_FOUND && !keel_cli_flag(cli, "all") && !keel_cli_option(cli, "top")
                     ? check_trial(b, folder, name)
                     : keel_err_set(b->err, found, "%s", not_a_sweep.text);
        else
            rc = is_trial ? check_trial(b, folder, name) : check_sweep(b, folder, id);
    }
    keel_lane_batch_room_done(&b->room);
    for (int32_t i = 0; i < b->device_count; i++)
        keel_sweep_device_close(b->devices[i].device);
    forget_all(b);
    free(b);
    return rc;
}
