/* app/cli/indicator.c: keel indicator NAME: one indicator over a stored series, by the core's own machines.
 *
 * The list of names, parameters and bounds is core/signal/kinds.h; nothing about an indicator is written here. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/cli/cli.h"
#include "base/nearest.h"
#include "base/real.h"
#include "base/timerange.h"
#include "core/signal/set.h"
#include "edge/data/store.h"

enum { PARAM_INT = 0, PARAM_REAL = 1 };

typedef struct kind_row {
    const char *name, *outputs, *doc, *reference;
    int input;
} kind_row;

typedef struct param_row {
    int kind, type, index;
    const char *name, *unit;
    double initial, low, high;
} param_row;

static const kind_row KINDS[] = {
#define KIND_ROW(kind, name, input, outputs, names, doc, ref) {name, names, doc, ref, KEEL_SIGNAL_INPUT_##input},
    KEEL_SIGNAL_KINDS(KIND_ROW)
#undef KIND_ROW
};

static const param_row PARAMS[] = {
#define INT_ROW(kind, index, name, initial, low, high, unit) \
    {KEEL_SIGNAL_##kind, PARAM_INT, index, name, unit, initial, low, high},
#define REAL_ROW(kind, index, name, initial, low, high, unit) \
    {KEEL_SIGNAL_##kind, PARAM_REAL, index, name, unit, initial, low, high},
    KEEL_SIGNAL_INTS(INT_ROW) KEEL_SIGNAL_REALS(REAL_ROW)
#undef INT_ROW
#undef REAL_ROW
};

enum { KIND_COUNT = sizeof KINDS / sizeof *KINDS, PARAM_COUNT = sizeof PARAMS / sizeof *PARAMS };

static const char *const SOURCES[] = {"close", "open", "high", "low", "hl2", "hlc3", "volume"};
enum { SOURCE_COUNT = sizeof SOURCES / sizeof *SOURCES };

static const keel_cli_opt OPTIONS[] = {{"store", "DIR", "folder of the store; default: the home's data", 0},
                                       {"venue", "NAME", "venue, when the symbol is there at several", 0},
                                       {"symbol", "NAME", "symbol of the series", 0},
                                       {"timeframe", "I", "candle interval, 1h", 0},
                                       {"timerange", "R", "only these bars; the warm-up begins with the first", 0},
                                       {"set", "NAME=VALUE", "a parameter, or source=hl2", KEEL_CLI_REPEAT},
                                       {"list", NULL, "show every indicator with its parameters", 0},
                                       {0}};

const keel_cli_verb keel_verb_indicator_info = {
    .noun = "indicator",
    .run = keel_verb_indicator,
    .summary = "values of one indicator over a stored series, as CSV",
    .example = "keel indicator rsi --store data --symbol BTCUSDT --timeframe 1h --set period=14",
    .positionals = "[NAME]",
    .positional_min = 0,
    .positional_max = 1,
    .options = {OPTIONS},
    .notes =
        "Columns: ts_ms (bar open time, UTC), then one per output; empty while warming up.\n"
        "keel indicator --list shows the names.",
    .reports = 1};

/* ---- what is asked for */

static const param_row *param_of(int kind, const char *name) {
    for (int i = 0; i < PARAM_COUNT; i++)
        if (PARAMS[i].kind == kind && strcmp(PARAMS[i].name, name) == 0) return &PARAMS[i];
    return NULL;
}

static int unknown_param(keel_cli *cli, int kind, const char *name) {
    keel_nearest near;
    keel_nearest_init(&near, name);
    for (int i = 0; i < PARAM_COUNT; i++)
        if (PARAMS[i].kind == kind) keel_nearest_offer(&near, PARAMS[i].name);
    if (KINDS[kind].input == KEEL_SIGNAL_INPUT_SERIES) keel_nearest_offer(&near, "source");
    if (!near.best)
        return keel_err_set(keel_cli_err(cli), KEEL_E_UNKNOWN_KEY, "no parameter '%s': %s: it has none", name,
                            KINDS[kind].name);
    return keel_err_set(keel_cli_err(cli), KEEL_E_UNKNOWN_KEY, "no parameter '%s': %s: did you mean '%s'?", name,
                        KINDS[kind].name, near.best);
}

static int set_source(keel_cli *cli, const char *text, keel_signal_spec *spec) {
    for (int i = 0; i < SOURCE_COUNT; i++) {
        if (strcmp(SOURCES[i], text) != 0) continue;
        spec->source = i;
        return 0;
    }
    return keel_err_set(keel_cli_err(cli), KEEL_E_USAGE,
                        "no source '%s': --set source: one of close, open, high, low, hl2, hlc3, volume", text);
}

