/* app/cli/sweep_summary.c: see sweep_summary.h. */
#include "app/cli/sweep_summary.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/cli/backtest_format.h"
#include "app/cli/text_table.h"
#include "base/build.h"
#include "base/json_read.h"
#include "base/timerange.h"
#include "stats/deflated.h"
#include "stats/moments.h"
#include "stats/multiple.h"
#include "stats/ratio.h"

/* ---- significance ------------------------------------------------------------------------------------------ */

static keel_stat figure(const keel_tree *totals, const char *name) {
    return keel_metric_value(keel_metric_find(name), totals);
}

/* The adjusted p of the trial whose raw p is `p`; every such trial has the same. */
static int adjusted(keel_adjust how, const keel_ledger_spent *spent, double p, double *room, keel_stat *ret,
                    keel_err *err) {
    KEEL_TRY(keel_stats_adjust(how, spent->p, spent->trials, room, err));
    *ret = keel_stat_none();
    for (int64_t i = 0; i < spent->trials && !ret->defined; i++)
        if (spent->p[i] == p) *ret = keel_stat_of(room[i]);
    return 0;
}

static void deflate(const keel_ledger_spent *spent, const keel_tree *totals, keel_sweep_significance *ret) {
    const double year = sqrt((double)KEEL_STATS_DAYS_PER_YEAR);
    keel_stat sharpe = figure(totals, "sharpe"), skew = figure(totals, "skew"), kurtosis = figure(totals, "kurtosis");
    keel_stat days = figure(totals, "days"), spread = keel_stats_stddev(spent->sharpe, spent->sharpe_count);
    double deviation_day = spread.defined ? spread.value / year : 0.0;
    ret->sharpe_day = keel_stat_scale(sharpe, 1.0 / year);
    ret->sharpe_max_day = keel_stats_sharpe_max(deviation_day * deviation_day, (double)spent->trials);
    if (sharpe.defined && skew.defined && kurtosis.defined && days.defined && ret->sharpe_max_day.defined)
        ret->deflated_sharpe = keel_stats_sharpe_probability(ret->sharpe_day.value, ret->sharpe_max_day.value,
                                                             skew.value, kurtosis.value, (int64_t)days.value);
}

static void label(keel_sweep_significance *ret) {
    double worst = 1.0;
    if (ret->holm.defined && ret->deflated_sharpe.defined)
        worst = ret->holm.value > 1.0 - ret->deflated_sharpe.value ? ret->holm.value : 1.0 - ret->deflated_sharpe.value;
    ret->untrustworthy = 1;
    if (ret->trials > ret->limit)
        (void)snprintf(ret->why, sizeof ret->why, "%" PRId64 " trials were spent on this data, the limit is %" PRId64,
                       ret->trials, ret->limit);
    else if (!ret->p.defined)
        (void)snprintf(ret->why, sizeof ret->why, "the best trial has no Sharpe ratio to judge");
    else if (worst > KEEL_TRIAL_ALPHA)
        (void)snprintf(ret->why, sizeof ret->why, "corrected for %" PRId64 " trials, p = %.3g is above %.2f",
                       ret->trials, worst, KEEL_TRIAL_ALPHA);
    else
        ret->untrustworthy = 0;
}

static int judge(const keel_ledger_spent *spent, const keel_tree *totals, keel_sweep_significance *ret, keel_err *err) {
    keel_stat psr = figure(totals, "psr");
    if (psr.defined) ret->p = keel_stat_of(1.0 - psr.value);
    if (psr.defined && spent->trials > 0) {
        double *adjusted_p = calloc((size_t)spent->trials, sizeof *adjusted_p);
        if (!adjusted_p) return keel_err_set(err, KEEL_E_NOMEM, "out of memory: significance: close other programs");
        int rc = adjusted(KEEL_ADJUST_BONFERRONI, spent, ret->p.value, adjusted_p, &ret->bonferroni, err);
        if (rc == 0) rc = adjusted(KEEL_ADJUST_HOLM, spent, ret->p.value, adjusted_p, &ret->holm, err);
        if (rc == 0)
            rc = adjusted(KEEL_ADJUST_BENJAMINI_HOCHBERG, spent, ret->p.value, adjusted_p, &ret->benjamini_hochberg,
                          err);
        free(adjusted_p);
        if (rc != 0) return rc;
    }
    deflate(spent, totals, ret);
    return 0;
}

