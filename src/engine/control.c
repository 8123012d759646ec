/* engine/control.c: see engine_internal.h. Orders of people, of the engine itself, and what was seen of the
 * surroundings: inputs like any other, each told and then obeyed. */
#include <inttypes.h>

#include "engine/engine_internal.h"

enum { LOST_BITS = 40 };

/* The record may end here, and what is in doubt be asked about: none of that is handed in only to be called back. */
static int call_all_back(keel_engine *e) {
    e->calls_all_back = 1;
    int rc = keel_engine_call_back(e, KEEL_CALL_ALL);
    e->calls_all_back = 0;
    return rc;
}

/* Once an order says that entries are held back. */
static int call_entries_back(keel_engine *e) {
    return keel_engine_allows_entries((keel_engine_phase)e->ordered) ? 0 : keel_engine_call_back(e, KEEL_CALL_ENTRIES);
}

/* Damage took orders whose ids are known elsewhere. They are numbers of events, so the next begin where no run that
 * was cut off can have come to. */
static void leave_lost_ids(keel_engine *e) {
    uint64_t from = e->in.number << LOST_BITS;
    if (e->in.control == KEEL_ENGINE_ORDER_SAFE && e->seq < from) e->seq = from;
}

/* What was seen outside: told, then obeyed. */
static int apply_outside(keel_engine *e) {
    keel_engine_outside_apply(e);
    keel_engine_tell(e, KEEL_TOLD_CONTROL, NULL, NULL);
    KEEL_TRY(call_entries_back(e));
    if (e->in.control != KEEL_ENGINE_ORDER_DRIFT + KEEL_DRIFT_CLOSE) return 0;
    for (int32_t i = 0; i < e->in.piece_count; i++) {
        const keel_input_piece *p = &e->in.piece[i];
        if (keel_drift_judge(p->volume) == KEEL_DRIFT_CLOSE)
            KEEL_TRY(keel_engine_force_exit(e, p->symbol, KEEL_X_DRIFT));
    }
    return 0;
}

/* The same inputs lead to something else from here on. Orders that an earlier engine left at work while entries are
 * held back, or that were to make room for one that closed, are called back now. */
static int apply_behaviour(keel_engine *e) {
    int32_t behaviour = e->in.control - KEEL_ENGINE_ORDER_BEHAVES;
    if (behaviour > KEEL_ENGINE_BEHAVIOUR)
        return keel_err_set(e->err, KEEL_E_VERSION,
                            "a newer engine went on with this run: behaviour %" PRId32
                            ", this one has %d: use that keel",
                            behaviour, (int)KEEL_ENGINE_BEHAVIOUR);
    e->behaviour = behaviour;
    keel_engine_tell(e, KEEL_TOLD_CONTROL, NULL, NULL);
    KEEL_TRY(call_entries_back(e));
    return behaviour < KEEL_ENGINE_BEHAVIOUR_MAKES_WAY ? 0 : keel_engine_call_back(e, KEEL_CALL_REPLACED);
}

/* Out of everything, from whatever phase; what holds back more than a pause stays. */
static int apply_flat(keel_engine *e) {
    if (e->ordered == KEEL_ENGINE_RUNNING) e->ordered = KEEL_ENGINE_CLOSE_ONLY;
    keel_engine_tell(e, KEEL_TOLD_CONTROL, NULL, NULL);
    if (e->caught_up) keel_engine_move(e, KEEL_ENGINE_BY_ORDER_FLAT);
    KEEL_TRY(call_entries_back(e));
    return keel_engine_leave_all(e);
}

int keel_engine_apply_control(keel_engine *e) {
    if (keel_engine_is_of_outside(e->in.control)) return apply_outside(e);
    if (e->in.control > KEEL_ENGINE_ORDER_BEHAVES) return apply_behaviour(e);
    if (e->in.control == KEEL_ENGINE_ORDER_CANCEL) {
        keel_engine_tell(e, KEEL_TOLD_CONTROL, NULL, NULL);
        return call_all_back(e);
    }
    if (e->in.control == KEEL_ENGINE_ORDER_FLAT) return apply_flat(e);
    int trigger = keel_engine_order_trigger(e->in.control);
    if (trigger < 0) return keel_err_set(e->err, KEEL_E_PARITY, "an order of no kind: journal: keel journal verify");
    leave_lost_ids(e);
    if (e->in.control == KEEL_ENGINE_ORDER_RESUME) {
        if (e->unbooked) return 0; /* whoever looks only at the engine's books would open what is held already */
        e->ordered = KEEL_ENGINE_RUNNING;
    }
    int pauses = e->in.control == KEEL_ENGINE_ORDER_PAUSE || e->in.control == KEEL_ENGINE_ORDER_SHADOW;
    if (pauses && e->ordered == KEEL_ENGINE_RUNNING)
        e->ordered = KEEL_ENGINE_CLOSE_ONLY; /* what holds back more stays */
    if (e->in.control == KEEL_ENGINE_ORDER_HALT) e->ordered = KEEL_ENGINE_HALTED;
    int safe = e->in.control == KEEL_ENGINE_ORDER_SAFE || e->in.control == KEEL_ENGINE_ORDER_DISK;
    if (safe && e->ordered != KEEL_ENGINE_HALTED) e->ordered = KEEL_ENGINE_SAFE_MODE;
    if (e->in.control == KEEL_ENGINE_ORDER_UNCOVERED || e->in.control == KEEL_ENGINE_ORDER_STRAY) {
        e->ordered = KEEL_ENGINE_HALTED;
        e->unbooked += e->in.control == KEEL_ENGINE_ORDER_UNCOVERED;
        e->alarm = 0;
    }
    keel_engine_tell(e, KEEL_TOLD_CONTROL, NULL, NULL);
    if (e->caught_up) {
        keel_engine_move(e, (keel_engine_trigger)trigger);
        keel_engine_outside_settle(e);
    }
    return call_entries_back(e);
}
