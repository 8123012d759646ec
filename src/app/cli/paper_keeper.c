/* app/cli/paper_keeper.c: see paper_keeper.h. */
#include "app/cli/paper_keeper.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/timerange.h"
#include "engine/state_json.h"
#include "port/clock.h"

enum { PATH_MAX_ALL = 1100 };

static int64_t wall_ms(void) {
    const keel_clock *clock = keel_clock_real();
    return clock->wall_ms(clock->ctx);
}

/* ---- counters --------------------------------------------------------------------------------------------------- */

static int read_counters(const keel_paper_keeper *k, int64_t ts_ms, keel_counters *ret, keel_err *err) {
    const keel_exec_result *r = &k->books->result;
    keel_counters_from from = {.trades = r->trades,
                               .trade_count = r->trade_count,
                               .equity_ts_ms = r->equity_ts_ms,
                               .equity_e8 = r->equity_e8,
                               .equity_count = r->equity_count,
                               .start_e8 = k->start_e8,
                               .now_ms = ts_ms,
                               .cooldown_ms = k->cooldown_ms};
    keel_reset *resets = NULL;
    int64_t count = 0;
    KEEL_TRY(keel_statestore_resets(k->store, &resets, &count, err));
    for (int i = 0; i < KEEL_COUNTER_COUNT; i++)
        from.reset_ms[i] = INT64_MIN;
    for (int64_t i = 0; i < count; i++)
        from.reset_ms[resets[i].counter] = resets[i].ts_ms;
    free(resets);
    keel_counters_read(&from, ret);
    return 0;
}

static void time_json(keel_json *j, const char *key, int64_t ts_ms) {
    char text[KEEL_TIME_TEXT_MAX];
    keel_json_kstring(j, key, ts_ms == INT64_MIN ? NULL : keel_time_format(ts_ms, text));
}

static keel_json *counters_json(const keel_paper_keeper *k, const keel_counters *c) {
    keel_json *j = keel_json_new(2);
    if (!j) return NULL;
    keel_json_object(j);
    keel_json_kstring(j, "schema", "keel.counters");
    keel_json_kint(j, "schema_version", 1);
    keel_json_kstring(j, "run_id", k->run_id);
    keel_json_kstring(j, "config_id", k->config_id);
    keel_json_kint(j, "as_of_ms", c->now_ms);
    time_json(j, "as_of", c->now_ms);
    keel_json_ke8(j, "equity_usd", c->equity_e8);
    keel_json_ke8(j, "pnl_today_usd", c->pnl_today_e8);
    keel_json_kint(j, "trades_today", c->trades_today);
    keel_json_kint(j, "trades_this_hour", c->trades_this_hour);
    keel_json_kint(j, "consecutive_losses", c->consecutive_losses);
    time_json(j, "last_loss_time", c->last_loss_ms);
    time_json(j, "cooldown_until", c->cooldown_until_ms);
    keel_json_kbool(j, "in_cooldown", c->cooldown_until_ms > c->now_ms);
    keel_json_ke8(j, "day_start_equity_usd", c->day_start_e8);
    keel_json_ke8(j, "week_start_equity_usd", c->week_start_e8);
    keel_json_ke8(j, "peak_equity_usd", c->peak_e8);
    keel_json_close(j);
    return j;
}

/* ---- keeping ---------------------------------------------------------------------------------------------------- */

static int write_both(keel_paper_keeper *k, const keel_state *st, uint64_t last, keel_json *state, keel_json *counters,
                      keel_err *err) {
    char path[PATH_MAX_ALL];
    size_t size = 0;
    const char *text = keel_json_text(counters, &size);
    KEEL_TRY(
        keel_statestore_put(k->store, wall_ms(), last, keel_state_hash(st), keel_json_text(state, NULL), text, err));
    (void)snprintf(path, sizeof path, "%s/operational.json", k->folder);
    return keel_file_write(path, text, size, err);
}

/* What the core waits for after losses: a reset of what is counted here does not shorten it. */
static int64_t core_waits_until(const keel_paper_keeper *k, const keel_state *st) {
    int64_t until = st->loss_pause_until_ms == KEEL_NEVER ? INT64_MIN : st->loss_pause_until_ms;
    if (k->cooldown_ms > 0 && st->last_loss_ms != KEEL_NEVER && st->last_loss_ms + k->cooldown_ms > until)
        until = st->last_loss_ms + k->cooldown_ms;
    return until;
}

int keel_paper_keeper_keep(keel_paper_keeper *k, const keel_state *st, uint64_t last, int64_t ts_ms, keel_err *reterr) {
    keel_counters c;
    KEEL_TRY(read_counters(k, ts_ms, &c, reterr));
    c.cooldown_until_ms = core_waits_until(k, st);
    keel_json *state = keel_json_new(0), *counters = counters_json(k, &c);
    int rc = KEEL_E_NOMEM;
    if (state && counters) {
        keel_state_json_write(st, k->symbols, state);
        rc = write_both(k, st, last, state, counters, reterr);
    } else {
        (void)keel_err_set(reterr, rc, "out of memory: states: close other programs");
    }
    keel_json_free(state);
    keel_json_free(counters);
    k->bars = 0;
    return rc;
}

/* ---- watching --------------------------------------------------------------------------------------------------- */

