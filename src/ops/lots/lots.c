/* ops/lots/lots.c: see lots.h. From events to lots. */
#include "ops/lots/lots.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "num/int.h"
#include "ops/forensic/reader.h"
#include "ops/lots/lots_internal.h"

enum { DAY_MS = 86400000 };

const char *const keel_lots_method_words[KEEL_LOTS_METHOD_COUNT] = {
#define WORD(name, word) word,
    KEEL_LOTS_METHODS(WORD)};
#undef WORD

static int too_much(keel_lots *l) {
    return keel_err_set(l->err, KEEL_E_DATA,
                        "an amount does not fit: record %" PRIu64
                        " of events.jsonl: its log is not "
                        "that of a run of keel",
                        l->seq);
}

/* *to + v, or an error. */
static int add(keel_lots *l, int64_t *to, int64_t v) { return keel_add_i64(*to, v, to) ? 0 : too_much(l); }

static int32_t symbol_of(keel_lots *l, const char *name) {
    for (int32_t i = 0; i < l->symbols; i++)
        if (strcmp(l->symbol[i].name, name) == 0) return i;
    if (l->symbols == KEEL_LOTS_SYMBOLS || strlen(name) >= KEEL_LOTS_NAME) return -1;
    memcpy(l->symbol[l->symbols].name, name, strlen(name) + 1);
    return l->symbols++;
}

static int room(keel_lots *l, void **list, int64_t count, int64_t *cap, size_t size) {
    if (count < *cap) return 0;
    int64_t wanted = *cap ? 2 * *cap : 256;
    void *more = realloc(*list, (size_t)wanted * size);
    if (!more) return keel_err_set(l->err, KEEL_E_NOMEM, "out of memory: lots: close other programs");
    *list = more;
    *cap = wanted;
    return 0;
}

/* ---- sharing out ------------------------------------------------------------------------------------------------ */

/* What of `whole`, which `qty` units cost, belongs to the units from `from` to `to`: cumulated floors, so that all
 * parts add up to it. */
static int part_of(keel_lots *l, int64_t whole, int64_t qty, int64_t from, int64_t to, int64_t *ret) {
    int64_t before = 0, after = 0;
    if (!keel_mul_div_floor(whole, from, qty, &before) || !keel_mul_div_floor(whole, to, qty, &after))
        return too_much(l);
    *ret = after - before;
    return 0;
}

/* A fill, and how many of its units are spent. */
typedef struct fill {
    uint64_t seq;
    int64_t ts_ms, qty_e8, px_e8, notional_e8, fee_e8, spent_e8;
    int32_t symbol, side;
} fill;

static int dispose(keel_lots *l, keel_lot *lot, fill *f, int64_t qty_e8) {
    int64_t open = 0, close = 0, open_fee = 0, close_fee = 0, used = lot->qty_e8 - lot->left_e8;
    void *list = l->disposal;
    KEEL_TRY(room(l, &list, l->disposals, &l->disposals_cap, sizeof *l->disposal));
    l->disposal = list;
    KEEL_TRY(part_of(l, lot->notional_e8, lot->qty_e8, used, used + qty_e8, &open));
    KEEL_TRY(part_of(l, lot->fee_e8, lot->qty_e8, used, used + qty_e8, &open_fee));
    KEEL_TRY(part_of(l, f->notional_e8, f->qty_e8, f->spent_e8, f->spent_e8 + qty_e8, &close));
    KEEL_TRY(part_of(l, f->fee_e8, f->qty_e8, f->spent_e8, f->spent_e8 + qty_e8, &close_fee));
    keel_disposal *d = &l->disposal[l->disposals++];
    *d = (keel_disposal){.opened = lot->fill,
                         .closed = f->seq,
                         .opened_ms = lot->ts_ms,
                         .closed_ms = f->ts_ms,
                         .qty_e8 = qty_e8,
                         .open_px_e8 = lot->px_e8,
                         .close_px_e8 = f->px_e8,
                         .proceeds_e8 = lot->side > 0 ? close : open,
                         .cost_e8 = lot->side > 0 ? open : close,
                         .charges_e8 = open_fee + close_fee,
                         .symbol = f->symbol,
                         .side = lot->side};
    d->gain_e8 = d->proceeds_e8 - d->cost_e8 - d->charges_e8;
    lot->left_e8 -= qty_e8;
    f->spent_e8 += qty_e8;
    KEEL_TRY(add(l, &l->totals.proceeds_e8, d->proceeds_e8));
    KEEL_TRY(add(l, &l->totals.cost_e8, d->cost_e8));
    KEEL_TRY(add(l, &l->totals.charges_e8, d->charges_e8));
    KEEL_TRY(add(l, &l->totals.gain_e8, d->gain_e8));
    return add(l, &l->symbol[f->symbol].gain_e8, d->gain_e8);
}

/* ---- which lot -------------------------------------------------------------------------------------------------- */

static int is_open_against(const keel_lot *lot, const fill *f) {
    return lot->symbol == f->symbol && lot->left_e8 > 0 && lot->side != f->side;
}

