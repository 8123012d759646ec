/* core/signal/volatility.h: volatility estimators over n bars.
 *
 * Each result is a standard deviation per bar (the square root of the variance estimate); multiply by the square root
 * of the bars per year to annualise. Prices are finite and positive, low <= open, close <= high.
 * A window without movement is 0. Lookback L: the first result comes with bar L + 1. */
#ifndef KEEL_CORE_SIGNAL_VOLATILITY_H
#define KEEL_CORE_SIGNAL_VOLATILITY_H

#include "core/signal/roll.h"
#include "num/port.h"

/* Close to close: sample deviation (divisor n - 1) of ln(x_t / x_{t-1}). Inputs that are not positive count as no
 * change. Lookback n, n >= 2. win[2n]. */
typedef struct keel_cc_vol {
    keel_roll returns;
    double last;
    int32_t has_last;
    int32_t reserved;
} keel_cc_vol;
KEEL_FN void keel_cc_vol_init(keel_cc_vol *st, int32_t n);
KEEL_FN int32_t keel_cc_vol_step(keel_cc_vol *st, double *win, double x, double *ret_vol);

/* Parkinson 1980: variance = mean(ln(H/L)^2) / (4 ln 2). Lookback n - 1. win[n]. */
KEEL_FN int32_t keel_parkinson_step(keel_roll *st, double *win, double high, double low, double *ret_vol);

/* Garman, Klass 1980: variance = mean(ln(H/L)^2 / 2 - (2 ln 2 - 1) ln(C/O)^2). Never negative, since |ln(C/O)| is at
 * most ln(H/L). Lookback n - 1. win[n]. */
KEEL_FN int32_t keel_garman_klass_step(keel_roll *st, double *win, double open, double high, double low, double close,
                                       double *ret_vol);

/* Rogers, Satchell 1991: variance = mean(ln(H/C) ln(H/O) + ln(L/C) ln(L/O)). Lookback n - 1. win[n]. */
KEEL_FN int32_t keel_rogers_satchell_step(keel_roll *st, double *win, double open, double high, double low,
                                          double close, double *ret_vol);

/* Yang, Zhang 2000: variance = Vo + k Vc + (1 - k) Vrs with Vo the sample variance of ln(O_t / C_{t-1}), Vc that of
 * ln(C_t / O_t) (divisor n - 1), Vrs as above, k = 0.34 / (1.34 + (n+1)/(n-1)). Lookback n, n >= 2. win[5n]. */
typedef struct keel_yang_zhang {
    keel_roll overnight;
    keel_roll intraday;
    keel_roll satchell;
    double last_close;
    int32_t has_last;
    int32_t reserved;
} keel_yang_zhang;
KEEL_FN void keel_yang_zhang_init(keel_yang_zhang *st, int32_t n);
KEEL_FN int32_t keel_yang_zhang_step(keel_yang_zhang *st, double *win, double open, double high, double low,
                                     double close, double *ret_vol);

#endif
