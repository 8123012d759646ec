/* engine/scrub.c: see engine_internal.h. The sealed part of the record looked through again behind an input, some of it
 * at a time: what was written must still be there when a start needs it. When this is done, and how far it has come,
 * are of the process; what is found is an input like any other. */
#include "engine/engine_internal.h"

#include <string.h>

/* A piece takes some milliseconds, in which no input is heard; one follows the other no faster than this. */
enum { PIECE = 4 << 20, BYTES_PER_S = 1 << 20 };
#define NS_PER_MS ((int64_t)1000000)

/* 1: told before, and there ever since; or more files are damaged than are remembered, which are not told each day. */
static int was_told(keel_engine *e, const keel_journal_found *found) {
    keel_engine_damage *room = NULL;
    for (int i = 0; i < KEEL_ENGINE_TOLD; i++) {
        keel_engine_damage *t = &e->scrub.told[i];
        if (t->segment == 0) room = t;
        if (t->segment != found->segment || t->offset != found->offset || t->verdict != (int)found->verdict) continue;
        t->met = 1;
        return 1;
    }
    if (!room) return 1;
    *room = (keel_engine_damage){
        .segment = found->segment, .offset = found->offset, .verdict = (int)found->verdict, .met = 1};
    return 0;
}

/* At the end of a round: what it did not meet was mended, and is news when it comes again. */
static void forget_mended(keel_engine *e) {
    for (int i = 0; i < KEEL_ENGINE_TOLD; i++) {
        if (!e->scrub.told[i].met) e->scrub.told[i].segment = 0;
        e->scrub.told[i].met = 0;
    }
}

/* Entries are held back until a person resumes, who may: the same damage is told once. */
static int tell(keel_engine *e, const keel_journal_found *found) {
    if (was_told(e, found)) return 0;
    int holds = e->ordered == KEEL_ENGINE_SAFE_MODE || e->ordered == KEEL_ENGINE_HALTED;
    e->scrub.found = *found;
    e->counts.scrub_found++;
    if (holds) {
        keel_engine_note_finding(e, KEEL_ENGINE_BY_DAMAGE);
        return 0;
    }
    keel_input_clear(&e->in);
    e->in.number = 0;
    e->in.control = KEEL_ENGINE_ORDER_SAFE;
    return keel_engine_journal_control(e);
}

void keel_engine_scrub_begin(keel_engine *e, int64_t every_ms) {
    e->scrub.every_ms = every_ms;
    e->scrub.due_ns = e->clock->mono_ns(e->clock->ctx) + every_ms * NS_PER_MS;
}

int keel_engine_scrub(keel_engine *e) {
    keel_engine_scrubbing *s = &e->scrub;
    keel_journal_found found;
    uint64_t bytes = 0;
    if (s->every_ms <= 0 || !e->journal || e->ended) return 0;
    int64_t now_ns = e->clock->mono_ns(e->clock->ctx);
    if (now_ns < s->due_ns) return 0;
    if (!s->patrol && !(s->patrol = keel_journal_patrol_new(e->journal)))
        return keel_err_set(e->err, KEEL_E_NOMEM, "out of memory: journal: close other programs");
    int rc = keel_journal_patrol_some(s->patrol, PIECE, &bytes, &found);
    e->counts.scrubbed_bytes += bytes;
    int ends = rc == KEEL_PATROL_DONE || rc == KEEL_PATROL_ENDED;
    e->counts.scrubs += ends ? 1 : 0;
    if (ends) forget_mended(e);
    int goes_on = rc == KEEL_PATROL_MORE || rc == KEEL_PATROL_FOUND;
    int64_t next_ms = goes_on ? (int64_t)(bytes * 1000 / BYTES_PER_S) : s->every_ms;
    s->due_ns = now_ns + next_ms * NS_PER_MS;
    return rc == KEEL_PATROL_FOUND ? tell(e, &found) : 0; /* without memory it is tried again, when it is due */
}
