/* app/cli/sweep_rows.h: the rows of one sweep, read whole for showing and confirming. */
#ifndef KEEL_APP_CLI_SWEEP_ROWS_H
#define KEEL_APP_CLI_SWEEP_ROWS_H

#include "app/cli/sweep_folder.h"

/* What is kept of a row; its whole line can be read again at `offset`. */
typedef struct keel_sweep_line {
    int64_t index;
    int64_t offset, size; /* of the line in the file, without '\n' */
    keel_score score;
    keel_trial_status status;
    int32_t intact;
    char trial_hash[KEEL_SHA256_TEXT_MAX];
} keel_sweep_line;

typedef struct keel_sweep_rows {
    char path[KEEL_SWEEP_PATH_MAX];
    keel_sweep_header header;
    keel_sweep_line *lines; /* [count], in order of trials; owned */
    int64_t count;
    int64_t damaged;       /* rows that cannot be read at all; they are left out */
    int64_t first_damaged; /* line in the file, 0: none */
} keel_sweep_rows;

/* Read every row of the sweep whose id begins with `prefix`. Returns 0, KEEL_E_NOT_FOUND, KEEL_E_USAGE, KEEL_E_PARITY
 * (header), KEEL_E_IO, KEEL_E_NOMEM. keel_sweep_rows_done in every case. */
KEEL_MUST_USE int keel_sweep_rows_load(const char *folder, const char *prefix, keel_sweep_rows *ret, keel_err *err);
void keel_sweep_rows_done(keel_sweep_rows *r);

/* The whole row of a line; keel_row_done in every case. */
KEEL_MUST_USE int keel_sweep_row_load(const keel_sweep_rows *r, const keel_sweep_line *line, keel_row *ret,
                                      keel_err *err);

/* Sort by how good: feasible trials by target, then the others; equal ones by index. */
void keel_sweep_rows_rank(keel_sweep_rows *r);

#endif
