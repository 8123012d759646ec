/* app/cli/parity_text.c: see parity_page.h. The page as Markdown. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "app/cli/backtest_internal.h"
#include "app/cli/parity_page.h"
#include "base/decimal.h"
#include "base/json_read.h"
#include "base/timerange.h"
#include "model/command.h"

static const char *money(int64_t value_e8, char text[KEEL_DECIMAL_TEXT_MAX]) {
    (void)keel_decimal_format(value_e8, 8, 2, text);
    return text;
}

static void add_sides(const keel_parity_page *p, keel_strbuf *out) {
    keel_strbuf_add(out, "## Sides\n\n| side | what | trades | state hash |\n|---|---|---|---|\n");
    for (int32_t i = 0; i < p->side_count; i++) {
        const keel_parity_side *s = &p->sides[i];
        keel_strbuf_addf(out, "| %s | %s | ", s->name, s->what);
        if (s->has_trades)
            keel_strbuf_addf(out, "%" PRId64, s->trade_count);
        else
            keel_strbuf_add(out, "not kept");
        if (s->has_hash)
            keel_strbuf_addf(out, " | %016" PRIx64 " |\n", s->state_hash);
        else
            keel_strbuf_add(out, " | - |\n");
    }
    keel_strbuf_add(out, "\n");
}

static void add_first_trade(const keel_parity_page *p, const keel_parity_side *one, const keel_parity_side *other,
                            int64_t trade, keel_strbuf *out) {
    static const char MISSING[] = "(no trade)";
    char left[KEEL_PARITY_CELL_SIZE], right[KEEL_PARITY_CELL_SIZE];
    keel_strbuf_addf(out, "## First diverging trade: number %" PRId64 "\n\n| | %s | %s | |\n|---|---|---|---|\n",
                     trade + 1, one->name, other->name);
    for (int i = 0; i < KEEL_PARITY_CELLS; i++) {
        memcpy(left, MISSING, sizeof MISSING);
        memcpy(right, MISSING, sizeof MISSING);
        if (trade < one->trade_count) keel_parity_cell(p, &one->trades[trade], i, left);
        if (trade < other->trade_count) keel_parity_cell(p, &other->trades[trade], i, right);
        keel_strbuf_addf(out, "| %s | %s | %s | %s |\n", keel_parity_cell_names[i], left, right,
                         strcmp(left, right) == 0 ? "" : "differs");
    }
    keel_strbuf_add(out, "\n");
}

static void add_events(const keel_parity_page *p, const keel_parity_side *s, const keel_parity_side *other,
                       int64_t at_ms, keel_strbuf *out) {
    keel_parity_event events[KEEL_PARITY_BEFORE + KEEL_PARITY_AFTER];
    char time[KEEL_TIME_TEXT_MAX], px[KEEL_DECIMAL_TEXT_MAX], qty[KEEL_DECIMAL_TEXT_MAX], fees[KEEL_DECIMAL_TEXT_MAX];
    char pnl[KEEL_DECIMAL_TEXT_MAX], name[KEEL_PARITY_CELL_SIZE];
    int count = keel_parity_events(s, other, at_ms, events);
    if (count < 0) out->failed = 1;
    keel_strbuf_addf(out,
                     "### %s\n\n| time | event | trade | symbol | side | price | quantity | fees | pnl | reason | |\n"
                     "|---|---|---|---|---|---|---|---|---|---|---|\n",
                     s->name);
    for (int i = 0; i < count; i++) {
        const keel_parity_event *e = &events[i];
        const keel_trade *t = &s->trades[e->trade];
        keel_parity_cell(p, t, 0, name);
        keel_strbuf_addf(
            out, "| %s | %s | %" PRId64 " | %s | %s | %s | %s | %s | %s | %s | %s |\n",
            keel_time_format(e->ts_ms, time), e->closes ? "close" : "open", e->trade + 1, name,
            t->side > 0 ? "long" : "short", money(e->closes ? t->exit_px_e8 : t->entry_px_e8, px),
            money(t->qty_e8, qty), e->closes ? money(t->fees_e8, fees) : "", e->closes ? money(t->pnl_e8, pnl) : "",
            keel_backtest_reason_name(e->closes ? t->exit_reason : t->entry_reason), e->same ? "" : "differs");
    }
    keel_strbuf_add(out, "\n");
}

static void add_decisions(const keel_parity_page *p, const keel_parity_side *s, keel_strbuf *out) {
    char time[KEEL_TIME_TEXT_MAX], px[KEEL_DECIMAL_TEXT_MAX], qty[KEEL_DECIMAL_TEXT_MAX];
    if (s->decided < 0) {
        keel_strbuf_addf(out, "### %s\n\nkeeps no decisions.\n\n", s->name);
        return;
    }
    keel_strbuf_addf(out,
                     "### %s\n\n| time | symbol | price | signal | why | held back | order | quantity |\n"
                     "|---|---|---|---|---|---|---|---|\n",
                     s->name);
    for (int64_t i = 0; i < s->decided; i++) {
        const keel_lane_decision *d = &s->decisions[i];
        const char *held = d->diag.hold_reason ? keel_backtest_reason_name(d->diag.hold_reason) : "";
        keel_strbuf_addf(out, "| %s | %s | %s | %s | %s | %s | %s | %s |\n", keel_time_format(d->ts_ms, time),
                         d->symbol < p->symbol_count ? p->symbols[d->symbol] : "?", money(d->price_e8, px),
                         keel_parity_signal_word(d->diag.signal), keel_backtest_reason_name(d->diag.signal_reason),
                         held, d->has_command ? keel_parity_command_word(d->command.kind) : "",
                         d->has_command ? money(d->command.qty_e8, qty) : "");
    }
    keel_strbuf_add(out, "\n");
}

static void add_sums(const keel_parity_page *p, keel_strbuf *out) {
    char pnl[KEEL_DECIMAL_TEXT_MAX], fees[KEEL_DECIMAL_TEXT_MAX], funding[KEEL_DECIMAL_TEXT_MAX];
    char fall[KEEL_DECIMAL_TEXT_MAX];
    keel_strbuf_add(out,
                    "## By symbol\n\n| symbol | side | trades | pnl | fees | funding | drawdown of its trades |\n"
                    "|---|---|---|---|---|---|---|\n");
    for (int32_t symbol = 0; symbol < p->symbol_count; symbol++)
        for (int32_t i = 0; i < p->side_count; i++) {
            keel_parity_sum sum;
            if (!p->sides[i].has_trades) continue;
            keel_parity_sum_of(&p->sides[i], symbol, &sum);
            keel_strbuf_addf(out, "| %s | %s | %" PRId64 " | %s | %s | %s | %s |\n", p->symbols[symbol],
                             p->sides[i].name, sum.trades, money(sum.pnl_e8, pnl), money(sum.fees_e8, fees),
                             money(sum.funding_e8, funding), money(sum.drawdown_e8, fall));
        }
    keel_strbuf_add(out, "\n");
}

/* The totals of the first two sides that have some, where they differ. */
static void add_totals(const keel_parity_page *p, keel_strbuf *out) {
    keel_tree *tree[2] = {NULL, NULL};
    const char *name[2] = {NULL, NULL};
    keel_err ignored = {0};
    int n = 0, rc = 0;
    for (int32_t i = 0; rc == 0 && n < 2 && i < p->side_count; i++) {
        const char *totals = p->sides[i].totals;
        if (!totals || !totals[0]) continue;
        name[n] = p->sides[i].name;
        rc = keel_json_parse(totals, strlen(totals), "totals", &tree[n], &ignored);
        if (rc == 0) n++;
    }
    if (n == 2) {
        keel_strbuf_addf(out, "## Totals that differ\n\n| | %s | %s |\n|---|---|---|\n", name[0], name[1]);
        for (size_t i = 0; i < tree[0]->count; i++) {
            const keel_tree *one = tree[0]->items[i], *other = keel_tree_find(tree[1], one->key);
            const char *left = one->text ? one->text : "null", *right = other && other->text ? other->text : "null";
            if (strcmp(left, right) != 0) keel_strbuf_addf(out, "| %s | %s | %s |\n", one->key, left, right);
        }
        keel_strbuf_add(out, "\n");
    }
    keel_tree_free(tree[0]);
    keel_tree_free(tree[1]);
}

