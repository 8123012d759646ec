/* life.c: one start of the engine, until the market ends or something stops it. */
#include <stdio.h>
#include <string.h>

#include "journal/compact.h"
#include "wire.h"
#include "world_internal.h"

static int lot(sim_world *w, uint64_t one_in) { return keel_simrandom_below(&w->random, one_in) == 0; }

static int may(const sim_world *w, sim_kind kind) { return !w->calm && SIM_HAS(w->kinds, kind); }

/* ---- faults ---------------------------------------------------------------------------------------------------- */

/* Small numbers as often as large ones. */
static uint64_t some_effect(sim_world *w) {
    uint64_t bits = 3 + keel_simrandom_below(&w->random, 9);
    return 1 + keel_simrandom_below(&w->random, (uint64_t)1 << bits);
}

/* What this life's disk and machine will do. */
static void draw_disaster(sim_world *w) {
    keel_simfs_faults f = {.choppy = may(w, SIM_CHOP) && lot(w, 2)};
    static const sim_kind KINDS[] = {SIM_KILL,    SIM_KILL, SIM_KILL, SIM_KILL, SIM_NETKILL, SIM_NETKILL,
                                     SIM_NETKILL, SIM_SYNC, SIM_FULL, SIM_LIE,  SIM_STRAY};
    sim_kind kind = KINDS[keel_simrandom_below(&w->random, COUNT(KINDS))];
    for (int tries = 0; tries < 20 && !may(w, kind); tries++)
        kind = KINDS[keel_simrandom_below(&w->random, COUNT(KINDS))];
    w->net_effects = w->netkill_at = 0;
    if (may(w, kind)) {
        if (kind == SIM_KILL) f.kill_at = some_effect(w);
        if (kind == SIM_NETKILL) w->netkill_at = 1 + keel_simrandom_below(&w->random, 200);
        if (kind == SIM_SYNC) f.fail_sync_at = some_effect(w);
        if (kind == SIM_FULL)
            f.space_bytes = keel_simfs_used(w->disk) + (int64_t)keel_simrandom_below(&w->random, 1 << 18);
        if (kind == SIM_LIE) f.lose_write_at = some_effect(w);
        if (kind == SIM_STRAY) f.stray_write_at = some_effect(w);
        if (kind == SIM_LIE || kind == SIM_STRAY) f.kill_at = some_effect(w) * 2;
    }
    keel_simfs_set_faults(w->disk, &f);
}

static void rot(sim_world *w) {
    static const char *const FILES[] = {"/j/wal-engine-00000001.klw", "/j/wal-engine-00000002.klw",
                                        "/j/wal-engine-00000003.klw"};
    const keel_fs *fs = keel_simfs_port(w->disk);
    keel_fs_stat st;
    const char *file = FILES[keel_simrandom_below(&w->random, COUNT(FILES))];
    if (fs->stat(fs->ctx, file, &st) != 0 || st.size == 0) return;
    int64_t at = (int64_t)keel_simrandom_below(&w->random, (uint64_t)st.size / (lot(w, 2) ? 1 : 8) + 1);
    w->lied |= keel_simfs_rot(w->disk, file, at, (uint8_t)(1 + keel_simrandom_below(&w->random, 255))) == 0;
}

/* Nothing goes wrong any more. */
static void calm_down(sim_world *w) {
    keel_simfs_faults none = {0};
    keel_simnet_faults quiet = {.latency_min_ns = 1000000, .latency_max_ns = 50000000};
    w->calm = 1;
    w->netkill_at = 0;
    w->venue.kinds = 0;
    keel_simfs_set_faults(w->disk, &none);
    keel_simnet_set_faults(w->net, &quiet);
}

/* ---- the market, as it becomes known ---------------------------------------------------------------------------- */

/* Once an order is obeyed. Before, a stop may yet take it out of the record. */
static void see_phase(sim_world *w) {
    int enters = keel_engine_allows_entries(keel_engine_phase_of(w->engine));
    if (!enters && !w->held_back) w->paused_at = keel_engine_state(w->engine)->last_seq;
    if (enters) w->paused_at = 0;
    w->held_back = !enters;
}

/* What a person orders: while entries may leave, and while they may not. */
static int some_order(sim_world *w, int enters) {
    static const int HOLDS[] = {KEEL_ENGINE_ORDER_HALT, KEEL_ENGINE_ORDER_PAUSE, KEEL_ENGINE_ORDER_FLAT,
                                KEEL_ENGINE_ORDER_CANCEL};
    if (enters) return HOLDS[keel_simrandom_below(&w->random, COUNT(HOLDS))];
    return lot(w, 5) ? KEEL_ENGINE_ORDER_FLAT : KEEL_ENGINE_ORDER_RESUME;
}

