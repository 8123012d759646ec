/* ops/report/sweep_doc.c: the tables of a sweep, from its document keel.sweep_surface. */
#include <stdio.h>
#include <string.h>

#include "ops/report/document.h"

enum { PARAMS_MAX = 7 };

static const char *text_of(const keel_tree *map, const char *key) { return keel_node_text(map, key); }

static void figure(keel_doc *doc, keel_doc_table *t, const char *name, const keel_tree *map, const char *key,
                   int places) {
    char text[KEEL_FIGURE_SIZE];
    keel_doc_pair(doc, t, name, KEEL_CELL_NUMBER, "%s", keel_figure_node(keel_tree_find(map, key), places, text));
}

static void significance(const keel_tree *sheet, keel_doc *doc) {
    const keel_tree *s = keel_tree_find(sheet, "significance");
    keel_doc_table *t = keel_doc_add(doc, "significance", KEEL_TABLE_PAIRS, 2, "What the best is worth");
    if (!t) return;
    (void)snprintf(
        t->note, sizeof t->note,
        "The chance of such a Sharpe ratio without skill, for one try and corrected for all that were made on "
        "this data.");
    keel_doc_pair(doc, t, "Trials spent on this data", KEEL_CELL_TEXT, "%s in %s %s",
                  text_of(sheet, "trials_spent_on_dataset"), text_of(sheet, "sweeps_on_dataset"),
                  strcmp(text_of(sheet, "sweeps_on_dataset"), "1") == 0 ? "sweep" : "sweeps");
    figure(doc, t, "p of the best, raw", s, "p_value", 4);
    figure(doc, t, "p, Bonferroni", s, "p_bonferroni", 4);
    figure(doc, t, "p, Holm", s, "p_holm", 4);
    figure(doc, t, "p, Benjamini-Hochberg", s, "p_benjamini_hochberg", 4);
    figure(doc, t, "Daily Sharpe ratio of the best", s, "sharpe_daily", 4);
    figure(doc, t, "Largest to expect without skill", s, "sharpe_daily_expected_max", 4);
    figure(doc, t, "Deflated Sharpe ratio", s, "deflated_sharpe", 4);
}

static void importance(const keel_tree *sheet, keel_doc *doc) {
    const keel_tree *dims = keel_tree_find(sheet, "dims");
    keel_doc_table *t = keel_doc_add(doc, "importance", KEEL_TABLE_GRID, 2, "Parameter importance");
    char text[KEEL_FIGURE_SIZE];
    if (!t) return;
    (void)snprintf(t->note, sizeof t->note,
                   "Share of the target's variance that a parameter alone explains among the trials that ran.");
    keel_doc_cell_add(doc, t, KEEL_CELL_TEXT, "Parameter");
    keel_doc_cell_add(doc, t, KEEL_CELL_NUMBER, "Share");
    for (size_t i = 0; dims && i < dims->count; i++) {
        keel_doc_cell_add(doc, t, KEEL_CELL_TEXT, text_of(dims->items[i], "name"));
        keel_doc_cell_add(doc, t, KEEL_CELL_NUMBER,
                          keel_figure_node(keel_tree_find(dims->items[i], "importance"), 3, text));
    }
}

static void top_row(const keel_tree *sheet, const keel_tree *row, size_t params, keel_doc *doc, keel_doc_table *t) {
    static const struct {
        const char *key;
        int32_t kind;
        int places;
    } FIGURES[] = {{"net_profit_pct", KEEL_CELL_SIGNED, 2},
                   {"max_drawdown_pct", KEEL_CELL_NUMBER, 2},
                   {"trades", KEEL_CELL_NUMBER, 0}};
    const keel_tree *totals = keel_tree_find(row, "totals"), *values = keel_tree_find(row, "params");
    const keel_tree *dims = keel_tree_find(sheet, "dims");
    char text[KEEL_FIGURE_SIZE];
    keel_doc_cell_add(doc, t, KEEL_CELL_TEXT, text_of(row, "trial"));
    keel_doc_cellf(doc, t, KEEL_CELL_CODE, "%.12s", text_of(row, "trial_hash"));
    keel_doc_cell_add(doc, t, KEEL_CELL_SIGNED, keel_figure_node(keel_tree_find(row, "target"), 4, text));
    for (size_t i = 0; i < sizeof FIGURES / sizeof *FIGURES; i++)
        keel_doc_cell_add(doc, t, FIGURES[i].kind,
                          keel_figure_node(keel_tree_find(totals, FIGURES[i].key), FIGURES[i].places, text));
    for (size_t k = 0; k < params; k++)
        keel_doc_cell_add(doc, t, KEEL_CELL_CODE, text_of(values, text_of(dims->items[k], "name")));
}

