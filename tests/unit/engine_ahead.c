/* Inputs whose time lies further ahead than the market can have come: none of them moves time, whoever the source is,
 * and a real hole in a market is no leap. */
#include "engine/record.h"
#include "engine_logged.h"
#include "engine_spy.h"
#include "ops/forensic/brief.h"
#include "ops/forensic/reader.h"

enum { ONE, BAR, BARS, HOLE, PIECE, SETTLEMENT, END, PRICES, CLOSE, ORDER };
#define DAYS(n) ((int64_t)(n)*86400000)

/* What the feed says wrongly, from input `from` on. */
static struct {
    keel_engine_source port;
    const keel_engine_source *inner;
    int what;
    uint64_t from, until; /* BARS: so many bars */
    int64_t by_ms;
    int knows_time;
    int64_t clock_off_ms;
    uint64_t cut_at; /* the source ends behind it; 0: never */
    int64_t bar_ms, now_ms;
    int moved;
    int closes[2]; /* CLOSE: which of the two inputs from `from` on is one */
    uint64_t last; /* input that was said */
    int orders;    /* ORDER: so many were given */
} said;

static void shift(keel_input *in, int64_t by_ms) {
    in->ts_ms += by_ms;
    in->bar_open_ms += by_ms;
    for (int32_t i = 0; i < in->piece_count; i++) {
        in->piece[i].open_ms += by_ms;
        in->piece[i].close_ms += by_ms;
    }
    for (int32_t i = 0; i < in->funding_count; i++)
        in->funding[i].ts_ms += by_ms;
}

static int is_wrong(const keel_input *in) {
    if (said.what == ORDER) return 0;
    if (said.what == END) return in->kind == KEEL_INPUT_END;
    if (in->number < said.from) return 0;
    if (said.bar_ms == 0) said.bar_ms = in->bar_open_ms;
    switch (said.what) {
        case ONE: return in->number == said.from;
        case BAR: return in->bar_open_ms == said.bar_ms && in->kind != KEEL_INPUT_END;
        case BARS: return in->bar_open_ms < said.bar_ms + 3 * HOUR_MS && in->kind != KEEL_INPUT_END;
        case CLOSE: return in->kind == KEEL_INPUT_CLOSE && in->number < said.from + 2;
        case PRICES: return in->number < said.until && in->kind != KEEL_INPUT_END;
        default: return 1;
    }
}

/* Of somebody whose time is the last one that he was told; it changes nothing. */
static int say_order(keel_input *ret) {
    said.moved = 1;
    said.orders++;
    keel_input_clear(ret);
    ret->number = 0;
    ret->kind = KEEL_INPUT_CONTROL;
    ret->control = KEEL_ENGINE_ORDER_RESUME;
    ret->bar_open_ms = 0;
    ret->ts_ms = said.now_ms + said.by_ms;
    return 1;
}

static int say(void *ctx, keel_input *ret, keel_err *err) {
    (void)ctx;
    if (said.what == ORDER && !said.moved && said.last >= said.from) return say_order(ret);
    int rc = said.inner->next(said.inner->ctx, ret, err);
    if (rc != 1 || ret->kind == KEEL_INPUT_CONTROL) return rc;
    if (said.cut_at && ret->number > said.cut_at) return 0;
    if (said.now_ms < ret->ts_ms) said.now_ms = ret->ts_ms;
    said.last = ret->number;
    if (said.what == CLOSE && ret->number - said.from < 2) said.closes[ret->number - said.from] = is_wrong(ret);
    if (!is_wrong(ret)) return 1;
    if (said.what == HOLE) said.now_ms = ret->ts_ms + said.by_ms;
    for (int32_t i = 0; said.what >= PRICES && i < ret->piece_count; i++)
        ret->piece[i].open_e8 = ret->piece[i].high_e8 = ret->piece[i].low_e8 = ret->piece[i].close_e8 = 0;
    if (said.what <= HOLE) shift(ret, said.by_ms);
    if (said.what == END) ret->ts_ms += said.by_ms;
    if (said.what == PIECE && !said.moved && ret->piece_count > 0 && ret->kind != KEEL_INPUT_BARS) {
        said.moved = ret->kind == KEEL_INPUT_CLOSE; /* up to a close */
        ret->piece[0].close_ms += said.by_ms;
    }
    if (said.what == SETTLEMENT && !said.moved && ret->funding_count > 0) {
        said.moved = 1;
        if (said.by_ms)
            ret->funding[0].ts_ms += said.by_ms;
        else
            memmove(ret->funding, ret->funding + 1, (size_t)--ret->funding_count * sizeof *ret->funding);
    }
    return 1;
}

