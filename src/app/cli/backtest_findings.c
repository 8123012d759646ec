/* app/cli/backtest_findings.c: what a reader must know before believing a result, worst first.
 *
 * error    the result must not be used (impossible figures)
 * warning  a reason to doubt it
 * info     context
 * Within a severity the order is the order in which they are looked for below. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "app/cli/backtest_internal.h"
#include "model/reason.h"

/* Fewer trades say little about the mean of a fat-tailed profit; 30 is where textbooks let the normal law in. */
static const int64_t TRADES_FEW = 30;
/* Shares of the profit, 0..1. */
static const double ONE_BAR_SHARE = 0.20;  /* decided inside one bar: candle shape, not market */
static const double SYMBOL_SHARE = 0.60;   /* of one symbol among several */
static const double STRATEGY_SHARE = 0.90; /* of one strategy among several: the others earn next to nothing */
static const double TRADE_SHARE = 0.50;    /* of one trade */
static const double FORCED_SHARE = 0.20;   /* of positions that only the end of the data closed */
static const double COST_SHARE = 0.50;     /* of the price profit that went into costs */
static const double HELD_SHARE = 0.90;     /* of entry signals held back */

static const double TRIALS_P = 0.05; /* corrected p above which the best of many tries is no evidence */

static void find(keel_backtest_report *r, int32_t severity, const char *code, keel_stat value, keel_stat limit,
                 const char *format, ...) KEEL_PRINTF(6, 7);

static void find(keel_backtest_report *r, int32_t severity, const char *code, keel_stat value, keel_stat limit,
                 const char *format, ...) {
    va_list args;
    if (r->finding_count == KEEL_FINDINGS_MAX) return;
    keel_backtest_finding *f = &r->findings[r->finding_count++];
    f->severity = severity;
    f->code = code;
    f->value = value;
    f->limit = limit;
    va_start(args, format);
    (void)vsnprintf(f->text, sizeof f->text, format, args);
    va_end(args);
}

static void accuse(keel_backtest_report *r, const char *name, const keel_stats_summary *s) {
    for (int32_t i = 0; i < s->impossible_count; i++) {
        const keel_stats_impossible *what = &s->impossible[i];
        find(r, KEEL_FINDING_ERROR, "METRIC_IMPOSSIBLE", keel_stat_of(what->value), keel_stat_none(),
             "%s: %s %s: the data or the model is defective.", name, what->metric, what->why);
    }
}

static void impossible(keel_backtest_report *r) {
    accuse(r, r->in->run.name, &r->summary);
    for (int32_t i = 0; i < r->in->baseline_count; i++)
        accuse(r, r->in->baselines[i].name, &r->baselines[i]);
    for (int32_t i = 0; r->in->accounts && i < r->in->strategy_count; i++)
        accuse(r, r->in->strategies[i].name, &r->strategies[i]);
}

/* The most frequent reason among the entries that were held back; NULL: none were. */
static const keel_backtest_count *main_hold(const keel_backtest_count *counts, int32_t n) {
    const keel_backtest_count *most = NULL;
    for (int32_t i = 0; i < n; i++)
        if (counts[i].count > 0 && (!most || counts[i].count > most->count)) most = &counts[i];
    return most;
}

static void held(keel_backtest_report *r) {
    const keel_backtest_result *in = r->in;
    int64_t held_count = keel_backtest_held_count(in);
    int64_t trades = r->summary.tally.trades;
    const keel_backtest_count *hold = main_hold(in->holds, in->hold_count);
    const keel_backtest_count *gate = main_hold(in->gates, in->gate_count);
    if (!hold) return;
    double share = (double)held_count / (double)(held_count + trades);
    if (share < HELD_SHARE) return;
    find(r, KEEL_FINDING_WARNING, trades ? "MOST_ENTRIES_HELD" : "ALL_ENTRIES_HELD", keel_stat_of(share),
         keel_stat_of(HELD_SHARE), "%" PRId64 " entry signals were held back, most by %s (%" PRId64 ")%s%s.",
         held_count, hold->name, hold->count, gate ? "; the gate that failed most is " : "", gate ? gate->name : "");
}

static void few_trades(keel_backtest_report *r) {
    int64_t trades = r->summary.tally.trades;
    keel_stat value = keel_stat_of((double)trades), limit = keel_stat_of((double)TRADES_FEW);
    if (!trades)
        find(r, KEEL_FINDING_WARNING, "NO_TRADES", value, limit, "There was no trade at all.");
    else if (trades < TRADES_FEW)
        find(r, KEEL_FINDING_WARNING, "FEW_TRADES", value, limit,
             "Only %" PRId64 " trade%s: too few to tell skill from luck (%" PRId64 " is the least).", trades,
             trades == 1 ? "" : "s", TRADES_FEW);
}

