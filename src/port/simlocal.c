/* port/simlocal.c: see simlocal.h. A handle is the index of an end. */
#include "port/simlocal.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"

enum { MILLION = 1000000 };

static keel_simlocal_end *end_of(void *ctx, int handle) {
    keel_simlocal_program *p = ctx;
    KEEL_ASSERT(handle >= 0 && handle < KEEL_SIMLOCAL_ENDS && p->all->end[handle].used);
    KEEL_ASSERT(p->all->end[handle].pid == p->pid);
    return &p->all->end[handle];
}

static int new_end(keel_simlocal_program *p) {
    for (int i = 0; i < KEEL_SIMLOCAL_ENDS; i++) {
        keel_simlocal_end *e = &p->all->end[i];
        if (e->used) continue;
        memset(e, 0, sizeof *e);
        *e = (keel_simlocal_end){.used = 1, .other = -1, .waits_for = -1, .uid = p->uid, .pid = p->pid};
        return i;
    }
    return -EMFILE;
}

/* The end that bears a name, -1: none. */
static int bearer_of(const keel_simlocal *s, const char *dir, const char *name) {
    char whole[sizeof s->end[0].name];
    (void)snprintf(whole, sizeof whole, "%s/%s", dir, name);
    for (int i = 0; i < KEEL_SIMLOCAL_ENDS; i++)
        if (s->end[i].used && s->end[i].listens && strcmp(s->end[i].name, whole) == 0) return i;
    return -1;
}

static int sim_remove(void *ctx, const char *dir, const char *name) {
    keel_simlocal_program *p = ctx;
    int at = bearer_of(p->all, dir, name);
    if (at < 0) return 0;
    p->all->end[at].name[0] = 0;
    if (p->all->end[at].gone) p->all->end[at].used = 0;
    return 0;
}

static int sim_listen(void *ctx, const char *dir, const char *name) {
    keel_simlocal_program *p = ctx;
    (void)sim_remove(ctx, dir, name);
    int at = new_end(p);
    if (at < 0) return at;
    p->all->end[at].listens = 1;
    int size = snprintf(p->all->end[at].name, sizeof p->all->end[at].name, "%s/%s", dir, name);
    return size < (int)sizeof p->all->end[at].name ? at : -ENAMETOOLONG;
}

static int sim_connect(void *ctx, const char *dir, const char *name) {
    keel_simlocal_program *p = ctx;
    int at = bearer_of(p->all, dir, name);
    if (at < 0) return -ENOENT;
    if (p->all->end[at].gone) return -ECONNREFUSED;
    int mine = new_end(p), theirs = mine < 0 ? mine : new_end(p);
    if (theirs < 0) {
        if (mine >= 0) p->all->end[mine].used = 0;
        return -EAGAIN;
    }
    keel_simlocal_end *far = &p->all->end[theirs];
    far->uid = p->all->end[at].uid;
    far->pid = p->all->end[at].pid;
    far->waits_for = at;
    far->other = mine;
    far->peer_uid = p->uid;
    far->peer_pid = p->pid;
    p->all->end[mine].peer_uid = far->uid;
    p->all->end[mine].peer_pid = far->pid;
    p->all->end[mine].other = theirs;
    return mine;
}

static int sim_accept(void *ctx, int listener) {
    keel_simlocal_program *p = ctx;
    KEEL_ASSERT(end_of(ctx, listener)->listens);
    for (int i = 0; i < KEEL_SIMLOCAL_ENDS; i++) {
        if (!p->all->end[i].used || p->all->end[i].waits_for != listener) continue;
        p->all->end[i].waits_for = -1;
        return i;
    }
    return -EAGAIN;
}

static int sim_peer(void *ctx, int conn, keel_local_peer *ret) {
    keel_simlocal_program *p = ctx;
    const keel_simlocal_end *e = end_of(ctx, conn);
    *ret = (keel_local_peer){.uid = e->peer_uid, .pid = e->peer_pid, .own_uid = p->uid};
    (void)snprintf(ret->user, sizeof ret->user, "user%lld", (long long)e->peer_uid);
    return 0;
}

/* This end is gone; what it wrote can still be read. */
static void let_go(keel_simlocal *s, int handle) {
    keel_simlocal_end *e = &s->end[handle];
    for (int i = 0; e->listens && i < KEEL_SIMLOCAL_ENDS; i++)
        if (s->end[i].used && s->end[i].waits_for == handle) let_go(s, i);
    if (e->other >= 0) s->end[e->other].other = -1;
    e->gone = 1;
    if (!e->listens || e->name[0] == 0) e->used = 0;
}

