/* edge/data/shape.c: see shape.h. */
#include "edge/data/shape.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "edge/data/csv.h"
#include "edge/data/store.h"

typedef struct field {
    const char *text;
    size_t size;
} field;

enum { CANDLE_NAMES = 6 };
static const char *const NAMES[CANDLE_NAMES] = {"ts_ms", "open", "high", "low", "close", "volume"};

/* Without blanks and one pair of quotes. */
static field trimmed(const char *text, size_t size) {
    while (size > 0 && (text[0] == ' ' || text[0] == '\t')) {
        text++;
        size--;
    }
    while (size > 0 && (text[size - 1] == ' ' || text[size - 1] == '\t' || text[size - 1] == '\r'))
        size--;
    if (size > 1 && text[0] == '"' && text[size - 1] == '"') {
        text++;
        size -= 2;
    }
    return (field){text, size};
}

/* The fields of a line; more than there is room for are counted, not kept. */
static int split(const char *text, size_t size, char apart, field ret[KEEL_SHAPE_FIELDS_MAX]) {
    const char *end = text + size;
    int count = 0;
    for (;;) {
        const char *stop = memchr(text, apart, (size_t)(end - text));
        if (!stop) stop = end;
        if (count < KEEL_SHAPE_FIELDS_MAX) ret[count] = trimmed(text, (size_t)(stop - text));
        count++;
        if (stop == end) return count;
        text = stop + 1;
    }
}

static int is(field f, const char *word) { return f.size == strlen(word) && strncasecmp(f.text, word, f.size) == 0; }

static int read_apart(const char *text, char *ret, keel_err *err) {
    *ret = ',';
    if (!text) return 0;
    if (strcmp(text, "tab") == 0 || strcmp(text, "\\t") == 0) {
        *ret = '\t';
    } else if (strlen(text) == 1 && strchr(",;|\t ", text[0])) {
        *ret = text[0];
    } else {
        return keel_err_set(err, KEEL_E_USAGE,
                            "'%.20s' does not stand between fields: --apart: give ',', ';', '|' or tab", text);
    }
    return 0;
}

static const char *const TIMES[] = {"ms", "s", "us", "ns", "utc"};

static int read_time(const char *text, keel_shape_time *ret, keel_err *err) {
    *ret = KEEL_SHAPE_MS;
    for (int i = 0; text && i < (int)(sizeof TIMES / sizeof *TIMES); i++) {
        if (strcmp(TIMES[i], text) != 0) continue;
        *ret = (keel_shape_time)i;
        return 0;
    }
    if (!text) return 0;
    return keel_err_set(err, KEEL_E_USAGE,
                        "'%.20s' is no unit of time: --time: give ms, s, us, ns, or utc for dates without a zone",
                        text);
}

/* Which column of a row a name means: 0 to 5, "rate" is 1 of funding; -1 when it means none. */
static int column_of(field f, int *ret_is_rate) {
    *ret_is_rate = is(f, "rate");
    for (int i = 0; i < CANDLE_NAMES; i++)
        if (is(f, NAMES[i])) return i;
    return *ret_is_rate ? 1 : -1;
}

static int kind_of(unsigned seen, int has_rate) {
    if (has_rate) return seen == 3 ? KEEL_KIND_FUNDING : 0;
    return seen == 63 ? KEEL_KIND_CANDLE : seen == 31 ? KEEL_KIND_MARK : 0;
}

static int read_columns(const char *columns, keel_shape *ret, keel_err *err) {
    field name[KEEL_SHAPE_FIELDS_MAX];
    unsigned seen = 0;
    int has_rate = 0;
    ret->fields = split(columns, strlen(columns), ',', name);
    if (ret->fields > KEEL_SHAPE_FIELDS_MAX)
        return keel_err_set(err, KEEL_E_USAGE, "%d columns: --columns: at most %d are read", ret->fields,
                            KEEL_SHAPE_FIELDS_MAX);
    for (int i = 0; i < ret->fields; i++) {
        int is_rate, column = column_of(name[i], &is_rate);
        if (is(name[i], "-")) continue;
        if (column < 0)
            return keel_err_set(err, KEEL_E_USAGE,
                                "'%.*s' is no column of keel's: --columns: use ts_ms, open, high, low, close, volume, "
                                "rate, and '-' for one that is not used",
                                (int)(name[i].size < 30 ? name[i].size : 30), name[i].text);
        if (seen & 1U << column)
            return keel_err_set(err, KEEL_E_USAGE, "'%.*s' stands twice: --columns: put '-' for the other one",
                                (int)name[i].size, name[i].text);
        seen |= 1U << column;
        has_rate |= is_rate;
        ret->field_of[column] = i;
    }
    ret->kind = kind_of(seen, has_rate);
    if (ret->kind) return 0;
    return keel_err_set(err, KEEL_E_USAGE,
                        "columns are missing: --columns %.200s: candles have ts_ms, open, high, low, close and volume, "
                        "mark prices all but volume, funding ts_ms and rate",
                        columns);
}

