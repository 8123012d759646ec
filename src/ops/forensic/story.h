/* ops/forensic/story.h: what belongs together, from the events alone: a trade, an order, an event, a span of time. */
#ifndef KEEL_OPS_FORENSIC_STORY_H
#define KEEL_OPS_FORENSIC_STORY_H

#include "base/json.h"
#include "base/strbuf.h"
#include "ops/forensic/reader.h"

/* What is asked for. trade, order or event choose causes (corr_id): everything that carries one of them is told. Symbol
 * and span narrow it further. */
typedef struct keel_story_ask {
    int64_t trade;          /* 0: none */
    const char *order_id;   /* NULL: none; 16 hex digits */
    uint64_t event;         /* 0: none */
    const char *symbol;     /* NULL: all */
    int64_t from_ms, to_ms; /* INT64_MIN, INT64_MAX: open; both ends are told */
} keel_story_ask;

/* Each record of the story in order; the record's own line is text[size]. Not 0 ends the walk with that value. */
typedef int (*keel_story_visit)(void *data, const keel_log_record *r, const char *text, size_t size);

/* Returns 0, what visit returned, KEEL_E_NOT_FOUND (no log; no such trade, order or event), errors of the reader. */
KEEL_MUST_USE int keel_story_tell(const keel_fs *fs, const char *dir, const keel_story_ask *ask, keel_story_visit visit,
                                  void *data, keel_err *reterr);

/* One record as lines of at most 100 columns for people. */
void keel_story_lines(const keel_log_record *r, keel_strbuf *out);

#endif
