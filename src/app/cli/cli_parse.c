/* app/cli/cli_parse.c: the arguments of one verb, by its tables.
 *
 * `--name value`, `--name=value`, flags, positionals in between, `--` ends options. A value may start with one
 * '-' (-5, -20240601); one that starts with two needs the '=' form, so that a forgotten value is noticed. */
#include <stdlib.h>
#include <string.h>

#include "app/cli/cli_internal.h"
#include "base/nearest.h"

const keel_cli_opt keel_cli_common_options[] = {
    {"json", NULL, "one JSON document on stdout", 0},
    {"progress", NULL, "show progress on stderr even without a terminal", 0},
    {"help", NULL, "this help", 0},
    {NULL, NULL, NULL, 0}};

static const keel_cli_opt *common_options(const keel_cli_verb *verb) {
    return keel_cli_common_options + (verb->reports ? 0 : KEEL_CLI_COMMON_JSON + 1);
}

static const keel_cli_opt *find_in(const keel_cli_opt *table, const char *name) {
    for (; table && table->name; table++)
        if (strcmp(table->name, name) == 0) return table;
    return NULL;
}

const keel_cli_opt *keel_cli_opt_find(const keel_cli_verb *verb, const char *name) {
    const keel_cli_opt *found = NULL;
    for (int i = 0; !found && i < KEEL_CLI_OPTION_TABLES_MAX; i++)
        found = find_in(verb->options[i], name);
    return found ? found : find_in(common_options(verb), name);
}

static int unknown_option(keel_cli *cli, const char *arg, const char *name) {
    keel_nearest nearest;
    char say[KEEL_NEAREST_SAY_MAX];
    keel_nearest_init(&nearest, name);
    for (int i = 0; i < KEEL_CLI_OPTION_TABLES_MAX; i++)
        for (const keel_cli_opt *o = cli->verb->options[i]; o && o->name; o++)
            if (!(o->flags & KEEL_CLI_HIDDEN)) keel_nearest_offer(&nearest, o->name);
    for (const keel_cli_opt *o = common_options(cli->verb); o->name; o++)
        keel_nearest_offer(&nearest, o->name);
    int is_close = keel_nearest_say(&nearest, say)[0] != 0;
    return keel_err_set(&cli->err, KEEL_E_USAGE, "unknown option '%s': %s%s%s%s; '%s --help' lists all", arg, cli->name,
                        is_close ? ": nearest is '--" : "", is_close ? nearest.best : "", is_close ? "'" : "",
                        cli->name);
}

static int given_before(const keel_cli *cli, const keel_cli_opt *opt) {
    for (size_t i = 0; i < cli->given_count; i++)
        if (cli->given[i].opt == opt) return 1;
    return 0;
}

/* By name, so that a verb which lists one of these itself still gets its effect. */
static void note_common(keel_cli *cli, const keel_cli_opt *opt) {
    if (strcmp(opt->name, "json") == 0) cli->json = 1;
    if (strcmp(opt->name, "progress") == 0) cli->progress = 1;
    if (strcmp(opt->name, "help") == 0) cli->help = 1;
}

/* argv[*at] is an option: note it, and step over its value. */
static int take_option(keel_cli *cli, int argc, char **argv, int *at) {
    const char *arg = argv[*at];
    const char *ours = keel_cli_alias_option(arg);
    const char *text = ours ? ours : arg + 2;
    const char *equals = strchr(text, '=');
    char name[KEEL_NEAREST_WORD_MAX + 1];
    size_t size = equals ? (size_t)(equals - text) : strlen(text);
    if (size > KEEL_NEAREST_WORD_MAX) size = KEEL_NEAREST_WORD_MAX;
    memcpy(name, text, size);
    name[size] = 0;

    const keel_cli_opt *opt = keel_cli_opt_find(cli->verb, name);
    if (!opt) return unknown_option(cli, arg, name);
    const char *value = equals ? equals + 1 : NULL;
    if (!opt->value && value)
        return keel_err_set(&cli->err, KEEL_E_USAGE, "'--%s' takes no value: %s: leave out '=%s'", name, cli->name,
                            value);
    if (opt->value && !value) {
        if (*at + 1 >= argc || strncmp(argv[*at + 1], "--", 2) == 0)
            return keel_err_set(&cli->err, KEEL_E_USAGE, "'--%s' needs a value: %s: write --%s %s", name, cli->name,
                                name, opt->value);
        value = argv[++*at];
    }
    if (opt->value && !(opt->flags & KEEL_CLI_REPEAT) && given_before(cli, opt))
        return keel_err_set(&cli->err, KEEL_E_USAGE, "'--%s' is given twice: %s: keep one", name, cli->name);
    cli->given[cli->given_count].opt = opt;
    cli->given[cli->given_count++].value = value;
    note_common(cli, opt);
    return 0;
}

