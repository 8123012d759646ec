/* tests/unit/port_disk.c: writes past the memory of the system, writes that go on while their caller does something
 * else, and space given in advance: the twins behave alike, and the machine's own stands interruption. */
#define _GNU_SOURCE
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
#include <fcntl.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "port/fs_real.h"
#include "port/simfs.h"

enum { BLOCK = KEEL_FS_BLOCK, BLOCKS = 48, SHORT = 32 /* blocks that are waited for */, JOBS = 2 };

typedef struct twin {
    const keel_fs *fs;
    char path[200];
    int file, direct;
    keel_fs_job job[JOBS];
    uint8_t *bytes[JOBS], *back; /* [BLOCKS * BLOCK] each */
    int synced[2];               /* a durable write that needed no sync of its own; a short one */
} twin;

static int overlaps(const keel_fs_job *job, int64_t offset, int64_t size) {
    return job->busy && job->offset < offset + size && offset < job->offset + (int64_t)job->size;
}

/* End a job, or all that touch a range. */
static int end_jobs(twin *t, int64_t offset, int64_t size) {
    int rc = 0;
    for (int i = 0; i < JOBS; i++)
        if (overlaps(&t->job[i], offset, size)) {
            int ended = keel_fs_write_finish(t->fs, &t->job[i]);
            t->synced[t->job[i].size <= (size_t)SHORT * BLOCK] |= t->job[i].durable && t->job[i].synced;
            rc = rc ? rc : ended;
        }
    return rc;
}

static int64_t sum_of(twin *t, int64_t offset, int64_t size) {
    int rc = end_jobs(t, 0, INT32_MAX); /* one beyond it may move the end of the file */
    int64_t n = keel_fs_read_at(t->fs, t->file, t->back, (size_t)size, offset);
    uint64_t sum = (uint64_t)n + (uint64_t)rc;
    for (int64_t i = 0; i < n; i++)
        sum = sum * 31 + t->back[i];
    return (int64_t)(sum & INT64_MAX);
}

/* One drawn call on whole blocks; what it returned, and what it read as a sum. */
static int64_t call(twin *t, uint64_t seed) {
    keel_simrandom r;
    keel_fs_stat st;
    keel_simrandom_init(&r, seed);
    uint64_t what = keel_simrandom_below(&r, 8), slot = keel_simrandom_below(&r, JOBS);
    int64_t from = (int64_t)keel_simrandom_below(&r, BLOCKS) * BLOCK;
    int64_t size = (int64_t)(1 + keel_simrandom_below(&r, BLOCKS)) * BLOCK;
    keel_fs_job *job = &t->job[slot];
    switch (what) {
        case 0:
        case 1:
        case 2:
        case 3: {
            int durable = (int)keel_simrandom_below(&r, 2);
            int rc = end_jobs(t, 0, INT32_MAX * (int64_t)job->busy);
            if (rc == 0) rc = end_jobs(t, from, size);
            if (rc != 0) return rc;
            for (int64_t i = 0; i < size; i++)
                t->bytes[slot][i] = (uint8_t)keel_simrandom_next(&r);
            job->direct = t->direct;
            job->durable = durable;
            return keel_fs_write_start(t->fs, job, t->file, t->bytes[slot], (size_t)size, from);
        }
        case 4: return keel_fs_write_finish(t->fs, job);
        case 5: return t->fs->allocate(t->fs->ctx, t->file, size);
        case 6:
            if (end_jobs(t, 0, INT32_MAX) != 0 || t->fs->stat_file(t->fs->ctx, t->file, &st) != 0) return -1;
            return st.size;
        default: return sum_of(t, from, size);
    }
}

static void twin_begin(twin *t, const keel_fs *fs, const char *dir, int direct) {
    memset(t, 0, sizeof *t);
    t->fs = fs;
    t->direct = direct;
    (void)snprintf(t->path, sizeof t->path, "%s/file", dir);
    t->file = fs->open(fs->ctx, t->path, KEEL_FS_WRITE | KEEL_FS_CREATE | (direct ? KEEL_FS_DIRECT : 0));
    for (int i = 0; i < JOBS; i++)
        assert_int_equal(posix_memalign((void **)&t->bytes[i], BLOCK, BLOCKS * BLOCK), 0);
    assert_int_equal(posix_memalign((void **)&t->back, BLOCK, BLOCKS * BLOCK), 0);
}

