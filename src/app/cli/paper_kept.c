/* app/cli/paper_kept.c: see paper_kept.h. */
#include "app/cli/paper_kept.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "ops/forensic/forensic.h"

/* ---- books: totals, what is known of each symbol, trades, equity ------------------------------------------------- */

typedef struct totals {
    int64_t equity_e8;
    keel_lane_tally tally;
} totals;

static const keel_packed_field TOTALS_FIELDS[] = {
    KEEL_PACKED(I64, "equity_usd", totals, equity_e8),
    KEEL_PACKED(I64, "trades", totals, tally.trades),
    KEEL_PACKED(I64, "wins", totals, tally.wins),
    KEEL_PACKED(I64, "losses", totals, tally.losses),
    KEEL_PACKED(I64, "gross_profit_usd", totals, tally.gross_profit_e8),
    KEEL_PACKED(I64, "gross_loss_usd", totals, tally.gross_loss_e8),
    KEEL_PACKED(I64, "peak_usd", totals, tally.peak_e8),
    KEEL_PACKED(I64, "drawdown_usd", totals, tally.drawdown_e8),
    KEEL_PACKED(F64, "drawdown", totals, tally.drawdown),
    KEEL_PACKED(I64, "bars", totals, tally.bars),
    KEEL_PACKED(I64, "bars_in_market", totals, tally.bars_in_market),
    KEEL_PACKED(I64, "signals", totals, tally.signals),
    KEEL_PACKED(I64, "rejected", totals, tally.rejected),
    KEEL_PACKED(I64, "unfilled", totals, tally.unfilled),
    KEEL_PACKED(I64, "funding_events", totals, tally.funding_events),
    KEEL_PACKED_LIST(I64, "holds", totals, tally.holds, KEEL_LANE_HOLDS),
    KEEL_PACKED_LIST(I64, "gate_fails", totals, tally.gate_fails, KEEL_GATE_COUNT)};
static const keel_packed_table TOTALS = KEEL_PACKED_TABLE("books", TOTALS_FIELDS, totals, 0);

typedef struct of_symbol {
    uint64_t exit_input;
    int32_t entry_regime, exit_trigger, exit_ambiguous, reserved;
} of_symbol;

static const keel_packed_field OF_SYMBOL_FIELDS[] = {
    KEEL_PACKED(U64, "exit_input", of_symbol, exit_input),
    KEEL_PACKED_IN(I32, "entry_regime", of_symbol, entry_regime, 0, KEEL_REGIME_COUNT - 1),
    KEEL_PACKED(I32, "exit_trigger", of_symbol, exit_trigger),
    KEEL_PACKED(I32, "exit_ambiguous", of_symbol, exit_ambiguous)};
static const keel_packed_table OF_SYMBOL = KEEL_PACKED_TABLE("books.symbol", OF_SYMBOL_FIELDS, of_symbol, 4);