int keel_sweep_judge(const keel_ledger *ledger, const keel_ledger_scope *scope, const char *best_totals, int64_t limit,
                     keel_sweep_significance *ret, keel_err *reterr) {
    keel_ledger_spent spent;
    keel_tree *totals = NULL;
    memset(ret, 0, sizeof *ret);
    KEEL_TRY(keel_ledger_spent_on(ledger, scope, &spent, reterr));
    ret->trials = spent.trials;
    ret->sweeps = spent.sweeps;
    ret->limit = limit;
    int rc = best_totals[0] ? keel_json_parse(best_totals, strlen(best_totals), "totals", &totals, reterr) : 0;
    if (rc == 0 && totals) rc = judge(&spent, totals, ret, reterr);
    keel_tree_free(totals);
    keel_ledger_spent_done(&spent);
    if (rc == 0) label(ret);
    return rc;
}

/* ---- as a document ----------------------------------------------------------------------------------------- */

static void kstat(keel_json *j, const char *key, keel_stat s) {
    keel_json_key(j, key);
    if (s.defined)
        keel_json_double(j, s.value);
    else
        keel_json_null(j);
}

static void best_json(const keel_sweep_result *r, keel_json *j) {
    char hash[17];
    keel_json_key(j, "best");
    if (r->best_index < 0) {
        keel_json_null(j);
        return;
    }
    (void)snprintf(hash, sizeof hash, "%016" PRIx64, r->best_state_hash);
    keel_json_object(j);
    keel_json_kint(j, "trial", r->best_index);
    keel_json_kstring(j, "trial_hash", r->best_hash);
    keel_json_kstring(j, "state_hash", hash);
    keel_json_kdouble(j, "target", r->best_target);
    keel_json_key(j, "params");
    keel_json_raw(j, keel_strbuf_text(&r->best_params));
    keel_json_key(j, "totals");
    keel_json_raw(j, keel_strbuf_text(&r->best_totals));
    keel_json_close(j);
}

static void significance_json(const keel_sweep_significance *s, keel_json *j) {
    keel_json_key(j, "significance");
    keel_json_object(j);
    kstat(j, "p_value", s->p);
    kstat(j, "p_bonferroni", s->bonferroni);
    kstat(j, "p_holm", s->holm);
    kstat(j, "p_benjamini_hochberg", s->benjamini_hochberg);
    kstat(j, "sharpe_daily", s->sharpe_day);
    kstat(j, "sharpe_daily_expected_max", s->sharpe_max_day);
    kstat(j, "deflated_sharpe", s->deflated_sharpe);
    keel_json_kint(j, "trial_limit", s->limit);
    keel_json_kstring(j, "verdict", s->untrustworthy ? s->why : "holds after correction");
    keel_json_close(j);
}

void keel_sweep_summary_json(const keel_sweep_summary *s, keel_json *j) {
    const keel_sweep_result *r = s->result;
    char text[KEEL_TIME_TEXT_MAX];
    keel_json_object(j);
    keel_json_kstring(j, "schema", "keel.sweep_summary");
    keel_json_kint(j, "schema_version", 1);
    keel_json_kstring(j, "sweep_id", s->sweep_id);
    keel_json_kstring(j, "build", keel_build_id());
    keel_json_kstring(j, "strategy", s->strategy);
    keel_json_kstring(j, "sampler", keel_sampler_names[s->asked->sampler]);
    keel_json_kint(j, "seed", s->asked->seed);
    keel_json_kstring(j, "target", s->asked->objective.target->name);
    keel_json_kint(j, "trials", r->done);
    keel_json_kint(j, "failed", r->failed);
    keel_json_kint(j, "pruned", r->pruned);
    keel_json_kint(j, "infeasible", r->infeasible);
    keel_json_kint(j, "resumed", r->resumed);
    keel_json_kstring(j, "device", s->device ? s->device : "cpu");
    keel_json_kstring(j, "device_name", s->device_name);
    keel_json_kstring(j, "device_lost", s->device_lost);
    keel_json_kint(j, "threads", s->threads);
    keel_json_kdouble(j, "wall_seconds", s->wall_seconds);
    kstat(j, "configuration_bars_per_second",
          s->wall_seconds > 0.0 && r->bars_run > 0 ? keel_stat_of((double)r->bars_run / s->wall_seconds)
                                                   : keel_stat_none());
    keel_json_kint(j, "memory_bytes", s->memory_bytes);
    keel_json_kint(j, "memory_bytes_per_10000_trials", s->memory_bytes_per_10000);
    keel_json_kstring(j, "trials_file", s->trials_file);
    keel_json_kstring(j, "dataset_hash", s->data->dataset_hash);
    keel_json_key(j, "effective_range");
    keel_json_object(j);
    keel_json_kstring(j, "start", keel_time_format(s->data->start_ms, text));
    keel_json_kstring(j, "end", keel_time_format(s->data->end_ms, text));
    keel_json_close(j);
    best_json(r, j);
    keel_json_kint(j, "trials_spent_on_dataset", s->significance->trials);
    keel_json_kint(j, "sweeps_on_dataset", s->significance->sweeps);
    significance_json(s->significance, j);
    keel_json_key(j, "labels");
    keel_json_array(j);
    if (s->significance->untrustworthy) keel_json_string(j, KEEL_LABEL_UNTRUSTWORTHY);
    keel_json_close(j);
    keel_json_key(j, "warnings");
    keel_json_array(j);
    for (int32_t i = 0; i < s->data->warning_count; i++)
        keel_json_string(j, s->data->warnings[i]);
    keel_json_close(j);
    keel_json_close(j);
}

