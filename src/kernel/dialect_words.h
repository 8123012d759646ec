/* kernel/dialect_words.h: words of a strategy's language: those refused, with the way out, and the functions offered.
 */
#ifndef KEEL_KERNEL_DIALECT_WORDS_H
#define KEEL_KERNEL_DIALECT_WORDS_H

#include <stddef.h>

#include "base/nearest.h"

/* Why a call of this function is refused, and the way out; NULL when the list does not have it. */
const char *keel_dialect_refused_call(const char *text, size_t size);

/* The same of a word that may not stand anywhere. */
const char *keel_dialect_refused_word(const char *text, size_t size);

/* 1 when keel offers a function or macro of this name. */
int keel_dialect_offers(const char *text, size_t size);
void keel_dialect_offer_names(keel_nearest *nearest);

#endif
