/* edge/data/freqtrade.h: what the name of a Freqtrade data file says.
 *
 *     BASE_QUOTE-TIMEFRAME.EXT                        spot candles
 *     BASE_QUOTE_SETTLE-TIMEFRAME-futures.EXT         candles of a perpetual; also ...-mark, ...-funding_rate
 *
 * EXT is json, json.gz, feather or parquet. The pair becomes keel's symbol without marks between (BTC_USDT_USDT is
 * BTCUSDT). The venue is the exchange's folder when the path shows Freqtrade's layout, .../data/EXCHANGE/FILE or
 * .../EXCHANGE/futures/FILE, as EXCHANGE-spot or EXCHANGE-perp.
 * Source: Freqtrade's documentation of data formats and its data handlers, releases 2022 to 2026. */
#ifndef KEEL_EDGE_DATA_FREQTRADE_H
#define KEEL_EDGE_DATA_FREQTRADE_H

#include <stdint.h>

#include "base/err.h"
#include "edge/data/store.h"

typedef struct keel_freqtrade_name {
    int kind;                         /* KEEL_KIND_*; 0: a kind that keel does not use (type says which) */
    char type[24];                    /* "spot", "futures", "mark", "funding_rate", "index", "trades", ... */
    char venue[KEEL_SERIES_NAME_MAX]; /* "" when the path does not show it */
    char market[8];                   /* "perp" or "spot" */
    char symbol[KEEL_SERIES_NAME_MAX];
    char settle[16];     /* "" for spot and for names of before 2022 */
    int inverse;         /* settled in something else than the quote */
    int64_t interval_ms; /* 0 when the timeframe is no whole interval (1Mo) and for funding */
} keel_freqtrade_name;

/* Read a path. Returns 1, or 0 when the last part has not this form. */
int keel_freqtrade_name_read(const char *path, keel_freqtrade_name *ret);

/* Can the file be used? Returns 0, or KEEL_E_DATA with the reason: a kind keel has no use for, a contract settled in
 * its own coin (the ledger is linear), a timeframe of months. */
KEEL_MUST_USE int keel_freqtrade_name_check(const char *path, const keel_freqtrade_name *name, keel_err *err);

#endif
