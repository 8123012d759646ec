/* tests/unit/port.c: the twins behave alike, and the simulated one keeps what it promises across a crash. */
#define _XOPEN_SOURCE 700
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
/* after the four above, which it needs */
#include <cmocka.h>
#include <errno.h>
#include <signal.h>

#include "port/clock.h"
#include "port/entropy.h"
#include "port/fs_real.h"
#include "port/signals.h"
#include "port/simfs.h"

typedef struct twin {
    const keel_fs *fs;
    char root[200];
    int file[3]; /* -1: closed */
} twin;

enum { NAMES = 4, BYTES = 3000 };

static void path_of(const twin *t, uint64_t name, char ret[300]) {
    static const char *const LEAVES[NAMES] = {"a", "b", "sub", "sub/c"};
    (void)snprintf(ret, 300, "%s/%s", t->root, LEAVES[name]);
}

static int count_name(void *data, const char *name) {
    *(int64_t *)data += 1 + (int64_t)strlen(name) * 100;
    return 0;
}

/* One drawn call; what it returned, and what it read as a sum. */
static int64_t call(twin *t, uint64_t seed) {
    keel_simrandom r;
    char path[300], other[300];
    uint8_t bytes[BYTES];
    keel_fs_stat st;
    keel_simrandom_init(&r, seed);
    uint64_t what = keel_simrandom_below(&r, 12), slot = keel_simrandom_below(&r, 3);
    size_t size = (size_t)keel_simrandom_below(&r, BYTES);
    int64_t offset = (int64_t)keel_simrandom_below(&r, 6000), rc = 0;
    path_of(t, keel_simrandom_below(&r, NAMES), path);
    path_of(t, keel_simrandom_below(&r, 2), other);
    int file = t->file[slot];
    const keel_fs *fs = t->fs;
    for (size_t i = 0; i < size; i++)
        bytes[i] = (uint8_t)keel_simrandom_next(&r);
    if (what < 3) {
        if (strcmp(path + strlen(path) - 3, "sub") == 0) return 0; /* opening is for files */
        if (file >= 0) fs->close(fs->ctx, file);
        t->file[slot] = fs->open(fs->ctx, path, (int)keel_simrandom_below(&r, 8));
        return t->file[slot] < 0 ? t->file[slot] : 1;
    }
    if (what < 8 && file < 0) return 0;
    switch (what) {
        case 3:
        case 4: return fs->pwrite(fs->ctx, file, bytes, size, offset);
        case 5:
            rc = fs->pread(fs->ctx, file, bytes, size, offset);
            for (int64_t i = 0, n = rc; i < n; i++)
                rc = (int64_t)((uint64_t)rc * 31 + bytes[i]);
            return rc & INT64_MAX;
        case 6: rc = fs->truncate(fs->ctx, file, offset); return rc == -EINVAL ? -EBADF : rc; /* either is right */
        case 7:
            if (fs->sync(fs->ctx, file) != 0 || fs->stat_file(fs->ctx, file, &st) != 0) return -1;
            return st.size * 8 + st.is_file * 4 + st.is_mine * 2 + (st.mode == 0600);
        case 8: {
            keel_fs_stat from;
            /* Only files over files: folders differ between systems. */
            if (fs->stat(fs->ctx, path, &from) == 0 && from.is_dir) return 0;
            return fs->rename(fs->ctx, path, other);
        }
        case 9:
            if (fs->stat(fs->ctx, path, &st) == 0 && st.is_dir) return 0;
            return fs->unlink(fs->ctx, path);
        case 10: path_of(t, 2, path); return fs->mkdir(fs->ctx, path);
        default:
            rc = fs->list(fs->ctx, t->root, count_name, &offset);
            return rc != 0 ? rc : offset + fs->sync_dir(fs->ctx, t->root);
    }
}

static void twins_behave_alike(void **state) {
    (void)state;
    char folder[] = "port-twin-XXXXXX";
    for (uint64_t seed = 1; seed <= 40; seed++) {
        twin real = {keel_fs_real(), "", {-1, -1, -1}}, sim = {NULL, "", {-1, -1, -1}};
        memcpy(folder + sizeof folder - 7, "XXXXXX", 6);
        assert_non_null(mkdtemp(folder));
        (void)snprintf(real.root, sizeof real.root, "%s", folder);
        keel_simfs *world = keel_simfs_new(seed);
        sim.fs = keel_simfs_port(world);
        (void)snprintf(sim.root, sizeof sim.root, "/r");
        assert_int_equal(sim.fs->mkdir(sim.fs->ctx, "/r"), 0);
        for (uint64_t step = 0; step < 150; step++) {
            uint64_t drawn = seed * 100000 + step;
            int64_t a = call(&real, drawn), b = call(&sim, drawn);
            if (a != b)
                print_error("seed %u, step %u: real %lld, simulated %lld\n", (unsigned)seed, (unsigned)step,
                            (long long)a, (long long)b);
            assert_int_equal(a, b);
        }
        for (int i = 0; i < 3; i++)
            if (real.file[i] >= 0) real.fs->close(NULL, real.file[i]);
        keel_simfs_free(world);
        for (uint64_t n = NAMES; n-- > 0;) {
            char path[300];
            path_of(&real, n, path);
            (void)remove(path); /* those that are there */
        }
        assert_int_equal(remove(folder), 0);
    }
}

