/* Configuration: coercions, layers, problems, canonical text. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/config.h"
#include "base/json_read.h"

static const keel_config_entry TABLE[] = {
    {"version", KEEL_CONFIG_INT, "1", "1", "1", NULL, NULL, NULL, "schema version", 0},
    {"t.flag", KEEL_CONFIG_BOOL, "0", NULL, NULL, NULL, NULL, NULL, "a truth", 0},
    {"t.count", KEEL_CONFIG_INT, "5", "0", "1000", "1", "bars", NULL, "a count", KEEL_CONFIG_TUNABLE},
    {"t.rounded", KEEL_CONFIG_INT, "5", NULL, NULL, NULL, NULL, NULL, "a rounded count", KEEL_CONFIG_ROUND},
    {"t.ratio", KEEL_CONFIG_REAL, "0.5", "-1", "1.5", "0.1", "x", NULL, "a ratio", 0},
    {"t.money", KEEL_CONFIG_USD, "10000", "0", "1000000", "1", "USD", NULL, "dollars", 0},
    {"t.fee", KEEL_CONFIG_BPS, "2.0", "-50", "500", "0.1", "bps", NULL, "a fee", 0},
    {"t.mode", KEEL_CONFIG_ENUM, "paper", NULL, NULL, NULL, NULL, "paper|live|Replay", "how", 0},
    {"t.pause", KEEL_CONFIG_DURATION, "3s", "1ms", "1d", NULL, NULL, NULL, "a pause", 0},
    {"t.room", KEEL_CONFIG_SIZE, "64KiB", NULL, "1GiB", NULL, NULL, NULL, "bytes", 0},
    {"t.name", KEEL_CONFIG_STRING, NULL, NULL, NULL, NULL, NULL, NULL, "a name", KEEL_CONFIG_OPTIONAL},
    {"t.symbols", KEEL_CONFIG_LIST, NULL, NULL, NULL, NULL, NULL, NULL, "symbols", KEEL_CONFIG_OPTIONAL},
    {"t.key", KEEL_CONFIG_STRING, NULL, NULL, NULL, NULL, NULL, NULL, "a secret",
     KEEL_CONFIG_OPTIONAL | KEEL_CONFIG_SECRET},
    {"u.count", KEEL_CONFIG_INT, "1", NULL, NULL, NULL, NULL, NULL, "another count", 0},
    {"u.folder", KEEL_CONFIG_STRING, "data", NULL, NULL, NULL, NULL, NULL, "a place", KEEL_CONFIG_NO_ID},
};
enum { TABLE_COUNT = sizeof TABLE / sizeof *TABLE };

static keel_config *fresh(void) {
    keel_config *c = keel_config_new();
    assert_non_null(c);
    assert_int_equal(keel_config_add_entries(c, TABLE, TABLE_COUNT, NULL), 0);
    return c;
}

static keel_config *loaded(const char *text, const char *name) {
    keel_config *c = fresh();
    keel_err err = {0};
    int rc = keel_config_load_text(c, text, strlen(text), name, &err);
    if (rc) print_error("%s\n", err.text);
    assert_int_equal(rc, 0);
    return c;
}

static keel_config *resolved(const char *text, const char *name) {
    keel_config *c = loaded(text, name);
    keel_err err = {0};
    int rc = keel_config_resolve(c, &err);
    if (rc) print_error("%s\n", err.text);
    assert_int_equal(rc, 0);
    return c;
}

/* The table of coercions. [CFG-01] */
static const struct coercion {
    const char *path, *yaml;
    int code;
    const char *canonical; /* or a part of the problem */
} COERCIONS[] = {
    /* truths */
    {"t.flag", "true", 0, "true"},
    {"t.flag", "YES", 0, "true"},
    {"t.flag", "on", 0, "true"},
    {"t.flag", "1", 0, "true"},
    {"t.flag", "\"no\"", 0, "false"},
    {"t.flag", "False", 0, "false"},
    {"t.flag", "off", 0, "false"},
    {"t.flag", "0", 0, "false"},
    {"t.flag", "2", KEEL_E_PARSE, "not a truth value"},
    {"t.flag", "y", KEEL_E_PARSE, "not a truth value"},
    {"t.flag", "[true]", KEEL_E_PARSE, "wrong type"},
    /* whole numbers */
    {"t.count", "3", 0, "3"},
    {"t.count", "3.0", 0, "3"},
    {"t.count", "\"3\"", 0, "3"},
    {"t.count", "3e2", 0, "300"},
    {"t.count", "+7", 0, "7"},
    {"t.count", "3.7", KEEL_E_PARSE, "not a whole number"},
    {"t.count", "0x10", KEEL_E_PARSE, "not a whole number"},
    {"t.count", "3 ", 0, "3"}, /* YAML drops the blank */
    {"t.count", "\"3 \"", KEEL_E_PARSE, "not a whole number"},
    {"t.count", "true", KEEL_E_PARSE, "not a whole number"},
    {"t.count", "-1", KEEL_E_RANGE, "give 0 to 1000 bars"},
    {"t.count", "1001", KEEL_E_RANGE, "give 0 to 1000 bars"},
    {"t.count", "99999999999999999999", KEEL_E_RANGE, "too large"},
    {"t.count", "~", KEEL_E_PARSE, "has no value"},
    {"t.count", "", KEEL_E_PARSE, "has no value"},
    {"t.count", "{a: 1}", KEEL_E_UNKNOWN_KEY, "unknown key 't.count.a'"},
    {"t.rounded", "3.7", 0, "4"},
    {"t.rounded", "2.5", 0, "3"},
    {"t.rounded", "-2.5", 0, "-3"},
    {"t.rounded", "2.4999", 0, "2"},
    /* reals */
    {"t.ratio", "1", 0, "1"},
    {"t.ratio", "1.50", 0, "1.5"},
    {"t.ratio", "\".25\"", 0, "0.25"},
    {"t.ratio", "1e-3", 0, "0.001"},
    {"t.ratio", "-0.0", 0, "0"},
    {"t.ratio", ".nan", KEEL_E_PARSE, "not a number"},
    {"t.ratio", ".inf", KEEL_E_PARSE, "not a number"},
    {"t.ratio", "nan", KEEL_E_PARSE, "not a number"},
    {"t.ratio", "1e999", KEEL_E_RANGE, "too large"},
    {"t.ratio", "1.5000001", KEEL_E_RANGE, "give -1 to 1.5 x"},
    /* money and fees, exact */
    {"t.money", "123.45", 0, "123.45"},
    {"t.money", "0.00000001", 0, "0.00000001"},
    {"t.money", "0.000000001", KEEL_E_PARSE, "at most 8 decimals"},
    {"t.money", "0.30000000000000004", KEEL_E_PARSE, "write 0.3"},
    {"t.money", "1e400", KEEL_E_RANGE, "too large"},
    {"t.money", "$5", KEEL_E_PARSE, "not a number"},
    {"t.money", "1000000.00000001", KEEL_E_RANGE, "give 0 to 1000000 USD"},
    {"t.fee", "4.5", 0, "4.5"},
    {"t.fee", "-0.5", 0, "-0.5"},
    {"t.fee", "0.0001", 0, "0.0001"},
    {"t.fee", "0.00001", KEEL_E_PARSE, "at most 4 decimals"},
    {"t.fee", "-50.0001", KEEL_E_RANGE, "give -50 to 500 bps"},
    /* choices */
    {"t.mode", "LIVE", 0, "live"},
    {"t.mode", "replay", 0, "Replay"},
    {"t.mode", "pape", KEEL_E_PARSE, "paper|live|Replay"},
    {"t.mode", "paper|live", KEEL_E_PARSE, "not one of the choices"},
    /* durations and sizes */
    {"t.pause", "500ms", 0, "500ms"},
    {"t.pause", "60s", 0, "1m"},
    {"t.pause", "5m", 0, "5m"},
    {"t.pause", "1h", 0, "1h"},
    {"t.pause", "24h", 0, "1d"},
    {"t.pause", "2d", KEEL_E_RANGE, "give 1ms to 1d"},
    {"t.pause", "5", KEEL_E_PARSE, "not a duration"},
    {"t.room", "64KiB", 0, "65536"},
    {"t.room", "1MB", 0, "1000000"},
    {"t.room", "2GiB", KEEL_E_RANGE, "give at most 1GiB"},
    /* texts and lists */
    {"t.name", "plain words", 0, "\"plain words\""},
    {"t.name", "123", 0, "\"123\""},
    {"t.name", "[a]", KEEL_E_PARSE, "wrong type"},
    {"t.symbols", "[A, B]", 0, "[\"A\",\"B\"]"},
    {"t.symbols", "A, B", 0, "[\"A\",\"B\"]"},
    {"t.symbols", "[]", 0, "[]"},
    {"t.key", "file:secret.txt", 0, "\"file:secret.txt\""},
    {"t.key", "hunter2", KEEL_E_PARSE, "write file:PATH or env:NAME"},
};

