/* ops/report/sections.c: the tables of one run, in the order of reading. */
#include <stdio.h>
#include <string.h>

#include "base/json_read.h"
#include "ops/report/document.h"

static void heads(keel_doc *doc, keel_doc_table *t, const char *const names[], int count) {
    for (int i = 0; i < count; i++)
        keel_doc_cell_add(doc, t, i == 0 ? KEEL_CELL_TEXT : KEEL_CELL_NUMBER, names[i]);
}

static void node_cell(keel_doc *doc, keel_doc_table *t, int32_t kind, const keel_tree *map, const char *key,
                      int places) {
    char text[KEEL_FIGURE_SIZE];
    keel_doc_cell_add(doc, t, kind, keel_figure_node(keel_tree_find(map, key), places, text));
}

/* ---- groups of trades ---------------------------------------------------------------------------------------- */

enum { GROUP_COLUMNS = 11 };

static void group_row(keel_doc *doc, keel_doc_table *t, const keel_tree *g, const char *label) {
    char text[KEEL_FIGURE_SIZE];
    keel_doc_cell_add(doc, t, KEEL_CELL_TEXT, label);
    node_cell(doc, t, KEEL_CELL_NUMBER, g, "trades", 0);
    node_cell(doc, t, KEEL_CELL_SIGNED, g, "trade_return_mean_pct", 2);
    node_cell(doc, t, KEEL_CELL_SIGNED, g, "pnl_usd", 2);
    node_cell(doc, t, KEEL_CELL_SIGNED, g, "pnl_pct", 2);
    keel_doc_cell_add(doc, t, KEEL_CELL_NUMBER, keel_figure_hours(keel_tree_find(g, "holding_mean_h"), text));
    node_cell(doc, t, KEEL_CELL_NUMBER, g, "wins", 0);
    node_cell(doc, t, KEEL_CELL_NUMBER, g, "draws", 0);
    node_cell(doc, t, KEEL_CELL_NUMBER, g, "losses", 0);
    keel_doc_cell_add(doc, t, KEEL_CELL_NUMBER, keel_figure_node_times(keel_tree_find(g, "win_rate"), 100.0, 1, text));
    node_cell(doc, t, KEEL_CELL_NUMBER, g, "profit_factor", 2);
}

static int has_trades(const keel_tree *g) { return strcmp(keel_node_text(g, "trades"), "0") != 0; }

static const char STATE_NOTE[] =
    "Of the traded symbol at its last close before the entry: whether the volatility of 50 bars was in the low, middle "
    "or "
    "high third of what this range had, and whether the close was below that of 50 bars before. Known only afterwards.";

typedef struct group_table {
    const char *id, *title, *list, *label, *first, *count;
    int with_empty, brief;
    const char *note; /* key of the summary whose text it is, else the text itself; NULL: none */
} group_table;

static void groups(const keel_run_folder *run, keel_doc *doc, const group_table *what) {
    const char *const names[GROUP_COLUMNS] = {what->first,    what->count,    "Avg Profit %", "Tot Profit USD",
                                              "Tot Profit %", "Avg Duration", "Win",          "Draw",
                                              "Loss",         "Win%",         "Profit factor"};
    const keel_tree *list = keel_tree_find(run->summary, what->list);
    keel_doc_table *t = keel_doc_add(doc, what->id, KEEL_TABLE_GRID, GROUP_COLUMNS, what->title);
    if (t) t->brief = what->brief;
    if (t && what->note) {
        const keel_tree *said = keel_tree_find(run->summary, what->note);
        if (said ? said->text != NULL : strchr(what->note, ' ') != NULL)
            (void)snprintf(t->note, sizeof t->note, "%s", said ? said->text : what->note);
    }
    heads(doc, t, names, GROUP_COLUMNS);
    for (size_t i = 0; list && i < list->count; i++) {
        const keel_tree *g = list->items[i];
        if (what->with_empty || has_trades(g)) group_row(doc, t, g, keel_node_text(g, what->label));
    }
}

