/* What an engine depends on and does not own: the venue's willingness, its clock, and what it holds. Each is judged by
 * arithmetic alone, reaches the engine as an input, and is the same in a replay. */
#include "engine_world.h"
#include <math.h>

#include "engine/record.h"

/* ---- the judges ------------------------------------------------------------------------------------------------- */

/* [T-043] [T-044] [RSK-07.1] More than half of twenty calls within half a minute, or five in a row: open. Half a minute
 * later three are tried: all good, and it closes; the first bad one opens it again. */
static void a_breaker_opens_and_closes(void **state) {
    (void)state;
    keel_breaker b;
    keel_breaker_init(&b, NULL, KEEL_BREAKER_CLOSED, 0);
    for (int64_t i = 0; i < 19; i++) /* ten of nineteen: too few calls to have a rate */
        assert_int_equal(keel_breaker_saw(&b, 1000 + i * 100, (int)(i % 2)), 0);
    assert_int_equal(keel_breaker_saw(&b, 3000, 1), 0); /* ten of twenty: not more than half */
    assert_int_equal(keel_breaker_saw(&b, 3100, 0), 1);
    assert_int_equal(b.state, KEEL_BREAKER_OPEN);
    assert_int_equal(keel_breaker_failed(&b, 3100), 11);
    assert_int_equal(keel_breaker_saw(&b, 3200, 1), 0);
    assert_int_equal(keel_breaker_pass(&b, 33099), 0);
    assert_int_equal(keel_breaker_pass(&b, 33100), 1);
    assert_int_equal(b.state, KEEL_BREAKER_HALF_OPEN);
    assert_int_equal(keel_breaker_saw(&b, 33200, 1), 0);
    assert_int_equal(keel_breaker_saw(&b, 33300, 0), 1);
    assert_int_equal(b.state, KEEL_BREAKER_OPEN);
    assert_int_equal(keel_breaker_pass(&b, 63300), 1);
    for (int i = 0; i < KEEL_BREAKER_PROBES; i++)
        assert_int_equal(keel_breaker_saw(&b, 63400 + i, 1), i == KEEL_BREAKER_PROBES - 1);
    assert_int_equal(b.state, KEEL_BREAKER_CLOSED);
    assert_int_equal(keel_breaker_failed(&b, 63500), 0);
    for (int i = 0; i < 5; i++)
        assert_int_equal(keel_breaker_saw(&b, 64000 + i, 0), i == 4);
}

/* Failures far apart do not add up, and each limit can be another one. */
static void a_breaker_forgets(void **state) {
    (void)state;
    keel_breaker b;
    keel_breaker_limits limits = {
        .window_ms = 1000, .open_ms = 50, .calls_min = 2, .failed_pct = 10, .failed_row = 100};
    keel_breaker_init(&b, NULL, KEEL_BREAKER_CLOSED, 0);
    for (int64_t i = 0; i < 400; i++)
        assert_int_equal(keel_breaker_saw(&b, i * 3000, i % 4 == 0), 0);
    keel_breaker_init(&b, &limits, KEEL_BREAKER_CLOSED, 0);
    assert_int_equal(keel_breaker_saw(&b, 10, 0), 0);
    assert_int_equal(keel_breaker_saw(&b, 1100, 1), 0);
    assert_int_equal(keel_breaker_saw(&b, 1200, 0), 1);
    assert_int_equal(keel_breaker_pass(&b, 1250), 1);
    keel_breaker_init(&b, &limits, KEEL_BREAKER_OPEN, 5000); /* as the record ends */
    assert_int_equal(keel_breaker_pass(&b, 5049), 0);
    assert_int_equal(keel_breaker_pass(&b, 5050), 1);
}

