/* simd/simd.c: what the processor runs. */
#include "simd/simd.h"

extern const keel_simd keel_simd_table_portable;

#if defined(KEEL_SIMD_X86)
extern const keel_simd keel_simd_table_avx2;
extern const keel_simd keel_simd_table_avx512;
enum { LEVELS = 3 };
#else
enum { LEVELS = 1 };
#endif

int keel_simd_levels(void) { return LEVELS; }

const keel_simd *keel_simd_level(int index) {
#if defined(KEEL_SIMD_X86)
    if (index == 2) {
        int runs = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
                   __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw");
        return runs ? &keel_simd_table_avx512 : NULL;
    }
    if (index == 1) return __builtin_cpu_supports("avx2") ? &keel_simd_table_avx2 : NULL;
#endif
    return index == 0 ? &keel_simd_table_portable : NULL;
}

const keel_simd *keel_simd_best(void) {
    for (int i = LEVELS - 1; i > 0; i--) {
        const keel_simd *level = keel_simd_level(i);
        if (level) return level;
    }
    return &keel_simd_table_portable;
}
