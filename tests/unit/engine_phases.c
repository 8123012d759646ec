/* What may leave an engine in each phase, and what it remembers of orders and damage. */
#include "engine_spy.h"
#include "engine/record.h"

/* What the feed says wrongly of the inputs in [from, until). */
static struct {
    keel_engine_source port;
    const keel_engine_source *inner;
    int how; /* 0: nothing; 5 and 6: of one bar of one symbol, the first one from there on */
    uint64_t from, until;
    int64_t bar_ms;
    uint64_t first; /* input of that bar */
} wrong;

static int say_wrongly(void *ctx, keel_input *ret, keel_err *reterr) {
    (void)ctx;
    int rc = wrong.inner->next(wrong.inner->ctx, ret, reterr);
    if (rc != 1 || ret->number < wrong.from || ret->number >= wrong.until || ret->kind == KEEL_INPUT_CONTROL) return rc;
    if (wrong.how == 1) ret->ts_ms -= 864000000;
    if (wrong.how > 4 && wrong.bar_ms == 0 && ret->kind == KEEL_INPUT_OPENS) {
        wrong.bar_ms = ret->bar_open_ms;
        wrong.first = ret->number;
    }
    if (wrong.how > 4 && ret->bar_open_ms != wrong.bar_ms) return rc;
    if (ret->piece_count == 0 || ret->kind == KEEL_INPUT_BARS) return rc;
    keel_input_piece *p = &ret->piece[0];
    if (wrong.how == 2 || wrong.how == 5) p->open_e8 = p->high_e8 = p->low_e8 = p->close_e8 = 0;
    if (wrong.how == 3 && ret->kind != KEEL_INPUT_OPENS) p->close_ms -= 86400000;
    if (wrong.how == 4) p->low_e8 = p->high_e8 + 1;
    if (wrong.how == 6) memmove(p, p + 1, (size_t)--ret->piece_count * sizeof *p);
    return rc;
}

static int wrong_ready(void *ctx) {
    (void)ctx;
    return wrong.inner->ready(wrong.inner->ctx);
}

static const keel_engine_source *says_wrongly(world *w, const keel_engine_source *inner) {
    (void)w;
    wrong.inner = inner;
    wrong.port = (keel_engine_source){.next = say_wrongly, .ready = wrong_ready};
    return &wrong.port;
}

/* [T-015] [ENG-02.5] [ENG-05.4] A feed whose time goes back, or that names prices that are none: its data are on
 * record, set aside and counted, nothing is opened meanwhile, the run goes on, and a start from the record ends alike.
 */
static void what_no_market_can_have_said_is_set_aside(void **state) {
    (void)state;
    int64_t entered = 0;
    uint64_t aside[5] = {0};
    for (int how = 0; how <= 4; how++)
        for (uint64_t n = 0; n < 4; n++) {
            market *m = turning_market(300 + n);
            world *w = world_new(m, 1, 1, n);
            keel_err err = {0};
            uint64_t hash = 0, stopped = 0;
            spy s;
            wrong.how = how;
            wrong.from = 90 + 20 * n;
            wrong.until = wrong.from + 80;
            spy_on(&s, w);
            s.from = wrong.from + 4;
            s.until = wrong.until - 1;
            w->source = says_wrongly;
            if (live(w, &hash, &err) != 0) fail_msg("%d: %s", how, err.text);
            if (how == 0) assert_true(hash == keel_state_hash(m->st) && w->counts.set_aside == 0);
            aside[how] += w->counts.set_aside;
            if (how > 0 && s.entered)
                fail_msg("%d, %d: %d entered, %d set aside", how, (int)n, (int)s.entered, (int)w->counts.set_aside);
            entered += s.entered;
            live_well(w, hash, "started again at its end");
            world_free(w);
            w = world_new(m, 1, 1, n);
            w->source = says_wrongly;
            w->snapshot_records = n % 2 ? 60 : 1000000;
            w->stops = 1;
            w->stop_at = wrong.from + 30;
            if (live(w, &stopped, &err) != 0) fail_msg("%d: %s", how, err.text);
            w->stops = 0;
            live_well(w, hash, "started again in between");
            world_free(w);
            market_free(m);
        }
    if (entered <= 5 || aside[1] < 80 || aside[2] < 80 || aside[3] < 20 || aside[4] < 20)
        fail_msg("%d entered; set aside: %d %d %d %d", (int)entered, (int)aside[1], (int)aside[2], (int)aside[3],
                 (int)aside[4]);
}

