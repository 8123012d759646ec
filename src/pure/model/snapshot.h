/* model/snapshot.h: what a strategy sees of the market at one closed bar: numbered slots, each ready or not.
 *
 * Slots 0..39 are canonical: gates, entries and exits read them by name. Slots 40..55 are a strategy's own.
 * A slot whose ready bit is clear has no value: whatever v[] holds there must not be read. */
#ifndef KEEL_MODEL_SNAPSHOT_H
#define KEEL_MODEL_SNAPSHOT_H

#include "num/port.h"

#define KEEL_SLOT_MAX 56

enum {
    KEEL_SLOT_CLOSE = 0,
    KEEL_SLOT_HIGH = 1,
    KEEL_SLOT_LOW = 2,
    KEEL_SLOT_OPEN = 3,
    KEEL_SLOT_VOLUME = 4,
    KEEL_SLOT_VOL_SMA = 5,
    KEEL_SLOT_ADX = 6, /* 6..9 are the four outputs of one ADX machine */
    KEEL_SLOT_ADX_PREV = 7,
    KEEL_SLOT_PLUS_DI = 8,
    KEEL_SLOT_MINUS_DI = 9,
    KEEL_SLOT_RSI = 10,
    KEEL_SLOT_EMA_FAST = 11,
    KEEL_SLOT_EMA_SLOW = 12,
    KEEL_SLOT_EMA_MACRO = 13,
    KEEL_SLOT_EMA_SLOPE = 14, /* relative change of EMA_SLOW per bar */
    KEEL_SLOT_PREV_CLOSE = 15,
    KEEL_SLOT_BB_WIDTH_RATIO = 16, /* Bollinger width / its own SMA */
    KEEL_SLOT_ATR = 17,
    KEEL_SLOT_ATR_SMA = 18,
    KEEL_SLOT_STOCH_K = 19, /* 19..20: one StochRSI (or stochastic) machine */
    KEEL_SLOT_STOCH_D = 20,
    KEEL_SLOT_MACD_LINE = 21, /* 21..23: one MACD machine */
    KEEL_SLOT_MACD_SIGNAL = 22,
    KEEL_SLOT_MACD_HIST = 23,
    /* 24..39 are reserved for later canonical fields. */
    KEEL_SLOT_X0 = 40,
    KEEL_SLOT_X1 = 41,
    KEEL_SLOT_X2 = 42,
    KEEL_SLOT_X3 = 43,
    KEEL_SLOT_X4 = 44,
    KEEL_SLOT_X5 = 45,
    KEEL_SLOT_X6 = 46,
    KEEL_SLOT_X7 = 47,
    KEEL_SLOT_X8 = 48,
    KEEL_SLOT_X9 = 49,
    KEEL_SLOT_X10 = 50,
    KEEL_SLOT_X11 = 51,
    KEEL_SLOT_X12 = 52,
    KEEL_SLOT_X13 = 53,
    KEEL_SLOT_X14 = 54,
    KEEL_SLOT_X15 = 55
};

typedef struct keel_snapshot {
    uint64_t ready; /* bit i set: v[i] holds a value; bits >= KEEL_SLOT_MAX are zero */
    double v[KEEL_SLOT_MAX];
} keel_snapshot;
KEEL_STATIC_ASSERT(sizeof(keel_snapshot) == 8 + 8 * KEEL_SLOT_MAX, snapshot_has_no_padding);
KEEL_STATIC_ASSERT(KEEL_SLOT_MAX <= 64, snapshot_slots_fit_the_mask);

/* Non-zero when `slot` of `snap` (a pointer to keel_snapshot in any address space) holds a value. */
#define KEEL_SNAPSHOT_HAS(snap, slot) ((int32_t)(((snap)->ready >> (slot)) & 1u))

#endif
