/* app/cli/sweep_rows.c: see sweep_rows.h. */
#include "app/cli/sweep_rows.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int no_memory(keel_err *err) {
    return keel_err_set(err, KEEL_E_NOMEM, "out of memory: rows: close other programs");
}

static int keep(keel_sweep_rows *r, int64_t *capacity, const keel_row *row, int64_t offset, size_t size,
                keel_err *err) {
    if (r->count == *capacity) {
        int64_t more = *capacity ? 2 * *capacity : 256;
        keel_sweep_line *lines = realloc(r->lines, (size_t)more * sizeof *lines);
        if (!lines) return no_memory(err);
        r->lines = lines;
        *capacity = more;
    }
    keel_sweep_line *line = &r->lines[r->count++];
    memset(line, 0, sizeof *line);
    line->index = row->index;
    line->offset = offset;
    line->size = (int64_t)size;
    line->score = row->trial.score;
    line->status = row->trial.status;
    line->intact = row->intact;
    memcpy(line->trial_hash, row->trial.trial_hash, sizeof line->trial_hash);
    return 0;
}

static int read_all(keel_sweep_rows *r, keel_rows_file *f, keel_err *err) {
    char where[KEEL_SWEEP_PATH_MAX + 32];
    int64_t capacity = 0;
    size_t size = 0;
    int rc;
    while ((rc = keel_rows_file_next(f, &size, err)) > 0) {
        keel_row row;
        keel_err bad = {0};
        (void)snprintf(where, sizeof where, "%s:%" PRId64, r->path, f->lines);
        int one = keel_row_read(f->line, size, r->header.sweep_id, where, &row, &bad);
        if (one == 0) one = keep(r, &capacity, &row, f->size - (int64_t)size - 1, size, err);
        keel_row_done(&row);
        if (one == KEEL_E_NOMEM) return no_memory(err);
        if (one == 0) continue;
        r->damaged++;
        if (r->first_damaged == 0) r->first_damaged = f->lines;
    }
    return rc;
}

int keel_sweep_rows_load(const char *folder, const char *prefix, keel_sweep_rows *ret, keel_err *err) {
    char id[KEEL_SWEEP_ID_SIZE];
    keel_rows_file f;
    memset(ret, 0, sizeof *ret);
    KEEL_TRY(keel_sweep_find(folder, prefix, id, err));
    KEEL_TRY(keel_sweep_path(folder, id, "trials.jsonl", ret->path, err));
    int rc = keel_sweep_open(ret->path, &f, &ret->header, err);
    if (rc == 0) rc = read_all(ret, &f, err);
    keel_rows_file_close(&f);
    return rc;
}

void keel_sweep_rows_done(keel_sweep_rows *r) {
    keel_sweep_header_done(&r->header);
    free(r->lines);
    memset(r, 0, sizeof *r);
}

int keel_sweep_row_load(const keel_sweep_rows *r, const keel_sweep_line *line, keel_row *ret, keel_err *err) {
    FILE *f = fopen(r->path, "r");
    char *text = malloc((size_t)line->size + 1);
    memset(ret, 0, sizeof *ret);
    int ok = f && text && fseek(f, (long)line->offset, SEEK_SET) == 0 &&
             fread(text, 1, (size_t)line->size, f) == (size_t)line->size;
    if (f) (void)fclose(f);
    int rc = ok ? 0 : keel_err_set(err, KEEL_E_IO, "cannot read: %s: try again", r->path);
    if (ok) {
        text[line->size] = 0;
        rc = keel_row_read(text, (size_t)line->size, r->header.sweep_id, r->path, ret, err);
    }
    free(text);
    return rc;
}

typedef struct ranked {
    double loss;
    keel_sweep_line line;
} ranked;

static int by_loss(const void *a, const void *b) {
    const ranked *x = a, *y = b;
    if (x->loss != y->loss) return x->loss < y->loss ? -1 : 1;
    return (x->line.index > y->line.index) - (x->line.index < y->line.index);
}

void keel_sweep_rows_rank(keel_sweep_rows *r) {
    ranked *all = calloc((size_t)r->count + 1, sizeof *all);
    KEEL_ASSERT(all != NULL);
    for (int64_t i = 0; i < r->count; i++) {
        const keel_sweep_line *line = &r->lines[i];
        double loss =
            line->status == KEEL_TRIAL_OK ? keel_objective_loss(&r->header.asked.objective, &line->score) : HUGE_VAL;
        all[i] = (ranked){loss, *line};
    }
    qsort(all, (size_t)r->count, sizeof *all, by_loss);
    for (int64_t i = 0; i < r->count; i++)
        r->lines[i] = all[i].line;
    free(all);
}
