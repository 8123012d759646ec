/* app/cli/events_whole.h: is the log of --events all there is to tell? A mark beside it says that it is being written.
 */
#ifndef KEEL_APP_CLI_EVENTS_WHOLE_H
#define KEEL_APP_CLI_EVENTS_WHOLE_H

#include "base/err.h"

/* The file `events.incomplete` in a folder that is there: written before the first record, removed behind the last.
 * 0, KEEL_E_IO. */
KEEL_MUST_USE int keel_events_begin(const char *dir, keel_err *err);
KEEL_MUST_USE int keel_events_whole(const char *dir, keel_err *err);

/* 0, or KEEL_E_PARITY: whoever wrote the log did not come to its end, or still writes. */
KEEL_MUST_USE int keel_events_check_whole(const char *dir, keel_err *err);

#endif
