/* app/cli/backtest_accounts.c: see backtest_accounts.h. */
#include "app/cli/backtest_accounts.h"

#include <stdlib.h>
#include <string.h>

#include "num/hash.h"
#include "num/int.h"

static int no_memory(keel_err *err) {
    return keel_err_set(err, KEEL_E_NOMEM, "out of memory: accounts: run fewer strategies at a time");
}

/* ---- tapes ------------------------------------------------------------------------------------------------- */

/* A column from its bar `skip` on. */
static const int64_t *later(const int64_t *column, int64_t skip) { return column ? column + skip : NULL; }

static const double *later_f64(const double *column, int64_t skip) { return column ? column + skip : NULL; }

/* A line of the whole tape that begins `skip` bars later: no settlement before its first bar either. */
static void cut_line(const keel_tape *whole, const keel_tape_symbol *from, int64_t skip, keel_tape_symbol *to) {
    int64_t first_ms = whole->start_ms + skip * whole->interval_ms, fine = skip * whole->ratio, past = 0;
    *to = *from;
    to->open_e8 = later(from->open_e8, skip);
    to->high_e8 = later(from->high_e8, skip);
    to->low_e8 = later(from->low_e8, skip);
    to->close_e8 = later(from->close_e8, skip);
    to->volume = later_f64(from->volume, skip);
    to->detail_open_e8 = later(from->detail_open_e8, fine);
    to->detail_high_e8 = later(from->detail_high_e8, fine);
    to->detail_low_e8 = later(from->detail_low_e8, fine);
    to->detail_close_e8 = later(from->detail_close_e8, fine);
    to->detail_volume = later_f64(from->detail_volume, fine);
    while (past < from->funding_count && from->funding_ts_ms[past] < first_ms)
        past++;
    to->funding_ts_ms = later(from->funding_ts_ms, past);
    to->funding_rate_e16 = later(from->funding_rate_e16, past);
    to->funding_count = from->funding_count - past;
}

/* What is only watched has neither detail nor funding, whoever else trades it. */
static void watch_line(keel_tape_symbol *line) {
    line->watch_only = 1;
    line->detail_open_e8 = line->detail_high_e8 = line->detail_low_e8 = line->detail_close_e8 = NULL;
    line->detail_volume = NULL;
    line->funding_ts_ms = line->funding_rate_e16 = NULL;
    line->funding_count = 0;
}

static int add_lines(const keel_backtest_data *d, const keel_backtest_part *part, int32_t sleeve, int64_t skip,
                     keel_backtest_account *a, keel_err *err) {
    for (int32_t i = 0; i < part->count; i++) {
        int32_t at = a->tape->symbol_count, series = part->series[i];
        if (at == KEEL_SYMBOLS_MAX)
            return keel_err_set(err, KEEL_E_USAGE,
                                "too many symbols on one account: each strategy counts its own: at most %d together",
                                KEEL_SYMBOLS_MAX);
        keel_tape_symbol *line = &a->tape->sym[a->tape->symbol_count++];
        cut_line(d->tape, &d->tape->sym[series], skip, line);
        line->watch_only = 0;
        line->sleeve = sleeve;
        if (i >= part->traded) watch_line(line);
        a->series[at] = series;
        a->rules[at] = d->rules[series];
        if (a->rules[at].is_btc && a->tape->btc[sleeve] < 0) a->tape->btc[sleeve] = at;
    }
    return 0;
}

static int plan_one(const keel_run_config *run, const keel_backtest_part *part, const keel_backtest_data *d,
                    keel_backtest_account *a, keel_err *err) {
    const keel_tape *whole = d->tape;
    int64_t from_ms = INT64_MAX;
    a->start_e8 = keel_run_config_at(run, a->first)->starting_balance_usd_e8;
    a->tape = calloc(1, sizeof *a->tape);
    a->rules = calloc(KEEL_SYMBOLS_MAX, sizeof *a->rules);
    if (!a->tape || !a->rules) return no_memory(err);
    for (int32_t i = 0; i < a->count; i++)
        if (part[a->first + i].preroll_ms < from_ms) from_ms = part[a->first + i].preroll_ms;
    int64_t skip = (from_ms - whole->start_ms) / whole->interval_ms;
    *a->tape = *whole;
    a->tape->start_ms = from_ms;
    a->tape->bars = whole->bars - skip;
    a->tape->trade_from = whole->trade_from - skip;
    a->tape->symbol_count = 0;
    a->tape->sleeve_count = a->count;
    for (int32_t i = 0; i < KEEL_SLEEVES_MAX; i++)
        a->tape->btc[i] = -1;
    for (int32_t i = 0; i < a->count; i++)
        KEEL_TRY(add_lines(d, &part[a->first + i], i, skip, a, err));
    return 0;
}

