/* An exit while an entry is still on its way in: the entry is called back first, and what it brings in all the same is
 * closed. The venue here is one where a cancel can lose: what is left of an order works on until it hears of it. */
#include "engine/record.h"
#include "engine_world.h"

enum { STASH_MAX = 64, FAR_FILLS = 1 << 20 };

/* The rest of an order that a newer one replaced, which the venue goes on to work at. */
typedef struct stashed {
    keel_market_order rest;
    int32_t symbol, cancelled;
    int32_t ordinal; /* of the last report, and of its end once that came */
    uint64_t since;  /* tick at which it was left behind; the next one decides */
    int32_t over, told;
    keel_venue_report end;
} stashed;

typedef struct quick {
    keel_venue port;
    world *w;
    int never_lost; /* 1: every cancel is in time */
    int never_ends; /* 1: what is left behind is not heard of any more */
    int strays;     /* 1: with the first cancel something is executed that nobody ordered */
    keel_venue_report stray;
    stashed stash[STASH_MAX];
    int count;
    uint64_t called_back[STASH_MAX];
    int called;
    int64_t not_called, lost, entered; /* left behind and never called back; executed; entries beside one of those */
    uint64_t tick[KEEL_SIM_VENUE_SYMBOLS];
} quick;

static quick *of(void *ctx) { return ctx; }
static const keel_venue *behind(void *ctx) { return &of(ctx)->w->venue.port; }

static stashed *stashed_of(quick *q, uint64_t id) {
    for (int i = 0; i < q->count; i++)
        if (q->stash[i].rest.id == id) return &q->stash[i];
    return NULL;
}

static int was_called_back(const quick *q, uint64_t id) {
    for (int i = 0; i < q->called; i++)
        if (q->called_back[i] == id) return 1;
    return 0;
}

static int enters(const keel_command *c) {
    return c->kind == KEEL_CMD_OPEN || c->kind == KEEL_CMD_ADD || c->kind == KEEL_CMD_REVERSE;
}

static int quick_send(void *ctx, const keel_command *c, int64_t given_ms, keel_err *err) {
    quick *q = of(ctx);
    const keel_sim_order *o = &q->w->venue.book.sym[c->symbol];
    if (o->waiting.id != 0 && o->waiting.id != c->id && !stashed_of(q, o->waiting.id)) {
        assert_true(q->count < STASH_MAX && !enters(c));
        int cancelled = was_called_back(q, o->waiting.id);
        q->stash[q->count++] = (stashed){.rest = o->waiting,
                                         .symbol = c->symbol,
                                         .cancelled = cancelled,
                                         .ordinal = o->said,
                                         .since = q->tick[c->symbol]};
        q->not_called += !cancelled;
    }
    for (int i = 0; i < q->count; i++)
        q->entered += enters(c) && q->stash[i].symbol == c->symbol && !q->stash[i].told;
    return behind(ctx)->send(behind(ctx)->ctx, c, given_ms, err);
}

/* What becomes of it: each second cancel comes too late, and without one it is executed anyway. */
static void end_stashed(quick *q, stashed *s, int64_t ts_ms) {
    keel_venue_report *r = &s->end;
    int executes = !s->cancelled || (!q->never_lost && (s - q->stash) % 2 == 0);
    memset(r, 0, sizeof *r);
    s->over = 1;
    r->kind = executes ? KEEL_VENUE_FILL : KEEL_VENUE_REJECT;
    r->ordinal = ++s->ordinal;
    r->symbol = s->symbol;
    r->order_id = s->rest.id;
    keel_event_blank(executes ? KEEL_EV_FILL : KEEL_EV_REJECT, s->symbol, ts_ms, &r->event);
    r->event.order_id = s->rest.id;
    if (!executes) return;
    q->lost++;
    r->event.side = s->rest.side;
    r->event.qty_e8 = s->rest.qty_e8;
    r->event.price_e8 = q->w->venue.book.sym[s->symbol].px_e8;
    r->event.fee_role = KEEL_TAKER;
    r->event.fill_id = FAR_FILLS + s->rest.id;
    r->event.last_of_order = 1;
}

static int quick_poll(void *ctx, int32_t symbol, keel_venue_report *ret, keel_err *err) {
    quick *q = of(ctx);
    if (q->stray.kind && q->stray.symbol == symbol) {
        *ret = q->stray;
        q->stray.kind = 0;
        return 1;
    }
    for (int i = 0; i < q->count; i++) {
        stashed *s = &q->stash[i];
        if (s->symbol != symbol || !s->over || s->told) continue;
        s->told = 1;
        *ret = s->end;
        return 1;
    }
    for (;;) { /* the model ends the older order with the newer one; this venue does not */
        int any = behind(ctx)->poll(behind(ctx)->ctx, symbol, ret, err);
        if (any <= 0 || ret->kind != KEEL_VENUE_REJECT || !stashed_of(q, ret->order_id)) return any;
    }
}

