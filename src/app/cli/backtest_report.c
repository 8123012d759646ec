/* app/cli/backtest_report.c: see backtest_report.h. */
#include "app/cli/backtest_report.h"

#include <inttypes.h>
#include <stdlib.h>

#include "app/cli/backtest_internal.h"
#include "model/reason.h"
#include "num/int.h"
#include "research/trade_figures.h"

const char *keel_backtest_reason_name(int32_t reason) {
    switch (reason) {
#define REASON_CASE(name, number, sentence) \
    case number: return #name;
        KEEL_REASONS(REASON_CASE)
#undef REASON_CASE
        default: return "UNKNOWN";
    }
}

const char *keel_backtest_confidence_name(int32_t confidence) {
    static const char *const NAMES[] = {"low", "medium", "high"};
    return confidence >= 0 && confidence < 3 ? NAMES[confidence] : "unknown";
}

const char *keel_backtest_severity_name(int32_t severity) {
    static const char *const NAMES[] = {"error", "warning", "info"};
    KEEL_ASSERT(severity >= KEEL_FINDING_ERROR && severity <= KEEL_FINDING_INFO);
    return NAMES[severity];
}

double keel_backtest_pct_of_start(const keel_backtest_result *in, int64_t amount_e8) {
    return 100.0 * ((double)amount_e8 / (double)in->start_e8);
}

int64_t keel_backtest_held_count(const keel_backtest_result *in) {
    int64_t sum = 0;
    for (int32_t i = 0; i < in->hold_count; i++)
        sum += in->holds[i].count;
    return sum;
}

keel_stat keel_backtest_market_change_pct(const keel_backtest_result *in) {
    double sum = 0.0;
    int64_t known = 0;
    for (int32_t i = 0; i < in->symbol_count; i++) {
        const keel_backtest_symbol *s = &in->symbols[i];
        if (s->first_px_e8 <= 0 || s->last_px_e8 <= 0) continue;
        sum += (double)s->last_px_e8 / (double)s->first_px_e8 - 1.0;
        known++;
    }
    return known ? keel_stat_of(100.0 * sum / (double)known) : keel_stat_none();
}

/* a - b - c - d into *ret; 0 when something does not fit */
static int less_three(int64_t a, int64_t b, int64_t c, int64_t d, int64_t *ret) {
    int64_t x = 0;
    return keel_sub_i64(a, b, &x) && keel_sub_i64(x, c, &x) && keel_sub_i64(x, d, ret);
}

static int check_trades(const keel_backtest_run *run, keel_err *reterr) {
    for (int64_t i = 0; i < run->trade_count; i++) {
        const keel_trade *t = &run->trades[i];
        if (!keel_trade_adds_up(t))
            return keel_err_set(reterr, KEEL_E_PARITY,
                                "%s: trade %" PRId64
                                ": price - fees - funding - slippage is not its profit: "
                                "the books are broken, please report this run",
                                run->name, t->trade_id);
    }
    return 0;
}

/* start + trades + open positions = final, to the last unit */
static int check_balance(const keel_backtest_run *run, const keel_stats_summary *s, keel_err *reterr) {
    int64_t open = 0, net = 0;
    if (!less_three(run->open_price_e8, run->open_fees_e8, run->open_funding_e8, run->open_slippage_e8, &open) ||
        !keel_add_i64(s->tally.pnl_e8, open, &net) || net != s->net_e8)
        return keel_err_set(reterr, KEEL_E_PARITY,
                            "%s: trades and open positions make %" PRId64 "e-8, the balance changed by %" PRId64
                            "e-8: the books are broken, please report this run",
                            run->name, net, s->net_e8);
    return 0;
}

int32_t keel_backtest_strategy_of(const keel_backtest_result *in, int64_t index) {
    KEEL_ASSERT(index >= 0 && index < in->run.trade_count);
    return in->trade_strategy ? in->trade_strategy[index] : 0;
}

int keel_backtest_summarise(const keel_backtest_run *run, const keel_backtest_scale *scale, keel_stats_summary *ret,
                            keel_err *reterr) {
    size_t count = (size_t)(run->trade_count > 0 ? run->trade_count : 1);
    KEEL_TRY(check_trades(run, reterr));
    keel_stats_trade *trades = malloc(count * sizeof *trades);
    if (!trades)
        return keel_err_set(reterr, KEEL_E_NOMEM, "report: no memory for %" PRId64 " trades: free some",
                            run->trade_count);
    for (int64_t i = 0; i < run->trade_count; i++)
        trades[i] = keel_trade_figures(&run->trades[i]);
    keel_stats_input input = {.start_ms = scale->start_ms,
                              .end_ms = scale->end_ms,
                              .start_e8 = scale->start_e8,
                              .final_e8 = run->final_e8,
                              .trades = trades,
                              .trade_count = run->trade_count,
                              .equity_ts_ms = run->equity_ts_ms,
                              .equity_e8 = run->equity_e8,
                              .equity_count = run->equity_count,
                              .event_drawdown = run->event_drawdown,
                              .event_drawdown_e8 = run->event_drawdown_e8,
                              .can_owe = scale->can_owe,
                              .reserved = 0};
    int rc = keel_stats_summarise(&input, ret, reterr);
    free(trades);
    return rc != 0 ? rc : check_balance(run, ret, reterr);
}

