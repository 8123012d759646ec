/* app/cli/strategy_check.c: keel strategy check: what can be said of a strategy before money is. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/cli/cli.h"
#include "app/cli/run_config_internal.h"
#include "app/cli/strategy_check.h"
#include "app/cli/strategy_proof.h"
#include "app/cli/strategy_source.h"
#include "base/config.h"
#include "base/timerange.h"

const keel_cli_opt keel_strategy_check_options[] = {
    {"set", "PARAM=VALUE", "any parameter, by path or by its last part", KEEL_CLI_REPEAT}, {NULL, NULL, NULL, 0}};

const keel_cli_verb keel_verb_strategy_check_info = {
    .noun = "strategy",
    .verb = "check",
    .run = keel_verb_strategy_check,
    .summary = "language, tables and proofs: no look-ahead, enough history, same answer twice",
    .example = "keel strategy check ema_cross",
    .positionals = "NAME|FILE.c",
    .positional_min = 1,
    .positional_max = 1,
    .options = {keel_strategy_check_options},
    .notes =
        "Exit 0: all is well; 2: language or tables; 3: a proof failed; 1: it crashed. No data is needed: the proofs\n"
        "run on made-up candles of two symbols with finer ones inside, with parameters at their defaults where --set\n"
        "gives no other value. 'unknown' before a proof: the strategy decided nothing there, so nothing was shown.",

    .reports = 1};

enum { CHECKS_MAX = 8 };

/* What became of a check. OPEN: nothing failed, but there was nothing to fail either. */
enum { FAILED = 0, OK = 1, OPEN = 2 };

typedef struct check {
    const char *name;
    int ok; /* as above */
    char detail[500];
} check;

typedef struct checks {
    check row[CHECKS_MAX];
    int count, failed, open;
    const char *only; /* of the proofs this one; NULL: all */
} checks;

/* Of one proof: it, and what keeps it from being made. */
static int is_wanted(const checks *c, const char *name, int ok) {
    if (!c->only || strcmp(name, c->only) == 0) return 1;
    return ok == FAILED && strcmp(name, "numbers") != 0 && strcmp(name, KEEL_CHECK_LOOKAHEAD) != 0 &&
           strcmp(name, KEEL_CHECK_WARMUP) != 0;
}

static void add(checks *c, const char *name, int ok, const char *format, ...) KEEL_PRINTF(4, 5);
static void add(checks *c, const char *name, int ok, const char *format, ...) {
    va_list args;
    if (!is_wanted(c, name, ok)) return;
    check *row = &c->row[c->count++];
    KEEL_ASSERT(c->count <= CHECKS_MAX);
    row->name = name;
    row->ok = ok;
    va_start(args, format);
    (void)vsnprintf(row->detail, sizeof row->detail, format, args);
    va_end(args);
    c->failed += ok == FAILED;
    c->open += ok == OPEN;
}

static void add_numbers(checks *c, const keel_strategy_proof *p) {
    char when[KEEL_TIME_TEXT_MAX];
    if (!p->no_numbers)
        add(c, "numbers", 1, "every result was a number");
    else
        add(c, "numbers", 0, "at the candle that closed %s: %s", keel_time_format(p->no_numbers_ts_ms, when),
            p->no_numbers & KEEL_NUMBERS_ZERO
                ? "divided by zero, or took the logarithm of zero: compare with 0 first"
                : "a result was no number (0 / 0, the root or logarithm of less than 0, a whole number that is too "
                  "large): compare what goes in first");
}

static const char NOTHING[] =
    "it decided nothing on the made-up market, so nothing was shown: try other parameters (--set)";

static void add_future(checks *c, const keel_strategy_proof *p) {
    if (p->future_ts_ms != 0)
        add(c, KEEL_CHECK_LOOKAHEAD, FAILED,
            "%lld decisions, %lld futures: one changed with what came after it: please report this strategy",
            (long long)p->decisions, (long long)p->future_checks);
    else if (p->future_decisions == 0)
        add(c, KEEL_CHECK_LOOKAHEAD, OPEN, "%s", NOTHING);
    else
        add(c, KEEL_CHECK_LOOKAHEAD, OK, "%lld decisions stayed the same whatever came after them (%lld futures)",
            (long long)p->decisions, (long long)p->future_checks);
}

