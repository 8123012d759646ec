/* ops/shadow/shadow.c: see shadow.h. Nothing here is shared with the ledger: not its roundings, not its arithmetic. */
#include "ops/shadow/shadow.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"

enum { UNIT = 100000000 };

/* ---- decimals --------------------------------------------------------------------------------------------------- */

static void add(keel_shadow *s, keel_shadow_sum *to, keel_shadow_sum v) {
    to->rest += v.rest;
    int64_t carry = to->rest >= UNIT;
    to->rest -= carry * UNIT;
    if ((v.whole > 0 && to->whole > INT64_MAX - v.whole - 1) || (v.whole < 0 && to->whole < INT64_MIN - v.whole))
        s->beyond = 1;
    else
        to->whole += v.whole + carry;
}

static keel_shadow_sum negative(keel_shadow_sum v) {
    if (v.rest == 0) return (keel_shadow_sum){-v.whole, 0};
    return (keel_shadow_sum){-v.whole - 1, UNIT - v.rest};
}

static keel_shadow_sum plus_minus(int sign, keel_shadow_sum v) { return sign < 0 ? negative(v) : v; }

/* a * b of two decimals at 1e-8, a and b not negative: by hand, in halves of eight digits. */
static keel_shadow_sum times(keel_shadow *s, int64_t a, int64_t b) {
    int64_t a1 = a / UNIT, a0 = a % UNIT, b1 = b / UNIT, b0 = b % UNIT;
    if (a < 0 || b < 0 || (a1 > 0 && b1 > INT64_MAX / 4 / UNIT / a1) || (a1 > 0 && b0 > INT64_MAX / 4 / a1) ||
        (b1 > 0 && a0 > INT64_MAX / 4 / b1)) {
        s->beyond = 1;
        return (keel_shadow_sum){0, 0};
    }
    return (keel_shadow_sum){a1 * b1 * UNIT + a1 * b0 + a0 * b1 + a0 * b0 / UNIT, a0 * b0 % UNIT};
}

/* amount * rate, the rate at 1e-8, either sign; amounts below 1e-8 are let go. */
static keel_shadow_sum share(keel_shadow *s, keel_shadow_sum amount, int64_t rate) {
    return plus_minus(rate < 0 ? -1 : 1, times(s, amount.whole, rate < 0 ? -rate : rate));
}

/* The same with a rate at 1e-16. */
static keel_shadow_sum fine_share(keel_shadow *s, keel_shadow_sum amount, int64_t rate) {
    int64_t size = rate < 0 ? -rate : rate;
    keel_shadow_sum sum = times(s, amount.whole, size / UNIT), low = times(s, amount.whole / UNIT, size % UNIT);
    add(s, &sum, (keel_shadow_sum){low.whole / UNIT, low.whole % UNIT});
    return plus_minus(rate < 0 ? -1 : 1, sum);
}

/* ---- what happened ---------------------------------------------------------------------------------------------- */

/* Average cost and margin: what only closes takes its part away, what is beyond that is new. */
static void carry(keel_shadow_symbol *y, int64_t signed_qty, int64_t price) {
    double held = (double)y->held, qty = (double)signed_qty, px = (double)price / UNIT;
    if (y->held != 0 && (y->held > 0) != (signed_qty > 0)) {
        double out = qty < 0 ? -qty : qty, all = held < 0 ? -held : held, left = out < all ? 1.0 - out / all : 0.0;
        y->paid *= left;
        y->locked *= left;
        qty = out > all ? (qty < 0 ? -(out - all) : out - all) : 0.0;
    }
    double opened = (qty < 0 ? -qty : qty) / UNIT * px;
    y->paid += opened;
    y->locked += opened / y->leverage;
}

static void take_fill(keel_shadow *s, keel_shadow_symbol *y, const keel_event *ev) {
    int64_t qty = ev->side > 0 ? ev->qty_e8 : -ev->qty_e8;
    keel_shadow_sum notional = times(s, ev->qty_e8, ev->price_e8);
    add(s, &y->flow, plus_minus(-ev->side, notional));
    add(s, &y->costs, share(s, notional, ev->fee_role == KEEL_MAKER ? y->maker : y->taker));
    carry(y, qty, ev->price_e8);
    y->held += qty;
    if (y->held == 0) y->paid = y->locked = 0.0;
}

