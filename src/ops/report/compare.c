/* ops/report/compare.c: two runs side by side. A is the first, B the second, a difference is B - A. */
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/json_read.h"
#include "base/real.h"
#include "num/int.h"
#include "ops/report/document.h"

static void add(keel_doc *doc, keel_doc_table *t, int32_t kind, const char *text) {
    keel_doc_cell_add(doc, t, kind, text);
}

static void heads(keel_doc *doc, keel_doc_table *t, const char *first, int with_difference) {
    add(doc, t, KEEL_CELL_TEXT, first);
    add(doc, t, with_difference ? KEEL_CELL_NUMBER : KEEL_CELL_TEXT, "A");
    add(doc, t, with_difference ? KEEL_CELL_NUMBER : KEEL_CELL_TEXT, "B");
    if (with_difference) add(doc, t, KEEL_CELL_NUMBER, "B - A");
}

/* ---- which is which ------------------------------------------------------------------------------------------ */

static void both(keel_doc *doc, keel_doc_table *t, const char *name, int32_t kind, const char *a, const char *b) {
    add(doc, t, KEEL_CELL_TEXT, name);
    add(doc, t, kind, a);
    add(doc, t, kind, b);
}

static void runs(const keel_run_folder *a, const keel_run_folder *b, keel_doc *doc) {
    static const char *const KEYS[][2] = {{"Run", "run_id"},
                                          {"Strategy", "strategy"},
                                          {"State hash", "state_hash"},
                                          {"Configuration", "config_id"},
                                          {"Data", "dataset_hash"},
                                          {"Build", "build"}};
    char from[KEEL_FIGURE_SIZE], to[KEEL_FIGURE_SIZE];
    const keel_tree *ra = keel_tree_find(a->summary, "effective_range");
    const keel_tree *rb = keel_tree_find(b->summary, "effective_range");
    keel_doc_table *t = keel_doc_add(doc, "verdict", KEEL_TABLE_GRID, 3, "Which is which");
    heads(doc, t, "", 0);
    both(doc, t, "Folder", KEEL_CELL_TEXT, a->path, b->path);
    both(doc, t, "Verdict", KEEL_CELL_TEXT, keel_report_verdict_words(a->summary),
         keel_report_verdict_words(b->summary));
    for (size_t i = 0; i < sizeof KEYS / sizeof *KEYS; i++)
        both(doc, t, KEYS[i][0], i == 1 ? KEEL_CELL_TEXT : KEEL_CELL_CODE, keel_node_text(a->summary, KEYS[i][1]),
             keel_node_text(b->summary, KEYS[i][1]));
    both(doc, t, "From", KEEL_CELL_TEXT, keel_figure_time(keel_tree_find(ra, "start"), from),
         keel_figure_time(keel_tree_find(rb, "start"), to));
    both(doc, t, "To", KEEL_CELL_TEXT, keel_figure_time(keel_tree_find(ra, "end"), from),
         keel_figure_time(keel_tree_find(rb, "end"), to));
}

/* ---- configuration ------------------------------------------------------------------------------------------- */

typedef void (*pair_found)(void *data, const char *path, const char *a, const char *b);

static void scalar_text(const keel_tree *node, char *ret, size_t size) {
    size_t n = 0;
    ret[0] = 0;
    if (!node) {
        (void)snprintf(ret, size, "not given");
        return;
    }
    if (node->kind == KEEL_TREE_LIST) {
        for (size_t i = 0; i < node->count && n + 1 < size; i++) {
            int added =
                snprintf(ret + n, size - n, "%s%s", i ? ", " : "", node->items[i]->text ? node->items[i]->text : "-");
            if (added < 0) break;
            n += (size_t)added;
        }
        return;
    }
    (void)snprintf(ret, size, "%s", node->text ? node->text : "-");
}

