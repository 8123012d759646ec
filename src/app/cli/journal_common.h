/* app/cli/journal_common.h: what the verbs of `keel journal` share. */
#ifndef KEEL_APP_CLI_JOURNAL_COMMON_H
#define KEEL_APP_CLI_JOURNAL_COMMON_H

#include "app/cli/cli.h"
#include "journal/journal.h"

extern const keel_cli_opt keel_journal_cli_options[];

typedef struct keel_journal_cli {
    keel_journal_where where;
    uint8_t key[KEEL_KEY_SIZE], signer[KEEL_KEY_SIZE];
} keel_journal_cli;

/* The journal that the command line names. KEEL_E_* with the line set. */
KEEL_MUST_USE int keel_journal_cli_where(keel_cli *cli, keel_journal_cli *ret);

/* The key in the file that an option names; one that is not there is made. *ret_has 1 where the option was given, else
 * nothing is written. KEEL_E_* with the line set. */
KEEL_MUST_USE int keel_journal_cli_key(keel_cli *cli, const char *option, uint8_t ret[KEEL_KEY_SIZE], int *ret_has);

/* What cannot be read at all ends with exit code 2, whatever the reason. */
int keel_journal_cli_unreadable(keel_cli *cli, int code);

/* The run that an engine's journal is of, as its START says; "": not known: it is of no engine, was compacted, or is
 * encrypted and no key was given. */
typedef struct keel_journal_cli_run {
    char run_id[64], strategy[128];
} keel_journal_cli_run;

void keel_journal_cli_run_of(const keel_journal_where *where, keel_journal_cli_run *ret);
void keel_journal_cli_run_json(const keel_journal_cli_run *run, keel_json *j); /* as members of what is open */

/* What an inspection found, as members of the object that is open. */
void keel_journal_cli_report_json(const keel_journal_report *r, keel_json *j);
/* The same on stdout, for people. */
void keel_journal_cli_report_text(const keel_journal_report *r, const char *dir);

#endif
