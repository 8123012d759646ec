/* app/cli/backtest_internal.h: what the files of the backtest report share. */
#ifndef KEEL_APP_CLI_BACKTEST_INTERNAL_H
#define KEEL_APP_CLI_BACKTEST_INTERNAL_H

#include "app/cli/backtest_report.h"

/* "X_STOP"; "UNKNOWN" for a number that is not in the list. Static. */
const char *keel_backtest_reason_name(int32_t reason);
/* "low", "medium", "high"; static. */
const char *keel_backtest_confidence_name(int32_t confidence);
/* "error", "warning", "info"; static. */
const char *keel_backtest_severity_name(int32_t severity);

/* What the figures of an account are measured against. */
typedef struct keel_backtest_scale {
    int64_t start_ms, end_ms; /* the range */
    int64_t start_e8;         /* starting balance */
    int32_t can_owe;          /* leverage above 1 or shorts allowed */
    int32_t reserved;
} keel_backtest_scale;

/* Figures of one account, after checking that each trade and the whole balance to the last unit.
 * Returns 0, KEEL_E_PARITY (the books are broken: the line says where), KEEL_E_RANGE, KEEL_E_NOMEM. */
KEEL_MUST_USE int keel_backtest_summarise(const keel_backtest_run *run, const keel_backtest_scale *scale,
                                          keel_stats_summary *ret, keel_err *reterr);

/* Index of the strategy whose trade `index` of the run is. */
int32_t keel_backtest_strategy_of(const keel_backtest_result *in, int64_t index);

/* Fill the by_* groups. Returns 0 or KEEL_E_NOMEM. */
KEEL_MUST_USE int keel_backtest_groups_make(keel_backtest_report *report, keel_err *reterr);
void keel_backtest_groups_free(keel_backtest_report *report);

/* Fill findings from the figures and groups, which must be there. */
void keel_backtest_findings_make(keel_backtest_report *report);

/* Change of price over the range, mean over symbols with known prices, per cent. */
keel_stat keel_backtest_market_change_pct(const keel_backtest_result *in);

/* The section per_strategy of the document. */
void keel_backtest_strategies_json(const keel_backtest_report *report, keel_json *j);

/* Member `strategies` of a manifest: of each its label, the hash of its file, and what it says of itself. */
void keel_backtest_declared_json(const keel_backtest_result *in, keel_json *j);

/* The figures of one group, as keys of the object that is open. */
void keel_backtest_group_json(const keel_backtest_report *report, const keel_stats_tally *t, keel_json *j);

/* pnl as per cent of the starting balance. */
double keel_backtest_pct_of_start(const keel_backtest_result *in, int64_t amount_e8);

/* keel_backtest_equity_csv with only the rows that kept[equity_count] marks; NULL: all. Drawdowns are those of all
 * samples. */
void keel_backtest_equity_csv_kept(const keel_backtest_result *in, const unsigned char *kept, keel_strbuf *out);

/* Entry signals held back, all reasons. */
int64_t keel_backtest_held_count(const keel_backtest_result *in);

#endif
