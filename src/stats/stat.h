/* stats/stat.h: a number that may be undefined.
 *
 * A ratio without trades, a Sharpe ratio without variance: there is no such number, and neither 0 nor infinity says so.
 * Undefined is written as null in JSON and as '-' in tables. */
#ifndef KEEL_STATS_STAT_H
#define KEEL_STATS_STAT_H

#include <stdint.h>

typedef struct keel_stat {
    double value;    /* 0 while undefined */
    int32_t defined; /* 0 or 1 */
    int32_t reserved;
} keel_stat;

static inline keel_stat keel_stat_of(double value) { return (keel_stat){.value = value, .defined = 1, .reserved = 0}; }

static inline keel_stat keel_stat_none(void) { return (keel_stat){.value = 0.0, .defined = 0, .reserved = 0}; }

/* The stat times a factor; undefined stays undefined. */
static inline keel_stat keel_stat_scale(keel_stat s, double factor) {
    return s.defined ? keel_stat_of(s.value * factor) : s;
}

/* a / b; undefined when either is, or when b is zero. */
static inline keel_stat keel_stat_ratio(keel_stat a, keel_stat b) {
    return a.defined && b.defined && b.value != 0.0 ? keel_stat_of(a.value / b.value) : keel_stat_none();
}

#endif
