/* app/cli/backtest_tell.c: what a finished backtest is told as: its result from the pieces of the job, then files,
 * folder and page. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/cli/backtest_internal.h"
#include "app/cli/backtest_job.h"
#include "app/cli/backtest_keep.h"
#include "app/cli/backtest_states.h"
#include "base/build.h"
#include "base/file.h"
#include "core/strategy/strategy.h"

enum { HOLDS = KEEL_LANE_HOLDS, SETTINGS = 14 };

static const char *const GATE_NAMES[KEEL_GATE_COUNT] = {
#define NAME(name, number, label, sentence) label,
    KEEL_GATES(NAME)
#undef NAME
};

/* Storage for the parts of a report that are built here. */
typedef struct parts {
    keel_backtest_symbol symbols[KEEL_SYMBOLS_MAX];
    keel_backtest_run baselines[KEEL_BACKTEST_BASELINES];
    keel_backtest_strategy strategies[KEEL_RUN_PARTS_MAX];
    keel_backtest_count holds[HOLDS], gates[KEEL_GATE_COUNT];
    keel_backtest_setting settings[SETTINGS];
    char setting_text[SETTINGS][48];
    const char *warnings[KEEL_BACKTEST_WARNINGS];
    char timeframe[KEEL_DURATION_TEXT_MAX], detail[KEEL_DURATION_TEXT_MAX];
    char regime_note[KEEL_REGIME_NOTE_SIZE];
    uint8_t *states; /* owned */
    keel_backtest_result result;
} parts;

static void add_setting(parts *x, const char *key, const char *format, ...) KEEL_PRINTF(3, 4);
static void add_setting(parts *x, const char *key, const char *format, ...) {
    int32_t i = x->result.setting_count++;
    va_list args;
    KEEL_ASSERT(i < (int32_t)(sizeof x->settings / sizeof *x->settings));
    va_start(args, format);
    (void)vsnprintf(x->setting_text[i], sizeof x->setting_text[i], format, args);
    va_end(args);
    x->settings[i] = (keel_backtest_setting){.key = key, .json = x->setting_text[i]};
}

static void add_settings(const keel_backtest_job *b, parts *x) {
    const keel_params *p = &b->run.params;
    keel_paper_model model = {0};
    if (b->mode && b->mode->model) model = *b->mode->model;
    int spot = strcmp(b->data.market, "spot") == 0;
    add_setting(x, "taker_fee_bps", "%.10g", (double)p->taker_fee_bps / KEEL_PARAM_SCALE_BPS);
    add_setting(x, "maker_fee_bps", "%.10g", (double)p->maker_fee_bps / KEEL_PARAM_SCALE_BPS);
    add_setting(x, "slippage_bps", "%.10g", (double)p->slippage_bps / KEEL_PARAM_SCALE_BPS);
    add_setting(x, "leverage", "%.10g", p->leverage);
    add_setting(x, "fill_model", "\"bars_next_open\"");
    add_setting(x, "funding", "%s", !spot && !b->asked.no_funding ? "true" : "false");
    add_setting(x, "borrow_rate_annual", "%.10g", spot ? p->borrow_rate_annual : 0.0);
    add_setting(x, "latency_ms", "%lld", (long long)model.sim.latency_ms);
    add_setting(x, "partial_fills", "%s", model.sim.fill_share_e8 ? "true" : "false");
    add_setting(x, "fill_share", "%.10g", model.sim.fill_share_e8 ? (double)model.sim.fill_share_e8 / 1e8 : 1.0);
    add_setting(x, "queue_every", "%lld", (long long)model.sim.queue_every);
    add_setting(x, "reject_every", "%lld", (long long)model.sim.reject_every);
    add_setting(x, "late_every", "%lld", (long long)model.late_every);
    add_setting(x, "close_at_end", "%s", b->asked.keep_open ? "false" : "true");
}

static void add_counts(const keel_lane_tally *t, parts *x) {
    for (int32_t i = 0; i < HOLDS; i++)
        if (t->holds[i] > 0)
            x->holds[x->result.hold_count++] =
                (keel_backtest_count){.name = keel_backtest_reason_name(KEEL_H_GATE + i), .count = t->holds[i]};
    for (int32_t i = 0; i < KEEL_GATE_COUNT; i++)
        if (t->gate_fails[i] > 0)
            x->gates[x->result.gate_count++] = (keel_backtest_count){.name = GATE_NAMES[i], .count = t->gate_fails[i]};
}

