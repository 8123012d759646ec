/* app/cli/backtest_decisions.c: see backtest_decisions.h. */
#include "app/cli/backtest_decisions.h"

#include <errno.h>
#include <string.h>

#include "app/cli/backtest_internal.h"
#include "base/json.h"
#include "base/timerange.h"

static const char *const SIGNALS[] = {"NEUTRAL", "BUY", "SELL", "CLOSE", "PARTIAL_CLOSE"};
static const char *const COMMANDS[] = {"HOLD", "OPEN", "ADD", "CLOSE", "PARTIAL_CLOSE", "REVERSE"};
static const char *const GATE_STATES[] = {"off", "pass", "fail", "unknown", "waived"};
static const char *const AUX[] = {"not_needed", "fresh", "stale", "missing"};

static const char *const GATES[KEEL_GATE_COUNT] = {
#define NAME(name, number, label, sentence) label,
    KEEL_GATES(NAME)
#undef NAME
};

static const char *const EXITS[KEEL_EXIT_COUNT] = {
#define NAME(name, number, label) label,
    KEEL_EXIT_RULES(NAME)
#undef NAME
};

static const char *const SLOTS[] = {
    "close",          "high",     "low",     "open",     "volume",   "vol_sma",   "adx",         "adx_prev",
    "plus_di",        "minus_di", "rsi",     "ema_fast", "ema_slow", "ema_macro", "ema_slope",   "prev_close",
    "bb_width_ratio", "atr",      "atr_sma", "stoch_k",  "stoch_d",  "macd_line", "macd_signal", "macd_hist"};

static void write_features(keel_json *j, const keel_snapshot *snap) {
    char name[8];
    keel_json_key(j, "features");
    keel_json_object(j);
    for (int32_t i = 0; i < KEEL_SLOT_MAX; i++) {
        if (!KEEL_SNAPSHOT_HAS(snap, i)) continue;
        if ((size_t)i < sizeof SLOTS / sizeof *SLOTS) {
            keel_json_kdouble(j, SLOTS[i], snap->v[i]);
        } else {
            (void)snprintf(name, sizeof name, "x%d", (int)(i - KEEL_SLOT_X0));
            keel_json_kdouble(j, name, snap->v[i]);
        }
    }
    keel_json_close(j);
}

static void write_gates(keel_json *j, const keel_diag *d) {
    keel_json_key(j, "gates");
    keel_json_array(j);
    for (int i = 0; i < KEEL_GATE_COUNT; i++) {
        keel_json_object(j);
        keel_json_kstring(j, "gate", GATES[i]);
        keel_json_kstring(j, "status", GATE_STATES[d->gate[i].status]);
        keel_json_kdouble(j, "value", d->gate[i].value);
        keel_json_kdouble(j, "threshold", d->gate[i].threshold);
        keel_json_close(j);
    }
    keel_json_close(j);
}

static void write_exits(keel_json *j, const keel_diag *d) {
    keel_json_key(j, "exits");
    keel_json_array(j);
    for (int i = 0; i < KEEL_EXIT_COUNT; i++) {
        if (!d->exit[i].armed && !d->exit[i].triggered) continue;
        keel_json_object(j);
        keel_json_kstring(j, "rule", EXITS[i]);
        keel_json_kbool(j, "triggered", d->exit[i].triggered);
        keel_json_kdouble(j, "value", d->exit[i].value);
        keel_json_kdouble(j, "threshold", d->exit[i].threshold);
        keel_json_close(j);
    }
    keel_json_close(j);
}

static void write_command(keel_json *j, const keel_command *c) {
    keel_json_key(j, "command");
    keel_json_object(j);
    keel_json_kint(j, "id", (int64_t)c->id);
    keel_json_kstring(j, "kind", COMMANDS[c->kind]);
    keel_json_kstring(j, "side", c->side > 0 ? "buy" : "sell");
    keel_json_kstring(j, "reason", keel_backtest_reason_name(c->reason));
    keel_json_ke8(j, "qty", c->qty_e8);
    keel_json_ke8(j, "notional_usd", c->notional_e8);
    keel_json_ke8(j, "trigger_px", c->trigger_e8);
    keel_json_ke8(j, "stop_px", c->stop_e8);
    keel_json_ke8(j, "target_px", c->target_e8);
    keel_json_kbool(j, "ambiguous", c->ambiguous);
    keel_json_close(j);
}

static void write_sizing(keel_json *j, const keel_diag *d) {
    char text[KEEL_TIME_TEXT_MAX];
    keel_json_key(j, "sizing");
    keel_json_object(j);
    keel_json_kdouble(j, "equity_usd", d->size_equity_usd);
    keel_json_kdouble(j, "factor", d->size_factor);
    keel_json_kdouble(j, "wanted_usd", d->size_notional_usd);
    keel_json_close(j);
    keel_json_kstring(j, "cooldown_until",
                      d->cooldown_until_ms > 0 ? keel_time_format(d->cooldown_until_ms, text) : NULL);
}

int keel_decision_log_write(keel_decision_log *log, const keel_lane_decision *d, keel_err *err) {
    char text[KEEL_TIME_TEXT_MAX], digest[20];
    keel_json *j = keel_json_new(0);
    if (!j) return keel_err_set(err, KEEL_E_NOMEM, "out of memory: %s: close other programs", log->path);
    (void)snprintf(digest, sizeof digest, "%016llx", (unsigned long long)d->diag.feature_digest);
    keel_json_object(j);
    keel_json_kstring(j, "schema", KEEL_DECISIONS_SCHEMA);
    keel_json_kint(j, "schema_version", 1);
    keel_json_kstring(j, "ts", keel_time_format(d->ts_ms, text));
    keel_json_kstring(j, "symbol", log->symbols[d->symbol]);
    keel_json_kstring(j, "strategy", log->strategies[d->symbol]);
    keel_json_kstring(j, "strategy_version", log->versions[d->symbol]);
    keel_json_kstring(j, "regime", log->regimes[d->regime]);
    keel_json_ke8(j, "price", d->price_e8);
    keel_json_kstring(j, "signal", SIGNALS[d->diag.signal]);
    keel_json_kstring(j, "signal_reason", keel_backtest_reason_name(d->diag.signal_reason));
    keel_json_kstring(j, "held", d->diag.hold_reason ? keel_backtest_reason_name(d->diag.hold_reason) : NULL);
    keel_json_kstring(j, "confidence", keel_backtest_confidence_name(d->diag.confidence));
    keel_json_kint(j, "points", d->diag.points);
    keel_json_kdouble(j, "probability", d->diag.probability);
    keel_json_kdouble(j, "profit_atr", d->diag.profit_atr);
    keel_json_kstring(j, "aux", AUX[d->diag.aux_status]);
    keel_json_kstring(j, "feature_digest", digest);
    if (d->has_snapshot) write_features(j, &d->snap);
    write_gates(j, &d->diag);
    write_exits(j, &d->diag);
    write_sizing(j, &d->diag);
    if (d->has_command) write_command(j, &d->command);
    keel_json_close(j);
    int bad = fputs(keel_json_text(j, NULL), log->file) < 0 || fputc('\n', log->file) == EOF;
    keel_json_free(j);
    log->lines++;
    if (bad)
        return keel_err_set(err, KEEL_E_IO, "cannot write: %s: %s; free some space or choose another file", log->path,
                            strerror(errno));
    return 0;
}