static const keel_packed_field TRADE_FIELDS[] = {
    KEEL_PACKED(I64, "trade_id", keel_trade, trade_id),
    KEEL_PACKED(I64, "entry_ts_ms", keel_trade, entry_ts_ms),
    KEEL_PACKED(I64, "exit_ts_ms", keel_trade, exit_ts_ms),
    KEEL_PACKED_IN(I32, "symbol", keel_trade, symbol, 0, KEEL_SYMBOLS_MAX - 1),
    KEEL_PACKED(I32, "side", keel_trade, side),
    KEEL_PACKED(I32, "confidence", keel_trade, confidence),
    KEEL_PACKED(I32, "entry_reason", keel_trade, entry_reason),
    KEEL_PACKED(I32, "exit_reason", keel_trade, exit_reason),
    KEEL_PACKED(I32, "flags", keel_trade, flags),
    KEEL_PACKED(I32, "bars_held", keel_trade, bars_held),
    KEEL_PACKED(I32, "regime", keel_trade, regime),
    KEEL_PACKED(I64, "entry_px", keel_trade, entry_px_e8),
    KEEL_PACKED(I64, "exit_px", keel_trade, exit_px_e8),
    KEEL_PACKED(I64, "qty", keel_trade, qty_e8),
    KEEL_PACKED(I64, "notional_usd", keel_trade, notional_e8),
    KEEL_PACKED(I64, "pnl_usd", keel_trade, pnl_e8),
    KEEL_PACKED(I64, "price_pnl_usd", keel_trade, price_pnl_e8),
    KEEL_PACKED(I64, "fees_usd", keel_trade, fees_e8),
    KEEL_PACKED(I64, "funding_usd", keel_trade, funding_e8),
    KEEL_PACKED(I64, "slippage_usd", keel_trade, slippage_e8),
    KEEL_PACKED(I64, "mae_usd", keel_trade, mae_e8),
    KEEL_PACKED(I64, "mfe_usd", keel_trade, mfe_e8),
    KEEL_PACKED(I64, "stop_px", keel_trade, stop_e8),
    KEEL_PACKED(I64, "trail_px", keel_trade, trail_e8),
    KEEL_PACKED(I64, "target_px", keel_trade, target_e8),
    KEEL_PACKED(F64, "entry_atr", keel_trade, entry_atr)};
static const keel_packed_table TRADES = KEEL_PACKED_TABLE("books.trades", TRADE_FIELDS, keel_trade, 0);

typedef struct sample {
    int64_t value;
} sample;

static const keel_packed_field SAMPLE_FIELDS[] = {KEEL_PACKED(I64, "value", sample, value)};
static const keel_packed_table EQUITY_TS = KEEL_PACKED_TABLE("books.equity_ts_ms", SAMPLE_FIELDS, sample, 0);
static const keel_packed_table EQUITY = KEEL_PACKED_TABLE("books.equity_usd", SAMPLE_FIELDS, sample, 0);

/* ---- the simulated venue ----------------------------------------------------------------------------------------- */

static const keel_packed_field VENUE_FIELDS[] = {
    KEEL_PACKED(U64, "fill_id", keel_sim_book, fill_id), KEEL_PACKED(U64, "orders", keel_sim_book, orders),
    KEEL_PACKED(U64, "repeats", keel_sim_book, repeats), KEEL_PACKED(U64, "targets", keel_sim_book, targets)};
static const keel_packed_table VENUE = KEEL_PACKED_TABLE("venue", VENUE_FIELDS, keel_sim_book,
                                                         KEEL_SIM_VENUE_SYMBOLS * sizeof(keel_sim_order));

static const keel_packed_field VENUE_ORDER_FIELDS[] = {
    KEEL_PACKED(U64, "waiting.id", keel_sim_order, waiting.id),
    KEEL_PACKED(I64, "waiting.qty", keel_sim_order, waiting.qty_e8),
    KEEL_PACKED(I32, "waiting.side", keel_sim_order, waiting.side),
    KEEL_PACKED(I32, "waiting.fee_role", keel_sim_order, waiting.fee_role),
    KEEL_PACKED(U64, "order_id", keel_sim_order, order_id),
    KEEL_PACKED(U64, "tick", keel_sim_order, tick),
    KEEL_PACKED(I64, "px", keel_sim_order, px_e8),
    KEEL_PACKED(I64, "ts_ms", keel_sim_order, ts_ms),
    KEEL_PACKED(I64, "due_ms", keel_sim_order, due_ms),
    KEEL_PACKED(I64, "cancel_ms", keel_sim_order, cancel_ms),
    KEEL_PACKED(I32, "parted", keel_sim_order, parted),
    KEEL_PACKED(I32, "said", keel_sim_order, said),
    KEEL_PACKED(I32, "tick_kind", keel_sim_order, tick_kind),
    KEEL_PACKED(I32, "traded", keel_sim_order, traded),
    KEEL_PACKED_IN(I32, "count", keel_sim_order, count, 0, KEEL_SIM_VENUE_REPORTS),
    KEEL_PACKED_IN(I32, "told", keel_sim_order, told, 0, KEEL_SIM_VENUE_REPORTS)};