static int set_param(keel_cli *cli, const char *name, const char *text, keel_signal_spec *spec) {
    if (strcmp(name, "source") == 0 && KINDS[spec->kind].input == KEEL_SIGNAL_INPUT_SERIES)
        return set_source(cli, text, spec);
    const param_row *p = param_of(spec->kind, name);
    double value = 0.0;
    if (!p) return unknown_param(cli, spec->kind, name);
    if (keel_real_parse(text, &value) != 0 || (p->type == PARAM_INT && value != (double)(int64_t)value) ||
        value < p->low || value > p->high)
        return keel_err_set(keel_cli_err(cli), KEEL_E_RANGE, "'%s' is not a %s from %g to %g (%s): --set %s: change it",
                            text, p->type == PARAM_INT ? "whole number" : "number", p->low, p->high, p->unit, name);
    if (p->type == PARAM_INT)
        spec->p[p->index] = (int32_t)value;
    else
        spec->f[p->index] = value;
    return 0;
}

static int read_kind(keel_cli *cli, keel_signal_spec *ret_spec) {
    keel_nearest near;
    const char *name = keel_cli_positional(cli, 0);
    keel_nearest_init(&near, name);
    for (int kind = 0; kind < KIND_COUNT; kind++) {
        keel_nearest_offer(&near, KINDS[kind].name);
        if (strcmp(KINDS[kind].name, name) != 0) continue;
        *ret_spec = keel_signal_spec_default(kind, 0);
        return 0;
    }
    return keel_err_set(keel_cli_err(cli), KEEL_E_UNKNOWN_KEY,
                        "no indicator '%s': keel indicator: did you mean '%s'? --list shows all", name, near.best);
}

static int read_spec(keel_cli *cli, keel_signal_spec *ret_spec) {
    KEEL_TRY(read_kind(cli, ret_spec));
    for (size_t i = 0; i < keel_cli_option_count(cli, "set"); i++) {
        const char *given = keel_cli_option_at(cli, "set", i), *value = NULL;
        char *name = NULL;
        if (keel_assignment_parse(given, &name, &value) != 0)
            return keel_err_set(keel_cli_err(cli), KEEL_E_USAGE, "'%s' is not NAME=VALUE: --set: write --set period=14",
                                given);
        int rc = set_param(cli, name, value, ret_spec);
        free(name);
        if (rc) return rc;
    }
    if (keel_signal_spec_check(ret_spec) == KEEL_SIGNAL_OK) return 0;
    return keel_err_set(keel_cli_err(cli), KEEL_E_RANGE, "lengths do not rise: %s: each must exceed the one before",
                        KINDS[ret_spec->kind].name);
}

/* ---- the series */

/* The only venue that has the symbol at this interval; several are an error that names them. */
static int find_venue(keel_cli *cli, keel_store *store, int64_t interval_ms, char ret_venue[KEEL_SERIES_NAME_MAX]) {
    keel_series_info *list = NULL;
    int64_t count = 0;
    int found = 0;
    const char *symbol = keel_cli_option(cli, "symbol"), *folder = NULL;
    KEEL_TRY(keel_cli_store(cli, &folder));
    char names[256] = "";
    KEEL_TRY(keel_store_series_list(store, &list, &count, keel_cli_err(cli)));
    for (int64_t i = 0; i < count; i++) {
        const keel_series_info *s = &list[i];
        if (s->kind != KEEL_KIND_CANDLE || s->interval_ms != interval_ms || strcmp(s->symbol, symbol) != 0) continue;
        size_t used = strlen(names);
        (void)snprintf(names + used, sizeof names - used, "%s%.64s", used ? ", " : "", s->venue);
        (void)snprintf(ret_venue, KEEL_SERIES_NAME_MAX, "%s", s->venue);
        found++;
    }
    free(list);
    if (found == 1) return 0;
    if (found > 1)
        return keel_err_set(keel_cli_err(cli), KEEL_E_USAGE, "several venues have it: %s: choose one with --venue: %s",
                            symbol, names);
    return keel_err_set(keel_cli_err(cli), KEEL_E_NOT_FOUND,
                        "no candles of '%s' at %s: %s: see keel data list --store %s", symbol,
                        keel_cli_option(cli, "timeframe"), folder, folder);
}

