/* app/cli/paper_feed.h: a recorded market as the inputs of an engine, in the order in which they became known. */
#ifndef KEEL_APP_CLI_PAPER_FEED_H
#define KEEL_APP_CLI_PAPER_FEED_H

#include <stdatomic.h>

#include "engine/engine.h"
#include "lane/tape.h"
#include "port/clock.h"

/* A bar that was not there when its time came. */
typedef struct keel_late_bar {
    int64_t open_ms;
    int32_t symbol;
    int32_t reserved;
} keel_late_bar;

/* Is this bar among them? */
int keel_late_bar_among(const keel_late_bar *list, int64_t count, int32_t symbol, int64_t open_ms);

/* Walks a tape: for each main bar its opens, ranges and close, at last the end. Number n is always the same input. At
 * the pace of a clock it gives timers as well: one at each multiple of timer_every_ms, behind what comes at that
 * moment. */
typedef struct keel_paper_feed {
    keel_engine_source port; /* port.ctx is this record: it must not be moved */
    const keel_tape *tape;
    const keel_clock *clock; /* NULL: as fast as it goes; else each input waits until its time has passed since begin */
    int64_t timer_every_ms;  /* paced: so far apart are timers; 0: none */
    int flatten;             /* the END closes what is held */
    int64_t late_every;      /* of each symbol, each so-many-th bar comes one bar late; 0: none */
    const keel_late_bar *late; /* [late_count] bars that come late, ascending, besides those; borrowed */
    int64_t late_count;
    int (*asked_to_end)(void); /* while waiting; NULL: never */
    const atomic_int *left;    /* not 0: nobody listens any more; NULL: somebody does */
    /* where it stands */
    uint64_t number;
    int64_t bar;
    int32_t piece, stage, ended;
    int64_t begun_ns, begun_ms; /* of the clock, and the time of the input it began at */
    int64_t timer_ms;           /* of the next timer */
    int64_t funding_at[KEEL_SYMBOLS_MAX];
} keel_paper_feed;

/* At the first input. Everything is borrowed. */
void keel_paper_feed_init(keel_paper_feed *f, const keel_tape *tape, int flatten);

/* Go behind input `number`, as if all before it had been given out. */
KEEL_MUST_USE int keel_paper_feed_skip(keel_paper_feed *f, uint64_t number, keel_err *reterr);

/* From now on each input is given out no sooner than `clock` has moved as far as the market has. */
void keel_paper_feed_pace(keel_paper_feed *f, const keel_clock *clock, int (*asked_to_end)(void));

/* Where the market is by that clock; asked behind the first input that was given out. */
int64_t keel_paper_feed_now_ms(const keel_paper_feed *f);

#endif
