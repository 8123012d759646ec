/* ops/forensic/orders.c: what is remembered of orders, and what becomes of them, as records. */
#include <stdio.h>

#include "ops/forensic/forensic_internal.h"
#include "ops/forensic/words.h"

/* ---- what is remembered ----------------------------------------------------------------------------------------- */

keel_forensic_symbol *keel_forensic_symbol_of(keel_forensic *f, int32_t symbol) {
    KEEL_ASSERT(symbol >= 0 && symbol < f->o.symbol_count);
    return &f->st.sym[symbol];
}

keel_forensic_order *keel_forensic_order_of(keel_forensic *f, int32_t symbol, uint64_t id) {
    keel_forensic_symbol *s = keel_forensic_symbol_of(f, symbol);
    for (int32_t i = 0; id && i < KEEL_FORENSIC_ORDERS; i++)
        if (s->order[i].id == id) return &s->order[i];
    return NULL;
}

/* A place for a new order: of the oldest that is over, else of the oldest. Ids grow. */
static keel_forensic_order *order_place(keel_forensic *f, int32_t symbol) {
    keel_forensic_symbol *s = keel_forensic_symbol_of(f, symbol);
    keel_forensic_order *place = &s->order[0];
    for (int32_t i = 1; i < KEEL_FORENSIC_ORDERS; i++) {
        keel_forensic_order *o = &s->order[i];
        int over = !o->id || o->is_over, best = !place->id || place->is_over;
        if (over > best || (over == best && o->id < place->id)) place = o;
    }
    return place;
}

void keel_forensic_position_field(keel_forensic *f, const keel_forensic_symbol *s) {
    char id[24];
    if (!s->position_id) return;
    (void)snprintf(id, sizeof id, "p%llu", (unsigned long long)s->position_id);
    keel_line_id(&f->line, "position_id", id);
}

uint64_t keel_forensic_input_of(keel_forensic *f, int32_t symbol, uint64_t order_id) {
    const keel_forensic_order *o = keel_forensic_order_of(f, symbol, order_id);
    return o ? o->input : f->st.input;
}

void keel_forensic_order_left(keel_forensic *f, const keel_forensic_order *o) {
    if (!o) return;
    keel_line_e8(&f->line, "filled_qty", o->filled_e8);
    keel_line_e8(&f->line, "left_qty", o->qty_e8 - o->filled_e8);
}

/* ---- what is told ---------------------------------------------------------------------------------------------- */

void keel_forensic_ordered(keel_forensic *f, uint64_t input, int64_t ts_ms, const keel_command *c) {
    keel_forensic_symbol *sym = keel_forensic_symbol_of(f, c->symbol);
    keel_line *l = &f->line;
    if (input == 0) input = f->st.input;
    f->st.input = input;
    *order_place(f, c->symbol) =
        (keel_forensic_order){.id = c->id, .input = input, .given_ms = ts_ms, .qty_e8 = c->qty_e8};
    keel_forensic_new(f, KEEL_LOG_ORDER_NEW, ts_ms, input, c->symbol, c->id);
    keel_line_id(l, "kind", keel_word_command(c->kind));
    keel_line_id(l, "side", keel_word_order_side(c->side));
    keel_line_e8(l, "qty", c->qty_e8);
    keel_line_e8(l, "notional_usd", c->notional_e8);
    keel_line_e8(l, "ref_px", c->ref_px_e8);
    if (c->trigger_e8) keel_line_e8(l, "trigger_px", c->trigger_e8);
    if (c->trigger_e8) keel_line_id(l, "trigger", keel_word_trigger(c->trigger_kind));
    keel_line_id(l, "reason", keel_word_reason(c->reason));
    keel_line_id(l, "confidence", keel_word_confidence(c->confidence));
    if (c->stop_e8) keel_line_e8(l, "stop_px", c->stop_e8);
    if (c->target_e8) keel_line_e8(l, "target_px", c->target_e8);
    keel_line_id(l, "fee_role", keel_word_role(c->fee_role));
    keel_forensic_position_field(f, sym);
    (void)keel_forensic_put(f);
}

void keel_forensic_sent(keel_forensic *f, uint64_t input, int64_t ts_ms, const keel_command *c) {
    keel_forensic_order *o = keel_forensic_order_of(f, c->symbol, c->id);
    if (o) o->qty_e8 = c->qty_e8; /* of a reversal perhaps only what closes */
    keel_forensic_new(f, KEEL_LOG_ORDER_SUBMIT, ts_ms, input ? input : f->st.input, c->symbol, c->id);
    keel_line_id(&f->line, "kind", keel_word_command(c->kind));
    keel_line_id(&f->line, "side", keel_word_order_side(c->side));
    keel_line_e8(&f->line, "qty", c->qty_e8);
    (void)keel_forensic_put(f);
}

void keel_forensic_acknowledged(keel_forensic *f, uint64_t input, int64_t ts_ms, int32_t symbol, uint64_t order_id,
                                int32_t ordinal) {
    const keel_forensic_order *o = keel_forensic_order_of(f, symbol, order_id);
    if (input == 0) input = f->st.input;
    f->st.input = input;
    keel_forensic_new(f, KEEL_LOG_ORDER_ACK, ts_ms, keel_forensic_input_of(f, symbol, order_id), symbol, order_id);
    if (o) keel_line_int(&f->line, "latency_ms", ts_ms - o->given_ms);
    keel_line_int(&f->line, "report", ordinal);
    (void)keel_forensic_put(f);
}

void keel_forensic_replaced(keel_forensic *f, uint64_t input, int64_t ts_ms, int32_t symbol, uint64_t order_id) {
    keel_forensic_order *o = keel_forensic_order_of(f, symbol, order_id);
    if (input == 0) input = f->st.input;
    f->st.input = input;
    keel_forensic_new(f, KEEL_LOG_ORDER_CANCEL, ts_ms, keel_forensic_input_of(f, symbol, order_id), symbol, order_id);
    keel_line_string(&f->line, "reason", "a newer order took its place");
    keel_forensic_order_left(f, o);
    (void)keel_forensic_put(f);
    if (o) o->is_over = 1;
}

void keel_forensic_called_back(keel_forensic *f, int32_t symbol, uint64_t order_id) {
    keel_forensic_order *o = keel_forensic_order_of(f, symbol, order_id);
    if (o) o->called_back = 1;
}

void keel_forensic_guarded(keel_forensic *f, int32_t symbol, uint64_t order_id) {
    keel_forensic_order *o = keel_forensic_order_of(f, symbol, order_id);
    if (o) o->guarded = 1;
}
