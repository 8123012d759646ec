/* edge/data/csv.c: see csv.h. */
#include "edge/data/csv.h"

#include <string.h>

#include "edge/data/cells.h"
#include "edge/data/store.h"
#include "num/elementary.h"

static const char *const CANDLE_COLUMNS[] = {"ts_ms", "open", "high", "low", "close", "volume"};
static const char *const FUNDING_COLUMNS[] = {"ts_ms", "rate"};

enum { PRICE_SCALE = 8, RATE_SCALE = 16 };

static int is(const char *text, size_t size, const char *wanted) {
    return size == strlen(wanted) && memcmp(text, wanted, size) == 0;
}

int keel_csv_kind(const char *text, size_t size) {
    if (size >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) { /* a byte order mark says nothing in UTF-8 */
        text += 3;
        size -= 3;
    }
    if (is(text, size, "ts_ms,open,high,low,close,volume")) return KEEL_KIND_CANDLE;
    if (is(text, size, "ts_ms,open,high,low,close")) return KEEL_KIND_MARK;
    if (is(text, size, "ts_ms,rate")) return KEEL_KIND_FUNDING;
    return 0;
}

typedef struct cell {
    const char *text;
    size_t size;
} cell;

static int split(const char *text, size_t size, cell *cells, int wanted) {
    const char *end = text + size;
    int count = 0;
    for (;;) {
        const char *comma = memchr(text, ',', (size_t)(end - text));
        const char *stop = comma ? comma : end;
        if (count == wanted) return 0;
        cells[count].text = text;
        cells[count++].size = (size_t)(stop - text);
        if (!comma) return count == wanted;
        text = comma + 1;
    }
}

static keel_row_reason of_decimal(keel_decimal_result result, keel_row *row) {
    switch (result) {
        case KEEL_DECIMAL_OK: return KEEL_ROW_OK;
        case KEEL_DECIMAL_RESIDUE: row->flags |= KEEL_ROW_FLOAT_RESIDUE; return KEEL_ROW_OK;
        case KEEL_DECIMAL_OUT_OF_RANGE: return KEEL_ROW_RANGE;
        case KEEL_DECIMAL_TOO_FINE: return KEEL_ROW_TOO_FINE;
        case KEEL_DECIMAL_NOT_A_NUMBER:
        default: return KEEL_ROW_NUMBER;
    }
}

static keel_row_reason read_price(const cell *c, int column, keel_row *row) {
    keel_row_reason reason = of_decimal(keel_cell_fixed(c->text, c->size, PRICE_SCALE, &row->word[column]), row);
    if (reason == KEEL_ROW_OK && row->word[column] <= 0) reason = KEEL_ROW_PRICE;
    return reason;
}

static keel_row_reason read_volume(const cell *c, keel_row *row) {
    double volume;
    if (!keel_cell_double(c->text, c->size, &volume)) return KEEL_ROW_NUMBER;
    if (volume < 0.0) return KEEL_ROW_VOLUME;
    if (!(volume > 0.0)) {
        volume = 0.0; /* "-0" is zero */
        row->flags |= KEEL_ROW_ZERO_VOLUME;
    }
    row->word[KEEL_VOLUME_COLUMN] = (int64_t)keel_bits_of_double(volume);
    return KEEL_ROW_OK;
}

static int encloses(const int64_t *w) {
    int64_t top = w[1] > w[4] ? w[1] : w[4], bottom = w[1] < w[4] ? w[1] : w[4];
    return w[2] >= top && w[3] <= bottom;
}

static keel_row_reason read_bar(int kind, const cell *cells, keel_row *row) {
    for (row->column = 1; row->column <= 4; row->column++) {
        keel_row_reason reason = read_price(&cells[row->column], row->column, row);
        if (reason != KEEL_ROW_OK) return reason;
    }
    row->word[KEEL_VOLUME_COLUMN] = 0; /* mark prices: the bits of 0.0 */
    if (kind == KEEL_KIND_CANDLE) {
        row->column = KEEL_VOLUME_COLUMN;
        keel_row_reason reason = read_volume(&cells[KEEL_VOLUME_COLUMN], row);
        if (reason != KEEL_ROW_OK) return reason;
    }
    row->column = -1;
    return encloses(row->word) ? KEEL_ROW_OK : KEEL_ROW_OHLC;
}

/* Digits alone that say a time since 2001 in seconds (10 digits), microseconds (16) or nanoseconds (19). As
 * milliseconds 10 digits would lie between January and April 1970. */
static int is_other_unit(const cell *time) {
    if (time->size != 10 && time->size != 16 && time->size != 19) return 0;
    for (size_t i = 0; i < time->size; i++)
        if (time->text[i] < '0' || time->text[i] > '9') return 0;
    return time->text[0] != '0';
}