int keel_shape_read(const char *columns, const char *apart, const char *time, keel_shape *ret, keel_err *reterr) {
    if (!columns && !apart && !time) return 0;
    memset(ret, 0, sizeof *ret);
    KEEL_TRY(read_apart(apart, &ret->apart, reterr));
    KEEL_TRY(read_time(time, &ret->time, reterr));
    if (columns) KEEL_TRY(read_columns(columns, ret, reterr));
    (void)snprintf(ret->text, sizeof ret->text, "%.500s %d %s", columns ? columns : "", ret->apart, TIMES[ret->time]);
    return 1;
}

/* A header of csv.md, whatever stands between its fields. */
static int begin_untold(keel_shape *io, const field *f, int count) {
    char line[100];
    size_t size = 0;
    if (count > KEEL_COLUMNS_MAX) return 2;
    for (int i = 0; i < count; i++) {
        if (f[i].size > 10) return 2;
        size += (size_t)snprintf(line + size, sizeof line - size, "%s%.*s", i ? "," : "", (int)f[i].size, f[i].text);
        io->field_of[i] = i;
    }
    io->kind = keel_csv_kind(line, size);
    io->fields = count;
    return io->kind ? 1 : 2;
}

/* Which column of a candle a name in a header means, of whoever exported it; -1: none that is known. */
static int likely_column(field f) {
    static const char *const WORDS[CANDLE_NAMES][13] = {{"ts_ms", "ts", "t", "time", "date", "datetime", "timestamp",
                                                         "open_time", "open time", "opentime", "unix", "datum", NULL},
                                                        {"open", "o", "open_price", NULL},
                                                        {"high", "h", "high_price", NULL},
                                                        {"low", "l", "low_price", NULL},
                                                        {"close", "c", "close_price", NULL},
                                                        {"volume", "v", "vol", "base_volume", "volume_base", NULL}};
    for (int i = 0; i < CANDLE_NAMES; i++)
        for (int k = 0; WORDS[i][k]; k++)
            if (is(f, WORDS[i][k])) return i;
    return -1;
}

/* A header may call a column as it likes, but not open what is told as close: rows of swapped prices look sound. */
static int check_names(const keel_shape *shape, const field *f, const char *path, keel_err *err) {
    for (int i = 1; i < KEEL_VOLUME_COLUMN && shape->kind != KEEL_KIND_FUNDING; i++) {
        field name = f[shape->field_of[i]];
        int column = name.size > 1 ? likely_column(name) : -1;
        if (column < 1 || column >= KEEL_VOLUME_COLUMN || column == i) continue;
        return keel_err_set(err, KEEL_E_DATA,
                            "%s:1: the column '%.*s' is told as %s: --columns: name the columns in the file's order",
                            path, (int)name.size, name.text, NAMES[i]);
    }
    return 1;
}

static int is_digits(field f) {
    for (size_t i = 0; i < f.size; i++)
        if (f.text[i] < '0' || f.text[i] > '9') return 0;
    return f.size > 0;
}

static int is_number(field f) {
    size_t i = 0;
    while (i < f.size && f.text[i] && strchr("0123456789.-+eE", f.text[i]))
        i++;
    return f.size > 0 && i == f.size;
}

int keel_shape_begin(keel_shape *io, const char *text, size_t size, const char *path, keel_err *reterr) {
    field f[KEEL_SHAPE_FIELDS_MAX];
    int count = split(text, size, io->apart, f);
    if (!io->kind) return begin_untold(io, f, count);
    if (count != io->fields)
        return keel_err_set(
            reterr, KEEL_E_DATA,
            "%s:1: %d %s, and --columns names %d: name each in the file's order, '-' for one that is not "
            "used, and look at --apart",
            path, count, count == 1 ? "column" : "columns", io->fields);
    /* With a price in it the line is a row, whatever stands where its time should. */
    field time = f[io->field_of[0]];
    if ((time.size > 0 && is_digits((field){time.text, 1})) || is_number(f[io->field_of[1]])) return 0;
    return check_names(io, f, path, reterr);
}

/* ---- rows ---------------------------------------------------------------------------------------------------- */

static size_t put(char *ret, size_t at, const char *text, size_t size) {
    if (at + size >= KEEL_SHAPE_LINE_MAX) return at;
    memcpy(ret + at, text, size);
    return at + size;
}

/* 1704067200 as milliseconds; also 1704067200.0, as a data frame writes it, and 1704067200.25. */
static size_t put_seconds(char *ret, size_t at, field f) {
    const char *point = memchr(f.text, '.', f.size);
    field whole = {f.text, point ? (size_t)(point - f.text) : f.size};
    field rest = {point ? point + 1 : f.text, point ? f.size - whole.size - 1 : 0};
    while (rest.size > 0 && rest.text[rest.size - 1] == '0')
        rest.size--;
    if (!is_digits(whole) || whole.size > 10 || rest.size > 3 || (rest.size && !is_digits(rest)))
        return put(ret, at, f.text, f.size); /* refused as it stands */
    at = put(ret, at, whole.text, whole.size);
    at = put(ret, at, rest.text, rest.size);
    return put(ret, at, "000", 3 - rest.size);
}

