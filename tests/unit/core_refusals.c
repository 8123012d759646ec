/* Events that keel_step refuses, in order, and figures that do not fit: the state stays as it was (KRN-01, KRN-08,
 * EXT-01). */
#include "core_world.h"

#include <math.h>

#include "num/int.h"

/* [KRN-01.5] Each way in which an event can be wrong, alone and together with everything that is checked after it. */
static void refusals_in_order(void **state) {
    (void)state;
    static keel_state before;
    for (int first = 0; first < 8; first++)
        for (int others = 0; others <= 1; others++) {
            world *w = holding(1);
            keel_event ev = priced(KEEL_EV_SIGNAL, 100);
            ev.signal = KEEL_BUY;
            ev.schema = KEEL_EVENT_SCHEMA;
            ev.seq = w->seq + 1;
            ev.ts_ms = w->ts_ms;
            static const int32_t want[] = {KEEL_REFUSED_SCHEMA,
                                           KEEL_REFUSED_SEQ,
                                           KEEL_REFUSED_KIND,
                                           KEEL_REFUSED_SYMBOL,
                                           KEEL_REFUSED_CLOCK_ROLLBACK,
                                           KEEL_REFUSED_PRICE,
                                           KEEL_REFUSED_INVALID_FRACTION,
                                           KEEL_REFUSED_SIGNAL};
            for (int i = first; i < (others ? 8 : first + 1); i++)
                switch (i) {
                    case 0: ev.schema = KEEL_EVENT_SCHEMA + 1; break;
                    case 1: ev.seq = w->seq; break;
                    case 2: ev.kind = first == 2 ? 99 : ev.kind; break;
                    case 3: ev.symbol = 2; break;
                    case 4: ev.ts_ms = T0 - 1; break;
                    case 5: ev.price_e8 = 0; break;
                    case 6: ev.close_fraction = 1.5; break;
                    default: ev.signal = 99; break;
                }
            before = w->st;
            int32_t got = keel_step(&w->st, &w->p, &ev, NULL, &w->d, &w->diag);
            if (got != want[first]) fail_msg("fault %d: refusal %d, want %d", first, (int)got, (int)want[first]);
            assert_memory_equal(&w->st, &before, sizeof before);
        }
}

/* [KRN-01.5] A price at which the position is worth more than an amount can hold is refused whole, whatever says it. */
static void a_worth_that_does_not_fit(void **state) {
    (void)state;
    static keel_state before;
    static const int32_t kinds[] = {KEEL_EV_PRICE, KEEL_EV_BAR_CLOSE, KEEL_EV_SIGNAL};
    for (size_t i = 0; i < COUNT(kinds); i++) {
        world *w = holding(1);
        keel_event ev = priced(kinds[i], 0);
        ev.price_e8 = ev.open_e8 = ev.high_e8 = ev.low_e8 = INT64_MAX / 2;
        before = w->st;
        assert_int_equal(step(w, ev, NULL), KEEL_REFUSED_OVERFLOW);
        assert_memory_equal(&w->st, &before, sizeof before);
        assert_int_equal(signal_at(w, KEEL_CLOSE, 101), KEEL_REFUSED_OK); /* and the books go on */
        assert_int_equal(w->d.command_count, 1);
    }
}

/* [KRN-08.4] Equity beyond 64 bits at 1e-8 ends the books with a reason; it never wraps. */
static void equity_that_does_not_fit(void **state) {
    (void)state;
    world *w = fresh();
    assert_int_equal(step(w, (keel_event){.kind = KEEL_EV_DEPOSIT, .price_e8 = e8(9e10)}, NULL), KEEL_REFUSED_OK);
    (void)signal_at(w, KEEL_BUY, 100);
    assert_int_equal(w->d.command_count, 1);
    assert_int_equal(fill(w, keel_e8_to_f64(w->d.command[0].qty_e8), 100, 1), KEEL_REFUSED_OK);
    assert_int_equal(step(w, priced(KEEL_EV_PRICE, 110), NULL), KEEL_REFUSED_OK);
    assert_true(keel_state_equity(&w->st) > e8(9.1e10));
    assert_int_equal(step(w, priced(KEEL_EV_PRICE, 130), NULL), KEEL_REFUSED_OVERFLOW);
    assert_int_equal(w->st.fault, KEEL_REFUSED_OVERFLOW);
    assert_int_equal(step(w, priced(KEEL_EV_PRICE, 100), NULL), KEEL_REFUSED_OVERFLOW); /* for good, by its name */
}

