/* app/cli/diff_page.c: see diff_page.h. */
#include "app/cli/diff_page.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "app/cli/text_table.h"
#include "base/decimal.h"
#include "base/timerange.h"

static int is_unexplained(const keel_diff *d) {
    return d->cause_e8[KEEL_DIFF_UNEXPLAINED] != 0 || d->cause_rows[KEEL_DIFF_UNEXPLAINED] != 0 ||
           d->open.causes >> KEEL_DIFF_UNEXPLAINED != 0 || d->passing.causes >> KEEL_DIFF_UNEXPLAINED != 0;
}

const char *keel_diff_page_verdict(const keel_diff *d) {
    if (is_unexplained(d)) return "unexplained";
    /* What is still open may differ by strategies or symbols and come to nothing in all. */
    int differs = d->changed || d->open.causes || d->net_difference_e8 != 0 || d->only_a || d->only_b;
    return differs ? "explained" : "equal";
}

keel_cell keel_diff_page_exact(int64_t value_e8) {
    char text[40];
    (void)keel_decimal_format(value_e8, 8, 2, text);
    return keel_cell_text("%s%s", value_e8 > 0 ? "+" : "", text);
}

static const keel_trade *trade_a(const keel_diff *d, const keel_diff_row *r) {
    return r->a < 0 ? NULL : &d->first->trades[r->a];
}

static const keel_trade *trade_b(const keel_diff *d, const keel_diff_row *r) {
    return r->b < 0 ? NULL : &d->last->trades[r->b];
}

static int64_t difference(const keel_diff *d, const keel_diff_row *r) {
    const keel_trade *a = trade_a(d, r), *b = trade_b(d, r);
    return (b ? b->pnl_e8 : 0) - (a ? a->pnl_e8 : 0);
}

/* ---- the page -----------------------------------------------------------------------------------------------------
 */

void keel_diff_page_say_verdict(const keel_diff *d, keel_strbuf *out) {
    const char *verdict = keel_diff_page_verdict(d);
    keel_strbuf_addf(out, "%s: ", verdict);
    if (strcmp(verdict, "equal") == 0) {
        keel_strbuf_add(out, "both came to the same, trade by trade\n");
    } else if (strcmp(verdict, "explained") == 0) {
        keel_strbuf_addf(out, "B less A is %s USD, and every unit of it has a cause\n",
                         keel_diff_page_exact(d->net_difference_e8).text);
    } else {
        keel_strbuf_addf(out, "of %s USD that B has less A, %s USD in %" PRId64 " trades have no cause\n",
                         keel_diff_page_exact(d->net_difference_e8).text,
                         keel_diff_page_exact(d->cause_e8[KEEL_DIFF_UNEXPLAINED]).text,
                         d->cause_rows[KEEL_DIFF_UNEXPLAINED]);
    }
}

static void add_side(const char *name, const keel_diff_side *s, const keel_diff_stage *stage, keel_strbuf *out) {
    enum { SHOWN = 80 };
    size_t size = strlen(s->path);
    const char *path = size > SHOWN ? s->path + size - SHOWN : s->path;
    keel_strbuf_addf(out, "  %s        %s of %s, net %s USD in %" PRId64 " trades%s\n", name, s->kind, s->strategy,
                     keel_diff_page_exact(stage->net_e8).text, stage->count,
                     s->is_made ? ", made now from the store" : "");
    if (!s->is_made) keel_strbuf_addf(out, "           %s%s\n", size > SHOWN ? "..." : "", path);
    if (s->is_revised) keel_strbuf_add(out, "           its store holds other data than it was run on\n");
}

void keel_diff_page_causes(const keel_diff *d, keel_strbuf *out) {
    static const char *const HEAD[] = {"cause", "what was changed", "usd", "trades"};
    keel_table t;
    keel_table_init(&t, HEAD, 4, 2);
    for (int32_t c = 0; c < KEEL_DIFF_CAUSE_COUNT; c++) {
        if (d->cause_e8[c] == 0 && d->cause_rows[c] == 0) continue;
        keel_cell usd = keel_diff_page_exact(d->cause_e8[c]), rows = keel_cell_count(d->cause_rows[c]);
        const char *cells[] = {keel_diff_cause_word((keel_diff_cause)c), keel_diff_cause_sentence((keel_diff_cause)c),
                               usd.text, rows.text};
        keel_table_row(&t, cells);
    }
    keel_table_rule(&t);
    keel_cell usd = keel_diff_page_exact(d->net_difference_e8), rows = keel_cell_count(d->changed);
    const char *cells[] = {"sum", "", usd.text, rows.text};
    keel_table_row(&t, cells);
    keel_table_print(&t, "BY CAUSE, in the order in which they were changed from A to B", KEEL_TABLE_WIDTH, out);
    keel_table_done(&t);
}

static int64_t magnitude(int64_t v) { return v < 0 ? -v : v; }

