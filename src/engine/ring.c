/* engine/ring.c: see ring.h. Positions only grow; each slot says whose it is, so that the newest can be put where the
 * consumer has not been yet. Every order between the two threads is sequentially consistent: who lies down to sleep
 * either sees what the other did or is seen by it. */
#include "engine/ring.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum { EMPTY, FULL, BUSY };

typedef struct slot {
    atomic_int state;
    keel_input in;
} slot;

struct keel_engine_ring {
    slot *slots;
    uint64_t size;
    _Alignas(64) atomic_ullong tail; /* the producer's: so many were put in slots, */
    uint64_t last[KEEL_RING_KEYS];   /* of each key the last at this position + 1, */
    uint64_t barrier;                /* the last without a key at this position + 1 */
    uint64_t put, conflated, waited;
    _Alignas(64) atomic_ullong head; /* the consumer's: so many were taken */
    _Alignas(64) atomic_int closed, left, hungry, stuck;
    pthread_mutex_t mutex;
    pthread_cond_t came, went;
};

int keel_engine_ring_new(uint32_t slots, keel_engine_ring **ret, keel_err *reterr) {
    KEEL_ASSERT(slots >= 1 && slots <= KEEL_RING_SLOTS_MAX && (slots & (slots - 1)) == 0);
    keel_engine_ring *r = aligned_alloc(64, (sizeof *r + 63) / 64 * 64);
    slot *list = calloc(slots, sizeof *list);
    if (!r || !list) {
        free(r);
        free(list);
        return keel_err_set(reterr, KEEL_E_NOMEM, "out of memory: ring of inputs: close other programs");
    }
    memset(r, 0, sizeof *r);
    r->slots = list;
    r->size = slots;
    for (uint32_t i = 0; i < slots; i++)
        atomic_init(&list[i].state, EMPTY);
    atomic_init(&r->tail, 0);
    atomic_init(&r->head, 0);
    atomic_init(&r->closed, 0);
    atomic_init(&r->left, 0);
    atomic_init(&r->hungry, 0);
    atomic_init(&r->stuck, 0);
    pthread_condattr_t monotonic;
    KEEL_ASSERT(pthread_condattr_init(&monotonic) == 0);
    KEEL_ASSERT(pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC) == 0);
    KEEL_ASSERT(pthread_mutex_init(&r->mutex, NULL) == 0);
    KEEL_ASSERT(pthread_cond_init(&r->came, &monotonic) == 0 && pthread_cond_init(&r->went, NULL) == 0);
    (void)pthread_condattr_destroy(&monotonic);
    *ret = r;
    return 0;
}

void keel_engine_ring_free(keel_engine_ring *r) {
    if (!r) return;
    for (uint64_t i = 0; i < r->size; i++)
        keel_input_done(&r->slots[i].in);
    (void)pthread_cond_destroy(&r->came);
    (void)pthread_cond_destroy(&r->went);
    (void)pthread_mutex_destroy(&r->mutex);
    free(r->slots);
    free(r);
}

static void wake(keel_engine_ring *r, atomic_int *sleeps, pthread_cond_t *cond) {
    if (!atomic_load(sleeps)) return;
    KEEL_ASSERT(pthread_mutex_lock(&r->mutex) == 0);
    KEEL_ASSERT(pthread_cond_signal(cond) == 0);
    KEEL_ASSERT(pthread_mutex_unlock(&r->mutex) == 0);
}

static void swap(keel_input *a, keel_input *b) {
    keel_input kept = *a;
    *a = *b;
    *b = kept;
}

/* The newest takes the place of the last one under its key, if that was not read and nothing without a key is behind
 * it. */
static int conflate(keel_engine_ring *r, keel_input *in, int32_t key) {
    uint64_t at = r->last[key];
    if (at == 0 || at <= r->barrier || at <= atomic_load(&r->head)) return 0;
    slot *s = &r->slots[(at - 1) % r->size];
    int full = FULL;
    if (!atomic_compare_exchange_strong(&s->state, &full, BUSY)) return 0;
    swap(&s->in, in);
    atomic_store(&s->state, FULL);
    r->conflated++;
    return 1;
}

static int put(keel_engine_ring *r, keel_input *in, int32_t key) {
    uint64_t tail = atomic_load(&r->tail);
    if (key >= 0 && conflate(r, in, key)) return 1;
    if (tail - atomic_load(&r->head) >= r->size) return 0;
    slot *s = &r->slots[tail % r->size];
    swap(&s->in, in);
    if (key >= 0)
        r->last[key] = tail + 1;
    else
        r->barrier = tail + 1;
    atomic_store(&s->state, FULL);
    atomic_store(&r->tail, tail + 1);
    return 1;
}

