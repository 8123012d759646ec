/* engine_world.h: an engine over a small market of bars, on simulated files that outlive it. */
#ifndef KEEL_TESTS_ENGINE_WORLD_H
#define KEEL_TESTS_ENGINE_WORLD_H

#include <stdio.h>

#include "app/cli/paper_books.h"
#include "app/cli/paper_feed.h"
#include "app/cli/paper_start.h"
#include "journal/reader.h"
#include "lane_random.h"
#include "port/simfs.h"

static const char START[] = "{\"a run\":1}";
static const char SEGMENT[] = "/j/wal-engine-00000001.klw";

/* One engine over one market; what lies in `disk` outlives it. */
typedef struct world world;
struct world {
    const market *m;
    keel_simfs *disk;
    keel_simclock clock;
    keel_simrandom dice;
    keel_sim_venue venue; /* outlives it, too, unless it is rebuilt */
    int rebuilt;
    const keel_fs *fs;         /* NULL: the simulated disk; else the journal lies in `dir` of this one */
    const char *dir;
    const uint8_t *sign_seed;  /* NULL: the journal is not signed */
    int64_t scrub_ms;          /* 0: never */
    int64_t rotate_ms;         /* 0: never */
    int damage_set_aside;      /* 0: a damaged record is refused */
    int refuse_snapshots;      /* 1: whoever watches does not take them */
    int order;                 /* KEEL_ENGINE_ORDER_* that is given, 0: none, */
    uint64_t order_at;         /* once this input was worked through */
    int stops;                 /* 1: the run is asked to end and closed in order, */
    uint64_t stop_at;          /* once this input was worked through */
    const keel_venue *between; /* stands before the venue; NULL: nobody */
    uint64_t turns;            /* so many turns of the loop one after the other, and the loop behind them, */
    keel_engine_turn total;    /* of which these are the sums */
    uint32_t batch;
    uint64_t snapshot_records;
    int64_t snapshot_ms;
    uint64_t segment_bytes; /* of the journal */
    keel_paper_plan plan;
    keel_engine_counts counts; /* of the last start */
    uint64_t in_doubt, known, handed_in;
    keel_engine *engine; /* while it runs */
    keel_engine_recovery recovery;
    keel_engine_phase phase; /* before the feed began, after the last start */
    int64_t cash_e8;         /* at the end */
    int32_t held;            /* positions at the end */
    void (*act)(world *w);   /* between two inputs; NULL: nothing happens */
    /* Somebody else who watches and hands on what is `inner`'s; NULL: nobody. */
    keel_engine_watch (*watch)(world *w, const keel_engine_watch *inner);
    /* Somebody else who gives inputs, `inner`'s among them; NULL: nobody. */
    const keel_engine_source *(*source)(world *w, const keel_engine_source *inner);
};

/* Between two inputs a person gives the order. */
static world *ordering;
static inline int give_order(void) {
    keel_err err = {0};
    world *w = ordering;
    if (w->act) w->act(w);
    if (w->stops && keel_engine_last_input(w->engine) >= w->stop_at) return 1;
    if (!w->order || keel_engine_last_input(w->engine) < w->order_at) return 0;
    if (keel_engine_order(w->engine, w->order, &err) != 0) fail_msg("order %d: %s", w->order, err.text);
    w->order = 0;
    return 0;
}

/* The loop as somebody else's. */
static inline int by_turns(world *w, const keel_engine_source *source, int *ret_ended, keel_err *err) {
    for (uint64_t n = 0;; n++) {
        keel_engine_turn t;
        if (n == w->turns) return keel_engine_run(w->engine, source, give_order, ret_ended, err);
        int rc = keel_engine_run_once(w->engine, source, &t, err);
        if (rc != 0) return rc;
        w->total.inputs += t.inputs;
        w->total.events += t.events;
        w->total.commands += t.commands;
        *ret_ended = t.ended;
        assert_int_equal(t.last_input, keel_engine_last_input(w->engine));
        assert_int_equal(t.state_hash, keel_state_hash(keel_engine_state(w->engine)));
        if (t.inputs == 0) return 0;
    }
}

