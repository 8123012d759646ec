/* Where people reach a running keel, over simulated streams: what is asked, how it is refused, and who is heard. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <errno.h>

#include "ops/control/desk.h"
#include "port/simfs.h"
#include "port/simlocal.h"

#define DIR "/r/" KEEL_CONTROL_FOLDER
#define HEAD "{\"schema\":\"keel.control\",\"schema_version\":1,"
enum { MS = 1000000, MINE = 1000, OTHERS = 1001 };

typedef struct place {
    keel_simclock clock;
    keel_simlocal all;
    keel_simfs *disk;
    const keel_local *here, *there, *stranger, *root;
    keel_control *desk;
    int obeyed[16], count;
    char reason[KEEL_CONTROL_REASON_MAX];
    int64_t uid;
} place;

static void serve(void *data, const keel_control_request *r, const keel_local_peer *who, keel_strbuf *ret_line) {
    place *p = data;
    assert_true(p->count < 16);
    p->obeyed[p->count++] = (int)r->ask;
    (void)snprintf(p->reason, sizeof p->reason, "%s", r->reason);
    p->uid = who->uid;
    if (r->ask == KEEL_CONTROL_RESUME)
        keel_control_refusal(KEEL_E_GATE, "not from here", ret_line);
    else
        keel_strbuf_addf(ret_line, HEAD "\"ok\":true,\"ask\":\"%s\"}\n", keel_control_word(r->ask));
}

static void open_place(place *p, uint64_t seed) {
    keel_err err = {0};
    memset(p, 0, sizeof *p);
    keel_simclock_init(&p->clock, 0);
    keel_simlocal_init(&p->all, seed, &p->clock);
    p->disk = keel_simfs_new(seed);
    p->here = keel_simlocal_join(&p->all, MINE);
    p->there = keel_simlocal_join(&p->all, MINE);
    p->stranger = keel_simlocal_join(&p->all, OTHERS);
    p->root = keel_simlocal_join(&p->all, 0);
    keel_control_options o = {.local = p->here,
                              .clock = &p->clock.port,
                              .fs = keel_simfs_port(p->disk),
                              .dir = "/r",
                              .serve = serve,
                              .data = p};
    assert_int_equal(o.fs->mkdir(o.fs->ctx, "/r"), 0);
    if (keel_control_open(&o, &p->desk, &err) != 0) fail_msg("%s", err.text);
}

static void close_place(place *p) {
    keel_control_close(p->desk);
    keel_simfs_free(p->disk);
}

static int come(const keel_local *by) {
    int conn = by->connect(by->ctx, DIR, KEEL_CONTROL_NAME);
    assert_true(conn >= 0);
    return conn;
}

static void write_all(const keel_local *by, int conn, const char *text) {
    assert_int_equal(by->write(by->ctx, conn, text, strlen(text)), strlen(text));
}

/* What was said so far; "" nothing, NULL: the stream ended. */
static const char *heard(const keel_local *by, int conn) {
    static char text[8192];
    int64_t n = by->read(by->ctx, conn, text, sizeof text - 1);
    if (n == 0) return NULL;
    text[n > 0 ? n : 0] = 0;
    return text;
}

static const char *asked(place *p, const keel_local *by, const char *line) {
    int conn = come(by);
    write_all(by, conn, line);
    keel_control_look(p->desk);
    keel_control_look(p->desk);
    const char *text = heard(by, conn);
    by->close(by->ctx, conn);
    keel_control_look(p->desk);
    return text ? text : "";
}

static int judged(const char *line) {
    keel_err err = {0};
    return keel_control_answer_judge(line, strlen(line), &err);
}

