/* app/cli/diff_group.h: two paper runs of several strategies, or one and backtests of it: strategy by strategy, and the
 * sum over all of them. */
#ifndef KEEL_APP_CLI_DIFF_GROUP_H
#define KEEL_APP_CLI_DIFF_GROUP_H

#include "app/cli/diff_pair.h"

/* names: the strategies of a (keel_paper_several_names), at least one; b NULL: backtests of them, made now. The page or
 * document is printed. *ret_verdict: that of the whole.
 * Returns 0; KEEL_E_USAGE (b has other strategies); errors of keel_diff_pair_make; KEEL_E_RANGE (a sum beyond int64).
 */
KEEL_MUST_USE int keel_diff_group(const keel_diff_ask *ask, const char *a, const keel_list *names, const char *b,
                                  const char **ret_verdict);

#endif
