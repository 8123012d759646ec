/* port/simnet.c: see simnet.h. */
#include "port/simnet.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"

enum { TO_SERVER, TO_CLIENT }; /* direction */

enum { ARRIVE_OPEN, ARRIVE_BYTES, ARRIVE_END, ARRIVE_RESET, WAKE }; /* kind of what happens later */

typedef struct later {
    int64_t at_ns;
    uint64_t serial, what;
    int kind, stream, direction;
    uint8_t *bytes; /* ARRIVE_BYTES: owned */
    size_t size;
} later;

typedef struct stream {
    int client, server; /* 1: this side holds it open */
    int answered;       /* 1: the client knows that it is open */
    int refused, reset, ended, stalled;
    int64_t last_ns[2]; /* when the last piece of each direction arrives */
    uint8_t *in;        /* arrived at the client, not yet read: [in_size] */
    size_t in_size, in_cap;
} stream;

struct keel_simnet {
    keel_net port;
    keel_simclock *clock;
    keel_simrandom random;
    keel_simnet_server server;
    char host[64];
    keel_simnet_faults faults;
    keel_simnet_counts counts;
    later *queue; /* a heap by at_ns, then serial */
    size_t queue_count, queue_cap;
    uint64_t serial;
    stream *streams; /* [stream_count]; a number is never used twice */
    size_t stream_count, stream_cap;
    int (*stopped)(void *data);
    void *stopped_data;
};

static void *grown(void *old, size_t count, size_t *cap, size_t each) {
    if (count < *cap) return old;
    *cap = *cap ? *cap * 2 : 16;
    while (*cap <= count)
        *cap *= 2;
    void *p = realloc(old, *cap * each);
    KEEL_ASSERT(p != NULL);
    return p;
}

static int chance(keel_simnet *n, uint32_t per_million) {
    return per_million != 0 && keel_simrandom_below(&n->random, 1000000) < per_million;
}

/* Somewhere from `from` to `to`; `from` when that is behind. */
static int64_t some(keel_simnet *n, int64_t from, int64_t to) {
    return to > from ? from + (int64_t)keel_simrandom_below(&n->random, (uint64_t)(to - from) + 1) : from;
}

/* ---- the queue -------------------------------------------------------------------------------------------------- */

static int before(const later *a, const later *b) {
    return a->at_ns != b->at_ns ? a->at_ns < b->at_ns : a->serial < b->serial;
}

static void push(keel_simnet *n, later what) {
    n->queue = grown(n->queue, n->queue_count, &n->queue_cap, sizeof *n->queue);
    what.serial = ++n->serial;
    size_t at = n->queue_count++;
    for (; at > 0 && before(&what, &n->queue[(at - 1) / 2]); at = (at - 1) / 2)
        n->queue[at] = n->queue[(at - 1) / 2];
    n->queue[at] = what;
}

static later pop(keel_simnet *n) {
    later first = n->queue[0], last = n->queue[--n->queue_count];
    size_t at = 0;
    for (;;) {
        size_t child = 2 * at + 1;
        if (child >= n->queue_count) break;
        if (child + 1 < n->queue_count && before(&n->queue[child + 1], &n->queue[child])) child++;
        if (!before(&n->queue[child], &last)) break;
        n->queue[at] = n->queue[child];
        at = child;
    }
    n->queue[at] = last;
    return first;
}

/* ---- streams ---------------------------------------------------------------------------------------------------- */

/* When a piece that leaves now arrives; never before an earlier one of the same stream and direction. */
static int64_t arrival(keel_simnet *n, stream *s, int direction) {
    int64_t at = n->clock->now_ns + some(n, n->faults.latency_min_ns, n->faults.latency_max_ns);
    if (chance(n, n->faults.slow)) {
        n->counts.slow++;
        at += some(n, 0, n->faults.slow_ns);
    }
    if (at < s->last_ns[direction]) at = s->last_ns[direction];
    s->last_ns[direction] = at;
    return at;
}

static void send_later(keel_simnet *n, int number, int direction, int kind, const void *bytes, size_t size) {
    stream *s = &n->streams[number];
    later l = {.kind = kind, .stream = number, .direction = direction, .size = size};
    if (s->stalled) return;
    l.at_ns = arrival(n, s, direction);
    if (size) {
        l.bytes = malloc(size);
        KEEL_ASSERT(l.bytes != NULL);
        memcpy(l.bytes, bytes, size);
    }
    n->counts.pieces++;
    push(n, l);
}

/* Of what is under way in this stream, what would arrive from some moment on is lost, in each direction. */
static void lose_under_way(keel_simnet *n, int number) {
    int64_t cut[2];
    for (int d = TO_SERVER; d <= TO_CLIENT; d++)
        cut[d] = chance(n, 300000) ? INT64_MAX : some(n, n->clock->now_ns, n->streams[number].last_ns[d]);
    for (size_t i = 0; i < n->queue_count; i++) {
        later *l = &n->queue[i];
        if (l->kind != ARRIVE_BYTES || l->stream != number || l->at_ns < cut[l->direction]) continue;
        free(l->bytes);
        l->bytes = NULL;
        l->size = 0; /* it happens, and does nothing */
        n->counts.lost_pieces++;
    }
}

