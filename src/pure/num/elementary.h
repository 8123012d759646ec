/* num/elementary.h: natural logarithm and exponential without libm, the same bits on every target.
 *
 * Only IEEE 754 additions, multiplications and divisions in a fixed order: no table, no fused operation.
 * Error below 1e-15 relative to the exact result (measured: under 2e-16), 1 part in 2^-1074 for subnormal results. */
#ifndef KEEL_NUM_ELEMENTARY_H
#define KEEL_NUM_ELEMENTARY_H

#include "num/port.h"

/* ln(x). keel_log(1) is exactly 0.
 * Defined corners: x = +0 or -0 gives -inf; x < 0 gives NaN; +inf gives +inf; NaN gives NaN. */
KEEL_FN double keel_log(double x);

/* e^x. keel_exp(0) is exactly 1.
 * Defined corners: x above 709.782712893384 gives +inf; x below -745.1332191019412 gives 0; -inf gives 0;
 * +inf gives +inf; NaN gives NaN. */
KEEL_FN double keel_exp(double x);

#endif
