/* The brief never says that nothing needs attention while something does, and no longer than it does. [LOG-04.2]
 * [T-063] [T-064] [ENG-05.3] */
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
#include "ops/forensic/audit.h"
#include "ops/forensic/brief.h"
#include "ops/forensic/forensic.h"
#include "port/simfs.h"

enum { HOUR_MS = 3600000 };
static const int64_t START_MS = 1672531200000, E8 = 100000000;

typedef struct world {
    keel_simfs *disk;
    const keel_fs *fs;
    keel_forensic *f;
    int hour;
} world;

static void open_log(world *w) {
    static const char *const NAMES[] = {"AAA", "BBB"};
    static const char *const REGIMES[] = {"unknown", "bull"};
    keel_err err = {0};
    keel_forensic_options o = {.fs = w->fs,
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
                               .symbol_count = 2,
                               .regime_count = 2,
                               .start_ms = START_MS,
                               .interval_ms = HOUR_MS,
                               .capital_usd_e8 = 10000 * E8};
    assert_int_equal(keel_forensic_open(&o, &w->f, &err), 0);
}

static int64_t now_ms(const world *w) { return START_MS + (int64_t)w->hour * HOUR_MS; }

static void phase(world *w, const char *from, const char *to, const char *trigger) {
    char text[160];
    int size = snprintf(text, sizeof text, "{\"from\":\"%s\",\"to\":\"%s\",\"trigger\":\"%s\"}", from, to, trigger);
    keel_forensic_phase(w->f, now_ms(w), text, (size_t)size);
}

/* An hour of the market, with bars of the first `count` symbols. */
static void hour(world *w, int32_t count) {
    static const int32_t ALL[] = {0, 1};
    w->hour++;
    keel_forensic_bars b = {.input = (uint64_t)w->hour, .ts_ms = now_ms(w), .symbol = ALL, .count = count, .closes = 1};
    keel_forensic_bars_came(w->f, &b);
    keel_forensic_figures g = {.input = b.input, .ts_ms = b.ts_ms, .equity_e8 = 10000 * E8, .cash_usd_e8 = 10000 * E8};
    keel_forensic_marked(w->f, &g);
}

static void begin(world *w) {
    memset(w, 0, sizeof *w);
    w->disk = keel_simfs_new(1);
    w->fs = keel_simfs_port(w->disk);
    assert_int_equal(w->fs->mkdir(w->fs->ctx, "/run"), 0);
    open_log(w);
    phase(w, "recovering", "running", "recovered");
    hour(w, 2);
}

static void over(world *w) {
    keel_forensic_close(w->f, NULL);
    keel_simfs_free(w->disk);
}

/* What it says of the log as it is; the log goes on behind it. */
static char *brief_of(world *w) {
    keel_strbuf kept, out;
    keel_brief *b = NULL;
    keel_err err = {0};
    keel_strbuf_init(&kept, 0);
    keel_strbuf_init(&out, 0);
    keel_packed_writer out_of;
    keel_packed_begin(&out_of, &kept);
    keel_forensic_save(w->f, &out_of); /* all of it is written */
    if (keel_brief_make(w->fs, "/run", &b, &err) != 0) fail_msg("%s", err.text);
    keel_brief_text(b, &out);
    char *text = strdup(keel_strbuf_text(&out));
    keel_brief_free(b);
    keel_strbuf_done(&out);
    keel_strbuf_done(&kept);
    return text;
}

static void says(world *w, const char *part) {
    char *text = brief_of(w);
    if (!strstr(text, part)) fail_msg("\"%s\" is not in:\n%s", part, text);
    if (strncmp(text, "NEEDS ATTENTION\n", 16) != 0) fail_msg("it reassures:\n%s", text);
    free(text);
}

static void is_quiet(world *w) {
    char *text = brief_of(w);
    if (strncmp(text, "nothing needs attention\n", 24) != 0) fail_msg("it alarms:\n%s", text);
    free(text);
}

static void has(world *w, const char *part, int wanted) {
    char *text = brief_of(w);
    if ((strstr(text, part) != NULL) != wanted) fail_msg("\"%s\", %d:\n%s", part, wanted, text);
    free(text);
}

