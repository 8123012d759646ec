/* What is told becomes records: feeds that fail, modes, the kill switch, recovery, budgets, unusual rates; and what a
 * snapshot remembers goes on as if nothing had been between. [LOG-05] */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
/* after the four above, which it needs */
#include <cmocka.h>

#include "model/reason.h"
#include "ops/forensic/forensic.h"
#include "ops/forensic/reader.h"
#include "port/simfs.h"

enum { HOUR_MS = 3600000, SYMBOLS = 2 };
static const int64_t START_MS = 1672531200000;
static const char *const NAMES[SYMBOLS] = {"AAA", "BBB"};
static const char *const REGIMES[] = {"unknown", "bull", "bear"};

static keel_forensic *begin_with(keel_simfs *disk, uint64_t trace_every, uint64_t trace_bytes,
                                 int (*state_hash)(void *data, uint64_t *ret), void *data) {
    const keel_fs *fs = keel_simfs_port(disk);
    keel_forensic *f = NULL;
    keel_err err = {0};
    (void)fs->mkdir(fs->ctx, "/run"); /* it may be there */
    keel_forensic_options o = {.fs = fs,
                               .dir = "/run",
                               .run_id = "r1",
                               .mode = "paper",
                               .strategy = "trend",
                               .config_id = "c1",
                               .dataset_hash = "d1",
                               .build = "b",
                               .venue = "v",
                               .symbols = NAMES,
                               .regimes = REGIMES,
                               .symbol_count = SYMBOLS,
                               .regime_count = 3,
                               .start_ms = START_MS,
                               .interval_ms = HOUR_MS,
                               .capital_usd_e8 = 1000000000000,
                               .trace_every = trace_every,
                               .trace_bytes = trace_bytes,
                               .state_hash = state_hash,
                               .state_data = data};
    assert_int_equal(keel_forensic_open(&o, &f, &err), 0);
    return f;
}

static keel_forensic *begin(keel_simfs *disk, uint64_t trace_every, uint64_t trace_bytes) {
    return begin_with(disk, trace_every, trace_bytes, NULL, NULL);
}

static void bars(keel_forensic *f, int hour, int a, int b) {
    int32_t symbols[SYMBOLS];
    keel_forensic_bars in = {
        .input = (uint64_t)hour + 1, .ts_ms = START_MS + (int64_t)(hour + 1) * HOUR_MS, .symbol = symbols, .closes = 1};
    if (a) symbols[in.count++] = 0;
    if (b) symbols[in.count++] = 1;
    in.pieces = in.count;
    keel_forensic_bars_came(f, &in);
    keel_forensic_figures g = {.input = in.input,
                               .ts_ms = in.ts_ms,
                               .equity_e8 = 1000000000000 - (int64_t)hour * 100000000,
                               .cash_usd_e8 = 1000000000000};
    keel_forensic_marked(f, &g);
}

/* How many records of a stream have this code; *ret_last, if given, keeps one text field of the last. */
static int count(keel_simfs *disk, const char *stream, keel_event_code code, const char *field, char last[64]) {
    keel_log_lines *l = NULL;
    keel_err err = {0};
    keel_log_record r;
    const char *text;
    size_t size;
    int n = 0, rc;
    uint64_t seq = 0;
    if (keel_log_lines_open(keel_simfs_port(disk), "/run", stream, &l, &err) != 0) return 0;
    while ((rc = keel_log_lines_next(l, &text, &size, &err)) == 1) {
        assert_int_equal(keel_log_record_read(text, size, keel_log_lines_where(l), &r, &err), 0);
        assert_int_equal(r.seq, ++seq);
        assert_true(r.level < KEEL_LEVEL_ERROR || (r.corr_id && *r.corr_id));
        if (r.code == code) {
            n++;
            if (field) (void)snprintf(last, 64, "%.63s", keel_log_record_text(&r, field));
        }
        keel_log_record_done(&r);
    }
    assert_int_equal(rc, 0);
    keel_log_lines_close(l);
    return n;
}

