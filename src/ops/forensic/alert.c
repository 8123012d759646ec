/* ops/forensic/alert.c: see alert.h. */
#include "ops/forensic/alert.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINE_SIZE = 8192 };

typedef struct alert {
    size_t size;
    char line[LINE_SIZE];
} alert;

struct keel_alerts {
    keel_alerts_options o;
    pthread_t thread;
    pthread_mutex_t lock; /* of what follows */
    pthread_cond_t news;
    uint64_t first, behind; /* of those that wait: numbers */
    int closing;
    int64_t until_ns; /* closing: no longer than this */
    keel_alerts_result result;
    alert waiting[KEEL_ALERTS_WAITING];
};

static int64_t now_ns(const keel_alerts *a) { return a->o.clock->mono_ns(a->o.clock->ctx); }

/* The next one, 0: there will be none. Locked. */
static int next(keel_alerts *a, alert *ret, int *ret_timeout_ms) {
    while (a->first == a->behind && !a->closing)
        (void)pthread_cond_wait(&a->news, &a->lock);
    *ret_timeout_ms = a->o.timeout_ms;
    if (a->first == a->behind) return 0;
    if (a->closing) {
        int64_t left_ms = (a->until_ns - now_ns(a)) / 1000000;
        if (left_ms <= 0) return 0;
        if (left_ms < *ret_timeout_ms) *ret_timeout_ms = (int)left_ms;
    }
    *ret = a->waiting[a->first++ % KEEL_ALERTS_WAITING];
    return 1;
}

static void *hand_over(void *data) {
    keel_alerts *a = data;
    alert one;
    int timeout_ms;
    (void)pthread_mutex_lock(&a->lock);
    while (next(a, &one, &timeout_ms)) {
        keel_err why = {0};
        (void)pthread_mutex_unlock(&a->lock);
        int rc = a->o.program->run(a->o.program->ctx, a->o.path, one.line, one.size, timeout_ms, &why);
        (void)pthread_mutex_lock(&a->lock);
        if (rc == 0) {
            a->result.told++;
        } else if (a->result.failed++ == 0) {
            (void)snprintf(a->result.why, sizeof a->result.why, "%.299s", why.text);
        }
    }
    a->result.dropped += a->behind - a->first;
    (void)pthread_mutex_unlock(&a->lock);
    return NULL;
}

int keel_alerts_open(const keel_alerts_options *options, keel_alerts **ret, keel_err *reterr) {
    keel_alerts *a = calloc(1, sizeof *a);
    if (!a) return keel_err_set(reterr, KEEL_E_NOMEM, "out of memory: alerts: close other programs");
    a->o = *options;
    if (!a->o.timeout_ms) a->o.timeout_ms = KEEL_ALERTS_TIMEOUT_MS;
    KEEL_ASSERT(pthread_mutex_init(&a->lock, NULL) == 0 && pthread_cond_init(&a->news, NULL) == 0);
    if (pthread_create(&a->thread, NULL, hand_over, a) != 0) {
        (void)pthread_cond_destroy(&a->news);
        (void)pthread_mutex_destroy(&a->lock);
        free(a);
        return keel_err_set(reterr, KEEL_E_ERROR, "no thread: alerts: raise the limit of processes");
    }
    *ret = a;
    return 0;
}

void keel_alerts_put(void *alerts, const char *line, size_t size) {
    keel_alerts *a = alerts;
    if (!a) return;
    (void)pthread_mutex_lock(&a->lock);
    if (a->behind - a->first == KEEL_ALERTS_WAITING || size > LINE_SIZE) {
        a->result.dropped++;
    } else {
        alert *to = &a->waiting[a->behind++ % KEEL_ALERTS_WAITING];
        memcpy(to->line, line, size);
        to->size = size;
        (void)pthread_cond_signal(&a->news);
    }
    (void)pthread_mutex_unlock(&a->lock);
}

void keel_alerts_close(keel_alerts *a, keel_alerts_result *ret) {
    keel_alerts_result none = {0};
    if (!a) {
        *ret = none;
        return;
    }
    (void)pthread_mutex_lock(&a->lock);
    a->closing = 1;
    a->until_ns = now_ns(a) + (int64_t)a->o.timeout_ms * 1000000;
    (void)pthread_cond_signal(&a->news);
    (void)pthread_mutex_unlock(&a->lock);
    KEEL_ASSERT(pthread_join(a->thread, NULL) == 0);
    *ret = a->result;
    (void)pthread_cond_destroy(&a->news);
    (void)pthread_mutex_destroy(&a->lock);
    free(a);
}
