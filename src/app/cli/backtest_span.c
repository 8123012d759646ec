/* app/cli/backtest_span.c: see backtest_span.h. */
#include "app/cli/backtest_span.h"

#include <stdlib.h>
#include <string.h>

#include "app/cli/backtest_accounts.h"
#include "app/cli/backtest_internal.h"

typedef struct span_job {
    keel_cli *cli;
    keel_run_config *run;
    keel_backtest_part *part;
    keel_backtest_data data;
    keel_backtest_accounts accounts;
} span_job;

static int begin(span_job *j, const keel_backtest_span_options *o) {
    int32_t count = keel_run_config_count(j->run);
    j->part = keel_backtest_parts_new(j->run);
    if (!j->part)
        return keel_err_set(keel_cli_err(j->cli), KEEL_E_NOMEM, "out of memory: strategies: close other programs");
    keel_backtest_needs needs = {.run = j->run,
                                 .part = j->part,
                                 .part_count = count,
                                 .accept_gaps = o->accept_gaps,
                                 .accept_moves = o->accept_moves,
                                 .no_funding = o->no_funding,
                                 .runs = count > 1 ? count + 1 : 1};
    return keel_backtest_data_load(&needs, &j->data, keel_cli_err(j->cli));
}

static void done(span_job *j) {
    keel_backtest_accounts_done(&j->accounts);
    keel_backtest_data_done(&j->data);
    free(j->part);
}

static void describe(const span_job *j, keel_backtest_span *ret) {
    memset(ret, 0, sizeof *ret);
    ret->start_ms = j->data.start_ms;
    ret->end_ms = j->data.end_ms;
    ret->bars = (j->data.end_ms - j->data.start_ms) / j->run->timeframe_ms;
}

static int keep_equity(const keel_exec_result *r, keel_backtest_span *ret, keel_err *err) {
    size_t size = (size_t)(r->equity_count > 0 ? r->equity_count : 1) * sizeof(int64_t);
    ret->equity_ts_ms = malloc(size);
    ret->equity_e8 = malloc(size);
    if (!ret->equity_ts_ms || !ret->equity_e8) {
        keel_backtest_span_done(ret);
        return keel_err_set(err, KEEL_E_NOMEM, "out of memory: equity: shorten the windows");
    }
    ret->equity_count = r->equity_count;
    if (r->equity_count > 0) {
        memcpy(ret->equity_ts_ms, r->equity_ts_ms, size);
        memcpy(ret->equity_e8, r->equity_e8, size);
    }
    return 0;
}

void keel_backtest_span_done(keel_backtest_span *s) {
    free(s->equity_ts_ms);
    free(s->equity_e8);
    s->equity_ts_ms = s->equity_e8 = NULL;
    s->equity_count = 0;
}

static int run_it(span_job *j, const keel_backtest_span_options *o, keel_backtest_span *ret) {
    keel_err *err = keel_cli_err(j->cli);
    keel_exec_options options = {.capital_e8 = j->run->starting_balance_usd_e8,
                                 .close_at_end = 1,
                                 .interrupted = keel_cli_interrupted,
                                 .stall_s = o->stall_s};
    KEEL_TRY(begin(j, o));
    KEEL_TRY(keel_backtest_accounts_plan(j->run, j->part, &j->data, &j->accounts, err));
    KEEL_TRY(keel_backtest_accounts_run(j->run, &j->data, &options, &j->accounts, err));
    describe(j, ret);
    ret->state_hash = j->accounts.all.state_hash;
    keel_backtest_run run = keel_backtest_run_of(&j->accounts.all, j->run->strategy);
    keel_backtest_scale scale = {.start_ms = ret->start_ms,
                                 .end_ms = ret->end_ms,
                                 .start_e8 = j->run->starting_balance_usd_e8,
                                 .can_owe = keel_run_config_can_owe(j->run)};
    KEEL_TRY(keel_backtest_summarise(&run, &scale, &ret->summary, err));
    return o->keep_equity ? keep_equity(&j->accounts.all, ret, err) : 0;
}

int keel_backtest_span_scope(keel_cli *cli, keel_run_config *run, const keel_backtest_span_options *options,
                             keel_backtest_span *ret) {
    span_job j = {.cli = cli, .run = run};
    int rc = begin(&j, options);
    if (rc == 0) describe(&j, ret);
    int spot = rc == 0 && strcmp(j.data.market, "spot") == 0;
    done(&j);
    if (spot && !keel_config_is_given(run->config, "account.allow_short"))
        rc = keel_run_config_preset(cli, run, "account.allow_short", "false", "spot account");
    return rc;
}

int keel_backtest_span_run(keel_cli *cli, keel_run_config *run, const keel_timerange *range,
                           const keel_backtest_span_options *options, keel_backtest_span *ret) {
    span_job j = {.cli = cli, .run = run};
    keel_timerange was = run->range;
    run->range = *range;
    int rc = run_it(&j, options, ret);
    run->range = was;
    done(&j);
    return rc;
}
