/* bench/keel_ind_inline.c: values one by one, the pure text in the unit that feeds it, as kernel/unit.c compiles a
 * strategy and as a just-in-time compiler treats the peer: what is small is inlined, and its state may stay in
 * registers. */
#include "num/port.h"

#pragma GCC diagnostic ignored "-Wunused-function"

#undef KEEL_FN
#define KEEL_FN static
#undef KEEL_HOT
#define KEEL_HOT static inline __attribute__((always_inline))

#include "all.c"

/* Columns of bars; n of them. As of keel_ind.c. */
typedef struct arrays {
    int64_t n;
    const int64_t *ts_ms;
    const double *open, *high, *low, *close, *volume;
} arrays;

int keel_ind_stream_inline(const keel_signal_spec *spec, const arrays *a, double *room);

/* Bar i to a machine of the loop's own, which returns a bit per output in o. */
#define STREAM_EACH(type, member, outputs, call)                  \
    {                                                             \
        type s = st.member;                                       \
        for (int64_t i = 0; i < a->n; i++) {                      \
            uint32_t has = (uint32_t)(call);                      \
            for (int k = 0; k < (outputs); k++)                   \
                room[k * a->n + i] = (has >> k) & 1 ? o[k] : 0.0; \
        }                                                         \
        return 0;                                                 \
    }

int keel_ind_stream_inline(const keel_signal_spec *spec, const arrays *a, double *room) {
    static double win[KEEL_SIGNAL_WINDOW_MAX];
    keel_signal_state st;
    double o[KEEL_SIGNAL_OUTPUT_MAX] = {0};
    const double *h = a->high, *l = a->low, *c = a->close;
    keel_signal_machine_init(spec, &st);
    switch (spec->kind) {
        case KEEL_SIGNAL_SMA: STREAM_EACH(keel_roll, roll, 1, keel_sma_step(&s, win, c[i], o))
        case KEEL_SIGNAL_EMA: STREAM_EACH(keel_ema, ema, 1, keel_ema_step(&s, c[i], o))
        case KEEL_SIGNAL_RSI: STREAM_EACH(keel_rsi, rsi, 1, keel_rsi_step(&s, c[i], o))
        case KEEL_SIGNAL_MACD: STREAM_EACH(keel_macd, macd, 3, keel_macd_step(&s, c[i], o))
        case KEEL_SIGNAL_BB: STREAM_EACH(keel_roll, roll, 4, keel_bollinger_step(&s, win, spec->f[0], c[i], o))
        case KEEL_SIGNAL_ATR: STREAM_EACH(keel_atr, atr, 1, keel_atr_step(&s, h[i], l[i], c[i], o))
        case KEEL_SIGNAL_ADX: STREAM_EACH(keel_adx, adx, 4, keel_adx_step(&s, h[i], l[i], c[i], o))
        case KEEL_SIGNAL_STOCH:
            STREAM_EACH(keel_stochastic, stochastic, 2, keel_stochastic_step(&s, win, h[i], l[i], c[i], o))
        default: return 1;
    }
}