/* The data of the n-th record of a stream, from 0, as text. */
static void data_of(keel_simfs *disk, const char *stream, int n, char ret[4096]) {
    keel_log_lines *l = NULL;
    keel_err err = {0};
    const char *text;
    size_t size;
    assert_int_equal(keel_log_lines_open(keel_simfs_port(disk), "/run", stream, &l, &err), 0);
    for (int i = 0; i <= n; i++)
        assert_int_equal(keel_log_lines_next(l, &text, &size, &err), 1);
    (void)snprintf(ret, 4096, "%.*s", (int)size, text);
    keel_log_lines_close(l);
}

/* The first record of a code as text. */
static void find_line(keel_simfs *disk, keel_event_code code, char ret[4096]) {
    keel_log_lines *l = NULL;
    keel_err err = {0};
    const char *text;
    size_t size;
    char name[64];
    int rc;
    (void)snprintf(name, sizeof name, "\"code\":\"%s\"", keel_event_info_of(code)->name);
    assert_int_equal(keel_log_lines_open(keel_simfs_port(disk), "/run", "events", &l, &err), 0);
    while ((rc = keel_log_lines_next(l, &text, &size, &err)) == 1) {
        (void)snprintf(ret, 4096, "%.*s", (int)size, text);
        if (strstr(ret, name)) break;
    }
    assert_int_equal(rc, 1);
    keel_log_lines_close(l);
}

static void has(const char *text, const char *part) {
    if (!strstr(text, part)) fail_msg("%s is not in %s", part, text);
}

/* As many names as fit into a line, and how many more there are. */
static void a_run_of_many_symbols_says_how_many(void **state) {
    (void)state;
    static char text[70][16];
    const char *names[70];
    char line[4096];
    keel_simfs *disk = keel_simfs_new(1);
    const keel_fs *fs = keel_simfs_port(disk);
    keel_err err = {0};
    keel_forensic *f = NULL;
    assert_int_equal(fs->mkdir(fs->ctx, "/run"), 0);
    for (int i = 0; i < 70; i++) {
        (void)snprintf(text[i], sizeof text[i], "S%03d", i);
        names[i] = text[i];
    }
    keel_forensic_options o = {.fs = fs,
                               .dir = "/run",
                               .run_id = "r1",
                               .mode = "paper",
                               .symbols = names,
                               .symbol_count = 70,
                               .start_ms = START_MS};
    assert_int_equal(keel_forensic_open(&o, &f, &err), 0);
    keel_forensic_controlled(f, START_MS, 1, "pause");
    keel_forensic_close(f, NULL);
    find_line(disk, KEEL_LOG_ENGINE_START, line);
    has(line, "\"S063\"],\"symbols_more\":6");
    keel_simfs_free(disk);
}

/* [T-069] [T-070] */
static void a_feed_that_fails_is_told_once_each_way(void **state) {
    (void)state;
    char last[64], line[4096];
    keel_simfs *disk = keel_simfs_new(1);
    keel_forensic *f = begin(disk, 0, 0);
    bars(f, 0, 1, 0); /* BBB has not begun */
    bars(f, 1, 1, 1);
    for (int hour = 2; hour < 7; hour++)
        bars(f, hour, 1, 0);
    bars(f, 7, 1, 1);
    keel_forensic_close(f, NULL);
    /* metrics name each feed, those first that are missing [LOG-02.3] */
    data_of(disk, "metrics", 4, line);
    has(line, "\"feed_ages_ms\":{\"BBB\":10800000,\"AAA\":0}");
    has(line, "\"log_lost\":0");
    assert_int_equal(count(disk, "events", KEEL_LOG_FEED_MISSING, "series", last), 1);
    assert_string_equal(last, "BBB");
    assert_int_equal(count(disk, "events", KEEL_LOG_FEED_STALE, NULL, NULL), 1);
    assert_int_equal(count(disk, "events", KEEL_LOG_FEED_RECOVERED, "to", last), 1);
    assert_string_equal(last, "2023-01-01T08:00:00.000Z");
    assert_int_equal(count(disk, "events", KEEL_LOG_DATA_GAP, "from", last), 1);
    assert_string_equal(last, "2023-01-01T02:00:00.000Z");
    keel_simfs_free(disk);
}

