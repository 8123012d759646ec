/* app/cli/validate_foreign.c: keel validate foreign: what another engine says of the same strategy on the same data,
 * beside a run of keel, within tolerances. Of keel's own ways none is ever granted: keel validate parity. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/cli/report_subject.h"
#include "app/cli/text_table.h"
#include "base/json_read.h"
#include "base/real.h"

static const keel_cli_opt OPTIONS[] = {{"trades", "N", "how many trades it made; within 2 %", 0},
                                       {"net-profit", "USD", "its profit after costs; within 0.5 %", 0},
                                       {"max-drawdown", "PCT", "its largest fall, in percent; within 1 % of that", 0},
                                       {"final-balance", "USD", "what it ended with; within 0.5 %", 0},
                                       {0}};

const keel_cli_verb keel_verb_validate_foreign_info = {
    .noun = "validate",
    .verb = "foreign",
    .run = keel_verb_validate_foreign,
    .summary = "figures of another engine beside a run's, within tolerances",
    .example = "keel validate foreign runs/mine --trades 58 --final-balance 10026.12",
    .positionals = "RUN",
    .positional_min = 1,
    .positional_max = 1,
    .options = {OPTIONS},
    .reports = 1,
    .notes =
        "RUN is the folder of a run, or its id in a home. Give the figures that the other engine prints, at least "
        "one.\n"
        "The tolerances are shares of its figure, times KEEL_FOREIGN_PARITY_TOLERANCE of the environment (default 1,\n"
        "0: equal). Beyond one of them is exit code 6. What engines do differently: docs/coming_from.md and\n"
        "docs/models/agreement.md; between keel's own ways nothing may differ: keel validate parity.\n"};

static const char VARIABLE[] = "KEEL_FOREIGN_PARITY_TOLERANCE";

static const struct {
    const char *option, *total;
    double allowed; /* share of the other engine's figure */
    int is_fall;    /* engines write it with a minus or without */
} FIGURES[] = {{"trades", "trades", 0.02, 0},
               {"net-profit", "net_profit_usd", 0.005, 0},
               {"max-drawdown", "max_drawdown_pct", 0.01, 1},
               {"final-balance", "final_balance_usd", 0.005, 0}};
enum { FIGURE_COUNT = sizeof FIGURES / sizeof *FIGURES };
static const double FIGURE_MAX = 1e15, MULTIPLIER_MAX = 1e6;

typedef struct figure {
    int given, within;
    double keel, foreign, share; /* share: how far apart, of the foreign one; HUGE_VAL: that is 0 */
} figure;

typedef struct job {
    keel_cli *cli;
    keel_err *err;
    char path[KEEL_REPORT_PATH_SIZE];
    keel_tree *summary;
    double multiplier;
    figure figures[FIGURE_COUNT];
    int beyond, given;
} job;

static int read_multiplier(job *b) {
    const char *text = getenv(VARIABLE);
    b->multiplier = 1.0;
    if (!text || !text[0]) return 0;
    if (keel_real_parse(text, &b->multiplier) == 0 && b->multiplier >= 0.0 && b->multiplier <= MULTIPLIER_MAX) return 0;
    return keel_err_set(b->err, KEEL_E_USAGE, "'%.60s' is no multiplier: %s: write a number from 0 to %.0f", text,
                        VARIABLE, MULTIPLIER_MAX);
}

static int read_given(job *b) {
    for (int i = 0; i < FIGURE_COUNT; i++) {
        figure *f = &b->figures[i];
        f->given = keel_cli_option(b->cli, FIGURES[i].option) != NULL;
        b->given += f->given;
        KEEL_TRY(keel_cli_option_double(b->cli, FIGURES[i].option, -FIGURE_MAX, FIGURE_MAX, &f->foreign));
        if (FIGURES[i].is_fall) f->foreign = fabs(f->foreign);
    }
    if (b->given > 0) return 0;
    return keel_err_set(b->err, KEEL_E_USAGE,
                        "nothing to compare: keel validate foreign: give --trades, --net-profit, --max-drawdown or "
                        "--final-balance");
}

static int read_run(job *b) {
    keel_run_folder *run = NULL;
    KEEL_TRY(keel_report_run_find(b->cli, keel_cli_positional(b->cli, 0), b->path));
    KEEL_TRY(keel_run_folder_open(b->path, &run, b->err));
    const char *text = keel_run_folder_summary(run);
    int rc = keel_json_parse(text, strlen(text), "summary.json", &b->summary, b->err);
    keel_run_folder_close(run);
    return rc;
}