static void twin_end(twin *t) {
    for (int i = 0; i < JOBS; i++) {
        keel_fs_job_done(t->fs, &t->job[i]);
        free(t->bytes[i]);
    }
    free(t->back);
    if (t->file < 0) return;
    t->fs->close(t->fs->ctx, t->file);
    assert_int_equal(t->fs->unlink(t->fs->ctx, t->path), 0);
}

/* Whole blocks, direct and not, in jobs that overlap in time: the same counts, sizes and bytes. What this machine does
 * not have is said. */
static void jobs_behave_alike(void **state) {
    (void)state;
    char folder[] = "port-disk-XXXXXX";
    int synced[2] = {0, 0}, direct_files = 0;
    assert_non_null(mkdtemp(folder));
    for (uint64_t seed = 1; seed <= 30; seed++) {
        if (seed % 4 == 3) continue; /* simulated without direct writes */
        twin real, sim;
        keel_simfs *world = keel_simfs_new(seed);
        assert_int_equal(keel_simfs_port(world)->mkdir(world, "/r"), 0);
        twin_begin(&real, keel_fs_real(), folder, seed % 2 == 0);
        twin_begin(&sim, keel_simfs_port(world), "/r", seed % 2 == 0);
        int can = real.file >= 0 && real.fs->allocate(NULL, real.file, BLOCK) == 0;
        assert_true(real.file >= 0 || (real.direct && real.file == -EINVAL));
        if (can) assert_int_equal(sim.fs->allocate(world, sim.file, BLOCK), 0);
        direct_files += real.direct && real.file >= 0;
        for (uint64_t step = 0; can && step < 100; step++) {
            uint64_t drawn = seed * 100000 + step;
            int64_t a = call(&real, drawn), b = call(&sim, drawn);
            if (a != b)
                print_error("seed %u, step %u: real %lld, simulated %lld\n", (unsigned)seed, (unsigned)step,
                            (long long)a, (long long)b);
            assert_int_equal(a, b);
        }
        if (can) assert_int_equal(sum_of(&real, 0, BLOCKS * BLOCK), sum_of(&sim, 0, BLOCKS * BLOCK));
        for (int i = 0; i < 2; i++)
            synced[i] |= real.synced[i];
        twin_end(&real);
        twin_end(&sim);
        keel_simfs_free(world);
    }
    if (!direct_files) print_message("not on this machine: direct writes\n");
    if (direct_files && !synced[0]) print_message("not on this machine: asynchronous calls\n");
    if (direct_files && !synced[1]) print_message("not on this machine: writes that are durable when they return\n");
    assert_int_equal(rmdir(folder), 0);
}

/* A job is done between start and finish and nowhere else: what nobody wants durable, after what was written meanwhile.
 */
static void a_simulated_job_is_late(void **state) {
    (void)state;
    int late = 0, early = 0;
    keel_simfs *world = keel_simfs_new(1);
    const keel_fs *fs = keel_simfs_port(world);
    int file = fs->open(fs->ctx, "/f", KEEL_FS_WRITE | KEEL_FS_CREATE);
    char byte = 0;
    for (int i = 0; i < 8; i++) {
        keel_fs_job job = {.durable = i >= 4};
        assert_int_equal(keel_fs_write_start(fs, &job, file, "j", 1, 0), 0);
        assert_int_equal(fs->pwrite(fs->ctx, file, "w", 1, 0), 1);
        assert_int_equal(keel_fs_write_finish(fs, &job), 0);
        assert_int_equal(fs->pread(fs->ctx, file, &byte, 1, 0), 1);
        assert_true(i >= 4 || byte == 'j');
        late += i >= 4 && byte == 'j';
        early += i >= 4 && byte == 'w';
    }
    assert_int_equal(late, 2);
    assert_int_equal(early, 2);
    keel_simfs_free(world);
}

static const int *REFUSALS; /* what fallocate says first; ends with 0 */

/* In place of the C library's. */
int fallocate(int file, int mode, off_t offset, off_t size) {
    if (REFUSALS && *REFUSALS) {
        errno = *REFUSALS++;
        return -1;
    }
    errno = posix_fallocate(file, offset, size);
    return mode == 0 && errno == 0 ? 0 : -1;
}

