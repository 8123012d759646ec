/* app/cli/parity_page.c: see parity_page.h. What both forms are made of, and the document. */
#include "app/cli/parity_page.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/cli/backtest_internal.h"
#include "base/decimal.h"
#include "base/file.h"
#include "base/timerange.h"
#include "model/command.h"

/* ---- what is shown --------------------------------------------------------------------------------------------- */

int keel_parity_pair(const keel_parity_page *p, const keel_parity_side **ret_one, const keel_parity_side **ret_other,
                     int64_t *ret_trade) {
    *ret_one = &p->sides[0];
    *ret_other = NULL;
    *ret_trade = -1;
    for (int32_t i = p->side_count - 1; p->sides[0].has_trades && i > 0; i--) {
        const keel_parity_side *s = &p->sides[i];
        if (!s->has_trades) continue;
        int64_t at = keel_sweep_first_unequal(p->sides[0].trades, p->sides[0].trade_count, s->trades, s->trade_count);
        if (*ret_other && at < 0) continue;
        *ret_other = s;
        *ret_trade = at;
        if (at >= 0) break;
    }
    return *ret_other != NULL;
}

void keel_parity_span(const keel_parity_side *one, const keel_parity_side *other, int64_t trade, int64_t *ret_from_ms,
                      int64_t *ret_to_ms) {
    const keel_parity_side *sides[] = {one, other};
    *ret_from_ms = INT64_MAX;
    *ret_to_ms = INT64_MIN;
    for (int i = 0; i < 2; i++) {
        if (trade < 0 || trade >= sides[i]->trade_count) continue;
        const keel_trade *t = &sides[i]->trades[trade];
        if (t->entry_ts_ms < *ret_from_ms) *ret_from_ms = t->entry_ts_ms;
        if (t->exit_ts_ms > *ret_to_ms) *ret_to_ms = t->exit_ts_ms;
    }
}

static int by_time(const void *a, const void *b) {
    const keel_parity_event *x = a, *y = b;
    if (x->ts_ms != y->ts_ms) return x->ts_ms < y->ts_ms ? -1 : 1;
    if (x->trade != y->trade) return x->trade < y->trade ? -1 : 1;
    return x->closes - y->closes;
}

int keel_parity_events(const keel_parity_side *side, const keel_parity_side *other, int64_t at_ms,
                       keel_parity_event ret[KEEL_PARITY_BEFORE + KEEL_PARITY_AFTER]) {
    int64_t all = 2 * side->trade_count, from = 0;
    int count = 0;
    if (all == 0) return 0;
    keel_parity_event *events = malloc((size_t)all * sizeof *events);
    if (!events) return KEEL_E_NOMEM;
    for (int64_t i = 0; i < all; i++) {
        const keel_trade *t = &side->trades[i / 2];
        int same = i / 2 < other->trade_count && keel_sweep_first_unequal(t, 1, &other->trades[i / 2], 1) < 0;
        events[i] = (keel_parity_event){
            .ts_ms = i % 2 ? t->exit_ts_ms : t->entry_ts_ms, .trade = i / 2, .closes = (int32_t)(i % 2), .same = same};
    }
    qsort(events, (size_t)all, sizeof *events, by_time);
    while (from < all && events[from].ts_ms < at_ms)
        from++;
    int64_t until = from + KEEL_PARITY_AFTER < all ? from + KEEL_PARITY_AFTER : all;
    from = from > KEEL_PARITY_BEFORE ? from - KEEL_PARITY_BEFORE : 0;
    for (int64_t i = from; i < until; i++)
        ret[count++] = events[i];
    free(events);
    return count;
}

void keel_parity_sum_of(const keel_parity_side *side, int32_t symbol, keel_parity_sum *ret) {
    int64_t peak_e8 = 0;
    memset(ret, 0, sizeof *ret);
    for (int64_t i = 0; i < side->trade_count; i++) {
        const keel_trade *t = &side->trades[i];
        if (t->symbol != symbol) continue;
        ret->trades++;
        ret->pnl_e8 += t->pnl_e8;
        ret->fees_e8 += t->fees_e8;
        ret->funding_e8 -= t->funding_e8;
        if (ret->pnl_e8 > peak_e8) peak_e8 = ret->pnl_e8;
        if (peak_e8 - ret->pnl_e8 > ret->drawdown_e8) ret->drawdown_e8 = peak_e8 - ret->pnl_e8;
    }
}