static int summarise(const keel_backtest_result *in, const keel_backtest_run *run, int64_t start_e8,
                     keel_stats_summary *ret, keel_err *reterr) {
    keel_backtest_scale scale = {
        .start_ms = in->start_ms, .end_ms = in->end_ms, .start_e8 = start_e8, .can_owe = in->can_owe};
    return keel_backtest_summarise(run, &scale, ret, reterr);
}

static int decompose(keel_backtest_report *r, keel_err *reterr) {
    const keel_backtest_run *run = &r->in->run;
    const keel_stats_tally *t = &r->summary.tally;
    int64_t funding = 0;
    if (!keel_add_i64(t->price_e8, run->open_price_e8, &r->price_e8) ||
        !keel_add_i64(t->fees_e8, run->open_fees_e8, &r->fees_e8) ||
        !keel_add_i64(t->slippage_e8, run->open_slippage_e8, &r->slippage_e8) ||
        !keel_add_i64(t->funding_e8, run->open_funding_e8, &funding) || !keel_sub_i64(0, funding, &r->funding_e8))
        return keel_err_set(reterr, KEEL_E_RANGE, "report: a sum of costs is beyond 92 billion: start with less");
    KEEL_ASSERT(r->price_e8 + r->funding_e8 - r->fees_e8 - r->slippage_e8 == r->summary.net_e8);
    return 0;
}

static int fill(keel_backtest_report *r, keel_err *reterr) {
    const keel_backtest_result *in = r->in;
    KEEL_TRY(summarise(in, &in->run, in->start_e8, &r->summary, reterr));
    KEEL_TRY(decompose(r, reterr));
    r->baselines = calloc((size_t)(in->baseline_count > 0 ? in->baseline_count : 1), sizeof *r->baselines);
    if (!r->baselines) return keel_err_set(reterr, KEEL_E_NOMEM, "report: no memory for baselines: free some");
    for (int32_t i = 0; i < in->baseline_count; i++)
        KEEL_TRY(summarise(in, &in->baselines[i], in->start_e8, &r->baselines[i], reterr));
    KEEL_ASSERT(in->strategy_count > 0);
    r->strategies = calloc((size_t)in->strategy_count, sizeof *r->strategies);
    if (!r->strategies) return keel_err_set(reterr, KEEL_E_NOMEM, "report: no memory for strategies: free some");
    for (int32_t i = 0; i < in->strategy_count; i++)
        if (in->strategies[i].own_account)
            KEEL_TRY(summarise(in, &in->strategies[i].run, in->strategies[i].start_e8, &r->strategies[i], reterr));
    KEEL_TRY(keel_backtest_groups_make(r, reterr));
    keel_backtest_findings_make(r);
    return 0;
}

int keel_backtest_report_brief(const keel_backtest_result *in, keel_stats_book *book, keel_backtest_report *ret,
                               keel_err *reterr) {
    keel_stats_end end = {.final_e8 = in->run.final_e8,
                          .event_drawdown = in->run.event_drawdown,
                          .event_drawdown_e8 = in->run.event_drawdown_e8,
                          .can_owe = in->can_owe,
                          .reserved = 0};
    ret->in = in;
    KEEL_TRY(keel_stats_book_summarise(book, &end, &ret->summary, reterr));
    KEEL_TRY(check_balance(&in->run, &ret->summary, reterr));
    return decompose(ret, reterr);
}

int keel_backtest_report_new(const keel_backtest_result *in, keel_backtest_report **ret_report, keel_err *reterr) {
    keel_backtest_report *r = calloc(1, sizeof *r);
    if (!r) return keel_err_set(reterr, KEEL_E_NOMEM, "report: no memory: free some");
    r->in = in;
    int rc = fill(r, reterr);
    if (rc != 0) {
        keel_backtest_report_free(r);
        return rc;
    }
    *ret_report = r;
    return 0;
}

void keel_backtest_report_free(keel_backtest_report *r) {
    if (!r) return;
    keel_backtest_groups_free(r);
    free(r->baselines);
    free(r->strategies);
    free(r);
}

static int condemn(const char *name, const keel_stats_summary *s, keel_err *reterr) {
    if (s->impossible_count == 0) return 0;
    return keel_err_set(reterr, KEEL_E_PARITY,
                        "%s: %s %s (%.6g): impossible, so nothing of this run may be used; check the data with `keel "
                        "data check`",
                        name, s->impossible[0].metric, s->impossible[0].why, s->impossible[0].value);
}

int keel_backtest_report_verdict(const keel_backtest_report *r, keel_err *reterr) {
    const keel_backtest_result *in = r->in;
    KEEL_TRY(condemn(in->run.name, &r->summary, reterr));
    for (int32_t i = 0; i < in->baseline_count; i++)
        KEEL_TRY(condemn(in->baselines[i].name, &r->baselines[i], reterr));
    for (int32_t i = 0; i < in->strategy_count; i++)
        KEEL_TRY(condemn(in->strategies[i].name, &r->strategies[i], reterr));
    return 0;
}
