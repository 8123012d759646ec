/* app/cli/sweep_compare.c: see sweep_compare.h. */
#include "app/cli/sweep_compare.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "app/cli/backtest_internal.h"
#include "base/decimal.h"
#include "base/json_read.h"
#include "base/timerange.h"

/* What identifies a trade, in the order in which a divergence shows. */
static const struct {
    const char *name;
    size_t offset;
    int wide; /* 8 bytes, else 4 */
} FIELDS[] = {
#define WIDE(name) \
    { #name, offsetof(keel_trade, name), 1 }
#define NARROW(name) \
    { #name, offsetof(keel_trade, name), 0 }
    NARROW(symbol),    NARROW(side), WIDE(entry_ts_ms),    WIDE(entry_px_e8),   WIDE(exit_ts_ms),
    WIDE(exit_px_e8),  WIDE(qty_e8), WIDE(notional_e8),    WIDE(fees_e8),       WIDE(funding_e8),
    WIDE(slippage_e8), WIDE(pnl_e8), NARROW(entry_reason), NARROW(exit_reason), NARROW(bars_held),
#undef WIDE
#undef NARROW
};

static int64_t field(const keel_trade *t, size_t i) {
    int64_t wide;
    int32_t narrow;
    if (FIELDS[i].wide) {
        memcpy(&wide, (const char *)t + FIELDS[i].offset, sizeof wide);
        return wide;
    }
    memcpy(&narrow, (const char *)t + FIELDS[i].offset, sizeof narrow);
    return narrow;
}

static void describe(const keel_trade t[], int64_t count, int64_t at, char *text, size_t size) {
    char entry[KEEL_TIME_TEXT_MAX], exit[KEEL_TIME_TEXT_MAX], px[2][KEEL_DECIMAL_TEXT_MAX], qty[KEEL_DECIMAL_TEXT_MAX];
    char pnl[KEEL_DECIMAL_TEXT_MAX], fees[KEEL_DECIMAL_TEXT_MAX];
    if (at >= count) {
        (void)snprintf(text, size, "no trade: it ended with %" PRId64, count);
        return;
    }
    const keel_trade *x = &t[at];
    (void)keel_decimal_format(x->entry_px_e8, 8, 2, px[0]);
    (void)keel_decimal_format(x->exit_px_e8, 8, 2, px[1]);
    (void)keel_decimal_format(x->qty_e8, 8, 2, qty);
    (void)keel_decimal_format(x->pnl_e8, 8, 2, pnl);
    (void)keel_decimal_format(x->fees_e8, 8, 2, fees);
    (void)snprintf(text, size, "%s of symbol %d, %s at %s to %s at %s, qty %s, fees %s, pnl %s, %s/%s",
                   x->side > 0 ? "long" : "short", x->symbol, keel_time_format(x->entry_ts_ms, entry), px[0],
                   keel_time_format(x->exit_ts_ms, exit), px[1], qty, fees, pnl,
                   keel_backtest_reason_name(x->entry_reason), keel_backtest_reason_name(x->exit_reason));
}

/* The first figure in which two trades differ; NULL: none. */
static const char *unequal_field(const keel_trade *one, const keel_trade *other) {
    for (size_t k = 0; k < sizeof FIELDS / sizeof *FIELDS; k++)
        if (field(one, k) != field(other, k)) return FIELDS[k].name;
    return NULL;
}

int64_t keel_sweep_first_unequal(const keel_trade one[], int64_t one_count, const keel_trade other[],
                                 int64_t other_count) {
    int64_t both = one_count < other_count ? one_count : other_count;
    for (int64_t i = 0; i < both; i++)
        if (unequal_field(&one[i], &other[i])) return i;
    return one_count == other_count ? -1 : both;
}

int keel_sweep_compare_trades(const keel_trade one[], int64_t one_count, const keel_trade other[], int64_t other_count,
                              keel_sweep_difference *ret) {
    int64_t i = keel_sweep_first_unequal(one, one_count, other, other_count);
    if (i < 0) return 0;
    const char *name = i >= one_count || i >= other_count ? "is missing" : unequal_field(&one[i], &other[i]);
    (void)snprintf(ret->what, sizeof ret->what, "trade %" PRId64 " %s", i + 1, name);
    describe(one, one_count, i, ret->one, sizeof ret->one);
    describe(other, other_count, i, ret->other, sizeof ret->other);
    return 1;
}

static void say(const char *key, const keel_tree *one, const keel_tree *other, keel_sweep_difference *ret) {
    (void)snprintf(ret->what, sizeof ret->what, "totals.%.80s", key);
    (void)snprintf(ret->one, sizeof ret->one, "%.390s", !one ? "absent" : one->text ? one->text : "null");
    (void)snprintf(ret->other, sizeof ret->other, "%.390s", !other ? "absent" : other->text ? other->text : "null");
}

static int same(const keel_tree *one, const keel_tree *other) {
    if (!one || !other || one->kind != other->kind) return 0;
    if (!one->text || !other->text) return one->text == other->text;
    return strcmp(one->text, other->text) == 0;
}

int keel_sweep_compare_totals(const char *one, const char *other, keel_sweep_difference *ret, keel_err *reterr) {
    keel_tree *a = NULL, *b = NULL;
    int found = 0;
    if (strcmp(one, other) == 0) return 0;
    int rc = keel_json_parse(one, strlen(one), "totals of the row", &a, reterr);
    if (rc == 0) rc = keel_json_parse(other, strlen(other), "totals", &b, reterr);
    for (size_t i = 0; rc == 0 && !found && i < a->count; i++) {
        const keel_tree *match = keel_tree_find(b, a->items[i]->key);
        found = !same(a->items[i], match);
        if (found) say(a->items[i]->key, a->items[i], match, ret);
    }
    for (size_t i = 0; rc == 0 && !found && i < b->count; i++) {
        found = keel_tree_find(a, b->items[i]->key) == NULL;
        if (found) say(b->items[i]->key, NULL, b->items[i], ret);
    }
    if (rc == 0 && !found) say("(order of keys)", NULL, NULL, ret);
    keel_tree_free(a);
    keel_tree_free(b);
    return rc != 0 ? rc : 1;
}