/* [SEC-03] What is no request is refused with a line, and nothing is done. */
static void only_a_request_is_obeyed(void **state) {
    (void)state;
    static place p;
    static const struct {
        const char *line;
        int code;
    } WRONG[] = {{"\n", KEEL_E_USAGE},
                 {"{\n", KEEL_E_USAGE},
                 {"[]\n", KEEL_E_USAGE},
                 {"{}\n", KEEL_E_USAGE},
                 {"\"pause\"\n", KEEL_E_USAGE},
                 {"pause\n", KEEL_E_USAGE},
                 {"{\"schema\":\"keel.other\",\"schema_version\":1,\"ask\":\"pause\"}\n", KEEL_E_USAGE},
                 {"{\"schema\":\"keel.control\",\"schema_version\":2,\"ask\":\"pause\"}\n", KEEL_E_USAGE},
                 {"{\"schema\":\"keel.control\",\"ask\":\"pause\"}\n", KEEL_E_USAGE},
                 {HEAD "\"ask\":\"Pause\"}\n", KEEL_E_USAGE},
                 {HEAD "\"ask\":1}\n", KEEL_E_USAGE},
                 {HEAD "\"reason\":\"x\"}\n", KEEL_E_USAGE},
                 {HEAD "\"ask\":\"pause\",\"reason\":1}\n", KEEL_E_USAGE},
                 {HEAD "\"ask\":\"pause\",\"force\":true}\n", KEEL_E_USAGE},
                 {HEAD "\"ask\":\"pause\",\"ask\":\"kill\"}\n", KEEL_E_USAGE},
                 {HEAD "\"ask\":\"pause\"}{}\n", KEEL_E_USAGE}};
    open_place(&p, 1);
    for (size_t i = 0; i < sizeof WRONG / sizeof *WRONG; i++)
        if (judged(asked(&p, p.there, WRONG[i].line)) != WRONG[i].code)
            fail_msg("%s: %s", WRONG[i].line, asked(&p, p.there, WRONG[i].line));
    assert_int_equal(p.count, 0);
    assert_int_equal(judged(asked(&p, p.there, HEAD "\"ask\":\"flat\",\"reason\":\"so \\u00e4\"}\n")), 0);
    assert_true(p.count == 1 && p.obeyed[0] == KEEL_CONTROL_FLAT && p.uid == MINE);
    assert_string_equal(p.reason, "so \xc3\xa4");
    assert_int_equal(judged(asked(&p, p.there, HEAD "\"ask\":\"resume\"}\n")), KEEL_E_GATE);
    close_place(&p);
}

static void a_reason_and_a_line_have_an_end(void **state) {
    (void)state;
    static place p;
    char line[KEEL_CONTROL_LINE_MAX + 64];
    for (int more = 0; more <= 1; more++) {
        open_place(&p, 1);
        int size = snprintf(line, sizeof line, HEAD "\"ask\":\"kill\",\"reason\":\"");
        memset(line + size, 'x', (size_t)(KEEL_CONTROL_REASON_MAX - 1 + more));
        (void)snprintf(line + size + KEEL_CONTROL_REASON_MAX - 1 + more, 4, "\"}\n");
        assert_int_equal(judged(asked(&p, p.there, line)), more ? KEEL_E_USAGE : 0);
        assert_int_equal(p.count, !more);
        memset(line, ' ', sizeof line);
        line[KEEL_CONTROL_LINE_MAX] = 0;
        int conn = come(p.there);
        write_all(p.there, conn, line);
        keel_control_look(p.desk);
        assert_int_equal(judged(heard(p.there, conn)), KEEL_E_USAGE);
        assert_null(heard(p.there, conn));
        close_place(&p);
    }
}

/* [SEC-03] The folder keeps others out; one who comes in all the same is not heard. Root is. */
static void a_stranger_is_not_heard(void **state) {
    (void)state;
    static place p;
    open_place(&p, 1);
    assert_int_equal(judged(asked(&p, p.stranger, HEAD "\"ask\":\"kill\"}\n")), KEEL_E_GATE);
    assert_int_equal(p.count, 0);
    assert_int_equal(keel_control_counts_of(p.desk).strangers, 1);
    assert_int_equal(judged(asked(&p, p.root, HEAD "\"ask\":\"kill\"}\n")), 0);
    assert_true(p.count == 1 && p.uid == 0);
    close_place(&p);
}

/* Where there is no folder of a run, or its path is too long for any call, nobody listens, and the line says so. */
static void no_folder_no_desk(void **state) {
    (void)state;
    static place p;
    keel_err err = {0};
    keel_control *desk = NULL;
    open_place(&p, 1);
    const keel_fs *fs = keel_simfs_port(p.disk);
    keel_control_options o = {
        .local = p.here, .clock = &p.clock.port, .fs = fs, .dir = "/q", .serve = serve, .data = &p};
    assert_int_not_equal(keel_control_open(&o, &desk, &err), 0); /* no such run */
    assert_null(desk);
    char deep[2 * KEEL_FS_PATH_MAX];
    memset(deep, 'd', sizeof deep);
    deep[0] = '/';
    deep[sizeof deep - 1] = 0;
    o.dir = deep;
    assert_int_equal(keel_control_open(&o, &desk, &err), KEEL_E_RANGE);
    close_place(&p);
}

/* Lines in any pieces, several at once, from several who came together, over streams that move little at a time: each
 * is obeyed once, in order, and answered. */
