/* app/cli/paper_group.c: see paper_group.h. */
#define _GNU_SOURCE /* MAP_ANONYMOUS */
#include "app/cli/paper_group.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ops/forensic/redact.h"
#include "port/processors.h"

enum { POLL_MS = 100, LINE = 1024, NOT_SAID = 1 };

/* The child's last words, in memory that both see. */
typedef struct words {
    int code; /* NOT_SAID until it says something */
    char text[KEEL_PAPER_GROUP_TEXT];
} words;

typedef struct process {
    pid_t pid;
    int fd; /* its stderr; -1: it is over */
    size_t size;
    char line[LINE];
} process;

typedef struct job {
    const keel_paper_group *g;
    words *said;      /* [count] */
    process *process; /* [count] */
    struct pollfd *polled;
    int32_t started, running, at_once;
    int asked;  /* 1: those that run are to leave */
    int closed; /* 1: nobody is begun any more */
} job;

/* ---- the child -------------------------------------------------------------------------------------------------- */

/* Who is asked to end twice, by a terminal and by the parent, is still to leave in order; so is who was begun after the
 * parent's own handler had been spent. */
static void keep_handler(int number) {
    struct sigaction action;
    if (sigaction(number, NULL, &action) != 0) return;
    if (action.sa_handler == SIG_DFL && keel_cli_interrupted()) action.sa_handler = SIG_IGN;
    action.sa_flags &= ~(int)SA_RESETHAND;
    (void)sigaction(number, &action, NULL);
}

static void say(words *to, int code, const char *text) {
    (void)snprintf(to->text, sizeof to->text, "%s", text);
    to->code = code;
}

static _Noreturn void be_child(const job *x, int32_t i, int err_fd, pid_t parent) {
    const keel_paper_group *g = x->g;
    int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL); /* a journal bears that; two writers it would not */
    if (getppid() != parent) _exit(1);
    keep_handler(SIGINT);
    keep_handler(SIGTERM);
    if (nowhere < 0 || dup2(nowhere, STDOUT_FILENO) < 0 || dup2(err_fd, STDERR_FILENO) < 0) _exit(1);
    (void)close(err_fd);
    int rc = g->work(g->data, i);
    (void)fflush(NULL);
    say(&x->said[i], rc, rc ? keel_cli_err(g->cli)->text : "");
    _exit(0);
}

/* ---- the parent ------------------------------------------------------------------------------------------------- */

static int start(job *x, keel_err *err) {
    const keel_paper_group *g = x->g;
    int32_t i = x->started;
    process *p = &x->process[i];
    int ends[2];
    pid_t parent = getpid();
    if (pipe(ends) != 0)
        return keel_err_set(err, KEEL_E_IO, "cannot make a pipe: strategy %s: %s; close other programs",
                            g->member[i].name, strerror(errno));
    (void)fcntl(ends[0], F_SETFD, FD_CLOEXEC);
    (void)fcntl(ends[1], F_SETFD, FD_CLOEXEC);
    (void)fflush(NULL); /* or the child would write it again */
    p->pid = fork();
    if (p->pid == 0) {
        for (int32_t k = 0; k < i; k++)
            if (x->process[k].fd >= 0) (void)close(x->process[k].fd);
        (void)close(ends[0]);
        be_child(x, i, ends[1], parent);
    }
    (void)close(ends[1]);
    p->fd = ends[0];
    if (p->pid < 0) {
        (void)close(ends[0]);
        p->fd = -1;
        return keel_err_set(err, KEEL_E_IO, "cannot start a process: strategy %s: %s; close other programs",
                            g->member[i].name, strerror(errno));
    }
    x->started++;
    x->running++;
    g->member[i].has_begun = 1;
    return 0;
}

static void print_line(const job *x, int32_t i) {
    process *p = &x->process[i];
    if (p->size == 0) return;
    (void)fprintf(stderr, "%s: %.*s\n", x->g->member[i].name, (int)p->size, p->line);
    p->size = 0;
}

static void forward(const job *x, int32_t i, const char *bytes, size_t count) {
    process *p = &x->process[i];
    for (size_t k = 0; k < count; k++) {
        if (bytes[k] == '\n' || p->size == sizeof p->line) print_line(x, i);
        if (bytes[k] != '\n') p->line[p->size++] = bytes[k];
    }
}

