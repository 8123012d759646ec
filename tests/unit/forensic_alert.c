/* Telling somebody at once: each record reaches the program, whoever puts one never waits, and what does not arrive is
 * counted. [LOG-08.1] */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
/* after the four above, which it needs */
#include <cmocka.h>

#include <pthread.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ops/forensic/alert.h"

/* A program that notes what it gets, and waits while it is told to. */
typedef struct fake {
    keel_program port;
    pthread_mutex_t lock;
    pthread_cond_t news;
    int held, begun, calls, result;
    char heard[4096];
} fake;

static int hear(void *ctx, const char *path, const void *input, size_t size, int timeout_ms, keel_err *err) {
    fake *f = ctx;
    (void)path;
    (void)timeout_ms;
    (void)pthread_mutex_lock(&f->lock);
    f->begun++;
    (void)pthread_cond_broadcast(&f->news);
    while (f->held)
        (void)pthread_cond_wait(&f->news, &f->lock);
    size_t used = strlen(f->heard);
    if (used + size < sizeof f->heard) memcpy(f->heard + used, input, size);
    f->calls++;
    (void)pthread_mutex_unlock(&f->lock);
    return f->result ? keel_err_set(err, f->result, "no line: phone: plug it in") : 0;
}

static void fake_init(fake *f, int held, int result) {
    memset(f, 0, sizeof *f);
    f->port = (keel_program){f, hear};
    assert_int_equal(pthread_mutex_init(&f->lock, NULL), 0);
    assert_int_equal(pthread_cond_init(&f->news, NULL), 0);
    f->held = held;
    f->result = result;
}

static keel_alerts *open_alerts(const keel_program *program, const char *path, int timeout_ms) {
    keel_alerts *a = NULL;
    keel_err err = {0};
    keel_alerts_options o = {.program = program, .clock = keel_clock_real(), .path = path, .timeout_ms = timeout_ms};
    assert_int_equal(keel_alerts_open(&o, &a, &err), 0);
    return a;
}

static void test_each_arrives_in_order(void **state) {
    (void)state;
    fake f;
    keel_alerts_result r;
    fake_init(&f, 0, 0);
    keel_alerts *a = open_alerts(&f.port, "phone", 60000);
    keel_alerts_put(a, "one\n", 4);
    keel_alerts_put(a, "two\n", 4);
    keel_alerts_put(NULL, "nobody\n", 7);
    keel_alerts_close(a, &r);
    assert_string_equal(f.heard, "one\ntwo\n");
    assert_int_equal(r.told, 2);
    assert_int_equal(r.failed + r.dropped, 0);
    keel_alerts_close(NULL, &r);
    assert_int_equal(r.told + r.failed + r.dropped, 0);
}

/* The program does not come back: whoever puts does, and the queue is bounded. */
static void test_a_program_that_hangs_holds_nobody_up(void **state) {
    (void)state;
    fake f;
    keel_alerts_result r;
    fake_init(&f, 1, 0);
    keel_alerts *a = open_alerts(&f.port, "phone", 60000);
    keel_alerts_put(a, "x\n", 2);
    (void)pthread_mutex_lock(&f.lock);
    while (f.begun == 0)
        (void)pthread_cond_wait(&f.news, &f.lock);
    (void)pthread_mutex_unlock(&f.lock);
    for (int i = 0; i < KEEL_ALERTS_WAITING + 7; i++)
        keel_alerts_put(a, "y\n", 2);
    (void)pthread_mutex_lock(&f.lock);
    assert_int_equal(f.calls, 0);
    f.held = 0;
    (void)pthread_cond_broadcast(&f.news);
    (void)pthread_mutex_unlock(&f.lock);
    keel_alerts_close(a, &r);
    assert_int_equal(r.told, KEEL_ALERTS_WAITING + 1);
    assert_int_equal(r.dropped, 7);
}

static void test_what_fails_is_counted_with_its_reason(void **state) {
    (void)state;
    fake f;
    keel_alerts_result r;
    static char large[9000];
    fake_init(&f, 0, KEEL_E_IO);
    keel_alerts *a = open_alerts(&f.port, "phone", 60000);
    keel_alerts_put(a, "one\n", 4);
    keel_alerts_put(a, "two\n", 4);
    keel_alerts_put(a, large, sizeof large);
    keel_alerts_close(a, &r);
    assert_int_equal(r.failed, 2);
    assert_int_equal(r.dropped, 1);
    assert_string_equal(r.why, "no line: phone: plug it in");
}

/* ---- programs of the machine ---- */

static void write_script(const char *path, const char *text) {
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fprintf(file, "#!/bin/sh\n%s\n", text) > 0);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(chmod(path, 0700), 0);
}

static void test_programs_of_the_machine(void **state) {
    (void)state;
    char dir[] = "forensic_alert_XXXXXX", path[64], out[64], text[512], heard[64] = "";
    const keel_program *p = keel_program_real();
    keel_err err = {0};
    assert_non_null(mkdtemp(dir));
    (void)snprintf(path, sizeof path, "./%s/phone", dir);
    (void)snprintf(out, sizeof out, "%s/heard", dir);
    assert_int_equal(keel_program_check(path, &err), KEEL_E_NOT_FOUND);
    assert_int_equal(p->run(p->ctx, path, "x\n", 2, 60000, &err), KEEL_E_NOT_FOUND);
    (void)snprintf(text, sizeof text, "echo said; cat > %s", out);
    write_script(path, text);
    assert_int_equal(keel_program_check(path, &err), 0);
    assert_int_equal(p->run(p->ctx, path, "{\"a\":\"$(id)\"}\n", 14, 60000, &err), 0);
    FILE *file = fopen(out, "r");
    assert_non_null(file);
    assert_non_null(fgets(heard, sizeof heard, file));
    assert_int_equal(fclose(file), 0);
    assert_string_equal(heard, "{\"a\":\"$(id)\"}\n");
    /* none has to read */
    write_script(path, "exit 3");
    assert_int_equal(p->run(p->ctx, path, "x\n", 2, 60000, &err), KEEL_E_IO);
    assert_non_null(strstr(err.text, "exit status 3"));
    write_script(path, "sleep 600");
    assert_int_equal(p->run(p->ctx, path, "x\n", 2, 50, &err), KEEL_E_TIMEOUT);
    assert_int_equal(chmod(path, 0600), 0);
    assert_int_equal(keel_program_check(path, &err), KEEL_E_NOT_FOUND);
    assert_int_equal(unlink(path) + unlink(out) + rmdir(dir), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_arrives_in_order),
        cmocka_unit_test(test_a_program_that_hangs_holds_nobody_up),
        cmocka_unit_test(test_what_fails_is_counted_with_its_reason),
        cmocka_unit_test(test_programs_of_the_machine),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