static void many_speak_at_once(void **state) {
    (void)state;
    static place p;
    static const char LINES[] = HEAD "\"ask\":\"pause\"}\n" HEAD "\"ask\":\"cancel\"}\n" HEAD "\"ask\":\"resume\"}\n";
    for (uint64_t seed = 0; seed < 40; seed++) {
        open_place(&p, seed);
        p.all.chop = 800000;
        size_t at[3] = {0}, lines[3] = {0};
        int conn[3];
        for (int i = 0; i < 3; i++)
            conn[i] = come(p.there);
        for (int turns = 0; turns < 5000 && lines[0] + lines[1] + lines[2] < 9; turns++)
            for (int i = 0; i < 3; i++) {
                size_t left = sizeof LINES - 1 - at[i];
                int64_t n = left ? p.there->write(p.there->ctx, conn[i], LINES + at[i], left < 7 ? left : 7) : 0;
                if (n > 0) at[i] += (size_t)n;
                keel_control_look(p.desk);
                const char *text = heard(p.there, conn[i]);
                for (assert_non_null(text); *text; text++)
                    lines[i] += *text == '\n';
            }
        assert_true(lines[0] == 3 && lines[1] == 3 && lines[2] == 3);
        int of[6] = {0};
        assert_int_equal(p.count, 9);
        for (int i = 0; i < 9; i++)
            of[p.obeyed[i]]++;
        assert_true(of[KEEL_CONTROL_PAUSE] == 3 && of[KEEL_CONTROL_CANCEL] == 3 && of[KEEL_CONTROL_RESUME] == 3);
        close_place(&p);
    }
}

/* Who says nothing whole, and who hears nothing, is let go; more than there is room for wait; half a line of one who
 * left was not asked, a whole one was. */
static void nobody_holds_the_desk_up(void **state) {
    (void)state;
    static place p;
    open_place(&p, 1);
    int silent[KEEL_CONTROL_CLIENTS];
    for (int i = 0; i < KEEL_CONTROL_CLIENTS; i++) {
        silent[i] = come(p.there);
        write_all(p.there, silent[i], HEAD "\"ask\":\"kill\"");
    }
    int late = come(p.there);
    write_all(p.there, late, HEAD "\"ask\":\"pause\"}\n");
    keel_control_look(p.desk);
    keel_control_look(p.desk);
    assert_true(p.count == 0 && strcmp(heard(p.there, late), "") == 0);
    p.there->close(p.there->ctx, silent[0]);
    keel_control_look(p.desk);
    keel_control_look(p.desk);
    assert_true(p.count == 1 && p.obeyed[0] == KEEL_CONTROL_PAUSE);
    assert_int_equal(judged(heard(p.there, late)), 0);
    keel_simclock_advance(&p.clock, (int64_t)(KEEL_CONTROL_IDLE_MS + 1) * MS);
    keel_control_look(p.desk);
    keel_control_look(p.desk);
    for (int i = 1; i < KEEL_CONTROL_CLIENTS; i++)
        assert_null(heard(p.there, silent[i]));
    assert_true(p.count == 1 && keel_control_counts_of(p.desk).late == KEEL_CONTROL_CLIENTS);
    int left = come(p.there);
    write_all(p.there, left, HEAD "\"ask\":\"flat\"}\n");
    p.there->close(p.there->ctx, left);
    keel_control_look(p.desk);
    assert_true(p.count == 2 && p.obeyed[1] == KEEL_CONTROL_FLAT);
    close_place(&p);
}

/* The name of one who was killed is taken over; one who leaves is gone at once, and shows his guests when he ends. */
static void a_name_is_taken_over_and_given_back(void **state) {
    (void)state;
    static place p;
    keel_err err = {0};
    keel_control *next = NULL;
    open_place(&p, 1);
    keel_simlocal_kill(&p.all, p.here);
    assert_int_equal(p.there->connect(p.there->ctx, DIR, KEEL_CONTROL_NAME), -ECONNREFUSED);
    keel_control_options o = {.local = p.there,
                              .clock = &p.clock.port,
                              .fs = keel_simfs_port(p.disk),
                              .dir = "/r",
                              .serve = serve,
                              .data = &p};
    if (keel_control_open(&o, &next, &err) != 0) fail_msg("%s", err.text);
    int guest = come(p.root);
    keel_control_look(next);
    keel_control_leave(next);
    assert_int_equal(p.root->connect(p.root->ctx, DIR, KEEL_CONTROL_NAME), -ENOENT);
    assert_string_equal(heard(p.root, guest), "");
    keel_control_close(next);
    assert_null(heard(p.root, guest));
    keel_simfs_free(p.disk);
    free(p.desk); /* as a killed program's memory goes */
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_a_request_is_obeyed),      cmocka_unit_test(a_reason_and_a_line_have_an_end),
        cmocka_unit_test(a_stranger_is_not_heard),       cmocka_unit_test(no_folder_no_desk),
        cmocka_unit_test(many_speak_at_once),            cmocka_unit_test(nobody_holds_the_desk_up),
        cmocka_unit_test(a_name_is_taken_over_and_given_back)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
