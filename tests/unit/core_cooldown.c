/* Cooldowns of entries and exits: one millisecond before their end, at it, and what does not start them (CDN-01 to
 * CDN-03). [T-017] [T-256] [T-285] [T-372] */
#include "core_fixture.h"

#include "core/risk/cooldown.h"

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))
#define T0 ((int64_t)1700000000000)

static keel_state *fresh(void) {
    static keel_state st;
    keel_state_init(&st, 2);
    return &st;
}

static int may_enter(const keel_params *p, const keel_state *st, int symbol, int side, int64_t ts_ms, double adx) {
    int known = adx >= 0;
    return ts_ms >= keel_cooldown_entry_until(p, st, &st->sym[symbol], side, known, known ? adx : 1e9);
}

/* An entry becomes possible exactly at `until` and not a millisecond before. */
static void assert_from(const char *name, const keel_params *p, const keel_state *st, int symbol, int side, double adx,
                        int64_t until) {
    if (may_enter(p, st, symbol, side, until - 1, adx) || !may_enter(p, st, symbol, side, until, adx))
        fail_msg("%s: from %lld, want %lld", name,
                 (long long)keel_cooldown_entry_until(p, st, &st->sym[symbol], side, adx >= 0, adx), (long long)until);
}

static void assert_free(const char *name, const keel_params *p, const keel_state *st, int symbol, int side) {
    int64_t until = keel_cooldown_entry_until(p, st, &st->sym[symbol], side, 1, 30);
    if (until > T0) fail_msg("%s: held until %lld", name, (long long)until);
}

/* [CDN-01.1] Twenty seconds between entries of one symbol, either side, and no other symbol. */
static void between_entries(void **state) {
    (void)state;
    keel_params p;
    keel_params_default(&p);
    keel_state *st = fresh();
    assert_free("nothing yet", &p, st, 0, 1);
    st->sym[0].last_entry_ms = T0;
    assert_from("same side", &p, st, 0, 1, 30, T0 + 20000);
    assert_from("other side", &p, st, 0, -1, 30, T0 + 20000);
    assert_free("other symbol", &p, st, 1, 1);
    p.entry_cooldown_s = 0;
    assert_free("switched off", &p, st, 0, 1);
}

static void between_exits(void **state) {
    (void)state;
    keel_params p;
    keel_params_default(&p);
    keel_state *st = fresh();
    keel_symbol *s = &st->sym[0];
    assert_int_equal(keel_cooldown_may_exit(&p, s, 0), 1);
    s->last_exit_ms = T0;
    assert_int_equal(keel_cooldown_may_exit(&p, s, T0), 0);
    assert_int_equal(keel_cooldown_may_exit(&p, s, T0 + 14999), 0);
    assert_int_equal(keel_cooldown_may_exit(&p, s, T0 + 15000), 1);
    p.exit_cooldown_s = 0;
    assert_int_equal(keel_cooldown_may_exit(&p, s, T0), 1);
}

#define UNKNOWN (-1.0)

/* [CDN-02] After a close of a long: longs wait by the strength of the trend, shorts do not. */
static void after_a_close(void **state) {
    (void)state;
    static const struct {
        const char *name;
        int reason;
        double adx, minutes;
    } rows[] = {{"strong trend", KEEL_X_TP, 40, 45},
                {"stronger", KEEL_X_TP, 99, 45},
                {"weak trend", KEEL_X_TP, 25, 180},
                {"weaker", KEEL_X_TP, 0, 180},
                {"half-way", KEEL_X_TP, 32.5, 112.5},
                {"a third of the way", KEEL_X_TP, 30, 135},
                {"unknown", KEEL_X_TP, UNKNOWN, 60},
                {"stop loss", KEEL_X_STOP, 40, 67.5},
                {"stop loss, weak", KEEL_X_STOP, 25, 270},
                {"stop loss, unknown", KEEL_X_STOP, UNKNOWN, 90},
                {"breakeven is no stop loss", KEEL_X_BREAKEVEN, 40, 45},
                {"trailing stop is none", KEEL_X_TRAIL, 40, 45},
                {"by hand", KEEL_X_MANUAL, 40, 45}};
    keel_params p;
    keel_params_default(&p);
    for (int side = -1; side <= 1; side += 2)
        for (size_t i = 0; i < COUNT(rows); i++) {
            keel_state *st = fresh();
            keel_symbol *s = &st->sym[0];
            s->last_close_ms = T0;
            s->last_close_side = side;
            s->last_close_reason = rows[i].reason;
            assert_from(rows[i].name, &p, st, 0, side, rows[i].adx, T0 + (int64_t)(rows[i].minutes * 60000));
            assert_free(rows[i].name, &p, st, 0, -side);
            assert_free("other symbol", &p, st, 1, side);
        }
    keel_state *st = fresh();
    st->sym[0].last_close_ms = T0;
    st->sym[0].last_close_side = 1;
    st->sym[0].last_close_reason = KEEL_X_SIGNAL_FLIP;
    assert_free("an opposite signal starts no pause", &p, st, 0, 1);
    st->sym[0].last_close_reason = KEEL_X_STOP;
    p.reentry_minutes = 0;
    assert_free("switched off", &p, st, 0, 1);
}

/* [CDN-02.2] Levels that coincide: strong wins at the level, weak below it; no division by nothing. */
static void reentry_levels_that_coincide(void **state) {
    (void)state;
    keel_params p;
    keel_params_default(&p);
    p.reentry_strong_adx = p.reentry_weak_adx = 30;
    keel_state *st = fresh();
    st->sym[0].last_close_ms = T0;
    st->sym[0].last_close_side = 1;
    st->sym[0].last_close_reason = KEEL_X_TP;
    assert_from("at the level", &p, st, 0, 1, 30, T0 + 45 * MINUTE_MS);
    assert_from("below it", &p, st, 0, 1, 29.9999, T0 + 180 * MINUTE_MS);
}

