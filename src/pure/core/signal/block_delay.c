/* core/signal/block_delay.c */
#include "core/signal/block_delay.h"

KEEL_FN void keel_block_delay(keel_roll *st, double *win, KEEL_GLOBAL const double *x, int32_t m,
                              KEEL_GLOBAL double *old) {
    int32_t n = st->n;
    int32_t pos = st->pos;
    int32_t far = n < m ? n : m; /* inputs whose old value came before this call */
    for (int32_t i = 0; i < far; i++) {
        old[i] = win[pos];
        pos = pos + 1 < n ? pos + 1 : 0;
    }
    for (int32_t i = far; i < m; i++)
        old[i] = x[i - n];
    pos = (st->pos + m - far) % n;
    for (int32_t i = m - far; i < m; i++) {
        win[pos] = x[i];
        pos = pos + 1 < n ? pos + 1 : 0;
    }
    st->pos = pos;
}
