/* port/processors.h: how many processors this process may run on: those of the machine, less what a `taskset` or a
 * container's set of processors keeps from it. A share of their time (`docker --cpus`) is not seen. */
#ifndef KEEL_PORT_PROCESSORS_H
#define KEEL_PORT_PROCESSORS_H

#include <stdint.h>

/* At least 1. Thread: any. */
int32_t keel_processors(void);

#endif
