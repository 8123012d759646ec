/* A user's strategy that is foreseen in windows against the same file stepped bar by bar: the same bits; and which
 * files are foreseen at all. Needs the system's C compiler, as the program does. */
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "kernel/user.h"
#include "kernel/windows.h"
#include "lane_random.h"

/* ---- which files ---- */

#define FORM "#include \"strategy.def\"\n"

/* [STR-01.2] What cannot fail, loop or look at what is not known ahead; anything in doubt is stepped. */
static void only_what_is_surely_known_ahead_is_foreseen(void **state) {
    (void)state;
    static const struct {
        const char *text;
        keel_foreseen want;
    } rows[] = {
        {FORM "DECIDE { if (value(a) > 1.0) buy(); }", KEEL_FORESEEN_WHOLE},
        {FORM "DECIDE { if (view->side == 0 && view->ts_ms / 3600000 % 24 == 3) buy(); }", KEEL_FORESEEN_WHOLE},
        {FORM "DECIDE { double d = 2.0; if (value(a) / d > value(b) / value(c)) sell(); }", KEEL_FORESEEN_WHOLE},
        {FORM "DECIDE { if (1.0 / (double)view->side * 3.0 > 0.0) leave(); }", KEEL_FORESEEN_WHOLE},
        {FORM "KEEL_LOCAL double f(double x) { return x * -x; }\nDECIDE { if (f(param(a)) > 1.0) buy(); }",
         KEEL_FORESEEN_WHOLE},
        {"#define N 3\n" FORM "DECIDE { if (value(a) > N && (3 & N)) buy(); }", KEEL_FORESEEN_WHOLE},
        {"#define TUNES(T) T(bands, f[0], 2.0)\n" FORM "DECIDE { if (p->leverage > 1.0) buy(); }", KEEL_FORESEEN_WHOLE},
        {FORM "DECIDE { if (view->bars_held > 3) leave(); }", KEEL_FORESEEN_FLAT},
        {FORM "DECIDE { if (view->profit_atr < view->entry_px) leave(); }", KEEL_FORESEEN_FLAT},
        {FORM "DECIDE { if (view->profit_atr < view->funding_rate) leave(); }", KEEL_FORESEEN_NOT},
        {FORM "DECIDE { if (view->is_btc) buy(); }", KEEL_FORESEEN_NOT},
        {FORM "DECIDE { if (view->snap->ready) buy(); }", KEEL_FORESEEN_NOT},
        {FORM "DECIDE { ret->points = keel_trend_points(p, view, 1, 2.0); }", KEEL_FORESEEN_NOT},
        {FORM "DECIDE { while (value(a) > 1.0) buy(); }", KEEL_FORESEEN_NOT},
        {FORM "DECIDE { for (int32_t i = 0; i < 3; i++) buy(); }", KEEL_FORESEEN_NOT},
        {FORM "DECIDE { int32_t x[3] = {0, 0, 0}; if (x[view->side] > 0) buy(); }", KEEL_FORESEEN_NOT},
        {FORM "DECIDE { int32_t *x = &ret->signal; }", KEEL_FORESEEN_NOT},
        {FORM "DECIDE { int32_t *x = 0; *x = 1; }", KEEL_FORESEEN_NOT},
        {FORM "DECIDE { if (100 / view->side > 3) buy(); }", KEEL_FORESEEN_NOT},
        {FORM "DECIDE { int32_t n = 2; if (100 / n > 3) buy(); }", KEEL_FORESEEN_NOT},
        {FORM "DECIDE { int32_t d = 2, n = 3; double e = 1.0; if (100 % n > 3) buy(); }", KEEL_FORESEEN_NOT},
        {FORM "DECIDE { if (100 / 0 > 3) buy(); }", KEEL_FORESEEN_NOT},
        {FORM "DECIDE { int32_t a = 1, d = 0; { double d = 1.0; } if (1 / d) buy(); }", KEEL_FORESEEN_NOT},
        {"#define side bars_held\n" FORM "DECIDE { if (view->side) buy(); }", KEEL_FORESEEN_NOT},
        {"#define F(x) view->x\n" FORM "DECIDE { if (F(is_btc)) buy(); }", KEEL_FORESEEN_NOT},
        {"#define double 3\n" FORM "DECIDE { buy(); }", KEEL_FORESEEN_NOT},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        static keel_dialect d;
        keel_err err;
        if (keel_dialect_check(rows[i].text, strlen(rows[i].text), "my.c", &d, &err) != 0)
            fail_msg("row %zu: %s", i, err.text);
        if (d.foreseen != rows[i].want) fail_msg("row %zu: %d: %s", i, (int)d.foreseen, rows[i].text);
    }
}

/* ---- the same bits ---- */

typedef enum way { STEPPED, WINDOWS, FORESEEN, LEAN } way;

/* Of all runs, one after the other: what an earlier one left in their memory must not matter. */
static keel_windows *kept;

