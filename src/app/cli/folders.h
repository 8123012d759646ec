/* app/cli/folders.h: a folder with those above it. */
#ifndef KEEL_APP_CLI_FOLDERS_H
#define KEEL_APP_CLI_FOLDERS_H

#include "base/err.h"

/* path and those above it that are missing, strokes at its end allowed. mode: of path alone, less the umask, as 0777 of
 * those above; what stands keeps its own. 0; KEEL_E_USAGE (empty, too long), KEEL_E_IO with the line set. */
KEEL_MUST_USE int keel_folders_make(const char *path, unsigned mode, keel_err *err);

#endif
