/* research/sweep/lane_batch.h: a group of configurations (group.h) on a device: the same runs to the last bit.
 *
 * A device is believed only after it was asked: it must lay out records as the host does, and every built-in strategy
 * must come out of the known-answer market (lane/kat.h) as from the plain loop of the processor, trades and samples of
 * equity included. After that the first run of every group is made by the plain loop as well. Whatever differs ends the
 * call with KEEL_E_PARITY. */
#ifndef KEEL_RESEARCH_SWEEP_LANE_BATCH_H
#define KEEL_RESEARCH_SWEEP_LANE_BATCH_H

#include "device/device.h"
#include "research/sweep/group.h"

typedef struct keel_lane_batch keel_lane_batch;

/* For runs over parts of `tape` (one sleeve; borrowed, with rules [tape->symbol_count]) on a device (borrowed, used by
 * nobody else). Nothing is sent yet.
 *   memory_bytes  in  of the device, used at most; 0: half of what it has
 * NULL: out of memory. NULL may be freed. */
keel_lane_batch *keel_lane_batch_new(keel_device *device, const keel_tape *tape, const keel_instrument *rules,
                                     int64_t memory_bytes);
void keel_lane_batch_free(keel_lane_batch *b);

/* What runs yield on the host: buffers of one thread, used group after group. All zero at first. */
typedef struct keel_lane_batch_room {
    keel_trade *trades;
    int64_t *equity_ts_ms, *equity_e8;
    keel_lane_tally *tallies; /* what results of the last group point to */
    int64_t trade_cap, ts_cap, equity_cap, tally_cap;
} keel_lane_batch_room;

void keel_lane_batch_room_done(keel_lane_batch_room *room);

/* keel_group_go on the device; task->tape is the batch's from a later bar on, with its first symbols. The first call,
 * and one whose signals are larger than before, builds the text and asks the device. Which runs share a launch depends
 * on memory, and changes nothing.
 * Returns as keel_group_go, or KEEL_E_NOMEM (not even one configuration fits on the device), KEEL_E_IO (the device is
 * lost), KEEL_E_PARSE (its compiler refuses the text), KEEL_E_PARITY (it gives other answers). After an error runs are
 * not meaningful, and their books hold what came before it. */
KEEL_MUST_USE int keel_lane_batch_go(keel_lane_batch *b, const keel_group_task *task, keel_group_run runs[],
                                     int32_t count, keel_lane_batch_room *room, keel_err *reterr);

/* One run, given back whole: arrays and tally in room until its next use. It is not held against the processor, and has
 * no book. Errors as keel_lane_batch_go, and of the run itself. */
KEEL_MUST_USE int keel_lane_batch_one(keel_lane_batch *b, const keel_group_task *task, const keel_params *p,
                                      int64_t capital_e8, keel_lane_batch_room *room, keel_lane_result *ret,
                                      keel_err *reterr);

/* Another tape from now on; what was built stays while it fits. */
void keel_lane_batch_turn(keel_lane_batch *b, const keel_tape *tape, const keel_instrument *rules);

/* One run by the plain loop: signals stepped bar by bar, no bar passed over; lean (lane/lane.h).
 *   ret  out  arrays and tally in room, until its next use
 * Returns 0, or KEEL_E_NOMEM, KEEL_E_USAGE, KEEL_E_RANGE, KEEL_E_PARITY as a run of a group. */
KEEL_MUST_USE int keel_lane_plain(const keel_group_task *task, const keel_params *p, int64_t capital_e8,
                                  keel_lane_batch_room *room, keel_lane_result *ret, keel_err *reterr);

/* Are two runs of one configuration the same, to the last bit? Returns 0, or KEEL_E_PARITY with the first thing that is
 * not.
 *   name  in  the device's
 *   what  in  "a trial" */
KEEL_MUST_USE int keel_lane_trust(const keel_lane_result *processor, const keel_lane_result *device, const char *name,
                                  const char *what, keel_err *reterr);

#endif