/* ---- as a table -------------------------------------------------------------------------------------------- */

static void line(keel_table *t, const char *name, keel_cell value) {
    keel_table_row(t, (const char *const[]){name, value.text});
}

static void significance_lines(const keel_sweep_significance *s, keel_table *t) {
    line(t, "Trials spent on this data", keel_cell_text("%" PRId64 " in %" PRId64 " sweeps", s->trials, s->sweeps));
    if (s->p.defined) line(t, "p of the best, raw", keel_cell_text("%.3g", s->p.value));
    if (s->holm.defined)
        line(t, "p Bonferroni / Holm / BH",
             keel_cell_text("%.3g / %.3g / %.3g", s->bonferroni.value, s->holm.value, s->benjamini_hochberg.value));
    if (s->deflated_sharpe.defined) line(t, "Deflated Sharpe ratio", keel_cell_text("%.4f", s->deflated_sharpe.value));
}

void keel_sweep_summary_text(const keel_sweep_summary *s, keel_strbuf *out) {
    static const char *const HEADERS[] = {"Sweep", "Value"};
    const keel_sweep_result *r = s->result;
    keel_table t;
    keel_table_init(&t, HEADERS, 2, 1);
    line(&t, "Id", keel_cell_text("%s", s->sweep_id));
    line(&t, "Strategy", keel_cell_text("%s", s->strategy));
    line(&t, "Sampler, seed", keel_cell_text("%s, %" PRId64, keel_sampler_names[s->asked->sampler], s->asked->seed));
    line(&t, "Trials (failed, pruned)",
         keel_cell_text("%" PRId64 " (%" PRId64 ", %" PRId64 ")", r->done, r->failed, r->pruned));
    if (s->asked->objective.constraint_count > 0) line(&t, "Outside the constraints", keel_cell_count(r->infeasible));
    if (s->device) line(&t, "Device", keel_cell_text("%s, %.60s", s->device, s->device_name));
    line(&t, "Seconds, threads", keel_cell_text("%.2f, %d", s->wall_seconds, s->threads));
    if (s->wall_seconds > 0.0 && r->bars_run > 0)
        line(&t, "Configuration-bars per second", keel_cell_text("%.3g", (double)r->bars_run / s->wall_seconds));
    line(&t, "Memory, for 10,000 trials",
         keel_cell_text("%.1f MB, %.1f MB", (double)s->memory_bytes / 1e6, (double)s->memory_bytes_per_10000 / 1e6));
    if (r->best_index >= 0) {
        line(&t, "Best trial", keel_cell_text("%" PRId64 " %.16s", r->best_index, r->best_hash));
        char name[80];
        (void)snprintf(name, sizeof name, "Its %s", s->asked->objective.target->name);
        line(&t, name, keel_cell_text("%.6g", r->best_target));
    } else {
        line(&t, "Best trial", keel_cell_text("none has a target within the constraints"));
    }
    significance_lines(s->significance, &t);
    keel_table_print(&t, "SWEEP", KEEL_TABLE_WIDTH, out);
    keel_table_done(&t);
    if (r->best_index >= 0) {
        keel_strbuf_add(out, "\nBest parameters: ");
        keel_table_wrap(out, keel_strbuf_text(&r->best_params), 17, 2, KEEL_TABLE_WIDTH);
        keel_strbuf_addf(out, "Run it alone: keel backtest run --trial %.16s\n", r->best_hash);
    }
    if (s->significance->untrustworthy)
        keel_strbuf_addf(out, "\n%s: %s\n", KEEL_LABEL_UNTRUSTWORTHY, s->significance->why);
    keel_strbuf_addf(out, "\nTrials: %s\n", s->trials_file);
}
