/* The seam to other programs of this machine: the same visit over Unix domain sockets and over the simulated ones, and
 * what each alone has: modes, paths that are too long, streams that break. */
#define _GNU_SOURCE /* mkdtemp */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "port/clock.h"
#include "port/simlocal.h"

enum { MS = 1000000 };

/* Two programs of one machine; of the real one both are this. */
typedef struct place {
    const keel_local *here, *there;
    const keel_clock *clock;
    char dir[600];
    int64_t uid;
    keel_simclock simclock;
    keel_simlocal sim;
} place;

static void real_place(place *p) {
    memset(p, 0, sizeof *p);
    const char *folder = getenv("TMPDIR");
    (void)snprintf(p->dir, sizeof p->dir, "%s/keel-local-XXXXXX", folder ? folder : ".");
    assert_non_null(mkdtemp(p->dir));
    p->here = p->there = keel_local_real();
    p->clock = keel_clock_real();
    p->uid = geteuid();
}

static void sim_place(place *p) {
    memset(p, 0, sizeof *p);
    (void)snprintf(p->dir, sizeof p->dir, "/r");
    keel_simclock_init(&p->simclock, 0);
    keel_simlocal_init(&p->sim, 1, &p->simclock);
    p->here = keel_simlocal_join(&p->sim, 1000);
    p->there = keel_simlocal_join(&p->sim, 1000);
    p->clock = &p->simclock.port;
    p->uid = 1000;
}

static int64_t soon(const place *p) { return p->clock->mono_ns(p->clock->ctx) + 5 * MS; }

/* One visit: nobody is there, somebody comes, both speak, each sees the other leave; a name is taken over from one who
 * died, and gone once it was removed. */
static void visit(place *p) {
    char text[16] = "";
    keel_local_peer who;
    const keel_local *a = p->here, *b = p->there;
    assert_int_equal(b->connect(b->ctx, p->dir, "s"), -ENOENT);
    int door = a->listen(a->ctx, p->dir, "s");
    assert_true(door >= 0);
    assert_int_equal(a->accept(a->ctx, door), -EAGAIN);
    assert_int_equal(a->wait(a->ctx, door, KEEL_NET_READ, soon(p)), 0);
    int guest = b->connect(b->ctx, p->dir, "s");
    assert_true(guest >= 0);
    assert_int_equal(a->wait(a->ctx, door, KEEL_NET_READ, soon(p)), KEEL_NET_READ);
    int host = a->accept(a->ctx, door);
    assert_true(host >= 0);
    assert_int_equal(a->peer(a->ctx, host, &who), 0);
    assert_true(who.uid == p->uid && who.own_uid == p->uid && who.pid > 0 && who.user[0]);
    assert_int_equal(a->read(a->ctx, host, text, sizeof text), -EAGAIN);
    assert_int_equal(b->write(b->ctx, guest, "hello", 5), 5);
    assert_int_equal(a->wait(a->ctx, host, KEEL_NET_READ, soon(p)), KEEL_NET_READ);
    assert_int_equal(a->read(a->ctx, host, text, 2), 2);
    assert_int_equal(a->read(a->ctx, host, text + 2, sizeof text - 2), 3);
    assert_string_equal(text, "hello");
    assert_int_equal(a->write(a->ctx, host, "bye", 3), 3);
    a->close(a->ctx, host);
    assert_int_equal(b->read(b->ctx, guest, text, sizeof text), 3); /* it was said before it left */
    assert_int_equal(b->read(b->ctx, guest, text, sizeof text), 0);
    assert_true(b->write(b->ctx, guest, "x", 1) < 0);
    b->close(b->ctx, guest);
    a->close(a->ctx, door);
    assert_int_equal(b->connect(b->ctx, p->dir, "s"), -ECONNREFUSED); /* the name was left */
    door = a->listen(a->ctx, p->dir, "s");
    assert_true(door >= 0);
    guest = b->connect(b->ctx, p->dir, "s");
    assert_true(guest >= 0);
    assert_int_equal(a->remove(a->ctx, p->dir, "s"), 0);
    assert_int_equal(b->connect(b->ctx, p->dir, "s"), -ENOENT);
    assert_int_equal(a->remove(a->ctx, p->dir, "s"), 0);
    host = a->accept(a->ctx, door); /* who came before is still let in */
    assert_true(host >= 0);
    a->close(a->ctx, host);
    a->close(a->ctx, door);
    b->close(b->ctx, guest);
}

