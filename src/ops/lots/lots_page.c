/* ops/lots/lots_page.c: lots as a table, as JSON and as a short page. */
#include <inttypes.h>
#include <stdio.h>

#include "base/decimal.h"
#include "base/timerange.h"
#include "ops/lots/lots_internal.h"

enum { DECIMAL_MAX = 40 };

static void csv_e8(keel_strbuf *out, int64_t value_e8) {
    char text[DECIMAL_MAX];
    (void)keel_decimal_format(value_e8, 8, 2, text);
    keel_strbuf_addf(out, "%s,", text);
}

static void csv_time(keel_strbuf *out, int64_t ts_ms, uint64_t fill) {
    char text[KEEL_TIME_TEXT_MAX];
    keel_strbuf_addf(out, "%s,%" PRIu64 ",", keel_time_format(ts_ms, text), fill);
}

void keel_lots_csv(const keel_lots *l, keel_strbuf *out) {
    keel_strbuf_add(out,
                    "run_id,method,symbol,side,qty,opened,open_fill,open_px,closed,close_fill,close_px,proceeds_usd,"
                    "cost_usd,fees_usd,gain_usd,wash_sale,wash_fill\n");
    for (int64_t i = 0; i < l->disposals; i++) {
        const keel_disposal *d = &l->disposal[i];
        keel_strbuf_addf(out, "%s,%s,%s,%s,", l->run_id, keel_lots_method_words[l->ask.method],
                         l->symbol[d->symbol].name, d->side > 0 ? "long" : "short");
        csv_e8(out, d->qty_e8);
        csv_time(out, d->opened_ms, d->opened);
        csv_e8(out, d->open_px_e8);
        csv_time(out, d->closed_ms, d->closed);
        csv_e8(out, d->close_px_e8);
        csv_e8(out, d->proceeds_e8);
        csv_e8(out, d->cost_e8);
        csv_e8(out, d->charges_e8);
        csv_e8(out, d->gain_e8);
        if (d->wash)
            keel_strbuf_addf(out, "yes,%" PRIu64 "\n", d->wash);
        else
            keel_strbuf_add(out, "no,\n");
    }
}

static void time_json(keel_json *j, const char *key, int64_t ts_ms) {
    char text[KEEL_TIME_TEXT_MAX];
    keel_json_kstring(j, key, keel_time_format(ts_ms, text));
}

/* What was opened: of a lot, or of what was sold of one. */
static void opening_json(const keel_lots *l, int32_t symbol, int32_t side, int64_t qty_e8, int64_t ts_ms, uint64_t fill,
                         int64_t px_e8, keel_json *j) {
    keel_json_kstring(j, "symbol", l->symbol[symbol].name);
    keel_json_kstring(j, "side", side > 0 ? "long" : "short");
    keel_json_ke8(j, "qty", qty_e8);
    time_json(j, "opened", ts_ms);
    keel_json_kint(j, "open_fill", (int64_t)fill);
    keel_json_ke8(j, "open_px", px_e8);
}

static void disposal_json(const keel_lots *l, const keel_disposal *d, keel_json *j) {
    keel_json_object(j);
    opening_json(l, d->symbol, d->side, d->qty_e8, d->opened_ms, d->opened, d->open_px_e8, j);
    time_json(j, "closed", d->closed_ms);
    keel_json_kint(j, "close_fill", (int64_t)d->closed);
    keel_json_ke8(j, "close_px", d->close_px_e8);
    keel_json_ke8(j, "proceeds_usd", d->proceeds_e8);
    keel_json_ke8(j, "cost_usd", d->cost_e8);
    keel_json_ke8(j, "fees_usd", d->charges_e8);
    keel_json_ke8(j, "gain_usd", d->gain_e8);
    keel_json_key(j, "wash_fill");
    if (d->wash)
        keel_json_int(j, (int64_t)d->wash);
    else
        keel_json_null(j);
    keel_json_close(j);
}

static void open_json(const keel_lots *l, keel_json *j) {
    keel_json_key(j, "open_lots");
    keel_json_array(j);
    for (int64_t i = 0; i < l->lots; i++) {
        const keel_lot *o = &l->lot[i];
        if (o->left_e8 == 0) continue;
        keel_json_object(j);
        opening_json(l, o->symbol, o->side, o->left_e8, o->ts_ms, o->fill, o->px_e8, j);
        keel_json_close(j);
    }
    keel_json_close(j);
}

static void totals_json(const keel_lots_totals *t, keel_json *j) {
    keel_json_key(j, "totals");
    keel_json_object(j);
    keel_json_ke8(j, "proceeds_usd", t->proceeds_e8);
    keel_json_ke8(j, "cost_usd", t->cost_e8);
    keel_json_ke8(j, "fees_usd", t->charges_e8);
    keel_json_ke8(j, "gain_usd", t->gain_e8);
    keel_json_ke8(j, "funding_and_interest_usd", t->settled_e8);
    keel_json_kint(j, "trades", t->trades);
    keel_json_ke8(j, "books_usd", t->books_e8);
    keel_json_ke8(j, "books_rounding_usd", t->rounding_e8);
    keel_json_kint(j, "wash_sales", t->wash_sales);
    keel_json_ke8(j, "wash_loss_usd", t->wash_loss_e8);
    keel_json_close(j);
}

void keel_lots_json(const keel_lots *l, const char *checksum, keel_json *j) {
    keel_json_object(j);
    keel_json_kstring(j, "schema", "keel.lots");
    keel_json_kint(j, "schema_version", 1);
    keel_json_kstring(j, "run_id", l->run_id);
    keel_json_kstring(j, "method", keel_lots_method_words[l->ask.method]);
    keel_json_kint(j, "wash_days", l->ask.wash_days);
    time_json(j, "as_of", l->as_of_ms);
    keel_json_kint(j, "events", (int64_t)l->seq);
    keel_json_kstring(j, "csv_sha256", checksum);
    totals_json(&l->totals, j);
    keel_json_key(j, "disposals");
    keel_json_array(j);
    for (int64_t i = 0; i < l->disposals; i++)
        disposal_json(l, &l->disposal[i], j);
    keel_json_close(j);
    open_json(l, j);
    keel_json_close(j);
}

static void row(keel_strbuf *out, const char *name, int64_t value_e8) {
    char text[DECIMAL_MAX];
    (void)keel_decimal_format(value_e8, 8, 2, text);
    keel_strbuf_addf(out, "  %-12s %s USD\n", name, text);
}

void keel_lots_text(const keel_lots *l, keel_strbuf *out) {
    const keel_lots_totals *t = &l->totals;
    int64_t open = 0;
    for (int64_t i = 0; i < l->lots; i++)
        open += l->lot[i].left_e8 > 0;
    keel_strbuf_addf(out, "run %s, %s: %" PRId64 " disposals, %" PRId64 " lots still open\n", l->run_id,
                     keel_lots_method_words[l->ask.method], l->disposals, open);
    row(out, "proceeds", t->proceeds_e8);
    row(out, "cost", t->cost_e8);
    row(out, "fees", t->charges_e8);
    row(out, "gain", t->gain_e8);
    row(out, "settled", t->settled_e8);
    row(out, "books", t->books_e8);
    row(out, "rounding", t->rounding_e8);
    if (l->ask.wash_days > 0)
        keel_strbuf_addf(out, "  wash sales   %" PRId64 " losses with another lot within %" PRId64 " days\n",
                         t->wash_sales, l->ask.wash_days);
}
