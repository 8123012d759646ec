/* kernel/dialect_habits.c: see dialect_habits.h. */
#include "kernel/dialect_habits.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"

const char KEEL_DIALECT_COMMENT[] = "a '#' that begins no directive: a comment is written // like this";

typedef struct place {
    const keel_token *token;
    size_t count, i;
    char *ret;
} place;

static const keel_token *at(const place *p, size_t i) {
    static const keel_token NONE = {0};
    return i < p->count ? &p->token[i] : &NONE;
}

/* `back` tokens before the one that is judged. */
static const keel_token *before(const place *p, size_t back) { return at(p, p->i < back ? p->count : p->i - back); }

static int is(const keel_token *t, const char *text) { return strcmp(t->text, text) == 0; }

static int is_one_of(const keel_token *t, const char *const words[]) {
    for (size_t i = 0; words[i]; i++)
        if (is(t, words[i])) return 1;
    return 0;
}

static int say(const place *p, const char *format, ...) KEEL_PRINTF(2, 3);
static int say(const place *p, const char *format, ...) {
    va_list args;
    va_start(args, format);
    (void)vsnprintf(p->ret, KEEL_DIALECT_HABIT_MAX, format, args);
    va_end(args);
    return 1;
}

int keel_dialect_is_directive(const char *word) {
    static const char *const WORDS[] = {"include", "define", "undef", "if",      "ifdef",  "ifndef", "else",   "elif",
                                        "endif",   "line",   "error", "warning", "pragma", "ident",  "import", NULL};
    for (size_t i = 0; WORDS[i]; i++)
        if (strcmp(WORDS[i], word) == 0) return 1;
    return 0;
}

/* The token after the ) that closes the ( at `open`; count when it does not close. */
static size_t after_parens(const place *p, size_t open) {
    int depth = 0;
    for (size_t i = open; i < p->count; i++) {
        if (is(at(p, i), "(")) depth++;
        if (is(at(p, i), ")") && --depth == 0) return i + 1;
        if (is(at(p, i), "{") || is(at(p, i), "}")) break;
    }
    return p->count;
}

/* The token after the ; that ends the statement at `from`. */
static size_t after_statement(const place *p, size_t from) {
    int depth = 0;
    for (size_t i = from; i < p->count; i++) {
        const keel_token *t = at(p, i);
        if (is(t, "(")) depth++;
        if (is(t, ")")) depth--;
        if (is(t, "{") || is(t, "}")) break;
        if (is(t, ";") && depth <= 0) return i + 1;
    }
    return p->count;
}

/* How far the line of the judged token is indented. */
static int indentation(const place *p) {
    const keel_token *t = at(p, p->i);
    for (size_t back = 1; before(p, back)->line == at(p, p->i)->line; back++)
        t = before(p, back);
    return t->column;
}

/* Two lines indented below a condition: only the first one is its. */
static int indented(const place *p) {
    static const char *const BLOCKS[] = {"{", ";", "if", "for", "while", "do", "switch", NULL};
    const keel_token *t = at(p, p->i);
    size_t from = is(t, "else") ? p->i + 1 : after_parens(p, p->i + 1);
    const keel_token *body = at(p, from), *next = at(p, after_statement(p, from));
    if (is_one_of(body, BLOCKS) || body->line <= t->line || body->column <= indentation(p)) return 0;
    if (next->line <= body->line || next->column != body->column || next->kind == KEEL_TOKEN_END) return 0;
    return say(p, "only the first of the lines below '%s' belongs to it, whatever the indentation: put { } around all",
               t->text);
}

/* if a > b:    for i in range(3):    if (a > b):    else: */
static int control(const place *p) {
    const keel_token *t = at(p, p->i), *next = at(p, p->i + 1);
    int is_for = is(t, "for");
    if (is(t, "else") && is(next, ":"))
        return say(p, "a ':' after else: what belongs to it stands in braces: else { ... }");
    if (is(t, "else")) return indented(p);
    if (!is_for && !is(t, "if") && !is(t, "while")) return 0;
    if (!is(next, "("))
        return is_for ? say(p, "'for' without parentheses: write for (int32_t i = 0; i < n; i++) { ... }")
                      : say(p, "'%s' without parentheses: write %s (a > b) { ... }", t->text, t->text);
    if (!is(at(p, after_parens(p, p->i + 1)), ":")) return indented(p);
    return say(p, "a ':' after the parentheses of '%s': what belongs to it stands in braces: %s (...) { ... }", t->text,
               t->text);
}

/* buy; sell; leave; */
static int uncalled(const place *p) {
    static const char *const WORDS[] = {"buy", "sell", "leave", NULL};
    static const char *const ENDS[] = {";", "{", "}", ")", "else", NULL};
    const keel_token *t = at(p, p->i);
    if (!is_one_of(t, WORDS) || !is(at(p, p->i + 1), ";") || !is_one_of(before(p, 1), ENDS)) return 0;
    return say(p, "'%s' without parentheses does nothing: write %s();", t->text, t->text);
}

/* Is the judged name one that the file gives to something, as in: double self; or struct pair *self? */
static int is_given(const place *p) {
    for (size_t i = 1; i < p->count; i++)
        if (is(at(p, i), at(p, p->i)->text) && (at(p, i - 1)->kind == KEEL_TOKEN_NAME || is(at(p, i - 1), "*")))
            return 1;
    return 0;
}

static int is_before_name(const place *p) { return at(p, p->i + 1)->kind == KEEL_TOKEN_NAME; }

