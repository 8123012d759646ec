/* What a run is told of outages, orders that overlap, liquidations and books that differ is in its record as it was.
 * [LOG-05] [LOG-07] */
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
#include "port/simfs.h"

enum { HOUR_MS = 3600000, LINE = 8192 };
static const int64_t START_MS = 1672531200000, E8 = 100000000;
static const char *const NAMES[] = {"AAA", "BBB"};
static const char *const REGIMES[] = {"unknown", "bull", "bear"};

typedef struct world {
    keel_simfs *disk;
    keel_forensic *f;
    int alerts;
    char alert[LINE]; /* the last one */
} world;

static void alerted(void *data, const char *line, size_t size) {
    world *w = data;
    w->alerts++;
    (void)snprintf(w->alert, sizeof w->alert, "%.*s", (int)size, line);
}

static world *begin(int32_t symbols) {
    world *w = calloc(1, sizeof *w);
    keel_err err = {0};
    assert_non_null(w);
    w->disk = keel_simfs_new(1);
    const keel_fs *fs = keel_simfs_port(w->disk);
    assert_int_equal(fs->mkdir(fs->ctx, "/run"), 0);
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
                               .symbol_count = symbols,
                               .regime_count = 3,
                               .start_ms = START_MS,
                               .interval_ms = HOUR_MS,
                               .capital_usd_e8 = 10000 * E8,
                               .alert = alerted,
                               .alert_data = w};
    assert_int_equal(keel_forensic_open(&o, &w->f, &err), 0);
    return w;
}

/* It ends; its events are text from here on. */
static char *ended(world *w) {
    uint8_t *bytes = NULL;
    size_t size = 0;
    keel_err err = {0};
    keel_forensic_summarise(w->f);
    keel_forensic_close(w->f, NULL);
    assert_int_equal(keel_fs_read_whole(keel_simfs_port(w->disk), "/run/events.jsonl", 1 << 22, &bytes, &size, &err),
                     0);
    char *text = malloc(size + 1);
    assert_non_null(text);
    memcpy(text, bytes, size);
    text[size] = 0;
    free(bytes);
    return text;
}

static void over(world *w, char *text) {
    free(text);
    keel_simfs_free(w->disk);
    free(w);
}

/* The n-th line with this code, from 0; "": there is none. Static storage. */
static const char *line_of(const char *text, const char *code, int n) {
    static char line[LINE];
    char member[64];
    (void)snprintf(member, sizeof member, "\"code\":\"%s\",", code);
    line[0] = 0;
    for (const char *at = text; *at;) {
        const char *end = strchr(at, '\n');
        const char *here = strstr(at, member);
        if (here && here < end && n-- == 0) (void)snprintf(line, sizeof line, "%.*s", (int)(end - at), at);
        at = end + 1;
    }
    return line;
}

static int count_of(const char *text, const char *code) {
    int n = 0;
    while (*line_of(text, code, n))
        n++;
    return n;
}

static void has(const char *line, const char *part) {
    if (!strstr(line, part)) fail_msg("%s is not in %s", part, line);
}

/* ---- the feed --------------------------------------------------------------------------------------------------- */

static void close_at(world *w, int hour, int32_t count) {
    static const int32_t ALL[] = {0, 1};
    keel_forensic_bars b = {.input = (uint64_t)hour + 1,
                            .ts_ms = START_MS + (int64_t)(hour + 1) * HOUR_MS,
                            .symbol = ALL,
                            .count = count,
                            .closes = 1};
    keel_forensic_bars_came(w->f, &b);
}

static void uptime_is(const world *w, const char *part) {
    uint8_t *bytes = NULL;
    size_t size = 0;
    keel_err err = {0};
    assert_int_equal(
        keel_fs_read_whole(keel_simfs_port(w->disk), "/run/rollups/run.json", 1 << 20, &bytes, &size, &err), 0);
    has((const char *)bytes, part);
    free(bytes);
}

