/* journal/reader.h: the caller's records of a journal, in order, from any sequence number.
 *
 * A reader judges checksums and order as it goes, not the chain (keel_journal_inspect does). It takes no lock. */
#ifndef KEEL_JOURNAL_READER_H
#define KEEL_JOURNAL_READER_H

#include "journal/inspect.h"

typedef struct keel_journal_reader keel_journal_reader;

/* where->name and where->key as for keel_journal_inspect; the strings are borrowed until close. KEEL_E_* as there. */
KEEL_MUST_USE int keel_journal_reader_open(const keel_journal_where *where, keel_journal_reader **ret,
                                           keel_err *reterr);
void keel_journal_reader_close(keel_journal_reader *r); /* NULL allowed */

/* Which journal of the folder it is; borrowed until close. */
const char *keel_journal_reader_name(const keel_journal_reader *r);

/* The next record; its payload is borrowed until the next call. 1, or 0 at the end of the journal; KEEL_E_PARITY where
 * the next record is not right, torn ends included, with file and offset in the line; KEEL_E_GATE when it is
 * encrypted and no key was given; KEEL_E_VERSION, KEEL_E_IO, KEEL_E_NOMEM. */
KEEL_MUST_USE int keel_journal_reader_next(keel_journal_reader *r, keel_journal_record *ret, keel_err *reterr);

/* Go to a record: the next one that keel_journal_reader_next gives has this number, or there is none (then it gives 0).
 * KEEL_E_RANGE when the journal was compacted and begins later. Costs the reading of part of one segment. */
KEEL_MUST_USE int keel_journal_reader_seek(keel_journal_reader *r, uint64_t seq, keel_err *reterr);

#endif