static void phase(keel_forensic *f, int hour, const char *from, const char *to, const char *trigger) {
    char text[160];
    int size = snprintf(text, sizeof text, "{\"from\":\"%s\",\"to\":\"%s\",\"trigger\":\"%s\"}", from, to, trigger);
    keel_forensic_phase(f, START_MS + (int64_t)hour * HOUR_MS, text, (size_t)size);
}

/* [T-071] [T-072] */
static void modes_kills_recoveries_and_snapshots_are_told(void **state) {
    (void)state;
    static const char RECOVERED[] =
        "{\"journal\":\"torn\",\"dropped_bytes\":12,\"records_replayed\":5,\"orders_in_doubt\":2,\"state_hash\":"
        "\"00ff\",\"equity_usd\":\"9876.50\",\"doubts\":[{\"order_id\":\"00000000000000ab\",\"symbol_index\":1,"
        "\"outcome\":\"withheld\"},{\"order_id\":\"00000000000000cd\",\"symbol_index\":0,\"outcome\":\"known_to_"
        "venue\"}]}";
    static const char DAMAGED[] =
        "{\"journal\":\"corrupt\",\"state_hash\":\"00ff\",\"damaged_file\":\"wal-engine-1.klw\",\"damaged_offset\":"
        "4711,"
        "\"damaged_why\":\"a checksum\",\"last_good_record\":41}";
    static const char SNAPSHOT[] = "{\"seq\":7,\"state_hash\":\"00ff\",\"bytes\":9}";
    char last[64], line[4096];
    keel_simfs *disk = keel_simfs_new(1);
    keel_forensic_result r;
    keel_forensic *f = begin(disk, 0, 0);
    phase(f, 0, "recovering", "running", "recovered");
    keel_forensic_controlled(f, START_MS, 1, "pause");
    phase(f, 1, "running", "close_only", "pause was ordered");
    keel_forensic_controlled(f, START_MS + HOUR_MS, 1, "resume");
    phase(f, 2, "close_only", "running", "resume was ordered");
    keel_forensic_recovered(f, START_MS + 2 * HOUR_MS, RECOVERED, sizeof RECOVERED - 1);
    keel_forensic_recovered(f, START_MS + 2 * HOUR_MS, DAMAGED, sizeof DAMAGED - 1);
    keel_forensic_snapshot(f, START_MS + 2 * HOUR_MS, SNAPSHOT, sizeof SNAPSHOT - 1);
    keel_forensic_phase(f, START_MS, "no json", 7);
    keel_forensic_controlled(f, START_MS + 3 * HOUR_MS, 0, "halt");
    phase(f, 3, "running", "halted", "halt was ordered");
    phase(f, 4, "halted", "stopping", "asked to end");
    keel_forensic_close(f, &r);
    assert_int_equal(count(disk, "events", KEEL_LOG_MODE_CHANGE, "to", last), 2);
    assert_string_equal(last, "running");
    assert_int_equal(count(disk, "events", KEEL_LOG_RESUME, NULL, NULL), 1);
    assert_int_equal(count(disk, "events", KEEL_LOG_KILL, "trigger", last), 1);
    assert_string_equal(last, "halt was ordered");
    assert_int_equal(count(disk, "events", KEEL_LOG_MANUAL_ACTION, "action", last), 3);
    assert_int_equal(count(disk, "events", KEEL_LOG_MANUAL_ACTION, "actor", last), 3);
    assert_string_equal(last, "unknown"); /* of a journal that does not say */
    assert_int_equal(count(disk, "events", KEEL_LOG_RECOVERY, NULL, NULL), 2);
    /* each order by its id */
    assert_int_equal(count(disk, "events", KEEL_LOG_ORDER_UNKNOWN, "outcome", last), 2);
    assert_string_equal(last, "known_to_venue");
    find_line(disk, KEEL_LOG_ORDER_UNKNOWN, line);
    has(line, "\"symbol\":\"BBB\",\"order_id\":\"00000000000000ab\",\"intent_id\":\"n171\"");
    find_line(disk, KEEL_LOG_RECOVERY, line);
    has(line, "\"equity_usd\":\"9876.50\",\"report\":\"recovery.json\"");
    /* where, and up to which record it is good */
    find_line(disk, KEEL_LOG_WAL_CORRUPT, line);
    has(line,
        "\"seq\":41,\"verdict\":\"corrupt\",\"file\":\"wal-engine-1.klw\",\"offset\":4711,\"why\":\"a checksum\"");
    /* what a change of mode rests on, and who ordered it */
    assert_int_equal(count(disk, "events", KEEL_LOG_MODE_CHANGE, "evidence", last), 2);
    assert_memory_equal(last, "record ", 7);
    assert_non_null(strstr(last, " MANUAL_ACTION"));
    assert_int_equal(count(disk, "events", KEEL_LOG_RESUME, "actor", last), 1);
    assert_string_equal(last, "operator");
    assert_int_equal(count(disk, "events", KEEL_LOG_KILL, "evidence", last), 1);
    assert_non_null(strstr(last, " MANUAL_ACTION"));
    assert_int_equal(count(disk, "events", KEEL_LOG_KILL, "actor", last), 1);
    assert_string_equal(last, "unknown");
    assert_int_equal(count(disk, "events", KEEL_LOG_WAL_CORRUPT, "verdict", last), 1);
    assert_string_equal(last, "corrupt");
    assert_int_equal(count(disk, "events", KEEL_LOG_WAL_SNAPSHOT, NULL, NULL), 1);
    assert_int_equal(count(disk, "events", KEEL_LOG_ENGINE_STOP, NULL, NULL), 1);
    /* SEV1 and SEV2 open incidents: damage and the kill switch [LOG-07] */
    assert_int_equal(r.incidents, 2);
    assert_int_equal(count(disk, "events", KEEL_LOG_INCIDENT, "event", last), 2);
    assert_string_equal(last, "KILL");
    assert_int_equal(r.lost, 0);
    keel_simfs_free(disk);
}

