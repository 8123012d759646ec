/* app/cli/control_client.c: see control_client.h. */
#include "app/cli/control_client.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/cli/control_text.h"
#include "app/cli/paper_several.h"
#include "base/json_read.h"
#include "port/clock.h"
#include "port/fs_real.h"
#include "port/holder.h"
#include "port/local.h"

enum { NS_PER_MS = 1000000, TIMEOUT_MS = 10000, AGAIN_MS = 20, PIECE = 4096 };

const keel_cli_opt keel_control_cli_options[] = {
    {"timeout", "10s", "how long its answer is waited for; default 10s", 0}, {0}};

/* ---- one run ----------------------------------------------------------------------------------------------------- */

typedef struct call {
    const keel_local *local;
    const keel_clock *clock;
    const char *folder;
    int conn;
    int64_t holder; /* the process that has the run and does not listen, 0: none was seen */
    int64_t timeout_ms, until_ns;
    keel_err *err;
} call;

static int64_t now_ns(const call *c) { return c->clock->mono_ns(c->clock->ctx); }

static int too_late(const call *c) {
    return keel_err_set(c->err, KEEL_E_TIMEOUT,
                        "no answer within %lld ms: %s: it may yet obey: ask again, or look into its audit trail",
                        (long long)c->timeout_ms, c->folder);
}

static int is_silent(const call *c) {
    return keel_err_set(c->err, KEEL_E_TIMEOUT,
                        "process %lld has the run, and did not listen within %lld ms: %s: it is starting (a long "
                        "journal takes its time) or ending: ask again, or end the process with SIGTERM",
                        (long long)c->holder, (long long)c->timeout_ms, c->folder);
}

/* Nobody listens. Does a process have its journal all the same? */
static int is_held(call *c) {
    char dir[KEEL_FS_PATH_MAX], lock[KEEL_FS_PATH_MAX];
    keel_err none = {0};
    if (c->conn != -ENOENT && c->conn != -ENOTDIR && c->conn != -ECONNREFUSED) return 0;
    if (keel_fs_path(c->folder, "journal", dir, &none) != 0 || keel_fs_path(dir, "lock", lock, &none) != 0) return 0;
    c->holder = keel_holder_of(lock);
    return c->holder > 0;
}

static int unreachable(const call *c, int negative_errno) {
    switch (-negative_errno) {
        case ENOENT:
        case ENOTDIR:
        case ECONNREFUSED:
            return keel_err_set(c->err, KEEL_E_NOT_FOUND,
                                "no process runs it: %s: the command it was begun with goes on with it", c->folder);
        case EACCES:
        case EPERM:
            return keel_err_set(c->err, KEEL_E_GATE, "not your run: %s: ask the user whose it is", c->folder);
        case ENAMETOOLONG:
            return keel_err_set(c->err, KEEL_E_RANGE,
                                "the path is too long for a socket, and /proc is not there: %s: name it from a folder "
                                "that is nearer",
                                c->folder);
        default:
            return keel_err_set(c->err, KEEL_E_IO, "cannot be reached: %s: %s", c->folder, strerror(-negative_errno));
    }
}

static int reach(call *c) {
    char dir[KEEL_FS_PATH_MAX];
    KEEL_TRY(keel_fs_path(c->folder, KEEL_CONTROL_FOLDER, dir, c->err));
    for (;;) {
        c->conn = c->local->connect(c->local->ctx, dir, KEEL_CONTROL_NAME);
        if (c->conn >= 0) return 0;
        if (is_held(c)) return is_silent(c);
        if (c->conn != -EAGAIN) return unreachable(c, c->conn);
        int64_t now = now_ns(c);
        if (now >= c->until_ns) return too_late(c);
        (void)c->local->wait(c->local->ctx, -1, 0, now + AGAIN_MS * NS_PER_MS);
    }
}

/* Until it can go on. */
static int wait_for(const call *c, int want) {
    int rc = c->local->wait(c->local->ctx, c->conn, want, c->until_ns);
    if (rc < 0) return keel_err_set(c->err, KEEL_E_IO, "cannot wait: %s: %s", c->folder, strerror(-rc));
    return rc == 0 ? too_late(c) : 0;
}