/* Both sides are told, later; what they write until then is lost. */
static void snap(keel_simnet *n, int number) {
    n->counts.broken++;
    lose_under_way(n, number);
    send_later(n, number, TO_CLIENT, ARRIVE_RESET, NULL, 0);
    send_later(n, number, TO_SERVER, ARRIVE_RESET, NULL, 0);
    n->streams[number].stalled = 1;
}

/* Faults of one write. 1: the bytes are gone. */
static int hit(keel_simnet *n, int number) {
    stream *s = &n->streams[number];
    if (s->stalled) return 1;
    if (chance(n, n->faults.stalled)) {
        n->counts.stalled++;
        s->stalled = 1;
        return 1;
    }
    if (!chance(n, n->faults.broken)) return 0;
    snap(n, number);
    return 1;
}

/* ---- the client's calls ----------------------------------------------------------------------------------------- */

static int stops(keel_simnet *n) {
    n->counts.effects++;
    return n->stopped && n->stopped(n->stopped_data);
}

static int sim_connect(void *ctx, const char *host, const char *port) {
    keel_simnet *n = ctx;
    (void)port;
    if (stops(n)) return -EIO;
    if (strcmp(host, n->host) != 0) return -EHOSTUNREACH;
    n->streams = grown(n->streams, n->stream_count, &n->stream_cap, sizeof *n->streams);
    int number = (int)n->stream_count++;
    stream *s = &n->streams[number];
    memset(s, 0, sizeof *s);
    s->client = 1;
    n->counts.connections++;
    if (chance(n, n->faults.refuse)) {
        n->counts.refused++;
        s->refused = 1;
    } else {
        send_later(n, number, TO_SERVER, ARRIVE_OPEN, NULL, 0);
    }
    return number;
}

static stream *held(keel_simnet *n, int conn) {
    KEEL_ASSERT(conn >= 0 && (size_t)conn < n->stream_count && n->streams[conn].client);
    return &n->streams[conn];
}

static int64_t sim_read(void *ctx, int conn, void *ret_bytes, size_t size) {
    keel_simnet *n = ctx;
    stream *s = held(n, conn);
    if (s->refused) return -ECONNREFUSED;
    if (s->in_size == 0) return s->reset ? -ECONNRESET : s->ended ? 0 : -EAGAIN;
    if (size > s->in_size) size = s->in_size;
    if (size > 1 && chance(n, n->faults.chop)) {
        n->counts.chopped++;
        size = 1 + (size_t)keel_simrandom_below(&n->random, size - 1);
    }
    memcpy(ret_bytes, s->in, size);
    memmove(s->in, s->in + size, s->in_size - size);
    s->in_size -= size;
    return (int64_t)size;
}

static int64_t sim_write(void *ctx, int conn, const void *bytes, size_t size) {
    keel_simnet *n = ctx;
    stream *s = held(n, conn);
    if (s->refused) return -ECONNREFUSED;
    if (s->reset) return -ECONNRESET;
    if (!s->answered || size == 0) return -EAGAIN;
    if (stops(n)) return -EIO;
    if (size > 1 && chance(n, n->faults.chop)) {
        n->counts.chopped++;
        size = 1 + (size_t)keel_simrandom_below(&n->random, size - 1);
    }
    if (!hit(n, conn)) send_later(n, conn, TO_SERVER, ARRIVE_BYTES, bytes, size);
    return (int64_t)size;
}

static void let_go(keel_simnet *n, int number) {
    stream *s = &n->streams[number];
    s->client = 0;
    free(s->in);
    s->in = NULL;
    s->in_size = s->in_cap = 0;
    if (!s->refused && !s->reset) send_later(n, number, TO_SERVER, ARRIVE_END, NULL, 0);
}

static void sim_close(void *ctx, int conn) {
    keel_simnet *n = ctx;
    KEEL_ASSERT(conn >= 0 && (size_t)conn < n->stream_count);
    if (n->streams[conn].client) let_go(n, conn); /* else the crash was first */
}

/* ---- what happens ----------------------------------------------------------------------------------------------- */

static void at_server(keel_simnet *n, const later *l) {
    stream *s = &n->streams[l->stream];
    if (l->kind == ARRIVE_OPEN) {
        s->server = 1;
        send_later(n, l->stream, TO_CLIENT, ARRIVE_OPEN, NULL, 0);
        n->server.opened(n->server.ctx, l->stream);
    } else if (l->kind == ARRIVE_BYTES && l->size > 0) {
        n->counts.late_pieces += !s->client;
        n->server.received(n->server.ctx, l->stream, l->bytes, l->size);
    } else if (l->kind != ARRIVE_BYTES && s->server) {
        s->server = 0;
        n->server.closed(n->server.ctx, l->stream);
    }
}

