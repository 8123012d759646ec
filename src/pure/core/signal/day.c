/* core/signal/day.c */
#include "core/signal/day.h"

KEEL_FN int64_t keel_day_of(int64_t ts_ms) {
    int64_t day = ts_ms / KEEL_DAY_MS;
    return ts_ms < day * KEEL_DAY_MS ? day - 1 : day;
}
