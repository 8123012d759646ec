/* kernel/user.c: see user.h. */
#include "kernel/user.h"

#include <dlfcn.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "kernel/compile.h"

int keel_user_is_file(const char *name) {
    size_t size = strlen(name);
    return strchr(name, '/') != NULL || (size > 2 && strcmp(name + size - 2, ".c") == 0);
}

static int is_word(const char *text, size_t size) {
    for (size_t i = 0; i < size; i++) {
        char c = text[i];
        int letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
        if (!letter && !(i > 0 && c >= '0' && c <= '9')) return 0;
    }
    return size > 0;
}

/* The name of a strategy is the name of its file. */
int keel_user_name(const char *path, char ret_name[KEEL_USER_NAME_MAX], keel_err *reterr) {
    const char *slash = strrchr(path, '/'), *base = slash ? slash + 1 : path;
    size_t size = strlen(base);
    int ends = size > 2 && strcmp(base + size - 2, ".c") == 0;
    if (!ends || size - 2 >= KEEL_USER_NAME_MAX || !is_word(base, size - 2))
        return keel_err_set(
            reterr, KEEL_E_USAGE,
            "'%.80s' is no name of a strategy's file: letters, digits and _, not first a digit, at most "
            "%d, then .c: rename it, such as my_idea.c",
            base, KEEL_USER_NAME_MAX - 1);
    (void)snprintf(ret_name, KEEL_USER_NAME_MAX, "%.*s", (int)(size - 2), base);
    return 0;
}

/* ---- tables ---- */

typedef struct table_check {
    const char *file;
    keel_strbuf *problems;
    keel_err *err;
    int count;
} table_check;

static void note(table_check *c, const char *format, ...) KEEL_PRINTF(2, 3);
static void note(table_check *c, const char *format, ...) {
    char what[400];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(what, sizeof what, format, args);
    va_end(args);
    if (c->count++ == 0) (void)keel_err_set(c->err, KEEL_E_RANGE, "%s: %s", c->file, what);
    if (c->problems) keel_strbuf_addf(c->problems, "%s: %s\n", c->file, what);
}

static const char *const CORE_NAMES[] = {
#define X(section, name, type, def, lo, hi, step, unit, doc) #name,
#include "model/params.def"
#undef X
};

/* A table's number as its text has it: an expression would be told one way and computed another. */
static int is_number(const char *text, double value) {
    char *end;
    double read = strtod(text, &end);
    return *text && *end == 0 && read == value;
}

static void check_row(table_check *c, const keel_strategy_text *text, int32_t i) {
    const keel_strategy_row *r = &text->row[i];
    if (!is_word(r->name, strlen(r->name)) || strlen(r->name) > 40)
        note(c, "parameter '%.60s' is no name: letters, digits and _, at most 40", r->name);
    for (int32_t k = 0; k < i; k++)
        if (strcmp(text->row[k].name, r->name) == 0)
            note(c, "parameter '%s' stands twice: choose another name", r->name);
    for (size_t k = 0; k < sizeof CORE_NAMES / sizeof *CORE_NAMES; k++)
        if (strcmp(CORE_NAMES[k], r->name) == 0)
            note(c, "parameter '%s' is the name of one of keel's own ('keel config schema'): choose another name",
                 r->name);
    if (r->type != KEEL_TYPE_REAL && r->type != KEEL_TYPE_INT && r->type != KEEL_TYPE_BOOL)
        note(c, "parameter '%s' has a type that only keel's own have: write INT, REAL or BOOL", r->name);
    if (!is_number(r->def_text, r->def) || !is_number(r->lo_text, r->lo) || !is_number(r->hi_text, r->hi))
        note(c, "parameter '%s': default %s, minimum %s, maximum %s: write plain numbers", r->name, r->def_text,
             r->lo_text, r->hi_text);
    else if (!(r->lo <= r->def && r->def <= r->hi))
        note(c, "parameter '%s': default %s is outside %s to %s: mend one of the three", r->name, r->def_text,
             r->lo_text, r->hi_text);
    char *end;
    double step = strtod(r->step_text, &end);
    if (*end || !(step > 0.0)) note(c, "parameter '%s': step %s is no number above 0", r->name, r->step_text);
    int whole = r->type == KEEL_TYPE_INT || r->type == KEEL_TYPE_BOOL;
    double bound = 2e9;
    if (whole && !(r->lo >= -bound && r->hi <= bound && (double)(int64_t)r->def == r->def))
        note(c, "parameter '%s': an INT is a whole number within 2e9: mend the row, or make it REAL", r->name);
    if (!r->sentence[0]) note(c, "parameter '%s' has no sentence: say what it is", r->name);
}

static int is_version(const char *text) {
    int dots = 0, digits = 0;
    for (; *text; text++) {
        if (*text == '.' && digits)
            dots++, digits = 0;
        else if (*text >= '0' && *text <= '9')
            digits++;
        else
            return 0;
    }
    return dots == 2 && digits;
}