static int compare(job *b) {
    const keel_tree *totals = keel_tree_find(b->summary, "totals");
    for (int i = 0; i < FIGURE_COUNT; i++) {
        figure *f = &b->figures[i];
        const keel_tree *node = keel_tree_find(totals, FIGURES[i].total);
        if (!f->given) continue;
        if (!node || !node->text || keel_real_parse(node->text, &f->keel) != 0)
            return keel_err_set(b->err, KEEL_E_NOT_FOUND, "the run has no %s: %s: leave --%s out", FIGURES[i].total,
                                b->path, FIGURES[i].option);
        double apart = fabs(f->keel - f->foreign);
        f->share = apart == 0.0 ? 0.0 : f->foreign == 0.0 ? HUGE_VAL : apart / fabs(f->foreign);
        f->within = f->share <= FIGURES[i].allowed * b->multiplier;
        b->beyond += !f->within;
    }
    return 0;
}

static void percent(double share, char *text, size_t size) {
    if (isinf(share))
        (void)snprintf(text, size, "-");
    else
        (void)snprintf(text, size, "%.3f %%", 100.0 * share);
}

static int tell_text(const job *b) {
    static const char *const HEADERS[] = {"Figure", "keel", "Other engine", "Apart", "Allowed", ""};
    char keel[KEEL_REAL_TEXT_MAX], foreign[KEEL_REAL_TEXT_MAX], apart[40], allowed[40];
    keel_strbuf out;
    keel_table t;
    keel_strbuf_init(&out, 0);
    keel_table_init(&t, HEADERS, 6, 1);
    for (int i = 0; i < FIGURE_COUNT; i++) {
        const figure *f = &b->figures[i];
        if (!f->given) continue;
        percent(f->share, apart, sizeof apart);
        percent(FIGURES[i].allowed * b->multiplier, allowed, sizeof allowed);
        keel_table_row(&t, (const char *const[]){FIGURES[i].total, keel_real_format(f->keel, keel),
                                                 keel_real_format(f->foreign, foreign), apart, allowed,
                                                 f->within ? "within" : "BEYOND"});
    }
    keel_table_print(&t, NULL, KEEL_TABLE_WIDTH, &out);
    keel_table_done(&t);
    int failed = out.failed;
    (void)fputs(keel_strbuf_text(&out), stdout);
    keel_strbuf_done(&out);
    return failed ? keel_err_set(b->err, KEEL_E_NOMEM, "out of memory: report: close other programs") : 0;
}

static void copy(const job *b, const char *key, keel_json *j) {
    const keel_tree *node = keel_tree_find(b->summary, key);
    keel_json_kstring(j, key, node ? node->text : NULL);
}

static int tell_json(const job *b) {
    keel_json *j = keel_json_new(2);
    if (!j) return keel_err_set(b->err, KEEL_E_NOMEM, "out of memory: report: close other programs");
    keel_json_object(j);
    keel_json_kstring(j, "schema", "keel.foreign_parity");
    keel_json_kint(j, "schema_version", 1);
    copy(b, "run_id", j);
    copy(b, "config_id", j);
    copy(b, "dataset_hash", j);
    keel_json_kdouble(j, "multiplier", b->multiplier);
    keel_json_kbool(j, "within", b->beyond == 0);
    keel_json_key(j, "figures");
    keel_json_array(j);
    for (int i = 0; i < FIGURE_COUNT; i++) {
        const figure *f = &b->figures[i];
        if (!f->given) continue;
        keel_json_object(j);
        keel_json_kstring(j, "figure", FIGURES[i].total);
        keel_json_kdouble(j, "keel", f->keel);
        keel_json_kdouble(j, "other", f->foreign);
        keel_json_key(j, "apart");
        if (isinf(f->share))
            keel_json_null(j);
        else
            keel_json_double(j, f->share);
        keel_json_kdouble(j, "allowed", FIGURES[i].allowed * b->multiplier);
        keel_json_kbool(j, "within", f->within);
        keel_json_close(j);
    }
    keel_json_close(j);
    keel_json_close(j);
    int rc = keel_cli_print_json(b->cli, j);
    keel_json_free(j);
    return rc;
}

static int work(job *b) {
    KEEL_TRY(read_multiplier(b));
    KEEL_TRY(read_given(b));
    KEEL_TRY(read_run(b));
    KEEL_TRY(compare(b));
    KEEL_TRY(keel_cli_json(b->cli) ? tell_json(b) : tell_text(b));
    if (b->beyond == 0) return 0;
    return keel_err_set(b->err, KEEL_E_PARITY,
                        "%d of %d figures are beyond the tolerance: %s: match what the engines do differently first "
                        "(docs/coming_from.md)",
                        b->beyond, b->given, b->path);
}

int keel_verb_validate_foreign(keel_cli *cli) {
    job *b = calloc(1, sizeof *b);
    if (!b) return keel_err_set(keel_cli_err(cli), KEEL_E_NOMEM, "out of memory: report: close other programs");
    b->cli = cli;
    b->err = keel_cli_err(cli);
    int rc = work(b);
    keel_tree_free(b->summary);
    free(b);
    return rc;
}
