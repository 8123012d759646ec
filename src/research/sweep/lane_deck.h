/* research/sweep/lane_deck.h: what lane_batch.c, lane_deck.c and lane_ask.c share: a tape in a device's memory, and one
 * launch over it. */
#ifndef KEEL_RESEARCH_SWEEP_LANE_DECK_H
#define KEEL_RESEARCH_SWEEP_LANE_DECK_H

#include "device/records.h"
#include "research/sweep/lane_batch.h"

/* A tape in the device's memory. */
typedef struct keel_lane_deck {
    const keel_tape *tape;
    const keel_instrument *rules;
    int64_t sent;
    keel_device_memory *symbols, *ints, *doubles;
} keel_lane_deck;

/* Send it, unless it is there. Errors of keel_device_*. */
KEEL_MUST_USE int keel_lane_deck_send(keel_device *d, keel_lane_deck *k, keel_err *err);
void keel_lane_deck_release(keel_device *d, keel_lane_deck *k);

/* Memory of one launch. */
typedef struct keel_lane_launch {
    keel_device_memory *call, *jobs, *answers, *trades, *equity, *books;
    int64_t job_cap, trade_cap, equity_cap; /* trades and samples per job */
} keel_lane_launch;

void keel_lane_launch_release(keel_device *d, keel_lane_launch *m);

/* Run records[0 .. n) over the deck: answers[0 .. n). trade_cap, equity_cap: room per job. Errors of keel_device_*. */
KEEL_MUST_USE int keel_lane_launch_go(keel_device *d, keel_lane_launch *m, const keel_lane_deck *k,
                                      const keel_device_job records[], int64_t n, int64_t trade_cap, int64_t equity_cap,
                                      int64_t books_bytes, keel_device_answer answers[], keel_err *err);

struct keel_lane_batch {
    keel_device *device;
    keel_lane_deck deck;
    keel_lane_launch launch;
    int64_t memory_bytes;
    int32_t window_max, spec_max, symbol_max; /* of the text that is built; 0: none is */
    int32_t reserved;
    int64_t books_bytes;
    int64_t trade_cap, equity_cap; /* per job, for the next launch */
    int64_t fits;                  /* jobs of a launch, known not to be too many; 0: not known */
    keel_device_answer *answers;   /* [answer_cap] */
    keel_device_job *records;      /* [record_cap] */
    int64_t answer_cap, record_cap;
};

/* Does *array hold `count` elements? It may be moved to make it so. 0: out of memory. */
int keel_lane_reserve(void **array, int64_t *cap, int64_t count, size_t size);

/* All runs whose code is 0 over a deck, without asking whether they are right; took (NULL: nobody) sees each with its
 * arrays. */
typedef int (*keel_lane_taker)(void *data, int32_t run, const keel_lane_result *result, keel_err *err);
KEEL_MUST_USE int keel_lane_batch_run(keel_lane_batch *b, const keel_lane_deck *k, const keel_group_task *task,
                                      keel_group_run runs[], int32_t count, keel_lane_batch_room *room,
                                      keel_lane_taker took, void *data, keel_err *err);

/* lane_ask.c: build the text for signals of at least this size, and ask the device. */
KEEL_MUST_USE int keel_lane_batch_ask(keel_lane_batch *b, int32_t window, int32_t specs, keel_err *err);

/* Doubles that the signals' windows of a configuration take, and how many signals. Returns 0 or KEEL_E_USAGE. */
KEEL_MUST_USE int keel_lane_measure(const keel_kernel *kernel, const keel_params *p, keel_signal_set *scratch,
                                    int32_t *io_window, int32_t *io_specs, keel_err *err);

#endif
