/* fuzz/fuzz_snapshot.c: any bytes as a snapshot of an engine. What is refused says why and changes nothing; what is
 * read is written and read again: the same bytes, the same hash. The run that it says it is of is believed. */
/* runs in script/test: 10000 */
#include <stdint.h>
#include <string.h>

#include "app/cli/paper_kept.h"
#include "engine/engine_internal.h"
#include "kernel/kernel.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { SYMBOLS = 2 };

static keel_params params;
static keel_signal_list signals;
static const int32_t BTC[1] = {0}, SLEEVE[SYMBOLS] = {0, 0}, WATCH_ONLY[SYMBOLS] = {0, 0};
static const keel_instrument RULES[SYMBOLS] = {{1, 1, 0, KEEL_PERP, 1}, {1, 1, 0, KEEL_PERP, 0}};
static const int64_t SLIPPAGE[SYMBOLS] = {0, 0};
static keel_paper_books books, again_books;
static keel_sim_venue venue, again_venue;

static keel_engine *engine_of(const uint8_t *start, size_t start_size, keel_paper_books *b, keel_sim_venue *v) {
    keel_engine_plan plan = {.params = &params,
                             .signals = &signals,
                             .btc = BTC,
                             .rules = RULES,
                             .sleeve = SLEEVE,
                             .watch_only = WATCH_ONLY,
                             .symbol_count = SYMBOLS,
                             .sleeve_count = 1,
                             .interval_ms = 3600000,
                             .start_usd_e8 = 100000000000};
    keel_engine *e = NULL;
    keel_err err = {0};
    keel_sim_venue_init(v, SYMBOLS, RULES, SLIPPAGE);
    keel_paper_books_init(b, plan.start_usd_e8, SYMBOLS);
    b->venue = v;
    keel_engine_watch watch = keel_paper_books_watch(b);
    KEEL_ASSERT(keel_engine_make(&plan, &watch, &e, &err) == 0);
    keel_strbuf_add_bytes(&e->start, start, start_size);
    return e;
}

static void read_again(const keel_engine *e, const uint8_t *start, size_t start_size) {
    keel_strbuf one, two;
    keel_err err = {0};
    keel_engine_kept judged;
    keel_strbuf_init(&one, 0);
    keel_strbuf_init(&two, 0);
    keel_engine_keep(e, &one);
    keel_engine *other = engine_of(start, start_size, &again_books, &again_venue);
    KEEL_ASSERT(keel_engine_restore(other, (const uint8_t *)one.text, one.size, &err) == 0);
    keel_engine_keep(other, &two);
    KEEL_ASSERT(one.size == two.size && memcmp(one.text, two.text, one.size) == 0);
    KEEL_ASSERT(keel_state_hash(other->st) == keel_state_hash(e->st));
    KEEL_ASSERT(keel_paper_kept_judge((const uint8_t *)one.text, one.size, keel_state_hash(e->st), &judged, &err) == 0);
    keel_engine_abandon(other);
    keel_paper_books_done(&again_books);
    keel_strbuf_done(&one);
    keel_strbuf_done(&two);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    keel_packed_reader r;
    const uint8_t *start = NULL;
    size_t start_size = 0;
    keel_err err = {0};
    keel_engine_kept judged;
    if (signals.n == 0) {
        keel_params_default(&params);
        KEEL_ASSERT(keel_strategy_select(&params, KEEL_STRATEGY_EMA_CROSS));
        keel_kernel_builtin.strategy_signals(&params, &signals);
    }
    if (keel_paper_kept_judge(data, size, 0, &judged, &err) != 0) KEEL_ASSERT(err.text[0] != 0);
    if (keel_packed_open(&r, data, size, &err) != 0) return 0;
    if (keel_packed_look_bytes(&r, "start", &start, &start_size, &err) != 0) return 0;
    keel_engine *e = engine_of(start, start_size, &books, &venue);
    if (keel_engine_restore(e, data, size, &err) == 0)
        read_again(e, start, start_size);
    else
        KEEL_ASSERT(err.text[0] != 0 && e->seq == 0 && books.result.trade_count == 0);
    keel_engine_abandon(e);
    keel_paper_books_done(&books);
    return 0;
}
