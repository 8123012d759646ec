/* kernel/kernel.h: the pure code as a loadable unit: a table of the functions that know strategies. There is the
 * built-in unit, and one per user's file, compiled from the same sources with that file in the place of strategy USER.
 * Everything else of the pure rooms does not depend on the unit and is called directly; records have one layout in all
 * of them. */
#ifndef KEEL_KERNEL_KERNEL_H
#define KEEL_KERNEL_KERNEL_H

#include "core/strategy/strategy.h"
#include "lane/lane.h"

/* Arithmetic of a strategy that gave no number, as the processor notes it. In the child's own memory. */
typedef struct keel_kernel_numbers {
    int32_t (*take)(void); /* KEEL_NUMBERS_* since it was last asked */
    int32_t bad;           /* of the first answer that had any; 0: none had */
    int64_t ts_ms;         /* close of its bar */
} keel_kernel_numbers;

enum {
    KEEL_NUMBERS_ZERO = 1,   /* something was divided by zero, or the logarithm of zero taken */
    KEEL_NUMBERS_INVALID = 2 /* zero by zero, a root of less than zero, a comparison of what is no number */
};

/* What a guarded run watches of a user's code, in memory that the watcher shares. Written by the unit. */
typedef struct keel_kernel_watch {
    int64_t calls;      /* how often the strategy was asked */
    int64_t ts_ms;      /* close of the bar it was last asked about */
    int32_t inside;     /* 1 while it runs */
    int32_t bad_answer; /* KEEL_ANSWER_*: the run was ended for what the strategy said */
    /* Where the strategy's inputs are put for the call, and the same memory as the strategy sees it: read-only. */
    void *input_write;
    const void *input_read;
    keel_opinion *answer;         /* right before a page that nothing may touch */
    keel_kernel_numbers *numbers; /* NULL: not asked for */
} keel_kernel_watch;

/* Bytes that input_write must have. */
#define KEEL_KERNEL_INPUT_BYTES (sizeof(keel_params) + sizeof(keel_view) + sizeof(keel_snapshot))

/* X(NAME, number, what is wrong) */
#define KEEL_ANSWERS(X)                                                                                      \
    X(OK, 0, "")                                                                                             \
    X(SIGNAL, 1, "ret->signal is none of KEEL_NEUTRAL, KEEL_BUY, KEEL_SELL, KEEL_CLOSE, KEEL_PARTIAL_CLOSE") \
    X(REASON, 2, "ret->reason is no entry reason (KEEL_E_...)")                                              \
    X(CONFIDENCE, 3, "ret->confidence is none of KEEL_CONF_LOW, KEEL_CONF_MEDIUM, KEEL_CONF_HIGH")           \
    X(POINTS, 4, "ret->points is outside 0..5")                                                              \
    X(FRACTION, 5, "ret->fraction is not above 0 and at most 1")                                             \
    X(STOP_SCALE, 6, "ret->stop_scale is not above 0 and at most 100")                                       \
    X(STACK, 7, "its local arrays were written beyond their end")

enum {
#define KEEL_ANSWER_ENUM(name, number, text) KEEL_ANSWER_##name = (number),
    KEEL_ANSWERS(KEEL_ANSWER_ENUM)
#undef KEEL_ANSWER_ENUM
};

typedef struct keel_kernel {
    uint64_t layout; /* keel_kernel_layout of the sources it was made from */
    int32_t user;    /* 1: strategy KEEL_STRATEGY_USER is there */
    int32_t reserved;
    keel_strategy_text (*strategy_describe)(int32_t id);
    int32_t (*strategy_select)(keel_params *p, int32_t id);
    int32_t (*strategy_set)(keel_params *p, int32_t index, double value);
    void (*strategy_signals)(const keel_params *p, keel_signal_list *list);
    uint64_t (*strategy_needs)(const keel_params *p);
    uint32_t (*strategy_feeds)(const keel_params *p);
    int32_t (*step)(keel_state *st, const keel_params *p, const keel_event *ev, const keel_snapshot *snap,
                    keel_decision *ret, keel_diag *diag);
    int32_t (*strategy_unmet)(const keel_params *p, int32_t from);
    int32_t (*lane_init)(keel_lane *lane, keel_state *st, const keel_params *p, const keel_tape *tape,
                         int64_t capital_e8, int32_t close_at_end);
    int32_t (*lane_advance)(keel_lane *lane, keel_state *st, const keel_params *p, const keel_tape *tape,
                            keel_signal_set *sets, keel_snapshot *snaps, const keel_window *window, keel_lane_out *out);
    void (*window_fill)(const keel_tape *tape, int32_t symbol, const keel_params *p, int64_t from, int64_t count,
                        keel_signal_set *set, keel_window_room *room, keel_window_symbol *ret);
    /* User units whose strategy can be foreseen: at which of the bars from .. from + count - 1 it would speak, as
     * keel_window_judge. Calls nothing through a watch: such a strategy can do no harm. NULL: every bar is stepped. */
    void (*window_judge)(const keel_params *p, const keel_tape *tape, const keel_window_symbol *w, int64_t from,
                         int64_t count, uint8_t *acts);
    /* User units: from now on each call of the strategy goes through `watch` (NULL: plainly). NULL in the built-in. */
    void (*watch)(keel_kernel_watch *watch);
} keel_kernel;

/* A number that differs when a record that crosses the table has another size. */
#define KEEL_KERNEL_LAYOUT                                                                                          \
    ((((((sizeof(keel_params) * 31 + sizeof(keel_state)) * 31 + sizeof(keel_lane)) * 31 + sizeof(keel_tape)) * 31 + \
       sizeof(keel_signal_set)) *                                                                                   \
          31 +                                                                                                      \
      sizeof(keel_lane_out) + sizeof(keel_window) * 31) *                                                           \
         31 +                                                                                                       \
     sizeof(keel_kernel))

/* The rows of the table that every unit fills alike. */
#define KEEL_KERNEL_FUNCTIONS                                                                                  \
    .layout = KEEL_KERNEL_LAYOUT, .strategy_describe = keel_strategy_describe,                                 \
    .strategy_select = keel_strategy_select, .strategy_set = keel_strategy_set,                                \
    .strategy_signals = keel_strategy_signals, .strategy_needs = keel_strategy_needs,                          \
    .strategy_feeds = keel_strategy_feeds, .strategy_unmet = keel_strategy_unmet, .lane_init = keel_lane_init, \
    .step = keel_step

/* The unit that keel itself is linked with. Its window_fill and lane_advance are those of the widest level that the
 * processor runs: the same bits at every level (simd/simd.h). */
extern const keel_kernel keel_kernel_builtin;

#endif