/* Every leaf of two maps that differs, in A's order and then what only B has. */
static void differences(const keel_tree *a, const keel_tree *b, const char *path, pair_found found, void *data) {
    const keel_tree *sides[2] = {a, b};
    for (int side = 0; side < 2; side++) {
        for (size_t i = 0; sides[side] && sides[side]->kind == KEEL_TREE_MAP && i < sides[side]->count; i++) {
            const char *key = sides[side]->items[i]->key;
            const keel_tree *x = keel_tree_find(a, key), *y = keel_tree_find(b, key);
            char name[200], left[300], right[300];
            if (side == 1 && x) continue;
            (void)snprintf(name, sizeof name, "%s%s%s", path, path[0] ? "." : "", key);
            if ((x && x->kind == KEEL_TREE_MAP) || (y && y->kind == KEEL_TREE_MAP)) {
                differences(x, y, name, found, data);
                continue;
            }
            scalar_text(x, left, sizeof left);
            scalar_text(y, right, sizeof right);
            if (strcmp(left, right) != 0) found(data, name, left, right);
        }
    }
}

typedef struct sink {
    keel_doc *doc;
    keel_doc_table *t;
    keel_json *json;
    int count;
} sink;

static void to_table(void *data, const char *path, const char *a, const char *b) {
    sink *s = data;
    s->count++;
    both(s->doc, s->t, path, KEEL_CELL_TEXT, a, b);
}

static void configuration(const keel_run_folder *a, const keel_run_folder *b, keel_doc *doc) {
    sink s = {.doc = doc, .t = keel_doc_add(doc, "configuration", KEEL_TABLE_GRID, 3, "Configuration that differs")};
    if (!s.t) return;
    (void)snprintf(s.t->note, sizeof s.t->note, "Values that were given; a value that was not given is the default.");
    heads(doc, s.t, "Setting", 0);
    differences(a->config, b->config, "", to_table, &s);
    if (s.count == 0) both(doc, s.t, "nothing differs", KEEL_CELL_TEXT, "", "");
}

/* ---- figures ------------------------------------------------------------------------------------------------- */

/* Name for people, key, places, and whether more of it is better: only then does the sign of a difference get a colour.
 * Money is a string in the document, so its difference is exact. */
static const struct {
    const char *name, *key;
    int places, more_is_better;
} FIGURES[] = {{"Final balance", "final_balance_usd", 2, 1},
               {"Absolute profit", "net_profit_usd", 2, 1},
               {"Total profit %", "net_profit_pct", 2, 1},
               {"CAGR %", "cagr_pct", 2, 1},
               {"Sharpe", "sharpe", 2, 1},
               {"Sortino", "sortino", 2, 1},
               {"Calmar", "calmar", 2, 1},
               {"SQN", "sqn", 2, 1},
               {"Profit factor", "profit_factor", 2, 1},
               {"Expectancy", "expectancy_usd", 2, 1},
               {"Win rate", "win_rate", 4, 1},
               {"Trades", "trades", 0, 0},
               {"Max drawdown %", "max_drawdown_pct", 2, 0},
               {"Absolute drawdown", "max_drawdown_usd", 2, 0},
               {"Exposure time %", "exposure_pct", 2, 0},
               {"Price profit", "price_profit_usd", 2, 1},
               {"Funding", "funding_usd", 2, 1},
               {"Interest", "borrow_usd", 2, 1},
               {"Fees", "fees_usd", 2, 0},
               {"Slippage", "slippage_usd", 2, 0},
               {"Total trade volume", "turnover_usd", 2, 0}};

/* b - a as text with the figure's places; money exactly, rounded once. "-" when one is missing. */
static void difference(const keel_tree *a, const keel_tree *b, int places, char ret[KEEL_FIGURE_SIZE]) {
    int64_t x = 0, y = 0, d = 0;
    double p = 0.0, q = 0.0;
    (void)snprintf(ret, KEEL_FIGURE_SIZE, "-");
    if (!a || !b || !a->text || !b->text) return;
    if (a->kind == KEEL_TREE_STRING) {
        if (keel_json_read_decimal(a, 8, &x) == 0 && keel_json_read_decimal(b, 8, &y) == 0 && keel_sub_i64(y, x, &d))
            (void)keel_figure_e8(d, places, ret);
    } else if (keel_real_parse(a->text, &p) == 0 && keel_real_parse(b->text, &q) == 0) {
        (void)keel_figure_real(q - p, places, ret);
    }
}

