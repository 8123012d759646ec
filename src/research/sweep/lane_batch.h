/* research/sweep/lane_batch.h: many configurations over a shared tape on a device, each the same run that lane_run.h
 * makes on the processor: equal configuration and tape give equal bits, trades and equity curve included.
 *
 * A device is believed only after it was asked: it must lay out records as the host does, and every built-in strategy
 * must come out of the known-answer market (lane/kat.h) as on the processor. After that the first run of every call is
 * made on the processor as well. Whatever differs ends the call with KEEL_E_PARITY. */
#ifndef KEEL_RESEARCH_SWEEP_LANE_BATCH_H
#define KEEL_RESEARCH_SWEEP_LANE_BATCH_H

#include "device/device.h"
#include "kernel/kernel.h"
#include "research/sweep/lane_run.h"

typedef struct keel_lane_batch keel_lane_batch;

typedef struct keel_lane_batch_plan {
    keel_device *device; /* borrowed; used by nobody else */
    const keel_kernel *kernel;
    const keel_tape *tape;        /* of one sleeve; borrowed */
    const keel_instrument *rules; /* [tape->symbol_count] */
    int64_t capital_e8;
    int32_t close_at_end;
    int32_t reserved;
    int64_t memory_bytes; /* of the device, used at most; 0: half of what it has */
} keel_lane_batch_plan;

/* Nothing is sent to the device yet. NULL: out of memory. NULL may be freed. */
keel_lane_batch *keel_lane_batch_new(const keel_lane_batch_plan *plan);
void keel_lane_batch_free(keel_lane_batch *b);

/* One configuration; its tape is the plan's from a later bar on, with its first symbols. */
typedef struct keel_lane_job {
    const keel_params *params;
    const keel_tape *tape;
} keel_lane_job;

/* Where the arrays of results lie; of one thread, used call after call. All zero at first. */
typedef struct keel_lane_batch_room {
    keel_trade *trades;
    int64_t *equity_e8, *equity_ts_ms;
    keel_lane_tally *tallies;
    int64_t trade_count, sample_count; /* used */
    int64_t trade_cap, equity_cap, tally_cap, ts_cap;
} keel_lane_batch_room;

void keel_lane_batch_room_done(keel_lane_batch_room *room);

/* Run jobs. The first call, and one whose signals are larger than before, builds the text and asks the device.
 *   ret     out  [count]; arrays in room, until its next use
 *   ret_ok  out  [count] 0: the device does not say how this run ends (signals that do not fit, a refusal): ask the
 *                processor, whose words count
 * Which jobs share a launch depends on memory, and changes nothing.
 * Returns 0, or KEEL_E_NOMEM (not even one configuration fits on the device, or the host's memory), KEEL_E_IO (the
 * device is lost), KEEL_E_PARSE (its compiler refuses the text), KEEL_E_PARITY (it gives other answers). */
KEEL_MUST_USE int keel_lane_batch_go(keel_lane_batch *b, const keel_lane_job jobs[], int64_t count,
                                     keel_lane_batch_room *room, keel_lane_result ret[], int32_t ret_ok[],
                                     keel_err *reterr);

/* Jobs that one launch will take, as far as is known now. */
int64_t keel_lane_batch_fits(const keel_lane_batch *b);

/* lane_trust.c: are two runs of one configuration the same, to the last bit? Returns 0, or KEEL_E_PARITY with the first
 * thing that is not. */
KEEL_MUST_USE int keel_lane_trust(const keel_lane_result *processor, const keel_lane_result *device, const char *name,
                                  const char *what, keel_err *reterr);

#endif
