/* Memory for the chain of a segment that is not there: a line, and not the end of the process. [WAL-05] [ENG-05.2]
 * malloc is this file's own: the linker puts it in front of the library's (meson.build). */
#include "base/sha256_pieces.h"
#include "journal/inspect.h"
#include "journal_fixture.h"

/* No other memory has the size of a chain's. */
enum { CHAIN = 2 * KEEL_SHA256_PIECE * KEEL_SHA256_ABREAST, SEGMENT_SIZE = 20480 };

static int withheld; /* 1: no memory for a chain */
static int refused;

void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_malloc(size_t size) {
    if (!withheld || size != CHAIN) return __real_malloc(size);
    refused++;
    return NULL;
}

/* Whoever reads a journal, and whoever opens it to write, is told; then it is as it was. */
static void opening_says_that_there_is_no_memory(void **state) {
    (void)state;
    world w;
    keel_journal_recovery met;
    keel_journal_report report;
    world_init(&w, 1);
    w.options.segment_bytes = SEGMENT_SIZE;
    must(keel_journal_open(&w.options, &w.j, &met, &w.err), &w.err);
    must(append_some(w.j, 50, 7, &w.err), &w.err);
    must(keel_journal_close(w.j, &w.err), &w.err);
    w.j = NULL;
    keel_journal_where where = world_where(&w);
    withheld = 1;
    assert_int_equal(keel_journal_inspect(&where, 0, NULL, NULL, &report, &w.err), KEEL_E_NOMEM);
    assert_non_null(strstr(w.err.text, "out of memory"));
    memset(&w.err, 0, sizeof w.err);
    assert_int_equal(keel_journal_open(&w.options, &w.j, &met, &w.err), KEEL_E_NOMEM);
    assert_non_null(strstr(w.err.text, "out of memory"));
    assert_true(refused >= 2);
    withheld = 0;
    memset(&w.err, 0, sizeof w.err);
    must(keel_journal_open(&w.options, &w.j, &met, &w.err), &w.err);
    assert_int_equal(met.found.verdict, KEEL_JOURNAL_GOOD);
    world_done(&w);
}

/* The writer's next segment waits; what came before it is whole, and with memory it goes on without a gap. */
static void a_segment_that_cannot_begin_begins_later(void **state) {
    (void)state;
    world w;
    keel_journal_recovery met;
    keel_journal_report report;
    int rc = 0;
    world_init(&w, 2);
    w.options.segment_bytes = SEGMENT_SIZE;
    must(keel_journal_open(&w.options, &w.j, &met, &w.err), &w.err);
    refused = 0;
    withheld = 1;
    for (int i = 0; rc == 0 && i < 1000; i++) {
        rc = append_some(w.j, 1, 7, &w.err);
        if (rc == 0) rc = keel_journal_commit(w.j, &w.err);
    }
    assert_int_equal(rc, KEEL_E_NOMEM);
    assert_non_null(strstr(w.err.text, "out of memory"));
    assert_true(refused > 0 && keel_journal_durable_seq(w.j) > 0);
    withheld = 0;
    memset(&w.err, 0, sizeof w.err);
    must(keel_journal_commit(w.j, &w.err), &w.err);
    must(append_some(w.j, 100, 7, &w.err), &w.err);
    uint64_t last = keel_journal_next_seq(w.j) - 1;
    must(keel_journal_close(w.j, &w.err), &w.err);
    w.j = NULL;
    keel_journal_where where = world_where(&w);
    must(keel_journal_inspect(&where, 0, NULL, NULL, &report, &w.err), &w.err);
    assert_int_equal(report.verdict, KEEL_JOURNAL_GOOD);
    assert_true(report.last_seq >= last);
    world_done(&w);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(opening_says_that_there_is_no_memory),
        cmocka_unit_test(a_segment_that_cannot_begin_begins_later),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
