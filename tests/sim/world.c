/* world.c: see world.h. */
#include "world.h"

#include <stdio.h>
#include <string.h>

#include "world_internal.h"

enum { SYMBOLS = 3, BARS = 420, WARM_UP = 120, LIVES_MAX = 80, PER_MILLION = 1000000 };

/* ---- what is drawn ------------------------------------------------------------------------------------------------
 */

/* About two thirds of what may be drawn. */
static sim_mask draw_kinds(sim_world *w) {
    sim_mask lies = 1u << SIM_LIE | 1u << SIM_STRAY | 1u << SIM_ROT, some = 0;
    for (int k = 0; k < SIM_KIND_COUNT; k++)
        if (keel_simrandom_below(&w->random, 3) > 0) some |= (sim_mask)1 << k;
    /* a disk that lies is rare where it ends a run, and less so where the run goes on */
    int lying = keel_simrandom_below(&w->random, SIM_HAS(some, SIM_QUARANTINE) ? 4 : 8) == 0;
    if (!lying) some &= ~lies;
    return some & w->o->kinds;
}

static market *draw_market(sim_world *w) {
    uint64_t seed = keel_simrandom_next(&w->random);
    int ratio = 1 << keel_simrandom_below(&w->random, 3);
    market *m = market_random(seed, SYMBOLS, BARS, ratio, &NATURES[0]);
    m->tape.trade_from = WARM_UP;
    use_manner(m, (int32_t)keel_simrandom_below(&w->random, KEEL_STRATEGY_COUNT),
               (int)keel_simrandom_below(&w->random, MANNERS));
    m->p.max_position_exposure = 0.25; /* three of them, late and at another price, are still covered */
    m->p.max_trades_per_day = 0;
    return m;
}

static keel_simnet_faults draw_net(sim_world *w) {
    keel_simnet_faults f = {.latency_min_ns = 1000000, .latency_max_ns = 400000000, .slow_ns = 20000000000};
    if (SIM_HAS(w->kinds, SIM_SLOW)) f.slow = PER_MILLION / 20;
    if (SIM_HAS(w->kinds, SIM_REFUSE)) f.refuse = PER_MILLION / 4;
    if (SIM_HAS(w->kinds, SIM_BREAK)) f.broken = PER_MILLION / 25;
    if (SIM_HAS(w->kinds, SIM_STALL)) f.stalled = PER_MILLION / 50;
    if (SIM_HAS(w->kinds, SIM_PIECES)) f.chop = PER_MILLION / 10;
    return f;
}

/* ---- the parts ----------------------------------------------------------------------------------------------------
 */

/* The price of a symbol at this moment: where the bar that contains it stands between its open and its close. */
static int64_t price_at(void *data, int32_t symbol, int64_t ts_ms) {
    const keel_tape *t = &((const sim_world *)data)->m->tape;
    const keel_tape_symbol *s = &t->sym[symbol];
    int64_t k = (ts_ms - t->start_ms) / t->interval_ms, in_ms = (ts_ms - t->start_ms) % t->interval_ms;
    if (k >= t->bars) k = t->bars - 1;
    while (k > 0 && s->close_e8[k] == 0)
        k--;
    return s->open_e8[k] + (s->close_e8[k] - s->open_e8[k]) / 3600 * (in_ms / 1000);
}

/* The machine stops at an effect of the network as at one of the disk. */
static int stops_here(void *data) {
    sim_world *w = data;
    if (keel_simfs_killed(w->disk)) return 1;
    if (!w->netkill_at || ++w->net_effects < w->netkill_at) return 0;
    w->r->counts[SIM_NETKILL]++;
    keel_simfs_stop(w->disk);
    return 1;
}

