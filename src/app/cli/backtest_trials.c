/* app/cli/backtest_trials.c: see backtest_trials.h. */
#include "app/cli/backtest_trials.h"

#include <stdio.h>
#include <unistd.h>

#include "research/sweep/ledger.h"

static int count(const char *path, const keel_run_config *run, const keel_backtest_data *data,
                 keel_backtest_trials *ret, keel_err *err) {
    const char *symbols[KEEL_SYMBOLS_MAX];
    keel_ledger_scope scope = {.sweep_id = "-",
                               .venue = data->venue,
                               .dataset_hash = data->dataset_hash,
                               .symbols = symbols,
                               .interval_ms = run->timeframe_ms,
                               .start_ms = data->start_ms,
                               .end_ms = data->end_ms};
    keel_ledger *ledger = NULL;
    keel_ledger_spent spent;
    for (int32_t i = 0; i < data->count; i++)
        if (!data->series[i].watch_only) symbols[scope.symbol_count++] = data->series[i].name;
    KEEL_TRY(keel_ledger_open(path, &ledger, err));
    int rc = keel_ledger_spent_on(ledger, &scope, &spent, err);
    if (rc == 0) {
        ret->count = spent.trials;
        ret->sweeps = (int32_t)spent.sweeps;
        keel_ledger_spent_done(&spent);
    }
    keel_ledger_close(ledger);
    return rc;
}

int keel_backtest_trials_count(const keel_run_config *run, keel_backtest_data *data, keel_backtest_trials *ret,
                               keel_err *reterr) {
    char path[4096];
    keel_err why = {0};
    ret->count = ret->sweeps = 0;
    if (snprintf(path, sizeof path, "%s/trials.ledger", run->store) >= (int)sizeof path || access(path, F_OK) != 0)
        return 0;
    int rc = count(path, run, data, ret, &why);
    if (rc == 0) return 0;
    ret->count = -1;
    if (rc == KEEL_E_NOMEM) return keel_err_set(reterr, rc, "%s", why.text);
    keel_backtest_warn(data, "trials spent on this data are not known: %.300s", why.text);
    return 0;
}
