/* engine/recovery_report.c: see engine.h. */
#include <inttypes.h>
#include <stdio.h>

#include "base/decimal.h"
#include "engine/engine_internal.h"

static void hash_json(keel_json *j, const char *key, uint64_t hash) {
    char text[17];
    (void)snprintf(text, sizeof text, "%016" PRIx64, hash);
    keel_json_kstring(j, key, text);
}

static const char *doubt_word(int32_t outcome) {
    switch (outcome) {
        case KEEL_DOUBT_KNOWN: return "known_to_venue";
        case KEEL_DOUBT_SENT: return "first_handed_in";
        default: return "withheld";
    }
}

/* Which orders, by the index of their symbol: names are not the engine's. */
static void doubts_json(const keel_engine_recovery *r, keel_json *j) {
    keel_json_key(j, "doubts");
    keel_json_array(j);
    for (int32_t i = 0; i < r->doubt_count; i++) {
        keel_json_object(j);
        hash_json(j, "order_id", r->doubt[i].order_id);
        keel_json_kint(j, "symbol_index", r->doubt[i].symbol);
        keel_json_kstring(j, "outcome", doubt_word(r->doubt[i].outcome));
        keel_json_close(j);
    }
    keel_json_close(j);
}

/* Where the record was not what it should be, and the last of it that is. */
static void damage_json(const keel_journal_report *found, keel_json *j) {
    int any = found->bad_file[0] != 0;
    keel_json_kstring(j, "damaged_file", any ? found->bad_file : NULL);
    keel_json_key(j, "damaged_offset");
    if (any)
        keel_json_int(j, found->bad_offset);
    else
        keel_json_null(j);
    keel_json_kstring(j, "damaged_why", any ? found->why : NULL);
    keel_json_kint(j, "last_good_record", (int64_t)found->last_seq);
}

void keel_engine_recovery_json(const keel_engine_recovery *r, keel_json *j) {
    const keel_journal_report *found = &r->journal.found;
    keel_json_kbool(j, "fresh", r->fresh);
    keel_json_kstring(j, "journal", keel_journal_verdict_word(found->verdict));
    keel_json_kstring(j, "journal_meaning", keel_journal_verdict_sentence(found->verdict));
    keel_json_kint(j, "records", (int64_t)found->records);
    damage_json(found, j);
    keel_json_kint(j, "dropped_bytes", (int64_t)r->journal.dropped_bytes);
    keel_json_kstring(j, "set_aside_in", r->journal.aside[0] ? r->journal.aside : NULL);
    keel_json_kbool(j, "shut_down_in_order", found->shut_down);
    keel_json_kbool(j, "safe_mode", r->journal.safe_mode);
    keel_json_kstring(j, "held_back", r->held_back ? keel_engine_phase_word(r->held_back) : NULL);
    keel_json_key(j, "snapshot_record");
    if (r->snapshot_seq)
        keel_json_int(j, (int64_t)r->snapshot_seq);
    else
        keel_json_null(j);
    keel_json_kint(j, "snapshots_rejected", r->snapshots_rejected);
    keel_json_kstring(j, "rejected_why", r->rejected_why[0] ? r->rejected_why : NULL);
    keel_json_kint(j, "records_replayed", (int64_t)r->replayed);
    keel_json_kint(j, "last_input", (int64_t)r->last_input);
    hash_json(j, "state_hash", r->state_hash);
    keel_json_ke8(j, "equity_usd", r->equity_e8);
    keel_json_ke8(j, "cash_usd", r->free_usd_e8);
    keel_json_kint(j, "positions", r->positions);
    keel_json_kint(j, "orders", r->orders);
    keel_json_kint(j, "commands_regenerated", (int64_t)r->counts.commands);
    keel_json_kint(j, "commands_equal", (int64_t)r->counts.commands_equal);
    keel_json_kint(j, "checkpoints", (int64_t)r->counts.marks);
    keel_json_kint(j, "checkpoints_equal", (int64_t)r->counts.marks_equal);
    keel_json_kint(j, "orders_in_doubt", (int64_t)r->counts.in_doubt);
    keel_json_kint(j, "orders_known_to_venue", (int64_t)r->counts.known);
    keel_json_kint(j, "orders_first_handed_in", (int64_t)r->counts.handed_in);
    keel_json_kint(j, "orders_withheld", (int64_t)r->withheld);
    keel_json_key(j, "differences");
    keel_json_object(j); /* what the record says otherwise refuses a start: only what it does not say can be here */
    keel_json_kint(j, "commands_not_on_record", (int64_t)(r->counts.commands - r->counts.commands_equal));
    keel_json_kint(j, "checkpoints_not_on_record", (int64_t)(r->counts.marks - r->counts.marks_equal));
    keel_json_kint(j, "orders_unknown_to_venue", (int64_t)(r->counts.in_doubt - r->counts.known));
    keel_json_kint(j, "reports_not_on_record", (int64_t)r->counts.reports);
    keel_json_close(j);
    doubts_json(r, j);
}