/* Somebody's order among the inputs: 1. */
static int next_order(sim_world *w, keel_input *ret) {
    int enters = keel_engine_allows_entries(keel_engine_phase_of(w->engine));
    if (!may(w, SIM_PAUSE) || !lot(w, enters ? 40 : 20)) return 0;
    keel_input_clear(ret);
    ret->kind = KEEL_INPUT_CONTROL;
    ret->number = 0;
    ret->control = some_order(w, enters);
    ret->bar_open_ms = 0;
    ret->ts_ms = keel_engine_last_ms(w->engine);
    if (ret->control == KEEL_ENGINE_ORDER_RESUME) w->held_back = 0;
    if (ret->control == KEEL_ENGINE_ORDER_RESUME) w->paused_at = 0;
    w->r->counts[SIM_PAUSE]++;
    return 1;
}

/* From two hours to centuries: a clock that was set wrong, another unit, no time at all. */
static int64_t far(sim_world *w) {
    uint64_t hours = (uint64_t)2 << keel_simrandom_below(&w->random, 22);
    return (int64_t)(hours + keel_simrandom_below(&w->random, hours)) * HOUR_MS;
}

/* The data of one input, or of all from an opening to the next, come at a time that is none. */
static void mistime(sim_world *w, keel_input *in) {
    if (in->kind == KEEL_INPUT_OPENS || in->kind == KEEL_INPUT_BARS || w->mistimed_ms == 0) {
        w->mistimed_ms = 0;
        if (may(w, SIM_AHEAD) && lot(w, 100)) w->mistimed_ms = far(w);
        if (may(w, SIM_BEHIND) && lot(w, 100)) w->mistimed_ms = -far(w);
        w->mistimes_range = lot(w, 2);
    }
    if (w->mistimed_ms == 0 || in->kind == KEEL_INPUT_END) return;
    w->r->counts[w->mistimed_ms > 0 ? SIM_AHEAD : SIM_BEHIND]++;
    in->ts_ms += w->mistimed_ms;
    in->bar_open_ms += w->mistimed_ms;
    for (int32_t i = 0; i < in->piece_count; i++) {
        in->piece[i].open_ms += w->mistimed_ms;
        in->piece[i].close_ms += w->mistimed_ms;
    }
    if (!w->mistimes_range) w->mistimed_ms = 0;
}

static int64_t wall_ms(void *ctx) {
    const sim_world *w = ctx;
    return w->clock.port.wall_ms(w->clock.port.ctx);
}

static int next_input(void *ctx, keel_input *ret, keel_err *reterr) {
    sim_world *w = ctx;
    see_phase(w);
    if (next_order(w, ret)) return 1;
    int rc = w->feed.port.next(w->feed.port.ctx, ret, reterr);
    if (rc != 1) return rc;
    if (!w->calm && ret->ts_ms >= w->calm_ms) calm_down(w);
    if (may(w, SIM_CLOCK) && lot(w, 50)) {
        keel_simclock_jump(&w->clock, (int64_t)keel_simrandom_below(&w->random, 7200000) - 3600000);
        w->r->counts[SIM_CLOCK]++;
    }
    keel_desk_wait(w->desk, (ret->ts_ms - w->m->tape.start_ms) * 1000000);
    if (wall_ms(w) > w->clock_ms) w->clock_ms = wall_ms(w);
    int64_t here_ms = w->knows_time && w->clock_ms > ret->ts_ms ? w->clock_ms + 60000 : ret->ts_ms;
    if (keel_engine_last_ms(w->engine) > here_ms)
        sim_wrong(w, "input %llu moved time to where the market has not come", (unsigned long long)ret->number - 1);
    mistime(w, ret);
    if (!keel_simfs_killed(w->disk)) return 1;
    return keel_err_set(reterr, KEEL_E_IO, "the machine stopped");
}

static int is_ready(void *ctx) {
    (void)ctx;
    return 0;
}

/* ---- between the engine and its desk, with a planted bug --------------------------------------------------------- */

static const keel_venue *desk_of(void *ctx) { return keel_desk_port(((sim_world *)ctx)->desk); }

