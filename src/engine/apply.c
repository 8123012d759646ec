/* engine/apply.c: see engine_internal.h. One input worked through: events to the core, its commands to the guard and
 * the venue, what the venue tells to the core again.
 *
 * The order of things at one moment is that of lane/lane.h, stages 1 to 5, so that a run on a recorded feed is, event
 * by event, the backtest of it. */
#include <inttypes.h>
#include <string.h>

#include "engine/engine_internal.h"
#include "num/int.h"

enum { HOUR_MS = 3600000, TICK_KINDS = 4 };

static int fault(keel_engine *e, int32_t refused) {
    return keel_err_set(e->err, KEEL_E_PARITY,
                        "the books refused an event: input %" PRIu64
                        ": %s: begin in another folder with a range that ends before it, and please report this run",
                        e->in.number, keel_engine_refusal_text(refused));
}

static keel_event blank(int32_t kind, int32_t symbol, int64_t ts_ms) {
    keel_event ev;
    memset(&ev, 0, sizeof ev);
    ev.schema = KEEL_EVENT_SCHEMA;
    ev.kind = kind;
    ev.symbol = symbol;
    ev.ts_ms = ts_ms;
    ev.breadth = -1.0;
    return ev;
}

/* The parameters in force for a symbol. */
static const keel_params *params_of(const keel_engine *e, int32_t symbol) {
    return &e->plan.params[e->sym[symbol].row * e->plan.sleeve_count + e->plan.sleeve[symbol]];
}

/* Step the core: the one place where the state changes. Returns KEEL_REFUSED_*. A new label is in force as
 * lane/lane.h has it. */
static int32_t feed(keel_engine *e, keel_event *ev, const keel_snapshot *snap) {
    int32_t side = e->st->sym[ev->symbol].pos.side, turns = e->plan.by_regime && ev->kind == KEEL_EV_BAR_CLOSE;
    int32_t *row = &e->sym[ev->symbol].row, before = *row;
    keel_diag *diag = e->watch.wants_diag ? &e->diag : (keel_diag *)0;
    ev->seq = ++e->seq;
    if (turns && side == 0) *row = 1 + ev->regime;
    int32_t refused = e->plan.step(e->st, params_of(e, ev->symbol), ev, snap, &e->decision, diag);
    if (turns) *row = refused == KEEL_REFUSED_OK ? 1 + ev->regime : before;
    e->counts.events++;
    keel_engine_seen seen = {.event = ev,
                             .decision = &e->decision,
                             .state = e->st,
                             .input = &e->in,
                             .diag = diag,
                             .side_before = side,
                             .regime = e->regime,
                             .venue_is_model = e->venue_rebuilt};
    keel_engine_show_step(e, &seen);
    return refused;
}

/* ---- what the venue tells ------------------------------------------------------------------------------------- */

static void tick(keel_engine *e, int32_t kind, int32_t symbol, int traded, int64_t px_e8, int64_t ts_ms) {
    keel_venue_tick t = {.number = e->in.number * TICK_KINDS + (uint64_t)kind,
                         .kind = kind,
                         .symbol = symbol,
                         .traded = traded,
                         .px_e8 = px_e8,
                         .ts_ms = ts_ms};
    if (e->venue && e->venue->tick) e->venue->tick(e->venue->ctx, &t);
}

static void heard_of(keel_engine *e, const keel_venue_report *r) {
    keel_engine_sent *o = keel_engine_sent_of(e, r->symbol, r->order_id);
    if (!o) return;
    if (r->kind == KEEL_VENUE_FILL) o->left_e8 -= r->event.qty_e8;
    if (r->kind == KEEL_VENUE_REJECT || r->event.last_of_order || o->left_e8 <= 0) o->open = 0;
}

/* Free cash does not cover what a fill opens. A venue that is a model executes what only closes and refuses the rest.
 * Of any other it has happened: the books are not the account's any more, and nothing that opens may leave. */
