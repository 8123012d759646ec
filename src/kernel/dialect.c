/* kernel/dialect.c: see dialect.h. */
#include "kernel/dialect.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/dialect_habits.h"
#include "kernel/dialect_tokens.h"
#include "kernel/dialect_words.h"

enum { KNOWN_MAX = 512 };

/* One name that the file defines. */
typedef struct known {
    size_t token; /* where it is defined */
    int is_macro;
} known;

/* What is being read at file scope: a declaration from its first token on. */
typedef enum body { BODY_NONE, BODY_FUNCTION, BODY_TYPE, BODY_ENUM, BODY_VALUES } body;

typedef struct judge {
    const char *name;
    keel_token *token;
    size_t count;
    keel_dialect *ret;
    int problems;
    known known[KNOWN_MAX];
    size_t known_count;
    size_t macro_from, macro_to; /* parameters of the macro being read: tokens [from, to) */
    int in_macro;
    size_t declaration; /* first token of the declaration at file scope; count when none has begun */
    int depth, parens;
    body body;
    size_t function; /* token of the name of the function being read */
    int has_decide, has_include;
} judge;

static void problem(judge *j, const keel_token *at, const char *format, ...) KEEL_PRINTF(3, 4);
static void problem(judge *j, const keel_token *at, const char *format, ...) {
    va_list args;
    keel_err line = {0};
    char what[320];
    j->problems++;
    if (j->ret->problem_count >= KEEL_DIALECT_PROBLEMS_MAX) return;
    va_start(args, format);
    (void)vsnprintf(what, sizeof what, format, args);
    va_end(args);
    (void)keel_err_set(&line, KEEL_E_PARSE, "%.60s:%d: %s", j->name, at->line, what);
    (void)snprintf(j->ret->problem[j->ret->problem_count], sizeof *j->ret->problem, "%.399s", line.text);
    j->ret->problem_count++;
}

static int is(const keel_token *t, const char *text) { return strcmp(t->text, text) == 0; }
static int is_name(const keel_token *t) { return t->kind == KEEL_TOKEN_NAME; }

static const keel_token *at(const judge *j, size_t i) {
    static const keel_token END = {0};
    return i < j->count ? &j->token[i] : &END;
}

static int is_one_of(const keel_token *t, const char *const words[]) {
    for (size_t i = 0; words[i]; i++)
        if (is(t, words[i])) return 1;
    return 0;
}

static const char *const TABLES[] = {"VERSION", "SENTENCE", "PARAMS",      "SIGNALS",  "TUNES",  "READS",
                                     "PRESETS", "FEEDS",    "PARTIAL",     "REQUIRES", "FAMILY", "SCHEMA",
                                     "DEPTH",   "UNIVERSE", "RISK_BUDGET", "REGIMES",  NULL};
int keel_dialect_is_table(const char *name) {
    for (size_t i = 0; TABLES[i]; i++)
        if (strcmp(TABLES[i], name) == 0) return 1;
    return 0;
}

static const char *const CONTROL[] = {"if", "for", "while", "switch", "return", "sizeof", "do", "else", "case", NULL};

/* ---- names ---- */

static const known *find_known(const judge *j, const keel_token *name) {
    for (size_t i = 0; i < j->known_count; i++)
        if (is(name, j->token[j->known[i].token].text)) return &j->known[i];
    return NULL;
}

static int begins_with(const keel_token *t, const char *text) { return strncmp(t->text, text, strlen(text)) == 0; }

/* The file defines a name: kept, and listed where it could be one of keel's own. */
static void define(judge *j, size_t token, int is_macro) {
    const keel_token *t = at(j, token);
    if (t->size >= sizeof t->text)
        problem(j, t, "'%.40s...' is longer than 63 characters: choose a shorter name", t->text);
    if (keel_dialect_offers(t->text, strlen(t->text)) || is(t, "DECIDE"))
        problem(j, t, "'%s' is keel's own word: choose another name", t->text);
    if (is_macro && (begins_with(t, "KEEL_") || begins_with(t, "keel_")))
        problem(j, t, "a macro may not be called '%s': names that begin with keel are keel's: choose another", t->text);
    if (find_known(j, t)) {
        if (is_macro) problem(j, t, "'%s' is defined twice: choose another name", t->text);
        return;
    }
    if (j->known_count == KNOWN_MAX) {
        problem(j, t, "more than %d names: a strategy is a short file", KNOWN_MAX);
        return;
    }
    j->known[j->known_count++] = (known){token, is_macro};
    if (!begins_with(t, "keel_") || j->ret->name_count == KEEL_DIALECT_NAMES_MAX) return;
    j->ret->name_from[j->ret->name_count] = t->from;
    j->ret->name_size[j->ret->name_count] = t->size;
    j->ret->name_count++;
}

