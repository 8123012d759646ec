/* What falls due by a clock while the market says nothing: where timers stand among inputs, that the run is the same
 * with them, live, killed and replayed, and what is written down at them. */
#include "app/cli/paper_driver.h"
#include "engine_logged.h"
#include "ops/forensic/reader.h"

static int64_t every_ms;

static const keel_engine_source *paced(world *w, const keel_engine_source *inner) {
    keel_paper_feed *f = inner->ctx;
    f->timer_every_ms = every_ms;
    keel_paper_feed_pace(f, &w->clock.port, NULL);
    return inner;
}

/* ---- where they stand ------------------------------------------------------------------------------------------- */

/* [ENG-02.2] [ENG-02.7] One at each multiple of ten seconds from the first input to the last, behind everything of the
 * market that is known by then; the market's inputs are those of a feed without a clock. */
static void a_timer_stands_behind_what_comes_at_its_moment(void **state) {
    (void)state;
    market *m = market_random(3, 2, 12, 3, &NATURES[0]);
    keel_paper_feed plain, clocked;
    keel_simclock clock;
    keel_input a, b;
    keel_err err = {0};
    int64_t first_ms = INT64_MIN, last_ms = INT64_MIN, timer_ms = INT64_MIN, timers = 0;
    memset(&a, 0, sizeof a);
    memset(&b, 0, sizeof b);
    m->tape.trade_from = 4;
    keel_simclock_init(&clock, 0);
    keel_paper_feed_init(&plain, &m->tape, 1);
    keel_paper_feed_init(&clocked, &m->tape, 1);
    clocked.timer_every_ms = 10000;
    keel_paper_feed_pace(&clocked, &clock.port, NULL);
    while (clocked.port.next(clocked.port.ctx, &b, &err) == 1) {
        assert_true(b.ts_ms >= last_ms);
        last_ms = b.ts_ms;
        if (b.kind == KEEL_INPUT_TIMER) {
            assert_true(b.number == 0 && b.piece_count == 0 && b.ts_ms % 10000 == 0);
            assert_true(timers == 0 || b.ts_ms == timer_ms + 10000);
            timer_ms = b.ts_ms;
            timers++;
            continue;
        }
        if (first_ms == INT64_MIN) first_ms = b.ts_ms;
        assert_true(timers == 0 || timer_ms < b.ts_ms); /* of one moment the market's come first */
        assert_int_equal(plain.port.next(plain.port.ctx, &a, &err), 1);
        assert_true(a.number == b.number && a.kind == b.kind && a.ts_ms == b.ts_ms && a.piece_count == b.piece_count);
    }
    assert_int_equal(plain.port.next(plain.port.ctx, &a, &err), 0);
    assert_int_equal(timers, (last_ms - first_ms) / 10000);
    assert_int_equal(clock.now_ns, (last_ms - first_ms) * 1000000);
    keel_input_done(&a);
    keel_input_done(&b);
    market_free(m);
}

/* [ENG-02.7] Whoever slept is told how late it is, not how often that could have been said; the market goes first. */
static void missed_timers_are_not_made_up_for(void **state) {
    (void)state;
    market *m = market_random(3, 1, 12, 1, &NATURES[0]);
    keel_paper_feed f;
    keel_simclock clock;
    keel_input in;
    keel_err err = {0};
    memset(&in, 0, sizeof in);
    m->tape.trade_from = 4;
    keel_simclock_init(&clock, 0);
    keel_paper_feed_init(&f, &m->tape, 1);
    f.timer_every_ms = 10000;
    keel_paper_feed_pace(&f, &clock.port, NULL);
    static const struct {
        int64_t sleep_s, kind, at_s;
    } TABLE[] = {{0, KEEL_INPUT_BARS, 0},    {0, KEEL_INPUT_TIMER, 0},      {0, KEEL_INPUT_TIMER, 10},
                 {95, KEEL_INPUT_TIMER, 100}, {0, KEEL_INPUT_TIMER, 110},    {3 * 3600, KEEL_INPUT_TIMER, 3590},
                 {0, KEEL_INPUT_BARS, 3600}, {0, KEEL_INPUT_TIMER, 2 * 3600 - 10}};
    for (size_t i = 0; i < COUNT(TABLE); i++) {
        keel_simclock_advance(&clock, TABLE[i].sleep_s * 1000000000);
        assert_int_equal(f.port.next(f.port.ctx, &in, &err), 1);
        assert_int_equal(in.kind, TABLE[i].kind);
        assert_int_equal(in.ts_ms - bar_ms(1), TABLE[i].at_s * 1000);
    }
    keel_input_done(&in);
    market_free(m);
}