static inline world *world_new(const market *m, int rebuilt, uint32_t batch, uint64_t seed) {
    world *w = room(1, sizeof *w);
    w->m = m;
    w->disk = keel_simfs_new(seed);
    w->rebuilt = rebuilt;
    w->batch = batch;
    w->snapshot_records = 150;
    w->segment_bytes = 1 << 20;
    keel_simclock_init(&w->clock, START_MS);
    keel_simrandom_init(&w->dice, seed);
    keel_paper_plan_fill(&keel_kernel_builtin, given(m), m->by_regime, &m->tape, m->rules, m->capital_e8, &w->plan);
    keel_sim_venue_init(&w->venue, m->tape.symbol_count, w->plan.rules, w->plan.slippage_bps);
    return w;
}

static inline void world_free(world *w) {
    keel_simfs_free(w->disk);
    free(w);
}

static inline int refuse_snapshot(void *data, keel_packed_reader *in, int takes, keel_err *err) {
    (void)data;
    (void)in;
    (void)takes;
    return keel_err_set(err, KEEL_E_VERSION, "a snapshot of another build");
}

/* Start, work to the end, close. 0: the hash is in *ret; else the error that stopped it. */
static inline int live(world *w, uint64_t *ret, keel_err *err) {
    keel_paper_books *books = room(1, sizeof *books);
    keel_paper_feed *feed = room(1, sizeof *feed);
    keel_engine *e = NULL;
    int ended = 0;
    if (w->rebuilt) keel_sim_venue_init(&w->venue, w->m->tape.symbol_count, w->plan.rules, w->plan.slippage_bps);
    keel_paper_books_init(books, w->m->capital_e8, w->m->tape.symbol_count);
    books->venue = w->rebuilt ? &w->venue : NULL;
    books->interval_ms = HOUR_MS;
    keel_paper_feed_init(feed, &w->m->tape, !w->m->keep_open);
    keel_journal_options journal = {.fs = w->fs ? w->fs : keel_simfs_port(w->disk),
                                    .clock = &w->clock.port,
                                    .entropy = &w->dice.port,
                                    .dir = w->fs ? w->dir : "/j",
                                    .name = "engine",
                                    .sign_seed = w->sign_seed,
                                    .segment_bytes = w->segment_bytes,
                                    .checkpoint_bytes = 8192,
                                    .on_damage = w->damage_set_aside ? KEEL_JOURNAL_QUARANTINE : KEEL_JOURNAL_REFUSE,
                                    .rotate_ms = w->rotate_ms ? w->rotate_ms : -1};
    keel_engine_options o = {.plan = &w->plan.plan,
                             .watch = keel_paper_books_watch(books),
                             .venue = w->between ? w->between : &w->venue.port,
                             .venue_rebuilt = w->rebuilt,
                             .journal = &journal,
                             .start = START,
                             .start_size = sizeof START - 1,
                             .batch = w->batch,
                             .mark_events = 40,
                             .snapshot_records = w->snapshot_records,
                             .snapshot_ms = w->snapshot_ms,
                             .scrub_ms = w->scrub_ms};
    keel_engine_watch inner = o.watch;
    if (w->watch) o.watch = w->watch(w, &inner);
    o.watch.is_watched = w->watch != NULL;
    if (w->refuse_snapshots) o.watch.load = refuse_snapshot;
    int rc = keel_engine_open(&o, &e, &w->recovery, err);
    if (rc == 0) {
        w->phase = keel_engine_phase_of(e);
        w->engine = e;
        ordering = w;
        rc = keel_paper_feed_skip(feed, keel_engine_last_input(e), err);
    }
    const keel_engine_source *source = rc == 0 && w->source ? w->source(w, &feed->port) : &feed->port;
    if (rc == 0) rc = w->turns ? by_turns(w, source, &ended, err) : keel_engine_run(e, source, give_order, &ended, err);
    if (e) {
        w->counts = keel_engine_counts_of(e);
        w->in_doubt += w->counts.in_doubt;
        w->known += w->counts.known;
        w->handed_in += w->counts.handed_in;
    }
    if (rc == 0) {
        assert_int_equal(ended, !w->stops);
        *ret = keel_state_hash(keel_engine_state(e));
        w->cash_e8 = keel_engine_state(e)->acct.cash_e8;
        for (int32_t i = 0; i < w->m->tape.symbol_count; i++)
            w->held += keel_engine_state(e)->sym[i].pos.side != 0;
        rc = keel_engine_close(e, err);
        e = NULL;
    }
    w->engine = NULL;
    keel_engine_abandon(e);
    keel_paper_books_done(books);
    free(books);
    free(feed);
    return rc;
}

