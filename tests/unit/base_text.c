/* Small text tools: growing buffers, nearest names, units, lists, assignments, hashes, files. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/nearest.h"
#include "base/sha256.h"
#include "base/strbuf.h"
#include "base/units.h"

static void test_strbuf_grows_and_stops_at_its_maximum(void **state) {
    keel_strbuf b;
    (void)state;
    keel_strbuf_init(&b, 10);
    assert_string_equal(keel_strbuf_text(&b), "");
    keel_strbuf_add(&b, "12345");
    keel_strbuf_addf(&b, "%d", 67890);
    assert_string_equal(keel_strbuf_text(&b), "1234567890");
    assert_false(b.failed);
    keel_strbuf_add_char(&b, 'x');
    assert_true(b.failed);
    assert_string_equal(keel_strbuf_text(&b), "1234567890");
    assert_null(keel_strbuf_take(&b));
    keel_strbuf_clear(&b);
    for (int i = 0; i < 10; i++)
        keel_strbuf_add_char(&b, 'a');
    char *taken = keel_strbuf_take(&b);
    assert_string_equal(taken, "aaaaaaaaaa");
    assert_string_equal(keel_strbuf_text(&b), "");
    free(taken);
    taken = keel_strbuf_take(&b);
    assert_string_equal(taken, "");
    free(taken);
    keel_strbuf_done(&b);
}

static void test_nearest(void **state) {
    static const char *const NAMES[] = {"store", "symbols", "slippage-bps", "starting-balance"};
    static const struct {
        const char *word, *best;
    } rows[] = {{"stoer", "store"},
                {"symbol", "symbols"},
                {"SLIPPAGE_BPS", "slippage-bps"},
                {"startbalance", "starting-balance"}};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        keel_nearest n;
        keel_nearest_init(&n, rows[i].word);
        for (size_t k = 0; k < sizeof NAMES / sizeof *NAMES; k++)
            keel_nearest_offer(&n, NAMES[k]);
        assert_string_equal(n.best, rows[i].best);
    }
    assert_int_equal(keel_nearest_distance("kitten", "sitting"), 3);
    assert_int_equal(keel_nearest_distance("", "abc"), 3);
    assert_int_equal(keel_nearest_distance("abcd", "abdc"), 1);
    char longer[300];
    memset(longer, 'a', sizeof longer);
    longer[sizeof longer - 1] = 0;
    assert_int_equal(keel_nearest_distance(longer, ""), KEEL_NEAREST_WORD_MAX);
}

static void test_durations(void **state) {
    static const struct {
        const char *text;
        int64_t ms;
        const char *back;
    } good[] = {{"500ms", 500, "500ms"}, {"3s", 3000, "3s"},      {"5m", 300000, "5m"},
                {"1h", 3600000, "1h"},   {"60m", 3600000, "1h"},  {"2d", 172800000, "2d"},
                {"0s", 0, "0ms"},        {"1w", 604800000, "1w"}, {"1500ms", 1500, "1500ms"}};
    static const char *const BAD[] = {"", "5", "m", "-5m", "1.5h", "5 m", "5M", "1h30m", " 5m", "5min"};
    int64_t ms = -1;
    char text[KEEL_DURATION_TEXT_MAX];
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        assert_int_equal(keel_duration_parse(good[i].text, &ms), 0);
        assert_true(ms == good[i].ms);
        keel_duration_format(ms, text);
        assert_string_equal(text, good[i].back);
    }
    ms = -1;
    for (size_t i = 0; i < sizeof BAD / sizeof *BAD; i++)
        assert_int_equal(keel_duration_parse(BAD[i], &ms), KEEL_E_PARSE);
    assert_int_equal(keel_duration_parse("9223372036854775808ms", &ms), KEEL_E_RANGE);
    assert_int_equal(keel_duration_parse("106751991168d", &ms), KEEL_E_RANGE);
    assert_int_equal(keel_duration_parse("99999999999999999999999x", &ms), KEEL_E_PARSE);
    assert_true(ms == -1);
}

static void test_sizes(void **state) {
    int64_t bytes = -1;
    (void)state;
    assert_int_equal(keel_size_parse("64KiB", &bytes), 0);
    assert_true(bytes == 65536);
    assert_int_equal(keel_size_parse("2MB", &bytes), 0);
    assert_true(bytes == 2000000);
    assert_int_equal(keel_size_parse("512", &bytes), 0);
    assert_true(bytes == 512);
    assert_int_equal(keel_size_parse("64kib", &bytes), KEEL_E_PARSE);
    assert_int_equal(keel_size_parse("9000000TiB", &bytes), KEEL_E_RANGE);
    static const char *const SHORTEST[] = {"0B", "1B", "1023B", "1KiB", "1025B", "100MiB", "3GiB", "2048TiB"};
    for (size_t i = 0; i < sizeof SHORTEST / sizeof *SHORTEST; i++) {
        char text[KEEL_DURATION_TEXT_MAX];
        assert_int_equal(keel_size_parse(SHORTEST[i], &bytes), 0);
        keel_size_format(bytes, text);
        assert_string_equal(text, SHORTEST[i]);
    }
}

static void test_lists(void **state) {
    keel_list list;
    (void)state;
    assert_int_equal(keel_list_parse("BTCUSDT, ETHUSDT ,SOL", &list), 0);
    assert_int_equal(list.count, 3);
    assert_string_equal(list.items[0], "BTCUSDT");
    assert_string_equal(list.items[1], "ETHUSDT");
    assert_string_equal(list.items[2], "SOL");
    keel_list_done(&list);
    assert_int_equal(keel_list_parse("a,,b", &list), KEEL_E_PARSE);
    assert_int_equal(keel_list_parse("a,", &list), KEEL_E_PARSE);
    assert_int_equal(keel_list_parse("", &list), KEEL_E_PARSE);
    char commas[KEEL_LIST_ITEMS_MAX + 2];
    memset(commas, ',', sizeof commas);
    commas[sizeof commas - 1] = 0;
    assert_int_equal(keel_list_parse(commas, &list), KEEL_E_RANGE);
}

static void test_assignments(void **state) {
    static const char *const BAD[] = {"", "=", "=1", "name", "na me=1", "na/me=1"};
    char *name = NULL;
    const char *value = NULL;
    (void)state;
    assert_int_equal(keel_assignment_parse("exits.sl_atr_mult=2=3", &name, &value), 0);
    assert_string_equal(name, "exits.sl_atr_mult");
    assert_string_equal(value, "2=3");
    free(name);
    assert_int_equal(keel_assignment_parse("a=", &name, &value), 0);
    assert_string_equal(value, "");
    free(name);
    for (size_t i = 0; i < sizeof BAD / sizeof *BAD; i++)
        assert_int_equal(keel_assignment_parse(BAD[i], &name, &value), KEEL_E_PARSE);
}

/* FIPS 180-4 examples as published by NIST. */
static void test_sha256(void **state) {
    char text[KEEL_SHA256_TEXT_MAX];
    (void)state;
    keel_sha256_text("abc", 3, text);
    assert_string_equal(text, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    keel_sha256_text("", 0, text);
    assert_string_equal(text, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    static const char LONG[] = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
    for (size_t cut = 0; cut < sizeof LONG; cut++) {
        keel_sha256 *hash = keel_sha256_new();
        keel_sha256_add(hash, LONG, cut);
        keel_sha256_add(hash, LONG + cut, sizeof LONG - 1 - (cut < sizeof LONG ? cut : 0));
        keel_sha256_finish_text(hash, text);
        keel_sha256_free(hash);
        assert_string_equal(text, "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
        if (cut == sizeof LONG - 1) break;
    }
}

static void test_files(void **state) {
    char folder[256], path[300], *bytes;
    size_t size;
    keel_err err = {0};
    struct stat info;
    (void)state;
    const char *temporary = getenv("TMPDIR");
    (void)snprintf(folder, sizeof folder, "%s/keel-test-XXXXXX", temporary ? temporary : "/tmp");
    assert_non_null(mkdtemp(folder));
    (void)snprintf(path, sizeof path, "%s/a", folder);
    assert_int_equal(keel_file_read(path, 100, &bytes, &size, &err), KEEL_E_NOT_FOUND);
    assert_int_equal(keel_file_write(path, "hello", 5, &err), 0);
    assert_int_equal(keel_file_write(path, "bye\0!", 5, &err), 0);
    assert_int_equal(keel_file_read(path, 5, &bytes, &size, &err), 0);
    assert_int_equal(size, 5);
    assert_memory_equal(bytes, "bye\0!\0", 6);
    free(bytes);
    assert_int_equal(keel_file_read(path, 4, &bytes, &size, &err), KEEL_E_RANGE);
    assert_int_equal(keel_file_read(folder, 100, &bytes, &size, &err), KEEL_E_IO);
    char *large = calloc(300000, 1);
    assert_non_null(large);
    large[299999] = 'z';
    assert_int_equal(keel_file_write(path, large, 300000, &err), 0);
    assert_int_equal(keel_file_read(path, 300000, &bytes, &size, &err), 0);
    assert_int_equal(size, 300000);
    assert_memory_equal(bytes, large, 300000);
    free(bytes);
    free(large);
    assert_int_equal(unlink(path), 0);
    (void)snprintf(path, sizeof path, "%s/missing/a", folder);
    assert_int_equal(keel_file_write(path, "x", 1, &err), KEEL_E_NOT_FOUND);
    assert_int_equal(stat(path, &info), -1);
    assert_int_equal(rmdir(folder), 0); /* nothing was left beside */
}

/* A pipe gets the bytes and stays a pipe; behind a link the file is replaced and the link stays. */
static void test_files_that_are_none(void **state) {
    char folder[256], file[300], link[300], pipe_path[300], got[8] = {0};
    keel_err err = {0};
    struct stat info;
    (void)state;
    const char *temporary = getenv("TMPDIR");
    (void)snprintf(folder, sizeof folder, "%s/keel-test-XXXXXX", temporary ? temporary : "/tmp");
    assert_non_null(mkdtemp(folder));
    (void)snprintf(file, sizeof file, "%s/file", folder);
    (void)snprintf(link, sizeof link, "%s/link", folder);
    (void)snprintf(pipe_path, sizeof pipe_path, "%s/pipe", folder);
    assert_int_equal(symlink("file", link), 0);
    assert_int_equal(mkfifo(pipe_path, 0600), 0);
    int fd = open(pipe_path, O_RDONLY | O_NONBLOCK);
    assert_true(fd >= 0);
    assert_int_equal(keel_file_write(pipe_path, "bytes", 5, &err), 0);
    assert_int_equal(read(fd, got, sizeof got), 5);
    assert_string_equal(got, "bytes");
    assert_int_equal(lstat(pipe_path, &info), 0);
    assert_true(S_ISFIFO(info.st_mode));
    (void)close(fd);
    assert_int_equal(keel_file_write(file, "a", 1, &err), 0);
    assert_int_equal(keel_file_write(link, "bcd", 3, &err), 0);
    assert_int_equal(lstat(link, &info), 0);
    assert_true(S_ISLNK(info.st_mode));
    assert_int_equal(lstat(file, &info), 0);
    assert_int_equal(info.st_size, 3);
    assert_int_equal(unlink(link) | unlink(file) | unlink(pipe_path) | rmdir(folder), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_strbuf_grows_and_stops_at_its_maximum),
        cmocka_unit_test(test_nearest),
        cmocka_unit_test(test_durations),
        cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_lists),
        cmocka_unit_test(test_assignments),
        cmocka_unit_test(test_sha256),
        cmocka_unit_test(test_files),
        cmocka_unit_test(test_files_that_are_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