/* [T-016] [ENG-02.5] */
static void clocks_are_judged_by_their_distance(void **state) {
    (void)state;
    static const struct {
        int64_t apart_ms, limit_ms;
        int32_t level;
    } CASES[] = {{0, 0, KEEL_CLOCK_GOOD},    {500, 0, KEEL_CLOCK_GOOD},      {-500, 0, KEEL_CLOCK_GOOD},
                 {501, 0, KEEL_CLOCK_OFF},   {-501, 0, KEEL_CLOCK_OFF},      {2500, 0, KEEL_CLOCK_OFF},
                 {-2501, 0, KEEL_CLOCK_FAR}, {INT64_MIN, 0, KEEL_CLOCK_FAR}, {INT64_MAX, 0, KEEL_CLOCK_FAR},
                 {20, 10, KEEL_CLOCK_OFF},   {51, 10, KEEL_CLOCK_FAR},       {10, 10, KEEL_CLOCK_GOOD}};
    for (size_t i = 0; i < COUNT(CASES); i++)
        assert_int_equal(keel_clock_judge(CASES[i].apart_ms, CASES[i].limit_ms), CASES[i].level);
}

/* [T-045] [T-046] [REC-03.1] Half a percent of 10,000 USD is 50 USD; of little there is at least 10 USD. */
static void drift_is_judged_by_its_worth(void **state) {
    (void)state;
    static const int64_t USD = 100000000, UNIT = 100000000;
    static const struct {
        int64_t books_e8, venue_e8, equity_usd;
        int32_t level;
    } CASES[] = {{3, 3, 10000, KEEL_DRIFT_NONE},    {10, 9, 10000, KEEL_DRIFT_NONE}, {10, 5, 10000, KEEL_DRIFT_WARN},
                 {0, -9, 10000, KEEL_DRIFT_WARN},   {0, 10, 10000, KEEL_DRIFT_HALT}, {-5, 19, 10000, KEEL_DRIFT_HALT},
                 {-5, 20, 10000, KEEL_DRIFT_CLOSE}, {0, 1, 100, KEEL_DRIFT_WARN},    {0, 5, -100, KEEL_DRIFT_CLOSE}};
    for (size_t i = 0; i < COUNT(CASES); i++) {
        double score =
            keel_drift_score(CASES[i].books_e8 * UNIT, CASES[i].venue_e8 * UNIT, 10 * USD, CASES[i].equity_usd * USD);
        assert_int_equal(keel_drift_judge(score), CASES[i].level);
    }
    assert_int_equal(keel_drift_judge(keel_drift_score(1, 2, 0, USD)), KEEL_DRIFT_CLOSE); /* worth nobody knows what */
    assert_int_equal(keel_drift_judge(keel_drift_score(INT64_MIN, INT64_MAX, INT64_MAX, USD)), KEEL_DRIFT_CLOSE);
}

/* ---- in an engine ----------------------------------------------------------------------------------------------- */

/* What is seen, and when. */
enum { CLOCK, BREAKER, HELD };
typedef struct seen {
    uint64_t at; /* once this input was worked through */
    int what;
    int64_t value; /* HELD: twice the score of the first symbol that is held and has no order */
} seen;

typedef struct script {
    const seen *list;
    size_t count, at;
    int32_t level, symbol; /* of the last HELD */
} script;

/* Between the engine and its venue: what leaves, by what was seen last. */
typedef struct gate {
    keel_venue port;
    world *w;
    int refuse_reversals; /* 1: they are refused here */
    keel_venue_report refusal, stray;
    int refuses, strays; /* 1: to be told */
    int64_t last_px_e8;  /* of the last stray; 0: as the others */
    int64_t opens[3], closes[3], opens_after, drift_closes, reversals, halves;
    int counts_after;
} gate;

static script acting;
static gate at_gate;

static int increases(const keel_command *c) {
    return c->kind == KEEL_CMD_OPEN || c->kind == KEEL_CMD_ADD || c->kind == KEEL_CMD_REVERSE;
}