/* ---- the run is the same ---------------------------------------------------------------------------------------- */

typedef struct heard {
    uint64_t count, sum, commands;
} heard;

static void hear_timer(void *data, const keel_engine_told *t) {
    heard *h = data;
    h->commands += t->kind == KEEL_TOLD_COMMAND;
    if (t->kind != KEEL_TOLD_TIMER) return;
    assert_true(t->state != NULL && t->ts_ms == t->input->ts_ms);
    h->count++;
    /* where it stands between orders is part of it */
    h->sum = h->sum * 31 + (uint64_t)t->ts_ms + h->commands;
}

static heard in_life;
static keel_engine_watch inner_watch;

static void hear_alive(void *data, const keel_engine_told *t) {
    (void)data;
    hear_timer(&in_life, t);
}

static keel_engine_watch watch_alive(world *w, const keel_engine_watch *inner) {
    (void)w;
    inner_watch = *inner;
    inner_watch.told = hear_alive;
    return inner_watch;
}

static heard replayed(world *w, int64_t until_ms, uint64_t *ret_hash) {
    heard h = {0};
    keel_engine *e = NULL;
    keel_err err = {0};
    keel_journal_where where = {keel_simfs_port(w->disk), "/j", "engine", NULL, NULL};
    keel_engine_replay r = {.plan = &w->plan.plan,
                            .watch = {.data = &h, .told = hear_timer, .is_watched = 1},
                            .where = &where,
                            .until_ms = until_ms,
                            .last_seq = UINT64_MAX};
    if (keel_engine_replay_run(&r, &e, &err) != 0) fail_msg("%s", err.text);
    assert_int_equal(keel_engine_counts_of(e).timers, h.count);
    assert_int_equal(keel_engine_counts_of(e).marks, keel_engine_counts_of(e).marks_equal);
    *ret_hash = keel_state_hash(keel_engine_state(e));
    keel_engine_abandon(e);
    return h;
}

/* [ENG-02.7] [WAL-03.1] The state of a run with timers is that of the backtest, however often it was stopped on the
 * way; a replay meets each timer where it was; up to a moment of the market it meets none that came later. */
static void a_run_with_timers_is_the_same_run(void **state) {
    (void)state;
    market *m = small_market();
    every_ms = 600000;
    for (int stops = 0; stops <= 3; stops += 3) {
        world *w = world_new(m, 1, 1, 5);
        uint64_t hash = 0;
        keel_err err = {0};
        in_life = (heard){0};
        w->source = paced;
        w->watch = watch_alive;
        w->snapshot_records = 100;
        for (w->stops = stops; w->stops > 0; w->stops--) {
            w->stop_at = 250 - 50 * (uint64_t)w->stops;
            if (live(w, &hash, &err) != 0) fail_msg("%s", err.text);
        }
        live_well(w, keel_state_hash(m->st), "with timers");
        heard again = replayed(w, INT64_MAX, &hash);
        assert_true(hash == keel_state_hash(m->st));
        assert_true(again.count > 900 && again.commands > 5);
        if (!stops) assert_true(again.count == in_life.count && again.sum == in_life.sum);
        heard part = replayed(w, bar_ms(m->tape.trade_from + 3), &hash);
        assert_true(part.count > 500 && part.count < again.count);
        world_free(w);
    }
    market_free(m);
}

/* ---- what is written at them ------------------------------------------------------------------------------------ */

static keel_paper_log the_log;

static keel_engine_watch log_it(world *w, const keel_engine_watch *inner) {
    keel_engine_watch watch = world_log(&the_log, w, inner, 0);
    keel_paper_log_go_live(&the_log);
    return watch;
}

typedef struct metrics {
    int64_t count, first_ms, last_ms, oldest_ms;
} metrics;

