/* YAML and JSON: what is read, what is refused and at which line; the JSON writer. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/json_read.h"
#include "base/strbuf.h"
#include "base/yaml.h"

static keel_tree *yaml(const char *text) {
    keel_tree *tree = NULL;
    keel_err err = {0};
    int rc = keel_yaml_parse(text, strlen(text), "t.yaml", &tree, &err);
    if (rc) print_error("%s\n", err.text);
    assert_int_equal(rc, 0);
    return tree;
}

/* CFG-01.2: maps, lists, scalars, comments. [CFG-01] */
static void test_yaml_reads_the_subset(void **state) {
    keel_tree *t = yaml(
        "# a comment\n"
        "run:\n"
        "  symbols: [BTC, 'ETH'] # flow\n"
        "  days:\n"
        "    - 1\n"
        "    - two\n"
        "  empty:\n"
        "  text: |\n"
        "    line\n"
        "n: 3.0\n");
    (void)state;
    assert_int_equal(t->kind, KEEL_TREE_MAP);
    assert_int_equal(t->count, 2);
    const keel_tree *run = keel_tree_find(t, "run");
    const keel_tree *symbols = keel_tree_find(run, "symbols");
    assert_int_equal(symbols->kind, KEEL_TREE_LIST);
    assert_int_equal(symbols->line, 3);
    assert_int_equal(symbols->items[0]->kind, KEEL_TREE_PLAIN);
    assert_int_equal(symbols->items[1]->kind, KEEL_TREE_STRING);
    assert_string_equal(symbols->items[1]->text, "ETH");
    assert_string_equal(keel_tree_find(run, "days")->items[1]->text, "two");
    assert_int_equal(keel_tree_find(run, "days")->items[1]->line, 6);
    assert_int_equal(keel_tree_find(run, "empty")->kind, KEEL_TREE_NULL);
    assert_string_equal(keel_tree_find(run, "text")->text, "line\n");
    assert_string_equal(keel_tree_find(t, "n")->text, "3.0");
    assert_int_equal(keel_tree_find(t, "n")->line, 10);
    assert_null(keel_tree_find(t, "missing"));
    assert_null(keel_tree_find(NULL, "missing"));
    keel_tree_free(t);
    assert_null(yaml(""));
    assert_null(yaml("# only a comment\n"));
}

