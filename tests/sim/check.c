/* check.c: what must hold at every input, at the venue's door, and at the end. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "num/int.h"
#include "world_internal.h"

void sim_wrong(sim_world *w, const char *format, ...) {
    va_list args;
    if (w->r->wrong[0]) return;
    va_start(args, format);
    (void)vsnprintf(w->r->wrong, sizeof w->r->wrong, format, args);
    va_end(args);
}

/* ---- commands and executions, as the core steps --------------------------------------------------------------------
 */

static sim_command *command_of(sim_world *w, uint64_t id) {
    for (size_t i = w->command_count; i-- > 0;)
        if (w->commands[i].c.id == id) return &w->commands[i];
    return NULL;
}

/* A command is seen again after a recovery, and then it is the same. */
static void saw_command(sim_world *w, const keel_command *c, int64_t ts_ms) {
    sim_command *seen = command_of(w, c->id);
    if (seen && !w->lied && memcmp(&seen->c, c, sizeof *c) != 0)
        sim_wrong(w, "command %" PRIu64 " is not what it was before the recovery", c->id);
    if (seen) {
        seen->c = *c;
        return;
    }
    if (w->command_count == w->command_cap) {
        w->command_cap = w->command_cap ? w->command_cap * 2 : 256;
        w->commands = realloc(w->commands, w->command_cap * sizeof *w->commands);
        KEEL_ASSERT(w->commands != NULL);
    }
    w->commands[w->command_count++] = (sim_command){.c = *c, .ts_ms = ts_ms};
    w->r->commands++;
}

/* An order that makes a position larger stays within what the configuration allows of the account. */
static void within_limits(sim_world *w, const keel_command *c, const keel_state *st) {
    const keel_position *pos = &st->sym[c->symbol].pos;
    int64_t held_e8 = 0, asks_e8 = 0;
    if (c->kind != KEEL_CMD_OPEN && c->kind != KEEL_CMD_ADD && c->kind != KEEL_CMD_REVERSE) return;
    if (c->kind == KEEL_CMD_ADD) (void)keel_mul_e8(pos->qty_e8, c->ref_px_e8, &held_e8);
    (void)keel_mul_e8(c->kind == KEEL_CMD_REVERSE ? c->qty_e8 - pos->qty_e8 : c->qty_e8, c->ref_px_e8, &asks_e8);
    double limit = w->m->p.max_position_exposure * (double)keel_state_equity(st);
    if ((double)held_e8 + (double)asks_e8 > limit * 1.000001 + 1e8)
        sim_wrong(w, "order %" PRIu64 " asks for %.2f beside %.2f held, and %.2f is the limit", c->id,
                  (double)asks_e8 / 1e8, (double)held_e8 / 1e8, limit / 1e8);
}

static void booked(sim_world *w, const keel_event *ev, int32_t side_before) {
    int64_t money_e8 = 0;
    uint64_t i = ev->fill_id - 1;
    if (ev->fill_id == 0 || ev->fill_id > (uint64_t)w->venue.fill_count || ev->fill_id > SIM_FILLS_MAX) {
        sim_wrong(w, "execution %" PRIu64 " was booked, and the venue has none of that id", ev->fill_id);
        return;
    }
    const sim_fill *f = &w->venue.fill[i];
    const sim_order *o = &w->venue.order[f->order];
    if (f->qty_e8 != ev->qty_e8 || f->px_e8 != ev->price_e8 || o->side != ev->side || o->id != ev->order_id ||
        o->symbol != ev->symbol || f->ts_ms != ev->ts_ms)
        sim_wrong(w, "execution %" PRIu64 " was booked otherwise than it happened", ev->fill_id);
    if (w->books.booked[i / 8] >> (i % 8) & 1) sim_wrong(w, "execution %" PRIu64 " was booked twice", ev->fill_id);
    w->books.booked[i / 8] |= (uint8_t)(1u << (i % 8));
    if ((int32_t)ev->fill_id > w->books.fills) w->books.fills = (int32_t)ev->fill_id;
    (void)keel_mul_e8(ev->qty_e8, ev->price_e8, &money_e8);
    w->books.flow_e8 -= ev->side * money_e8;
    w->books.flips += side_before == -ev->side;
}