static int quick_query(void *ctx, const keel_command *c, int32_t heard, keel_err *err) {
    stashed *s = stashed_of(of(ctx), c->id);
    if (!s) return behind(ctx)->query(behind(ctx)->ctx, c, heard, err);
    s->told = s->over && s->ordinal <= heard;
    return 1;
}

static int quick_cancel(void *ctx, const keel_command *c, keel_err *err) {
    quick *q = of(ctx);
    (void)err;
    if (was_called_back(q, c->id)) return 0;
    assert_true(q->called < STASH_MAX);
    q->called_back[q->called++] = c->id;
    if (!q->strays) return 0;
    q->strays = 0;
    q->stray = (keel_venue_report){.kind = KEEL_VENUE_FILL, .ordinal = 1, .symbol = c->symbol, .order_id = c->id << 32};
    keel_event *fill = &q->stray.event;
    keel_event_blank(KEEL_EV_FILL, c->symbol, keel_engine_last_ms(q->w->engine), fill);
    fill->order_id = c->id << 32;
    fill->side = c->side;
    fill->qty_e8 = q->w->plan.rules[c->symbol].lot_e8;
    fill->price_e8 = q->w->venue.book.sym[c->symbol].px_e8;
    fill->fee_role = KEEL_TAKER;
    fill->fill_id = FAR_FILLS;
    fill->last_of_order = 1;
    return 0;
}

static void quick_uncovered(void *ctx, const keel_event *fill, int64_t closes_qty_e8) {
    behind(ctx)->uncovered(behind(ctx)->ctx, fill, closes_qty_e8);
}

static void quick_tick(void *ctx, const keel_venue_tick *t) {
    quick *q = of(ctx);
    behind(ctx)->tick(behind(ctx)->ctx, t);
    if (t->number <= q->tick[t->symbol]) return;
    q->tick[t->symbol] = t->number;
    for (int i = 0; i < q->count && !q->never_ends; i++) {
        stashed *s = &q->stash[i];
        if (s->symbol == t->symbol && !s->over && t->number > s->since) end_stashed(q, s, t->ts_ms);
    }
}

static void use_quick(quick *q, world *w) {
    memset(q, 0, sizeof *q);
    q->w = w;
    q->port = (keel_venue){q, quick_send, quick_poll, quick_query, quick_cancel, quick_uncovered, quick_tick};
    w->between = &q->port;
}

/* ---- what is held meanwhile -------------------------------------------------------------------------------------- */

static struct {
    quick *q;
    int64_t kept;    /* looks at a position that a late execution made, and that nothing is on its way to close */
    int64_t refused; /* orders that close, and were refused here */
    keel_engine_watch inner;
} seen;

static void look(world *w) {
    const keel_state *st = keel_engine_state(w->engine);
    for (int i = 0; i < seen.q->count; i++) {
        const stashed *s = &seen.q->stash[i];
        const keel_symbol *books = &st->sym[s->symbol];
        if (!s->told || s->end.kind != KEEL_VENUE_FILL) continue;
        if (books->pos.side == 0 || books->pending.kind != 0 || books->pos.opened_ms > s->end.event.ts_ms) continue;
        seen.kept++;
    }
}

static void see_told(void *data, const keel_engine_told *t) {
    (void)data;
    if (t->kind == KEEL_TOLD_GUARD && !enters(t->command)) seen.refused++;
}

static void see_step(void *data, const keel_engine_seen *s) { (void)data, seen.inner.stepped(seen.inner.data, s); }
static void see_mark(void *data, const keel_input *in, const keel_state *st) {
    (void)data;
    seen.inner.marked(seen.inner.data, in, st);
}
static void see_save(void *data, keel_packed_writer *out) { (void)data, seen.inner.save(seen.inner.data, out); }
static int see_load(void *data, keel_packed_reader *in, int takes, keel_err *err) {
    (void)data;
    return seen.inner.load(seen.inner.data, in, takes, err);
}

static keel_engine_watch watching(world *w, const keel_engine_watch *inner) {
    (void)w;
    seen.inner = *inner;
    return (keel_engine_watch){
        .stepped = see_step, .marked = see_mark, .told = see_told, .save = see_save, .load = see_load};
}