/* 1: a goes before b, which is older. */
static int goes_before(keel_lots_method method, const keel_lot *a, const keel_lot *b) {
    if (method == KEEL_LOTS_LIFO) return 1;
    if (method != KEEL_LOTS_HIFO) return 0;
    return a->side > 0 ? a->px_e8 > b->px_e8 : a->px_e8 < b->px_e8;
}

static keel_lot *choose(keel_lots *l, const fill *f) {
    keel_lot *best = NULL;
    while (l->first < l->lots && l->lot[l->first].left_e8 == 0)
        l->first++;
    for (int64_t i = l->first; i < l->lots; i++)
        if (is_open_against(&l->lot[i], f) && (!best || goes_before(l->ask.method, &l->lot[i], best)))
            best = &l->lot[i];
    return best;
}

static int no_choice(keel_lots *l, const fill *f) {
    return keel_err_set(l->err, KEEL_E_DATA,
                        "the choice of lots does not fit: fill %" PRIu64
                        ": name lots of its symbol that are open then, to the quantity that it closes",
                        f->seq);
}

/* The next lot that somebody chose for this fill, and how much of it. */
static int choose_by_hand(keel_lots *l, const fill *f, keel_lot **ret, int64_t *ret_qty_e8) {
    for (int64_t i = 0; i < l->ask.choice_count; i++) {
        const keel_lots_choice *c = &l->ask.choice[i];
        if (c->closed != f->seq || l->left[i] == 0) continue;
        for (int64_t k = 0; k < l->lots; k++) {
            if (l->lot[k].fill != c->opened || !is_open_against(&l->lot[k], f)) continue;
            if (l->left[i] > l->lot[k].left_e8 || l->left[i] > *ret_qty_e8) break;
            *ret = &l->lot[k];
            *ret_qty_e8 = l->left[i];
            l->left[i] = 0;
            return 0;
        }
        break;
    }
    return no_choice(l, f);
}

static int close_lots(keel_lots *l, fill *f) {
    keel_lot *lot;
    while (f->spent_e8 < f->qty_e8 && (lot = choose(l, f)) != NULL) {
        int64_t qty = f->qty_e8 - f->spent_e8;
        if (l->ask.method == KEEL_LOTS_SPECIFIC)
            KEEL_TRY(choose_by_hand(l, f, &lot, &qty));
        else if (qty > lot->left_e8)
            qty = lot->left_e8;
        KEEL_TRY(dispose(l, lot, f, qty));
    }
    return 0;
}

static int open_lot(keel_lots *l, const fill *f) {
    int64_t qty = f->qty_e8 - f->spent_e8, notional = 0, fee = 0;
    void *list = l->lot;
    if (qty == 0) return 0;
    KEEL_TRY(room(l, &list, l->lots, &l->lots_cap, sizeof *l->lot));
    l->lot = list;
    KEEL_TRY(part_of(l, f->notional_e8, f->qty_e8, f->spent_e8, f->qty_e8, &notional));
    KEEL_TRY(part_of(l, f->fee_e8, f->qty_e8, f->spent_e8, f->qty_e8, &fee));
    l->lot[l->lots++] = (keel_lot){f->seq, f->ts_ms, qty, qty, f->px_e8, notional, fee, f->symbol, f->side};
    return 0;
}

/* ---- events ----------------------------------------------------------------------------------------------------- */

static int take_fill(keel_lots *l, const keel_log_record *r, int32_t symbol) {
    fill f = {.seq = r->seq,
              .ts_ms = r->ts_ms,
              .qty_e8 = keel_log_record_e8(r, "qty"),
              .px_e8 = keel_log_record_e8(r, "px"),
              .notional_e8 = keel_log_record_e8(r, "notional_usd"),
              .fee_e8 = keel_log_record_e8(r, "fee_usd"),
              .symbol = symbol,
              .side = strcmp(keel_log_record_text(r, "side"), "buy") == 0 ? 1 : -1};
    if (f.qty_e8 <= 0 || f.notional_e8 < 0) return too_much(l);
    KEEL_TRY(close_lots(l, &f));
    return open_lot(l, &f);
}

/* The books' word for a trade, held against what its lots earned. */
static int take_end(keel_lots *l, const keel_log_record *r, keel_lots_symbol *y) {
    int64_t books = keel_log_record_e8(r, "pnl_usd"), lots = 0, rounding = 0;
    if (!keel_sub_i64(y->gain_e8, y->settled_e8, &lots) || !keel_sub_i64(books, lots, &rounding)) return too_much(l);
    KEEL_TRY(keel_lots_check_rounding(l, y, rounding));
    l->totals.trades++;
    KEEL_TRY(add(l, &l->totals.books_e8, books));
    KEEL_TRY(add(l, &l->totals.rounding_e8, rounding));
    y->gain_e8 = y->settled_e8 = y->fills = 0;
    return 0;
}

