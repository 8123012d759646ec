/* engine/states.h: what an engine may be in, and what leads from one to the other. */
#ifndef KEEL_ENGINE_STATES_H
#define KEEL_ENGINE_STATES_H

/* X(NAME, number, word, entries: 1 = orders that increase what is held may leave) */
#define KEEL_ENGINE_STATES(X)         \
    X(STARTING, 0, "starting", 0)     \
    X(RECOVERING, 1, "recovering", 0) \
    X(RUNNING, 2, "running", 1)       \
    X(CLOSE_ONLY, 3, "close_only", 0) \
    X(SAFE_MODE, 4, "safe_mode", 0)   \
    X(HALTED, 5, "halted", 0)         \
    X(STOPPING, 6, "stopping", 0)     \
    X(FATAL, 7, "fatal", 0)           \
    X(DEGRADED, 8, "degraded", 1)

/* X(NAME, number, word, who): why a transition happens, and who or what brought it about. */
#define KEEL_ENGINE_TRIGGERS(X)                                         \
    X(OPENED, 0, "opened", "engine")                                    \
    X(RECOVERED, 1, "recovered", "engine")                              \
    X(DAMAGE, 2, "damage was found", "engine")                          \
    X(ORDER_RESUME, 3, "resume was ordered", "person")                  \
    X(ORDER_PAUSE, 4, "pause was ordered", "person")                    \
    X(ORDER_HALT, 5, "halt was ordered", "person")                      \
    X(ASKED_TO_END, 6, "asked to end", "person")                        \
    X(FEED_ENDED, 7, "the feed ended", "feed")                          \
    X(FAULT, 8, "a fault", "engine")                                    \
    X(UNCOVERED, 9, "the account does not cover an execution", "venue") \
    X(STRAY, 10, "an execution of no known order", "venue")             \
    X(DRIFT, 11, "books and venue differ", "venue")                     \
    X(CLOCK, 12, "the venue's clock is another one", "venue")           \
    X(BREAKER, 13, "too many calls to the venue failed", "venue")       \
    X(WELL, 14, "clock and venue are as they should be", "venue")       \
    X(RECALLED, 15, "it was so when the record ended", "engine")        \
    X(SHADOW, 16, "the shadow ledger has other books", "engine")        \
    X(DISK, 17, "the disk is full", "disk")                             \
    X(ORDER_FLAT, 18, "flat was ordered", "person")

typedef enum keel_engine_phase {
#define KEEL_ENGINE_STATE_ENUM(name, number, word, entries) KEEL_ENGINE_##name = (number),
    KEEL_ENGINE_STATES(KEEL_ENGINE_STATE_ENUM)
#undef KEEL_ENGINE_STATE_ENUM
        KEEL_ENGINE_PHASES = 9
} keel_engine_phase;

typedef enum keel_engine_trigger {
#define KEEL_ENGINE_TRIGGER_ENUM(name, number, word, who) KEEL_ENGINE_BY_##name = (number),
    KEEL_ENGINE_TRIGGERS(KEEL_ENGINE_TRIGGER_ENUM)
#undef KEEL_ENGINE_TRIGGER_ENUM
        KEEL_ENGINE_TRIGGER_COUNT = 19
} keel_engine_trigger;

/* Orders in an input of kind CONTROL. */
enum {                               /* SAFE: the engine's own, after damage in its record: until a person resumes */
       KEEL_ENGINE_ORDER_RESUME = 1, /* entries again */
       KEEL_ENGINE_ORDER_PAUSE = 2,  /* only what closes may leave */
       KEEL_ENGINE_ORDER_HALT = 3,
       KEEL_ENGINE_ORDER_SAFE = 4,
       KEEL_ENGINE_ORDER_UNCOVERED = 5, /* the engine's own: a halt, for the books are not the venue's any more */
       KEEL_ENGINE_ORDER_STRAY = 6,     /* the engine's own: a halt, for something was booked that nobody ordered */
       /* What was seen of the surroundings (engine/health.h); in this order, so that a level can be added */
       KEEL_ENGINE_ORDER_BREAKER = 7, /* + state of the breaker: closed, open, half open */
       KEEL_ENGINE_ORDER_CLOCK = 10,  /* + level: good, off, far */
       KEEL_ENGINE_ORDER_DRIFT = 13,  /* + level: 1 warn, 2 safe mode, 3 safe mode and what differs is closed */
       KEEL_ENGINE_ORDER_CANCEL = 17, /* a person's: every order that is at work is called back */
       KEEL_ENGINE_ORDER_SHADOW = 18, /* a pause: a second bookkeeping has other books than the engine */
       KEEL_ENGINE_ORDER_DISK = 19,   /* the engine's own: safe mode, for what it can still write is counted */
       KEEL_ENGINE_ORDER_FLAT = 20,   /* a person's: all that is held is closed, and a pause */
       KEEL_ENGINE_ORDER_BEHAVES = 32 /* + KEEL_ENGINE_BEHAVIOUR: the engine's own, from here on it is another one */
};

/* What the engine does with the same inputs, by number; a run's START says which it begins with. A later engine does
 * the same again with what was recorded, and says in the record from where on it does otherwise.
 *
 *   1  a reversal that is refused is forgotten, and the position stays
 *   2  what it was to close is closed, unless the cooldown holds that back
 *   3  it is closed; a START without a number is of one of these three
 *   4  while entries are held back those at work are called back; an execution beyond its order halts; market data
 *      whose time goes back or whose price is none are set aside
 *   5  an order on its way in is called back before one that closes leaves, what it brings in all the same is closed,
 *      and no entry leaves until its end is known; what closes always finds a place
 *   6  market data whose time lies ahead of what is believed are set aside, and move no time */
enum {
    KEEL_ENGINE_BEHAVIOUR_CLOSES = 2,
    KEEL_ENGINE_BEHAVIOUR_UNNUMBERED = 3,
    KEEL_ENGINE_BEHAVIOUR_CANCELS = 4,
    KEEL_ENGINE_BEHAVIOUR_MAKES_WAY = 5,
    KEEL_ENGINE_BEHAVIOUR_DISBELIEVES = 6,
    KEEL_ENGINE_BEHAVIOUR = 6 /* of this engine */
};

const char *keel_engine_phase_word(keel_engine_phase phase);
const char *keel_engine_trigger_word(keel_engine_trigger trigger);
const char *keel_engine_trigger_who(keel_engine_trigger trigger); /* person, venue, feed, disk or engine */

/* May orders that increase what is held leave? */
int keel_engine_allows_entries(keel_engine_phase phase);

/* Where a trigger leads from here: 1 and *ret written, or 0: it leads nowhere, and the phase stays. */
int keel_engine_transition(keel_engine_phase from, keel_engine_trigger trigger, keel_engine_phase *ret);

/* The trigger of a person's order, and of what the engine finds in its own record; -1: there is no such order. */
int keel_engine_order_trigger(int order);

#endif