static void make(sim_world *w) {
    keel_simrandom_init(&w->random, w->o->seed * 0x9e3779b97f4a7c15u + 1);
    w->kinds = draw_kinds(w);
    w->m = draw_market(w);
    w->calm_ms = w->m->tape.start_ms + w->m->tape.bars * 3 / 4 * w->m->tape.interval_ms;
    w->inputs_max = (uint64_t)w->m->tape.bars * 10 + 10;
    w->seen = room((int64_t)w->inputs_max, sizeof *w->seen);
    keel_simclock_init(&w->clock, w->m->tape.start_ms);
    w->disk = keel_simfs_new(keel_simrandom_next(&w->random));
    w->net = keel_simnet_new(keel_simrandom_next(&w->random), &w->clock);
    sim_exchange_init(&w->venue, w->net, &w->clock, w->m->tape.start_ms, keel_simrandom_next(&w->random));
    keel_simnet_faults net = draw_net(w);
    keel_simnet_set_faults(w->net, &net);
    keel_simnet_before_effect(w->net, stops_here, w);
    w->venue.kinds = w->kinds;
    w->venue.forgets = SIM_HAS(w->kinds, SIM_FORGET) != 0;
    if (keel_simrandom_below(&w->random, 2) == 0) w->venue.remembered_ms = 0;
    w->entry_age_ms = keel_simrandom_below(&w->random, 2) == 0 ? 60000 : 6 * HOUR_MS;
    w->knows_time = keel_simrandom_below(&w->random, 2) == 0;
    w->venue.price = price_at;
    w->venue.price_data = w;
    w->venue.watch = sim_check_venue(w);
    for (int s = 0; s < SYMBOLS; s++)
        w->venue.lot_e8[s] = w->m->rules[s].lot_e8;
    keel_paper_plan_fill(&keel_kernel_builtin, &w->m->p, 0, &w->m->tape, w->m->rules, w->m->capital_e8, &w->plan);
}

static void unmake(sim_world *w) {
    keel_engine_abandon(w->engine);
    keel_desk_free(w->desk);
    sim_exchange_done(&w->venue);
    keel_simnet_free(w->net);
    keel_simfs_free(w->disk);
    free(w->commands);
    free(w->seen);
    market_free(w->m);
}

/* What each seam counted. */
static void count(sim_world *w) {
    keel_simfs_counts d;
    keel_simnet_counts n;
    uint64_t *c = w->r->counts;
    keel_simfs_get_counts(w->disk, &d);
    keel_simnet_get_counts(w->net, &n);
    for (int k = 0; k < SIM_KIND_COUNT; k++)
        c[k] += w->venue.counts[k];
    c[SIM_KILL] = d.killed - c[SIM_NETKILL];
    c[SIM_SYNC] = d.failed_syncs;
    c[SIM_FULL] = d.full;
    c[SIM_CHOP] = d.chopped;
    c[SIM_LIE] = d.lost_writes;
    c[SIM_STRAY] = d.stray_writes;
    c[SIM_ROT] = d.rotten_bytes;
    c[SIM_SLOW] = n.slow;
    c[SIM_REFUSE] = n.refused;
    c[SIM_BREAK] = n.broken;
    c[SIM_STALL] = n.stalled;
    c[SIM_PIECES] = n.chopped;
    c[SIM_FORGET] = w->venue.forgets ? (uint64_t)w->venue.order_count : 0;
    w->r->fills = (uint64_t)w->venue.fill_count;
    w->r->called_back = w->venue.cancelled;
}

void sim_run(const sim_options *options, sim_result *ret) {
    sim_world *w = room(1, sizeof *w);
    memset(ret, 0, sizeof *ret);
    w->o = options;
    w->r = ret;
    make(w);
    ret->drawn = w->kinds;
    uint64_t disasters = 2 + keel_simrandom_below(&w->random, 10);
    int how = SIM_STOPPED;
    while (how == SIM_STOPPED && !ret->wrong[0]) {
        how = sim_live(w, ret->episodes < disasters);
        ret->episodes += how != SIM_ENDED;
        if (ret->lives > LIVES_MAX) sim_wrong(w, "it does not come to an end in %d lives", LIVES_MAX);
    }
    ret->found = how == SIM_FOUND;
    if (how == SIM_ENDED) {
        ret->hours = w->m->tape.bars - w->m->tape.trade_from;
        sim_check_journal(w, ret->state_hash);
    }
    count(w);
    unmake(w);
    free(w);
}
