/* life.c: one start of the engine, until the market ends or something stops it. */
#include <stdio.h>
#include <string.h>

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

static int next_input(void *ctx, keel_input *ret, keel_err *reterr) {
    sim_world *w = ctx;
    int rc = w->feed.port.next(w->feed.port.ctx, ret, reterr);
    if (rc != 1) return rc;
    if (!w->calm && ret->ts_ms >= w->calm_ms) calm_down(w);
    if (may(w, SIM_CLOCK) && lot(w, 50)) {
        keel_simclock_jump(&w->clock, (int64_t)keel_simrandom_below(&w->random, 7200000) - 3600000);
        w->r->counts[SIM_CLOCK]++;
    }
    keel_desk_wait(w->desk, (ret->ts_ms - w->m->tape.start_ms) * 1000000);
    if (!keel_simfs_killed(w->disk)) return 1;
    return keel_err_set(reterr, KEEL_E_IO, "the machine stopped");
}

static int is_ready(void *ctx) {
    (void)ctx;
    return 0;
}

/* ---- a planted bug ---------------------------------------------------------------------------------------------- */

/* What a program does that takes silence for a no. */
static int query_of_a_canary(void *ctx, const keel_command *c, int32_t heard, keel_err *reterr) {
    const keel_venue *desk = keel_desk_port(((sim_world *)ctx)->desk);
    return heard == 0 ? 0 : desk->query(desk->ctx, c, heard, reterr);
}

static int send_of_a_canary(void *ctx, const keel_command *c, int64_t given_ms, keel_err *reterr) {
    const keel_venue *desk = keel_desk_port(((sim_world *)ctx)->desk);
    return desk->send(desk->ctx, c, given_ms, reterr);
}

static int poll_of_a_canary(void *ctx, int32_t symbol, keel_venue_report *ret, keel_err *reterr) {
    const keel_venue *desk = keel_desk_port(((sim_world *)ctx)->desk);
    return desk->poll(desk->ctx, symbol, ret, reterr);
}

static void uncovered_of_a_canary(void *ctx, const keel_event *fill, int64_t closes_qty_e8) {
    const keel_venue *desk = keel_desk_port(((sim_world *)ctx)->desk);
    desk->uncovered(desk->ctx, fill, closes_qty_e8);
}

static void use_port(sim_world *w) {
    w->port = *keel_desk_port(w->desk);
    if (w->o->canary == SIM_RESENDS)
        w->port = (keel_venue){.ctx = w,
                               .send = send_of_a_canary,
                               .poll = poll_of_a_canary,
                               .query = query_of_a_canary,
                               .uncovered = uncovered_of_a_canary};
}

/* ---- a life ----------------------------------------------------------------------------------------------------- */

keel_journal_options sim_journal(sim_world *w) {
    return (keel_journal_options){.fs = keel_simfs_port(w->disk),
                                  .clock = &w->clock.port,
                                  .entropy = &w->random.port,
                                  .dir = "/j",
                                  .name = "engine",
                                  .segment_bytes = 1 << 17,
                                  .checkpoint_bytes = 8192,
                                  .rotate_ms = -1};
}

/* A person orders; while paused nothing that increases what is held may arrive at the venue. */
static int order(sim_world *w, keel_err *err) {
    int resume = keel_engine_phase_of(w->engine) == KEEL_ENGINE_CLOSE_ONLY;
    if (!may(w, SIM_PAUSE) || !(resume || lot(w, 6))) return 0;
    w->paused_at = 0;
    int rc = keel_engine_order(w->engine, resume ? KEEL_ENGINE_ORDER_RESUME : KEEL_ENGINE_ORDER_PAUSE, err);
    if (rc == 0 && !resume) w->paused_at = keel_engine_state(w->engine)->last_seq;
    w->r->counts[SIM_PAUSE] += rc == 0;
    return rc;
}

static int begin_and_work(sim_world *w, keel_err *err) {
    static const char START[] = "{\"a run\":1}";
    keel_desk_options desk = {.net = keel_simnet_port(w->net),
                              .clock = &w->clock.port,
                              .host = "venue",
                              .port = "1",
                              .codec = &SIM_WIRE,
                              .run = keel_desk_run("a simulated run"),
                              .query_ms = 600000};
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
    keel_engine_source source = {w, next_input, is_ready};
    int ended = 0;
    memset(&w->books, 0, sizeof w->books);
    KEEL_TRY(keel_engine_open(&o, &w->engine, NULL, err));
    keel_paper_feed_init(&w->feed, &w->m->tape, 0);
    KEEL_TRY(keel_paper_feed_skip(&w->feed, keel_engine_last_input(w->engine), err));
    KEEL_TRY(order(w, err));
    KEEL_TRY(keel_engine_run(w->engine, &source, NULL, &ended, err));
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
