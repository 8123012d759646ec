/* app/cli/paper_log.c: see paper_log.h. */
#include "app/cli/paper_log.h"

#include <inttypes.h>
#include <string.h>

#include "engine/record.h"
#include "num/int.h"
#include "ops/shadow/shadow.h"
#include "port/fs_real.h"

static const char *const REGIMES[] = {"unknown", "bull", "bear", "chop", "crash"};
static const char *const ORDERS[] = {"none", "resume", "pause", "halt"};

const char *keel_paper_log_regime(int32_t regime) {
    return regime >= 0 && regime < KEEL_REGIME_COUNT ? REGIMES[regime] : REGIMES[0];
}

/* The bar that this step closed, where something comes of it. 0: none. */
static int bar_of(const keel_engine_seen *seen, keel_forensic_bar *ret) {
    const keel_input *in = seen->input;
    int decides = seen->decision->command_count > 0 || (seen->diag && seen->diag->signal != KEEL_NEUTRAL);
    if (seen->event->kind != KEEL_EV_BAR_CLOSE || !decides) return 0;
    for (int32_t i = 0; i < in->piece_count; i++) {
        const keel_input_piece *p = &in->piece[i];
        if (p->symbol != seen->event->symbol || !(p->what & KEEL_PIECE_BAR)) continue;
        *ret = (keel_forensic_bar){p->open_ms, p->close_ms, p->open_e8, p->high_e8, p->low_e8, p->close_e8};
        return 1;
    }
    return 0;
}

static void stepped(void *data, const keel_engine_seen *seen) {
    keel_paper_log *l = data;
    const keel_decision *d = seen->decision;
    l->inner.stepped(l->inner.data, seen);
    l->state = seen->state;
    if (!l->forensic) return;
    keel_forensic_bar bar;
    keel_forensic_step s = {.event = seen->event,
                            .diag = seen->diag,
                            .command = d->command_count ? &d->command[0] : NULL,
                            .posting = d->posting,
                            .posting_count = d->posting_count,
                            .trade = d->trade_count ? &d->trade : NULL,
                            .position = &seen->state->sym[seen->event->symbol].pos,
                            .bar = bar_of(seen, &bar) ? &bar : NULL,
                            .input = seen->input->number,
                            .equity_e8 = keel_state_equity(seen->state),
                            .refusal = d->refusal,
                            .signal = d->signal,
                            .hold_reason = d->hold_reason,
                            .side_before = seen->side_before,
                            .regime = seen->regime,
                            .at_end = seen->input->kind == KEEL_INPUT_END,
                            .venue_is_model = seen->venue_is_model};
    keel_forensic_stepped(l->forensic, &s);
}

/* Amounts that do not fit are as large as fits: the books would have refused them. */
static int64_t saturated_add(int64_t a, int64_t b) {
    if (b > 0 && a > INT64_MAX - b) return INT64_MAX;
    if (b < 0 && a < INT64_MIN - b) return INT64_MIN;
    return a + b;
}

static void tell_figures(keel_paper_log *l, const keel_input *in, const keel_state *st) {
    keel_forensic_figures g = {.input = in->number,
                               .ts_ms = in->ts_ms,
                               .equity_e8 = keel_state_equity(st),
                               .cash_usd_e8 = st->acct.cash_e8,
                               .margin_usd_e8 = st->acct.margin_e8,
                               .unrealised_e8 = st->open_pnl_e8,
                               .fees_usd_e8 = st->acct.fees_e8,
                               .slippage_e8 = st->acct.slippage_e8,
                               .turnover_e8 = st->acct.turnover_e8};
    for (int32_t i = 0; i < st->symbol_count; i++) {
        const keel_symbol *s = &st->sym[i];
        int64_t notional = 0;
        g.orders += s->pending.kind != 0;
        if (s->pos.side == 0 || !keel_mul_e8(s->pos.qty_e8, s->last_px_e8, &notional)) continue;
        g.positions++;
        g.gross_e8 = saturated_add(g.gross_e8, notional);
        g.net_e8 = saturated_add(g.net_e8, s->pos.side > 0 ? notional : -notional);
    }
    keel_forensic_marked(l->forensic, &g);
}

static void marked(void *data, const keel_input *in, const keel_state *st) {
    keel_paper_log *l = data;
    l->inner.marked(l->inner.data, in, st);
    l->state = st;
    if (l->forensic) tell_figures(l, in, st);
}

static void came(void *data, const keel_input *in) {
    keel_paper_log *l = data;
    if (!l->forensic) return;
    keel_forensic_bars b = {.input = in->number,
                            .ts_ms = in->ts_ms,
                            .symbol = l->came,
                            .pieces = in->piece_count,
                            .fundings = in->funding_count,
                            .kind = in->kind,
                            .source = keel_input_source_word(in->source),
                            .source_seq = in->source_seq,
                            .recv_ns = in->recv_ns,
                            .closes = in->kind == KEEL_INPUT_CLOSE || in->kind == KEEL_INPUT_BARS};
    for (int32_t i = 0; b.closes && i < in->piece_count; i++)
        if (in->piece[i].what & KEEL_PIECE_BAR) l->came[b.count++] = in->piece[i].symbol;
    keel_forensic_bars_came(l->forensic, &b);
}