static market *leaving_market(uint64_t seed) {
    market *m = market_random(seed, 2, 240, 4, &NATURES[0]);
    use_manner(m, KEEL_STRATEGY_MOMENTUM, 1);
    assert_int_equal(keel_strategy_set(&m->p, MOMENTUM_LOOKBACK, 2), 1);
    m->p.enable_reverse = 0;
    m->p.sl_pct = 0.01; /* met while a part of the order that opened is on its way */
    run_well(m);
    return m;
}

static world *leaving_world(const market *m, uint64_t seed, quick *q) {
    world *w = world_new(m, 0, 1, seed);
    w->venue.model = (keel_sim_model){.latency_ms = 5400000, .fill_share_e8 = 40000000};
    w->snapshot_records = seed % 2 ? 60 : 1000000;
    memset(&seen, 0, sizeof seen);
    use_quick(q, w);
    seen.q = q;
    w->act = look;
    w->watch = watching;
    return w;
}

/* [ENG-05.2] [T-107] The entry is called back before the exit leaves; an execution that was quicker is closed, and no
 * other entry leaves until it is known what became of the first. An engine of before knows none of that, and its
 * record still leads to what it did. */
static void what_comes_in_behind_an_exit_is_closed(void **state) {
    (void)state;
    int64_t left = 0, lost = 0, kept_before = 0, not_called_before = 0;
    for (int32_t behaviour = KEEL_ENGINE_BEHAVIOUR_CANCELS; behaviour <= KEEL_ENGINE_BEHAVIOUR;
         behaviour += KEEL_ENGINE_BEHAVIOUR - KEEL_ENGINE_BEHAVIOUR_CANCELS)
        for (uint64_t seed = 40; seed < 52; seed++) {
            market *m = leaving_market(seed);
            quick q;
            keel_err err = {0};
            uint64_t hash = 0;
            world *w = leaving_world(m, seed, &q);
            w->plan.plan.behaviour = behaviour;
            if (live(w, &hash, &err) != 0) fail_msg("%s", err.text);
            if (behaviour == KEEL_ENGINE_BEHAVIOUR) {
                assert_int_equal(q.not_called, 0);
                assert_int_equal(q.entered, 0);
                assert_int_equal(seen.kept, 0);
                left += q.count;
                lost += q.lost;
            } else {
                kept_before += seen.kept;
                not_called_before += q.not_called;
            }
            assert_int_equal(seen.refused, 0);
            assert_true(world_replayed(w) == hash);
            world_free(w);
            market_free(m);
        }
    if (left < 5 || lost < 3 || kept_before < 5 || not_called_before < 5)
        fail_msg("%lld left, %lld lost; before %lld kept, %lld not called back", (long long)left, (long long)lost,
                 (long long)kept_before, (long long)not_called_before);
}

/* [WAL-05.3] The same over a stop at any effect: it ends as undisturbed. */
static void over_a_kill_it_is_closed_alike(void **state) {
    (void)state;
    int kills = 0;
    market *m = leaving_market(41);
    keel_err err = {0};
    uint64_t want = 0, hash = 0;
    quick q;
    world *w = leaving_world(m, 41, &q);
    if (live(w, &want, &err) != 0) fail_msg("%s", err.text);
    assert_true(q.count > 0 && q.lost > 0);
    world_free(w);
    for (uint64_t at = 40; at < 900; at += 7) {
        w = leaving_world(m, 41, &q);
        keel_simfs_faults faults = {.kill_at = at};
        keel_simfs_set_faults(w->disk, &faults);
        if (live(w, &hash, &err) != 0) {
            kills++;
            keel_simfs_crash(w->disk);
            live_well(w, want, "killed around an exit");
        }
        world_free(w);
    }
    market_free(m);
    assert_true(kills > 60);
}

/* [ENG-05.2] Orders that never come to an end fill the places of a symbol: an entry then stays here, what closes
 * leaves. An engine of before refused it. */
static void what_closes_always_finds_a_place(void **state) {
    (void)state;
    int64_t refused_before = 0, left = 0;
    for (int before = 1; before >= 0; before--)
        for (uint64_t seed = 40; seed < 52; seed++) {
            market *m = leaving_market(seed);
            quick q;
            keel_err err = {0};
            uint64_t hash = 0;
            world *w = leaving_world(m, seed, &q);
            q.never_ends = 1;
            w->plan.plan.behaviour = before ? KEEL_ENGINE_BEHAVIOUR_CANCELS : 0;
            if (live(w, &hash, &err) != 0) fail_msg("%s", err.text);
            if (before) refused_before += seen.refused;
            if (!before) assert_int_equal(seen.refused, 0);
            left += q.count;
            world_free(w);
            market_free(m);
        }
    if (refused_before < 1 || left < 5)
        fail_msg("%lld refused before, %lld left behind", (long long)refused_before, (long long)left);
}