static int gate_send(void *ctx, const keel_command *c, int64_t given_ms, keel_err *reterr) {
    gate *g = ctx;
    const keel_venue *venue = &g->w->venue.port;
    if (g->w->engine) {
        int32_t breaker = keel_engine_breaker_of(g->w->engine);
        int more = increases(c);
        g->opens[breaker] += more;
        g->closes[breaker] += !more;
        g->opens_after += more && g->counts_after;
        g->drift_closes += c->reason == KEEL_X_DRIFT;
        g->halves += c->reason == KEEL_X_RISK_REDUCE && c->kind == KEEL_CMD_CLOSE;
    }
    if (!g->refuse_reversals || c->kind != KEEL_CMD_REVERSE) return venue->send(venue->ctx, c, given_ms, reterr);
    g->reversals++;
    g->refuses = 1;
    memset(&g->refusal, 0, sizeof g->refusal);
    g->refusal.kind = KEEL_VENUE_REJECT;
    g->refusal.ordinal = 1;
    g->refusal.symbol = c->symbol;
    g->refusal.order_id = c->id;
    keel_event_blank(KEEL_EV_REJECT, c->symbol, given_ms, &g->refusal.event);
    g->refusal.event.order_id = c->id;
    return 0;
}

static int gate_poll(void *ctx, int32_t symbol, keel_venue_report *ret, keel_err *reterr) {
    gate *g = ctx;
    const keel_venue *venue = &g->w->venue.port;
    if (g->refuses && g->refusal.symbol == symbol) {
        g->refuses = 0;
        *ret = g->refusal;
        return 1;
    }
    if (g->strays > 0 && g->stray.symbol == symbol) { /* told more than once */
        g->strays--;
        *ret = g->stray;
        if (g->strays == 0 && g->last_px_e8) { /* and another one behind it */
            ret->event.fill_id++;
            ret->event.price_e8 = g->last_px_e8;
        }
        return 1;
    }
    return venue->poll(venue->ctx, symbol, ret, reterr);
}

static int gate_query(void *ctx, const keel_command *c, int32_t heard, keel_err *reterr) {
    const keel_venue *venue = &((gate *)ctx)->w->venue.port;
    return venue->query(venue->ctx, c, heard, reterr);
}

static int gate_cancel(void *ctx, const keel_command *c, keel_err *err) {
    const keel_venue *venue = &((gate *)ctx)->w->venue.port;
    return venue->cancel(venue->ctx, c, err);
}

static void gate_uncovered(void *ctx, const keel_event *fill, int64_t closes_qty_e8) {
    const keel_venue *venue = &((gate *)ctx)->w->venue.port;
    venue->uncovered(venue->ctx, fill, closes_qty_e8);
}

static void gate_tick(void *ctx, const keel_venue_tick *tick) {
    const keel_venue *venue = &((gate *)ctx)->w->venue.port;
    venue->tick(venue->ctx, tick);
}

static gate *use_gate(world *w) {
    gate *g = &at_gate;
    memset(g, 0, sizeof *g);
    g->w = w;
    g->port = (keel_venue){g, gate_send, gate_poll, gate_query, gate_cancel, gate_uncovered, gate_tick};
    w->between = &g->port;
    return g;
}

/* The venue holds what the books do, but for one symbol. 0: not now. */
static int see_held(world *w, double score) {
    const keel_state *st = keel_engine_state(w->engine);
    int64_t held[KEEL_SYMBOLS_MAX] = {0};
    keel_err err = {0};
    acting.symbol = -1;
    for (int32_t i = 0; i < st->symbol_count; i++) {
        const keel_symbol *s = &st->sym[i];
        held[i] = s->pos.side * s->pos.qty_e8;
        if (acting.symbol >= 0 || s->pos.side == 0 || s->pending.kind != 0) continue;
        double unit = fmax((double)keel_state_equity(st) * 0.005, 10e8);
        acting.symbol = i;
        held[i] -= (int64_t)(score * unit / ((double)s->last_px_e8 / 1e8));
    }
    if (acting.symbol < 0) return 0;
    assert_int_equal(keel_engine_see_held(w->engine, held, &acting.level, &err), 0);
    return 1;
}

