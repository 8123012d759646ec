/* What is asked of a paper run of several strategies as a whole, over simulated streams: it holds for those that have
 * not begun, and for nobody else. [CTL-03] */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
/* after the four above, which it needs */
#include <cmocka.h>

#include "app/cli/paper_group_control.h"
#include "port/simfs.h"
#include "port/simlocal.h"

enum { MINE = 1000, COUNT = 4, OVER = 0, RUNS = 1 }; /* the others wait */

typedef struct place {
    keel_simclock clock;
    keel_simlocal all;
    keel_simfs *disk;
    const keel_local *here, *there;
    keel_paper_member member[COUNT];
    keel_paper_group_control control;
    int recorded, fails, over_when_recorded;
    char answer[4096];
} place;

static int record(void *data, keel_err *err) {
    place *p = data;
    p->recorded++;
    for (int i = 0; i < COUNT; i++)
        p->over_when_recorded += p->member[i].is_over;
    return p->fails ? keel_err_set(err, KEEL_E_IO, "no room: disk") : 0;
}

static void begin(place *p) {
    static const char *const NAMES[COUNT] = {"a", "b", "c", "d"};
    keel_err err = {0};
    memset(p, 0, sizeof *p);
    keel_simclock_init(&p->clock, 0);
    keel_simlocal_init(&p->all, 1, &p->clock);
    p->disk = keel_simfs_new(1);
    p->here = keel_simlocal_join(&p->all, MINE);
    p->there = keel_simlocal_join(&p->all, MINE);
    for (int i = 0; i < COUNT; i++)
        p->member[i].name = NAMES[i];
    p->member[OVER].has_begun = p->member[OVER].is_over = p->member[RUNS].has_begun = 1;
    const keel_fs *fs = keel_simfs_port(p->disk);
    assert_int_equal(fs->mkdir(fs->ctx, "/r"), 0);
    keel_paper_group_control_run run = {.folder = "/r",
                                        .run_id = "0123456789abcdef",
                                        .clock = &p->clock.port,
                                        .local = p->here,
                                        .fs = fs,
                                        .member = p->member,
                                        .count = COUNT,
                                        .record = record,
                                        .data = p};
    if (keel_paper_group_control_open(&p->control, &run, &err) != 0) fail_msg("%s", err.text);
}

static void end(place *p) {
    keel_paper_group_control_close(&p->control);
    keel_simfs_free(p->disk);
}

/* What the look says that obeys it; the answer stays in p->answer. */
static int ask(place *p, keel_control_ask what, const char *reason) {
    keel_control_request r = {.ask = what};
    keel_strbuf line;
    (void)snprintf(r.reason, sizeof r.reason, "%s", reason);
    keel_strbuf_init(&line, KEEL_CONTROL_LINE_MAX);
    keel_control_request_write(&r, &line);
    int conn = p->there->connect(p->there->ctx, "/r/" KEEL_CONTROL_FOLDER, KEEL_CONTROL_NAME);
    assert_true(conn >= 0);
    assert_int_equal(p->there->write(p->there->ctx, conn, line.text, line.size), line.size);
    int closes = keel_paper_group_control_look(&p->control);
    closes |= keel_paper_group_control_look(&p->control);
    int64_t n = p->there->read(p->there->ctx, conn, p->answer, sizeof p->answer - 1);
    assert_true(n > 0);
    p->answer[n] = 0;
    p->there->close(p->there->ctx, conn);
    (void)keel_paper_group_control_look(&p->control);
    keel_strbuf_done(&line);
    return closes;
}

static void says(const place *p, const char *text) {
    if (!strstr(p->answer, text)) fail_msg("no %s in %s", text, p->answer);
}

static void it_tells_who_waits_runs_and_is_over(void **state) {
    (void)state;
    static place p;
    begin(&p);
    assert_int_equal(ask(&p, KEEL_CONTROL_STATUS, ""), 0);
    says(&p, "\"ok\":true,\"ask\":\"status\",\"run_id\":\"0123456789abcdef\",\"mode\":\"paper\",\"process\":");
    says(&p, "\"begins_with\":null,\"strategies\":[{\"name\":\"a\",\"state\":\"over\",\"has_begun\":true,"
             "\"exit_code\":0},");
    says(&p, "{\"name\":\"b\",\"state\":\"running\",\"has_begun\":true},");
    says(&p, "{\"name\":\"c\",\"state\":\"waiting\",\"has_begun\":false},{\"name\":\"d\",\"state\":\"waiting\"");
    assert_int_equal(p.recorded, 0);
    end(&p);
}

