/* The shadow ledger: silent over a whole run, and awake at the first event after which the books are wrong. [KRN-09.2]
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "app/cli/paper_books.h"
#include "app/cli/paper_driver.h"
#include "app/cli/paper_log.h"
#include "app/cli/paper_start.h"
#include "ops/forensic/reader.h"
#include "port/simfs.h"

enum { BARS = 3000, HOUR = 3600000 };

enum { HONEST, CASH, MARGIN, QUANTITY, TRADE, TRADE_FORGOTTEN, FEE_FORGOTTEN, WRONGS };

/* What the wrong ledger does, and when: a step of the core has no room for more. */
static int wrong, fills;
static uint64_t wrong_seq;

static int32_t wrong_step(keel_state *st, const keel_params *p, const keel_event *ev, const keel_snapshot *snap,
                          keel_decision *ret, keel_diag *diag) {
    int32_t refused = keel_step(st, p, ev, snap, ret, diag);
    keel_symbol *s = &st->sym[ev->symbol];
    if (wrong == HONEST || ev->kind != KEEL_EV_FILL || refused != KEEL_REFUSED_OK) return refused;
    if (wrong_seq || ++fills < 9 || ((wrong == TRADE || wrong == TRADE_FORGOTTEN) && !ret->trade_count)) return refused;
    if ((wrong == MARGIN || wrong == QUANTITY) && s->pos.side == 0) return refused;
    wrong_seq = ev->seq;
    if (wrong == CASH) st->acct.cash_e8 += 2000000;
    if (wrong == MARGIN) {
        st->acct.margin_e8 += 2000000;
        st->acct.cash_e8 -= 2000000;
    }
    if (wrong == QUANTITY) s->pos.qty_e8 += 1;
    if (wrong == TRADE) ret->trade.pnl_e8 -= 2000000;
    if (wrong == TRADE_FORGOTTEN) ret->trade_count = 0;
    if (wrong == FEE_FORGOTTEN) st->acct.cash_e8 += ev->qty_e8 / 100000000 * (ev->price_e8 / 2000);
    return refused;
}

typedef struct world {
    int64_t e8[4][BARS];
    double volume[BARS];
    int64_t funding_ts_ms[BARS / 8], funding_rate_e16[BARS / 8];
    keel_tape tape;
    keel_paper_plan plan;
    keel_paper_feed feed;
    keel_paper_driver driver;
    keel_paper_books books;
    keel_sim_venue venue;
    keel_engine_watch inner;
    keel_paper_log log;
    uint64_t breach_input; /* that was being worked on at the first breach */
    uint64_t opened_after; /* positions opened by orders that were given behind the first breach */
    uint64_t opened;
} world;

static void stepped(void *data, const keel_engine_seen *s) {
    world *w = data;
    w->inner.stepped(w->inner.data, s);
    if (w->books.shadow.breaches > 0 && w->breach_input == 0) w->breach_input = s->input->number;
    for (int32_t i = 0; i < s->decision->posting_count; i++) {
        w->opened += s->decision->posting[i].kind == KEEL_POST_OPEN;
        if (w->books.shadow.breaches > 0 && s->event->order_id > w->books.shadow.first.seq)
            w->opened_after += s->decision->posting[i].kind == KEEL_POST_OPEN;
    }
}

static void marked(void *data, const keel_input *in, const keel_state *st) {
    world *w = data;
    w->inner.marked(w->inner.data, in, st);
}

/* Waves of two lengths, and a settlement every eight hours. */
static world *make_world(void) {
    world *w = calloc(1, sizeof *w);
    assert_non_null(w);
    double last = 100.0;
    for (int k = 0; k < BARS; k++) {
        double px = 100.0 + 12.0 * sin(k / 37.0) + 4.0 * sin(k / 11.0);
        w->e8[0][k] = (int64_t)(last * 100.0) * 1000000;
        w->e8[3][k] = (int64_t)(px * 100.0) * 1000000;
        w->e8[1][k] = (w->e8[0][k] > w->e8[3][k] ? w->e8[0][k] : w->e8[3][k]) + 30000000;
        w->e8[2][k] = (w->e8[0][k] < w->e8[3][k] ? w->e8[0][k] : w->e8[3][k]) - 30000000;
        w->volume[k] = 1000.0 + k % 7;
        last = px;
    }
    for (int i = 0; i < BARS / 8; i++) {
        w->funding_ts_ms[i] = (int64_t)i * 8 * HOUR;
        w->funding_rate_e16[i] = 1000000000000 * (i % 5 - 2);
    }
    w->tape = (keel_tape){.start_ms = 0,
                          .interval_ms = HOUR,
                          .bars = BARS,
                          .trade_from = 300,
                          .ratio = 1,
                          .symbol_count = 1,
                          .sleeve_count = 1,
                          .btc = {-1}};
    w->tape.sym[0] = (keel_tape_symbol){.open_e8 = w->e8[0],
                                        .high_e8 = w->e8[1],
                                        .low_e8 = w->e8[2],
                                        .close_e8 = w->e8[3],
                                        .volume = w->volume,
                                        .funding_ts_ms = w->funding_ts_ms,
                                        .funding_rate_e16 = w->funding_rate_e16,
                                        .funding_count = BARS / 8};
    return w;
}