static int is_macro_parameter(const judge *j, const keel_token *name) {
    for (size_t i = j->macro_from; j->in_macro && i < j->macro_to; i++)
        if (is_name(at(j, i)) && is(name, at(j, i)->text)) return 1;
    return 0;
}

/* ---- calls ---- */

static void unknown_call(judge *j, const keel_token *name) {
    keel_nearest nearest;
    char say[KEEL_NEAREST_SAY_MAX];
    for (size_t i = 0; i < j->count; i++) {
        const keel_token *t = at(j, i);
        if (t->line > name->line && is(t, name->text) && is(at(j, i + 1), "(") && is_name(at(j, i - 1))) {
            problem(j, name, "'%s' is called above its definition: move the function up", name->text);
            return;
        }
    }
    if (name->size == 1 && name->text[0] >= 'A' && name->text[0] <= 'Z') {
        problem(j, name, "'%s(' is a row of a table, and the line above it does not end with \\: write a \\ at its end",
                name->text);
        return;
    }
    keel_nearest_init(&nearest, name->text);
    keel_dialect_offer_names(&nearest);
    for (size_t i = 0; i < j->known_count; i++)
        keel_nearest_offer(&nearest, at(j, j->known[i].token)->text);
    problem(j, name, "there is no function '%s': neither keel nor this file has it%s", name->text,
            keel_nearest_say(&nearest, say));
}

static void judge_call(judge *j, size_t i) {
    const keel_token *t = at(j, i);
    const char *mend = keel_dialect_refused_call(t->text, strlen(t->text));
    if (is_one_of(t, CONTROL) || is_macro_parameter(j, t)) return;
    if (j->body == BODY_FUNCTION && j->function < j->count && is(t, at(j, j->function)->text)) {
        problem(j, t, "'%s' calls itself: GPUs have no recursion: write it as a loop", t->text);
        return;
    }
    if (find_known(j, t) || keel_dialect_offers(t->text, strlen(t->text))) return;
    if (mend)
        problem(j, t, "'%s' is not in a strategy's language: %s", t->text, mend);
    else if (is(t, "DECIDE"))
        problem(j, t, "DECIDE has no parentheses: write DECIDE { ... }");
    else
        unknown_call(j, t);
}

static void judge_name(judge *j, size_t i) {
    const keel_token *t = at(j, i), *before = i ? at(j, i - 1) : at(j, j->count), *after = at(j, i + 1);
    int field = is(before, ".") || is(before, "->");
    const char *mend = keel_dialect_refused_word(t->text, strlen(t->text));
    if (field) return;
    if (mend) {
        problem(j, t, "'%s' is not in a strategy's language: %s", t->text, mend);
        return;
    }
    if (begins_with(t, "__")) {
        problem(j, t, "'%s' is not in a strategy's language: such names are the compiler's own: write it in plain C",
                t->text);
        return;
    }
    int declares = j->depth == 0 && !j->in_macro && is_name(before) && !is_one_of(before, CONTROL);
    /* NAME (*...) is a declaration of a function pointer, and judged there. */
    if (is(after, "(") && !declares && !is(at(j, i + 2), "*")) judge_call(j, i);
    const known *k = find_known(j, t);
    if (k && !k->is_macro && !is(after, "(") && !declares && is(at(j, k->token + 1), "(") && k->token != i)
        problem(j, t,
                "'%s' is a function and not called: function pointers are not in a strategy's language: "
                "use switch and call it",
                t->text);
}

/* ---- signs, numbers, texts ---- */

