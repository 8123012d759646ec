/* app/cli/backtest_states.c: see backtest_states.h. */
#include "app/cli/backtest_states.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/signal/regime.h"
#include "stats/market_state.h"

/* Bars of the tape that had closed when the trade was entered. */
static int64_t closed_before(const keel_tape *tape, const keel_trade *t) {
    int64_t bars = (t->entry_ts_ms - tape->start_ms) / tape->interval_ms;
    return bars < 0 ? 0 : bars > tape->bars ? tape->bars : bars;
}

static int has_trades(const keel_trade trades[], int64_t count, int32_t symbol) {
    for (int64_t i = 0; i < count; i++)
        if (trades[i].symbol == symbol) return 1;
    return 0;
}

int keel_backtest_states_of(const keel_backtest_data *d, const keel_trade trades[], int64_t trade_count, uint8_t **ret,
                            keel_err *err) {
    const keel_tape *tape = d->tape;
    uint8_t *states = calloc((size_t)trade_count + 1, 1), *bars = calloc((size_t)tape->bars + 1, 1);
    int rc = states && bars ? 0 : keel_err_set(err, KEEL_E_NOMEM, "out of memory: report: shorten the time range");
    for (int32_t s = 0; rc == 0 && s < d->count; s++) {
        if (!has_trades(trades, trade_count, s)) continue;
        rc = keel_market_states(tape->sym[s].close_e8, tape->bars, tape->trade_from, bars, err);
        for (int64_t i = 0; rc == 0 && i < trade_count; i++) {
            int64_t closed = trades[i].symbol == s ? closed_before(tape, &trades[i]) : 0;
            if (closed > 0) states[i] = bars[closed - 1];
        }
    }
    free(bars);
    if (rc != 0)
        free(states);
    else
        *ret = states;
    return rc;
}

/* 1 when an account of the run reads candles of bitcoin. */
static int reads_btc(const keel_backtest_accounts *accounts) {
    for (int32_t i = 0; i < accounts->count; i++)
        for (int32_t s = 0; s < accounts->items[i].tape->sleeve_count; s++)
            if (accounts->items[i].tape->btc[s] >= 0) return 1;
    return 0;
}

const char *keel_backtest_regime_note(const keel_backtest_data *d, const keel_backtest_accounts *accounts,
                                      char room[KEEL_REGIME_NOTE_SIZE]) {
    const keel_exec_result *all = &accounts->all;
    int64_t unknown = 0, days = (d->start_ms - d->tape->start_ms) / 86400000;
    for (int64_t i = 0; i < all->trade_count; i++)
        unknown += all->trades[i].regime == KEEL_REGIME_UNKNOWN;
    if (unknown == 0) return NULL;
    if (!reads_btc(accounts))
        (void)snprintf(room, KEEL_REGIME_NOTE_SIZE,
                       "UNKNOWN: a regime is bitcoin's, and this run reads no candles of bitcoin: it trades none, and "
                       "neither a gate nor its strategy asks for them. The table by volatility and trend needs none.");
    else
        (void)snprintf(room, KEEL_REGIME_NOTE_SIZE,
                       "UNKNOWN: %" PRId64 " of %" PRId64
                       " trades began before %d days of bitcoin's closes were seen; "
                       "%" PRId64
                       " days of history before the range were read. The table by volatility and trend "
                       "needs fewer.",
                       unknown, all->trade_count, KEEL_REGIME_DAYS, days);
    return room;
}
