/* Records as bytes with their fields named: there and back, by programs that know other fields, and cut or changed. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/packed.h"

enum { ROWS = 5 };

typedef struct thing {
    int64_t when;
    double price[3];
    uint64_t id;
    int32_t side;
    uint32_t count;
    uint8_t name[4];
    int32_t later; /* of a newer program */
    double rate;   /* also */
} thing;

#define OLD_FIELDS                                                                                    \
    KEEL_PACKED(I64, "when", thing, when), KEEL_PACKED_LIST(F64, "price", thing, price, 3),           \
        KEEL_PACKED(U64, "id", thing, id), KEEL_PACKED_IN(I32, "side", thing, side, -1, 1),           \
        KEEL_PACKED(U32, "count", thing, count), KEEL_PACKED_LIST(U8, "name", thing, name, 4)

static const keel_packed_field OLD[] = {OLD_FIELDS};
static const keel_packed_field NEW[] = {
    {"rate", KEEL_PACKED_F64, 1, offsetof(thing, rate), 0, 0, 1, 0.25}, OLD_FIELDS,
    {"later", KEEL_PACKED_I32, 1, offsetof(thing, later), 0, 0, 1, -7.0}};
static const keel_packed_field NEEDED[] = {OLD_FIELDS, KEEL_PACKED(I32, "later", thing, later)};
static const keel_packed_field WIDER[] = {KEEL_PACKED(I64, "when", thing, when),
                                          KEEL_PACKED_LIST(F64, "price", thing, price, 2)};

static const keel_packed_table OLD_TABLE = KEEL_PACKED_TABLE("things", OLD, thing, 12);
static const keel_packed_table NEW_TABLE = KEEL_PACKED_TABLE("things", NEW, thing, 0);
static const keel_packed_table NEEDED_TABLE = KEEL_PACKED_TABLE("things", NEEDED, thing, 8);
static const keel_packed_table WIDER_TABLE = KEEL_PACKED_TABLE("things", WIDER, thing, 0);

static void fill(thing *t) {
    memset(t, 0, ROWS * sizeof *t);
    for (int i = 0; i < ROWS; i++)
        t[i] = (thing){.when = -1000000007LL * i,
                       .price = {0.1 * i, -0.0, 1e300},
                       .id = UINT64_MAX - (uint64_t)i,
                       .side = i % 3 - 1,
                       .count = 4000000000u + (uint32_t)i,
                       .name = {1, 0, (uint8_t)i, 255},
                       .later = 40 + i,
                       .rate = 1.5 * i};
}

/* Two parts: things of a table, and bytes. Handed over. */
static uint8_t *written(const keel_packed_table *t, const thing *things, size_t *ret_size) {
    keel_strbuf out;
    keel_packed_writer w;
    keel_strbuf_init(&out, 0);
    keel_packed_begin(&w, &out);
    keel_packed_rows(&w, t, things, ROWS, sizeof *things);
    keel_packed_bytes(&w, "text", "hello", 5);
    keel_packed_end(&w);
    *ret_size = out.size;
    uint8_t *bytes = (uint8_t *)keel_strbuf_take(&out);
    assert_non_null(bytes);
    return bytes;
}

static int read_all(const uint8_t *bytes, size_t size, const keel_packed_table *t, thing *ret, keel_err *err) {
    keel_packed_reader r;
    const uint8_t *text;
    size_t text_size;
    KEEL_TRY(keel_packed_open(&r, bytes, size, err));
    KEEL_TRY(keel_packed_look_bytes(&r, "text", &text, &text_size, err));
    KEEL_TRY(keel_packed_take(&r, t, ret, ROWS, sizeof *ret, 0, err));
    KEEL_TRY(keel_packed_all_known(&r, err));
    return keel_packed_take(&r, t, ret, ROWS, sizeof *ret, 1, err);
}

/* [WAL-04.1] By the program that wrote them, to the bit; what is no field's stays. */
static void what_is_written_is_read(void **state) {
    (void)state;
    thing a[ROWS], b[ROWS];
    keel_err err = {0};
    size_t size;
    fill(a);
    uint8_t *bytes = written(&OLD_TABLE, a, &size);
    memset(b, 0x55, sizeof b);
    assert_int_equal(read_all(bytes, size, &OLD_TABLE, b, &err), 0);
    for (int i = 0; i < ROWS; i++) {
        assert_int_equal(b[i].later, 0x55555555);
        b[i].later = a[i].later;
        b[i].rate = a[i].rate;
    }
    assert_memory_equal(a, b, sizeof a);
    free(bytes);
}

/* [WAL-04.1] A newer program reads an older one's: what was added begins as its table says. Not where it says nothing,
 * and never the other way. */