/* Nothing comes of any symbol for five hours: closes without a bar, or no input at all. [T-069] [T-070] */
static void outage(int32_t symbols, int silent) {
    world *w = begin(symbols);
    for (int hour = 0; hour < 8; hour++) {
        int out = hour >= 2 && hour < 7;
        if (out && silent) continue;
        keel_forensic_bars opens = {.input = 1, .ts_ms = START_MS + (int64_t)hour * HOUR_MS};
        keel_forensic_bars_came(w->f, &opens);
        close_at(w, hour, out ? 0 : symbols);
        if (hour == 4) assert_true(w->alerts == symbols && strstr(w->alert, "FEED_STALE"));
    }
    char *text = ended(w);
    assert_int_equal(count_of(text, "FEED_MISSING"), symbols);
    assert_int_equal(count_of(text, "FEED_STALE"), symbols);
    assert_int_equal(count_of(text, "FEED_RECOVERED"), symbols);
    assert_int_equal(count_of(text, "DATA_GAP"), symbols);
    const char *gap = line_of(text, "DATA_GAP", 0);
    has(gap, "\"from\":\"2023-01-01T02:00:00.000Z\"");
    has(gap, "\"bars\":5,");
    has(line_of(text, "FEED_MISSING", 0), silent ? "\"ts\":\"2023-01-01T08:00" : "\"ts\":\"2023-01-01T03:00");
    uptime_is(w, "\"feed_uptime_pct\":37.5,"); /* 3 of 8 */
    over(w, text);
}

static void an_outage_of_all_symbols_is_told(void **state) {
    (void)state;
    outage(2, 0);
    outage(2, 1);
}

static void an_outage_of_the_only_symbol_is_told(void **state) {
    (void)state;
    outage(1, 0);
    outage(1, 1);
}

/* ---- orders ----------------------------------------------------------------------------------------------------- */

static void order(world *w, uint64_t input, uint64_t id, int64_t qty) {
    keel_command c = {.id = id, .kind = KEEL_CMD_OPEN, .symbol = 0, .side = 1, .qty_e8 = qty * E8};
    int64_t ts_ms = START_MS + (int64_t)input * 1000;
    keel_forensic_ordered(w->f, input, ts_ms, &c);
    keel_forensic_sent(w->f, input, ts_ms, &c);
}

static keel_forensic_step stepped(keel_event *ev, int32_t kind, uint64_t order_id, int64_t qty, int last) {
    static const keel_position FLAT;
    static uint64_t seq = 100;
    seq++;
    *ev = (keel_event){.seq = seq,
                       .ts_ms = START_MS + 60000,
                       .kind = kind,
                       .side = 1,
                       .price_e8 = 100 * E8,
                       .qty_e8 = qty * E8,
                       .order_id = order_id,
                       .fill_id = seq,
                       .last_of_order = last};
    return (keel_forensic_step){.event = ev, .position = &FLAT, .input = 9, .venue_is_model = 1};
}

static void fill(world *w, uint64_t order_id, int64_t qty, int last) {
    keel_event ev;
    keel_forensic_step s = stepped(&ev, KEEL_EV_FILL, order_id, qty, last);
    keel_forensic_stepped(w->f, &s);
}

static void reject(world *w, uint64_t order_id) {
    keel_event ev;
    keel_forensic_step s = stepped(&ev, KEEL_EV_REJECT, order_id, 0, 0);
    keel_forensic_stepped(w->f, &s);
}

/* Reports of an order come after the next one was given: each is told with its own id, cause and quantities.
 * [LOG-01.3] [T-066] [T-082] */
static void orders_that_overlap_are_told_apart(void **state) {
    (void)state;
    world *w = begin(1);
    order(w, 5, 11, 2);
    order(w, 6, 12, 3);
    keel_forensic_acknowledged(w->f, 9, START_MS + 30000, 0, 11, 1);
    fill(w, 11, 1, 0);
    fill(w, 12, 3, 1);
    fill(w, 11, 1, 1);
    char *text = ended(w);
    const char *line = line_of(text, "ORDER_ACK", 0);
    has(line, "\"order_id\":\"000000000000000b\"");
    has(line, "\"corr_id\":\"i5.0\"");
    has(line, "\"latency_ms\":25000");
    line = line_of(text, "ORDER_PARTIAL", 0);
    has(line, "\"order_id\":\"000000000000000b\"");
    has(line, "\"filled_qty\":\"1.00\",\"left_qty\":\"1.00\"");
    line = line_of(text, "ORDER_FILLED", 0);
    has(line, "\"order_id\":\"000000000000000c\"");
    has(line, "\"corr_id\":\"i6.0\"");
    has(line, "\"filled_qty\":\"3.00\",\"left_qty\":\"0.00\"");
    line = line_of(text, "ORDER_FILLED", 1);
    has(line, "\"order_id\":\"000000000000000b\"");
    has(line, "\"filled_qty\":\"2.00\",\"left_qty\":\"0.00\",\"latency_ms\":55000");
    has(line_of(text, "FILL", 2), "\"corr_id\":\"i5.0\"");
    over(w, text);
}

