/* app/cli/paper_orders.c: see paper_orders.h. */
#include "app/cli/paper_orders.h"

typedef struct order {
    const char *action, *after;
    int number, enters; /* 1: while entries may leave, 0: while not, -1: always */
} order;

static const order CANCEL = {"orders_cancelled", "every order is called back", KEEL_ENGINE_ORDER_CANCEL, -1};
static const order RESUME = {"entries_resumed", "running", KEEL_ENGINE_ORDER_RESUME, 0};
static const order PAUSE = {"entries_paused", "close_only", KEEL_ENGINE_ORDER_PAUSE, 1};
static const order FLAT = {"positions_closed", "every position is closed, no entry", KEEL_ENGINE_ORDER_FLAT, -1};

/* actor NULL: whoever began this program. */
static int give(const keel_paper_orders *o, const order *what, const char *actor, const char *reason, keel_err *err) {
    keel_engine_phase phase = keel_engine_phase_of(o->engine);
    int enters = keel_engine_allows_entries(phase);
    if (keel_engine_ended(o->engine) || enters == 1 - what->enters) return 0;
    keel_audit_entry e = {.actor = actor,
                          .action = what->action,
                          .reason = reason,
                          .before = keel_engine_phase_word(phase),
                          .after = what->after};
    KEEL_TRY(o->record(o->data, &e, err));
    return keel_engine_order(o->engine, what->number, err);
}

int keel_paper_orders_give(const keel_paper_orders *o, keel_err *err) {
    const char *reason = keel_audit_reason(o->cli);
    const keel_paper_asked_all *asked = o->asked;
    if (keel_cli_flag(o->cli, "cancel-orders")) KEEL_TRY(give(o, &CANCEL, NULL, reason, err));
    if (keel_cli_flag(o->cli, "resume")) KEEL_TRY(give(o, &RESUME, NULL, reason, err));
    if (keel_cli_flag(o->cli, "pause")) KEEL_TRY(give(o, &PAUSE, NULL, reason, err));
    if (!asked) return 0;
    if (asked->pause.is_given) KEEL_TRY(give(o, &PAUSE, asked->pause.actor, asked->pause.reason, err));
    if (asked->flat.is_given) KEEL_TRY(give(o, &FLAT, asked->flat.actor, asked->flat.reason, err));
    return 0;
}
