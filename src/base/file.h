/* base/file.h: whole files in, whole files out. */
#ifndef KEEL_BASE_FILE_H
#define KEEL_BASE_FILE_H

#include <stddef.h>

#include "base/err.h"

/* Read a regular file (or pipe) of at most size_max bytes. A zero byte follows the content.
 * ret_bytes is handed to the caller (free()).
 * Returns 0; KEEL_E_NOT_FOUND, KEEL_E_IO, KEEL_E_RANGE (larger than size_max), KEEL_E_NOMEM, line set. */
KEEL_MUST_USE int keel_file_read(const char *path, size_t size_max, char **ret_bytes, size_t *ret_size,
                                 keel_err *reterr);

/* Replace path by these bytes so that a reader sees the old file or the new one, never a part: written beside it,
 * synced, renamed over it, folder synced. Mode 0644 less umask. Behind a symbolic link the file it names is replaced;
 * a device or a pipe is written to.
 * Returns 0; KEEL_E_NOT_FOUND (no such folder) or KEEL_E_IO with the line set: path is then as it was, and the file
 * beside it is removed. */
KEEL_MUST_USE int keel_file_write(const char *path, const void *bytes, size_t size, keel_err *reterr);

#endif