int keel_backtest_accounts_plan(const keel_run_config *run, const keel_backtest_part *part, const keel_backtest_data *d,
                                keel_backtest_accounts *ret, keel_err *err) {
    int32_t parts = keel_run_config_count(run);
    memset(ret, 0, sizeof *ret);
    ret->items = calloc((size_t)parts, sizeof *ret->items);
    if (!ret->items) return no_memory(err);
    ret->count = run->shared ? 1 : parts;
    for (int32_t i = 0; i < ret->count; i++) {
        ret->items[i].first = i;
        ret->items[i].count = run->shared ? parts : 1;
        KEEL_TRY(plan_one(run, part, d, &ret->items[i], err));
        ret->bars += ret->items[i].tape->bars;
    }
    return 0;
}

/* ---- running ----------------------------------------------------------------------------------------------- */

/* Progress of one account as a part of all. */
typedef struct stretch {
    void (*progress)(void *data, int64_t bars_done);
    void *data;
    int64_t before;
} stretch;

static void show_stretch(void *data, int64_t bars_done) {
    const stretch *s = data;
    s->progress(s->data, s->before + bars_done);
}

/* Names of each line of the tape for the log of decisions. */
typedef struct names {
    const char *symbol[KEEL_SYMBOLS_MAX], *strategy[KEEL_SYMBOLS_MAX], *version[KEEL_SYMBOLS_MAX];
} names;

static void name_lines(const keel_run_config *run, const keel_backtest_data *d, const keel_backtest_account *a,
                       names *n, keel_decision_log *log) {
    for (int32_t i = 0; i < a->tape->symbol_count; i++) {
        int32_t part = a->first + a->tape->sym[i].sleeve;
        n->symbol[i] = d->series[a->series[i]].name;
        n->strategy[i] = keel_run_config_label(run, part);
        n->version[i] = keel_run_config_at(run, part)->strategy_version;
    }
    log->symbols = n->symbol;
    log->strategies = n->strategy;
    log->versions = n->version;
}

/* The unit that knows every strategy of an account: a user's has the built-in ones too. Two files have two units. */
static int unit_of(const keel_run_config *run, const keel_backtest_account *a, keel_exec_options *ret, keel_err *err) {
    ret->kernel = keel_run_config_at(run, a->first)->kernel;
    for (int32_t i = a->first; i < a->first + a->count; i++) {
        const keel_run_config *part = keel_run_config_at(run, i);
        if (!part->kernel->user) continue;
        if (ret->kernel->user && ret->kernel != part->kernel)
            return keel_err_set(err, KEEL_E_USAGE,
                                "two files on one account: %s and %s: give each an account of its own "
                                "(--accounts separate)",
                                ret->strategy, part->source.user->file);
        ret->kernel = part->kernel;
        ret->strategy = part->source.user->file;
    }
    return 0;
}

/* The configurations of one of `count` strategies, one row after the other. */
static void take_rows(const keel_run_config *run, int32_t count, keel_params *to) {
    for (int32_t row = 0; row <= KEEL_REGIME_COUNT; row++)
        to[row * count] = run->by_regime ? run->rows[row] : run->params;
}

static int run_one(const keel_run_config *run, const keel_backtest_data *d, const keel_exec_options *common,
                   keel_backtest_account *a, keel_err *err) {
    keel_exec_options o = {.capital_e8 = a->start_e8,
                           .stall_s = common->stall_s,
                           .close_at_end = common->close_at_end,
                           .interrupted = common->interrupted,
                           .progress = common->progress,
                           .progress_data = common->progress_data,
                           .decisions = common->decisions,
                           .keep_stops = common->keep_stops,
                           .body = common->body,
                           .body_opens_files = common->body_opens_files,
                           .body_data = common->body_data};
    keel_params *p = calloc((size_t)a->count * (1 + KEEL_REGIME_COUNT), sizeof *p);
    names *n = calloc(1, sizeof *n);
    int rc = p && n ? unit_of(run, a, &o, err) : no_memory(err);
    for (int32_t i = 0; rc == 0 && i < a->count; i++)
        o.by_regime |= keel_run_config_at(run, a->first + i)->by_regime;
    for (int32_t i = 0; rc == 0 && i < a->count; i++)
        take_rows(keel_run_config_at(run, a->first + i), a->count, &p[i]);
    if (rc == 0 && o.decisions) name_lines(run, d, a, n, o.decisions);
    if (rc == 0) rc = keel_exec_run(p, a->tape, a->rules, &o, &a->result, err);
    free(p);
    free(n);
    return rc;
}

