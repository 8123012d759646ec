/* kernel/windows.h: fills the windows that a lane reads (lane/window.h), one after the other, in memory of its own. */
#ifndef KEEL_KERNEL_WINDOWS_H
#define KEEL_KERNEL_WINDOWS_H

#include "base/err.h"
#include "kernel/kernel.h"

typedef struct keel_windows keel_windows;

/* The signals of a configuration, without history.
 *   ret  out  written when 0 is returned
 * Returns 0, or KEEL_E_USAGE: their windows do not fit, or a parameter is refused. */
KEEL_MUST_USE int keel_windows_signals(const keel_kernel *kernel, const keel_params *p, keel_signal_set *ret,
                                       keel_err *err);

/* keel_window_judge at the widest level that the processor runs; only for strategies that are built in. */
void keel_windows_judge(const keel_params *p, const keel_window_symbol *w, int64_t count, uint8_t *acts);

/* Prepare windows over tape for the configurations p.
 *   kernel   in  knows the strategies; borrowed
 *   tape, p  in  borrowed until keel_windows_free; p is [tape->sleeve_count]
 *   sets     io  [tape->symbol_count], initialised with each symbol's signals; borrowed, advanced by filling
 *   ret      out owned
 * A window has as many bars as keep it in the second cache of a usual core. Returns 0 or KEEL_E_NOMEM. */
KEEL_MUST_USE int keel_windows_new(const keel_kernel *kernel, const keel_tape *tape, const keel_params *p,
                                   keel_signal_set *sets, keel_windows **ret, keel_err *err);

/* The same in the memory of windows of another run, which are over, where that is enough: a run after another needs no
 * memory from the system.
 *   io  io  NULL: made anew; owned; NULL when it fails */
KEEL_MUST_USE int keel_windows_again(keel_windows **io, const keel_kernel *kernel, const keel_tape *tape,
                                     const keel_params *p, keel_signal_set *sets, keel_err *err);

void keel_windows_free(keel_windows *w);

/* The window that begins at bar `from`: 0 at first, then where the last one ended. Valid until the next call. */
const keel_window *keel_windows_next(keel_windows *w, int64_t from);

#endif
