/* lane/run.h: the stages of one run, shared by the bodies of this room only. lane.h says in what order they happen. */
#ifndef KEEL_LANE_RUN_H
#define KEEL_LANE_RUN_H

#include "lane/lane.h"

#define KEEL_LANE_JITTER_MS 60000 /* venues stamp settlements some ms after the hour */

/* One traded range. */
typedef struct keel_piece {
    int64_t open_ms, close_ms;
    int64_t open_e8, high_e8, low_e8, close_e8;
    double volume;
} keel_piece;

/* Everything one run needs, so that the stages below read like the list in lane.h. */
typedef struct keel_run {
    keel_lane *lane;
    keel_state *st;
    const keel_params *p;
    const keel_tape *tape;
    keel_signal_set *sets;
    keel_snapshot *snaps;
    const keel_window *window; /* NULL: sets are stepped */
    keel_lane_out *out;
    int32_t may_pass;  /* quiet bars may be passed in stretches */
    int64_t silent_to; /* no bar before this one, from lane->bar on, is one at which a strategy speaks */
    int32_t alone;     /* the only symbol, whole bars, nobody listens: lane/alone.c */
    int32_t crowd;     /* several symbols or pieces, nothing missing, nobody listens: lane/crowd.c */
    keel_decision decision;
    keel_diag diag;
} keel_run;

/* The configuration that trades a symbol, in force now. */
KEEL_LOCAL const keel_params *keel_run_params(const keel_run *r, int32_t symbol) {
    return &r->p[r->lane->sym[symbol].set];
}

/* The label of the last close is in force for a symbol from here on. */
KEEL_LOCAL void keel_run_turn(keel_run *r, int32_t symbol) {
    if (r->lane->by_regime)
        r->lane->sym[symbol].set = (1 + r->lane->regime) * r->tape->sleeve_count + r->tape->sym[symbol].sleeve;
}

/* Length of a piece, without a division where a bar is one. */
KEEL_LOCAL int64_t keel_run_piece_ms(const keel_tape *tape) {
    return tape->ratio > 1 ? tape->interval_ms / tape->ratio : tape->interval_ms;
}

/* Does any strategy, or parameter, depend on the regime of the market? Else it is only a label of its trades. */
KEEL_LOCAL int32_t keel_run_minds_regime(const keel_run *r) {
    if (r->lane->by_regime) return 1;
    for (int32_t s = 0; s < r->tape->sleeve_count; s++)
        if (keel_strategy_regimes(&r->p[s]) != 0) return 1;
    return 0;
}

/* fill.c */

/* Step the core with ev, which gets the next sequence number. Returns KEEL_REFUSED_*. */
KEEL_FN int32_t keel_lane_feed(keel_run *r, keel_event *ev, const keel_snapshot *snap);
/* The run ends with this refusal; the first one stands. */
KEEL_FN void keel_lane_stop(keel_run *r, int32_t refused);
/* What a step of this fill, accepted or not, means for the market and the tallies. */
KEEL_FN void keel_lane_filled(keel_run *r, keel_event *fill, int32_t refused, int64_t bar_open_ms);
/* Book a fill that the market made. */
KEEL_FN void keel_lane_fill(keel_run *r, keel_event *fill, int64_t bar_open_ms);
/* Hand the last step's command to the market: a triggered one executes inside this range, another waits. */
KEEL_FN void keel_lane_dispatch(keel_run *r, const keel_piece *piece, int64_t bar_open_ms);
/* The last step's command waits for the next open that has volume. */
KEEL_FN void keel_lane_accept(keel_run *r);
/* Keep what the last step decided, when it said anything and someone keeps decisions. */
KEEL_FN void keel_lane_keep_decision(keel_run *r, const keel_event *ev, const keel_snapshot *snap);

/* piece.c */

/* Piece j of bar k. A main bar whose detail is missing altogether is one piece, the last. Returns 0 when the symbol
 * did not trade in this piece. */
KEEL_FN int32_t keel_lane_piece(const keel_tape *tape, int32_t symbol, int64_t k, int32_t j, keel_piece *ret);
/* The working order of a symbol fills at the open of a range that was traded. */
KEEL_FN void keel_lane_fill_order(keel_run *r, int32_t symbol, int64_t open_e8, int64_t open_ms, int64_t bar_open_ms);
/* Settle everything due before `until_ms` at mark price; 0 = the last seen price. */
KEEL_FN void keel_lane_settle(keel_run *r, int32_t symbol, int64_t until_ms, int64_t mark_e8);
/* Interest for the hours since the symbol's last range, when bars are missing between. */
KEEL_FN void keel_lane_accrue_hole(keel_run *r, int32_t symbol, int64_t until_ms, int64_t px_e8);
/* Stages 1 to 3 of a piece that a symbol traded. */
KEEL_FN void keel_lane_open_piece(keel_run *r, int32_t symbol, const keel_piece *piece, int64_t bar_open_ms);
/* Stages 1 to 3 of piece j, for every symbol before any range is looked at. */
KEEL_FN void keel_lane_open_pieces(keel_run *r, int64_t k, int32_t j, int64_t bar_open_ms);