static void top(const keel_tree *sheet, keel_doc *doc) {
    const keel_tree *rows = keel_tree_find(sheet, "top"), *dims = keel_tree_find(sheet, "dims");
    size_t params = dims && dims->count < PARAMS_MAX ? dims->count : PARAMS_MAX;
    const char *const NAMES[] = {"Trial", "Hash", text_of(sheet, "target"), "Net profit %", "Max DD %", "Trades"};
    keel_doc_table *t = keel_doc_add(doc, "top", KEEL_TABLE_GRID, (int32_t)(6 + params), "Best trials");
    if (!t || !dims) return;
    (void)snprintf(t->note, sizeof t->note, "One of them alone: keel backtest run --trial HASH%s",
                   dims->count > params ? ". More parameters: --json." : ".");
    for (size_t i = 0; i < 6; i++)
        keel_doc_cell_add(doc, t, i == 0 ? KEEL_CELL_TEXT : i == 1 ? KEEL_CELL_CODE : KEEL_CELL_NUMBER, NAMES[i]);
    for (size_t k = 0; k < params; k++)
        keel_doc_cell_add(doc, t, KEEL_CELL_CODE, text_of(dims->items[k], "name"));
    for (size_t i = 0; rows && i < rows->count; i++)
        top_row(sheet, rows->items[i], params, doc, t);
}

static void identity(const keel_tree *sheet, keel_doc *doc) {
    static const char *const CODES[][2] = {{"Sweep", "sweep_id"}, {"Data", "dataset_hash"}, {"Build", "build"}};
    const keel_tree *range = keel_tree_find(sheet, "effective_range");
    char start[KEEL_FIGURE_SIZE], end[KEEL_FIGURE_SIZE];
    keel_doc_table *t = keel_doc_add(doc, "identity", KEEL_TABLE_PAIRS, 2, "Identity");
    if (!t) return;
    for (size_t i = 0; i < sizeof CODES / sizeof *CODES; i++)
        keel_doc_pair(doc, t, CODES[i][0], KEEL_CELL_CODE, "%.200s", text_of(sheet, CODES[i][1]));
    keel_doc_pair(doc, t, "Strategy", KEEL_CELL_TEXT, "%.200s, version %.80s", text_of(sheet, "strategy"),
                  text_of(sheet, "strategy_version"));
    keel_doc_pair(doc, t, "Sampler, seed", KEEL_CELL_TEXT, "%.40s, %.20s", text_of(sheet, "sampler"),
                  text_of(sheet, "seed"));
    keel_doc_pair(doc, t, "Target", KEEL_CELL_TEXT, "%.80s, %.20s", text_of(sheet, "target"),
                  text_of(sheet, "direction"));
    keel_doc_pair(doc, t, "Trials", KEEL_CELL_TEXT, "%s of %s, %s failed, %s pruned, %s outside the constraints",
                  text_of(sheet, "done"), text_of(sheet, "trials"), text_of(sheet, "failed"), text_of(sheet, "pruned"),
                  text_of(sheet, "infeasible"));
    keel_doc_pair(doc, t, "Device", KEEL_CELL_TEXT, "%.80s", text_of(sheet, "device"));
    keel_doc_pair(doc, t, "Effective range", KEEL_CELL_TEXT, "%s to %s (UTC, end not included)",
                  keel_figure_time(keel_tree_find(range, "start"), start),
                  keel_figure_time(keel_tree_find(range, "end"), end));
}

void keel_sweep_document(const keel_tree *sheet, keel_doc *doc) {
    const keel_tree *symbols = keel_tree_find(sheet, "symbols");
    size_t count = symbols ? symbols->count : 0;
    keel_doc_init(doc);
    if (count == 1)
        (void)snprintf(doc->title, sizeof doc->title, "Sweep of %.60s on %.60s, %.20s bars", text_of(sheet, "strategy"),
                       symbols->items[0]->text ? symbols->items[0]->text : "-", text_of(sheet, "timeframe"));
    else
        (void)snprintf(doc->title, sizeof doc->title, "Sweep of %.60s on %zu symbols, %.20s bars",
                       text_of(sheet, "strategy"), count, text_of(sheet, "timeframe"));
    importance(sheet, doc);
    significance(sheet, doc);
    top(sheet, doc);
    identity(sheet, doc);
}
