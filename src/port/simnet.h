/* port/simnet.h: streams in memory and in virtual time, the twin of the machine's sockets, with servers on their far
 * side that live in the same process.
 *
 * Whatever happens later - bytes that arrive, a server that wanted to be woken - waits in one queue by time, and
 * happens when somebody lets time pass: the port's `wait`, or keel_simnet_run. Both move the clock. Same seed, same
 * calls: the same order of everything.
 *
 * Within a stream bytes keep their order or are lost with it. Beyond a break they do not: what a client wrote before it
 * broke may still arrive at the server, also after what it wrote into the next stream. */
#ifndef KEEL_PORT_SIMNET_H
#define KEEL_PORT_SIMNET_H

#include "port/clock.h"
#include "port/entropy.h"
#include "port/net.h"

typedef struct keel_simnet keel_simnet;

/* The far side of every stream to one host. Called while time passes; may send, hang up and ask to be woken. */
typedef struct keel_simnet_server {
    void *ctx;
    void (*opened)(void *ctx, int stream);
    void (*received)(void *ctx, int stream, const uint8_t *bytes, size_t size);
    void (*closed)(void *ctx, int stream);
    void (*woken)(void *ctx, uint64_t what);
} keel_simnet_server;

/* Chances per million of each write or connection; 0: never. */
typedef struct keel_simnet_faults {
    int64_t latency_min_ns, latency_max_ns; /* one way */
    uint32_t slow;                          /* this piece takes up to slow_ns longer */
    uint32_t refuse;                        /* a connection is refused */
    uint32_t broken;                        /* the stream breaks at this write; what is under way is lost in part */
    uint32_t stalled;                       /* from this write on nothing arrives any more, and nobody is told */
    uint32_t chop;                          /* a read or write moves only a part */
    int64_t slow_ns;
} keel_simnet_faults;

typedef struct keel_simnet_counts {
    uint64_t effects, connections, pieces; /* effects: connections and writes of the client */
    uint64_t slow, refused, broken, stalled, chopped, lost_pieces, late_pieces;
} keel_simnet_counts;

/* The clock is borrowed. Out of memory ends the program by assertion. */
keel_simnet *keel_simnet_new(uint64_t seed, keel_simclock *clock);
void keel_simnet_free(keel_simnet *n); /* NULL allowed */
const keel_net *keel_simnet_port(keel_simnet *n);

/* One host, under this name, any port. The record is copied. */
void keel_simnet_serve(keel_simnet *n, const char *host, const keel_simnet_server *server);
void keel_simnet_set_faults(keel_simnet *n, const keel_simnet_faults *faults);

/* For servers. A stream that is gone swallows what is sent. */
void keel_simnet_send(keel_simnet *n, int stream, const void *bytes, size_t size);
void keel_simnet_hang_up(keel_simnet *n, int stream);
void keel_simnet_wake(keel_simnet *n, int64_t at_mono_ns, uint64_t what);

/* Let time pass up to this instant. Not from within a server. */
void keel_simnet_run(keel_simnet *n, int64_t until_mono_ns);

/* The client's machine stops: its streams are gone, what it wrote arrives in part. */
void keel_simnet_crash(keel_simnet *n);

/* NULL: nobody. Called before each effect of the client: 1: it does not happen, the machine stopped (-EIO). */
void keel_simnet_before_effect(keel_simnet *n, int (*stopped)(void *data), void *data);

void keel_simnet_get_counts(const keel_simnet *n, keel_simnet_counts *ret);

#endif