static void a_state_that_holds_entries_back_needs_attention(void **state) {
    (void)state;
    static const char *const STATES[] = {"close_only", "safe_mode", "degraded"};
    for (size_t i = 0; i < sizeof STATES / sizeof *STATES; i++) {
        world w;
        begin(&w);
        is_quiet(&w);
        phase(&w, "running", STATES[i], "somebody said so");
        says(&w, i == 2 ? "degraded since 2023-01-01T01:00:00.000Z: somebody said so"
                        : "no entry leaves since 2023-01-01T01:00:00.000Z: ");
        phase(&w, STATES[i], "stopping", "asked to end");
        says(&w, "somebody said so"); /* the next start is in it again */
        phase(&w, "recovering", "running", "recovered");
        phase(&w, "running", STATES[i], "it was so when the record ended");
        says(&w, "it was so when the record ended");
        phase(&w, STATES[i], "running", "resume was ordered");
        is_quiet(&w);
        over(&w);
    }
}

static void what_the_run_depends_on_needs_attention_until_it_is_well(void **state) {
    (void)state;
    world w;
    static const char FAILED[] = "{\"seq\":7,\"failed\":\"no space\"}", KEPT[] = "{\"seq\":7,\"bytes\":9}";
    keel_forensic_drift d = {.symbol = 1, .level = 1, .books_e8 = E8, .venue_e8 = 2 * E8, .score = 1.5};
    begin(&w);
    keel_forensic_clock(w.f, now_ms(&w), 1, 900);
    says(&w, "the venue's clock is 900 ms from ours since 2023-01-01T01");
    keel_forensic_clock(w.f, now_ms(&w), 0, 3);
    is_quiet(&w);
    keel_forensic_breaker(w.f, now_ms(&w), 1, 6);
    says(&w, "the breaker of calls to the venue is open");
    keel_forensic_breaker(w.f, now_ms(&w), 2, 0);
    says(&w, "the breaker of calls to the venue is half open");
    keel_forensic_breaker(w.f, now_ms(&w), 0, 0);
    is_quiet(&w);
    keel_forensic_snapshot(w.f, now_ms(&w), FAILED, sizeof FAILED - 1);
    says(&w, "no snapshot could be kept since 2023-01-01T01:00:00.000Z: no space");
    keel_forensic_snapshot(w.f, now_ms(&w), KEPT, sizeof KEPT - 1);
    is_quiet(&w);
    hour(&w, 0);
    says(&w, "no bar of any symbol comes");
    hour(&w, 1);
    is_quiet(&w);
    has(&w, "BBB: its bars have not come again", 1);
    hour(&w, 2);
    has(&w, "its bars have not come again", 0);
    keel_forensic_drifted(w.f, now_ms(&w), &d);
    says(&w, "BBB: the books hold 1.00, the venue 2.00, and nobody has resumed since");
    over(&w);
}

static void trail(world *w, const char *action, const char *before) {
    keel_simclock clock;
    keel_err err = {0};
    keel_simclock_init(&clock, 1700000000000);
    keel_audit t = {.fs = w->fs, .clock = &clock.port, .dir = "/run", .run_id = "r1"};
    keel_audit_entry e = {"op (uid 1)", action, "looked into", before, NULL};
    assert_int_equal(keel_audit_append(&t, &e, &err), 0);
}

/* An hour whose input of symbol 0 is set aside, -1: the whole of it, which then nobody hears of. */
static void hour_aside(world *w, int32_t symbol, const char *why) {
    keel_forensic_figures g = {.equity_e8 = 10000 * E8, .cash_usd_e8 = 10000 * E8};
    static const int32_t ALL[] = {0, 1};
    w->hour++;
    keel_forensic_bars b = {
        .input = (uint64_t)w->hour, .ts_ms = now_ms(w), .symbol = ALL, .count = 2, .closes = 1};
    g.input = b.input;
    g.ts_ms = b.ts_ms;
    if (symbol >= 0) keel_forensic_bars_came(w->f, &b);
    keel_forensic_set_aside(w->f, now_ms(w), symbol, why);
    if (symbol >= 0) keel_forensic_marked(w->f, &g);
}

/* Until data of that symbol are taken again, which is told once. */
static void data_set_aside_need_attention_until_they_are_good_again(void **state) {
    (void)state;
    world w;
    begin(&w);
    hour_aside(&w, 0, "price not positive");
    says(&w, "AAA: data are set aside since 2023-01-01T02:00:00.000Z, last DATA_REJECTED-4: price not positive; until");
    hour_aside(&w, 0, "clock went back");
    says(&w, "AAA: data are set aside since 2023-01-01T02:00:00.000Z, last DATA_REJECTED-5: clock went back");
    hour(&w, 0); /* nothing came of anybody */
    says(&w, "AAA: data are set aside since 2023-01-01T02");
    hour(&w, 2);
    is_quiet(&w);
    hour(&w, 2);
    hour_aside(&w, -1, "the time lies ahead");
    says(&w, "all symbols: data are set aside since 2023-01-01T07:00:00.000Z, last DATA_REJECTED-");
    hour(&w, 2);
    is_quiet(&w);
    keel_forensic_set_aside(w.f, now_ms(&w), 0, "price not positive");
    says(&w, "AAA: data are set aside since 2023-01-01T08");
    char *text = brief_of(&w), *at = strstr(text, "DATA_REJECTED-");
    char name[32] = "";
    assert_non_null(at);
    assert_int_equal(sscanf(at, "%31[A-Z_0-9-]", name), 1);
    free(text);
    trail(&w, "acknowledged", "DATA_REJECTED-2"); /* an earlier one */
    says(&w, "AAA: data are set aside since 2023-01-01T08");
    trail(&w, "acknowledged", name);
    is_quiet(&w);
    over(&w);
}

