/* bench/plain_bar.c: the floor: the least program that makes suite `bar`'s trades, to compare keel with.
 *
 * usage: plain_bar CANDLES FAST SLOW SHORTS FEE_BPS STOP TARGET
 *   STOP, TARGET  shares of the entry price, both or 0 0
 * commands on stdin: run TIMES | run-given TIMES | trades FILE | quit; one JSON line each, as bench/keel_bar.c
 *
 * Two averages, one comparison with the bar before, one position, prices and money as integers at 1e-8. No strategy
 * but this one, no gates, margin, funding, excursions, reasons or hash; nothing is checked, and of a bar on which
 * nothing is held no price is read. `run-given` finds the crossings ready made, one byte per bar. */
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { NONE = 0, UP = 1, DOWN = 2 };

typedef struct candle {
    int64_t ts_ms, open_e8, high_e8, low_e8, close_e8;
    double volume;
} candle;

typedef struct deal {
    int64_t entry_ms, entry_px_e8, exit_ms, exit_px_e8, qty_e8;
    int32_t side, at_end;
} deal;

typedef struct market {
    int64_t n;
    int64_t *ts_ms, *open_e8, *high_e8, *low_e8, *close_e8;
    int64_t interval_ms;
    uint8_t *crossing; /* made by the last run, or given */
} market;

typedef struct plan {
    int64_t fast, slow;
    int64_t fee_e8;             /* rate at 1e-8 */
    int64_t stop_e8, target_e8; /* shares of the entry price at 1e-8; both or none (0) */
    int shorts;
} plan;

typedef struct book {
    int64_t cash_e8, count;
    int64_t qty_e8, entry_px_e8, entry_ms;
    int32_t side;
    deal *deals;
} book;

static const int64_t CAPITAL_E8 = (int64_t)20000000 * 100000000;

static int fail(const char *what) {
    (void)fprintf(stderr, "plain_bar: %s\n", what);
    return 1;
}

static int64_t product_e8(int64_t a_e8, int64_t b_e8) { return (int64_t)((__int128)a_e8 * b_e8 / 100000000); }

static int read_candles(const char *path, market *m) {
    FILE *file = fopen(path, "rb");
    candle c;
    long size;
    if (!file || fseek(file, 0, SEEK_END) != 0 || (size = ftell(file)) <= 0 || fseek(file, 0, SEEK_SET) != 0) return 0;
    m->n = size / (long)sizeof c;
    size_t n = (size_t)m->n;
    m->ts_ms = malloc(n * sizeof(int64_t));
    m->open_e8 = malloc(n * sizeof(int64_t));
    m->high_e8 = malloc(n * sizeof(int64_t));
    m->low_e8 = malloc(n * sizeof(int64_t));
    m->close_e8 = malloc(n * sizeof(int64_t));
    m->crossing = calloc(n, 1);
    for (size_t i = 0; i < n && fread(&c, sizeof c, 1, file) == 1; i++)
        m->ts_ms[i] = c.ts_ms, m->open_e8[i] = c.open_e8, m->high_e8[i] = c.high_e8, m->low_e8[i] = c.low_e8,
        m->close_e8[i] = c.close_e8;
    m->interval_ms = m->ts_ms[1] - m->ts_ms[0];
    return fclose(file) == 0;
}

/* Averages that begin with the mean of their first closes; a crossing needs both on the bar before. */
static void find_crossings(const market *m, const plan *p) {
    double fast_sum = 0.0, slow_sum = 0.0, fast = 0.0, slow = 0.0;
    double fast_share = 2.0 / (double)(p->fast + 1), slow_share = 2.0 / (double)(p->slow + 1);
    int was_above = 0, was_below = 0;
    for (int64_t i = 0; i < m->n; i++) {
        double close = (double)m->close_e8[i] / 1e8;
        if (i < p->fast) {
            fast_sum += close;
            fast = fast_sum / (double)(i + 1);
        } else {
            fast += fast_share * (close - fast);
        }
        if (i < p->slow) {
            slow_sum += close;
            slow = slow_sum / (double)(i + 1);
        } else {
            slow += slow_share * (close - slow);
        }
        int above = fast > slow, below = fast < slow;
        m->crossing[i] = (uint8_t)(i < p->slow ? NONE : above && !was_above ? UP : below && !was_below ? DOWN : NONE);
        was_above = above;
        was_below = below;
    }
}

