/* base/timerange.c: see timerange.h. */
#include "base/timerange.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const int64_t DAY_MS = 86400000;
enum { YEAR_MIN = 1970, YEAR_MAX = 9999 };

#define FORMS "write 20240101-20240601, 2024-01-01..2024-06-01T12:00Z, or an end open: 20240101-"

/* Days and civil dates by eras of 400 years (146097 days), counted from 0000-03-01 so that leap days end a year.
 * Method: E. G. Richards, in Explanatory Supplement to the Astronomical Almanac, 3rd ed., 15.11. */
int64_t keel_time_days_from_civil(int64_t year, int month, int day) {
    int64_t y = month <= 2 ? year - 1 : year;
    int64_t era = (y >= 0 ? y : y - 399) / 400;
    int64_t year_of_era = y - era * 400;
    int64_t day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * 146097 + day_of_era - 719468;
}

void keel_time_civil_from_days(int64_t days, int64_t *ret_year, int *ret_month, int *ret_day) {
    int64_t shifted = days + 719468;
    int64_t era = (shifted >= 0 ? shifted : shifted - 146096) / 146097;
    int64_t day_of_era = shifted - era * 146097;
    int64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t month = (5 * day_of_year + 2) / 153;
    *ret_day = (int)(day_of_year - (153 * month + 2) / 5 + 1);
    *ret_month = (int)(month < 10 ? month + 3 : month - 9);
    *ret_year = year_of_era + era * 400 + (*ret_month <= 2);
}

/* A text being read from the left. */
typedef struct cursor {
    const char *at, *end;
} cursor;

static int is_digit(char c) { return c >= '0' && c <= '9'; }

/* Exactly `count` digits. */
static int take_digits(cursor *c, int count, int *ret) {
    int value = 0;
    if (c->end - c->at < count) return 0;
    for (int i = 0; i < count; i++) {
        if (!is_digit(c->at[i])) return 0;
        value = value * 10 + (c->at[i] - '0');
    }
    c->at += count;
    *ret = value;
    return 1;
}

static int take_char(cursor *c, char wanted) {
    if (c->at == c->end || *c->at != wanted) return 0;
    c->at++;
    return 1;
}

static int days_in_month(int year, int month) {
    static const int DAYS[12] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    return DAYS[month - 1] + (month == 2 && leap);
}

/* Start of the day in ms, or KEEL_E_RANGE. */
static int day_ms(int year, int month, int day, int64_t *ret_ms) {
    if (year < YEAR_MIN || year > YEAR_MAX || month < 1 || month > 12) return KEEL_E_RANGE;
    if (day < 1 || day > days_in_month(year, month)) return KEEL_E_RANGE;
    *ret_ms = keel_time_days_from_civil(year, month, day) * DAY_MS;
    return 0;
}

/* 20240101, or an epoch of 10 or 13 digits. */
static int parse_digits(const char *text, size_t size, int64_t *ret_ms) {
    cursor c = {text, text + size};
    int year, month, day;
    if (size == 8 && take_digits(&c, 4, &year) && take_digits(&c, 2, &month) && take_digits(&c, 2, &day))
        return day_ms(year, month, day, ret_ms);
    int64_t value = 0;
    for (size_t i = 0; i < size; i++)
        value = value * 10 + (text[i] - '0'); /* at most 13 digits, checked by the caller */
    if (size != 10 && size != 13) return KEEL_E_PARSE;
    *ret_ms = size == 10 ? value * 1000 : value;
    return 0;
}

/* [:SS[.mmm]] after HH:MM. */
static int take_seconds(cursor *c, int *ret_second, int *ret_ms) {
    int scale = 100;
    *ret_second = *ret_ms = 0;
    if (!take_char(c, ':')) return 1;
    if (!take_digits(c, 2, ret_second)) return 0;
    if (!take_char(c, '.')) return 1;
    if (c->at == c->end || !is_digit(*c->at)) return 0;
    for (; c->at < c->end && is_digit(*c->at); c->at++, scale /= 10) {
        if (!scale) return 0;
        *ret_ms += (*c->at - '0') * scale;
    }
    return 1;
}

/* Z or +hh:mm, as minutes east. */
static int take_zone(cursor *c, int *ret_minutes) {
    int hours, minutes;
    *ret_minutes = 0;
    if (take_char(c, 'Z')) return 1;
    int west = c->at < c->end && *c->at == '-';
    if (!take_char(c, '+') && !take_char(c, '-')) return 0;
    if (!take_digits(c, 2, &hours) || !take_char(c, ':') || !take_digits(c, 2, &minutes)) return 0;
    if (hours > 14 || minutes > 59) return 0;
    *ret_minutes = (west ? -1 : 1) * (hours * 60 + minutes);
    return 1;
}

static int parse_iso(const char *text, size_t size, int64_t *ret_ms) {
    cursor c = {text, text + size};
    int year, month, day, hour, minute, second, ms, zone_minutes;
    int64_t day_start_ms;
    if (!take_digits(&c, 4, &year) || !take_char(&c, '-') || !take_digits(&c, 2, &month) || !take_char(&c, '-') ||
        !take_digits(&c, 2, &day))
        return KEEL_E_PARSE;
    if (c.at < c.end && *c.at != 'T') return KEEL_E_PARSE;
    KEEL_TRY(day_ms(year, month, day, &day_start_ms));
    if (c.at == c.end) {
        *ret_ms = day_start_ms;
        return 0;
    }
    c.at++;
    if (!take_digits(&c, 2, &hour) || !take_char(&c, ':') || !take_digits(&c, 2, &minute)) return KEEL_E_PARSE;
    if (!take_seconds(&c, &second, &ms) || !take_zone(&c, &zone_minutes) || c.at != c.end) return KEEL_E_PARSE;
    if (hour > 23 || minute > 59 || second > 59) return KEEL_E_RANGE;
    *ret_ms = day_start_ms + ((int64_t)hour * 60 + minute - zone_minutes) * 60000 + second * 1000 + ms;
    return 0;
}