/* Positions at once: of each account the most that a strategy on it may have. */
static int64_t max_open(const keel_backtest_job *b) {
    int64_t sum = 0;
    for (int32_t i = 0; i < b->accounts.count; i++) {
        const keel_backtest_account *a = &b->accounts.items[i];
        int32_t most = 0;
        for (int32_t k = 0; k < a->count; k++) {
            int32_t own = keel_run_config_at(&b->run, a->first + k)->params.max_positions;
            if (own > most) most = own;
        }
        sum += most;
    }
    return sum;
}

static void add_strategies(const keel_backtest_job *b, parts *x) {
    int32_t count = keel_run_config_count(&b->run);
    x->result.strategies = x->strategies;
    x->result.strategy_count = count;
    x->result.trade_strategy = b->accounts.trade_part;
    if (b->run.part_count) x->result.accounts = b->run.shared ? "shared" : "separate";
    for (int32_t i = 0; i < count; i++) {
        const keel_run_config *part = keel_run_config_at(&b->run, i);
        keel_backtest_strategy *s = &x->strategies[i];
        *s = (keel_backtest_strategy){.name = keel_run_config_label(&b->run, i),
                                      .strategy = part->strategy,
                                      .version = part->strategy_version,
                                      .text = &part->source.text,
                                      .sha256 = part->strategy_sha256,
                                      .symbols = part->symbols,
                                      .own_account = !b->run.shared};
        if (b->run.shared) continue;
        s->config_id = part->config_id;
        s->start_e8 = b->accounts.items[i].start_e8;
        s->run = keel_backtest_run_of(keel_backtest_accounts_result(&b->accounts, i), s->name);
    }
}

static void fill_result(const keel_backtest_job *b, parts *x) {
    const keel_backtest_data *d = &b->data;
    keel_backtest_result *r = &x->result;
    memset(x, 0, sizeof *x);
    keel_duration_format(b->run.timeframe_ms, x->timeframe);
    if (b->run.detail_ms > 0) keel_duration_format(b->run.detail_ms, x->detail);
    *r = (keel_backtest_result){.run_id = b->run_id,
                                .config_id = b->run.config_id,
                                .dataset_hash = d->dataset_hash,
                                .build = keel_build_id(),
                                .strategy = b->run.strategy,
                                .strategy_version = b->run.strategy_version,
                                .trading_mode = d->market,
                                .timeframe = x->timeframe,
                                .detail = b->run.detail_ms > 0 ? x->detail : NULL,
                                .max_open = max_open(b),
                                .start_ms = d->start_ms,
                                .end_ms = d->end_ms,
                                .bars_processed = b->accounts.all.tally.bars,
                                .wall_seconds = b->seconds,
                                .start_e8 = b->run.starting_balance_usd_e8,
                                .can_owe = keel_run_config_can_owe(&b->run),
                                .is_spot = strcmp(d->market, "spot") == 0,
                                .run = keel_backtest_run_of(&b->accounts.all, b->run.strategy),
                                .baselines = x->baselines,
                                .baseline_count = b->baseline_count,
                                .symbols = x->symbols,
                                .regime_names = keel_backtest_regime_names,
                                .regime_count = KEEL_REGIME_COUNT,
                                .regime_note = keel_backtest_regime_note(d, &b->accounts, x->regime_note),
                                .holds = x->holds,
                                .gates = x->gates,
                                .settings = x->settings,
                                .trial_count = b->trials.count,
                                .trial_sweeps = b->trials.sweeps,
                                .trial_hash = b->has_trial ? b->trials.hash : NULL,
                                .trial_sweep = b->has_trial ? b->trials.sweep_id : NULL,
                                .trial_equal = b->has_trial && b->accounts.all.state_hash == b->trial_hash,
                                .warnings = x->warnings,
                                .warning_count = d->warning_count};
    for (int32_t i = 0; i < d->count; i++) {
        if (d->series[i].watch_only) continue; /* they come last, so indexes stay those of the trades */
        x->symbols[r->symbol_count++] = (keel_backtest_symbol){.name = d->series[i].name,
                                                               .bars = d->series[i].bars,
                                                               .first_px_e8 = d->series[i].first_px_e8,
                                                               .last_px_e8 = d->series[i].last_px_e8};
    }
    for (int32_t i = 0; i < b->baseline_count; i++)
        x->baselines[i] =
            keel_backtest_run_of(&b->baseline[i], keel_strategy_describe(keel_backtest_baseline_ids[i]).name);
    for (int32_t i = 0; i < d->warning_count; i++)
        x->warnings[i] = d->warnings[i];
    add_strategies(b, x);
    add_counts(&b->accounts.all.tally, x);
    add_settings(b, x);
}

