/* ops/report/folder_tables.c: the CSV files of a run folder into arrays. Amounts pass through no double. */
#include <stdlib.h>
#include <string.h>

#include "base/decimal.h"
#include "base/timerange.h"
#include "ops/report/folder.h"

/* Folders of before have trades without price, slippage and interest in money. */
enum { TRADE_FIELDS = 25, TRADE_FIELDS_BEFORE = 22, ARRAY_FIRST = 256 };

static const int64_t TIME_MS_MAX = 253402300799999; /* the last instant of the year 9999 */
/* Per cents at 1e-6 and basis points at 1e-4 that can be shown at 1e-8. */
static const int64_t RATIO_MAX = INT64_MAX / 20000;

/* ---- CSV ---------------------------------------------------------------------------------------------------- */

/* One field from `at`: unquoted in place and ended by a zero. Returns where the next one begins, and in *ret_end what
 * ended this one: ',' '\n' or 0. */
static char *take_field(char *at, char **ret_field, char *ret_end) {
    char *to = at;
    *ret_field = at;
    if (*at == '"') {
        for (at++; *at && !(at[0] == '"' && at[1] != '"'); at++) {
            if (at[0] == '"') at++;
            *to++ = *at;
        }
        if (*at == '"') at++;
    }
    while (*at && *at != ',' && *at != '\n')
        *to++ = *at++;
    *ret_end = *at;
    *to = 0;
    return *ret_end ? at + 1 : at;
}

int keel_csv_next(keel_csv_rows *rows, char *ret_fields[], int count, keel_err *reterr) {
    char end = ',';
    int found = 0;
    if (!*rows->at) return 0;
    rows->line++;
    while (end == ',') {
        char *field = NULL;
        rows->at = take_field(rows->at, &field, &end);
        if (found < count) ret_fields[found] = field;
        found++;
    }
    if (found == count) return 1;
    return keel_err_set(reterr, KEEL_E_PARSE, "%s:%lld: %d fields, expected %d: run the backtest again", rows->name,
                        (long long)rows->line, found, count);
}

/* ---- fields ------------------------------------------------------------------------------------------------- */

/* What is read of one row; the first field that cannot be read is remembered. */
typedef struct reader {
    keel_csv_rows rows;
    const char *bad;
} reader;

static int64_t decimal(reader *r, const char *text, int scale) {
    int64_t value = 0;
    if (keel_decimal_parse(text, strlen(text), scale, &value) != KEEL_DECIMAL_OK && !r->bad) r->bad = text;
    return value;
}

static int64_t decimal_if(reader *r, const char *text, int scale) { return *text ? decimal(r, text, scale) : 0; }

/* A figure that arithmetic is done with later: what no run can have is refused here. */
static int64_t decimal_within(reader *r, const char *text, int scale, int64_t most) {
    int64_t value = decimal_if(r, text, scale);
    if ((value > most || value < -most) && !r->bad) r->bad = text;
    return r->bad ? 0 : value;
}

static int64_t instant(reader *r, const char *text) {
    int64_t ms = 0;
    if (keel_time_parse(text, &ms, NULL) != 0 && !r->bad) r->bad = text;
    return ms;
}

static int check_row(const reader *r, keel_err *err) {
    if (!r->bad) return 0;
    return keel_err_set(err, KEEL_E_PARSE, "%s:%lld: cannot read '%.40s': run the backtest again", r->rows.name,
                        (long long)r->rows.line, r->bad);
}

static int32_t name_index(keel_run_names *names, const char *text) {
    /* rows that follow each other mostly share their names, and there are few: look from the end */
    for (int32_t i = names->count - 1; i >= 0; i--)
        if (strcmp(names->items[i], text) == 0) return i;
    if (names->count == KEEL_RUN_NAMES_MAX) names->failed = 1;
    if (names->failed) return 0;
    char **grown = realloc(names->items, (size_t)(names->count + 1) * sizeof *grown);
    if (grown) names->items = grown;
    char *copy = grown ? strdup(text) : NULL;
    if (!copy) {
        names->failed = 1;
        return 0;
    }
    names->items[names->count] = copy;
    return names->count++;
}

/* Room for one more of `size` bytes; capacities are powers of two times ARRAY_FIRST. NULL: out of memory. */
static void *grow(void **array, int64_t count, size_t size) {
    int64_t blocks = count / ARRAY_FIRST;
    if (count % ARRAY_FIRST == 0 && (blocks & (blocks - 1)) == 0) {
        int64_t capacity = blocks ? 2 * count : ARRAY_FIRST;
        void *grown = realloc(*array, (size_t)capacity * size);
        if (!grown) return NULL;
        *array = grown;
    }
    return (char *)*array + (size_t)count * size;
}

