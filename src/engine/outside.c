/* engine/outside.c: see engine.h. Clock, breaker and drift: what was seen of them is an input like any other. */
#include <math.h>

#include "engine/engine_internal.h"

int keel_engine_is_of_outside(int control) {
    return control >= KEEL_ENGINE_ORDER_BREAKER && control <= KEEL_ENGINE_ORDER_DRIFT + KEEL_DRIFT_CLOSE &&
           control != KEEL_ENGINE_ORDER_DRIFT + KEEL_DRIFT_NONE;
}

int keel_engine_outside_allows(const keel_engine *e) {
    if (e->apart == KEEL_CLOCK_FAR || e->breaker == KEEL_BREAKER_OPEN) return 0;
    return e->breaker == KEEL_BREAKER_CLOSED || e->probes > 0;
}

const char *keel_engine_held_back_by(const keel_engine *e) {
    if (e->ended) return "the market ended";
    if (!keel_engine_allows_entries((keel_engine_phase)e->ordered) || !keel_engine_allows_entries(e->phase))
        return keel_engine_trigger_word((keel_engine_trigger)e->because);
    if (e->apart == KEEL_CLOCK_FAR) return keel_engine_trigger_word(KEEL_ENGINE_BY_CLOCK);
    if (!keel_engine_outside_allows(e)) return keel_engine_trigger_word(KEEL_ENGINE_BY_BREAKER);
    if (e->behind) return "market data were set aside";
    return e->alarm ? "an execution that the books do not take" : NULL;
}

void keel_engine_outside_settle(keel_engine *e) {
    if (e->phase == KEEL_ENGINE_RUNNING && e->apart != KEEL_CLOCK_GOOD) keel_engine_move(e, KEEL_ENGINE_BY_CLOCK);
    if (e->phase == KEEL_ENGINE_RUNNING && e->breaker != KEEL_BREAKER_CLOSED)
        keel_engine_move(e, KEEL_ENGINE_BY_BREAKER);
    if (e->phase == KEEL_ENGINE_DEGRADED && e->apart == KEEL_CLOCK_GOOD && e->breaker == KEEL_BREAKER_CLOSED)
        keel_engine_move(e, KEEL_ENGINE_BY_WELL);
}

void keel_engine_outside_apply(keel_engine *e) {
    int control = e->in.control;
    if (control >= KEEL_ENGINE_ORDER_DRIFT + KEEL_DRIFT_HALT) {
        if (e->ordered != KEEL_ENGINE_HALTED) e->ordered = KEEL_ENGINE_SAFE_MODE;
        if (e->caught_up) keel_engine_move(e, KEEL_ENGINE_BY_DRIFT);
    } else if (control >= KEEL_ENGINE_ORDER_CLOCK && control < KEEL_ENGINE_ORDER_DRIFT) {
        e->apart = control - KEEL_ENGINE_ORDER_CLOCK;
    } else if (control < KEEL_ENGINE_ORDER_CLOCK) {
        e->breaker = control - KEEL_ENGINE_ORDER_BREAKER;
        e->probes = e->breaker == KEEL_BREAKER_HALF_OPEN ? KEEL_BREAKER_PROBES : 0;
    }
    if (e->caught_up) keel_engine_outside_settle(e);
}

/* ---- seen ------------------------------------------------------------------------------------------------------- */

static int journal_seen(keel_engine *e, int control, int64_t figure, keel_err *reterr) {
    if (e->ended) return 0;
    keel_err *running = e->err;
    e->err = reterr;
    e->in.number = 0;
    e->in.control = control;
    e->in.flags = figure > INT32_MAX ? INT32_MAX : figure < INT32_MIN ? INT32_MIN : (int32_t)figure;
    int rc = keel_engine_journal_control(e);
    e->err = running;
    return rc;
}

int keel_engine_see_clock(keel_engine *e, int64_t apart_ms, int64_t limit_ms, keel_err *reterr) {
    int32_t level = keel_clock_judge(apart_ms, limit_ms);
    KEEL_TRY(keel_engine_check_owner(e, reterr));
    if (level == e->apart) return 0;
    keel_input_clear(&e->in);
    return journal_seen(e, KEEL_ENGINE_ORDER_CLOCK + level, apart_ms, reterr);
}

int keel_engine_see_breaker(keel_engine *e, int32_t state, int32_t failed, keel_err *reterr) {
    KEEL_ASSERT(state >= KEEL_BREAKER_CLOSED && state <= KEEL_BREAKER_HALF_OPEN);
    KEEL_TRY(keel_engine_check_owner(e, reterr));
    if (state == e->breaker) return 0;
    keel_input_clear(&e->in);
    return journal_seen(e, KEEL_ENGINE_ORDER_BREAKER + state, failed, reterr);
}

int32_t keel_engine_breaker_of(const keel_engine *e) { return e->breaker; }

/* An order is at work here, the newest or one before: what the venue holds may be news that are still to be heard. */
static int is_under_way(const keel_engine *e, int32_t symbol) {
    if (e->st->sym[symbol].pending.kind) return 1;
    for (int32_t k = 0; k < KEEL_ENGINE_ORDERS; k++)
        if (keel_engine_is_at_work(&e->sym[symbol].order[k])) return 1;
    return 0;
}

int keel_engine_see_held(keel_engine *e, const int64_t *qty_e8, int32_t *ret_level, keel_err *reterr) {
    double worst = 0.0;
    KEEL_TRY(keel_engine_check_owner(e, reterr));
    int64_t equity_e8 = keel_state_equity(e->st);
    keel_input_clear(&e->in);
    for (int32_t i = 0; i < e->plan.symbol_count; i++) {
        const keel_symbol *s = &e->st->sym[i];
        int64_t books_e8 = s->pos.side * s->pos.qty_e8;
        double score = is_under_way(e, i) ? 0.0 : keel_drift_score(books_e8, qty_e8[i], s->last_px_e8, equity_e8);
        if (keel_drift_judge(score) == KEEL_DRIFT_NONE) continue;
        keel_input_piece *p = keel_input_add_piece(&e->in);
        if (!p) return keel_err_set(reterr, KEEL_E_NOMEM, "out of memory: input: run fewer symbols");
        p->symbol = i;
        p->open_e8 = books_e8;
        p->close_e8 = qty_e8[i];
        p->volume = score;
        worst = fmax(worst, score);
    }
    *ret_level = keel_drift_judge(worst);
    if (*ret_level == KEEL_DRIFT_NONE) return 0;
    return journal_seen(e, KEEL_ENGINE_ORDER_DRIFT + *ret_level, 0, reterr);
}
