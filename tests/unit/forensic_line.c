/* A record of the log: what secrets, hostile text, unknown fields and too much of anything become. [LOG-03] */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
/* after the four above, which it needs */
#include <cmocka.h>

#include "ops/forensic/reader.h"
#include "ops/forensic/redact.h"
#include "port/entropy.h"

static const keel_line_run RUN = {"run-1", "paper", "trend", "c0ffee"};

static void same(const char *text, const char *expected) {
    char out[1024], again[1024];
    size_t n = keel_redact_text(text, strlen(text), out, sizeof out);
    assert_string_equal(out, expected);
    (void)keel_redact_text(out, n, again, sizeof again);
    assert_string_equal(again, out);
}

/* [T-053] [T-054] */
static void secrets_go_by_name_and_by_form(void **state) {
    (void)state;
    same("api_key=abc123 rest", "api_key=[REDACTED] rest");
    same("apiKey: 'a b c', x", "apiKey: '[REDACTED]', x");
    same("{\"api_secret\":\"q;w\",\"n\":1}", "{\"api_secret\":\"[REDACTED]\",\"n\":1}");
    same("{\\\"token\\\": \\\"abc\\\"}", "{\\\"token\\\": \\\"[REDACTED]\"}");
    same("Authorization: Bearer abcdef.ghi", "Authorization: [REDACTED]");
    same("sent Bearer abcdefgh now", "sent Bearer [REDACTED] now");
    same("X-MBX-APIKEY=zzz&signature=00ff&side=BUY", "X-MBX-APIKEY=[REDACTED]&signature=[REDACTED]&side=BUY");
    same("passphrase = hunter2", "passphrase = [REDACTED]");
    same("Set-Cookie: sid=1234; path=/", "Set-Cookie: [REDACTED]");
    same("account_number: 12-34", "account_number: [REDACTED]");
    same("https://user:pa55@host/x", "https://[REDACTED]@host/x");
    same("key AKIAIOSFODNN7EXAMPLE", "key [REDACTED]");
    same("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln", "[REDACTED]");
    same("sig 0123456789abcdef0123456789abcdef01234567", "sig [REDACTED]");
    same("card 4111111111111111.", "card [REDACTED].");
    same("IBAN DE89370400440532013000", "IBAN [REDACTED]");
    same("-----BEGIN PRIVATE KEY-----\nMIIB\n-----END PRIVATE KEY-----\nafter", "[REDACTED]\nafter");
    same("-----BEGIN PRIVATE KEY-----\nMIIB", "[REDACTED]");
    same("Cookie: a=b; sid=xyz\nGET /", "Cookie: [REDACTED]\nGET /");
    same("{\"h\":\"Cookie: a=b; sid=xyz\",\"n\":1}", "{\"h\":\"Cookie: [REDACTED]\",\"n\":1}");
    same("Authorization: Token abc def", "Authorization: [REDACTED]");
    same("mnemonic: one two three four\nnext", "mnemonic: [REDACTED]\nnext");
    same("seed phrase unset, seed_phrase = 'one two', n", "seed phrase unset, seed_phrase = '[REDACTED]', n");
    same("{\"password\":\"ab\\\"cd\",\"n\":1}", "{\"password\":\"[REDACTED]\",\"n\":1}");
    same("{\"password\":\"ab\\\\\",\"n\":1}", "{\"password\":\"[REDACTED]\",\"n\":1}");
    same("\"tokens\":[\"abc\",\"def\"],\"n\":1", "\"tokens\":[REDACTED],\"n\":1");
    same("\"credentials\": {\"a\":[1],\"b\":\"c\"} end", "\"credentials\": [REDACTED] end");
    same("seed phrase: abandon ability able about\nnext", "seed phrase: [REDACTED]\nnext");
    same("{\"recovery phrase\":\"abandon ability\",\"n\":1}", "{\"recovery phrase\":\"[REDACTED]\",\"n\":1}");
    same("recovery phrase= abandon ability", "recovery phrase= [REDACTED]");
    same("account number: 12-34 x", "account number: [REDACTED] x");
    same("AKIAIOSFODNN7EXAMPLE token: x", "[REDACTED] token: [REDACTED]");
    same("Cookie: sid=\"abc\"; b=2\nGET /", "Cookie: [REDACTED]\nGET /");
    same("{\"h\":\"Cookie: sid=\\\"abc\\\"; b=2\",\"n\":1}", "{\"h\":\"Cookie: [REDACTED]\",\"n\":1}");
    same("-H 'Cookie: sid=\"abc\"; b=2' -v", "-H 'Cookie: [REDACTED]' -v");
    same("passphrase: o'neil correct horse", "passphrase: [REDACTED]");
    same("it's \"here\", passphrase: o'neil \"correct\" horse", "it's \"here\", passphrase: [REDACTED]");
    same("{'passphrase': 'o'neil correct', 'n': 1}", "{'passphrase': '[REDACTED]', 'n': 1}");
    same("a 'quote left open\nCookie: a=\"b\"; c='d'", "a 'quote left open\nCookie: [REDACTED]");
    same("'AKIAIOSFODNN7EXAMPLE'recovery phrase: x},'cook", "'[REDACTED]'recovery phrase: [REDACTED]'cook");
    same("tokens: [\"a]b\",\"c\"] end", "tokens: [REDACTED] end");
    same("tokens: [\\\"a]b\\\", 'd]e'] end", "tokens: [REDACTED] end");
    same("\"tokens\":[\"abc\",\"de", "\"tokens\":[REDACTED]");
    same("at 0x0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef!", "at [REDACTED]!");
    same("at 0x0123456789ABCDEF0123456789abcdef01234567.", "at [REDACTED]");
    same("id 3fa85f64-5717-4562-b3fc-2c963f66afa6 x", "id [REDACTED] x");
    same("id 3FA85F64-5717-4562-B3FC-2C963F66AFA6 x", "id [REDACTED] x");
    same("otp JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP x", "otp [REDACTED] x");
    same("k abcdefghij0123456789klmnopqrstuv x", "k [REDACTED] x");
    same("(abcdefghijklmnopqrstuvwxyzabcdefgh)", "([REDACTED])");
    /* an account is a number: with digits, capitals, quotes or many letters it is taken out */
    same("account: 12345 x", "account: [REDACTED] x");
    same("account: main7 x", "account: [REDACTED] x");
    same("account: UMAIN x", "account: [REDACTED] x");
    same("account: qwertyuiopas x", "account: [REDACTED] x");
    same("{\"account\": \"main\", \"n\": 1}", "{\"account\": \"[REDACTED]\", \"n\": 1}");
    same("account=main&side=BUY", "account=[REDACTED]&side=BUY");
    same("sub account: bearer abcdefgh", "sub account: bearer [REDACTED]");
    same("vmPUZE6mv9SD5VNHk4HlWFsOr6aKE2zvsw0MuIgwCIPy6utIco14y7Ju91duEh8A", "[REDACTED]");
}