static int no_memory(const reader *r, keel_err *err) {
    return keel_err_set(err, KEEL_E_NOMEM, "out of memory: %s: close other programs", r->rows.name);
}

/* A reader at the first row after the header; 0 fields wanted of an absent table. */
static reader begin(char *text, const char *name) {
    reader r = {.rows = {.at = text, .name = name, .line = 1}, .bad = NULL};
    char *end = strchr(text, '\n');
    r.rows.at = end ? end + 1 : text + strlen(text);
    return r;
}

/* ---- tables ------------------------------------------------------------------------------------------------- */

static void trade_of(reader *r, keel_run_folder *run, char *const f[], int fields, keel_run_trade *t) {
    memset(t, 0, sizeof *t);
    t->id = decimal(r, f[0], 0);
    t->symbol = name_index(&run->symbols, f[2]);
    t->side = strcmp(f[3], "short") == 0 ? -1 : 1;
    t->entry_ts_ms = instant(r, f[4]);
    t->entry_px_e8 = decimal_within(r, f[5], 8, INT64_MAX);
    t->exit_ts_ms = instant(r, f[6]);
    t->exit_px_e8 = decimal_within(r, f[7], 8, INT64_MAX);
    t->qty_e8 = decimal_within(r, f[8], 8, INT64_MAX);
    t->notional_e8 = decimal_within(r, f[9], 8, INT64_MAX);
    t->pnl_e8 = decimal_within(r, f[10], 8, INT64_MAX);
    t->fees_e8 = decimal_within(r, f[11], 8, INT64_MAX);
    t->funding_e8 = decimal_within(r, f[12], 8, INT64_MAX);
    if (fields == TRADE_FIELDS && t->funding_e8 == 0) /* never both */
        t->funding_e8 = decimal_within(r, f[24], 8, INT64_MAX);
    t->slippage_bps_e4 = decimal_within(r, f[13], 4, RATIO_MAX);
    t->mae_e8 = decimal_within(r, f[14], 8, INT64_MAX);
    t->mfe_e8 = decimal_within(r, f[15], 8, INT64_MAX);
    t->bars_held = (int32_t)decimal_within(r, f[16], 0, INT32_MAX);
    t->confidence = name_index(&run->confidences, f[17]);
    t->entry_reason = name_index(&run->entry_reasons, f[18]);
    t->exit_reason = name_index(&run->exit_reasons, f[19]);
}

static int read_trades(keel_run_folder *run, char *text, keel_err *err) {
    char *fields[TRADE_FIELDS];
    const char *end = strchr(text, '\n');
    int count = 1, rc;
    for (const char *c = text; *c && c != end; c++)
        count += *c == ',';
    if (count != TRADE_FIELDS_BEFORE) count = TRADE_FIELDS;
    reader r = begin(text, "trades.csv");
    while ((rc = keel_csv_next(&r.rows, fields, count, err)) == 1) {
        void *array = run->trades;
        keel_run_trade *t = grow(&array, run->trade_count, sizeof *t);
        if (!t) return no_memory(&r, err);
        run->trades = array;
        run->trade_count++;
        trade_of(&r, run, fields, count, t);
        KEEL_TRY(check_row(&r, err));
    }
    if (run->symbols.failed || run->confidences.failed || run->entry_reasons.failed || run->exit_reasons.failed)
        return no_memory(&r, err);
    return rc;
}

/* Rows are those of trades.csv, in the same order. */
static int read_levels(keel_run_folder *run, char *text, keel_err *err) {
    char *fields[4];
    reader r = begin(text, "levels.csv");
    int64_t i = 0;
    int rc;
    while ((rc = keel_csv_next(&r.rows, fields, 4, err)) == 1) {
        if (i == run->trade_count || decimal(&r, fields[0], 0) != run->trades[i].id)
            return keel_err_set(err, KEEL_E_PARSE,
                                "levels.csv:%lld: not the trade of trades.csv: run the backtest again",
                                (long long)r.rows.line);
        run->trades[i].stop_e8 = decimal_within(&r, fields[1], 8, INT64_MAX);
        run->trades[i].trail_e8 = decimal_within(&r, fields[2], 8, INT64_MAX);
        run->trades[i++].target_e8 = decimal_within(&r, fields[3], 8, INT64_MAX);
        KEEL_TRY(check_row(&r, err));
    }
    return rc;
}