static void run_with(market *m, const keel_kernel *kernel, way how) {
    keel_kernel unit = *kernel;
    keel_signal_list list;
    keel_err err = {0};
    keel_lane_out out;
    int32_t n = m->tape.symbol_count;
    if (how < FORESEEN) unit.window_judge = NULL;
    begin(m); /* memory */
    unit.strategy_signals(&m->p, &list);
    for (int32_t i = 0; i < n; i++)
        assert_int_equal(keel_signal_set_init(&m->sets[i], list.spec, list.n), KEEL_SIGNAL_OK);
    assert_int_equal(unit.lane_init(m->lane, m->st, &m->p, &m->tape, m->capital_e8, 1), KEEL_REFUSED_OK);
    for (int32_t i = 0; i < n; i++)
        m->st->sym[i].rules = m->rules[i];
    memset(&out, 0, sizeof out);
    out.trades = m->trades;
    out.trade_cap = 20000;
    out.equity_ts_ms = m->equity_ts_ms;
    out.equity_e8 = m->equity_e8;
    out.equity_cap = m->tape.bars + 1;
    out.lean = how == LEAN;
    if (how != STEPPED) assert_int_equal(keel_windows_again(&kept, &unit, &m->tape, &m->p, m->sets, &err), 0);
    const keel_window *window = how != STEPPED ? keel_windows_next(kept, 0) : NULL;
    while ((m->status = unit.lane_advance(m->lane, m->st, &m->p, &m->tape, m->sets, m->snaps, window, &out)) ==
           KEEL_LANE_WINDOW)
        window = keel_windows_next(kept, m->lane->bar);
    assert_int_equal(m->status, KEEL_LANE_DONE);
    m->trade_count = out.trade_count;
    m->equity_count = out.equity_count;
}

typedef struct outcome {
    uint64_t state, trades, equity;
    int64_t trade_count, passed;
    keel_lane_tally tally;
} outcome;

static uint64_t digest(const void *bytes, int64_t size) {
    const unsigned char *b = bytes;
    keel_hash h;
    keel_hash_init(&h);
    for (int64_t i = 0; i < size; i++)
        keel_hash_i64(&h, b[i]);
    return keel_hash_digest(&h);
}

static outcome outcome_of(market *m, const keel_kernel *kernel, way how) {
    run_with(m, kernel, how);
    return (outcome){.state = keel_state_hash(m->st),
                     .trades = digest(m->trades, m->trade_count * (int64_t)sizeof *m->trades),
                     .equity = digest(m->equity_e8, m->equity_count * (int64_t)sizeof *m->equity_e8),
                     .trade_count = m->trade_count,
                     .passed = m->lane->passed,
                     .tally = m->lane->tally};
}

/* A lean run keeps less of the equity curve. */
static void same(const char *what, const outcome *a, const outcome *b, int lean) {
    if (a->state != b->state || a->trades != b->trades || (!lean && a->equity != b->equity) ||
        memcmp(&a->tally, &b->tally, sizeof a->tally) != 0)
        fail_msg("%s: %d trades stepped, %d foreseen, or other bits", what, (int)a->trade_count, (int)b->trade_count);
}

/* The strategy's defaults, or any values of its parameters that a short market can warm up; core as the manner says. */
static void use_user(market *m, const keel_user *user, dice *d, int manner, int at_random) {
    keel_params own;
    use_manner(m, KEEL_STRATEGY_NO_TRADE, manner);
    keel_params_default(&own);
    assert_int_equal(user->kernel->strategy_select(&own, KEEL_STRATEGY_USER), 1);
    for (int32_t i = 0; at_random && i < user->text.row_count; i++) {
        const keel_strategy_row *row = &user->text.row[i];
        double most = row->hi < row->lo + 60.0 ? row->hi : row->lo + 60.0;
        double value = row->lo + (most - row->lo) * (double)between(d, 0, 1000) / 1000.0;
        if (row->type != KEEL_TYPE_REAL) value = (double)(int64_t)value;
        assert_int_equal(user->kernel->strategy_set(&own, i, value), 1);
    }
    if (manner == 0) {
        m->p = own;
        m->p.taker_fee_bps = 55000;
        return;
    }
    m->p.strategy = own.strategy;
    m->p.strategy_param_count = own.strategy_param_count;
    memcpy(m->p.own, own.own, sizeof own.own);
}