static int ended(const call *c) {
    return keel_err_set(c->err, KEEL_E_NOT_FOUND,
                        "it ended before it answered: %s: whether it obeyed is in its audit trail", c->folder);
}

static int send_all(const call *c, const keel_strbuf *line) {
    for (size_t at = 0; at < line->size;) {
        int64_t n = c->local->write(c->local->ctx, c->conn, line->text + at, line->size - at);
        if (n == -EAGAIN) {
            KEEL_TRY(wait_for(c, KEEL_NET_WRITE));
            continue;
        }
        if (n <= 0) return 0; /* what it still said is read */
        at += (size_t)n;
    }
    return 0;
}

/* The first line that comes. *ret_more: behind it the stream goes on. */
static int receive(const call *c, keel_strbuf *line) {
    char piece[PIECE];
    for (;;) {
        int64_t n = c->local->read(c->local->ctx, c->conn, piece, sizeof piece);
        if (n == -EAGAIN) {
            KEEL_TRY(wait_for(c, KEEL_NET_READ));
            continue;
        }
        if (n <= 0) return ended(c);
        const char *newline = memchr(piece, '\n', (size_t)n);
        keel_strbuf_add_bytes(line, piece, newline ? (size_t)(newline - piece) : (size_t)n);
        if (line->failed)
            return keel_err_set(c->err, KEEL_E_PARSE, "an answer is too long: %s: is it a keel that listens there?",
                                c->folder);
        if (newline) return 0;
    }
}

/* Nothing more is said; the stream ends with the run. */
static int await_end(const call *c) {
    char piece[PIECE];
    for (;;) {
        int64_t n = c->local->read(c->local->ctx, c->conn, piece, sizeof piece);
        if (n != -EAGAIN && n <= 0) return 0;
        int rc = n == -EAGAIN ? wait_for(c, KEEL_NET_READ) : 0;
        if (rc == KEEL_E_TIMEOUT)
            return keel_err_set(c->err, rc, "halted, and still ending after %lld ms: %s: look whether it ends",
                                (long long)c->timeout_ms, c->folder);
        KEEL_TRY(rc);
    }
}

static int talk(call *c, const keel_control_request *r, keel_strbuf *line, keel_tree **ret_answer) {
    keel_strbuf request;
    keel_strbuf_init(&request, KEEL_CONTROL_LINE_MAX);
    keel_control_request_write(r, &request);
    int rc = request.failed ? keel_err_set(c->err, KEEL_E_RANGE, "the reason is too long: control: shorten it")
                            : send_all(c, &request);
    keel_strbuf_done(&request);
    KEEL_TRY(rc);
    KEEL_TRY(receive(c, line));
    KEEL_TRY(keel_control_answer_judge(keel_strbuf_text(line), line->size, c->err));
    KEEL_TRY(keel_json_parse(keel_strbuf_text(line), line->size, "control", ret_answer, c->err));
    return r->ask == KEEL_CONTROL_KILL ? await_end(c) : 0;
}

/* Ask the run in this folder. One that does not listen is not waited for: ret->silent. */
static void ask_one(const char *folder, const keel_control_request *r, int64_t timeout_ms, keel_control_asked *ret) {
    keel_strbuf line;
    memset(ret, 0, sizeof *ret);
    (void)snprintf(ret->folder, sizeof ret->folder, "%s", folder);
    call c = {.local = keel_local_real(),
              .clock = keel_clock_real(),
              .folder = ret->folder,
              .timeout_ms = timeout_ms,
              .err = &ret->err};
    c.until_ns = now_ns(&c) + timeout_ms * NS_PER_MS;
    keel_strbuf_init(&line, KEEL_CONTROL_ANSWER_MAX);
    ret->code = reach(&c);
    ret->silent = ret->code == KEEL_E_TIMEOUT && c.conn < 0 && c.holder > 0;
    if (ret->code == 0) {
        ret->code = talk(&c, r, &line, &ret->answer);
        c.local->close(c.local->ctx, c.conn);
    }
    keel_strbuf_done(&line);
}

void keel_control_asked_done(keel_control_asked *a) {
    keel_tree_free(a->answer);
    a->answer = NULL;
}

/* ---- a run of several -------------------------------------------------------------------------------------------- */