/* Winning profit of trades with one of these flags, as a share of all winning profit. */
static keel_stat profit_share(const keel_backtest_report *r, int32_t flags) {
    const keel_backtest_run *run = &r->in->run;
    double sum = 0.0;
    for (int64_t i = 0; i < run->trade_count; i++)
        if ((run->trades[i].flags & flags) && run->trades[i].pnl_e8 > 0) sum += (double)run->trades[i].pnl_e8;
    return keel_stat_ratio(keel_stat_of(sum), keel_stat_of((double)r->summary.tally.gross_profit_e8));
}

static void decided_in_one_bar(keel_backtest_report *r) {
    keel_stat share = profit_share(r, KEEL_TRADE_AMBIGUOUS | KEEL_TRADE_ONE_BAR);
    if (!share.defined || share.value < ONE_BAR_SHARE) return;
    find(r, KEEL_FINDING_WARNING, "ONE_BAR_PROFIT", share, keel_stat_of(ONE_BAR_SHARE),
         "%.1f %% of the gross profit comes from trades decided inside one bar, where the order of prices is "
         "not known: use a finer --detail.",
         100.0 * share.value);
}

static void forced_exits(keel_backtest_report *r) {
    keel_stat share = profit_share(r, KEEL_TRADE_FORCED);
    if (!share.defined || share.value < FORCED_SHARE) return;
    find(r, KEEL_FINDING_WARNING, "FORCED_EXIT_PROFIT", share, keel_stat_of(FORCED_SHARE),
         "%.1f %% of the gross profit was taken only because the data ended.", 100.0 * share.value);
}

/* part / net profit when there is a profit */
static keel_stat of_net(const keel_backtest_report *r, int64_t part_e8) {
    int64_t net_e8 = r->summary.net_e8;
    return net_e8 > 0 ? keel_stat_of((double)part_e8 / (double)net_e8) : keel_stat_none();
}

static void one_symbol(keel_backtest_report *r) {
    const keel_backtest_group *best = NULL;
    for (int32_t i = 0; i < r->by_symbol.count; i++)
        if (!best || r->by_symbol.items[i].tally.pnl_e8 > best->tally.pnl_e8) best = &r->by_symbol.items[i];
    if (!best || r->by_symbol.count < 2) return;
    keel_stat share = of_net(r, best->tally.pnl_e8);
    if (!share.defined || share.value <= SYMBOL_SHARE) return;
    find(r, KEEL_FINDING_WARNING, "ONE_SYMBOL_PROFIT", share, keel_stat_of(SYMBOL_SHARE),
         "%s alone carries %.1f %% of the net profit of %d symbols.", best->label, 100.0 * share.value,
         (int)r->by_symbol.count);
}

static void one_strategy(keel_backtest_report *r) {
    const keel_backtest_group *best = NULL;
    for (int32_t i = 0; i < r->by_strategy.count; i++)
        if (!best || r->by_strategy.items[i].tally.pnl_e8 > best->tally.pnl_e8) best = &r->by_strategy.items[i];
    if (!best || r->by_strategy.count < 2) return;
    keel_stat share = of_net(r, best->tally.pnl_e8);
    if (!share.defined || share.value <= STRATEGY_SHARE) return;
    find(r, KEEL_FINDING_WARNING, "ONE_STRATEGY_PROFIT", share, keel_stat_of(STRATEGY_SHARE),
         "%s alone carries %.1f %% of the net profit of %d strategies.", best->label, 100.0 * share.value,
         (int)r->by_strategy.count);
}

static void one_trade(keel_backtest_report *r) {
    if (r->summary.tally.trades < 2) return;
    keel_stat share = of_net(r, r->summary.tally.best_pnl_e8);
    if (!share.defined || share.value <= TRADE_SHARE) return;
    find(r, KEEL_FINDING_WARNING, "ONE_TRADE_PROFIT", share, keel_stat_of(TRADE_SHARE),
         "The best trade alone carries %.1f %% of the net profit.", 100.0 * share.value);
}

static void liquidations(keel_backtest_report *r) {
    const keel_backtest_run *run = &r->in->run;
    int64_t count = 0;
    for (int64_t i = 0; i < run->trade_count; i++)
        count += run->trades[i].exit_reason == KEEL_X_LIQUIDATION;
    if (count)
        find(r, KEEL_FINDING_WARNING, "LIQUIDATIONS", keel_stat_of((double)count), keel_stat_of(0.0),
             "%" PRId64 " positions ended at the liquidation guard: leverage or sizes are too large.", count);
}

