/* ops/control/request.h: what may be asked of a running keel, as lines of JSON. Format: docs/formats/control.md. */
#ifndef KEEL_OPS_CONTROL_REQUEST_H
#define KEEL_OPS_CONTROL_REQUEST_H

#include <stddef.h>

#include "base/json.h"
#include "base/strbuf.h"

#define KEEL_CONTROL_SCHEMA "keel.control"
#define KEEL_CONTROL_FOLDER "control" /* in the run's folder */
#define KEEL_CONTROL_NAME "socket"    /* in that one */

enum {
    KEEL_CONTROL_VERSION = 1,
    KEEL_CONTROL_LINE_MAX = 4096,      /* of a request, with its newline */
    KEEL_CONTROL_ANSWER_MAX = 1 << 20, /* of an answer, with its newline */
    KEEL_CONTROL_REASON_MAX = 1024     /* bytes, with the zero */
};

/* X(NAME, word) */
#define KEEL_CONTROL_ASKS(X) \
    X(STATUS, "status")      \
    X(PAUSE, "pause")        \
    X(RESUME, "resume")      \
    X(CANCEL, "cancel")      \
    X(FLAT, "flat")          \
    X(KILL, "kill")

typedef enum keel_control_ask {
#define KEEL_CONTROL_ASK_ENUM(name, word) KEEL_CONTROL_##name,
    KEEL_CONTROL_ASKS(KEEL_CONTROL_ASK_ENUM)
#undef KEEL_CONTROL_ASK_ENUM
} keel_control_ask;

const char *keel_control_word(keel_control_ask ask);

typedef struct keel_control_request {
    keel_control_ask ask;
    char reason[KEEL_CONTROL_REASON_MAX]; /* "" not given */
} keel_control_request;

/* One line, with or without its newline. KEEL_E_PARSE (no JSON; members of another kind, unknown or missing ones; a
 * reason that is too long), KEEL_E_VERSION, KEEL_E_UNKNOWN_KEY (no such request), KEEL_E_NOMEM. */
KEEL_MUST_USE int keel_control_request_read(const char *line, size_t size, keel_control_request *ret, keel_err *reterr);

/* And back, with its newline. */
void keel_control_request_write(const keel_control_request *r, keel_strbuf *out);

/* An answer that says yes, with its newline; `put` writes its further members into the object that is open. Nothing
 * where there is no memory. */
void keel_control_answer(keel_control_ask ask, void (*put)(const void *data, keel_json *j), const void *data,
                         keel_strbuf *out);

/* An answer that says no, with its newline: KEEL_E_* and why. */
void keel_control_refusal(int code, const char *why, keel_strbuf *out);

/* An answer that came: 0; the code that a refusal says, its words in reterr; KEEL_E_PARSE, KEEL_E_VERSION: not one. */
KEEL_MUST_USE int keel_control_answer_judge(const char *line, size_t size, keel_err *reterr);

#endif
