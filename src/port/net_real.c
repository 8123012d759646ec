/* port/net_real.c: see net.h. POSIX sockets that do not wait. */
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "port/clock.h"
#include "port/net.h"

/* A socket towards one address, its connection under way. */
static int reach(const struct addrinfo *a) {
    int s = socket(a->ai_family, a->ai_socktype, a->ai_protocol);
    if (s < 0) return -errno;
    int flags = fcntl(s, F_GETFL);
    int rc = flags < 0 || fcntl(s, F_SETFL, flags | O_NONBLOCK) < 0 || fcntl(s, F_SETFD, FD_CLOEXEC) < 0 ? -errno : 0;
    if (rc == 0 && connect(s, a->ai_addr, a->ai_addrlen) != 0 && errno != EINPROGRESS && errno != EINTR) rc = -errno;
    if (rc == 0) return s;
    (void)close(s);
    return rc;
}

static int real_connect(void *ctx, const char *host, const char *port) {
    (void)ctx;
    struct addrinfo want, *found = NULL;
    memset(&want, 0, sizeof want);
    want.ai_family = AF_UNSPEC;
    want.ai_socktype = SOCK_STREAM;
    want.ai_flags = AI_NUMERICSERV;
    if (getaddrinfo(host, port, &want, &found) != 0) return -EHOSTUNREACH;
    int rc = -EHOSTUNREACH;
    for (const struct addrinfo *a = found; a && rc < 0; a = a->ai_next)
        rc = reach(a);
    freeaddrinfo(found);
    return rc;
}

/* What a call says that moved nothing. */
static int64_t moved_nothing(void) {
    if (errno == EWOULDBLOCK || errno == EINTR || errno == ENOTCONN) return -EAGAIN;
    return -errno;
}

static int64_t real_read(void *ctx, int conn, void *ret_bytes, size_t size) {
    (void)ctx;
    ssize_t n = recv(conn, ret_bytes, size, 0);
    return n >= 0 ? (int64_t)n : moved_nothing();
}

static int64_t real_write(void *ctx, int conn, const void *bytes, size_t size) {
    (void)ctx;
    ssize_t n = send(conn, bytes, size, MSG_NOSIGNAL);
    return n >= 0 ? (int64_t)n : moved_nothing();
}

static void real_close(void *ctx, int conn) {
    (void)ctx;
    (void)close(conn); /* what was not delivered is not known either way */
}

static int real_wait(void *ctx, int conn, int want, int64_t until_mono_ns) {
    (void)ctx;
    const keel_clock *clock = keel_clock_real();
    struct pollfd p = {.fd = conn, .events = 0};
    if (want & KEEL_NET_READ) p.events |= POLLIN;
    if (want & KEEL_NET_WRITE) p.events |= POLLOUT;
    for (;;) {
        int64_t left_ns = until_mono_ns - clock->mono_ns(clock->ctx);
        int64_t left_ms = left_ns <= 0 ? 0 : (left_ns + 999999) / 1000000;
        int rc = poll(&p, conn < 0 ? 0 : 1, left_ms > 60000 ? 60000 : (int)left_ms);
        if (rc < 0 && errno != EINTR) return -errno;
        if (rc > 0 && (p.revents & POLLNVAL)) return -EBADF;
        if (rc > 0) {
            int broken = (p.revents & (POLLERR | POLLHUP)) != 0;
            return broken ? want
                          : ((p.revents & POLLIN) ? KEEL_NET_READ : 0) | ((p.revents & POLLOUT) ? KEEL_NET_WRITE : 0);
        }
        if (left_ns <= 0) return 0;
    }
}

const keel_net *keel_net_real(void) {
    static const keel_net REAL = {NULL, real_connect, real_read, real_write, real_close, real_wait};
    return &REAL;
}