static void killed_needs_attention_until_somebody_resumes(void **state) {
    (void)state;
    world w;
    begin(&w);
    phase(&w, "running", "halted", "halt was ordered");
    says(&w, "no entry leaves since 2023-01-01T01:00:00.000Z: halted: halt was ordered; until somebody resumes");
    trail(&w, "run_resumed", NULL);
    trail(&w, "incident_closed", "INC-00000005-KILL");
    says(&w, "until somebody resumes"); /* it is still halted */
    phase(&w, "halted", "running", "resume was ordered");
    is_quiet(&w);
    over(&w);
}

static void suspect(world *w, uint64_t order) {
    keel_position flat = {.side = 0};
    keel_event ev = {.seq = 5 + order,
                     .kind = KEEL_EV_FILL,
                     .ts_ms = now_ms(w),
                     .order_id = order,
                     .side = 1,
                     .qty_e8 = E8,
                     .price_e8 = E8,
                     .last_of_order = 1};
    keel_forensic_step s = {
        .event = &ev, .position = &flat, .input = 1, .refusal = KEEL_REFUSED_INSUFFICIENT_CASH, .venue_is_model = 0};
    keel_forensic_stepped(w->f, &s);
}

/* Nothing in the market makes the books right again: a person says that they were looked into, each up to a record. */
static void an_execution_that_was_not_booked_waits_for_a_person(void **state) {
    (void)state;
    world w;
    begin(&w);
    suspect(&w, 1);
    says(&w, "1 executions were not booked since 2023-01-01T01:00:00.000Z, last FILL_SUSPECT-");
    hour(&w, 2);
    says(&w, "keel audit note RUN --action acknowledged --before FILL_SUSPECT-");
    suspect(&w, 2);
    says(&w, "2 executions were not booked since 2023-01-01T01");
    char *text = brief_of(&w), *at = strstr(text, "FILL_SUSPECT-");
    char name[32] = "";
    assert_int_equal(sscanf(at, "%31[A-Z_0-9-]", name), 1);
    free(text);
    trail(&w, "acknowledged", "FILL_SUSPECT"); /* names no record */
    trail(&w, "acknowledged", "FILL_SUSPECT-1x");
    trail(&w, "acknowledged", "DATA_REJECTED-9999");
    trail(&w, "reviewed", name);
    says(&w, "2 executions were not booked");
    trail(&w, "acknowledged", name);
    is_quiet(&w);
    hour(&w, 2);
    suspect(&w, 3);
    says(&w, "1 executions were not booked since 2023-01-01T03");
    over(&w);
}

static void what_is_not_known_is_said(void **state) {
    (void)state;
    world w;
    keel_event ev = {.seq = 5, .kind = KEEL_EV_BAR_CLOSE, .ts_ms = START_MS + HOUR_MS};
    keel_position flat = {.side = 0};
    keel_forensic_step s = {.event = &ev, .position = &flat, .input = 1, .regime = 1};
    begin(&w);
    has(&w, "  - the market's regime\n", 1);
    keel_forensic_stepped(w.f, &s);
    has(&w, "  - the market's regime\n", 0);
    s.regime = 0;
    keel_forensic_stepped(w.f, &s);
    has(&w, "  - the market's regime\n", 1);
    over(&w);
}