static size_t index_of(const keel_config *c, const char *path) {
    size_t i = 0;
    while (strcmp(keel_config_entry_at(c, i)->path, path) != 0)
        i++;
    return i;
}

static void test_coercions(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof COERCIONS / sizeof *COERCIONS; i++) {
        const struct coercion *row = &COERCIONS[i];
        char text[200];
        keel_err err = {0};
        keel_strbuf shown;
        (void)snprintf(text, sizeof text, "t:\n  %s: %s\n", strchr(row->path, '.') + 1, row->yaml);
        keel_config *c = loaded(text, "c.yaml");
        int rc = keel_config_resolve(c, &err);
        if (rc != row->code) print_error("%s: %s -> %d %s\n", row->path, row->yaml, rc, err.text);
        assert_int_equal(rc, row->code);
        keel_strbuf_init(&shown, 0);
        if (rc) {
            keel_strbuf_add(&shown, err.text);
            assert_non_null(strstr(err.text, "c.yaml:2"));
            assert_null(strstr(err.text, "hunter2"));
        } else {
            keel_config_value_text(c, index_of(c, row->path), &shown);
            assert_string_equal(keel_strbuf_text(&shown), row->canonical);
        }
        if (!strstr(keel_strbuf_text(&shown), row->canonical)) print_error("%s\n", keel_strbuf_text(&shown));
        assert_non_null(strstr(keel_strbuf_text(&shown), row->canonical));
        keel_strbuf_done(&shown);
        keel_config_free(c);
    }
}