static int say_ready(void *ctx) {
    (void)ctx;
    return said.inner->ready(said.inner->ctx);
}

static int64_t say_now(void *ctx) {
    (void)ctx;
    return said.now_ms + said.clock_off_ms;
}

static const keel_engine_source *says(world *w, const keel_engine_source *inner) {
    (void)w;
    said.inner = inner;
    said.port = (keel_engine_source){.next = say, .ready = say_ready};
    if (said.knows_time) said.port.now_ms = say_now;
    said.bar_ms = said.now_ms = said.moved = 0;
    said.last = 0;
    return &said.port;
}

/* Run on a fresh disk: the state it ends at. *ret_aside: how much was set aside. */
static uint64_t outcome(const market *m, uint64_t n, uint64_t *ret_aside) {
    world *w = world_new(m, 1, n % 2 ? 8 : 1, n);
    keel_err err = {0};
    uint64_t hash = 0;
    w->source = says;
    if (live(w, &hash, &err) != 0) fail_msg("%d, by %lld: %s", said.what, (long long)said.by_ms, err.text);
    if (ret_aside) *ret_aside = w->counts.set_aside;
    w->refuse_snapshots = 1; /* everything is made again from the record */
    live_well(w, hash, "made again from its record");
    world_free(w);
    return hash;
}

static const int64_t FAR_MS[] = {3 * HOUR_MS, DAYS(10), DAYS(36500)};

/* [T-015] [ENG-02.5] One input, or all of one bar, ahead by hours or by a century, told by a source that knows what
 * time it is or by one that does not: set aside as if its time lay behind, and everything after it is taken. */
static void what_lies_ahead_moves_no_time(void **state) {
    (void)state;
    int64_t trades = 0;
    for (uint64_t n = 0; n < 12; n++) {
        market *m = turning_market(300 + n);
        for (said.what = ONE; said.what <= BAR; said.what++) {
            uint64_t aside[2], hash[2];
            said.from = 90 + 14 * n;
            said.knows_time = n / 2 % 2;
            said.clock_off_ms = 0;
            said.by_ms = FAR_MS[n % COUNT(FAR_MS)];
            hash[0] = outcome(m, n, &aside[0]);
            said.by_ms = -DAYS(36500);
            hash[1] = outcome(m, n, &aside[1]);
            if (hash[0] != hash[1] || aside[0] != aside[1] || aside[0] < 1 || aside[0] > 8)
                fail_msg("%d, %d: %d set aside ahead, %d behind%s", said.what, (int)n, (int)aside[0], (int)aside[1],
                         hash[0] == hash[1] ? "" : ", and the states differ");
        }
        trades += m->trade_count;
        market_free(m);
    }
    assert_true(trades > 100);
}

/* [T-015] A market that really stood still for days: nothing of it is lost, with a clock and without, though the clock
 * be hours behind; nor when the run stops while it is not yet known. */
static void a_hole_is_taken(void **state) {
    (void)state;
    for (uint64_t n = 0; n < 8; n++) {
        market *m = turning_market(300 + n);
        uint64_t aside, want = 0;
        said.what = HOLE;
        said.by_ms = DAYS(2 + 20 * n);
        for (int clock = 0; clock <= 2; clock++) {
            said.from = 90 + 21 * n;
            said.knows_time = clock > 0;
            said.clock_off_ms = clock == 2 ? -7 * HOUR_MS : 0;
            uint64_t hash = outcome(m, n, &aside);
            if (clock == 0) want = hash;
            if (hash != want || aside != 0) fail_msg("%d, clock %d: %d set aside", (int)n, clock, (int)aside);
        }
        said.knows_time = 0;
        world *w = world_new(m, 1, 8, n);
        keel_err err = {0};
        uint64_t stopped = 0;
        w->source = says;
        w->stops = 1;
        w->stop_at = UINT64_MAX;
        said.cut_at = said.from + n % 3;
        if (live(w, &stopped, &err) != 0) fail_msg("%s", err.text);
        w->stops = 0;
        said.cut_at = 0;
        live_well(w, want, "stopped in the hole");
        world_free(w);
        market_free(m);
    }
}

/* A hole before the last bars: the end of the market says that they are true. An end that lies ahead is the end, now.
 */