/* It is over: how? */
static void conclude(job *x, int32_t i) {
    keel_paper_member *m = &x->g->member[i];
    process *p = &x->process[i];
    const words *w = &x->said[i];
    int status = 0;
    print_line(x, i);
    (void)close(p->fd);
    p->fd = -1;
    x->running--;
    while (waitpid(p->pid, &status, 0) < 0 && errno == EINTR) {
    }
    m->signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    m->code = w->code == NOT_SAID || m->signal ? KEEL_E_ERROR : w->code;
    if (w->code != NOT_SAID && !m->signal) /* what is told of it goes into files */
        (void)keel_redact_line(w->text, strnlen(w->text, sizeof w->text), m->text, sizeof m->text);
    else
        (void)snprintf(m->text, sizeof m->text, "its process ended without a word (signal %d, status %d)", m->signal,
                       WIFEXITED(status) ? WEXITSTATUS(status) : -1);
    m->is_over = 1;
    if (m->code) (void)fprintf(stderr, "%s: %s\n", m->name, m->text);
    x->g->over(x->g->data, i);
}

static void listen_to(job *x) {
    char bytes[4096];
    nfds_t n = 0;
    for (int32_t i = 0; i < x->started; i++)
        x->polled[n++] = (struct pollfd){.fd = x->process[i].fd, .events = POLLIN};
    if (poll(x->polled, n, POLL_MS) <= 0) return;
    for (int32_t i = 0; i < x->started; i++) {
        if (x->process[i].fd < 0 || !x->polled[i].revents) continue;
        ssize_t count = read(x->process[i].fd, bytes, sizeof bytes);
        if (count > 0) forward(x, i, bytes, (size_t)count);
        if (count == 0 || (count < 0 && errno != EINTR)) conclude(x, i);
    }
}

static void ask_to_end(job *x, int failed) {
    if (x->asked || (!failed && !keel_cli_interrupted())) return;
    x->asked = 1;
    for (int32_t i = 0; i < x->started; i++)
        if (x->process[i].fd >= 0) (void)kill(x->process[i].pid, SIGTERM);
}

/* Whoever has not begun never will; how that came may have been filled before. */
static void close_door(job *x) {
    x->closed = 1;
    for (int32_t i = x->started; i < x->g->count; i++) {
        keel_paper_member *m = &x->g->member[i];
        if (m->is_over) continue;
        m->code = KEEL_E_INTERRUPTED;
        (void)snprintf(m->text, sizeof m->text, "it was not started");
        m->is_over = 1;
    }
}

static void look(job *x, int failed) {
    int closes = x->g->look && x->g->look(x->g->data);
    ask_to_end(x, failed);
    if ((closes || x->asked) && !x->closed) close_door(x);
}

static int run(job *x, keel_err *err) {
    int rc = 0;
    while (x->running > 0 || (rc == 0 && !x->closed && x->started < x->g->count)) {
        look(x, rc != 0);
        while (rc == 0 && !x->closed && !keel_cli_interrupted() && x->started < x->g->count && x->running < x->at_once)
            rc = start(x, err);
        if (x->running > 0) listen_to(x);
    }
    return rc;
}

int keel_paper_group_run(const keel_paper_group *g, keel_err *reterr) {
    size_t n = (size_t)g->count;
    void *shared = mmap(NULL, n * sizeof(words), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    job x = {.g = g,
             .said = shared == MAP_FAILED ? NULL : shared,
             .at_once = g->at_once ? g->at_once : keel_processors(),
             .process = calloc(n, sizeof *x.process),
             .polled = calloc(n, sizeof *x.polled)};
    int rc = x.said && x.process && x.polled
                 ? 0
                 : keel_err_set(reterr, KEEL_E_NOMEM, "out of memory: strategies: run fewer at a time");
    for (size_t i = 0; rc == 0 && i < n; i++) {
        x.process[i].fd = -1;
        x.said[i].code = NOT_SAID;
    }
    if (rc == 0) rc = run(&x, reterr);
    close_door(&x); /* where nobody could be begun at all */
    if (x.said) (void)munmap(x.said, n * sizeof(words));
    free(x.process);
    free(x.polled);
    return rc;
}
