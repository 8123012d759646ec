/* app/cli/backtest_format.h: figures as people read them in tables. */
#ifndef KEEL_APP_CLI_BACKTEST_FORMAT_H
#define KEEL_APP_CLI_BACKTEST_FORMAT_H

#include <stdint.h>

#include "stats/stat.h"

typedef struct keel_cell {
    char text[96];
} keel_cell;

/* "1234.57", rounded half-even to cents. */
keel_cell keel_cell_money(int64_t value_e8);
/* "12.35", "-" while undefined. */
keel_cell keel_cell_stat(keel_stat s, int places);
keel_cell keel_cell_count(int64_t n);
/* "3d 04:05", "04:05:06" below a day; "-" for a negative one. */
keel_cell keel_cell_duration(int64_t ms);
/* "2024-01-31 12:00:00", UTC. */
keel_cell keel_backtest_cell_time(int64_t ts_ms);
keel_cell keel_cell_text(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
