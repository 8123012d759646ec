/* app/cli/strategy_source.h: what a strategy's name on the command line means: a built-in one, or a user's file. */
#ifndef KEEL_APP_CLI_STRATEGY_SOURCE_H
#define KEEL_APP_CLI_STRATEGY_SOURCE_H

#include "app/cli/cli.h"
#include "base/strbuf.h"
#include "kernel/user.h"

typedef struct keel_strategy_source {
    const keel_kernel *kernel;
    int32_t id;                    /* of the strategy in the kernel */
    keel_strategy_text text;       /* name, version, sentence, rows; borrowed from the kernel or the user */
    keel_user *user;               /* NULL: built-in */
    char path[KEEL_HOME_PATH_MAX]; /* of the file; "" when built-in */
} keel_strategy_source;

/* Find the path of a file's strategy: as given; when there is none, in strategies/ of the home; a bare name is looked
 * for there with .c, and in ./strategies without a home. Returns 1, or 0: no such file (ret_path as given). */
int keel_strategy_path(keel_cli *cli, const char *name, char ret_path[KEEL_HOME_PATH_MAX]);

/* Open the strategy that name means: a built-in one first. A compiler's words go to stderr. keel_strategy_close also
 * after an error. Returns 0, KEEL_E_USAGE (unknown: the line names the nearest) or an error of keel_user_load. */
KEEL_MUST_USE int keel_strategy_open(keel_cli *cli, const char *name, keel_strategy_source *ret);
/* The same for one who lists what is wrong: nothing goes to stderr, a compiler's errors go to errors, a line each. */
KEEL_MUST_USE int keel_strategy_judge(keel_cli *cli, const char *name, keel_strbuf *errors, keel_strategy_source *ret);
/* May it run at p on these symbols (NULL: not known yet)? Its rules between parameters, its universe, its risk budget,
 * and of a user's file its signals: it is asked guarded, so that asking it again cannot harm. No strategy: yes.
 *   problems  out  everything that is wrong, a line each, added; NULL: only the error's line, the first of them
 * Returns 0, KEEL_E_ERROR (it crashed or did not end), KEEL_E_RANGE (a rule is broken, or signals cannot be computed).
 */
KEEL_MUST_USE int keel_strategy_probe(const keel_strategy_source *source, const keel_params *p,
                                      const keel_list *symbols, keel_strbuf *problems, keel_err *err);
void keel_strategy_close(keel_strategy_source *source);

/* Index of a built-in strategy, or -1. */
int32_t keel_strategy_builtin(const char *name);

#endif
