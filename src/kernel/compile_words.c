/* kernel/compile_words.c: see compile_words.h. */
#include "kernel/compile_words.h"

#include <stdio.h>
#include <string.h>

/* Names that macros of strategy.def make, and what the user wrote. */
static const struct {
    const char *made, *what;
} MADE[] = {{"macro \"KEEL_FORM_OWN\"",
             "a row of PARAMS has 8 columns: name, type, default, minimum, maximum, step, \"unit\", \"sentence\""},
            {"macro \"KEEL_FORM_INDEX\"", "a row of SIGNALS has 4 columns: name, indicator, source, bars"},
            {"macro \"KEEL_FORM_PRESET\"", "a row of PRESETS has 2 columns: parameter, value"},
            {"macro \"KEEL_FORM_MET\"", "a row of REQUIRES has 2 columns: condition, \"sentence\""},
            {"keel_user_slot_", "SIGNALS has no row"},
            {"keel_user_own_", "PARAMS has no row"},
            {"keel_user_index_", "TUNES speaks of a signal that SIGNALS does not have:"},
            {"KEEL_SIGNAL_OUTPUTS_", "there is no indicator ('keel indicator --list' lists them)"},
            {"KEEL_SIGNAL_", "there is no indicator ('keel indicator --list' lists them)"},
            {"KEEL_SOURCE_", "there is no source (CLOSE, OPEN, HIGH, LOW, HL2, HLC3, VOLUME, OF, OUTPUT)"},
            {"KEEL_PARAM_WHOLE_", "a parameter is REAL, INT or BOOL, and not"},
            {"KEEL_TYPE_", "a parameter is REAL, INT or BOOL, and not"},
            {"KEEL_PARAM_", "keel has no parameter ('keel config schema' lists them)"},
            {"KEEL_SLOT_", "there is no slot of the market"},
            {"keel_user_has_at_most_24_parameters", "PARAMS has more than 24 rows"},
            {"keel_user_has_at_most_16_values_of_signals", "SIGNALS has more than 16 values"}};

/* What compilers say of mistakes that C has a name for and a beginner has not. */
static const struct {
    const char *said, *what;
} SAID[] = {
    {"empty body", "a ';' right after the condition ends it: remove that ';'"},
    {"value computed is not used", "it does nothing: '=' sets, '==' compares; a function is called with ()"},
    {"statement with no effect", "it does nothing: '=' sets, '==' compares; a function is called with ()"},
    {"result unused", "it does nothing: '=' sets, '==' compares; a function is called with ()"},
    {"from 'double' to '", "a real in a whole number loses its fraction: write double, or (int32_t) before the value"},
    {"turns floating-point number into integer",
     "a real in a whole number loses its fraction: write double, or (int32_t) before the value"},
};

static const char LETTERS[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789";

/* Does the file have a row `table`(name, ...)? */
static int has_row(const keel_compile_in *in, char table, const char *name) {
    size_t size = strlen(name);
    for (size_t i = 0; i + 2 < in->size; i++) {
        if (in->text[i] != table || in->text[i + 1] != '(' || (i > 0 && strchr(LETTERS, in->text[i - 1]))) continue;
        size_t at = i + 2;
        while (at < in->size && in->text[at] == ' ')
            at++;
        if (at + size < in->size && memcmp(in->text + at, name, size) == 0 && !strchr(LETTERS, in->text[at + size]))
            return 1;
    }
    return 0;
}

/* 'x' undeclared; did you mean 'y'? */
static void undeclared(const keel_compile_in *in, char *text, char *ret, size_t size) {
    char name[64];
    char *from = strchr(text, '\''), *guess = strstr(text, "; did you mean 'keel_");
    size_t length = from ? strspn(from + 1, LETTERS) : 0;
    (void)snprintf(name, sizeof name, "%.*s", (int)(length < sizeof name ? length : sizeof name - 1),
                   from ? from + 1 : "");
    if (guess) *guess = 0; /* a name of keel's own is no help */
    if (length && has_row(in, 'S', name))
        (void)snprintf(ret, size, "'%s' is a signal: write value(%s)", name, name);
    else if (length && has_row(in, 'P', name))
        (void)snprintf(ret, size, "'%s' is a parameter: write param(%s)", name, name);
    else if (strstr(text, "did you mean"))
        (void)snprintf(ret, size, "%.250s", text);
    else
        (void)snprintf(ret, size, "%.150s; a new name has its type before it, such as double x", text);
}

void keel_compile_translate(const keel_compile_in *in, const char *sentence, size_t length, char *ret, size_t size) {
    char text[300];
    (void)snprintf(text, sizeof text, "%.*s", (int)(length < sizeof text ? length : sizeof text - 1), sentence);
    char *flag = strstr(text, " [-W");
    if (flag) *flag = 0;
    for (size_t i = 0; i < sizeof MADE / sizeof *MADE; i++) {
        const char *at = strstr(text, MADE[i].made);
        if (!at) continue;
        at += strlen(MADE[i].made);
        size_t name = strspn(at, LETTERS);
        if (name)
            (void)snprintf(ret, size, "%s '%.*s'", MADE[i].what, (int)(name < 60 ? name : 60), at);
        else
            (void)snprintf(ret, size, "%s", MADE[i].what);
        return;
    }
    for (size_t i = 0; i < sizeof SAID / sizeof *SAID; i++) {
        if (!strstr(text, SAID[i].said)) continue;
        (void)snprintf(ret, size, "%s", SAID[i].what);
        return;
    }
    if (strstr(text, "undeclared"))
        undeclared(in, text, ret, size);
    else
        (void)snprintf(ret, size, "%s", text);
}
