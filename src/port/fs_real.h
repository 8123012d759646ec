/* port/fs_real.h: the file system of the machine. May be used from several threads at once. */
#ifndef KEEL_PORT_FS_REAL_H
#define KEEL_PORT_FS_REAL_H

#include "port/fs.h"

/* The one table; static storage. */
const keel_fs *keel_fs_real(void);

/* Bytes that this user may still write where path lies, and how many there are. 0 or -errno. */
int keel_fs_real_room(const char *path, int64_t *ret_left, int64_t *ret_total);

#endif