static void judge_sign(judge *j, size_t i) {
    static const char *const DIGRAPHS[] = {"<:", ":>", "<%", "%>", "%:", NULL};
    const keel_token *t = at(j, i);
    if (is_one_of(t, DIGRAPHS))
        problem(j, t, "'%s' is an old spelling of a bracket: write the bracket", t->text);
    else if (is(t, "#") && !j->in_macro)
        problem(j, t, "%s", KEEL_DIALECT_COMMENT);
    else if (is(t, "#") || is(t, "##"))
        problem(j, t, "'%s' makes names or texts of other words: write them out", t->text);
    else if (is(t, "\\") || is(t, "@") || is(t, "$") || is(t, "`"))
        problem(j, t, "'%s' does not belong here: remove it", t->text);
    else if (is(t, "(") && is(at(j, i + 1), "*") && is_name(at(j, i + 2)) &&
             (is(at(j, i + 3), ")") || is(at(j, i + 3), "[")) && i > 0 && is_name(at(j, i - 1)) &&
             !is_one_of(at(j, i - 1), CONTROL))
        problem(j, t, "'%s' is a function pointer: OpenCL has none: use switch", at(j, i + 2)->text);
    if (!is(t, "(") || (i > 0 && is_name(at(j, i - 1)) && !is(at(j, i - 1), "return"))) return;
    size_t k = i + 1;
    while (is_name(at(j, k)))
        k++;
    if (k == i + 1 || !is(at(j, k), "*")) return;
    while (is(at(j, k), "*") || is(at(j, k), "const"))
        k++;
    if (is(at(j, k), ")"))
        problem(j, t, "a cast to a pointer: memory that is not yours would be reached: use the fields of view and p");
}

static void judge_number(judge *j, const keel_token *t) {
    size_t size = strlen(t->text);
    int hex = size > 1 && (t->text[1] == 'x' || t->text[1] == 'X');
    int real = strchr(t->text, '.') || (!hex && strpbrk(t->text, "eE")) || (hex && strpbrk(t->text, "pP"));
    char last = t->text[size - 1];
    if (real && (last == 'f' || last == 'F') && (!hex || strpbrk(t->text, "pP")))
        problem(j, t, "'%s' is a float: two precisions give two results: leave the f out", t->text);
    else if (real && (last == 'l' || last == 'L'))
        problem(j, t, "'%s' is a long double: it differs between machines: leave the l out", t->text);
}

static void judge_bad(judge *j, const keel_token *t) {
    if (is(t, "/*"))
        problem(j, t, "a comment does not end: write */ where it should");
    else if (t->text[0] == '"' || t->text[0] == '\'')
        problem(j, t, "a %s does not end on its line: close it", t->text[0] == '"' ? "text" : "character");
    else
        problem(j, t, "byte 0x%02x outside a comment or text: write plain ASCII", (unsigned)(unsigned char)t->text[0]);
}

static void judge_token(judge *j, size_t i) {
    const keel_token *t = at(j, i);
    char habit[KEEL_DIALECT_HABIT_MAX];
    if (keel_dialect_habit(j->token, j->count, i, habit)) {
        problem(j, t, "%s", habit);
        return;
    }
    switch (t->kind) {
        case KEEL_TOKEN_NAME: judge_name(j, i); break;
        case KEEL_TOKEN_NUMBER: judge_number(j, t); break;
        case KEEL_TOKEN_SIGN: judge_sign(j, i); break;
        case KEEL_TOKEN_BAD: judge_bad(j, t); break;
        case KEEL_TOKEN_STRING:
            if (!j->in_macro) problem(j, t, "a text: a strategy has none outside its tables: numbers say it all");
            break;
        case KEEL_TOKEN_CHAR: problem(j, t, "a character: a strategy has none: write the number"); break;
        case KEEL_TOKEN_END:
        case KEEL_TOKEN_DIRECTIVE:
        case KEEL_TOKEN_LINE_END: break;
    }
}

/* ---- directives; each returns the token after the directive ---- */

static size_t line_end(const judge *j, size_t i) {
    while (i < j->count && at(j, i)->kind != KEEL_TOKEN_LINE_END)
        i++;
    return i;
}

static size_t judge_include(judge *j, size_t i) {
    const keel_token *name = at(j, i + 2);
    size_t end = line_end(j, i);
    if (name->kind != KEEL_TOKEN_STRING || !is(name, "\"strategy.def\"") || end != i + 3) {
        problem(j, at(j, i),
                "#include of another file: a strategy is one file: only #include \"strategy.def\" is needed");
        return end + 1;
    }
    if (j->has_include) problem(j, at(j, i), "\"strategy.def\" is included twice: remove one");
    if (j->depth || j->declaration < i) problem(j, at(j, i), "\"strategy.def\" inside a declaration: move it above");
    j->has_include = 1;
    j->ret->include_from = at(j, i)->from;
    j->ret->include_to = at(j, end)->from;
    j->ret->include_line = at(j, i)->line;
    return end + 1;
}

