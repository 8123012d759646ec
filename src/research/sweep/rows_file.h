/* research/sweep/rows_file.h: the file of a sweep as lines: read from the start, then appended to.
 *
 * Only whole lines count: what follows the last '\n' was torn off by a crash or a full disk and is cut away before the
 * next row is written. */
#ifndef KEEL_RESEARCH_SWEEP_ROWS_FILE_H
#define KEEL_RESEARCH_SWEEP_ROWS_FILE_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/err.h"

typedef struct keel_rows_file {
    const char *path; /* borrowed */
    FILE *reading;
    int fd;
    char *line; /* the line read last, without '\n' */
    size_t room;
    int64_t size;  /* bytes of whole lines so far */
    int64_t lines; /* whole lines so far */
} keel_rows_file;

/* Open an existing file for reading. Returns 0, KEEL_E_NOT_FOUND, KEEL_E_IO. keel_rows_file_close in every case. */
KEEL_MUST_USE int keel_rows_file_open(keel_rows_file *f, const char *path, keel_err *reterr);

/* The next whole line: 1 and its size, 0 at the end (or at a torn line), or KEEL_E_IO. */
KEEL_MUST_USE int keel_rows_file_next(keel_rows_file *f, size_t *ret_size, keel_err *reterr);

/* Go over to writing: behind the last whole line that was read, or (never opened) into a new, empty file. */
KEEL_MUST_USE int keel_rows_file_write_on(keel_rows_file *f, const char *path, keel_err *reterr);

/* Append whole lines, all or none. Returns 0 or KEEL_E_IO. */
KEEL_MUST_USE int keel_rows_file_put(keel_rows_file *f, const char *bytes, size_t size, keel_err *reterr);

/* On disk when it returns 0. */
KEEL_MUST_USE int keel_rows_file_sync(keel_rows_file *f, keel_err *reterr);
void keel_rows_file_close(keel_rows_file *f);

#endif
