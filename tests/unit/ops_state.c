/* Counters told by the books, and the store of states beside the journal [WAL-07] [KRN-06]. */
#include <sqlite3.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/state_json.h"
#include "lane_random.h"
#include "ops/state/store.h"

static const char PATH[] = "opstate.db";
static const char *const NAMES[] = {"AAAUSDT", "BBBUSDT", "CCCUSDT"};
/* 2024-01-03, a Wednesday. */
#define DAY INT64_C(1704240000000)
#define HOUR INT64_C(3600000)

static void clean(void) {
    (void)unlink(PATH);
    (void)unlink("opstate.db-wal");
    (void)unlink("opstate.db-shm");
}

static keel_statestore *opened(void) {
    keel_statestore *s = NULL;
    keel_err err = {0};
    if (keel_statestore_open(PATH, 1, &s, &err) != 0) fail_msg("%s", err.text);
    return s;
}

/* Change the file as another program would. */
static void change(const char *sql) {
    sqlite3 *db = NULL;
    char *why = NULL;
    assert_int_equal(sqlite3_open(PATH, &db), SQLITE_OK);
    if (sqlite3_exec(db, sql, NULL, NULL, &why) != SQLITE_OK) fail_msg("%s: %s", sql, why);
    (void)sqlite3_close(db);
}

/* ---- counters --------------------------------------------------------------------------------------------------- */

static keel_trade closed(int64_t ts_ms, int64_t usd) {
    keel_trade t;
    memset(&t, 0, sizeof t);
    t.exit_ts_ms = ts_ms;
    t.pnl_e8 = usd * 100000000;
    return t;
}

static keel_counters_from books(const keel_trade *trades, int64_t n, const int64_t *ts, const int64_t *equity,
                                int64_t samples, int64_t now_ms) {
    keel_counters_from f = {.trades = trades,
                            .trade_count = n,
                            .equity_ts_ms = ts,
                            .equity_e8 = equity,
                            .equity_count = samples,
                            .start_e8 = 1000,
                            .now_ms = now_ms,
                            .cooldown_ms = HOUR};
    for (int i = 0; i < KEEL_COUNTER_COUNT; i++)
        f.reset_ms[i] = INT64_MIN;
    return f;
}

static void counters_follow_the_books_over_hours_and_days(void **state) {
    (void)state;
    const keel_trade trades[] = {closed(DAY - HOUR, 50),        closed(DAY, -7), /* the last moment of the day before */
                                 closed(DAY + 1, -3),           closed(DAY + 2 * HOUR, -4),
                                 closed(DAY + 2 * HOUR + 5, 0), closed(DAY + 3 * HOUR, -6)};
    const int64_t ts[] = {DAY - 3 * 24 * HOUR, DAY - 2 * 24 * HOUR, DAY, DAY + HOUR, DAY + 3 * HOUR};
    const int64_t equity[] = {900, 1100, 1300, 1200, 1250};
    keel_counters c;
    keel_counters_from f = books(trades, 6, ts, equity, 5, DAY + 2 * HOUR + 10);
    keel_counters_read(&f, &c);
    assert_true(c.pnl_today_e8 == -7 * INT64_C(100000000));
    assert_int_equal(c.trades_today, 3);
    assert_int_equal(c.trades_this_hour, 1);
    assert_int_equal(c.consecutive_losses, 0); /* one came out even */
    assert_true(c.last_loss_ms == DAY + 2 * HOUR && c.cooldown_until_ms == DAY + 3 * HOUR);
    assert_true(c.equity_e8 == 1200 && c.day_start_e8 == 1300 && c.peak_e8 == 1300);
    assert_true(c.week_start_e8 == 1100); /* Monday 00:00 */

    f.now_ms = DAY; /* still the day before */
    keel_counters_read(&f, &c);
    assert_true(c.trades_today == 2 && c.consecutive_losses == 1 && c.day_start_e8 == 1100 && c.equity_e8 == 1300);

    f.now_ms = DAY + 30 * HOUR; /* a new day: nothing was done */
    keel_counters_read(&f, &c);
    assert_true(c.trades_today == 0 && c.pnl_today_e8 == 0 && c.trades_this_hour == 0 && c.consecutive_losses == 1);

    f = books(trades, 0, ts, equity, 0, DAY);
    keel_counters_read(&f, &c);
    assert_true(c.equity_e8 == 1000 && c.peak_e8 == 1000 && c.last_loss_ms == INT64_MIN);
}