/* interval_ms: the regime of the market is known after 200 days. */
static void compare_file(const char *path, int is_foreseen, int64_t interval_ms) {
    static const nature WHOLE = {"no holes", 1000000000, 10000000000000, 10000000000, 6, 2, 0, 0};
    keel_err err = {0};
    keel_user user;
    dice d = {7};
    int64_t passed = 0, trades = 0;
    if (keel_user_load(path, NULL, &user, &err) != 0) fail_msg("%s", err.text);
    assert_int_equal(user.kernel->window_judge != NULL, is_foreseen);
    for (int trial = 0; trial < 24; trial++) {
        char what[200];
        const nature *n = trial % 4 == 3 ? &NATURES[3] : &WHOLE;
        market *m = market_random((uint64_t)trial, 2, 900, trial % 5 == 4 ? 3 : 1, n);
        m->tape.interval_ms = interval_ms;
        use_user(m, &user, &d, trial % MANNERS, trial > 2);
        (void)snprintf(what, sizeof what, "%s, trial %d", user.file, trial);
        outcome stepped = outcome_of(m, user.kernel, STEPPED), windows = outcome_of(m, user.kernel, WINDOWS),
                foreseen = outcome_of(m, user.kernel, FORESEEN), lean = outcome_of(m, user.kernel, LEAN);
        same(what, &stepped, &windows, 0);
        same(what, &stepped, &foreseen, 0);
        same(what, &stepped, &lean, 1);
        passed += foreseen.passed;
        trades += foreseen.trade_count;
        market_free(m);
    }
    if (trades < 24) fail_msg("%s: only %d trades", path, (int)trades);
    if ((passed > 0) != is_foreseen) fail_msg("%s: %d bars passed in stretches", path, (int)passed);
    keel_user_done(&user);
}

/* The root of the sources: KEEL_ROOT, or the folder from which the compiler was given this file. */
static const char *root(void) {
    static char path[1000];
    const char *given = getenv("KEEL_ROOT"), *end = strstr(__FILE__, "tests/unit/");
    if (given) return given;
    if (!end) fail_msg("set KEEL_ROOT to the root of the sources");
    (void)snprintf(path, sizeof path, "%.*s", end ? (int)(end - __FILE__) : 0, __FILE__);
    return *path ? path : ".";
}

static char folder[600]; /* of what is compiled; absolute, as XDG_CACHE_HOME must be */

static int make_folder(void **state) {
    (void)state;
    const char *temporary = getenv("TMPDIR");
    char compiler[700], here[500], text[] = "#!/bin/sh\nexec cc \"$@\" -O0\n"; /* the same bits, sooner */
    keel_err err;
    if (!getcwd(here, sizeof here)) return 1;
    (void)snprintf(folder, sizeof folder, "%s/keel-foresee-XXXXXX", temporary ? temporary : here);
    if (!mkdtemp(folder)) return 1;
    (void)snprintf(compiler, sizeof compiler, "%s/cc0", folder);
    if (keel_file_write(compiler, text, sizeof text - 1, &err) != 0 || chmod(compiler, 0700) != 0) return 1;
    return setenv("XDG_CACHE_HOME", folder, 1) || setenv("KEEL_CC", compiler, 1);
}

static int remove_folder(void **state) {
    (void)state;
    char command[700];
    (void)snprintf(command, sizeof command, "rm -r %s", folder);
    return system(command);
}

/* [STR-01.2] [STR-01.3] The five worked ideas and a copy of a built-in, any parameters, any market: stepping and
 * foreseeing give the same state, trades, equity and tallies. */
static void foreseen_and_stepped_give_the_same_bits(void **state) {
    (void)state;
    static const struct {
        const char *file;
        int is_foreseen;
    } files[] = {{"examples/strategies/weekend.c", 1}, {"examples/strategies/pullback.c", 1},
                 {"examples/strategies/squeeze.c", 1}, {"examples/strategies/crowded.c", 0},
                 {"examples/strategies/patient.c", 1}, {"src/pure/core/strategy/ema_cross.c", 1}};
    for (size_t i = 0; i < COUNT(files); i++) {
        char path[1200];
        (void)snprintf(path, sizeof path, "%s/%s", root(), files[i].file);
        compare_file(path, files[i].is_foreseen, HOUR_MS);
    }
}

/* [T-371] One that opens positions in some regimes only, where lean runs otherwise keep no account of the regime. */
static void regimes_are_minded_however_it_is_run(void **state) {
    (void)state;
    static const char TEXT[] =
        "#define VERSION \"1.0.0\"\n#define SENTENCE \"a test\"\n#define REGIMES KEEL_IN_BULL\n"
        "#define PARAMS(P) P(n, INT, 5, 1, 99, 1, \"bars\", \"x\")\n#define SIGNALS(S) S(a, ROC, CLOSE, "
        "param(n))\n" FORM
        "DECIDE { if (value(a) > 0.0 && view->side <= 0) buy(); if (value(a) < 0.0 && view->side >= 0) sell(); }\n";
    char path[700];
    keel_err err;
    (void)snprintf(path, sizeof path, "%s/bull.c", folder);
    assert_int_equal(keel_file_write(path, TEXT, sizeof TEXT - 1, &err), 0);
    compare_file(path, 1, 24 * HOUR_MS);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_what_is_surely_known_ahead_is_foreseen),
        cmocka_unit_test(foreseen_and_stepped_give_the_same_bits),
        cmocka_unit_test(regimes_are_minded_however_it_is_run),
    };
    int failed = cmocka_run_group_tests(tests, make_folder, remove_folder);
    keel_windows_free(kept);
    return failed;
}