/* Of several strategies: the trades of each, and its account where it has one of its own. */
static void strategies(const keel_run_folder *run, keel_doc *doc) {
    static const char *const NAMES[] = {"Strategy",  "Trades",   "Win%",   "Tot Profit USD", "Tot Profit %",
                                        "Start USD", "Profit %", "Sharpe", "Max DD %"};
    const keel_tree *list = keel_tree_find(run->summary, "per_strategy");
    if (!list || list->count < 2) return;
    keel_doc_table *t = keel_doc_add(doc, "strategies", KEEL_TABLE_GRID, 9, "Per strategy");
    if (!t) return;
    (void)snprintf(t->note, sizeof t->note,
                   "The last four columns are of the strategy's own account; '-': it shares one.");
    heads(doc, t, NAMES, 9);
    for (size_t i = 0; i < list->count; i++) {
        const keel_tree *g = list->items[i], *account = keel_tree_find(g, "account");
        char text[KEEL_FIGURE_SIZE];
        keel_doc_cell_add(doc, t, KEEL_CELL_TEXT, keel_node_text(g, "name"));
        node_cell(doc, t, KEEL_CELL_NUMBER, g, "trades", 0);
        keel_doc_cell_add(doc, t, KEEL_CELL_NUMBER,
                          keel_figure_node_times(keel_tree_find(g, "win_rate"), 100.0, 1, text));
        node_cell(doc, t, KEEL_CELL_SIGNED, g, "pnl_usd", 2);
        node_cell(doc, t, KEEL_CELL_SIGNED, g, "pnl_pct", 2);
        node_cell(doc, t, KEEL_CELL_NUMBER, account, "starting_balance_usd", 2);
        node_cell(doc, t, KEEL_CELL_SIGNED, account, "net_profit_pct", 2);
        node_cell(doc, t, KEEL_CELL_NUMBER, account, "sharpe", 2);
        node_cell(doc, t, KEEL_CELL_NUMBER, account, "max_drawdown_pct", 2);
    }
}

static void all_groups(const keel_run_folder *run, keel_doc *doc) {
    static const group_table TABLES[] = {
        {"symbols", "Per symbol", "per_symbol", "symbol", "Pair", "Trades", 1, 1, NULL},
        {"exits", "Exit reasons", "per_exit_reason", "reason", "Exit Reason", "Exits", 0, 1, NULL},
        {"entries", "Entry reasons", "per_entry_reason", "reason", "Entry Reason", "Entries", 0, 0, NULL},
        {"regimes", "Regime at entry", "per_regime", "regime", "Regime", "Trades", 0, 0, "regime_note"},
        {"states", "Volatility and trend at entry", "per_market_state", "state", "State", "Trades", 0, 0, STATE_NOTE},
        {"per-month", "Per month (UTC, of exit)", "per_month", "month", "Month", "Trades", 0, 1, NULL},
        {"per-weekday", "Per weekday (UTC, of entry)", "per_weekday", "weekday", "Weekday", "Trades", 0, 0, NULL},
        {"per-hour", "Per hour (UTC, of entry)", "per_hour", "hour", "Hour", "Trades", 0, 0, NULL},
    };
    for (size_t i = 0; i < sizeof TABLES / sizeof *TABLES; i++)
        groups(run, doc, &TABLES[i]);
}

/* ---- baselines and costs ------------------------------------------------------------------------------------- */

static void baseline_row(keel_doc *doc, keel_doc_table *t, const char *name, const keel_tree *b) {
    keel_doc_cell_add(doc, t, KEEL_CELL_TEXT, name);
    node_cell(doc, t, KEEL_CELL_NUMBER, b, "trades", 0);
    node_cell(doc, t, KEEL_CELL_SIGNED, b, "net_profit_usd", 2);
    node_cell(doc, t, KEEL_CELL_SIGNED, b, "net_profit_pct", 2);
    node_cell(doc, t, KEEL_CELL_NUMBER, b, "sharpe", 2);
    node_cell(doc, t, KEEL_CELL_NUMBER, b, "max_drawdown_pct", 2);
    node_cell(doc, t, KEEL_CELL_SIGNED, b, "excess_pct", 2);
}

