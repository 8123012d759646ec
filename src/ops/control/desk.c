/* ops/control/desk.c: see desk.h. */
#include "ops/control/desk.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NS_PER_MS = 1000000 };

typedef struct client {
    int used, conn;
    int ends; /* 1: nothing more is heard of it: it is closed once its answer is out */
    keel_local_peer who;
    int64_t until_ns; /* it has said or taken something by then */
    size_t size;      /* of what came */
    size_t told;      /* of what is to be said */
    keel_strbuf out;
    char in[KEEL_CONTROL_LINE_MAX];
} client;

struct keel_control {
    keel_control_options o;
    char dir[KEEL_FS_PATH_MAX];
    int listener;
    keel_control_counts counts;
    client client[KEEL_CONTROL_CLIENTS];
};

static int fail(int negative_errno, const char *dir, keel_err *err) {
    if (negative_errno == -EEXIST)
        return keel_err_set(err, KEEL_E_IO,
                            "cannot listen: %s/" KEEL_CONTROL_NAME ": something else has that name: move it away", dir);
    if (negative_errno == -ENAMETOOLONG)
        return keel_err_set(err, KEEL_E_RANGE,
                            "cannot listen: %s: the path is too long for a socket, and /proc is not there: choose a "
                            "shorter one",
                            dir);
    return keel_err_set(err, KEEL_E_IO, "cannot listen: %s/" KEEL_CONTROL_NAME ": %s", dir, strerror(-negative_errno));
}

int keel_control_open(const keel_control_options *options, keel_control **ret, keel_err *reterr) {
    keel_control *c = calloc(1, sizeof *c);
    if (!c) return keel_err_set(reterr, KEEL_E_NOMEM, "out of memory: control: close other programs");
    c->o = *options;
    int rc = keel_fs_path(options->dir, KEEL_CONTROL_FOLDER, c->dir, reterr);
    int made = rc == 0 ? options->fs->mkdir(options->fs->ctx, c->dir) : 0;
    if (rc == 0 && made != 0 && made != -EEXIST) rc = keel_fs_fail(made, "cannot make", c->dir, reterr);
    if (rc == 0) rc = keel_fs_private(options->fs, c->dir, reterr);
    if (rc == 0) {
        c->listener = options->local->listen(options->local->ctx, c->dir, KEEL_CONTROL_NAME);
        if (c->listener < 0) rc = fail(c->listener, c->dir, reterr);
    }
    if (rc == 0)
        *ret = c;
    else
        free(c);
    return rc;
}

static int64_t now_ns(const keel_control *c) { return c->o.clock->mono_ns(c->o.clock->ctx); }

static void stays(const keel_control *c, client *k) {
    k->until_ns = now_ns(c) + (int64_t)KEEL_CONTROL_IDLE_MS * NS_PER_MS;
}

static void leave(keel_control *c, client *k) {
    c->o.local->close(c->o.local->ctx, k->conn);
    keel_strbuf_done(&k->out);
    memset(k, 0, sizeof *k);
}

/* The folder keeps others out; should its mode have been changed, they are told that they are not heard. Root could do
 * all of this without asking, so it may ask. */
static int may_ask(const keel_local_peer *who) { return who->uid == who->own_uid || who->uid == 0; }

/* 1: somebody came. */
static int take_in(keel_control *c, client *k) {
    int conn = c->o.local->accept(c->o.local->ctx, c->listener);
    if (conn < 0) return 0;
    *k = (client){.used = 1, .conn = conn};
    keel_strbuf_init(&k->out, KEEL_CONTROL_ANSWER_MAX);
    stays(c, k);
    c->counts.came++;
    if (c->o.local->peer(c->o.local->ctx, conn, &k->who) == 0 && may_ask(&k->who)) return 1;
    c->counts.strangers++;
    keel_control_refusal(KEEL_E_GATE, "not your run: control: ask the user whose it is", &k->out);
    k->ends = 1;
    return 1;
}

/* What waits to be said. 1: all of it is out. */
static int say(keel_control *c, client *k) {
    while (k->told < k->out.size) {
        int64_t n = c->o.local->write(c->o.local->ctx, k->conn, k->out.text + k->told, k->out.size - k->told);
        if (n == -EAGAIN) return 0;
        if (n <= 0) {
            k->ends = 1;
            break;
        }
        k->told += (size_t)n;
        stays(c, k);
    }
    keel_strbuf_clear(&k->out);
    k->told = 0;
    return 1;
}

static void refuse_all(keel_control *c, client *k, int code, const char *why) {
    keel_control_refusal(code, why, &k->out);
    c->counts.malformed++;
    k->ends = 1;
}

/* One whole line. */
static void answer(keel_control *c, client *k, size_t size) {
    keel_control_request r;
    keel_err err = {0};
    memset(&r, 0, sizeof r);
    if (keel_control_request_read(k->in, size, &r, &err) != 0) {
        refuse_all(c, k, err.code, err.text);
    } else {
        c->counts.asked++;
        c->o.serve(c->o.data, &r, &k->who, &k->out);
        if (k->out.failed || k->out.size == 0) {
            keel_strbuf_clear(&k->out);
            k->out.failed = 0;
            keel_control_refusal(KEEL_E_NOMEM, "out of memory: control: what was asked is in the audit trail", &k->out);
        }
    }
    memmove(k->in, k->in + size, k->size - size);
    k->size -= size;
}

/* What came, up to the first whole line, which is obeyed. */
static void hear(keel_control *c, client *k) {
    char *newline = memchr(k->in, '\n', k->size);
    if (!newline && k->size < sizeof k->in) {
        int64_t n = c->o.local->read(c->o.local->ctx, k->conn, k->in + k->size, sizeof k->in - k->size);
        if (n == -EAGAIN) return;
        if (n <= 0) {
            k->ends = 1; /* what is not a whole line was not asked */
            return;
        }
        k->size += (size_t)n;
        newline = memchr(k->in, '\n', k->size);
    }
    if (newline) {
        stays(c, k);
        answer(c, k, (size_t)(newline - k->in) + 1);
    } else if (k->size == sizeof k->in) {
        refuse_all(c, k, KEEL_E_PARSE, "a line is too long: control: at most 4096 bytes");
    }
}

static void look_at(keel_control *c, client *k) {
    int out = say(c, k);
    if (out && !k->ends) hear(c, k);
    if (out) out = say(c, k);
    if (out && k->ends) {
        leave(c, k);
    } else if (now_ns(c) > k->until_ns) {
        c->counts.late++;
        leave(c, k);
    }
}

void keel_control_look(keel_control *c) {
    int more = c->listener >= 0;
    for (int i = 0; i < KEEL_CONTROL_CLIENTS; i++) {
        client *k = &c->client[i];
        if (!k->used && more) more = take_in(c, k);
        if (k->used) look_at(c, k);
    }
}

void keel_control_leave(keel_control *c) {
    if (!c || c->listener < 0) return;
    (void)c->o.local->remove(c->o.local->ctx, c->dir, KEEL_CONTROL_NAME); /* else the next run takes it over */
    c->o.local->close(c->o.local->ctx, c->listener);
    c->listener = -1;
}

void keel_control_forget(keel_control *c) {
    if (!c) return;
    if (c->listener >= 0) c->o.local->close(c->o.local->ctx, c->listener);
    for (int i = 0; i < KEEL_CONTROL_CLIENTS; i++)
        if (c->client[i].used) leave(c, &c->client[i]);
    free(c);
}

void keel_control_close(keel_control *c) {
    keel_control_leave(c);
    keel_control_forget(c);
}

keel_control_counts keel_control_counts_of(const keel_control *c) { return c->counts; }