static void why_an_order_is_over_is_its_own(void **state) {
    (void)state;
    world *w = begin(1);
    order(w, 5, 11, 2);
    order(w, 6, 12, 3);
    order(w, 7, 13, 4);
    keel_forensic_guarded(w->f, 0, 13);
    keel_forensic_called_back(w->f, 0, 11);
    reject(w, 13);
    reject(w, 12);
    reject(w, 11);
    keel_forensic_replaced(w->f, 9, START_MS + 70000, 0, 12);
    char *text = ended(w);
    has(line_of(text, "ORDER_REJECT", 0), "\"by\":\"guard\",\"filled_qty\":\"0.00\",\"left_qty\":\"4.00\"");
    has(line_of(text, "ORDER_REJECT", 1), "\"by\":\"venue\",\"filled_qty\":\"0.00\",\"left_qty\":\"3.00\"");
    assert_int_equal(count_of(text, "ORDER_REJECT"), 2);
    has(line_of(text, "ORDER_CANCEL", 0), "\"order_id\":\"000000000000000b\"");
    has(line_of(text, "ORDER_CANCEL", 0),
        "\"reason\":\"it was called back\",\"filled_qty\":\"0.00\",\"left_qty\":\"2.00\"");
    has(line_of(text, "ORDER_CANCEL", 1), "\"corr_id\":\"i6.0\"");
    over(w, text);
}

/* More orders than are remembered: those at work are, the oldest that are over are not. */
static void an_order_at_work_is_not_forgotten(void **state) {
    (void)state;
    world *w = begin(1);
    order(w, 1, 1, 7);
    for (uint64_t id = 2; id < 40; id++) {
        order(w, id, id, 1);
        fill(w, id, 1, 1);
    }
    fill(w, 1, 7, 1);
    char *text = ended(w);
    assert_int_equal(count_of(text, "ORDER_FILLED"), 39);
    has(line_of(text, "ORDER_FILLED", 38), "\"corr_id\":\"i1.0\"");
    over(w, text);
}

/* What a venue executed and the books do not cover: of a model it did not happen, of any other it did.
 * [LOG-05] */
static void an_uncovered_execution_is_denied_by_a_model_alone(void **state) {
    (void)state;
    for (int model = 0; model < 2; model++) {
        keel_event ev;
        world *w = begin(1);
        order(w, 5, 11, 2);
        keel_forensic_step s = stepped(&ev, KEEL_EV_FILL, 11, 2, 1);
        s.refusal = KEEL_REFUSED_INSUFFICIENT_CASH;
        s.venue_is_model = model;
        keel_forensic_stepped(w->f, &s);
        assert_int_equal(w->alerts, !model);
        char *text = ended(w);
        assert_int_equal(count_of(text, "TRADE_DENIED"), model);
        assert_int_equal(count_of(text, "FILL_SUSPECT"), !model);
        assert_int_equal(count_of(text, "ORDER_FILLED"), !model);
        assert_int_equal(count_of(text, "FILL"), 0);
        if (!model) {
            has(line_of(text, "FILL_SUSPECT", 0), "\"severity\":\"SEV3\"");
            has(line_of(text, "FILL_SUSPECT", 0), "\"side\":\"buy\",\"qty\":\"2.00\",\"px\":\"100.00\"");
            has(line_of(text, "FILL_SUSPECT", 0), "\"refusal\":\"INSUFFICIENT_CASH\"");
        }
        over(w, text);
    }
}

