/* app/cli/cli.c: from argv to one verb, and from its result to an exit code. */
#include "app/cli/cli.h"

#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "app/cli/cli_internal.h"
#include "base/nearest.h"
#include "ops/forensic/redact.h"

#define KEEL_NOUN(name, summary)
#define KEEL_VERB(name) &keel_verb_##name##_info,
const keel_cli_verb *const keel_cli_verbs[] = {
#include "app/cli/verbs.def"
    NULL};
#undef KEEL_VERB
#undef KEEL_NOUN

#define KEEL_NOUN(name, summary) {name, summary},
#define KEEL_VERB(name)
const keel_cli_noun keel_cli_nouns[] = {
#include "app/cli/verbs.def"
    {NULL, NULL}};
#undef KEEL_VERB
#undef KEEL_NOUN

static volatile sig_atomic_t interrupted;

static void on_signal(int number) {
    (void)number;
    interrupted = 1;
}

int keel_cli_interrupted(void) { return interrupted != 0; }

/* The first signal asks, the second one kills. A file that would grow beyond the shell's limit (ulimit -f) fails like
 * any other write, so that what was begun is taken away and the line says why. */
static void catch_signals(void) {
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = on_signal;
    action.sa_flags = (int)(SA_RESTART | SA_RESETHAND);
    (void)sigemptyset(&action.sa_mask);
    (void)sigaction(SIGINT, &action, NULL);
    (void)sigaction(SIGTERM, &action, NULL);
    action.sa_handler = SIG_IGN;
    action.sa_flags = 0;
    (void)sigaction(SIGXFSZ, &action, NULL);
}

/* Error texts repeat what was typed and what a file holds: secrets leave them here, files that are named stay. */
static void say(const char *kind, const char *text) {
    char plain[sizeof((keel_err *)0)->text + sizeof KEEL_REDACTED];
    (void)keel_redact_line(text, strlen(text), plain, sizeof plain);
    (void)fprintf(stderr, "keel: %s%s\n", kind, plain);
}

static int fail(const keel_err *err, int code) {
    const char *text = err->text[0] ? err->text : keel_err_sentence(code);
    (void)fflush(stdout);
    say("", text);
    return keel_err_exit_code(code);
}

static int is_noun(const char *word) {
    for (const keel_cli_verb *const *v = keel_cli_verbs; *v; v++)
        if (strcmp((*v)->noun, word) == 0) return 1;
    return 0;
}

const keel_cli_verb *keel_cli_verb_find(const char *noun, const char *verb) {
    for (const keel_cli_verb *const *v = keel_cli_verbs; *v; v++) {
        if (strcmp((*v)->noun, noun) != 0) continue;
        if (!(*v)->verb || (verb && strcmp((*v)->verb, verb) == 0)) return *v;
    }
    return NULL;
}

/* A word of Freqtrade whose verb this build does not have. */
static int planned(const char *word) {
    keel_err err = {0};
    return fail(&err, keel_err_set(&err, KEEL_E_USAGE,
                                   "'%s' is not there yet: command line: 'keel --help' lists what is; for more see "
                                   "docs/coming_from.md",
                                   word));
}

static int unknown_noun(const char *word) {
    keel_err err = {0};
    keel_nearest nearest;
    keel_nearest_init(&nearest, word);
    for (const keel_cli_verb *const *v = keel_cli_verbs; *v; v++)
        keel_nearest_offer(&nearest, (*v)->noun);
    for (const keel_cli_alias *a = keel_cli_aliases; a->word; a++)
        if (keel_cli_verb_find(a->noun, a->verb)) keel_nearest_offer(&nearest, a->word);
    if (!nearest.best || nearest.distance > strlen(word) / 2)
        return fail(&err, keel_err_set(&err, KEEL_E_USAGE,
                                       "unknown command '%s': command line: 'keel --help' lists all", word));
    return fail(&err, keel_err_set(&err, KEEL_E_USAGE,
                                   "unknown command '%s': command line: nearest is '%s'; "
                                   "'keel --help' lists all",
                                   word, nearest.best));
}