static void test_json_kinds(void **state) {
    static const struct {
        const char *json;
        int code;
    } rows[] = {{"{\"t\":{\"count\":3}}", 0},
                {"{\"t\":{\"count\":\"3\"}}", 0},
                {"{\"t\":{\"count\":true}}", KEEL_E_PARSE},
                {"{\"t\":{\"flag\":true}}", 0},
                {"{\"t\":{\"flag\":1}}", 0},
                {"{\"t\":{\"name\":\"x\"}}", 0},
                {"{\"t\":{\"name\":3}}", KEEL_E_PARSE},
                {"{\"t\":{\"pause\":3}}", KEEL_E_PARSE},
                {"{\"t\":{\"mode\":true}}", KEEL_E_PARSE},
                {"{\"t\":{\"symbols\":[\"A\",\"B\"]}}", 0},
                {"{\"t\":{\"symbols\":\"A,B\"}}", 0},
                {"{\"t\":{\"symbols\":3}}", KEEL_E_PARSE},
                {"{\"t\":{\"count\":null}}", KEEL_E_PARSE},
                {"{\"t\":null}", 0}};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        keel_config *c = loaded(rows[i].json, "c.json");
        keel_err err = {0};
        int rc = keel_config_resolve(c, &err);
        if (rc != rows[i].code) print_error("%s -> %d %s\n", rows[i].json, rc, err.text);
        assert_int_equal(rc, rows[i].code);
        keel_config_free(c);
    }
}