static void read_metrics(world *w, const char *stream, int64_t apart_ms, metrics *ret) {
    keel_log_lines *lines = NULL;
    keel_log_record r;
    keel_err err = {0};
    const char *text;
    size_t size;
    memset(ret, 0, sizeof *ret);
    if (keel_log_lines_open(keel_simfs_port(w->disk), "/run", stream, &lines, &err) != 0) fail_msg("%s", err.text);
    while (keel_log_lines_next(lines, &text, &size, &err) == 1) {
        if (keel_log_record_read(text, size, keel_log_lines_where(lines), &r, &err) != 0) fail_msg("%s", err.text);
        if (ret->count) assert_int_equal(r.ts_ms - ret->last_ms, apart_ms);
        if (!ret->count) ret->first_ms = r.ts_ms;
        ret->last_ms = r.ts_ms;
        ret->count++;
        int64_t age_ms = keel_log_record_int(&r, "feed_age_ms_max");
        if (age_ms > ret->oldest_ms) ret->oldest_ms = age_ms;
        keel_log_record_done(&r);
    }
    keel_log_lines_close(lines);
}

/* [ENG-02.7] [LOG-02.3] [LOG-04.1] [T-060] [T-089] [WAL-04.1] Hours pass between two bars: metrics come every ten
 * seconds all the same, with the age of what was heard last; hours are summed when they are over, and a snapshot is
 * kept every five minutes. */
static void a_quiet_market_is_written_down_all_the_same(void **state) {
    (void)state;
    enum { BARS = 8 };
    metrics found;
    market *m = market_random(11, 2, BARS, 1, &NATURES[0]);
    use_manner(m, KEEL_STRATEGY_MOMENTUM, 0);
    m->tape.trade_from = 2;
    world *w = world_new(m, 1, 1, 3);
    keel_err err = {0};
    uint64_t hash = 0;
    every_ms = 10000;
    w->source = paced;
    w->watch = log_it;
    w->snapshot_records = 100000;
    w->snapshot_ms = 300000;
    if (live(w, &hash, &err) != 0) fail_msg("%s", err.text);
    (void)keel_paper_log_close(NULL, &the_log, 1, NULL, NULL, NULL);
    read_metrics(w, "metrics", 10000, &found);
    assert_int_equal(found.first_ms, bar_ms(1));
    assert_int_equal(found.last_ms, bar_ms(BARS));
    assert_int_equal(found.count, (BARS - 1) * 360 + 1);
    assert_true(found.oldest_ms >= HOUR_MS - 10000);
    read_metrics(w, "rollups/hourly", HOUR_MS, &found);
    assert_int_equal(found.count, BARS + 1); /* the start belongs to the hour before the first bar */
    assert_true(w->counts.snapshots >= (BARS - 1) * 11 && w->counts.snapshots <= (BARS - 1) * 13);
    world_free(w);
    market_free(m);
}

static int looks;
static void look(void *data) { looks += data != NULL; }

/* [ENG-02.7] What is looked at beside a run falls due by the clock, whether or not the market says something. */
static void a_look_falls_due_by_the_clock(void **state) {
    (void)state;
    market *m = market_random(11, 2, 8, 1, &NATURES[0]);
    use_manner(m, KEEL_STRATEGY_MOMENTUM, 0);
    m->tape.trade_from = 2;
    world *w = world_new(m, 1, 1, 3);
    keel_paper_feed *feed = room(1, sizeof *feed);
    keel_paper_driver *d = room(1, sizeof *d);
    keel_paper_look at_times = {&w->clock.port, 60000, look, w};
    keel_engine_watch nobody = {0};
    keel_engine *e = NULL;
    keel_err err = {0};
    int ended = 0;
    looks = 0;
    keel_paper_feed_init(feed, &m->tape, 1);
    feed->timer_every_ms = 10000;
    keel_paper_feed_pace(feed, &w->clock.port, NULL);
    assert_int_equal(keel_engine_open_dry(&w->plan.plan, &nobody, &w->venue.port, &e, &err), 0);
    assert_int_equal(keel_paper_driver_start(d, feed, NULL, &at_times, 0, 0, 0, &err), 0);
    if (keel_engine_run(e, &d->merge.port, NULL, &ended, &err) != 0) fail_msg("%s", err.text);
    keel_paper_driver_stop(d, NULL);
    assert_true(ended && looks == 7 * 60);
    keel_engine_abandon(e);
    free(d);
    free(feed);
    world_free(w);
    market_free(m);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_timer_stands_behind_what_comes_at_its_moment),
        cmocka_unit_test(missed_timers_are_not_made_up_for),
        cmocka_unit_test(a_run_with_timers_is_the_same_run),
        cmocka_unit_test(a_quiet_market_is_written_down_all_the_same),
        cmocka_unit_test(a_look_falls_due_by_the_clock),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