static int not_covered(keel_engine *e, const keel_venue_report *r) {
    const keel_position *pos = &e->st->sym[r->symbol].pos;
    int64_t closes = pos->side == -r->event.side ? pos->qty_e8 : 0;
    if (!e->live) {
        int more = keel_engine_log_more(e);
        if (more < 0) return more;
        if (!more && !e->inputs_ahead) KEEL_TRY(keel_engine_log_go_live(e));
    }
    if (e->venue && (e->live || e->venue_rebuilt)) e->venue->uncovered(e->venue->ctx, &r->event, closes);
    if (e->venue_rebuilt) return 0;
    e->alarm = KEEL_ENGINE_ORDER_UNCOVERED;
    heard_of(e, r);
    return 0;
}

/* The rest of an order that the core gave up for a newer one will not be executed: nothing changes. */
static int is_no_news(const keel_engine *e, const keel_venue_report *r) {
    return r->kind == KEEL_VENUE_REJECT && e->st->sym[r->symbol].pending.id != r->order_id;
}

static int dispatch(keel_engine *e);
static int close_late(keel_engine *e, int32_t symbol);

/* Close what is held, for this reason, at no other price or time than the symbol's last. */
int keel_engine_force_exit(keel_engine *e, int32_t symbol, int32_t reason) {
    const keel_symbol *s = &e->st->sym[symbol];
    if (s->pos.side == 0) return 0;
    keel_event ev = blank(KEEL_EV_SIGNAL, symbol, s->last_ts_ms);
    ev.price_e8 = s->last_px_e8;
    ev.signal = KEEL_CLOSE;
    ev.reason = reason;
    int32_t refused = feed(e, &ev, (const keel_snapshot *)0);
    return refused == KEEL_REFUSED_OK ? dispatch(e) : fault(e, refused);
}

/* A reversal that will not be executed was to close as well, and closing is always allowed: for its own sake it is
 * ordered now. The reversal counts as an exit for the cooldown, so only a reason that protects gets past it. At the end
 * of the market nothing is. */
static int close_instead(keel_engine *e, const keel_command *reversal) {
    const keel_position *pos = &e->st->sym[reversal->symbol].pos;
    int past = e->behaviour <= KEEL_ENGINE_BEHAVIOUR_CLOSES;
    if (e->behaviour < KEEL_ENGINE_BEHAVIOUR_CLOSES) return 0;
    if (e->in.kind == KEEL_INPUT_END || reversal->kind != KEEL_CMD_REVERSE || pos->side != -reversal->side) return 0;
    return keel_engine_force_exit(e, reversal->symbol, past ? KEEL_X_SIGNAL_FLIP : KEEL_X_RISK_REDUCE);
}

/* More than was ordered, or the other way round: it happened, and is booked; but nobody ordered it. */
static int is_beyond(const keel_engine *e, const keel_engine_sent *o, const keel_venue_report *r) {
    if (e->behaviour < KEEL_ENGINE_BEHAVIOUR_CANCELS || r->kind != KEEL_VENUE_FILL) return 0;
    return r->event.qty_e8 > o->left_e8 || r->event.side != o->command.side;
}

/* An execution of an order that had to make room for one that closes all that is held: the venue was quicker. */
static int is_late(const keel_engine *e, const keel_command *given, const keel_venue_report *r) {
    if (r->kind != KEEL_VENUE_FILL || !e->sym[r->symbol].leaves) return 0;
    return keel_engine_increases(given) && e->st->sym[r->symbol].pending.id != given->id;
}

/* What was to close was refused: at once the venue would say the same. */
static int is_refused(const keel_command *given, const keel_venue_report *r) {
    return r->kind == KEEL_VENUE_REJECT && given->id != 0 && !keel_engine_increases(given);
}

/* What it brought in is closed as soon as nothing else is on its way that may close it, and tried again with each
 * moment. The symbol has left once nothing of it is held, and no order can bring anything in. */
static int close_late(keel_engine *e, int32_t symbol) {
    keel_engine_symbol *s = &e->sym[symbol];
    const keel_symbol *books = &e->st->sym[symbol];
    if (!s->leaves || books->pending.kind != 0 || e->in.kind == KEEL_INPUT_END) return 0;
    if (s->leaves == KEEL_LEAVES_LATE && books->pos.side != 0)
        return keel_engine_force_exit(e, symbol, KEEL_X_RISK_REDUCE);
    if (!keel_engine_is_awaited(e, symbol)) s->leaves = KEEL_LEAVES_NOT;
    return 0;
}

/* An order that closes all of a symbol is left at work; where there is none, or what is called back may still come in,
 * close_late goes on until nothing is held. */