/* The rows with a cause, largest difference first, then in their order. */
typedef struct ranked {
    int64_t size, at;
} ranked;

static int compare_ranked(const void *x, const void *y) {
    const ranked *a = x, *b = y;
    if (a->size != b->size) return a->size > b->size ? -1 : 1;
    return (a->at > b->at) - (a->at < b->at);
}

/* The cause that moved it most, the first of equal ones, and how many more did. */
static keel_cell cause_of(const keel_diff_row *r) {
    int32_t most = -1, others = -1;
    for (int32_t c = 0; c < KEEL_DIFF_CAUSE_COUNT; c++) {
        if (!((r->causes >> c) & 1)) continue;
        others++;
        if (most < 0 || magnitude(r->part_e8[c]) > magnitude(r->part_e8[most])) most = c;
    }
    const char *word = keel_diff_cause_word((keel_diff_cause)most);
    return others > 0 ? keel_cell_text("%s and %" PRId32 " more", word, others) : keel_cell_text("%s", word);
}

static keel_cell when(const keel_trade *t) {
    char text[KEEL_TIME_TEXT_MAX];
    if (!t) return keel_cell_text("-");
    (void)keel_time_format(t->entry_ts_ms, text);
    return keel_cell_text("%.10s %.5s", text, text + 11);
}

static void add_row(const keel_diff_page *p, const keel_diff_row *r, keel_table *t) {
    const keel_trade *a = trade_a(p->d, r), *b = trade_b(p->d, r), *any = a ? a : b;
    keel_cell cause = cause_of(r), at = when(any), net_a = a ? keel_cell_money(a->pnl_e8) : keel_cell_text("-"),
              net_b = b ? keel_cell_money(b->pnl_e8) : keel_cell_text("-"),
              diff = keel_diff_page_exact(difference(p->d, r));
    const char *cells[] = {p->a->symbols[any->symbol],
                           cause.text,
                           any->side > 0 ? "long" : "short",
                           at.text,
                           net_a.text,
                           net_b.text,
                           diff.text};
    keel_table_row(t, cells);
}

static void add_trades(const keel_diff_page *p, keel_strbuf *out) {
    static const char *const HEAD[] = {"symbol", "cause", "side", "entry", "net A", "net B", "difference"};
    const keel_diff *d = p->d;
    ranked *order = calloc((size_t)d->count + 1, sizeof *order);
    int64_t n = 0;
    keel_table t;
    if (!order) {
        out->failed = 1;
        return;
    }
    for (int64_t i = 0; i < d->count; i++)
        if (d->rows[i].causes) order[n++] = (ranked){magnitude(difference(d, &d->rows[i])), i};
    qsort(order, (size_t)n, sizeof *order, compare_ranked);
    keel_table_init(&t, HEAD, 7, 2);
    int64_t shown = n < p->rows ? n : p->rows;
    for (int64_t i = 0; i < shown; i++)
        add_row(p, &d->rows[order[i].at], &t);
    keel_cell title = keel_cell_text("TRADES THAT DIFFER, %" PRId64 " of %" PRId64 ", the largest first", shown, n);
    keel_table_print(&t, title.text, KEEL_TABLE_WIDTH, out);
    keel_table_done(&t);
    free(order);
}

void keel_diff_page_text(const keel_diff_page *p, keel_strbuf *out) {
    const keel_diff *d = p->d;
    char within[KEEL_DURATION_TEXT_MAX];
    keel_duration_format(p->within_ms, within);
    keel_diff_page_say_verdict(d, out);
    add_side("A", p->a, d->first, out);
    add_side("B", p->b, d->last, out);
    keel_strbuf_addf(out,
                     "  trades   %" PRId64 " matched, %" PRId64 " only in A, %" PRId64 " only in B; %" PRId64
                     " differ in something\n",
                     d->matched, d->only_a, d->only_b, d->changed);
    keel_strbuf_addf(out, "  matched by symbol, side and entry, at most %s apart; %" PRId32 " runs of the core\n",
                     within, p->runs);
    if (strcmp(keel_diff_page_verdict(d), "equal") == 0) return;
    keel_diff_page_causes(d, out);
    if (d->changed > 0 && p->rows > 0) add_trades(p, out);
}

/* ---- the document ---------------------------------------------------------------------------------------------- */

static void side_json(const char *key, const keel_diff_side *s, const keel_diff_stage *stage, keel_json *j) {
    char hash[17];
    (void)snprintf(hash, sizeof hash, "%016" PRIx64, s->state_hash);
    keel_json_key(j, key);
    keel_json_object(j);
    keel_json_kstring(j, "kind", s->kind);
    keel_json_kstring(j, "folder", s->is_made ? NULL : s->path);
    keel_json_kstring(j, "run_id", s->is_made ? NULL : s->run_id);
    keel_json_kstring(j, "strategy", s->strategy);
    keel_json_kstring(j, "config_id", s->run->config_id);
    keel_json_kstring(j, "dataset_hash", s->is_made ? s->made_dataset : s->dataset_hash);
    keel_json_kstring(j, "state_hash", hash);
    keel_json_kbool(j, "store_revised", s->is_revised);
    keel_json_kint(j, "trades", stage->count);
    keel_json_ke8(j, "net_profit_usd", stage->net_e8);
    keel_json_close(j);
}