/* Files, then environment, then flags; each value knows where it came from. */
static void test_layers_and_origins(void **state) {
    static char count[] = "KEEL__T__COUNT=30", ratio[] = "KEEL__T__RATIO=0.75", other[] = "KEEL_BIN=x";
    char *environment[] = {other, ratio, count, NULL};
    keel_config *c = loaded("t:\n  count: 10\n  ratio: 0.25\n  name: first\n", "a.yaml");
    (void)state;
    assert_int_equal(keel_config_load_text(c, "t: {count: 20}\n", 15, "b.yaml", NULL), 0);
    assert_int_equal(keel_config_load_environment(c, environment, NULL), 0);
    assert_int_equal(keel_config_set(c, "ratio", "1.25", "--set", NULL), 0);
    assert_string_equal(keel_config_raw(c, "t.count"), "30");
    assert_string_equal(keel_config_raw(c, "t.ratio"), "1.25");
    assert_string_equal(keel_config_raw(c, "t.money"), "10000");
    assert_null(keel_config_raw(c, "t.key"));
    assert_int_equal(keel_config_resolve(c, NULL), 0);
    assert_int_equal(keel_config_get_int(c, "t.count"), 30);
    assert_true(keel_config_get_real(c, "t.ratio") == 1.25);
    assert_string_equal(keel_config_get_text(c, "t.name"), "first");
    assert_string_equal(keel_config_origin(c, index_of(c, "t.count")), "KEEL__T__COUNT");
    assert_string_equal(keel_config_origin(c, index_of(c, "t.ratio")), "--set");
    assert_string_equal(keel_config_origin(c, index_of(c, "t.name")), "a.yaml:4");
    assert_string_equal(keel_config_origin(c, index_of(c, "t.money")), "default");
    assert_true(keel_config_is_given(c, "t.count"));
    assert_false(keel_config_is_given(c, "t.money"));
    assert_false(keel_config_is_set(c, "t.key"));
    assert_null(keel_config_get_text(c, "t.key"));
    assert_int_equal(keel_config_get_list(c, "t.symbols")->count, 0);
    keel_config_free(c);
}

/* A preset is a default with another origin: below the files, though it comes after them. */
static void test_presets(void **state) {
    keel_config *c = loaded("t:\n  count: 10\n", "a.yaml");
    (void)state;
    assert_int_equal(keel_config_preset(c, "t.count", "20", "strategy x", NULL), 0);
    assert_int_equal(keel_config_preset(c, "t.ratio", "1", "strategy x", NULL), 0);
    assert_int_equal(keel_config_resolve(c, NULL), 0);
    assert_int_equal(keel_config_get_int(c, "t.count"), 10);
    assert_true(keel_config_get_real(c, "t.ratio") == 1.0);
    assert_string_equal(keel_config_origin(c, index_of(c, "t.ratio")), "strategy x");
    assert_true(keel_config_is_given(c, "t.count"));
    assert_false(keel_config_is_given(c, "t.ratio"));
    keel_config_free(c);
}

static void test_typed_access(void **state) {
    keel_config *c = resolved(
        "t: {money: 12.5, fee: 4.5, pause: 2s, room: 1KiB, mode: live, flag: yes, symbols: [A, B]}\n", "a.yaml");
    (void)state;
    assert_true(keel_config_get_int(c, "t.money") == 1250000000);
    assert_true(keel_config_get_real(c, "t.money") == 12.5);
    assert_int_equal(keel_config_get_int(c, "t.fee"), 45000);
    assert_true(keel_config_get_real(c, "t.fee") == 4.5);
    assert_int_equal(keel_config_get_int(c, "t.pause"), 2000);
    assert_int_equal(keel_config_get_int(c, "t.room"), 1024);
    assert_int_equal(keel_config_get_int(c, "t.mode"), 1);
    assert_string_equal(keel_config_get_text(c, "t.mode"), "live");
    assert_int_equal(keel_config_get_int(c, "t.flag"), 1);
    assert_int_equal(keel_config_get_list(c, "t.symbols")->count, 2);
    assert_string_equal(keel_config_get_list(c, "t.symbols")->items[1], "B");
    keel_config_free(c);
}