static const keel_packed_table VENUE_ORDER = KEEL_PACKED_TABLE("venue.order", VENUE_ORDER_FIELDS, keel_sim_order,
                                                               KEEL_SIM_VENUE_REPORTS * sizeof(keel_venue_report));

static const keel_packed_field REPORT_FIELDS[] = {
    KEEL_PACKED(I32, "kind", keel_venue_report, kind),
    KEEL_PACKED(I32, "ordinal", keel_venue_report, ordinal),
    KEEL_PACKED_IN(I32, "symbol", keel_venue_report, symbol, 0, KEEL_SIM_VENUE_SYMBOLS - 1),
    KEEL_PACKED(U64, "order_id", keel_venue_report, order_id),
    KEEL_PACKED(U64, "event.seq", keel_venue_report, event.seq),
    KEEL_PACKED(I64, "event.ts_ms", keel_venue_report, event.ts_ms),
    KEEL_PACKED(I32, "event.schema", keel_venue_report, event.schema),
    KEEL_PACKED(I32, "event.kind", keel_venue_report, event.kind),
    KEEL_PACKED_IN(I32, "event.symbol", keel_venue_report, event.symbol, 0, KEEL_SIM_VENUE_SYMBOLS - 1),
    KEEL_PACKED(I32, "event.signal", keel_venue_report, event.signal),
    KEEL_PACKED(I32, "event.fee_role", keel_venue_report, event.fee_role),
    KEEL_PACKED(I32, "event.side", keel_venue_report, event.side),
    KEEL_PACKED(I64, "event.px", keel_venue_report, event.price_e8),
    KEEL_PACKED(I64, "event.open_px", keel_venue_report, event.open_e8),
    KEEL_PACKED(I64, "event.high_px", keel_venue_report, event.high_e8),
    KEEL_PACKED(I64, "event.low_px", keel_venue_report, event.low_e8),
    KEEL_PACKED(I64, "event.qty", keel_venue_report, event.qty_e8),
    KEEL_PACKED(I64, "event.notional_usd", keel_venue_report, event.notional_e8),
    KEEL_PACKED(I64, "event.ref_px", keel_venue_report, event.ref_px_e8),
    KEEL_PACKED(I64, "event.rate", keel_venue_report, event.rate_e16),
    KEEL_PACKED(U64, "event.order_id", keel_venue_report, event.order_id),
    KEEL_PACKED(U64, "event.fill_id", keel_venue_report, event.fill_id),
    KEEL_PACKED(F64, "event.close_fraction", keel_venue_report, event.close_fraction),
    KEEL_PACKED(F64, "event.breadth", keel_venue_report, event.breadth),
    KEEL_PACKED(I32, "event.btc_bullish", keel_venue_report, event.btc_bullish),
    KEEL_PACKED(I32, "event.regime_gate", keel_venue_report, event.regime_gate),
    KEEL_PACKED(I32, "event.regime", keel_venue_report, event.regime),
    KEEL_PACKED(I32, "event.last_of_order", keel_venue_report, event.last_of_order),
    KEEL_PACKED(I32, "event.reason", keel_venue_report, event.reason)};
static const keel_packed_table REPORT = KEEL_PACKED_TABLE("venue.report", REPORT_FIELDS, keel_venue_report, 8);

/* ---- the shadow ledger ------------------------------------------------------------------------------------------- */