/* [EXT-01.6] A caller may name the reason of a close, and only one of a close: reports show it. */
static void reasons_of_a_close(void **state) {
    (void)state;
    static const int32_t bad[] = {KEEL_E_TREND, KEEL_H_GATE, KEEL_X_STOP - 1, KEEL_X_STRATEGY + 1, -1, INT32_MAX};
    keel_event ev = priced(KEEL_EV_SIGNAL, 100);
    ev.signal = KEEL_CLOSE;
    for (size_t i = 0; i < COUNT(bad); i++) {
        world *w = holding(1);
        ev.reason = bad[i];
        assert_int_equal(step(w, ev, NULL), KEEL_REFUSED_SIGNAL);
    }
    for (int32_t reason = KEEL_X_STOP; reason <= KEEL_X_STRATEGY; reason++) {
        world *w = holding(1);
        ev.reason = reason;
        assert_int_equal(step(w, ev, NULL), KEEL_REFUSED_OK);
        assert_reason("as named", 1, w->d.command[0].reason, reason);
    }
}

/* [KRN-01.5] A number that is no time (year 10000 and beyond, or as far before) is refused for every kind of event, so
 * that differences of times always fit. */
static void times_that_are_none(void **state) {
    (void)state;
    static keel_state before;
    static const int64_t none[] = {INT64_MAX, INT64_MIN, KEEL_TIME_END_MS, -KEEL_TIME_END_MS, KEEL_NEVER};
    for (int32_t kind = KEEL_EV_PRICE; kind <= KEEL_EV_BORROW; kind++)
        for (size_t i = 0; i < COUNT(none); i++) {
            world *w = holding(1);
            keel_event ev = priced(kind, 100);
            ev.ts_ms = none[i];
            ev.side = 1;
            ev.qty_e8 = e8(1);
            before = w->st;
            assert_int_equal(step(w, ev, NULL), KEEL_REFUSED_CLOCK_ROLLBACK);
            assert_memory_equal(&w->st, &before, sizeof before);
        }
    world *w = holding(1);
    w->ts_ms = KEEL_TIME_END_MS - 1;
    assert_int_equal(step(w, priced(KEEL_EV_PRICE, 100), NULL), KEEL_REFUSED_OK);
}

static void inconsistent_ranges(void **state) {
    (void)state;
    static const double rows[][4] = {/* open high low last */
                                     {100, 101, 100.5, 101}, {100, 99.5, 99, 99.5}, {100, 101, 99, 98.5},
                                     {100, 101, 99, 101.5},  {0, 101, 99, 100},     {100, 101, 0, 100},
                                     {100, 101, -5, 100},    {100, 99, 101, 100}};
    for (size_t i = 0; i < COUNT(rows); i++)
        for (int32_t kind = KEEL_EV_PRICE; kind <= KEEL_EV_BAR_CLOSE; kind++) {
            world *w = fresh();
            uint64_t hash = keel_state_hash(&w->st);
            keel_event ev = {.kind = kind,
                             .open_e8 = e8(rows[i][0]),
                             .high_e8 = e8(rows[i][1]),
                             .low_e8 = e8(rows[i][2]),
                             .price_e8 = e8(rows[i][3])};
            assert_int_equal(step(w, ev, NULL), KEEL_REFUSED_PRICE);
            assert_true(keel_state_hash(&w->st) == hash);
        }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refusals_in_order),        cmocka_unit_test(a_worth_that_does_not_fit),
        cmocka_unit_test(equity_that_does_not_fit), cmocka_unit_test(reasons_of_a_close),
        cmocka_unit_test(times_that_are_none),      cmocka_unit_test(inconsistent_ranges),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
