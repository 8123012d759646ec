/* port/simlocal.h: streams between programs of one machine, in memory: the twin of Unix domain sockets.
 *
 * Every program has a port of its own and reaches the same names. Time is virtual: a wait for what cannot come moves
 * the clock. Same seed, same calls: the same counts. */
#ifndef KEEL_PORT_SIMLOCAL_H
#define KEEL_PORT_SIMLOCAL_H

#include "port/clock.h"
#include "port/entropy.h"
#include "port/local.h"

enum { KEEL_SIMLOCAL_ENDS = 64, KEEL_SIMLOCAL_BYTES = 4096, KEEL_SIMLOCAL_PROGRAMS = 4 };

typedef struct keel_simlocal keel_simlocal;

/* One program: who runs it. */
typedef struct keel_simlocal_program {
    keel_local port; /* port.ctx is this record */
    keel_simlocal *all;
    int64_t uid, pid;
} keel_simlocal_program;

/* An end of a stream, or a listener. */
typedef struct keel_simlocal_end {
    int32_t used, listens, other, waits_for, gone; /* other: handle, -1: none; waits_for: listener, -1: accepted */
    int64_t uid, pid;                              /* of the program at this end, */
    int64_t peer_uid, peer_pid;                    /* and of the one that was at the other */
    char name[128];                                /* of a listener; "" its name was removed */
    size_t size;                                   /* of what waits to be read here */
    uint8_t bytes[KEEL_SIMLOCAL_BYTES];
} keel_simlocal_end;

struct keel_simlocal {
    keel_simclock *clock;
    keel_simrandom dice;
    uint32_t chop;   /* chance per million that a read or write moves only a part */
    uint32_t broken; /* that it breaks the stream */
    int32_t programs;
    keel_simlocal_program program[KEEL_SIMLOCAL_PROGRAMS];
    keel_simlocal_end end[KEEL_SIMLOCAL_ENDS];
};

/* The clock is borrowed; must not be moved afterwards. */
void keel_simlocal_init(keel_simlocal *s, uint64_t seed, keel_simclock *clock);

/* One more program, run by this user; at most KEEL_SIMLOCAL_PROGRAMS. */
const keel_local *keel_simlocal_join(keel_simlocal *s, int64_t uid);

/* It ends without closing anything: its streams break, its names stay, and nobody listens there. */
void keel_simlocal_kill(keel_simlocal *s, const keel_local *program);

#endif
