/* port/fs_real_job.h: writes that go on in the background, of the machine's file system. See keel_fs_job in fs.h. */
#ifndef KEEL_PORT_FS_REAL_JOB_H
#define KEEL_PORT_FS_REAL_JOB_H

#include "port/fs.h"

int keel_fs_real_start(void *ctx, keel_fs_job *job);
int64_t keel_fs_real_finish(void *ctx, keel_fs_job *job);
int keel_fs_real_ready(void *ctx, keel_fs_job *job);
void keel_fs_real_release(void *ctx, keel_fs_job *job);

#endif