static void add_history(checks *c, const keel_strategy_proof *p) {
    if (p->settled_bars < 0)
        add(c, KEEL_CHECK_WARMUP, FAILED,
            "decisions change with the length of the history however long it is: a running total (such as OBV) has no "
            "level of its own: compare it with its own past (ROC, ZSCORE of it)");
    else if (p->history_decisions == 0)
        add(c, KEEL_CHECK_WARMUP, OPEN, "%s", NOTHING);
    else if (p->warmup_bars >= 0 && p->settled_bars <= p->warmup_bars)
        add(c, KEEL_CHECK_WARMUP, OK, "decisions are the same with %d bars of history as with all",
            (int)p->settled_bars);
    else
        add(c, KEEL_CHECK_WARMUP, OK,
            "signals are ready after %d bars; decisions settle after %d, because averages forget slowly: begin a run "
            "that many bars after the data",
            (int)p->warmup_bars, (int)p->settled_bars);
}

static void add_proofs(checks *c, const keel_strategy_proof *p, int is_user) {
    if (!p->deterministic)
        add(c, "deterministic", FAILED,
            "two runs differ: give every variable a value before it is read (first run: state %016llx)",
            (unsigned long long)p->state_hash);
    else
        add(c, "deterministic", p->decisions > 0 ? OK : OPEN,
            p->decisions > 0 ? "two runs gave state %016llx"
                             : "two runs gave state %016llx, but neither decided anything",
            (unsigned long long)p->state_hash);
    if (!p->deterministic) return;
    if (is_user) add_numbers(c, p);
    add_future(c, p);
    add_history(c, p);
    add(c, "acts", p->decisions > 0 ? OK : OPEN,
        p->decisions > 0 ? "%lld decisions, %lld trades on 3000 made-up candles of two symbols"
                         : "%lld decisions, %lld trades on 3000 made-up candles of two symbols: it never says anything "
                           "there, so none of the proofs shows anything",
        (long long)p->decisions, (long long)p->trades);
}

static int write_json(keel_cli *cli, const char *name, const keel_strategy_source *s, const checks *c,
                      const keel_strbuf *problems, const keel_strategy_proof *p) {
    keel_json *j = keel_json_new(2);
    if (!j)
        return keel_err_set(keel_cli_err(cli), KEEL_E_NOMEM, "out of memory: %s: close other programs",
                            keel_cli_name(cli));
    keel_json_object(j);
    keel_json_kstring(j, "schema", "keel.strategy_check");
    keel_json_kint(j, "schema_version", 1);
    keel_json_kstring(j, "strategy", s->text.name ? s->text.name : name);
    keel_json_kstring(j, "version", s->text.version);
    keel_json_kstring(j, "sha256", s->user && s->user->sha256[0] ? s->user->sha256 : NULL);
    keel_json_kbool(j, "ok", c->failed == 0 && !(c->only && c->open > 0));
    keel_json_kbool(j, "proven", p && c->failed == 0 && c->open == 0);
    keel_json_key(j, "checks");
    keel_json_array(j);
    for (int i = 0; i < c->count; i++) {
        keel_json_object(j);
        keel_json_kstring(j, "name", c->row[i].name);
        keel_json_kbool(j, "ok", c->row[i].ok != FAILED && !(c->only && c->row[i].ok == OPEN));
        keel_json_kbool(j, "proven", c->row[i].ok == OK);
        keel_json_kstring(j, "detail", c->row[i].detail);
        keel_json_close(j);
    }
    keel_json_close(j);
    keel_json_key(j, "problems");
    keel_json_array(j);
    for (const char *at = keel_strbuf_text(problems); *at;) {
        char line[500];
        size_t size = strcspn(at, "\n");
        (void)snprintf(line, sizeof line, "%.*s", (int)size, at);
        keel_json_string(j, line);
        at += size + (at[size] == '\n');
    }
    keel_json_close(j);
    if (p) {
        keel_json_kint(j, "decisions", p->decisions);
        keel_json_kint(j, "trades", p->trades);
        keel_json_kint(j, "warmup_bars", p->warmup_bars);
        keel_json_kint(j, "settled_bars", p->settled_bars);
    }
    keel_json_close(j);
    int rc = keel_cli_print_json(cli, j);
    keel_json_free(j);
    return rc;
}