int keel_engine_leave_all(keel_engine *e) {
    for (int32_t i = 0; i < e->plan.symbol_count; i++) {
        const keel_symbol *books = &e->st->sym[i];
        if (books->pos.side == 0 && !keel_engine_is_awaited(e, i)) continue;
        e->sym[i].leaves = KEEL_LEAVES_LATE;
        if (books->pending.kind != KEEL_CMD_CLOSE) KEEL_TRY(keel_engine_force_exit(e, i, KEEL_X_EMERGENCY));
    }
    return 0;
}

/* Everything there is to hear about a symbol. */
static int hear(keel_engine *e, int32_t symbol) {
    keel_venue_report r;
    for (;;) {
        int any;
        KEEL_TRY(keel_engine_log_report(e, symbol, &r, &any));
        if (!any) return 0;
        KEEL_TRY(keel_engine_count_drain(e));
        const keel_engine_sent *o = keel_engine_sent_of(e, symbol, r.order_id);
        const keel_command given = o ? o->command : (keel_command){.id = 0};
        if ((!o || is_beyond(e, o, &r)) && !e->alarm)
            e->alarm = KEEL_ENGINE_ORDER_STRAY; /* never in place of UNCOVERED, after which none resumes */
        keel_engine_tell(e, KEEL_TOLD_REPORT, NULL, &r);
        if (r.kind == KEEL_VENUE_ACK) continue;
        if (is_no_news(e, &r)) {
            keel_engine_tell(e, KEEL_TOLD_OVER, NULL, &r);
            heard_of(e, &r);
            KEEL_TRY(close_late(e, symbol));
            continue;
        }
        if (is_late(e, &given, &r)) e->sym[symbol].leaves = KEEL_LEAVES_LATE;
        int32_t refused = feed(e, &r.event, (const keel_snapshot *)0);
        if (refused == KEEL_REFUSED_INSUFFICIENT_CASH && r.kind == KEEL_VENUE_FILL)
            KEEL_TRY(not_covered(e, &r));
        else if (refused != KEEL_REFUSED_OK)
            return fault(e, refused);
        else
            heard_of(e, &r);
        if (r.kind == KEEL_VENUE_REJECT) KEEL_TRY(close_instead(e, &given));
        if (!is_refused(&given, &r)) KEEL_TRY(close_late(e, symbol));
    }
}

/* ---- guard and dispatch ---------------------------------------------------------------------------------------- */

/* The last look, apart from the core's own: 1 when the order may leave. It never creates and never enlarges: of a
 * reversal while entries are held back, what closes the position is left. */
static int guard_passes(keel_engine *e, keel_command *c) {
    if (c->symbol < 0 || c->symbol >= e->plan.symbol_count || e->plan.watch_only[c->symbol]) return 0;
    if (c->qty_e8 <= 0 || (c->side != 1 && c->side != -1)) return 0;
    if (!keel_engine_increases(c)) return 1;
    if (keel_engine_may_enter(e) && !keel_engine_is_awaited(e, c->symbol)) {
        e->probes -= e->breaker == KEEL_BREAKER_HALF_OPEN;
        return 1;
    }
    const keel_position *pos = &e->st->sym[c->symbol].pos;
    if (c->kind != KEEL_CMD_REVERSE || pos->side != -c->side || pos->qty_e8 > c->qty_e8) return 0;
    c->kind = KEEL_CMD_CLOSE;
    c->qty_e8 = pos->qty_e8;
    e->counts.guard_shrunk++;
    return 1;
}

static int refuse(keel_engine *e, const keel_command *c) {
    keel_venue_report r;
    KEEL_TRY(keel_engine_log_refusal(e, c, &r));
    keel_engine_tell(e, KEEL_TOLD_GUARD, c, NULL);
    int32_t refused = feed(e, &r.event, (const keel_snapshot *)0);
    return refused == KEEL_REFUSED_OK ? 0 : fault(e, refused);
}

/* In doubt: the record ends behind the command, or damage took what was behind. Whoever knows is asked, and nothing is
 * sent twice. */