static inline void live_well(world *w, uint64_t want, const char *what) {
    keel_err err = {0};
    uint64_t hash = 0;
    if (live(w, &hash, &err) != 0) fail_msg("%s: %s", what, err.text);
    if (hash != want)
        fail_msg("%s: state hash %016llx, want %016llx", what, (unsigned long long)hash, (unsigned long long)want);
}

/* What its record comes to, every order and mark in it as this engine makes them. */
static inline uint64_t world_replayed(const world *w) {
    keel_journal_where where = {keel_simfs_port(w->disk), "/j", "engine", NULL, NULL};
    keel_engine *e = NULL;
    keel_err err = {0};
    keel_engine_replay r = {.plan = &w->plan.plan, .where = &where, .until_ms = INT64_MAX, .last_seq = UINT64_MAX};
    if (keel_engine_replay_run(&r, &e, &err) != 0) fail_msg("%s", err.text);
    keel_engine_counts counts = keel_engine_counts_of(e);
    assert_true(counts.commands == counts.commands_equal && counts.marks == counts.marks_equal);
    uint64_t hash = keel_state_hash(keel_engine_state(e));
    keel_engine_abandon(e);
    return hash;
}

static inline market *small_market(void) {
    market *m = market_random(11, 2, 165, 2, &NATURES[0]);
    use_manner(m, KEEL_STRATEGY_MOMENTUM, 0);
    assert_int_equal(keel_strategy_set(&m->p, MOMENTUM_LOOKBACK, 2), 1);
    run_well(m);
    assert_true(m->trade_count > 5);
    return m;
}

static inline uint8_t *whole_segment(world *w, size_t *ret_size) {
    uint8_t *bytes = NULL;
    keel_err err = {0};
    if (keel_fs_read_whole(keel_simfs_port(w->disk), SEGMENT, 4 << 20, &bytes, ret_size, &err) != 0)
        fail_msg("%s", err.text);
    return bytes;
}

/* A disk on which the journal's first segment holds these bytes, and zeros behind `cut`. */
static inline void put_segment(world *w, const uint8_t *bytes, size_t size, size_t cut) {
    const keel_fs *fs = keel_simfs_port(w->disk);
    uint8_t *copy = room((int64_t)size, 1);
    memcpy(copy, bytes, cut);
    assert_int_equal(fs->mkdir(fs->ctx, "/j"), 0);
    int file = fs->open(fs->ctx, SEGMENT, KEEL_FS_WRITE | KEEL_FS_CREATE);
    assert_true(file >= 0);
    assert_int_equal(keel_fs_write_at(fs, file, copy, size, 0), 0);
    assert_int_equal(fs->sync(fs->ctx, file), 0);
    assert_int_equal(fs->sync_dir(fs->ctx, "/j"), 0);
    assert_int_equal(fs->sync_dir(fs->ctx, "/"), 0);
    fs->close(fs->ctx, file);
    free(copy);
}

/* How many notes of this type say this. */
static inline int noted(world *w, uint16_t type, const char *word) {
    keel_journal_where where = {keel_simfs_port(w->disk), "/j", "engine", NULL, NULL};
    keel_journal_reader *reader = NULL;
    keel_journal_record r;
    keel_err err = {0};
    int count = 0, rc = keel_journal_reader_open(&where, &reader, &err);
    while (rc >= 0 && (rc = keel_journal_reader_next(reader, &r, &err)) > 0) {
        char text[4000] = {0};
        if (r.type != type) continue;
        memcpy(text, r.payload, r.size < sizeof text ? r.size : sizeof text - 1);
        count += strstr(text, word) != NULL;
    }
    if (rc < 0) fail_msg("%s", err.text);
    keel_journal_reader_close(reader);
    return count;
}

#endif