static void an_execution_that_is_told_twice_is_said(void **state) {
    (void)state;
    keel_event ev;
    world *w = begin(1);
    order(w, 5, 11, 2);
    fill(w, 11, 2, 1);
    keel_forensic_step s = stepped(&ev, KEEL_EV_FILL, 11, 2, 1);
    s.refusal = KEEL_REFUSED_DUPLICATE;
    keel_forensic_stepped(w->f, &s);
    char *text = ended(w);
    has(line_of(text, "FILL_DUPLICATE", 0), "\"severity\":\"SEV4\"");
    has(line_of(text, "FILL_DUPLICATE", 0), "\"order_id\":\"000000000000000b\"");
    has(line_of(text, "FILL_DUPLICATE", 0), "\"qty\":\"2.00\",\"px\":\"100.00\"");
    assert_int_equal(count_of(text, "FILL"), 1);
    assert_int_equal(count_of(text, "ORDER_FILLED"), 1);
    over(w, text);
}

/* A position grows and becomes smaller under one id. [LOG-01.2] */
static void a_position_that_changes_is_followed(void **state) {
    (void)state;
    static const int32_t KINDS[] = {KEEL_POST_OPEN, KEEL_POST_ADD, KEEL_POST_CLOSE};
    static const int64_t TOTAL[] = {2, 3, 1};
    char id[64] = "";
    world *w = begin(1);
    for (uint64_t i = 0; i < 3; i++) {
        keel_event ev;
        order(w, 5 + i, 11 + i, 2);
        keel_forensic_step s = stepped(&ev, KEEL_EV_FILL, 11 + i, 2, 1);
        keel_posting p = {.kind = KINDS[i],
                          .side = 1,
                          .qty_e8 = (i == 1 ? 1 : 2) * E8,
                          .px_e8 = 100 * E8,
                          .d_fees = E8,
                          .d_realised = i == 2 ? -7 * E8 : 0};
        keel_position pos = {.side = 1, .qty_e8 = TOTAL[i] * E8, .basis_e8 = TOTAL[i] * 100 * E8, .entry_px = 100.0};
        if (i == 0) (void)snprintf(id, sizeof id, "\"position_id\":\"p%llu\"", (unsigned long long)ev.seq);
        s.posting = &p;
        s.posting_count = 1;
        s.position = &pos;
        keel_forensic_stepped(w->f, &s);
    }
    char *text = ended(w);
    has(line_of(text, "POSITION_OPEN", 0), id);
    has(line_of(text, "POSITION_ADD", 0), id);
    has(line_of(text, "POSITION_ADD", 0), "\"side\":\"long\",\"qty\":\"1.00\",\"px\":\"100.00\"");
    has(line_of(text, "POSITION_ADD", 0), "\"total_qty\":\"3.00\",\"avg_px\":100,\"fee_usd\":\"1.00\"");
    has(line_of(text, "POSITION_ADD", 0), "\"corr_id\":\"i6.0\"");
    has(line_of(text, "POSITION_REDUCE", 0), id);
    has(line_of(text, "POSITION_REDUCE", 0), "\"total_qty\":\"1.00\",\"pnl_usd\":\"7.00\",\"fee_usd\":\"1.00\"");
    assert_int_equal(count_of(text, "POSITION_CLOSE"), 0);
    over(w, text);
}

static void what_could_not_be_taken_or_kept_is_told(void **state) {
    (void)state;
    static const char FAILED[] = "{\"seq\":7,\"failed\":\"no space\"}";
    world *w = begin(2);
    keel_forensic_set_aside(w->f, START_MS + HOUR_MS, 1, "price not positive");
    keel_forensic_snapshot(w->f, START_MS + HOUR_MS, FAILED, sizeof FAILED - 1);
    has(w->alert, "WAL_SNAPSHOT_FAILED");
    char *text = ended(w);
    has(line_of(text, "DATA_REJECTED", 0), "\"symbol\":\"BBB\"");
    has(line_of(text, "DATA_REJECTED", 0), "\"reason\":\"price not positive\"");
    assert_int_equal(count_of(text, "DATA_SEEN"), 0);
    has(line_of(text, "WAL_SNAPSHOT_FAILED", 0), "\"severity\":\"SEV3\"");
    has(line_of(text, "WAL_SNAPSHOT_FAILED", 0), "\"data\":{\"seq\":7,\"why\":\"no space\"}");
    over(w, text);
}

