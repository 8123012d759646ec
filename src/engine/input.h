/* engine/input.h: what comes into an engine from the market, people and a clock, as the bytes that its journal keeps.
 *
 * An input is one moment for all symbols: the open of a range, its end, the close of the main bars, the end of the
 * market; or one order of a person; or a timer, which says how late it is and changes nothing. It holds everything that
 * the core and the signals are fed with at that moment, so that a journal needs nothing beside it. Format:
 * docs/formats/engine_journal.md. */
#ifndef KEEL_ENGINE_INPUT_H
#define KEEL_ENGINE_INPUT_H

#include "base/strbuf.h"
#include "core/state.h"

enum { KEEL_INPUT_VERSION = 2 }; /* 1, which ends before recv_ns, is read, too */

enum {                        /* kind */
       KEEL_INPUT_BARS = 1,   /* main bars closed that only warm signals up */
       KEEL_INPUT_OPENS = 2,  /* ranges began: settlements, and what waits executes */
       KEEL_INPUT_RANGES = 3, /* ranges ended inside the main bar */
       KEEL_INPUT_CLOSE = 4,  /* the main bars closed: decide */
       KEEL_INPUT_END = 5,    /* the market ended */
       KEEL_INPUT_CONTROL = 6, /* somebody gave an order to the engine */
       KEEL_INPUT_TIMER = 7    /* so late it is: whoever watches is told, and the core is not stepped */
};

/* X(NAME, number, word): who says it. Each numbers what it says by itself. */
#define KEEL_INPUT_SOURCES(X) \
    X(UNKNOWN, 0, "unknown")  \
    X(MARKET, 1, "market")    \
    X(CLOCK, 2, "clock")      \
    X(PERSON, 3, "person")    \
    X(ENGINE, 4, "engine")    \
    X(VENUE, 5, "venue")      \
    X(SHADOW, 6, "shadow")

enum {
#define KEEL_INPUT_SOURCE_ENUM(name, number, word) KEEL_FROM_##name = (number),
    KEEL_INPUT_SOURCES(KEEL_INPUT_SOURCE_ENUM)
#undef KEEL_INPUT_SOURCE_ENUM
        KEEL_FROM_COUNT = 7
};

enum {                             /* flags, a mask */
       KEEL_INPUT_LAST = 1,        /* CLOSE: no bar follows: the END takes the sample of equity */
       KEEL_INPUT_FLATTEN = 2,     /* END: close what is held */
       KEEL_INPUT_AHEAD = 4,       /* the engine's mark: its time lies ahead of the clock, */
       KEEL_INPUT_UNCONFIRMED = 8, /* or leaps, and nothing that followed lies beyond it */
       KEEL_INPUT_DISBELIEVED = 12
};

enum {                            /* what a piece is, a mask */
       KEEL_PIECE_RANGE = 1,      /* traded range, */
       KEEL_PIECE_BAR = 2,        /* closed main bar, or both */
       KEEL_PIECE_LATE_RANGE = 4, /* the same, come after its time: kept for the record, nothing is done with it */
       KEEL_PIECE_LATE_BAR = 8,
       KEEL_PIECE_MASK = 15
};

/* One symbol's part. OPENS: open_ms, close_ms, open_e8 and volume (only whether it is above 0 is used). */
typedef struct keel_input_piece {
    int32_t symbol;
    int32_t what;
    int64_t open_ms, close_ms;
    int64_t open_e8, high_e8, low_e8, close_e8;
    double volume;
} keel_input_piece;

/* One settlement. OPENS: after = 0 before what waits executes, 1 after it. */
typedef struct keel_input_funding {
    int32_t symbol;
    int32_t after;
    int64_t ts_ms, rate_e16;
} keel_input_funding;

typedef struct keel_input {
    uint64_t number; /* of the feed, from 1 without gaps; CONTROL, TIMER: 0, SAFE after damage: how often there was */
    int32_t kind, flags;
    int64_t ts_ms;                      /* when it is known */
    int64_t bar_open_ms;                /* of the main bar it belongs to */
    int64_t recv_ns;                    /* wall time when it was received; 0: not known. No decision reads it */
    uint64_t source_seq;                /* the so many-th of its source, from 1; the market's: number */
    int32_t source;                     /* KEEL_FROM_* */
    int32_t control;                    /* CONTROL: KEEL_ENGINE_ORDER_* of engine/states.h */
    int32_t piece_count, funding_count; /* ascending by symbol; a symbol's fundings in order of time */
    int32_t piece_cap, funding_cap;
    keel_input_piece *piece;
    keel_input_funding *funding;
} keel_input;

const char *keel_input_source_word(int32_t source);
const char *keel_input_kind_word(int32_t kind);

/* Who says such an input, as far as its kind and order tell. */
int32_t keel_input_source_of(const keel_input *in);

/* Is it the market that says it? Only such inputs have numbers, and only they move the market's time. */
int keel_input_is_market(const keel_input *in);

void keel_input_done(keel_input *in); /* frees the lists; a zeroed input is empty */

/* Empty lists, capacity kept. */
void keel_input_clear(keel_input *in);

/* Add one; NULL when there is no memory. */
keel_input_piece *keel_input_add_piece(keel_input *in);
keel_input_funding *keel_input_add_funding(keel_input *in);

/* The bytes of an input, at the end of out. */
void keel_input_write(const keel_input *in, keel_strbuf *out);

/* And back; lists are reused. Everything that indexes memory is judged.
 * Returns 0, KEEL_E_VERSION, KEEL_E_PARITY (not such bytes; symbols outside [0, symbol_count)), KEEL_E_NOMEM. */
KEEL_MUST_USE int keel_input_read(const uint8_t *bytes, size_t size, int32_t symbol_count, keel_input *ret,
                                  keel_err *reterr);

#endif