/* Of two the first one's name stands; a resume takes all back; nothing is kept for nobody. */
static void who_waits_begins_with_what_was_ordered(void **state) {
    (void)state;
    static place p;
    begin(&p);
    assert_int_equal(ask(&p, KEEL_CONTROL_CANCEL, "x"), 0);
    says(&p, "\"begins_with\":null");
    assert_int_equal(ask(&p, KEEL_CONTROL_PAUSE, "first"), 0);
    says(&p, "\"begins_with\":\"pause\"");
    assert_int_equal(ask(&p, KEEL_CONTROL_PAUSE, "second"), 0);
    assert_int_equal(ask(&p, KEEL_CONTROL_FLAT, ""), 0);
    says(&p, "\"begins_with\":\"flat\"");
    const keel_paper_asked_all *asked = &p.control.asked;
    assert_true(asked->pause.is_given && asked->flat.is_given);
    assert_string_equal(asked->pause.reason, "first");
    assert_string_equal(asked->flat.reason, KEEL_AUDIT_NO_REASON);
    assert_non_null(strstr(asked->pause.actor, "(uid 1000)"));
    assert_int_equal(ask(&p, KEEL_CONTROL_RESUME, ""), 0);
    says(&p, "\"begins_with\":null");
    assert_false(asked->pause.is_given || asked->flat.is_given);
    for (int i = 0; i < COUNT; i++)
        p.member[i].has_begun = 1;
    assert_int_equal(ask(&p, KEEL_CONTROL_PAUSE, "late"), 0);
    says(&p, "\"begins_with\":null");
    assert_false(asked->pause.is_given);
    assert_int_equal(p.recorded, 0);
    end(&p);
}

static void a_kill_is_on_record_before_it_is_answered(void **state) {
    (void)state;
    static place p;
    begin(&p);
    assert_int_equal(ask(&p, KEEL_CONTROL_KILL, "news: api_key=abcdefgh12345678"), 1);
    assert_int_equal(p.recorded, 1);
    assert_int_equal(p.over_when_recorded, COUNT - 1);
    says(&p, "\"ok\":true,\"ask\":\"kill\"");
    says(&p, "{\"name\":\"b\",\"state\":\"running\",\"has_begun\":true},");
    says(&p, "{\"name\":\"d\",\"state\":\"over\",\"has_begun\":false,\"exit_code\":130}");
    for (int i = 2; i < COUNT; i++) {
        assert_int_equal(p.member[i].code, KEEL_E_INTERRUPTED);
        assert_non_null(strstr(p.member[i].text, "not started: killed by "));
        assert_non_null(strstr(p.member[i].text, "news"));
        assert_null(strstr(p.member[i].text, "abcdefgh12345678"));
    }
    assert_true(!p.member[RUNS].is_over && !p.member[RUNS].text[0] && !p.member[OVER].text[0]);
    assert_int_equal(ask(&p, KEEL_CONTROL_KILL, "again"), 1); /* nothing is new, and nothing is written */
    assert_int_equal(p.recorded, 1);
    end(&p);
}

/* Whoever has not begun trades nothing: that needs no record to hold. */
static void a_kill_that_cannot_be_recorded_holds_and_is_told(void **state) {
    (void)state;
    static place p;
    begin(&p);
    p.fails = 1;
    assert_int_equal(ask(&p, KEEL_CONTROL_KILL, "x"), 1);
    says(&p, "\"ok\":false,\"code\":1,\"error\":\"no strategy begins any more, and it is not on record: no room: disk");
    assert_true(p.member[2].is_over && p.member[3].is_over);
    end(&p);
}

/* In the process of a strategy nothing of it is left, and whoever asks is heard by the other as before. */
static void a_strategy_has_none_of_it(void **state) {
    (void)state;
    static place p;
    begin(&p);
    keel_paper_group_control left = p.control;
    keel_paper_group_control_forget(&left);
    assert_null(left.desk);
    assert_int_equal(keel_paper_group_control_look(&left), 0);
    p.control.desk = NULL; /* the twin has one process: its listener is closed, the name stays */
    assert_true(p.there->connect(p.there->ctx, "/r/" KEEL_CONTROL_FOLDER, KEEL_CONTROL_NAME) < 0);
    end(&p);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_tells_who_waits_runs_and_is_over),
        cmocka_unit_test(who_waits_begins_with_what_was_ordered),
        cmocka_unit_test(a_kill_is_on_record_before_it_is_answered),
        cmocka_unit_test(a_kill_that_cannot_be_recorded_holds_and_is_told),
        cmocka_unit_test(a_strategy_has_none_of_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
