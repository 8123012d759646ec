/* app/cli/report_subject.h: what `keel report` is asked about: one run, two runs, a sweep or a walk-forward. */
#ifndef KEEL_APP_CLI_REPORT_SUBJECT_H
#define KEEL_APP_CLI_REPORT_SUBJECT_H

#include "app/cli/cli.h"
#include "ops/report/report.h"

typedef struct keel_report_subject {
    keel_run_folder *runs[2]; /* owned; the second only of two */
    keel_tree *sheet;         /* owned: keel.sweep_surface; then there is no run */
    keel_tree *walk;          /* owned: keel.walk_forward; then there is no run */
} keel_report_subject;

enum { KEEL_REPORT_PATH_SIZE = KEEL_HOME_PATH_MAX + 300 };

/* Where a run lies: a folder as given, or the id of a run of the home; whether it is one is not asked. Errors of
 * keel_cli_home_find. */
KEEL_MUST_USE int keel_report_run_find(keel_cli *cli, const char *given, char ret[KEEL_REPORT_PATH_SIZE]);

/* Find and read what the words of the command name: a folder, the id of a run of the home, a sweep's folder or id, a
 * file that `keel validate walk-forward --json` printed. Returns 0, KEEL_E_NOT_FOUND, KEEL_E_USAGE, or what reading
 * refuses; line set. keel_report_subject_done always. */
KEEL_MUST_USE int keel_report_subject_open(keel_cli *cli, keel_report_subject *ret);
void keel_report_subject_done(keel_report_subject *s);

#endif
