/* edge/data/synth.c: see synth.h. Only IEEE operations and num/elementary.h: the bits do not depend on libm. */
#include "edge/data/synth.h"

#include <stdlib.h>
#include <string.h>

#include "num/elementary.h"
#include "num/port.h"

enum { STEPS = 12, REGIMES = 4, HOURS = 24 };
static const int64_t DAY_MS = 86400000, FUNDING_MS = 28800000, BARS_MAX = 100000000;

/* SplitMix64 (Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators, 2014). */
typedef struct stream {
    uint64_t state;
    double spare;
    int has_spare;
} stream;

static uint64_t next_word(stream *s) {
    uint64_t z = (s->state += UINT64_C(0x9e3779b97f4a7c15));
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

/* [0, 1) in steps of 2^-53 */
static double uniform(stream *s) { return (double)(next_word(s) >> 11) * (1.0 / 9007199254740992.0); }

/* Marsaglia's polar method: a logarithm and a root, no sine. */
static double normal(stream *s) {
    double u, v, q;
    if (s->has_spare) {
        s->has_spare = 0;
        return s->spare;
    }
    do {
        u = 2.0 * uniform(s) - 1.0;
        v = 2.0 * uniform(s) - 1.0;
        q = u * u + v * v;
    } while (q >= 1.0 || q <= 0.0);
    double scale = keel_sqrt(-2.0 * keel_log(q) / q);
    s->spare = v * scale;
    s->has_spare = 1;
    return u * scale;
}

static uint64_t hash_text(uint64_t seed, const char *text) {
    stream s = {.state = seed};
    uint64_t hash = next_word(&s);
    for (const unsigned char *c = (const unsigned char *)text; *c; c++) {
        s.state = hash ^ *c;
        hash = next_word(&s);
    }
    return hash;
}

/* Yearly drift and volatility of the log price, and how long a regime lasts on average. */
typedef struct regime {
    double drift_year, sigma_year, days;
} regime;

static const regime MARKET[REGIMES] = {{1.1, 0.45, 24.0}, {-0.9, 0.60, 16.0}, {0.0, 0.32, 20.0}, {-1.6, 1.50, 2.5}};

/* Where a regime goes when it ends: rise, fall, range, storm. */
static const double NEXT[REGIMES][REGIMES] = {
    {0.0, 0.30, 0.60, 0.10}, {0.35, 0.0, 0.45, 0.20}, {0.50, 0.42, 0.0, 0.08}, {0.40, 0.35, 0.25, 0.0}};

/* Volatility by hour of the day (UTC), mean near one: quiet early, busy when New York trades. */
static const double BY_HOUR[HOURS] = {1.00, 0.92, 0.88, 0.84, 0.80, 0.80, 0.84, 0.92, 1.00, 1.02, 0.98, 0.94,
                                      1.00, 1.16, 1.32, 1.34, 1.26, 1.16, 1.08, 1.02, 0.98, 0.96, 0.94, 0.96};

static const double CORRELATION = 0.55, ALPHA = 0.022, BETA = 0.977;

/* What all symbols share: the same numbers whichever symbol is being made. */
typedef struct market {
    stream random;
    int regime;
    double step_years;
    double common;      /* normal shock of this step */
    double common_jump; /* log jump of this step, mostly 0 */
} market;

static double jump_size(stream *s) {
    double size = 0.012 + 0.03 * uniform(s) * uniform(s);
    return uniform(s) < 0.58 ? -size : size; /* falls are more sudden than rises */
}

static void market_step(market *m) {
    const regime *r = &MARKET[m->regime];
    if (uniform(&m->random) < m->step_years * 365.0 / r->days) {
        double pick = uniform(&m->random), sum = 0.0;
        int next = m->regime;
        for (int i = 0; i < REGIMES && pick >= sum; i++) {
            sum += NEXT[m->regime][i];
            next = i;
        }
        m->regime = next;
    }
    m->common = normal(&m->random);
    double storm = m->regime == REGIMES - 1 ? 6.0 : 1.0;
    m->common_jump = uniform(&m->random) < m->step_years * 14.0 * storm ? jump_size(&m->random) : 0.0;
}

/* One symbol's own state. */
typedef struct path {
    stream random;
    double log_price;
    double variance; /* GARCH multiplier of the regime's variance, mean 1 */
    double beta;     /* how much of the market's drift and jumps it takes */
    double premium;  /* of the perpetual over the index, a fraction */
    double premium_sum;
    int64_t premium_count;
    double volume_base; /* notional per day, quote units */
} path;

static double start_price(uint64_t hash, const char *symbol) {
    if (strncmp(symbol, "BTC", 3) == 0) return 40000.0;
    if (strncmp(symbol, "ETH", 3) == 0) return 2400.0;
    if (strncmp(symbol, "SOL", 3) == 0) return 100.0;
    return 0.05 * keel_exp((double)(hash >> 11) * (1.0 / 9007199254740992.0) * 8.0); /* 0.05 to 149 */
}

static void path_start(path *p, uint64_t seed, const char *symbol) {
    uint64_t hash = hash_text(seed ^ UINT64_C(0x73796d626f6c), symbol);
    memset(p, 0, sizeof *p);
    p->random.state = hash;
    p->log_price = keel_log(start_price(hash_text(0, symbol), symbol));
    p->variance = 1.0;
    p->beta = strncmp(symbol, "BTC", 3) == 0 ? 1.0 : 0.9 + 0.6 * uniform(&p->random);
    p->volume_base = 2e8 * p->beta;
}

/* One sub-step; returns the size of the move for the volume. */
static double path_step(path *p, const market *m, int hour) {
    const regime *r = &MARKET[m->regime];
    double dt = m->step_years;
    double shock = keel_sqrt(CORRELATION) * m->common + keel_sqrt(1.0 - CORRELATION) * normal(&p->random);
    double sigma = r->sigma_year * p->beta * BY_HOUR[hour] * keel_sqrt(p->variance * dt);
    double jump = p->beta * m->common_jump;
    if (uniform(&p->random) < dt * 10.0) jump += jump_size(&p->random);
    double move = r->drift_year * p->beta * dt - 0.5 * sigma * sigma + sigma * shock + jump;
    p->log_price += move;
    p->variance = (1.0 - ALPHA - BETA) + ALPHA * p->variance * shock * shock + BETA * p->variance;
    double per_hour = dt * 8760.0, decay = per_hour < 1.0 ? 1.0 - per_hour / 24.0 : 0.95;
    p->premium = decay * p->premium + 0.02 * move + 0.00015 * keel_sqrt(per_hour) * normal(&p->random);
    p->premium_sum += p->premium;
    p->premium_count++;
    return move < 0.0 ? -move : move;
}

/* To five significant digits, in units of 1e-8. The size is found by exact integer powers. */
static int64_t price_e8(double log_price) {
    double e8 = keel_exp(log_price) * 1e8;
    int64_t value = e8 < 1.0 ? 1 : e8 > 9e17 ? INT64_C(900000000000000000) : (int64_t)e8, tick = 1;
    while (value / tick >= 100000)
        tick *= 10;
    return (value + tick / 2) / tick * tick;
}

static double round_volume(double volume) {
    double steps = volume * 1000.0 + 0.5;
    return steps < 1.0 ? 0.001 : (double)(int64_t)steps / 1000.0;
}

static void make_bar(path *p, market *m, int64_t ts_ms, int64_t interval_ms, int64_t open_e8, keel_candles *c) {
    int64_t high = open_e8, low = open_e8, close = open_e8, i = c->count++;
    int hour = (int)(ts_ms / 3600000 % HOURS);
    double travelled = 0.0, usual = 0.0;
    for (int step = 0; step < STEPS; step++) {
        market_step(m);
        travelled += path_step(p, m, hour);
        usual += keel_sqrt(m->step_years) * 0.5;
        close = price_e8(p->log_price);
        if (close > high) high = close;
        if (close < low) low = close;
    }
    double activity = 0.25 + travelled / usual, noise = keel_exp(0.35 * normal(&p->random));
    double notional = p->volume_base * ((double)interval_ms / (double)DAY_MS) * activity * keel_sqrt(activity) * noise;
    c->ts_ms[i] = ts_ms;
    c->open_e8[i] = open_e8;
    c->high_e8[i] = high;
    c->low_e8[i] = low;
    c->close_e8[i] = close;
    c->volume[i] = round_volume(notional / ((double)close / 1e8));
}

/* The rule of the large venues: premium plus interest, the sum of the two held near the interest, capped. In steps of
 * 1e-8, as venues publish. */
static int64_t funding_e16(path *p) {
    const double interest = 0.0001, band = 0.0005, cap = 0.0075;
    double premium = p->premium_count ? p->premium_sum / (double)p->premium_count : 0.0;
    double pull = interest - premium;
    pull = pull > band ? band : pull < -band ? -band : pull;
    double rate = premium + pull;
    rate = rate > cap ? cap : rate < -cap ? -cap : rate;
    p->premium_sum = 0.0;
    p->premium_count = 0;
    double e8 = rate * 1e8;
    return (int64_t)(e8 < 0.0 ? e8 - 0.5 : e8 + 0.5) * 100000000;
}

static int allocate(int64_t bars, int64_t settlements, keel_candles *c, keel_fundings *f) {
    size_t size = (size_t)bars * sizeof(int64_t), funding_size = (size_t)settlements * sizeof(int64_t);
    c->ts_ms = malloc(size);
    c->open_e8 = malloc(size);
    c->high_e8 = malloc(size);
    c->low_e8 = malloc(size);
    c->close_e8 = malloc(size);
    c->volume = malloc(size);
    f->ts_ms = malloc(funding_size);
    f->rate_e16 = malloc(funding_size);
    return c->ts_ms && c->open_e8 && c->high_e8 && c->low_e8 && c->close_e8 && c->volume && f->ts_ms && f->rate_e16;
}

static int check_options(const keel_synth_options *o, keel_err *err) {
    if (o->interval_ms < 60000 || o->interval_ms > DAY_MS || DAY_MS % o->interval_ms)
        return keel_err_set(err, KEEL_E_USAGE,
                            "bad interval for a synthetic market: %lld ms: use 1m to 1d, a divisor of "
                            "a day",
                            (long long)o->interval_ms);
    if (o->bars < 1 || o->bars > BARS_MAX)
        return keel_err_set(err, KEEL_E_USAGE, "bad number of bars: %lld: use 1 to %lld", (long long)o->bars,
                            (long long)BARS_MAX);
    if (o->start_ms < 0 || o->start_ms % o->interval_ms || o->start_ms + o->bars * o->interval_ms > 4102444800000)
        return keel_err_set(err, KEEL_E_USAGE,
                            "bad start of a synthetic market: %lld ms: start on the interval's grid "
                            "and end before the year 2100",
                            (long long)o->start_ms);
    return 0;
}

static void make_path(const keel_synth_options *o, const char *symbol, keel_candles *c, keel_fundings *f) {
    market m = {.random = {.state = hash_text(o->seed, "market")}};
    path p;
    path_start(&p, o->seed, symbol);
    m.step_years = (double)o->interval_ms / STEPS / (365.0 * (double)DAY_MS);
    int64_t price = price_e8(p.log_price);
    for (int64_t i = 0; i < o->bars; i++) {
        int64_t ts_ms = o->start_ms + i * o->interval_ms;
        for (; ts_ms >= f->count * FUNDING_MS + o->start_ms / FUNDING_MS * FUNDING_MS; f->count++) {
            int64_t due_ms = f->count * FUNDING_MS + o->start_ms / FUNDING_MS * FUNDING_MS;
            f->ts_ms[f->count] = due_ms;
            f->rate_e16[f->count] = funding_e16(&p);
        }
        make_bar(&p, &m, ts_ms, o->interval_ms, price, c);
        price = c->close_e8[i];
    }
}

int keel_synth_make(const keel_synth_options *options, const char *symbol, keel_candles *ret_candles,
                    keel_fundings *ret_fundings, keel_err *err) {
    keel_candles c = {.interval_ms = options->interval_ms};
    keel_fundings f = {.count = 0};
    KEEL_TRY(check_options(options, err));
    if (!allocate(options->bars, options->bars * options->interval_ms / FUNDING_MS + 2, &c, &f)) {
        keel_candles_done(&c);
        keel_fundings_done(&f);
        return keel_err_set(err, KEEL_E_NOMEM, "out of memory for %lld synthetic bars: ask for fewer",
                            (long long)options->bars);
    }
    make_path(options, symbol, &c, &f);
    *ret_candles = c;
    *ret_fundings = f;
    return 0;
}
