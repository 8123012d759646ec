/* core/signal/day.h: the UTC day of a time. */
#ifndef KEEL_CORE_SIGNAL_DAY_H
#define KEEL_CORE_SIGNAL_DAY_H

#include "num/port.h"

#define KEEL_DAY_MS ((int64_t)86400000)

/* Days since 1970-01-01, rounded towards the past. */
KEEL_FN int64_t keel_day_of(int64_t ts_ms);

#endif