const char *const keel_parity_cell_names[KEEL_PARITY_CELLS] = {
    "symbol",   "side",        "entry_ts",     "entry_px", "exit_ts",      "exit_px",     "qty",      "notional_usd",
    "fees_usd", "funding_usd", "slippage_usd", "pnl_usd",  "entry_reason", "exit_reason", "bars_held"};

enum { CELL_SYMBOL, CELL_SIDE, CELL_ENTRY, CELL_EXIT = 4, CELL_ENTRY_REASON = 12, CELL_EXIT_REASON, CELL_BARS };

static int64_t amount(const keel_trade *t, int cell) {
    switch (cell) {
        case 3: return t->entry_px_e8;
        case 5: return t->exit_px_e8;
        case 6: return t->qty_e8;
        case 7: return t->notional_e8;
        case 8: return t->fees_e8;
        case 9: return -t->funding_e8; /* as in every document: paid is negative */
        case 10: return t->slippage_e8;
        default: return t->pnl_e8;
    }
}

void keel_parity_cell(const keel_parity_page *p, const keel_trade *t, int cell, char ret[KEEL_PARITY_CELL_SIZE]) {
    const char *word = NULL;
    if (cell == CELL_SYMBOL) word = t->symbol >= 0 && t->symbol < p->symbol_count ? p->symbols[t->symbol] : "?";
    if (cell == CELL_SIDE) word = t->side > 0 ? "long" : "short";
    if (cell == CELL_ENTRY_REASON) word = keel_backtest_reason_name(t->entry_reason);
    if (cell == CELL_EXIT_REASON) word = keel_backtest_reason_name(t->exit_reason);
    if (word)
        (void)snprintf(ret, KEEL_PARITY_CELL_SIZE, "%.60s", word);
    else if (cell == CELL_ENTRY || cell == CELL_EXIT)
        (void)keel_time_format(cell == CELL_ENTRY ? t->entry_ts_ms : t->exit_ts_ms, ret);
    else if (cell == CELL_BARS)
        (void)snprintf(ret, KEEL_PARITY_CELL_SIZE, "%d", t->bars_held);
    else
        (void)keel_decimal_format(amount(t, cell), 8, 2, ret);
}

const char *keel_parity_signal_word(int32_t signal) {
    static const char *const WORDS[] = {"NEUTRAL", "BUY", "SELL", "CLOSE", "PARTIAL_CLOSE"};
    return signal >= 0 && signal < (int32_t)(sizeof WORDS / sizeof *WORDS) ? WORDS[signal] : "?";
}

const char *keel_parity_command_word(int32_t kind) {
    static const char *const WORDS[] = {"HOLD", "OPEN", "ADD", "CLOSE", "PARTIAL_CLOSE", "REVERSE"};
    return kind >= 0 && kind < (int32_t)(sizeof WORDS / sizeof *WORDS) ? WORDS[kind] : "?";
}

/* ---- the document ---------------------------------------------------------------------------------------------- */

static void write_trade(const keel_parity_page *p, const keel_parity_side *s, int64_t trade, keel_json *j) {
    char text[KEEL_PARITY_CELL_SIZE];
    if (trade >= s->trade_count) {
        keel_json_null(j);
        return;
    }
    keel_json_object(j);
    for (int i = 0; i < KEEL_PARITY_CELLS; i++) {
        keel_parity_cell(p, &s->trades[trade], i, text);
        if (i == CELL_BARS)
            keel_json_kint(j, keel_parity_cell_names[i], s->trades[trade].bars_held);
        else
            keel_json_kstring(j, keel_parity_cell_names[i], text);
    }
    keel_json_close(j);
}

static void write_event(const keel_parity_page *p, const keel_parity_side *s, const keel_parity_event *e,
                        keel_json *j) {
    const keel_trade *t = &s->trades[e->trade];
    char text[KEEL_TIME_TEXT_MAX], name[KEEL_PARITY_CELL_SIZE];
    keel_parity_cell(p, t, CELL_SYMBOL, name);
    keel_json_object(j);
    keel_json_kstring(j, "ts", keel_time_format(e->ts_ms, text));
    keel_json_kstring(j, "event", e->closes ? "close" : "open");
    keel_json_kint(j, "trade", e->trade + 1);
    keel_json_kstring(j, "symbol", name);
    keel_json_kstring(j, "side", t->side > 0 ? "long" : "short");
    keel_json_ke8(j, "px", e->closes ? t->exit_px_e8 : t->entry_px_e8);
    keel_json_ke8(j, "qty", t->qty_e8);
    if (e->closes) {
        keel_json_ke8(j, "fees_usd", t->fees_e8);
        keel_json_ke8(j, "funding_usd", -t->funding_e8);
        keel_json_ke8(j, "pnl_usd", t->pnl_e8);
    }
    keel_json_kstring(j, "reason", keel_backtest_reason_name(e->closes ? t->exit_reason : t->entry_reason));
    keel_json_kbool(j, "same", e->same);
    keel_json_close(j);
}

