/* port/fs_real_job.c: see fs_real_job.h.
 *
 * A direct write is handed to the system whole, and made durable by it, through Linux's own asynchronous calls: no
 * thread, no copy, and the processor is free for the hash meanwhile. They are reached by number, for the C library has
 * no names for them. A write into the memory of the system is begun at once and pushed towards the disk; so is a direct
 * one where the kernel refuses the calls.
 *
 * The end of such a call is told by a thread of the system on the processor that the disk interrupts. Where somebody
 * keeps that processor busy it comes milliseconds late, so a short write that must be durable is waited for at once. */
#ifdef __linux__
#define _GNU_SOURCE
#endif
#include "port/fs_real_job.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#ifdef __linux__
#include <linux/aio_abi.h>
#include <sys/syscall.h>
#include <sys/uio.h>

/* What a job keeps in `own`. */
typedef struct held {
    aio_context_t context; /* 0: none yet */
    uint64_t refused;      /* REFUSED_*: what the kernel does not give here */
    struct iocb block;
} held;

enum { REFUSED_CONTEXT = 1, REFUSED_THROUGH = 2 };

_Static_assert(sizeof(held) <= sizeof((keel_fs_job *)0)->own, "a job holds one request");

static int submit(keel_fs_job *job) {
    held h;
    memcpy(&h, job->own, sizeof h);
    if (h.refused & REFUSED_CONTEXT) return 0;
    if (!h.context && syscall(SYS_io_setup, 1L, &h.context) != 0) {
        h.refused |= REFUSED_CONTEXT;
        memcpy(job->own, &h, sizeof h);
        return 0;
    }
    memset(&h.block, 0, sizeof h.block);
    h.block.aio_fildes = (uint32_t)job->file;
    h.block.aio_lio_opcode = IOCB_CMD_PWRITE;
    h.block.aio_buf = (uint64_t)(uintptr_t)job->bytes;
    h.block.aio_nbytes = job->size;
    h.block.aio_offset = job->offset;
    h.block.aio_rw_flags = job->durable ? RWF_DSYNC : 0;
    memcpy(job->own, &h, sizeof h);
    struct iocb *one[1] = {(struct iocb *)(void *)((char *)job->own + offsetof(held, block))};
    return syscall(SYS_io_submit, h.context, 1L, one) == 1;
}

/* The outcome, waited for or looked for: 1 when it is there; then job->written has it. */
static int outcome(keel_fs_job *job, int wait) {
    struct timespec at_once = {0, 0};
    struct io_event event;
    held h;
    long n;
    memcpy(&h, job->own, sizeof h);
    do
        n = syscall(SYS_io_getevents, h.context, (long)wait, 1L, &event, wait ? (struct timespec *)0 : &at_once);
    while (n < 0 && errno == EINTR);
    if (n == 0) return 0;
    job->written = n == 1 ? event.res : -EIO;
    job->synced = job->durable && job->written >= 0 && (uint64_t)job->written == job->size;
    return 1;
}

/* A short direct write that is durable when it returns. 0: it is not given here (an old kernel, a filter of calls);
 * what is wrong with the write itself is said by the next way, too. */
static int write_through(keel_fs_job *job) {
    held h;
    memcpy(&h, job->own, sizeof h);
    if (h.refused & REFUSED_THROUGH) return 0;
    struct iovec all = {(void *)(uintptr_t)job->bytes, job->size};
    ssize_t n = pwritev2(job->file, &all, 1, (off_t)job->offset, RWF_DSYNC);
    if (n < 0 && (errno == EOPNOTSUPP || errno == ENOSYS || errno == EPERM || errno == EINVAL)) {
        h.refused |= REFUSED_THROUGH;
        memcpy(job->own, &h, sizeof h);
        return 0;
    }
    job->written = n < 0 ? -errno : n;
    job->synced = n >= 0 && (size_t)n == job->size;
    return 1;
}

static void let_go(keel_fs_job *job) {
    held h;
    memcpy(&h, job->own, sizeof h);
    if (h.context) (void)syscall(SYS_io_destroy, h.context); /* nothing of it runs any more */
    memset(job->own, 0, sizeof job->own);
}

static void push(const keel_fs_job *job) {
    (void)sync_file_range(job->file, (off_t)job->offset, (off_t)job->size, SYNC_FILE_RANGE_WRITE);
}
#else
static int submit(keel_fs_job *job) {
    (void)job;
    return 0;
}

static int outcome(keel_fs_job *job, int wait) {
    (void)wait;
    job->written = -EIO;
    return 1;
}

static int write_through(keel_fs_job *job) {
    (void)job;
    return 0;
}

static void let_go(keel_fs_job *job) { (void)job; }
static void push(const keel_fs_job *job) { (void)job; }
#endif

enum {
    THROUGH_MAX = 1 << 17, /* above, what the caller does meanwhile is worth more than an end that is told in time */
    PUSHED_MIN = 16384     /* below, asking costs more than it gains */
};

int keel_fs_real_start(void *ctx, keel_fs_job *job) {
    (void)ctx;
    if (job->direct && job->durable && job->size <= THROUGH_MAX && write_through(job)) return 0;
    if (job->direct && submit(job)) {
        job->written = -EINPROGRESS;
        return 0;
    }
    ssize_t n = pwrite(job->file, job->bytes, job->size, (off_t)job->offset);
    job->written = n < 0 ? -errno : n;
    if (!job->direct && job->durable && job->size >= PUSHED_MIN) push(job);
    return 0;
}

int keel_fs_real_ready(void *ctx, keel_fs_job *job) {
    (void)ctx;
    return job->written != -EINPROGRESS || outcome(job, 0);
}

int64_t keel_fs_real_finish(void *ctx, keel_fs_job *job) {
    (void)ctx;
    if (job->written == -EINPROGRESS && !outcome(job, 1)) return -EIO;
    return job->written;
}

void keel_fs_real_release(void *ctx, keel_fs_job *job) {
    (void)ctx;
    let_go(job);
}
