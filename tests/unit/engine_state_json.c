/* A position and a state as JSON: everything comes back to the bit, the state goes on deciding the same, and what is
 * wrong is refused by kind [KRN-05] [KRN-06.5]. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core_stream.h"
#include "engine/state_json.h"
#include "model/command.h"

static const char *const NAMES[STREAM_SYMBOLS] = {"BTCUSDT", "ETHUSDT", "SOLUSDT"};

static char *text_of(keel_json *j) {
    size_t size;
    const char *text = keel_json_text(j, &size);
    char *copy = malloc(size + 1);
    assert_non_null(copy);
    memcpy(copy, text, size + 1);
    keel_json_free(j);
    return copy;
}

static char *position_text(const keel_position *pos) {
    keel_json *j = keel_json_new(0);
    assert_non_null(j);
    keel_position_json_write(pos, "BTCUSDT", j);
    return text_of(j);
}

static char *state_text(const keel_state *st) {
    keel_json *j = keel_json_new(1);
    assert_non_null(j);
    keel_state_json_write(st, NAMES, j);
    return text_of(j);
}

static int read_position(const char *text, keel_position *ret, keel_field_warnings *warnings, keel_err *err) {
    char symbol[KEEL_SYMBOL_NAME_MAX + 1];
    memset(err, 0, sizeof *err);
    int rc = keel_position_json_read(text, strlen(text), "p.json", symbol, ret, warnings, err);
    if (rc == 0) assert_string_equal(symbol, "BTCUSDT");
    assert_int_equal(err->code, rc);
    return rc;
}

static int64_t any_amount(stream *r) {
    static const int64_t EDGES[] = {0, 1, -1, 100000000, INT64_MAX, INT64_MIN, INT64_MIN + 1, 99999999};
    if (stream_chance(r, 0.2)) return EDGES[stream_below(r, 8)];
    return (int64_t)(stream_draw(r) >> stream_below(r, 64)) * (stream_chance(r, 0.5) ? 1 : -1);
}

static double any_real(stream *r) {
    static const double EDGES[] = {0.0, -0.0, 5e-324, 1.7976931348623157e308, 0.1, -1.0 / 3.0};
    double value;
    if (stream_chance(r, 0.2)) return EDGES[stream_below(r, 6)];
    uint64_t bits = stream_draw(r);
    memcpy(&value, &bits, sizeof value);
    return value - value == 0.0 ? value : 1.0;
}

static keel_position any_position(stream *r) {
    keel_position p;
    memset(&p, 0, sizeof p);
    int32_t *small[] = {&p.confidence, &p.entry_reason, &p.tp1_taken, &p.be_armed, &p.points};
    int64_t *whole[] = {&p.first_qty_e8, &p.opened_ms,   &p.updated_ms,    &p.stop_e8,       &p.trail_e8,
                        &p.target_e8,    &p.partial_e8,  &p.liq_e8,        &p.fees_e8,       &p.funding_e8,
                        &p.realised_e8,  &p.slippage_e8, &p.closed_usd_e8, &p.opened_qty_e8, &p.opened_usd_e8,
                        &p.mae_px_e8,    &p.mfe_px_e8};
    for (size_t i = 0; i < sizeof small / sizeof *small; i++)
        *small[i] = (int32_t)(uint32_t)stream_draw(r);
    for (size_t i = 0; i < sizeof whole / sizeof *whole; i++)
        *whole[i] = any_amount(r);
    p.side = stream_chance(r, 0.5) ? 1 : -1;
    p.qty_e8 = 1 + (int64_t)(stream_draw(r) >> 2);
    p.basis_e8 = (int64_t)(stream_draw(r) >> 1);
    p.margin_e8 = (int64_t)(stream_draw(r) >> 1);
    p.mae_e8 = -(int64_t)(stream_draw(r) >> 1);
    p.mfe_e8 = (int64_t)(stream_draw(r) >> 1);
    p.bars_held = stream_below(r, 1000000001);
    p.adds_count = stream_below(r, 1000000001);
    p.checks_done = stream_below(r, 4);
    p.entry_px = (double)p.basis_e8 / (double)p.qty_e8;
    p.entry_atr = any_real(r);
    p.stop_scale = any_real(r);
    return p;
}

/* [KRN-05.3] Property: 1000 positions of random bits, edges of every type among them. */
static void random_positions_come_back_to_the_bit(void **state) {
    stream r = {.rng = 42};
    (void)state;
    for (int i = 0; i < 1000; i++) {
        keel_position pos = any_position(&r), back;
        keel_field_warnings warnings;
        keel_err err;
        char *text = position_text(&pos);
        if (read_position(text, &back, &warnings, &err) != 0) fail_msg("%d: %s", i, err.text);
        assert_memory_equal(&back, &pos, sizeof pos);
        assert_int_equal(warnings.count + warnings.dropped, 0);
        char *again = position_text(&back);
        assert_string_equal(again, text);
        free(again);
        free(text);
    }
}

