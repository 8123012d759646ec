/* app/cli/paper_start.h: what an engine is to run: its plan, and the first record of its journal, from which the plan
 * can be made again without any other file. */
#ifndef KEEL_APP_CLI_PAPER_START_H
#define KEEL_APP_CLI_PAPER_START_H

#include "app/cli/backtest_data.h"
#include "app/cli/paper_model.h"
#include "app/cli/run_config.h"
#include "engine/engine.h"

/* A plan and the memory it points to. */
typedef struct keel_paper_plan {
    keel_engine_plan plan;
    keel_params params[(1 + KEEL_REGIME_COUNT) * KEEL_ENGINE_SLEEVES_MAX];
    keel_signal_list signals[KEEL_ENGINE_SLEEVES_MAX];
    int32_t btc[KEEL_ENGINE_SLEEVES_MAX];
    keel_instrument rules[KEEL_SYMBOLS_MAX];
    int32_t sleeve[KEEL_SYMBOLS_MAX], watch_only[KEEL_SYMBOLS_MAX];
    int64_t slippage_bps[KEEL_SYMBOLS_MAX];
} keel_paper_plan;

/* From a tape and its configurations, with by_regime as lane/lane.h has it; `to` must not be moved afterwards. */
void keel_paper_plan_fill(const keel_kernel *kernel, const keel_params *p, int32_t by_regime, const keel_tape *tape,
                          const keel_instrument *rules, int64_t capital_e8, keel_paper_plan *to);

/* What the START record says besides the plan. */
typedef struct keel_paper_start {
    const keel_run_config *run; /* one strategy */
    const keel_backtest_data *data;
    const int32_t *series; /* [tape->symbol_count] of data */
    const char *run_id;
    const keel_paper_model *model;
    int flatten;
    const char *build, *core; /* NULL: this program's */
    int32_t behaviour;        /* of the engine that began it; 0: this one's, -1: the record has none */
} keel_paper_start;

/* The START record: docs/formats/engine_journal.md. */
void keel_paper_start_write(const keel_paper_start *s, const keel_paper_plan *plan, const keel_tape *tape,
                            keel_strbuf *out);

/* A journal that another build began: when nothing but the build differs and the core's text is the same, *out becomes
 * what is recorded, so that this build may go on, and the plan's behaviour what it was recorded with. Otherwise *out
 * stays as it is, for the engine to judge. Returns 0 or KEEL_E_USAGE (the same run by a build whose core is another).
 */
KEEL_MUST_USE int keel_paper_start_adopt(const keel_journal_where *where, const keel_paper_start *s,
                                         keel_paper_plan *plan, const keel_tape *tape, keel_strbuf *out, keel_err *err);

/* A journal's run, opened again: configuration, plan, names. */
typedef struct keel_paper_opened {
    keel_tree *tree;
    keel_run_config run;
    keel_paper_plan plan;
    const char *symbols[KEEL_SYMBOLS_MAX];
    const char *run_id, *config_id, *dataset_hash, *build, *venue, *strategy; /* borrowed from tree */
    const char *core; /* SHA-256 of the core's text; NULL: not recorded */
    keel_paper_model model;
    int64_t bars, trade_from, ratio; /* of the tape it was fed from */
    int flatten;
} keel_paper_opened;

/* With which behaviour was this journal begun? plan->plan.behaviour becomes it. Where it has no number, those that had
 * none yet are tried, the last one first; when it is none of them, the last one, for whoever replays then to say so.
 * Returns 0, KEEL_E_VERSION (begun by a newer engine), errors of keel_engine_start_of, KEEL_E_INTERRUPTED. */
KEEL_MUST_USE int keel_paper_start_behaviour(const keel_journal_where *where, keel_paper_plan *plan,
                                             int (*interrupted)(void), keel_err *err);

/* Read a START record. Returns 0, KEEL_E_PARITY (not such a record; the configuration it holds is not the one it names:
 * a strategy's file has changed), KEEL_E_VERSION, errors of keel_run_config_open. keel_paper_opened_done also then. */
KEEL_MUST_USE int keel_paper_start_read(keel_cli *cli, const char *text, size_t size, const char *name,
                                        keel_paper_opened *ret);
void keel_paper_opened_done(keel_paper_opened *o);

#endif
