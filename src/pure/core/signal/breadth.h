/* core/signal/breadth.h: one look across the universe at one main bar: breadth and two medians.
 *
 * Used per bar: init, add each symbol's snapshot, then done. A symbol counts for a figure only when the slots that
 * the figure needs are ready; a figure without any symbol is unknown. */
#ifndef KEEL_CORE_SIGNAL_BREADTH_H
#define KEEL_CORE_SIGNAL_BREADTH_H

#include "model/snapshot.h"
#include "num/port.h"

#ifndef KEEL_UNIVERSE_MAX
#define KEEL_UNIVERSE_MAX 256
#endif

typedef struct keel_breadth {
    int32_t above;  /* symbols with EMA_FAST > EMA_SLOW */
    int32_t judged; /* symbols with both */
    int32_t adx_count;
    int32_t ratio_count;
    double adx[KEEL_UNIVERSE_MAX];   /* ascending */
    double ratio[KEEL_UNIVERSE_MAX]; /* ATR / ATR_SMA, ascending */
} keel_breadth;

/* Figures of the universe; each is valid only when its flag is 1. */
typedef struct keel_universe_view {
    double breadth;          /* share of judged symbols with EMA_FAST > EMA_SLOW, 0..1 */
    double median_adx;       /* of an even count: mean of the middle two */
    double median_atr_ratio; /* likewise */
    int32_t has_breadth;
    int32_t has_adx;
    int32_t has_atr_ratio;
    int32_t reserved;
} keel_universe_view;

KEEL_FN void keel_breadth_init(keel_breadth *b);

/* One symbol. A symbol beyond KEEL_UNIVERSE_MAX is refused: returns 0 and changes nothing, else 1. An ATR_SMA of 0
 * gives no ratio. The order in which symbols are added does not change the result. */
KEEL_FN int32_t keel_breadth_add(keel_breadth *b, const keel_snapshot *snap);

KEEL_FN keel_universe_view keel_breadth_done(const keel_breadth *b);

#endif