/* Symbols with commas between: capital letters, digits and what venues put between them. */
static int is_universe(const char *text) {
    for (size_t run = 0;; text++) {
        char c = *text;
        int in_name = (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || (c && strchr("-_/.:", c));
        if (in_name && ++run < KEEL_USER_SYMBOL_MAX) continue;
        if (in_name || run == 0 || (c && c != ',')) return 0;
        if (!c) return 1;
        run = 0;
    }
}

/* What the strategy says of itself to whoever runs it. */
static void check_declared(table_check *c, const keel_strategy_text *t) {
    if (!is_word(t->family, strlen(t->family)) || strlen(t->family) > 40)
        note(c, "FAMILY \"%.60s\" is no name: letters, digits and _, at most 40", t->family);
    if (t->schema != KEEL_STRATEGY_SCHEMA)
        note(c, "SCHEMA %.15g is not known: this keel reads %d: write it in that form", t->schema,
             KEEL_STRATEGY_SCHEMA);
    if (!(t->depth_bars >= 0.0 && t->depth_bars <= KEEL_USER_DEPTH_MAX) ||
        (double)(int32_t)t->depth_bars != t->depth_bars)
        note(c, "DEPTH %.15g is no whole number of bars from 0 to %d", t->depth_bars, KEEL_USER_DEPTH_MAX);
    if (t->universe[0] && !is_universe(t->universe))
        note(c, "UNIVERSE \"%.60s\" is no list of symbols: write \"BTCUSDT,ETHUSDT\", or leave it out for any",
             t->universe);
    if (!(t->risk_budget >= 0.0 && t->risk_budget <= 1.0))
        note(c, "RISK_BUDGET %.15g is no share of equity from 0 to 1", t->risk_budget);
    if (t->regimes & ~(uint32_t)KEEL_IN_ALL)
        note(c, "REGIMES has other bits than KEEL_IN_BULL, KEEL_IN_BEAR, KEEL_IN_CHOP and KEEL_IN_CRASH: or them");
    if (t->feeds & ~(uint32_t)(KEEL_FEED_FUNDING | KEEL_FEED_BTC))
        note(c, "FEEDS has other bits than KEEL_FEED_FUNDING and KEEL_FEED_BTC: or them");
    for (int32_t i = 0; i < t->rule_count; i++)
        if (!t->rule[i].sentence[0])
            note(c, "REQUIRES: '%.60s' has no sentence: say what it means", t->rule[i].condition);
}

int keel_user_check_tables(const keel_strategy_text *text, const char *file, keel_strbuf *problems, keel_err *reterr) {
    table_check c = {.file = file, .problems = problems, .err = reterr};
    if (!is_version(text->version))
        note(&c, "VERSION \"%.40s\" is not three numbers: write #define VERSION \"1.0.0\"", text->version);
    if (!text->sentence[0]) note(&c, "SENTENCE is missing: write #define SENTENCE \"what it does\"");
    check_declared(&c, text);
    for (int32_t i = 0; i < text->row_count; i++)
        check_row(&c, text, i);
    return c.count ? KEEL_E_RANGE : 0;
}

/* ---- loading ---- */

static int open_unit(keel_user *user, const char *path, keel_err *reterr) {
    user->handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    const keel_kernel *kernel = user->handle ? dlsym(user->handle, "keel_kernel_unit") : NULL;
    if (!kernel || kernel->layout != KEEL_KERNEL_LAYOUT || !kernel->user)
        return keel_err_set(reterr, KEEL_E_IO,
                            "cannot load what was compiled: %s: %.200s; remove the file and run again", path,
                            kernel ? "it has another layout" : dlerror());
    user->kernel = kernel;
    user->text = kernel->strategy_describe(KEEL_STRATEGY_USER);
    user->text.name = user->name;
    return 0;
}

int keel_user_load(const char *path, const keel_user_listener *listener, keel_user *ret, keel_err *reterr) {
    static const keel_user_listener NOBODY = {0};
    const keel_user_listener *l = listener ? listener : &NOBODY;
    char *text = NULL, object[KEEL_COMPILE_PATH_MAX];
    size_t size = 0;
    memset(ret, 0, sizeof *ret);
    KEEL_TRY(keel_user_name(path, ret->name, reterr));
    (void)snprintf(ret->file, sizeof ret->file, "%s.c", ret->name);
    int rc = keel_file_read(path, KEEL_DIALECT_SIZE_MAX, &text, &size, reterr);
    if (rc == KEEL_E_NOT_FOUND)
        return keel_err_set(reterr, rc, "no such file: %.200s: 'keel strategy new %.60s' writes one to start from",
                            path, ret->file);
    if (rc) return rc;
    keel_sha256_text(text, size, ret->sha256);
    rc = keel_dialect_check(text, size, ret->file, &ret->dialect, reterr);
    keel_compile_in in = {.name = ret->file,
                          .text = text,
                          .size = size,
                          .dialect = &ret->dialect,
                          .compiling = l->compiling,
                          .data = l->data};
    const keel_compile_said said = {.excerpt = l->excerpt, .errors = l->errors};
    if (rc == 0) rc = keel_compile(&in, object, &ret->compiled, &said, reterr);
    if (rc == 0) rc = open_unit(ret, object, reterr);
    if (rc == 0) rc = keel_user_check_tables(&ret->text, ret->file, NULL, reterr);
    free(text);
    return rc;
}

void keel_user_done(keel_user *user) {
    if (user->handle) (void)dlclose(user->handle);
    memset(user, 0, sizeof *user);
}
