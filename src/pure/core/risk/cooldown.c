/* core/risk/cooldown.c: see cooldown.h. */
#include "core/risk/cooldown.h"

#include "model/reason.h"

KEEL_LOCAL int64_t keel_cooldown_later(int64_t a, int64_t b) { return a > b ? a : b; }

/* Length of the same-side pause in ms. */
KEEL_LOCAL int64_t keel_cooldown_reentry_ms(const keel_params *p, int32_t reason, int32_t adx_known, double adx) {
    double minutes = (double)p->reentry_minutes;
    if (p->reentry_minutes == 0) return 0;
    if (adx_known) {
        double shortest = (double)p->reentry_min_minutes, longest = (double)p->reentry_max_minutes;
        double span = p->reentry_strong_adx - p->reentry_weak_adx;
        if (adx >= p->reentry_strong_adx)
            minutes = shortest;
        else if (adx <= p->reentry_weak_adx || !(span > 0.0))
            minutes = longest;
        else
            minutes = longest + (shortest - longest) * ((adx - p->reentry_weak_adx) / span);
    }
    if (reason == KEEL_X_STOP) minutes *= p->reentry_stop_mult;
    return (int64_t)(minutes * 60000.0);
}

KEEL_FN int64_t keel_cooldown_entry_until(const keel_params *p, const keel_state *st, const keel_symbol *s,
                                          int32_t side, int32_t adx_known, double adx) {
    int64_t until = KEEL_NEVER;
    if (s->last_entry_ms != KEEL_NEVER) until = s->last_entry_ms + (int64_t)p->entry_cooldown_s * 1000;
    if (s->last_close_ms != KEEL_NEVER && s->last_close_side == side && s->last_close_reason != KEEL_X_SIGNAL_FLIP) {
        int64_t pause = keel_cooldown_reentry_ms(p, s->last_close_reason, adx_known, adx);
        if (pause > 0) until = keel_cooldown_later(until, s->last_close_ms + pause);
    }
    until = keel_cooldown_later(until, st->loss_pause_until_ms);
    if (p->cooldown_after_loss_s > 0 && st->last_loss_ms != KEEL_NEVER)
        until = keel_cooldown_later(until, st->last_loss_ms + (int64_t)p->cooldown_after_loss_s * 1000);
    return until;
}

KEEL_HOT int32_t keel_cooldown_may_exit(const keel_params *p, const keel_symbol *s, int64_t ts_ms) {
    return s->last_exit_ms == KEEL_NEVER || ts_ms - s->last_exit_ms >= (int64_t)p->exit_cooldown_s * 1000;
}

KEEL_FN void keel_cooldown_after_close(const keel_params *p, keel_state *st, int64_t ts_ms, int64_t pnl_e8) {
    if (pnl_e8 > 0) st->consecutive_losses = 0;
    if (pnl_e8 >= 0) return;
    /* A pause that ran out starts the count afresh. */
    if (st->loss_pause_until_ms != KEEL_NEVER && ts_ms >= st->loss_pause_until_ms) {
        st->consecutive_losses = 0;
        st->loss_pause_until_ms = KEEL_NEVER;
    }
    st->last_loss_ms = ts_ms;
    st->consecutive_losses++;
    if (p->loss_streak > 0 && st->consecutive_losses >= p->loss_streak)
        st->loss_pause_until_ms = ts_ms + (int64_t)p->loss_pause_min * 60000;
}