static const keel_packed_field SHADOW_FIELDS[] = {
    KEEL_PACKED(U64, "events", keel_shadow, events),
    KEEL_PACKED(U64, "checks", keel_shadow, checks),
    KEEL_PACKED(U64, "trades", keel_shadow, trades),
    KEEL_PACKED(I32, "breaches", keel_shadow, breaches),
    KEEL_PACKED_IN(I32, "symbols", keel_shadow, symbol_count, 1, KEEL_SHADOW_SYMBOLS),
    KEEL_PACKED(I32, "beyond", keel_shadow, beyond),
    KEEL_PACKED(I64, "capital.whole", keel_shadow, capital.whole),
    KEEL_PACKED(I64, "capital.rest", keel_shadow, capital.rest),
    KEEL_PACKED(U64, "first.seq", keel_shadow, first.seq),
    KEEL_PACKED(I64, "first.ts_ms", keel_shadow, first.ts_ms),
    KEEL_PACKED_IN(I32, "first.figure", keel_shadow, first.figure, 0, KEEL_SHADOW_FIGURE_END - 1),
    KEEL_PACKED_IN(I32, "first.symbol", keel_shadow, first.symbol, 0, KEEL_SHADOW_SYMBOLS - 1),
    KEEL_PACKED(I64, "first.ours", keel_shadow, first.ours),
    KEEL_PACKED(I64, "first.theirs", keel_shadow, first.theirs),
    KEEL_PACKED(I64, "first.ours_worth", keel_shadow, first.ours_worth),
    KEEL_PACKED(I64, "first.theirs_worth", keel_shadow, first.theirs_worth),
    KEEL_PACKED(I64, "first.theirs_free", keel_shadow, first.theirs_free),
    KEEL_PACKED(I64, "first.theirs_locked", keel_shadow, first.theirs_locked),
    KEEL_PACKED(I64, "first.theirs_profit", keel_shadow, first.theirs_profit)};
static const keel_packed_table SHADOW = KEEL_PACKED_TABLE("shadow", SHADOW_FIELDS, keel_shadow,
                                                          4 + KEEL_SHADOW_SYMBOLS * sizeof(keel_shadow_symbol));

static const keel_packed_field SHADOW_SYMBOL_FIELDS[] = {
    KEEL_PACKED(I64, "held", keel_shadow_symbol, held),
    KEEL_PACKED(I64, "px", keel_shadow_symbol, price),
    KEEL_PACKED(I64, "flow.whole", keel_shadow_symbol, flow.whole),
    KEEL_PACKED(I64, "flow.rest", keel_shadow_symbol, flow.rest),
    KEEL_PACKED(I64, "costs.whole", keel_shadow_symbol, costs.whole),
    KEEL_PACKED(I64, "costs.rest", keel_shadow_symbol, costs.rest),
    KEEL_PACKED(I64, "before.whole", keel_shadow_symbol, before.whole),
    KEEL_PACKED(I64, "before.rest", keel_shadow_symbol, before.rest),
    KEEL_PACKED(F64, "paid", keel_shadow_symbol, paid),
    KEEL_PACKED(F64, "locked", keel_shadow_symbol, locked),
    KEEL_PACKED(I64, "maker", keel_shadow_symbol, maker),
    KEEL_PACKED(I64, "taker", keel_shadow_symbol, taker),
    KEEL_PACKED(F64, "leverage", keel_shadow_symbol, leverage)};
static const keel_packed_table SHADOW_SYMBOL = KEEL_PACKED_TABLE("shadow.symbol", SHADOW_SYMBOL_FIELDS,
                                                                 keel_shadow_symbol, 0);

/* ---- writing ----------------------------------------------------------------------------------------------------- */

static void save_venue(const keel_sim_book *book, uint64_t n, keel_packed_writer *out) {
    keel_packed_rows(out, &VENUE, book, 1, sizeof *book);
    keel_packed_rows(out, &VENUE_ORDER, book->sym, n, sizeof book->sym[0]);
    keel_packed_part(out, &REPORT, n * KEEL_SIM_VENUE_REPORTS);
    for (uint64_t i = 0; i < n; i++)
        keel_packed_run(out, &REPORT, book->sym[i].report, KEEL_SIM_VENUE_REPORTS, sizeof(keel_venue_report));
}

