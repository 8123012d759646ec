/* ops/forensic/retain.h: closed parts of a run's log that are older, or more, than one keeps are removed: the oldest of
 * a stream first, so that what is left has no gap.
 *
 * Never removed: what is not closed, the newest closed part of each stream, rollups/run.json, incidents, the audit
 * trail, the journal. Nothing is removed of a run that has not ended, whose audit trail is not what was written, or
 * whose parts cannot be read to their end, and no events of a run whose journal was compacted. What goes is ordered in
 * the trail, durably, before the first file goes.
 *
 * Seams: port/fs.h, port/clock.h. */
#ifndef KEEL_OPS_FORENSIC_RETAIN_H
#define KEEL_OPS_FORENSIC_RETAIN_H

#include "ops/forensic/audit.h"

/* X(NAME, stream, days by default): in the order in which they give way to a limit of size. */
#define KEEL_RETAIN_STREAMS(X)        \
    X(TRACE, "trace", 7)              \
    X(METRICS, "metrics", 90)         \
    X(ROLLUPS, "rollups/hourly", 365) \
    X(EVENTS, "events", 365)

typedef enum keel_retain_stream {
#define KEEL_RETAIN_ENUM(name, stream, days) KEEL_RETAIN_##name,
    KEEL_RETAIN_STREAMS(KEEL_RETAIN_ENUM)
#undef KEEL_RETAIN_ENUM
        KEEL_RETAIN_COUNT
} keel_retain_stream;

const char *keel_retain_name(keel_retain_stream stream); /* "rollups/hourly"; static storage */
int64_t keel_retain_default_ms(keel_retain_stream stream);

typedef struct keel_retain_rules {
    int64_t keep_ms[KEEL_RETAIN_COUNT]; /* since a part was closed, by the machine's clock; 0: for ever */
    int64_t size_max;                   /* bytes of all parts together, open ones too; 0: no limit */
} keel_retain_rules;

/* Of one stream: parts first to last go, and the records from_seq to to_seq with them. last 0: none. */
typedef struct keel_retain_cut {
    uint32_t first, last;
    uint64_t from_seq, to_seq;
    int64_t bytes;
    int by_size; /* 1: some go for the limit of size; 0: all for their age */
} keel_retain_cut;

typedef struct keel_retain_plan {
    keel_retain_cut cut[KEEL_RETAIN_COUNT];
    int64_t bytes, bytes_left; /* that go; of all parts that stay */
    int compacted;             /* 1: the run's journal was compacted: events stay, nothing makes them again */
} keel_retain_plan;

/* What the rules would remove of the run that trail->dir is. Reads every part that would go. Returns 0,
 * KEEL_E_NOT_FOUND (no run), KEEL_E_GATE (the run has not ended; files that others may read), KEEL_E_PARITY (the trail
 * is not as it was written), KEEL_E_DATA (a part is missing or damaged), KEEL_E_IO, KEEL_E_NOMEM. */
KEEL_MUST_USE int keel_retain_look(const keel_audit *trail, const keel_retain_rules *rules, keel_retain_plan *ret,
                                   keel_err *reterr);

/* Who wants it, as in the trail. */
typedef struct keel_retain_order {
    const char *actor;
    const char *reason; /* stands in the trail behind the rule that each removal follows; NULL: the rule alone */
} keel_retain_order;

/* Remove what a look found, for each stream: ordered in the trail, removed, recorded, under the lock of the run's
 * journal. Errors of keel_audit_append, KEEL_E_GATE (the run was opened), KEEL_E_IO. What was removed before an error
 * is removed; another look finds the rest. */
KEEL_MUST_USE int keel_retain_remove(const keel_audit *trail, const keel_retain_order *order,
                                     const keel_retain_plan *plan, keel_err *reterr);

/* By the trail (as it stands; who needs to know verifies it): the last record of the stream that was ordered to go.
 * 0: none. Errors of the reader. */
KEEL_MUST_USE int keel_retain_removed(const keel_fs *fs, const char *dir, const char *stream, uint64_t *ret_to_seq,
                                      keel_err *reterr);

#endif