/* Words of Python that are names like others in C, where they stand as in Python. */
static int pythons_word(const place *p) {
    static const char *const STARTS[] = {";", "{", "}", ":", "else", NULL}, *const ENDS[] = {";", "}", NULL};
    static const char FUNCTION[] = "a function is written KEEL_LOCAL double name(double x) { ... }, above its caller";
    const keel_token *t = at(p, p->i), *next = at(p, p->i + 1);
    const char *mend = NULL;
    if (is(before(p, 1), ".") || is(before(p, 1), "->")) return 0;
    if (is(t, "def") && is_before_name(p)) mend = FUNCTION;
    if (is(t, "lambda") && (is_before_name(p) || is(next, ":"))) mend = FUNCTION;
    if (is(t, "import") && is_before_name(p)) mend = "a strategy is one file: signals are made in SIGNALS";
    if (is(t, "pass") && is_one_of(before(p, 1), STARTS) && is_one_of(next, ENDS)) mend = "an empty { } does nothing";
    if (is(t, "self") && is(next, ".") && !is_given(p))
        mend = "a strategy is no object: param(name), value(name), view->side";
    return mend ? say(p, "'%s' is not in a strategy's language: %s", t->text, mend) : 0;
}

static int ends_value(const keel_token *t) {
    static const char *const TYPES[] = {"double",  "int32_t", "int64_t",  "uint32_t", "uint64_t", "int",
                                        "int16_t", "int8_t",  "uint16_t", "uint8_t",  "void",     "const",
                                        "return",  "case",    "struct",   "else",     NULL};
    return t->kind == KEEL_TOKEN_NUMBER || is(t, ")") || is(t, "]") ||
           (t->kind == KEEL_TOKEN_NAME && !is_one_of(t, TYPES));
}

/* a ** b. Between two names at the start of a statement it declares a pointer to a pointer. */
static int power(const place *p) {
    static const char *const STARTS[] = {";", "{", "}", "(", ",", "struct", "const", NULL};
    const keel_token *t = at(p, p->i), *second = at(p, p->i + 1), *left = before(p, 1), *right = at(p, p->i + 2);
    if (!is(t, "*") || !is(second, "*") || t->from + t->size != second->from || !ends_value(left)) return 0;
    if (left->kind == KEEL_TOKEN_NAME && right->kind != KEEL_TOKEN_NUMBER && is_one_of(before(p, 2), STARTS)) return 0;
    return say(p, "'**' is no power here: write x * x, or keel_exp(b * keel_log(a)) for a to the power of b");
}

/* A whole number as it is written, or -1. */
static long long whole(const keel_token *t) {
    char *end = NULL;
    if (t->kind != KEEL_TOKEN_NUMBER) return -1;
    long long n = strtoll(t->text, &end, 0);
    return end[strspn(end, "uUlL")] == 0 ? n : -1;
}

/* 1 / 2 */
static int quotient(const place *p) {
    static const char *const GOES_ON[] = {")", "*", "/", "%", NULL}; /* a real may stand on the left */
    long long a = whole(before(p, 1)), b = whole(at(p, p->i + 1));
    if (!is(at(p, p->i), "/") || a < 0 || b <= 0 || a % b == 0 || is_one_of(before(p, 2), GOES_ON)) return 0;
    return say(p, "%lld / %lld is %lld: whole numbers divide to a whole number: write %lld.0 / %lld", a, b, a / b, a,
               b);
}

static const char *const COMPARES[] = {"<", "<=", ">", ">=", "==", "!=", NULL};

/* if (a = b), but not if ((a = b) > c), which says that both are meant. */
static int assignment(const place *p) {
    static const char *const STOPS[] = {";", "{", "}", NULL};
    int depth = 0;
    if (!is(at(p, p->i), "=")) return 0;
    for (size_t k = p->i; k-- > 1;) {
        const keel_token *t = at(p, k), *left = at(p, k - 1);
        if (is_one_of(t, STOPS) || t->kind == KEEL_TOKEN_LINE_END) return 0;
        if (is(t, ")")) depth++;
        if (!is(t, "(") || depth-- > 0) continue;
        depth = 0;
        if (is(left, "if") || is(left, "while"))
            return say(p, "'=' in a condition sets what stands left of it: to compare, write '=='");
        if (is_one_of(left, COMPARES) || is_one_of(at(p, after_parens(p, k)), COMPARES)) return 0;
    }
    return 0;
}

/* a < b < c */
static int chain(const place *p) {
    static const char *const ENDS[] = {"&&", "||", "&", "|", "^", "?", ":", ";", ",", "=", "{", "}", NULL};
    int depth = 0;
    if (!is_one_of(at(p, p->i), COMPARES)) return 0;
    for (size_t k = p->i + 1; k < p->count; k++) {
        const keel_token *t = at(p, k);
        if (t->kind == KEEL_TOKEN_LINE_END || t->kind == KEEL_TOKEN_END) return 0;
        if (is(t, "(") || is(t, "[")) depth++;
        if (is(t, ")") || is(t, "]"))
            if (depth-- == 0) return 0;
        if (depth == 0 && is_one_of(t, ENDS)) return 0;
        if (depth == 0 && is_one_of(t, COMPARES))
            return say(p,
                       "two comparisons in a row: the second compares the answer of the first, 0 or 1: write "
                       "a < b && b < c");
    }
    return 0;
}

int keel_dialect_habit(const keel_token *tokens, size_t count, size_t i, char ret[KEEL_DIALECT_HABIT_MAX]) {
    const place p = {.token = tokens, .count = count, .i = i, .ret = ret};
    if (tokens[i].kind == KEEL_TOKEN_NAME) return control(&p) || uncalled(&p) || pythons_word(&p);
    if (tokens[i].kind != KEEL_TOKEN_SIGN) return 0;
    return power(&p) || quotient(&p) || assignment(&p) || chain(&p);
}
