/* edge/data/csv.h: one line of a candle, mark-price or funding file as a checked row. Format: docs/formats/csv.md.
 *
 * The header decides the kind, and must match exactly:
 *     ts_ms,open,high,low,close,volume     candles
 *     ts_ms,open,high,low,close            mark prices
 *     ts_ms,rate                           funding
 * A row is refused for one of KEEL_ROW_REASONS, told in that order. What is accepted and yet worth telling (a price
 * printed from a binary double, a bar without volume) is flagged. */
#ifndef KEEL_EDGE_DATA_CSV_H
#define KEEL_EDGE_DATA_CSV_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "edge/data/columns.h"
#include "edge/data/window.h"

/* X(name, key in reports, what the message says, how to mend it) */
#define KEEL_ROW_REASONS(X)                                                                                         \
    X(FIELDS, "field_count", "wrong number of fields", "write one value per column of the header")                  \
    X(EMPTY, "empty_field", "is empty", "delete the row or fill the value in")                                      \
    X(TIME, "bad_time", "is not a time",                                                                            \
      "write epoch milliseconds or ISO-8601 with a zone; dates without one: --time utc")                            \
    X(UNIT, "time_unit", "is not in the unit of --time (default ms)",                                               \
      "give --time ms for 13 digits; s, us or ns for 10, 16 or 19")                                                 \
    X(NUMBER, "not_a_number", "is not a finite number", "write a plain decimal number")                             \
    X(RANGE, "out_of_range", "is too large", "values at 1e-8 must stay below 92233720368, rates below 922")         \
    X(TOO_FINE, "too_fine", "has more decimals than are kept", "round prices to 8 decimals, rates to 16")           \
    X(PRICE, "price_not_positive", "is not above zero", "delete the row: a traded price is positive")               \
    X(VOLUME, "negative_volume", "is below zero", "delete the row or correct the volume")                           \
    X(OHLC, "ohlc_inconsistent", "high or low does not enclose open and close", "fetch the bar again or delete it") \
    X(GRID, "off_grid", "is not on the grid of the interval", "check --interval, or delete the row")                \
    X(FUTURE, "future_time", "lies in the future", "check the unit of the times and the clock of this machine")     \
    X(ORDER, "not_ascending", "comes before the row above it", "sort the file by time")                             \
    X(CONFLICT, "conflicting_duplicate", "repeats the time above it with other values", "keep one of the two rows") \
    X(OUTLIER, "outlier", "moves away beyond the outlier limit",                                                    \
      "look at the row; import it without --quarantine-outliers if it is real")

typedef enum keel_row_reason {
    KEEL_ROW_OK = 0,
#define KEEL_ROW_ENUM(name, key, what, mend) KEEL_ROW_##name,
    KEEL_ROW_REASONS(KEEL_ROW_ENUM)
#undef KEEL_ROW_ENUM
        KEEL_ROW_SAME, /* not refused: an identical repeat of the row above, to be dropped and counted */
    KEEL_ROW_REASON_COUNT = KEEL_ROW_SAME
} keel_row_reason;

enum { KEEL_ROW_ZERO_VOLUME = 1, KEEL_ROW_FLOAT_RESIDUE = 2 }; /* flags */

typedef struct keel_row {
    int64_t word[KEEL_COLUMNS_MAX]; /* as in columns.h */
    unsigned flags;
    int column; /* which column a refusal is about; -1 = the row */
} keel_row;

/* What one pass over a file remembers between rows. Zero it, then set kind, interval_ms, now_ms. */
typedef struct keel_row_sequence {
    int kind;            /* KEEL_KIND_* */
    int64_t interval_ms; /* 0: no grid check (funding; or the interval is not known yet) */
    int64_t now_ms;      /* rows later than a day after now are refused; 0: no check */
    int64_t last[KEEL_COLUMNS_MAX];
    int has_last;
    double outlier_score; /* > 0: bars whose close jumps by a larger robust score are refused (KEEL_ROW_OUTLIER) */
    keel_window window;   /* of log returns */
    int64_t refused_ts_ms, refused_close_e8; /* the outlier just refused: a bar that agrees with it is a new level */
} keel_row_sequence;

/* Kind from the header line. Returns KEEL_KIND_*, 0 when it is none of the three. */
int keel_csv_kind(const char *text, size_t size);

/* Parse and check one line by itself. Writes *ret whole only for KEEL_ROW_OK; column in every case. */
keel_row_reason keel_csv_row(int kind, const char *text, size_t size, keel_row *ret);

/* Check a row against the rows before it and, when OK, remember it. */
keel_row_reason keel_csv_follow(keel_row_sequence *q, keel_row *row);

const char *keel_row_reason_key(keel_row_reason reason);  /* "off_grid" */
const char *keel_row_reason_what(keel_row_reason reason); /* "is not on the grid of the interval" */
const char *keel_row_reason_mend(keel_row_reason reason);
const char *keel_row_column_name(int kind, int column); /* "close"; "row" for -1 */

/* A day: bars of the running interval and clocks that differ are not the future. */
enum { KEEL_ROW_FUTURE_MS = 86400000 };

/* 1 when ts is a bar open of the interval: a multiple of it, and for whole weeks counted from a Monday. */
int keel_interval_on_grid(int64_t ts_ms, int64_t interval_ms);

#endif