/* close.c */

/* The event of a piece as a range. */
KEEL_FN void keel_lane_range_event(int32_t kind, int32_t symbol, const keel_piece *piece, keel_event *ev);
/* Signals of one symbol at the close of bar k. */
KEEL_FN void keel_lane_update_signals(keel_run *r, int32_t symbol, int64_t k);
/* Bitcoin's direction, breadth, trend gate and regime at the close of bar k. */
KEEL_FN void keel_lane_contexts(keel_run *r, int64_t k);
/* What the last step decided at a close, in the tallies. */
KEEL_FN void keel_lane_count(keel_run *r, int32_t had_position);
/* Stage 5 of every symbol: decide. */
KEEL_FN void keel_lane_close_bars(keel_run *r, int64_t k, int64_t bar_open_ms);

/* Regime label of the market at the close of bar k. */
KEEL_FN void keel_lane_regime(keel_run *r, int64_t k);
/* The same at the close of bar to - 1, after from .. to - 2, which nobody asks about. */
KEEL_FN void keel_lane_regimes(keel_run *r, int64_t from, int64_t to);

/* quiet.c */

/* May quiet bars of this window be passed at all? */
KEEL_FN int32_t keel_lane_may_pass(const keel_run *r);
/* Pass all quiet bars from lane->bar on, maybe none. */
KEEL_FN void keel_lane_pass_quiet(keel_run *r);
#if KEEL_ON_HOST
/* The same where r->alone is set. */
KEEL_FN void keel_lane_pass_alone(keel_run *r);
#endif

/* What is remembered of the closed bar at place `at` of a window. */
KEEL_FN void keel_lane_seen(const keel_window_symbol *w, int64_t at, keel_seen *ret);

/* Funding of the holder of symbol i that falls due in piece `at`: positions are as they were before. */
KEEL_FN void keel_lane_settle_piece(keel_run *r, int32_t i, int64_t at, int64_t open_ms, int64_t piece_ms);
/* First bar from `from` on in whose pieces funding of symbol i falls due. */
KEEL_FN int64_t keel_lane_funding_bar(const keel_run *r, int32_t i, int64_t from);

/* alone.c */

/* May bars of this window be gone through as those of the only symbol? */
KEEL_FN int32_t keel_lane_may_alone(const keel_run *r);
/* Go through bars that trade, from lane->bar on, until the window ends or a buffer is full. */
KEEL_FN void keel_lane_alone(keel_run *r);

/* crowd.c */

/* May bars of this window be gone through symbol by symbol? */
KEEL_FN int32_t keel_lane_may_crowd(const keel_run *r);
/* Go through bars that trade, from lane->bar on, until the window ends or a buffer is full. */
KEEL_FN void keel_lane_crowd(keel_run *r);

/* stretch.c: quiet bars of lean runs */

/* Does this sample change a figure? It is taken into account. */
KEEL_FN int32_t keel_lane_curve_tells(keel_lane_curve *c, int64_t ts_ms, int64_t interval_ms, int64_t equity_e8);
/* Pass bars before those that may trade, as far as the window reaches. Returns 0 when they must be stepped. */
KEEL_FN int32_t keel_lane_stretch_history(keel_run *r);
/* Samples of quiet bars from .. to - 1 with no position. */
KEEL_FN void keel_lane_stretch_flat(keel_run *r, int64_t from, int64_t to);
/* Pass quiet bars of the only position, symbol i, from k to `end` at most. Returns the first bar that is not quiet. */
KEEL_FN int64_t keel_lane_stretch_one(keel_run *r, int32_t i, int64_t k, int64_t end);

/* lane.c */

/* Is there no room for the results of one more bar? */
KEEL_FN int32_t keel_lane_full(const keel_tape *tape, const keel_lane_out *out);
/* Equity after a piece: peak and drawdown. */
KEEL_FN void keel_lane_mark_at(keel_lane *lane, int64_t equity_e8);
KEEL_FN void keel_lane_mark(keel_run *r);
/* A point of the equity curve, when someone keeps it. */
KEEL_FN void keel_lane_sample(keel_run *r, int64_t ts_ms);

#endif
