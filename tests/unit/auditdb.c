/* The audit database by itself: several builders at once, and what comes behind the last row of the account. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
/* after the four above, which it needs */
#include <cmocka.h>

#include "ops/auditdb/auditdb.h"
#include "port/fs_real.h"

static int keep(void *data, const char *line, size_t size) {
    keel_strbuf_add_bytes(data, line, size);
    return 0;
}

static int64_t other_owner(void *ctx) {
    (void)ctx;
    return 1;
}

static void put_decision(keel_auditdb *db, int64_t id, int64_t cycle) {
    keel_auditdb_row(db, KEEL_AUDITDB_decisions);
    keel_auditdb_int(db, "decision_id", id);
    keel_auditdb_int(db, "cycle_id", cycle);
    keel_auditdb_put(db);
}

/* [LOG-08.2] */
static void two_builders_and_the_rest_of_the_cycles(void **state) {
    (void)state;
    char dir[] = "auditdb_XXXXXX", path[64];
    keel_auditdb *db, *other;
    keel_err err = {0};
    keel_strbuf out;
    keel_fs theirs = *keel_fs_real();
    theirs.owner = other_owner;
    assert_non_null(mkdtemp(dir));
    (void)snprintf(path, sizeof path, "%s/audit.db", dir);
    assert_int_equal(keel_auditdb_begin(keel_fs_real(), path, &db, &err), 0);
    put_decision(db, 1, 3);
    assert_int_equal(keel_auditdb_begin(&theirs, path, &other, &err), 0);
    put_decision(db, 2, 6);
    keel_auditdb_row(db, KEEL_AUDITDB_portfolio_snapshots);
    keel_auditdb_int(db, "cycle_id", 4);
    keel_auditdb_put(db);
    keel_auditdb_abandon(other);
    assert_int_equal(keel_auditdb_finish(db, &err), 0);
    keel_strbuf_init(&out, 0);
    assert_int_equal(keel_auditdb_cycles(keel_fs_real(), path, keep, &out, &err), 0);
    const char *text = keel_strbuf_text(&out), *rest = strchr(text, '\n') + 1;
    assert_non_null(strstr(text, "\"decision_id\":1"));
    assert_true(strstr(text, "\"decision_id\":1") < rest);
    assert_non_null(strstr(rest, "\"cycle_id\":null"));
    assert_non_null(strstr(rest, "\"kind\":\"rest\""));
    assert_non_null(strstr(rest, "\"decision_id\":2"));
    assert_ptr_equal(strchr(rest, '\n') + 1, text + out.size);
    keel_strbuf_done(&out);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(rmdir(dir), 0); /* nothing else is left */
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(two_builders_and_the_rest_of_the_cycles)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