static void baselines(const keel_run_folder *run, keel_doc *doc) {
    static const char *const NAMES[] = {"Strategy", "Trades",         "Tot Profit USD", "Tot Profit %",
                                        "Sharpe",   "Max Drawdown %", "Excess %"};
    const keel_tree *list = keel_tree_find(run->summary, "baselines");
    keel_doc_table *t = keel_doc_add(doc, "baselines", KEEL_TABLE_GRID, 7, "Baselines");
    if (!t) return;
    (void)snprintf(t->note, sizeof t->note, "Same data, costs and limits. Excess: this run less the baseline.");
    heads(doc, t, NAMES, 7);
    baseline_row(doc, t, keel_node_text(run->summary, "strategy"), keel_tree_find(run->summary, "totals"));
    for (size_t i = 0; list && i < list->count; i++)
        baseline_row(doc, t, keel_node_text(list->items[i], "name"), list->items[i]);
}

/* Exact: as many places as the books have. The sign in front is how the part enters the sum. */
static void costs(const keel_run_folder *run, keel_doc *doc) {
    static const char *const PARTS[][2] = {{"Price", "price_usd"},         {"+ Funding", "funding_usd"},
                                           {"+ Interest", "borrow_usd"},   {"- Fees", "fees_usd"},
                                           {"- Slippage", "slippage_usd"}, {"= Net", "net_usd"}};
    const keel_tree *c = keel_tree_find(run->summary, "cost_decomposition");
    keel_doc_table *t = keel_doc_add(doc, "costs", KEEL_TABLE_GRID, 3, "Where the result comes from");
    if (!t) return;
    (void)snprintf(t->note, sizeof t->note,
                   "Exact to the last unit of the books: price + %s - fees - slippage = net. Price is what the "
                   "trades made at prices before slippage.",
                   keel_report_borrows(run) ? "interest on what was borrowed" : "funding");
    heads(doc, t, (const char *const[]){"Part", "USD", "Of balance, %"}, 3);
    for (size_t i = 0; i < sizeof PARTS / sizeof *PARTS; i++) {
        const keel_tree *node = keel_tree_find(c, PARTS[i][1]);
        char text[KEEL_FIGURE_SIZE];
        int64_t value_e8 = 0;
        int known = keel_json_read_decimal(node, 8, &value_e8) == 0;
        if (strcmp(PARTS[i][1], keel_report_borrows(run) ? "funding_usd" : "borrow_usd") == 0) continue;
        int32_t kind = PARTS[i][0][0] == '-' ? KEEL_CELL_NUMBER : KEEL_CELL_SIGNED; /* a cost is no gain */
        keel_doc_cell_add(doc, t, KEEL_CELL_TEXT, PARTS[i][0]);
        node_cell(doc, t, kind, c, PARTS[i][1], 8);
        keel_doc_cell_add(doc, t, kind,
                          known && run->start_e8 > 0
                              ? keel_figure_real(100.0 * (double)value_e8 / (double)run->start_e8, 4, text)
                              : "-");
    }
    t->last_is_total = 1;
}

/* ---- identity and assumptions -------------------------------------------------------------------------------- */

static void code_pair(keel_doc *doc, keel_doc_table *t, const char *name, const char *value) {
    keel_doc_pair(doc, t, name, KEEL_CELL_CODE, "%.500s", value);
}

/* "equal to trial 16c0b9f4124ad625 of sweep 8e1e5e29a8d4bf62" */
static void parity(const keel_run_folder *run, keel_doc *doc, keel_doc_table *t) {
    const keel_tree *p = keel_tree_find(run->summary, "parity");
    const char *status = keel_node_text(p, "status");
    if (strcmp(status, "equal") != 0 && strcmp(status, "different") != 0) {
        keel_doc_pair(doc, t, "Parity", KEEL_CELL_TEXT, "%s", "not compared with another execution");
        return;
    }
    keel_doc_pair(doc, t, "Parity", KEEL_CELL_TEXT, "%s trial %.16s of sweep %.20s, by state hash",
                  strcmp(status, "equal") == 0 ? "equal to" : "DIFFERENT from", keel_node_text(p, "trial_hash"),
                  keel_node_text(p, "sweep_id"));
}

static void trials_spent(const keel_run_folder *run, keel_doc *doc, keel_doc_table *t) {
    const char *trials = keel_node_text(run->summary, "trials_spent_on_dataset");
    const char *sweeps = keel_node_text(run->summary, "sweeps_on_dataset");
    if (strcmp(trials, "-") == 0)
        keel_doc_pair(doc, t, "Trials spent on this data", KEEL_CELL_TEXT, "not known");
    else
        keel_doc_pair(doc, t, "Trials spent on this data", KEEL_CELL_TEXT, "%s in %s %s", trials, sweeps,
                      strcmp(sweeps, "1") == 0 ? "sweep" : "sweeps");
}

