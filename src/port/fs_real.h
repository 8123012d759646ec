/* port/fs_real.h: the file system of the machine. May be used from several threads at once. */
#ifndef KEEL_PORT_FS_REAL_H
#define KEEL_PORT_FS_REAL_H

#include "port/fs.h"

/* The one table; static storage. */
const keel_fs *keel_fs_real(void);

#endif
