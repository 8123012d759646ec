/* core/strategy/plain.h: presets of strategies that decide entry and exit themselves: no gates, no managed exits, no
 * cooldowns, full size on every signal, and an opposite signal reverses. Each can be switched on again by name. */
#ifndef KEEL_CORE_STRATEGY_PLAIN_H
#define KEEL_CORE_STRATEGY_PLAIN_H

#define KEEL_PLAIN_PRESETS(S)   \
    S(gate_ranging, 0)          \
    S(gate_anomaly, 0)          \
    S(gate_extension, 0)        \
    S(gate_adx_rising, 0)       \
    S(gate_volume, 0)           \
    S(gate_btc, 0)              \
    S(sl_atr_mult, 0)           \
    S(tp_atr_mult, 0)           \
    S(enable_partial_tp, 0)     \
    S(enable_breakeven_stop, 0) \
    S(enable_trailing, 0)       \
    S(enable_tsme, 0)           \
    S(adx_exhaustion_lt, 0)     \
    S(enable_rsi_ext, 0)        \
    S(entry_cooldown_s, 0)      \
    S(exit_cooldown_s, 0)       \
    S(reentry_minutes, 0)       \
    S(loss_streak, 0)           \
    S(entry_min_confidence, 0)  \
    S(enable_reverse, 1)

#endif
