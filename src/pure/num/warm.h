/* num/warm.h: how the functions on the path of every trade are linked.
 *
 * On the host they are inlined where they are called, since callers know arguments that decide many of their branches:
 * that nobody asks for diagnostics, which symbol it is. On a device, where the whole run inlined is four times the
 * code, they are functions as any other.
 *
 *   KEEL_WARM      a definition that a header declares with KEEL_FN
 *   KEEL_WARM_OWN  one that only its own .c uses */
#ifndef KEEL_NUM_WARM_H
#define KEEL_NUM_WARM_H

#include "num/port.h"

#if KEEL_ON_HOST
#define KEEL_WARM KEEL_HOT
#define KEEL_WARM_OWN KEEL_INLINE
#else
#define KEEL_WARM KEEL_FN
#define KEEL_WARM_OWN KEEL_LOCAL
#endif

#endif
