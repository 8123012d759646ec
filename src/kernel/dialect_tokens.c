/* kernel/dialect_tokens.c: see dialect_tokens.h. */
#include "kernel/dialect_tokens.h"

#include <string.h>

enum { EOT = -1 };

void keel_tokens_init(keel_tokens *t, const char *text, size_t size) {
    memset(t, 0, sizeof *t);
    t->text = text;
    t->size = size;
    t->line = 1;
    t->line_start = 1;
}

/* A backslash before a line end joins lines, wherever it stands. */
static void skip_splices(keel_tokens *t) {
    while (t->at + 1 < t->size && t->text[t->at] == '\\') {
        size_t end = t->at + 1;
        if (t->text[end] == '\r' && end + 1 < t->size) end++;
        if (t->text[end] != '\n') return;
        t->at = end + 1;
        t->line_from = t->at;
        t->line++;
    }
}

static int peek(keel_tokens *t) {
    skip_splices(t);
    return t->at < t->size ? (unsigned char)t->text[t->at] : EOT;
}

static int take(keel_tokens *t) {
    int c = peek(t);
    if (c == EOT) return EOT;
    t->at++;
    if (c != '\n') return c;
    t->line_from = t->at;
    t->line++;
    return c;
}

/* The byte after the next one, splices skipped. */
static int peek_second(const keel_tokens *t) {
    keel_tokens ahead = *t;
    (void)take(&ahead);
    return peek(&ahead);
}

static int is_letter(int c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
static int is_digit(int c) { return c >= '0' && c <= '9'; }

static void keep(keel_token *token, size_t *length, int c) {
    if (*length + 1 < sizeof token->text) token->text[(*length)++] = (char)c;
}

/* Blanks and comments. Returns 0 when a comment does not end. A newline that ends a directive is left. */
static int skip_blanks(keel_tokens *t) {
    for (;;) {
        int c = peek(t);
        if (c == '\n') {
            if (t->in_directive) return 1;
            t->line_start = 1;
            (void)take(t);
        } else if (c == ' ' || c == '\t' || c == '\r' || c == '\f' || c == '\v') {
            (void)take(t);
        } else if (c == '/' && peek_second(t) == '/') {
            while (peek(t) != '\n' && peek(t) != EOT)
                (void)take(t);
        } else if (c == '/' && peek_second(t) == '*') {
            (void)take(t);
            (void)take(t);
            while (!(peek(t) == '*' && peek_second(t) == '/')) {
                if (take(t) == EOT) return 0;
            }
            (void)take(t);
            (void)take(t);
        } else {
            return 1;
        }
    }
}

static void read_literal(keel_tokens *t, int quote, keel_token *ret, size_t *length) {
    ret->kind = quote == '"' ? KEEL_TOKEN_STRING : KEEL_TOKEN_CHAR;
    keep(ret, length, take(t));
    for (;;) {
        int c = peek(t);
        if (c == EOT || c == '\n') {
            ret->kind = KEEL_TOKEN_BAD;
            return;
        }
        keep(ret, length, take(t));
        if (c == quote) return;
        if (c == '\\' && peek(t) != '\n' && peek(t) != EOT) keep(ret, length, take(t));
    }
}

static void read_number(keel_tokens *t, keel_token *ret, size_t *length) {
    ret->kind = KEEL_TOKEN_NUMBER;
    for (;;) {
        int c = peek(t);
        if (!is_letter(c) && !is_digit(c) && c != '.') return;
        keep(ret, length, take(t));
        if ((c == 'e' || c == 'E' || c == 'p' || c == 'P') && (peek(t) == '+' || peek(t) == '-'))
            keep(ret, length, take(t));
    }
}

static void read_sign(keel_tokens *t, keel_token *ret, size_t *length) {
    static const char PAIRS[] = "-> ## && || == != <= >= << >> ++ -- <: :> <% %> %: ?? ";
    int c = take(t), second = peek(t);
    ret->kind = c > 32 && c < 127 ? KEEL_TOKEN_SIGN : KEEL_TOKEN_BAD;
    keep(ret, length, c);
    for (const char *p = PAIRS; *p; p += 3) {
        if (p[0] != c || p[1] != second) continue;
        keep(ret, length, take(t));
        return;
    }
}

static void read_token(keel_tokens *t, keel_token *ret) {
    size_t length = 0;
    int c = peek(t);
    if (is_letter(c)) {
        ret->kind = KEEL_TOKEN_NAME;
        while (is_letter(peek(t)) || is_digit(peek(t)))
            keep(ret, &length, take(t));
    } else if (is_digit(c) || (c == '.' && is_digit(peek_second(t)))) {
        read_number(t, ret, &length);
    } else if (c == '"' || c == '\'') {
        read_literal(t, c, ret, &length);
    } else {
        read_sign(t, ret, &length);
    }
}

void keel_tokens_next(keel_tokens *t, keel_token *ret) {
    memset(ret, 0, sizeof *ret);
    int whole = skip_blanks(t);
    int c = peek(t);
    ret->from = t->at;
    ret->line = t->line;
    ret->column = (int)(t->at - t->line_from);
    if (!whole) {
        ret->kind = KEEL_TOKEN_BAD;
        (void)strcpy(ret->text, "/*");
    } else if (t->in_directive && (c == '\n' || c == EOT)) {
        ret->kind = KEEL_TOKEN_LINE_END;
        t->in_directive = 0;
    } else if (c == EOT) {
        ret->kind = KEEL_TOKEN_END;
    } else if (c == '#' && t->line_start && !t->in_directive) {
        (void)take(t);
        ret->kind = KEEL_TOKEN_DIRECTIVE;
        ret->text[0] = '#';
        t->in_directive = 1;
    } else {
        read_token(t, ret);
    }
    t->line_start = 0;
    ret->size = t->at - ret->from;
}