/* [LOG-07] */
static void a_code_that_comes_much_too_often_is_an_anomaly(void **state) {
    (void)state;
    char last[64];
    keel_simfs *disk = keel_simfs_new(1);
    keel_forensic *f = begin(disk, 0, 0);
    for (int hour = 0; hour < 30; hour++) {
        bars(f, hour, 1, 1);
        for (int i = 0; i < 2 + (hour == 28 ? 40 : hour % 2); i++)
            keel_forensic_controlled(f, START_MS + (int64_t)(hour + 1) * HOUR_MS, 1, "look");
    }
    bars(f, 30, 1, 1);
    keel_forensic_close(f, NULL);
    assert_int_equal(count(disk, "events", KEEL_LOG_LOG_ANOMALY, "of_code", last), 1);
    assert_string_equal(last, "MANUAL_ACTION");
    uint8_t *bytes = NULL;
    size_t size = 0;
    keel_err err = {0};
    assert_int_equal(keel_fs_read_whole(keel_simfs_port(disk), "/run/events.jsonl", 1 << 22, &bytes, &size, &err), 0);
    has((const char *)bytes, "\"count\":42,\"mean\":2.5,"); /* of the hours before */
    free(bytes);
    char text[4096]; /* the hour that it is of counts it: hours add up to the run */
    data_of(disk, "rollups/hourly", 28, text);
    has(text, "\"LOG_ANOMALY\":1");
    keel_simfs_free(disk);
}

/* Bars of four hours: an hour has no more than its own time in a regime, the run has all of it; and the deepest
 * percentage is of another fall than the deepest in USD. [LOG-04.1] [T-073] [T-074] */