static int count_lines(const keel_strbuf *text) {
    int count = 0;
    for (const char *at = keel_strbuf_text(text); *at; at++)
        count += *at == '\n';
    return count;
}

/* Language, compiler, tables: all that keel_strategy_open refuses. Each problem is a line of problems; where there is
 * one at all, the row and the error say how many. */
static int open_and_judge(keel_cli *cli, const char *name, keel_strategy_source *s, checks *c, keel_strbuf *problems) {
    int rc = keel_strategy_judge(cli, name, problems, s);
    if (rc == 0) {
        add(c, "language", 1, "%s", s->user ? "nothing that is not a strategy's" : "built in");
        add(c, "tables", 1, "version %s, %d parameters of its own", s->text.version, (int)s->text.row_count);
        return 0;
    }
    if (!s->user) {
        c->failed = 1; /* there is nothing to judge */
        return rc;
    }
    const char *which = s->user->dialect.problem_count ? "language" : s->user->kernel ? "tables" : "compiles";
    for (int i = 0; i < s->user->dialect.problem_count; i++)
        keel_strbuf_addf(problems, "%s\n", s->user->dialect.problem[i]);
    if (s->user->kernel) rc = keel_user_check_tables(&s->user->text, s->user->file, problems, keel_cli_err(cli));
    if (strcmp(which, "tables") == 0) add(c, "language", 1, "nothing that is not a strategy's");
    int count = count_lines(problems);
    if (count == 0) {
        add(c, which, 0, "%s", keel_cli_err(cli)->text);
        return rc;
    }
    add(c, which, 0, "%d %s", count, count == 1 ? "problem" : "problems");
    return keel_err_set(keel_cli_err(cli), rc, "%s: %s: %d %s, named on standard output: mend what stands there",
                        s->user->file, which, count, count == 1 ? "problem" : "problems");
}

/* Defaults, presets, --set: the parameters of a run without a configuration. */
static int read_params(keel_cli *cli, const char *name, keel_run_config *run) {
    keel_err *err = keel_cli_err(cli);
    run->config = keel_config_new();
    if (!run->config)
        return keel_err_set(err, KEEL_E_NOMEM, "out of memory: %s: close other programs", keel_cli_name(cli));
    for (size_t i = 0; i < keel_cli_option_count(cli, "set"); i++) {
        const char *value;
        char *path;
        KEEL_TRY(keel_assignment_parse(keel_cli_option_at(cli, "set", i), &path, &value));
        int rc = keel_config_set(run->config, path, value, "--set", err);
        free(path);
        if (rc) return rc;
    }
    KEEL_TRY(keel_run_config_add_strategy(cli, run, name));
    int rc = keel_config_resolve(run->config, err);
    if (rc == 0) rc = keel_run_config_check_rules(run->config);
    if (rc) return keel_run_config_tell(cli, run->config, rc);
    KEEL_TRY(keel_run_config_fill(run, err));
    if (!run->by_regime) return 0;
    return keel_err_set(
        err, KEEL_E_USAGE,
        "one set of parameters is proven at a time: --set NAME@REGIME: write the values of a regime without "
        "the '@'");
}

/* What the rules refuse, all of it. One problem is the error's line; more are lines of problems. */
static int judge_rules(keel_cli *cli, const keel_run_config *run, const char *name, keel_strbuf *problems) {
    keel_strbuf found;
    keel_strbuf_init(&found, 0);
    int rc = keel_strategy_probe(&run->source, &run->params, NULL, &found, keel_cli_err(cli));
    int count = count_lines(&found);
    if (rc != 0 && count > 1) {
        keel_strbuf_add(problems, keel_strbuf_text(&found));
        rc = keel_err_set(keel_cli_err(cli), rc,
                          "%s: %d rules are broken, named on standard output: mend what stands there", name, count);
    }
    keel_strbuf_done(&found);
    return rc;
}

