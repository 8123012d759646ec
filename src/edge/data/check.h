/* edge/data/check.h: is a series fit to be traded on? Findings with times, and one verdict.
 *
 * Verdicts: OK, WARN (worth knowing: small gaps, heavy moves, funding spikes), FAIL (a backtest on it would be wrong).
 * Zero volume is accepted and counted, never a finding: a bar that did not trade fills nothing.
 * What each finding means and its threshold stand in KEEL_FINDINGS; thresholds in keel_check_options. */
#ifndef KEEL_EDGE_DATA_CHECK_H
#define KEEL_EDGE_DATA_CHECK_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "edge/data/series.h"

enum { KEEL_CHECK_OK = 0, KEEL_CHECK_WARN = 1, KEEL_CHECK_FAIL = 2 };

/* X(name, key in reports, what it says) */
#define KEEL_FINDINGS(X)                                                      \
    X(NO_ROWS, "no_rows", "no rows")                                          \
    X(BAD_BAR, "bad_bar", "bar that breaks the rules of its columns")         \
    X(GAP, "gap", "missing bars")                                             \
    X(MISSING_SHARE, "missing_share", "too large a share of bars is missing") \
    X(LARGE_MOVE, "large_move", "close-to-close move beyond the limit")       \
    X(OUTLIER, "outlier", "log return beyond the robust limit")               \
    X(STALE, "stale", "the newest row is old")                                \
    X(FUNDING_MISSING, "funding_missing", "missing settlements")              \
    X(FUNDING_SPIKE, "funding_spike", "funding rate beyond the limit")        \
    X(FUNDING_FLIPS, "funding_flips", "the sign of funding flips too often")

typedef enum keel_finding_kind {
#define KEEL_FINDING_ENUM(name, key, what) KEEL_FINDING_##name,
    KEEL_FINDINGS(KEEL_FINDING_ENUM)
#undef KEEL_FINDING_ENUM
        KEEL_FINDING_COUNT
} keel_finding_kind;

typedef struct keel_finding {
    keel_finding_kind kind;
    int status;             /* KEEL_CHECK_WARN or _FAIL */
    int64_t from_ms, to_ms; /* half open: the missing or suspicious range */
    int64_t count;          /* bars or settlements */
    double value;           /* log return, rate, share or age in intervals; 0 where it means nothing */
} keel_finding;

typedef struct keel_check_options {
    int64_t max_gap_bars;      /* one hole of more bars fails; 3 */
    double max_missing_share;  /* of all bars; more fails; 0.005 */
    double max_move;           /* |close / previous close - 1| above this fails; 0.5 */
    int allow_moves;           /* 1: such moves only warn: a person has looked at them */
    double outlier_sigma;      /* |log return| above this many robust sigmas (1.4826 MAD) warns; 10 */
    int64_t now_ms;            /* 0: no staleness check */
    int64_t max_age_intervals; /* newest row older than this many intervals fails; 2 */
    double max_funding_rate;   /* |rate| above this per settlement warns; 0.01 */
    double min_funding_spike;  /* |rate| beyond outlier_sigma warns from here on; 0.0005: most venues rest on a constant
                                  rate, where the robust sigma is next to nothing */
    double max_flip_share;     /* sign flips per settlement above this warn, from 30 settlements; 0.6 */
    int64_t findings_max;      /* findings kept; the rest is counted; 1000 */
} keel_check_options;

typedef struct keel_check {
    int status; /* KEEL_CHECK_*: the worst finding */
    int64_t rows, rows_expected, rows_missing, gap_count, largest_gap;
    int64_t first_ts_ms, last_ts_ms;
    int64_t zero_volume, outliers, large_moves;
    int64_t interval_ms;                 /* candles: of the series; funding: the most frequent one */
    int64_t interval_changes;            /* funding only */
    double sigma;                        /* robust sigma of log returns or rates; 0 = not measurable */
    int64_t counted[KEEL_FINDING_COUNT]; /* per kind, kept or not */
    keel_finding worst;                  /* the gravest, then the largest count; kept whatever findings_max is */
    keel_finding *findings;              /* [finding_count], in time order per kind, owned */
    int64_t finding_count;
} keel_check;

void keel_check_options_init(keel_check_options *o); /* the defaults named above */
void keel_check_done(keel_check *c);

/* Candles as loaded for [from_ms, to_ms); INT64_MIN / INT64_MAX: judge from the first to the last row.
 * ret is handed to the caller, keel_check_done. Returns 0 whatever the verdict, or KEEL_E_NOMEM. */
KEEL_MUST_USE int keel_check_candles(const keel_candles *c, int64_t from_ms, int64_t to_ms, const keel_check_options *o,
                                     keel_check *ret, keel_err *err);

/* Funding. Intervals are 1, 2, 4 or 8 h and may change: a longer step counts as a change when the next one equals it,
 * else as missing settlements. Settlement times carry some ms of jitter: steps are rounded to whole hours. */
KEEL_MUST_USE int keel_check_fundings(const keel_fundings *f, int64_t from_ms, int64_t to_ms,
                                      const keel_check_options *o, keel_check *ret, keel_err *err);

/* The gate of a run: candles (and funding, where the market has it; NULL: not needed) for [from_ms, to_ms).
 * who names the series in the message ("binance-perp BTCUSDT 5m").
 * Returns 0 (verdict OK or WARN; ret_candles and ret_funding hold the warnings), or KEEL_E_GATE with the gravest
 * finding as one line, or KEEL_E_NOMEM. Both results are written in every case; keel_check_done frees them. */
KEEL_MUST_USE int keel_data_gate(const char *who, const keel_candles *c, const keel_fundings *f, int64_t from_ms,
                                 int64_t to_ms, const keel_check_options *o, keel_check *ret_candles,
                                 keel_check *ret_funding, keel_err *err);

const char *keel_finding_key(keel_finding_kind kind);
const char *keel_finding_what(keel_finding_kind kind);
const char *keel_check_status_name(int status); /* "OK", "WARN", "FAIL" */

/* One finding as a line: "missing bars: 12 from 2024-01-01T00:00:00.000Z". */
void keel_finding_text(const keel_finding *f, char *ret_text, size_t size);

#endif
