/* app/cli/completion.h: what may stand where on the command line, for the shells' completion scripts. */
#ifndef KEEL_APP_CLI_COMPLETION_H
#define KEEL_APP_CLI_COMPLETION_H

#include "app/cli/cli_internal.h"
#include "base/strbuf.h"

typedef enum keel_completion {
    KEEL_COMPLETION_NONE = 0, /* nothing to offer: a number, a symbol, a time */
    KEEL_COMPLETION_FILES,
    KEEL_COMPLETION_FOLDERS,
    KEEL_COMPLETION_STRATEGIES, /* names, and C files */
    KEEL_COMPLETION_INDICATORS,
    KEEL_COMPLETION_INTERVALS,
    KEEL_COMPLETION_CHOICES /* the placeholder lists them: "perp|spot" */
} keel_completion;

/* The value of an option, and the words without a name of a verb. */
keel_completion keel_completion_of_option(const keel_cli_opt *opt);
keel_completion keel_completion_of_words(const keel_cli_verb *verb);

/* The words to offer, with blanks between; placeholder is read for KEEL_COMPLETION_CHOICES only. */
void keel_completion_words(keel_completion kind, const char *placeholder, keel_strbuf *out);

/* Call each(context, opt) for every option of a verb that help shows, common ones too. */
void keel_completion_options(const keel_cli_verb *verb, void (*each)(void *context, const keel_cli_opt *opt),
                             void *context);

/* 1 when an earlier verb has this noun. */
int keel_completion_noun_seen(const keel_cli_verb *const *verb);

/* What a noun is for: its own line of verbs.def, else the summary of the verb that it is. */
const char *keel_completion_noun_summary(const char *noun);

/* text in single quotes for a POSIX shell, bash and zsh; for fish. */
void keel_completion_quote(const char *text, keel_strbuf *out);
void keel_completion_quote_fish(const char *text, keel_strbuf *out);

/* The scripts. */
void keel_completion_bash(keel_strbuf *out);
void keel_completion_zsh(keel_strbuf *out);
void keel_completion_fish(keel_strbuf *out);

#endif
