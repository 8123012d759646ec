/* app/cli/paper_journal.h: the journal of a paper run, found, judged and opened to be run again. */
#ifndef KEEL_APP_CLI_PAPER_JOURNAL_H
#define KEEL_APP_CLI_PAPER_JOURNAL_H

#include "app/cli/journal_common.h"
#include "app/cli/paper_start.h"

/* The folder of a run holds its journal; a journal's own folder is taken as it is. where->dir becomes dir. A folder
 * that holds none is said to be no run before anything else is asked of it: KEEL_E_NOT_FOUND. */
KEEL_MUST_USE int keel_paper_journal_find(keel_journal_where *where, char dir[KEEL_FS_PATH_MAX], keel_err *reterr);

/* Judge it: good or torn, else KEEL_E_PARITY with the place; errors of keel_journal_inspect. */
KEEL_MUST_USE int keel_paper_journal_judge(const keel_journal_where *where, keel_journal_report *ret, keel_err *reterr);

/* What its first record says. Errors of keel_engine_start_of and keel_paper_start_read. */
KEEL_MUST_USE int keel_paper_journal_open(keel_cli *cli, const keel_journal_where *where, keel_paper_opened *ret);

/* The run it is of, by its first record alone: 1; 0: there is none that can be read. */
enum { KEEL_PAPER_RUN_ID_SIZE = 129 };
int keel_paper_journal_run_id(const keel_journal_where *where, char ret[KEEL_PAPER_RUN_ID_SIZE]);

#endif