static int take(keel_lots *l, const keel_log_record *r) {
    if (r->seq != ++l->seq)
        return keel_err_set(l->err, KEEL_E_DATA,
                            "records are missing: events.jsonl: record %" PRIu64
                            ": keel replay RUN --events DIR makes the log again",
                            l->seq);
    l->as_of_ms = r->ts_ms;
    (void)snprintf(l->run_id, sizeof l->run_id, "%s", r->run_id ? r->run_id : "");
    int matters = r->code == KEEL_LOG_FILL || r->code == KEEL_LOG_FUNDING || r->code == KEEL_LOG_BORROW ||
                  r->code == KEEL_LOG_POSITION_CLOSE;
    if (!matters) return 0;
    int32_t symbol = r->symbol ? symbol_of(l, r->symbol) : -1;
    if (symbol < 0) return too_much(l);
    keel_lots_symbol *y = &l->symbol[symbol];
    y->fills += r->code == KEEL_LOG_FILL;
    if (r->code == KEEL_LOG_FILL) return take_fill(l, r, symbol);
    if (r->code == KEEL_LOG_POSITION_CLOSE) return take_end(l, r, y);
    int64_t paid = keel_log_record_e8(r, "paid_usd");
    KEEL_TRY(add(l, &y->settled_e8, paid));
    return add(l, &l->totals.settled_e8, paid);
}

static int read_events(keel_lots *l, const keel_fs *fs) {
    keel_log_lines *lines = NULL;
    keel_log_record r;
    const char *text;
    size_t size;
    int rc;
    KEEL_TRY(keel_log_lines_open(fs, l->ask.dir, "events", &lines, l->err));
    while ((rc = keel_log_lines_next(lines, &text, &size, l->err)) == 1) {
        if ((rc = keel_log_record_read(text, size, keel_log_lines_where(lines), &r, l->err)) != 0) break;
        rc = take(l, &r);
        keel_log_record_done(&r);
        if (rc != 0) break;
    }
    if (rc == 0) rc = keel_lots_check_end(l, fs, keel_log_lines_torn(lines));
    keel_log_lines_close(lines);
    return rc;
}

/* ---- wash sales ------------------------------------------------------------------------------------------------- */

static int is_near(int64_t a_ms, int64_t b_ms, int64_t days) {
    int64_t apart = a_ms > b_ms ? a_ms - b_ms : b_ms - a_ms;
    return apart <= days * DAY_MS;
}

/* A loss, and another lot of the same symbol and side acquired within so many days before or after it. */
static int find_washes(keel_lots *l) {
    for (int64_t i = 0; l->ask.wash_days > 0 && i < l->disposals; i++) {
        keel_disposal *d = &l->disposal[i];
        for (int64_t k = 0; d->gain_e8 < 0 && k < l->lots && !d->wash; k++) {
            const keel_lot *o = &l->lot[k];
            if (o->symbol == d->symbol && o->side == d->side && o->fill != d->opened &&
                is_near(o->ts_ms, d->closed_ms, l->ask.wash_days))
                d->wash = o->fill;
        }
        if (!d->wash) continue;
        l->totals.wash_sales++;
        KEEL_TRY(add(l, &l->totals.wash_loss_e8, -d->gain_e8));
    }
    return 0;
}

/* Every choice must have been used. */
static int check_choices(keel_lots *l) {
    for (int64_t i = 0; i < l->ask.choice_count; i++)
        if (l->left[i] != 0)
            return keel_err_set(l->err, KEEL_E_DATA,
                                "the choice of lots does not fit: fill %" PRIu64 " takes nothing of fill %" PRIu64
                                ": take the line out, or name another",
                                l->ask.choice[i].closed, l->ask.choice[i].opened);
    return 0;
}

int keel_lots_make(const keel_fs *fs, const keel_lots_ask *ask, keel_lots **ret, keel_err *reterr) {
    keel_lots *l = calloc(1, sizeof *l);
    if (!l) return keel_err_set(reterr, KEEL_E_NOMEM, "out of memory: lots: close other programs");
    l->ask = *ask;
    l->err = reterr;
    l->left = calloc((size_t)ask->choice_count + 1, sizeof *l->left);
    int rc = l->left ? 0 : keel_err_set(reterr, KEEL_E_NOMEM, "out of memory: lots: close other programs");
    for (int64_t i = 0; rc == 0 && i < ask->choice_count; i++)
        l->left[i] = ask->choice[i].qty_e8;
    if (rc == 0) rc = read_events(l, fs);
    if (rc == 0) rc = keel_lots_check_summary(l, fs);
    if (rc == 0) rc = check_choices(l);
    if (rc == 0) rc = find_washes(l);
    l->err = NULL;
    if (rc == 0)
        *ret = l;
    else
        keel_lots_free(l);
    return rc;
}

void keel_lots_free(keel_lots *l) {
    if (!l) return;
    free(l->lot);
    free(l->disposal);
    free(l->left);
    free(l);
}

const keel_lots_totals *keel_lots_totals_of(const keel_lots *l) { return &l->totals; }