#define HEAD "{\"schema\":\"keel.position\",\"schema_version\":1,\"symbol\":\"BTCUSDT\","
#define NEEDED "\"side\":\"long\",\"qty\":\"2.00\",\"basis_usd\":\"200.50\",\"margin_usd\":\"100.25\""

/* [KRN-05.3] What may be missing is zero; what is derived is derived. */
static void missing_fields_are_defaults(void **state) {
    keel_position pos, want;
    keel_err err;
    (void)state;
    assert_int_equal(read_position(HEAD NEEDED "}", &pos, NULL, &err), 0);
    memset(&want, 0, sizeof want);
    want.side = 1;
    want.qty_e8 = 200000000;
    want.basis_e8 = 20050000000;
    want.margin_e8 = 10025000000;
    want.entry_px = 100.25;
    assert_memory_equal(&pos, &want, sizeof pos);
}

/* [KRN-05.3] */
static void unknown_fields_are_warnings(void **state) {
    keel_position pos;
    keel_field_warnings warnings;
    keel_err err;
    char text[4000];
    (void)state;
    assert_int_equal(
        read_position(HEAD "\n\"colour\":\"red\"," NEEDED ",\n\"more\":{\"a\":[1,2]}}", &pos, &warnings, &err), 0);
    assert_int_equal(warnings.count, 2);
    assert_string_equal(warnings.line[0], "unknown field ignored: colour: p.json:2");
    assert_string_equal(warnings.line[1], "unknown field ignored: more: p.json:3");
    assert_int_equal(pos.qty_e8, 200000000);
    int at = snprintf(text, sizeof text, "%s", HEAD NEEDED);
    for (int i = 0; i < 20; i++)
        at += snprintf(text + at, sizeof text - (size_t)at, ",\"x%d\":1", i);
    (void)snprintf(text + at, sizeof text - (size_t)at, "}");
    assert_int_equal(read_position(text, &pos, &warnings, &err), 0);
    assert_int_equal(warnings.count, KEEL_FIELD_WARNINGS_MAX);
    assert_int_equal(warnings.dropped, 20 - KEEL_FIELD_WARNINGS_MAX);
}

