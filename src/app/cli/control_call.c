/* app/cli/control_call.c: see control_call.h. */
#include "app/cli/control_call.h"

#include <errno.h>
#include <string.h>

#include "base/json_read.h"
#include "port/fs.h"
#include "port/holder.h"

enum { NS_PER_MS = 1000000, AGAIN_MS = 20, PIECE = 4096 };

/* ---- over -------------------------------------------------------------------------------------------------------- */

void keel_call_end(keel_call *c, int code) {
    c->asked->code = code;
    c->stage = KEEL_CALL_OVER;
    c->is_missing = 0;
    if (code == 0 && c->asked->answer) return; /* behind a kill its end is awaited */
    if (c->conn >= 0) c->local->close(c->local->ctx, c->conn);
    c->conn = -1;
}

static int too_late(const keel_call *c, int64_t timeout_ms) {
    return keel_err_set(&c->asked->err, KEEL_E_TIMEOUT,
                        "no answer within %lld ms: %s: it may yet obey: ask again, or look into its audit trail",
                        (long long)timeout_ms, c->asked->folder);
}

static int is_silent(const keel_call *c, int64_t timeout_ms) {
    if (c->holder > 0)
        return keel_err_set(&c->asked->err, KEEL_E_TIMEOUT,
                            "process %lld has the run, and did not listen within %lld ms: %s: it is starting (a long "
                            "journal takes its time) or ending: ask again, or end the process with SIGTERM",
                            (long long)c->holder, (long long)timeout_ms, c->asked->folder);
    return keel_err_set(&c->asked->err, KEEL_E_TIMEOUT,
                        "it was begun, and did not listen within %lld ms: %s: it is starting or ending: ask again",
                        (long long)timeout_ms, c->asked->folder);
}

static int unreachable(const keel_call *c, int negative_errno) {
    keel_err *err = &c->asked->err;
    const char *folder = c->asked->folder;
    switch (-negative_errno) {
        case ENOENT:
        case ENOTDIR:
        case ECONNREFUSED:
            return keel_err_set(err, KEEL_E_NOT_FOUND,
                                "no process runs it: %s: the command it was begun with goes on with it", folder);
        case EACCES:
        case EPERM: return keel_err_set(err, KEEL_E_GATE, "not your run: %s: ask the user whose it is", folder);
        case ENAMETOOLONG:
            return keel_err_set(err, KEEL_E_RANGE,
                                "the path is too long for a socket, and /proc is not there: %s: name it from a folder "
                                "that is nearer",
                                folder);
        default: return keel_err_set(err, KEEL_E_IO, "cannot be reached: %s: %s", folder, strerror(-negative_errno));
    }
}

void keel_call_give_up(keel_call *c, int64_t timeout_ms) {
    if (c->stage == KEEL_CALL_OVER) return;
    int is_there = c->stage == KEEL_CALL_HEARS || c->conn == -EAGAIN;
    keel_call_end(c, is_there ? too_late(c, timeout_ms) : is_silent(c, timeout_ms));
}

/* ---- reached, asked, heard --------------------------------------------------------------------------------------- */

int64_t keel_call_holder(const keel_call *c) {
    char lock[KEEL_FS_PATH_MAX];
    keel_err none = {0};
    return keel_fs_path(c->asked->folder, c->lock, lock, &none) == 0 ? keel_holder_of(lock) : 0;
}

/* Nobody listens. Does a process have the run all the same? */
static int is_held(keel_call *c) {
    c->holder = keel_call_holder(c);
    return c->holder > 0;
}

static void reach(keel_call *c) {
    char dir[KEEL_FS_PATH_MAX];
    int path = keel_fs_path(c->asked->folder, KEEL_CONTROL_FOLDER, dir, &c->asked->err);
    if (path != 0) {
        keel_call_end(c, path);
        return;
    }
    c->conn = c->local->connect(c->local->ctx, dir, KEEL_CONTROL_NAME);
    c->is_missing = 0;
    c->sent = 0;
    keel_strbuf_clear(&c->line);
    if (c->conn >= 0) {
        c->stage = KEEL_CALL_HEARS;
        return;
    }
    if (c->conn == -EAGAIN) return;
    int is_nobody = c->conn == -ENOENT || c->conn == -ENOTDIR || c->conn == -ECONNREFUSED;
    if (is_nobody && is_held(c)) return;
    if (is_nobody && c->is_expected) {
        c->is_missing = 1;
        return;
    }
    keel_call_end(c, unreachable(c, c->conn));
}

static void ask(keel_call *c) {
    while (c->sent < c->request->size) {
        int64_t n = c->local->write(c->local->ctx, c->conn, c->request->text + c->sent, c->request->size - c->sent);
        if (n <= 0) return; /* later, or it is gone: what it still said is read */
        c->sent += (size_t)n;
    }
}

