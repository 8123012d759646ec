/* edge/data/import_name.c: what a file's name says about its rows. See import.h. */
#include <string.h>

#include "base/units.h"
#include "edge/data/import.h"

static int take(const char **at, char stop, char *ret, size_t max) {
    const char *end = strchr(*at, stop);
    if (!end || end == *at || (size_t)(end - *at) >= max) return 0;
    memcpy(ret, *at, (size_t)(end - *at));
    ret[end - *at] = 0;
    *at = end + 1;
    return 1;
}

static int is_days(const char *text) {
    size_t digits = strspn(text, "0123456789");
    return digits == 8 && text[8] == '-' && strspn(text + 9, "0123456789") == 8 && text[17] == '.';
}

int keel_import_name(const char *path, char ret_venue[KEEL_SERIES_NAME_MAX], char ret_symbol[KEEL_SERIES_NAME_MAX],
                     int64_t *ret_interval_ms) {
    char interval[KEEL_DURATION_TEXT_MAX];
    const char *slash = strrchr(path, '/'), *at = slash ? slash + 1 : path;
    ret_venue[0] = ret_symbol[0] = 0;
    *ret_interval_ms = 0;
    if (!take(&at, '_', ret_venue, KEEL_SERIES_NAME_MAX) || !take(&at, '_', ret_symbol, KEEL_SERIES_NAME_MAX) ||
        !take(&at, '_', interval, sizeof interval) || !is_days(at) ||
        (strcmp(interval, "funding") != 0 && keel_duration_parse(interval, ret_interval_ms) != 0)) {
        ret_venue[0] = ret_symbol[0] = 0;
        *ret_interval_ms = 0;
        return 0;
    }
    return 1;
}

const char *keel_market_of_venue(const char *venue) {
    static const char *const perp[] = {"perp", "usdm", "coinm", "swap", "future"};
    for (size_t i = 0; i < sizeof perp / sizeof *perp; i++)
        if (strstr(venue, perp[i])) return "perp";
    return strstr(venue, "spot") ? "spot" : NULL;
}