static void figure_row(keel_doc *doc, keel_doc_table *t, const char *name, const keel_tree *a, const keel_tree *b,
                       int places, int more_is_better) {
    char text[KEEL_FIGURE_SIZE];
    add(doc, t, KEEL_CELL_TEXT, name);
    add(doc, t, KEEL_CELL_NUMBER, keel_figure_node(a, places, text));
    add(doc, t, KEEL_CELL_NUMBER, keel_figure_node(b, places, text));
    difference(a, b, places, text);
    add(doc, t, more_is_better ? KEEL_CELL_SIGNED : KEEL_CELL_NUMBER, text);
}

static void figures(const keel_run_folder *a, const keel_run_folder *b, keel_doc *doc) {
    const keel_tree *ta = keel_tree_find(a->summary, "totals"), *tb = keel_tree_find(b->summary, "totals");
    keel_doc_table *t = keel_doc_add(doc, "totals", KEEL_TABLE_GRID, 4, "Figures");
    heads(doc, t, "Figure", 1);
    for (size_t i = 0; i < sizeof FIGURES / sizeof *FIGURES; i++)
        figure_row(doc, t, FIGURES[i].name, keel_tree_find(ta, FIGURES[i].key), keel_tree_find(tb, FIGURES[i].key),
                   FIGURES[i].places, FIGURES[i].more_is_better);
}

static const keel_tree *symbol_of(const keel_run_folder *run, const char *name) {
    const keel_tree *list = keel_tree_find(run->summary, "per_symbol");
    for (size_t i = 0; list && i < list->count; i++)
        if (strcmp(keel_node_text(list->items[i], "symbol"), name) == 0) return list->items[i];
    return NULL;
}

static void symbols(const keel_run_folder *a, const keel_run_folder *b, keel_doc *doc) {
    keel_doc_table *t = keel_doc_add(doc, "by-symbol", KEEL_TABLE_GRID, 4, "Profit per symbol, USD");
    const keel_run_folder *sides[2] = {a, b};
    heads(doc, t, "Pair", 1);
    for (int side = 0; side < 2; side++) {
        const keel_tree *list = keel_tree_find(sides[side]->summary, "per_symbol");
        for (size_t i = 0; list && i < list->count; i++) {
            const char *name = keel_node_text(list->items[i], "symbol");
            if (side == 1 && symbol_of(a, name)) continue;
            figure_row(doc, t, name, keel_tree_find(symbol_of(a, name), "pnl_usd"),
                       keel_tree_find(symbol_of(b, name), "pnl_usd"), 2, 1);
        }
    }
}

/* ---- findings ------------------------------------------------------------------------------------------------ */

static int has_finding(const keel_run_folder *run, const char *text) {
    const keel_tree *list = keel_tree_find(run->summary, "findings");
    for (size_t i = 0; list && i < list->count; i++)
        if (strcmp(keel_node_text(list->items[i], "text"), text) == 0) return 1;
    return 0;
}

static void findings(const keel_run_folder *a, const keel_run_folder *b, keel_doc *doc) {
    const keel_run_folder *sides[2] = {a, b};
    keel_doc_table *t = keel_doc_add(doc, "findings", KEEL_TABLE_GRID, 3, "Findings, worst first");
    add(doc, t, KEEL_CELL_TEXT, "Of");
    add(doc, t, KEEL_CELL_TEXT, "Severity");
    add(doc, t, KEEL_CELL_TEXT, "Finding");
    for (int side = 0; side < 2; side++) {
        const keel_tree *list = keel_tree_find(sides[side]->summary, "findings");
        for (size_t i = 0; list && i < list->count; i++) {
            const char *text = keel_node_text(list->items[i], "text");
            int shared = has_finding(sides[1 - side], text);
            if (shared && side == 1) continue;
            add(doc, t, KEEL_CELL_TEXT, shared ? "both" : side ? "B" : "A");
            add(doc, t, KEEL_CELL_TEXT, keel_node_text(list->items[i], "severity"));
            add(doc, t, KEEL_CELL_TEXT, text);
        }
    }
}

