/* model/instrument.h: the venue's rules for one symbol, as the core needs them. */
#ifndef KEEL_MODEL_INSTRUMENT_H
#define KEEL_MODEL_INSTRUMENT_H

#include "num/port.h"

enum { KEEL_PERP = 0, KEEL_SPOT = 1 };

typedef struct keel_instrument {
    int64_t lot_e8;          /* quantity step, >= 1 */
    int64_t tick_e8;         /* price step, >= 1 */
    int64_t min_notional_e8; /* the larger of this and the parameter holds */
    int32_t market;          /* KEEL_PERP / KEEL_SPOT */
    int32_t is_btc;          /* 1: the reference asset itself */
} keel_instrument;

#endif
