/* app/cli/cli_help.c: help from the verbs' own descriptions; at most 100 columns. */
#include <string.h>

#include "app/cli/cli_internal.h"

enum { NAME_COLUMN = 30, LINE_MAX_COLUMNS = 100 };

/* Words of text, wrapped, each line indented; the caller stands at column `indent` already. */
static void put_wrapped(FILE *out, const char *text, int indent) {
    int column = indent;
    while (*text) {
        int length = (int)strcspn(text, " ");
        if (column > indent && column + 1 + length > LINE_MAX_COLUMNS) {
            (void)fprintf(out, "\n%*s", indent, "");
            column = indent;
        } else if (column > indent) {
            (void)fputc(' ', out);
            column++;
        }
        (void)fprintf(out, "%.*s", length, text);
        column += length;
        text += length;
        text += strspn(text, " ");
    }
    (void)fputc('\n', out);
}

/* Indented and empty lines as written; the others are paragraphs, up to the next of these. */
static void put_notes(FILE *out, const char *notes) {
    (void)fputc('\n', out);
    for (const char *line = notes; *line;) {
        char paragraph[2000];
        size_t size = 0, length = strcspn(line, "\n");
        if (*line == ' ' || *line == '\n') {
            (void)fprintf(out, "%.*s\n", (int)length, line);
            line += length + (line[length] == '\n');
            continue;
        }
        while (*line && *line != ' ' && *line != '\n' && size + length + 2 < sizeof paragraph) {
            memcpy(paragraph + size, line, length);
            size += length;
            paragraph[size++] = ' ';
            line += length + (line[length] == '\n');
            length = strcspn(line, "\n");
        }
        paragraph[size ? size - 1 : 0] = 0;
        put_wrapped(out, paragraph, 0);
        if (!size) break; /* a paragraph that does not fit: our own mistake, shown as missing */
    }
}

static void put_row(FILE *out, const char *name, const char *text) {
    int length = fprintf(out, "  %s", name);
    if (length > NAME_COLUMN - 2) {
        (void)fputc('\n', out);
        length = 0;
    }
    (void)fprintf(out, "%*s", NAME_COLUMN - length, "");
    put_wrapped(out, text, NAME_COLUMN);
}

static void put_option(FILE *out, const keel_cli_opt *opt) {
    char name[96], help[400];
    if (opt->flags & KEEL_CLI_HIDDEN) return;
    (void)snprintf(name, sizeof name, "--%s%s%s", opt->name, opt->value ? " " : "", opt->value ? opt->value : "");
    (void)snprintf(help, sizeof help, "%s%s%s", opt->help, opt->flags & KEEL_CLI_REQUIRED ? " (required)" : "",
                   opt->flags & KEEL_CLI_REPEAT ? " (may be repeated)" : "");
    put_row(out, name, help);
}

static void put_verb_row(FILE *out, const keel_cli_verb *verb) {
    char name[80];
    (void)snprintf(name, sizeof name, "%s%s%s", verb->noun, verb->verb ? " " : "", verb->verb ? verb->verb : "");
    put_row(out, name, verb->summary);
}

void keel_cli_help_verb(FILE *out, const keel_cli_verb *verb) {
    (void)fprintf(out, "keel %s%s%s: %s\n\nUsage: keel %s%s%s%s%s [options]\n\nOptions:\n", verb->noun,
                  verb->verb ? " " : "", verb->verb ? verb->verb : "", verb->summary, verb->noun, verb->verb ? " " : "",
                  verb->verb ? verb->verb : "", verb->positionals ? " " : "",
                  verb->positionals ? verb->positionals : "");
    for (int i = 0; i < KEEL_CLI_OPTION_TABLES_MAX; i++)
        for (const keel_cli_opt *o = verb->options[i]; o && o->name; o++)
            put_option(out, o);
    for (const keel_cli_opt *o = keel_cli_common_options + (verb->reports ? 0 : 1); o->name; o++)
        if (keel_cli_opt_find(verb, o->name) == o) put_option(out, o);
    if (verb->notes) put_notes(out, verb->notes);
    (void)fprintf(out, "\nExample:\n  %s\n", verb->example);
}

static const char *first_example(const char *noun) {
    for (const keel_cli_verb *const *v = keel_cli_verbs; *v; v++)
        if (strcmp((*v)->noun, noun) == 0) return (*v)->example;
    return "";
}

void keel_cli_help_noun(FILE *out, const char *noun) {
    const char *summary = "";
    for (const keel_cli_noun *n = keel_cli_nouns; n->name; n++)
        if (strcmp(n->name, noun) == 0) summary = n->summary;
    (void)fprintf(out, "keel %s: %s\n\nUsage: keel %s VERB [options]\n\nVerbs:\n", noun, summary, noun);
    for (const keel_cli_verb *const *v = keel_cli_verbs; *v; v++)
        if (strcmp((*v)->noun, noun) == 0) put_verb_row(out, *v);
    (void)fprintf(out, "\n'keel %s VERB --help' explains one.\n\nExample:\n  %s\n", noun, first_example(noun));
}

void keel_cli_help_all(FILE *out) {
    (void)fprintf(out,
                  "keel: deterministic crypto trading, from research to operation\n\n"
                  "Usage: keel NOUN VERB [options]\n\nCommands:\n");
    for (const keel_cli_verb *const *v = keel_cli_verbs; *v; v++)
        put_verb_row(out, *v);
    (void)fprintf(out, "\nAlso:\n");
    put_row(out, "--version [--json]", "version, revision, compiler, flags");
    put_row(out, "NOUN [VERB] --help", "help of one noun or verb, with an example");
    (void)fprintf(out, "\nWords of Freqtrade that are understood:\n");
    for (const keel_cli_alias *a = keel_cli_aliases; a->word; a++) {
        char text[80];
        if (!keel_cli_verb_find(a->noun, a->verb)) continue;
        (void)snprintf(text, sizeof text, "keel %s %s", a->noun, a->verb);
        put_row(out, a->word, text);
    }
    (void)fprintf(out,
                  "\nExit codes: 0 ok, 1 error, 2 usage or configuration, 3 refused by a gate, 4 not found,\n"
                  "5 time-out, 6 parity or integrity failure, 130 interrupted (and resumable).\n");
    if (keel_cli_verbs[0]) (void)fprintf(out, "\nExample:\n  %s\n", keel_cli_verbs[0]->example);
}