static int prove(keel_cli *cli, const char *name, checks *c, keel_strategy_proof *proof, keel_strbuf *problems) {
    keel_run_config run;
    memset(&run, 0, sizeof run);
    int rc = read_params(cli, name, &run);
    if (rc == 0) rc = judge_rules(cli, &run, name, problems);
    if (rc == 0) rc = keel_strategy_prove(&run.source, &run.params, keel_cli_interrupted, proof, keel_cli_err(cli));
    if (rc)
        add(c, "runs", FAILED, "%s", keel_cli_err(cli)->text);
    else
        add_proofs(c, proof, run.source.user != NULL);
    keel_run_config_done(&run);
    return rc;
}

static int conclude(keel_cli *cli, const keel_strategy_source *s, const checks *c) {
    for (int i = 0; i < c->count; i++)
        if (c->row[i].ok == FAILED || (c->only && c->row[i].ok == OPEN))
            return keel_err_set(keel_cli_err(cli), KEEL_E_GATE, "%s: %s: %s", s->text.name, c->row[i].name,
                                c->row[i].detail);
    return 0;
}

/* What stands in the error as well is not said here again. */
static void print_rows(const checks *c, const keel_strbuf *problems, int rc, const char *error) {
    static const char *const WORDS[] = {"FAILED", "ok", "unknown"};
    (void)fputs(keel_strbuf_text(problems), stdout);
    for (int i = 0; i < c->count; i++) {
        const check *row = &c->row[i];
        int in_error = !row->ok && (problems->size == 0 ? rc != 0 || c->failed == 1 : strcmp(row->detail, error) == 0);
        if (in_error)
            (void)printf("FAILED  %s\n", row->name);
        else
            (void)printf("%-7s %-14s %s\n", WORDS[row->ok], row->name, row->detail);
    }
}

const keel_cli_opt keel_strategy_proof_options[] = {
    {"strategy", "NAME|FILE.c", "the strategy, where it does not stand alone", 0}, {NULL, NULL, NULL, 0}};

int keel_strategy_proof_run(keel_cli *cli, const char *only) {
    const char *name = keel_cli_option(cli, "strategy");
    if (name && keel_cli_positional_count(cli) > 0)
        return keel_cli_refuse_option(cli, "strategy", "names a second strategy: leave one of them out");
    if (!name && keel_cli_positional_count(cli) == 0)
        return keel_err_set(keel_cli_err(cli), KEEL_E_USAGE, "no strategy: %s: name one, or its file",
                            keel_cli_name(cli));
    return keel_strategy_check_run(cli, name ? name : keel_cli_positional(cli, 0), only);
}

int keel_verb_strategy_check(keel_cli *cli) { return keel_strategy_check_run(cli, keel_cli_positional(cli, 0), NULL); }

int keel_strategy_check_run(keel_cli *cli, const char *name, const char *only) {
    keel_strategy_source s;
    keel_strategy_proof proof;
    keel_strbuf problems;
    checks c;
    memset(&c, 0, sizeof c);
    c.only = only;
    keel_strbuf_init(&problems, 0);
    int rc = open_and_judge(cli, name, &s, &c, &problems), proven = 0;
    if (rc == 0) {
        rc = prove(cli, name, &c, &proof, &problems);
        proven = rc == 0;
    }
    int printed = 0;
    if (keel_cli_json(cli))
        printed = write_json(cli, name, &s, &c, &problems, proven ? &proof : NULL);
    else
        print_rows(&c, &problems, rc, keel_cli_err(cli)->text);
    if (rc == 0) rc = conclude(cli, &s, &c);
    keel_strategy_close(&s);
    keel_strbuf_done(&problems);
    return rc ? rc : printed;
}
