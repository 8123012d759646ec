/* What an engine meets stands in its log, part by part: a run on simulated files that meets everything that can be
 * arranged, and whose log is then read as anybody reads it. */
#include <math.h>

#include "engine_logged.h"
#include "ops/forensic/reader.h"

static keel_paper_log the_log;
static int step;
static uint64_t stray_told;

static keel_engine_watch log_it(world *w, const keel_engine_watch *inner) {
    return world_log(&the_log, w, inner, 3);
}

/* The venue holds a little more of everything that is not in motion. 0: there is nothing. */
static int see_drift(world *w, double score) {
    const keel_state *st = keel_engine_state(w->engine);
    int64_t held[KEEL_SYMBOLS_MAX] = {0};
    int32_t level = KEEL_DRIFT_NONE;
    keel_err err = {0};
    for (int32_t i = 0; i < st->symbol_count; i++) {
        const keel_symbol *s = &st->sym[i];
        held[i] = s->pos.side * s->pos.qty_e8;
        double px = (double)s->last_px_e8 / 1e8, unit = fmax((double)keel_state_equity(st) * 0.005, 10e8);
        if (s->pos.side != 0 && s->pending.kind == 0) held[i] += (int64_t)(score * unit / px);
    }
    assert_int_equal(keel_engine_see_held(w->engine, held, &level, &err), 0);
    return level != KEEL_DRIFT_NONE;
}

static int stray_poll(void *ctx, int32_t symbol, keel_venue_report *ret, keel_err *err) {
    world *w = ctx;
    if (!w->engine || symbol != 0 || stray_told || step < 9)
        return w->venue.port.poll(w->venue.port.ctx, symbol, ret, err);
    const keel_symbol *s = &keel_engine_state(w->engine)->sym[0];
    memset(ret, 0, sizeof *ret);
    ret->kind = KEEL_VENUE_FILL;
    ret->ordinal = 1;
    ret->order_id = stray_told = 0xfeed;
    keel_event_blank(KEEL_EV_FILL, 0, s->last_ts_ms, &ret->event);
    ret->event.order_id = 0xfeed;
    ret->event.fill_id = 0xbeef;
    ret->event.side = 1;
    ret->event.qty_e8 = 1000000;
    ret->event.price_e8 = s->last_px_e8;
    ret->event.last_of_order = 1;
    return 1;
}

static const keel_venue *behind(void *ctx) { return &((world *)ctx)->venue.port; }

static int pass_send(void *ctx, const keel_command *c, int64_t given_ms, keel_err *err) {
    return behind(ctx)->send(behind(ctx)->ctx, c, given_ms, err);
}

static int pass_query(void *ctx, const keel_command *c, int32_t heard, keel_err *err) {
    return behind(ctx)->query(behind(ctx)->ctx, c, heard, err);
}

static int pass_cancel(void *ctx, const keel_command *c, keel_err *err) {
    return behind(ctx)->cancel(behind(ctx)->ctx, c, err);
}

static void pass_uncovered(void *ctx, const keel_event *fill, int64_t closes_qty_e8) {
    behind(ctx)->uncovered(behind(ctx)->ctx, fill, closes_qty_e8);
}

static void pass_tick(void *ctx, const keel_venue_tick *tick) { behind(ctx)->tick(behind(ctx)->ctx, tick); }

/* One thing after another, once the market is under way. */
static void meet(world *w) {
    keel_err err = {0};
    if (!the_log.is_live) keel_paper_log_go_live(&the_log);
    if (keel_engine_last_input(w->engine) < 180 + (uint64_t)step * 12) return;
    switch (step) {
        case 0: assert_int_equal(keel_engine_see_clock(w->engine, 900, 0, &err), 0); break;
        case 1: assert_int_equal(keel_engine_see_clock(w->engine, 3, 0, &err), 0); break;
        case 2: assert_int_equal(keel_engine_see_breaker(w->engine, KEEL_BREAKER_OPEN, 6, &err), 0); break;
        case 3: assert_int_equal(keel_engine_see_breaker(w->engine, KEEL_BREAKER_HALF_OPEN, 0, &err), 0); break;
        case 4: assert_int_equal(keel_engine_see_breaker(w->engine, KEEL_BREAKER_CLOSED, 0, &err), 0); break;
        case 5: assert_int_equal(keel_engine_order(w->engine, KEEL_ENGINE_ORDER_PAUSE, &err), 0); break;
        case 6: assert_int_equal(keel_engine_order(w->engine, KEEL_ENGINE_ORDER_RESUME, &err), 0); break;
        case 7: /* something has to be held */
            if (!see_drift(w, 3)) return;
            break;
        case 8: assert_int_equal(keel_engine_order(w->engine, KEEL_ENGINE_ORDER_RESUME, &err), 0); break;
        default: return;
    }
    step++;
}

static void run_and_log(world *w) {
    keel_err err = {0};
    uint64_t hash = 0;
    if (live(w, &hash, &err) != 0) fail_msg("%s", err.text);
    (void)keel_paper_log_close(NULL, &the_log, !w->stops, NULL, NULL, NULL);
}

typedef struct found {
    int code[KEEL_EVENT_CODES];
    char last[KEEL_EVENT_CODES][1024]; /* the last record of each, its line */
} found;