/* 0: a paper run was begun in this folder. */
static int check_run(keel_cli *cli, const char *folder) {
    char path[KEEL_FS_PATH_MAX];
    keel_fs_stat st;
    KEEL_TRY(keel_fs_path(folder, "journal", path, keel_cli_err(cli)));
    if (keel_fs_real()->stat(keel_fs_real()->ctx, path, &st) == 0) return 0;
    return keel_err_set(keel_cli_err(cli), KEEL_E_NOT_FOUND, "no run: %s: name the folder of a run of keel trade paper",
                        folder);
}

/* Those that do not listen are asked again, in turn, once all others have been asked: nobody that trades waits for one
 * that is starting. All of them together have the time of one. */
static void ask_silent(const keel_control_request *r, int64_t timeout_ms, keel_control_asked *list, size_t count) {
    const keel_clock *clock = keel_clock_real();
    const keel_local *local = keel_local_real();
    int64_t until_ns = clock->mono_ns(clock->ctx) + timeout_ms * NS_PER_MS;
    for (int silent = 1; silent;) {
        silent = 0;
        for (size_t i = 0; i < count; i++) {
            char folder[sizeof list->folder];
            if (!list[i].silent) continue;
            memcpy(folder, list[i].folder, sizeof folder);
            ask_one(folder, r, timeout_ms, &list[i]);
            silent |= list[i].silent;
        }
        int64_t now_ns = clock->mono_ns(clock->ctx);
        if (!silent || now_ns >= until_ns) return;
        (void)local->wait(local->ctx, -1, 0, now_ns + AGAIN_MS * NS_PER_MS);
    }
}

int keel_control_ask_all(keel_cli *cli, const char *folder, const keel_control_request *r, keel_control_asked **ret,
                         size_t *ret_count) {
    char one[KEEL_FS_PATH_MAX];
    keel_list names = {0};
    int64_t timeout_ms = TIMEOUT_MS;
    *ret = NULL;
    KEEL_TRY(keel_cli_option_duration(cli, "timeout", &timeout_ms));
    int rc = keel_paper_several_names(folder, &names, keel_cli_err(cli));
    if (rc == 0 && names.count == 0) rc = check_run(cli, folder);
    size_t count = names.count ? names.count : 1;
    if (rc == 0 && !(*ret = calloc(count, sizeof **ret)))
        rc = keel_err_set(keel_cli_err(cli), KEEL_E_NOMEM, "out of memory: control: close other programs");
    for (size_t i = 0; rc == 0 && i < count; i++) {
        int size = snprintf(one, sizeof one, "%s%s%s", folder, names.count ? "/" KEEL_PAPER_SEVERAL_FOLDER "/" : "",
                            names.count ? names.items[i] : "");
        if (size >= (int)sizeof one)
            rc = keel_err_set(keel_cli_err(cli), KEEL_E_RANGE, "path is too long: %.80s: choose another", folder);
        else
            ask_one(one, r, timeout_ms, &(*ret)[i]);
    }
    if (rc == 0) ask_silent(r, timeout_ms, *ret, count);
    keel_list_done(&names);
    *ret_count = rc == 0 ? count : 0;
    if (rc == 0) return 0;
    free(*ret);
    *ret = NULL;
    return rc;
}

void keel_control_all_done(keel_control_asked *list, size_t count) {
    for (size_t i = 0; list && i < count; i++)
        keel_control_asked_done(&list[i]);
    free(list);
}

/* ---- verbs that order -------------------------------------------------------------------------------------------- */

int keel_control_order(keel_cli *cli, keel_control_ask ask) {
    keel_control_request r = {.ask = ask};
    const char *reason = keel_cli_option(cli, "reason");
    keel_control_asked *list = NULL;
    size_t count = 0;
    if (reason && strlen(reason) >= sizeof r.reason)
        return keel_cli_refuse_option(cli, "reason", "is too long: at most 1023 bytes");
    (void)snprintf(r.reason, sizeof r.reason, "%s", reason ? reason : "");
    int rc = keel_control_ask_all(cli, keel_cli_positional(cli, 0), &r, &list, &count);
    if (rc == 0) rc = keel_control_tell(cli, list, count, 0);
    keel_control_all_done(list, count);
    return rc;
}
