/* device/ptx.h: what a device's compiler made, looked at before it is used. */
#ifndef KEEL_DEVICE_PTX_H
#define KEEL_DEVICE_PTX_H

/* Does a PTX text hold arithmetic other than IEEE 754 rounding to nearest, operation by operation: a fused multiply-add
 * of floating point, an approximate division, root or reciprocal, small numbers flushed to zero?
 *   ret_what  out  64 bytes: the instruction
 * Returns 1 when it does. */
int keel_device_ptx_fuses(const char *text, char ret_what[64]);

/* The first line of a compiler's report with the word "error", cut at 199 bytes; "" when there is none. */
void keel_device_first_error(const char *log, char ret_line[200]);

#endif
