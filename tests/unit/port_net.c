/* The seam to the network: the same conversation over the machine's sockets and over the simulated ones; and what only
 * the simulated ones do. The other side echoes what it gets and hangs up at a zero byte. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "port/clock.h"
#include "port/simnet.h"

enum { MS = 1000000, PATIENCE_MS = 20000 };

/* One side of the tests: a net, its clock, and an echo that is let work by `turn`. */
typedef struct place {
    const keel_net *net;
    const keel_clock *clock;
    const char *host;
    char port[16];
    void (*turn)(struct place *p);
    int listener, accepted; /* of the real one */
    keel_simclock simclock;
    keel_simnet *sim;
} place;

/* ---- the real one ---- */

static void real_turn(place *p) {
    char bytes[4096];
    if (p->accepted < 0) p->accepted = accept(p->listener, NULL, NULL);
    if (p->accepted < 0) return;
    ssize_t n = recv(p->accepted, bytes, sizeof bytes, MSG_DONTWAIT);
    if (n > 0 && bytes[n - 1] != 0) assert_int_equal(send(p->accepted, bytes, (size_t)n, MSG_NOSIGNAL), n);
    if (n < 0 || (n > 0 && bytes[n - 1] != 0)) return;
    (void)close(p->accepted);
    p->accepted = -1;
}

static void real_place(place *p) {
    struct sockaddr_in at = {.sin_family = AF_INET};
    socklen_t size = sizeof at;
    memset(p, 0, sizeof *p);
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    p->listener = socket(AF_INET, SOCK_STREAM, 0);
    assert_true(p->listener >= 0 && bind(p->listener, (struct sockaddr *)&at, size) == 0);
    assert_true(listen(p->listener, 4) == 0 && fcntl(p->listener, F_SETFL, O_NONBLOCK) == 0);
    assert_int_equal(getsockname(p->listener, (struct sockaddr *)&at, &size), 0);
    (void)snprintf(p->port, sizeof p->port, "%d", ntohs(at.sin_port));
    p->net = keel_net_real();
    p->clock = keel_clock_real();
    p->host = "127.0.0.1";
    p->turn = real_turn;
    p->accepted = -1;
}

/* ---- the simulated one ---- */

static void sim_opened(void *ctx, int stream) { (void)ctx, (void)stream; }

static void sim_received(void *ctx, int stream, const uint8_t *bytes, size_t size) {
    place *p = ctx;
    if (bytes[size - 1] == 0)
        keel_simnet_hang_up(p->sim, stream);
    else
        keel_simnet_send(p->sim, stream, bytes, size);
}

static void sim_closed(void *ctx, int stream) { (void)ctx, (void)stream; }
static void sim_woken(void *ctx, uint64_t what) { ((place *)ctx)->listener = (int)what; }
static void sim_turn(place *p) { (void)p; } /* it works while time passes */

static void sim_place(place *p, uint64_t seed, const keel_simnet_faults *faults) {
    memset(p, 0, sizeof *p);
    keel_simclock_init(&p->simclock, 0);
    p->sim = keel_simnet_new(seed, &p->simclock);
    keel_simnet_serve(p->sim, "echo", &(keel_simnet_server){p, sim_opened, sim_received, sim_closed, sim_woken});
    keel_simnet_set_faults(p->sim, faults);
    p->net = keel_simnet_port(p->sim);
    p->clock = &p->simclock.port;
    p->host = "echo";
    memcpy(p->port, "1", 2);
    p->turn = sim_turn;
}

/* ---- the conversation ---- */

static int wait_for(place *p, int conn, int want) {
    int64_t until = p->clock->mono_ns(p->clock->ctx) + (int64_t)PATIENCE_MS * MS;
    for (;;) {
        p->turn(p);
        int64_t now = p->clock->mono_ns(p->clock->ctx);
        if (now >= until) return 0;
        int mask = p->net->wait(p->net->ctx, conn, want, now + 5 * MS);
        if (mask != 0) return mask;
    }
}

static int connected(place *p) {
    int conn = p->net->connect(p->net->ctx, p->host, p->port);
    assert_true(conn >= 0);
    assert_int_equal(wait_for(p, conn, KEEL_NET_WRITE), KEEL_NET_WRITE);
    return conn;
}

static void say(place *p, int conn, const char *bytes, size_t size) {
    for (size_t at = 0; at < size;) {
        int64_t n = p->net->write(p->net->ctx, conn, bytes + at, size - at);
        assert_true(n > 0 || n == -EAGAIN);
        if (n > 0) at += (size_t)n;
        if (n < 0) assert_int_equal(wait_for(p, conn, KEEL_NET_WRITE), KEEL_NET_WRITE);
    }
}

static void hear(place *p, int conn, const char *bytes, size_t size) {
    char got[64];
    for (size_t at = 0; at < size;) {
        int64_t n = p->net->read(p->net->ctx, conn, got, sizeof got);
        if (n == -EAGAIN) {
            assert_int_equal(wait_for(p, conn, KEEL_NET_READ), KEEL_NET_READ);
            continue;
        }
        assert_true(n > 0 && (size_t)n <= size - at);
        assert_memory_equal(got, bytes + at, (size_t)n);
        at += (size_t)n;
    }
}

