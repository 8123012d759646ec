/* journal/patrol.h: the sealed segments of a journal that is being written, judged again, some bytes at a time.
 *
 * What was sealed never changes: whatever differs is damage, which a start would meet when it is too late. Every byte
 * is read, each checksum, chain link and signature judged as keel journal verify does, and each segment held against
 * what the next one, or the writer itself, says of it. Encrypted blocks are judged as wholes.
 *
 * Thread: the writer's. It reads, and changes nothing. Memory: one window of a mebibyte, or the largest record. What
 * the system still holds in its memory is read from there, and not from the disk. */
#ifndef KEEL_JOURNAL_PATROL_H
#define KEEL_JOURNAL_PATROL_H

#include "journal/journal.h"

typedef struct keel_journal_patrol keel_journal_patrol;

typedef struct keel_journal_found {
    keel_journal_verdict verdict;
    char file[KEEL_JOURNAL_FILE_MAX];
    uint64_t segment, offset; /* the first byte that is known to be wrong, or the record it lies in */
    char why[240];
} keel_journal_found;

enum { KEEL_PATROL_MORE = 0, KEEL_PATROL_DONE = 1, KEEL_PATROL_FOUND = 2, KEEL_PATROL_ENDED = 3 };

/* Borrows the writer until keel_journal_patrol_free (NULL allowed). NULL: no memory. */
keel_journal_patrol *keel_journal_patrol_new(const keel_journal *j);
void keel_journal_patrol_free(keel_journal_patrol *p);

/* Judge about so many bytes more, at least one record or the opening of a file.
 * Returns KEEL_PATROL_MORE; _FOUND with *ret written: what is behind it in its segment is not judged, the next call
 * goes on with the segment behind that, which nothing is left to be held against; _DONE: every sealed segment was
 * judged since the first call, or the last DONE or ENDED, and is whole, _ENDED: something was found, and either way the
 * next call begins anew, as it does behind KEEL_E_NOMEM. *ret_bytes: how many were judged. */
int keel_journal_patrol_some(keel_journal_patrol *p, uint64_t bytes, uint64_t *ret_bytes, keel_journal_found *ret);

#endif