/* Digits that are milliseconds already, since April 1970. */
static int is_ms(field f) { return is_digits(f) && f.size > 10 && f.size <= 13 && f.text[0] != '0'; }

/* Digits finer than milliseconds, which must be zero. */
static size_t put_finer(char *ret, size_t at, field f, size_t zeros) {
    if (is_digits(f) && f.size > 10 + zeros && strspn(f.text + f.size - zeros, "0") >= zeros) f.size -= zeros;
    return put(ret, at, f.text, f.size);
}

/* 2024-01-01, 2024-01-01 05:30, 2024-01-01T05:30:00.000: with what is missing. One that has a zone keeps it. */
static size_t put_date(char *ret, size_t at, field f) {
    enum { DAY = 10, MINUTE = 16 };
    int zoned = f.size > DAY && (f.text[f.size - 1] == 'Z' || memchr(f.text + DAY, '+', f.size - DAY) ||
                                 memchr(f.text + DAY, '-', f.size - DAY));
    at = put(ret, at, f.text, f.size);
    if (zoned || is_digits(f)) return at;
    if (f.size == DAY) at = put(ret, at, "T00:00:00", 9);
    if (f.size == MINUTE) at = put(ret, at, ":00", 3);
    return put(ret, at, "Z", 1);
}

static size_t put_time(const keel_shape *shape, char *ret, size_t at, field f) {
    int other = shape->time == KEEL_SHAPE_S || shape->time == KEEL_SHAPE_US || shape->time == KEEL_SHAPE_NS;
    if (other && is_ms(f)) return put(ret, at, f.text, 10); /* so many digits are refused as of another unit */
    switch (shape->time) {
        case KEEL_SHAPE_S: return put_seconds(ret, at, f);
        case KEEL_SHAPE_US: return put_finer(ret, at, f, 3);
        case KEEL_SHAPE_NS: return put_finer(ret, at, f, 6);
        case KEEL_SHAPE_UTC: return put_date(ret, at, f);
        case KEEL_SHAPE_MS:
        default: return put(ret, at, f.text, f.size);
    }
}

/* A comma inside a field, as of "1,5", must not part it: it is refused as no number. */
static size_t put_cell(char *ret, size_t at, field f) {
    size_t end = put(ret, at, f.text, f.size);
    for (; at < end; at++)
        if (ret[at] == ',') ret[at] = '?';
    return end;
}

size_t keel_shape_row(const keel_shape *shape, const char *text, size_t size, char ret[KEEL_SHAPE_LINE_MAX]) {
    field f[KEEL_SHAPE_FIELDS_MAX];
    int columns = shape->kind == KEEL_KIND_FUNDING ? 2 : shape->kind == KEEL_KIND_MARK ? 5 : 6;
    size_t at = 0;
    if (split(text, size, shape->apart, f) != shape->fields) return 0;
    for (int i = 0; i < columns; i++) {
        field cell = f[shape->field_of[i]];
        if (i) at = put(ret, at, ",", 1);
        at = i ? put_cell(ret, at, cell) : put_time(shape, ret, at, cell);
    }
    return at;
}

/* ---- a suggestion -------------------------------------------------------------------------------------------- */

int keel_shape_suggest(const char *text, size_t size, char ret[KEEL_SHAPE_TEXT_MAX]) {
    static const char APARTS[] = ",;|\t";
    field f[KEEL_SHAPE_FIELDS_MAX];
    char apart = ',';
    int most = 0;
    for (const char *c = APARTS; *c; c++) {
        int count = split(text, size, *c, f);
        if (count <= most || count > KEEL_SHAPE_FIELDS_MAX) continue;
        most = count;
        apart = *c;
    }
    unsigned seen = 0;
    int count = split(text, size, apart, f);
    size_t at = (size_t)snprintf(ret, KEEL_SHAPE_TEXT_MAX, "--columns ");
    if (count > KEEL_SHAPE_FIELDS_MAX) return 0;
    for (int i = 0; i < count; i++) {
        int column = likely_column(f[i]);
        if (column >= 0 && seen & 1U << column) column = -1;
        if (column >= 0) seen |= 1U << column;
        at += (size_t)snprintf(ret + at, KEEL_SHAPE_TEXT_MAX - at, "%s%s", i ? "," : "",
                               column < 0 ? "-" : NAMES[column]);
    }
    if (apart != ',')
        (void)snprintf(ret + at, KEEL_SHAPE_TEXT_MAX - at, " --apart %s",
                       apart == '\t'  ? "tab"
                       : apart == ';' ? "';'"
                                      : "'|'");
    return kind_of(seen, 0) != 0;
}
