/* core/signal/machine.h: one signal as a state machine, whatever its kind: the switch over the list of kinds.
 *
 * The state holds no pointer; the window is the caller's memory of keel_signal_window(spec) doubles, the same on each
 * call and untouched in between. */
#ifndef KEEL_CORE_SIGNAL_MACHINE_H
#define KEEL_CORE_SIGNAL_MACHINE_H

#include "core/signal/average.h"
#include "core/signal/band.h"
#include "core/signal/momentum.h"
#include "core/signal/oscillator.h"
#include "core/signal/range.h"
#include "core/signal/roll.h"
#include "core/signal/spec.h"
#include "core/signal/volatility.h"
#include "core/signal/volume.h"
#include "model/bar.h"

#define KEEL_SIGNAL_STATE_WORDS 28

typedef union keel_signal_state {
    uint64_t words[KEEL_SIGNAL_STATE_WORDS]; /* zeroed by init, so equal histories have equal words */
    keel_roll roll;
    keel_ema ema;
    keel_wilder wilder;
    keel_ema_chain chain;
    keel_kama kama;
    keel_linreg linreg;
    keel_rsi rsi;
    keel_stochastic stochastic;
    keel_stoch_rsi stoch_rsi;
    keel_macd macd;
    keel_bb_width_ratio bb_width_ratio;
    keel_donchian donchian;
    keel_atr atr;
    keel_adx adx;
    keel_keltner keltner;
    keel_supertrend supertrend;
    keel_sar sar;
    keel_cci cci;
    keel_willr willr;
    keel_aroon aroon;
    keel_ultosc ultosc;
    keel_pivot pivot;
    keel_vwap_day vwap_day;
    keel_vwap vwap;
    keel_obv obv;
    keel_mfi mfi;
    keel_cmf cmf;
    keel_cc_vol cc_vol;
    keel_yang_zhang yang_zhang;
} keel_signal_state;
KEEL_STATIC_ASSERT(sizeof(keel_signal_state) == 8 * KEEL_SIGNAL_STATE_WORDS, signal_state_words_cover_all);

/* Doubles of window that a checked spec needs (0 for many kinds). */
KEEL_FN int32_t keel_signal_window(const keel_signal_spec *spec);

/* Inputs before the first one that gives output `output` (0 .. outputs - 1) of a checked spec.
 * -1 when a UTC day must end first, which no count of inputs tells. */
KEEL_FN int32_t keel_signal_lookback(const keel_signal_spec *spec, int32_t output);

/* A machine without history. spec in, accepted by keel_signal_spec_check. */
KEEL_FN void keel_signal_machine_init(const keel_signal_spec *spec, keel_signal_state *st);

/* One input further.
 *   x    in   the value of a SERIES kind's source; ignored by BAR kinds
 *   bar  in   the candle, read by BAR kinds
 *   out  out  [KEEL_SIGNAL_OUTPUT_MAX]; entries whose bit is not in the result may hold anything
 * Returns a bit per output that has a value. */
KEEL_FN uint32_t keel_signal_machine_step(const keel_signal_spec *spec, keel_signal_state *st, double *win, double x,
                                          const keel_ohlcv *bar, int64_t ts_ms, double *out);

/* The value of a bar source (KEEL_SOURCE_CLOSE .. KEEL_SOURCE_VOLUME). */
KEEL_FN double keel_signal_bar_value(const keel_ohlcv *bar, int32_t source);

#endif
