/* lane/lane.h: core and market model closed into one whole run, with running tallies: what a backtest executes, and
 * what one device thread executes in a sweep.
 *
 * Order of things at bar k of the main grid, T = its open, for each of its pieces (detail bars, or the bar itself):
 *   1 funding settled up to the piece's open (within a minute of jitter): positions as they were before new fills
 *   2 the working order of each symbol fills at the piece's open, if the piece has volume
 *   3 funding settled inside the piece, at its open price
 *     and on spot: one hour of interest for each hour that the piece reaches, on what is borrowed (hours of a hole
 *     before it: in 1)
 *   4 the core sees the piece's range: exits at levels fill inside it, or, if it has no volume, at the next open with
 *     volume
 *   5 on the last piece, instead of 4: signals of all symbols are updated, then the context (bitcoin direction,
 *     breadth, regime), then each symbol's BAR_CLOSE is decided, first of those that hold something, whose exits come
 *     before the close, then of the flat ones; orders from it fill in 2 of the next piece
 * Symbols go in index order within each stage. A symbol whose bar is missing is skipped; after more than max_gap_bars
 * missing bars its signals warm up again. After the last bar open positions are closed at its close.
 *
 * No callbacks: results go to buffers, and the run returns when one is full; the caller drains it and goes on. */
#ifndef KEEL_LANE_LANE_H
#define KEEL_LANE_LANE_H

#include "core/signal/regime.h"
#include "core/signal/set.h"
#include "core/step.h"
#include "lane/tape.h"
#include "lane/window.h"
#include "market/bar_market.h"

enum { KEEL_LANE_DONE = 0, KEEL_LANE_DRAIN = 1, KEEL_LANE_FAULT = 2, KEEL_LANE_WINDOW = 3 };

#define KEEL_LANE_HOLDS 16 /* H_* reasons, index = reason - KEEL_H_GATE */

/* Per symbol: what the lane knows besides the core. */
typedef struct keel_lane_symbol {
    keel_market_order order;
    int64_t funding_at; /* next settlement */
    int64_t missing;    /* bars missing in a row */
    int64_t first_bar;  /* -1 until a bar was seen */
    int32_t entry_regime;
    int32_t exit_trigger; /* KEEL_TRIGGER_* of the last exit command */
    int32_t exit_ambiguous;
    int32_t set;          /* of the configurations, the one in force (keel_lane_init) */
    int64_t quiet_low_e8; /* while passing quiet bars: levels of the open position, */
    int64_t quiet_high_e8;
    int64_t seen_low_e8; /* and extremes of what was passed */
    int64_t seen_high_e8;
} keel_lane_symbol;

typedef struct keel_lane_tally {
    int64_t trades, wins, losses;
    int64_t gross_profit_e8, gross_loss_e8; /* loss >= 0 */
    int64_t peak_e8;                        /* of equity */
    int64_t drawdown_e8;                    /* largest peak - equity */
    double drawdown;                        /* largest (peak - equity) / peak */
    int64_t bars;                           /* symbol bars decided on */
    int64_t bars_in_market;                 /* of those with a position */
    int64_t signals;                        /* BUY and SELL opinions */
    int64_t rejected;                       /* entries that the venue refused for lack of margin */
    int64_t unfilled;                       /* orders that expired at the end */
    int64_t funding_events;
    int64_t holds[KEEL_LANE_HOLDS];
    int64_t gate_fails[KEEL_GATE_COUNT]; /* of signals held by a gate: which gates failed or were unknown */
} keel_lane_tally;

/* What figures of the equity curve know of it so far: enough to tell which samples change one. */
typedef struct keel_lane_curve {
    int64_t peak_e8, least_e8;
    int64_t fall_e8; /* largest peak - equity */
    double share;    /* largest (peak - equity) / peak */
    int32_t below;   /* the last sample was below the peak */
    int32_t reserved;
} keel_lane_curve;

/* What the market as a whole says to one sleeve. */
typedef struct keel_lane_context {
    double breadth; /* < 0 unknown */
    int32_t btc_bullish;
    int32_t regime_gate;
    keel_trend_gate gate;
} keel_lane_context;

typedef struct keel_lane {
    int64_t bar;    /* next main bar */
    int64_t passed; /* bars of those behind that were passed in quiet stretches */
    uint64_t seq;
    uint64_t fill_id;
    int64_t equity_e8; /* after the last piece */
    int32_t fault;     /* KEEL_REFUSED_* that stopped the run */
    int32_t close_at_end;
    int32_t ended;
    int32_t regime;
    int32_t by_regime; /* 1: p has one configuration more for each label of the regime */
    int32_t reserved;
    keel_regime_detector detector;
    keel_lane_context context[KEEL_SLEEVES_MAX];
    keel_lane_tally tally;
    keel_lane_curve curve; /* of a lean run */
    keel_lane_symbol sym[KEEL_SYMBOLS_MAX];
} keel_lane;