static void an_hour_has_an_hour_of_a_regime_and_falls_have_their_own_peak(void **state) {
    (void)state;
    static const int64_t EQUITY_USD[] = {10000, 9000, 20000, 18500};
    char text[4096];
    keel_simfs *disk = keel_simfs_new(1);
    keel_forensic *f = begin(disk, 0, 0);
    for (int bar = 0; bar < 4; bar++) {
        int32_t symbol = 0;
        int64_t ts_ms = START_MS + (int64_t)(bar + 1) * 4 * HOUR_MS;
        keel_forensic_bars in = {
            .input = (uint64_t)bar + 1, .ts_ms = ts_ms, .symbol = &symbol, .count = 1, .pieces = 1, .closes = 1};
        keel_forensic_bars_came(f, &in);
        keel_forensic_figures g = {.input = in.input, .ts_ms = ts_ms, .equity_e8 = EQUITY_USD[bar] * 100000000};
        keel_forensic_marked(f, &g);
    }
    keel_forensic_summarise(f);
    keel_forensic_close(f, NULL);
    for (int bar = 0; bar < 4; bar++) {
        data_of(disk, "rollups/hourly", bar, text);
        has(text, "\"unknown\":{\"ms\":3600000,");
    }
    uint8_t *bytes = NULL;
    size_t size = 0;
    keel_err err = {0};
    assert_int_equal(keel_fs_read_whole(keel_simfs_port(disk), "/run/rollups/run.json", 1 << 20, &bytes, &size, &err),
                     0);
    has((const char *)bytes, "\"unknown\":{\"ms\":57600000,");
    has((const char *)bytes, "\"drawdown_max_usd\":\"1500");
    has((const char *)bytes, "\"drawdown_max_pct\":10,");
    free(bytes);
    keel_simfs_free(disk);
}

/* [LOG-02.4]: trace is cut, nothing else is. */
static void a_budget_cuts_trace_alone_and_says_so(void **state) {
    (void)state;
    keel_simfs *disk = keel_simfs_new(1);
    keel_forensic *f = begin(disk, 1, 2000);
    for (int hour = 0; hour < 3; hour++) {
        for (int i = 0; i < 20; i++)
            bars(f, hour, 1, 1);
        keel_forensic_controlled(f, START_MS + (int64_t)(hour + 1) * HOUR_MS, 1, "look");
    }
    bars(f, 3, 1, 1);
    keel_forensic_close(f, NULL);
    int traced = count(disk, "trace", KEEL_LOG_TRACE_INPUT, NULL, NULL);
    assert_true(traced > 3 && traced < 30);
    assert_int_equal(count(disk, "events", KEEL_LOG_LOG_THROTTLED, NULL, NULL), 3);
    assert_int_equal(count(disk, "events", KEEL_LOG_MANUAL_ACTION, NULL, NULL), 3);
    keel_simfs_free(disk);
}

static uint64_t sum_of(keel_simfs *disk, const char *path) {
    uint64_t sum = 14695981039346656037u;
    uint8_t *bytes = NULL;
    size_t size = 0;
    keel_err err = {0};
    assert_int_equal(keel_fs_read_whole(keel_simfs_port(disk), path, 1 << 22, &bytes, &size, &err), 0);
    for (size_t i = 0; i < size; i++)
        sum = (sum ^ bytes[i]) * 1099511628211u;
    free(bytes);
    return sum;
}

static void hours(keel_forensic *f, int from, int to) {
    for (int hour = from; hour < to; hour++) {
        bars(f, hour, 1, hour % 7 != 3);
        if (hour % 5 == 0) phase(f, hour, "running", "halted", "halt was ordered");
    }
}