static int one_by_one(void *ctx) {
    (void)ctx;
    return 0;
}

static void open_log(world *w, keel_simfs *disk, keel_engine_watch *watch) {
    static const char *const SYMBOLS[] = {"AAA"};
    const keel_fs *fs = keel_simfs_port(disk);
    keel_err err = {0};
    keel_engine_watch ours = *watch;
    keel_paper_log_run run = {.run_id = "r1",
                              .strategy = "momentum",
                              .config_id = "c1",
                              .dataset_hash = "d1",
                              .build = "b",
                              .venue = "v",
                              .symbols = SYMBOLS,
                              .fs = fs};
    assert_int_equal(fs->mkdir(fs->ctx, "/run"), 0);
    assert_int_equal(keel_paper_log_open(&w->log, "/run", &run, &w->plan.plan, &ours, &err), 0);
    keel_paper_log_go_live(&w->log);
    *watch = keel_paper_log_watch(&w->log);
}

/* disk: its log is kept there; NULL: none is. */
static world *run(int how, keel_simfs *disk) {
    world *w = make_world();
    keel_params p;
    keel_err err = {0};
    keel_engine *e = NULL;
    int ended = 0;
    keel_instrument rules = {.lot_e8 = 100000, .tick_e8 = 1000000, .market = KEEL_PERP};
    const int64_t capital = INT64_C(10000) * 100000000;
    wrong = how;
    fills = 0;
    wrong_seq = 0;
    keel_params_default(&p);
    assert_int_equal(keel_strategy_select(&p, KEEL_STRATEGY_MOMENTUM), 1);
    p.allocation_pct = 0.4;
    p.leverage = 2.0;
    p.slippage_bps = 2 * 10000;
    keel_paper_plan_fill(&keel_kernel_builtin, &p, 0, &w->tape, &rules, capital, &w->plan);
    w->plan.plan.step = wrong_step;
    keel_paper_feed_init(&w->feed, &w->tape, 1);
    keel_paper_books_init(&w->books, capital, 1);
    keel_paper_books_shadow(&w->books, &w->plan.plan);
    keel_sim_venue_init(&w->venue, 1, w->plan.rules, w->plan.slippage_bps);
    w->venue.model = (keel_sim_model){.fill_share_e8 = 30000000};
    w->inner = keel_paper_books_watch(&w->books);
    keel_engine_watch watch = {.data = w, .stepped = stepped, .marked = marked};
    if (disk) open_log(w, disk, &watch);
    assert_int_equal(keel_paper_driver_start(&w->driver, &w->feed, &w->books.shadow, NULL, 0, 0, 0, &err), 0);
    keel_engine_source source = {.ctx = &w->driver.merge, .next = w->driver.merge.port.next, .ready = one_by_one};
    assert_int_equal(keel_engine_open_dry(&w->plan.plan, &watch, &w->venue.port, &e, &err), 0);
    int rc = keel_engine_run(e, &source, NULL, &ended, &err);
    if (how == HONEST && (rc != 0 || !ended)) fail_msg("%s", err.text);
    if (disk) assert_int_equal(keel_paper_log_close(NULL, &w->log, ended, NULL, keel_engine_state(e), &err), 0);
    keel_engine_abandon(e);
    return w;
}

static void drop(world *w) {
    keel_paper_driver_stop(&w->driver, NULL);
    keel_paper_books_done(&w->books);
    free(w);
}

static void an_honest_run_has_no_breach(void **unused) {
    (void)unused;
    world *w = run(HONEST, NULL);
    const keel_shadow *s = &w->books.shadow;
    if (s->breaches)
        fail_msg("%s at event %llu: %lld, the books %lld", keel_shadow_figure_word(s->first.figure),
                 (unsigned long long)s->first.seq, (long long)s->first.ours, (long long)s->first.theirs);
    assert_true(s->events > BARS - 400 && s->checks > 3 * s->events - 10);
    assert_true(s->trades > 10 && w->opened > 10);
    assert_int_equal(s->trades, w->books.result.trade_count);
    drop(w);
}

