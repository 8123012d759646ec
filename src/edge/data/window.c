/* edge/data/window.c: see window.h. */
#include "edge/data/window.h"

#include <stdint.h>
#include <string.h>

/* First index with sorted[index] >= value. */
static int place_of(const keel_window *w, double value) {
    int low = 0, high = w->count;
    while (low < high) {
        int middle = low + (high - low) / 2;
        if (w->sorted[middle] < value)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

void keel_window_push(keel_window *w, double value) {
    if (w->count == KEEL_WINDOW_SIZE) {
        int gone = place_of(w, w->ring[w->oldest]);
        memmove(&w->sorted[gone], &w->sorted[gone + 1], (size_t)(w->count - gone - 1) * sizeof *w->sorted);
        w->count--;
    }
    int at = place_of(w, value);
    memmove(&w->sorted[at + 1], &w->sorted[at], (size_t)(w->count - at) * sizeof *w->sorted);
    w->sorted[at] = value;
    w->count++;
    w->ring[w->oldest] = value;
    w->oldest = (w->oldest + 1) % KEEL_WINDOW_SIZE;
}

double keel_window_score(const keel_window *w, double value) {
    if (w->count < KEEL_WINDOW_MIN) return 0.0;
    int middle = (w->count - 1) / 2, left = middle, right = middle + 1;
    double median = w->sorted[middle], deviation = 0.0;
    /* Deviations grow outwards from the median on both sides: merge them up to the middle rank. */
    for (int rank = 0; rank <= middle; rank++) {
        double below = left >= 0 ? median - w->sorted[left] : 1e300;
        double above = right < w->count ? w->sorted[right] - median : 1e300;
        deviation = below <= above ? below : above;
        if (below <= above)
            left--;
        else
            right++;
    }
    double distance = value > median ? value - median : median - value;
    return deviation > 0.0 ? distance / (1.4826 * deviation) : 0.0;
}