/* [LOG-02.5]: everything a record depends on is in a snapshot. */
static void a_snapshot_goes_on_to_the_same_bytes(void **state) {
    (void)state;
    static const char *const FILES[] = {"/run/events.jsonl", "/run/metrics.jsonl", "/run/rollups/hourly.jsonl",
                                        "/run/rollups/run.json", "/run/incidents/INC-00000004-KILL.json"};
    keel_simfs *whole = keel_simfs_new(1);
    keel_forensic *f = begin(whole, 0, 0);
    hours(f, 0, 40);
    keel_forensic_summarise(f);
    keel_forensic_close(f, NULL);
    for (int kept = 1; kept < 40; kept += 6) {
        keel_simfs *disk = keel_simfs_new(2);
        keel_strbuf bytes;
        keel_err err = {0};
        keel_strbuf_init(&bytes, 0);
        f = begin(disk, 0, 0);
        hours(f, 0, kept);
        keel_packed_writer w;
        keel_packed_begin(&w, &bytes);
        keel_forensic_save(f, &w);
        keel_packed_end(&w);
        hours(f, kept, 38);
        keel_forensic_close(f, NULL);
        f = begin(disk, 0, 0);
        keel_packed_reader r;
        assert_int_equal(keel_packed_open(&r, (const uint8_t *)bytes.text, bytes.size, &err), 0);
        for (int takes = 0; takes < 2; takes++)
            assert_int_equal(keel_forensic_load(f, &r, takes, &err), 0);
        assert_int_equal(keel_packed_all_known(&r, &err), 0);
        hours(f, kept, 40);
        keel_forensic_summarise(f);
        keel_forensic_close(f, NULL);
        for (size_t i = 0; i < sizeof FILES / sizeof *FILES; i++)
            assert_int_equal(sum_of(disk, FILES[i]), sum_of(whole, FILES[i]));
        keel_strbuf_done(&bytes);
        keel_simfs_free(disk);
    }
    keel_simfs_free(whole);
}

static int is_there(keel_simfs *disk, const char *path) {
    keel_fs_stat st;
    const keel_fs *fs = keel_simfs_port(disk);
    return fs->stat(fs->ctx, path, &st) == 0;
}

/* A start that fails says nothing in the log, and leaves it as it is. */
static void a_run_that_is_held_leaves_its_record_alone(void **state) {
    (void)state;
    keel_simfs *disk = keel_simfs_new(1);
    keel_forensic *f = begin(disk, 0, 0);
    hours(f, 0, 40);
    keel_forensic_close(f, NULL);
    uint64_t events = sum_of(disk, "/run/events.jsonl"), rollups = sum_of(disk, "/run/rollups/hourly.jsonl");
    uint64_t incident = sum_of(disk, "/run/incidents/INC-00000004-KILL.json");
    f = begin(disk, 0, 0);
    keel_forensic_hold(f);
    phase(f, 3, "running", "close_only", "pause was ordered");
    keel_forensic_snapshot(f, START_MS, "{\"seq\":7}", 9);
    hours(f, 0, 3);
    keel_forensic_fatal(f, KEEL_E_IO, "no lock");
    keel_forensic_close(f, NULL);
    assert_int_equal(sum_of(disk, "/run/events.jsonl"), events);
    assert_int_equal(sum_of(disk, "/run/rollups/hourly.jsonl"), rollups);
    assert_int_equal(sum_of(disk, "/run/incidents/INC-00000004-KILL.json"), incident);
    f = begin(disk, 0, 0);
    keel_forensic_hold(f);
    hours(f, 0, 40);
    keel_forensic_release(f);
    keel_forensic_close(f, NULL);
    assert_int_equal(sum_of(disk, "/run/events.jsonl"), events);
    keel_simfs_free(disk);
}

