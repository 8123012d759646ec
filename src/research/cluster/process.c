/* research/cluster/process.c: see process.h. */
#include "research/cluster/process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

enum { OUTPUT_MAX = 1 << 24, CHUNK = 4096 };

typedef struct job {
    const char *const *argv;
    keel_process *ret;
    int pipes[2][2]; /* of standard output and error: [0] ours, -1 once closed; [1] the program's */
    pid_t pid;
    int64_t until_ms;
} job;

static int64_t now_ms(void) {
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void shut(int *fd) {
    if (*fd >= 0) (void)close(*fd);
    *fd = -1;
}

static int failed(const job *b, const char *what, int why, keel_err *err) {
    return keel_err_set(err, KEEL_E_IO, "cannot %s: %s: %s; close other programs", what, b->argv[0], strerror(why));
}

static int open_pipes(job *b, keel_err *err) {
    for (int i = 0; i < 2; i++)
        b->pipes[i][0] = b->pipes[i][1] = -1;
    for (int i = 0; i < 2; i++) {
        if (pipe(b->pipes[i]) != 0) return failed(b, "make a pipe", errno, err);
        for (int k = 0; k < 2; k++)
            (void)fcntl(b->pipes[i][k], F_SETFD, FD_CLOEXEC);
    }
    return 0;
}

/* The environment with LC_ALL=C; NULL: out of memory. The texts are borrowed. */
static char **plain_environment(void) {
    static char plain[] = "LC_ALL=C";
    size_t n = 0, kept = 0;
    while (environ[n])
        n++;
    char **all = calloc(n + 2, sizeof *all);
    if (!all) return NULL;
    for (size_t i = 0; i < n; i++)
        if (strncmp(environ[i], "LC_ALL=", 7) != 0) all[kept++] = environ[i];
    all[kept] = plain;
    return all;
}

static int start(job *b, keel_err *err) {
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attributes;
    sigset_t none;
    char **environment = plain_environment();
    if (!environment) return keel_err_set(err, KEEL_E_NOMEM, "out of memory: %s: close other programs", b->argv[0]);
    (void)sigemptyset(&none);
    (void)posix_spawn_file_actions_init(&files);
    (void)posix_spawnattr_init(&attributes);
    (void)posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK);
    (void)posix_spawnattr_setpgroup(&attributes, 0);
    (void)posix_spawnattr_setsigmask(&attributes, &none);
    int rc = posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
    for (int i = 0; rc == 0 && i < 2; i++)
        rc = posix_spawn_file_actions_adddup2(&files, b->pipes[i][1], 1 + i);
    if (rc == 0) rc = posix_spawnp(&b->pid, b->argv[0], &files, &attributes, (char *const *)b->argv, environment);
    (void)posix_spawn_file_actions_destroy(&files);
    (void)posix_spawnattr_destroy(&attributes);
    free(environment);
    if (rc == ENOENT) return keel_err_set(err, KEEL_E_NOT_FOUND, "no program '%s': PATH: install it", b->argv[0]);
    return rc == 0 ? 0 : failed(b, "run", rc, err);
}

/* Take what is there; the end of the stream closes it. */
static int take(int *fd, keel_strbuf *out) {
    char chunk[CHUNK];
    ssize_t n = read(*fd, chunk, sizeof chunk);
    if (n < 0 && errno == EINTR) return 0;
    if (n <= 0) {
        shut(fd);
        return 0;
    }
    keel_strbuf_add_bytes(out, chunk, (size_t)n);
    return out->failed;
}

/* Read both streams to their ends. */
static int listen_to(job *b, keel_err *err) {
    keel_strbuf *streams[2] = {&b->ret->out, &b->ret->says};
    while (b->pipes[0][0] >= 0 || b->pipes[1][0] >= 0) {
        struct pollfd p[2] = {{b->pipes[0][0], POLLIN, 0}, {b->pipes[1][0], POLLIN, 0}};
        int64_t left = b->until_ms - now_ms();
        if (left <= 0)
            return keel_err_set(err, KEEL_E_TIMEOUT, "no answer: %s: it was stopped; try again later", b->argv[0]);
        if (poll(p, 2, (int)left) < 0 && errno != EINTR) return failed(b, "read from", errno, err);
        for (int i = 0; i < 2; i++)
            if (p[i].revents && take(&b->pipes[i][0], streams[i]))
                return keel_err_set(err, KEEL_E_NOMEM, "too much output: %s: close other programs", b->argv[0]);
    }
    return 0;
}

/* Its streams are closed, or it is not waited for any longer. */
static int end(job *b, int rc, keel_err *err) {
    int status = 0;
    pid_t got;
    while (rc == 0 && (got = waitpid(b->pid, &status, WNOHANG)) == 0) {
        if (now_ms() > b->until_ms)
            rc = keel_err_set(err, KEEL_E_TIMEOUT, "no answer: %s: it was stopped; try again later", b->argv[0]);
        (void)poll(NULL, 0, 5);
    }
    if (rc != 0) {
        (void)kill(-b->pid, SIGKILL);
        while (waitpid(b->pid, &status, 0) < 0 && errno == EINTR) {
        }
        return rc;
    }
    if (got < 0) return failed(b, "wait for", errno, err);
    b->ret->status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    return 0;
}

int keel_process_run(const char *const argv[], int timeout_ms, keel_process *ret, keel_err *reterr) {
    job b = {.argv = argv, .ret = ret, .until_ms = now_ms() + timeout_ms};
    memset(ret, 0, sizeof *ret);
    keel_strbuf_init(&ret->out, OUTPUT_MAX);
    keel_strbuf_init(&ret->says, OUTPUT_MAX);
    int rc = open_pipes(&b, reterr);
    if (rc == 0) rc = start(&b, reterr);
    int started = rc == 0;
    for (int i = 0; i < 2; i++)
        shut(&b.pipes[i][1]);
    if (started) rc = end(&b, listen_to(&b, reterr), reterr);
    for (int i = 0; i < 2; i++)
        shut(&b.pipes[i][0]);
    return rc;
}

void keel_process_done(keel_process *p) {
    keel_strbuf_done(&p->out);
    keel_strbuf_done(&p->says);
}