static void what_is_no_secret_stays(void **state) {
    (void)state;
    same("stop loss at 23012.5, BTCUSDT", "stop loss at 23012.5, BTCUSDT");
    same("/srv/keel/runs/2023-01-01/journal", "/srv/keel/runs/2023-01-01/journal");
    same("2023-01-01T00:00:00.000Z i152.0", "2023-01-01T00:00:00.000Z i152.0");
    same("/srv/keel/runs/2023-01-01-a-long-name-of-a-folder-7/journal/wal-engine-00000001.klw",
         "/srv/keel/runs/2023-01-01-a-long-name-of-a-folder-7/journal/wal-engine-00000001.klw");
    same("state hash c1f66de8cad3fb81, order 00000000000000a1", "state hash c1f66de8cad3fb81, order 00000000000000a1");
    same("trend_following_with_a_long_name_v2", "trend_following_with_a_long_name_v2");
    same("a phrase: no, seed 7: no, bytes behind: 3", "a phrase: no, seed 7: no, bytes behind: 3");
    same("the keyboard and the monkey: no", "the keyboard and the monkey: no");
    same("not there: /srv/trader/build/pytest-46/a_bad_file9/BTC_USDT_USDT-1h-futures.json:2: mend it",
         "not there: /srv/trader/build/pytest-46/a_bad_file9/BTC_USDT_USDT-1h-futures.json:2: mend it");
    same("/data/binance/BTC_USDT-1h.feather: no", "/data/binance/BTC_USDT-1h.feather: no");
    same("two files on one account: a.c and b.c: give one", "two files on one account: a.c and b.c: give one");
    same("several strategies on one account: keel trade paper", "several strategies on one account: keel trade paper");
    same("", "");
}

static void said(const char *text, const char *expected) {
    char out[1024], again[1024];
    size_t n = keel_redact_line(text, strlen(text), out, sizeof out);
    assert_string_equal(out, expected);
    (void)keel_redact_line(out, n, again, sizeof again);
    assert_string_equal(again, out);
}