static void test_yaml_refuses(void **state) {
    static const struct {
        const char *text, *place;
    } rows[] = {
        {"a: 1\nb: &x 2\n", "t.yaml:2"},          {"a: 1\nb: *x\n", "t.yaml:2"},   {"a: !!str 1\n", "t.yaml:1"},
        {"a: 1\n\nb: !own {c: 1}\n", "t.yaml:3"}, {"a: !x [1]\n", "t.yaml:1"},     {"a: &x [1]\n", "t.yaml:1"},
        {"a: &x {b: 1}\n", "t.yaml:1"},           {"<<: {a: 1}\n", "t.yaml:1"},    {"a: 1\nb: 2\na: 3\n", "t.yaml:3"},
        {"a: 1\n---\nb: 2\n", "t.yaml:2"},        {"? [a, b]\n: 1\n", "t.yaml:1"}, {"a: [1, 2\nb: 3\n", "t.yaml:2"},
        {"a: 1\n\tb: 2\n", "t.yaml:2"},           {"a: \"x\\0y\"\n", "t.yaml:1"},  {"a: 'unfinished\n", "t.yaml:"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        keel_tree *tree = NULL;
        keel_err err = {0};
        int rc = keel_yaml_parse(rows[i].text, strlen(rows[i].text), "t.yaml", &tree, &err);
        if (rc != KEEL_E_PARSE || !strstr(err.text, rows[i].place)) print_error("%zu: %d %s\n", i, rc, err.text);
        assert_int_equal(rc, KEEL_E_PARSE);
        assert_non_null(strstr(err.text, rows[i].place));
        assert_null(tree);
    }
    keel_tree *tree = NULL;
    assert_int_equal(keel_yaml_parse("a: \xff\xfe\n", 6, "t.yaml", &tree, NULL), KEEL_E_PARSE);
}

static void test_depth_is_bounded(void **state) {
    char deep[2 * KEEL_TREE_DEPTH_MAX + 8];
    keel_tree *tree = NULL;
    (void)state;
    for (int extra = 0; extra < 2; extra++) {
        size_t depth = (size_t)KEEL_TREE_DEPTH_MAX + (size_t)extra;
        memset(deep, '[', depth);
        memset(deep + depth, ']', depth);
        int wanted = extra ? KEEL_E_RANGE : 0;
        assert_int_equal(keel_json_parse(deep, 2 * depth, "t.json", &tree, NULL), wanted);
        if (!wanted) keel_tree_free(tree);
        assert_int_equal(keel_yaml_parse(deep, 2 * depth, "t.yaml", &tree, NULL), wanted);
        if (!wanted) keel_tree_free(tree);
    }
}

static void test_json_reads(void **state) {
    static const char TEXT[] = "{\"a\": 1.50,\n \"b\": [true, null, \"x\\u00e9\"],\n \"c\": {\"d\": 9007199254740993}}";
    keel_tree *t = NULL;
    int64_t whole = 0;
    double real = 0;
    int truth = 0;
    const char *text = NULL;
    (void)state;
    assert_int_equal(keel_json_parse(TEXT, sizeof TEXT - 1, "t.json", &t, NULL), 0);
    assert_string_equal(keel_tree_find(t, "a")->text, "1.50");
    assert_int_equal(keel_tree_find(t, "b")->line, 2);
    assert_int_equal(keel_tree_find(t, "c")->line, 3);
    const keel_tree *b = keel_tree_find(t, "b");
    assert_int_equal(keel_json_read_bool(b->items[0], &truth), 0);
    assert_true(truth);
    assert_int_equal(b->items[1]->kind, KEEL_TREE_NULL);
    assert_int_equal(keel_json_read_string(b->items[2], &text), 0);
    assert_string_equal(text, "x\xc3\xa9");
    assert_int_equal(keel_json_read_int(keel_tree_find(keel_tree_find(t, "c"), "d"), &whole), 0);
    assert_true(whole == INT64_C(9007199254740993)); /* no double on the way */
    assert_int_equal(keel_json_read_int(keel_tree_find(t, "a"), &whole), KEEL_E_PARSE);
    assert_int_equal(keel_json_read_double(keel_tree_find(t, "a"), &real), 0);
    assert_true(real == 1.5);
    assert_int_equal(keel_json_read_decimal(keel_tree_find(t, "a"), 8, &whole), 0);
    assert_true(whole == 150000000);
    keel_tree_free(t);
    assert_int_equal(keel_json_parse("[\"\\ud83d\\ude00\\\\ud800\"]", 23, "t.json", &t, NULL), 0);
    assert_string_equal(t->items[0]->text, "\xf0\x9f\x98\x80\\ud800");
    assert_int_equal(keel_json_read_int(NULL, &whole), KEEL_E_PARSE);
    keel_tree_free(t);
}

static void test_json_refuses(void **state) {
    static const struct {
        const char *text, *place;
    } rows[] = {{"", "t.json:1"},
                {"{", "t.json:1"},
                {"{\"a\":1,}", "t.json:1"},
                {"[1] [2]", "t.json:1"},
                {"[1]\n\nx", "t.json:3"},
                {"{\"a\":\n01}", "t.json:2"},
                {"[NaN]", "t.json:1"},
                {"// c\n[1]", "t.json:1"},
                {"[\"\\u0000\"]", "t.json:1"},
                {"{\"a\":1,\n\"a\":2}", "t.json:2"},
                {"[\"\xff\"]", "t.json:1"},
                {"[\n\"\xf4\xa4\xa4\x9c\"]", "t.json:2"},
                {"[\"\xc0\x80\"]", "t.json:1"},
                {"[\"\xed\xa0\x80\"]", "t.json:1"},
                {"[\"\\ud800\"]", "t.json:1"},
                {"[\n\"\\udc00\\ud800\"]", "t.json:2"},
                {"[\"\\ud800\\u0041\"]", "t.json:1"}};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        keel_tree *tree = NULL;
        keel_err err = {0};
        int rc = keel_json_parse(rows[i].text, strlen(rows[i].text), "t.json", &tree, &err);
        if (rc != KEEL_E_PARSE || !strstr(err.text, rows[i].place)) print_error("%zu: %d %s\n", i, rc, err.text);
        assert_int_equal(rc, KEEL_E_PARSE);
        assert_non_null(strstr(err.text, rows[i].place));
        assert_null(tree);
    }
}

