/* engine/aside.c: see engine_internal.h. What no market can have said: why, and what is made of it. */
#include "engine/engine_internal.h"

enum { HOUR_MS = 3600000, MOMENTS_BEHIND = 2, BLIND_CLOSES = 3 };

const char *keel_engine_refusal_text(int32_t refusal) {
    switch (refusal) {
#define CASE(name, number, sentence) \
    case KEEL_REFUSED_##name: return sentence;
        KEEL_REFUSALS(CASE)
#undef CASE
        default: return "unknown refusal";
    }
}

static int sets_aside(const keel_engine *e) { return e->behaviour >= KEEL_ENGINE_BEHAVIOUR_CANCELS; }

static int is_ahead(const keel_engine *e, int64_t ts_ms, int64_t of_ms, int64_t by_ms) {
    return e->behaviour >= KEEL_ENGINE_BEHAVIOUR_DISBELIEVES && of_ms < INT64_MAX - by_ms && ts_ms > of_ms + by_ms;
}

const char *keel_engine_cannot_be(const keel_engine *e, const keel_input_piece *p) {
    int below = p->low_e8 <= p->open_e8 && p->low_e8 <= p->close_e8;
    int above = p->high_e8 >= p->open_e8 && p->high_e8 >= p->close_e8;
    if (!sets_aside(e)) return NULL;
    if (p->close_ms <= p->open_ms) return keel_engine_refusal_text(KEEL_REFUSED_CLOCK_ROLLBACK);
    if (is_ahead(e, p->close_ms, e->in.ts_ms, 0)) return "a range ends after the moment at which it is told";
    return p->low_e8 > 0 && below && above ? NULL : keel_engine_refusal_text(KEEL_REFUSED_PRICE);
}

const char *keel_engine_cannot_open(const keel_engine *e, const keel_input_piece *p) {
    if (!sets_aside(e)) return NULL;
    if (p->open_e8 <= 0) return keel_engine_refusal_text(KEEL_REFUSED_PRICE);
    if (is_ahead(e, p->open_ms, e->in.ts_ms, 0)) return "a range begins after the moment at which it is told";
    return is_ahead(e, p->close_ms, p->open_ms, e->plan.interval_ms) ? "a range is longer than a bar" : NULL;
}

/* One more close in a row without data of this symbol. What it holds has no exits: that is told after the third one,
 * the sixth, the twelfth and so on. */
static void go_blind(keel_engine *e, int32_t symbol) {
    keel_engine_symbol *s = &e->sym[symbol];
    if (e->plan.watch_only[symbol] || s->aside_input == e->in.number) return;
    s->aside_input = e->in.number;
    s->aside += s->aside < INT32_MAX;
    int32_t times = s->aside / BLIND_CLOSES;
    if (e->st->sym[symbol].pos.side == 0 || s->aside % BLIND_CLOSES != 0 || (times & (times - 1)) != 0) return;
    keel_engine_tell_blind(e, symbol, s->aside);
}

void keel_engine_see_again(keel_engine *e, int32_t symbol) {
    keel_engine_symbol *s = &e->sym[symbol];
    if (s->aside >= BLIND_CLOSES) keel_engine_tell_blind(e, symbol, 0);
    s->aside = 0;
}

void keel_engine_set_aside(keel_engine *e, int32_t symbol, const char *why) {
    e->behind = MOMENTS_BEHIND;
    e->counts.set_aside++;
    keel_engine_tell_aside(e, symbol, why);
    if (e->in.kind != KEEL_INPUT_CLOSE || e->behaviour < KEEL_ENGINE_BEHAVIOUR_DISBELIEVES) return;
    for (int32_t i = 0; i < e->plan.symbol_count; i++)
        if (symbol < 0 || symbol == i) go_blind(e, i);
}

int keel_engine_is_of_data(int32_t refused) {
    return refused == KEEL_REFUSED_CLOCK_ROLLBACK || refused == KEEL_REFUSED_PRICE;
}

const char *keel_engine_cannot_come(const keel_engine *e) {
    const keel_input *in = &e->in;
    int closes = in->kind == KEEL_INPUT_BARS || in->kind == KEEL_INPUT_CLOSE;
    if (!sets_aside(e)) return NULL;
    if (in->ts_ms < e->last_ms) return "the time of an input is before that of the one before";
    if (e->behaviour < KEEL_ENGINE_BEHAVIOUR_DISBELIEVES) return NULL;
    if (in->flags & KEEL_INPUT_AHEAD) return "the time of an input lies ahead of the clock";
    if (in->flags & KEEL_INPUT_UNCONFIRMED) return "the time of an input leaps ahead, and nothing confirms it";
    return closes && is_ahead(e, in->bar_open_ms, in->ts_ms - e->plan.interval_ms, 0)
               ? "an input closes a bar that ends after it"
               : NULL;
}

int keel_engine_is_early(const keel_engine *e, const keel_input_funding *f) {
    return is_ahead(e, f->ts_ms, e->in.ts_ms, e->plan.interval_ms + HOUR_MS);
}