/* Positive rates are paid by who is long. */
static void take_funding(keel_shadow *s, keel_shadow_symbol *y, const keel_event *ev) {
    keel_shadow_sum notional = times(s, llabs(y->held), ev->price_e8);
    add(s, &y->costs, plus_minus(y->held < 0 ? -1 : 1, fine_share(s, notional, ev->rate_e16)));
}

/* Interest on the money a long borrowed beyond its margin, or on the coins a short owes. */
static void take_interest(keel_shadow *s, keel_shadow_symbol *y, const keel_event *ev) {
    keel_shadow_sum loan = times(s, llabs(y->held), ev->price_e8);
    if (y->held > 0) loan = (keel_shadow_sum){(int64_t)((y->paid - y->locked) * UNIT), 0};
    if (loan.whole > 0) add(s, &y->costs, fine_share(s, loan, ev->rate_e16));
}

static void take(keel_shadow *s, const keel_event *ev) {
    keel_shadow_symbol *y = &s->sym[ev->symbol];
    s->events++;
    switch (ev->kind) {
        case KEEL_EV_DEPOSIT: add(s, &s->capital, (keel_shadow_sum){ev->price_e8, 0}); break;
        case KEEL_EV_FILL: take_fill(s, y, ev); break;
        case KEEL_EV_FUNDING: take_funding(s, y, ev); break;
        case KEEL_EV_BORROW: take_interest(s, y, ev); break;
        case KEEL_EV_PRICE:
        case KEEL_EV_BAR_CLOSE: y->price = ev->price_e8; break;
        default: break;
    }
}

/* ---- looking ---------------------------------------------------------------------------------------------------- */

static keel_shadow_sum earned(keel_shadow *s, const keel_shadow_symbol *y) {
    keel_shadow_sum sum = y->flow;
    add(s, &sum, negative(y->costs));
    return sum;
}

static int64_t worth(keel_shadow *s) {
    keel_shadow_sum sum = s->capital;
    for (int32_t i = 0; i < s->symbol_count; i++) {
        const keel_shadow_symbol *y = &s->sym[i];
        add(s, &sum, earned(s, y));
        if (y->held != 0) add(s, &sum, plus_minus(y->held < 0 ? -1 : 1, times(s, llabs(y->held), y->price)));
    }
    return sum.whole;
}

static int64_t margin(const keel_shadow *s) {
    double sum = 0.0;
    for (int32_t i = 0; i < s->symbol_count; i++)
        sum += s->sym[i].locked;
    return sum < 9e10 ? (int64_t)(sum * UNIT) : INT64_MAX;
}

typedef struct look {
    keel_shadow *s;
    const keel_event *ev;
    const keel_shadow_books *books;
    int64_t worth;
    int good;
} look;

static void breach(look *l, int32_t figure, int64_t ours, int64_t theirs) {
    keel_shadow *s = l->s;
    const keel_shadow_books *b = l->books;
    if (l->good && s->breaches == 0)
        s->first = (keel_shadow_breach){.seq = l->ev->seq,
                                        .ts_ms = l->ev->ts_ms,
                                        .figure = figure,
                                        .symbol = l->ev->symbol,
                                        .ours = ours,
                                        .theirs = theirs,
                                        .ours_worth = l->worth,
                                        .theirs_worth = b->free_usd + b->locked_usd + b->profit_usd,
                                        .theirs_free = b->free_usd,
                                        .theirs_locked = b->locked_usd,
                                        .theirs_profit = b->profit_usd};
    l->good = 0;
}

static void compare(look *l, int32_t figure, int64_t ours, int64_t theirs, int64_t tolerance) {
    double apart = (double)ours - (double)theirs;
    l->s->checks++;
    if (apart > (double)tolerance || apart < -(double)tolerance) breach(l, figure, ours, theirs);
}

/* What one symbol earned since it was last without a position. A fill that turns a position around closes one trade and
 * opens the next: what opens is left out. */
static void compare_trade(look *l, int ended) {
    const keel_event *ev = l->ev;
    keel_shadow *s = l->s;
    keel_shadow_symbol *y = &s->sym[ev->symbol];
    keel_shadow_sum flat = earned(s, y), since;
    if (y->held != 0) {
        keel_shadow_sum opened = times(s, llabs(y->held), ev->price_e8);
        add(s, &flat, plus_minus(ev->side, opened));
        add(s, &flat, share(s, opened, ev->fee_role == KEEL_MAKER ? y->maker : y->taker));
    }
    since = flat;
    add(s, &since, negative(y->before));
    y->before = flat;
    if (!l->books->has_trade) { /* a position ended, and the books have no trade of it */
        if (ended) breach(l, KEEL_SHADOW_TRADE, since.whole, 0);
        return;
    }
    s->trades++;
    compare(l, KEEL_SHADOW_TRADE, since.whole, l->books->trade_usd, KEEL_SHADOW_TOLERANCE_E8);
}