static void act(world *w) {
    keel_err err = {0};
    if (acting.at >= acting.count || keel_engine_last_input(w->engine) < acting.list[acting.at].at) return;
    const seen *s = &acting.list[acting.at];
    if (s->what == HELD && !see_held(w, (double)s->value / 2.0)) return;
    if (s->what == CLOCK) assert_int_equal(keel_engine_see_clock(w->engine, s->value, 0, &err), 0);
    if (s->what == BREAKER) assert_int_equal(keel_engine_see_breaker(w->engine, (int32_t)s->value, 7, &err), 0);
    acting.at++;
    at_gate.counts_after = s->what == HELD;
}

static world *acting_world(const market *m, int rebuilt, const seen *list, size_t count) {
    world *w = world_new(m, rebuilt, rebuilt ? 4 : 1, 77);
    acting = (script){.list = list, .count = count, .level = -1};
    w->act = act;
    w->snapshot_records = 1000000;
    use_gate(w);
    return w;
}

/* The record alone leads to the same state: at its end, and cut behind what was seen. A venue that remembers is ahead
 * of a record that is cut, and has forgotten orders since: of that it is not asked. */
static void leads_to_the_same(world *w, uint64_t hash) {
    size_t size = 0;
    w->act = NULL;
    w->between = NULL;
    live_well(w, hash, "started again at its end");
    if (!w->rebuilt) return;
    uint8_t *bytes = whole_segment(w, &size);
    world *again = world_new(w->m, w->rebuilt, w->batch, 78);
    put_segment(again, bytes, size, size - size / 64);
    live_well(again, hash, "cut, started again");
    world_free(again);
    free(bytes);
}

/* How many inputs of the record are this control. */
static int controls(world *w, int32_t control) {
    keel_journal_where where = {keel_simfs_port(w->disk), "/j", "engine", NULL, NULL};
    keel_journal_reader *reader = NULL;
    keel_journal_record r;
    keel_input in;
    keel_err err = {0};
    memset(&in, 0, sizeof in);
    int count = 0, rc = keel_journal_reader_open(&where, &reader, &err);
    while (rc >= 0 && (rc = keel_journal_reader_next(reader, &r, &err)) > 0) {
        if (r.type != KEEL_RECORD_INPUT) continue;
        assert_int_equal(keel_input_read(r.payload, r.size, KEEL_SYMBOLS_MAX, &in, &err), 0);
        count += in.kind == KEEL_INPUT_CONTROL && in.control == control;
    }
    if (rc < 0) fail_msg("%s", err.text);
    keel_input_done(&in);
    keel_journal_reader_close(reader);
    return count;
}

static int phases_told(world *w, const char *word) { return noted(w, KEEL_RECORD_PHASE, word); }

/* [T-016] [ENG-02.5] Beyond the limit the engine is degraded, and goes on; beyond five times that no entry leaves,
 * until the clocks agree again. The same is no news. */
static void a_clock_that_is_off_degrades_and_far_off_holds_entries_back(void **state) {
    (void)state;
    static const seen OFF[] = {{20, CLOCK, 600}, {21, CLOCK, -700}, {40, CLOCK, 0}};
    static const seen FAR_OFF[] = {{20, CLOCK, -2501}};
    market *m = small_market();
    keel_err err = {0};
    uint64_t hash = 0;
    world *w = acting_world(m, 1, OFF, COUNT(OFF));
    if (live(w, &hash, &err) != 0) fail_msg("%s", err.text);
    assert_true(hash == keel_state_hash(m->st)); /* whoever is degraded trades as ever */
    assert_int_equal(phases_told(w, "\"to\":\"degraded\",\"trigger\":\"the venue's clock is another one\""), 1);
    assert_int_equal(phases_told(w, "\"from\":\"degraded\",\"to\":\"running\""), 1);
    leads_to_the_same(w, hash);
    world_free(w);
    w = acting_world(m, 1, FAR_OFF, COUNT(FAR_OFF));
    if (live(w, &hash, &err) != 0) fail_msg("%s", err.text);
    assert_true(w->counts.guard_refused > 3 && at_gate.opens[KEEL_BREAKER_CLOSED] == 0);
    w->act = NULL;
    w->between = NULL;
    live_well(w, hash, "started again");
    assert_true(w->phase == KEEL_ENGINE_DEGRADED && w->recovery.held_back == KEEL_ENGINE_DEGRADED);
    world_free(w);
    market_free(m);
}

