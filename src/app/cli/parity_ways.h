/* app/cli/parity_ways.h: one configuration over one recorded market, three ways: as a sweep makes it, as the plain loop
 * replays it, as the engine trades it. A strategy of a file goes each way in a child of its own (kernel/guard.h): the
 * caller has one thread then, and KEEL_E_ERROR says how the strategy ended a run. */
#ifndef KEEL_APP_CLI_PARITY_WAYS_H
#define KEEL_APP_CLI_PARITY_WAYS_H

#include "app/cli/backtest_exec.h"
#include "app/cli/paper_start.h"
#include "app/cli/run_config.h"
#include "app/cli/sweep_device.h"

/* What is run. Borrowed. */
typedef struct keel_parity_subject {
    const keel_run_config *run; /* one strategy */
    const keel_tape *tape;
    const keel_instrument *rules; /* [tape->symbol_count] */
    int close_at_end;
} keel_parity_subject;

/* The plain loop: signals stepped bar by bar, no bar passed over. ret is the caller's, keel_exec_done; of it trades,
 * state_hash and final_e8 are filled. Errors of keel_lane_run_go. */
KEEL_MUST_USE int keel_parity_replay(const keel_parity_subject *s, keel_exec_result *ret, keel_err *reterr);

/* The lanes of a sweep on the processor, or on `device` when there is one: in the same way. A group keeps no trades, so
 * they are those of the lane alone, which must end in the group's state: KEEL_E_PARITY, with ret filled. A strategy of
 * a file: as its trials run, one by one. */
KEEL_MUST_USE int keel_parity_sweep(const keel_parity_subject *s, keel_sweep_device *device, keel_exec_result *ret,
                                    keel_err *reterr);

/* The engine and its simulated venue, in this process and without a journal. */
KEEL_MUST_USE int keel_parity_engine(const keel_parity_subject *s, keel_exec_result *ret, keel_err *reterr);

/* A paper run from its journal: every command and mark is compared with the record. o: its START, opened;
 * s: what it runs. KEEL_E_PARITY when the journal is damaged, differs from what the core does, or has not ended. */
KEEL_MUST_USE int keel_parity_journal(const keel_parity_subject *s, const keel_paper_opened *o, const char *dir,
                                      const uint8_t *key, keel_exec_result *ret, keel_err *reterr);

#endif
