/* kinds.h: the faults that the simulator knows. */
#ifndef KEEL_TESTS_SIM_KINDS_H
#define KEEL_TESTS_SIM_KINDS_H

#include <stdint.h>

/* X(NAME, word, what it is) */
#define SIM_KINDS(X)                                                                     \
    X(KILL, "kill", "the machine stops at an effect on the disk")                        \
    X(NETKILL, "netkill", "the machine stops at an effect on the network")               \
    X(PROCESS, "process", "the process dies, the machine does not")                      \
    X(SYNC, "sync", "a sync fails")                                                      \
    X(FULL, "full", "the disk is full")                                                  \
    X(CHOP, "chop", "short and interrupted reads and writes of files")                   \
    X(LIE, "lie", "a write is synced and lost at the crash")                             \
    X(STRAY, "stray", "a write lands elsewhere")                                         \
    X(ROT, "rot", "a byte of a file changes")                                            \
    X(CLOCK, "clock", "the wall clock jumps, either way")                                \
    X(SLOW, "slow", "a piece of a stream is late, those behind it with it")              \
    X(REFUSE, "refuse", "a connection is refused")                                       \
    X(BREAK, "break", "a stream breaks, what is under way is lost in part")              \
    X(STALL, "stall", "a stream falls silent, and nobody is told")                       \
    X(PIECES, "pieces", "short reads and writes of streams")                             \
    X(DROP, "drop", "a message is lost")                                                 \
    X(DOUBLE, "double", "a message comes twice")                                         \
    X(ORDER, "order", "messages overtake each other: acknowledgements after fills")      \
    X(LATE, "late", "an execution is hours late")                                        \
    X(PARTIAL, "partial", "an order executes in parts")                                  \
    X(CANCEL, "cancel", "the rest of an order is not executed")                          \
    X(REJECT, "reject", "an order is refused at the door")                               \
    X(BUSY, "busy", "a request is refused for now, alone or out of a batch")             \
    X(LAG, "lag", "the venue does not know yet what it has taken")                       \
    X(FORGET, "forget", "an id is free again with its order, or ten seconds after it")   \
    X(PAUSE, "pause", "a person pauses or halts, and resumes")                           \
    X(QUARANTINE, "quarantine", "damage is set aside, and the run goes on in safe mode") \
    X(COMPACT, "compact", "the journal is compacted between two starts")                 \
    X(SIGN, "sign", "a start with a signed journal")                                     \
    X(ENCRYPT, "encrypt", "a start with an encrypted journal")                           \
    X(ROTATE, "rotate", "a start with segments of six hours")                            \
    X(WATCH, "watch", "breaker, clock and what the venue holds are shown to the engine") \
    X(AHEAD, "ahead", "the time of an input lies far ahead")                             \
    X(BEHIND, "behind", "the time of an input lies far behind")

typedef enum sim_kind {
#define SIM_KIND(name, word, what) SIM_##name,
    SIM_KINDS(SIM_KIND)
#undef SIM_KIND
        SIM_KIND_COUNT
} sim_kind;

extern const char *const SIM_WORDS[SIM_KIND_COUNT];
extern const char *const SIM_WHAT[SIM_KIND_COUNT];

typedef uint64_t sim_mask; /* bit k: kind k */
#define SIM_ALL (((sim_mask)1 << SIM_KIND_COUNT) - 1)
#define SIM_HAS(mask, kind) ((int)(((mask) >> (kind)) & 1u))

/* A comma-separated list of words: 1, or 0 when one is not known. */
int sim_mask_read(const char *text, sim_mask *ret);

#endif
