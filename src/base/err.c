/* base/err.c: see err.h. */
#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void tame(char *text) {
    for (unsigned char *c = (unsigned char *)text; *c; c++)
        if (*c < 0x20 || *c == 0x7f) *c = '?';
}

int keel_err_set(keel_err *err, int code, const char *format, ...) {
    if (!err) return code;
    va_list args;
    va_start(args, format);
    (void)vsnprintf(err->text, sizeof err->text, format, args);
    va_end(args);
    tame(err->text);
    err->code = code;
    return code;
}

int keel_err_frame(keel_err *err, const char *format, ...) {
    if (!err) return KEEL_E_ERROR;
    char frame[400];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(frame, sizeof frame - 2, format, args);
    va_end(args);
    tame(frame);
    (void)strcat(frame, ": ");
    size_t add = strlen(frame), kept = strlen(err->text);
    if (kept > sizeof err->text - 1 - add) kept = sizeof err->text - 1 - add; /* the end of a long line gives way */
    memmove(err->text + add, err->text, kept);
    memcpy(err->text, frame, add);
    err->text[add + kept] = 0;
    return err->code;
}

int keel_err_exit_code(int code) {
    switch (code) {
#define KEEL_ERR_CASE(name, number, exit_code, sentence) \
    case number: return exit_code;
        KEEL_ERRORS(KEEL_ERR_CASE)
#undef KEEL_ERR_CASE
        default: return 1;
    }
}

const char *keel_err_sentence(int code) {
    switch (code) {
#define KEEL_ERR_CASE(name, number, exit_code, sentence) \
    case number: return sentence;
        KEEL_ERRORS(KEEL_ERR_CASE)
#undef KEEL_ERR_CASE
        default: return "error";
    }
}

_Noreturn void keel_assert_failed(const char *expression, const char *file, int line) {
    (void)fprintf(stderr, "keel: internal error: %s:%d: (%s) does not hold; please report this line\n", file, line,
                  expression);
    abort();
}
