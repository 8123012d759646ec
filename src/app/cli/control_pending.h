/* app/cli/control_pending.h: orders to a strategy of a run that has not begun yet: files pending-ASK in the folder
 * `control` of its own, which it obeys when it begins, before its first input. docs/formats/control.md. */
#ifndef KEEL_APP_CLI_CONTROL_PENDING_H
#define KEEL_APP_CLI_CONTROL_PENDING_H

#include "ops/control/request.h"
#include "port/fs.h"

/* 1: an order of this kind can wait: pause, flat, kill. */
int keel_control_pending_can(keel_control_ask ask);

/* Durable when it returns; folder: the strategy's, `strategies` of its run is there. KEEL_E_GATE: another user's run;
 * KEEL_E_IO, KEEL_E_RANGE, KEEL_E_NOMEM with the line set. */
KEEL_MUST_USE int keel_control_pending_put(const keel_fs *fs, const char *folder, const keel_control_request *r,
                                           keel_err *reterr);

/* 1 and *ret: there is one; 0: none; KEEL_E_GATE: others may have written it; KEEL_E_PARSE: it is no order. */
KEEL_MUST_USE int keel_control_pending_read(const keel_fs *fs, const char *folder, keel_control_ask ask,
                                            keel_control_request *ret, keel_err *reterr);

/* 1: it was there and is gone; 0: there was none; KEEL_E_IO. */
KEEL_MUST_USE int keel_control_pending_remove(const keel_fs *fs, const char *folder, keel_control_ask ask,
                                              keel_err *reterr);

#endif
