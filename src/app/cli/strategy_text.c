/* app/cli/strategy_text.c: see strategy_text.h. */
#include "app/cli/strategy_text.h"

#include <string.h>

#include "base/real.h"

typedef struct word {
    uint32_t bit;
    const char *name;
} word;

static const word FEED_NAMES[] = {{KEEL_FEED_FUNDING, "funding"}, {KEEL_FEED_BTC, "btc"}, {0, NULL}};
static const word REGIME_NAMES[] = {
    {KEEL_IN_BULL, "bull"}, {KEEL_IN_BEAR, "bear"}, {KEEL_IN_CHOP, "chop"}, {KEEL_IN_CRASH, "crash"}, {0, NULL}};

void keel_strategy_text_id(const keel_strategy_text *t, keel_strbuf *out) {
    keel_strbuf_addf(out, "%s.%s.%s", t->family, t->name, t->version);
}

static void words_json(keel_json *j, const char *key, uint32_t mask, const word *words) {
    keel_json_key(j, key);
    keel_json_array(j);
    for (; words->name; words++)
        if (mask & words->bit) keel_json_string(j, words->name);
    keel_json_close(j);
}

static void universe_json(keel_json *j, const char *universe) {
    keel_json_key(j, "universe");
    if (!universe[0]) {
        keel_json_null(j);
        return;
    }
    keel_json_array(j);
    for (const char *at = universe; *at;) {
        keel_strbuf symbol;
        size_t size = strcspn(at, ",");
        keel_strbuf_init(&symbol, 0);
        keel_strbuf_add_bytes(&symbol, at, size);
        keel_json_string(j, keel_strbuf_text(&symbol));
        keel_strbuf_done(&symbol);
        at += size + (at[size] == ',');
    }
    keel_json_close(j);
}

void keel_strategy_text_json(const keel_strategy_text *t, keel_json *j) {
    keel_strbuf id;
    keel_strbuf_init(&id, 0);
    keel_strategy_text_id(t, &id);
    keel_json_kstring(j, "id", keel_strbuf_text(&id));
    keel_strbuf_done(&id);
    keel_json_kstring(j, "family", t->family);
    keel_json_kstring(j, "variant", t->name);
    keel_json_kint(j, "schema", (int64_t)t->schema);
    words_json(j, "feeds", t->feeds, FEED_NAMES);
    keel_json_kint(j, "depth_bars", (int64_t)t->depth_bars);
    universe_json(j, t->universe);
    keel_json_key(j, "risk_budget");
    if (t->risk_budget > 0.0)
        keel_json_double(j, t->risk_budget);
    else
        keel_json_null(j);
    words_json(j, "regimes", t->regimes ? t->regimes : KEEL_IN_ALL, REGIME_NAMES);
    keel_json_key(j, "requires");
    keel_json_array(j);
    for (int32_t i = 0; i < t->rule_count; i++) {
        keel_json_object(j);
        keel_json_kstring(j, "condition", t->rule[i].condition);
        keel_json_kstring(j, "description", t->rule[i].sentence);
        keel_json_close(j);
    }
    keel_json_close(j);
}

static void words_line(keel_strbuf *out, const char *what, uint32_t mask, const word *words) {
    if (!mask) return;
    keel_strbuf_addf(out, "  %-28s", what);
    for (; words->name; words++)
        if (mask & words->bit) keel_strbuf_addf(out, " %s", words->name);
    keel_strbuf_addf(out, "\n");
}

void keel_strategy_text_lines(const keel_strategy_text *t, keel_strbuf *out) {
    char number[KEEL_REAL_TEXT_MAX];
    for (int32_t i = 0; i < t->rule_count; i++)
        keel_strbuf_addf(out, "  %-28s %s: %s\n", "requires", t->rule[i].condition, t->rule[i].sentence);
    words_line(out, "feeds", t->feeds, FEED_NAMES);
    if (t->depth_bars > 0.0)
        keel_strbuf_addf(out, "  %-28s %d bars before the first decision\n", "depth", (int)t->depth_bars);
    if (t->universe[0]) keel_strbuf_addf(out, "  %-28s %s\n", "universe", t->universe);
    if (t->risk_budget > 0.0)
        keel_strbuf_addf(out, "  %-28s %s of equity\n", "risk budget", keel_real_format(t->risk_budget, number));
    words_line(out, "regimes", t->regimes, REGIME_NAMES);
}
