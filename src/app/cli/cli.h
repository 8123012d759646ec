/* app/cli/cli.h: what a verb says about itself, and what it may ask of its command line.
 *
 * A verb is one file, cli/<noun>_<verb>.c (or cli/<noun>.c when the noun stands alone: `keel diff A B`):
 *
 *     #include "app/cli/cli.h"
 *
 *     static const keel_cli_opt OPTIONS[] = {
 *         {"store", "DIR", "folder of the store", KEEL_CLI_REQUIRED},
 *         {"symbols", "A,B", "only these symbols", 0},
 *         {"force", NULL, "without asking", 0},
 *         {0}};
 *
 *     const keel_cli_verb keel_verb_data_list_info = {
 *         .noun = "data", .verb = "list", .run = keel_verb_data_list,
 *         .summary = "what a store holds",
 *         .example = "keel data list --store data --json",
 *         .options = {OPTIONS}, .reports = 1};
 *
 *     int keel_verb_data_list(keel_cli *cli) { ... }
 *
 * and one line KEEL_VERB(data_list) in verbs.def, from which dispatch, help, suggestions and the build come.
 *
 * A verb returns 0 or a KEEL_E_* code with the line set in keel_cli_err(cli); the framework prints
 * `keel: <line>` on stderr and turns the code into the documented exit code. Reports go to stdout, everything else
 * to stderr. Getters of an absent option change nothing, so a default is what the variable held before. */
#ifndef KEEL_APP_CLI_CLI_H
#define KEEL_APP_CLI_CLI_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/json.h"
#include "base/units.h"

typedef struct keel_cli keel_cli;

enum {
    KEEL_CLI_REPEAT = 1,   /* may be given more than once; otherwise the second one is an error */
    KEEL_CLI_REQUIRED = 2, /* its absence is an error before the verb runs */
    KEEL_CLI_HIDDEN = 4,   /* accepted, not shown in help */
    KEEL_CLI_OPTION_TABLES_MAX = 6
};

typedef struct keel_cli_opt {
    const char *name;  /* long name without "--"; NULL ends a table */
    const char *value; /* placeholder shown in help; NULL: a flag without value */
    const char *help;  /* one short phrase, units included */
    int flags;         /* KEEL_CLI_* */
} keel_cli_opt;

typedef struct keel_cli_verb {
    const char *noun;
    const char *verb;        /* NULL when the noun stands alone */
    const char *summary;     /* one phrase, lower case, no full stop */
    const char *example;     /* one line that works, starting with "keel" */
    const char *positionals; /* as shown in usage, "FILE..."; NULL: none */
    int positional_min;
    int positional_max;                                      /* -1: no limit */
    const keel_cli_opt *options[KEEL_CLI_OPTION_TABLES_MAX]; /* tables, so that verbs can share some; NULL: unused */
    const char *notes;                                       /* further lines of help, or NULL */
    int reports;                                             /* accepts --json */
    int (*run)(keel_cli *cli);
} keel_cli_verb;

#define KEEL_NOUN(name, summary)
#define KEEL_VERB(name)                  \
    int keel_verb_##name(keel_cli *cli); \
    extern const keel_cli_verb keel_verb_##name##_info;
#include "app/cli/verbs.def"
#undef KEEL_VERB
#undef KEEL_NOUN

/* Run one command line; argv as main has it. Returns the exit code. */
int keel_cli_main(int argc, char **argv);

/* ---- what was given; every name must stand in the verb's tables (assertion) ---- */

/* Last value, NULL when absent. Borrowed. */
const char *keel_cli_option(const keel_cli *cli, const char *name);

/* 1 when the flag (or option) was given. */
int keel_cli_flag(const keel_cli *cli, const char *name);

size_t keel_cli_option_count(const keel_cli *cli, const char *name);
const char *keel_cli_option_at(const keel_cli *cli, const char *name, size_t index);

size_t keel_cli_positional_count(const keel_cli *cli);
const char *keel_cli_positional(const keel_cli *cli, size_t index);

/* All options given, in order: name (without "--") and value (NULL for a flag). Returns 0 past the end. */
int keel_cli_given_at(const keel_cli *cli, size_t index, const char **ret_name, const char **ret_value);

/* ---- typed; absent: 0 and *ret untouched; bad: KEEL_E_USAGE or KEEL_E_RANGE with the line set ---- */