static void identity(const keel_run_folder *run, keel_doc *doc) {
    const keel_tree *m = run->manifest, *r = keel_tree_find(run->summary, "effective_range");
    char start[KEEL_FIGURE_SIZE], end[KEEL_FIGURE_SIZE];
    keel_doc_table *t = keel_doc_add(doc, "identity", KEEL_TABLE_PAIRS, 2, "Identity");
    if (!t) return;
    (void)snprintf(t->note, sizeof t->note,
                   "Who has the same configuration, data and build gets the same state hash, on any machine.");
    code_pair(doc, t, "Run", keel_node_text(run->summary, "run_id"));
    code_pair(doc, t, "State hash", keel_node_text(run->summary, "state_hash"));
    code_pair(doc, t, "Configuration", keel_node_text(run->summary, "config_id"));
    code_pair(doc, t, "Data", keel_node_text(run->summary, "dataset_hash"));
    code_pair(doc, t, "Build", keel_node_text(run->summary, "build"));
    parity(run, doc, t);
    trials_spent(run, doc, t);
    keel_doc_pair(doc, t, "Strategy", KEEL_CELL_TEXT, "%.200s, version %.80s", keel_node_text(run->summary, "strategy"),
                  keel_node_text(m, "strategy_version"));
    keel_doc_pair(doc, t, "Effective range", KEEL_CELL_TEXT, "%s to %s (UTC, end not included)",
                  keel_figure_time(keel_tree_find(r, "start"), start), keel_figure_time(keel_tree_find(r, "end"), end));
    keel_doc_pair(doc, t, "Bars", KEEL_CELL_NUMBER, "%s", keel_node_text(run->summary, "bars_processed"));
    keel_doc_pair(doc, t, "Definitions of figures", KEEL_CELL_CODE, "%s", keel_node_text(run->summary, "definitions"));
    keel_doc_pair(doc, t, "Written", KEEL_CELL_TEXT, "%s UTC",
                  keel_figure_time(keel_tree_find(m, "written_at"), start));
}

/* "taker_fee_bps" as "taker fee bps" */
static void plain_name(const char *key, char *ret, size_t size) {
    (void)snprintf(ret, size, "%s", key);
    for (char *c = ret; *c; c++)
        if (*c == '_') *c = ' ';
}

/* 0 where the run's document does not say. */
static int64_t number_of(const keel_tree *r, const char *key) {
    const keel_tree *node = keel_tree_find(r, key);
    int64_t n = 0;
    return node && keel_json_read_int(node, &n) == 0 ? n : 0;
}

/* How orders came to their fills: what a paper run's model of the venue did is said, and what no model did. */
static void note_fills(const keel_tree *r, keel_doc_table *t) {
    static const struct {
        const char *key, *done, *not_done;
    } PARTS[] = {{"latency_ms", "were at the venue %lld ms after they were sent", "latency"},
                 {"queue_every", "at a target waited in a queue, each %lld. of them", "queue"},
                 {"reject_every", "were refused, each %lld. of them", "refusals"},
                 {"late_every", "saw each %lld. bar one bar late", "late bars"}};
    char done[220] = "", without[60] = ""; /* five parts, numbers of nine digits */
    size_t used = 0, out = 0;
    for (size_t i = 0; i < sizeof PARTS / sizeof *PARTS; i++) {
        long long n = (long long)number_of(r, PARTS[i].key);
        char what[80];
        if (n > 999999999) n = 999999999;
        if (n > 0) {
            (void)snprintf(what, sizeof what, PARTS[i].done, n);
            used += (size_t)snprintf(done + used, sizeof done - used, "%s%s", used ? "; " : " Orders ", what);
        } else {
            out += (size_t)snprintf(without + out, sizeof without - out, "%sno %s", out ? ", " : "", PARTS[i].not_done);
        }
    }
    if (strcmp(keel_node_text(r, "partial_fills"), "true") == 0)
        (void)snprintf(done + used, sizeof done - used, "%s", used ? "; filled in parts" : " Orders filled in parts");
    else
        (void)snprintf(without + out, sizeof without - out, "%sno parts", out ? ", " : "");
    (void)snprintf(t->note, sizeof t->note,
                   "Orders fill at the open of the next bar, exits at a level inside a bar%s%s.%s%s What that leaves "
                   "out: docs/models/fills.md.",
                   without[0] ? "; " : "", without, done, done[0] ? "." : "");
}