/* [T-412] A full disk is told as one. A signal on the way is no failure; a system without the call is one that cannot,
 * so zeros are written. */
static void space_in_spite_of_signals(void **state) {
    (void)state;
    static const int INTERRUPTED[] = {EINTR, EINTR, 0}, MISSING[] = {ENOSYS, 0}, FULL[] = {EINTR, ENOSPC, 0};
    const keel_fs *fs = keel_fs_real();
    keel_fs_stat st;
    char path[] = "port-space-XXXXXX";
    int file = mkstemp(path);
    assert_true(file >= 0);
    REFUSALS = INTERRUPTED;
    assert_int_equal(fs->allocate(fs->ctx, file, 8192), 0);
    assert_int_equal(*REFUSALS, 0);
    assert_int_equal(fs->stat_file(fs->ctx, file, &st), 0);
    assert_int_equal(st.size, 8192);
    REFUSALS = MISSING;
    assert_int_equal(fs->allocate(fs->ctx, file, 16384), -EOPNOTSUPP);
    REFUSALS = FULL;
    assert_int_equal(fs->allocate(fs->ctx, file, 16384), -ENOSPC);
    REFUSALS = NULL;
    (void)close(file);
    assert_int_equal(unlink(path), 0);
}

static const long *THROUGH; /* what pwritev2 does first: fails so, negative, or writes so many bytes; ends with 0 */
static int asked;           /* how often it was called */

/* In place of the C library's. */
ssize_t pwritev2(int file, const struct iovec *all, int count, off_t offset, int flags) {
    asked++;
    if (!THROUGH || !*THROUGH)
        return (ssize_t)syscall(SYS_pwritev2, (long)file, all, (long)count, (long)offset, 0L, (long)flags);
    long first = *THROUGH++;
    if (first > 0) return pwrite(file, all->iov_base, (size_t)first, offset);
    errno = (int)-first;
    return -1;
}

/* A short durable write: refused, and never asked for again by that job; interrupted; cut short; or failed, which is
 * told. */
static void a_short_write_in_spite_of_all(void **state) {
    (void)state;
    static const struct {
        long first[3];
        int rc, asked;
    } CASES[] = {{{0}, 0, 2},         {{-EPERM, 0}, 0, 1}, {{-EOPNOTSUPP, 0}, 0, 1}, {{-EINVAL, 0}, 0, 1},
                 {{-EINTR, 0}, 0, 2}, {{BLOCK, 0}, 0, 2},  {{-EIO, 0}, -EIO, 2},     {{-ENOSPC, 0}, -ENOSPC, 2}};
    char folder[] = "port-short-XXXXXX";
    assert_non_null(mkdtemp(folder));
    for (size_t c = 0; c < sizeof CASES / sizeof *CASES; c++) {
        twin t;
        twin_begin(&t, keel_fs_real(), folder, 1);
        if (t.file < 0) print_message("not on this machine: direct writes\n");
        for (int again = 0; again <= 1 && t.file >= 0; again++) {
            memset(t.bytes[0], 'a' + (int)c + again, 3 * BLOCK);
            if (!again) asked = 0, THROUGH = CASES[c].first;
            t.job[0].direct = t.job[0].durable = 1;
            assert_int_equal(keel_fs_write_start(t.fs, &t.job[0], t.file, t.bytes[0], 3 * BLOCK, BLOCK), 0);
            int rc = keel_fs_write_finish(t.fs, &t.job[0]);
            assert_int_equal(rc, again ? 0 : CASES[c].rc);
            if (rc != 0) continue;
            assert_int_equal(keel_fs_read_at(t.fs, t.file, t.back, 4 * BLOCK, 0), 4 * BLOCK);
            assert_memory_equal(t.back + BLOCK, t.bytes[0], 3 * BLOCK);
        }
        if (t.file >= 0) assert_int_equal(asked, CASES[c].asked);
        THROUGH = NULL;
        twin_end(&t);
    }
    assert_int_equal(rmdir(folder), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(jobs_behave_alike),
        cmocka_unit_test(a_simulated_job_is_late),
        cmocka_unit_test(space_in_spite_of_signals),
        cmocka_unit_test(a_short_write_in_spite_of_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
