/* app/cli/diff_tape.h: what a journaled run saw of its market, as a tape again. */
#ifndef KEEL_APP_CLI_DIFF_TAPE_H
#define KEEL_APP_CLI_DIFF_TAPE_H

#include "app/cli/paper_feed.h"
#include "app/cli/paper_start.h"
#include "journal/inspect.h"

/* A place in a market: behind what is known at a time. Numbers of inputs would be none: a market that is made again has
 * an input for each moment, and none for what was set aside. */
typedef struct keel_diff_place {
    int64_t ts_ms;
    int32_t stage; /* of what is known at one time: ranges and closes, then openings, then the end */
    int32_t reserved;
} keel_diff_place;

#define KEEL_DIFF_PLACE_BEFORE_ALL ((keel_diff_place){.ts_ms = INT64_MIN})

keel_diff_place keel_diff_place_of(const keel_input *in);
/* 1: a lies before b. */
int keel_diff_place_before(const keel_diff_place *a, const keel_diff_place *b);

/* Somebody's order to the engine: bytes [at, at + size) of an engine's input. */
typedef struct keel_diff_control {
    keel_diff_place after; /* the last input before it that moved time */
    size_t at, size;
} keel_diff_control;

typedef struct keel_diff_tape {
    keel_tape tape;      /* its columns are owned by this record */
    keel_late_bar *late; /* [late_count] ascending, owned: bars that came late; the tape has them in their places */
    int64_t late_count;
    keel_diff_control *controls; /* [control_count], owned; the engine's own orders are not among them */
    int64_t control_count;
    keel_strbuf control_bytes;
    keel_venue_report *withheld; /* [withheld_count], owned: refusals of orders that damage kept from the venue */
    int64_t withheld_count;
    int ended; /* 1: the END is there */
} keel_diff_tape;

/* Read the inputs of a journal; o is its START. Returns 0, KEEL_E_PARITY (a piece outside the run's range),
 * KEEL_E_NOMEM, errors of the journal's reader. keel_diff_tape_done also then. */
KEEL_MUST_USE int keel_diff_tape_read(const keel_journal_where *where, const keel_paper_opened *o, keel_diff_tape *ret,
                                      keel_err *err);
void keel_diff_tape_done(keel_diff_tape *t);

#endif
