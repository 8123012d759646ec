/* device/unit_text.h: unit.c with the pure rooms as one text, made at build time by script/embed-kernel: what stands
 * before a user's file, what its #include "strategy.def" means, and what stands after it. Without a user's file head
 * and tail follow each other. Comments are left out. */
#ifndef KEEL_DEVICE_UNIT_TEXT_H
#define KEEL_DEVICE_UNIT_TEXT_H

#include <stddef.h>

extern const char keel_device_unit_head[], keel_device_unit_form[], keel_device_unit_tail[]; /* zero-terminated */
extern const size_t keel_device_unit_head_size, keel_device_unit_form_size, keel_device_unit_tail_size;
extern const char keel_device_unit_sha256[]; /* over the three */

#endif