/* All problems at once, each with file and line; the first gives the code. [CFG-01] */
static void test_all_problems_are_listed(void **state) {
    static char variable[] = "KEEL__T__RATO=1";
    char *environment[] = {variable, NULL};
    keel_config *c = loaded("t:\n  cuont: 3\n  ratio: 9\n  money: abc\nx:\n  y: 1\n", "a.yaml");
    keel_err err = {0};
    static const char *const WANTED[] = {
        "unknown key 't.cuont': a.yaml:2: nearest is 't.count'",
        "t.ratio = '9' is out of bounds: a.yaml:3: give -1 to 1.5 x",
        "t.money = 'abc' is not a number: a.yaml:4: write a decimal number",
        "unknown key 'x.y': a.yaml:6: nearest is",
        "unknown key 't.rato': KEEL__T__RATO: nearest is 't.ratio'",
        "'count' may be 't.count' or 'u.count': --set: write the whole path",
        "unknown key 'sybmols': --set: nearest is 't.symbols'",
    };
    (void)state;
    assert_int_equal(keel_config_load_environment(c, environment, NULL), 0);
    assert_int_equal(keel_config_set(c, "count", "1", "--set", NULL), 0);
    assert_int_equal(keel_config_set(c, "sybmols", "1", "--set", NULL), 0);
    assert_int_equal(keel_config_resolve(c, &err), KEEL_E_UNKNOWN_KEY);
    assert_non_null(strstr(err.text, "(and 6 more)"));
    assert_int_equal(keel_config_problem_count(c), 7);
    for (size_t i = 0; i < 7; i++) {
        if (!strstr(keel_config_problem_at(c, i), WANTED[i])) print_error("%s\n", keel_config_problem_at(c, i));
        assert_non_null(strstr(keel_config_problem_at(c, i), WANTED[i]));
    }
    keel_config_free(c);
}

static void test_missing_required(void **state) {
    static const keel_config_entry REQUIRED[] = {
        {"r.must", KEEL_CONFIG_STRING, NULL, NULL, NULL, NULL, NULL, NULL, "needed", 0}};
    keel_config *c = fresh();
    keel_err err = {0};
    (void)state;
    assert_int_equal(keel_config_add_entries(c, REQUIRED, 1, NULL), 0);
    assert_int_equal(keel_config_resolve(c, &err), KEEL_E_USAGE);
    assert_non_null(strstr(err.text, "r.must has no value"));
    assert_int_equal(keel_config_set(c, "r.must", "x", "--must", NULL), 0);
    assert_int_equal(keel_config_resolve(c, &err), 0);
    keel_config_free(c);
}

static void id_of(const char *text, const char *name, char id[KEEL_SHA256_TEXT_MAX]) {
    keel_config *c = resolved(text, name);
    keel_config_id(c, id);
    keel_config_free(c);
}

/* Equal under key order, comments, blanks, number format and file format; different under any value. [CFG-01] */
static void test_id_follows_values_only(void **state) {
    static const char *const SAME[] = {
        "t:\n  count: 10\n  ratio: 0.25\n  mode: live\n",
        "# comment\nt:\n\n    mode:   LIVE\n    ratio: 2.5e-1 # x\n    count: \"10.0\"\n",
        "t: {ratio: .250, mode: live, count: 1e1, money: 10000.00, pause: 3000ms}\n",
        "u: {folder: elsewhere}\nt: {ratio: .250, mode: live, count: 1e1}\n",
    };
    static const char *const DIFFERENT[] = {
        "t:\n  count: 11\n  ratio: 0.25\n  mode: live\n",
        "t:\n  count: 10\n  ratio: 0.250000000000001\n  mode: live\n",
        "t:\n  count: 10\n  ratio: 0.25\n",
        "t:\n  count: 10\n  ratio: 0.25\n  mode: live\n  name: \"\"\n",
        "t:\n  count: 10\n  ratio: 0.25\n  mode: live\n  symbols: [A]\n",
    };
    char first[KEEL_SHA256_TEXT_MAX], id[KEEL_SHA256_TEXT_MAX];
    (void)state;
    id_of(SAME[0], "a.yaml", first);
    for (size_t i = 1; i < sizeof SAME / sizeof *SAME; i++) {
        id_of(SAME[i], "b.yaml", id);
        assert_string_equal(id, first);
    }
    id_of("{\"t\":{\"mode\":\"live\",\"count\":10,\"ratio\":0.25}}", "c.json", id);
    assert_string_equal(id, first);
    for (size_t i = 0; i < sizeof DIFFERENT / sizeof *DIFFERENT; i++) {
        id_of(DIFFERENT[i], "d.yaml", id);
        assert_string_not_equal(id, first);
    }
}

