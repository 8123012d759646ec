/* simd/level.c: pure/all.c with every function local, and one table of what leaves it. Compiled once per level, with
 * KEEL_SIMD_LEVEL naming it and the flags of its instructions. */
#include "num/port.h"

#undef KEEL_FN
#define KEEL_FN static
#undef KEEL_HOT
#define KEEL_HOT static inline __attribute__((always_inline))

#include "simd/level_turns.c"

#include "simd/level_sums.c"

#if KEEL_SIMD_LANES == 8 /* its instructions multiply and add in one rounding */
#define KEEL_WIDE_FMA 1
#endif
/* Many a processor slows its clock for a millisecond after vectors of 512 bits, and what a run does between its
 * indicators is long chains of single values, which only the clock makes faster. So the compiler's own vectors are of
 * 256 bits, but for the loops of indicators; those written out for 512 are where an indicator asks for them. */
#if KEEL_SIMD_LANES == 8 && !defined(__clang__)
#undef KEEL_LONG_LOOPS
#define KEEL_LONG_LOOPS _Pragma("GCC push_options") _Pragma("GCC target(\"prefer-vector-width=512\")")
#undef KEEL_LONG_LOOPS_END
#define KEEL_LONG_LOOPS_END _Pragma("GCC pop_options")
#endif
#define KEEL_WIDE_LINE(p) ((p) + (64 - ((uintptr_t)(p)&63)) % 64 / sizeof(double))

#include "all.c"
#include "simd/level_lanes.c"
#include "simd/simd.h"

#define SIMD_PASTE_(a, b) a##b
#define SIMD_TABLE_(level) SIMD_PASTE_(keel_simd_table_, level)
#define SIMD_TEXT_(word) #word
#define SIMD_NAME_(level) SIMD_TEXT_(level)

extern const keel_simd SIMD_TABLE_(KEEL_SIMD_LEVEL);
const keel_simd SIMD_TABLE_(KEEL_SIMD_LEVEL) = {
    .name = SIMD_NAME_(KEEL_SIMD_LEVEL),
    .signal_columns = keel_signal_columns,
    .window_fill = keel_window_fill,
    .window_judge = keel_window_judge,
    .lane_advance = keel_lane_advance,
    .block_means_begin = keel_block_means_begin,
    .block_means = keel_block_means,
    .block_means_end = keel_block_means_end,
    .lanes_run = lanes_run,
    .lanes_apart = lanes_apart,
};