static int load_from(keel_cli *cli, keel_store *store, keel_candles *ret) {
    keel_timerange range = {INT64_MIN, INT64_MAX};
    char venue[KEEL_SERIES_NAME_MAX];
    int64_t interval_ms = 0;
    const char *given = keel_cli_option(cli, "venue"), *text = keel_cli_option(cli, "timerange");
    KEEL_TRY(keel_cli_option_interval(cli, "timeframe", &interval_ms));
    if (text) KEEL_TRY(keel_timerange_parse(text, &range, keel_cli_err(cli)));
    if (!given) KEEL_TRY(find_venue(cli, store, interval_ms, venue));
    return keel_store_load_candles(store, given ? given : venue, keel_cli_option(cli, "symbol"), interval_ms,
                                   range.start_ms, range.end_ms, ret, keel_cli_err(cli));
}

static int load(keel_cli *cli, keel_candles *ret) {
    static const char *const needed[] = {"symbol", "timeframe"};
    keel_store *store = NULL;
    const char *folder;
    for (size_t i = 0; i < sizeof needed / sizeof *needed; i++)
        if (!keel_cli_option(cli, needed[i]))
            return keel_err_set(keel_cli_err(cli), KEEL_E_USAGE, "--%s is missing: keel indicator: see --help",
                                needed[i]);
    KEEL_TRY(keel_cli_store(cli, &folder));
    KEEL_TRY(keel_store_open(folder, KEEL_STORE_READ, &store, keel_cli_err(cli)));
    int rc = load_from(cli, store, ret);
    keel_store_close(store);
    return rc;
}

/* ---- the values */

static void step(keel_signal_set *set, const keel_candles *c, int64_t i, keel_snapshot *snap) {
    keel_ohlcv bar = {.open = (double)c->open_e8[i] / 1e8,
                      .high = (double)c->high_e8[i] / 1e8,
                      .low = (double)c->low_e8[i] / 1e8,
                      .close = (double)c->close_e8[i] / 1e8,
                      .volume = c->volume[i]};
    keel_signal_set_step(set, &bar, c->ts_ms[i], snap);
}

static int print_csv(keel_cli *cli, keel_signal_set *set, const keel_candles *c, int32_t kind) {
    char text[KEEL_REAL_TEXT_MAX];
    keel_snapshot snap = {0};
    int32_t outputs = keel_signal_kind_outputs(kind);
    (void)printf("ts_ms,%s\n", KINDS[kind].outputs);
    for (int64_t i = 0; i < c->count; i++) {
        if (keel_cli_interrupted()) return KEEL_E_INTERRUPTED;
        step(set, c, i, &snap);
        (void)printf("%lld", (long long)c->ts_ms[i]);
        for (int32_t k = 0; k < outputs; k++)
            (void)printf(",%s", KEEL_SNAPSHOT_HAS(&snap, k) ? keel_real_format(snap.v[k], text) : "");
        (void)putchar('\n');
    }
    if (fflush(stdout) == 0 && !ferror(stdout)) return 0;
    return keel_err_set(keel_cli_err(cli), KEEL_E_IO, "%s: standard output: make room or close the pipe later",
                        strerror(errno));
}

static void json_params(keel_json *j, const keel_signal_spec *spec) {
    keel_json_key(j, "parameters");
    keel_json_object(j);
    for (int i = 0; i < PARAM_COUNT; i++) {
        const param_row *p = &PARAMS[i];
        if (p->kind != spec->kind) continue;
        if (p->type == PARAM_INT)
            keel_json_kint(j, p->name, spec->p[p->index]);
        else
            keel_json_kdouble(j, p->name, spec->f[p->index]);
    }
    if (KINDS[spec->kind].input == KEEL_SIGNAL_INPUT_SERIES) keel_json_kstring(j, "source", SOURCES[spec->source]);
    keel_json_close(j);
}

static void json_names(keel_json *j, const char *names) {
    char name[32];
    keel_json_array(j);
    while (*names) {
        size_t size = strcspn(names, ",");
        (void)snprintf(name, sizeof name, "%.*s", (int)size, names);
        keel_json_string(j, name);
        names += size + (names[size] == ',');
    }
    keel_json_close(j);
}

static int print_json(keel_cli *cli, keel_signal_set *set, const keel_candles *c, const keel_signal_spec *spec) {
    keel_snapshot snap = {0};
    int32_t outputs = keel_signal_kind_outputs(spec->kind);
    keel_json *j = keel_json_new(0);
    if (!j) return keel_err_set(keel_cli_err(cli), KEEL_E_NOMEM, "out of memory: indicator: narrow --timerange");
    keel_json_object(j);
    keel_json_kstring(j, "schema", "keel.indicator");
    keel_json_kint(j, "schema_version", 1);
    keel_json_kstring(j, "indicator", KINDS[spec->kind].name);
    json_params(j, spec);
    keel_json_key(j, "outputs");
    json_names(j, KINDS[spec->kind].outputs);
    keel_json_key(j, "rows"); /* [ts_ms, output...], null while warming up */
    keel_json_array(j);
    for (int64_t i = 0; i < c->count; i++) {
        step(set, c, i, &snap);
        keel_json_array(j);
        keel_json_int(j, c->ts_ms[i]);
        for (int32_t k = 0; k < outputs; k++) {
            if (KEEL_SNAPSHOT_HAS(&snap, k))
                keel_json_double(j, snap.v[k]);
            else
                keel_json_null(j);
        }
        keel_json_close(j);
    }
    keel_json_close(j);
    keel_json_close(j);
    int rc = keel_cli_print_json(cli, j);
    keel_json_free(j);
    return rc;
}