static void fields_may_be_added(void **state) {
    (void)state;
    thing a[ROWS], b[ROWS];
    keel_err err = {0};
    size_t size;
    fill(a);
    uint8_t *old = written(&OLD_TABLE, a, &size);
    memset(b, 0x55, sizeof b);
    assert_int_equal(read_all(old, size, &NEW_TABLE, b, &err), 0);
    for (int i = 0; i < ROWS; i++) {
        assert_true(b[i].later == -7 && b[i].rate == 0.25 && b[i].when == a[i].when && b[i].id == a[i].id);
        assert_memory_equal(b[i].price, a[i].price, sizeof a[i].price);
    }
    assert_int_equal(read_all(old, size, &NEEDED_TABLE, b, &err), KEEL_E_VERSION);
    assert_non_null(strstr(err.text, "things has no later"));
    free(old);
    uint8_t *new = written(&NEW_TABLE, a, &size);
    assert_int_equal(read_all(new, size, &NEW_TABLE, b, &err), 0);
    assert_memory_equal(a, b, sizeof a);
    memset(b, 0x55, sizeof b);
    assert_int_equal(read_all(new, size, &OLD_TABLE, b, &err), KEEL_E_VERSION);
    assert_non_null(strstr(err.text, "newer keel"));
    assert_non_null(strstr(err.text, "field rate"));
    assert_true(b[0].count == 0x55555555u); /* what is refused changes nothing */
    free(new);
}

static void what_does_not_fit_is_refused(void **state) {
    (void)state;
    thing a[ROWS], b[ROWS];
    keel_packed_reader r;
    keel_packed_view v;
    keel_err err = {0};
    size_t size;
    fill(a);
    uint8_t *bytes = written(&OLD_TABLE, a, &size);
    assert_int_equal(keel_packed_open(&r, bytes, size, &err), 0);
    assert_int_equal(keel_packed_look(&r, &OLD_TABLE, ROWS + 1, &v, &err), KEEL_E_VERSION);
    assert_int_equal(keel_packed_look(&r, &WIDER_TABLE, ROWS, &v, &err), KEEL_E_VERSION);
    assert_int_equal(keel_packed_look(&r, &OLD_TABLE, KEEL_PACKED_ANY, &v, &err), 0);
    assert_int_equal(keel_packed_all_known(&r, &err), KEEL_E_VERSION); /* nobody looked at the text */
    assert_non_null(strstr(err.text, "text"));
    free(bytes);
    a[ROWS - 1].side = 2;
    bytes = written(&OLD_TABLE, a, &size);
    assert_int_equal(read_all(bytes, size, &OLD_TABLE, b, &err), KEEL_E_PARITY);
    assert_non_null(strstr(err.text, "side of row 5 of things is 2, not -1 to 1"));
    bytes[8] = KEEL_PACKED_VERSION + 1;
    assert_int_equal(keel_packed_open(&r, bytes, size, &err), KEEL_E_VERSION);
    assert_non_null(strstr(err.text, "use that keel, or a newer"));
    bytes[8] = 3;
    assert_int_equal(keel_packed_open(&r, bytes, size, &err), KEEL_E_VERSION);
    assert_non_null(strstr(err.text, "memory of one build"));
    free(bytes);
}

/* [WAL-05.1] Cut anywhere it is refused; with any bit changed it is refused, or read without a step beyond its end. */
static void cut_and_changed(void **state) {
    (void)state;
    thing a[ROWS], b[ROWS];
    keel_err err = {0};
    size_t size;
    fill(a);
    uint8_t *bytes = written(&OLD_TABLE, a, &size);
    for (size_t n = 0; n < size; n++) {
        uint8_t *cut = malloc(n ? n : 1);
        assert_non_null(cut);
        memcpy(cut, bytes, n);
        assert_int_equal(read_all(cut, n, &OLD_TABLE, b, &err), KEEL_E_PARITY);
        free(cut);
    }
    int refused = 0;
    for (size_t bit = 0; bit < 8 * size; bit++) {
        bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        int rc = read_all(bytes, size, &OLD_TABLE, b, &err);
        assert_true(rc == 0 || rc == KEEL_E_PARITY || rc == KEEL_E_VERSION);
        refused += rc != 0;
        bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    assert_true(refused > 1000);
    assert_int_equal(read_all(bytes, size, &OLD_TABLE, b, &err), 0);
    free(bytes);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_is_read),
        cmocka_unit_test(fields_may_be_added),
        cmocka_unit_test(what_does_not_fit_is_refused),
        cmocka_unit_test(cut_and_changed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
