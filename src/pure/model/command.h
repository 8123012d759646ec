/* model/command.h: what comes out of the core: intents as orders for the venue. */
#ifndef KEEL_MODEL_COMMAND_H
#define KEEL_MODEL_COMMAND_H

#include "num/port.h"

enum { /* kind */
       KEEL_CMD_HOLD = 0,
       KEEL_CMD_OPEN = 1,
       KEEL_CMD_ADD = 2,
       KEEL_CMD_CLOSE = 3,
       KEEL_CMD_PARTIAL_CLOSE = 4,
       KEEL_CMD_REVERSE = 5 /* one order for the old quantity plus the new one; booked as CLOSE, then OPEN */
};

enum { KEEL_TRIGGER_NONE = 0, KEEL_TRIGGER_STOP = 1, KEEL_TRIGGER_TARGET = 2 };

/* trigger_e8 = 0: take the market at the next tradable instant. trigger_e8 > 0: a protective or profit level that
 * the range of the very event touched; it executes within that range at the level, or at the open when the range
 * opened beyond it. */
typedef struct keel_command {
    uint64_t id; /* function of the event's seq: regenerated alike in a replay */
    int32_t kind;
    int32_t symbol;
    int32_t side; /* +1 buy, -1 sell */
    int32_t reason;
    int32_t confidence; /* KEEL_CONF_* of the entry; that of the position for exits */
    int32_t fee_role;
    int32_t trigger_kind; /* KEEL_TRIGGER_* */
    int32_t ambiguous;    /* 1: a profit level lay inside the same range; the adverse level was taken */
    int32_t points;       /* behind the confidence of an entry */
    int32_t reserved;
    int64_t qty_e8; /* total to execute */
    int64_t notional_e8;
    int64_t ref_px_e8; /* price the decision was made at */
    int64_t trigger_e8;
    int64_t stop_e8; /* initial stop of an entry, 0 = none: for bracket orders and for risk */
    int64_t target_e8;
    double entry_atr;  /* ATR at the decision, 0 = none; travels with the order so that the fill can set levels */
    double stop_scale; /* factor on the ATR stop distance (expanded volatility), normally 1 */
} keel_command;
KEEL_STATIC_ASSERT(sizeof(keel_command) == 112, command_is_112_bytes);

#endif
