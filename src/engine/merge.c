/* engine/merge.c: see merge.h. */
#include "engine/merge.h"

#include <string.h>

static int32_t class_of(const keel_input *in) {
    switch (in->kind) {
        case KEEL_INPUT_CONTROL: return KEEL_CLASS_CONTROL;
        case KEEL_INPUT_OPENS: return in->piece_count ? KEEL_CLASS_MARKET : KEEL_CLASS_FUNDING;
        case KEEL_INPUT_RANGES: return KEEL_CLASS_MARKET;
        case KEEL_INPUT_BARS:
        case KEEL_INPUT_CLOSE: return KEEL_CLASS_BAR;
        default: return KEEL_CLASS_TIMER;
    }
}

keel_input_key keel_input_key_of(const keel_input *in, int32_t source, uint64_t source_seq) {
    int32_t symbol = in->piece_count ? in->piece[0].symbol : in->funding_count ? in->funding[0].symbol : -1;
    return (keel_input_key){in->ts_ms, class_of(in), symbol, source, source_seq};
}

#define ORDER_BY(member) \
    if (a->member != b->member) return a->member < b->member ? -1 : 1

int keel_input_key_compare(const keel_input_key *a, const keel_input_key *b) {
    ORDER_BY(ts_ms);
    ORDER_BY(class_of);
    ORDER_BY(symbol);
    ORDER_BY(source);
    ORDER_BY(source_seq);
    return 0;
}

static int is_there(const keel_merge_lane *l) {
    return l->has_head || (!l->ended && l->source->ready && l->source->ready(l->source->ctx));
}

/* Have its next one, if there is one. */
static int pull(keel_merge_lane *l, keel_err *err) {
    if (l->has_head || l->ended) return 0;
    int rc = l->source->next(l->source->ctx, &l->head, err);
    if (rc < 0) return rc;
    l->has_head = rc == 1;
    l->ended = rc == 0;
    l->seq += rc == 1;
    return 0;
}

/* The others: whatever is there; 1 when any is. */
static int look(keel_engine_merge *m, keel_err *err) {
    int any = 0;
    for (int32_t i = 1; i < m->count; i++) {
        if (is_there(&m->lane[i])) KEEL_TRY(pull(&m->lane[i], err));
        any |= m->lane[i].has_head;
    }
    return any;
}

static keel_merge_lane *least(keel_engine_merge *m) {
    keel_merge_lane *best = NULL;
    keel_input_key best_key;
    for (int32_t i = 0; i < m->count; i++) {
        keel_merge_lane *l = &m->lane[i];
        if (!l->has_head) continue;
        keel_input_key key = keel_input_key_of(&l->head, i, l->seq);
        if (best && keel_input_key_compare(&best_key, &key) < 0) continue;
        best = l;
        best_key = key;
    }
    return best;
}

static int next(void *ctx, keel_input *ret, keel_err *err) {
    keel_engine_merge *m = ctx;
    int any = look(m, err);
    if (any < 0) return any;
    if (!any || is_there(&m->lane[0])) {
        KEEL_TRY(pull(&m->lane[0], err));
        if (!any && look(m, err) < 0) return err->code; /* it was waited for: meanwhile others may have come */
    }
    if (m->lane[0].ended) return 0;
    keel_merge_lane *l = least(m);
    if (!l) return KEEL_SOURCE_WAITS;
    keel_input given = l->head;
    l->head = *ret; /* its lists are used again */
    l->has_head = 0;
    *ret = given;
    if (keel_input_is_market(ret)) ret->number = ++m->number;
    return 1;
}

static int ready(void *ctx) {
    const keel_engine_merge *m = ctx;
    for (int32_t i = 0; i < m->count; i++)
        if (is_there(&m->lane[i])) return 1;
    return 0;
}

static int64_t now_ms(void *ctx) {
    const keel_engine_source *market = ((keel_engine_merge *)ctx)->lane[0].source;
    return market->now_ms(market->ctx);
}

static int between(void *ctx, keel_err *err) {
    const keel_engine_source *market = ((keel_engine_merge *)ctx)->lane[0].source;
    return market->between(market->ctx, err);
}

void keel_engine_merge_init(keel_engine_merge *m, const keel_engine_source *const *sources, int32_t count,
                            uint64_t number) {
    KEEL_ASSERT(count >= 1 && count <= KEEL_MERGE_SOURCES);
    memset(m, 0, sizeof *m);
    m->port = (keel_engine_source){.ctx = m, .next = next, .ready = ready};
    m->count = count;
    m->number = number;
    if (sources[0]->now_ms) m->port.now_ms = now_ms;
    if (sources[0]->between) m->port.between = between;
    for (int32_t i = 0; i < count; i++)
        m->lane[i].source = sources[i];
}

void keel_engine_merge_done(keel_engine_merge *m) {
    for (int32_t i = 0; i < m->count; i++)
        keel_input_done(&m->lane[i].head);
    m->count = 0;
}