/* [T-043] [T-044] Open, no entry leaves and what closes does; half open, three do; closed, all. */
static void a_breaker_lets_what_closes_leave(void **state) {
    (void)state;
    static const seen LIST[] = {{160, BREAKER, KEEL_BREAKER_OPEN},      {220, BREAKER, KEEL_BREAKER_HALF_OPEN},
                                {330, BREAKER, KEEL_BREAKER_OPEN},      {331, BREAKER, KEEL_BREAKER_OPEN},
                                {340, BREAKER, KEEL_BREAKER_HALF_OPEN}, {350, BREAKER, KEEL_BREAKER_CLOSED}};
    int64_t opens = 0, closes = 0, probes = 0;
    for (uint64_t n = 0; n < 8; n++) {
        market *m = market_random(500 + n, 2, 260, 1, &NATURES[0]);
        use_manner(m, KEEL_STRATEGY_MOMENTUM, (int)(n % 2));
        assert_int_equal(keel_strategy_set(&m->p, MOMENTUM_LOOKBACK, 2), 1);
        run_well(m);
        keel_err err = {0};
        uint64_t hash = 0;
        world *w = acting_world(m, 1, LIST, COUNT(LIST));
        if (live(w, &hash, &err) != 0) fail_msg("%s", err.text);
        assert_int_equal(acting.at, acting.count);
        assert_int_equal(at_gate.opens[KEEL_BREAKER_OPEN], 0);
        assert_true(at_gate.opens[KEEL_BREAKER_HALF_OPEN] <= 2 * KEEL_BREAKER_PROBES);
        probes += at_gate.opens[KEEL_BREAKER_HALF_OPEN];
        closes += at_gate.closes[KEEL_BREAKER_OPEN];
        opens += at_gate.opens[KEEL_BREAKER_CLOSED];
        assert_int_equal(phases_told(w, "\"trigger\":\"too many calls to the venue failed\""), 1);
        assert_int_equal(phases_told(w, "\"trigger\":\"clock and venue are as they should be\""), 1);
        leads_to_the_same(w, hash);
        world_free(w);
        market_free(m);
    }
    if (opens < 20 || closes < 3 || probes < 10)
        fail_msg("%lld opens, %lld closes, %lld probes", (long long)opens, (long long)closes, (long long)probes);
}

/* [T-045] [T-046] A little is told. More leads to safe mode, until a person resumes; much more closes what differs, and
 * nothing else. */