static void stepped(void *data, const keel_engine_seen *seen) {
    sim_world *w = data;
    if (seen->decision->refusal == KEEL_REFUSED_INSUFFICIENT_CASH)
        sim_wrong(w, "the account does not cover execution %" PRIu64, seen->event->fill_id);
    if (seen->decision->refusal != KEEL_REFUSED_OK) return;
    if (seen->input->number != w->heard_in) w->heard = 0;
    w->heard_in = seen->input->number;
    w->heard += seen->event->kind == KEEL_EV_FILL || seen->event->kind == KEEL_EV_REJECT;
    if (seen->event->kind == KEEL_EV_FILL) booked(w, seen->event, seen->side_before);
    for (int32_t i = 0; i < seen->decision->command_count; i++) {
        saw_command(w, &seen->decision->command[i], seen->event->ts_ms);
        within_limits(w, &seen->decision->command[i], seen->state);
    }
}

/* ---- after each input ---------------------------------------------------------------------------------------------
 */

static int is_booked(const sim_world *w, int32_t i) { return w->books.booked[i / 8] >> (i % 8) & 1; }

/* What the books hold is what the executions that they know made, of those that happened. */
static void positions_match(sim_world *w, const keel_state *st) {
    int64_t qty_e8[SIM_SYMBOLS] = {0};
    for (int32_t i = 0; i < w->books.fills; i++) {
        const sim_order *o = &w->venue.order[w->venue.fill[i].order];
        if (is_booked(w, i)) qty_e8[o->symbol] += o->side * w->venue.fill[i].qty_e8;
    }
    for (int32_t s = 0; s < w->m->tape.symbol_count; s++) {
        const keel_position *pos = &st->sym[s].pos;
        if (pos->qty_e8 < 0 || (pos->qty_e8 == 0) != (pos->side == 0) || pos->side * pos->qty_e8 != qty_e8[s])
            sim_wrong(w, "symbol %d: the books hold %" PRId64 ", its executions make %" PRId64, s,
                      pos->side * pos->qty_e8, qty_e8[s]);
    }
}

/* The account sums to zero, and so do its parts: money that came in is there, was paid, or stands in positions. */
static void books_balance(sim_world *w, const keel_state *st) {
    const keel_account *a = &st->acct;
    int64_t margin_e8 = 0, worth_e8 = 0;
    for (int32_t s = 0; s < st->symbol_count; s++) {
        margin_e8 += st->sym[s].pos.margin_e8;
        worth_e8 += st->sym[s].pos.side * st->sym[s].pos.basis_e8;
    }
    if (!keel_ledger_balanced(a)) sim_wrong(w, "the account does not sum to zero");
    if (a->margin_e8 != margin_e8) sim_wrong(w, "margin of the account is not that of its positions");
    int64_t off = a->cash_e8 + a->margin_e8 + a->capital_e8 + a->fees_e8 + a->funding_e8 - w->books.flow_e8 - worth_e8;
    if (off > w->books.flips || off < -w->books.flips)
        sim_wrong(w, "money and executions differ by %" PRId64 " units of 1e-8", off);
}

static void marked(void *data, const keel_input *input, const keel_state *st) {
    sim_world *w = data;
    uint64_t hash = keel_state_hash(st);
    w->r->checks++;
    positions_match(w, st);
    books_balance(w, st);
    if (input->number >= w->inputs_max) {
        sim_wrong(w, "the feed has more inputs than the market");
        return;
    }
    sim_seen *was = &w->seen[input->number];
    /* In the last input of the record more may have been heard since. */
    int more = input->number == w->last_input && w->heard > was->heard;
    if (was->hash && was->hash != hash && !w->lied && !more)
        sim_wrong(w, "after input %" PRIu64 " the state is %016" PRIx64 ", it was %016" PRIx64 " before the recovery",
                  input->number, hash, was->hash);
    *was = (sim_seen){hash, w->heard};
    if (input->number > w->last_input) w->last_input = input->number;
}

static void save(void *data, keel_packed_writer *out) {
    const sim_world *w = data;
    keel_packed_bytes(out, "sim", &w->books, offsetof(sim_books, booked) + ((size_t)w->books.fills + 7) / 8);
}