void keel_paper_kept_save(const keel_paper_books *b, keel_packed_writer *out) {
    uint64_t n = (uint64_t)b->symbol_count;
    totals t = {b->lane.equity_e8, b->lane.tally};
    if (b->no_memory) out->out->failed = 1;
    keel_packed_rows(out, &TOTALS, &t, 1, sizeof t);
    keel_packed_part(out, &OF_SYMBOL, n);
    for (uint64_t i = 0; i < n; i++) {
        const keel_lane_symbol *s = &b->lane.sym[i];
        of_symbol row = {b->exit_input[i], s->entry_regime, s->exit_trigger, s->exit_ambiguous, 0};
        keel_packed_run(out, &OF_SYMBOL, &row, 1, sizeof row);
    }
    if (b->venue) save_venue(&b->venue->book, n, out);
    if (b->shadowed) {
        keel_packed_rows(out, &SHADOW, &b->shadow, 1, sizeof b->shadow);
        keel_packed_rows(out, &SHADOW_SYMBOL, b->shadow.sym, n, sizeof b->shadow.sym[0]);
    }
    keel_packed_rows(out, &TRADES, b->result.trades, (uint64_t)b->result.trade_count, sizeof(keel_trade));
    keel_packed_rows(out, &EQUITY_TS, b->result.equity_ts_ms, (uint64_t)b->result.equity_count, sizeof(int64_t));
    keel_packed_rows(out, &EQUITY, b->result.equity_e8, (uint64_t)b->result.equity_count, sizeof(int64_t));
}

/* ---- reading ----------------------------------------------------------------------------------------------------- */

static int load_venue(keel_sim_book *book, uint64_t n, keel_packed_reader *in, int takes, keel_err *err) {
    keel_packed_view v;
    KEEL_TRY(keel_packed_take(in, &VENUE, book, 1, sizeof *book, takes, err));
    KEEL_TRY(keel_packed_take(in, &VENUE_ORDER, book->sym, n, sizeof book->sym[0], takes, err));
    KEEL_TRY(keel_packed_look(in, &REPORT, n * KEEL_SIM_VENUE_REPORTS, &v, err));
    for (uint64_t i = 0; i < v.rows && takes; i++)
        keel_packed_get(&v, i, &book->sym[i / KEEL_SIM_VENUE_REPORTS].report[i % KEEL_SIM_VENUE_REPORTS]);
    return 0;
}

static int load_totals(keel_paper_books *b, keel_packed_reader *in, int takes, keel_err *err) {
    keel_packed_view v;
    totals t;
    of_symbol row;
    KEEL_TRY(keel_packed_take(in, &TOTALS, &t, 1, sizeof t, 1, err));
    KEEL_TRY(keel_packed_look(in, &OF_SYMBOL, (uint64_t)b->symbol_count, &v, err));
    if (!takes) return 0;
    b->lane.equity_e8 = t.equity_e8;
    b->lane.tally = t.tally;
    for (uint64_t i = 0; i < v.rows; i++) {
        keel_packed_get(&v, i, &row);
        b->exit_input[i] = row.exit_input;
        b->lane.sym[i].entry_regime = row.entry_regime;
        b->lane.sym[i].exit_trigger = row.exit_trigger;
        b->lane.sym[i].exit_ambiguous = row.exit_ambiguous;
    }
    return 0;
}

/* A list of its own, [rows + 1]: an empty one has room, too. NULL: no memory. */
static void *list_of(keel_packed_reader *in, const keel_packed_table *t, uint64_t rows, keel_err *err) {
    void *list = calloc((size_t)rows + 1, t->size);
    if (list && keel_packed_take(in, t, list, rows, t->size, 1, err) == 0) return list;
    free(list);
    return NULL;
}