int keel_backtest_begun(const keel_backtest_job *b, const char *folder, keel_err *reterr) {
    keel_manifest_head head = {.kind = b->mode->kind, .venue = b->data.venue, .running = 1};
    parts *x = calloc(1, sizeof *x);
    if (!x) return keel_err_set(reterr, KEEL_E_NOMEM, "out of memory: manifest: close other programs");
    fill_result(b, x);
    int rc = keel_backtest_manifest_begin(&x->result, &head, folder, reterr);
    free(x);
    return rc;
}

static int export_csv(keel_cli *cli, const char *option, const keel_backtest_result *r,
                      void (*write)(const keel_backtest_result *, keel_strbuf *)) {
    const char *path = keel_cli_option(cli, option);
    keel_strbuf text;
    if (!path) return 0;
    keel_strbuf_init(&text, (size_t)1 << 33);
    write(r, &text);
    const char *bytes = keel_strbuf_text(&text);
    int rc = text.failed
                 ? keel_err_set(keel_cli_err(cli), KEEL_E_NOMEM, "out of memory: %s: shorten the time range", path)
                 : keel_file_write(path, bytes, strlen(bytes), keel_cli_err(cli));
    keel_strbuf_done(&text);
    return rc;
}

static int print_json(keel_cli *cli, const keel_backtest_report *report) {
    keel_json *j = keel_json_new(2);
    if (!j) return keel_err_set(keel_cli_err(cli), KEEL_E_NOMEM, "out of memory: report: close other programs");
    keel_backtest_report_json(report, j);
    int rc = keel_cli_print_json(cli, j);
    keel_json_free(j);
    return rc;
}

static int print_page(keel_cli *cli, const keel_backtest_folder *in, const char *place) {
    keel_strbuf text;
    keel_strbuf_init(&text, 0);
    int rc = keel_backtest_folder_text(in, place, keel_cli_flag(cli, "all"), &text, keel_cli_err(cli));
    if (rc == 0 && fputs(keel_strbuf_text(&text), stdout) < 0)
        rc = keel_err_set(keel_cli_err(cli), KEEL_E_IO, "cannot write: standard output: %s; send it elsewhere",
                          strerror(errno));
    keel_strbuf_done(&text);
    return rc;
}

/* Keep the run, where it is kept, and print it. */
static int keep_and_print(const keel_backtest_job *b, const keel_backtest_report *report) {
    const keel_candles *candles[KEEL_SYMBOLS_MAX];
    const char *place = b->folder;
    char room[KEEL_BACKTEST_PLACE_SIZE];
    int32_t n = 0;
    for (int32_t i = 0; i < b->data.count; i++)
        if (!b->data.series[i].watch_only) candles[n++] = &b->data.series[i].main;
    keel_backtest_folder in = {.report = report,
                               .kind = b->mode ? b->mode->kind : NULL,
                               .config = &b->run,
                               .venue = b->data.venue,
                               .candles = candles,
                               .stops = b->accounts.all.stops,
                               .stop_count = b->accounts.all.stop_count,
                               .interval_ms = b->run.timeframe_ms,
                               .force = keel_cli_flag(b->cli, "force")};
    if (!b->mode) KEEL_TRY(keel_backtest_keep_place(b->cli, b->run_id, room, &place));
    if (b->mode && b->mode->part) return keel_backtest_folder_add(&in, place, keel_cli_err(b->cli));
    KEEL_TRY(keel_backtest_keep(b->cli, &in, place));
    return keel_cli_json(b->cli) ? print_json(b->cli, report) : print_page(b->cli, &in, place);
}

int keel_backtest_tell(keel_backtest_job *b) {
    keel_err *err = keel_cli_err(b->cli);
    keel_backtest_report *report = NULL;
    parts *x = calloc(1, sizeof *x);
    if (!x) return keel_err_set(err, KEEL_E_NOMEM, "out of memory: report: close other programs");
    fill_result(b, x);
    int rc = keel_backtest_states_of(&b->data, b->accounts.all.trades, b->accounts.all.trade_count, &x->states, err);
    x->result.trade_state = x->states;
    if (rc == 0) rc = keel_backtest_report_new(&x->result, &report, err);
    int is_part = b->mode && b->mode->part; /* what is exported is the whole run's */
    if (rc == 0 && !is_part) rc = export_csv(b->cli, "export-trades", &x->result, keel_backtest_trades_csv);
    if (rc == 0 && !is_part) rc = export_csv(b->cli, "export-equity", &x->result, keel_backtest_equity_csv);
    if (rc == 0) rc = keep_and_print(b, report);
    if (rc == 0) rc = keel_backtest_report_verdict(report, err);
    keel_backtest_report_free(report);
    free(x->states);
    free(x);
    return rc;
}
