/* lane/piece.c: see run.h. One traded range of one symbol: what settles before it, what fills at its open. */
#include "lane/run.h"

#include "num/int.h"

/* Piece j of bar k. A main bar whose detail is missing altogether is one piece, the last. Returns 0 when the symbol
 * did not trade in this piece. */
KEEL_FN int32_t keel_lane_piece(const keel_tape *tape, int32_t symbol, int64_t k, int32_t j, keel_piece *ret) {
    const keel_tape_symbol *s = &tape->sym[symbol];
    int64_t piece_ms = keel_run_piece_ms(tape);
    if (s->close_e8[k] == 0) return 0;
    ret->open_ms = tape->start_ms + k * tape->interval_ms + (int64_t)j * piece_ms;
    ret->close_ms = ret->open_ms + piece_ms;
    if (tape->ratio > 1 && s->detail_close_e8) {
        int64_t first = k * tape->ratio, at = first + j;
        int32_t any = 0;
        if (s->detail_close_e8[at] != 0) {
            ret->open_e8 = s->detail_open_e8[at];
            ret->high_e8 = s->detail_high_e8[at];
            ret->low_e8 = s->detail_low_e8[at];
            ret->close_e8 = s->detail_close_e8[at];
            ret->volume = s->detail_volume[at];
            return 1;
        }
        for (int32_t i = 0; i < tape->ratio; i++)
            any |= s->detail_close_e8[first + i] != 0;
        if (any && j < tape->ratio - 1) return 0;
        if (any) { /* the last piece is missing: nothing traded, price stays */
            ret->open_e8 = ret->high_e8 = ret->low_e8 = ret->close_e8 = s->close_e8[k];
            ret->volume = 0.0;
            return 1;
        }
    }
    if (j < tape->ratio - 1) return 0;
    ret->open_ms = tape->start_ms + k * tape->interval_ms;
    ret->open_e8 = s->open_e8[k];
    ret->high_e8 = s->high_e8[k];
    ret->low_e8 = s->low_e8[k];
    ret->close_e8 = s->close_e8[k];
    ret->volume = s->volume[k];
    return 1;
}

/* Settle everything due before `until_ms` at mark price; 0 = the last seen price. */
KEEL_FN void keel_lane_settle(keel_run *r, int32_t symbol, int64_t until_ms, int64_t mark_e8) {
    const keel_tape_symbol *s = &r->tape->sym[symbol];
    keel_lane_symbol *ls = &r->lane->sym[symbol];
    if (mark_e8 == 0) mark_e8 = r->st->sym[symbol].last_px_e8;
    while (ls->funding_at < s->funding_count && s->funding_ts_ms[ls->funding_at] < until_ms && r->lane->fault == 0) {
        keel_event ev;
        keel_event_blank(KEEL_EV_FUNDING, symbol, s->funding_ts_ms[ls->funding_at], &ev);
        ev.price_e8 = mark_e8;
        ev.rate_e16 = s->funding_rate_e16[ls->funding_at];
        ls->funding_at++;
        if (mark_e8 <= 0) continue; /* before the first price of the symbol: nothing can be held */
        int32_t refused = keel_lane_feed(r, &ev, (const keel_snapshot *)0);
        if (refused == KEEL_REFUSED_OK)
            r->lane->tally.funding_events += r->decision.posting_count;
        else if (refused != KEEL_REFUSED_DUPLICATE)
            keel_lane_stop(r, refused);
    }
}

/* Interest on spot loans at px: one event per full hour that ends in (from, until]. */
KEEL_LOCAL void keel_lane_accrue(keel_run *r, int32_t symbol, int64_t from_ms, int64_t until_ms, int64_t px_e8) {
    const keel_symbol *s = &r->st->sym[symbol];
    if (s->rules.market != KEEL_SPOT || s->pos.side == 0) return;
    for (int64_t hour = (from_ms / 3600000 + 1) * 3600000; hour <= until_ms && r->lane->fault == 0; hour += 3600000) {
        keel_event ev;
        keel_event_blank(KEEL_EV_BORROW, symbol, hour, &ev);
        ev.price_e8 = px_e8;
        if (!keel_f64_round_i64(keel_run_params(r, symbol)->borrow_rate_annual / (365.0 * 24.0) * 1e16, &ev.rate_e16))
            return;
        int32_t refused = keel_lane_feed(r, &ev, (const keel_snapshot *)0);
        if (refused != KEEL_REFUSED_OK) keel_lane_stop(r, refused);
    }
}

/* Hours since the symbol's last range, when bars are missing between: nothing at the next piece's open otherwise. */
KEEL_FN void keel_lane_accrue_hole(keel_run *r, int32_t symbol, int64_t until_ms, int64_t px_e8) {
    const keel_symbol *s = &r->st->sym[symbol];
    if (s->pos.side == 0) return;
    keel_lane_accrue(r, symbol, s->last_ts_ms > s->pos.opened_ms ? s->last_ts_ms : s->pos.opened_ms, until_ms, px_e8);
}

KEEL_FN void keel_lane_fill_order(keel_run *r, int32_t symbol, int64_t open_e8, int64_t open_ms, int64_t bar_open_ms) {
    keel_lane_symbol *ls = &r->lane->sym[symbol];
    keel_event fill;
    keel_market_order o = ls->order;
    keel_market_clear(&ls->order);
    if (!keel_market_fill(o.id, ++r->lane->fill_id, symbol, o.side, o.qty_e8, open_e8, open_ms,
                          keel_run_params(r, symbol)->slippage_bps, &r->st->sym[symbol].rules, &fill)) {
        keel_lane_stop(r, KEEL_REFUSED_OVERFLOW);
        return;
    }
    keel_lane_fill(r, &fill, bar_open_ms);
}

KEEL_FN void keel_lane_open_piece(keel_run *r, int32_t symbol, const keel_piece *piece, int64_t bar_open_ms) {
    keel_lane_symbol *ls = &r->lane->sym[symbol];
    keel_lane_settle(r, symbol, piece->open_ms + KEEL_LANE_JITTER_MS, piece->open_e8);
    keel_lane_accrue_hole(r, symbol, piece->open_ms, piece->open_e8);
    if (ls->order.id != 0 && piece->volume > 0.0 && r->lane->fault == 0)
        keel_lane_fill_order(r, symbol, piece->open_e8, piece->open_ms, bar_open_ms);
    keel_lane_settle(r, symbol, piece->close_ms, piece->open_e8);
    keel_lane_accrue(r, symbol, piece->open_ms, piece->close_ms, piece->open_e8);
}

/* Stages 1 to 3 of piece j, for every symbol before any range is looked at: money that a level frees inside this piece
 * was not there at its open. A bar without detail opens as a whole, with the first piece of the others. */
KEEL_FN void keel_lane_open_pieces(keel_run *r, int64_t k, int32_t j, int64_t bar_open_ms) {
    const keel_tape *tape = r->tape;
    int32_t last = tape->ratio - 1;
    for (int32_t i = 0; i < tape->symbol_count && r->lane->fault == 0; i++) {
        keel_piece piece;
        if (tape->sym[i].watch_only) continue;
        int32_t opens = keel_lane_piece(tape, i, k, j, &piece);
        if (last > 0 && j == 0 && !opens)
            opens = keel_lane_piece(tape, i, k, last, &piece) && piece.open_ms == bar_open_ms;
        else if (last > 0 && j == last && opens)
            opens = piece.open_ms != bar_open_ms;
        if (opens) keel_lane_open_piece(r, i, &piece, bar_open_ms);
    }
}
