/* app/cli/paper_orders.h: what a person ordered of a paper run before it trades: by flags of its start, and of one of
 * several strategies before it began (paper_group_control.h). */
#ifndef KEEL_APP_CLI_PAPER_ORDERS_H
#define KEEL_APP_CLI_PAPER_ORDERS_H

#include "app/cli/cli.h"
#include "app/cli/paper_group_control.h"
#include "engine/engine.h"

typedef struct keel_paper_orders {
    keel_cli *cli; /* with --cancel-orders, --resume, --pause and --reason */
    keel_engine *engine;
    const keel_paper_asked_all *asked; /* NULL: nothing */
    /* Into the run's audit trail, durable when it returns. */
    int (*record)(void *data, keel_audit_entry *entry, keel_err *err);
    void *data;
} keel_paper_orders;

/* Each on the trail before it is given, flags first; one that changes nothing is passed over, and all are once the
 * market has ended. Whoever resumes has compared the books with the venue's. Errors of `record` and keel_engine_order.
 */
KEEL_MUST_USE int keel_paper_orders_give(const keel_paper_orders *o, keel_err *err);

#endif
