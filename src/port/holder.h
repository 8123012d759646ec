/* port/holder.h: who holds a lock file, without touching the lock: to try it would, for a moment, keep away a process
 * that is about to take it. */
#ifndef KEEL_PORT_HOLDER_H
#define KEEL_PORT_HOLDER_H

#include <stdint.h>

/* The process whose number stands in this file, where it runs and has the file open (whoever takes a lock writes its
 * number there, and keeps the file open as long): so a number that was left behind, and which another process has by
 * now, does not count. 0: none, or none that this process can see (another user's, in another container).
 * Where the system has no /proc, a process that runs at all counts. */
int64_t keel_holder_of(const char *path);

#endif
