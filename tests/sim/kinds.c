/* kinds.c: see kinds.h. */
#include "kinds.h"

#include <string.h>

const char *const SIM_WORDS[SIM_KIND_COUNT] = {
#define WORD(name, word, what) word,
    SIM_KINDS(WORD)
#undef WORD
};

const char *const SIM_WHAT[SIM_KIND_COUNT] = {
#define WHAT(name, word, what) what,
    SIM_KINDS(WHAT)
#undef WHAT
};

int sim_mask_read(const char *text, sim_mask *ret) {
    *ret = 0;
    while (*text) {
        size_t size = strcspn(text, ",");
        int found = 0;
        for (int k = 0; k < SIM_KIND_COUNT && !found; k++) {
            found = strlen(SIM_WORDS[k]) == size && memcmp(SIM_WORDS[k], text, size) == 0;
            if (found) *ret |= (sim_mask)1 << k;
        }
        if (!found) return 0;
        text += size;
        text += *text == ',';
    }
    return 1;
}
