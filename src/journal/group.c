/* journal/group.c: see group.h. */
#include "journal/group.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { PIECE = 4 << 20 };

/* In the queue: this head, then the payload. */
typedef struct entry {
    int64_t ts_ms;
    uint32_t size;
    uint16_t type;
} entry;

_Static_assert(sizeof(entry) <= KEEL_JOURNAL_RECORD_EXTRA, "the queue's bound is that of the journal");

struct keel_journal_group {
    keel_journal *j;
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t came, done;            /* something to commit, something committed */
    uint8_t *in, *out;                    /* [queue_bytes] each: being filled, being committed */
    size_t queue_bytes, in_size, in_cost; /* cost: bytes it will have in the journal, which is more than here */
    uint64_t next_seq, durable_seq;
    int idle;    /* the committer waits */
    int waiting; /* producers that wait, for room or for durability */
    int stop;
    int failed;
    keel_err err; /* of the failure */
    keel_journal_group_counts counts;
    void (*on_commit)(void *data, uint64_t durable_seq);
    void *on_commit_data;
};

static void tell_durable(keel_journal_group *g, uint64_t seq, uint64_t count) {
    KEEL_ASSERT(pthread_mutex_lock(&g->mutex) == 0);
    g->durable_seq = seq;
    g->counts.records += count;
    g->counts.commits++;
    if (g->waiting) KEEL_ASSERT(pthread_cond_broadcast(&g->done) == 0);
    KEEL_ASSERT(pthread_mutex_unlock(&g->mutex) == 0);
}

/* What was taken, in commits of at most PIECE bytes: after a disk that held back, the first of a long queue need not
 * wait for its last, and memory that was used a moment ago is used again. */
static int commit_all(keel_journal_group *g, const uint8_t *bytes, size_t size, keel_err *err) {
    uint64_t seq = keel_journal_next_seq(g->j), count = 0;
    size_t piece = 0;
    for (size_t at = 0; at < size; seq++) {
        entry e;
        memcpy(&e, bytes + at, sizeof e);
        at += sizeof e;
        keel_journal_record r = {e.type, 0, seq, e.ts_ms, bytes + at, e.size};
        at += e.size;
        KEEL_TRY(keel_journal_append(g->j, &r, 1, err));
        count++;
        piece += KEEL_JOURNAL_RECORD_EXTRA + (size_t)e.size;
        if (at < size && piece < PIECE) continue;
        KEEL_TRY(keel_journal_commit(g->j, err));
        if (g->on_commit) g->on_commit(g->on_commit_data, seq);
        tell_durable(g, seq, count);
        piece = count = 0;
    }
    return 0;
}

static void *run(void *data) {
    keel_journal_group *g = data;
    KEEL_ASSERT(pthread_mutex_lock(&g->mutex) == 0);
    for (;;) {
        while (g->in_size == 0 && !g->stop) {
            g->idle = 1;
            KEEL_ASSERT(pthread_cond_wait(&g->came, &g->mutex) == 0);
        }
        g->idle = 0;
        if (g->in_size == 0 || g->failed) break;
        uint8_t *bytes = g->in;
        size_t size = g->in_size;
        g->in = g->out;
        g->out = bytes;
        g->in_size = g->in_cost = 0;
        if (g->waiting) KEEL_ASSERT(pthread_cond_broadcast(&g->done) == 0); /* there is room again */
        KEEL_ASSERT(pthread_mutex_unlock(&g->mutex) == 0);
        keel_err err = {0};
        int rc = commit_all(g, bytes, size, &err);
        KEEL_ASSERT(pthread_mutex_lock(&g->mutex) == 0);
        if (rc == 0) continue;
        /* What was handed in after it has numbers that can no longer be kept: nothing more is taken. */
        g->failed = rc;
        g->err = err;
        if (g->waiting) KEEL_ASSERT(pthread_cond_broadcast(&g->done) == 0);
        break;
    }
    KEEL_ASSERT(pthread_mutex_unlock(&g->mutex) == 0);
    return NULL;
}

int keel_journal_group_start(keel_journal *j, size_t queue_bytes, keel_journal_group **ret, keel_err *reterr) {
    keel_journal_group *g = calloc(1, sizeof *g);
    size_t most = (size_t)31 << 20;
    if (!g) return keel_err_set(reterr, KEEL_E_NOMEM, "out of memory: journal: the queue");
    g->queue_bytes = queue_bytes == 0 ? (size_t)8 << 20 : queue_bytes > most ? most : queue_bytes;
    g->in = malloc(g->queue_bytes);
    g->out = malloc(g->queue_bytes);
    if (!g->in || !g->out) {
        free(g->in);
        free(g->out);
        free(g);
        return keel_err_set(reterr, KEEL_E_NOMEM, "out of memory: journal: a queue of %zu bytes", queue_bytes);
    }
    g->j = j;
    g->next_seq = keel_journal_next_seq(j);
    g->durable_seq = keel_journal_durable_seq(j);
    KEEL_ASSERT(pthread_mutex_init(&g->mutex, NULL) == 0);
    KEEL_ASSERT(pthread_cond_init(&g->came, NULL) == 0 && pthread_cond_init(&g->done, NULL) == 0);
    if (pthread_create(&g->thread, NULL, run, g) != 0) {
        free(g->in);
        free(g->out);
        free(g);
        return keel_err_set(reterr, KEEL_E_ERROR, "no thread: journal: raise the limit of processes");
    }
    *ret = g;
    return 0;
}