/* ---- joining ----------------------------------------------------------------------------------------------- */

static int beyond(keel_err *err) {
    return keel_err_set(err, KEEL_E_RANGE, "a sum over the accounts is beyond 92 billion: start with less");
}

static void add_tally(const keel_lane_tally *from, keel_lane_tally *to) {
    to->trades += from->trades;
    to->wins += from->wins;
    to->losses += from->losses;
    to->gross_profit_e8 += from->gross_profit_e8;
    to->gross_loss_e8 += from->gross_loss_e8;
    to->bars += from->bars;
    to->bars_in_market += from->bars_in_market;
    to->signals += from->signals;
    to->rejected += from->rejected;
    to->unfilled += from->unfilled;
    to->funding_events += from->funding_events;
    for (int32_t i = 0; i < KEEL_LANE_HOLDS; i++)
        to->holds[i] += from->holds[i];
    for (int32_t i = 0; i < KEEL_GATE_COUNT; i++)
        to->gate_fails[i] += from->gate_fails[i];
}

static int add_money(const keel_exec_result *from, keel_exec_result *to) {
    to->open_positions += from->open_positions;
    return keel_add_i64(to->final_e8, from->final_e8, &to->final_e8) &&
           keel_add_i64(to->open_price_e8, from->open_price_e8, &to->open_price_e8) &&
           keel_add_i64(to->open_fees_e8, from->open_fees_e8, &to->open_fees_e8) &&
           keel_add_i64(to->open_funding_e8, from->open_funding_e8, &to->open_funding_e8) &&
           keel_add_i64(to->open_slippage_e8, from->open_slippage_e8, &to->open_slippage_e8);
}

/* Samples stand at the close of each main bar of the range, in every account the same ones. */
static int add_equity(const keel_exec_result *from, keel_exec_result *to) {
    KEEL_ASSERT(from->equity_count == to->equity_count);
    for (int64_t i = 0; i < to->equity_count; i++) {
        KEEL_ASSERT(i == 0 || to->equity_ts_ms[i] == 0 || to->equity_ts_ms[i] == from->equity_ts_ms[i]);
        to->equity_ts_ms[i] = from->equity_ts_ms[i];
        if (!keel_add_i64(to->equity_e8[i], from->equity_e8[i], &to->equity_e8[i])) return 0;
    }
    return 1;
}

/* The trade that closed first among the next ones of all accounts; -1 when there are no more. */
static int32_t earliest(const keel_backtest_accounts *x, const int64_t *next) {
    int32_t best = -1;
    for (int32_t i = 0; i < x->count; i++) {
        const keel_exec_result *r = &x->items[i].result;
        if (next[i] == r->trade_count) continue;
        if (best < 0 || r->trades[next[i]].exit_ts_ms < x->items[best].result.trades[next[best]].exit_ts_ms) best = i;
    }
    return best;
}

static void merge_trades(keel_backtest_accounts *x) {
    int64_t next[KEEL_RUN_PARTS_MAX] = {0};
    for (int64_t i = 0; i < x->all.trade_count; i++) {
        int32_t from = earliest(x, next);
        keel_backtest_account *a = &x->items[from];
        keel_trade *t = &a->result.trades[next[from]++];
        x->trade_part[i] = a->first + a->tape->sym[t->symbol].sleeve;
        t->symbol = a->series[t->symbol];
        x->all.trades[i] = *t;
        x->all.trades[i].trade_id = i + 1;
    }
}

/* Lines of the account's tape become series of the data, and strategies of the run. */
static void name_stops(const keel_backtest_account *a, keel_exec_stop stops[], int64_t count) {
    for (int64_t i = 0; i < count; i++) {
        stops[i].part = a->first + a->tape->sym[stops[i].symbol].sleeve;
        stops[i].symbol = a->series[stops[i].symbol];
    }
}

/* One account after the other: whoever reads them sorts them. */
static void merge_stops(keel_backtest_accounts *x) {
    int64_t at = 0;
    for (int32_t i = 0; i < x->count; i++) {
        keel_exec_result *r = &x->items[i].result;
        if (r->stop_count > 0) memcpy(x->all.stops + at, r->stops, (size_t)r->stop_count * sizeof *r->stops);
        name_stops(&x->items[i], x->all.stops + at, r->stop_count);
        at += r->stop_count;
    }
}

