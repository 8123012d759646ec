/* core/exit/levels.c: see levels.h. */
#include "core/exit/levels.h"

#include "num/int.h"

KEEL_HOT int64_t keel_exit_tighter(int32_t side, int64_t a_e8, int64_t b_e8) {
    if (a_e8 == 0) return b_e8;
    if (b_e8 == 0) return a_e8;
    if (side > 0) return a_e8 > b_e8 ? a_e8 : b_e8;
    return a_e8 < b_e8 ? a_e8 : b_e8;
}

KEEL_LOCAL int64_t keel_exit_level(double px) {
    int64_t level;
    if (!keel_f64_to_e8(px, &level) || level <= 0) return 0;
    return level;
}

/* The nearer of two distances of which either may be off (0). */
KEEL_LOCAL double keel_exit_nearer(double a, double b) {
    if (!(a > 0.0)) return b;
    if (!(b > 0.0)) return a;
    return a < b ? a : b;
}

KEEL_FN void keel_exit_set_liquidation(const keel_params *p, keel_position *pos) {
    double s = (double)pos->side;
    double guard = 1.1 * p->maintenance_margin_pct;
    pos->liq_e8 = 0;
    if (!(p->maintenance_margin_pct > 0.0) || pos->qty_e8 <= 0) return;
    double denominator = keel_e8_to_f64(pos->qty_e8) * (s - guard);
    double px = (s * keel_e8_to_f64(pos->basis_e8) - keel_e8_to_f64(pos->margin_e8)) / denominator;
    if (px > 0.0) pos->liq_e8 = keel_exit_level(px);
}

KEEL_FN int64_t keel_exit_breakeven_level(const keel_params *p, const keel_position *pos) {
    double s = (double)pos->side;
    return keel_exit_level(pos->entry_px + s * p->breakeven_buffer_atr * pos->entry_atr);
}

KEEL_FN void keel_exit_arm_breakeven(const keel_params *p, keel_position *pos) {
    pos->be_armed = 1;
    pos->stop_e8 = keel_exit_tighter(pos->side, pos->stop_e8, keel_exit_breakeven_level(p, pos));
}

KEEL_FN double keel_exit_stop_distance(const keel_params *p, const keel_position *pos) {
    double scale = pos->stop_scale > 0.0 ? pos->stop_scale : 1.0;
    return keel_exit_nearer(p->sl_atr_mult * pos->entry_atr * scale, p->sl_pct * pos->entry_px);
}

KEEL_FN double keel_exit_target_distance(const keel_params *p, const keel_position *pos) {
    return keel_exit_nearer(p->tp_atr_mult * pos->entry_atr, p->tp_pct * pos->entry_px);
}

KEEL_FN int32_t keel_exit_no_levels(const keel_params *p) {
    return p->sl_atr_mult == 0.0 && p->sl_pct == 0.0 && p->tp_atr_mult == 0.0 && p->tp_pct == 0.0 &&
           !p->enable_partial_tp;
}

KEEL_FN void keel_exit_set_levels(const keel_params *p, keel_position *pos) {
    if (!pos->be_armed && keel_exit_no_levels(p)) {
        pos->stop_e8 = pos->target_e8 = pos->partial_e8 = 0;
        keel_exit_set_liquidation(p, pos);
        return;
    }
    double s = (double)pos->side;
    double entry = pos->entry_px;
    double atr = pos->entry_atr;
    double stop = keel_exit_stop_distance(p, pos);
    double target = keel_exit_target_distance(p, pos);
    int64_t armed = pos->be_armed ? pos->stop_e8 : 0;
    pos->stop_e8 = stop > 0.0 ? keel_exit_level(entry - s * stop) : 0;
    pos->target_e8 = target > 0.0 ? keel_exit_level(entry + s * target) : 0;
    pos->partial_e8 = 0;
    if (p->enable_partial_tp) {
        if (p->tp_partial_atr_mult > 0.0) {
            if (atr > 0.0) pos->partial_e8 = keel_exit_level(entry + s * p->tp_partial_atr_mult * atr);
        } else {
            pos->partial_e8 = pos->target_e8;
        }
    }
    if (pos->be_armed) { /* it never moves back, wherever the average went */
        keel_exit_arm_breakeven(p, pos);
        pos->stop_e8 = keel_exit_tighter(pos->side, pos->stop_e8, armed);
    }
    keel_exit_set_liquidation(p, pos);
}