static void a_reset_takes_what_lies_before_it(void **state) {
    (void)state;
    const keel_trade trades[] = {closed(DAY + 1, -3), closed(DAY + HOUR, -4), closed(DAY + 2 * HOUR, -5)};
    const int64_t ts[] = {DAY + 1, DAY + HOUR, DAY + 2 * HOUR}, equity[] = {1500, 1100, 1050};
    keel_counters c;
    keel_counters_from f = books(trades, 3, ts, equity, 3, DAY + 3 * HOUR);
    keel_counters_read(&f, &c);
    assert_true(c.consecutive_losses == 3 && c.peak_e8 == 1500);
    f.reset_ms[KEEL_COUNTER_CONSECUTIVE_LOSSES] = DAY + HOUR;
    f.reset_ms[KEEL_COUNTER_PEAK_EQUITY] = DAY + HOUR;
    f.reset_ms[KEEL_COUNTER_LAST_LOSS] = DAY + 2 * HOUR;
    keel_counters_read(&f, &c);
    assert_true(c.consecutive_losses == 1 && c.peak_e8 == 1100 && c.last_loss_ms == INT64_MIN);
    assert_true(c.trades_today == 3);
    assert_int_equal(keel_counter_of("peak_equity"), KEEL_COUNTER_PEAK_EQUITY);
    assert_int_equal(keel_counter_of("peak"), -1);
}

/* ---- states ----------------------------------------------------------------------------------------------------- */

/* [KRN-06.1] [KRN-06.5] A state of a run with positions: kept, read back, the same hash. */
static void a_state_comes_back_to_the_same_hash(void **state) {
    (void)state;
    clean();
    keel_statestore *s = opened();
    for (uint64_t n = 0; n < 8; n++) {
        market *m = market_random(n, 3, 150, 1, &NATURES[n % COUNT(NATURES)]);
        use_manner(m, (int32_t)(n % KEEL_STRATEGY_COUNT), 1);
        m->keep_open = 1;
        run_well(m);
        keel_json *j = keel_json_new(0);
        keel_state_json_write(m->st, NAMES, j);
        keel_err err = {0};
        if (keel_statestore_put(s, (int64_t)n, n, keel_state_hash(m->st), keel_json_text(j, NULL), "{}", &err) != 0)
            fail_msg("%s", err.text);
        keel_json_free(j);
        keel_staterow row;
        keel_state *back = room(1, sizeof *back);
        keel_field_warnings warnings;
        assert_int_equal(keel_statestore_newest(s, &row, &err), 0);
        if (keel_state_json_read(row.state, strlen(row.state), PATH, NAMES, 3, back, &warnings, &err) != 0)
            fail_msg("%s", err.text);
        assert_true(keel_state_hash(back) == keel_state_hash(m->st) && row.state_hash == keel_state_hash(m->st));
        assert_true(row.input == n && row.taken_ms == (int64_t)n && row.rejected == 0);
        keel_staterow_done(&row);
        free(back);
        market_free(m);
    }
    keel_statestore_close(s);
    clean();
}

/* [KRN-06.2] [KRN-06.3] The newest sixteen are kept; one that was changed is passed over and counted. */
static void the_newest_good_row_is_taken(void **state) {
    (void)state;
    keel_err err = {0};
    keel_staterow row;
    clean();
    keel_statestore *s = opened();
    assert_int_equal(keel_statestore_newest(s, &row, &err), KEEL_E_NOT_FOUND);
    for (uint64_t n = 1; n <= 40; n++) {
        char text[40];
        (void)snprintf(text, sizeof text, "{\"n\":%d}", (int)n);
        assert_int_equal(keel_statestore_put(s, (int64_t)n * 10, n, n * 7, text, "{\"a\":1}", &err), 0);
    }
    keel_statestore_close(s);
    change("DELETE FROM kernel_state WHERE (SELECT count(*) FROM kernel_state) <> 16");
    change("UPDATE kernel_state SET state_json='{\"n\":41}' WHERE input=40");
    change("UPDATE kernel_state SET checksum='' WHERE input=39");
    s = opened();
    assert_int_equal(keel_statestore_newest(s, &row, &err), 0);
    assert_true(row.input == 38 && row.state_hash == 38 * 7 && row.rejected == 2);
    assert_string_equal(row.state, "{\"n\":38}");
    keel_staterow_done(&row);
    char *counters = NULL;
    assert_int_equal(keel_statestore_counters(s, &counters, &err), 0);
    assert_string_equal(counters, "{\"a\":1}");
    free(counters);
    keel_statestore_close(s);
    change("UPDATE kernel_state SET state_json=state_json||' '");
    s = opened();
    assert_int_equal(keel_statestore_newest(s, &row, &err), KEEL_E_NOT_FOUND);
    assert_int_equal(row.rejected, 16);
    keel_statestore_close(s);
    clean();
}