static void write_decision(const keel_parity_page *p, const keel_lane_decision *d, keel_json *j) {
    char text[KEEL_TIME_TEXT_MAX];
    keel_json_object(j);
    keel_json_kstring(j, "ts", keel_time_format(d->ts_ms, text));
    keel_json_kstring(j, "symbol", d->symbol < p->symbol_count ? p->symbols[d->symbol] : NULL);
    keel_json_ke8(j, "px", d->price_e8);
    keel_json_kstring(j, "signal", keel_parity_signal_word(d->diag.signal));
    keel_json_kstring(j, "signal_reason", keel_backtest_reason_name(d->diag.signal_reason));
    keel_json_kstring(j, "held", d->diag.hold_reason ? keel_backtest_reason_name(d->diag.hold_reason) : NULL);
    keel_json_key(j, "command");
    if (d->has_command) {
        const keel_command *c = &d->command;
        keel_json_object(j);
        keel_json_kstring(j, "kind", keel_parity_command_word(c->kind));
        keel_json_kstring(j, "side", c->side > 0 ? "buy" : "sell");
        keel_json_kstring(j, "reason", keel_backtest_reason_name(c->reason));
        keel_json_ke8(j, "qty", c->qty_e8);
        keel_json_ke8(j, "stop_px", c->stop_e8);
        keel_json_ke8(j, "target_px", c->target_e8);
        keel_json_close(j);
    } else {
        keel_json_null(j);
    }
    keel_json_close(j);
}

static int write_side(const keel_parity_page *p, const keel_parity_side *s, const keel_parity_side *held_against,
                      int64_t at_ms, keel_json *j) {
    keel_parity_event events[KEEL_PARITY_BEFORE + KEEL_PARITY_AFTER];
    char hash[20];
    int count = 0;
    if (held_against) count = keel_parity_events(s, held_against, at_ms, events);
    if (count < 0) return count;
    (void)snprintf(hash, sizeof hash, "%016" PRIx64, s->state_hash);
    keel_json_object(j);
    keel_json_kstring(j, "name", s->name);
    keel_json_kstring(j, "what", s->what);
    keel_json_kstring(j, "state_hash", s->has_hash ? hash : NULL);
    keel_json_key(j, "trades");
    if (s->has_trades)
        keel_json_int(j, s->trade_count);
    else
        keel_json_null(j);
    keel_json_key(j, "totals");
    if (s->totals && s->totals[0])
        keel_json_raw(j, s->totals);
    else
        keel_json_null(j);
    keel_json_key(j, "events");
    keel_json_array(j);
    for (int i = 0; i < count; i++)
        write_event(p, s, &events[i], j);
    keel_json_close(j);
    keel_json_key(j, "decisions");
    if (s->decided >= 0) {
        keel_json_array(j);
        for (int64_t i = 0; i < s->decided; i++)
            write_decision(p, &s->decisions[i], j);
        keel_json_close(j);
    } else {
        keel_json_null(j);
    }
    keel_json_close(j);
    return 0;
}

static void write_sums(const keel_parity_page *p, keel_json *j) {
    keel_json_key(j, "per_symbol");
    keel_json_array(j);
    for (int32_t symbol = 0; symbol < p->symbol_count; symbol++) {
        keel_json_object(j);
        keel_json_kstring(j, "symbol", p->symbols[symbol]);
        for (int32_t i = 0; i < p->side_count; i++) {
            keel_parity_sum sum;
            if (!p->sides[i].has_trades) continue;
            keel_parity_sum_of(&p->sides[i], symbol, &sum);
            keel_json_key(j, p->sides[i].name);
            keel_json_object(j);
            keel_json_kint(j, "trades", sum.trades);
            keel_json_ke8(j, "pnl_usd", sum.pnl_e8);
            keel_json_ke8(j, "fees_usd", sum.fees_e8);
            keel_json_ke8(j, "funding_usd", sum.funding_e8);
            keel_json_ke8(j, "max_drawdown_usd", sum.drawdown_e8);
            keel_json_close(j);
        }
        keel_json_close(j);
    }
    keel_json_close(j);
}

