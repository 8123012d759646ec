/* engine/input.c: see input.h. */
#include "engine/input.h"

#include <stdlib.h>
#include <string.h>

#include "engine/states.h"
#include "journal/format.h"

enum { HEAD_1 = 44, HEAD = 64, PIECE = 64, FUNDING = 24 };

const char *keel_input_source_word(int32_t source) {
    switch (source) {
#define CASE(name, number, word) \
    case KEEL_FROM_##name: return word;
        KEEL_INPUT_SOURCES(CASE)
#undef CASE
        default: return "unknown";
    }
}

const char *keel_input_kind_word(int32_t kind) {
    static const char *const WORDS[] = {"bars", "opens", "ranges", "close", "end", "control", "timer"};
    return kind >= KEEL_INPUT_BARS && kind <= KEEL_INPUT_TIMER ? WORDS[kind - KEEL_INPUT_BARS] : "unknown";
}

int32_t keel_input_source_of(const keel_input *in) {
    int order = in->control;
    if (in->kind == KEEL_INPUT_TIMER) return KEEL_FROM_CLOCK;
    if (in->kind != KEEL_INPUT_CONTROL) return KEEL_FROM_MARKET;
    if (order == KEEL_ENGINE_ORDER_SHADOW) return KEEL_FROM_SHADOW;
    if (order >= KEEL_ENGINE_ORDER_BREAKER && order < KEEL_ENGINE_ORDER_CANCEL) return KEEL_FROM_VENUE;
    if (order >= KEEL_ENGINE_ORDER_SAFE && order <= KEEL_ENGINE_ORDER_STRAY) return KEEL_FROM_ENGINE;
    if (order == KEEL_ENGINE_ORDER_DISK || order >= KEEL_ENGINE_ORDER_BEHAVES) return KEEL_FROM_ENGINE;
    return KEEL_FROM_PERSON;
}

int keel_input_is_market(const keel_input *in) {
    return in->kind != KEEL_INPUT_CONTROL && in->kind != KEEL_INPUT_TIMER;
}

void keel_input_done(keel_input *in) {
    free(in->piece);
    free(in->funding);
    memset(in, 0, sizeof *in);
}

void keel_input_clear(keel_input *in) {
    in->piece_count = 0;
    in->funding_count = 0;
    in->flags = 0;
    in->control = 0;
    in->recv_ns = 0;
    in->source_seq = 0;
    in->source = KEEL_FROM_UNKNOWN;
}

static int grow(void **list, int32_t *cap, int32_t count, size_t size) {
    if (count < *cap) return 1;
    int32_t wider = *cap ? 2 * *cap : 8;
    void *grown = realloc(*list, (size_t)wider * size);
    if (!grown) return 0;
    *list = grown;
    *cap = wider;
    return 1;
}

keel_input_piece *keel_input_add_piece(keel_input *in) {
    void *list = in->piece;
    if (!grow(&list, &in->piece_cap, in->piece_count, sizeof *in->piece)) return NULL;
    in->piece = list;
    memset(&in->piece[in->piece_count], 0, sizeof *in->piece);
    return &in->piece[in->piece_count++];
}

keel_input_funding *keel_input_add_funding(keel_input *in) {
    void *list = in->funding;
    if (!grow(&list, &in->funding_cap, in->funding_count, sizeof *in->funding)) return NULL;
    in->funding = list;
    memset(&in->funding[in->funding_count], 0, sizeof *in->funding);
    return &in->funding[in->funding_count++];
}

static uint64_t bits_of(double v) {
    uint64_t bits;
    memcpy(&bits, &v, sizeof bits);
    return bits;
}

static double f64_of(uint64_t bits) {
    double v;
    memcpy(&v, &bits, sizeof v);
    return v;
}

void keel_input_write(const keel_input *in, keel_strbuf *out) {
    uint8_t b[PIECE];
    keel_put_u16(b, KEEL_INPUT_VERSION);
    keel_put_u16(b + 2, (uint16_t)in->kind);
    keel_put_u32(b + 4, (uint32_t)in->flags);
    keel_put_u64(b + 8, in->number);
    keel_put_u64(b + 16, (uint64_t)in->ts_ms);
    keel_put_u64(b + 24, (uint64_t)in->bar_open_ms);
    keel_put_u32(b + 32, (uint32_t)in->control);
    keel_put_u32(b + 36, (uint32_t)in->piece_count);
    keel_put_u32(b + 40, (uint32_t)in->funding_count);
    keel_put_u64(b + 44, (uint64_t)in->recv_ns);
    keel_put_u64(b + 52, in->source_seq);
    keel_put_u32(b + 60, (uint32_t)in->source);
    keel_strbuf_add_bytes(out, b, HEAD);
    for (int32_t i = 0; i < in->piece_count; i++) {
        const keel_input_piece *p = &in->piece[i];
        keel_put_u32(b, (uint32_t)p->symbol);
        keel_put_u32(b + 4, (uint32_t)p->what);
        keel_put_u64(b + 8, (uint64_t)p->open_ms);
        keel_put_u64(b + 16, (uint64_t)p->close_ms);
        keel_put_u64(b + 24, (uint64_t)p->open_e8);
        keel_put_u64(b + 32, (uint64_t)p->high_e8);
        keel_put_u64(b + 40, (uint64_t)p->low_e8);
        keel_put_u64(b + 48, (uint64_t)p->close_e8);
        keel_put_u64(b + 56, bits_of(p->volume));
        keel_strbuf_add_bytes(out, b, PIECE);
    }
    for (int32_t i = 0; i < in->funding_count; i++) {
        const keel_input_funding *f = &in->funding[i];
        keel_put_u32(b, (uint32_t)f->symbol);
        keel_put_u32(b + 4, (uint32_t)f->after);
        keel_put_u64(b + 8, (uint64_t)f->ts_ms);
        keel_put_u64(b + 16, (uint64_t)f->rate_e16);
        keel_strbuf_add_bytes(out, b, FUNDING);
    }
}