/* Nothing is opened from before that bar until what held it back by itself is over. */
static void pause_around_it(world *w) {
    keel_err err = {0};
    uint64_t n = keel_engine_last_input(w->engine);
    keel_engine_phase phase = keel_engine_phase_of(w->engine);
    int over = wrong.first && n >= wrong.first + 4;
    if (n >= wrong.from - 2 && !over && phase == KEEL_ENGINE_RUNNING)
        assert_int_equal(keel_engine_order(w->engine, KEEL_ENGINE_ORDER_PAUSE, &err), 0);
    if (over && phase == KEEL_ENGINE_CLOSE_ONLY)
        assert_int_equal(keel_engine_order(w->engine, KEEL_ENGINE_ORDER_RESUME, &err), 0);
}

/* [T-015] A bar of prices that are none is missing for whatever looks back: indicators, breadth and regime do not
 * remember it. */
static void a_bar_that_is_set_aside_is_missing(void **state) {
    (void)state;
    int64_t trades = 0;
    for (uint64_t n = 0; n < 8; n++) {
        uint64_t hash[2] = {0};
        market *m = turning_market(300 + n);
        assert_int_equal(keel_strategy_set(&m->p, MOMENTUM_LOOKBACK, 5), 1);
        for (int missing = 0; missing <= 1; missing++) {
            world *w = world_new(m, 1, 1, n);
            keel_err err = {0};
            wrong.how = 5 + missing;
            wrong.from = 150 + 10 * n;
            wrong.until = UINT64_MAX;
            wrong.bar_ms = 0;
            wrong.first = 0;
            w->source = says_wrongly;
            w->act = pause_around_it;
            if (live(w, &hash[missing], &err) != 0) fail_msg("%s", err.text);
            assert_int_equal(w->counts.set_aside, missing ? 0 : 2);
            trades += (int64_t)w->counts.commands;
            world_free(w);
        }
        if (hash[0] != hash[1]) fail_msg("%d: what was set aside is remembered", (int)n);
        market_free(m);
    }
    assert_true(trades > 100);
}

/* [T-007] [T-008] [T-009] [T-047] [T-048] [ENG-05.2] After a pause, a halt or an alarm nothing that opens is sent, of a
 * reversal the closing part; a start from the record knows the order and ends alike. */
static void held_back_only_what_closes_leaves(void **state) {
    (void)state;
    static const int ORDERS[] = {KEEL_ENGINE_ORDER_PAUSE, KEEL_ENGINE_ORDER_HALT, KEEL_ENGINE_ORDER_SAFE,
                                 KEEL_ENGINE_ORDER_SHADOW};
    int64_t closing = 0;
    uint64_t shrunk = 0, refused = 0;
    for (uint64_t n = 0; n < 12; n++) {
        market *m = turning_market(300 + n);
        world *w = world_new(m, 1, 8, n);
        keel_err err = {0};
        uint64_t hash = 0;
        spy s;
        w->order = ORDERS[n % COUNT(ORDERS)];
        w->order_at = 30 + 20 * n;
        w->snapshot_records = n % 2 ? 1000000 : 60;
        spy_on(&s, w);
        if (live(w, &hash, &err) != 0) fail_msg("%s", err.text);
        assert_int_equal(w->order, 0);
        assert_int_equal(s.sent, s.closing);
        closing += s.closing;
        shrunk += w->counts.guard_shrunk;
        refused += w->counts.guard_refused;
        w->between = NULL;
        live_well(w, hash, "started again at its end");
        size_t size = 0;
        uint8_t *bytes = whole_segment(w, &size);
        world *again = world_new(m, 1, 8, n + 50);
        put_segment(again, bytes, size, size - (size_t)(size / 16));
        live_well(again, hash, "held back, cut, started again");
        world_free(again);
        free(bytes);
        world_free(w);
        market_free(m);
    }
    if (shrunk <= 5 || closing < (int64_t)shrunk || refused <= 100)
        fail_msg("%lld shrunk, %lld closing, %lld refused", (long long)shrunk, (long long)closing, (long long)refused);
}

typedef struct one_record {
    size_t at, end;
    uint16_t type;
} one_record;