/* A postmortem that somebody filled in stays theirs; of two fatal errors at one place each has its files. [LOG-07] */
static void incidents_are_not_written_over(void **state) {
    (void)state;
    static const char MINE[] = "what we found out";
    keel_err err = {0};
    keel_simfs *disk = keel_simfs_new(1);
    for (int start = 0; start < 3; start++) {
        keel_forensic *f = begin(disk, 0, 0);
        hours(f, 0, 10);
        keel_forensic_fatal(f, KEEL_E_IO, "a fault");
        keel_forensic_close(f, NULL);
        if (start == 0)
            assert_int_equal(keel_fs_replace(keel_simfs_port(disk), "/run/incidents", "INC-00000004-KILL.md", MINE,
                                             sizeof MINE - 1, &err),
                             0);
    }
    uint8_t *bytes = NULL;
    size_t size = 0;
    assert_int_equal(
        keel_fs_read_whole(keel_simfs_port(disk), "/run/incidents/INC-00000004-KILL.md", 1 << 20, &bytes, &size, &err),
        0);
    assert_int_equal(size, sizeof MINE - 1);
    assert_memory_equal(bytes, MINE, size);
    free(bytes);
    char last[64], path[128];
    assert_int_equal(count(disk, "events", KEEL_LOG_INCIDENT, "incident_id", last), 3);
    assert_non_null(strstr(last, "-ENGINE_FATAL-3"));
    for (const char *const *end = (const char *const[]){"-2.json", "-2.md", "-3.json", "-3.md", ".json", NULL}; *end;
         end++) {
        (void)snprintf(path, sizeof path, "/run/incidents/%.*s%s", (int)strlen(last) - 2, last, *end);
        assert_true(is_there(disk, path));
    }
    keel_simfs_free(disk);
}

static int hash_of(void *data, uint64_t *ret) {
    *ret = *(uint64_t *)data;
    return *ret != 0;
}

/* Where there is a state its hash is told; where there is none, none is made up. [LOG-07] */
static void incidents_and_fatal_errors_name_the_state(void **state) {
    (void)state;
    for (uint64_t hash = 0; hash < 2; hash++) {
        char last[64];
        uint64_t value = hash ? 0xabcdef : 0;
        keel_simfs *disk = keel_simfs_new(1);
        keel_forensic *f = begin_with(disk, 0, 0, hash_of, &value);
        hours(f, 0, 1);
        keel_forensic_fatal(f, KEEL_E_IO, "a fault");
        keel_forensic_close(f, NULL);
        uint8_t *bytes = NULL;
        size_t size = 0;
        keel_err err = {0};
        assert_int_equal(keel_fs_read_whole(keel_simfs_port(disk), "/run/incidents/INC-00000004-KILL.json", 1 << 20,
                                            &bytes, &size, &err),
                         0);
        const char *member = strstr((const char *)bytes, "\"state_hash\": \"0000000000abcdef\"");
        assert_true(hash ? member != NULL : !strstr((const char *)bytes, "\"state_hash\":"));
        assert_int_equal(count(disk, "events", KEEL_LOG_ENGINE_FATAL, "state_hash", last), 1);
        assert_string_equal(last, hash ? "0000000000abcdef" : "");
        free(bytes);
        keel_simfs_free(disk);
    }
}

/* A failure says of which class it is and what is done about it, in its record and its incident; one that ended the run
 * of what code and class it was; what is no failure has none, and a record with another one is none. [ENG-05.4] */