KEEL_MUST_USE int keel_cli_option_int(keel_cli *cli, const char *name, int64_t min, int64_t max, int64_t *ret);
/* finite doubles only */
KEEL_MUST_USE int keel_cli_option_double(keel_cli *cli, const char *name, double min, double max, double *ret);
/* exact decimal at 1e-8; a value that cannot be kept exactly is an error */
KEEL_MUST_USE int keel_cli_option_e8(keel_cli *cli, const char *name, int64_t min_e8, int64_t max_e8, int64_t *ret_e8);
/* 500ms 3s 1m 1h 1d, at least 1 ms */
KEEL_MUST_USE int keel_cli_option_duration(keel_cli *cli, const char *name, int64_t *ret_ms);
/* a whole candle interval: at least 1s, divides a day or is whole days */
KEEL_MUST_USE int keel_cli_option_interval(keel_cli *cli, const char *name, int64_t *ret_ms);
/* comma list, repeated options joined; handed to the caller: keel_list_done. Absent: an empty list. */
KEEL_MUST_USE int keel_cli_option_list(keel_cli *cli, const char *name, keel_list *ret_list);
/* index of the value in names[count] (case-insensitive); the message lists them */
KEEL_MUST_USE int keel_cli_option_enum(keel_cli *cli, const char *name, const char *const names[], size_t count,
                                       int *ret_index);

/* KEEL_E_USAGE naming an option whose value is refused for `why` ("is not a folder; make it first"). */
int keel_cli_refuse_option(keel_cli *cli, const char *name, const char *why);

/* ---- talking to people ---- */

/* The error of this run, to hand to library calls as reterr. */
keel_err *keel_cli_err(keel_cli *cli);

/* "keel data import", static for the run. */
const char *keel_cli_name(const keel_cli *cli);

/* 1 when --json was given: one document on stdout, nothing else there. */
int keel_cli_json(const keel_cli *cli);

/* Write a finished document and a newline to stdout. Returns 0 or KEEL_E_IO with the line set. */
KEEL_MUST_USE int keel_cli_print_json(keel_cli *cli, const keel_json *document);

/* One line on stderr: "keel: warning: ...". */
void keel_cli_warn(keel_cli *cli, const char *format, ...) KEEL_PRINTF(2, 3);

/* 1 once SIGINT or SIGTERM arrived. A verb that stops for it leaves things resumable and returns
 * KEEL_E_INTERRUPTED (exit 130); a second signal kills. */
int keel_cli_interrupted(void);

/* ---- the home that `keel init` makes; how it is found: docs/home.md ---- */

enum { KEEL_HOME_PATH_MAX = 4096 };

typedef struct keel_cli_home {
    char folder[KEEL_HOME_PATH_MAX]; /* "." when the current folder is the home, else absolute or as KEEL_HOME says */
    char config[KEEL_HOME_PATH_MAX]; /* folder/config.yaml */
    char store[KEEL_HOME_PATH_MAX];  /* folder/data */
} keel_cli_home;

/* The home of this run; *ret_home is NULL when there is none, else borrowed for the run. Looked for once.
 * Returns 0, or KEEL_E_NOT_FOUND (KEEL_HOME names no home), KEEL_E_USAGE (a parent folder is the home of another user),
 * with the line set. */
KEEL_MUST_USE int keel_cli_home_find(keel_cli *cli, const keel_cli_home **ret_home);

/* The store a verb with a --store option works on: the option, else the home's data. Borrowed for the run.
 * Returns 0, KEEL_E_USAGE when there is neither, or an error of keel_cli_home_find. */
KEEL_MUST_USE int keel_cli_store(keel_cli *cli, const char **ret_folder);

/* ---- progress on stderr: only on a terminal, or with --progress ---- */

typedef struct keel_progress {
    const char *label; /* borrowed; NULL: silent */
    const char *unit;  /* "rows" */
    uint64_t total;    /* 0: unknown, no ETA */
    double start_s, shown_s;
    int terminal;
} keel_progress;

void keel_progress_begin(keel_cli *cli, keel_progress *p, const char *label, uint64_t total, const char *unit);
void keel_progress_update(keel_progress *p, uint64_t done); /* cheap; prints at most five times a second */
void keel_progress_end(keel_progress *p, uint64_t done);

#endif