static void drift_is_told_or_leads_to_safe_mode_or_closes(void **state) {
    (void)state;
    static const seen WARN[] = {{60, HELD, 0}, {61, HELD, 3}}, HALT[] = {{60, HELD, 6}}, CLOSES[] = {{60, HELD, 16}};
    static const struct {
        const seen *list;
        size_t count;
        int32_t level;
    } CASES[] = {{WARN, 2, KEEL_DRIFT_WARN}, {HALT, 1, KEEL_DRIFT_HALT}, {CLOSES, 1, KEEL_DRIFT_CLOSE}};
    int64_t closed = 0, warned = 0;
    for (uint64_t n = 0; n < 6; n++)
        for (size_t i = 0; i < COUNT(CASES); i++)
            for (int rebuilt = 0; rebuilt <= 1; rebuilt++) {
                market *m = market_random(700 + n, 3, 230, 2, &NATURES[0]);
                use_manner(m, n % 2 ? KEEL_STRATEGY_MOMENTUM : KEEL_STRATEGY_BUY_HOLD, 0);
                run_well(m);
                keel_err err = {0};
                uint64_t hash = 0;
                world *w = acting_world(m, rebuilt, CASES[i].list, CASES[i].count);
                if (live(w, &hash, &err) != 0) fail_msg("%s", err.text);
                int done = acting.at == acting.count;
                if (done) assert_int_equal(acting.level, CASES[i].level);
                assert_int_equal(controls(w, KEEL_ENGINE_ORDER_DRIFT + CASES[i].level), done);
                if (done && i > 0) {
                    assert_int_equal(phases_told(w, "\"to\":\"safe_mode\",\"trigger\":\"books and venue differ\""), 1);
                    assert_int_equal(at_gate.opens_after, 0);
                    assert_int_equal(at_gate.drift_closes, i == 2);
                    closed += at_gate.drift_closes;
                } else if (i == 0) {
                    assert_int_equal(phases_told(w, "safe_mode"), 0);
                    assert_true(hash == keel_state_hash(m->st));
                    warned += done;
                }
                leads_to_the_same(w, hash);
                world_free(w);
                market_free(m);
            }
    assert_true(closed > 6 && warned > 6);
}

/* A venue that refuses a reversal, for its age or for whatever it may not hold: what it was to close is closed. */
static void of_a_reversal_that_is_refused_the_closing_half_happens(void **state) {
    (void)state;
    int64_t reversals = 0, halves = 0;
    for (uint64_t seed = 1; seed <= 6; seed++) {
        market *m = market_random(900 + seed, 2, 220, 1, &NATURES[0]);
        use_manner(m, KEEL_STRATEGY_MOMENTUM, 0);
        m->p.enable_reverse = 1;
        m->p.exit_cooldown_s = 15; /* a reversal counts as an exit */
        assert_int_equal(keel_strategy_set(&m->p, MOMENTUM_LOOKBACK, 2), 1);
        run_well(m);
        keel_err err = {0};
        uint64_t hash = 0;
        world *w = acting_world(m, 0, NULL, 0);
        at_gate.refuse_reversals = 1;
        if (live(w, &hash, &err) != 0) fail_msg("%s", err.text);
        reversals += at_gate.reversals;
        halves += at_gate.halves;
        assert_int_equal(at_gate.halves, at_gate.reversals);
        w->act = NULL;
        w->between = NULL;
        live_well(w, hash, "started again");
        world_free(w);
        market_free(m);
    }
    if (reversals < 10) fail_msg("%lld reversals, %lld closed", (long long)reversals, (long long)halves);
}

/* ---- a run of an earlier engine ---------------------------------------------------------------------------------- */

/* What is found of a record whose START has no number. */
static int32_t found_behaviour(world *w) {
    keel_journal_where where = {keel_simfs_port(w->disk), "/j", "engine", NULL, NULL};
    keel_err err = {0};
    int32_t begun_with = w->plan.plan.behaviour;
    if (keel_paper_start_behaviour(&where, &w->plan, NULL, &err) != 0) fail_msg("%s", err.text);
    int32_t found = w->plan.plan.behaviour;
    w->plan.plan.behaviour = begun_with;
    return found;
}