static int hand_in(keel_engine *e, const keel_command *c, int sent, int *ret_withheld) {
    KEEL_TRY(keel_engine_log_withheld(e, c, ret_withheld));
    if (*ret_withheld) return 0; /* what is heard next says so */
    if (sent > 0) return e->venue && e->venue_rebuilt ? e->venue->send(e->venue->ctx, c, e->in.ts_ms, e->err) : 0;
    if (sent == 0 && !keel_engine_is_hurt(e)) return e->venue->send(e->venue->ctx, c, e->in.ts_ms, e->err);
    e->leaving = c->id;
    int rc = e->live ? 0 : keel_engine_log_go_live(e);
    e->leaving = 0;
    KEEL_TRY(rc);
    if (!e->journal) return KEEL_ENGINE_STOPPED;
    keel_engine_sent *o = keel_engine_sent_of(e, c->symbol, c->id);
    KEEL_TRY(keel_engine_log_ask(e, o));
    *ret_withheld = o->withheld;
    return 0;
}

/* What is withheld is called back like the rest, though the venue has nothing of it: a replay, which asks no venue,
 * cannot tell the two apart. */
static int call_order_back(keel_engine *e, keel_engine_sent *o) {
    KEEL_TRY(keel_engine_count_drain(e));
    KEEL_TRY(keel_engine_log_cancel(e, &o->command));
    o->cancelled = 1;
    keel_engine_tell(e, KEEL_TOLD_CANCEL, &o->command, NULL);
    if (!e->venue || o->withheld || !(e->live || e->venue_rebuilt)) return 0;
    return e->venue->cancel(e->venue->ctx, &o->command, e->err);
}

/* What is on its way in makes room for an order that closes, before that leaves: else it could be executed behind it,
 * and nobody would hold what comes in for meant. */
static int make_way(keel_engine *e, const keel_command *c) {
    keel_engine_symbol *s = &e->sym[c->symbol];
    int called = 0;
    if (e->behaviour < KEEL_ENGINE_BEHAVIOUR_MAKES_WAY || keel_engine_increases(c)) return 0;
    e->making_way = c->symbol + 1;
    for (int32_t k = 0; k < KEEL_ENGINE_ORDERS; k++) {
        keel_engine_sent *o = &s->order[k];
        if (!o->open || o->command.id == 0 || !keel_engine_increases(&o->command)) continue;
        if (c->kind == KEEL_CMD_CLOSE && !s->leaves) s->leaves = KEEL_LEAVES_MEANT;
        if (o->cancelled) continue;
        called = 1;
        KEEL_TRY(call_order_back(e, o));
    }
    e->making_way = 0;
    return called ? hear(e, c->symbol) : 0;
}

/* An entry for which there is no place, because too many earlier orders are without an outcome, does not leave. */
static int dispatch(keel_engine *e) {
    int sent, withheld = 0;
    if (e->decision.command_count == 0) return 0;
    keel_command c = e->decision.command[0];
    KEEL_TRY(keel_engine_count_drain(e));
    KEEL_TRY(make_way(e, &c));
    KEEL_TRY(keel_engine_log_command(e, &c, &sent));
    keel_engine_tell(e, KEEL_TOLD_COMMAND, &c, NULL);
    keel_engine_sent *o = keel_engine_place_for(e, &c);
    if (!o || !guard_passes(e, &c)) return refuse(e, &c);
    *o = (keel_engine_sent){.command = c, .left_e8 = c.qty_e8, .given_ms = e->in.ts_ms, .heard = 0, .open = 1};
    KEEL_TRY(hand_in(e, &c, sent, &withheld));
    if (!withheld) keel_engine_tell(e, KEEL_TOLD_SENT, &c, NULL);
    return hear(e, c.symbol);
}

/* Each order once; what becomes of it is heard. */
int keel_engine_call_back(keel_engine *e, int which) {
    if (e->behaviour < KEEL_ENGINE_BEHAVIOUR_CANCELS) return 0;
    for (int32_t i = 0; i < e->plan.symbol_count; i++) {
        int called = 0;
        for (int32_t k = 0; k < KEEL_ENGINE_ORDERS; k++) {
            keel_engine_sent *o = &e->sym[i].order[k];
            if (!o->open || o->command.id == 0 || o->cancelled) continue;
            if (which != KEEL_CALL_ALL && !keel_engine_increases(&o->command)) continue;
            if (which == KEEL_CALL_REPLACED && o->command.id == e->st->sym[i].pending.id) continue;
            if (which == KEEL_CALL_REPLACED) e->sym[i].leaves = KEEL_LEAVES_MEANT;
            called = 1;
            KEEL_TRY(call_order_back(e, o));
        }
        if (called) KEEL_TRY(hear(e, i));
    }
    return 0;
}

