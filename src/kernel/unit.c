/* kernel/unit.c: a unit with a user's strategy. Not part of the program: script/flatten-pure makes one text of this
 * file and the pure rooms, which travels in the program; a user's file is put where it says KEEL_USER_FILE, and the
 * system's compiler makes a shared object of it.
 *
 * While a run is guarded, the strategy's inputs are copied to memory that it sees read-only and its answer lies beside
 * a page that nothing may touch, so that a wild write ends the run where it happens. */
#define KEEL_USER_STRATEGY
#define KEEL_USER_CALL keel_unit_decide

#include "kernel/kernel.h"

/* Not inlined, so that its stack has its own frame; but where it is asked about whole windows, it has no stack to
 * speak of. */
#if KEEL_USER_FORESEEN
#define KEEL_UNIT_DECIDE static inline __attribute__((always_inline))
#else
#define KEEL_UNIT_DECIDE __attribute__((noinline))
#endif
KEEL_UNIT_DECIDE void keel_user_decide(const keel_params *p, const keel_view *view, keel_opinion *ret);
static void keel_unit_decide(const keel_params *p, const keel_view *view, keel_opinion *ret);

#include "all.c"

static keel_kernel_watch *keel_unit_watch;

static void keel_unit_set_watch(keel_kernel_watch *watch) { keel_unit_watch = watch; }

static inline __attribute__((always_inline)) int32_t keel_unit_answer(const keel_opinion *o) {
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
    keel_kernel_numbers *numbers = w->numbers;
    if (numbers) (void)numbers->take();
    w->inside = 1;
    keel_user_decide((const keel_params *)(const void *)from, (const keel_view *)(const void *)(from + sizeof *p),
                     answer);
    w->inside = 0;
    *ret = *answer;
    int32_t no_numbers = numbers ? numbers->take() : 0;
    if (no_numbers && !numbers->bad) {
        numbers->bad = no_numbers;
        numbers->ts_ms = view->ts_ms;
    }
    int32_t bad = keel_unit_answer(ret);
    if (bad != KEEL_ANSWER_OK) {
        w->bad_answer = bad;
        __builtin_trap();
    }
}

#if KEEL_USER_FORESEEN
/* Values that the strategy does not read cost nothing: snap lies in registers once keel_user_decide is inlined. */
#define KEEL_UNIT_LOAD(slot) snap.v[slot] = column[slot] ? column[slot][i] : 0.0;
#define KEEL_UNIT_EIGHT(s)  \
    KEEL_UNIT_LOAD(s)       \
    KEEL_UNIT_LOAD((s) + 1) \
    KEEL_UNIT_LOAD((s) + 2) \
    KEEL_UNIT_LOAD((s) + 3) \
    KEEL_UNIT_LOAD((s) + 4) KEEL_UNIT_LOAD((s) + 5) KEEL_UNIT_LOAD((s) + 6) KEEL_UNIT_LOAD((s) + 7)
_Static_assert(KEEL_SLOT_MAX == 56, "every slot is loaded");

/* Answers that are not in order count as spoken, so that the bar is stepped and the run ends there, if it gets there.
 */
static inline __attribute__((always_inline)) int32_t keel_unit_speaks(const keel_params *p, keel_view *view,
                                                                      int32_t side, int32_t bit) {
    keel_opinion op = {KEEL_NEUTRAL, KEEL_E_STRATEGY, KEEL_CONF_HIGH, 0, 1.0, 1.0};
    view->side = side;
    keel_user_decide(p, view, &op);
    return op.signal != KEEL_NEUTRAL || keel_unit_answer(&op) != KEEL_ANSWER_OK ? bit : 0;
}

static void keel_unit_judge(const keel_params *params, const keel_tape *tape, const keel_window_symbol *w, int64_t from,
                            int64_t count, uint8_t *acts) {
    const keel_params own = *params, *p = &own; /* acts could be a part of it, for all that the compiler knows */
    const uint64_t needs = keel_user_partial ? (uint64_t)0 : keel_user_needs(p);
    const int64_t interval_ms = tape->interval_ms, first_ms = tape->start_ms + (from + 1) * interval_ms;
    const double *column[KEEL_SLOT_MAX];
    const uint64_t *ready = w->ready;
    keel_snapshot snap;
    for (int32_t slot = 0; slot < KEEL_SLOT_MAX; slot++)
        column[slot] = (w->slots >> slot) & 1u ? w->v[slot] : (const double *)0;
    for (int64_t i = 0; i < count; i++) {
        keel_view view = {.snap = &snap, .ts_ms = first_ms + i * interval_ms, .breadth = -1.0};
        int32_t said = 0;
        snap.ready = ready[i];
        if ((snap.ready & needs) == needs) {
            KEEL_UNIT_EIGHT(0)
            KEEL_UNIT_EIGHT(8)
            KEEL_UNIT_EIGHT(16)
            KEEL_UNIT_EIGHT(24)
            KEEL_UNIT_EIGHT(32)
            KEEL_UNIT_EIGHT(40)
            KEEL_UNIT_EIGHT(48)
            said = keel_unit_speaks(p, &view, 0, KEEL_ACTS_FLAT);
            if (KEEL_USER_FORESEEN == 2)
                said |= KEEL_ACTS_LONG | KEEL_ACTS_SHORT; /* it looks at the position, which is not known yet */
            else
                said |= keel_unit_speaks(p, &view, 1, KEEL_ACTS_LONG) | keel_unit_speaks(p, &view, -1, KEEL_ACTS_SHORT);
        }
        acts[i] = (uint8_t)said;
    }
}
#define KEEL_UNIT_JUDGE keel_unit_judge
#else
#define KEEL_UNIT_JUDGE 0
#endif

/* The compiler's own check of the stack ends here instead of in the C library, which would print and ask the system. */
__attribute__((noreturn)) void __stack_chk_fail(void);
__attribute__((noreturn)) void __stack_chk_fail(void) {
    if (keel_unit_watch) keel_unit_watch->bad_answer = KEEL_ANSWER_STACK;
    __builtin_trap();
}

__attribute__((visibility("default"))) extern const keel_kernel keel_kernel_unit;
const keel_kernel keel_kernel_unit = {KEEL_KERNEL_FUNCTIONS,           .lane_advance = keel_lane_advance,
                                      .window_fill = keel_window_fill, .user = 1,
                                      .window_judge = KEEL_UNIT_JUDGE, .watch = keel_unit_set_watch};
