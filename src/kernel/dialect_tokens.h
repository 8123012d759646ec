/* kernel/dialect_tokens.h: a strategy's text as tokens: comments gone, line splices joined, directives marked. */
#ifndef KEEL_KERNEL_DIALECT_TOKENS_H
#define KEEL_KERNEL_DIALECT_TOKENS_H

#include <stddef.h>

typedef enum keel_token_kind {
    KEEL_TOKEN_END = 0,
    KEEL_TOKEN_NAME,      /* identifiers and keywords */
    KEEL_TOKEN_NUMBER,    /* as the preprocessor reads it */
    KEEL_TOKEN_STRING,    /* with its quotes */
    KEEL_TOKEN_CHAR,      /* with its quotes */
    KEEL_TOKEN_SIGN,      /* one character, or two for the pairs -> ## && || == != <= >= << >> ++ -- */
    KEEL_TOKEN_DIRECTIVE, /* the # that begins one */
    KEEL_TOKEN_LINE_END,  /* the end of a directive */
    KEEL_TOKEN_BAD        /* something no C text has: a byte beyond ASCII, an unterminated comment or literal */
} keel_token_kind;

typedef struct keel_token {
    keel_token_kind kind;
    size_t from, size; /* bytes of the text; size spans line splices, text[] does not have them */
    int line;          /* first line is 1 */
    int column;        /* bytes before it on its line */
    char text[64];     /* zero-terminated, cut at 63 bytes */
} keel_token;

typedef struct keel_tokens {
    const char *text;
    size_t size, at, line_from; /* where the line begins */
    int line;
    int in_directive, line_start; /* only blanks and comments since the line began */
} keel_tokens;

void keel_tokens_init(keel_tokens *t, const char *text, size_t size);

/* The next token; KEEL_TOKEN_END at the end, again and again. */
void keel_tokens_next(keel_tokens *t, keel_token *ret);

#endif
