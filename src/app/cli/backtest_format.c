/* app/cli/backtest_format.c: see backtest_format.h. */
#include "app/cli/backtest_format.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/decimal.h"
#include "base/err.h"
#include "base/timerange.h"
#include "num/int.h"

keel_cell keel_cell_text(const char *format, ...) {
    keel_cell cell;
    va_list args;
    va_start(args, format);
    (void)vsnprintf(cell.text, sizeof cell.text, format, args);
    va_end(args);
    return cell;
}

keel_cell keel_cell_money(int64_t value_e8) {
    char text[KEEL_DECIMAL_TEXT_MAX];
    int64_t cents = 0;
    KEEL_ASSERT(keel_mul_div(value_e8, 1, 1000000, &cents));
    (void)keel_decimal_format(cents, 2, 2, text);
    return keel_cell_text("%s", text);
}

keel_cell keel_cell_stat(keel_stat s, int places) {
    if (!s.defined) return keel_cell_text("-");
    keel_cell cell = keel_cell_text("%.*f", places, s.value);
    /* no "-0.00" */
    if (cell.text[0] == '-' && !cell.text[strspn(cell.text, "-0.")])
        memmove(cell.text, cell.text + 1, strlen(cell.text));
    return cell;
}

keel_cell keel_cell_count(int64_t n) { return keel_cell_text("%" PRId64, n); }

keel_cell keel_cell_duration(int64_t ms) {
    int64_t seconds = ms / 1000;
    int64_t days = seconds / 86400;
    int hours = (int)(seconds / 3600 % 24), minutes = (int)(seconds / 60 % 60);
    if (ms < 0) return keel_cell_text("-");
    if (days) return keel_cell_text("%" PRId64 "d %02d:%02d", days, hours, minutes);
    return keel_cell_text("%02d:%02d:%02d", hours, minutes, (int)(seconds % 60));
}

keel_cell keel_backtest_cell_time(int64_t ts_ms) {
    char text[KEEL_TIME_TEXT_MAX];
    (void)keel_time_format(ts_ms, text);
    text[10] = ' ';
    text[19] = 0;
    return keel_cell_text("%s", text);
}
