/* research/sweep/lane_trust.c: see lane_batch.h. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "research/sweep/lane_batch.h"

static int64_t first_trade(const keel_lane_result *a, const keel_lane_result *b) {
    for (int64_t i = 0; i < a->trade_count && i < b->trade_count; i++)
        if (memcmp(&a->trades[i], &b->trades[i], sizeof a->trades[i]) != 0) return i + 1;
    return a->trade_count == b->trade_count ? 0 : (a->trade_count < b->trade_count ? a : b)->trade_count + 1;
}

static int64_t first_sample(const keel_lane_result *a, const keel_lane_result *b) {
    for (int64_t i = 0; i < a->equity_count && i < b->equity_count; i++)
        if (a->equity_e8[i] != b->equity_e8[i] || a->equity_ts_ms[i] != b->equity_ts_ms[i]) return i + 1;
    return a->equity_count == b->equity_count ? 0 : (a->equity_count < b->equity_count ? a : b)->equity_count + 1;
}

int keel_lane_trust(const keel_lane_result *processor, const keel_lane_result *device, const char *name,
                    const char *what, keel_err *reterr) {
    int64_t trade = first_trade(processor, device), sample = first_sample(processor, device);
    char where[80] = "";
    if (trade > 0)
        (void)snprintf(where, sizeof where, "trade %" PRId64, trade);
    else if (sample > 0)
        (void)snprintf(where, sizeof where, "sample %" PRId64 " of equity", sample);
    else if (memcmp(processor->tally, device->tally, sizeof *device->tally) != 0)
        (void)snprintf(where, sizeof where, "the tallies");
    else if (processor->state_hash != device->state_hash || processor->final_e8 != device->final_e8 ||
             processor->open_positions != device->open_positions || processor->open_price_e8 != device->open_price_e8 ||
             processor->open_fees_e8 != device->open_fees_e8 || processor->open_funding_e8 != device->open_funding_e8 ||
             processor->open_slippage_e8 != device->open_slippage_e8)
        (void)snprintf(where, sizeof where, "the books at the end");
    if (!where[0]) return 0;
    return keel_err_set(reterr, KEEL_E_PARITY,
                        "the device computes something else than the processor: %.160s: %s, from %s on (%016" PRIx64
                        " against %016" PRIx64 "): do not use it; another driver may mend it",
                        name, what, where, device->state_hash, processor->state_hash);
}