void keel_compare_document(const keel_run_folder *a, const keel_run_folder *b, keel_doc *doc) {
    keel_doc_init(doc);
    (void)snprintf(doc->title, sizeof doc->title, "A: %.40s (%.16s), B: %.40s (%.16s)",
                   keel_node_text(a->summary, "strategy"), keel_node_text(a->summary, "run_id"),
                   keel_node_text(b->summary, "strategy"), keel_node_text(b->summary, "run_id"));
    runs(a, b, doc);
    configuration(a, b, doc);
    figures(a, b, doc);
    symbols(a, b, doc);
    findings(a, b, doc);
}

/* ---- JSON ---------------------------------------------------------------------------------------------------- */

static void json_run(keel_json *j, const char *key, const keel_run_folder *run) {
    static const char *const KEYS[] = {"run_id", "state_hash", "config_id", "dataset_hash", "build", "strategy"};
    keel_json_key(j, key);
    keel_json_object(j);
    keel_json_kstring(j, "folder", run->path);
    for (size_t i = 0; i < sizeof KEYS / sizeof *KEYS; i++)
        keel_json_kstring(j, KEYS[i], keel_node_text(run->summary, KEYS[i]));
    keel_json_kstring(j, "verdict", keel_report_verdict_class(run->summary));
    keel_json_close(j);
}

static void to_json(void *data, const char *path, const char *a, const char *b) {
    keel_json *j = ((sink *)data)->json;
    keel_json_object(j);
    keel_json_kstring(j, "name", path);
    keel_json_kstring(j, "a", a);
    keel_json_kstring(j, "b", b);
    keel_json_close(j);
}

static void json_value(keel_json *j, const char *key, const keel_tree *node) {
    keel_json_key(j, key);
    if (!node || !node->text)
        keel_json_null(j);
    else if (node->kind == KEEL_TREE_STRING)
        keel_json_string(j, node->text);
    else
        keel_json_raw(j, node->text);
}

static void json_difference(keel_json *j, const keel_tree *a, const keel_tree *b) {
    int64_t x = 0, y = 0, d = 0;
    double p = 0.0, q = 0.0;
    keel_json_key(j, "difference");
    if (a && b && a->kind == KEEL_TREE_STRING && keel_json_read_decimal(a, 8, &x) == 0 &&
        keel_json_read_decimal(b, 8, &y) == 0 && keel_sub_i64(y, x, &d))
        keel_json_e8(j, d);
    else if (a && b && a->kind == KEEL_TREE_NUMBER && keel_json_read_double(a, &p) == 0 &&
             keel_json_read_double(b, &q) == 0)
        keel_json_double(j, q - p);
    else
        keel_json_null(j);
}

int keel_compare_json(const keel_run_folder *a, const keel_run_folder *b, keel_strbuf *out, keel_err *reterr) {
    const keel_tree *ta = keel_tree_find(a->summary, "totals"), *tb = keel_tree_find(b->summary, "totals");
    keel_json *j = keel_json_new(2);
    size_t size = 0;
    if (!j) return keel_err_set(reterr, KEEL_E_NOMEM, "out of memory: report: close other programs");
    sink s = {.json = j};
    keel_json_object(j);
    keel_json_kstring(j, "schema", "keel.comparison");
    keel_json_kint(j, "schema_version", 1);
    json_run(j, "a", a);
    json_run(j, "b", b);
    keel_json_key(j, "configuration");
    keel_json_array(j);
    differences(a->config, b->config, "", to_json, &s);
    keel_json_close(j);
    keel_json_key(j, "totals");
    keel_json_array(j);
    for (size_t i = 0; i < sizeof FIGURES / sizeof *FIGURES; i++) {
        const keel_tree *x = keel_tree_find(ta, FIGURES[i].key), *y = keel_tree_find(tb, FIGURES[i].key);
        keel_json_object(j);
        keel_json_kstring(j, "name", FIGURES[i].key);
        json_value(j, "a", x);
        json_value(j, "b", y);
        json_difference(j, x, y);
        keel_json_close(j);
    }
    keel_json_close(j);
    keel_json_close(j);
    const char *text = keel_json_text(j, &size);
    keel_strbuf_add_bytes(out, text, size);
    keel_strbuf_add_char(out, '\n');
    keel_json_free(j);
    return out->failed ? keel_err_set(reterr, KEEL_E_NOMEM, "out of memory: report: close other programs") : 0;
}