static void note(keel_paper_log *l, const keel_engine_told *t) {
    if (t->note == KEEL_RECORD_PHASE) keel_forensic_phase(l->forensic, t->ts_ms, t->json, t->size);
    if (t->note == KEEL_RECORD_RECOVERY) keel_forensic_recovered(l->forensic, t->ts_ms, t->json, t->size);
    if (t->note == KEEL_RECORD_SNAPSHOT) keel_forensic_snapshot(l->forensic, t->ts_ms, t->json, t->size);
}

/* What the shadow ledger found, as paper_driver.c put it into the record. */
static void breached(keel_paper_log *l, const keel_engine_told *t) {
    const keel_input_piece *p = t->input->piece;
    if (t->input->piece_count < 1) return;
    keel_forensic_breach b = {.symbol = p->symbol,
                              .figure = keel_shadow_figure_word((int32_t)p->volume),
                              .event_seq = (uint64_t)p->open_ms,
                              .event_ms = p->close_ms,
                              .shadow_e8 = p->open_e8,
                              .books_e8 = p->close_e8,
                              .shadow_worth_e8 = p->high_e8,
                              .books_worth_e8 = p->low_e8};
    keel_forensic_breached(l->forensic, t->ts_ms, &b);
}

/* Orders of people, and what was seen of the surroundings; the engine's own orders show in its phases. */
static void controlled(keel_paper_log *l, const keel_engine_told *t) {
    const keel_input *in = t->input;
    int order = in->control;
    /* earlier builds ordered a pause for the shadow ledger, too, and their journals do not say of whom it is */
    int by_person = in->source == KEEL_FROM_PERSON;
    if (order >= KEEL_ENGINE_ORDER_RESUME && order <= KEEL_ENGINE_ORDER_HALT)
        keel_forensic_controlled(l->forensic, t->ts_ms, by_person, ORDERS[order]);
    else if (order == KEEL_ENGINE_ORDER_CANCEL)
        keel_forensic_controlled(l->forensic, t->ts_ms, by_person, "cancel");
    else if (order == KEEL_ENGINE_ORDER_FLAT)
        keel_forensic_controlled(l->forensic, t->ts_ms, by_person, "flat");
    else if (order >= KEEL_ENGINE_ORDER_BREAKER && order < KEEL_ENGINE_ORDER_CLOCK)
        keel_forensic_breaker(l->forensic, t->ts_ms, order - KEEL_ENGINE_ORDER_BREAKER, in->flags);
    else if (order >= KEEL_ENGINE_ORDER_CLOCK && order < KEEL_ENGINE_ORDER_DRIFT)
        keel_forensic_clock(l->forensic, t->ts_ms, order - KEEL_ENGINE_ORDER_CLOCK, in->flags);
    else if (order == KEEL_ENGINE_ORDER_SHADOW)
        breached(l, t);
    int differs = order > KEEL_ENGINE_ORDER_DRIFT && order < KEEL_ENGINE_ORDER_CANCEL;
    for (int32_t i = 0; differs && i < in->piece_count; i++) {
        const keel_input_piece *p = &in->piece[i];
        keel_forensic_drift d = {.symbol = p->symbol,
                                 .level = keel_drift_judge(p->volume),
                                 .books_e8 = p->open_e8,
                                 .venue_e8 = p->close_e8,
                                 .score = p->volume};
        keel_forensic_drifted(l->forensic, t->ts_ms, &d);
    }
}

static void aside(keel_paper_log *l, const keel_engine_told *t) {
    keel_forensic_set_aside(l->forensic, t->ts_ms, t->symbol, t->why);
    if (t->symbol < 0 && t->input->flags & KEEL_INPUT_AHEAD && t->input->kind != KEEL_INPUT_CONTROL)
        keel_forensic_ahead(l->forensic, t->ts_ms, t->input->ts_ms - t->ts_ms, t->why);
}

static void blind(keel_paper_log *l, const keel_engine_told *t) {
    keel_forensic_held held = {.symbol = t->symbol, .side = t->position->side, .qty_e8 = t->position->qty_e8};
    keel_forensic_blind(l->forensic, t->ts_ms, &held, t->closes);
}

