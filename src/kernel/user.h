/* kernel/user.h: a user's file as a strategy: read, judged, compiled once, loaded, and its tables checked. */
#ifndef KEEL_KERNEL_USER_H
#define KEEL_KERNEL_USER_H

#include "base/err.h"
#include "base/sha256.h"
#include "base/strbuf.h"
#include "kernel/dialect.h"
#include "kernel/kernel.h"

/* What a table may hold: bytes of a name, bars of DEPTH, bytes of one symbol of UNIVERSE. */
enum { KEEL_USER_NAME_MAX = 48, KEEL_USER_DEPTH_MAX = 1000000, KEEL_USER_SYMBOL_MAX = 32 };

typedef struct keel_user {
    const keel_kernel *kernel; /* strategy KEEL_STRATEGY_USER; NULL while nothing is loaded */
    keel_strategy_text text;   /* name is the file's, without folder and .c */
    char name[KEEL_USER_NAME_MAX];
    char file[KEEL_USER_NAME_MAX + 2]; /* with .c, as messages call it */
    char sha256[KEEL_SHA256_TEXT_MAX]; /* of the file's bytes */
    int compiled;                      /* 1: the compiler ran for this load */
    void *handle;
    keel_dialect dialect; /* of the last file that was read, refused ones too */
} keel_user;

/* 1 when a strategy of this name means a file: it ends in .c or holds a slash. */
int keel_user_is_file(const char *name);

/* The name of the strategy in a file: the file's, without folder and .c.
 * Returns 0 or KEEL_E_USAGE: no name that C could have. */
KEEL_MUST_USE int keel_user_name(const char *path, char ret_name[KEEL_USER_NAME_MAX], keel_err *reterr);

/* Who wants to know what happens on the way; all may be NULL. */
typedef struct keel_user_listener {
    void (*compiling)(void *data, const char *file); /* before the compiler runs, which takes seconds */
    void *data;
    keel_strbuf *excerpt; /* the compiler's words when it refused the text */
    keel_strbuf *errors;  /* the same as keel tells them, a line each */
} keel_user_listener;

/* Load the file. keel_user_done also after an error.
 *   listener  in  NULL: nobody
 * Returns 0; KEEL_E_NOT_FOUND, KEEL_E_IO; KEEL_E_PARSE (not a strategy's language, or refused by the compiler);
 * KEEL_E_RANGE (a table is not in order). What the file says when it is asked for its signals is not known yet. */
KEEL_MUST_USE int keel_user_load(const char *path, const keel_user_listener *listener, keel_user *ret,
                                 keel_err *reterr);
void keel_user_done(keel_user *user);

/* Only the tables of a loaded unit; every problem is one line.
 * Returns 0 or KEEL_E_RANGE with the first problem. */
KEEL_MUST_USE int keel_user_check_tables(const keel_strategy_text *text, const char *file, keel_strbuf *problems,
                                         keel_err *reterr);

#endif