static void the_end_confirms(void **state) {
    (void)state;
    market *m = turning_market(301);
    uint64_t aside, all;
    said.knows_time = 0;
    said.what = ONE;
    said.from = UINT64_MAX;
    uint64_t want = outcome(m, 1, &aside);
    assert_int_equal(aside, 0);
    world *w = world_new(m, 1, 1, 1);
    live_well(w, want, "undisturbed");
    all = w->counts.inputs;
    world_free(w);
    said.what = HOLE;
    said.by_ms = DAYS(3);
    for (uint64_t back = 1; back <= 4; back++) {
        said.from = all - back;
        (void)outcome(m, 1, &aside);
        assert_int_equal(aside, 0);
    }
    said.what = END;
    for (int clock = 0; clock <= 1; clock++) {
        said.knows_time = clock;
        said.by_ms = DAYS(36500);
        assert_true(outcome(m, 1, &aside) == want);
        assert_int_equal(aside, 1);
    }
    market_free(m);
}

/* An order that a source stamps with a time that lies ahead is obeyed, and moves no time either. */
static void an_order_moves_no_time(void **state) {
    (void)state;
    market *m = turning_market(301);
    uint64_t aside;
    said.knows_time = 0;
    said.what = ONE;
    said.from = UINT64_MAX;
    uint64_t want = outcome(m, 1, &aside);
    said.what = ORDER;
    for (uint64_t n = 0; n < 4; n++) {
        said.knows_time = n / 2 != 0;
        said.from = 120 + 13 * n;
        said.by_ms = FAR_MS[n % COUNT(FAR_MS)];
        uint64_t hash = outcome(m, n, &aside);
        if (hash != want || aside != 0) fail_msg("%d: %d set aside", (int)n, (int)aside);
    }
    assert_int_equal(said.orders, 4);
    market_free(m);
}

/* Inputs that confirm each other and lie days ahead of the clock: the clock is believed. */
static void the_clock_is_believed(void **state) {
    (void)state;
    market *m = turning_market(302);
    uint64_t aside;
    said.what = BARS;
    said.from = 151;
    said.by_ms = DAYS(100);
    said.clock_off_ms = 0;
    said.knows_time = 1;
    uint64_t hash = outcome(m, 1, &aside);
    said.by_ms = -DAYS(36500);
    assert_true(aside >= 6 && aside <= 24 && outcome(m, 1, NULL) == hash);
    market_free(m);
}

/* [T-015] One range that ends years after its input, one settlement that falls due then: only they are set aside. */
static void what_a_moment_brings_is_of_that_moment(void **state) {
    (void)state;
    uint64_t settlements = 0;
    for (uint64_t n = 0; n < 6; n++) {
        market *m = turning_market(300 + n);
        uint64_t aside[2];
        said.knows_time = 0;
        said.from = 120 + 13 * n;
        said.what = PIECE;
        said.by_ms = DAYS(3650);
        (void)outcome(m, n, &aside[0]);
        if (aside[0] < 1 || aside[0] > 8) fail_msg("%d: %d set aside", (int)n, (int)aside[0]);
        said.what = SETTLEMENT;
        said.by_ms = DAYS(3650);
        (void)outcome(m, n, &aside[0]);
        said.by_ms = 0; /* there is none */
        (void)outcome(m, n, &aside[1]);
        assert_int_equal(aside[1], 0);
        if (aside[0] > 1) fail_msg("%d: %d settlements set aside", (int)n, (int)aside[0]);
        settlements += aside[0];
        market_free(m);
    }
    assert_true(settlements > 0);
}

/* ---- a run that an earlier engine had to end ----------------------------------------------------------------------
 */

/* Where the record of this input ends. */
static size_t end_of_input(const uint8_t *bytes, size_t size, uint64_t number) {
    size_t at = KEEL_JOURNAL_HEADER_SIZE;
    while (at + KEEL_JOURNAL_RECORD_HEAD < size && keel_get_u16(bytes + at + 4) != 0) {
        size_t end = at + keel_get_u32(bytes + at) + KEEL_JOURNAL_RECORD_EXTRA;
        const uint8_t *payload = bytes + at + KEEL_JOURNAL_RECORD_HEAD;
        if (keel_get_u16(bytes + at + 4) == KEEL_RECORD_INPUT && keel_get_u64(payload + 8) == number) return end;
        at = end;
    }
    fail_msg("no input %d", (int)number);
    return 0;
}

