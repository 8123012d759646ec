/* research/sweep/sobol.h: Sobol's low-discrepancy sequence.
 *
 * Direction numbers: S. Joe, F. Y. Kuo, Constructing Sobol sequences with better two-dimensional projections, SIAM
 * J. Sci. Comput. 30, 2008, table new-joe-kuo-6, first KEEL_SOBOL_DIMS_MAX dimensions. Gray code order (I. A. Antonov,
 * V. M. Saleev, 1979), so point i equals that of scipy.stats.qmc.Sobol(d, scramble=False). */
#ifndef KEEL_RESEARCH_SWEEP_SOBOL_H
#define KEEL_RESEARCH_SWEEP_SOBOL_H

#include <stdint.h>

enum { KEEL_SOBOL_DIMS_MAX = 64, KEEL_SOBOL_BITS = 32 };

/* Coordinate dim (0-based) of point index, as a 32-bit fraction; index < 2^32. Point 0 is the origin. */
uint32_t keel_sobol_bits(uint64_t index, int32_t dim);

/* The same with a digital shift drawn from seed (each dimension its own), as a number of [0, 1). Seed 0: no shift. A
 * shift keeps the sequence a net. */
double keel_sobol_unit(uint64_t seed, uint64_t index, int32_t dim);

#endif
