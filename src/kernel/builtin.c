/* kernel/builtin.c: the unit that keel itself is linked with. */
#include "kernel/kernel.h"

const keel_kernel keel_kernel_builtin = {KEEL_KERNEL_FUNCTIONS};