static int check_required(keel_cli *cli) {
    for (int i = 0; i < KEEL_CLI_OPTION_TABLES_MAX; i++)
        for (const keel_cli_opt *o = cli->verb->options[i]; o && o->name; o++)
            if ((o->flags & KEEL_CLI_REQUIRED) && !given_before(cli, o))
                return keel_err_set(&cli->err, KEEL_E_USAGE, "'--%s' is missing: %s: add --%s %s", o->name, cli->name,
                                    o->name, o->value ? o->value : "");
    return 0;
}

/* A configuration that is named without its option. */
static int misses_config(const keel_cli *cli, const char *word) {
    const char *dot = strrchr(word, '.');
    return dot && (strcmp(dot, ".yaml") == 0 || strcmp(dot, ".yml") == 0) && keel_cli_opt_find(cli->verb, "config");
}

static int check_positionals(keel_cli *cli) {
    const keel_cli_verb *verb = cli->verb;
    const char *shown = verb->positionals ? verb->positionals : "no other words";
    if (cli->positional_count < (size_t)verb->positional_min)
        return keel_err_set(&cli->err, KEEL_E_USAGE, "too few words: %s: it wants %s", cli->name, shown);
    if (verb->positional_max >= 0 && cli->positional_count > (size_t)verb->positional_max) {
        const char *word = cli->positionals[verb->positional_max];
        if (misses_config(cli, word))
            return keel_err_set(&cli->err, KEEL_E_USAGE, "unexpected word '%s': %s: write --config %s", word, cli->name,
                                word);
        return keel_err_set(&cli->err, KEEL_E_USAGE, "unexpected word '%s': %s: it wants %s", word, cli->name, shown);
    }
    return 0;
}

static int is_number(const char *arg) { return arg[0] == '-' && ((arg[1] >= '0' && arg[1] <= '9') || arg[1] == '.'); }

int keel_cli_parse(keel_cli *cli, int argc, char **argv, int from) {
    size_t capacity = argc > from ? (size_t)(argc - from) : 0;
    int options_end = 0;
    cli->given = calloc(capacity + 1, sizeof *cli->given);
    cli->positionals = calloc(capacity + 1, sizeof *cli->positionals);
    if (!cli->given || !cli->positionals)
        return keel_err_set(&cli->err, KEEL_E_NOMEM, "out of memory: %s: close other programs", cli->name);
    for (int at = from; at < argc; at++) {
        const char *arg = argv[at];
        if (options_end || arg[0] != '-' || arg[1] == 0 || is_number(arg)) {
            cli->positionals[cli->positional_count++] = arg;
        } else if (strcmp(arg, "--") == 0) {
            options_end = 1;
        } else if (strcmp(arg, "-h") == 0) {
            cli->help = 1;
        } else if (arg[1] == '-' || keel_cli_alias_option(arg)) {
            KEEL_TRY(take_option(cli, argc, argv, &at));
        } else {
            return unknown_option(cli, arg, arg + 1);
        }
    }
    if (cli->help) return 0;
    KEEL_TRY(check_positionals(cli));
    return check_required(cli);
}
