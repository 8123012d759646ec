/* kernel/dialect_foresee.h: can a strategy's opinions be computed ahead, for a whole window of bars? Read from its
 * tokens alone, so that the answer is known before anything runs.
 *
 * They can when DECIDE looks at nothing but signals, parameters, the time of the bar and the side that is held, and
 * consists of steps that can neither fail nor take long: no loop, no array, no address, no division of whole numbers by
 * what might be zero. Anything that is not surely so counts as not so, and is stepped bar by bar: slower, the same
 * result. */
#ifndef KEEL_KERNEL_DIALECT_FORESEE_H
#define KEEL_KERNEL_DIALECT_FORESEE_H

#include "kernel/dialect_tokens.h"

typedef enum keel_foreseen {
    KEEL_FORESEEN_NOT = 0,
    KEEL_FORESEEN_WHOLE = 1, /* whatever is held */
    KEEL_FORESEEN_FLAT = 2   /* only while nothing is held: it looks at the position */
} keel_foreseen;

/* Of the tokens of a file that the dialect accepts. */
keel_foreseen keel_dialect_foresee(const keel_token *token, size_t count);

#endif
