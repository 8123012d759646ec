/* model/bar.h: one candle, as booked integers and as the doubles that signals read. */
#ifndef KEEL_MODEL_BAR_H
#define KEEL_MODEL_BAR_H

#include "num/port.h"

/* ts_ms is the OPEN time (UTC). volume is in base units and serves analytics only, hence a double. */
typedef struct keel_bar {
    int64_t ts_ms;
    int64_t open_e8;
    int64_t high_e8;
    int64_t low_e8;
    int64_t close_e8;
    double volume;
} keel_bar;
KEEL_STATIC_ASSERT(sizeof(keel_bar) == 48, bar_is_48_bytes);

/* The same bar for signals: price = (double)px_e8 / 1e8, one rounding. */
typedef struct keel_ohlcv {
    double open;
    double high;
    double low;
    double close;
    double volume;
} keel_ohlcv;

#endif