int keel_shadow_look(keel_shadow *s, const keel_event *ev, const keel_shadow_books *books) {
    KEEL_ASSERT(ev->symbol >= 0 && ev->symbol < KEEL_SHADOW_SYMBOLS);
    const keel_shadow_symbol *y = &s->sym[ev->symbol];
    int64_t before = y->held;
    take(s, ev);
    look l = {.s = s, .ev = ev, .books = books, .worth = worth(s), .good = 1};
    compare(&l, KEEL_SHADOW_QUANTITY, y->held, books->held, 0);
    compare(&l, KEEL_SHADOW_WORTH, l.worth, books->free_usd + books->locked_usd + books->profit_usd,
            KEEL_SHADOW_TOLERANCE_E8);
    compare(&l, KEEL_SHADOW_MARGIN, margin(s), books->locked_usd, KEEL_SHADOW_TOLERANCE_E8);
    int turned = before != 0 && y->held != 0 && (before > 0) != (y->held > 0);
    if (y->held == 0 || turned) compare_trade(&l, turned || before != 0);
    if (s->beyond) breach(&l, KEEL_SHADOW_BEYOND, 0, 0);
    if (!l.good && s->breaches < INT32_MAX) s->breaches++;
    return l.good;
}

/* ---- contract --------------------------------------------------------------------------------------------------- */

void keel_shadow_init(keel_shadow *s, int32_t symbol_count, int64_t capital) {
    KEEL_ASSERT(symbol_count >= 0 && symbol_count <= KEEL_SHADOW_SYMBOLS);
    memset(s, 0, sizeof *s);
    s->symbol_count = symbol_count;
    s->capital.whole = capital;
}

void keel_shadow_terms(keel_shadow *s, int32_t symbol, int64_t maker, int64_t taker, double leverage) {
    KEEL_ASSERT(symbol >= 0 && symbol < s->symbol_count && leverage > 0.0);
    s->sym[symbol].maker = maker;
    s->sym[symbol].taker = taker;
    s->sym[symbol].leverage = leverage;
}

const char *keel_shadow_figure_word(int32_t figure) {
    switch (figure) {
#define CASE(name, number, word) \
    case KEEL_SHADOW_##name: return word;
        KEEL_SHADOW_FIGURES(CASE)
#undef CASE
        default: return "none";
    }
}

static void breach_json(const keel_shadow_breach *b, const char *const symbols[], keel_json *j) {
    keel_json_object(j);
    keel_json_kint(j, "event", (int64_t)b->seq);
    keel_json_kint(j, "ts_ms", b->ts_ms);
    keel_json_kstring(j, "figure", keel_shadow_figure_word(b->figure));
    keel_json_kstring(j, "symbol", symbols[b->symbol]);
    keel_json_ke8(j, "shadow", b->ours);
    keel_json_ke8(j, "books", b->theirs);
    keel_json_ke8(j, "shadow_worth_usd", b->ours_worth);
    keel_json_ke8(j, "books_worth_usd", b->theirs_worth);
    keel_json_ke8(j, "books_free_usd", b->theirs_free);
    keel_json_ke8(j, "books_margin_usd", b->theirs_locked);
    keel_json_ke8(j, "books_open_profit_usd", b->theirs_profit);
    keel_json_close(j);
}

void keel_shadow_json(const keel_shadow *s, const char *const symbols[], keel_json *j) {
    keel_json_kint(j, "events", (int64_t)s->events);
    keel_json_kint(j, "checks", (int64_t)s->checks);
    keel_json_kint(j, "trades", (int64_t)s->trades);
    keel_json_kint(j, "breaches", s->breaches);
    keel_json_ke8(j, "tolerance_usd", KEEL_SHADOW_TOLERANCE_E8);
    keel_json_key(j, "first_breach");
    if (s->breaches > 0)
        breach_json(&s->first, symbols, j);
    else
        keel_json_null(j);
}