static int unknown_verb(const char *noun, const char *word) {
    keel_err err = {0};
    keel_nearest nearest;
    char say[KEEL_NEAREST_SAY_MAX];
    keel_nearest_init(&nearest, word ? word : "");
    for (const keel_cli_verb *const *v = keel_cli_verbs; *v; v++)
        if (strcmp((*v)->noun, noun) == 0) keel_nearest_offer(&nearest, (*v)->verb);
    if (!word)
        return fail(&err, keel_err_set(&err, KEEL_E_USAGE, "a verb is missing: keel %s: 'keel %s --help' lists them",
                                       noun, noun));
    return fail(&err, keel_err_set(&err, KEEL_E_USAGE, "unknown verb '%s': keel %s%s; 'keel %s --help' lists all", word,
                                   noun, keel_nearest_say(&nearest, say), noun));
}

static int run_verb(const keel_cli_verb *verb, int argc, char **argv, int from) {
    keel_cli cli;
    memset(&cli, 0, sizeof cli);
    cli.verb = verb;
    (void)snprintf(cli.name, sizeof cli.name, "keel %s%s%s", verb->noun, verb->verb ? " " : "",
                   verb->verb ? verb->verb : "");
    int rc = keel_cli_parse(&cli, argc, argv, from);
    if (!rc && cli.help) {
        keel_cli_help_verb(stdout, verb);
    } else if (!rc) {
        catch_signals();
        rc = verb->run(&cli);
    }
    if (!rc && (fflush(stdout) != 0 || ferror(stdout)))
        rc = keel_err_set(&cli.err, KEEL_E_IO,
                          "cannot write: standard output: check the disk or the reader of the pipe");
    int exit_code = rc ? fail(&cli.err, rc) : 0;
    free(cli.given);
    free(cli.positionals);
    return exit_code;
}

static int is_help(const char *word) {
    return strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0 || strcmp(word, "help") == 0;
}

/* --version and --help stand before any noun. Returns -1 when argv is neither. */
static int global_option(int argc, char **argv) {
    if (argc < 2) {
        keel_cli_help_all(stderr);
        return keel_err_exit_code(KEEL_E_USAGE);
    }
    if (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "version") == 0)
        return keel_cli_version(argc > 2 && strcmp(argv[2], "--json") == 0);
    if (!is_help(argv[1])) return -1;
    if (argc > 2 && is_noun(argv[2])) {
        const keel_cli_verb *verb = keel_cli_verb_find(argv[2], argc > 3 ? argv[3] : NULL);
        if (verb)
            keel_cli_help_verb(stdout, verb);
        else
            keel_cli_help_noun(stdout, argv[2]);
        return 0;
    }
    keel_cli_help_all(stdout);
    return 0;
}

/* Which verb argv means and where its arguments start. Prints and returns an exit code in ret_exit otherwise. */
static const keel_cli_verb *choose(int argc, char **argv, int *ret_from, int *ret_exit) {
    const char *noun = argv[1];
    const char *word = argc > 2 ? argv[2] : NULL;
    const keel_cli_alias *alias = keel_cli_alias_find(noun);
    /* `trade` is a noun of ours and a whole command elsewhere: without a verb the other one is meant. */
    if (alias && (strcmp(alias->word, alias->noun) != 0 || !word || (word[0] == '-' && !is_help(word)))) {
        noun = alias->noun;
        word = alias->verb;
        *ret_from = 2;
    } else {
        *ret_from = 3;
    }
    *ret_exit = 0;
    if (*ret_from == 2 && !keel_cli_verb_find(noun, word)) {
        *ret_exit = planned(alias->word);
        return NULL;
    }
    if (!is_noun(noun)) {
        *ret_exit = unknown_noun(noun);
        return NULL;
    }
    const keel_cli_verb *verb = keel_cli_verb_find(noun, word);
    if (verb) {
        if (*ret_from == 2) (void)fprintf(stderr, "keel: '%s' is 'keel %s %s' here\n", alias->word, noun, word);
        if (!verb->verb) *ret_from = 2;
        return verb;
    }
    if (word && is_help(word))
        keel_cli_help_noun(stdout, noun);
    else
        *ret_exit = unknown_verb(noun, word);
    return NULL;
}

int keel_cli_main(int argc, char **argv) {
    int exit_code = global_option(argc, argv);
    if (exit_code >= 0) return exit_code;
    int from;
    const keel_cli_verb *verb = choose(argc, argv, &from, &exit_code);
    return verb ? run_verb(verb, argc, argv, from) : exit_code;
}

void keel_cli_warn(keel_cli *cli, const char *format, ...) {
    keel_err line = {0};
    va_list args;
    (void)cli;
    va_start(args, format);
    (void)vsnprintf(line.text, sizeof line.text, format, args);
    va_end(args);
    say("warning: ", line.text);
}
