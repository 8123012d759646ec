/* kernel/unit.c: a unit with a user's strategy. Not part of the program: script/flatten-pure makes one text of this
 * file and the pure rooms, which travels in the program; a user's file is put where it says KEEL_USER_FILE, and the
 * system's compiler makes a shared object of it.
 *
 * While a run is guarded, the strategy's inputs are copied to memory that it sees read-only and its answer lies beside
 * a page that nothing may touch, so that a wild write ends the run where it happens. */
#define KEEL_USER_STRATEGY
#define KEEL_USER_CALL keel_unit_decide

#include "kernel/kernel.h"

/* Not inlined, so that its stack has its own frame. */
__attribute__((noinline)) void keel_user_decide(const keel_params *p, const keel_view *view, keel_opinion *ret);
static void keel_unit_decide(const keel_params *p, const keel_view *view, keel_opinion *ret);

#include "all.c"

static keel_kernel_watch *keel_unit_watch;

static void keel_unit_set_watch(keel_kernel_watch *watch) { keel_unit_watch = watch; }

static int32_t keel_unit_answer(const keel_opinion *o) {
    if (o->signal != KEEL_NEUTRAL && o->signal != KEEL_BUY && o->signal != KEEL_SELL && o->signal != KEEL_CLOSE &&
        o->signal != KEEL_PARTIAL_CLOSE)
        return KEEL_ANSWER_SIGNAL;
    if (o->reason < KEEL_E_TREND || (o->reason > KEEL_E_MANUAL && o->reason != KEEL_X_STRATEGY))
        return KEEL_ANSWER_REASON;
    if (o->confidence < KEEL_CONF_LOW || o->confidence > KEEL_CONF_HIGH) return KEEL_ANSWER_CONFIDENCE;
    if (o->points < 0 || o->points > 5) return KEEL_ANSWER_POINTS;
    if (!(o->fraction > 0.0 && o->fraction <= 1.0)) return KEEL_ANSWER_FRACTION;
    if (!(o->stop_scale > 0.0 && o->stop_scale <= 100.0)) return KEEL_ANSWER_STOP_SCALE;
    return KEEL_ANSWER_OK;
}

/* The order of fields in input_write: params, view, snapshot. */
static void keel_unit_decide(const keel_params *p, const keel_view *view, keel_opinion *ret) {
    volatile keel_kernel_watch *w = keel_unit_watch;
    if (!w) {
        keel_user_decide(p, view, ret);
        return;
    }
    unsigned char *to = w->input_write;
    const unsigned char *from = w->input_read;
    keel_opinion *answer = w->answer;
    keel_view seen = *view;
    seen.snap = (const keel_snapshot *)(const void *)(from + sizeof *p + sizeof seen);
    memcpy(to, p, sizeof *p);
    memcpy(to + sizeof *p, &seen, sizeof seen);
    memcpy(to + sizeof *p + sizeof seen, view->snap, sizeof *view->snap);
    *answer = *ret;
    w->ts_ms = view->ts_ms;
    w->calls++;
    w->inside = 1;
    keel_user_decide((const keel_params *)(const void *)from, (const keel_view *)(const void *)(from + sizeof *p),
                     answer);
    w->inside = 0;
    *ret = *answer;
    int32_t bad = keel_unit_answer(ret);
    if (bad != KEEL_ANSWER_OK) {
        w->bad_answer = bad;
        __builtin_trap();
    }
}

/* The compiler's own check of the stack ends here instead of in the C library, which would print and ask the system. */
__attribute__((noreturn)) void __stack_chk_fail(void);
__attribute__((noreturn)) void __stack_chk_fail(void) {
    if (keel_unit_watch) keel_unit_watch->bad_answer = KEEL_ANSWER_STACK;
    __builtin_trap();
}

__attribute__((visibility("default"))) extern const keel_kernel keel_kernel_unit;
const keel_kernel keel_kernel_unit = {KEEL_KERNEL_FUNCTIONS, .user = 1, .watch = keel_unit_set_watch};
