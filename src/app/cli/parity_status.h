/* app/cli/parity_status.h: is this system validated? What the last three-way report of each subject said.
 *
 * <artifacts>/parity/status.json, keel.parity_status version 1; <artifacts> is --artifacts, else the home's artifacts/,
 * else ./artifacts. One breach is enough: the system is not validated until a later report of that subject is equal. */
#ifndef KEEL_APP_CLI_PARITY_STATUS_H
#define KEEL_APP_CLI_PARITY_STATUS_H

#include "app/cli/cli.h"

enum { KEEL_PARITY_PATH_MAX = 4096 };

typedef struct keel_parity_status {
    int known;     /* 0: nobody has ever asked */
    int validated; /* every subject's last report was equal */
    int64_t subjects, breaches;
    char subject[256], report[256], checked_at[48]; /* of the first breach; without one, of the latest report */
} keel_parity_status;

/* Folder of the reports. artifacts: an option's value, NULL: where it is by default. KEEL_E_USAGE: too long. */
KEEL_MUST_USE int keel_parity_folder(keel_cli *cli, const char *artifacts, char ret_path[KEEL_PARITY_PATH_MAX]);

/* A file that is not there leaves known 0. Returns 0, KEEL_E_PARITY (not such a file: the system counts as not
 * validated), KEEL_E_IO, KEEL_E_NOMEM. */
KEEL_MUST_USE int keel_parity_status_read(const char *folder, keel_parity_status *ret, keel_err *reterr);

/* Set what the last report of `subject` said. Errors as reading and writing. */
KEEL_MUST_USE int keel_parity_status_put(const char *folder, const char *subject, int equal, const char *report,
                                         const char *checked_at, keel_err *reterr);

/* A warning on stderr when the system is not validated; nothing otherwise. */
void keel_parity_status_warn(keel_cli *cli);

#endif
