/* simd/lanes.c: machines without history, the same for all levels. */
#include "simd/lanes.h"

static int takes(int32_t kind) {
    return kind == KEEL_SIGNAL_EMA || kind == KEEL_SIGNAL_RMA || kind == KEEL_SIGNAL_RSI || kind == KEEL_SIGNAL_ATR;
}

int32_t keel_simd_lanes_init(keel_simd_lanes *lanes, const keel_signal_spec *specs, int32_t n) {
    if (n < 1 || n > KEEL_LANES_MAX) return KEEL_SIGNAL_E_COUNT;
    for (int32_t i = 0; i < n; i++) {
        if (!takes(specs[i].kind) || specs[i].kind != specs[0].kind) return KEEL_SIGNAL_E_KIND;
        int32_t rc = keel_signal_spec_check(&specs[i]);
        if (rc != KEEL_SIGNAL_OK) return rc;
        if (specs[i].source != specs[0].source) return KEEL_SIGNAL_E_SOURCE;
    }
    lanes->kind = specs[0].kind;
    lanes->n = n;
    lanes->width = (n + KEEL_LANES_GROUP - 1) / KEEL_LANES_GROUP * KEEL_LANES_GROUP;
    for (int32_t i = 0; i < KEEL_LANES_MAX; i++) {
        lanes->spec[i] = specs[i < n ? i : 0]; /* a lane not in use runs beside the others and is not shown */
        keel_signal_machine_init(&lanes->spec[i], &lanes->state[i]);
    }
    return KEEL_SIGNAL_OK;
}
