/* journal/scrub.h: everything that lies in a journal's folder judged: segments and snapshots, at a gentle pace if
 * asked. */
#ifndef KEEL_JOURNAL_SCRUB_H
#define KEEL_JOURNAL_SCRUB_H

#include "journal/snapshot.h"
#include "port/clock.h"

typedef struct keel_journal_snapcheck {
    uint64_t seq;
    int code;      /* 0: whole; KEEL_E_PARITY, KEEL_E_VERSION, ... */
    char why[200]; /* "" when whole */
} keel_journal_snapcheck;

typedef struct keel_journal_scrubbed {
    keel_journal_report report;
    keel_journal_snapcheck *snapshots; /* [snapshot_count], newest first; free() */
    size_t snapshot_count;
    size_t snapshots_bad;
} keel_journal_scrubbed;

/* clock and bytes_per_s bound how fast the disk is read; NULL and 0: as fast as it goes. Results and errors as
 * keel_journal_inspect; damaged snapshots are results. */
KEEL_MUST_USE int keel_journal_scrub(const keel_journal_where *where, const keel_clock *clock, uint64_t bytes_per_s,
                                     keel_journal_scrubbed *ret, keel_err *reterr);

#endif