static size_t judge_define(judge *j, size_t i) {
    const keel_token *name = at(j, i + 2);
    size_t end = line_end(j, i), from = i + 3;
    if (!is_name(name)) {
        problem(j, at(j, i), "#define without a name: write #define NAME ...");
        return end + 1;
    }
    if (is_one_of(name, TABLES) && j->has_include)
        problem(j, name, "%s stands below the include, where nobody reads it: move it above #include \"strategy.def\"",
                name->text);
    define(j, i + 2, 1);
    j->macro_from = j->macro_to = from;
    if (is(at(j, from), "(") && at(j, from)->from == name->from + name->size) {
        j->macro_from = from;
        while (from < end && !is(at(j, from), ")"))
            from++;
        j->macro_to = from;
        from++;
    }
    j->in_macro = 1;
    for (size_t k = from; k < end; k++)
        judge_token(j, k);
    j->in_macro = 0;
    return end + 1;
}

static size_t judge_directive(judge *j, size_t i) {
    const keel_token *word = at(j, i + 1);
    if (word->kind == KEEL_TOKEN_LINE_END) return i + 2;
    if (is(word, "include")) return judge_include(j, i);
    if (is(word, "define")) return judge_define(j, i);
    if (keel_dialect_is_directive(word->text))
        problem(j, word, "#%s is not in a strategy's language: every machine must compile the same text: remove it",
                word->text);
    else
        problem(j, word, "%s", KEEL_DIALECT_COMMENT);
    return line_end(j, i) + 1;
}

/* ---- declarations at file scope ---- */

/* The name that a declaration [from, to) gives: the one before the first of ( [ = ; else the last. */
static size_t declared_name(const judge *j, size_t from, size_t to) {
    size_t name = to;
    for (size_t i = from; i < to; i++) {
        if (name < to && (is(at(j, i), "(") || is(at(j, i), "[") || is(at(j, i), "="))) return name;
        if (is_name(at(j, i))) name = i;
    }
    return name;
}

static int holds(const judge *j, size_t from, size_t to, const char *sign) {
    for (size_t i = from; i < to; i++)
        if (is(at(j, i), sign)) return 1;
    return 0;
}

static void end_declaration(judge *j, size_t i) {
    static const char *const TYPES[] = {"struct", "enum", NULL};
    size_t from = j->declaration, name = declared_name(j, from, i);
    const keel_token *first = at(j, from), *last = i ? at(j, i - 1) : first;
    j->declaration = j->count;
    if (from == i || is(first, "KEEL_STATIC_ASSERT")) return;
    if (is(first, "typedef")) {
        size_t last_name = i - 1;
        if (is_name(at(j, last_name))) define(j, last_name, 0);
        return;
    }
    if (is_one_of(first, TYPES) && is(last, "}")) return;
    if (is(first, "KEEL_CONST")) {
        if (name < i) define(j, name, 0);
        return;
    }
    if (name >= i) return;
    if (holds(j, from, i, "(") && !holds(j, from, i, "="))
        problem(j, first, "'%s' is declared before it is defined: define it above its callers", at(j, name)->text);
    else
        problem(j, first,
                "variable '%s' outlives a call: nothing does in a strategy: move it into DECIDE, or make it a "
                "signal, or a table as KEEL_CONST",
                at(j, name)->text);
}

static void open_body(judge *j, size_t i) {
    size_t from = j->declaration, name = declared_name(j, from, i);
    const keel_token *first = at(j, from);
    if (from < i && is(first, "DECIDE") && i == from + 1) {
        if (j->has_decide) problem(j, first, "DECIDE stands twice: a strategy decides in one place");
        if (!j->has_include) problem(j, first, "DECIDE above #include \"strategy.def\": move the include above it");
        j->has_decide = 1;
        j->body = BODY_FUNCTION;
        j->function = from;
    } else if (from < i && holds(j, from, i, "=")) {
        j->body = BODY_VALUES;
    } else if (holds(j, from, i, "enum")) {
        j->body = BODY_ENUM;
    } else if (is(first, "typedef") || is(first, "struct")) {
        j->body = BODY_TYPE;
        if (is_name(at(j, i - 1)) && !is(at(j, i - 1), "struct")) define(j, i - 1, 0);
    } else if (name < i && is(at(j, i - 1), ")")) {
        define(j, name, 0);
        j->body = BODY_FUNCTION;
        j->function = name;
    } else {
        problem(j, at(j, i), "a block outside a function: put it into DECIDE");
        j->body = BODY_VALUES;
    }
}