/* An engine that set nothing aside ended its run at a price that is none, and the input is the last of its record,
 * which has no number of a behaviour: it is found to be that engine's, the run goes on, and everything ends alike from
 * the record alone. */
static void a_run_that_ended_at_bad_data_goes_on(void **state) {
    (void)state;
    for (uint64_t n = 0; n < 4; n++) {
        market *m = turning_market(300 + n);
        world *w = world_new(m, 1, 1, n), *again = world_new(m, 1, 1, n + 50);
        keel_err err = {0};
        uint64_t hash = 0;
        size_t size = 0;
        said.what = CLOSE;
        said.knows_time = 0;
        said.from = 161 + 20 * n;
        w->source = again->source = says;
        w->plan.plan.behaviour = KEEL_ENGINE_BEHAVIOUR_UNNUMBERED;
        if (live(w, &hash, &err) != 0) fail_msg("%s", err.text);
        uint8_t *bytes = whole_segment(w, &size);
        uint64_t bad = said.from; /* or the next one */
        if (w->counts.set_aside < 1) fail_msg("nothing was set aside");
        while (!said.closes[bad - said.from])
            bad++;
        put_segment(again, bytes, size, end_of_input(bytes, size, bad));
        free(bytes);
        keel_journal_where where = {keel_simfs_port(again->disk), "/j", "engine", NULL, NULL};
        if (keel_paper_start_behaviour(&where, &again->plan, NULL, &err) != 0) fail_msg("%s", err.text);
        assert_int_equal(again->plan.plan.behaviour, KEEL_ENGINE_BEHAVIOUR_UNNUMBERED);
        if (live(again, &hash, &err) != 0) fail_msg("%s", err.text);
        again->refuse_snapshots = 1;
        live_well(again, hash, "from the record alone");
        world_free(again);
        world_free(w);
        market_free(m);
    }
}

/* A run goes on where turns stopped, whatever was held between them: at a hole all those that are let through at once.
 */
static void a_run_goes_on_behind_turns(void **state) {
    (void)state;
    market *m = turning_market(301);
    keel_err err = {0};
    uint64_t want = 0, hash;
    said.what = HOLE;
    said.knows_time = 0;
    said.from = 120;
    said.by_ms = DAYS(3);
    said.cut_at = 0;
    world *w = world_new(m, 1, 1, 6);
    w->source = says;
    if (live(w, &want, &err) != 0) fail_msg("%s", err.text);
    world_free(w);
    for (uint64_t turns = 110; turns < 135; turns++) {
        w = world_new(m, 1, 1, 6);
        w->source = says;
        w->turns = turns;
        hash = 0;
        if (live(w, &hash, &err) != 0) fail_msg("behind %d turns: %s", (int)turns, err.text);
        if (hash != want) fail_msg("behind %d turns it ends elsewhere", (int)turns);
        world_free(w);
    }
    market_free(m);
}

/* ---- positions without exits are told --------------------------------------------------------------------------- */

static keel_paper_log the_log;
static keel_engine_watch behind_the_log;
static int64_t held_closes; /* closes without data, while a position was open */

static void see_told(void *data, const keel_engine_told *t) {
    if (t->kind == KEEL_TOLD_BLIND && t->closes > held_closes) held_closes = t->closes;
    behind_the_log.told(data, t);
}

static keel_engine_watch log_it(world *w, const keel_engine_watch *inner) {
    behind_the_log = world_log(&the_log, w, inner, 0);
    keel_engine_watch watch = behind_the_log;
    watch.told = see_told;
    return watch;
}

static void go_live(world *w) {
    (void)w;
    if (!the_log.is_live) keel_paper_log_go_live(&the_log);
}

static int counted(world *w, keel_event_code code) {
    keel_log_lines *lines = NULL;
    keel_log_record r;
    keel_err err = {0};
    const char *text;
    size_t size;
    int rc, count = 0;
    if (keel_log_lines_open(keel_simfs_port(w->disk), "/run", "events", &lines, &err) != 0) fail_msg("%s", err.text);
    while ((rc = keel_log_lines_next(lines, &text, &size, &err)) == 1) {
        if (keel_log_record_read(text, size, "events", &r, &err) != 0) fail_msg("%s", err.text);
        count += r.code == code;
        keel_log_record_done(&r);
    }
    assert_int_equal(rc, 0);
    keel_log_lines_close(lines);
    return count;
}

