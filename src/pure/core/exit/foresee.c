/* core/exit/foresee.c: see foresee.h. */
#include "core/exit/foresee.h"

#include "core/exit/exits.h"
#include "core/exit/levels.h"
#include "num/int.h"

KEEL_FN int32_t keel_exit_levels_between(const keel_params *p) {
    return !p->block_exits_on_extreme_dev && !(p->max_hold_bars > 0) && !(p->max_hold_h > 0.0) &&
           !p->enable_progress_checks && !p->enable_funding_exit;
}

KEEL_FN void keel_exit_levels_of(const keel_position *pos, keel_exit_levels *ret) {
    ret->stop_e8 = pos->stop_e8;
    ret->trail_e8 = pos->trail_e8;
    ret->be_armed = pos->be_armed;
    ret->reserved = 0;
}

KEEL_FN void keel_exit_levels_set(keel_position *pos, const keel_exit_levels *levels) {
    pos->stop_e8 = levels->stop_e8;
    pos->trail_e8 = levels->trail_e8;
    pos->be_armed = levels->be_armed;
}

/* The trailing stop after ranges of which the best last price is px. At a fixed distance its level only rises and
 * falls with the price; 0 where a distance that grows with profit could make a lesser price the better one. */
KEEL_LOCAL int32_t keel_foresee_trail(const keel_params *p, const keel_symbol *s, double atr, int64_t px_e8,
                                      keel_exit_levels *io) {
    const keel_position *pos = &s->pos;
    const double side = (double)pos->side, px = keel_e8_to_f64(px_e8), profit_atr = side * (px - pos->entry_px) / atr;
    double start = p->trailing_start_atr;
    if (pos->confidence == KEEL_CONF_LOW && p->trailing_start_atr_low_conf > 0.0)
        start = p->trailing_start_atr_low_conf;
    if (io->trail_e8 == 0 && profit_atr < start) return 1;
    double d = keel_exit_trail_distance(p, pos, &s->seen, profit_atr);
    if (profit_atr >= p->trail_high_profit_atr && d > keel_exit_trail_distance(p, pos, &s->seen, -1e300)) return 0;
    int64_t candidate;
    if (keel_f64_to_e8(px - side * d * atr, &candidate) && candidate > 0)
        io->trail_e8 = keel_exit_tighter(pos->side, io->trail_e8, candidate);
    return 1;
}

KEEL_LOCAL int32_t keel_foresee_beyond(int32_t side, int64_t level_e8, int64_t px_e8) {
    return level_e8 > 0 && (side > 0 ? px_e8 >= level_e8 : px_e8 <= level_e8);
}

KEEL_FN int32_t keel_exit_foresee(const keel_params *p, const keel_symbol *s, const keel_exit_ranges *x, int32_t single,
                                  keel_exit_levels *io) {
    const keel_position *pos = &s->pos;
    const int32_t side = pos->side;
    const int64_t worst_e8 = side > 0 ? x->low_e8 : x->high_e8, best_e8 = side > 0 ? x->high_e8 : x->low_e8;
    keel_exit_levels after = *io;
    if (keel_exit_full_target_applies(p, pos) && keel_foresee_beyond(side, pos->target_e8, best_e8)) return 0;
    if (p->enable_partial_tp && !pos->tp1_taken && keel_foresee_beyond(side, pos->partial_e8, best_e8)) return 0;
    int64_t guard_e8 = keel_exit_tighter(side, keel_exit_tighter(side, io->stop_e8, io->trail_e8), pos->liq_e8);
    if (keel_foresee_beyond(-side, guard_e8, worst_e8)) return 0;
    double atr = (s->seen.ready >> KEEL_SLOT_ATR) & 1u && s->seen.atr > 0.0 ? s->seen.atr : pos->entry_atr;
    if (!(atr > 0.0)) return 1;
    if (p->enable_breakeven_stop && !io->be_armed &&
        (double)side * (keel_e8_to_f64(best_e8) - pos->entry_px) / atr >= p->breakeven_start_atr) {
        after.be_armed = 1;
        after.stop_e8 = keel_exit_tighter(side, io->stop_e8, keel_exit_breakeven_level(p, pos));
    }
    if (p->enable_trailing && !keel_foresee_trail(p, s, atr, side > 0 ? x->most_e8 : x->least_e8, &after)) return 0;
    if (!single &&
        (keel_foresee_beyond(-side, after.stop_e8, worst_e8) || keel_foresee_beyond(-side, after.trail_e8, worst_e8)))
        return 0;
    *io = after;
    return 1;
}