static void failures_say_what_is_done_about_them(void **state) {
    (void)state;
    static const struct {
        int error;
        const char *code, *class_of;
    } TABLE[] = {{KEEL_E_IO, "IO", "RESOURCE"}, {KEEL_E_PARITY, "PARITY", "INTEGRITY"}, {-999, "ERROR", "FATAL"}};
    for (size_t i = 0; i < sizeof TABLE / sizeof *TABLE; i++) {
        char last[64], id[64], path[128], line[KEEL_LINE_MAX];
        keel_log_record r;
        keel_simfs *disk = keel_simfs_new(1);
        keel_forensic *f = begin(disk, 0, 0);
        hours(f, 0, 1);
        keel_forensic_fatal(f, TABLE[i].error, "a fault");
        keel_forensic_close(f, NULL);
        assert_int_equal(count(disk, "events", KEEL_LOG_ENGINE_FATAL, "error_code", last), 1);
        assert_string_equal(last, TABLE[i].code);
        (void)count(disk, "events", KEEL_LOG_ENGINE_FATAL, "error_class", last);
        assert_string_equal(last, TABLE[i].class_of);
        uint8_t *bytes = NULL;
        size_t size = 0;
        keel_err err = {0};
        assert_int_equal(
            keel_fs_read_whole(keel_simfs_port(disk), "/run/events.jsonl", 1 << 20, &bytes, &size, &err), 0);
        char *fatal = strstr((char *)bytes, "\"code\":\"ENGINE_FATAL\""), *kill = strstr((char *)bytes, "\"KILL\"");
        assert_non_null(strstr(fatal, "\"class\":\"FATAL\",\"component\":\"engine\",\"corr_id\":"));
        const char *class_of_kill = strstr(kill, "\"class\"");
        assert_true(!class_of_kill || class_of_kill > strchr(kill, '\n'));
        while (fatal > (char *)bytes && fatal[-1] != '\n')
            fatal--;
        (void)snprintf(line, sizeof line, "%.*s", (int)strcspn(fatal, "\n"), fatal);
        assert_int_equal(keel_log_record_read(line, strlen(line), "here", &r, &err), 0);
        keel_log_record_done(&r);
        memcpy(strstr(line, "\"FATAL\""), "\"OTHER\"", 7);
        assert_int_equal(keel_log_record_read(line, strlen(line), "here", &r, &err), KEEL_E_DATA);
        free(bytes);
        (void)count(disk, "events", KEEL_LOG_INCIDENT, "incident_id", id);
        (void)snprintf(path, sizeof path, "/run/incidents/%s.json", id);
        assert_int_equal(keel_fs_read_whole(keel_simfs_port(disk), path, 1 << 20, &bytes, &size, &err), 0);
        assert_non_null(strstr((char *)bytes, "\"class\": \"FATAL\",\n  \"done\": \"everything is written out"));
        free(bytes);
        keel_simfs_free(disk);
    }
}

/* Nothing can be written: the caller hears of it at the end, and nowhere else. */
static void a_disk_that_is_full_stops_nobody(void **state) {
    (void)state;
    keel_simfs *disk = keel_simfs_new(3);
    keel_simfs_faults faults = {.space_bytes = 700};
    keel_forensic_result r;
    keel_forensic *f = begin(disk, 0, 0);
    keel_simfs_set_faults(disk, &faults);
    hours(f, 0, 40);
    keel_forensic_fatal(f, KEEL_E_IO, "a fault");
    keel_forensic_summarise(f);
    keel_forensic_close(f, &r);
    assert_true(r.lost > 0 && r.why[0] != 0);
    assert_true(r.events > 40);
    keel_simfs_free(disk);
}

static void a_folder_that_others_may_read_is_refused(void **state) {
    (void)state;
    keel_simfs *disk = keel_simfs_new(1);
    keel_forensic_close(begin(disk, 0, 0), NULL);
    assert_int_equal(keel_simfs_chmod(disk, "/run", 0755), 0);
    keel_forensic_options o = {.fs = keel_simfs_port(disk), .dir = "/run"};
    keel_forensic *f = NULL;
    keel_err err = {0};
    assert_int_equal(keel_forensic_open(&o, &f, &err), KEEL_E_GATE);
    assert_null(f);
    keel_simfs_free(disk);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_run_of_many_symbols_says_how_many),
        cmocka_unit_test(a_feed_that_fails_is_told_once_each_way),
        cmocka_unit_test(modes_kills_recoveries_and_snapshots_are_told),
        cmocka_unit_test(a_code_that_comes_much_too_often_is_an_anomaly),
        cmocka_unit_test(an_hour_has_an_hour_of_a_regime_and_falls_have_their_own_peak),
        cmocka_unit_test(a_budget_cuts_trace_alone_and_says_so),
        cmocka_unit_test(a_snapshot_goes_on_to_the_same_bytes),
        cmocka_unit_test(a_run_that_is_held_leaves_its_record_alone),
        cmocka_unit_test(incidents_are_not_written_over),
        cmocka_unit_test(incidents_and_fatal_errors_name_the_state),
        cmocka_unit_test(failures_say_what_is_done_about_them),
        cmocka_unit_test(a_disk_that_is_full_stops_nobody),
        cmocka_unit_test(a_folder_that_others_may_read_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
