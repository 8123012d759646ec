/* ops/report/walk_doc.c: the tables of a walk-forward, from its document keel.walk_forward. */
#include <stdio.h>
#include <string.h>

#include "base/json_read.h"
#include "base/units.h"
#include "ops/report/document.h"

static const char *text_of(const keel_tree *map, const char *key) { return keel_node_text(map, key); }

static void cell(keel_doc *doc, keel_doc_table *t, int32_t kind, const keel_tree *map, const char *key, int places) {
    char text[KEEL_FIGURE_SIZE];
    keel_doc_cell_add(doc, t, kind, keel_figure_node(keel_tree_find(map, key), places, text));
}

static void window_row(const keel_tree *w, keel_doc *doc, keel_doc_table *t) {
    const keel_tree *train = keel_tree_find(w, "train"), *test = keel_tree_find(w, "test");
    char text[KEEL_FIGURE_SIZE];
    keel_doc_cell_add(doc, t, KEEL_CELL_TEXT, text_of(w, "window"));
    keel_doc_cell_add(doc, t, KEEL_CELL_TEXT, keel_figure_time(keel_tree_find(test, "start"), text));
    keel_doc_cell_add(doc, t, KEEL_CELL_TEXT, keel_figure_time(keel_tree_find(test, "end"), text));
    cell(doc, t, KEEL_CELL_SIGNED, train, "net_profit_pct", 2);
    cell(doc, t, KEEL_CELL_SIGNED, test, "net_profit_pct", 2);
    cell(doc, t, KEEL_CELL_NUMBER, test, "max_drawdown_pct", 2);
    cell(doc, t, KEEL_CELL_SIGNED, test, "sharpe", 2);
    cell(doc, t, KEEL_CELL_NUMBER, test, "profit_factor", 2);
    cell(doc, t, KEEL_CELL_NUMBER, test, "trades", 0);
}

static void windows(const keel_tree *walk, keel_doc *doc) {
    static const char *const NAMES[] = {"Window",   "Test from", "Test to",       "Train %", "Test %",
                                        "Max DD %", "Sharpe",    "Profit factor", "Trades"};
    const keel_tree *list = keel_tree_find(walk, "windows");
    keel_doc_table *t = keel_doc_add(doc, "windows", KEEL_TABLE_GRID, 9, "Windows");
    if (!t) return;
    (void)snprintf(t->note, sizeof t->note,
                   "Each window is a run of its own with a fresh account. All but Train %% is of the test.");
    for (size_t i = 0; i < sizeof NAMES / sizeof *NAMES; i++)
        keel_doc_cell_add(doc, t, i < 3 ? KEEL_CELL_TEXT : KEEL_CELL_NUMBER, NAMES[i]);
    for (size_t i = 0; list && i < list->count; i++)
        window_row(list->items[i], doc, t);
}

static void sums(const keel_tree *walk, keel_doc *doc) {
    static const struct {
        const char *name, *key;
        int32_t kind;
        int places;
    } ROWS[] = {{"Profit, USD", "net_profit_usd", KEEL_CELL_SIGNED, 2},
                {"Compounded, %", "compounded_pct", KEEL_CELL_SIGNED, 2},
                {"Worst window, %", "worst_window_pct", KEEL_CELL_SIGNED, 2},
                {"Windows won", "windows_won", KEEL_CELL_NUMBER, 0},
                {"Trades", "trades", KEEL_CELL_NUMBER, 0}};
    const keel_tree *train = keel_tree_find(walk, "train"), *test = keel_tree_find(walk, "test");
    keel_doc_table *t = keel_doc_add(doc, "sums", KEEL_TABLE_GRID, 3, "In and out of sample");
    keel_doc_cell_add(doc, t, KEEL_CELL_TEXT, "All windows");
    keel_doc_cell_add(doc, t, KEEL_CELL_NUMBER, "Trainings");
    keel_doc_cell_add(doc, t, KEEL_CELL_NUMBER, "Tests");
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        keel_doc_cell_add(doc, t, KEEL_CELL_TEXT, ROWS[i].name);
        cell(doc, t, ROWS[i].kind, train, ROWS[i].key, ROWS[i].places);
        cell(doc, t, ROWS[i].kind, test, ROWS[i].key, ROWS[i].places);
    }
}

static void length(keel_doc *doc, keel_doc_table *t, const char *name, const keel_tree *rule, const char *key) {
    char text[KEEL_DURATION_TEXT_MAX] = "0";
    int64_t ms = 0;
    if (keel_json_read_int(keel_tree_find(rule, key), &ms) == 0 && ms > 0) keel_duration_format(ms, text);
    keel_doc_pair(doc, t, name, KEEL_CELL_TEXT, "%s", text);
}

static void identity(const keel_tree *walk, keel_doc *doc) {
    const keel_tree *rule = keel_tree_find(walk, "windows_rule"), *range = keel_tree_find(walk, "effective_range");
    char start[KEEL_FIGURE_SIZE], end[KEEL_FIGURE_SIZE];
    keel_doc_table *t = keel_doc_add(doc, "walk-identity", KEEL_TABLE_PAIRS, 2, "Windows and identity");
    if (!t) return;
    keel_doc_pair(doc, t, "Strategy", KEEL_CELL_TEXT, "%.200s", text_of(walk, "strategy"));
    keel_doc_pair(doc, t, "Configuration", KEEL_CELL_CODE, "%.200s", text_of(walk, "config_id"));
    keel_doc_pair(doc, t, "Build", KEEL_CELL_CODE, "%.200s", text_of(walk, "build"));
    keel_doc_pair(doc, t, "Effective range", KEEL_CELL_TEXT, "%s to %s (UTC, end not included)",
                  keel_figure_time(keel_tree_find(range, "start"), start),
                  keel_figure_time(keel_tree_find(range, "end"), end));
    length(doc, t, "Training", rule, "train_ms");
    length(doc, t, "Gap", rule, "gap_ms");
    length(doc, t, "Test", rule, "test_ms");
    length(doc, t, "Step", rule, "step_ms");
    length(doc, t, "Not used at the end", rule, "unused_ms");
    keel_doc_pair(doc, t, "Trainings begin", KEEL_CELL_TEXT, "%s",
                  strcmp(text_of(rule, "anchored"), "true") == 0 ? "at the start of the range" : "with their window");
}

void keel_walk_document(const keel_tree *walk, keel_doc *doc) {
    const keel_tree *list = keel_tree_find(walk, "windows");
    keel_doc_init(doc);
    (void)snprintf(doc->title, sizeof doc->title, "Walk-forward of %.80s over %zu windows", text_of(walk, "strategy"),
                   list ? list->count : 0);
    sums(walk, doc);
    windows(walk, doc);
    identity(walk, doc);
}
