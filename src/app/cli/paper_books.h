/* app/cli/paper_books.h: what a run by the engine came to, in the terms of a backtest: trades, equity, tallies. */
#ifndef KEEL_APP_CLI_PAPER_BOOKS_H
#define KEEL_APP_CLI_PAPER_BOOKS_H

#include "app/cli/backtest_exec.h"
#include "edge/sim/venue.h"
#include "engine/engine.h"
#include "ops/shadow/shadow.h"

typedef struct keel_paper_books {
    keel_exec_result result; /* so far; account, final_e8, state_hash and open_* by keel_paper_books_result */
    keel_lane lane;          /* of which only what makes tallies is used */
    uint64_t exit_input[KEEL_SYMBOLS_MAX]; /* input of the last order that closes */
    int64_t trade_cap, equity_cap;
    int32_t symbol_count;
    int no_memory;
    keel_shadow shadow; /* looks at every event, when shadowed */
    int shadowed;
    keel_sim_venue *venue; /* kept with them in a snapshot; NULL: none */
    void (*progress)(void *data, int64_t bars_done);
    void *progress_data;
    int64_t start_ms, interval_ms; /* of the tape, for progress */
} keel_paper_books;

void keel_paper_books_init(keel_paper_books *b, int64_t capital_e8, int32_t symbol_count);
void keel_paper_books_done(keel_paper_books *b);

/* From the first event on a second bookkeeping looks at the core's books after each one. The plan is not kept. */
void keel_paper_books_shadow(keel_paper_books *b, const keel_engine_plan *plan);

/* For the engine's options. */
keel_engine_watch keel_paper_books_watch(keel_paper_books *b);

/* What it came to; the caller owns it afterwards. KEEL_E_NOMEM when something did not fit on the way. */
KEEL_MUST_USE int keel_paper_books_result(keel_paper_books *b, const keel_state *st, const keel_params *p,
                                          keel_exec_result *ret, keel_err *reterr);

#endif