static void judge(keel_call *c) {
    keel_err *err = &c->asked->err;
    const char *text = keel_strbuf_text(&c->line);
    int rc = keel_control_answer_judge(text, c->line.size, err);
    if (rc == 0) rc = keel_json_parse(text, c->line.size, "control", &c->asked->answer, err);
    keel_call_end(c, rc);
}

/* It ended before it answered. One that runs nevertheless is asked again, should it listen again. */
static void lost(keel_call *c) {
    c->local->close(c->local->ctx, c->conn);
    c->conn = -1;
    c->stage = KEEL_CALL_REACHES;
    c->is_missing = c->is_expected;
    if (!c->is_expected)
        keel_call_end(c, keel_err_set(&c->asked->err, KEEL_E_NOT_FOUND,
                                      "it ended before it answered: %s: whether it obeyed is in its audit trail",
                                      c->asked->folder));
}

/* The first line that comes. */
static void hear(keel_call *c) {
    char piece[PIECE];
    while (c->stage == KEEL_CALL_HEARS) {
        int64_t n = c->local->read(c->local->ctx, c->conn, piece, sizeof piece);
        if (n == -EAGAIN) return;
        if (n <= 0) {
            lost(c);
            return;
        }
        const char *newline = memchr(piece, '\n', (size_t)n);
        keel_strbuf_add_bytes(&c->line, piece, newline ? (size_t)(newline - piece) : (size_t)n);
        if (c->line.failed)
            keel_call_end(c, keel_err_set(&c->asked->err, KEEL_E_PARSE,
                                          "an answer is too long: %s: is it a keel that listens there?",
                                          c->asked->folder));
        else if (newline)
            judge(c);
    }
}

/* ---- contract ---------------------------------------------------------------------------------------------------- */

void keel_call_begin(keel_call *c, const keel_strbuf *request, const char *lock, keel_control_asked *asked) {
    memset(c, 0, sizeof *c);
    c->local = keel_local_real();
    c->clock = keel_clock_real();
    c->request = request;
    c->lock = lock;
    c->asked = asked;
    c->conn = -1;
    keel_strbuf_init(&c->line, KEEL_CONTROL_ANSWER_MAX);
}

void keel_call_done(keel_call *c) {
    if (!c->local) return;
    if (c->conn >= 0) c->local->close(c->local->ctx, c->conn);
    keel_strbuf_done(&c->line);
    memset(c, 0, sizeof *c);
}

void keel_call_go_on(keel_call *c) {
    if (c->stage == KEEL_CALL_REACHES) reach(c);
    if (c->stage != KEEL_CALL_HEARS) return;
    ask(c);
    hear(c);
}

static int still_ends(const keel_call *c, int64_t timeout_ms) {
    return keel_err_set(&c->asked->err, KEEL_E_TIMEOUT,
                        "halted, and still ending after %lld ms: %s: look whether it ends", (long long)timeout_ms,
                        c->asked->folder);
}

/* Nothing more is said; the stream ends with the run. */
static int await_stream(keel_call *c, int64_t until_ns, int64_t timeout_ms) {
    char piece[PIECE];
    for (;;) {
        int64_t n = c->local->read(c->local->ctx, c->conn, piece, sizeof piece);
        if (n != -EAGAIN && n <= 0) return 0;
        if (n > 0) continue;
        int rc = c->local->wait(c->local->ctx, c->conn, KEEL_NET_READ, until_ns);
        if (rc == 0) return still_ends(c, timeout_ms);
        if (rc < 0)
            return keel_err_set(&c->asked->err, KEEL_E_IO, "cannot wait: %s: %s", c->asked->folder, strerror(-rc));
    }
}

int keel_call_await_end(keel_call *c, int64_t until_ns, int64_t timeout_ms) {
    return c->conn >= 0 ? await_stream(c, until_ns, timeout_ms) : 0;
}

int64_t keel_call_process(const keel_tree *answer) {
    int64_t process = 0;
    return answer && keel_json_read_int(keel_tree_find(answer, "process"), &process) == 0 ? process : 0;
}

int keel_call_await_holder(keel_call *c, int64_t until_ns, int64_t timeout_ms) {
    int64_t process = keel_call_process(c->asked->answer);
    KEEL_TRY(keel_call_await_end(c, until_ns, timeout_ms));
    while (process > 0 && keel_call_holder(c) == process) {
        int64_t now_ns = c->clock->mono_ns(c->clock->ctx);
        if (now_ns >= until_ns) return still_ends(c, timeout_ms);
        (void)c->local->wait(c->local->ctx, -1, 0, now_ns + AGAIN_MS * NS_PER_MS);
    }
    return 0;
}
