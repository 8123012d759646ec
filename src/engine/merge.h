/* engine/merge.h: several sources of inputs as one, in one total order.
 *
 * Of inputs that are there together the least goes first: by time, class, symbol, source, and place in its source. The
 * classes are control, order updates, funding, market, close of a bar, timer. A source's own inputs are never put in
 * another order: what it gives first happened first. An input that nobody waits for is not waited for: the first source
 * is the market's and its clock's, the others are only looked at, again each time that the market's waits. The numbers
 * of the market's inputs are given here. Thread: one. */
#ifndef KEEL_ENGINE_MERGE_H
#define KEEL_ENGINE_MERGE_H

#include "engine/engine.h"

enum { KEEL_MERGE_SOURCES = 4 };

enum { /* class of an input, in order */
       KEEL_CLASS_CONTROL = 0,
       KEEL_CLASS_ORDER = 1,
       KEEL_CLASS_FUNDING = 2,
       KEEL_CLASS_MARKET = 3,
       KEEL_CLASS_BAR = 4,
       KEEL_CLASS_TIMER = 5
};

typedef struct keel_input_key {
    int64_t ts_ms;
    int32_t class_of, symbol, source; /* symbol: of its first piece or settlement, -1: none */
    uint64_t source_seq;
} keel_input_key;

keel_input_key keel_input_key_of(const keel_input *in, int32_t source, uint64_t source_seq);
/* Below 0, 0, above 0. */
int keel_input_key_compare(const keel_input_key *a, const keel_input_key *b);

typedef struct keel_merge_lane {
    const keel_engine_source *source;
    keel_input head; /* when has_head */
    int has_head, ended;
    uint64_t seq; /* of the head, from 1 */
} keel_merge_lane;

typedef struct keel_engine_merge {
    keel_engine_source port; /* port.ctx is this record: it must not be moved */
    keel_merge_lane lane[KEEL_MERGE_SOURCES];
    int32_t count;
    uint64_t number; /* of the last input of the market that was given out */
} keel_engine_merge;

/* Sources are borrowed, 1 to KEEL_MERGE_SOURCES of them; number: of the last input that was worked through. When the
 * first source ends, so does the merge. */
void keel_engine_merge_init(keel_engine_merge *m, const keel_engine_source *const *sources, int32_t count,
                            uint64_t number);
void keel_engine_merge_done(keel_engine_merge *m);

#endif