static void wakes(int how, int figure) {
    world *w = run(how, NULL);
    const keel_shadow *s = &w->books.shadow;
    assert_true(wrong_seq > 0 && s->breaches > 0);
    assert_int_equal(s->first.seq, wrong_seq);
    assert_int_equal(s->first.figure, figure);
    assert_true(w->opened > 0);
    assert_int_equal(w->opened_after, 0); /* entries are halted */
    drop(w);
}

static void a_wrong_ledger_wakes_it_at_once(void **unused) {
    (void)unused;
    wakes(CASH, KEEL_SHADOW_WORTH);
    wakes(MARGIN, KEEL_SHADOW_MARGIN);
    wakes(QUANTITY, KEEL_SHADOW_QUANTITY);
    wakes(TRADE, KEEL_SHADOW_TRADE);
    wakes(TRADE_FORGOTTEN, KEEL_SHADOW_TRADE);
    wakes(FEE_FORGOTTEN, KEEL_SHADOW_WORTH);
}

/* The log says it before anything else happens: what was compared, how bad it is, what follows. [LOG-07] [ENG-05.4] */
static void a_breach_is_in_the_log_at_once(void **unused) {
    (void)unused;
    keel_simfs *disk = keel_simfs_new(1);
    world *w = run(CASH, disk);
    const keel_shadow_breach *first = &w->books.shadow.first;
    keel_log_lines *lines = NULL;
    keel_log_record r;
    keel_err err = {0};
    const char *text;
    size_t size;
    int breaches = 0, incidents = 0, changes = 0;
    assert_int_equal(keel_log_lines_open(keel_simfs_port(disk), "/run", "events", &lines, &err), 0);
    while (keel_log_lines_next(lines, &text, &size, &err) == 1) {
        assert_int_equal(keel_log_record_read(text, size, keel_log_lines_where(lines), &r, &err), 0);
        assert_true(r.code != KEEL_LOG_MANUAL_ACTION);
        incidents += r.code == KEEL_LOG_INCIDENT;
        if (r.code == KEEL_LOG_MODE_CHANGE && strcmp(keel_log_record_text(&r, "to"), "close_only") == 0) {
            assert_string_equal(keel_log_record_text(&r, "trigger"), "the shadow ledger has other books");
            assert_true(r.cycle == w->breach_input && ++changes == breaches);
        }
        if (r.code == KEEL_LOG_SHADOW_BREACH) {
            breaches++;
            assert_true(r.severity == KEEL_SEVERITY_SEV1 && r.cycle == w->breach_input);
            assert_string_equal(r.symbol, "AAA");
            assert_string_equal(keel_log_record_text(&r, "item"), keel_shadow_figure_word(first->figure));
            assert_int_equal(keel_log_record_int(&r, "event_seq"), wrong_seq);
            assert_int_equal(keel_log_record_e8(&r, "shadow"), first->ours);
            assert_int_equal(keel_log_record_e8(&r, "books"), first->theirs);
            assert_int_equal(keel_log_record_e8(&r, "shadow_worth_usd"), first->ours_worth);
            assert_int_equal(keel_log_record_e8(&r, "books_worth_usd"), first->theirs_worth);
        }
        keel_log_record_done(&r);
    }
    keel_log_lines_close(lines);
    assert_true(first->ours != first->theirs);
    assert_int_equal(breaches, 1);
    assert_int_equal(changes, 1);
    assert_int_equal(incidents, 1);
    drop(w);
    keel_simfs_free(disk);
}

static void what_is_too_large_to_follow_is_said(void **unused) {
    (void)unused;
    keel_shadow *s = calloc(1, sizeof *s);
    assert_non_null(s);
    keel_shadow_init(s, 1, 0);
    keel_shadow_terms(s, 0, 0, 0, 1.0);
    keel_event fill = {.kind = KEEL_EV_FILL, .side = 1, .qty_e8 = INT64_MAX, .price_e8 = INT64_MAX};
    keel_shadow_books books = {.held = INT64_MAX};
    assert_int_equal(keel_shadow_look(s, &fill, &books), 0);
    assert_int_equal(s->breaches, 1);
    free(s);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_honest_run_has_no_breach),
        cmocka_unit_test(a_wrong_ledger_wakes_it_at_once),
        cmocka_unit_test(a_breach_is_in_the_log_at_once),
        cmocka_unit_test(what_is_too_large_to_follow_is_said),
    };
    return cmocka_run_group_tests_name("shadow", tests, NULL, NULL);
}
