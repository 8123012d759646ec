/* engine/phase.c: see engine_internal.h. From one phase to the next: noted with who brought it about, and what shows
 * it.
 */
#include <inttypes.h>
#include <math.h>

#include "engine/engine_internal.h"

/* The symbol whose books and venue are furthest apart. */
static void drift_json(const keel_engine *e, keel_json *j) {
    const keel_input_piece *worst = NULL;
    for (int32_t i = 0; i < e->in.piece_count; i++)
        if (!worst || e->in.piece[i].volume > worst->volume) worst = &e->in.piece[i];
    if (!worst) return;
    keel_json_kint(j, "symbols", e->in.piece_count);
    keel_json_kint(j, "symbol", worst->symbol);
    keel_json_ke8(j, "books_qty", worst->open_e8);
    keel_json_ke8(j, "venue_qty", worst->close_e8);
    if (isfinite(worst->volume)) keel_json_kdouble(j, "score", worst->volume);
}

/* Found in the sealed part of the record while it is written on, or at a start. */
static void damage_json(const keel_engine *e, keel_json *j) {
    const keel_journal_found *f = &e->scrub.found;
    if (!f->file[0]) {
        keel_json_kint(j, "damages", (int64_t)e->damages);
        return;
    }
    keel_json_kstring(j, "verdict", keel_journal_verdict_word(f->verdict));
    keel_json_kstring(j, "file", f->file);
    keel_json_kint(j, "offset", (int64_t)f->offset);
    keel_json_kstring(j, "why", f->why);
}

/* What was known when it happened; a fault in its own words. */
static void evidence(const keel_engine *e, keel_engine_trigger trigger, keel_json *j) {
    keel_json_kint(j, "input", (int64_t)e->input);
    keel_json_kint(j, "event", (int64_t)e->seq);
    switch (trigger) {
        case KEEL_ENGINE_BY_FAULT: keel_json_kstring(j, "error", e->err && e->err->code ? e->err->text : NULL); break;
        case KEEL_ENGINE_BY_DRIFT: drift_json(e, j); break;
        case KEEL_ENGINE_BY_DAMAGE: damage_json(e, j); break;
        case KEEL_ENGINE_BY_UNCOVERED: keel_json_kint(j, "executions_not_booked", e->unbooked); break;
        case KEEL_ENGINE_BY_DISK:
            keel_json_kint(j, "bytes_left", e->journal ? (int64_t)keel_journal_room_left(e->journal) : 0);
            break;
        case KEEL_ENGINE_BY_CLOCK:
        case KEEL_ENGINE_BY_BREAKER:
        case KEEL_ENGINE_BY_WELL:
            keel_json_kint(j, "clock_level", e->apart);
            keel_json_kint(j, "breaker_state", e->breaker);
            if (keel_engine_is_of_outside(e->in.control)) keel_json_kint(j, "seen", e->in.flags);
            break;
        default: break;
    }
}

static void note(keel_engine *e, keel_engine_phase from, keel_engine_phase to, keel_engine_trigger trigger) {
    size_t size = 0;
    keel_json *j = keel_json_new(0);
    if (!j) return;
    keel_json_object(j);
    keel_json_kstring(j, "from", keel_engine_phase_word(from));
    keel_json_kstring(j, "to", keel_engine_phase_word(to));
    keel_json_kstring(j, "trigger", keel_engine_trigger_word(trigger));
    keel_json_kstring(j, "actor", keel_engine_trigger_who(trigger));
    keel_json_key(j, "evidence");
    keel_json_object(j);
    evidence(e, trigger, j);
    keel_json_close(j);
    keel_json_close(j);
    const char *text = keel_json_text(j, &size);
    /* For people: when it cannot be kept, the next record that matters will fail, too, and say so. */
    keel_err ignored = {0}, *kept = e->err;
    e->err = &ignored;
    (void)keel_engine_log_note(e, KEEL_RECORD_PHASE, text, size);
    e->err = kept;
    keel_json_free(j);
}

void keel_engine_move_as(keel_engine *e, keel_engine_trigger trigger, keel_engine_trigger noted) {
    keel_engine_phase from = e->phase, to;
    if (!keel_engine_transition(from, trigger, &to)) return;
    e->phase = to;
    e->because = (int)noted;
    if ((e->journal || e->dry) && e->caught_up) note(e, from, to, noted);
}

void keel_engine_note_finding(keel_engine *e, keel_engine_trigger trigger) { note(e, e->phase, e->phase, trigger); }

void keel_engine_move(keel_engine *e, keel_engine_trigger trigger) { keel_engine_move_as(e, trigger, trigger); }
