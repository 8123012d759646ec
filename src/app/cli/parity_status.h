/* app/cli/parity_status.h: is this system validated? What the last three-way report of each subject said.
 *
 * <artifacts>/parity/status.json, keel.parity_status version 1; <artifacts> is the home's artifacts/, else ./artifacts:
 * --artifacts moves reports, never the status, so that whoever asks finds it. One breach is enough: the system is not
 * validated until a later report of that subject, with trades, is equal. What another core was asked does not count. */
#ifndef KEEL_APP_CLI_PARITY_STATUS_H
#define KEEL_APP_CLI_PARITY_STATUS_H

#include "app/cli/cli.h"

enum { KEEL_PARITY_PATH_MAX = 4096 };

typedef struct keel_parity_status {
    int known;                           /* 0: nobody has ever asked */
    int validated;                       /* every subject's last report was equal, and of this core */
    int64_t subjects, breaches, foreign; /* foreign: equal, but of another core */
    /* Of the first breach; without one of the first foreign one; without that of the latest report. report: "": none.
     */
    char subject[KEEL_PARITY_PATH_MAX + 256], report[2 * KEEL_PARITY_PATH_MAX], checked_at[48];
} keel_parity_status;

/* What is known of a subject now. */
typedef struct keel_parity_verdict {
    const char *subject;
    const char *place;  /* the record it was read from: equal, it clears what was said of that as well; NULL: none */
    const char *report; /* file in the folder of the status, or an absolute path; "": none could be made */
    const char *checked_at;
    int equal;
    int is_empty; /* no trade was made: clears no breach */
} keel_parity_verdict;

/* Folder of the reports. artifacts: an option's value, NULL: where it is by default. KEEL_E_USAGE: too long. */
KEEL_MUST_USE int keel_parity_folder(keel_cli *cli, const char *artifacts, char ret_path[KEEL_PARITY_PATH_MAX]);

/* A file that is not there leaves known 0. Returns 0, KEEL_E_PARITY (not such a file: the system counts as not
 * validated), KEEL_E_IO, KEEL_E_NOMEM. */
KEEL_MUST_USE int keel_parity_status_read(const char *folder, keel_parity_status *ret, keel_err *reterr);

/* Make it with what is above it. KEEL_E_IO. */
KEEL_MUST_USE int keel_parity_folder_make(const char *folder, keel_err *reterr);

/* Take a lock of this name in the folder; waits while another process holds it, a minute at most. keel_parity_unlock
 * (-1 allowed). Returns 0, KEEL_E_TIMEOUT, KEEL_E_IO. */
KEEL_MUST_USE int keel_parity_lock(const char *folder, const char *name, int *ret_file, keel_err *reterr);
void keel_parity_unlock(int file);

/* Set what is known of a subject; waits while another process does so. folder exists.
 *   ret_kept  out  1: it is equal, but made no trade, and a breach stands as it was; may be NULL
 * Errors as reading and writing. */
KEEL_MUST_USE int keel_parity_status_put(const char *folder, const keel_parity_verdict *v, int *ret_kept,
                                         keel_err *reterr);

/* "not validated: ..." in one line, of a status that is known and is not. */
void keel_parity_status_say(const keel_parity_status *s, char *ret_text, size_t size);

/* A warning on stderr when the system is not validated; nothing otherwise. */
void keel_parity_status_warn(keel_cli *cli);

#endif