static void test_json_writes(void **state) {
    keel_json *j = keel_json_new(0);
    size_t size = 0;
    (void)state;
    keel_json_object(j);
    keel_json_kstring(j, "s", "a\"\\\n\x01\x7f\xc3\xa9\xff\xed\xa0\x80");
    keel_json_kint(j, "min", INT64_MIN);
    keel_json_kdouble(j, "d", 0.1);
    keel_json_kdouble(j, "nan", (double)NAN);
    keel_json_kdouble(j, "inf", -(double)INFINITY);
    keel_json_ke8(j, "usd", 1234500000000);
    keel_json_ke8(j, "unit", 1);
    keel_json_kbool(j, "t", 5);
    keel_json_kstring(j, "null", NULL);
    keel_json_key(j, "list");
    keel_json_array(j);
    keel_json_int(j, 1);
    keel_json_object(j);
    keel_json_close(j);
    keel_json_raw(j, "{\"k\":[]}");
    keel_json_close(j);
    keel_json_close(j);
    assert_string_equal(keel_json_text(j, &size),
                        "{\"s\":\"a\\\"\\\\\\n\\u0001\\u007f\xc3\xa9\\ufffd\\ufffd\\ufffd\\ufffd\","
                        "\"min\":-9223372036854775808,\"d\":0.1,\"nan\":null,\"inf\":null,\"usd\":\"12345.00\","
                        "\"unit\":\"0.00000001\",\"t\":true,\"null\":null,\"list\":[1,{},{\"k\":[]}]}");
    assert_int_equal(size, strlen(keel_json_text(j, NULL)));
    keel_json_free(j);
    j = keel_json_new(2);
    keel_json_object(j);
    keel_json_kint(j, "a", 1);
    keel_json_key(j, "b");
    keel_json_array(j);
    keel_json_int(j, 2);
    keel_json_close(j);
    keel_json_close(j);
    assert_string_equal(keel_json_text(j, NULL), "{\n  \"a\": 1,\n  \"b\": [\n    2\n  ]\n}");
    keel_json_free(j);
}

/* Any finite double is read back to its bits. */
static void test_json_doubles_round_trip(void **state) {
    uint64_t seed = 11;
    (void)state;
    for (int i = 0; i < 100000; i++) {
        double value, back;
        seed = seed * 6364136223846793005U + 1442695040888963407U;
        uint64_t bits = seed ^ (seed >> 31);
        memcpy(&value, &bits, sizeof value);
        if (!isfinite(value)) continue;
        keel_json *j = keel_json_new(0);
        keel_json_double(j, value);
        back = strtod(keel_json_text(j, NULL), NULL);
        keel_json_free(j);
        assert_memory_equal(&back, &value, sizeof back);
    }
}

/* What the writer writes, the reader reads: nested documents from a seed. */
static void write_random(keel_json *j, uint64_t *seed, int depth) {
    *seed = *seed * 6364136223846793005U + 1442695040888963407U;
    unsigned draw = (unsigned)(*seed >> 40);
    if (depth < 6 && draw % 3) {
        int object = draw % 2;
        if (object)
            keel_json_object(j);
        else
            keel_json_array(j);
        for (unsigned i = 0; i < draw % 5; i++) {
            char key[16];
            (void)snprintf(key, sizeof key, "k%u", i);
            if (object) keel_json_key(j, key);
            write_random(j, seed, depth + 1);
        }
        keel_json_close(j);
    } else {
        keel_json_int(j, (int64_t)*seed);
    }
}

static void test_json_reader_takes_the_writer(void **state) {
    uint64_t seed = 5;
    (void)state;
    for (int i = 0; i < 2000; i++) {
        keel_json *j = keel_json_new(i % 3);
        keel_tree *tree = NULL;
        size_t size;
        write_random(j, &seed, 0);
        const char *text = keel_json_text(j, &size);
        assert_int_equal(keel_json_parse(text, size, "t.json", &tree, NULL), 0);
        keel_tree_free(tree);
        keel_json_free(j);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_yaml_reads_the_subset),
        cmocka_unit_test(test_yaml_refuses),
        cmocka_unit_test(test_depth_is_bounded),
        cmocka_unit_test(test_json_reads),
        cmocka_unit_test(test_json_refuses),
        cmocka_unit_test(test_json_writes),
        cmocka_unit_test(test_json_doubles_round_trip),
        cmocka_unit_test(test_json_reader_takes_the_writer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