static int64_t of_behaviour(int32_t behaviour, uint64_t until, int32_t resumed_as) {
    market *m = market_random(901, 2, 220, 1, &NATURES[0]);
    use_manner(m, KEEL_STRATEGY_MOMENTUM, 0);
    m->p.enable_reverse = 1;
    assert_int_equal(keel_strategy_set(&m->p, MOMENTUM_LOOKBACK, 2), 1);
    run_well(m);
    keel_err err = {0};
    uint64_t hash = 0;
    world *w = acting_world(m, 0, NULL, 0);
    at_gate.refuse_reversals = 1;
    w->plan.plan.behaviour = behaviour;
    w->stops = 1;
    w->stop_at = until;
    if (live(w, &hash, &err) != 0) fail_msg("%s", err.text);
    assert_int_equal(found_behaviour(w),
                     behaviour < KEEL_ENGINE_BEHAVIOUR ? behaviour : KEEL_ENGINE_BEHAVIOUR_UNNUMBERED);
    int64_t halves = at_gate.halves, reversals = at_gate.reversals;
    if (reversals < 2) fail_msg("%lld reversals", (long long)reversals);
    w->stops = 0;
    w->refuse_snapshots = 1;
    w->plan.plan.behaviour = resumed_as;
    int rc = live(w, &hash, &err);
    if (resumed_as != behaviour) {
        assert_int_equal(rc, KEEL_E_PARITY);
        world_free(w);
        market_free(m);
        return halves;
    }
    if (rc != 0) fail_msg("behaviour %d: %s", (int)behaviour, err.text);
    assert_int_equal(controls(w, KEEL_ENGINE_ORDER_BEHAVES + KEEL_ENGINE_BEHAVIOUR), behaviour < KEEL_ENGINE_BEHAVIOUR);
    assert_true(at_gate.reversals > reversals && at_gate.halves - halves == at_gate.reversals - reversals);
    w->refuse_snapshots = 0;
    live_well(w, hash, "started again");
    w->refuse_snapshots = 1;
    live_well(w, hash, "from the record alone");
    world_free(w);
    market_free(m);
    return halves;
}

/* What an earlier engine did with the same inputs is done again up to the end of its record; from there on this one's
 * behaviour holds, which is on record. As another one it is not what was recorded. */
static void a_run_of_an_earlier_engine_goes_on_as_this_one(void **state) {
    (void)state;
    assert_int_equal(of_behaviour(1, 200, 1), 0);
    assert_int_equal(of_behaviour(1, 200, KEEL_ENGINE_BEHAVIOUR), 0);
    assert_true(of_behaviour(3, 200, 3) > 0);
    assert_true(of_behaviour(KEEL_ENGINE_BEHAVIOUR, 200, KEEL_ENGINE_BEHAVIOUR) > 0);
    market *m = small_market();
    world *w = acting_world(m, 0, NULL, 0);
    keel_err err = {0};
    uint64_t hash = 0;
    w->plan.plan.behaviour = KEEL_ENGINE_BEHAVIOUR + 1;
    assert_int_equal(live(w, &hash, &err), KEEL_E_VERSION);
    world_free(w);
    market_free(m);
}

/* ---- an execution of no known order ----------------------------------------------------------------------------- */

static void see_stray(world *w) {
    const keel_state *st = keel_engine_state(w->engine);
    if (acting.at || keel_engine_last_input(w->engine) < 60 || st->sym[0].last_px_e8 == 0) return;
    keel_venue_report *r = &at_gate.stray;
    acting.at = 1;
    at_gate.strays = 3;
    memset(r, 0, sizeof *r);
    r->kind = KEEL_VENUE_FILL;
    r->ordinal = 1;
    r->order_id = 0xfeed;
    keel_event_blank(KEEL_EV_FILL, 0, st->sym[0].last_ts_ms, &r->event);
    r->event.order_id = 0xfeed;
    r->event.fill_id = 0xbeef;
    r->event.side = 1;
    r->event.qty_e8 = 1000000;
    r->event.price_e8 = st->sym[0].last_px_e8;
    r->event.last_of_order = 1;
}

/* [T-038] It happened: it is booked, once, so that the books hold what the account does; it is on record, the engine
 * halts, and a person who has looked may resume. */
