/* app/cli/control_text.h: what came of asking running keels, for people and for programs. */
#ifndef KEEL_APP_CLI_CONTROL_TEXT_H
#define KEEL_APP_CLI_CONTROL_TEXT_H

#include "app/cli/control_client.h"

/* On stdout, as one JSON document or as lines; whole: everything that is known of each. Of one that is not running what
 * its record says, when whole. Returns 0, or the code of the first one that did not do what was asked, the line set. */
KEEL_MUST_USE int keel_control_tell(keel_cli *cli, const keel_control_asked *list, size_t count, int whole);

#endif