/* Who tries many configurations on one piece of data has found the best of many draws: Bonferroni's bound. */
static void many_trials(keel_backtest_report *r) {
    int64_t trials = r->in->trial_count;
    if (trials < 2 || r->summary.net_e8 <= 0) return;
    double p = r->summary.psr.defined ? (double)trials * (1.0 - r->summary.psr.value) : 1.0;
    if (p > 1.0) p = 1.0;
    if (p <= TRIALS_P) return;
    find(r, KEEL_FINDING_WARNING, "UNTRUSTWORTHY_MULTIPLE_TRIALS", keel_stat_of(p), keel_stat_of(TRIALS_P),
         "%" PRId64 " trials were spent on this data: corrected for them p = %.2g is above %.2f.", trials, p, TRIALS_P);
}

static void lost(keel_backtest_report *r) {
    if (r->summary.net_e8 < 0)
        find(r, KEEL_FINDING_WARNING, "NET_LOSS", r->summary.net_profit_pct, keel_stat_of(0.0),
             "The run lost %.2f %% of the balance.", -keel_backtest_pct_of_start(r->in, r->summary.net_e8));
}

static void baselines_beaten(keel_backtest_report *r) {
    int32_t beaten = 0;
    for (int32_t i = 0; i < r->in->baseline_count; i++) {
        double mine = keel_backtest_pct_of_start(r->in, r->summary.net_e8);
        double theirs = keel_backtest_pct_of_start(r->in, r->baselines[i].net_e8);
        if (r->summary.net_e8 > r->baselines[i].net_e8) {
            beaten++;
            continue;
        }
        find(r, KEEL_FINDING_WARNING, "BASELINE_NOT_BEATEN", keel_stat_of(mine), keel_stat_of(theirs),
             "%s earned %.2f %%, this run %.2f %%.", r->in->baselines[i].name, theirs, mine);
    }
    if (r->in->baseline_count > 0 && beaten == r->in->baseline_count)
        find(r, KEEL_FINDING_INFO, "BASELINES_BEATEN", keel_stat_of((double)beaten),
             keel_stat_of((double)r->in->baseline_count), "All %d baselines earned less.", (int)beaten);
}

static void costs(keel_backtest_report *r) {
    if (r->summary.tally.trades && r->fees_e8 == 0)
        find(r, KEEL_FINDING_WARNING, "NO_FEES", keel_stat_of(0.0), keel_stat_none(),
             "Trades were free of fees: no venue is.");
    if (r->summary.tally.trades && r->slippage_e8 == 0)
        find(r, KEEL_FINDING_WARNING, "NO_SLIPPAGE", keel_stat_of(0.0), keel_stat_none(),
             "Orders filled without slippage: real ones do not.");
    if (r->price_e8 <= 0) return;
    double share = ((double)r->fees_e8 + (double)r->slippage_e8 - (double)r->funding_e8) / (double)r->price_e8;
    if (share > COST_SHARE)
        find(r, KEEL_FINDING_WARNING, "COSTS_TAKE_PROFIT", keel_stat_of(share), keel_stat_of(COST_SHARE),
             "Fees, slippage and %s took %.1f %% of the price profit.", r->in->is_spot ? "interest" : "funding",
             100.0 * share);
}

static void short_range(keel_backtest_report *r) {
    double days = (double)r->summary.span_ms / 86400000.0;
    if (r->summary.span_ms < KEEL_STATS_ANNUAL_SPAN_MS)
        find(r, KEEL_FINDING_WARNING, "SHORT_RANGE", keel_stat_of(days),
             keel_stat_of((double)KEEL_STATS_ANNUAL_SPAN_MS / 86400000.0),
             "The range has %.1f days: yearly figures are extrapolated.", days);
}

static void still_open(keel_backtest_report *r) {
    int64_t open = r->in->run.open_positions;
    if (open)
        find(r, KEEL_FINDING_INFO, "OPEN_POSITIONS", keel_stat_of((double)open), keel_stat_none(),
             "%" PRId64 " positions are still open at the end; their open profit is in the net profit.", open);
}

/* Stable by severity; few, so the plain insertion sort. */
static void worst_first(keel_backtest_report *r) {
    for (int32_t i = 1; i < r->finding_count; i++) {
        keel_backtest_finding f = r->findings[i];
        int32_t at = i;
        for (; at > 0 && r->findings[at - 1].severity > f.severity; at--)
            r->findings[at] = r->findings[at - 1];
        r->findings[at] = f;
    }
}

void keel_backtest_findings_make(keel_backtest_report *r) {
    r->finding_count = 0;
    impossible(r);
    few_trades(r);
    held(r);
    decided_in_one_bar(r);
    forced_exits(r);
    one_symbol(r);
    one_strategy(r);
    one_trade(r);
    liquidations(r);
    costs(r);
    many_trials(r);
    lost(r);
    baselines_beaten(r);
    short_range(r);
    still_open(r);
    worst_first(r);
}