static void test_canonical_text(void **state) {
    keel_config *c = resolved("t: {symbols: [\"a\\\"b\", c]}\n", "a.yaml");
    keel_strbuf text;
    (void)state;
    keel_strbuf_init(&text, 0);
    keel_config_canonical(c, &text);
    assert_string_equal(keel_strbuf_text(&text),
                        "t.count=5\nt.fee=2\nt.flag=false\nt.key=\nt.mode=paper\nt.money=10000\nt.name=\nt.pause=3s\n"
                        "t.ratio=0.5\nt.room=65536\nt.rounded=5\nt.symbols=[\"a\\\"b\",\"c\"]\nu.count=1\nversion=1\n");
    keel_strbuf_done(&text);
    keel_config_free(c);
}

static void written_reads_back(const char *yaml) {
    keel_config *c = resolved(yaml, "a.yaml");
    char wanted[KEEL_SHA256_TEXT_MAX], id[KEEL_SHA256_TEXT_MAX];
    keel_config_id(c, wanted);
    for (int everything = 0; everything < 2; everything++) {
        keel_strbuf text;
        keel_strbuf_init(&text, 0);
        keel_config_write_yaml(c, everything, &text);
        id_of(keel_strbuf_text(&text), "w.yaml", id);
        if (strcmp(id, wanted)) print_error("%s\n", keel_strbuf_text(&text));
        assert_string_equal(id, wanted);
        if (!everything) assert_null(strstr(keel_strbuf_text(&text), "money"));
        keel_strbuf_done(&text);
    }
    keel_config_free(c);
}

/* What is written as YAML gives the same id when read, characters too that YAML takes only escaped, or folds. */
static void test_yaml_written_reads_back(void **state) {
    (void)state;
    written_reads_back(
        "version: 1\nt: {name: \"a: b # c\\n\\u00e9\", symbols: [x, \"1\"], mode: live, pause: 90s, fee: -0.25}\n"
        "u: {count: 9}\n");
    written_reads_back(
        "t: {name: \"\\u007f\\u0080\\u0085\\u009f\\u00a0 \\u2027\\u2028\\u2029\\u202a\", symbols: [\"\\u009e\"]}\n");
    written_reads_back(
        "t: {name: \"\\ufefe\\ufeff\\uff00 \\ufffd\\ufffe\\uffff\\U00010000\\U0010ffff\", symbols: [\"\\ufeff\"]}\n");
}

/* Version 2 renamed a key of version 1, version 3 renamed it again and gave up another. */
static const keel_config_change CHANGES[] = {
    {2, "t.amount", "t.number", NULL},
    {3, "t.number", "t.count", NULL},
    {3, "t.luck", NULL, "delete the line; nothing has luck any more"},
};
enum { CHANGE_COUNT = sizeof CHANGES / sizeof *CHANGES };

/* Files one after the other, brought to version 3; returns the code, and t.count in *ret_count when it is 0. */
static int upgraded(const char *first, const char *second, int64_t *ret_count, keel_err *err) {
    keel_config_entry table[TABLE_COUNT];
    memcpy(table, TABLE, sizeof table);
    table[0].default_text = table[0].min = table[0].max = "3";
    keel_config *c = keel_config_new();
    assert_int_equal(keel_config_add_entries(c, table, TABLE_COUNT, NULL), 0);
    assert_int_equal(keel_config_load_text(c, first, strlen(first), "a.yaml", NULL), 0);
    assert_int_equal(keel_config_load_text(c, second, strlen(second), "b.yaml", NULL), 0);
    int rc = keel_config_upgrade(c, "version", 3, CHANGES, CHANGE_COUNT, err);
    if (!rc) rc = keel_config_resolve(c, err);
    if (!rc) *ret_count = keel_config_get_int(c, "t.count");
    keel_config_free(c);
    return rc;
}

/* Old files are carried over, each by its own version; new ones and lost keys are refused with the way out. [CFG-01.5]
 * [T-401] */