/* ---- money that falls due --------------------------------------------------------------------------------------- */

/* Settlements of a symbol in this input, at this mark; before the symbol's first price nothing can be held. */
static int settle(keel_engine *e, int32_t symbol, int32_t after, int64_t mark_e8) {
    for (int32_t i = 0; i < e->in.funding_count; i++) {
        const keel_input_funding *f = &e->in.funding[i];
        if (f->symbol != symbol || f->after != after || mark_e8 <= 0) continue;
        if (keel_engine_is_early(e, f)) {
            keel_engine_set_aside(e, symbol, "a settlement falls due after the range it is told with");
            continue;
        }
        keel_event ev = blank(KEEL_EV_FUNDING, symbol, f->ts_ms);
        ev.price_e8 = mark_e8;
        ev.rate_e16 = f->rate_e16;
        int32_t refused = feed(e, &ev, (const keel_snapshot *)0);
        if (refused != KEEL_REFUSED_OK && refused != KEEL_REFUSED_DUPLICATE) return fault(e, refused);
    }
    return 0;
}

/* Interest on spot loans: one event per full hour that ends in (from, until]. */
static int accrue(keel_engine *e, int32_t symbol, int64_t from_ms, int64_t until_ms, int64_t px_e8) {
    const keel_symbol *s = &e->st->sym[symbol];
    double annual = e->plan.params[e->plan.sleeve[symbol]].borrow_rate_annual;
    if (s->rules.market != KEEL_SPOT || s->pos.side == 0) return 0;
    for (int64_t hour = (from_ms / HOUR_MS + 1) * HOUR_MS; hour <= until_ms; hour += HOUR_MS) {
        keel_event ev = blank(KEEL_EV_BORROW, symbol, hour);
        ev.price_e8 = px_e8;
        if (!keel_f64_round_i64(annual / (365.0 * 24.0) * 1e16, &ev.rate_e16)) return 0;
        int32_t refused = feed(e, &ev, (const keel_snapshot *)0);
        if (refused != KEEL_REFUSED_OK) return fault(e, refused);
    }
    return 0;
}

/* Hours since the symbol's last range, when ranges are missing between. */
static int accrue_hole(keel_engine *e, int32_t symbol, int64_t until_ms, int64_t px_e8) {
    const keel_symbol *s = &e->st->sym[symbol];
    if (s->pos.side == 0) return 0;
    return accrue(e, symbol, s->last_ts_ms > s->pos.opened_ms ? s->last_ts_ms : s->pos.opened_ms, until_ms, px_e8);
}

/* ---- the kinds of inputs ----------------------------------------------------------------------------------------- */

static int apply_opens(keel_engine *e) {
    for (int32_t i = 0; i < e->in.piece_count; i++) {
        const keel_input_piece *p = &e->in.piece[i];
        if (e->plan.watch_only[p->symbol]) continue;
        const char *why = keel_engine_cannot_open(e, p);
        if (why) {
            keel_engine_set_aside(e, p->symbol, why);
            continue;
        }
        KEEL_TRY(settle(e, p->symbol, 0, p->open_e8));
        KEEL_TRY(accrue_hole(e, p->symbol, p->open_ms, p->open_e8));
        tick(e, KEEL_TICK_OPEN, p->symbol, p->volume > 0.0, p->open_e8, p->open_ms);
        KEEL_TRY(hear(e, p->symbol));
        KEEL_TRY(settle(e, p->symbol, 1, p->open_e8));
        KEEL_TRY(accrue(e, p->symbol, p->open_ms, p->close_ms, p->open_e8));
    }
    return 0;
}

static keel_event range_event(int32_t kind, const keel_input_piece *p) {
    keel_event ev = blank(kind, p->symbol, p->close_ms);
    ev.price_e8 = p->close_e8;
    ev.open_e8 = p->open_e8;
    ev.high_e8 = p->high_e8;
    ev.low_e8 = p->low_e8;
    return ev;
}

