/* base/err.h: error codes and the one error line a user sees.
 *
 * Every fallible host function returns 0 or a negative KEEL_E_* code. Context travels in the caller's
 * keel_err: set where it happens, at most one short frame added per layer, printed once by the CLI as
 *     keel: what: where: how to mend it
 * Library code never prints. */
#ifndef KEEL_BASE_ERR_H
#define KEEL_BASE_ERR_H

#define KEEL_MUST_USE __attribute__((warn_unused_result))
#define KEEL_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))

/* X(name, number, exit code, sentence). Exit codes are the documented ones of the CLI. */
#define KEEL_ERRORS(X)                               \
    X(OK, 0, 0, "ok")                                \
    X(ERROR, -1, 1, "error")                         \
    X(IO, -2, 1, "read or write failed")             \
    X(NOMEM, -3, 1, "out of memory")                 \
    X(USAGE, -4, 2, "usage or configuration error")  \
    X(PARSE, -5, 2, "input is not well formed")      \
    X(RANGE, -6, 2, "value out of bounds")           \
    X(UNKNOWN_KEY, -7, 2, "unknown name")            \
    X(GATE, -8, 3, "refused by a gate")              \
    X(NOT_FOUND, -9, 4, "not found")                 \
    X(TIMEOUT, -10, 5, "time-out")                   \
    X(PARITY, -11, 6, "parity or integrity failure") \
    X(VERSION, -12, 2, "version not supported")      \
    X(DATA, -13, 3, "data refused")                  \
    X(INTERRUPTED, -14, 130, "interrupted; the same command resumes")

enum {
#define KEEL_ERR_ENUM(name, number, exit_code, sentence) KEEL_E_##name = (number),
    KEEL_ERRORS(KEEL_ERR_ENUM)
#undef KEEL_ERR_ENUM
};

typedef struct keel_err {
    int code;        /* KEEL_E_*, 0 while nothing is set */
    char text[1000]; /* "what: where: how to mend it", no newline, no "keel:" prefix */
} keel_err;

/* Set code and text (printf style). err may be NULL. Returns code, so that
 * `return keel_err_set(err, KEEL_E_IO, ...)` reads as one thought. Control characters in the text
 * are replaced by '?', so that a hostile file name cannot forge a line. */
int keel_err_set(keel_err *err, int code, const char *format, ...) KEEL_PRINTF(3, 4);

/* Put "frame: " before the text that is already there. Returns err->code. */
int keel_err_frame(keel_err *err, const char *format, ...) KEEL_PRINTF(2, 3);

/* Exit code (0..6, 130) of a KEEL_E_* code; 1 for an unknown one. */
int keel_err_exit_code(int code);

/* The sentence of the list; "error" for an unknown one. Static storage. */
const char *keel_err_sentence(int code);

/* Return early when `call` fails. */
#define KEEL_TRY(call)                              \
    do {                                            \
        int keel_try_rc_ = (call);                  \
        if (keel_try_rc_ != 0) return keel_try_rc_; \
    } while (0)

/* Misuse by our own code: always on, prints the expression and aborts. */
#define KEEL_ASSERT(cond) ((cond) ? (void)0 : keel_assert_failed(#cond, __FILE__, __LINE__))
_Noreturn void keel_assert_failed(const char *expression, const char *file, int line);

#endif