/* A canary does what a program does that takes silence for a no. */
static int query_order(void *ctx, const keel_command *c, int32_t heard, keel_err *reterr) {
    if (((const sim_world *)ctx)->o->canary == SIM_RESENDS && heard == 0) return 0;
    return desk_of(ctx)->query(desk_of(ctx)->ctx, c, heard, reterr);
}

/* While entries are held back none is handed in; a record that lost its end may have lost that they are, too. */
static int send_order(void *ctx, const keel_command *c, int64_t given_ms, keel_err *reterr) {
    sim_world *w = ctx;
    int increases = c->kind == KEEL_CMD_OPEN || c->kind == KEEL_CMD_ADD || c->kind == KEEL_CMD_REVERSE;
    w->entries += (uint64_t)increases;
    if (increases && w->engine && keel_engine_breaker_of(w->engine) == KEEL_BREAKER_OPEN)
        sim_wrong(w, "order %llu increases what is held and was handed in while the breaker is open",
                  (unsigned long long)c->id);
    if (increases && w->held_back && (w->engine || !w->lied))
        sim_wrong(w, "order %llu increases what is held and was handed in while entries are held back",
                  (unsigned long long)c->id);
    return desk_of(ctx)->send(desk_of(ctx)->ctx, c, given_ms, reterr);
}

static int poll_report(void *ctx, int32_t symbol, keel_venue_report *ret, keel_err *reterr) {
    return desk_of(ctx)->poll(desk_of(ctx)->ctx, symbol, ret, reterr);
}

static int cancel_order(void *ctx, const keel_command *c, keel_err *reterr) {
    return desk_of(ctx)->cancel(desk_of(ctx)->ctx, c, reterr);
}

static void uncovered(void *ctx, const keel_event *fill, int64_t closes_qty_e8) {
    desk_of(ctx)->uncovered(desk_of(ctx)->ctx, fill, closes_qty_e8);
}

static void use_port(sim_world *w) {
    w->port = (keel_venue){.ctx = w,
                           .send = send_order,
                           .poll = poll_report,
                           .query = query_order,
                           .cancel = cancel_order,
                           .uncovered = uncovered};
}

/* ---- what the engine depends on, shown to it ----------------------------------------------------------------------
 */

static int64_t mono_ms(const sim_world *w) { return w->clock.now_ns / 1000000; }

static void called(void *data, int ok) {
    sim_world *w = data;
    (void)keel_breaker_pass(&w->breaker, mono_ms(w));
    (void)keel_breaker_saw(&w->breaker, mono_ms(w), ok);
}

/* Where nothing is under way and nothing was lost, the books hold what the venue does. */
static int show(sim_world *w, keel_err *err) {
    int32_t level = KEEL_DRIFT_NONE;
    int64_t venue_ms = 0;
    (void)keel_breaker_pass(&w->breaker, mono_ms(w));
    KEEL_TRY(keel_engine_see_breaker(w->engine, w->breaker.state, keel_breaker_failed(&w->breaker, mono_ms(w)), err));
    if (keel_desk_venue_clock(w->desk, &venue_ms))
        KEEL_TRY(keel_engine_see_clock(w->engine, venue_ms - w->clock.port.wall_ms(w->clock.port.ctx), 0, err));
    KEEL_TRY(keel_engine_see_held(w->engine, w->venue.held_e8, &level, err));
    w->r->counts[SIM_WATCH]++;
    if (level != KEEL_DRIFT_NONE && !w->lied && !w->hurt)
        sim_wrong(w, "books and venue differ at %lld, and nothing is under way",
                  (long long)keel_engine_last_input(w->engine));
    return 0;
}

static sim_world *living; /* the one whose engine runs */

/* Between two inputs. An engine that could not write it down goes no further. */
static int between_inputs(void) {
    sim_world *w = living;
    if (!SIM_HAS(w->kinds, SIM_WATCH) || keel_engine_ended(w->engine)) return 0;
    return show(w, &w->seen_err) != 0;
}

/* ---- a life ----------------------------------------------------------------------------------------------------- */

static const uint8_t SIGN_SEED[KEEL_KEY_SIZE] = {7, 1}, ENCRYPT_KEY[KEEL_KEY_SIZE] = {9, 2};

