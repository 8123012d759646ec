/* ops/state/counters.c: see counters.h. */
#include "ops/state/counters.h"

#include <stddef.h>
#include <string.h>

#include "stats/daily.h"

enum { HOUR_MS = 3600000, DAY_MS = 86400000 };

const char *const keel_counter_words[KEEL_COUNTER_COUNT] = {
#define WORD(name, number, word, resettable) word,
    KEEL_COUNTERS(WORD)
#undef WORD
};

int keel_counter_of(const char *word) {
    for (int i = 0; i < KEEL_COUNTER_COUNT; i++)
        if (strcmp(keel_counter_words[i], word) == 0) return i;
    return -1;
}

int keel_counter_resettable(keel_counter counter) {
    static const int yes[KEEL_COUNTER_COUNT] = {
#define YES(name, number, word, resettable) resettable,
        KEEL_COUNTERS(YES)
#undef YES
    };
    return yes[counter];
}

/* Number of the hour that a moment ends or lies in. */
static int64_t hour_of(int64_t ts_ms) {
    int64_t before = ts_ms - 1;
    return before >= 0 ? before / HOUR_MS : -((-before + HOUR_MS - 1) / HOUR_MS);
}

/* First day of the week of a day: 1970-01-01, day 0, was a Thursday. */
static int64_t monday_of(int64_t day) {
    int64_t since = (day + 3) % 7;
    return day - (since < 0 ? since + 7 : since);
}

static void read_trades(const keel_counters_from *f, keel_counters *c) {
    const int64_t *reset = f->reset_ms, today = keel_stats_day(f->now_ms), hour = hour_of(f->now_ms);
    for (int64_t i = 0; i < f->trade_count; i++) {
        const keel_trade *t = &f->trades[i];
        int64_t ts = t->exit_ts_ms;
        if (ts > f->now_ms) break;
        if (keel_stats_day(ts) == today && ts > reset[KEEL_COUNTER_PNL_TODAY]) c->pnl_today_e8 += t->pnl_e8;
        if (keel_stats_day(ts) == today && ts > reset[KEEL_COUNTER_TRADES_TODAY]) c->trades_today++;
        if (hour_of(ts) == hour && ts > reset[KEEL_COUNTER_TRADES_THIS_HOUR]) c->trades_this_hour++;
        if (ts > reset[KEEL_COUNTER_CONSECUTIVE_LOSSES])
            c->consecutive_losses = t->pnl_e8 < 0 ? c->consecutive_losses + 1 : 0;
        if (t->pnl_e8 < 0 && ts > reset[KEEL_COUNTER_LAST_LOSS]) c->last_loss_ms = ts;
    }
    if (c->last_loss_ms != INT64_MIN && f->cooldown_ms > 0) c->cooldown_until_ms = c->last_loss_ms + f->cooldown_ms;
}

static void read_equity(const keel_counters_from *f, keel_counters *c) {
    int64_t day = keel_stats_day(f->now_ms), day_ms = day * DAY_MS, week_ms = monday_of(day) * DAY_MS;
    int64_t reset = f->reset_ms[KEEL_COUNTER_PEAK_EQUITY];
    int fresh = reset != INT64_MIN; /* the capital lies before the reset */
    c->equity_e8 = c->day_start_e8 = c->week_start_e8 = c->peak_e8 = f->start_e8;
    for (int64_t i = 0; i < f->equity_count; i++) {
        int64_t ts = f->equity_ts_ms[i], equity = f->equity_e8[i];
        if (ts > f->now_ms) break;
        c->equity_e8 = equity;
        if (ts <= day_ms) c->day_start_e8 = equity;
        if (ts <= week_ms) c->week_start_e8 = equity;
        if (fresh && ts <= reset) {
            c->peak_e8 = equity; /* where the account stood when it was reset */
            continue;
        }
        if (equity > c->peak_e8) c->peak_e8 = equity;
    }
}

void keel_counters_read(const keel_counters_from *from, keel_counters *ret) {
    memset(ret, 0, sizeof *ret);
    ret->now_ms = from->now_ms;
    ret->last_loss_ms = ret->cooldown_until_ms = INT64_MIN;
    read_trades(from, ret);
    read_equity(from, ret);
}
