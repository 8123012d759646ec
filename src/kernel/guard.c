/* kernel/guard.c: see guard.h. The parent's side: memory, waiting, watching, and saying what happened. */
#define _GNU_SOURCE /* memfd_create, MAP_ANONYMOUS, clock_getcpuclockid */
#include "kernel/guard.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/timerange.h"
#include "kernel/guard_child.h"

enum { POLL_MS = 100, READ_SIZE = 1 << 16, PIPE_SIZE = 1 << 20, ASLEEP_TIMES = 30 };
static const double STALL_S = 10.0;

/* Everything that is given back at the end. */
typedef struct guard {
    const keel_guard_options *o;
    keel_guard_record *record;
    unsigned char *answer_pages; /* three: closed, open, closed */
    size_t page, input_size;
    int fd;
    pid_t child;
    int64_t calls;    /* seen last */
    double cpu_s;     /* of the child when calls last grew */
    int64_t still_ms; /* polled since then */
} guard;

static size_t page_size(void) { return (size_t)sysconf(_SC_PAGESIZE); }

static size_t whole_pages(size_t size) { return (size + page_size() - 1) / page_size() * page_size(); }

static void *map(size_t size, int protection, int flags, int fd) {
    void *memory = mmap(NULL, size, protection, flags, fd, 0);
    return memory == MAP_FAILED ? NULL : memory;
}

void *keel_guard_alloc(size_t size) {
    size_t page = page_size(), room = whole_pages(size);
    unsigned char *memory = map(room + 2 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1);
    if (!memory) return NULL;
    if (mprotect(memory + page, room, PROT_READ | PROT_WRITE) == 0) return memory + page;
    (void)munmap(memory, room + 2 * page);
    return NULL;
}

void keel_guard_free(void *memory, size_t size) {
    size_t page = page_size();
    if (memory) (void)munmap((unsigned char *)memory - page, whole_pages(size) + 2 * page);
}

/* ---- memory ---- */

/* One piece of memory at two addresses: the unit writes here what the strategy reads there. */
static int map_inputs(guard *g) {
    g->input_size = whole_pages(KEEL_KERNEL_INPUT_BYTES);
    int fd = memfd_create("keel-strategy", MFD_CLOEXEC);
    if (fd < 0) return 0;
    if (ftruncate(fd, (off_t)g->input_size) == 0) {
        g->record->watch.input_write = map(g->input_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd);
        g->record->watch.input_read = map(g->input_size, PROT_READ, MAP_SHARED, fd);
    }
    (void)close(fd);
    return g->record->watch.input_write && g->record->watch.input_read;
}

