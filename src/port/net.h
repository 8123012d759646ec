/* port/net.h: the seam to other machines: streams of bytes that this side opens.
 *
 * Nothing here waits but `wait`. Two twins: keel_net_real, and keel_simnet (port/simnet.h), in virtual time. A stream
 * delivers bytes in order or breaks; whether what was written before a break arrived is never known.
 *
 * Every function returns 0 or a count, or -errno. A table serves one thread at a time. */
#ifndef KEEL_PORT_NET_H
#define KEEL_PORT_NET_H

#include <stddef.h>
#include <stdint.h>

enum { KEEL_NET_READ = 1, KEEL_NET_WRITE = 2 }; /* what to wait for, a mask */

typedef struct keel_net {
    void *ctx;
    /* Begin a connection; port is a number as text. A handle >= 0 at once: whether the other side answers shows at the
     * first read or write. The real twin asks the system's resolver, which may take its time. */
    int (*connect)(void *ctx, const char *host, const char *port);
    /* > 0: bytes; 0: the other side ended; -EAGAIN: nothing yet; any other: the stream is broken. */
    int64_t (*read)(void *ctx, int conn, void *ret_bytes, size_t size);
    /* > 0: bytes taken, maybe fewer; -EAGAIN: not connected yet, or full; any other: the stream is broken. */
    int64_t (*write)(void *ctx, int conn, const void *bytes, size_t size);
    void (*close)(void *ctx, int conn);
    /* Until something of `want` can go on, or the monotonic instant (port/clock.h) came: the mask of what can, 0: the
     * instant came. A broken stream can do everything. conn -1: only the instant. -errno. */
    int (*wait)(void *ctx, int conn, int want, int64_t until_mono_ns);
} keel_net;

/* The sockets of the machine; static storage. */
const keel_net *keel_net_real(void);

#endif
