/* engine/states.c: see states.h. */
#include "engine/states.h"

#include <stddef.h>

typedef struct row {
    keel_engine_phase from;
    keel_engine_trigger trigger;
    keel_engine_phase to;
} row;

#define ROW(from, trigger, to) \
    { KEEL_ENGINE_##from, KEEL_ENGINE_BY_##trigger, KEEL_ENGINE_##to }

/* Everything that is not here does not happen. FATAL has no way out but a new start. */
static const row TABLE[] = {
    ROW(STARTING, OPENED, RECOVERING),
    ROW(STARTING, FAULT, FATAL),
    ROW(RECOVERING, RECOVERED, RUNNING),
    ROW(RECOVERING, DAMAGE, SAFE_MODE),
    ROW(RECOVERING, RECALLED, SAFE_MODE),
    ROW(RECOVERING, FAULT, FATAL),
    ROW(RUNNING, ORDER_PAUSE, CLOSE_ONLY),
    ROW(RUNNING, ORDER_FLAT, CLOSE_ONLY),
    ROW(RUNNING, ORDER_HALT, HALTED),
    ROW(RUNNING, DAMAGE, SAFE_MODE),
    ROW(RUNNING, UNCOVERED, HALTED),
    ROW(RUNNING, STRAY, HALTED),
    ROW(RUNNING, DRIFT, SAFE_MODE),
    ROW(RUNNING, SHADOW, CLOSE_ONLY),
    ROW(RUNNING, DISK, SAFE_MODE),
    ROW(RUNNING, CLOCK, DEGRADED),
    ROW(RUNNING, BREAKER, DEGRADED),
    ROW(RUNNING, ASKED_TO_END, STOPPING),
    ROW(RUNNING, FEED_ENDED, STOPPING),
    ROW(RUNNING, FAULT, FATAL),
    ROW(DEGRADED, WELL, RUNNING),
    ROW(DEGRADED, ORDER_PAUSE, CLOSE_ONLY),
    ROW(DEGRADED, ORDER_FLAT, CLOSE_ONLY),
    ROW(DEGRADED, ORDER_HALT, HALTED),
    ROW(DEGRADED, DAMAGE, SAFE_MODE),
    ROW(DEGRADED, UNCOVERED, HALTED),
    ROW(DEGRADED, STRAY, HALTED),
    ROW(DEGRADED, DRIFT, SAFE_MODE),
    ROW(DEGRADED, SHADOW, CLOSE_ONLY),
    ROW(DEGRADED, DISK, SAFE_MODE),
    ROW(DEGRADED, ASKED_TO_END, STOPPING),
    ROW(DEGRADED, FEED_ENDED, STOPPING),
    ROW(DEGRADED, FAULT, FATAL),
    ROW(CLOSE_ONLY, ORDER_RESUME, RUNNING),
    ROW(CLOSE_ONLY, ORDER_HALT, HALTED),
    ROW(CLOSE_ONLY, DAMAGE, SAFE_MODE),
    ROW(CLOSE_ONLY, UNCOVERED, HALTED),
    ROW(CLOSE_ONLY, STRAY, HALTED),
    ROW(CLOSE_ONLY, DRIFT, SAFE_MODE),
    ROW(CLOSE_ONLY, DISK, SAFE_MODE),
    ROW(CLOSE_ONLY, ASKED_TO_END, STOPPING),
    ROW(CLOSE_ONLY, FEED_ENDED, STOPPING),
    ROW(CLOSE_ONLY, FAULT, FATAL),
    ROW(SAFE_MODE, ORDER_RESUME, RUNNING),
    ROW(SAFE_MODE, ORDER_HALT, HALTED),
    ROW(SAFE_MODE, UNCOVERED, HALTED),
    ROW(SAFE_MODE, STRAY, HALTED),
    ROW(SAFE_MODE, ASKED_TO_END, STOPPING),
    ROW(SAFE_MODE, FEED_ENDED, STOPPING),
    ROW(SAFE_MODE, FAULT, FATAL),
    ROW(HALTED, ORDER_RESUME, RUNNING),
    ROW(HALTED, ASKED_TO_END, STOPPING),
    ROW(HALTED, FEED_ENDED, STOPPING),
    ROW(HALTED, FAULT, FATAL),
    ROW(STOPPING, FAULT, FATAL),
};

const char *keel_engine_phase_word(keel_engine_phase phase) {
    switch (phase) {
#define CASE(name, number, word, entries) \
    case KEEL_ENGINE_##name: return word;
        KEEL_ENGINE_STATES(CASE)
#undef CASE
        case KEEL_ENGINE_PHASES: break;
    }
    return "unknown";
}

const char *keel_engine_trigger_word(keel_engine_trigger trigger) {
    switch (trigger) {
#define CASE(name, number, word, who) \
    case KEEL_ENGINE_BY_##name: return word;
        KEEL_ENGINE_TRIGGERS(CASE)
#undef CASE
        case KEEL_ENGINE_TRIGGER_COUNT: break;
    }
    return "unknown";
}

const char *keel_engine_trigger_who(keel_engine_trigger trigger) {
    switch (trigger) {
#define CASE(name, number, word, who) \
    case KEEL_ENGINE_BY_##name: return who;
        KEEL_ENGINE_TRIGGERS(CASE)
#undef CASE
        case KEEL_ENGINE_TRIGGER_COUNT: break;
    }
    return "unknown";
}

int keel_engine_allows_entries(keel_engine_phase phase) {
    switch (phase) {
#define CASE(name, number, word, entries) \
    case KEEL_ENGINE_##name: return entries;
        KEEL_ENGINE_STATES(CASE)
#undef CASE
        case KEEL_ENGINE_PHASES: break;
    }
    return 0;
}

int keel_engine_transition(keel_engine_phase from, keel_engine_trigger trigger, keel_engine_phase *ret) {
    for (size_t i = 0; i < sizeof TABLE / sizeof *TABLE; i++)
        if (TABLE[i].from == from && TABLE[i].trigger == trigger) {
            *ret = TABLE[i].to;
            return 1;
        }
    return 0;
}

int keel_engine_order_trigger(int order) {
    switch (order) {
        case KEEL_ENGINE_ORDER_RESUME: return KEEL_ENGINE_BY_ORDER_RESUME;
        case KEEL_ENGINE_ORDER_PAUSE: return KEEL_ENGINE_BY_ORDER_PAUSE;
        case KEEL_ENGINE_ORDER_HALT: return KEEL_ENGINE_BY_ORDER_HALT;
        case KEEL_ENGINE_ORDER_UNCOVERED: return KEEL_ENGINE_BY_UNCOVERED;
        case KEEL_ENGINE_ORDER_STRAY: return KEEL_ENGINE_BY_STRAY;
        case KEEL_ENGINE_ORDER_SAFE: return KEEL_ENGINE_BY_DAMAGE;
        case KEEL_ENGINE_ORDER_SHADOW: return KEEL_ENGINE_BY_SHADOW;
        case KEEL_ENGINE_ORDER_DISK: return KEEL_ENGINE_BY_DISK;
        case KEEL_ENGINE_ORDER_FLAT: return KEEL_ENGINE_BY_ORDER_FLAT;
        default: return -1;
    }
}
