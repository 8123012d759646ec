/* kernel/unit_text.h: unit.c with the pure rooms as one text, made at build time by script/embed-kernel: what stands
 * before a user's file, what its #include "strategy.def" means, and what stands after it. Comments are left out. */
#ifndef KEEL_KERNEL_UNIT_TEXT_H
#define KEEL_KERNEL_UNIT_TEXT_H

#include <stddef.h>

extern const char keel_unit_head[], keel_unit_form[], keel_unit_tail[]; /* zero-terminated */
extern const size_t keel_unit_head_size, keel_unit_form_size, keel_unit_tail_size;
extern const char keel_unit_sha256[]; /* over the three */

#endif