/* The first record of this type, behind `from`. */
static one_record find_record(const uint8_t *bytes, size_t size, uint16_t type) {
    size_t at = KEEL_JOURNAL_HEADER_SIZE;
    while (at + KEEL_JOURNAL_RECORD_HEAD < size && keel_get_u16(bytes + at + 4) != 0) {
        size_t end = at + keel_get_u32(bytes + at) + KEEL_JOURNAL_RECORD_EXTRA;
        if (keel_get_u16(bytes + at + 4) == type) return (one_record){at, end, type};
        at = end;
    }
    fail_msg("no record of type %u", type);
    return (one_record){0, 0, 0};
}

static int told(world *w, const char *word) { return noted(w, KEEL_RECORD_PHASE, word); }

/* A disk with this record, one byte of it rotten. */
static world *damaged_world(const market *m, const uint8_t *bytes, size_t size, int64_t rotten) {
    world *w = world_new(m, 1, 4, 10);
    w->snapshot_records = 1000000;
    w->damage_set_aside = 1;
    put_segment(w, bytes, size, size);
    assert_int_equal(keel_simfs_rot(w->disk, SEGMENT, rotten, 0x10), 0);
    return w;
}

/* [T-047] [T-048] [T-049] [WAL-05.1] Damage in the middle: refused, or safe mode: no entry, over further starts, until
 * a person resumes; each transition is on record. */
static void damage_leads_to_safe_mode_until_a_person_resumes(void **state) {
    (void)state;
    market *m = small_market();
    uint64_t whole = 0, safe = 0, hash = 0;
    keel_err err = {0};
    world *w = world_new(m, 1, 4, 9);
    w->snapshot_records = 1000000;
    if (live(w, &whole, &err) != 0) fail_msg("%s", err.text);
    size_t size = 0;
    uint8_t *bytes = whole_segment(w, &size);
    one_record c = find_record(bytes, size, KEEL_RECORD_COMMAND);

    world *hurt = damaged_world(m, bytes, size, (int64_t)c.at + 30);
    hurt->damage_set_aside = 0;
    assert_int_equal(live(hurt, &hash, &err), KEEL_E_PARITY);

    hurt->damage_set_aside = 1;
    err.text[0] = 0;
    if (live(hurt, &safe, &err) != 0) fail_msg("%s", err.text);
    assert_true(hurt->phase == KEEL_ENGINE_SAFE_MODE);
    assert_true(hurt->counts.guard_refused > 3 && hurt->venue.book.orders == 0 && safe != whole);
    assert_int_equal(told(hurt, "\"to\":\"safe_mode\""), 1);

    live_well(hurt, safe, "started again at the end of safe mode");
    world_free(hurt);

    world_free(w);
    free(bytes);
    market_free(m);
}

/* [T-007] [WAL-05.3] An entry whose record ends in damage, and which the venue never saw, is not sent; the record then
 * says so. */
static void an_entry_in_doubt_after_damage_stays_here(void **state) {
    (void)state;
    market *m = small_market();
    uint64_t hash = 0, safe = 0;
    keel_err err = {0};
    size_t size = 0;
    world *w = world_new(m, 0, 1, 21);
    w->snapshot_records = 1000000;
    if (live(w, &hash, &err) != 0) fail_msg("%s", err.text);
    uint8_t *bytes = whole_segment(w, &size);
    one_record c = find_record(bytes, size, KEEL_RECORD_COMMAND);
    world *hurt = world_new(m, 0, 1, 22);
    hurt->snapshot_records = 1000000;
    hurt->damage_set_aside = 1;
    put_segment(hurt, bytes, size, size);
    assert_int_equal(keel_simfs_rot(hurt->disk, SEGMENT, (int64_t)c.end + 30, 0x01), 0);
    if (live(hurt, &safe, &err) != 0) fail_msg("%s", err.text);
    assert_true(hurt->counts.withheld > 0 && hurt->counts.withheld == hurt->counts.in_doubt);
    assert_int_equal(hurt->venue.book.orders, 0);
    const keel_engine_recovery *r = &hurt->recovery; /* [WAL-05.4] the report's orders in doubt add up */
    assert_true(r->withheld > 0 && r->counts.in_doubt == r->counts.known + r->counts.handed_in + r->withheld);
    assert_int_equal(noted(hurt, KEEL_RECORD_RECOVERY, "\"open_positions\":"), 1);
    assert_int_equal(noted(hurt, KEEL_RECORD_RECOVERY, "\"orders_withheld\":0"), 0);
    live_well(hurt, safe, "started again with what was withheld");
    free(bytes);
    world_free(w);
    world_free(hurt);
    market_free(m);
}