static int damaged(keel_err *reterr, const char *what) {
    return keel_err_set(reterr, KEEL_E_PARITY, "not an input of an engine: %s: keel journal verify judges the journal",
                        what);
}

static int read_piece(const uint8_t *b, int32_t symbol_count, keel_input *ret, keel_err *reterr) {
    uint32_t symbol = keel_get_u32(b), what = keel_get_u32(b + 4);
    if (symbol >= (uint32_t)symbol_count || what > KEEL_PIECE_MASK)
        return damaged(reterr, "a piece names no symbol of this run");
    keel_input_piece *p = keel_input_add_piece(ret);
    if (!p) return keel_err_set(reterr, KEEL_E_NOMEM, "out of memory: input: close other programs");
    *p = (keel_input_piece){.symbol = (int32_t)symbol,
                            .what = (int32_t)what,
                            .open_ms = (int64_t)keel_get_u64(b + 8),
                            .close_ms = (int64_t)keel_get_u64(b + 16),
                            .open_e8 = (int64_t)keel_get_u64(b + 24),
                            .high_e8 = (int64_t)keel_get_u64(b + 32),
                            .low_e8 = (int64_t)keel_get_u64(b + 40),
                            .close_e8 = (int64_t)keel_get_u64(b + 48),
                            .volume = f64_of(keel_get_u64(b + 56))};
    return 0;
}

static int read_funding(const uint8_t *b, int32_t symbol_count, keel_input *ret, keel_err *reterr) {
    uint32_t symbol = keel_get_u32(b), after = keel_get_u32(b + 4);
    if (symbol >= (uint32_t)symbol_count || after > 1)
        return damaged(reterr, "a settlement names no symbol of this run");
    keel_input_funding *f = keel_input_add_funding(ret);
    if (!f) return keel_err_set(reterr, KEEL_E_NOMEM, "out of memory: input: close other programs");
    *f = (keel_input_funding){.symbol = (int32_t)symbol,
                              .after = (int32_t)after,
                              .ts_ms = (int64_t)keel_get_u64(b + 8),
                              .rate_e16 = (int64_t)keel_get_u64(b + 16)};
    return 0;
}

/* Behind what version 1 has. Earlier engines ordered a pause for the shadow ledger, and do not say for whom. */
static int read_origin(const uint8_t *bytes, int version, keel_input *ret, keel_err *reterr) {
    int is_pause = ret->kind == KEEL_INPUT_CONTROL && ret->control == KEEL_ENGINE_ORDER_PAUSE;
    if (version == 1) {
        ret->source = is_pause ? KEEL_FROM_UNKNOWN : keel_input_source_of(ret);
        ret->source_seq = ret->source == KEEL_FROM_MARKET ? ret->number : 0;
        return 0;
    }
    uint32_t source = keel_get_u32(bytes + 60);
    if (source >= KEEL_FROM_COUNT) return damaged(reterr, "it is of no source");
    ret->recv_ns = (int64_t)keel_get_u64(bytes + 44);
    ret->source_seq = keel_get_u64(bytes + 52);
    ret->source = (int32_t)source;
    return 0;
}

int keel_input_read(const uint8_t *bytes, size_t size, int32_t symbol_count, keel_input *ret, keel_err *reterr) {
    keel_input_clear(ret);
    if (size < HEAD_1) return damaged(reterr, "it is too short");
    uint16_t version = keel_get_u16(bytes);
    if (version > KEEL_INPUT_VERSION)
        return keel_err_set(reterr, KEEL_E_VERSION, "written by a newer keel: input version %u: use that keel",
                            version);
    uint64_t pieces = keel_get_u32(bytes + 36), fundings = keel_get_u32(bytes + 40);
    size_t head = version == 1 ? HEAD_1 : HEAD;
    if (version == 0) return damaged(reterr, "it is of no version");
    if (pieces * PIECE + fundings * FUNDING + head != size) return damaged(reterr, "its size is not that of its lists");
    ret->kind = keel_get_u16(bytes + 2);
    ret->flags = (int32_t)keel_get_u32(bytes + 4);
    ret->number = keel_get_u64(bytes + 8);
    ret->ts_ms = (int64_t)keel_get_u64(bytes + 16);
    ret->bar_open_ms = (int64_t)keel_get_u64(bytes + 24);
    ret->control = (int32_t)keel_get_u32(bytes + 32);
    if (ret->kind < KEEL_INPUT_BARS || ret->kind > KEEL_INPUT_TIMER) return damaged(reterr, "it is of no kind");
    KEEL_TRY(read_origin(bytes, version, ret, reterr));
    const uint8_t *at = bytes + head;
    for (uint64_t i = 0; i < pieces; i++, at += PIECE)
        KEEL_TRY(read_piece(at, symbol_count, ret, reterr));
    for (uint64_t i = 0; i < fundings; i++, at += FUNDING)
        KEEL_TRY(read_funding(at, symbol_count, ret, reterr));
    return 0;
}