keel_journal_options sim_journal(sim_world *w) {
    return (keel_journal_options){
        .fs = keel_simfs_port(w->disk),
        .clock = &w->clock.port,
        .entropy = &w->random.port,
        .dir = "/j",
        .name = "engine",
        .segment_bytes = 1 << 17,
        .checkpoint_bytes = 8192,
        .sign_seed = SIM_HAS(w->kinds, SIM_SIGN) ? SIGN_SEED : NULL,
        .encrypt_key = SIM_HAS(w->kinds, SIM_ENCRYPT) ? ENCRYPT_KEY : NULL,
        .on_damage = SIM_HAS(w->kinds, SIM_QUARANTINE) ? KEEL_JOURNAL_QUARANTINE : KEEL_JOURNAL_REFUSE,
        .rotate_ms = SIM_HAS(w->kinds, SIM_ROTATE) ? 6 * HOUR_MS : -1};
}

keel_journal_where sim_where(sim_world *w) {
    keel_journal_options j = sim_journal(w);
    return (keel_journal_where){j.fs, j.dir, j.name, j.encrypt_key, NULL};
}

/* Between two starts, the disk failing as in the next one. */
static int compact(sim_world *w, keel_err *err) {
    keel_journal_compaction done;
    keel_journal_where where = sim_where(w);
    if (!may(w, SIM_COMPACT) || w->r->lives < 2 || !lot(w, 2)) return 0;
    int rc = keel_journal_compact(&where, lot(w, 2), NULL, &done, err);
    if (rc == KEEL_E_PARITY || rc == KEEL_E_NOT_FOUND) return 0; /* no journal, or a torn one: left alone */
    if (rc == 0) w->r->counts[SIM_COMPACT] += done.segments > 0;
    return rc;
}

/* A person orders; while entries are held back nothing that increases what is held may arrive at the venue. */
static int order(sim_world *w, keel_err *err) {
    keel_engine_phase phase = keel_engine_phase_of(w->engine);
    int enters = keel_engine_allows_entries(phase), which = some_order(w, enters);
    if (w->calm || (phase != KEEL_ENGINE_SAFE_MODE && !may(w, SIM_PAUSE)) || !lot(w, enters ? 6 : 2)) return 0;
    if (which == KEEL_ENGINE_ORDER_RESUME) w->paused_at = 0;
    if (which == KEEL_ENGINE_ORDER_RESUME) w->held_back = 0;
    int rc = keel_engine_order(w->engine, which, err);
    if (rc == 0 && !keel_engine_allows_entries(keel_engine_phase_of(w->engine)) && !w->held_back) {
        w->paused_at = keel_engine_state(w->engine)->last_seq;
        w->held_back = 1;
    }
    w->r->counts[SIM_PAUSE] += rc == 0;
    return rc;
}

/* What the start says, and what it did. */
static void opened(sim_world *w, const keel_engine_recovery *r) {
    int enters = keel_engine_allows_entries(keel_engine_phase_of(w->engine));
    w->hurt |= r->journal.damages > 0;
    w->r->counts[SIM_QUARANTINE] += r->journal.found.verdict > KEEL_JOURNAL_TORN ? 1 : 0;
    w->r->counts[SIM_SIGN] += SIM_HAS(w->kinds, SIM_SIGN) ? 1 : 0;
    w->r->counts[SIM_ENCRYPT] += SIM_HAS(w->kinds, SIM_ENCRYPT) ? 1 : 0;
    w->r->counts[SIM_ROTATE] += SIM_HAS(w->kinds, SIM_ROTATE) ? 1 : 0;
    if ((r->journal.safe_mode || r->journal.found.verdict > KEEL_JOURNAL_TORN) && enters)
        sim_wrong(w, "damage was cut off the record, and the engine runs on");
    if (!enters && w->entries > 0) sim_wrong(w, "entries were handed in at a start that holds them back");
    if (enters && w->held_back && !w->lied) sim_wrong(w, "a pause was forgotten");
    if (enters) w->paused_at = 0;
    w->held_back = !enters;
}