static void read_stream(world *w, const char *stream, found *f) {
    keel_log_lines *lines = NULL;
    keel_log_record r;
    keel_err err = {0};
    const char *text;
    size_t size;
    int rc;
    if (keel_log_lines_open(keel_simfs_port(w->disk), "/run", stream, &lines, &err) != 0) fail_msg("%s", err.text);
    while ((rc = keel_log_lines_next(lines, &text, &size, &err)) == 1) {
        if (keel_log_record_read(text, size, keel_log_lines_where(lines), &r, &err) != 0) fail_msg("%s", err.text);
        f->code[r.code]++;
        (void)snprintf(f->last[r.code], sizeof f->last[0], "%.*s", (int)size, text);
        keel_log_record_done(&r);
    }
    assert_int_equal(rc, 0);
    keel_log_lines_close(lines);
}

static void says(const found *f, keel_event_code code, const char *part) {
    if (!strstr(f->last[code], part))
        fail_msg("%s: \"%s\" is not in %s", keel_event_info_of(code)->name, part, f->last[code]);
}

/* Which parts of the program have nothing to say in a run, and who shows what they say. */
static int has_no_part(const char *component) {
    static const char *const NONE[] = {"ai",       /* no model is asked yet */
                                       "deploy",   /* nothing is deployed yet */
                                       "security", /* no key is replaced while a run is on */
                                       "brief",    /* written by keel events brief */
                                       "shadow",   /* of books that differ: shadow.c */
                                       "log"};     /* of records that could not be written: forensic_events.c */
    for (size_t i = 0; i < COUNT(NONE); i++)
        if (strcmp(component, NONE[i]) == 0) return 1;
    return 0;
}

/* [T-067] [T-068] [T-093] [LOG-05] Every part that a run has says something, and what must always be said is there. */
static void every_part_of_a_run_is_in_its_log(void **state) {
    (void)state;
    static const keel_event_code ALWAYS[] = {
        KEEL_LOG_ENGINE_START,  KEEL_LOG_ENGINE_STATE,   KEEL_LOG_CONFIG_LOADED, KEEL_LOG_MODE_CHANGE,
        KEEL_LOG_KILL,          KEEL_LOG_RESUME,         KEEL_LOG_REGIME_CHANGE, KEEL_LOG_FEED_MISSING,
        KEEL_LOG_FEED_STALE,    KEEL_LOG_SIGNAL,         KEEL_LOG_RISK_GATE,     KEEL_LOG_ORDER_NEW,
        KEEL_LOG_ORDER_SUBMIT,  KEEL_LOG_ORDER_ACK,      KEEL_LOG_ORDER_FILLED,  KEEL_LOG_ORDER_REJECT,
        KEEL_LOG_FILL,          KEEL_LOG_FILL_UNMATCHED, KEEL_LOG_POSITION_OPEN, KEEL_LOG_POSITION_CLOSE,
        KEEL_LOG_DRIFT,         KEEL_LOG_BREAKER_OPEN,   KEEL_LOG_BREAKER_HALF,  KEEL_LOG_BREAKER_CLOSE,
        KEEL_LOG_CLOCK_DRIFT,   KEEL_LOG_CLOCK_GOOD,     KEEL_LOG_WAL_SNAPSHOT,  KEEL_LOG_RECOVERY,
        KEEL_LOG_MANUAL_ACTION, KEEL_LOG_INCIDENT,       KEEL_LOG_METRICS,       KEEL_LOG_ROLLUP};
    market *m = market_random(21, 2, 5000, 1, &NATURES[3]); /* with holes; a regime needs 200 days */
    use_manner(m, KEEL_STRATEGY_MOMENTUM, 1);
    assert_int_equal(keel_strategy_set(&m->p, MOMENTUM_LOOKBACK, 2), 1);
    m->p.gate_ranging = 1;
    run_well(m);
    found *f = room(1, sizeof *f);
    world *w = world_new(m, 0, 1, 3);
    const keel_venue port = {w, pass_send, stray_poll, pass_query, pass_cancel, pass_uncovered, pass_tick};
    w->between = &port;
    step = 0;
    stray_told = 0;
    w->snapshot_records = 4000;
    w->watch = log_it;
    w->act = meet;
    w->stops = 1;
    w->stop_at = 260;
    run_and_log(w);
    w->stops = 0;
    run_and_log(w);
    read_stream(w, "events", f);
    read_stream(w, "metrics", f);
    read_stream(w, "rollups/hourly", f);
    read_stream(w, "trace", f);
    for (size_t i = 0; i < COUNT(ALWAYS); i++)
        if (f->code[ALWAYS[i]] == 0) fail_msg("no %s", keel_event_info_of(ALWAYS[i])->name);
    for (int code = 0; code < KEEL_EVENT_CODES; code++) {
        const char *component = keel_event_info_of((keel_event_code)code)->component;
        int said = has_no_part(component);
        for (int other = 0; other < KEEL_EVENT_CODES && !said; other++)
            said = f->code[other] && strcmp(keel_event_info_of((keel_event_code)other)->component, component) == 0;
        if (!said) fail_msg("%s says nothing", component);
    }
    says(f, KEEL_LOG_DRIFT, "\"severity\":\"halt\"");
    says(f, KEEL_LOG_DRIFT, "\"local\":\"");
    says(f, KEEL_LOG_BREAKER_OPEN, "\"scope\":\"venue\"");
    says(f, KEEL_LOG_BREAKER_OPEN, "\"count\":6");
    says(f, KEEL_LOG_CLOCK_DRIFT, "\"apart_ms\":900");
    free(f);
    world_free(w);
    market_free(m);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_part_of_a_run_is_in_its_log),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