static void brief_of(world *w, keel_strbuf *out) {
    keel_brief *b = NULL;
    keel_err err = {0};
    keel_strbuf_init(out, 1 << 20);
    if (keel_brief_make(keel_simfs_port(w->disk), "/run", &b, &err) != 0) fail_msg("%s", err.text);
    keel_brief_text(b, out);
    keel_brief_free(b);
}

/* [T-015] [LOG-05] Data of a symbol that is held are set aside close after close: after the third, the sixth, the
 * twelfth and so on it is an event of SEV2 with an incident, and a risk of the brief, until data are taken again. */
static void a_position_without_exits_is_told(void **state) {
    (void)state;
    int told = 0, seen = 0, brief = 0;
    for (uint64_t n = 0; n < 8; n++) {
        market *m = turning_market(300 + n);
        world *w = world_new(m, 1, 1, n);
        keel_err err = {0};
        keel_strbuf text;
        uint64_t hash = 0;
        said.what = PRICES;
        said.knows_time = 0;
        said.from = 150;
        said.until = n % 2 ? 230 : UINT64_MAX;
        held_closes = 0;
        w->source = says;
        w->watch = log_it;
        w->act = go_live;
        m->keep_open = 1;
        if (live(w, &hash, &err) != 0) fail_msg("%s", err.text);
        (void)keel_paper_log_close(NULL, &the_log, 1, NULL, NULL, NULL);
        int blind = counted(w, KEEL_LOG_DATA_BLIND);
        assert_true((blind > 0) == (held_closes >= 3));
        assert_true(counted(w, KEEL_LOG_INCIDENT) >= blind);
        brief_of(w, &text);
        int says_so = strstr(keel_strbuf_text(&text), "is held without exits") != NULL;
        if (blind > 0 && n % 2 == 0) assert_true(says_so);
        if (n % 2 == 1) {
            assert_false(says_so);
            seen += counted(w, KEEL_LOG_DATA_SEEN);
        }
        brief += says_so;
        told += blind;
        keel_strbuf_done(&text);
        world_free(w);
        market_free(m);
    }
    if (told < 6 || seen < 1 || brief < 1) fail_msg("%d told, %d seen again, %d in the brief", told, seen, brief);
}

/* The clock is set right, a day of the market later. */
static void set_the_clock(world *w) {
    go_live(w);
    if (said.last >= said.until) said.clock_off_ms = 0;
}

/* [T-015] [LOG-08.1] A clock that is days behind, and a hole: nothing is believed any more. Told with the second input,
 * what to do about it too, and once; when the clock is right again the run goes on. Of one input alone it is not told.
 */
static void a_clock_that_is_behind_is_told_within_a_bar(void **state) {
    (void)state;
    for (uint64_t n = 0; n < 6; n++) {
        market *m = turning_market(300 + n);
        world *w = world_new(m, 1, 1, n);
        keel_err err = {0};
        uint64_t hash = 0;
        int one = n % 3 == 2;
        said.what = one ? ONE : HOLE;
        said.knows_time = 1;
        said.clock_off_ms = one ? 0 : -DAYS(2);
        said.from = 150;
        said.until = 300;
        said.by_ms = DAYS(3);
        said.cut_at = 0;
        w->source = says;
        w->watch = log_it;
        w->act = set_the_clock;
        if (live(w, &hash, &err) != 0) fail_msg("%s", err.text);
        (void)keel_paper_log_close(NULL, &the_log, 1, NULL, NULL, NULL);
        assert_int_equal(counted(w, KEEL_LOG_DATA_AHEAD), !one);
        int rejected = counted(w, KEEL_LOG_DATA_REJECTED);
        assert_true(one ? rejected == 1 : rejected > 100 && rejected < 152);
        assert_true(counted(w, KEEL_LOG_INCIDENT) >= !one);
        assert_true(w->counts.set_aside < w->counts.inputs / 2); /* the run went on */
        world_free(w);
        market_free(m);
    }
    said.clock_off_ms = 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_lies_ahead_moves_no_time),
        cmocka_unit_test(a_hole_is_taken),
        cmocka_unit_test(the_end_confirms),
        cmocka_unit_test(an_order_moves_no_time),
        cmocka_unit_test(the_clock_is_believed),
        cmocka_unit_test(a_run_that_ended_at_bad_data_goes_on),
        cmocka_unit_test(what_a_moment_brings_is_of_that_moment),
        cmocka_unit_test(a_run_goes_on_behind_turns),
        cmocka_unit_test(a_position_without_exits_is_told),
        cmocka_unit_test(a_clock_that_is_behind_is_told_within_a_bar),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