static void write_run(const keel_run_config *run, keel_json *j) {
    keel_json_kstring(j, "strategy", run ? run->strategy : NULL);
    keel_json_kstring(j, "strategy_version", run ? run->strategy_version : NULL);
    keel_json_kstring(j, "config_id", run ? run->config_id : NULL);
    keel_json_key(j, "parameters");
    keel_json_array(j);
    for (size_t i = 0; run && i < keel_config_count(run->config); i++) {
        keel_json_object(j);
        keel_json_kstring(j, "path", keel_config_entry_at(run->config, i)->path);
        keel_json_key(j, "value");
        keel_config_write_value(run->config, i, j);
        keel_json_kstring(j, "origin", keel_config_origin(run->config, i));
        keel_json_close(j);
    }
    keel_json_close(j);
}

static void write_difference(const keel_parity_page *p, keel_json *j) {
    keel_json_key(j, "difference");
    if (!p->difference) {
        keel_json_null(j);
        return;
    }
    keel_json_object(j);
    keel_json_kstring(j, "what", p->difference->what);
    keel_json_kstring(j, p->one_name, p->difference->one);
    keel_json_kstring(j, p->other_name, p->difference->other);
    keel_json_close(j);
}

static void write_first_trade(const keel_parity_page *p, const keel_parity_side *one, const keel_parity_side *other,
                              int64_t trade, keel_json *j) {
    keel_json_key(j, "first_diverging_trade");
    if (!other || trade < 0) {
        keel_json_null(j);
        return;
    }
    keel_json_object(j);
    keel_json_kint(j, "trade", trade + 1);
    keel_json_key(j, one->name);
    write_trade(p, one, trade, j);
    keel_json_key(j, other->name);
    write_trade(p, other, trade, j);
    keel_json_close(j);
}

int keel_parity_json(const keel_parity_page *p, keel_json *j, keel_err *reterr) {
    const keel_parity_side *one, *other;
    int64_t trade, from_ms, to_ms;
    int rc = 0;
    (void)keel_parity_pair(p, &one, &other, &trade);
    keel_parity_span(one, other ? other : one, trade, &from_ms, &to_ms);
    keel_json_object(j);
    keel_json_kstring(j, "schema", p->schema);
    keel_json_kint(j, "schema_version", 1);
    keel_json_kbool(j, "equal", p->equal);
    keel_json_kstring(j, "title", p->title);
    keel_json_kstring(j, "verdict", p->verdict);
    for (int32_t i = 0; i < p->fact_count; i++)
        keel_json_kstring(j, p->facts[i].key, p->facts[i].text);
    write_difference(p, j);
    write_first_trade(p, one, other, trade, j);
    keel_json_key(j, "sides");
    keel_json_array(j);
    for (int32_t i = 0; rc == 0 && i < p->side_count; i++) {
        const keel_parity_side *s = &p->sides[i];
        const keel_parity_side *against = trade < 0 || !s->has_trades ? NULL : s == one ? other : one;
        rc = write_side(p, s, against, from_ms, j);
    }
    if (rc != 0) return keel_err_set(reterr, rc, "out of memory: report of parity: close other programs");
    keel_json_close(j);
    write_sums(p, j);
    write_run(p->run, j);
    keel_json_close(j);
    return 0;
}

int keel_parity_write(const keel_parity_page *p, const char *stem, keel_err *reterr) {
    char path[4096 + 8];
    size_t size = 0;
    keel_strbuf text;
    keel_json *j = keel_json_new(2);
    if (!j) return keel_err_set(reterr, KEEL_E_NOMEM, "out of memory: report of parity: close other programs");
    keel_strbuf_init(&text, 0);
    int rc = keel_parity_json(p, j, reterr);
    if (rc == 0) {
        const char *bytes = keel_json_text(j, &size);
        (void)snprintf(path, sizeof path, "%.4090s.json", stem);
        rc = keel_file_write(path, bytes, size, reterr);
    }
    keel_json_free(j);
    if (rc == 0) {
        keel_parity_text(p, &text);
        (void)snprintf(path, sizeof path, "%.4090s.md", stem);
        rc = text.failed ? keel_err_set(reterr, KEEL_E_NOMEM, "out of memory: report of parity: close other programs")
                         : keel_file_write(path, keel_strbuf_text(&text), text.size, reterr);
    }
    keel_strbuf_done(&text);
    return rc;
}