/* [T-047] [T-048] [WAL-05.1] A start after damage, stopped at each of its effects and begun again, on a disk that is by
 * then good: no entry leaves, in that start or later, and it ends as if nothing had stopped it. */
static void a_start_after_damage_may_be_stopped_anywhere(void **state) {
    (void)state;
    market *m = small_market();
    uint64_t hash = 0, safe = 0, resumed = 0, starts = 0;
    keel_err err = {0};
    size_t size = 0;
    world *w = world_new(m, 0, 1, 31);
    w->snapshot_records = 1000000;
    if (live(w, &hash, &err) != 0) fail_msg("%s", err.text);
    uint8_t *bytes = whole_segment(w, &size);
    one_record c = find_record(bytes, size, KEEL_RECORD_COMMAND);
    for (uint64_t at = 0; at < 400; at += at < 150 ? 1 : 40) {
        world *hurt = world_new(m, 0, 1, 10); /* at 0 nothing stops it */
        keel_simfs_faults faults = {.kill_at = at};
        spy s;
        hurt->snapshot_records = at % 2 ? 20 : 1000000;
        hurt->damage_set_aside = 1;
        put_segment(hurt, bytes, size, size);
        assert_int_equal(keel_simfs_rot(hurt->disk, SEGMENT, (int64_t)c.end + 30, 0x01), 0);
        if (at) keel_simfs_set_faults(hurt->disk, &faults);
        spy_on(&s, hurt);
        int rc = live(hurt, &hash, &err);
        if (rc != 0) {
            assert_true(keel_simfs_killed(hurt->disk));
            starts += hurt->counts.inputs == 0;
            keel_simfs_crash(hurt->disk);
            hurt->order = at % 3 == 0 ? KEEL_ENGINE_ORDER_RESUME : 0;
            hurt->order_at = 60;
            if (live(hurt, &hash, &err) != 0) fail_msg("stopped at %llu: %s", (unsigned long long)at, err.text);
        }
        if (!at) safe = hash;
        if (hurt->phase != KEEL_ENGINE_SAFE_MODE) fail_msg("stopped at %llu: not safe", (unsigned long long)at);
        assert_int_equal(s.opening, 0);
        if (at % 3 == 0 && rc != 0) {
            resumed += hurt->venue.book.orders > 0;
        } else {
            assert_int_equal(hurt->venue.book.orders, 0);
            assert_true(hash == safe);
        }
        world_free(hurt);
    }
    assert_true(starts > 20 && resumed > 20);
    free(bytes);
    world_free(w);
    market_free(m);
}

/* [T-048] [WAL-05.1] Mended by hand, it is damage all the same: the next start is in safe mode, and only that one is
 * told so; ids of orders that were cut off do not come again. */
static void a_repair_does_not_forget_the_damage(void **state) {
    (void)state;
    market *m = small_market();
    uint64_t whole = 0, hash = 0;
    keel_err err = {0};
    size_t size = 0;
    world *w = world_new(m, 1, 4, 9);
    w->snapshot_records = 1000000;
    if (live(w, &whole, &err) != 0) fail_msg("%s", err.text);
    uint8_t *bytes = whole_segment(w, &size);
    one_record c = find_record(bytes, size, KEEL_RECORD_COMMAND);
    world *hurt = damaged_world(m, bytes, size, (int64_t)c.at + 30);
    keel_journal_where where = {keel_simfs_port(hurt->disk), "/j", "engine", NULL, NULL};
    keel_journal_recovery mended;
    assert_int_equal(keel_journal_repair(&where, &mended, &err), 0);
    assert_true(mended.safe_mode && mended.damages == 1);
    assert_int_equal(keel_journal_repair(&where, &mended, &err), 0);
    assert_true(mended.safe_mode && mended.damages == 1);
    hurt->damage_set_aside = 0;
    hurt->order = KEEL_ENGINE_ORDER_RESUME;
    hurt->order_at = 80;
    if (live(hurt, &hash, &err) != 0) fail_msg("%s", err.text);
    assert_true(hurt->phase == KEEL_ENGINE_SAFE_MODE && hurt->venue.book.orders > 0);
    for (int32_t i = 0; i < m->tape.symbol_count; i++)
        if (hurt->venue.book.sym[i].order_id) assert_true(hurt->venue.book.sym[i].order_id > (uint64_t)1 << 40);
    hurt->order = 0;
    live_well(hurt, hash, "started once more");
    assert_false(hurt->recovery.journal.safe_mode);
    assert_true(hurt->phase == KEEL_ENGINE_RUNNING);
    assert_int_equal(told(hurt, "\"trigger\":\"damage was found\""), 1);
    world_free(hurt);
    world_free(w);
    free(bytes);
    market_free(m);
}

