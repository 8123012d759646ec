/* app/cli/sweep_heat.h: the heat map of a sweep over two of its parameters, as text. */
#ifndef KEEL_APP_CLI_SWEEP_HEAT_H
#define KEEL_APP_CLI_SWEEP_HEAT_H

#include "app/cli/sweep_study.h"
#include "base/json.h"
#include "base/strbuf.h"

enum { KEEL_HEAT_ROWS = 12, KEEL_HEAT_COLUMNS = 9 };

/* Values low..high of one parameter, a row or column of the map; one value: low = high. */
typedef struct keel_heat_step {
    double low, high;
} keel_heat_step;

typedef struct keel_sweep_heat {
    int32_t row_dim, column_dim;
    int32_t rows, columns; /* 0: no two parameters with more than one value */
    keel_heat_step row[KEEL_HEAT_ROWS], column[KEEL_HEAT_COLUMNS];
    double median[KEEL_HEAT_ROWS][KEEL_HEAT_COLUMNS];  /* of the target */
    int64_t trials[KEEL_HEAT_ROWS][KEEL_HEAT_COLUMNS]; /* that ran and have a target */
} keel_sweep_heat;

/* axes: "ROWS,COLUMNS", names of two swept parameters, or NULL: the two that matter most, the more important down.
 * Returns 0, KEEL_E_USAGE, KEEL_E_UNKNOWN_KEY or KEEL_E_NOMEM; line set. Deterministic. */
KEEL_MUST_USE int keel_sweep_heat_make(const keel_sweep_study *s, const char *axes, keel_sweep_heat *ret,
                                       keel_err *err);

/* Nothing when the map has no rows. */
void keel_sweep_heat_text(const keel_sweep_study *s, const keel_sweep_heat *h, keel_strbuf *out);

/* Append the key "heat_map": an object, or null when the map has no rows. */
void keel_sweep_heat_json(const keel_sweep_study *s, const keel_sweep_heat *h, keel_json *j);

#endif
