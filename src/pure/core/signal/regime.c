/* core/signal/regime.c */
#include "core/signal/regime.h"
#include "core/signal/day.h"
#include "num/elementary.h"
#include "num/find.h"

#define REGIME_HOUR_MS ((int64_t)3600000)
#define REGIME_SCORE_EDGE 0.3
#define REGIME_CRASH_RETURN (-0.10)
#define REGIME_STORM_FACTOR 3.0

KEEL_FN keel_trend_gate_params keel_trend_gate_defaults(void) {
    keel_trend_gate_params p;
    p.breadth_low = 0.30;
    p.breadth_high = 0.70;
    p.adx_min = 22.0;
    p.ratio_min = 0.5;
    p.ratio_max = 3.0;
    p.bars_on = 2;
    p.reserved = 0;
    return p;
}

KEEL_FN void keel_trend_gate_init(keel_trend_gate *g, const keel_trend_gate_params *params) {
    keel_breadth empty;
    keel_breadth_init(&empty);
    g->params = *params;
    g->view = keel_breadth_done(&empty);
    g->changed_ms = 0;
    g->on = 0;
    g->streak = 0;
}

KEEL_LOCAL int32_t keel_trend_gate_ok(const keel_trend_gate_params *p, const keel_universe_view *v) {
    int32_t one_sided = v->has_breadth && (v->breadth < p->breadth_low || v->breadth > p->breadth_high);
    int32_t trending = v->has_adx && v->median_adx >= p->adx_min;
    int32_t calm = v->has_atr_ratio && v->median_atr_ratio >= p->ratio_min && v->median_atr_ratio <= p->ratio_max;
    return (one_sided || trending) && calm;
}

KEEL_FN int32_t keel_trend_gate_step(keel_trend_gate *g, const keel_universe_view *view, int64_t ts_ms) {
    int32_t before = g->on;
    g->view = *view;
    if (keel_trend_gate_ok(&g->params, view)) {
        if (g->streak < g->params.bars_on) g->streak += 1;
        if (g->streak >= g->params.bars_on) g->on = 1;
    } else {
        g->streak = 0;
        g->on = 0;
    }
    if (g->on != before) g->changed_ms = ts_ms;
    return g->on;
}

KEEL_FN void keel_regime_init(keel_regime_detector *d) {
    d->bar_ts_ms = 0;
    d->changed_ms = 0;
    d->bar_close = 0.0;
    d->score = 0.0;
    d->confidence = 0.0;
    d->volatility = 0.0;
    d->volatility_median = 0.0;
    d->return_24h = 0.0;
    d->label = KEEL_REGIME_UNKNOWN;
    d->storm = 0;
    d->days = 0;
    d->vols = 0;
    d->hours = 0;
    d->reserved = 0;
    for (int32_t i = 0; i < KEEL_REGIME_DAYS; i++)
        d->close[i] = 0.0;
    for (int32_t i = 0; i < KEEL_REGIME_MEDIAN_DAYS; i++)
        d->vol[i] = 0.0;
    for (int32_t i = 0; i < KEEL_REGIME_HOURS; i++)
        d->hour[i] = 0.0;
}

/* The daily close `back` days before the newest; back < days and < KEEL_REGIME_DAYS. */
KEEL_LOCAL double keel_regime_day(const keel_regime_detector *d, int32_t back) {
    return d->close[(d->days - 1 - back) % KEEL_REGIME_DAYS];
}

KEEL_LOCAL double keel_regime_sma(const keel_regime_detector *d, int32_t n) {
    double sum = 0.0;
    for (int32_t back = n - 1; back >= 0; back--)
        sum = sum + keel_regime_day(d, back);
    return sum / (double)n;
}

KEEL_LOCAL double keel_regime_clamp(double x) { return x > 1.0 ? 1.0 : x < -1.0 ? -1.0 : x; }

/* Median of the last (up to 90) volatilities, at least one: an even count takes the mean of the middle two, and only
 * those need to stand in their place. */
KEEL_LOCAL double keel_regime_median(const keel_regime_detector *d) {
    double v[KEEL_REGIME_MEDIAN_DAYS];
    int32_t count = d->vols < KEEL_REGIME_MEDIAN_DAYS ? d->vols : KEEL_REGIME_MEDIAN_DAYS, middle = count / 2;
    for (int32_t i = 0; i < count; i++)
        v[i] = d->vol[i];
    keel_find(v, count, middle);
    int32_t largest = 0;
    for (int32_t i = 1; i < middle; i++)
        if (v[i] > v[largest]) largest = i;
    if (middle > 0) {
        double swapped = v[largest];
        v[largest] = v[middle - 1];
        v[middle - 1] = swapped;
    }
    return keel_breadth_median(v, count);
}