/* [T-049] Damage that leaves no record at all is no new run: nobody knows what is held. */
static void damage_at_the_first_record_begins_nothing_anew(void **state) {
    (void)state;
    market *m = small_market();
    uint64_t hash = 0;
    keel_err err = {0};
    size_t size = 0;
    world *w = world_new(m, 1, 4, 9);
    w->snapshot_records = 1000000;
    if (live(w, &hash, &err) != 0) fail_msg("%s", err.text);
    uint8_t *bytes = whole_segment(w, &size);
    world *hurt = damaged_world(m, bytes, size, KEEL_JOURNAL_HEADER_SIZE + KEEL_JOURNAL_RECORD_HEAD + 2);
    for (int starts = 0; starts < 3; starts++) {
        assert_int_equal(live(hurt, &hash, &err), KEEL_E_PARITY);
        assert_non_null(strstr(err.text, "left nothing of the record"));
    }
    assert_int_equal(hurt->venue.book.orders, 0);
    world_free(hurt);
    world_free(w);
    free(bytes);
    market_free(m);
}

/* [T-007] [T-008] [T-009] An entry that left and never arrived, then a pause or a halt, then a stop: the next start
 * asks about it and does not hand it in. */
static void an_entry_in_doubt_stays_here_while_entries_are_held_back(void **state) {
    (void)state;
    static const int ORDERS[] = {KEEL_ENGINE_ORDER_PAUSE, KEEL_ENGINE_ORDER_HALT, KEEL_ENGINE_ORDER_SAFE,
                                 KEEL_ENGINE_ORDER_SHADOW};
    market *m = small_market();
    uint64_t withheld = 0, stopped = 0;
    for (uint64_t n = 0; n < 24; n++) {
        uint64_t hash = 0;
        keel_err err = {0};
        world *w = world_new(m, 0, 1, n);
        keel_simfs_faults faults = {.kill_at = 400 + 15 * n};
        spy s;
        w->order = ORDERS[n % COUNT(ORDERS)];
        w->order_at = 130 + 3 * n;
        w->snapshot_records = n % 2 ? 1000000 : 40;
        spy_on(&s, w);
        s.swallows = 1;
        keel_simfs_set_faults(w->disk, &faults);
        int rc = live(w, &hash, &err);
        if (rc != 0 && w->order == 0) {
            keel_simfs_crash(w->disk);
            s.swallows = 0;
            if (live(w, &hash, &err) != 0) fail_msg("%llu: %s", (unsigned long long)n, err.text);
            stopped++;
            withheld += w->counts.withheld;
            assert_int_equal(s.opening, 0);
            w->between = NULL;
            live_well(w, hash, "with what was withheld");
        }
        world_free(w);
    }
    if (stopped < 10 || withheld < 5)
        fail_msg("%llu stops, %llu withheld", (unsigned long long)stopped, (unsigned long long)withheld);
    market_free(m);
}

/* A driver that pauses among the inputs, once this one was given. */
typedef struct pauser {
    keel_engine_source port;
    const keel_engine_source *inner;
    uint64_t given, at;
} pauser;

static pauser pausing;

static int pausing_next(void *ctx, keel_input *ret, keel_err *reterr) {
    (void)ctx;
    if (pausing.given++ != pausing.at) return pausing.inner->next(pausing.inner->ctx, ret, reterr);
    keel_input_clear(ret);
    ret->kind = KEEL_INPUT_CONTROL;
    ret->number = 0;
    ret->flags = 0;
    ret->control = KEEL_ENGINE_ORDER_PAUSE;
    return 1;
}

static const keel_engine_source *pauses(world *w, const keel_engine_source *inner) {
    (void)w;
    pausing = (pauser){.port = {.next = pausing_next}, .inner = inner, .at = 60};
    return &pausing.port;
}

/* [ENG-02.5] A pause among the inputs takes nothing from what holds back more: the next start stands where the run did.
 */
