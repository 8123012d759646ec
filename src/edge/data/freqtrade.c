/* edge/data/freqtrade.c: see freqtrade.h. */
#include "edge/data/freqtrade.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/units.h"

static const char *const EXTENSIONS[] = {".json.gz", ".json", ".feather", ".parquet"};

static const struct {
    const char *type;
    int kind;
} TYPES[] = {{"futures", KEEL_KIND_CANDLE},
             {"mark", KEEL_KIND_MARK},
             {"funding_rate", KEEL_KIND_FUNDING},
             {"index", 0},
             {"premiumIndex", 0},
             {"open_interest", 0},
             {"trades", 0}};

enum { STEM_MAX = 128 };

/* The last part of path without one of the extensions; 0 when it has none of them or is too long. */
static int stem_of(const char *path, char ret[STEM_MAX]) {
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    size_t size = strlen(name);
    for (size_t i = 0; i < sizeof EXTENSIONS / sizeof *EXTENSIONS; i++) {
        size_t end = strlen(EXTENSIONS[i]);
        if (size <= end || size - end >= STEM_MAX || strcmp(name + size - end, EXTENSIONS[i]) != 0) continue;
        memcpy(ret, name, size - end);
        ret[size - end] = 0;
        return 1;
    }
    return 0;
}

/* Cut the text after the last '-' off; NULL when there is none. */
static char *cut_last(char *stem) {
    char *dash = strrchr(stem, '-');
    if (!dash) return NULL;
    *dash = 0;
    return dash + 1;
}

static int is_timeframe(const char *text) {
    size_t digits = strspn(text, "0123456789"), letters = strlen(text + digits);
    return digits > 0 && (letters == 1 || letters == 2) && isalpha((unsigned char)text[digits]) &&
           (letters == 1 || isalpha((unsigned char)text[digits + 1]));
}

/* BTC_USDT_USDT -> symbol BTCUSDT, settled in USDT; BTC_USD_BTC is inverse. A dated contract keeps its date:
 * BTC_USDT_USDT-240628 -> BTCUSDT-240628. */
static int read_pair(const char *pair, keel_freqtrade_name *n) {
    char base[32], quote[32], settle[32] = "";
    const char *first = strchr(pair, '_'), *second = first ? strchr(first + 1, '_') : NULL;
    const char *end = second ? second : pair + strlen(pair);
    if (!first || first == pair || end == first + 1 || (size_t)(first - pair) >= sizeof base ||
        (size_t)(end - first - 1) >= sizeof quote || (second && strlen(second + 1) >= sizeof settle))
        return 0;
    (void)snprintf(base, sizeof base, "%.*s", (int)(first - pair), pair);
    (void)snprintf(quote, sizeof quote, "%.*s", (int)(end - first - 1), first + 1);
    if (second) (void)snprintf(settle, sizeof settle, "%s", second + 1);
    if (second && (!settle[0] || strchr(settle, '_'))) return 0;
    const char *date = second ? strchr(settle, '-') : NULL;
    (void)snprintf(n->symbol, sizeof n->symbol, "%s%s%s", base, quote, date ? date : "");
    (void)snprintf(n->settle, sizeof n->settle, "%.*s", date ? (int)(date - settle) : 15, settle);
    n->inverse = second && strcmp(n->settle, quote) != 0;
    return 1;
}

/* The folder that names the exchange, by Freqtrade's layout. */
static void read_venue(const char *path, keel_freqtrade_name *n) {
    const char *end = strrchr(path, '/');
    char part[3][KEEL_SERIES_NAME_MAX] = {"", "", ""}; /* the folders above, nearest first */
    for (int i = 0; i < 3 && end && end > path; i++) {
        const char *from = end;
        while (from > path && from[-1] != '/')
            from--;
        if ((size_t)(end - from) >= KEEL_SERIES_NAME_MAX) return;
        (void)snprintf(part[i], sizeof part[i], "%.*s", (int)(end - from), from);
        end = from > path ? from - 1 : path;
    }
    int futures = strcmp(part[0], "futures") == 0;
    const char *exchange = part[futures];
    if (!exchange[0] || exchange[0] == '.' || (!futures && strcmp(part[1], "data") != 0)) return;
    if (strlen(exchange) + sizeof "-perp" <= sizeof n->venue)
        (void)snprintf(n->venue, sizeof n->venue, "%.50s-%s", exchange, n->market);
}

int keel_freqtrade_name_read(const char *path, keel_freqtrade_name *ret) {
    char stem[STEM_MAX];
    memset(ret, 0, sizeof *ret);
    if (!stem_of(path, stem)) return 0;
    char *last = cut_last(stem);
    if (!last) return 0;
    ret->kind = KEEL_KIND_CANDLE;
    const char *type = "spot";
    for (size_t i = 0; i < sizeof TYPES / sizeof *TYPES; i++)
        if (strcmp(last, TYPES[i].type) == 0) {
            type = TYPES[i].type;
            ret->kind = TYPES[i].kind;
        }
    (void)snprintf(ret->type, sizeof ret->type, "%s", type);
    if (strcmp(type, "spot") != 0 && strcmp(type, "trades") != 0) last = cut_last(stem);
    if (strcmp(type, "trades") != 0) {
        if (!last || !is_timeframe(last)) return 0;
        if (keel_duration_parse(last, &ret->interval_ms) != 0) ret->interval_ms = 0;
        if (ret->kind == KEEL_KIND_FUNDING) ret->interval_ms = 0;
    }
    if (!read_pair(stem, ret)) return 0;
    (void)snprintf(ret->market, sizeof ret->market, "%s", strcmp(type, "spot") == 0 ? "spot" : "perp");
    read_venue(path, ret);
    return 1;
}

int keel_freqtrade_name_check(const char *path, const keel_freqtrade_name *name, keel_err *err) {
    if (!name->kind)
        return keel_err_set(err, KEEL_E_DATA,
                            "%s: keel has no use for %s yet: leave the file out; candles, mark prices and funding "
                            "rates are read",
                            path, name->type);
    if (name->inverse)
        return keel_err_set(err, KEEL_E_DATA,
                            "%s: the contract is settled in %s: keel's books are for linear contracts; use the one "
                            "settled in its quote",
                            path, name->settle);
    if (name->kind != KEEL_KIND_FUNDING && !name->interval_ms)
        return keel_err_set(err, KEEL_E_DATA,
                            "%s: a timeframe of months is no fixed interval: leave the file out; keel makes longer "
                            "bars from days itself",
                            path);
    return 0;
}