static int load(void *data, keel_packed_reader *in, int takes, keel_err *reterr) {
    sim_world *w = data;
    const uint8_t *bytes;
    size_t size;
    KEEL_TRY(keel_packed_look_bytes(in, "sim", &bytes, &size, reterr));
    if (!takes) return 0;
    memset(&w->books, 0, sizeof w->books);
    KEEL_ASSERT(size <= sizeof w->books);
    memcpy(&w->books, bytes, size);
    return 0;
}

keel_engine_watch sim_check_watch(sim_world *w) {
    return (keel_engine_watch){.data = w, .stepped = stepped, .marked = marked, .save = save, .load = load};
}

/* ---- at the venue's door -------------------------------------------------------------------------------------------
 */

/* Of a reversal the closing part may be all that leaves, while entries are held back. */
static int as_given(const keel_command *c, const keel_desk_msg *m) {
    return c->qty_e8 == m->qty_e8 || (c->kind == KEEL_CMD_REVERSE && m->closes && m->qty_e8 < c->qty_e8);
}

static void taken(void *data, const keel_desk_msg *m, const sim_order *before) {
    sim_world *w = data;
    const sim_command *c = command_of(w, m->order_id);
    if (before && !w->lied) sim_wrong(w, "order %" PRIu64 " is at the venue a second time", m->order_id);
    if (!c)
        sim_wrong(w, "order %" PRIu64 " is at the venue, and nobody gave it", m->order_id);
    else if (c->c.symbol != m->symbol || c->c.side != m->side || !as_given(&c->c, m))
        sim_wrong(w, "order %" PRIu64 " is not at the venue as it was given", m->order_id);
    if (w->paused_at && m->order_id > w->paused_at && !m->closes)
        sim_wrong(w, "order %" PRIu64 " increases what is held, after a pause", m->order_id);
}

sim_watch sim_check_venue(sim_world *w) { return (sim_watch){w, taken}; }

/* ---- at the end ----------------------------------------------------------------------------------------------------
 */

/* Nothing goes wrong any more: what is older than two bars is known to both sides to its end. */
void sim_check_end(sim_world *w) {
    const keel_state *st = keel_engine_state(w->engine);
    int64_t until_ms = w->m->tape.start_ms + (w->m->tape.bars - 2) * w->m->tape.interval_ms;
    for (int32_t i = 0; i < w->venue.order_count; i++)
        if (w->venue.order[i].state == KEEL_DESK_OPEN && w->venue.order[i].taken_ms < until_ms)
            sim_wrong(w, "order %" PRIu64 " has not come to its end at the venue", w->venue.order[i].id);
    for (int32_t i = 0; i < w->venue.fill_count; i++)
        if (w->venue.fill[i].ts_ms < until_ms && !is_booked(w, i) && !w->hurt)
            sim_wrong(w, "execution %d was never booked", i + 1);
    for (int32_t s = 0; s < st->symbol_count; s++) {
        uint64_t id = st->sym[s].pending.id;
        const sim_command *c = id ? command_of(w, id) : NULL;
        if (c && c->ts_ms < until_ms) sim_wrong(w, "order %" PRIu64 " is still in doubt at the end", id);
    }
    if (keel_desk_counts_of(w->desk).garbage > 0) sim_wrong(w, "the desk met messages that it could not read");
}

void sim_check_journal(sim_world *w, uint64_t want_hash) {
    keel_err err = {0};
    keel_journal_where where = sim_where(w);
    keel_journal_report found;
    keel_engine *again = NULL;
    if (keel_journal_inspect(&where, 0, NULL, NULL, &found, &err) != 0 || found.verdict != KEEL_JOURNAL_GOOD) {
        if (!w->lied) sim_wrong(w, "the journal is not well formed: %s%s", found.why, err.text);
        w->r->found = 1; /* a disk that lied is found out at the latest here */
        return;
    }
    if (found.first_seq > 1) return; /* compacted: every start from a snapshot was held against the one before */
    keel_engine_replay replay = {
        .plan = &w->plan.plan, .where = &where, .until_ms = INT64_MAX, .last_seq = found.last_seq};
    int rc = keel_engine_replay_run(&replay, &again, &err);
    if (rc != 0)
        sim_wrong(w, "the replay does not end: %s", err.text);
    else if (keel_state_hash(keel_engine_state(again)) != want_hash)
        sim_wrong(w, "the replay ends at %016" PRIx64 ", the run at %016" PRIx64,
                  keel_state_hash(keel_engine_state(again)), want_hash);
    keel_engine_abandon(again);
}