static void close_body(judge *j) {
    if (j->body == BODY_FUNCTION) j->declaration = j->count;
    j->body = BODY_NONE;
    j->function = j->count;
}

static void judge_nesting(judge *j, size_t i) {
    const keel_token *t = at(j, i);
    if (t->kind != KEEL_TOKEN_SIGN) {
        int enum_name =
            j->body == BODY_ENUM && j->depth == 1 && is_name(t) && (is(at(j, i - 1), "{") || is(at(j, i - 1), ","));
        if (enum_name) define(j, i, 0);
        return;
    }
    if (is(t, "{")) {
        if (j->depth == 0) open_body(j, i);
        j->depth++;
    } else if (is(t, "}")) {
        if (j->depth == 0) {
            problem(j, t, "a } without its {: remove it");
        } else if (--j->depth == 0) {
            close_body(j);
        }
    } else if (is(t, ";") && j->depth == 0) {
        end_declaration(j, i);
    }
}

static void judge_all(judge *j) {
    j->declaration = j->function = j->count;
    for (size_t i = 0; i < j->count && at(j, i)->kind != KEEL_TOKEN_END;) {
        if (at(j, i)->kind == KEEL_TOKEN_DIRECTIVE) {
            i = judge_directive(j, i);
            continue;
        }
        if (j->depth == 0 && j->declaration == j->count) j->declaration = i;
        judge_nesting(j, i);
        judge_token(j, i);
        i++;
    }
    const keel_token *last = at(j, j->count ? j->count - 1 : 0);
    if (j->problems) return;
    if (j->depth)
        problem(j, last, "a { without its }: close it");
    else if (!j->has_include)
        problem(j, last, "no #include \"strategy.def\": put it below the tables and above DECIDE");
    else if (!j->has_decide)
        problem(j, last, "no DECIDE: write DECIDE { ... } below the include");
    else if (j->declaration < j->count)
        problem(j, last, "a declaration does not end: write ; or its body");
}

static int has_trigraph(const char *text, size_t size) {
    for (size_t i = 0; i + 2 < size; i++)
        if (text[i] == '?' && text[i + 1] == '?' && text[i + 2] && strchr("=/'()!<>-", text[i + 2])) return 1;
    return 0;
}

static keel_token *read_tokens(const char *text, size_t size, size_t *ret_count) {
    keel_tokens reader;
    size_t count = 0, room = 0;
    keel_token *tokens = NULL;
    keel_tokens_init(&reader, text, size);
    for (;;) {
        if (count == room) {
            room = room ? room * 2 : 1024;
            keel_token *grown = realloc(tokens, room * sizeof *tokens);
            if (!grown) {
                free(tokens);
                return NULL;
            }
            tokens = grown;
        }
        keel_tokens_next(&reader, &tokens[count]);
        if (tokens[count++].kind == KEEL_TOKEN_END) break;
    }
    *ret_count = count;
    return tokens;
}

int keel_dialect_check(const char *text, size_t size, const char *name, keel_dialect *ret, keel_err *reterr) {
    memset(ret, 0, sizeof *ret);
    if (size > KEEL_DIALECT_SIZE_MAX)
        return keel_err_set(reterr, KEEL_E_PARSE, "%.60s: larger than %d bytes: a strategy is a short file", name,
                            KEEL_DIALECT_SIZE_MAX);
    judge *j = calloc(1, sizeof *j);
    if (j) j->token = read_tokens(text, size, &j->count);
    if (!j || !j->token) {
        free(j);
        return keel_err_set(reterr, KEEL_E_NOMEM, "out of memory: %.60s: close other programs", name);
    }
    j->name = name;
    j->ret = ret;
    if (has_trigraph(text, size))
        problem(j, at(j, 0), "a trigraph (two question marks and a sign): write the sign itself");
    judge_all(j);
    int problems = j->problems;
    if (!problems) ret->foreseen = keel_dialect_foresee(j->token, j->count);
    free(j->token);
    free(j);
    if (!problems) return 0;
    if (problems == 1) return keel_err_set(reterr, KEEL_E_PARSE, "%s", ret->problem[0]);
    return keel_err_set(reterr, KEEL_E_PARSE, "%s (and %d more: 'keel strategy check' lists them)", ret->problem[0],
                        problems - 1);
}