static void at_client(keel_simnet *n, const later *l) {
    stream *s = &n->streams[l->stream];
    if (!s->client) return;
    if (l->kind == ARRIVE_OPEN) s->answered = 1;
    if (l->kind == ARRIVE_END) s->ended = 1;
    if (l->kind == ARRIVE_RESET) s->reset = 1;
    if (l->kind != ARRIVE_BYTES || l->size == 0) return;
    s->in = grown(s->in, s->in_size + l->size, &s->in_cap, 1);
    memcpy(s->in + s->in_size, l->bytes, l->size);
    s->in_size += l->size;
}

/* The next thing, when it is due by then. */
static int happen(keel_simnet *n, int64_t until_ns) {
    if (n->queue_count == 0 || n->queue[0].at_ns > until_ns) return 0;
    later l = pop(n);
    if (l.at_ns > n->clock->now_ns) n->clock->now_ns = l.at_ns;
    if (l.kind == WAKE)
        n->server.woken(n->server.ctx, l.what);
    else if (l.direction == TO_SERVER)
        at_server(n, &l);
    else
        at_client(n, &l);
    free(l.bytes);
    return 1;
}

static int can(const keel_simnet *n, int conn, int want) {
    if (conn < 0) return 0;
    const stream *s = &n->streams[conn];
    if (s->refused || s->reset) return want;
    int ready = s->in_size > 0 || s->ended ? KEEL_NET_READ : 0;
    return want & (ready | (s->answered ? KEEL_NET_WRITE : 0));
}

static int sim_wait(void *ctx, int conn, int want, int64_t until_mono_ns) {
    keel_simnet *n = ctx;
    for (;;) {
        int mask = can(n, conn, want);
        if (mask) return mask;
        if (!happen(n, until_mono_ns)) break;
    }
    n->clock->port.wait_until(n->clock->port.ctx, until_mono_ns);
    return 0;
}

void keel_simnet_run(keel_simnet *n, int64_t until_mono_ns) { (void)sim_wait(n, -1, 0, until_mono_ns); }

/* ---- servers ---------------------------------------------------------------------------------------------------- */

void keel_simnet_serve(keel_simnet *n, const char *host, const keel_simnet_server *server) {
    KEEL_ASSERT(strlen(host) < sizeof n->host);
    memcpy(n->host, host, strlen(host) + 1);
    n->server = *server;
}

void keel_simnet_send(keel_simnet *n, int number, const void *bytes, size_t size) {
    stream *s = &n->streams[number];
    if (!s->server || size == 0 || hit(n, number)) return;
    send_later(n, number, TO_CLIENT, ARRIVE_BYTES, bytes, size);
}

void keel_simnet_hang_up(keel_simnet *n, int number) {
    stream *s = &n->streams[number];
    if (!s->server) return;
    s->server = 0;
    send_later(n, number, TO_CLIENT, ARRIVE_END, NULL, 0);
}

void keel_simnet_wake(keel_simnet *n, int64_t at_mono_ns, uint64_t what) {
    push(n, (later){.at_ns = at_mono_ns, .kind = WAKE, .what = what});
}

void keel_simnet_crash(keel_simnet *n) {
    for (size_t i = 0; i < n->stream_count; i++) {
        if (!n->streams[i].client) continue;
        lose_under_way(n, (int)i);
        let_go(n, (int)i);
    }
}

/* ---- making ----------------------------------------------------------------------------------------------------- */

keel_simnet *keel_simnet_new(uint64_t seed, keel_simclock *clock) {
    keel_simnet *n = calloc(1, sizeof *n);
    KEEL_ASSERT(n != NULL);
    keel_simrandom_init(&n->random, seed);
    n->clock = clock;
    n->port = (keel_net){n, sim_connect, sim_read, sim_write, sim_close, sim_wait};
    return n;
}

void keel_simnet_free(keel_simnet *n) {
    if (!n) return;
    for (size_t i = 0; i < n->queue_count; i++)
        free(n->queue[i].bytes);
    for (size_t i = 0; i < n->stream_count; i++)
        free(n->streams[i].in);
    free(n->queue);
    free(n->streams);
    free(n);
}

const keel_net *keel_simnet_port(keel_simnet *n) { return &n->port; }
void keel_simnet_set_faults(keel_simnet *n, const keel_simnet_faults *faults) { n->faults = *faults; }

void keel_simnet_before_effect(keel_simnet *n, int (*stopped)(void *data), void *data) {
    n->stopped = stopped;
    n->stopped_data = data;
}

void keel_simnet_get_counts(const keel_simnet *n, keel_simnet_counts *ret) { *ret = n->counts; }
