/* width.c: stands for simd/simd.c in a program that runs at the level which KEEL_TEST_LEVEL names, so that tests can
 * compare whole sweeps at every width. A level that this processor cannot run ends the program. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "simd/simd.h"

extern const keel_simd keel_simd_table_portable;

#if defined(KEEL_SIMD_X86)
extern const keel_simd keel_simd_table_avx2;
extern const keel_simd keel_simd_table_avx512;
#endif

enum { UNFIT = 77 };

int keel_simd_levels(void) { return 3; }

const keel_simd *keel_simd_level(int index) {
#if defined(KEEL_SIMD_X86)
    if (index == 2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
        __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw"))
        return &keel_simd_table_avx512;
    if (index == 1 && __builtin_cpu_supports("avx2")) return &keel_simd_table_avx2;
#endif
    return index == 0 ? &keel_simd_table_portable : NULL;
}

const keel_simd *keel_simd_best(void) {
    const char *name = getenv("KEEL_TEST_LEVEL");
    for (int i = 0; name && i < keel_simd_levels(); i++) {
        const keel_simd *level = keel_simd_level(i);
        if (level && strcmp(level->name, name) == 0) return level;
    }
    (void)fprintf(stderr, "KEEL_TEST_LEVEL: %s: no level that this processor runs\n", name ? name : "not set");
    exit(UNFIT);
}
