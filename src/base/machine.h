/* base/machine.h: what this process may use of the machine it runs on. */
#ifndef KEEL_BASE_MACHINE_H
#define KEEL_BASE_MACHINE_H

#include <stdint.h>

/* Bytes this process may still allocate: the least of its own limits (setrlimit RLIMIT_AS and RLIMIT_DATA, less what it
 * holds already), its control group's memory.max, and what the kernel calls available.
 *   ret_what  out  which of them it is, such as "the limit of this shell (ulimit -v)". Static storage.
 * Returns INT64_MAX, with ret_what "", when nothing of it can be read. Not deterministic: other programs come and go.
 */
int64_t keel_machine_memory_left(const char **ret_what);

#endif