void keel_engine_recovery_text(const keel_engine_recovery *r, keel_strbuf *out) {
    char equity[KEEL_DECIMAL_TEXT_MAX], cash[KEEL_DECIMAL_TEXT_MAX];
    const keel_journal_report *found = &r->journal.found;
    if (r->fresh) {
        keel_strbuf_add(out, "a new run: nothing was there to recover\n");
        return;
    }
    keel_strbuf_addf(out, "recovered  journal %s (%s), %" PRIu64 " records, %s\n",
                     keel_journal_verdict_word(found->verdict), keel_journal_verdict_sentence(found->verdict),
                     found->records, found->shut_down ? "ended in order" : "not ended in order");
    if (r->journal.dropped_bytes)
        keel_strbuf_addf(out, "  aside    %" PRIu64 " bytes behind the last good record, kept in %s\n",
                         r->journal.dropped_bytes, r->journal.aside);
    if (r->snapshots_rejected)
        keel_strbuf_addf(out, "  snapshot %" PRIu32 " not used: %s\n", r->snapshots_rejected, r->rejected_why);
    if (r->snapshot_seq)
        keel_strbuf_addf(out, "  from     the snapshot at record %" PRIu64 "\n", r->snapshot_seq);
    else
        keel_strbuf_add(out, "  from     the first record\n");
    keel_strbuf_addf(out,
                     "  replayed %" PRIu64 " records, %" PRIu64 " of %" PRIu64 " commands and %" PRIu64 " of %" PRIu64
                     " checkpoints as recorded, in %" PRId64 " ms\n",
                     r->replayed, r->counts.commands_equal, r->counts.commands, r->counts.marks_equal, r->counts.marks,
                     r->took_ms);
    keel_strbuf_addf(out,
                     "  in doubt %" PRIu64 " orders: %" PRIu64 " known to the venue, %" PRIu64
                     " never seen there and handed in for the first time, %" PRIu64 " never seen there and not sent\n",
                     r->counts.in_doubt, r->counts.known, r->counts.handed_in, r->withheld);
    for (int32_t i = 0; i < r->doubt_count; i++)
        keel_strbuf_addf(out, "           order %016" PRIx64 ": %s\n", r->doubt[i].order_id,
                         doubt_word(r->doubt[i].outcome));
    if (r->held_back)
        keel_strbuf_addf(out, "  %s: only what closes leaves, over all further starts, until somebody resumes\n",
                         keel_engine_phase_word(r->held_back));
    (void)keel_decimal_format(r->equity_e8, 8, 2, equity);
    (void)keel_decimal_format(r->free_usd_e8, 8, 2, cash);
    keel_strbuf_addf(
        out, "  state    %016" PRIx64 ", equity %s, cash %s, %" PRId32 " positions, %" PRId32 " orders waiting\n",
        r->state_hash, equity, cash, r->positions, r->orders);
}