static void test_versions_of_files(void **state) {
    keel_err err = {0};
    int64_t count = 0;
    (void)state;
    assert_int_equal(upgraded("version: 1\nt: {amount: 7}\n", "", &count, &err), 0);
    assert_int_equal(count, 7);
    assert_int_equal(upgraded("version: 2\nt: {number: 8}\n", "version: 3\nt: {fee: 1}\n", &count, &err), 0);
    assert_int_equal(count, 8);
    assert_int_equal(upgraded("version: 1\nt: {amount: 7}\n", "t: {count: 9}\n", &count, &err), 0);
    assert_int_equal(count, 9); /* a file that says nothing is of this version; the later layer wins */
    assert_int_equal(upgraded("version: 2\nt: {amount: 7}\n", "", &count, &err), KEEL_E_UNKNOWN_KEY);
    assert_int_equal(upgraded("t: {number: 7}\n", "", &count, &err), KEEL_E_UNKNOWN_KEY);
    assert_int_equal(upgraded("version: 4\n", "", &count, &err), KEEL_E_VERSION);
    assert_non_null(strstr(err.text, "version 4 is newer than this keel: a.yaml:1: it reads up to 3"));
    assert_int_equal(upgraded("version: 3\n", "\nversion: 5\n", &count, &err), KEEL_E_VERSION);
    assert_non_null(strstr(err.text, "b.yaml:2"));
    assert_int_equal(upgraded("version: 2\nt: {luck: 7}\n", "", &count, &err), KEEL_E_VERSION);
    assert_string_equal(err.text,
                        "'t.luck' of version 2 is no more: a.yaml:2: delete the line; nothing has luck any more");
    assert_int_equal(upgraded("version: 2\nt: {number: 7, count: 8}\n", "", &count, &err), KEEL_E_VERSION);
    assert_non_null(strstr(err.text, "'t.number' is now 't.count', which is there too"));
    assert_int_equal(upgraded("version: soon\n", "", &count, &err), KEEL_E_PARSE);
    assert_int_equal(upgraded("version: 0\n", "", &count, &err), KEEL_E_RANGE);
}

static void test_schema_is_json_and_complete(void **state) {
    keel_config *c = fresh();
    keel_json *j = keel_json_new(2);
    keel_tree *tree = NULL;
    size_t size;
    (void)state;
    keel_json_object(j);
    keel_config_write_schema(c, "test", "own", NULL, j);
    keel_json_close(j);
    const char *text = keel_json_text(j, &size);
    assert_int_equal(keel_json_parse(text, size, "schema.json", &tree, NULL), 0);
    const keel_tree *t = keel_tree_find(keel_tree_find(keel_tree_find(tree, "properties"), "t"), "properties");
    assert_int_equal(t->count, 12);
    const keel_tree *count = keel_tree_find(t, "count");
    assert_string_equal(keel_tree_find(count, "type")->text, "integer");
    assert_string_equal(keel_tree_find(count, "maximum")->text, "1000");
    assert_string_equal(keel_tree_find(count, "default")->text, "5");
    assert_string_equal(keel_tree_find(count, "x-unit")->text, "bars");
    assert_int_equal(keel_tree_find(keel_tree_find(t, "mode"), "enum")->count, 3);
    assert_string_equal(keel_tree_find(keel_tree_find(t, "fee"), "minimum")->text, "-50");
    keel_tree_free(tree);
    keel_json_free(j);
    keel_config_free(c);
}

static void test_bad_files(void **state) {
    keel_config *c = fresh();
    keel_err err = {0};
    (void)state;
    assert_int_equal(keel_config_load_file(c, "no/such/file.yaml", &err), KEEL_E_NOT_FOUND);
    assert_int_equal(keel_config_load_text(c, "- a\n- b\n", 8, "l.yaml", &err), KEEL_E_PARSE);
    assert_int_equal(keel_config_load_text(c, "t: {symbols: [[a]]}\n", 20, "n.yaml", &err), KEEL_E_PARSE);
    assert_non_null(strstr(err.text, "n.yaml:1"));
    keel_config_free(c);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_coercions),
        cmocka_unit_test(test_json_kinds),
        cmocka_unit_test(test_layers_and_origins),
        cmocka_unit_test(test_presets),
        cmocka_unit_test(test_typed_access),
        cmocka_unit_test(test_all_problems_are_listed),
        cmocka_unit_test(test_missing_required),
        cmocka_unit_test(test_id_follows_values_only),
        cmocka_unit_test(test_canonical_text),
        cmocka_unit_test(test_yaml_written_reads_back),
        cmocka_unit_test(test_schema_is_json_and_complete),
        cmocka_unit_test(test_versions_of_files),
        cmocka_unit_test(test_bad_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