static void an_execution_of_no_known_order_is_booked_and_halts(void **state) {
    (void)state;
    market *m = small_market();
    keel_err err = {0};
    uint64_t hash = 0;
    world *w = acting_world(m, 0, NULL, 0);
    w->act = see_stray;
    if (live(w, &hash, &err) != 0) fail_msg("%s", err.text);
    assert_int_equal(at_gate.strays, 0);
    assert_int_equal(phases_told(w, "\"to\":\"halted\",\"trigger\":\"an execution of no known order\""), 1);
    assert_true(w->counts.guard_refused > 3 && hash != keel_state_hash(m->st));
    keel_journal_where where = {keel_simfs_port(w->disk), "/j", "engine", NULL, NULL};
    keel_journal_reader *reader = NULL;
    keel_journal_record r;
    int found = 0, rc = keel_journal_reader_open(&where, &reader, &err);
    while (rc >= 0 && (rc = keel_journal_reader_next(reader, &r, &err)) > 0) {
        keel_record_report report;
        if (r.type != KEEL_RECORD_REPORT) continue;
        assert_int_equal(keel_record_report_read(r.payload, r.size, &report, &err), 0);
        found += report.by == KEEL_BY_NOBODY && report.report.order_id == 0xfeed;
    }
    keel_journal_reader_close(reader);
    assert_int_equal(found, 1);
    leads_to_the_same(w, hash);
    assert_true(w->phase == KEEL_ENGINE_HALTED);
    world_free(w);
    market_free(m);
}

static int resumes_refused;

/* One that no account pays, and behind it, in the same input, one that is booked; then somebody tries to go on. */
static void see_strays(world *w) {
    keel_err err = {0};
    int before = acting.at != 0;
    see_stray(w);
    if (!before && acting.at) {
        at_gate.last_px_e8 = at_gate.stray.event.price_e8;
        at_gate.stray.event.price_e8 *= 100000;
        at_gate.strays = 2;
    }
    if (keel_engine_phase_of(w->engine) != KEEL_ENGINE_HALTED) return;
    assert_int_equal(keel_engine_order(w->engine, KEEL_ENGINE_ORDER_RESUME, &err), KEEL_E_GATE);
    assert_non_null(strstr(err.text, "could not be booked"));
    resumes_refused++;
}

/* [T-038] What could not be booked is not forgotten for the stray execution that comes behind it. */
static void behind_an_execution_that_is_not_covered_a_stray_one_lets_nobody_resume(void **state) {
    (void)state;
    market *m = small_market();
    keel_err err = {0};
    uint64_t hash = 0;
    world *w = acting_world(m, 0, NULL, 0);
    w->act = see_strays;
    resumes_refused = 0;
    if (live(w, &hash, &err) != 0) fail_msg("%s", err.text);
    assert_int_equal(at_gate.strays, 0);
    assert_true(resumes_refused > 10);
    assert_int_equal(controls(w, KEEL_ENGINE_ORDER_UNCOVERED), 1);
    leads_to_the_same(w, hash);
    assert_true(w->phase == KEEL_ENGINE_HALTED);
    world_free(w);
    market_free(m);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_breaker_opens_and_closes),
        cmocka_unit_test(a_breaker_forgets),
        cmocka_unit_test(clocks_are_judged_by_their_distance),
        cmocka_unit_test(drift_is_judged_by_its_worth),
        cmocka_unit_test(a_clock_that_is_off_degrades_and_far_off_holds_entries_back),
        cmocka_unit_test(a_breaker_lets_what_closes_leave),
        cmocka_unit_test(drift_is_told_or_leads_to_safe_mode_or_closes),
        cmocka_unit_test(of_a_reversal_that_is_refused_the_closing_half_happens),
        cmocka_unit_test(a_run_of_an_earlier_engine_goes_on_as_this_one),
        cmocka_unit_test(an_execution_of_no_known_order_is_booked_and_halts),
        cmocka_unit_test(behind_an_execution_that_is_not_covered_a_stray_one_lets_nobody_resume),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
