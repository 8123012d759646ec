/* The judge of a strategy's text: tokens as the compiler sees them, and what each rule says. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <setjmp.h>

#include <cmocka.h>

#include "kernel/dialect.h"
#include "kernel/dialect_tokens.h"

#define FORM "#include \"strategy.def\"\n"

/* [STR-01] Comments, literals, line splices and directives are what they are to a compiler; lines are counted through
 * all of them. */
static void tokens_are_those_of_the_compiler(void **state) {
    (void)state;
    static const char TEXT[] =
        "a /* b\n */ c // d \\\n still d\n#define E \\\n  f\n\"g/*\" 'h' ma\\\nlloc 1.5e-3 ->x\n";
    static const struct {
        keel_token_kind kind;
        const char *text;
        int line;
    } want[] = {{KEEL_TOKEN_NAME, "a", 1},      {KEEL_TOKEN_NAME, "c", 2},         {KEEL_TOKEN_DIRECTIVE, "#", 4},
                {KEEL_TOKEN_NAME, "define", 4}, {KEEL_TOKEN_NAME, "E", 4},         {KEEL_TOKEN_NAME, "f", 5},
                {KEEL_TOKEN_LINE_END, "", 5},   {KEEL_TOKEN_STRING, "\"g/*\"", 6}, {KEEL_TOKEN_CHAR, "'h'", 6},
                {KEEL_TOKEN_NAME, "malloc", 6}, {KEEL_TOKEN_NUMBER, "1.5e-3", 7},  {KEEL_TOKEN_SIGN, "->", 7},
                {KEEL_TOKEN_NAME, "x", 7},      {KEEL_TOKEN_END, "", 8},           {KEEL_TOKEN_END, "", 8}};
    keel_tokens reader;
    keel_tokens_init(&reader, TEXT, sizeof TEXT - 1);
    for (size_t i = 0; i < sizeof want / sizeof *want; i++) {
        keel_token t;
        keel_tokens_next(&reader, &t);
        if (t.kind != want[i].kind || strcmp(t.text, want[i].text) != 0 || t.line != want[i].line)
            fail_msg("token %zu: kind %d '%s' line %d", i, (int)t.kind, t.text, t.line);
    }
}

static int judge(const char *text, keel_dialect *d, keel_err *err) {
    memset(err, 0, sizeof *err);
    return keel_dialect_check(text, strlen(text), "my.c", d, err);
}

/* [STR-01] What belongs to the language passes, with the place of its include and the names that could clash. */
static void a_strategy_passes(void **state) {
    (void)state;
    static keel_dialect d;
    keel_err err;
    static const char TEXT[] = "#define PARAMS(P) P(n, INT, 3, 1, 9, 1, \"bars\", \"malloc() in a text\")\n" FORM
                               "typedef struct pair { double a, b; } pair;\nenum { ONE = 1, TWO };\n"
                               "KEEL_CONST double keel_weights[2] = {1.0, 2.0};\n"
                               "KEEL_LOCAL double keel_mean(const pair *x) { return (x->a + x->b) / 2.0; }\n"
                               "DECIDE { pair x = {1.0, keel_weights[ONE]}; if (keel_mean(&x) > param(n)) buy(); }\n";
    assert_int_equal(judge(TEXT, &d, &err), 0);
    assert_int_equal(d.include_line, 2);
    assert_memory_equal(TEXT + d.include_from, "#include \"strategy.def\"", 23);
    assert_int_equal(d.include_to - d.include_from, 23);
    assert_int_equal(d.name_count, 2);
    assert_memory_equal(TEXT + d.name_from[0], "keel_weights", d.name_size[0]);
    assert_memory_equal(TEXT + d.name_from[1], "keel_mean", d.name_size[1]);
}