static void assumptions(const keel_run_folder *run, keel_doc *doc) {
    const keel_tree *r = keel_tree_find(run->summary, "realism");
    keel_doc_table *t = keel_doc_add(doc, "assumptions", KEEL_TABLE_PAIRS, 2, "What was assumed");
    char name[80], text[80];
    if (!t) return;
    note_fills(r, t);
    keel_doc_pair(doc, t, "timeframe", KEEL_CELL_TEXT, "%s", keel_node_text(run->summary, "timeframe"));
    keel_doc_pair(
        doc, t, "finer bars inside", KEEL_CELL_TEXT, "%s",
        strcmp(keel_node_text(run->summary, "detail"), "-") == 0 ? "none" : keel_node_text(run->summary, "detail"));
    for (size_t i = 0; r && i < r->count; i++) {
        plain_name(r->items[i]->key, name, sizeof name);
        plain_name(r->items[i]->text ? r->items[i]->text : "-", text, sizeof text);
        keel_doc_pair(doc, t, name, KEEL_CELL_TEXT, "%s",
                      strcmp(text, "true") == 0    ? "yes"
                      : strcmp(text, "false") == 0 ? "no"
                                                   : text);
    }
}

static void held(const keel_run_folder *run, keel_doc *doc) {
    static const char *const LISTS[][2] = {{"held_by_reason", "Held back"}, {"failed_by_gate", "Gate failed"}};
    keel_doc_table *t = keel_doc_add(doc, "held", KEEL_TABLE_GRID, 3, "Entry signals that were held back");
    if (t) t->brief = 0;
    heads(doc, t, (const char *const[]){"Kind", "Name", "Count"}, 3);
    if (t && t->cells) t->cells[1].kind = KEEL_CELL_TEXT;
    for (size_t l = 0; l < 2; l++) {
        const keel_tree *list = keel_tree_find(run->summary, LISTS[l][0]);
        for (size_t i = 0; list && i < list->count; i++) {
            keel_doc_cell_add(doc, t, KEEL_CELL_TEXT, LISTS[l][1]);
            keel_doc_cell_add(doc, t, KEEL_CELL_TEXT, keel_node_text(list->items[i], "name"));
            keel_doc_cell_add(doc, t, KEEL_CELL_NUMBER, keel_node_text(list->items[i], "count"));
        }
    }
}

/* "trend on BTCUSDT, ETHUSDT, 1h bars with 5m inside"; many symbols are counted. */
static void title(const keel_run_folder *run, keel_doc *doc) {
    enum { NAMED = 3, ROOM = 80 };
    char symbols[ROOM] = "";
    const char *detail = keel_node_text(run->summary, "detail"), *accounts = keel_node_text(run->summary, "accounts");
    size_t size = 0;
    for (int32_t i = 0; i < run->symbols.count && size < ROOM; i++)
        size += (size_t)snprintf(symbols + size, ROOM - size, "%s%.40s", i ? ", " : "", run->symbols.items[i]);
    if (run->symbols.count > NAMED || size >= ROOM)
        (void)snprintf(symbols, ROOM, "%d symbols", (int)run->symbols.count);
    int inside = strcmp(detail, "-") != 0;
    (void)snprintf(doc->title, sizeof doc->title, "%.44s%s on %.79s, %.10s bars%s%.10s%s",
                   keel_node_text(run->summary, "strategy"),
                   strcmp(accounts, "separate") == 0 ? " (an account each)"
                   : strcmp(accounts, "shared") == 0 ? " (one account)"
                                                     : "",
                   symbols, keel_node_text(run->summary, "timeframe"), inside ? " with " : "", inside ? detail : "",
                   inside ? " inside" : "");
}

void keel_report_document(const keel_run_folder *run, keel_doc *doc) {
    keel_doc_init(doc);
    title(run, doc);
    keel_report_metrics(run, doc);
    costs(run, doc);
    baselines(run, doc);
    keel_report_months(run, doc);
    strategies(run, doc);
    all_groups(run, doc);
    held(run, doc);
    identity(run, doc);
    assumptions(run, doc);
}
