/* kernel/dialect_habits.h: what a reader of Python writes by habit and C understands as something else, or not at all:
 * powers, chained comparisons, '=' in a condition, 1 / 2, buy without parentheses, colons. */
#ifndef KEEL_KERNEL_DIALECT_HABITS_H
#define KEEL_KERNEL_DIALECT_HABITS_H

#include <stddef.h>

#include "kernel/dialect_tokens.h"

enum { KEEL_DIALECT_HABIT_MAX = 240 };

/* Is tokens[i] such a habit? 1 with the sentence, what and how to mend it; else 0.
 *   tokens  in  [count], the whole text */
int keel_dialect_habit(const keel_token *tokens, size_t count, size_t i, char ret[KEEL_DIALECT_HABIT_MAX]);

/* What a # that begins no directive of C was meant as. */
extern const char KEEL_DIALECT_COMMENT[];
/* Is it a directive of C, known to a strategy or not? */
int keel_dialect_is_directive(const char *word);

#endif