static void both_twins_let_a_visitor_in(void **state) {
    (void)state;
    static place p;
    real_place(&p);
    visit(&p);
    assert_int_equal(rmdir(p.dir), 0);
    sim_place(&p);
    visit(&p);
}

/* [WAL-01.3] Nobody else may open it at any moment, whatever the umask; a folder whose path does not fit an address is
 * no hindrance, and a file of that name is left alone. */
static void the_name_is_its_users_alone_and_may_lie_deep(void **state) {
    (void)state;
    static place p;
    static const char LONG[] = "a-folder-with-a-name-that-is-much-longer-than-names-of-folders-commonly-are";
    char path[1200], deep[900];
    struct stat st;
    real_place(&p);
    (void)snprintf(deep, sizeof deep, "%s/%s", p.dir, LONG);
    assert_int_equal(mkdir(deep, 0700), 0);
    (void)snprintf(deep, sizeof deep, "%s/%s/%s", p.dir, LONG, LONG);
    assert_int_equal(mkdir(deep, 0700), 0);
    const keel_local *a = p.here;
    mode_t before = umask(0);
    int door = a->listen(a->ctx, deep, "s");
    (void)umask(before);
    assert_true(door >= 0 && strlen(deep) > 108);
    (void)snprintf(path, sizeof path, "%s/s", deep);
    assert_int_equal(stat(path, &st), 0);
    assert_true(S_ISSOCK(st.st_mode) && (st.st_mode & 07777) == 0600);
    int guest = a->connect(a->ctx, deep, "s"), host = a->accept(a->ctx, door);
    assert_true(guest >= 0 && host >= 0);
    a->close(a->ctx, guest);
    a->close(a->ctx, host);
    a->close(a->ctx, door);
    assert_int_equal(a->remove(a->ctx, deep, "s"), 0);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    assert_int_equal(fclose(f), 0);
    assert_int_equal(a->listen(a->ctx, deep, "s"), -EEXIST);
    assert_int_equal(a->remove(a->ctx, deep, "s"), -EEXIST);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(a->listen(a->ctx, path, "s"), -ENOENT);
    assert_int_equal(rmdir(deep), 0);
    (void)snprintf(deep, sizeof deep, "%s/%s", p.dir, LONG);
    assert_int_equal(rmdir(deep), 0);
    assert_int_equal(rmdir(p.dir), 0);
}

/* What the simulated ones do besides: pieces, breaks, another user, a program that is killed. */
static void simulated_streams_are_cut_and_break(void **state) {
    (void)state;
    static place p;
    char text[64];
    keel_local_peer who;
    int64_t pieces = 0, broken = 0;
    for (int round = 0; round < 200; round++) {
        sim_place(&p);
        keel_simrandom_init(&p.sim.dice, (uint64_t)round);
        p.sim.chop = 500000;
        p.sim.broken = round % 2 ? 100000 : 0;
        const keel_local *stranger = keel_simlocal_join(&p.sim, 1001);
        int door = p.here->listen(p.here->ctx, p.dir, "s");
        int guest = stranger->connect(stranger->ctx, p.dir, "s"), host = p.here->accept(p.here->ctx, door);
        assert_true(door >= 0 && guest >= 0 && host >= 0);
        assert_int_equal(p.here->peer(p.here->ctx, host, &who), 0);
        assert_true(who.uid == 1001 && who.own_uid == 1000);
        int64_t n = stranger->write(stranger->ctx, guest, "0123456789", 10);
        broken += n < 0;
        pieces += n > 0 && n < 10;
        if (n < 0) assert_int_equal(p.here->read(p.here->ctx, host, text, sizeof text), 0);
        keel_simlocal_kill(&p.sim, p.here);
        assert_int_equal(stranger->connect(stranger->ctx, p.dir, "s"), -ECONNREFUSED);
        assert_true(stranger->write(stranger->ctx, guest, "x", 1) < 0);
    }
    if (pieces < 50 || broken < 5) fail_msg("%d pieces, %d broken", (int)pieces, (int)broken);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(both_twins_let_a_visitor_in),
                                       cmocka_unit_test(the_name_is_its_users_alone_and_may_lie_deep),
                                       cmocka_unit_test(simulated_streams_are_cut_and_break)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