int keel_engine_ring_put(keel_engine_ring *r, keel_input *in, int32_t key) {
    KEEL_ASSERT(key < KEEL_RING_KEYS);
    if (!put(r, in, key)) return 0;
    r->put++;
    wake(r, &r->hungry, &r->came);
    return 1;
}

int keel_engine_ring_put_wait(keel_engine_ring *r, keel_input *in, int32_t key) {
    if (keel_engine_ring_put(r, in, key)) return 1;
    r->waited++;
    KEEL_ASSERT(pthread_mutex_lock(&r->mutex) == 0);
    atomic_store(&r->stuck, 1);
    int done = put(r, in, key);
    while (!done && !atomic_load(&r->left)) {
        KEEL_ASSERT(pthread_cond_wait(&r->went, &r->mutex) == 0);
        done = put(r, in, key);
    }
    atomic_store(&r->stuck, 0);
    r->put += (uint64_t)done;
    if (done) KEEL_ASSERT(pthread_cond_signal(&r->came) == 0);
    KEEL_ASSERT(pthread_mutex_unlock(&r->mutex) == 0);
    return done;
}

void keel_engine_ring_close(keel_engine_ring *r) {
    atomic_store(&r->closed, 1);
    wake(r, &r->hungry, &r->came);
}

int keel_engine_ring_has(keel_engine_ring *r) { return atomic_load(&r->tail) != atomic_load(&r->head); }

/* One that is being replaced just now is there in a moment: the producer wakes whoever sleeps. */
static int take(keel_engine_ring *r, keel_input *ret) {
    uint64_t head = atomic_load(&r->head);
    int full = FULL;
    if (atomic_load(&r->tail) == head) return 0;
    slot *s = &r->slots[head % r->size];
    if (!atomic_compare_exchange_strong(&s->state, &full, BUSY)) return 0;
    swap(&s->in, ret);
    atomic_store(&s->state, EMPTY);
    atomic_store(&r->head, head + 1);
    return 1;
}

int keel_engine_ring_take(keel_engine_ring *r, keel_input *ret) {
    if (!take(r, ret)) return 0;
    wake(r, &r->stuck, &r->went);
    return 1;
}

/* until NULL: for ever. 1: it is late. */
static int sleep_until(keel_engine_ring *r, const struct timespec *until) {
    int rc = until ? pthread_cond_timedwait(&r->came, &r->mutex, until) : pthread_cond_wait(&r->came, &r->mutex);
    KEEL_ASSERT(rc == 0 || (until && rc == ETIMEDOUT));
    return rc != 0;
}

static int wait(keel_engine_ring *r, keel_input *ret, const struct timespec *until) {
    int late = 0;
    if (keel_engine_ring_take(r, ret)) return 1;
    KEEL_ASSERT(pthread_mutex_lock(&r->mutex) == 0);
    atomic_store(&r->hungry, 1);
    int done = take(r, ret);
    while (!done) {
        int closed = atomic_load(&r->closed); /* first: what was put before it is there */
        if (late || (closed && !keel_engine_ring_has(r))) break;
        if (!closed) late = sleep_until(r, until);
        done = take(r, ret);
    }
    atomic_store(&r->hungry, 0);
    if (done) KEEL_ASSERT(pthread_cond_signal(&r->went) == 0);
    KEEL_ASSERT(pthread_mutex_unlock(&r->mutex) == 0);
    return done ? 1 : late ? KEEL_SOURCE_WAITS : 0;
}

int keel_engine_ring_wait(keel_engine_ring *r, keel_input *ret) { return wait(r, ret, NULL); }

int keel_engine_ring_wait_until(keel_engine_ring *r, keel_input *ret, int64_t mono_ns) {
    struct timespec until = {.tv_sec = mono_ns / 1000000000, .tv_nsec = (long)(mono_ns % 1000000000)};
    return wait(r, ret, &until);
}

void keel_engine_ring_leave(keel_engine_ring *r) {
    atomic_store(&r->left, 1);
    wake(r, &r->stuck, &r->went);
}

keel_ring_counts keel_engine_ring_counts(const keel_engine_ring *r) {
    return (keel_ring_counts){
        .put = r->put, .taken = atomic_load(&r->head), .conflated = r->conflated, .waited = r->waited};
}