/* A line for people says which file and which setting it means, and no secret. [SEC-02] */
static void a_line_for_people_names_what_it_means(void **state) {
    (void)state;
    static const char *const STAY[] = {
        "wrong encryption key: runs/paper/journal: give the key it was written with",
        "not a key: keys/e.key: a key file holds 64 hex digits and a newline",
        "the audit trail is signed with another key: runs/paper/audit.jsonl: give that one by --sign-key",
        "strategies holds a list: keel.yaml:7: write '- key: value' and further keys below it",
        "several strategies on one account: keel trade paper: give each its own (--accounts separate)",
        "two files on one account: a.c and b.c: give each an account of its own",
        "no such file: /srv/data/BTCUSDT-spot-1h-2023-01.csv: give another",
        "no such file: downloads/spot/BTCUSDT-1h-2023-01.csv: give another",
        "strategies/MyMomentumStrategy_v2_final.yaml: has no such setting",
        "BTCUSDT_UMCBL-ETHUSDT_UMCBL-1h-2023-01-01.parquet: is no table",
        "not a bar: line 7: 1672531200000 is before 1672531200001, 1672531200002, 1672531200003 to 1672531200009",
        "a basic strategy, the digest differs"};
    for (size_t i = 0; i < sizeof STAY / sizeof *STAY; i++)
        said(STAY[i], STAY[i]);
    said("no such key: api_key=abc123: look", "no such key: api_key=[REDACTED] look");
    said("bad value: key=abc123", "bad value: key=[REDACTED]");
    said("bad value: \"key\": \"abc123\"", "bad value: \"key\": \"[REDACTED]\"");
    said("line 3: password: hunter2 is no number", "line 3: password: [REDACTED] is no number");
    said("no such file: 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef: give another",
         "no such file: [REDACTED]: give another");
    said("no such file: Zm9/vYmFyQmF6cXV4MTIzNDU2Nzg5MGFiY2RlZg+ABC: give another",
         "no such file: [REDACTED]: give another");
    said("no such file: runs/token=abcdef/x: give another", "no such file: runs/token=[REDACTED] give another");
    said("sent Basic YWJjZGVm now, card 4111111111111111", "sent Basic [REDACTED] now, card [REDACTED]");
    said("https://me:hunter2@host/x: is no folder", "https://[REDACTED]@host/x: is no folder");
}

static void nothing_is_longer_than_its_room(void **state) {
    (void)state;
    char out[16];
    assert_int_equal(keel_redact_text("token=abcdefgh and more", 23, out, sizeof out), 15);
    assert_string_equal(out, "token=[REDACTED");
    assert_int_equal(keel_redact_text("abc", 3, out, 1), 0);
}

static void escaped(const char *text, size_t size, const char *expected) {
    char out[4096];
    (void)keel_line_text(text, size, out, sizeof out);
    assert_string_equal(out, expected);
}

/* [T-083] */
static void text_cannot_leave_its_line(void **state) {
    (void)state;
    escaped("a\nb\r\tc\x7f\x1b[31m", 12, "a\\u000ab\\u000d\\u0009c\\u007f\\u001b[31m");
    escaped("q\"\\", 3, "q\\\"\\\\");
    escaped(
        "\xe2\x80\xae"
        "evil\xe2\x80\xac\xe2\x80\xa8",
        13, "\\u202eevil\\u202c\\u2028");
    escaped("\xc2\x85\xef\xbb\xbf\xe2\x81\xa6", 8, "\\u0085\\ufeff\\u2066");
    escaped(
        "\xff\xfe"
        "a\xc3",
        4, "\\ufffd\\ufffda\\ufffd");
    escaped("\xf3\xa0\x80\x81", 4, "\\udb40\\udc01");
    escaped("gr\xc3\xbc\xc3\x9f", 6, "gr\xc3\xbc\xc3\x9f");
    escaped("a\0b", 3, "a\\u0000b");
}

static void long_text_is_cut_at_a_character(void **state) {
    (void)state;
    char text[1024], out[4096];
    for (size_t i = 0; i + 2 <= sizeof text; i += 2)
        memcpy(text + i, "\xc3\xbc", 2);
    size_t n = keel_line_text(text + 1, sizeof text - 1, out, sizeof out);
    assert_true(n <= KEEL_LINE_STRING_MAX + 8);
    assert_null(strstr(out + 6, "fffd"));
    assert_memory_equal(out, "\\ufffd\xc3\xbc", 8);
}

static keel_line_head head_of(keel_event_code code) {
    keel_line_head h = {
        .code = code, .ts_ms = 1672531200000, .seq = 7, .cycle = 3, .corr_id = "i3.0", .symbol = "BTCUSDT"};
    return h;
}

