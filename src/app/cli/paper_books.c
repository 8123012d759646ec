/* app/cli/paper_books.c: see paper_books.h. The rules by which trades are labelled and counted are those of the lane;
 * tests/py/test_paper.py compares the rows with a backtest's. */
#include "app/cli/paper_books.h"

#include <stdlib.h>
#include <string.h>

#include "app/cli/paper_kept.h"
#include "lane/run.h"

static void *room(keel_paper_books *b, void *list, int64_t count, int64_t *cap, size_t size) {
    if (count < *cap) return list;
    int64_t wider = *cap ? 2 * *cap : 256;
    void *grown = realloc(list, (size_t)wider * size);
    if (!grown) {
        b->no_memory = 1;
        return NULL;
    }
    *cap = wider;
    return grown;
}

static void keep_trade(keel_paper_books *b, const keel_engine_seen *s) {
    keel_trade trade = s->decision->trade;
    keel_lane_tally *t = &b->lane.tally;
    keel_lane_symbol *ls = &b->lane.sym[trade.symbol];
    /* An order of an earlier input waited for an open: its level did not execute inside a range. */
    int inside = ls->exit_trigger != KEEL_TRIGGER_NONE && b->exit_input[trade.symbol] == s->input->number;
    t->trades++;
    trade.trade_id = t->trades;
    trade.regime = ls->entry_regime;
    trade.flags = 0;
    if (inside) trade.flags |= KEEL_TRADE_INTRABAR;
    if (ls->exit_ambiguous) trade.flags |= KEEL_TRADE_AMBIGUOUS;
    if (trade.entry_ts_ms >= s->input->bar_open_ms && inside) trade.flags |= KEEL_TRADE_ONE_BAR;
    if (trade.exit_reason == KEEL_X_END_OF_DATA) trade.flags |= KEEL_TRADE_FORCED;
    if (trade.pnl_e8 > 0) {
        t->wins++;
        t->gross_profit_e8 += trade.pnl_e8;
    } else {
        if (trade.pnl_e8 < 0) t->losses++;
        t->gross_loss_e8 -= trade.pnl_e8;
    }
    keel_trade *list = room(b, b->result.trades, b->result.trade_count, &b->trade_cap, sizeof *list);
    if (!list) return;
    b->result.trades = list;
    list[b->result.trade_count++] = trade;
}

static void note_commands(keel_paper_books *b, const keel_engine_seen *s) {
    for (int32_t i = 0; i < s->decision->command_count; i++) {
        const keel_command *c = &s->decision->command[i];
        if (c->kind != KEEL_CMD_CLOSE && c->kind != KEEL_CMD_PARTIAL_CLOSE && c->kind != KEEL_CMD_REVERSE) continue;
        b->lane.sym[c->symbol].exit_trigger = c->trigger_kind;
        b->lane.sym[c->symbol].exit_ambiguous = c->ambiguous;
        b->exit_input[c->symbol] = s->input->number;
    }
}

static void count_bar(keel_paper_books *b, const keel_engine_seen *s) {
    keel_lane_tally *t = &b->lane.tally;
    const keel_decision *d = s->decision;
    t->bars++;
    t->bars_in_market += s->side_before != 0;
    if (d->signal == KEEL_BUY || d->signal == KEEL_SELL) t->signals++;
    int32_t hold = d->hold_reason - KEEL_H_GATE;
    if (hold < 0 || hold >= KEEL_LANE_HOLDS) return;
    t->holds[hold]++;
    if (d->hold_reason != KEEL_H_GATE) return;
    for (int32_t g = 0; g < KEEL_GATE_COUNT; g++)
        t->gate_fails[g] += (d->gates_shut >> g) & 1;
}

/* The core's books, shown to the other bookkeeping. */
static void look_over(keel_paper_books *b, const keel_engine_seen *s) {
    const keel_account *a = &s->state->acct;
    const keel_position *pos = &s->state->sym[s->event->symbol].pos;
    if (!b->shadowed || s->decision->refusal != KEEL_REFUSED_OK) return;
    keel_shadow_books books = {.free_usd = a->cash_e8,
                               .locked_usd = a->margin_e8,
                               .profit_usd = s->state->open_pnl_e8,
                               .held = pos->side < 0 ? -pos->qty_e8 : pos->qty_e8,
                               .trade_usd = s->decision->trade_count ? s->decision->trade.pnl_e8 : 0,
                               .has_trade = s->decision->trade_count > 0};
    (void)keel_shadow_look(&b->shadow, s->event, &books); /* it counts what it finds */
}