static int parse_instant(const char *text, size_t size, int64_t *ret_ms) {
    size_t digits = 0;
    while (digits < size && is_digit(text[digits]))
        digits++;
    if (size == 0 || size > 40) return KEEL_E_PARSE;
    if (digits < size) return parse_iso(text, size, ret_ms);
    return size <= 13 ? parse_digits(text, size, ret_ms) : KEEL_E_PARSE;
}

int keel_time_parse(const char *text, int64_t *ret_ms, keel_err *reterr) {
    int rc = parse_instant(text, strlen(text), ret_ms);
    if (rc == KEEL_E_RANGE)
        return keel_err_set(reterr, rc,
                            "'%.60s' is no day or time that exists: time: years 1970 to 9999, 00:00 to 23:59", text);
    if (rc)
        return keel_err_set(reterr, rc,
                            "'%.60s' is not a time: time: write 2024-01-01, 2024-01-01T12:00Z, 20240101 or an "
                            "epoch of 10 (s) or 13 (ms) digits",
                            text);
    return 0;
}

/* Where the two ends are separated: ".." or "/" anywhere, else the '-' of the digits-only grammar. */
static int find_separator(const char *text, const char **ret_at, size_t *ret_size) {
    const char *dots = strstr(text, "..");
    const char *slash = strchr(text, '/');
    const char *dash = strchr(text, '-');
    if (dots || slash) {
        *ret_at = dots ? dots : slash;
        *ret_size = dots ? 2 : 1;
        return 1;
    }
    for (const char *c = text; *c; c++)
        if (c != dash && !is_digit(*c)) return 0;
    if (!dash) return 0;
    *ret_at = dash;
    *ret_size = 1;
    return 1;
}

static int parse_range(const char *text, keel_timerange *ret) {
    const char *separator;
    size_t separator_size;
    if (!find_separator(text, &separator, &separator_size)) return KEEL_E_PARSE;
    const char *right = separator + separator_size;
    size_t left_size = (size_t)(separator - text), right_size = strlen(right);
    if (!left_size && !right_size) return KEEL_E_PARSE;
    keel_timerange range = {INT64_MIN, INT64_MAX};
    if (left_size) KEEL_TRY(parse_instant(text, left_size, &range.start_ms));
    if (right_size) KEEL_TRY(parse_instant(right, right_size, &range.end_ms));
    *ret = range;
    return 0;
}

int keel_timerange_parse(const char *text, keel_timerange *ret, keel_err *reterr) {
    keel_timerange range;
    int rc = parse_range(text, &range);
    if (rc == KEEL_E_PARSE) return keel_err_set(reterr, rc, "'%.80s' is not a time range: time range: " FORMS, text);
    if (rc)
        return keel_err_set(reterr, rc, "'%.80s' names a day or time that does not exist: time range: " FORMS, text);
    if (range.start_ms >= range.end_ms)
        return keel_err_set(reterr, KEEL_E_RANGE,
                            "'%.80s' ends before it starts: time range: put the earlier end first; "
                            "the end itself is not included",
                            text);
    *ret = range;
    return 0;
}

/* Exactly `count` digits at `at`, then `after`. */
static char *put_digits(char *at, int value, int count, char after) {
    for (int i = count - 1; i >= 0; i--, value /= 10)
        at[i] = (char)('0' + value % 10);
    at[count] = after;
    return at + count + 1;
}

/* Digits are put by hand: a long equity curve has a million of these, and printf takes ten times as long. */
char *keel_time_format(int64_t ms, char *text) {
    int64_t days = ms / DAY_MS - (ms % DAY_MS < 0);
    int of_day = (int)(ms - days * DAY_MS);
    int64_t year;
    int month, day;
    keel_time_civil_from_days(days, &year, &month, &day);
    if (year >= 0 && year <= 9999) {
        char *at = put_digits(text, (int)year, 4, '-');
        at = put_digits(at, month, 2, '-');
        at = put_digits(at, day, 2, 'T');
        at = put_digits(at, of_day / 3600000, 2, ':');
        at = put_digits(at, of_day / 60000 % 60, 2, ':');
        at = put_digits(at, of_day / 1000 % 60, 2, '.');
        at = put_digits(at, of_day % 1000, 3, 'Z');
        *at = 0;
        return text;
    }
    (void)snprintf(text, KEEL_TIME_TEXT_MAX, "%04" PRId64 "-%02d-%02dT%02d:%02d:%02d.%03dZ", year, month, day,
                   of_day / 3600000, of_day / 60000 % 60, of_day / 1000 % 60, of_day % 1000);
    return text;
}

char *keel_timerange_format(const keel_timerange *range, char *text) {
    text[0] = 0;
    if (range->start_ms != INT64_MIN) (void)keel_time_format(range->start_ms, text);
    (void)strcat(text, "..");
    if (range->end_ms != INT64_MAX) (void)keel_time_format(range->end_ms, text + strlen(text));
    return text;
}
