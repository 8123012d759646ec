/* app/cli/strategy_check.c: keel strategy check: what can be said of a strategy before money is. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "app/cli/cli.h"
#include "app/cli/strategy_proof.h"
#include "app/cli/strategy_source.h"

const keel_cli_verb keel_verb_strategy_check_info = {
    .noun = "strategy",
    .verb = "check",
    .run = keel_verb_strategy_check,
    .summary = "language, tables and proofs: no look-ahead, enough history, same answer twice",
    .example = "keel strategy check ema_cross",
    .positionals = "NAME|FILE.c",
    .positional_min = 1,
    .positional_max = 1,
    .notes =
        "Exit 0: all is well; 2: language or tables; 3: a proof failed; 1: it crashed. No data is needed: the proofs\n"
        "run on made-up candles, with parameters at their defaults.",
    .reports = 1};

enum { CHECKS_MAX = 8 };

typedef struct check {
    const char *name;
    int ok;
    char detail[500];
} check;

typedef struct checks {
    check row[CHECKS_MAX];
    int count, failed;
} checks;

static void add(checks *c, const char *name, int ok, const char *format, ...) KEEL_PRINTF(4, 5);
static void add(checks *c, const char *name, int ok, const char *format, ...) {
    va_list args;
    check *row = &c->row[c->count++];
    KEEL_ASSERT(c->count <= CHECKS_MAX);
    row->name = name;
    row->ok = ok;
    va_start(args, format);
    (void)vsnprintf(row->detail, sizeof row->detail, format, args);
    va_end(args);
    c->failed += !ok;
}

static void add_proofs(checks *c, const keel_strategy_proof *p) {
    add(c, "deterministic", p->deterministic,
        p->deterministic ? "two runs gave state %016llx"
                         : "two runs differ: give every "
                           "variable a value before it is read (first run: state %016llx)",
        (unsigned long long)p->state_hash);
    if (!p->deterministic) return;
    add(c, "no_lookahead", p->future_ts_ms == 0,
        p->future_ts_ms == 0 ? "%lld decisions stayed the same whatever came after them (%lld futures)"
                             : "%lld decisions, %lld futures: one changed with what came after it: please report this "
                               "strategy",
        (long long)p->decisions, (long long)p->future_checks);
    if (p->settled_bars < 0)
        add(c, "warm_up", 0,
            "decisions change with the length of the history however long it is: a running total (such as OBV) has no "
            "level of its own: compare it with its own past (ROC, ZSCORE of it)");
    else if (p->warmup_bars >= 0 && p->settled_bars <= p->warmup_bars)
        add(c, "warm_up", 1, "decisions are the same with %d bars of history as with all", (int)p->settled_bars);
    else
        add(c, "warm_up", 1,
            "signals are ready after %d bars; decisions settle after %d, because averages forget slowly: begin a run "
            "that "
            "many bars after the data",
            (int)p->warmup_bars, (int)p->settled_bars);
    add(c, "acts", 1,
        p->decisions > 0 ? "%lld decisions, %lld trades on 3000 made-up candles"
                         : "%lld decisions, %lld trades on 3000 made-up candles: it never says anything there",
        (long long)p->decisions, (long long)p->trades);
}

static int write_json(keel_cli *cli, const char *name, const keel_strategy_source *s, const checks *c,
                      const keel_strategy_proof *p) {
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
    keel_json_kbool(j, "ok", c->failed == 0);
    keel_json_key(j, "checks");
    keel_json_array(j);
    for (int i = 0; i < c->count; i++) {
        keel_json_object(j);
        keel_json_kstring(j, "name", c->row[i].name);
        keel_json_kbool(j, "ok", c->row[i].ok);
        keel_json_kstring(j, "detail", c->row[i].detail);
        keel_json_close(j);
    }
    keel_json_close(j);
    keel_json_key(j, "problems");
    keel_json_array(j);
    for (int i = 0; s->user && i < s->user->dialect.problem_count; i++)
        keel_json_string(j, s->user->dialect.problem[i]);
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

/* Language, compiler, tables: all that keel_strategy_open refuses. */
static int open_and_judge(keel_cli *cli, const char *name, keel_strategy_source *s, checks *c) {
    int rc = keel_strategy_open(cli, name, s);
    if (rc == 0) {
        add(c, "language", 1, "%s", s->user ? "nothing that is not a strategy's" : "built in");
        add(c, "tables", 1, "version %s, %d parameters of its own", s->text.version, (int)s->text.row_count);
        return 0;
    }
    const char *which = s->user && s->user->dialect.problem_count ? "language"
                        : s->user && s->user->kernel              ? "tables"
                                                                  : "compiles";
    if (strcmp(which, "tables") == 0) add(c, "language", 1, "nothing that is not a strategy's");
    add(c, which, 0, "%s", keel_cli_err(cli)->text);
    return rc;
}

static int prove(keel_cli *cli, keel_strategy_source *s, checks *c, keel_strategy_proof *proof) {
    keel_params p;
    keel_params_default(&p);
    KEEL_ASSERT(s->kernel->strategy_select(&p, s->id) == 1);
    int rc = keel_strategy_probe(s, &p, keel_cli_err(cli));
    if (rc == 0) rc = keel_strategy_prove(s, &p, keel_cli_interrupted, proof, keel_cli_err(cli));
    if (rc)
        add(c, "runs", 0, "%s", keel_cli_err(cli)->text);
    else
        add_proofs(c, proof);
    return rc;
}

static int conclude(keel_cli *cli, const keel_strategy_source *s, const checks *c) {
    for (int i = 0; i < c->count; i++)
        if (!c->row[i].ok)
            return keel_err_set(keel_cli_err(cli), KEEL_E_GATE, "%s: %s: %s", s->text.name, c->row[i].name,
                                c->row[i].detail);
    return 0;
}

int keel_verb_strategy_check(keel_cli *cli) {
    const char *name = keel_cli_positional(cli, 0);
    keel_strategy_source s;
    keel_strategy_proof proof;
    checks c;
    memset(&c, 0, sizeof c);
    int rc = open_and_judge(cli, name, &s, &c), proven = 0;
    if (rc == 0) {
        rc = prove(cli, &s, &c, &proof);
        proven = rc == 0;
    }
    int printed = 0;
    if (keel_cli_json(cli)) {
        printed = write_json(cli, name, &s, &c, proven ? &proof : NULL);
    } else {
        for (int i = 0; s.user && i < s.user->dialect.problem_count; i++)
            (void)printf("%s\n", s.user->dialect.problem[i]);
        for (int i = 0; i < c.count; i++)
            (void)printf("%-7s %-14s %s\n", c.row[i].ok ? "ok" : "FAILED", c.row[i].name, c.row[i].detail);
    }
    if (rc == 0) rc = conclude(cli, &s, &c);
    keel_strategy_close(&s);
    return rc ? rc : printed;
}