static void stepped(void *data, const keel_engine_seen *s) {
    keel_paper_books *b = data;
    keel_lane_tally *t = &b->lane.tally;
    const keel_event *ev = s->event;
    look_over(b, s);
    if (s->decision->refusal == KEEL_REFUSED_OK) {
        if (ev->kind == KEEL_EV_BAR_CLOSE) count_bar(b, s);
        if (ev->kind == KEEL_EV_FUNDING) t->funding_events += s->decision->posting_count;
        if (ev->kind == KEEL_EV_REJECT && s->input->kind == KEEL_INPUT_END) t->unfilled++;
        if (s->decision->trade_count) keep_trade(b, s);
        for (int32_t i = 0; i < s->decision->posting_count; i++)
            if (s->decision->posting[i].kind == KEEL_POST_OPEN) b->lane.sym[ev->symbol].entry_regime = s->regime;
    } else if (ev->kind == KEEL_EV_FILL && s->decision->refusal == KEEL_REFUSED_INSUFFICIENT_CASH) {
        t->rejected++;
    }
    note_commands(b, s);
}

static void sample(keel_paper_books *b, int64_t ts_ms) {
    int64_t cap = b->equity_cap;
    int64_t *times = room(b, b->result.equity_ts_ms, b->result.equity_count, &cap, sizeof *times);
    if (!times) return;
    b->result.equity_ts_ms = times;
    int64_t *values = room(b, b->result.equity_e8, b->result.equity_count, &b->equity_cap, sizeof *values);
    if (!values) return;
    b->result.equity_e8 = values;
    times[b->result.equity_count] = ts_ms;
    values[b->result.equity_count++] = b->lane.equity_e8;
}

static void marked(void *data, const keel_input *in, const keel_state *st) {
    keel_paper_books *b = data;
    keel_lane_mark_at(&b->lane, keel_state_equity(st));
    if (in->kind == KEEL_INPUT_END || (in->kind == KEEL_INPUT_CLOSE && !(in->flags & KEEL_INPUT_LAST)))
        sample(b, in->ts_ms);
    if (b->progress && in->kind == KEEL_INPUT_CLOSE)
        b->progress(b->progress_data, (in->ts_ms - b->start_ms) / b->interval_ms);
}

/* ---- with a snapshot -------------------------------------------------------------------------------------------- */

static void save(void *data, keel_packed_writer *out) { keel_paper_kept_save(data, out); }

static int load(void *data, keel_packed_reader *in, int takes, keel_err *reterr) {
    return keel_paper_kept_load(data, in, takes, reterr);
}

/* ---- contract --------------------------------------------------------------------------------------------------- */

void keel_paper_books_init(keel_paper_books *b, int64_t capital_e8, int32_t symbol_count) {
    memset(b, 0, sizeof *b);
    b->symbol_count = symbol_count;
    b->lane.equity_e8 = capital_e8;
    b->lane.tally.peak_e8 = capital_e8;
    for (int32_t i = 0; i < symbol_count; i++)
        b->lane.sym[i].entry_regime = KEEL_REGIME_UNKNOWN;
}

void keel_paper_books_shadow(keel_paper_books *b, const keel_engine_plan *plan) {
    b->shadowed = 1;
    keel_shadow_init(&b->shadow, plan->symbol_count, plan->start_usd_e8);
    for (int32_t i = 0; i < plan->symbol_count; i++) {
        const keel_params *p = &plan->params[plan->sleeve[i]];
        keel_shadow_terms(&b->shadow, i, p->maker_fee_bps, p->taker_fee_bps, p->leverage);
    }
}

void keel_paper_books_done(keel_paper_books *b) { keel_exec_done(&b->result); }

keel_engine_watch keel_paper_books_watch(keel_paper_books *b) {
    return (keel_engine_watch){.data = b, .stepped = stepped, .marked = marked, .save = save, .load = load};
}

int keel_paper_books_result(keel_paper_books *b, const keel_state *st, const keel_params *p, keel_exec_result *ret,
                            keel_err *reterr) {
    if (b->no_memory) return keel_err_set(reterr, KEEL_E_NOMEM, "out of memory: trades: shorten the time range");
    keel_exec_take_ending(st, p, &b->result);
    b->result.tally = b->lane.tally;
    b->result.account = st->acct;
    *ret = b->result;
    memset(&b->result, 0, sizeof b->result);
    return 0;
}