static void leave(book *b, const plan *p, int64_t px_e8, int64_t ts_ms, int at_end) {
    int64_t value_e8 = product_e8(b->qty_e8, px_e8);
    b->cash_e8 += b->side * (value_e8 - product_e8(b->qty_e8, b->entry_px_e8)) - product_e8(value_e8, p->fee_e8);
    b->deals[b->count++] = (deal){b->entry_ms, b->entry_px_e8, ts_ms, px_e8, b->qty_e8, b->side, at_end};
    b->side = 0;
}

static void enter(book *b, const plan *p, int side, int64_t px_e8, int64_t ts_ms) {
    b->side = side;
    b->entry_px_e8 = px_e8;
    b->entry_ms = ts_ms;
    b->qty_e8 = (int64_t)((__int128)(b->cash_e8 / 100) * 100000000 / px_e8);
    b->cash_e8 -= product_e8(product_e8(b->qty_e8, px_e8), p->fee_e8);
}

static void trade(const market *m, const plan *p, book *b) {
    b->cash_e8 = CAPITAL_E8;
    b->count = 0;
    b->side = 0;
    for (int64_t i = 0; i + 1 < m->n; i++) {
        int crossing = m->crossing[i];
        if (crossing == NONE) continue;
        int side = crossing == UP ? 1 : -1;
        if (b->side == side) continue;
        if (b->side != 0) leave(b, p, m->open_e8[i + 1], m->ts_ms[i + 1], 0);
        if (side > 0 || p->shorts) enter(b, p, side, m->open_e8[i + 1], m->ts_ms[i + 1]);
    }
    if (b->side != 0) leave(b, p, m->close_e8[m->n - 1], m->ts_ms[m->n - 1] + m->interval_ms, 1);
}

/* ---- with a stop and a target, long only --------------------------------------------------------------------- */

/* The first bar from i on that comes to a level or has a crossing. */
static int64_t hold(const market *m, int64_t stop_e8, int64_t target_e8, int64_t i) {
    while (i < m->n && m->low_e8[i] > stop_e8 && m->high_e8[i] < target_e8 && m->crossing[i] == NONE)
        i++;
    return i;
}

/* A level is left at inside its bar, at the open if that is beyond; the stop first where a bar comes to both. */
static void trade_with_levels(const market *m, const plan *p, book *b) {
    int64_t stop_e8 = 0, target_e8 = 0, i = 0;
    b->cash_e8 = CAPITAL_E8;
    b->count = 0;
    b->side = 0;
    while (i < m->n) {
        if (b->side != 0) {
            i = hold(m, stop_e8, target_e8, i);
            if (i == m->n) break;
            const int64_t open_e8 = m->open_e8[i];
            if (m->low_e8[i] <= stop_e8)
                leave(b, p, open_e8 < stop_e8 ? open_e8 : stop_e8, m->ts_ms[i] + m->interval_ms, 0);
            else if (m->high_e8[i] >= target_e8)
                leave(b, p, open_e8 > target_e8 ? open_e8 : target_e8, m->ts_ms[i] + m->interval_ms, 0);
        }
        const int crossing = m->crossing[i++];
        if (crossing == NONE || i == m->n) continue;
        if (b->side != 0 && crossing == DOWN) {
            leave(b, p, m->open_e8[i], m->ts_ms[i], 0);
        } else if (b->side == 0 && crossing == UP) {
            enter(b, p, 1, m->open_e8[i], m->ts_ms[i]);
            stop_e8 = m->open_e8[i] - product_e8(m->open_e8[i], p->stop_e8);
            target_e8 = m->open_e8[i] + product_e8(m->open_e8[i], p->target_e8);
        }
    }
    if (b->side != 0) leave(b, p, m->close_e8[m->n - 1], m->ts_ms[m->n - 1] + m->interval_ms, 1);
}

