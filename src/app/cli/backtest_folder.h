/* app/cli/backtest_folder.h: the folder of a run, from which its report can be made again at any time.
 * Format: docs/formats/run_folder.md. */
#ifndef KEEL_APP_CLI_BACKTEST_FOLDER_H
#define KEEL_APP_CLI_BACKTEST_FOLDER_H

#include <stdint.h>

#include "app/cli/backtest_report.h"
#include "app/cli/backtest_stops.h"
#include "app/cli/run_config.h"
#include "edge/data/series.h"

typedef struct keel_backtest_folder {
    const keel_backtest_report *report; /* all borrowed */
    const char *kind;                   /* of the run; NULL: "backtest" */
    const keel_run_config *config;      /* resolved */
    const char *venue;
    const keel_candles *const *candles; /* [report->in->symbol_count], main bars; others than the effective range too */
    int64_t interval_ms;
    keel_exec_stop *stops; /* [stop_count]; put into another order */
    int64_t stop_count;
    int force; /* another run's folder may be replaced */
} keel_backtest_folder;

/* Write the whole folder, or nothing: made beside `path` under another name and renamed. Folders above it are made when
 * missing. A folder of the same run is replaced, of another run only with `force`, and a folder with anything else in
 * it is refused.
 * Returns 0, KEEL_E_USAGE (something else is at path), KEEL_E_PARITY (the same run is there and ended in another
 * state), KEEL_E_IO, KEEL_E_NOMEM or what the report refuses; line set, and what was at path is still there. */
KEEL_MUST_USE int keel_backtest_folder_write(const keel_backtest_folder *in, const char *path, keel_err *reterr);

/* The files into a folder that is there and may hold more (a journal), one by one, the manifest last: a folder without
 * it is not complete. Errors as above. */
KEEL_MUST_USE int keel_backtest_folder_add(const keel_backtest_folder *in, const char *path, keel_err *reterr);

/* Only the report, as `path`: what report.html of the folder would be. Errors as above. */
KEEL_MUST_USE int keel_backtest_folder_report(const keel_backtest_folder *in, const char *path, keel_err *reterr);

/* Append what `keel report` prints of that folder; path: where it lies, NULL: nowhere. all: every table. Returns 0,
 * KEEL_E_NOMEM or what the report refuses; line set. */
KEEL_MUST_USE int keel_backtest_folder_text(const keel_backtest_folder *in, const char *path, int all, keel_strbuf *out,
                                            keel_err *reterr);

/* ---- files of the folder, as text; shared between backtest_folder*.c ---- */

/* What a manifest says of a run besides its result. */
typedef struct keel_manifest_head {
    const char *kind, *venue; /* kind NULL: "backtest" */
    int running;              /* 1: it has not ended: there is no state yet */
} keel_manifest_head;

/* Members of manifest.json that tell the run, and the machine and time of writing. */
void keel_backtest_manifest_json(const keel_backtest_result *r, const keel_manifest_head *head, keel_json *j);

/* manifest.json with these members alone into a folder that has none; one that is there stays. KEEL_E_IO, KEEL_E_NOMEM,
 * KEEL_E_RANGE (the path). */
KEEL_MUST_USE int keel_backtest_manifest_begin(const keel_backtest_result *r, const keel_manifest_head *head,
                                               const char *folder, keel_err *reterr);

/* trade_id,stop_px,trail_px,target_px: levels in force when each trade ended; empty = none. */
void keel_backtest_levels_csv(const keel_backtest_result *in, keel_strbuf *out);

/* equity.csv; beyond KEEL_FOLDER_EQUITY samples only the lowest, the highest and the last of each UTC hour, or of each
 * day when that many hours are in the range. *ret_thinned says whether. Returns 0, KEEL_E_NOMEM. */
KEEL_MUST_USE int keel_backtest_folder_equity_csv(const keel_backtest_result *in, int *ret_thinned, keel_strbuf *out,
                                                  keel_err *reterr);

/* ts,equity_usd of buy and hold, at most KEEL_FOLDER_CURVE samples, the last one always among them. Nothing is added
 * when the run had no such baseline. */
void keel_backtest_benchmark_csv(const keel_backtest_result *in, keel_strbuf *out);

/* symbol,ts_ms,open,high,low,close of the effective range; when a symbol has more bars than fit, several become
 * one candle, and *ret_interval_ms says how long a candle is. */
void keel_backtest_candles_csv(const keel_backtest_folder *in, int64_t *ret_interval_ms, keel_strbuf *out);

enum {
    KEEL_FOLDER_EQUITY = 200000,
    KEEL_FOLDER_STOPS = 200000,
    KEEL_FOLDER_CURVE = 4000,
    KEEL_FOLDER_CANDLES = 40000,
    KEEL_FOLDER_CANDLES_SYMBOL = 9000
};

#endif
