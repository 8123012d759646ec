/* kernel/compile.h: a user's file and the pure rooms as one shared object, made by the system's compiler and kept.
 *
 * Cache: one file per content, <folder>/<hash>.so, folder $XDG_CACHE_HOME/keel/strategies, else $HOME/.cache/keel/
 * strategies. The hash is SHA-256 over the unit's text, the flags, the compiler (path, size, time of change) and the
 * user's text, so whatever could change the result makes another file; nothing is ever rewritten. Only the user may
 * write the folder, since what lies there is executed. Compiler: $KEEL_CC, else cc, gcc or clang of $PATH. */
#ifndef KEEL_KERNEL_COMPILE_H
#define KEEL_KERNEL_COMPILE_H

#include <stddef.h>

#include "base/err.h"
#include "base/strbuf.h"
#include "kernel/dialect.h"

enum { KEEL_COMPILE_PATH_MAX = 1024 };

typedef struct keel_compile_in {
    const char *name; /* how messages call the file */
    const char *text; /* [size], accepted by keel_dialect_check */
    size_t size;
    const keel_dialect *dialect;
    void (*compiling)(void *data,
                      const char *name); /* told before the compiler runs, which takes seconds; NULL: nobody */
    void *data;
} keel_compile_in;

/* Where words go when the compiler refuses the text; each may be NULL. */
typedef struct keel_compile_said {
    keel_strbuf *excerpt; /* its own */
    keel_strbuf *errors;  /* the same as keel tells them: "my.c:12: what" a line, each once */
} keel_compile_said;

/* Find the shared object of this text, or make it.
 *   ret_path      out  KEEL_COMPILE_PATH_MAX bytes
 *   ret_compiled  out  1: the compiler ran; 0: it was there
 * Returns 0; KEEL_E_PARSE (the compiler refuses the text: line names file and line), KEEL_E_NOT_FOUND (no compiler, no
 * folder), KEEL_E_IO, KEEL_E_NOMEM. Whole or not at all: written beside and renamed. */
KEEL_MUST_USE int keel_compile(const keel_compile_in *in, char *ret_path, int *ret_compiled,
                               const keel_compile_said *said, keel_err *reterr);

/* The text that is compiled, for other compilers (devices) and for looking. */
void keel_compile_text(const keel_compile_in *in, keel_strbuf *ret);

#endif