/* [KRN-05.3] Each wrong document has its code and names the place; nothing is taken over. */
static void wrong_documents_are_refused_by_kind(void **state) {
    static const struct {
        int code;
        const char *says, *text;
    } CASES[] = {
        {KEEL_E_PARSE, "not JSON", "{"},
        {KEEL_E_PARSE, "not a keel.position document", "[]"},
        {KEEL_E_PARSE, "not a keel.position document", "{\"schema\":\"keel.state\",\"schema_version\":1}"},
        {KEEL_E_PARSE, "schema_version is missing", "{\"schema\":\"keel.position\",\"symbol\":\"A\"}"},
        {KEEL_E_VERSION, "version 2 is not supported", "{\"schema\":\"keel.position\",\"schema_version\":2}"},
        {KEEL_E_VERSION, "version 0 is not supported", "{\"schema\":\"keel.position\",\"schema_version\":0}"},
        {KEEL_E_PARSE, "symbol is missing", "{\"schema\":\"keel.position\",\"schema_version\":1," NEEDED "}"},
        {KEEL_E_RANGE, "symbol is not 1 to 31",
         "{\"schema\":\"keel.position\",\"schema_version\":1,\"symbol\":\"\"," NEEDED "}"},
        {KEEL_E_RANGE, "symbol is not 1 to 31",
         "{\"schema\":\"keel.position\",\"schema_version\":1,\"symbol\":\"12345678901234567890123456789012\"," NEEDED
         "}"},
        {KEEL_E_PARSE, "qty is missing", HEAD "\"side\":\"long\",\"basis_usd\":\"1\",\"margin_usd\":\"1\"}"},
        {KEEL_E_PARSE, "qty cannot be read",
         HEAD "\"side\":\"long\",\"qty\":2.0,\"basis_usd\":\"1\",\"margin_usd\":\"1\"}"},
        {KEEL_E_PARSE, "qty cannot be read", HEAD "\"side\":\"long\",\"qty\":\"0.123456789\"}"},
        {KEEL_E_RANGE, "qty cannot be read", HEAD "\"side\":\"long\",\"qty\":\"92233720368.54775808\"}"},
        {KEEL_E_RANGE, "side cannot be read", HEAD "\"side\":\"up\"}"},
        {KEEL_E_PARSE, "side cannot be read", HEAD "\"side\":1}"},
        {KEEL_E_RANGE, "points cannot be read", HEAD NEEDED ",\"points\":2147483648}"},
        {KEEL_E_PARSE, "points cannot be read", HEAD NEEDED ",\"points\":\"1\"}"},
        {KEEL_E_PARSE, "opened_ms cannot be read", HEAD NEEDED ",\"opened_ms\":1.5}"},
        {KEEL_E_RANGE, "entry_atr cannot be read", HEAD NEEDED ",\"entry_atr\":1e999}"},
        {KEEL_E_PARITY, "impossible sign",
         HEAD "\"side\":\"long\",\"qty\":\"0\",\"basis_usd\":\"1\",\"margin_usd\":\"1\"}"},
        {KEEL_E_PARITY, "impossible sign",
         HEAD "\"side\":\"short\",\"qty\":\"1\",\"basis_usd\":\"-1\",\"margin_usd\":\"1\"}"},
        {KEEL_E_PARITY, "impossible sign", HEAD NEEDED ",\"mae_usd\":\"1\"}"},
        {KEEL_E_PARITY, "impossible sign", HEAD NEEDED ",\"bars_held\":1000000001}"},
        {KEEL_E_PARITY, "flat position",
         HEAD "\"side\":\"flat\",\"qty\":\"1\",\"basis_usd\":\"0\",\"margin_usd\":\"0\"}"},
        {KEEL_E_PARITY, "avg_entry_px is not", HEAD NEEDED ",\"avg_entry_px\":100.26}"},
        {KEEL_E_PARSE, "avg_entry_px is no number", HEAD NEEDED ",\"avg_entry_px\":\"100.25\"}"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        keel_position pos, before;
        keel_err err;
        memset(&pos, 0x5a, sizeof pos);
        before = pos;
        int rc = read_position(CASES[i].text, &pos, NULL, &err);
        if (rc != CASES[i].code || !strstr(err.text, CASES[i].says) || !strstr(err.text, "p.json:1"))
            fail_msg("%s: %d, %s", CASES[i].text, rc, err.text);
        assert_memory_equal(&pos, &before, sizeof pos);
    }
}

static keel_state the_state, reloaded;

/* Read back and be the same; the document is returned. */
static char *assert_comes_back(const keel_state *st) {
    keel_field_warnings warnings;
    keel_err err = {0};
    char *text = state_text(st);
    if (keel_state_json_read(text, strlen(text), "s.json", NAMES, STREAM_SYMBOLS, &reloaded, &warnings, &err) != 0)
        fail_msg("%s", err.text);
    assert_int_equal(warnings.count, 0);
    assert_int_equal(keel_state_hash(&reloaded), keel_state_hash(st));
    assert_memory_equal(&reloaded, st, sizeof *st);
    return text;
}

/* [KRN-05.3] [KRN-06.5] At many moments of random lives, with positions, orders in flight and losses behind them: the
 * same bytes come back, and the reloaded state and the first take the same decisions from there. */
static void states_come_back_and_decide_the_same(void **state) {
    int held = 0, waiting = 0;
    (void)state;
    for (uint64_t seed = 0; seed < 6; seed++) {
        keel_params p;
        stream r;
        stream_step s;
        keel_decision a, b;
        keel_params_default(&p);
        assert_true(keel_strategy_select(&p, seed % 2 ? KEEL_STRATEGY_TREND : KEEL_STRATEGY_EMA_CROSS));
        p.leverage = 2.0;
        p.max_adds_per_position = 2;
        stream_start(&r, seed, &p, &the_state);
        free(assert_comes_back(&the_state));
        for (int i = 0; i < 400; i++) {
            stream_next(&r, &the_state, &s);
            memset(&a, 0, sizeof a);
            memset(&b, 0, sizeof b);
            (void)keel_step(&the_state, &p, &s.ev, s.has_snap ? &s.snap : NULL, &a, NULL);
            if (i % 10 != 0) {
                (void)keel_step(&reloaded, &p, &s.ev, s.has_snap ? &s.snap : NULL, &b, NULL);
                assert_memory_equal(&a, &b, sizeof a);
                continue;
            }
            held += the_state.open_positions;
            waiting += the_state.sym[0].pending.kind != 0;
            free(assert_comes_back(&the_state));
        }
        assert_true(keel_state_hash(&the_state) == keel_state_hash(&reloaded));
    }
    assert_true(held > 20 && waiting > 5);
}

/* The document with the first `from` replaced. */
static char *changed(const char *text, const char *from, const char *to) {
    const char *at = strstr(text, from);
    if (!at) fail_msg("no %s in the document", from);
    size_t size = strlen(text) + strlen(to) + 1;
    char *made = malloc(size);
    if (!made) abort();
    (void)snprintf(made, size, "%.*s%s%s", (int)(at - text), text, to, at + strlen(from));
    return made;
}

static void wrong_states_are_refused_by_kind(void **state) {
    static const struct {
        int code;
        const char *says, *from, *to;
    } CASES[] = {
        {KEEL_E_VERSION, "version 9", "\"schema_version\": 1", "\"schema_version\": 9"},
        {KEEL_E_PARSE, "account is missing", "\"account\"", "\"accounts\""},
        {KEEL_E_PARSE, "v0 is missing", "\"v0\"", "\"v9\""},
        {KEEL_E_PARSE, "last_seq cannot be read", "\"last_seq\": \"", "\"last_seq\": \"-"},
        {KEEL_E_RANGE, "words cannot be read", "\"words\": \"", "\"words\": \"99999999999999999999"},
        {KEEL_E_PARSE, "outcomes is not a list of 6", "\"outcomes\": [", "\"outcomes\": [1,"},
        {KEEL_E_PARITY, "books do not balance", "\"cash_usd\": \"", "\"cash_usd\": \"1"},
        {KEEL_E_PARITY, "open positions or orders", "\"open_positions\": ", "\"open_positions\": 1"},
        {KEEL_E_PARITY, "open profit", "\"open_pnl_usd\": \"0.00\"", "\"open_pnl_usd\": \"0.01\""},
        {KEEL_E_RANGE, "a count is below 0", "\"entries_today\": 0", "\"entries_today\": 2000000000"},
        {KEEL_E_RANGE, "a count is below 0", "\"profits\": [\n  0", "\"profits\": [\n  -1"},
        {KEEL_E_PARITY, "the state is of ETHUSD", "ETHUSDT", "ETHUSD"},
        {KEEL_E_PARSE, "not an object", "\"seen\": {", "\"seen\": 5, \"other\": {"},
        {KEEL_E_RANGE, "lot and tick", "\"lot\": \"0.00000001\"", "\"lot\": \"0\""},
        {KEEL_E_RANGE, "fill_ids_at", "\"fill_ids_at\": 0", "\"fill_ids_at\": 8"},
        {KEEL_E_RANGE, "order in flight", "\"pending\": null",
         "\"pending\": {\"id\":\"1\",\"kind\":1,\"side\":0,\"qty\":\"1\"}"},
        {KEEL_E_PARITY, "margin or cost", "\"position\": null",
         "\"position\": {\"side\":\"long\",\"qty\":\"1\",\"basis_usd\":\"1\",\"margin_usd\":\"1\"}"},
    };
    keel_params p;
    stream r;
    (void)state;
    keel_params_default(&p);
    stream_start(&r, 1, &p, &the_state);
    char *text = assert_comes_back(&the_state);
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        keel_err err = {0};
        keel_state before = reloaded;
        char *made = changed(text, CASES[i].from, CASES[i].to);
        int rc = keel_state_json_read(made, strlen(made), "s.json", NAMES, STREAM_SYMBOLS, &reloaded, NULL, &err);
        if (rc != CASES[i].code || !strstr(err.text, CASES[i].says)) fail_msg("%s: %d, %s", CASES[i].to, rc, err.text);
        assert_memory_equal(&reloaded, &before, sizeof before);
        free(made);
    }
    keel_err err = {0};
    assert_int_equal(keel_state_json_read(text, strlen(text), "s.json", NAMES, 2, &reloaded, NULL, &err),
                     KEEL_E_PARITY);
    free(text);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_positions_come_back_to_the_bit), cmocka_unit_test(missing_fields_are_defaults),
        cmocka_unit_test(unknown_fields_are_warnings),           cmocka_unit_test(wrong_documents_are_refused_by_kind),
        cmocka_unit_test(states_come_back_and_decide_the_same),  cmocka_unit_test(wrong_states_are_refused_by_kind),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
