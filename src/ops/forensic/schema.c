/* ops/forensic/schema.c: see schema.h. */
#include "ops/forensic/schema.h"

#include <string.h>

#include "ops/forensic/code.h"
#include "ops/forensic/failure.h"
#include "ops/forensic/line.h"

#define DECIMAL "^-?[0-9]+\\.[0-9]{2,8}$"
#define TIME "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\\.[0-9]{3}Z$"

static const char *const REQUIRED[] = {"schema_version", "ts",       "seq",  "run_id",      "mode",
                                       "level",          "severity", "code", "code_number", "component",
                                       "corr_id",        "message",  "data"};

/* What a record of metrics always has. */
static const char *const METRICS[] = {
    "equity_usd",   "cash_usd",      "margin_usd",      "exposure_gross_usd",    "exposure_net_usd", "drawdown_pct",
    "drawdown_usd", "open_orders",   "open_positions",  "slippage_bps_avg",      "slippage_usd",     "errors",
    "warnings",     "feeds_missing", "feed_age_ms_max", "queue_orders_in_flight"};

static int ends(const char *text, size_t size, const char *with) {
    size_t n = strlen(with);
    return size >= n && memcmp(text + size - n, with, n) == 0;
}

static int is(const char *text, size_t size, const char *word) {
    return size == strlen(word) && memcmp(text, word, size) == 0;
}

static void pattern(keel_json *j, const char *key, const char *text) {
    keel_json_key(j, key);
    keel_json_object(j);
    keel_json_kstring(j, "type", "string");
    keel_json_kstring(j, "pattern", text);
    keel_json_close(j);
}

static void typed(keel_json *j, const char *key, const char *type) {
    keel_json_key(j, key);
    keel_json_object(j);
    keel_json_kstring(j, "type", type);
    keel_json_close(j);
}

/* Amounts, prices and quantities are exact decimals; these alone are doubles. */
static void field(keel_json *j, const char *name, size_t size) {
    char key[64];
    memcpy(key, name, size);
    key[size] = 0;
    if (is(name, size, "feed_ages_ms")) { /* by the name of the feed */
        typed(j, key, "object");
    } else if (is(name, size, "avg_px") || is(name, size, "before_usd") || is(name, size, "after_usd") ||
               ends(name, size, "_pct") || ends(name, size, "_bps") || is(name, size, "slippage_bps_avg")) {
        typed(j, key, "number");
    } else if (ends(name, size, "_usd") || ends(name, size, "px") || ends(name, size, "qty")) {
        pattern(j, key, DECIMAL);
    } else if (ends(name, size, "_ms") || strstr(key, "_ms_") || is(name, size, "fills") || is(name, size, "orders")) {
        typed(j, key, "integer");
    } else {
        keel_json_key(j, key);
        keel_json_bool(j, 1);
    }
}

static void words(keel_json *j, const char *key, const char *const list[], size_t count) {
    keel_json_key(j, key);
    keel_json_array(j);
    for (size_t i = 0; i < count; i++)
        keel_json_string(j, list[i]);
    keel_json_close(j);
}

static void data_of(keel_json *j, keel_event_code code) {
    const char *at = keel_event_info_of(code)->fields;
    keel_json_object(j);
    keel_json_kstring(j, "type", "object");
    keel_json_kbool(j, "additionalProperties", 0);
    keel_json_key(j, "properties");
    keel_json_object(j);
    while (*at) {
        size_t size = strcspn(at, " ");
        field(j, at, size);
        at += size + (at[size] == ' ');
    }
    keel_json_close(j);
    if (code == KEEL_LOG_METRICS) words(j, "required", METRICS, sizeof METRICS / sizeof *METRICS);
    keel_json_close(j);
}

/* What did not fail has no class; of what did records of earlier builds have none. */
static void failure(keel_json *j, keel_event_code code) {
    keel_failure_class of = keel_failure_class_of(code);
    keel_json_key(j, "class");
    if (of == KEEL_FAILURE_NONE) {
        keel_json_bool(j, 0);
        return;
    }
    keel_json_object(j);
    keel_json_kstring(j, "const", keel_failure_class_word(of));
    keel_json_kstring(j, "description", keel_failure_done_of(code));
    keel_json_close(j);
}