keel_row_reason keel_csv_row(int kind, const char *text, size_t size, keel_row *ret) {
    cell cells[KEEL_COLUMNS_MAX];
    int wanted = kind == KEEL_KIND_FUNDING ? 2 : kind == KEEL_KIND_MARK ? 5 : 6;
    ret->flags = 0;
    ret->column = -1;
    if (!split(text, size, cells, wanted)) return KEEL_ROW_FIELDS;
    for (int i = 0; i < wanted; i++) {
        ret->column = i;
        if (cells[i].size == 0) return KEEL_ROW_EMPTY;
    }
    ret->column = 0;
    if (is_other_unit(&cells[0])) return KEEL_ROW_UNIT;
    if (!keel_cell_time(cells[0].text, cells[0].size, &ret->word[0])) return KEEL_ROW_TIME;
    if (kind != KEEL_KIND_FUNDING) return read_bar(kind, cells, ret);
    ret->column = 1;
    return of_decimal(keel_cell_fixed(cells[1].text, cells[1].size, RATE_SCALE, &ret->word[1]), ret);
}

int keel_interval_on_grid(int64_t ts_ms, int64_t interval_ms) {
    static const int64_t week_ms = 604800000, monday_ms = 345600000; /* 1970-01-05 */
    return (interval_ms % week_ms == 0 ? ts_ms - monday_ms : ts_ms) % interval_ms == 0;
}

static double score_from(const keel_row_sequence *q, int64_t close_e8, const keel_row *row, double *ret_return) {
    *ret_return = keel_log((double)row->word[4] / (double)close_e8);
    return keel_window_score(&q->window, *ret_return);
}

/* A spike jumps away and back; a new level jumps once. A bar is refused when it is far from the last accepted bar and
 * from the bar refused just before it: so of a real crash one bar is lost, of a spike only the spike. */
static int is_outlier(keel_row_sequence *q, const keel_row *row) {
    double step, other;
    if (!(q->outlier_score > 0.0) || q->kind == KEEL_KIND_FUNDING || !q->has_last || !q->interval_ms) return 0;
    if (row->word[0] - q->last[0] > 2 * q->interval_ms) return 0;
    double score = score_from(q, q->last[4], row, &step);
    if (score > q->outlier_score && q->refused_ts_ms == row->word[0] - q->interval_ms &&
        score_from(q, q->refused_close_e8, row, &other) <= q->outlier_score) {
        score = 0.0;
        step = other;
    }
    if (score <= q->outlier_score) {
        keel_window_push(&q->window, step);
        return 0;
    }
    q->refused_ts_ms = row->word[0];
    q->refused_close_e8 = row->word[4];
    return 1;
}

keel_row_reason keel_csv_follow(keel_row_sequence *q, keel_row *row) {
    size_t size = (q->kind == KEEL_KIND_FUNDING ? KEEL_FUNDING_COLUMNS : KEEL_CANDLE_COLUMNS) * sizeof *q->last;
    row->column = 0;
    if (q->interval_ms && !keel_interval_on_grid(row->word[0], q->interval_ms)) return KEEL_ROW_GRID;
    if (q->now_ms && row->word[0] > q->now_ms + KEEL_ROW_FUTURE_MS) return KEEL_ROW_FUTURE;
    if (q->has_last && row->word[0] < q->last[0]) return KEEL_ROW_ORDER;
    if (q->has_last && row->word[0] == q->last[0])
        return memcmp(q->last, row->word, size) == 0 ? KEEL_ROW_SAME : KEEL_ROW_CONFLICT;
    if (is_outlier(q, row)) {
        row->column = 4;
        return KEEL_ROW_OUTLIER;
    }
    memcpy(q->last, row->word, size);
    q->has_last = 1;
    return KEEL_ROW_OK;
}

typedef struct reason_text {
    const char *key, *what, *mend;
} reason_text;

static const reason_text REASONS[] = {
    {"ok", "is good", ""},
#define KEEL_ROW_TEXT(name, key, what, mend) {key, what, mend},
    KEEL_ROW_REASONS(KEEL_ROW_TEXT)
#undef KEEL_ROW_TEXT
        {"same", "repeats the row above it", ""},
};

static const reason_text *text_of(keel_row_reason reason) {
    KEEL_ASSERT((int)reason >= 0 && reason <= KEEL_ROW_SAME);
    return &REASONS[reason];
}

const char *keel_row_reason_key(keel_row_reason reason) { return text_of(reason)->key; }

const char *keel_row_reason_what(keel_row_reason reason) { return text_of(reason)->what; }

const char *keel_row_reason_mend(keel_row_reason reason) { return text_of(reason)->mend; }

const char *keel_row_column_name(int kind, int column) {
    if (column < 0) return "row";
    KEEL_ASSERT(column < KEEL_COLUMNS_MAX);
    if (kind == KEEL_KIND_FUNDING) return FUNDING_COLUMNS[column < 2 ? column : 0];
    return CANDLE_COLUMNS[column];
}