/* Whoever reads them reads old ones: nobody may find that out at the end. */
static void could_not(keel_paper_keeper *k, const keel_err *why) {
    k->bars = 0;
    if (k->failures++ > 0) return;
    k->err = *why;
    if (k->failed) k->failed(k->failed_data, why->text);
}

/* An order changes books behind the last input of the market, and the state may have been kept behind it. */
static void stepped(void *data, const keel_engine_seen *seen) {
    keel_paper_keeper *k = data;
    k->inner.stepped(k->inner.data, seen);
    if (k->live || seen->input->kind != KEEL_INPUT_CONTROL) return;
    k->ordered = 1;
    if (k->is_there && !k->compared) k->compared = keel_state_hash(seen->state) == k->last.state_hash;
}

static void marked(void *data, const keel_input *input, const keel_state *st) {
    keel_paper_keeper *k = data;
    k->inner.marked(k->inner.data, input, st);
    if (!k->live) {
        k->is_there = k->last.state && input->number == k->last.input;
        if (!k->is_there) return;
        k->came_by = 1;
        k->compared = keel_state_hash(st) == k->last.state_hash;
        return;
    }
    if (input->kind != KEEL_INPUT_CLOSE || ++k->bars < k->every) return;
    keel_err why = {0};
    if (keel_paper_keeper_keep(k, st, input->number, input->ts_ms, &why) != 0) could_not(k, &why);
}

static void save(void *data, keel_packed_writer *out) {
    const keel_paper_keeper *k = data;
    k->inner.save(k->inner.data, out);
}

static int load(void *data, keel_packed_reader *in, int takes, keel_err *reterr) {
    keel_paper_keeper *k = data;
    return k->inner.load(k->inner.data, in, takes, reterr);
}

keel_engine_watch keel_paper_keeper_watch(keel_paper_keeper *k) {
    return (keel_engine_watch){.data = k, .stepped = stepped, .marked = marked, .save = save, .load = load};
}

/* ---- contract --------------------------------------------------------------------------------------------------- */

int keel_paper_keeper_open(keel_paper_keeper *k, keel_err *reterr) {
    char path[PATH_MAX_ALL];
    (void)snprintf(path, sizeof path, "%s/state.db", k->folder);
    KEEL_TRY(keel_statestore_open(path, 1, &k->store, reterr));
    k->inner = keel_paper_books_watch(k->books);
    int rc = keel_statestore_newest(k->store, &k->last, reterr);
    return rc == KEEL_E_NOT_FOUND ? 0 : rc;
}

void keel_paper_keeper_done(keel_paper_keeper *k) {
    keel_statestore_close(k->store);
    keel_staterow_done(&k->last);
    k->store = NULL;
}

/* Is the journal's another state than the one that was kept? Behind the kept one orders may have changed the books;
 * only where the replay began behind it, too, that cannot be told. */
static int differs(keel_paper_keeper *k, uint64_t last, uint64_t state_hash) {
    int at_end = k->last.state && k->last.input == last;
    if (at_end && !k->compared) k->compared = state_hash == k->last.state_hash;
    return !k->compared && (k->came_by || (at_end && !k->ordered));
}

/* The journal was cut: what was kept of the part that is gone goes into a file beside, the resets stay. Of an input
 * that is there what followed may be gone, and of those before it in its batch. */
static int take_away_cut(keel_paper_keeper *k, uint64_t last, keel_err *reterr) {
    KEEL_TRY(keel_statestore_cut(k->store, k->folder, k->differs ? 0 : last, &k->cut, reterr));
    keel_staterow_done(&k->last);
    k->differs = k->compared = 0;
    int rc = keel_statestore_newest(k->store, &k->last, reterr);
    return rc == KEEL_E_NOT_FOUND ? 0 : rc;
}

int keel_paper_keeper_go_live(keel_paper_keeper *k, uint64_t last, uint64_t state_hash, int is_cut, keel_err *reterr) {
    k->live = 1;
    k->differs = differs(k, last, state_hash);
    if (is_cut && k->last.state && (k->differs || k->last.input > last)) KEEL_TRY(take_away_cut(k, last, reterr));
    if (k->differs)
        return keel_err_set(reterr, KEEL_E_PARITY,
                            "the journal does not lead to the state that was kept: %s/state.db: input %" PRIu64
                            ", kept state hash %016" PRIx64 ": one of them was changed; put both back from one copy",
                            k->folder, k->last.input, k->last.state_hash);
    if (k->last.state && k->last.input > last)
        return keel_err_set(reterr, KEEL_E_PARITY,
                            "the journal is older than the state that was kept: %s: it ends at input %" PRIu64
                            ", state.db was taken after input %" PRIu64 ": put the newer journal back",
                            k->folder, last, k->last.input);
    return 0;
}

void keel_paper_keeper_say(const keel_paper_keeper *k, keel_strbuf *out) {
    if (k->last.state)
        keel_strbuf_addf(out, "  kept     a state %" PRId64 " s ago: %s\n", (wall_ms() - k->last.taken_ms) / 1000,
                         k->compared ? "the journal leads to the same" : "older than the snapshot, not compared");
    if (k->cut > 0)
        keel_strbuf_addf(
            out,
            "  kept     %" PRId64
            " states of what was cut off the journal: put aside beside state.db; resets of counters stay\n",
            k->cut);
    if (k->last.rejected > 0)
        keel_strbuf_addf(out, "  kept     %" PRId32 " states that do not fit their sums were passed over\n",
                         k->last.rejected);
}