KEEL_LOCAL void keel_regime_update_storm(keel_regime_detector *d) {
    double squares = 0.0;
    if (d->days <= KEEL_REGIME_VOL_DAYS) return;
    for (int32_t back = KEEL_REGIME_VOL_DAYS - 1; back >= 0; back--) {
        double change = keel_log(keel_regime_day(d, back) / keel_regime_day(d, back + 1));
        squares = squares + change * change;
    }
    d->volatility = keel_sqrt(squares / (double)KEEL_REGIME_VOL_DAYS);
    d->vol[d->vols % KEEL_REGIME_MEDIAN_DAYS] = d->volatility;
    d->vols += 1;
    d->volatility_median = keel_regime_median(d);
    d->storm = d->volatility > REGIME_STORM_FACTOR * d->volatility_median &&
               keel_regime_day(d, 0) < keel_regime_day(d, KEEL_REGIME_VOL_DAYS);
}

KEEL_LOCAL void keel_regime_close_day(keel_regime_detector *d, double close) {
    d->close[d->days % KEEL_REGIME_DAYS] = close;
    d->days += 1;
    keel_regime_update_storm(d);
    if (d->days < KEEL_REGIME_DAYS) return;
    double fast = keel_regime_sma(d, 50);
    double slow = keel_regime_sma(d, KEEL_REGIME_DAYS);
    double month = close / keel_regime_day(d, 30) - 1.0;
    d->score =
        (0.4 * keel_regime_clamp((close / fast - 1.0) / 0.05) + 0.3 * keel_regime_clamp((fast / slow - 1.0) / 0.05)) +
        0.3 * keel_regime_clamp(month / 0.20);
}

/* Prices at the start of each hour since the last bar: the close of a bar that ends exactly then, else the close
 * before it. */
KEEL_LOCAL void keel_regime_update_hours(keel_regime_detector *d, int64_t ts_ms, double close) {
    int64_t now = ts_ms / REGIME_HOUR_MS;
    int64_t hour = d->bar_ts_ms / REGIME_HOUR_MS + 1;
    if (d->hours == 0) {
        d->hour[now % KEEL_REGIME_HOURS] = close;
        d->hours = 1;
        return;
    }
    if (hour < now - KEEL_REGIME_HOURS) hour = now - KEEL_REGIME_HOURS;
    for (; hour <= now; hour++) {
        d->hour[hour % KEEL_REGIME_HOURS] = hour * REGIME_HOUR_MS == ts_ms ? close : d->bar_close;
        if (d->hours < KEEL_REGIME_HOURS) d->hours += 1;
    }
    if (d->hours < KEEL_REGIME_HOURS) return;
    d->return_24h = close / d->hour[(now - 24) % KEEL_REGIME_HOURS] - 1.0;
}

KEEL_LOCAL void keel_regime_judge(keel_regime_detector *d, int64_t ts_ms) {
    int32_t before = d->label;
    double size = keel_fabs(d->score);
    if (d->days < KEEL_REGIME_DAYS) {
        d->label = KEEL_REGIME_UNKNOWN;
        d->confidence = 0.0;
    } else if (d->return_24h <= REGIME_CRASH_RETURN || d->storm) {
        d->label = KEEL_REGIME_CRASH;
        d->confidence = 1.0;
    } else if (size >= REGIME_SCORE_EDGE) {
        d->label = d->score > 0.0 ? KEEL_REGIME_BULL : KEEL_REGIME_BEAR;
        d->confidence = size < 1.0 ? size : 1.0;
    } else {
        d->label = KEEL_REGIME_CHOP;
        d->confidence = 1.0 - size / REGIME_SCORE_EDGE;
    }
    if (d->label != before) d->changed_ms = ts_ms;
}

KEEL_FN int32_t keel_regime_step(keel_regime_detector *d, int64_t close_ts_ms, double close) {
    int64_t end_of_day = (keel_day_of(d->bar_ts_ms - 1) + 1) * KEEL_DAY_MS; /* of the day of the last bar */
    keel_regime_update_hours(d, close_ts_ms, close);
    /* The last bar ended within a day that is now over; a bar that ended exactly with its day closed it already. */
    if (d->bar_ts_ms > 0 && d->bar_ts_ms < end_of_day && close_ts_ms > end_of_day) {
        keel_regime_close_day(d, d->bar_close);
    }
    d->bar_ts_ms = close_ts_ms;
    d->bar_close = close;
    if (close_ts_ms % KEEL_DAY_MS == 0) keel_regime_close_day(d, close);
    keel_regime_judge(d, close_ts_ms);
    return d->label;
}