/* Each order by itself: a newer one that is over does not end an older one. */
static void orders_in_flight_are_counted(void **state) {
    (void)state;
    world w;
    keel_position flat = {.side = 0};
    begin(&w);
    for (uint64_t id = 1; id <= 3; id++) {
        keel_command c = {.id = id, .kind = KEEL_CMD_OPEN, .side = 1, .qty_e8 = E8};
        keel_forensic_ordered(w.f, 1, now_ms(&w), &c);
    }
    has(&w, "AAA: 3 orders are in flight", 1);
    keel_forensic_replaced(w.f, 1, now_ms(&w), 0, 1);
    has(&w, "AAA: 2 orders are in flight", 1);
    keel_event ev = {.seq = 5, .kind = KEEL_EV_REJECT, .ts_ms = now_ms(&w), .order_id = 3};
    keel_forensic_step s = {.event = &ev, .position = &flat, .input = 1};
    keel_forensic_called_back(w.f, 0, 3);
    keel_forensic_stepped(w.f, &s);
    has(&w, "AAA: an order is in flight", 1);
    keel_event fill = {.seq = 6,
                       .kind = KEEL_EV_FILL,
                       .ts_ms = now_ms(&w),
                       .order_id = 2,
                       .side = 1,
                       .qty_e8 = E8,
                       .price_e8 = E8,
                       .last_of_order = 1};
    s.event = &fill;
    keel_forensic_stepped(w.f, &s);
    has(&w, "in flight", 0);
    is_quiet(&w);
    over(&w);
}

/* Open until somebody closed it by name, in a trail that is what was written. [LOG-07] [LOG-08.1] */
static void an_incident_is_open_until_it_is_closed(void **state) {
    (void)state;
    world w;
    keel_err err = {0};
    keel_forensic_breach b = {.symbol = 0, .figure = "worth", .shadow_e8 = 2 * E8, .books_e8 = E8};
    begin(&w);
    keel_forensic_recovered(w.f, now_ms(&w), "{\"journal\":\"corrupt\"}", 21);
    says(&w, "  - SEV1 2023-01-01T01:00:00.000Z INC-00000004-WAL_CORRUPT\n");
    trail(&w, "run_resumed", NULL);
    trail(&w, "incident_closed", "INC-00000005-WAL_CORRUPT");
    says(&w, "INC-00000004-WAL_CORRUPT");
    trail(&w, "incident_closed", "INC-00000004-WAL_CORRUPT");
    is_quiet(&w);
    has(&w, "  none\n  - and 1 that were closed\n", 1);
    keel_forensic_breached(w.f, now_ms(&w), &b);
    says(&w, "the books are not right since 2023-01-01T01:00:00.000Z: worth: 1.00, by the shadow ledger 2.00");
    trail(&w, "incident_closed", "INC-00000007-SHADOW_BREACH");
    has(&w, "  - and 2 that were closed\n", 1);
    says(&w, "the books are not right"); /* closed or not, that is how they are */
    /* whoever changes the trail closes nothing */
    uint8_t *bytes = NULL;
    size_t size = 0;
    assert_int_equal(keel_fs_read_whole(w.fs, "/run/audit.jsonl", 1 << 20, &bytes, &size, &err), 0);
    char *at = strstr((char *)bytes, "looked into");
    assert_non_null(at);
    *at = 'L';
    assert_int_equal(keel_fs_replace(w.fs, "/run", "audit.jsonl", bytes, size, &err), 0);
    free(bytes);
    says(&w, "the audit trail: a record is not what was written");
    has(&w, "INC-00000007-SHADOW_BREACH", 1);
    over(&w);
}

/* The record of a fatal error goes with the next start; its files stay, and it is open. */
static void an_incident_without_a_record_is_told(void **state) {
    (void)state;
    world w;
    begin(&w);
    keel_forensic_fatal(w.f, KEEL_E_IO, "a fault");
    says(&w, "the run stopped on an error");
    keel_forensic_close(w.f, NULL);
    assert_int_equal(w.fs->unlink(w.fs->ctx, "/run/events.jsonl"), 0);
    assert_int_equal(w.fs->unlink(w.fs->ctx, "/run/metrics.jsonl"), 0);
    w.hour = 0;
    open_log(&w);
    phase(&w, "recovering", "running", "recovered");
    hour(&w, 2);
    says(&w, "  - SEV1 2023-01-01T01:00:00.000Z INC-00000004-ENGINE_FATAL\n");
    trail(&w, "incident_closed", "INC-00000004-ENGINE_FATAL");
    is_quiet(&w);
    over(&w);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_state_that_holds_entries_back_needs_attention),
        cmocka_unit_test(what_the_run_depends_on_needs_attention_until_it_is_well),
        cmocka_unit_test(data_set_aside_need_attention_until_they_are_good_again),
        cmocka_unit_test(killed_needs_attention_until_somebody_resumes),
        cmocka_unit_test(an_execution_that_was_not_booked_waits_for_a_person),
        cmocka_unit_test(what_is_not_known_is_said),
        cmocka_unit_test(orders_in_flight_are_counted),
        cmocka_unit_test(an_incident_is_open_until_it_is_closed),
        cmocka_unit_test(an_incident_without_a_record_is_told),
    };
    return cmocka_run_group_tests_name("forensic_brief", tests, NULL, NULL);
}