static int failure(keel_journal_group *g, keel_err *reterr) {
    int code = g->err.code;
    (void)keel_err_set(reterr, code, "%s", g->err.text);
    return code;
}

int keel_journal_group_submit(keel_journal_group *g, uint16_t type, int64_t ts_ms, const void *payload, uint32_t size,
                              uint64_t *ret_seq, keel_err *reterr) {
    entry e = {0};
    size_t cost = KEEL_JOURNAL_RECORD_EXTRA + (size_t)size;
    e.ts_ms = ts_ms;
    e.size = size;
    e.type = type;
    if (type == 0 || type >= KEEL_JOURNAL_TYPE_OWN)
        return keel_err_set(reterr, KEEL_E_USAGE, "record type %u: journal: types are 1 to 65279", type);
    if (size > KEEL_JOURNAL_PAYLOAD_MAX || cost > g->queue_bytes)
        return keel_err_set(reterr, KEEL_E_RANGE, "record of %u bytes: journal: the queue holds %zu", size,
                            g->queue_bytes);
    KEEL_ASSERT(pthread_mutex_lock(&g->mutex) == 0);
    while (!g->failed && g->in_cost + cost > g->queue_bytes) {
        g->waiting++;
        KEEL_ASSERT(pthread_cond_wait(&g->done, &g->mutex) == 0);
        g->waiting--;
    }
    int rc = g->failed;
    if (rc == 0) {
        memcpy(g->in + g->in_size, &e, sizeof e);
        if (size) memcpy(g->in + g->in_size + sizeof e, payload, size);
        g->in_size += sizeof e + size;
        g->in_cost += cost;
        *ret_seq = g->next_seq++;
        if (g->idle) {
            g->idle = 0;
            KEEL_ASSERT(pthread_cond_signal(&g->came) == 0);
        }
    } else {
        rc = failure(g, reterr);
    }
    KEEL_ASSERT(pthread_mutex_unlock(&g->mutex) == 0);
    return rc;
}

int keel_journal_group_wait(keel_journal_group *g, uint64_t seq, keel_err *reterr) {
    KEEL_ASSERT(pthread_mutex_lock(&g->mutex) == 0);
    while (!g->failed && g->durable_seq < seq) {
        g->waiting++;
        KEEL_ASSERT(pthread_cond_wait(&g->done, &g->mutex) == 0);
        g->waiting--;
    }
    int rc = g->durable_seq >= seq ? 0 : failure(g, reterr);
    KEEL_ASSERT(pthread_mutex_unlock(&g->mutex) == 0);
    return rc;
}

uint64_t keel_journal_group_durable(keel_journal_group *g) {
    KEEL_ASSERT(pthread_mutex_lock(&g->mutex) == 0);
    uint64_t seq = g->durable_seq;
    KEEL_ASSERT(pthread_mutex_unlock(&g->mutex) == 0);
    return seq;
}

void keel_journal_group_on_commit(keel_journal_group *g, void (*call)(void *data, uint64_t durable_seq), void *data) {
    KEEL_ASSERT(pthread_mutex_lock(&g->mutex) == 0);
    g->on_commit = call;
    g->on_commit_data = data;
    KEEL_ASSERT(pthread_mutex_unlock(&g->mutex) == 0);
}

int keel_journal_group_stop(keel_journal_group *g, keel_journal **ret_j, keel_journal_group_counts *ret_counts,
                            keel_err *reterr) {
    KEEL_ASSERT(pthread_mutex_lock(&g->mutex) == 0);
    g->stop = 1;
    KEEL_ASSERT(pthread_cond_signal(&g->came) == 0);
    KEEL_ASSERT(pthread_mutex_unlock(&g->mutex) == 0);
    KEEL_ASSERT(pthread_join(g->thread, NULL) == 0);
    int rc = g->failed ? failure(g, reterr) : 0;
    *ret_j = g->j;
    if (ret_counts) *ret_counts = g->counts;
    KEEL_ASSERT(pthread_mutex_destroy(&g->mutex) == 0);
    KEEL_ASSERT(pthread_cond_destroy(&g->came) == 0 && pthread_cond_destroy(&g->done) == 0);
    free(g->in);
    free(g->out);
    free(g);
    return rc;
}
