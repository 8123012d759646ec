/* app/cli/cli_internal.h: the state of one command line, shared by the cli_*.c files, and read by those that write
 * the command line down (completion, man). */
#ifndef KEEL_APP_CLI_CLI_INTERNAL_H
#define KEEL_APP_CLI_CLI_INTERNAL_H

#include <stdio.h>

#include "app/cli/cli.h"

typedef struct keel_cli_given {
    const keel_cli_opt *opt;
    const char *value; /* NULL for a flag */
} keel_cli_given;

struct keel_cli {
    const keel_cli_verb *verb;
    char name[80];         /* "keel data import" */
    keel_cli_given *given; /* [given_count], in the order given */
    size_t given_count;
    const char **positionals; /* [positional_count] */
    size_t positional_count;
    int json, progress, help;
    int home_looked, home_found;
    keel_cli_home home; /* when home_found */
    keel_err err;
};

typedef struct keel_cli_noun {
    const char *name, *summary;
} keel_cli_noun;

/* Lists that end with NULL (a noun with NULL name). */
extern const keel_cli_verb *const keel_cli_verbs[];
extern const keel_cli_noun keel_cli_nouns[];

/* The verb of a noun (of a noun that stands alone whatever verb is), NULL when there is none. */
const keel_cli_verb *keel_cli_verb_find(const char *noun, const char *verb);

/* Options every verb has: --help --progress, and --json where verb->reports (json first). */
extern const keel_cli_opt keel_cli_common_options[];
enum { KEEL_CLI_COMMON_JSON = 0 };

/* The option of a verb by name, NULL when unknown. Common ones included. */
const keel_cli_opt *keel_cli_opt_find(const keel_cli_verb *verb, const char *name);

/* Read argv[from..argc) into cli (cli->verb is set). 0, or a KEEL_E_* with the line set. */
int keel_cli_parse(keel_cli *cli, int argc, char **argv, int from);

/* Replace a word of another program by keel's. */
typedef struct keel_cli_alias {
    const char *word; /* as typed in place of the noun */
    const char *noun; /* keel's words */
    const char *verb; /* NULL: the verb is typed */
} keel_cli_alias;
const keel_cli_alias *keel_cli_alias_find(const char *word);
extern const keel_cli_alias keel_cli_aliases[];

/* keel's long name for an option of the other program, NULL when the same. arg is "--x" or "-x". */
const char *keel_cli_alias_option(const char *arg);

void keel_cli_help_all(FILE *out);
void keel_cli_help_noun(FILE *out, const char *noun);
void keel_cli_help_verb(FILE *out, const keel_cli_verb *verb);

/* keel --version [--json] */
int keel_cli_version(int json);

#endif