static int make_room(keel_backtest_accounts *x, keel_err *err) {
    x->all.equity_count = x->items[0].result.equity_count;
    for (int32_t i = 0; i < x->count; i++)
        x->all.trade_count += x->items[i].result.trade_count;
    for (int32_t i = 0; i < x->count; i++)
        x->all.stop_count += x->items[i].result.stop_count;
    size_t trades = (size_t)x->all.trade_count + 1, samples = (size_t)x->all.equity_count + 1;
    x->all.trades = calloc(trades, sizeof *x->all.trades);
    x->trade_part = calloc(trades, sizeof *x->trade_part);
    x->all.equity_ts_ms = calloc(samples, sizeof *x->all.equity_ts_ms);
    x->all.equity_e8 = calloc(samples, sizeof *x->all.equity_e8);
    x->all.stops = calloc((size_t)x->all.stop_count + 1, sizeof *x->all.stops);
    return x->all.trades && x->trade_part && x->all.equity_ts_ms && x->all.equity_e8 && x->all.stops ? 0
                                                                                                     : no_memory(err);
}

/* One account is all there is: its result moves. */
static int take_only(keel_backtest_accounts *x, keel_err *err) {
    keel_backtest_account *a = &x->items[0];
    x->all = a->result;
    memset(&a->result, 0, sizeof a->result);
    x->trade_part = calloc((size_t)x->all.trade_count + 1, sizeof *x->trade_part);
    if (!x->trade_part) return no_memory(err);
    for (int64_t i = 0; i < x->all.trade_count; i++) {
        keel_trade *t = &x->all.trades[i];
        x->trade_part[i] = a->first + a->tape->sym[t->symbol].sleeve;
        t->symbol = a->series[t->symbol];
    }
    name_stops(a, x->all.stops, x->all.stop_count);
    return 0;
}

static int join(keel_backtest_accounts *x, keel_err *err) {
    keel_hash hash;
    if (x->count == 1) return take_only(x, err);
    KEEL_TRY(make_room(x, err));
    keel_hash_init(&hash);
    for (int32_t i = 0; i < x->count; i++) {
        const keel_exec_result *r = &x->items[i].result;
        add_tally(&r->tally, &x->all.tally);
        if (!add_money(r, &x->all) || !add_equity(r, &x->all)) return beyond(err);
        keel_hash_u64(&hash, r->state_hash);
    }
    x->all.state_hash = keel_hash_digest(&hash);
    merge_trades(x);
    merge_stops(x);
    return 0;
}

const keel_exec_result *keel_backtest_accounts_result(const keel_backtest_accounts *x, int32_t i) {
    KEEL_ASSERT(i >= 0 && i < x->count);
    return x->count == 1 ? &x->all : &x->items[i].result;
}

int keel_backtest_accounts_run(const keel_run_config *run, const keel_backtest_data *d,
                               const keel_exec_options *options, keel_backtest_accounts *accounts, keel_err *err) {
    keel_exec_options o = *options;
    stretch s = {options->progress, options->progress_data, 0};
    if (options->progress) o.progress = show_stretch;
    o.progress_data = &s;
    for (int32_t i = 0; i < accounts->count; i++) {
        KEEL_TRY(run_one(run, d, &o, &accounts->items[i], err));
        s.before += accounts->items[i].tape->bars;
    }
    return join(accounts, err);
}

void keel_backtest_accounts_done(keel_backtest_accounts *x) {
    for (int32_t i = 0; x->items && i < x->count; i++) {
        free(x->items[i].tape);
        free(x->items[i].rules);
        keel_exec_done(&x->items[i].result);
    }
    free(x->items);
    free(x->trade_part);
    keel_exec_done(&x->all);
    memset(x, 0, sizeof *x);
}

keel_backtest_run keel_backtest_run_of(const keel_exec_result *r, const char *name) {
    return (keel_backtest_run){.name = name,
                               .state_hash = r->state_hash,
                               .final_e8 = r->final_e8,
                               .trades = r->trades,
                               .trade_count = r->trade_count,
                               .equity_ts_ms = r->equity_ts_ms,
                               .equity_e8 = r->equity_e8,
                               .equity_count = r->equity_count,
                               .event_drawdown = r->tally.drawdown,
                               .event_drawdown_e8 = r->tally.drawdown_e8,
                               .open_positions = r->open_positions,
                               .open_price_e8 = r->open_price_e8,
                               .open_fees_e8 = r->open_fees_e8,
                               .open_funding_e8 = r->open_funding_e8,
                               .open_slippage_e8 = r->open_slippage_e8};
}