/* [CDN-03.1] The third loss in a row pauses entries of every symbol for an hour. */
static void losing_streak(void **state) {
    (void)state;
    keel_params p;
    keel_params_default(&p);
    keel_state *st = fresh();
    keel_cooldown_after_close(&p, st, T0, -1);
    keel_cooldown_after_close(&p, st, T0 + 1, -1);
    assert_int_equal(st->consecutive_losses, 2);
    assert_free("two losses", &p, st, 0, 1);
    keel_cooldown_after_close(&p, st, T0 + 2, -1);
    assert_from("third loss", &p, st, 0, 1, 30, T0 + 2 + 60 * MINUTE_MS);
    assert_from("every symbol, every side", &p, st, 1, -1, 30, T0 + 2 + 60 * MINUTE_MS);
    keel_cooldown_after_close(&p, st, T0 + 3, 5); /* a position still open then may win: expiry is by time only */
    assert_from("a win does not end the pause", &p, st, 0, 1, 30, T0 + 2 + 60 * MINUTE_MS);
    assert_int_equal(st->consecutive_losses, 0);
    p.loss_streak = 0;
    st = fresh();
    for (int i = 0; i < 10; i++)
        keel_cooldown_after_close(&p, st, T0, -1);
    assert_free("switched off", &p, st, 0, 1);
}

/* What resets the count and what does not. */
static void streak_is_broken(void **state) {
    (void)state;
    static const struct {
        const char *name;
        int64_t pnl[4];
        int paused, losses;
    } rows[] = {{"a win in between", {-1, -1, 1, -1}, 0, 1},
                {"nothing in between counts for neither", {-1, -1, 0, -1}, 1, 3},
                {"smallest loss counts", {-1, -1, -1, 0}, 1, 3},
                {"wins only", {1, 1, 1, 1}, 0, 0}};
    keel_params p;
    keel_params_default(&p);
    for (size_t i = 0; i < COUNT(rows); i++) {
        keel_state *st = fresh();
        for (int k = 0; k < 4; k++)
            keel_cooldown_after_close(&p, st, T0 + k, rows[i].pnl[k]);
        assert_int_equal(st->consecutive_losses, rows[i].losses);
        assert_int_equal(st->loss_pause_until_ms != KEEL_NEVER, rows[i].paused);
    }
}

/* [CDN-03.1] After the pause the count starts afresh; during it further losses prolong it. */
static void streak_after_the_pause(void **state) {
    (void)state;
    keel_params p;
    keel_params_default(&p);
    keel_state *st = fresh();
    for (int i = 0; i < 3; i++)
        keel_cooldown_after_close(&p, st, T0, -1);
    int64_t end = T0 + 60 * MINUTE_MS;
    assert_from("pause", &p, st, 0, 1, 30, end);
    keel_cooldown_after_close(&p, st, end, -1);
    assert_int_equal(st->consecutive_losses, 1);
    assert_int_equal(may_enter(&p, st, 0, 1, end, 30), 1);
    st = fresh();
    for (int i = 0; i < 3; i++)
        keel_cooldown_after_close(&p, st, T0, -1);
    keel_cooldown_after_close(&p, st, end - 1, -1);
    assert_from("a loss inside the pause", &p, st, 0, 1, 30, end - 1 + 60 * MINUTE_MS);
}

static void after_any_loss(void **state) {
    (void)state;
    keel_params p;
    keel_params_default(&p);
    p.cooldown_after_loss_s = 90;
    keel_state *st = fresh();
    keel_cooldown_after_close(&p, st, T0, 1);
    assert_free("a win", &p, st, 0, 1);
    keel_cooldown_after_close(&p, st, T0, -1);
    assert_from("a loss", &p, st, 1, -1, 30, T0 + 90000);
}

/* Several at once: the latest end counts, whichever it is. */
static void the_latest_end_counts(void **state) {
    (void)state;
    keel_params p;
    keel_params_default(&p);
    p.cooldown_after_loss_s = 4000;
    keel_state *st = fresh();
    st->sym[0].last_entry_ms = T0;
    assert_from("entry", &p, st, 0, 1, 40, T0 + 20000);
    st->sym[0].last_close_ms = T0;
    st->sym[0].last_close_side = 1;
    st->sym[0].last_close_reason = KEEL_X_TP;
    assert_from("re-entry", &p, st, 0, 1, 40, T0 + 45 * MINUTE_MS);
    for (int i = 0; i < 3; i++)
        keel_cooldown_after_close(&p, st, T0, -1);
    assert_from("loss", &p, st, 0, 1, 40, T0 + 4000000);
    p.cooldown_after_loss_s = 0;
    assert_from("streak", &p, st, 0, 1, 40, T0 + 60 * MINUTE_MS);
    st->sym[0].last_entry_ms = T0 + 60 * MINUTE_MS;
    assert_from("entry again", &p, st, 0, 1, 40, T0 + 60 * MINUTE_MS + 20000);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(between_entries),        cmocka_unit_test(between_exits),
        cmocka_unit_test(after_a_close),          cmocka_unit_test(reentry_levels_that_coincide),
        cmocka_unit_test(losing_streak),          cmocka_unit_test(streak_is_broken),
        cmocka_unit_test(streak_after_the_pause), cmocka_unit_test(after_any_loss),
        cmocka_unit_test(the_latest_end_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