static void converse(place *p) {
    char byte, text[900];
    int conn = connected(p);
    for (size_t i = 0; i < sizeof text; i++)
        text[i] = (char)('a' + i % 26);
    assert_int_equal(p->net->read(p->net->ctx, conn, &byte, 1), -EAGAIN);
    for (size_t size = 1; size <= sizeof text; size *= 3) {
        say(p, conn, text, size);
        hear(p, conn, text, size);
    }
    say(p, conn, "", 1);
    assert_int_equal(wait_for(p, conn, KEEL_NET_READ), KEEL_NET_READ);
    assert_int_equal(p->net->read(p->net->ctx, conn, &byte, 1), 0); /* the other side ended */
    p->net->close(p->net->ctx, conn);
    conn = connected(p);
    say(p, conn, text, 20);
    hear(p, conn, text, 20);
    p->net->close(p->net->ctx, conn);
    int64_t until = p->clock->mono_ns(p->clock->ctx) + 3 * MS;
    assert_int_equal(p->net->wait(p->net->ctx, -1, 0, until), 0); /* a timer */
    assert_true(p->clock->mono_ns(p->clock->ctx) >= until);
}

static void both_twins_converse_alike(void **state) {
    (void)state;
    static const keel_simnet_faults QUIET = {.latency_min_ns = 1000, .latency_max_ns = 9000000};
    static const keel_simnet_faults PIECES = {
        .latency_max_ns = 9000000, .chop = 700000, .slow = 100000, .slow_ns = 90000000};
    place p;
    real_place(&p);
    converse(&p);
    (void)close(p.listener);
    if (p.accepted >= 0) (void)close(p.accepted);
    for (uint64_t seed = 0; seed < 20; seed++) {
        sim_place(&p, seed, seed % 2 ? &QUIET : &PIECES);
        converse(&p);
        keel_simnet_free(p.sim);
    }
}

static void nobody_answers(void **state) {
    (void)state;
    char byte;
    place p;
    real_place(&p);
    (void)close(p.listener); /* its port refuses now */
    p.turn = sim_turn;
    int conn = p.net->connect(p.net->ctx, p.host, p.port);
    if (conn >= 0) {
        assert_true(wait_for(&p, conn, KEEL_NET_READ | KEEL_NET_WRITE) != 0);
        assert_true(p.net->read(p.net->ctx, conn, &byte, 1) < 0);
        p.net->close(p.net->ctx, conn);
    }
    sim_place(&p, 1, &(keel_simnet_faults){.refuse = 1000000});
    conn = p.net->connect(p.net->ctx, p.host, p.port);
    assert_true(wait_for(&p, conn, KEEL_NET_READ) != 0);
    assert_int_equal(p.net->read(p.net->ctx, conn, &byte, 1), -ECONNREFUSED);
    p.net->close(p.net->ctx, conn);
    assert_int_equal(p.net->connect(p.net->ctx, "elsewhere", "1"), -EHOSTUNREACH);
    keel_simnet_free(p.sim);
}

/* Streams that break or fall silent: what arrives is a beginning of what was sent, and a break is told. */
static void a_stream_delivers_a_beginning(void **state) {
    (void)state;
    uint64_t broken = 0, stalled = 0, whole = 0;
    for (uint64_t seed = 0; seed < 300; seed++) {
        keel_simnet_faults faults = {.latency_max_ns = 50 * MS, .broken = 8000, .stalled = 8000};
        keel_simnet_counts c;
        char sent = 'a', got[64], want = 'a';
        place p;
        int told = 0;
        sim_place(&p, seed, &faults);
        int conn = p.net->connect(p.net->ctx, p.host, p.port);
        for (int i = 0; i < 60 && !told; i++) {
            int64_t n = p.net->write(p.net->ctx, conn, &sent, 1);
            if (n == 1) sent = (char)(sent == 'z' ? 'a' : sent + 1);
            (void)p.net->wait(p.net->ctx, -1, 0, p.simclock.now_ns + 20 * MS);
            n = p.net->read(p.net->ctx, conn, got, sizeof got);
            for (int64_t k = 0; k < n; k++, want = (char)(want == 'z' ? 'a' : want + 1))
                assert_int_equal(got[k], want);
            told = n < 0 && n != -EAGAIN;
        }
        keel_simnet_get_counts(p.sim, &c);
        if (told) assert_true(c.broken > 0);
        broken += c.broken;
        stalled += c.stalled;
        whole += c.broken + c.stalled == 0;
        keel_simnet_free(p.sim);
    }
    assert_true(broken > 0 && stalled > 0 && whole > 0);
}

static int stops_at_once(void *data) {
    (*(int *)data)++;
    return 1;
}

static void timers_and_crashes(void **state) {
    (void)state;
    place p;
    int asked = 0;
    sim_place(&p, 1, &(keel_simnet_faults){0});
    keel_simnet_wake(p.sim, 7 * MS, 77);
    keel_simnet_run(p.sim, 6 * MS);
    assert_int_equal(p.listener, 0);
    keel_simnet_run(p.sim, 8 * MS);
    assert_int_equal(p.listener, 77);
    assert_int_equal(p.simclock.now_ns, 8 * MS);
    int conn = connected(&p);
    keel_simnet_crash(p.sim);
    p.net->close(p.net->ctx, conn); /* gone already */
    keel_simnet_before_effect(p.sim, stops_at_once, &asked);
    assert_int_equal(p.net->connect(p.net->ctx, p.host, p.port), -EIO);
    assert_int_equal(asked, 1);
    keel_simnet_free(p.sim);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_twins_converse_alike),
        cmocka_unit_test(nobody_answers),
        cmocka_unit_test(a_stream_delivers_a_beginning),
        cmocka_unit_test(timers_and_crashes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
