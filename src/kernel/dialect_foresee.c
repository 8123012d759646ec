/* kernel/dialect_foresee.c: see dialect_foresee.h. */
#include "kernel/dialect_foresee.h"

#include <stdlib.h>
#include <string.h>

#include "kernel/dialect.h"

typedef struct seer {
    const keel_token *token;
    size_t count;
    keel_foreseen ret;
} seer;

/* Fields of view whose value is known ahead, and those that are once it is known that nothing is held. */
static const char *const FREE[] = {"side", "ts_ms", NULL};
static const char *const HELD[] = {"bars_held", "entry_px", "profit_atr", NULL};
static const char *const RECORDS[] = {"view", "p", "ret", NULL};
static const char *const LOOPS[] = {"for", "while", "do", NULL};
static const char *const REALS[] = {"value", "output", "market", "param", NULL};
static const char *const TYPES[] = {"int32_t", "int64_t", "uint32_t", "uint64_t", "uint8_t", "uint16_t", "int8_t",
                                    "int16_t", "int",     "unsigned", "void",     "const",   "double",   NULL};

static const keel_token *at(const seer *s, size_t i) {
    static const keel_token END = {0};
    return i < s->count ? &s->token[i] : &END;
}

static int is(const keel_token *t, const char *text) { return strcmp(t->text, text) == 0; }
static int is_name(const keel_token *t) { return t->kind == KEEL_TOKEN_NAME; }

static int is_one_of(const keel_token *t, const char *const words[]) {
    for (size_t i = 0; words[i]; i++)
        if (is(t, words[i])) return 1;
    return 0;
}

/* A number that is surely not zero. */
static int is_number(const keel_token *t) { return t->kind == KEEL_TOKEN_NUMBER && strtod(t->text, NULL) > 0.0; }

/* Does a value end here, so that the sign that follows stands between two? */
static int ends_value(const keel_token *t) {
    if (is_name(t)) return !is_one_of(t, TYPES) && !is(t, "return") && !is(t, "case");
    return t->kind == KEEL_TOKEN_NUMBER || is(t, ")");
}

/* Is every variable of this name in the file a double? */
static int is_double(const seer *s, const keel_token *name) {
    int found = 0;
    for (size_t i = 1; i < s->count; i++) {
        const keel_token *before = at(s, i - 1), *after = at(s, i + 1);
        if (!is_name(at(s, i)) || !is(at(s, i), name->text)) continue;
        if (is(before, "double") && !is(after, "("))
            found = 1;
        else if (is_name(before) && !is(before, "return") && !is(before, "else") && !is(before, "case"))
            return 0;
        else if (is(before, ",") && (is(after, "=") || is(after, ";") || is(after, ",")))
            return 0; /* may be declared here, of another type */
    }
    return found;
}

/* What stands right of / at place i divides a real, or is a whole number that is not zero. */
static int divides_safely(const seer *s, size_t i) {
    const keel_token *t = at(s, i + 1);
    if (is_number(t)) return 1;
    if (is(t, "(")) return is(at(s, i + 2), "double") && is(at(s, i + 3), ")");
    if (!is_name(t)) return 0;
    if (is(at(s, i + 2), "(")) return is_one_of(t, REALS);
    return is_double(s, t);
}

static void look_at_field(seer *s, size_t i) {
    const keel_token *field = at(s, i + 2);
    if (!is(at(s, i + 1), "->")) {
        s->ret = KEEL_FORESEEN_NOT;
    } else if (is(at(s, i), "view") && !is_one_of(field, FREE)) {
        s->ret = is_one_of(field, HELD) && s->ret != KEEL_FORESEEN_NOT ? KEEL_FORESEEN_FLAT : KEEL_FORESEEN_NOT;
    }
}

static void look_at_sign(seer *s, size_t i) {
    const keel_token *t = at(s, i), *before = i ? at(s, i - 1) : at(s, s->count);
    int bad = is(t, "[") || ((is(t, "*") || is(t, "&")) && !ends_value(before)) ||
              (is(t, "/") && !divides_safely(s, i)) || (is(t, "%") && !is_number(at(s, i + 1)));
    if (bad) s->ret = KEEL_FORESEEN_NOT;
}

static void look_at(seer *s, size_t i) {
    const keel_token *t = at(s, i), *before = i ? at(s, i - 1) : at(s, s->count);
    if (t->kind == KEEL_TOKEN_SIGN) {
        look_at_sign(s, i);
    } else if (is_name(t)) {
        int field = is(before, ".") || is(before, "->");
        if (is_one_of(t, LOOPS)) s->ret = KEEL_FORESEEN_NOT;
        if (!field && is_one_of(t, RECORDS)) look_at_field(s, i);
    }
}

/* A directive at place i; returns the place after it. Tables are asked before any bar, and may say what they like; any
 * other macro may only be a number, since it could give words another meaning. */
static size_t look_at_directive(seer *s, size_t i) {
    const keel_token *name = at(s, i + 2);
    int is_define = is(at(s, i + 1), "define"), is_table = is_define && keel_dialect_is_table(name->text);
    int renames = is_one_of(name, FREE) || is_one_of(name, HELD) || is_one_of(name, RECORDS) || is_one_of(name, TYPES);
    if (is_define && !is_table && renames) s->ret = KEEL_FORESEEN_NOT;
    for (i += 3; i < s->count && at(s, i)->kind != KEEL_TOKEN_LINE_END; i++)
        if (is_define && !is_table && is_name(at(s, i))) s->ret = KEEL_FORESEEN_NOT;
    return i + 1;
}

keel_foreseen keel_dialect_foresee(const keel_token *token, size_t count) {
    seer s = {token, count, KEEL_FORESEEN_WHOLE};
    for (size_t i = 0; i < count && s.ret != KEEL_FORESEEN_NOT;) {
        if (at(&s, i)->kind == KEEL_TOKEN_DIRECTIVE) {
            i = look_at_directive(&s, i);
        } else {
            look_at(&s, i);
            i++;
        }
    }
    return s.ret;
}