static void told(void *data, const keel_engine_told *t) {
    keel_paper_log *l = data;
    if (!l->forensic) return;
    switch (t->kind) {
        case KEEL_TOLD_COMMAND: keel_forensic_ordered(l->forensic, t->input->number, t->ts_ms, t->command); break;
        case KEEL_TOLD_SENT: keel_forensic_sent(l->forensic, t->input->number, t->ts_ms, t->command); break;
        case KEEL_TOLD_GUARD: keel_forensic_guarded(l->forensic, t->command->symbol, t->command->id); break;
        case KEEL_TOLD_ASIDE: aside(l, t); break;
        case KEEL_TOLD_BLIND: blind(l, t); break;
        case KEEL_TOLD_CANCEL: keel_forensic_called_back(l->forensic, t->command->symbol, t->command->id); break;
        case KEEL_TOLD_REPORT:
            if (t->report->kind == KEEL_VENUE_ACK)
                keel_forensic_acknowledged(l->forensic, t->input->number, t->ts_ms, t->report->symbol,
                                           t->report->order_id, t->report->ordinal);
            break;
        case KEEL_TOLD_OVER:
            keel_forensic_replaced(l->forensic, t->input->number, t->report->event.ts_ms, t->report->symbol,
                                   t->report->order_id);
            break;
        case KEEL_TOLD_CONTROL: controlled(l, t); break;
        case KEEL_TOLD_NOTE: note(l, t); break;
        case KEEL_TOLD_TIMER: tell_figures(l, t->input, t->state); break;
        default: break;
    }
}

static void save(void *data, keel_packed_writer *out) {
    keel_paper_log *l = data;
    l->inner.save(l->inner.data, out);
    if (l->forensic) keel_forensic_save(l->forensic, out);
}

static int load(void *data, keel_packed_reader *in, int takes, keel_err *reterr) {
    keel_paper_log *l = data;
    if (l->forensic) KEEL_TRY(keel_forensic_load(l->forensic, in, takes, reterr));
    return l->inner.load(l->inner.data, in, takes, reterr);
}

static int state_hash(void *data, uint64_t *ret) {
    const keel_paper_log *l = data;
    if (!l->state) return 0;
    *ret = keel_state_hash(l->state);
    return 1;
}

int keel_paper_log_open(keel_paper_log *l, const char *dir, const keel_paper_log_run *run, const keel_engine_plan *plan,
                        const keel_engine_watch *inner, keel_err *reterr) {
    keel_forensic_options o = {.fs = run->fs ? run->fs : keel_fs_real(),
                               .dir = dir,
                               .run_id = run->run_id,
                               .mode = run->mode ? run->mode : "paper",
                               .strategy = run->strategy,
                               .config_id = run->config_id,
                               .dataset_hash = run->dataset_hash,
                               .build = run->build,
                               .venue = run->venue,
                               .symbols = run->symbols,
                               .regimes = REGIMES,
                               .symbol_count = plan->symbol_count,
                               .regime_count = KEEL_REGIME_COUNT,
                               .watch_only = plan->watch_only,
                               .start_ms = plan->start_ms,
                               .interval_ms = plan->interval_ms,
                               .capital_usd_e8 = plan->start_usd_e8,
                               .trace_every = run->trace_every,
                               .part_bytes = run->part_bytes,
                               .alert = run->alerts ? keel_alerts_put : NULL,
                               .alert_data = run->alerts,
                               .state_hash = state_hash,
                               .state_data = l};
    memset(l, 0, sizeof *l);
    l->inner = *inner;
    l->plan = plan;
    if (!dir) return 0;
    KEEL_TRY(keel_forensic_open(&o, &l->forensic, reterr));
    keel_forensic_hold(l->forensic);
    return 0;
}

void keel_paper_log_go_live(keel_paper_log *l) {
    l->is_live = 1;
    if (l->forensic) keel_forensic_release(l->forensic);
}

void keel_paper_log_flush(keel_paper_log *l) {
    if (l->forensic) keel_forensic_flush(l->forensic);
}

keel_engine_watch keel_paper_log_watch(keel_paper_log *l) {
    return (keel_engine_watch){.data = l,
                               .stepped = stepped,
                               .marked = marked,
                               .told = told,
                               .came = came,
                               .save = save,
                               .load = load,
                               .wants_diag = l->forensic != NULL};
}

void keel_paper_log_refused(keel_paper_log *l, const keel_journal_report *found) {
    keel_forensic_damage d = {.verdict = keel_journal_verdict_word(found->verdict),
                              .file = found->bad_file,
                              .why = found->why,
                              .segment = found->bad_segment,
                              .last_seq = found->last_seq,
                              .offset = found->bad_offset};
    int hurt = found->verdict != KEEL_JOURNAL_GOOD && found->verdict != KEEL_JOURNAL_TORN;
    if (l->forensic && !l->is_live && hurt) keel_forensic_refused(l->forensic, &d);
}

int keel_paper_log_close(keel_cli *cli, keel_paper_log *l, int ended, const keel_err *error, const keel_state *state,
                         keel_err *reterr) {
    keel_forensic_result r;
    if (!l->forensic) return 0;
    l->state = state;
    if (l->is_live && error && error->code && error->code != KEEL_E_INTERRUPTED)
        keel_forensic_fatal(l->forensic, error->code, error->text);
    if (ended) keel_forensic_summarise(l->forensic);
    keel_forensic_close(l->forensic, &r);
    l->forensic = NULL;
    if (r.lost && reterr)
        return keel_err_set(reterr, KEEL_E_IO,
                            "%" PRIu64
                            " records of the log were not written: %s: remove what is there of it, then "
                            "once more",
                            r.lost, r.why);
    if (r.lost) keel_cli_warn(cli, "%" PRIu64 " records of the log were not written: %s", r.lost, r.why);
    return 0;
}
