/* core/signal/volatility.c */
#include "core/signal/volatility.h"
#include "num/elementary.h"

#define VOLATILITY_LN2 0.6931471805599453

/* Rounding may leave a variance of a flat window a hair under zero. */
KEEL_LOCAL double keel_volatility_root(double variance) { return variance > 0.0 ? keel_sqrt(variance) : 0.0; }

/* ln(a / b); equal prices give exactly 0. */
KEEL_LOCAL double keel_volatility_log_ratio(double a, double b) { return keel_log(a / b); }

KEEL_FN void keel_cc_vol_init(keel_cc_vol *st, int32_t n) {
    keel_roll_init(&st->returns, n);
    st->last = 0.0;
    st->has_last = 0;
    st->reserved = 0;
}

KEEL_FN int32_t keel_cc_vol_step(keel_cc_vol *st, double *win, double x, double *ret_vol) {
    double mean = 0.0;
    double m2 = 0.0;
    double last = st->last;
    int32_t had = st->has_last;
    st->last = x;
    st->has_last = 1;
    if (!had) return 0;
    double change = x > 0.0 && last > 0.0 ? keel_volatility_log_ratio(x, last) : 0.0;
    if (!keel_roll_moments(&st->returns, win, change, &mean, &m2)) return 0;
    *ret_vol = keel_volatility_root(m2 / (double)(st->returns.n - 1));
    return 1;
}

KEEL_FN int32_t keel_parkinson_step(keel_roll *st, double *win, double high, double low, double *ret_vol) {
    double range = keel_volatility_log_ratio(high, low);
    double sum = 0.0;
    if (!keel_roll_sum(st, win, range * range, &sum)) return 0;
    *ret_vol = keel_volatility_root((sum / (double)st->n) / (4.0 * VOLATILITY_LN2));
    return 1;
}

KEEL_FN int32_t keel_garman_klass_step(keel_roll *st, double *win, double open, double high, double low, double close,
                                       double *ret_vol) {
    double range = keel_volatility_log_ratio(high, low);
    double body = keel_volatility_log_ratio(close, open);
    double sum = 0.0;
    double term = 0.5 * (range * range) - (2.0 * VOLATILITY_LN2 - 1.0) * (body * body);
    if (!keel_roll_sum(st, win, term, &sum)) return 0;
    *ret_vol = keel_volatility_root(sum / (double)st->n);
    return 1;
}

KEEL_LOCAL double keel_volatility_satchell(double open, double high, double low, double close) {
    double high_close = keel_volatility_log_ratio(high, close);
    double high_open = keel_volatility_log_ratio(high, open);
    double low_close = keel_volatility_log_ratio(low, close);
    double low_open = keel_volatility_log_ratio(low, open);
    return high_close * high_open + low_close * low_open;
}

KEEL_FN int32_t keel_rogers_satchell_step(keel_roll *st, double *win, double open, double high, double low,
                                          double close, double *ret_vol) {
    double sum = 0.0;
    if (!keel_roll_sum(st, win, keel_volatility_satchell(open, high, low, close), &sum)) return 0;
    *ret_vol = keel_volatility_root(sum / (double)st->n);
    return 1;
}

KEEL_FN void keel_yang_zhang_init(keel_yang_zhang *st, int32_t n) {
    keel_roll_init(&st->overnight, n);
    keel_roll_init(&st->intraday, n);
    keel_roll_init(&st->satchell, n);
    st->last_close = 0.0;
    st->has_last = 0;
    st->reserved = 0;
}

KEEL_FN int32_t keel_yang_zhang_step(keel_yang_zhang *st, double *win, double open, double high, double low,
                                     double close, double *ret_vol) {
    double mean = 0.0;
    double overnight = 0.0;
    double intraday = 0.0;
    double satchell = 0.0;
    double last = st->last_close;
    int32_t had = st->has_last;
    int32_t n = st->overnight.n;
    st->last_close = close;
    st->has_last = 1;
    if (!had) return 0;
    int32_t ready = keel_roll_moments(&st->overnight, win, keel_volatility_log_ratio(open, last), &mean, &overnight);
    (void)keel_roll_moments(&st->intraday, win + 2 * n, keel_volatility_log_ratio(close, open), &mean, &intraday);
    (void)keel_roll_sum(&st->satchell, win + 4 * n, keel_volatility_satchell(open, high, low, close), &satchell);
    if (!ready) return 0;
    double m = (double)n;
    double k = 0.34 / (1.34 + (m + 1.0) / (m - 1.0));
    double inner = k * (intraday / (m - 1.0)) + (1.0 - k) * (satchell / m);
    *ret_vol = keel_volatility_root(overnight / (m - 1.0) + inner);
    return 1;
}