/* One proposal or command with everything it was made of. */
typedef struct keel_lane_decision {
    int64_t ts_ms;
    int64_t price_e8;
    int32_t symbol;
    int32_t regime;
    int32_t has_command;
    int32_t has_snapshot; /* 0: between bar closes, snap is not meaningful */
    keel_command command;
    keel_diag diag;
    keel_snapshot snap;
} keel_lane_decision;

/* What stands at the end of a run, besides the tallies. */
typedef struct keel_lane_ending {
    uint64_t state_hash;
    int64_t final_e8; /* equity */
    /* parts of positions left open, for the cost decomposition */
    int64_t open_positions, open_price_e8, open_fees_e8, open_funding_e8, open_slippage_e8;
    int32_t sound; /* 1: the books balance, and running equity is what positions give, to the last unit */
    int32_t reserved;
} keel_lane_ending;

/* Where results go. A NULL buffer with capacity 0 is not filled (sweeps); the tallies always are. */
typedef struct keel_lane_out {
    KEEL_GLOBAL keel_trade *trades;
    KEEL_GLOBAL int64_t *equity_ts_ms; /* close of each main bar from trade_from on */
    KEEL_GLOBAL int64_t *equity_e8;
    int64_t trade_cap, trade_count;
    int64_t equity_cap, equity_count;
    KEEL_GLOBAL keel_lane_decision *decisions; /* every signal and every command, in order */
    int64_t decision_cap, decision_count;
    /* 1: only the samples of equity that change a figure: every one at or above the peak, the first below it, each
     * deeper fall in money or share, each new least, each day's last (UTC, (00:00, 24:00]), the end's, and maybe more;
     * what stats/drawdown.h and stats/daily.h make of them is what they make of all. Trades do not tell their regime.
     * Nothing else differs. */
    int32_t lean;
    int32_t reserved;
} keel_lane_out;

/* Room that the trade and decision buffers need before any one main bar. */
KEEL_FN int64_t keel_lane_trade_room(const keel_tape *tape);

/* A run from the start: books with `capital`, empty market.
 *   lane, st  out
 *   p         in  [sleeve_count] configurations; those of one account agree on leverage, fees and slippage
 *   capital_e8 in > 0
 * Returns KEEL_REFUSED_OK or why the deposit was refused. Instruments (st->sym[i].rules) are set by the caller
 * afterwards. So is lane->by_regime = 1 where parameters have values of their own in some regime: p is then
 * [1 + KEEL_REGIME_COUNT][sleeve_count]. The first row is what signals, account and max_gap_bars are made of, which are
 * the same in all rows, and asks for every signal and gate of the market that some row reads; row 1 + label is what is
 * decided by in that regime.
 *
 * In force at an event of a symbol is the row of the label at its last close; before the first close nothing is
 * decided. The close at which a label changes is itself decided by the new row where the symbol holds nothing; where it
 * does, by the old one: that step judges the range before the close as well, which must not know how it ends. */
KEEL_FN int32_t keel_lane_init(keel_lane *lane, keel_state *st, const keel_params *p, const keel_tape *tape,
                               int64_t capital_e8, int32_t close_at_end);

/* Go on until the tape ends, a buffer is full, or the books refuse something that must not be refused.
 *   p      in  [sleeve_count] configurations, with lane->by_regime more rows of them, the same as at the start
 *   sets   io  [symbol_count] signal sets of the configurations; not touched when there is a window
 *   snaps  io  [symbol_count] snapshots
 *   window in  signals of the bars from lane->bar on, or NULL: sets are stepped. All of a run or none of it.
 * Returns KEEL_LANE_DONE, KEEL_LANE_DRAIN (empty the buffers, set their counts to 0, call again), KEEL_LANE_WINDOW (the
 * next window, please: it begins at lane->bar) or KEEL_LANE_FAULT (lane->fault says why). The result depends neither on
 * the buffers' capacities nor on the windows. */
KEEL_FN int32_t keel_lane_advance(keel_lane *lane, keel_state *st, const keel_params *p, const keel_tape *tape,
                                  keel_signal_set *sets, keel_snapshot *snaps, const keel_window *window,
                                  keel_lane_out *out);

/* The books at the end; p is the configuration of the account. */
KEEL_FN void keel_lane_end_of(const keel_state *st, const keel_params *p, keel_lane_ending *ret);

#endif
