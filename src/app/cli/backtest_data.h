/* app/cli/backtest_data.h: from a store to a tape: which series a run needs, how far they reach, whether they are fit,
 * and the one grid they are laid on. */
#ifndef KEEL_APP_CLI_BACKTEST_DATA_H
#define KEEL_APP_CLI_BACKTEST_DATA_H

#include <stdint.h>

#include "app/cli/run_config.h"
#include "base/err.h"
#include "base/sha256.h"
#include "edge/data/store.h"
#include "lane/tape.h"

enum { KEEL_BACKTEST_WARNINGS = 64, KEEL_BACKTEST_WARNING_SIZE = 240 };

/* What one strategy of the run reads. */
typedef struct keel_backtest_part {
    const keel_list *symbols; /* that it trades */
    int32_t warmup_bars;      /* main bars of history that its signals want before the first decision */
    int32_t depth_bars;       /* main bars of history without which it may not begin */
    int wants_btc;            /* its configuration reads the direction of bitcoin */
    int wants_regime;         /* it has values for single regimes, which bitcoin tells */
    /* filled by the load: */
    int32_t count;                    /* series that it reads */
    int32_t series[KEEL_SYMBOLS_MAX]; /* [count] indexes: traded ones in order of name, then bitcoin to watch */
    int32_t traded;                   /* the first of those are traded */
    int64_t preroll_ms;               /* open of the first bar that it reads, as if it ran alone */
    int64_t earliest_ms;              /* first main bar there is of any of its series, at most the start */
    int64_t earliest_traded_ms;       /* of the traded ones */
} keel_backtest_part;

/* Main bars of bitcoin's history that tell the regime of the market. */
int32_t keel_backtest_regime_bars(int64_t timeframe_ms);

/* What one configuration reads, before a load. */
keel_backtest_part keel_backtest_part_of(const keel_run_config *run);

/* The same of every strategy of a run: an array of keel_run_config_count(run), to be freed; NULL: out of memory. */
keel_backtest_part *keel_backtest_parts_new(const keel_run_config *run);

typedef struct keel_backtest_data keel_backtest_data;

typedef struct keel_backtest_needs {
    const keel_run_config *run; /* its symbols are those of all parts */
    keel_backtest_part *part;   /* [part_count], one per strategy */
    int32_t part_count;
    int accept_gaps; /* overrides of the gate, recorded as warnings */
    int accept_moves;
    int no_funding;
    int runs;           /* the run itself and its baselines: each keeps an equity curve */
    int writes_equity;  /* --export-equity */
    int64_t memory_max; /* bytes, from --max-memory-mb; 0: only the machine limits */
    /* NULL, or who wants to see the rows before the tape is made: those that it has copies of are not kept then. */
    void (*rows)(const keel_backtest_data *d, void *with);
    void *rows_with;
} keel_backtest_needs;

/* Loaded series of one symbol, whoever reads it. */
typedef struct keel_backtest_series {
    char name[KEEL_SERIES_NAME_MAX];
    keel_candles main; /* rows; empty where they are on a grid and nobody keeps them (needs.rows) */
    keel_candles detail;
    keel_fundings funding;
    int64_t *grid[4]; /* owned dense columns when main has holes, else NULL */
    double *grid_volume;
    int64_t *detail_grid[4];
    double *detail_volume;
    int64_t first_px_e8, last_px_e8; /* closes at the ends of the effective range */
    int64_t bars;                    /* main bars in the effective range */
    int watch_only;                  /* no strategy trades it */
} keel_backtest_series;

/* Everything a run reads. Owned; freed by keel_backtest_data_done (also after a failed load). */
struct keel_backtest_data {
    char venue[KEEL_SERIES_NAME_MAX];
    char market[8];
    int32_t count;
    keel_backtest_series *series; /* [count]: traded symbols in order of name, then watched ones */
    keel_instrument *rules;       /* [count] */
    keel_tape *tape;              /* of everything, one sleeve; it begins where the earliest part does */
    int64_t start_ms, end_ms;     /* effective range, [start, end) */
    char dataset_hash[KEEL_SHA256_TEXT_MAX];
    char warnings[KEEL_BACKTEST_WARNINGS][KEEL_BACKTEST_WARNING_SIZE];
    int32_t warning_count;
};

/* Load, scope and check.
 *   Scope: the intersection of the coverage of all needed series and of the range asked for; funding joins the
 *   intersection only when no range was asked for. A range that funding does not cover is refused, never run as zero.
 * Returns 0, or KEEL_E_NOT_FOUND (store or series), KEEL_E_USAGE, KEEL_E_RANGE (nothing left of the range: the line
 * shows the coverage), KEEL_E_GATE (too much memory, or data unfit), KEEL_E_PARITY, KEEL_E_IO, KEEL_E_NOMEM. */
KEEL_MUST_USE int keel_backtest_data_load(const keel_backtest_needs *needs, keel_backtest_data *ret, keel_err *err);
/* Add what the data covers to a line that refused the time range, when the store can tell. */
void keel_backtest_data_say_coverage(const keel_run_config *run, keel_err *err);
/* Add a sentence to the warnings of the run; beyond the last place it is dropped. */
void keel_backtest_warn(keel_backtest_data *d, const char *format, ...) KEEL_PRINTF(2, 3);
/* Rows of c with from <= ts < to, as a view that owns nothing. */
keel_candles keel_backtest_candles_view(const keel_candles *c, int64_t from_ms, int64_t to_ms);
/* The same of settlements, and the one in force at the start: what came earlier only tells a strategy the last rate. */
keel_fundings keel_backtest_fundings_view(const keel_fundings *f, int64_t from_ms, int64_t to_ms);
void keel_backtest_data_done(keel_backtest_data *d);

#endif
