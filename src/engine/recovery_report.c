/* engine/recovery_report.c: see engine.h. */
#include <inttypes.h>
#include <stdio.h>

#include "base/decimal.h"
#include "engine/engine.h"

static void hash_json(keel_json *j, const char *key, uint64_t hash) {
    char text[17];
    (void)snprintf(text, sizeof text, "%016" PRIx64, hash);
    keel_json_kstring(j, key, text);
}

void keel_engine_recovery_json(const keel_engine_recovery *r, keel_json *j) {
    const keel_journal_report *found = &r->journal.found;
    keel_json_kbool(j, "fresh", r->fresh);
    keel_json_kstring(j, "journal", keel_journal_verdict_word(found->verdict));
    keel_json_kstring(j, "journal_meaning", keel_journal_verdict_sentence(found->verdict));
    keel_json_kint(j, "records", (int64_t)found->records);
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
                     " never seen there and handed in for the first time\n",
                     r->counts.in_doubt, r->counts.known, r->counts.handed_in);
    if (r->held_back)
        keel_strbuf_addf(out, "  %s: only what closes leaves, over all further starts, until somebody resumes\n",
                         keel_engine_phase_word(r->held_back));
    (void)keel_decimal_format(r->equity_e8, 8, 2, equity);
    (void)keel_decimal_format(r->free_usd_e8, 8, 2, cash);
    keel_strbuf_addf(
        out, "  state    %016" PRIx64 ", equity %s, cash %s, %" PRId32 " positions, %" PRId32 " orders waiting\n",
        r->state_hash, equity, cash, r->positions, r->orders);
}