static int map_answer(guard *g) {
    g->answer_pages = map(3 * g->page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
    if (!g->answer_pages || mprotect(g->answer_pages + g->page, g->page, PROT_READ | PROT_WRITE) != 0) return 0;
    KEEL_STATIC_ASSERT(sizeof(keel_opinion) % 8 == 0, the_answer_ends_with_its_page);
    g->record->watch.answer = (keel_opinion *)(void *)(g->answer_pages + 2 * g->page - sizeof(keel_opinion));
    return 1;
}

static int guard_init(guard *g, const keel_guard_options *o) {
    memset(g, 0, sizeof *g);
    g->o = o;
    g->fd = -1;
    g->page = page_size();
    g->record = map(sizeof *g->record, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1);
    return g->record && map_inputs(g) && map_answer(g);
}

static void guard_done(guard *g) {
    if (g->fd >= 0) (void)close(g->fd);
    if (g->answer_pages) (void)munmap(g->answer_pages, 3 * g->page);
    if (!g->record) return;
    if (g->record->watch.input_write) (void)munmap(g->record->watch.input_write, g->input_size);
    if (g->record->watch.input_read) (void)munmap((void *)(uintptr_t)g->record->watch.input_read, g->input_size);
    (void)munmap(g->record, sizeof *g->record);
}

/* ---- watching ---- */

/* Processor seconds of the child so far; -1 when it is gone. */
static double child_cpu_s(pid_t child) {
    clockid_t clock;
    struct timespec t;
    if (clock_getcpuclockid(child, &clock) != 0 || clock_gettime(clock, &t) != 0) return -1.0;
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* 1 when the strategy has computed on one answer for longer than it may. */
static int is_stalled(guard *g) {
    const volatile keel_kernel_watch *w = &g->record->watch;
    double cpu_s = child_cpu_s(g->child), most = g->o->stall_s > 0.0 ? g->o->stall_s : STALL_S;
    if (!w->inside || w->calls != g->calls || cpu_s < g->cpu_s) {
        g->calls = w->calls;
        g->cpu_s = cpu_s;
        g->still_ms = 0;
        return 0;
    }
    /* One that sleeps instead of computing is waited for far longer: the machine may be busy. */
    g->still_ms += POLL_MS;
    return cpu_s - g->cpu_s > most || (double)g->still_ms > most * 1000.0 * ASLEEP_TIMES;
}

typedef enum ending { ENDED, STALLED, STOPPED } ending;

/* Take what the child writes until it ends, stalls, or someone interrupts. */
static ending follow(guard *g, keel_strbuf *pipe_bytes) {
    char bytes[READ_SIZE];
    int asked = 0, waited_ms = 0;
    for (;;) {
        struct pollfd p = {.fd = g->fd, .events = POLLIN};
        int ready = poll(&p, 1, POLL_MS);
        if (ready > 0) {
            ssize_t count = read(g->fd, bytes, sizeof bytes);
            if (count == 0) return asked && !g->o->opens_files ? STOPPED : ENDED; /* files: its words tell of them */
            if (count > 0) keel_strbuf_add_bytes(pipe_bytes, bytes, (size_t)count);
            continue;
        }
        if (is_stalled(g)) return STALLED;
        if (!asked && g->o->interrupted && g->o->interrupted()) {
            asked = 1;
            (void)kill(g->child, SIGINT); /* it leaves its files in order */
        } else if (asked && !g->o->opens_files && (waited_ms += POLL_MS) > 2000) {
            return STOPPED; /* one with files is waited for: only it knows when they are in order */
        }
    }
}

/* ---- saying it ---- */

static int is_within(uint64_t address, const void *from, size_t size) {
    return address >= (uint64_t)(uintptr_t)from && address - (uint64_t)(uintptr_t)from < size;
}

static const char *what_memory(const guard *g) {
    const keel_guard_record *r = g->record;
    if (is_within(r->address, r->watch.input_read, g->input_size))
        return "wrote to what it may only read (view, p)|its only answer is ret";
    if (is_within(r->address, g->answer_pages, 3 * g->page)) return "wrote outside ret|ret is one answer, not an array";
    if (r->address < g->page) return "used a pointer to nothing|give the pointer a place to point to";
    if (r->address < r->stack && r->stack - r->address <= (uint64_t)KEEL_GUARD_STACK_MAX + (64u << 20))
        return "used more stack than there is|make its local arrays smaller";
    return "read or wrote outside its memory|check its indexes and pointers";
}

static const char *what_answer(int32_t number) {
    switch (number) {
#define KEEL_ANSWER_CASE(name, number_, text) \
    case KEEL_ANSWER_##name: return text;
        KEEL_ANSWERS(KEEL_ANSWER_CASE)
#undef KEEL_ANSWER_CASE
        default: return "its answer is not in order";
    }
}

/* "what happened|how to mend it" */
static const char *what_happened(const guard *g) {
    const keel_guard_record *r = g->record;
    switch (r->signal) {
        case SIGFPE: return "divided a whole number by zero|test the divisor first, or divide doubles";
        case SIGILL:
        case SIGTRAP:
            return "used an index outside its array, or a pointer to nothing, or divided by what is always "
                   "zero|compare "
                   "the index with the array's size, or the divisor with 0, first";
        case SIGSEGV:
        case SIGBUS: return what_memory(g);
        case SIGABRT: return "overwrote its own stack|check the indexes of its local arrays";
        case SIGSYS: return "asked the system for something|a strategy computes and nothing else";
        default: return "was ended from outside|run it again, with more memory free";
    }
}

static int tell(const guard *g, const char *what, const char *mend, keel_err *reterr) {
    const keel_kernel_watch *w = &g->record->watch;
    char when[KEEL_TIME_TEXT_MAX];
    if (w->calls == 0)
        return keel_err_set(reterr, KEEL_E_ERROR, "strategy %s: before the first bar (in SIGNALS or READS): %s: %s",
                            g->o->name, what, mend);
    return keel_err_set(reterr, KEEL_E_ERROR, "strategy %s: at the bar that closed %s (its call %lld): %s: %s",
                        g->o->name, keel_time_format(w->ts_ms, when), (long long)w->calls, what, mend);
}

static int tell_death(const guard *g, keel_err *reterr) {
    const keel_guard_record *r = g->record;
    char what[200];
    if (r->watch.bad_answer == KEEL_ANSWER_STACK)
        return tell(g, what_answer(KEEL_ANSWER_STACK), "compare their indexes with their sizes first", reterr);
    if (r->watch.bad_answer) return tell(g, "its answer is not in order", what_answer(r->watch.bad_answer), reterr);
    if (!r->watch.inside && r->watch.calls > 0)
        return keel_err_set(reterr, KEEL_E_ERROR,
                            "keel itself ended (signal %d, call %d): %s, after its call %lld: please "
                            "report it with the strategy's file",
                            (int)r->signal, (int)r->number, g->o->name, (long long)r->watch.calls);
    const char *text = what_happened(g), *bar = strchr(text, '|');
    (void)snprintf(what, sizeof what, "%.*s", (int)(bar - text), text);
    return tell(g, what, bar + 1, reterr);
}

static int tell_stall(const guard *g, keel_err *reterr) {
    char what[80];
    (void)snprintf(what, sizeof what, "no answer after %.3g s of computing",
                   g->o->stall_s > 0.0 ? g->o->stall_s : STALL_S);
    return tell(g, what, "look for a loop that does not end", reterr);
}

/* The child's own words, or how it died. */
static int conclude(const guard *g, keel_strbuf *bytes, int status, keel_strbuf *ret_out, keel_err *reterr) {
    keel_guard_head head;
    if (bytes->failed)
        return keel_err_set(reterr, KEEL_E_NOMEM, "out of memory: %s: shorten the time range", g->o->name);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0 || bytes->size < sizeof head) return tell_death(g, reterr);
    memcpy(&head, bytes->text, sizeof head);
    if (head.rc != 0) {
        head.err_text[sizeof head.err_text - 1] = 0;
        return keel_err_set(reterr, head.rc, "%s", head.err_text);
    }
    if (bytes->size - sizeof head != head.size) return tell_death(g, reterr);
    /* Handed over instead of copied: it may be most of what the process holds. */
    keel_strbuf out = *bytes;
    memmove(out.text, out.text + sizeof head, (size_t)head.size + 1);
    out.size = (size_t)head.size;
    *bytes = *ret_out;
    *ret_out = out;
    return 0;
}

static int start(guard *g, keel_guard_work work, void *data, keel_err *reterr) {
    int ends[2];
    sigset_t asking, before;
    if (pipe(ends) != 0)
        return keel_err_set(reterr, KEEL_E_IO, "cannot make a pipe: %s: %s; close other programs", g->o->name,
                            strerror(errno));
    (void)fcntl(ends[0], F_SETFD, FD_CLOEXEC);
    (void)fcntl(ends[1], F_SETFD, FD_CLOEXEC);     /* or the end is waited for of every program that the child begins */
    (void)fcntl(ends[0], F_SETPIPE_SZ, PIPE_SIZE); /* fewer turns between the two; without it slower, not wrong */
    (void)sigemptyset(&asking);
    (void)sigaddset(&asking, SIGINT);
    (void)sigaddset(&asking, SIGTERM);
    (void)sigprocmask(SIG_BLOCK, &asking, &before); /* the child is ready for them first */
    const int32_t parent = (int32_t)getpid();
    g->child = fork();
    if (g->child == 0) {
        (void)close(ends[0]);
        if (g->o->opens_files) keel_guard_child_keep_handlers(g->o);
        (void)sigprocmask(SIG_SETMASK, &before, NULL);
        keel_guard_child(g->o, g->record, work, data, ends[1], parent);
    }
    (void)sigprocmask(SIG_SETMASK, &before, NULL);
    (void)close(ends[1]);
    g->fd = ends[0];
    if (g->child < 0)
        return keel_err_set(reterr, KEEL_E_IO, "cannot start a process: %s: %s; close other programs", g->o->name,
                            strerror(errno));
    return 0;
}

static int wait_for(pid_t child) {
    int status = 0;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    return status;
}

int keel_guard_run(const keel_guard_options *o, keel_guard_work work, void *data, keel_strbuf *ret_out,
                   keel_err *reterr) {
    guard g;
    keel_strbuf bytes;
    int rc;
    if (!guard_init(&g, o)) {
        guard_done(&g);
        return keel_err_set(reterr, KEEL_E_NOMEM, "out of memory: %s: close other programs", o->name);
    }
    keel_strbuf_init(&bytes, (size_t)1 << 33);
    rc = start(&g, work, data, reterr);
    if (rc == 0) {
        ending end = follow(&g, &bytes);
        if (end != ENDED) (void)kill(g.child, SIGKILL);
        int status = wait_for(g.child);
        if (end == STALLED)
            rc = tell_stall(&g, reterr);
        else if (end == STOPPED)
            rc = keel_err_set(reterr, KEEL_E_INTERRUPTED, "interrupted: nothing was written; run the command again");
        else
            rc = conclude(&g, &bytes, status, ret_out, reterr);
    }
    keel_strbuf_done(&bytes);
    guard_done(&g);
    return rc;
}