/* [STR-01] Each text breaks one rule, and the line says which and where. */
static void each_rule_speaks(void **state) {
    (void)state;
    static keel_dialect d;
    static const struct {
        const char *text, *want;
    } rows[] = {
        {FORM "DECIDE { double x = pow(2.0, 3.0); }\n", "my.c:2: 'pow' is not in a strategy's language"},
        {FORM "DECIDE {\n\n static int n; }\n", "my.c:4: 'static' is not"},
        {FORM "double x;\nDECIDE { }\n", "my.c:2: variable 'x' outlives a call"},
        {FORM "KEEL_LOCAL int f(int a) { return f(a); }\nDECIDE { }\n", "my.c:2: 'f' calls itself"},
        {FORM "DECIDE { int *q = (int *)7; }\n", "my.c:2: a cast to a pointer"},
        {FORM "DECIDE { view.x = 'c'; }\n", "my.c:2: a character"},
        {FORM "DECIDE { double x = 0x1p3f; }\n", "my.c:2: '0x1p3f' is a float"},
        {FORM "DECIDE { } DECIDE { }\n", "my.c:2: DECIDE stands twice"},
        {"DECIDE { }\n" FORM, "my.c:1: DECIDE above #include"},
        {FORM FORM "DECIDE { }\n", "my.c:2: \"strategy.def\" is included twice"},
        {"DECIDE", "my.c:1: no #include"},
        {FORM "DECIDE { } }\n", "my.c:2: a } without its {"},
        {"#pragma x\n" FORM "DECIDE { }\n", "my.c:1: #pragma is not"},
        {FORM "#define KEEL_X 1\nDECIDE { }\n", "my.c:2: a macro may not be called 'KEEL_X'"},
        {FORM "DECIDE { int x<:3:>; }\n", "my.c:2: '<:' is an old spelling"},
        {"", "no #include"},
        {FORM "# a comment\nDECIDE { }\n", "my.c:2: a '#' that begins no directive"},
        {FORM "DECIDE { int n = 3; # a comment\n }\n", "my.c:2: a '#' that begins no directive"},
        {FORM "DECIDE { if (1 and 2) buy(); }\n", "'and' is not in a strategy's language: write &&"},
        {FORM "DECIDE { if (1 > 0) { buy(); } elif (1) { } }\n",
         "'elif' is not in a strategy's language: write else if"},
        {FORM "DECIDE { int n = True; }\n", "'True' is not in a strategy's language: write 1"},
        {FORM "DECIDE {\n if value(a) > 1: buy(); }\n", "my.c:3: 'if' without parentheses: write if (a > b)"},
        {FORM "DECIDE { if (value(a) > 1): buy(); }\n", "a ':' after the parentheses of 'if'"},
        {FORM "DECIDE { if (value(a) > 1) buy(); else: sell(); }\n", "a ':' after else"},
        {FORM "DECIDE { for i in range(3): buy(); }\n", "'for' without parentheses: write for (int32_t i = 0"},
        {FORM "DECIDE { if (view->side == 0) buy; }\n", "'buy' without parentheses does nothing: write buy();"},
        {FORM "DECIDE { double x = value(a) ** 2; }\n", "'**' is no power here"},
        {FORM "DECIDE { double x = value(a) * 1 / 2 + 1 / 2; }\n",
         "1 / 2 is 0: whole numbers divide to a whole number"},
        {FORM "DECIDE { if (view->side = 0) buy(); }\n", "'=' in a condition sets"},
        {FORM "DECIDE { if (1 && (view->side = 0)) buy(); }\n", "'=' in a condition sets"},
        {FORM "DECIDE {\n    if (view->side > 0)\n        leave();\n        sell();\n}\n",
         "my.c:3: only the first of the lines below 'if'"},
        {FORM "DECIDE {\n    if (n) buy();\n    else\n        leave();\n        sell();\n}\n",
         "my.c:4: only the first of the lines below 'else'"},
        {"#define SIGNALS(S) S(a, EMA, CLOSE, 3)\n  S(b, EMA, CLOSE, 4)\n" FORM "DECIDE { }\n",
         "my.c:2: 'S(' is a row of a table, and the line above it does not end with \\"},
        {FORM "DECIDE { if (1 < view->side < 3) buy(); }\n", "two comparisons in a row"},
        {FORM "def twice(x):\n", "my.c:2: 'def' is not in a strategy's language: a function is written"},
        {FORM "import math\nDECIDE { }\n", "my.c:2: 'import' is not in a strategy's language: a strategy is one file"},
        {FORM "DECIDE { double x = lambda y: y; }\n", "'lambda' is not in a strategy's language"},
        {FORM "DECIDE { if (1) buy(); else pass; }\n", "'pass' is not in a strategy's language: an empty { }"},
        {FORM "DECIDE { if (self.side > 0) buy(); }\n",
         "'self' is not in a strategy's language: a strategy is no object"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        keel_err err;
        int rc = judge(rows[i].text, &d, &err);
        if (rc != KEEL_E_PARSE || !strstr(err.text, rows[i].want))
            fail_msg("row %zu: code %d '%s', wanted '%s'", i, rc, err.text, rows[i].want);
    }
    static char large[KEEL_DIALECT_SIZE_MAX + 2];
    memset(large, ' ', sizeof large - 1);
    keel_err err;
    assert_int_equal(judge(large, &d, &err), KEEL_E_PARSE);
}

/* [STR-01] What looks like a habit of Python and is none stays allowed. */
static void what_is_meant_passes(void **state) {
    (void)state;
    static keel_dialect d;
    static const char *const BODIES[] = {
        "int n = 0; for (int i = 0; i < 3; i++) n = i; if (n == 2) buy();",
        "double x = value(a) * 3 / 2, y = (double)1 / 2, z = 4 / 2, w = 1.0 / 2, v = 86400000 / 24;",
        "int up = value(a) > 1.0 && value(a) < 2.0, same = (value(a) > 0.0) == (value(a) > 1.0), c = up ? 1 > 0 : 2 > "
        "1;",
        "double **rows; double x = 2.0 * *p->own; int k = n * (*q); const pair **r;",
        "int buy_now = 1, *at = &buy_now; if (buy_now) buy(); switch (*at) { case 1: sell(); break; default: leave(); "
        "}",
        "if (n)\n        buy();\n    sell();\n    if (n) buy();\n    sell();\n    if (n)\n        if (k)\n            "
        "buy();",
        "if (n) {\n        buy();\n        sell();\n    } else\n        leave();\n    for (;;)\n        "
        "n++;\n}\nKEEL_LOCAL int f(int n) {\n"
        "    if (n)\n        return 1;\n    else if (n > 2)\n        return 2;\n    return 3;",
        "int up = value(a) > 1.0 & value(b) > 1.0 | value(c) < 2.0 ^ value(d) < 3.0;",
        "double x; if ((x = value(a)) > 1.0 || 2.0 < (x = value(b))) buy(); while ((x = x - 1.0) >= 0.0) n++;",
        "double lambda = 0.94, pass = lambda * param(def); const pair *import; pair self; double y = self.x + "
        "(double)pass;",
        "if (x[i < 3 ? 1 : 0] > 2.0) { int n = 3; } while (n > 0) n = n - 1; do n++; while (n < 3);",
    };
    for (size_t i = 0; i < sizeof BODIES / sizeof *BODIES; i++) {
        char text[400];
        keel_err err;
        (void)snprintf(text, sizeof text, FORM "DECIDE { %s }\n", BODIES[i]);
        if (judge(text, &d, &err) != 0) fail_msg("body %zu: %s", i, err.text);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tokens_are_those_of_the_compiler),
        cmocka_unit_test(a_strategy_passes),
        cmocka_unit_test(each_rule_speaks),
        cmocka_unit_test(what_is_meant_passes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
