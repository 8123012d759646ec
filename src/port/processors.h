/* port/processors.h: how many processors this process may use: those of the machine, less what a `taskset` or a
 * container keeps from it. */
#ifndef KEEL_PORT_PROCESSORS_H
#define KEEL_PORT_PROCESSORS_H

#include <stdint.h>

/* At least 1. Thread: any. */
int32_t keel_processors(void);

#endif