static void a_pause_does_not_lower_a_halt(void **state) {
    (void)state;
    static const int ORDERS[] = {0, KEEL_ENGINE_ORDER_SAFE, KEEL_ENGINE_ORDER_HALT};
    static const keel_engine_phase WANT[] = {KEEL_ENGINE_CLOSE_ONLY, KEEL_ENGINE_SAFE_MODE, KEEL_ENGINE_HALTED};
    market *m = small_market();
    for (size_t i = 0; i < COUNT(ORDERS); i++) {
        world *w = world_new(m, 1, 1, 21);
        keel_err err = {0};
        uint64_t hash = 0;
        w->order = ORDERS[i];
        w->order_at = 20;
        w->source = pauses;
        w->stops = 1;
        w->stop_at = 90;
        if (live(w, &hash, &err) != 0) fail_msg("%s", err.text);
        assert_true(pausing.given > pausing.at + 1);
        w->source = NULL;
        w->stops = 0;
        if (live(w, &hash, &err) != 0) fail_msg("%s", err.text);
        assert_int_equal(w->phase, WANT[i]);
        assert_int_equal(w->recovery.held_back, WANT[i]);
        world_free(w);
    }
    market_free(m);
}

static int resumes_refused;

/* Somebody who tries to go on. */
static void try_to_resume(world *w) {
    keel_err err = {0};
    if (keel_engine_phase_of(w->engine) != KEEL_ENGINE_HALTED) return;
    assert_int_equal(keel_engine_order(w->engine, KEEL_ENGINE_ORDER_RESUME, &err), KEEL_E_GATE);
    assert_non_null(strstr(err.text, "could not be booked"));
    resumes_refused++;
}

/* An execution that the account cannot pay happened all the same: the books are not the venue's, and the engine halts,
 * with the reason on record; so it does when it is stopped in between, over further starts, and in a replay. Nobody
 * resumes it: what the venue holds is not in the books. */
static void an_execution_that_is_not_covered_halts(void **state) {
    (void)state;
    market *m = small_market();
    uint64_t want = 0, stopped = 0;
    resumes_refused = 0;
    for (uint64_t at = 0; at < 700; at += at < 300 ? 300 : 9) {
        uint64_t hash = 0;
        keel_err err = {0};
        world *w = world_new(m, 0, 1, 5);
        keel_simfs_faults faults = {.kill_at = at};
        spy s;
        w->snapshot_records = 60;
        w->act = at ? NULL : try_to_resume;
        spy_on(&s, w);
        s.dear = 100000;
        if (at) keel_simfs_set_faults(w->disk, &faults);
        if (live(w, &hash, &err) != 0) {
            assert_true(keel_simfs_killed(w->disk));
            stopped++;
            keel_simfs_crash(w->disk);
            if (live(w, &hash, &err) != 0) fail_msg("stopped at %llu: %s", (unsigned long long)at, err.text);
        }
        if (!at) {
            want = hash;
            assert_int_equal(told(w, "\"to\":\"halted\",\"trigger\":\"the account does not cover an execution\""), 1);
            assert_true(w->counts.guard_refused > 3);
        }
        if (s.dear_order && w->counts.guard_refused == 0)
            fail_msg("stopped at %llu: it goes on", (unsigned long long)at);
        w->between = NULL;
        live_well(w, hash, "started again after a halt");
        assert_true(w->phase == KEEL_ENGINE_HALTED && w->recovery.held_back == KEEL_ENGINE_HALTED);
        world_free(w);
    }
    assert_true(want != 0 && stopped > 20 && resumes_refused > 20);
    market_free(m);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(held_back_only_what_closes_leaves),
        cmocka_unit_test(what_no_market_can_have_said_is_set_aside),
        cmocka_unit_test(a_bar_that_is_set_aside_is_missing),
        cmocka_unit_test(damage_leads_to_safe_mode_until_a_person_resumes),
        cmocka_unit_test(an_entry_in_doubt_after_damage_stays_here),
        cmocka_unit_test(a_start_after_damage_may_be_stopped_anywhere),
        cmocka_unit_test(a_repair_does_not_forget_the_damage),
        cmocka_unit_test(damage_at_the_first_record_begins_nothing_anew),
        cmocka_unit_test(an_entry_in_doubt_stays_here_while_entries_are_held_back),
        cmocka_unit_test(an_execution_that_is_not_covered_halts),
        cmocka_unit_test(a_pause_does_not_lower_a_halt),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