/* [T-079] */
static void only_listed_fields_are_written(void **state) {
    (void)state;
    keel_line l;
    keel_line_head h = head_of(KEEL_LOG_ORDER_ACK);
    size_t size;
    keel_line_begin(&l, &RUN, &h);
    keel_line_int(&l, "latency_ms", 5);
    keel_line_string(&l, "api_key", "SECRET");
    keel_line_string(&l, "note", "SECRET");
    keel_line_open(&l, "more", '{');
    keel_line_string(&l, "inner", "SECRET");
    keel_line_open(&l, "deeper", '[');
    keel_line_int(&l, NULL, 1);
    keel_line_close(&l, ']');
    keel_line_close(&l, '}');
    keel_line_int(&l, "report", 1);
    const char *text = keel_line_end(&l, &RUN, &h, &size);
    assert_int_equal(l.omitted, 3);
    assert_int_equal(text[size - 1], '\n');
    ((char *)(uintptr_t)text)[size] = 0;
    assert_null(strstr(text, "SECRET"));
    assert_non_null(strstr(text, "\"data\":{\"latency_ms\":5,\"report\":1}}"));
    keel_log_record r;
    keel_err err = {0};
    assert_int_equal(keel_log_record_read(text, size - 1, "t", &r, &err), 0);
    assert_int_equal(r.seq, 7);
    assert_string_equal(r.symbol, "BTCUSDT");
    keel_log_record_done(&r);
}

/* [LOG-01.4] [T-085] */
static void a_record_that_does_not_fit_is_replaced(void **state) {
    (void)state;
    keel_line l;
    keel_line_head h = head_of(KEEL_LOG_ENGINE_START);
    char wide[KEEL_LINE_STRING_MAX];
    size_t size;
    keel_err err = {0};
    keel_log_record r;
    memset(wide, 1, sizeof wide - 1);
    wide[sizeof wide - 1] = 0;
    keel_line_begin(&l, &RUN, &h);
    keel_line_open(&l, "symbols", '[');
    for (int i = 0; i < 8; i++)
        keel_line_string(&l, NULL, wide);
    keel_line_close(&l, ']');
    const char *text = keel_line_end(&l, &RUN, &h, &size);
    assert_true(size <= KEEL_LINE_MAX);
    assert_int_equal(keel_log_record_read(text, size - 1, "t", &r, &err), 0);
    assert_int_equal(r.code, KEEL_LOG_LOG_INVALID);
    assert_string_equal(keel_log_record_text(&r, "of_code"), "ENGINE_START");
    assert_int_equal(keel_log_record_int(&r, "of_number"), 101);
    keel_log_record_done(&r);
}

/* Any bytes in every text: one line, read back by the reader, no secret in it. */
static void any_bytes_make_a_record(void **state) {
    (void)state;
    keel_simrandom dice;
    keel_simrandom_init(&dice, 5);
    for (int round = 0; round < 3000; round++) {
        char text[400];
        size_t n = (size_t)keel_simrandom_below(&dice, sizeof text);
        for (size_t i = 0; i < n; i++)
            text[i] = (char)(1 + keel_simrandom_below(&dice, 255));
        text[n] = 0;
        keel_line l;
        keel_line_head h = head_of(KEEL_LOG_ENGINE_FATAL);
        h.symbol = text;
        h.message = text;
        size_t size;
        keel_line_begin(&l, &RUN, &h);
        keel_line_string(&l, "error", text);
        const char *line = keel_line_end(&l, &RUN, &h, &size);
        assert_null(memchr(line, '\n', size - 1));
        keel_log_record r;
        keel_err err = {0};
        assert_int_equal(keel_log_record_read(line, size - 1, "t", &r, &err), 0);
        keel_log_record_done(&r);
    }
}

static void codes_are_stable_and_distinct(void **state) {
    (void)state;
    for (int i = 0; i < KEEL_EVENT_CODES; i++) {
        const keel_event_info *info = keel_event_info_of((keel_event_code)i);
        assert_int_equal(keel_event_code_of(info->name), i);
        assert_true(info->fields[0] && info->sentence[0] && info->component[0]);
        for (int k = 0; k < i; k++)
            assert_int_not_equal(keel_event_info_of((keel_event_code)k)->number, info->number);
    }
    /* of each hundred, and written down elsewhere: these never change */
    assert_int_equal(keel_event_info_of(KEEL_LOG_ORDER_NEW)->number, 801);
    assert_int_equal(keel_event_info_of(KEEL_LOG_KILL)->number, 1301);
    assert_int_equal(keel_event_info_of(KEEL_LOG_MANUAL_ACTION)->number, 2001);
    assert_int_equal(keel_event_code_of("NO_SUCH"), KEEL_EVENT_CODES);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(secrets_go_by_name_and_by_form),
        cmocka_unit_test(what_is_no_secret_stays),
        cmocka_unit_test(a_line_for_people_names_what_it_means),
        cmocka_unit_test(nothing_is_longer_than_its_room),
        cmocka_unit_test(text_cannot_leave_its_line),
        cmocka_unit_test(long_text_is_cut_at_a_character),
        cmocka_unit_test(only_listed_fields_are_written),
        cmocka_unit_test(a_record_that_does_not_fit_is_replaced),
        cmocka_unit_test(any_bytes_make_a_record),
        cmocka_unit_test(codes_are_stable_and_distinct),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