/* Rows stand by trade, in the order of trades.csv; a trade may have none. */
static int read_stops(keel_run_folder *run, char *text, keel_err *err) {
    char *fields[3];
    reader r = begin(text, "stops.csv");
    int64_t at = 0;
    int rc;
    while ((rc = keel_csv_next(&r.rows, fields, 3, err)) == 1) {
        void *array = run->stops;
        keel_run_stop *s = grow(&array, run->stop_count, sizeof *s);
        if (!s) return no_memory(&r, err);
        run->stops = array;
        int64_t id = decimal(&r, fields[0], 0);
        s->ts_ms = decimal_within(&r, fields[1], 0, TIME_MS_MAX);
        s->px_e8 = decimal_within(&r, fields[2], 8, INT64_MAX);
        KEEL_TRY(check_row(&r, err));
        while (at < run->trade_count && run->trades[at].id != id)
            at++;
        if (at == run->trade_count)
            return keel_err_set(
                err, KEEL_E_PARSE,
                "stops.csv:%lld: not a trade of trades.csv, or not in its order: run the backtest again",
                (long long)r.rows.line);
        if (run->trades[at].stop_count++ == 0) run->trades[at].stop_from = run->stop_count;
        run->stop_count++;
    }
    return rc;
}

static int read_samples(char *text, const char *name, int columns, keel_run_sample **ret, int64_t *ret_count,
                        keel_err *err) {
    char *fields[3];
    reader r = begin(text, name);
    int rc;
    while ((rc = keel_csv_next(&r.rows, fields, columns, err)) == 1) {
        void *array = *ret;
        keel_run_sample *s = grow(&array, *ret_count, sizeof *s);
        if (!s) return no_memory(&r, err);
        *ret = array;
        (*ret_count)++;
        s->ts_ms = instant(&r, fields[0]);
        s->equity_e8 = decimal(&r, fields[1], 8);
        s->below_pct_e6 = columns > 2 ? decimal_within(&r, fields[2], 6, RATIO_MAX) : 0;
        KEEL_TRY(check_row(&r, err));
    }
    return rc;
}

static int read_candles(keel_run_folder *run, char *text, keel_err *err) {
    char *fields[6];
    reader r = begin(text, "candles.csv");
    int rc;
    while ((rc = keel_csv_next(&r.rows, fields, 6, err)) == 1) {
        void *array = run->candles;
        keel_run_candle *c = grow(&array, run->candle_count, sizeof *c);
        if (!c) return no_memory(&r, err);
        run->candles = array;
        run->candle_count++;
        c->reserved = 0;
        c->symbol = name_index(&run->symbols, fields[0]);
        c->ts_ms = decimal_within(&r, fields[1], 0, TIME_MS_MAX);
        c->open_e8 = decimal(&r, fields[2], 8);
        c->high_e8 = decimal(&r, fields[3], 8);
        c->low_e8 = decimal(&r, fields[4], 8);
        c->close_e8 = decimal(&r, fields[5], 8);
        KEEL_TRY(check_row(&r, err));
    }
    return run->symbols.failed ? no_memory(&r, err) : rc;
}

/* Symbols keep the order of the run, also those without trades. */
static void name_symbols(keel_run_folder *run) {
    const keel_tree *list = keel_tree_find(run->manifest, "symbols");
    for (size_t i = 0; list && i < list->count; i++)
        if (list->items[i]->text) (void)name_index(&run->symbols, list->items[i]->text);
}

int keel_run_tables_read(keel_run_folder *run, const keel_run_texts *t, keel_err *reterr) {
    name_symbols(run);
    if (t->trades) KEEL_TRY(read_trades(run, t->trades, reterr));
    if (t->levels) KEEL_TRY(read_levels(run, t->levels, reterr));
    if (t->stops) KEEL_TRY(read_stops(run, t->stops, reterr));
    if (t->equity) KEEL_TRY(read_samples(t->equity, "equity.csv", 3, &run->equity, &run->equity_count, reterr));
    if (t->benchmark)
        KEEL_TRY(read_samples(t->benchmark, "benchmark.csv", 2, &run->benchmark, &run->benchmark_count, reterr));
    if (t->candles) KEEL_TRY(read_candles(run, t->candles, reterr));
    return 0;
}
