/* app/cli/paper_several.h: a paper run of several strategies: each is the paper run that it would be alone, in the
 * folder strategies/NAME of the whole run, and the whole is added up from their journals. */
#ifndef KEEL_APP_CLI_PAPER_SEVERAL_H
#define KEEL_APP_CLI_PAPER_SEVERAL_H

#include "app/cli/backtest_accounts.h"
#include "app/cli/cli.h"
#include "app/cli/paper_group_control.h"

#define KEEL_PAPER_SEVERAL_FOLDER "strategies"
#define KEEL_PAPER_SEVERAL_LOCK KEEL_PAPER_SEVERAL_FOLDER "/run.lock" /* a strategy's name has no dot */

typedef struct keel_paper_several {
    keel_cli *cli;
    const keel_run_config *run;             /* accounts of their own */
    const keel_backtest_accounts *accounts; /* one per strategy */
    const char *folder, *run_id;            /* of the whole */
    const uint8_t *key;                     /* of the journals, NULL: in the clear */
    int together;                           /* 1: all at once; 0: as many as there are processors */
    /* The paper run of strategy i in that folder, in a process of its own, begun with what was asked before it began.
     * 0 or KEEL_E_* with the line in keel_cli_err(cli). */
    int (*work)(void *data, int32_t i, const char *folder, const keel_paper_asked_all *asked);
    /* The run's folder is locked and nothing has begun yet. */
    int (*begun)(void *data, keel_err *err);
    /* Of one whose process was ended by a signal, which could say nothing itself; in this process. */
    void (*crashed)(void *data, const char *folder, const char *why);
    void *data;
} keel_paper_several;

/* Run all to their end, and write strategies.json: what became of each. One that fails leaves the others running.
 * Meanwhile people can reach the whole (paper_group_control.h). The run is locked until this process ends, or until
 * this returns another code than 0; those of its strategies have ended by then. Returns 0 when all ended; KEEL_E_GATE
 * and nothing is written (another process has it); KEEL_E_INTERRUPTED, also when it was killed; the code of the first
 * that failed, line set; errors of keel_paper_group_run. */
KEEL_MUST_USE int keel_paper_several_run(const keel_paper_several *s, keel_err *err);

/* In place of a lane (keel_exec_body without `data`): what the strategy on this tape came to, by its journal, replayed.
 * KEEL_E_PARITY: it did not end, or differs from its record. */
KEEL_MUST_USE int keel_paper_several_result(const keel_paper_several *s, const keel_params *p, const keel_tape *tape,
                                            const keel_instrument *rules, const keel_exec_options *o,
                                            keel_exec_result *ret, keel_err *err);

/* The strategies that the strategies.json of a run's folder names, in order of name; none when there is no such file.
 * To be freed with keel_list_done, also after an error. KEEL_E_PARITY (not such a file), KEEL_E_IO, KEEL_E_NOMEM. */
KEEL_MUST_USE int keel_paper_several_names(const char *folder, keel_list *ret, keel_err *err);

/* 1: that file says that it came to its end. 0: it failed, was interrupted, has not ended, or nothing says so. */
int keel_paper_several_has_ended(const char *folder, const char *name);

/* For whoever looks at one strategy: 0, or KEEL_E_USAGE when the folder is of a run of several; the line says which
 * folders to name. */
KEEL_MUST_USE int keel_paper_several_refuse(const char *folder, keel_err *err);

#endif
