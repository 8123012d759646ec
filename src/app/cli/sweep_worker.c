/* app/cli/sweep_worker.c: see sweep_worker.h. Both ends are one program image, so what passes between them is the
 * bytes of its structs; texts follow them. */
#define _GNU_SOURCE /* prctl, SOCK_CLOEXEC */
#include "app/cli/sweep_worker.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { POLL_MS = 100 };

struct keel_sweep_worker {
    const keel_sweep_shared *shared;
    pid_t pid;
    int fd; /* a stream socket to the worker */
};

typedef struct question {
    keel_space_value point[KEEL_SPACE_DIMS_MAX];
    keel_prune_bar bar;
    int32_t has_bar;
    int32_t reserved;
} question;

/* Followed by the bytes of totals. */
typedef struct answer {
    keel_trial trial; /* its totals mean nothing at the other end */
    keel_err err;
    int32_t rc;
    int32_t reserved;
    uint64_t totals_size;
} answer;

/* 1 when all of it went; a peer that is gone gives 0, no signal. */
static int send_all(int fd, const void *bytes, size_t size) {
    const char *from = bytes;
    while (size > 0) {
        ssize_t count = send(fd, from, size, MSG_NOSIGNAL);
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) return 0;
        from += count;
        size -= (size_t)count;
    }
    return 1;
}

static int receive_all(int fd, void *ret, size_t size) {
    char *to = ret;
    while (size > 0) {
        ssize_t count = recv(fd, to, size, 0);
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) return 0;
        to += count;
        size -= (size_t)count;
    }
    return 1;
}

/* ---- the worker's side ---- */

static int reply(int fd, const answer *a, const keel_strbuf *totals) {
    return send_all(fd, a, sizeof *a) && send_all(fd, keel_strbuf_text(totals), (size_t)a->totals_size);
}

/* One trial per question, until nobody asks. */
static _Noreturn void serve(keel_sweep_thread *t, int fd) {
    question q;
    answer a;
    keel_trial trial;
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    keel_trial_init(&trial);
    while (receive_all(fd, &q, sizeof q)) {
        memset(&a, 0, sizeof a);
        keel_trial_clear(&trial);
        a.rc = keel_sweep_trial_run(t, q.point, q.has_bar ? &q.bar : NULL, &trial, &a.err);
        a.trial = trial;
        a.totals_size = trial.totals.size;
        if (!reply(fd, &a, &trial.totals)) break;
    }
    _exit(0);
}

/* ---- the sweep's side ---- */

int keel_sweep_worker_start(keel_sweep_thread *t, const keel_sweep_shared *shared, keel_sweep_worker **ret,
                            keel_err *reterr) {
    int ends[2];
    keel_sweep_worker *w = malloc(sizeof *w);
    if (!w) return keel_err_set(reterr, KEEL_E_NOMEM, "out of memory: worker: use fewer --threads");
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
        free(w);
        return keel_err_set(reterr, KEEL_E_IO, "cannot make a socket: worker: %s; use fewer --threads",
                            strerror(errno));
    }
    *w = (keel_sweep_worker){.shared = shared, .fd = ends[0], .pid = fork()};
    if (w->pid == 0) {
        (void)close(ends[0]);
        serve(t, ends[1]);
    }
    int failed_with = errno;
    (void)close(ends[1]);
    if (w->pid < 0) {
        (void)close(w->fd);
        free(w);
        return keel_err_set(reterr, KEEL_E_IO, "cannot start a process: worker: %s; use fewer --threads",
                            strerror(failed_with));
    }
    *ret = w;
    return 0;
}

/* Wait until the worker has something to say; it is told once when somebody interrupts the sweep. */
static void wait_for_answer(const keel_sweep_worker *w) {
    struct pollfd p = {.fd = w->fd, .events = POLLIN};
    for (int told = 0; poll(&p, 1, POLL_MS) <= 0;) {
        if (told || !w->shared->interrupted || !w->shared->interrupted()) continue;
        told = 1;
        (void)kill(w->pid, SIGINT);
    }
}

/* The worker's trial becomes ret, whose totals stay its own. */
static int take(keel_sweep_worker *w, const answer *a, keel_trial *ret, keel_err *reterr) {
    char bytes[4096];
    keel_strbuf totals = ret->totals;
    *ret = a->trial;
    ret->totals = totals;
    for (uint64_t left = a->totals_size; left > 0;) {
        size_t count = left < sizeof bytes ? (size_t)left : sizeof bytes;
        if (!receive_all(w->fd, bytes, count))
            return keel_err_set(reterr, KEEL_E_ERROR, "a worker of the sweep ended: run it again with --resume");
        keel_strbuf_add_bytes(&ret->totals, bytes, count);
        left -= count;
    }
    if (ret->totals.failed) return keel_err_set(reterr, KEEL_E_NOMEM, "out of memory: trial: use fewer --threads");
    return a->rc != 0 ? keel_err_set(reterr, a->rc, "%s", a->err.text) : 0;
}

int keel_sweep_worker_run(keel_sweep_worker *w, const keel_space_value point[], const keel_prune_bar *bar,
                          keel_trial *ret, keel_err *reterr) {
    question q;
    answer a;
    memset(&q, 0, sizeof q);
    memcpy(q.point, point, w->shared->space->count * sizeof *point);
    q.has_bar = bar != NULL;
    if (bar) q.bar = *bar;
    int sent = send_all(w->fd, &q, sizeof q);
    if (sent) wait_for_answer(w);
    if (!sent || !receive_all(w->fd, &a, sizeof a))
        return keel_err_set(reterr, KEEL_E_ERROR, "a worker of the sweep ended: run it again with --resume");
    return take(w, &a, ret, reterr);
}

void keel_sweep_worker_stop(keel_sweep_worker *w) {
    if (!w) return;
    (void)shutdown(w->fd, SHUT_RDWR); /* seen by the worker although its younger brothers hold this end too */
    (void)close(w->fd);
    while (waitpid(w->pid, NULL, 0) < 0 && errno == EINTR) {
    }
    free(w);
}