/* ---- what is held, and what is at work -------------------------------------------------------------------------- */

static const char *name_of(const char *const *symbols, int32_t symbol, char ret[16]) {
    if (symbols) return symbols[symbol];
    (void)snprintf(ret, 16, "%" PRId32, symbol);
    return ret;
}

static const char *side_word(int32_t side) { return side > 0 ? "long" : "short"; }

static int is_open(const keel_engine_sent *o) { return o->open && o->command.id != 0; }

static void order_json(const keel_engine_sent *o, const char *symbol, keel_json *j) {
    const keel_command *c = &o->command;
    keel_json_object(j);
    hash_json(j, "id", c->id);
    keel_json_kstring(j, "symbol", symbol);
    keel_json_kstring(j, "side", c->side > 0 ? "buy" : "sell");
    keel_json_kbool(j, "increases", keel_engine_increases(c));
    keel_json_ke8(j, "qty", c->qty_e8);
    keel_json_ke8(j, "left", o->left_e8);
    keel_json_kint(j, "reports", o->heard);
    keel_json_kbool(j, "called_back", o->cancelled);
    keel_json_kbool(j, "withheld", o->withheld);
    keel_json_close(j);
}

void keel_engine_holdings_json(const keel_engine *e, const char *const *symbols, keel_json *j) {
    char number[16];
    keel_json_key(j, "open_positions");
    keel_json_array(j);
    for (int32_t i = 0; i < e->plan.symbol_count; i++) {
        const keel_position *pos = &e->st->sym[i].pos;
        if (pos->side == 0) continue;
        keel_json_object(j);
        keel_json_kstring(j, "symbol", name_of(symbols, i, number));
        keel_json_kstring(j, "side", side_word(pos->side));
        keel_json_ke8(j, "qty", pos->qty_e8);
        keel_json_ke8(j, "basis_usd", pos->basis_e8);
        keel_json_ke8(j, "margin_usd", pos->margin_e8);
        keel_json_kint(j, "opened_ms", pos->opened_ms);
        keel_json_close(j);
    }
    keel_json_close(j);
    keel_json_key(j, "open_orders");
    keel_json_array(j);
    for (int32_t i = 0; i < e->plan.symbol_count; i++)
        for (int32_t k = 0; k < KEEL_ENGINE_ORDERS; k++)
            if (is_open(&e->sym[i].order[k])) order_json(&e->sym[i].order[k], name_of(symbols, i, number), j);
    keel_json_close(j);
}

void keel_engine_holdings_text(const keel_engine *e, const char *const *symbols, keel_strbuf *out) {
    char number[16], qty[KEEL_DECIMAL_TEXT_MAX], usd[KEEL_DECIMAL_TEXT_MAX];
    for (int32_t i = 0; i < e->plan.symbol_count; i++) {
        const keel_position *pos = &e->st->sym[i].pos;
        const char *name = name_of(symbols, i, number);
        if (pos->side != 0) {
            (void)keel_decimal_format(pos->qty_e8, 8, 8, qty);
            (void)keel_decimal_format(pos->basis_e8, 8, 2, usd);
            keel_strbuf_addf(out, "  held     %s %s %s, for %s in money\n", name, side_word(pos->side), qty, usd);
        }
        for (int32_t k = 0; k < KEEL_ENGINE_ORDERS; k++) {
            const keel_engine_sent *o = &e->sym[i].order[k];
            if (!is_open(o)) continue;
            (void)keel_decimal_format(o->left_e8, 8, 8, qty);
            keel_strbuf_addf(out, "  at work  %s %s %s left of order %016" PRIx64 "%s%s\n", name,
                             o->command.side > 0 ? "buy" : "sell", qty, o->command.id,
                             o->cancelled ? ", called back" : "", o->withheld ? ", not sent" : "");
        }
    }
}
