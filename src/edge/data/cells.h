/* edge/data/cells.h: the cells of a data row as numbers and times. No locale, no silent rounding. */
#ifndef KEEL_EDGE_DATA_CELLS_H
#define KEEL_EDGE_DATA_CELLS_H

#include <stddef.h>
#include <stdint.h>

#include "base/decimal.h"

/* keel_decimal_parse with a short way for the plain numbers that almost every cell is. */
keel_decimal_result keel_cell_fixed(const char *text, size_t size, int scale, int64_t *ret_value);

/* Decimal text to the nearest double (ties to even). Same grammar as keel_decimal_parse; at most 400 bytes.
 * Returns 1, or 0 (not the grammar, or beyond the range of a double: ret unwritten). */
int keel_cell_double(const char *text, size_t size, double *ret_value);

/* Digits only: epoch ms. Else ISO-8601 with a time of day and a zone ("2024-01-01T00:00:00Z", a blank for the T
 * allowed). Returns 1, or 0. Range: 0 (1970) up to the year 2100, exclusive. */
int keel_cell_time(const char *text, size_t size, int64_t *ret_ms);

#endif