/* ---- severities ------------------------------------------------------------------------------------------------- */

/* The record itself says how bad it is, not only who counts it. [T-092] */
static void a_liquidation_is_recorded_as_severe(void **state) {
    (void)state;
    for (int liquidated = 0; liquidated < 2; liquidated++) {
        keel_event ev;
        world *w = begin(1);
        order(w, 5, 11, 2);
        keel_forensic_step s = stepped(&ev, KEEL_EV_FILL, 11, 2, 1);
        keel_posting p = {.kind = KEEL_POST_CLOSE, .side = -1, .qty_e8 = 2 * E8, .px_e8 = 100 * E8};
        keel_trade t = {.side = -1, .exit_reason = liquidated ? KEEL_X_LIQUIDATION : KEEL_X_STOP, .pnl_e8 = -E8};
        s.posting = &p;
        s.posting_count = 1;
        s.trade = &t;
        keel_forensic_stepped(w->f, &s);
        assert_int_equal(w->alerts, liquidated);
        char *text = ended(w);
        has(line_of(text, "POSITION_CLOSE", 0), liquidated ? "\"severity\":\"SEV2\"" : "\"severity\":\"NONE\"");
        has(line_of(text, "POSITION_CLOSE", 0), liquidated ? "\"reason\":\"X_LIQUIDATION\"" : "\"reason\":\"X_STOP\"");
        assert_int_equal(count_of(text, "INCIDENT"), liquidated);
        over(w, text);
    }
}

/* Books that differ: at once, as bad as it can be, with what was compared. [ENG-05.4] [T-092] */
static void a_breach_of_the_shadow_ledger_is_an_incident(void **state) {
    (void)state;
    world *w = begin(2);
    keel_fs_stat st;
    keel_forensic_breach b = {.symbol = 1,
                              .figure = "worth",
                              .event_seq = 77,
                              .event_ms = START_MS + HOUR_MS,
                              .shadow_e8 = 10000 * E8,
                              .books_e8 = 9999 * E8 + 1,
                              .shadow_worth_e8 = 10000 * E8,
                              .books_worth_e8 = 9999 * E8 + 1};
    close_at(w, 0, 2);
    keel_forensic_breached(w->f, START_MS + HOUR_MS, &b);
    assert_int_equal(w->alerts, 1);
    has(w->alert, "\"code\":\"SHADOW_BREACH\"");
    const keel_fs *fs = keel_simfs_port(w->disk);
    assert_int_equal(fs->stat(fs->ctx, "/run/incidents/INC-00000003-SHADOW_BREACH.json", &st), 0);
    char *text = ended(w);
    const char *line = line_of(text, "SHADOW_BREACH", 0);
    has(line, "\"severity\":\"SEV1\"");
    has(line, "\"symbol\":\"BBB\"");
    has(line,
        "\"item\":\"worth\",\"event_seq\":77,\"event_time\":\"2023-01-01T01:00:00.000Z\",\"shadow\":\"10000.00\","
        "\"books\":\"9999.00000001\",\"shadow_worth_usd\":\"10000.00\",\"books_worth_usd\":\"9999.00000001\"");
    assert_int_equal(count_of(text, "INCIDENT"), 1);
    over(w, text);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_outage_of_all_symbols_is_told),
        cmocka_unit_test(an_outage_of_the_only_symbol_is_told),
        cmocka_unit_test(orders_that_overlap_are_told_apart),
        cmocka_unit_test(why_an_order_is_over_is_its_own),
        cmocka_unit_test(an_order_at_work_is_not_forgotten),
        cmocka_unit_test(an_uncovered_execution_is_denied_by_a_model_alone),
        cmocka_unit_test(an_execution_that_is_told_twice_is_said),
        cmocka_unit_test(a_position_that_changes_is_followed),
        cmocka_unit_test(what_could_not_be_taken_or_kept_is_told),
        cmocka_unit_test(a_liquidation_is_recorded_as_severe),
        cmocka_unit_test(a_breach_of_the_shadow_ledger_is_an_incident),
    };
    return cmocka_run_group_tests_name("forensic_told", tests, NULL, NULL);
}