/* ---- refused, and stray ------------------------------------------------------------------------------------------ */

static struct {
    uint64_t from, input;    /* 0: the venue does not refuse yet; of the last report */
    int64_t all, here, most; /* orders that it refused; in one input */
} refusals;

/* Once an entry was left behind the venue refuses everything, for so many inputs. */
static void refuse_for_a_while(world *w) {
    uint64_t now = keel_engine_last_input(w->engine);
    if (!refusals.from && seen.q->count > 0) refusals.from = now;
    w->venue.model.reject_every = refusals.from && now < refusals.from + 60;
}

static void see_refusal(void *data, const keel_engine_told *t) {
    see_told(data, t);
    if (t->kind != KEEL_TOLD_REPORT || t->report->kind != KEEL_VENUE_REJECT) return;
    if (seen.q->w->venue.model.reject_every == 0) return;
    if (refusals.input != t->input->number) refusals.here = 0;
    refusals.input = t->input->number;
    refusals.all++;
    if (++refusals.here > refusals.most) refusals.most = refusals.here;
}

static keel_engine_watch watching_refusals(world *w, const keel_engine_watch *inner) {
    keel_engine_watch mine = watching(w, inner);
    mine.told = see_refusal;
    return mine;
}

/* A venue that refuses what is to close a late execution is asked again with each input, and not without end at once.
 */
static void a_refused_exit_is_tried_again_with_each_input(void **state) {
    (void)state;
    int64_t tried = 0;
    for (uint64_t seed = 40; seed < 52; seed++) {
        market *m = leaving_market(seed);
        quick q;
        keel_err err = {0};
        uint64_t hash = 0;
        world *w = leaving_world(m, seed, &q);
        memset(&refusals, 0, sizeof refusals);
        w->act = refuse_for_a_while;
        w->watch = watching_refusals;
        if (live(w, &hash, &err) != 0) fail_msg("%s", err.text);
        if (refusals.most > 4) fail_msg("%lld refused in one input", (long long)refusals.most);
        tried += refusals.all;
        assert_true(world_replayed(w) == hash);
        world_free(w);
        market_free(m);
    }
    if (tried < 50) fail_msg("%lld refused", (long long)tried);
}

/* Once an entry is at work. */
static void pause_when_entering(world *w) {
    keel_err err = {0};
    const keel_state *st = keel_engine_state(w->engine);
    if (st->sym[0].pending.kind != KEEL_CMD_OPEN || w->stops) return;
    if (keel_engine_order(w->engine, KEEL_ENGINE_ORDER_PAUSE, &err) != 0) fail_msg("%s", err.text);
    assert_int_equal(seen.q->strays, 0);
    assert_int_equal(keel_engine_phase_of(w->engine), KEEL_ENGINE_HALTED);
    w->stops = 1;
}

/* [ENG-05.2] What an order brings that nobody ordered is a halt, on record behind it: an end in order right then, and a
 * snapshot, do not lose it. The start that finds it says that it was so, and not that somebody ordered it. */
static void a_stray_that_a_cancel_brings_halts(void **state) {
    (void)state;
    market *m = leaving_market(41);
    quick q;
    keel_err err = {0};
    uint64_t hash = 0, again = 0;
    world *w = leaving_world(m, 41, &q);
    w->act = pause_when_entering;
    q.strays = 1;
    if (live(w, &hash, &err) != 0) fail_msg("%s", err.text);
    assert_int_equal(w->stops, 1);
    assert_true(world_replayed(w) == hash);
    w->stops = 0;
    w->act = NULL;
    if (live(w, &again, &err) != 0) fail_msg("%s", err.text);
    assert_int_equal(w->phase, KEEL_ENGINE_HALTED);
    const char *note = "\"to\":\"halted\",\"trigger\":\"it was so when the record ended\",\"actor\":\"engine\"";
    assert_int_equal(noted(w, KEEL_RECORD_PHASE, note), 1);
    world_free(w);
    market_free(m);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_comes_in_behind_an_exit_is_closed),
        cmocka_unit_test(over_a_kill_it_is_closed_alike),
        cmocka_unit_test(what_closes_always_finds_a_place),
        cmocka_unit_test(a_refused_exit_is_tried_again_with_each_input),
        cmocka_unit_test(a_stray_that_a_cancel_brings_halts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