/* If the code is this one, then its number and its data are these. */
static void rule(keel_json *j, keel_event_code code) {
    const keel_event_info *info = keel_event_info_of(code);
    keel_json_object(j);
    keel_json_key(j, "if");
    keel_json_object(j);
    keel_json_key(j, "properties");
    keel_json_object(j);
    keel_json_key(j, "code");
    keel_json_object(j);
    keel_json_kstring(j, "const", info->name);
    keel_json_close(j);
    keel_json_close(j);
    keel_json_close(j);
    keel_json_key(j, "then");
    keel_json_object(j);
    keel_json_kstring(j, "description", info->sentence);
    keel_json_key(j, "properties");
    keel_json_object(j);
    keel_json_key(j, "code_number");
    keel_json_object(j);
    keel_json_kint(j, "const", info->number);
    keel_json_close(j);
    keel_json_key(j, "level");
    keel_json_object(j);
    keel_json_kstring(j, "const", keel_event_level_word(info->level));
    keel_json_close(j);
    failure(j, code);
    keel_json_key(j, "data");
    data_of(j, code);
    keel_json_close(j);
    keel_json_close(j);
    keel_json_close(j);
}

static void enumeration(keel_json *j, const char *key, int count, const char *(*word)(int)) {
    keel_json_key(j, key);
    keel_json_object(j);
    keel_json_key(j, "enum");
    keel_json_array(j);
    for (int i = 0; i < count; i++)
        keel_json_string(j, word(i));
    keel_json_close(j);
    keel_json_close(j);
}

static const char *level_word(int i) { return keel_event_level_word((keel_event_level)i); }
static const char *severity_word(int i) { return keel_event_severity_word((keel_event_severity)i); }
static const char *class_word(int i) { return keel_failure_class_word((keel_failure_class)(i + 1)); }
static const char *code_word(int i) { return keel_event_info_of((keel_event_code)i)->name; }

static void properties(keel_json *j) {
    static const char *const TEXTS[] = {"run_id", "mode",     "component", "corr_id",   "strategy_id",
                                        "symbol", "order_id", "intent_id", "config_id", "message"};
    keel_json_key(j, "properties");
    keel_json_object(j);
    keel_json_key(j, "schema_version");
    keel_json_object(j);
    keel_json_kint(j, "const", KEEL_LINE_SCHEMA);
    keel_json_close(j);
    pattern(j, "ts", TIME);
    keel_json_key(j, "seq");
    keel_json_object(j);
    keel_json_kstring(j, "type", "integer");
    keel_json_kint(j, "minimum", 1);
    keel_json_close(j);
    typed(j, "cycle_id", "integer");
    enumeration(j, "level", KEEL_LEVEL_COUNT, level_word);
    enumeration(j, "severity", KEEL_SEVERITY_COUNT, severity_word);
    enumeration(j, "class", KEEL_FAILURE_CLASS_COUNT - 1, class_word);
    enumeration(j, "code", KEEL_EVENT_CODES, code_word);
    typed(j, "code_number", "integer");
    for (size_t i = 0; i < sizeof TEXTS / sizeof *TEXTS; i++) {
        keel_json_key(j, TEXTS[i]);
        keel_json_object(j);
        keel_json_kstring(j, "type", "string");
        keel_json_kint(j, "minLength", 1);
        keel_json_kint(j, "maxLength", KEEL_LINE_STRING_MAX);
        keel_json_close(j);
    }
    typed(j, "data", "object");
    keel_json_close(j);
}

void keel_event_schema(keel_json *j) {
    keel_json_object(j);
    keel_json_kstring(j, "$schema", "https://json-schema.org/draft/2020-12/schema");
    keel_json_kstring(j, "title", "a record of keel's log");
    keel_json_kstring(j, "type", "object");
    words(j, "required", REQUIRED, sizeof REQUIRED / sizeof *REQUIRED);
    keel_json_kbool(j, "additionalProperties", 0);
    properties(j);
    keel_json_key(j, "allOf");
    keel_json_array(j);
    for (int i = 0; i < KEEL_EVENT_CODES; i++)
        rule(j, (keel_event_code)i);
    keel_json_close(j);
    keel_json_close(j);
}