static double seconds(clockid_t clock) {
    struct timespec now;
    (void)clock_gettime(clock, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static int write_deals(const char *path, const book *b) {
    FILE *file = fopen(path, "w");
    if (!file) return 0;
    for (int64_t i = 0; i < b->count; i++) {
        const deal *d = &b->deals[i];
        (void)fprintf(file, "%" PRId32 ",%" PRId64 ",%" PRId64 ",%" PRId64 ",%" PRId64 ",%" PRId32 ",%.17g\n", d->side,
                      d->entry_ms, d->entry_px_e8, d->exit_ms, d->exit_px_e8, d->at_end, (double)d->qty_e8 / 1e8);
    }
    return fclose(file) == 0;
}

static long peak_kib(void) {
    char line[256];
    long peak = 0;
    FILE *file = fopen("/proc/self/status", "r");
    while (file && peak == 0 && fgets(line, sizeof line, file))
        if (strncmp(line, "VmHWM:", 6) == 0) peak = strtol(line + 6, NULL, 10);
    if (file) (void)fclose(file);
    return peak;
}

static int serve(const market *m, const plan *p, book *b) {
    char line[4096];
    (void)printf("{\"ready\": \"plain loop\"}\n");
    (void)fflush(stdout);
    while (fgets(line, sizeof line, stdin)) {
        line[strcspn(line, "\n")] = 0;
        const int is_given = strncmp(line, "run-given ", 10) == 0;
        if (is_given || strncmp(line, "run ", 4) == 0) {
            const long times = strtol(line + (is_given ? 10 : 4), NULL, 10);
            if (times < 1) return fail("a number of runs is missing: use run TIMES");
            double wall = seconds(CLOCK_MONOTONIC), cpu = seconds(CLOCK_PROCESS_CPUTIME_ID);
            for (long i = 0; i < times; i++) {
                if (!is_given) find_crossings(m, p);
                if (p->stop_e8 != 0)
                    trade_with_levels(m, p, b);
                else
                    trade(m, p, b);
            }
            wall = seconds(CLOCK_MONOTONIC) - wall;
            cpu = seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu;
            (void)printf("{\"wall_s\": %.9f, \"cpu_s\": %.9f, \"peak_kib\": %ld}\n", wall / (double)times,
                         cpu / (double)times, peak_kib());
        } else if (strncmp(line, "trades ", 7) == 0) {
            if (!write_deals(line + 7, b)) return fail("the trade list could not be written");
            (void)printf("{\"listed\": true, \"trades\": %" PRId64
                         ", \"start_equity\": %.17g, \"final_equity\": %.17g, "
                         "\"at_end\": \"closed\"}\n",
                         b->count, (double)CAPITAL_E8 / 1e8, (double)b->cash_e8 / 1e8);
        } else {
            return strcmp(line, "quit") == 0 ? 0 : fail("unknown command: use run N, run-given N, trades FILE or quit");
        }
        (void)fflush(stdout);
    }
    return 0;
}

int main(int argc, char **argv) {
    market m;
    plan p;
    book b;
    if (argc != 8) return fail("usage: plain_bar CANDLES FAST SLOW SHORTS FEE_BPS STOP TARGET");
    if (!read_candles(argv[1], &m)) return fail("the candles could not be read");
    p = (plan){.fast = strtoll(argv[2], NULL, 10),
               .slow = strtoll(argv[3], NULL, 10),
               .fee_e8 = (int64_t)(strtod(argv[5], NULL) * 1e4 + 0.5),
               .stop_e8 = (int64_t)(strtod(argv[6], NULL) * 1e8 + 0.5),
               .target_e8 = (int64_t)(strtod(argv[7], NULL) * 1e8 + 0.5),
               .shorts = strtol(argv[4], NULL, 10) != 0};
    if ((p.stop_e8 == 0) != (p.target_e8 == 0) || (p.stop_e8 != 0 && p.shorts))
        return fail("a stop comes with a target, and both without shorts");
    b.deals = malloc((size_t)m.n * sizeof *b.deals);
    if (!b.deals) return fail("out of memory");
    return serve(&m, &p, &b);
}