static int load_lists(keel_paper_books *b, keel_packed_reader *in, int takes, keel_err *err) {
    keel_packed_view trades, times, values;
    KEEL_TRY(keel_packed_look(in, &TRADES, KEEL_PACKED_ANY, &trades, err));
    KEEL_TRY(keel_packed_look(in, &EQUITY_TS, KEEL_PACKED_ANY, &times, err));
    KEEL_TRY(keel_packed_look(in, &EQUITY, times.rows, &values, err));
    if (!takes) return 0;
    keel_paper_books_done(b);
    b->result.trades = list_of(in, &TRADES, trades.rows, err);
    b->result.equity_ts_ms = list_of(in, &EQUITY_TS, times.rows, err);
    b->result.equity_e8 = list_of(in, &EQUITY, values.rows, err);
    b->result.trade_count = b->trade_cap = (int64_t)trades.rows;
    b->result.equity_count = b->equity_cap = (int64_t)times.rows;
    int whole = b->result.trades && b->result.equity_ts_ms && b->result.equity_e8;
    return whole ? 0 : keel_err_set(err, KEEL_E_NOMEM, "out of memory: snapshot: close other programs");
}

int keel_paper_kept_load(keel_paper_books *b, keel_packed_reader *in, int takes, keel_err *reterr) {
    uint64_t n = (uint64_t)b->symbol_count;
    KEEL_TRY(load_totals(b, in, takes, reterr));
    if (b->venue) KEEL_TRY(load_venue(&b->venue->book, n, in, takes, reterr));
    if (b->shadowed) {
        KEEL_TRY(keel_packed_take(in, &SHADOW, &b->shadow, 1, sizeof b->shadow, takes, reterr));
        KEEL_TRY(keel_packed_take(in, &SHADOW_SYMBOL, b->shadow.sym, n, sizeof b->shadow.sym[0], takes, reterr));
    }
    return load_lists(b, in, takes, reterr);
}

/* As a run that has all of it would look. */
static int look_at_watchers(keel_packed_reader *r, int32_t symbols, keel_err *err) {
    keel_packed_view v;
    uint64_t n = (uint64_t)symbols;
    if (keel_packed_has(r, TOTALS.name)) {
        KEEL_TRY(keel_packed_look(r, &TOTALS, 1, &v, err));
        KEEL_TRY(keel_packed_look(r, &OF_SYMBOL, n, &v, err));
        KEEL_TRY(keel_packed_look(r, &TRADES, KEEL_PACKED_ANY, &v, err));
        KEEL_TRY(keel_packed_look(r, &EQUITY_TS, KEEL_PACKED_ANY, &v, err));
        KEEL_TRY(keel_packed_look(r, &EQUITY, v.rows, &v, err));
    }
    if (keel_packed_has(r, VENUE.name)) {
        KEEL_TRY(keel_packed_look(r, &VENUE, 1, &v, err));
        KEEL_TRY(keel_packed_look(r, &VENUE_ORDER, n, &v, err));
        KEEL_TRY(keel_packed_look(r, &REPORT, n * KEEL_SIM_VENUE_REPORTS, &v, err));
    }
    if (keel_packed_has(r, SHADOW.name)) {
        KEEL_TRY(keel_packed_look(r, &SHADOW, 1, &v, err));
        KEEL_TRY(keel_packed_look(r, &SHADOW_SYMBOL, n, &v, err));
    }
    KEEL_TRY(keel_forensic_look(r, symbols, err));
    return keel_packed_all_known(r, err);
}

int keel_paper_kept_judge(const uint8_t *bytes, size_t size, uint64_t state_hash, keel_engine_kept *ret,
                          keel_err *reterr) {
    keel_packed_reader r;
    KEEL_TRY(keel_engine_snapshot_look(&r, bytes, size, ret, reterr));
    KEEL_TRY(look_at_watchers(&r, ret->symbols, reterr));
    if (ret->state_hash == state_hash) return 0;
    return keel_err_set(reterr, KEEL_E_PARITY,
                        "a snapshot is not what it says: state hash %016" PRIx64 ", it says %016" PRIx64,
                        ret->state_hash, state_hash);
}