static int begin_and_work(sim_world *w, keel_err *err) {
    static const char START[] = "{\"a run\":1}";
    keel_desk_options desk = {.net = keel_simnet_port(w->net),
                              .clock = &w->clock.port,
                              .host = "venue",
                              .port = "1",
                              .codec = &SIM_WIRE,
                              .run = keel_desk_run("a simulated run"),
                              .entry_age_ms = w->entry_age_ms,
                              .query_ms = 600000,
                              .called = called,
                              .called_data = w};
    keel_breaker_init(&w->breaker, NULL, KEEL_BREAKER_CLOSED, mono_ms(w));
    memset(&w->seen_err, 0, sizeof w->seen_err);
    living = w;
    w->mistimed_ms = 0;
    KEEL_TRY(keel_desk_new(&desk, &w->desk, err));
    use_port(w);
    keel_journal_options journal = sim_journal(w);
    keel_engine_options o = {.plan = &w->plan.plan,
                             .watch = sim_check_watch(w),
                             .venue = &w->port,
                             .journal = &journal,
                             .start = START,
                             .start_size = sizeof START - 1,
                             .batch = 1,
                             .mark_events = 40,
                             .snapshot_records = 200};
    keel_engine_source source = {.ctx = w, .next = next_input, .ready = is_ready};
    if (w->knows_time) source.now_ms = wall_ms;
    int ended = 0;
    keel_engine_recovery recovery;
    memset(&w->books, 0, sizeof w->books);
    w->entries = 0;
    KEEL_TRY(compact(w, err));
    KEEL_TRY(keel_engine_open(&o, &w->engine, &recovery, err));
    opened(w, &recovery);
    keel_paper_feed_init(&w->feed, &w->m->tape, 0);
    KEEL_TRY(keel_paper_feed_skip(&w->feed, keel_engine_last_input(w->engine), err));
    KEEL_TRY(order(w, err));
    keel_breaker_init(&w->breaker, NULL, keel_engine_breaker_of(w->engine), mono_ms(w));
    KEEL_TRY(keel_engine_run(w->engine, &source, between_inputs, &ended, err));
    if (w->seen_err.code) return keel_err_set(err, w->seen_err.code, "%s", w->seen_err.text);
    if (!ended) return keel_err_set(err, KEEL_E_ERROR, "the engine stopped before the market did");
    sim_check_end(w);
    w->r->state_hash = keel_state_hash(keel_engine_state(w->engine));
    int rc = keel_engine_close(w->engine, err);
    w->engine = NULL;
    return rc;
}

static void count_life(sim_world *w) {
    if (!w->engine) return;
    keel_engine_counts c = keel_engine_counts_of(w->engine);
    int64_t hours = (keel_engine_last_ms(w->engine) - w->m->tape.start_ms) / HOUR_MS - w->m->tape.trade_from;
    w->r->inputs += c.inputs;
    w->r->in_doubt += c.in_doubt;
    if (hours > w->r->hours) w->r->hours = hours;
}

/* The process or the machine is gone; the venue goes on. */
static void die(sim_world *w, int machine) {
    count_life(w);
    keel_engine_abandon(w->engine);
    w->engine = NULL;
    if (machine) keel_simnet_crash(w->net);
    keel_desk_free(w->desk);
    w->desk = NULL;
    if (machine)
        keel_simfs_crash(w->disk);
    else
        keel_simfs_restart(w->disk);
    w->r->counts[SIM_PROCESS] += !machine;
    if (may(w, SIM_ROT) && lot(w, 4)) rot(w);
    keel_simnet_run(w->net, w->clock.now_ns + 50000000 + (int64_t)keel_simrandom_below(&w->random, 3600) * 500000000);
}

int sim_live(sim_world *w, int mine_to_fail) {
    keel_err err = {0};
    keel_simfs_counts before, after;
    keel_simfs_get_counts(w->disk, &before);
    w->netkill_at = 0;
    if (mine_to_fail) draw_disaster(w);
    w->r->lives++;
    int rc = begin_and_work(w, &err);
    keel_simfs_get_counts(w->disk, &after);
    w->lied |= after.lost_writes > before.lost_writes || after.stray_writes > before.stray_writes;
    int struck = after.killed + after.failed_syncs + after.full > before.killed + before.failed_syncs + before.full;
    int unreachable = rc == KEEL_E_TIMEOUT && !w->calm;
    if (w->o->verbose)
        printf("life %d: hour %lld: %s\n", (int)w->r->lives, (long long)(w->clock.now_ns / 1000000 / HOUR_MS),
               rc == 0 ? "the market ended" : err.text);
    if (rc == 0) {
        keel_desk_free(w->desk);
        w->desk = NULL;
        return SIM_ENDED;
    }
    int found = !struck && w->lied &&
                (rc == KEEL_E_PARITY || rc == KEEL_E_GATE || rc == KEEL_E_RANGE || rc == KEEL_E_USAGE ||
                 rc == KEEL_E_VERSION || rc == KEEL_E_NOT_FOUND);
    if (!found && !struck && !unreachable) sim_wrong(w, "an engine that nothing stopped: %s", err.text);
    die(w, !(may(w, SIM_PROCESS) && lot(w, 3)));
    return found ? SIM_FOUND : SIM_STOPPED;
}
