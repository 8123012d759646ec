/* device/records.h: what host and device hand each other: plain records of fixed widths, one text for both. A device is
 * asked for their layout before it is trusted. */
#ifndef KEEL_DEVICE_RECORDS_H
#define KEEL_DEVICE_RECORDS_H

#include "lane/lane.h"

/* Where a symbol's columns lie in the two arrays that all configurations share. */
typedef struct keel_device_symbol {
    int64_t main_at;          /* integers: open, high, low, close, [bars] each */
    int64_t volume_at;        /* doubles: [bars] */
    int64_t detail_at;        /* integers: the same of the finer bars, [bars * ratio] each; -1: none */
    int64_t detail_volume_at; /* doubles: [bars * ratio] */
    int64_t funding_at;       /* integers: times, then rates, [funding_count] each */
    int64_t funding_count;
    int32_t watch_only;
    int32_t reserved;
    keel_instrument rules;
} keel_device_symbol;

/* What all threads of one launch share. */
typedef struct keel_device_call {
    int64_t start_ms, interval_ms, bars, trade_from; /* of the whole tape */
    int64_t jobs;                                    /* of this launch */
    int64_t trade_cap;                               /* per job */
    int64_t equity_cap;                              /* per job: so many times, then so many equities */
    int64_t books_bytes;                             /* per job; 0 where books are private */
    int32_t ratio, symbol_count;
} keel_device_call;

/* One configuration. */
typedef struct keel_device_job {
    int64_t offset; /* bars of the tape before its own first one */
    int64_t capital_e8;
    int32_t symbol_count; /* the first of the tape's */
    int32_t btc;          /* as keel_tape.btc[0] */
    int32_t close_at_end;
    int32_t reserved;
    keel_params params;
} keel_device_job;

enum { KEEL_JOB_DONE = 0, KEEL_JOB_FULL = 1, KEEL_JOB_REFUSED = 2 }; /* done; more results than fit; ask the host */

typedef struct keel_device_answer {
    keel_lane_ending ending;
    int64_t trade_count, equity_count;
    int64_t bar; /* where it stands */
    int32_t status;
    int32_t refused; /* KEEL_REFUSED_* of KEEL_JOB_REFUSED; 0: the signals' memory */
    keel_lane_tally tally;
} keel_device_answer;

/* X(number, record or part): what the device says of its layout, in this order, 8 bytes each. */
#define KEEL_DEVICE_LAYOUT(X)                           \
    X(0, sizeof(keel_params))                           \
    X(1, sizeof(keel_instrument))                       \
    X(2, sizeof(keel_device_symbol))                    \
    X(3, sizeof(keel_device_call))                      \
    X(4, sizeof(keel_device_job))                       \
    X(5, sizeof(keel_device_answer))                    \
    X(6, sizeof(keel_trade))                            \
    X(7, sizeof(keel_lane_tally))                       \
    X(8, KEEL_DEVICE_PLACE(keel_params, own))           \
    X(9, KEEL_DEVICE_PLACE(keel_device_symbol, rules))  \
    X(10, KEEL_DEVICE_PLACE(keel_device_job, params))   \
    X(11, KEEL_DEVICE_PLACE(keel_device_answer, tally)) \
    X(12, KEEL_DEVICE_PLACE(keel_trade, entry_atr))     \
    X(13, KEEL_DEVICE_PLACE(keel_lane_tally, drawdown))
#define KEEL_DEVICE_LAYOUT_COUNT 14
/* offsetof without the C library, which devices do not have. */
#define KEEL_DEVICE_PLACE(record, part) ((uint64_t) & (((record *)0)->part))

#endif