static void sim_close(void *ctx, int conn) {
    (void)end_of(ctx, conn);
    let_go(((keel_simlocal_program *)ctx)->all, conn);
}

/* So many of these bytes move; 0: the stream breaks. */
static size_t share_of(keel_simlocal *s, size_t size) {
    if (keel_simrandom_below(&s->dice, MILLION) < s->broken) return 0;
    if (size > 1 && keel_simrandom_below(&s->dice, MILLION) < s->chop)
        return 1 + (size_t)keel_simrandom_below(&s->dice, size - 1);
    return size;
}

static int64_t break_stream(keel_simlocal *s, keel_simlocal_end *e) {
    if (e->other >= 0) s->end[e->other].other = -1;
    e->other = -1;
    e->size = 0;
    return -EPIPE;
}

static int64_t sim_read(void *ctx, int conn, void *ret_bytes, size_t size) {
    keel_simlocal *s = ((keel_simlocal_program *)ctx)->all;
    keel_simlocal_end *e = end_of(ctx, conn);
    if (e->size == 0) return e->other < 0 ? 0 : -EAGAIN;
    size_t n = share_of(s, size < e->size ? size : e->size);
    if (n == 0) return break_stream(s, e);
    memcpy(ret_bytes, e->bytes, n);
    memmove(e->bytes, e->bytes + n, e->size - n);
    e->size -= n;
    return (int64_t)n;
}

static int64_t sim_write(void *ctx, int conn, const void *bytes, size_t size) {
    keel_simlocal *s = ((keel_simlocal_program *)ctx)->all;
    keel_simlocal_end *e = end_of(ctx, conn);
    if (e->other < 0) return -EPIPE;
    keel_simlocal_end *o = &s->end[e->other];
    size_t room = sizeof o->bytes - o->size;
    if (room == 0) return -EAGAIN;
    size_t n = share_of(s, size < room ? size : room);
    if (n == 0) return break_stream(s, e);
    memcpy(o->bytes + o->size, bytes, n);
    o->size += n;
    return (int64_t)n;
}

static int can(const keel_simlocal *s, int handle) {
    const keel_simlocal_end *e = &s->end[handle];
    int mask = e->size > 0 || (!e->listens && e->other < 0) ? KEEL_NET_READ : 0;
    for (int i = 0; e->listens && i < KEEL_SIMLOCAL_ENDS; i++)
        if (s->end[i].used && s->end[i].waits_for == handle) mask |= KEEL_NET_READ;
    if (!e->listens && (e->other < 0 || s->end[e->other].size < KEEL_SIMLOCAL_BYTES)) mask |= KEEL_NET_WRITE;
    return mask;
}

/* Nobody else runs meanwhile: what cannot go on now does not until the instant. */
static int sim_wait(void *ctx, int conn, int want, int64_t until_mono_ns) {
    keel_simlocal *s = ((keel_simlocal_program *)ctx)->all;
    int mask = conn < 0 ? 0 : can(s, conn) & want;
    if (!mask) s->clock->port.wait_until(s->clock->port.ctx, until_mono_ns);
    return mask;
}

void keel_simlocal_init(keel_simlocal *s, uint64_t seed, keel_simclock *clock) {
    memset(s, 0, sizeof *s);
    s->clock = clock;
    keel_simrandom_init(&s->dice, seed);
}

const keel_local *keel_simlocal_join(keel_simlocal *s, int64_t uid) {
    KEEL_ASSERT(s->programs < KEEL_SIMLOCAL_PROGRAMS);
    keel_simlocal_program *p = &s->program[s->programs++];
    p->all = s;
    p->uid = uid;
    p->pid = s->programs;
    p->port = (keel_local){p,        sim_listen, sim_accept, sim_connect, sim_peer,
                           sim_read, sim_write,  sim_close,  sim_wait,    sim_remove};
    return &p->port;
}

void keel_simlocal_kill(keel_simlocal *s, const keel_local *program) {
    const keel_simlocal_program *p = program->ctx;
    for (int i = 0; i < KEEL_SIMLOCAL_ENDS; i++)
        if (s->end[i].used && !s->end[i].gone && s->end[i].pid == p->pid) let_go(s, i);
}