static void a_file_that_is_not_ours_is_refused(void **state) {
    (void)state;
    keel_err err = {0};
    keel_statestore *s = NULL;
    struct stat st;
    clean();
    assert_int_equal(keel_statestore_open(PATH, 0, &s, &err), KEEL_E_NOT_FOUND);
    assert_int_equal(keel_statestore_open("no-such-folder/opstate.db", 1, &s, &err), KEEL_E_NOT_FOUND);
    keel_statestore_close(opened());
    assert_int_equal(stat(PATH, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_int_equal(chmod(PATH, 0644), 0);
    assert_int_equal(keel_statestore_open(PATH, 0, &s, &err), KEEL_E_GATE);
    assert_int_equal(chmod(PATH, 0600), 0);
    change("PRAGMA user_version=2");
    assert_int_equal(keel_statestore_open(PATH, 1, &s, &err), KEEL_E_VERSION);
    clean();
    FILE *f = fopen(PATH, "w");
    assert_non_null(f);
    assert_int_equal(chmod(PATH, 0600), 0);
    (void)fputs("this is no database, and long enough to be looked at by whoever opens one of those files.......", f);
    (void)fclose(f);
    assert_int_equal(keel_statestore_open(PATH, 1, &s, &err), KEEL_E_PARITY);
    clean();
    change("CREATE TABLE other(x)");
    assert_int_equal(chmod(PATH, 0600), 0);
    assert_int_equal(keel_statestore_open(PATH, 0, &s, &err), KEEL_E_PARITY);
    clean();
}

/* ---- resets ----------------------------------------------------------------------------------------------------- */

static keel_reset reset_of(keel_counter counter, int64_t ts_ms, const char *why) {
    keel_reset r = {.ts_ms = ts_ms, .given_ms = ts_ms + 1, .counter = counter};
    (void)snprintf(r.who, sizeof r.who, "somebody");
    (void)snprintf(r.why, sizeof r.why, "%s", why);
    return r;
}

static void resets_are_kept_with_their_reason_and_chained(void **state) {
    (void)state;
    static const char *const CHANGES[] = {
        "UPDATE counter_resets SET why='another' WHERE id=2", "UPDATE counter_resets SET timestamp_ms=0 WHERE id=1",
        "DELETE FROM counter_resets WHERE id=2", "UPDATE counter_resets SET counter='trades_today' WHERE id=3",
        "UPDATE counter_resets SET who='nobody' WHERE id=3"};
    keel_err err = {0};
    keel_reset *list = NULL;
    int64_t count = 0;
    for (size_t n = 0; n < COUNT(CHANGES); n++) {
        clean();
        keel_statestore *s = opened();
        keel_reset r = reset_of(KEEL_COUNTER_DAY_START_EQUITY, 5, "no");
        assert_int_equal(keel_statestore_reset(s, &r, &err), KEEL_E_USAGE);
        r = reset_of(KEEL_COUNTER_PNL_TODAY, 5, "");
        assert_int_equal(keel_statestore_reset(s, &r, &err), KEEL_E_USAGE);
        for (int i = 0; i < 3; i++) {
            r = reset_of(i == 1 ? KEEL_COUNTER_PEAK_EQUITY : KEEL_COUNTER_PNL_TODAY, 100 + i, "after a talk");
            if (keel_statestore_reset(s, &r, &err) != 0) fail_msg("%s", err.text);
        }
        assert_int_equal(keel_statestore_resets(s, &list, &count, &err), 0);
        assert_true(count == 3 && list[1].counter == KEEL_COUNTER_PEAK_EQUITY && list[2].ts_ms == 102);
        assert_string_equal(list[0].why, "after a talk");
        free(list);
        keel_statestore_close(s);
        change(CHANGES[n]);
        s = opened();
        if (keel_statestore_resets(s, &list, &count, &err) != KEEL_E_PARITY) fail_msg("unseen: %s", CHANGES[n]);
        r = reset_of(KEEL_COUNTER_PNL_TODAY, 200, "more");
        assert_int_equal(keel_statestore_reset(s, &r, &err), KEEL_E_PARITY);
        keel_statestore_close(s);
    }
    clean();
}

static char folder[600];

static int go_to_folder(void **state) {
    (void)state;
    const char *temporary = getenv("TMPDIR");
    (void)snprintf(folder, sizeof folder, "%s/keel-state-XXXXXX", temporary ? temporary : ".");
    return !mkdtemp(folder) || chdir(folder) != 0;
}

static int leave_folder(void **state) {
    (void)state;
    return chdir("..") != 0 || rmdir(strrchr(folder, '/') + 1) != 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counters_follow_the_books_over_hours_and_days),
        cmocka_unit_test(a_reset_takes_what_lies_before_it),
        cmocka_unit_test(a_state_comes_back_to_the_same_hash),
        cmocka_unit_test(the_newest_good_row_is_taken),
        cmocka_unit_test(a_file_that_is_not_ours_is_refused),
        cmocka_unit_test(resets_are_kept_with_their_reason_and_chained),
    };
    return cmocka_run_group_tests(tests, go_to_folder, leave_folder);
}