static int step_range(keel_engine *e, const keel_input_piece *p, keel_event *ev, const keel_snapshot *snap) {
    const char *why = keel_engine_cannot_be(e, p);
    if (why) { /* before the venue's model sees it */
        e->range_at[p->symbol] = -1;
        keel_engine_set_aside(e, p->symbol, why);
        return 0;
    }
    tick(e, KEEL_TICK_RANGE, p->symbol, p->volume > 0.0, p->open_e8, p->close_ms);
    int32_t refused = feed(e, ev, snap);
    if (keel_engine_is_of_data(refused)) {
        e->range_at[p->symbol] = -1;
        keel_engine_set_aside(e, p->symbol, keel_engine_refusal_text(refused));
        return 0;
    }
    if (refused != KEEL_REFUSED_OK) return fault(e, refused);
    if (e->in.kind == KEEL_INPUT_CLOSE) keel_engine_see_again(e, p->symbol);
    return dispatch(e);
}

static int apply_ranges(keel_engine *e) {
    for (int32_t i = 0; i < e->in.piece_count; i++) {
        if (e->plan.watch_only[e->in.piece[i].symbol]) continue;
        keel_event ev = range_event(KEEL_EV_PRICE, &e->in.piece[i]);
        KEEL_TRY(step_range(e, &e->in.piece[i], &ev, (const keel_snapshot *)0));
    }
    return 0;
}

static int close_bar(keel_engine *e, const keel_input_piece *p) {
    const keel_engine_sleeve *c = &e->sleeve[e->plan.sleeve[p->symbol]];
    keel_event ev = range_event(KEEL_EV_BAR_CLOSE, p);
    ev.btc_bullish = c->btc_bullish;
    ev.breadth = c->breadth;
    ev.regime_gate = c->regime_gate;
    ev.regime = e->regime;
    return step_range(e, p, &ev, &e->snaps[p->symbol]);
}

/* A bar that is set aside is missing; of one that is a range, too, that range tells why. */
static void leave_bars_out(keel_engine *e) {
    for (int32_t i = 0; i < e->in.piece_count; i++) {
        const keel_input_piece *p = &e->in.piece[i];
        const char *why = p->what & KEEL_PIECE_BAR ? keel_engine_cannot_be(e, p) : NULL;
        if (!why) continue;
        e->bar_at[p->symbol] = -1;
        if (e->range_at[p->symbol] != i || e->plan.watch_only[p->symbol]) keel_engine_set_aside(e, p->symbol, why);
    }
}

static void show_bars(keel_engine *e) {
    leave_bars_out(e);
    for (int32_t i = 0; i < e->plan.symbol_count; i++)
        keel_engine_signals(e, i);
    keel_engine_contexts(e);
}

/* First those that hold something: their exits inside this range come before its close. */
static int apply_close(keel_engine *e) {
    show_bars(e);
    for (int32_t holders = 1; holders >= 0; holders--)
        for (int32_t i = 0; i < e->plan.symbol_count; i++) {
            const keel_symbol *s = &e->st->sym[i];
            if (e->range_at[i] < 0 || e->plan.watch_only[i] || (holders && s->pos.side == 0)) continue;
            const keel_input_piece *p = &e->in.piece[e->range_at[i]];
            if (s->last_ts_ms < p->close_ms)
                KEEL_TRY(close_bar(e, p));
            else if (!holders && e->behaviour >= KEEL_ENGINE_BEHAVIOUR_CANCELS &&
                     p->close_ms <= s->last_ts_ms - e->plan.interval_ms)
                keel_engine_set_aside(e, p->symbol, keel_engine_refusal_text(KEEL_REFUSED_CLOCK_ROLLBACK));
        }
    return 0;
}

static int flatten(keel_engine *e, int32_t symbol) {
    const keel_symbol *s = &e->st->sym[symbol];
    if (s->pos.side == 0) return 0;
    keel_event ev = blank(KEEL_EV_SIGNAL, symbol, e->in.ts_ms);
    ev.price_e8 = s->last_px_e8;
    ev.signal = KEEL_CLOSE;
    ev.reason = KEEL_X_END_OF_DATA;
    tick(e, KEEL_TICK_LAST, symbol, 1, s->last_px_e8, e->in.ts_ms);
    int32_t refused = feed(e, &ev, (const keel_snapshot *)0);
    if (refused != KEEL_REFUSED_OK) return fault(e, refused);
    return dispatch(e);
}