/* What was synced, name included, is there after every crash; what was not is there sometimes, in part, or not. */
static void synced_survives(void **state) {
    (void)state;
    int kept = 0, lost = 0, named = 0, nameless = 0;
    for (uint64_t seed = 1; seed <= 300; seed++) {
        keel_simfs *world = keel_simfs_new(seed);
        const keel_fs *fs = keel_simfs_port(world);
        uint8_t bytes[2048], back[2048];
        memset(bytes, 7, sizeof bytes);
        int file = fs->open(fs->ctx, "/f", KEEL_FS_WRITE | KEEL_FS_CREATE);
        assert_int_equal(fs->pwrite(fs->ctx, file, bytes, 2048, 0), 2048);
        assert_int_equal(fs->sync(fs->ctx, file), 0);
        assert_int_equal(fs->sync_dir(fs->ctx, "/"), 0);
        memset(bytes, 8, sizeof bytes);
        assert_int_equal(fs->pwrite(fs->ctx, file, bytes, 1024, 1024), 1024);
        (void)fs->open(fs->ctx, "/g", KEEL_FS_WRITE | KEEL_FS_CREATE);
        keel_simfs_crash(world);
        file = fs->open(fs->ctx, "/f", 0);
        assert_true(file >= 0);
        assert_int_equal(fs->pread(fs->ctx, file, back, 2048, 0), 2048);
        for (int i = 0; i < 2048; i++)
            assert_true(back[i] == 7 || (i >= 1024 && back[i] == 8));
        kept += back[1024] == 8 && back[2047] == 8;
        lost += back[1024] == 7 && back[2047] == 7;
        fs->close(fs->ctx, file);
        file = fs->open(fs->ctx, "/g", 0);
        named += file >= 0;
        nameless += file == -ENOENT;
        keel_simfs_free(world);
    }
    assert_true(kept > 20 && lost > 20 && kept + lost < 300);
    assert_true(named > 20 && nameless > 20);
}

static void virtual_time(void **state) {
    (void)state;
    keel_simclock c;
    keel_simclock_init(&c, 1000);
    const keel_clock *port = &c.port;
    assert_int_equal(port->wall_ms(port->ctx), 1000);
    port->wait_until(port->ctx, 5000000);
    assert_int_equal(port->mono_ns(port->ctx), 5000000);
    assert_int_equal(port->wall_ms(port->ctx), 1005);
    keel_simclock_jump(&c, -900);
    assert_int_equal(port->wall_ms(port->ctx), 105);
    port->wait_until(port->ctx, 1); /* past */
    keel_simclock_advance(&c, 1000000);
    assert_int_equal(port->mono_ns(port->ctx), 6000000);
    port = keel_clock_real();
    int64_t before = port->mono_ns(port->ctx);
    port->wait_until(port->ctx, before + 2000000);
    assert_true(port->mono_ns(port->ctx) >= before + 2000000);
    assert_true(port->wall_ms(port->ctx) > 1700000000000);
}

static void randomness_and_signals(void **state) {
    (void)state;
    keel_simrandom a, b;
    uint8_t x[64], y[64];
    keel_simrandom_init(&a, 5);
    keel_simrandom_init(&b, 5);
    assert_int_equal(a.port.fill(a.port.ctx, x, 64), 0);
    assert_int_equal(b.port.fill(b.port.ctx, y, 64), 0);
    assert_memory_equal(x, y, 64);
    assert_int_equal(keel_entropy_real()->fill(NULL, x, 64), 0);
    assert_int_equal(keel_entropy_real()->fill(NULL, y, 64), 0);
    assert_true(memcmp(x, y, 64) != 0);
    keel_simsignals s;
    keel_simsignals_init(&s);
    assert_int_equal(s.port.asked_to_end(s.port.ctx), 0);
    s.number = SIGTERM;
    assert_int_equal(s.port.asked_to_end(s.port.ctx), SIGTERM);
    const keel_signals *real = keel_signals_real();
    assert_int_equal(real->asked_to_end(real->ctx), 0);
    assert_int_equal(raise(SIGTERM), 0);
    assert_int_equal(real->asked_to_end(real->ctx), SIGTERM);
}

/* What, where, why and the way out, in one line, whatever the call failed with. */
static void a_refusal_says_the_way_out(void **state) {
    static const struct {
        int number, code;
        const char *way;
    } CASES[] = {{ENOENT, KEEL_E_NOT_FOUND, ": check the path"},
                 {ENOTDIR, KEEL_E_IO, ": check the path"},
                 {EACCES, KEEL_E_IO, ": run as who owns it, or mend its rights"},
                 {ENOSPC, KEEL_E_IO, ": free some space"},
                 {EROFS, KEEL_E_IO, ": choose a folder on a disk that can be written"},
                 {EMFILE, KEEL_E_IO, ": close other programs, or raise ulimit -n"},
                 {EIO, KEEL_E_IO, ": look at the disk before anything is written there again"},
                 {EBUSY, KEEL_E_IO, ": look at the folder and its disk"}};
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        char want[300];
        keel_err err = {0};
        (void)snprintf(want, sizeof want, "cannot cut: /a/b: %s%s", strerror(CASES[i].number), CASES[i].way);
        assert_int_equal(keel_fs_fail(-CASES[i].number, "cannot cut", "/a/b", &err), CASES[i].code);
        assert_string_equal(err.text, want);
    }
    (void)state;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_refusal_says_the_way_out),
        cmocka_unit_test(twins_behave_alike),
        cmocka_unit_test(synced_survives),
        cmocka_unit_test(virtual_time),
        cmocka_unit_test(randomness_and_signals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