static void add_run(const keel_parity_page *p, keel_strbuf *out) {
    keel_strbuf_add(out, "## What was run\n\n| | |\n|---|---|\n");
    for (int32_t i = 0; i < p->fact_count; i++)
        keel_strbuf_addf(out, "| %s | %s |\n", p->facts[i].key, p->facts[i].text ? p->facts[i].text : "-");
    if (!p->run) {
        keel_strbuf_add(out, "\nIts configuration cannot be opened.\n");
        return;
    }
    keel_strbuf_addf(out, "| strategy | %s |\n| config_id | %s |\n\n", p->run->strategy, p->run->config_id);
    keel_strbuf_add(out, "## Parameters\n\n| parameter | value | from |\n|---|---|---|\n");
    for (size_t i = 0; i < keel_config_count(p->run->config); i++) {
        keel_strbuf value;
        keel_strbuf_init(&value, 0);
        keel_config_value_text(p->run->config, i, &value);
        keel_strbuf_addf(out, "| %s | %s | %s |\n", keel_config_entry_at(p->run->config, i)->path,
                         value.size ? keel_strbuf_text(&value) : "-", keel_config_origin(p->run->config, i));
        keel_strbuf_done(&value);
    }
}

void keel_parity_text(const keel_parity_page *p, keel_strbuf *out) {
    const keel_parity_side *one, *other;
    int64_t trade, from_ms, to_ms;
    int pair = keel_parity_pair(p, &one, &other, &trade);
    keel_strbuf_addf(out, "# %s\n\n%s\n\n", p->title, p->verdict);
    if (p->difference)
        keel_strbuf_addf(out, "First difference: %s\n\n- %s: %s\n- %s: %s\n\n", p->difference->what, p->one_name,
                         p->difference->one, p->other_name, p->difference->other);
    add_sides(p, out);
    if (pair && trade >= 0) {
        keel_parity_span(one, other, trade, &from_ms, &to_ms);
        add_first_trade(p, one, other, trade, out);
        keel_strbuf_add(out, "## Openings and closings around it\n\n");
        add_events(p, one, other, from_ms, out);
        add_events(p, other, one, from_ms, out);
        keel_strbuf_add(out, "## What the core decided around it\n\n");
        add_decisions(p, one, out);
        add_decisions(p, other, out);
    }
    add_sums(p, out);
    if (!p->equal) add_totals(p, out);
    add_run(p, out);
}
