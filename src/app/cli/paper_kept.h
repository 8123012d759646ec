/* app/cli/paper_kept.h: what a run by the engine keeps in its snapshots beside the engine: books, simulated venue,
 * shadow ledger. docs/formats/engine_journal.md lists the parts. */
#ifndef KEEL_APP_CLI_PAPER_KEPT_H
#define KEEL_APP_CLI_PAPER_KEPT_H

#include "app/cli/paper_books.h"

void keel_paper_kept_save(const keel_paper_books *b, keel_packed_writer *out);
/* As keel_engine_watch.load. */
KEEL_MUST_USE int keel_paper_kept_load(keel_paper_books *b, keel_packed_reader *in, int takes, keel_err *reterr);

/* Can this program read a snapshot? Everything is decoded, of every part, and the state's hash made again: `state_hash`
 * is what the journal says of it. KEEL_E_VERSION, KEEL_E_PARITY: no, and why; KEEL_E_NOMEM. */
KEEL_MUST_USE int keel_paper_kept_judge(const uint8_t *bytes, size_t size, uint64_t state_hash, keel_engine_kept *ret,
                                        keel_err *reterr);

#endif
