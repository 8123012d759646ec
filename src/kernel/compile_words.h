/* kernel/compile_words.h: a compiler's sentence in the words of a strategy's author. */
#ifndef KEEL_KERNEL_COMPILE_WORDS_H
#define KEEL_KERNEL_COMPILE_WORDS_H

#include <stddef.h>

#include "kernel/compile.h"

/* sentence: what stands behind "error: ". *ret is at most size - 1 characters. */
void keel_compile_translate(const keel_compile_in *in, const char *sentence, size_t length, char *ret, size_t size);

#endif