static int compute(keel_cli *cli, const keel_signal_spec *spec, const keel_candles *c) {
    keel_signal_set *set = malloc(sizeof *set);
    if (!set) return keel_err_set(keel_cli_err(cli), KEEL_E_NOMEM, "out of memory: indicator: close other programs");
    int rc = 0;
    if (keel_signal_set_init(set, spec, 1) != KEEL_SIGNAL_OK)
        rc = keel_err_set(keel_cli_err(cli), KEEL_E_RANGE, "needs more than %d values: %s: shorten its periods",
                          KEEL_SIGNAL_WINDOW_MAX, KINDS[spec->kind].name);
    else
        rc = keel_cli_json(cli) ? print_json(cli, set, c, spec) : print_csv(cli, set, c, spec->kind);
    free(set);
    return rc;
}

/* ---- the list */

static void list_json_one(keel_json *j, int kind) {
    keel_json_object(j);
    keel_json_kstring(j, "name", KINDS[kind].name);
    keel_json_kstring(j, "sentence", KINDS[kind].doc);
    keel_json_kstring(j, "reference", KINDS[kind].reference);
    keel_json_kstring(j, "input", KINDS[kind].input == KEEL_SIGNAL_INPUT_BAR ? "bar" : "series");
    keel_json_key(j, "outputs");
    json_names(j, KINDS[kind].outputs);
    keel_json_key(j, "parameters");
    keel_json_array(j);
    for (int i = 0; i < PARAM_COUNT; i++) {
        const param_row *p = &PARAMS[i];
        if (p->kind != kind) continue;
        keel_json_object(j);
        keel_json_kstring(j, "name", p->name);
        keel_json_kstring(j, "type", p->type == PARAM_INT ? "int" : "real");
        keel_json_kdouble(j, "default", p->initial);
        keel_json_kdouble(j, "min", p->low);
        keel_json_kdouble(j, "max", p->high);
        keel_json_kstring(j, "unit", p->unit);
        keel_json_close(j);
    }
    keel_json_close(j);
    keel_json_close(j);
}

static int list_json(keel_cli *cli) {
    keel_json *j = keel_json_new(2);
    if (!j) return keel_err_set(keel_cli_err(cli), KEEL_E_NOMEM, "out of memory: indicator: close other programs");
    keel_json_object(j);
    keel_json_kstring(j, "schema", "keel.indicator_list");
    keel_json_kint(j, "schema_version", 1);
    keel_json_key(j, "indicators");
    keel_json_array(j);
    for (int kind = 0; kind < KIND_COUNT; kind++)
        list_json_one(j, kind);
    keel_json_close(j);
    keel_json_close(j);
    int rc = keel_cli_print_json(cli, j);
    keel_json_free(j);
    return rc;
}

static int list_text(void) {
    for (int kind = 0; kind < KIND_COUNT; kind++) {
        (void)printf("%-16s %s\n", KINDS[kind].name, KINDS[kind].doc);
        (void)printf("%-16s   gives %s; source %s\n", "", KINDS[kind].outputs,
                     KINDS[kind].input == KEEL_SIGNAL_INPUT_BAR ? "whole bar" : "close, or as set");
        for (int i = 0; i < PARAM_COUNT; i++) {
            const param_row *p = &PARAMS[i];
            if (p->kind == kind)
                (void)printf("%-16s   %s=%g  from %g to %g %s\n", "", p->name, p->initial, p->low, p->high, p->unit);
        }
    }
    return 0;
}

int keel_verb_indicator(keel_cli *cli) {
    keel_signal_spec spec;
    keel_candles candles = {0};
    if (keel_cli_flag(cli, "list")) return keel_cli_json(cli) ? list_json(cli) : list_text();
    if (keel_cli_positional_count(cli) == 0)
        return keel_err_set(keel_cli_err(cli), KEEL_E_USAGE, "no name given: keel indicator: --list shows the names");
    KEEL_TRY(read_spec(cli, &spec));
    KEEL_TRY(load(cli, &candles));
    int rc = compute(cli, &spec, &candles);
    keel_candles_done(&candles);
    return rc;
}
