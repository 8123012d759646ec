/* base/timerange.h: instants and ranges of time as people write them, and ISO-8601 back. All times are ms UTC.
 *
 * Instants (keel_time_parse):
 *   2024-01-01                      midnight UTC
 *   2024-01-01T12:00Z               hours and minutes; seconds and 1-3 decimals may follow: T12:00:30.250+02:00
 *                                   a time of day without a zone (Z or +hh:mm) is refused
 *   20240101                        Freqtrade's day, midnight UTC
 *   1704067200, 1704067200000       epoch: exactly 10 digits are seconds, exactly 13 are ms
 *
 * Ranges (keel_timerange_parse) are half open, [start, end): the bar that opens at the end is not in it.
 *   20240101-20240601  20240101-  -20240601  1704067200-1717200000      Freqtrade's grammar
 *   2024-01-01..2024-06-01T12:00Z  2024-01-01..  ..2024-06-01  A/B       ISO instants
 * The whole text must match; blanks are refused; the start must lie before the end. Years 1970 to 9999. */
#ifndef KEEL_BASE_TIMERANGE_H
#define KEEL_BASE_TIMERANGE_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

enum { KEEL_TIME_TEXT_MAX = 48 };

/* An open start is INT64_MIN, an open end INT64_MAX. */
typedef struct keel_timerange {
    int64_t start_ms; /* first instant inside */
    int64_t end_ms;   /* first instant after */
} keel_timerange;

/* Returns 0, or KEEL_E_PARSE / KEEL_E_RANGE (no such day or time, year out of bounds) with the line set. */
KEEL_MUST_USE int keel_time_parse(const char *text, int64_t *ret_ms, keel_err *reterr);

/* Returns 0, or KEEL_E_PARSE (not a range), KEEL_E_RANGE (no such day; empty or reversed) with the line set. */
KEEL_MUST_USE int keel_timerange_parse(const char *text, keel_timerange *ret, keel_err *reterr);

/* "2024-01-01T00:00:00.000Z"; text holds KEEL_TIME_TEXT_MAX bytes. Returns text. */
char *keel_time_format(int64_t ms, char *text);

/* "2024-01-01T00:00:00.000Z..", open ends empty; text holds 2 * KEEL_TIME_TEXT_MAX bytes. Returns text.
 * keel_timerange_parse reads it back. */
char *keel_timerange_format(const keel_timerange *range, char *text);

/* Days since 1970-01-01 of a civil date (proleptic Gregorian), and back. */
int64_t keel_time_days_from_civil(int64_t year, int month, int day);
void keel_time_civil_from_days(int64_t days, int64_t *ret_year, int *ret_month, int *ret_day);

#endif
