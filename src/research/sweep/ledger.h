/* research/sweep/ledger.h: every trial that was ever run on the data of a store, in a file that only grows.
 *
 * Who tries a thousand configurations and reports one has found the best of a thousand draws. How many were tried is
 * therefore counted by the engine itself, across sweeps, and belongs to the data: a trial counts for another sweep when
 * both used a series of one venue and symbol over times that overlap, whatever strategy, interval or range was used.
 * The same trial run again is not a new hypothesis: distinct trial hashes are counted.
 *
 * File, text: first line "keel.trial_ledger 1", then per line one record and its chain,
 *   S <sweep_id> <build> <strategy> <venue> <interval_ms> <start_ms> <end_ms> <dataset_hash> <symbol,symbol...> <chain>
 *   T <sweep_id> <trial_hash> <sharpe or -> <psr or -> <chain>
 * chain = SHA-256 over the chain of the line before (64 hex digits; of the first line: SHA-256 of its text) and the
 * record's text. Blanks, '%' and ',' inside names are written %20, %25, %2C. A last line without '\n' was never
 * acknowledged and is cut off by the next writer. Writers take a lock for each append; readers need none. */
#ifndef KEEL_RESEARCH_SWEEP_LEDGER_H
#define KEEL_RESEARCH_SWEEP_LEDGER_H

#include <stdint.h>

#include "base/err.h"
#include "stats/stat.h"

typedef struct keel_ledger keel_ledger;

/* What a sweep is run on. Borrowed texts. */
typedef struct keel_ledger_scope {
    const char *sweep_id, *build, *strategy, *venue, *dataset_hash;
    const char *const *symbols; /* [symbol_count] traded ones */
    int32_t symbol_count;
    int32_t reserved;
    int64_t interval_ms, start_ms, end_ms;
} keel_ledger_scope;

typedef struct keel_ledger_trial {
    const char *trial_hash; /* 64 hex digits */
    keel_stat sharpe, psr;
} keel_ledger_trial;

/* Open for reading and appending, made when absent. The whole chain is checked.
 * Returns 0, KEEL_E_IO, KEEL_E_PARITY (a line does not follow from the one before: it names the line), KEEL_E_VERSION,
 * KEEL_E_NOMEM; line set. Handed to the caller: keel_ledger_close (NULL allowed). */
KEEL_MUST_USE int keel_ledger_open(const char *path, keel_ledger **ret, keel_err *reterr);
void keel_ledger_close(keel_ledger *l);

/* Append trials of a sweep, and the sweep itself when it is new. A trial that this sweep has in the ledger already, or
 * earlier among these, is skipped: going on after an interruption counts nothing twice. All or nothing; on disk when it
 * returns. Returns 0, KEEL_E_IO, KEEL_E_PARITY (somebody else damaged the file meanwhile), KEEL_E_NOMEM. */
KEEL_MUST_USE int keel_ledger_append(keel_ledger *l, const keel_ledger_scope *scope, const keel_ledger_trial trials[],
                                     int64_t count, keel_err *reterr);

/* What was spent on the data of a scope, this sweep included. */
typedef struct keel_ledger_spent {
    int64_t trials; /* distinct */
    int64_t sweeps;
    double *sharpe; /* [sharpe_count], of those that have one, annualised; owned */
    int64_t sharpe_count;
    double *p; /* [trials] 1 - psr, 1 where there is none; owned */
} keel_ledger_spent;

/* Returns 0 or KEEL_E_NOMEM. keel_ledger_spent_done frees. */
KEEL_MUST_USE int keel_ledger_spent_on(const keel_ledger *l, const keel_ledger_scope *scope, keel_ledger_spent *ret,
                                       keel_err *reterr);
void keel_ledger_spent_done(keel_ledger_spent *s);

#endif