static int apply_end(keel_engine *e) {
    for (int32_t i = 0; i < e->plan.symbol_count; i++) {
        if (e->plan.watch_only[i]) continue;
        KEEL_TRY(settle(e, i, 0, e->st->sym[i].last_px_e8));
        KEEL_TRY(accrue_hole(e, i, e->in.ts_ms, e->st->sym[i].last_px_e8));
        tick(e, KEEL_TICK_EXPIRE, i, 0, 0, e->in.ts_ms);
        KEEL_TRY(hear(e, i));
        if (e->in.flags & KEEL_INPUT_FLATTEN) KEEL_TRY(flatten(e, i));
    }
    e->ended = 1;
    return 0;
}

/* ---- one input --------------------------------------------------------------------------------------------------- */

static void index_pieces(keel_engine *e) {
    for (int32_t i = 0; i < e->plan.symbol_count; i++)
        e->range_at[i] = e->bar_at[i] = -1;
    for (int32_t i = 0; i < e->in.piece_count; i++) {
        const keel_input_piece *p = &e->in.piece[i];
        if (p->what & KEEL_PIECE_RANGE) e->range_at[p->symbol] = i;
        if (p->what & KEEL_PIECE_BAR) e->bar_at[p->symbol] = i;
    }
}

static int close_all_late(keel_engine *e) {
    for (int32_t i = 0; i < e->plan.symbol_count; i++)
        KEEL_TRY(close_late(e, i));
    return 0;
}

static int apply_kind(keel_engine *e) {
    switch (e->in.kind) {
        case KEEL_INPUT_BARS: show_bars(e); return 0;
        case KEEL_INPUT_OPENS: return apply_opens(e);
        case KEEL_INPUT_RANGES: return apply_ranges(e);
        case KEEL_INPUT_CLOSE: return apply_close(e);
        case KEEL_INPUT_END: return apply_end(e);
        case KEEL_INPUT_CONTROL: return keel_engine_apply_control(e);
        default: return keel_err_set(e->err, KEEL_E_PARITY, "an input of no kind: journal: keel journal verify");
    }
}

static int apply(keel_engine *e) {
    int market = keel_input_is_market(&e->in);
    if (e->ended) return keel_err_set(e->err, KEEL_E_PARITY, "an input behind the end: journal: keel journal verify");
    if (e->in.kind == KEEL_INPUT_TIMER) { /* neither the market's time nor a mark moves */
        e->counts.timers++;
        keel_engine_tell_timer(e);
        return 0;
    }
    if (market && e->in.number != e->input + 1)
        return keel_err_set(e->err, KEEL_E_PARITY,
                            "inputs are not in order: %" PRIu64 " after %" PRIu64 ": keel journal verify", e->in.number,
                            e->input);
    const char *why = market ? keel_engine_cannot_come(e) : NULL;
    if (why && e->in.kind != KEEL_INPUT_END) {
        e->input = e->in.number;
        e->counts.inputs++;
        keel_engine_set_aside(e, -1, why);
        return e->touched ? 0 : keel_engine_log_mark(e, 0);
    }
    if (why && e->in.ts_ms > e->last_ms) keel_engine_set_aside(e, -1, why);
    if (why) e->in.ts_ms = e->last_ms; /* the end comes, whatever its time */
    if (market && e->in.ts_ms > e->last_ms && e->behind) e->behind--;
    e->last_ms = e->in.ts_ms;
    index_pieces(e);
    if (market) keel_engine_show_input(e);
    KEEL_TRY(apply_kind(e));
    if (market) KEEL_TRY(close_all_late(e));
    if (market) e->input = e->in.number;
    e->counts.inputs++;
    keel_engine_show_mark(e);
    return e->touched ? 0 : keel_engine_log_mark(e, 0);
}

int keel_engine_apply(keel_engine *e) {
    KEEL_TRY(keel_engine_check_owner(e, e->err));
    e->working = 1;
    e->led_to = 0;
    int rc = apply(e);
    e->working = 0;
    return e->touched ? keel_engine_touched(e) : rc;
}