static void causes_json(const keel_diff *d, keel_json *j) {
    keel_json_key(j, "by_cause");
    keel_json_array(j);
    for (int32_t c = 0; c < KEEL_DIFF_CAUSE_COUNT; c++) {
        if (d->cause_e8[c] == 0 && d->cause_rows[c] == 0) continue;
        keel_json_object(j);
        keel_json_kstring(j, "cause", keel_diff_cause_word((keel_diff_cause)c));
        keel_json_ke8(j, "usd", d->cause_e8[c]);
        keel_json_kint(j, "trades", d->cause_rows[c]);
        keel_json_ke8(j, "open_usd", d->open.part_e8[c]);
        keel_json_ke8(j, "passing_usd", d->passing.part_e8[c]);
        keel_json_close(j);
    }
    keel_json_close(j);
}

static void trade_json(const char *key, const keel_trade *t, keel_json *j) {
    char text[KEEL_TIME_TEXT_MAX];
    keel_json_key(j, key);
    if (!t) {
        keel_json_null(j);
        return;
    }
    keel_json_object(j);
    keel_json_kint(j, "trade_id", t->trade_id);
    keel_json_kstring(j, "entry_ts", keel_time_format(t->entry_ts_ms, text));
    keel_json_kstring(j, "exit_ts", keel_time_format(t->exit_ts_ms, text));
    keel_json_ke8(j, "entry_px", t->entry_px_e8);
    keel_json_ke8(j, "exit_px", t->exit_px_e8);
    keel_json_ke8(j, "qty", t->qty_e8);
    keel_json_ke8(j, "pnl_usd", t->pnl_e8);
    keel_json_close(j);
}

static void row_json(const keel_diff_page *p, const keel_diff_row *r, keel_json *j) {
    const keel_trade *a = trade_a(p->d, r), *b = trade_b(p->d, r), *any = a ? a : b;
    keel_json_object(j);
    keel_json_kstring(j, "symbol", p->a->symbols[any->symbol]);
    keel_json_kstring(j, "side", any->side > 0 ? "long" : "short");
    trade_json("a", a, j);
    trade_json("b", b, j);
    keel_json_ke8(j, "difference_usd", difference(p->d, r));
    keel_json_key(j, "causes");
    keel_json_array(j);
    for (int32_t c = 0; c < KEEL_DIFF_CAUSE_COUNT; c++) {
        if (!((r->causes >> c) & 1)) continue;
        keel_json_object(j);
        keel_json_kstring(j, "cause", keel_diff_cause_word((keel_diff_cause)c));
        keel_json_ke8(j, "usd", r->part_e8[c]);
        keel_json_close(j);
    }
    keel_json_close(j);
    keel_json_close(j);
}

void keel_diff_page_schema_json(keel_json *j) {
    keel_json_kstring(j, "schema", "keel.diff");
    keel_json_kint(j, "schema_version", 1);
}

void keel_diff_page_sums_json(const keel_diff *d, keel_json *j) {
    keel_json_kstring(j, "verdict", keel_diff_page_verdict(d));
    keel_json_kint(j, "trades_matched", d->matched);
    keel_json_kint(j, "trades_only_a", d->only_a);
    keel_json_kint(j, "trades_only_b", d->only_b);
    keel_json_kint(j, "trades_different", d->changed);
    keel_json_ke8(j, "net_difference_usd", d->net_difference_e8);
    keel_json_ke8(j, "unexplained_usd", d->cause_e8[KEEL_DIFF_UNEXPLAINED]);
    keel_json_kint(j, "unexplained_trades", d->cause_rows[KEEL_DIFF_UNEXPLAINED]);
    causes_json(d, j);
}

void keel_diff_page_members_json(const keel_diff_page *p, keel_json *j) {
    const keel_diff *d = p->d;
    keel_diff_page_sums_json(d, j);
    keel_json_kint(j, "match_within_ms", p->within_ms);
    keel_json_kint(j, "runs", p->runs);
    side_json("a", p->a, d->first, j);
    side_json("b", p->b, d->last, j);
    keel_json_key(j, "trades");
    keel_json_array(j);
    for (int64_t i = 0; i < d->count; i++)
        if (d->rows[i].causes) row_json(p, &d->rows[i], j);
    keel_json_close(j);
}

void keel_diff_page_json(const keel_diff_page *p, keel_json *j) {
    keel_json_object(j);
    keel_diff_page_schema_json(j);
    keel_diff_page_members_json(p, j);
    keel_json_close(j);
}
