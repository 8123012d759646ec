/* app/cli/paper_feed.h: a recorded market as the inputs of an engine, in the order in which they became known. */
#ifndef KEEL_APP_CLI_PAPER_FEED_H
#define KEEL_APP_CLI_PAPER_FEED_H

#include "engine/engine.h"
#include "lane/tape.h"
#include "port/clock.h"

/* Walks a tape: for each main bar its opens, ranges and close, at last the end. Number n is always the same input. */
typedef struct keel_paper_feed {
    keel_engine_source port; /* port.ctx is this record: it must not be moved */
    const keel_tape *tape;
    const keel_clock *clock; /* NULL: as fast as it goes; else each input waits until its time has passed since begin */
    int flatten;             /* the END closes what is held */
    int (*asked_to_end)(void); /* while waiting; NULL: never */
    /* where it stands */
    uint64_t number;
    int64_t bar;
    int32_t piece, stage, ended;
    int64_t begun_ns, begun_ms; /* of the clock, and the time of the input it began at */
    int64_t funding_at[KEEL_SYMBOLS_MAX];
} keel_paper_feed;

/* At the first input. Everything is borrowed. */
void keel_paper_feed_init(keel_paper_feed *f, const keel_tape *tape, int flatten);

/* Go behind input `number`, as if all before it had been given out. */
KEEL_MUST_USE int keel_paper_feed_skip(keel_paper_feed *f, uint64_t number, keel_err *reterr);

/* From now on each input is given out no sooner than `clock` has moved as far as the market has. */
void keel_paper_feed_pace(keel_paper_feed *f, const keel_clock *clock, int (*asked_to_end)(void));

#endif
