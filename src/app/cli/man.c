/* app/cli/man.c: keel man: the manual page from the verbs' own tables, in the man macros that man, groff and mandoc
 * read. */
#include <ctype.h>
#include <string.h>

#include "app/cli/completion.h"
#include "base/build.h"

const keel_cli_verb keel_verb_man_info = {.noun = "man",
                                          .run = keel_verb_man,
                                          .summary = "the manual page, as man reads it",
                                          .example = "keel man > keel.1 && man ./keel.1",
                                          .notes = "Installing keel installs it: man keel."};

/* Text inside a line: a backslash and a hyphen are written so that they come out as typed and can be copied. */
static void add_text(keel_strbuf *out, const char *text, size_t size) {
    for (size_t i = 0; i < size; i++) {
        if (text[i] == '\\')
            keel_strbuf_add(out, "\\e");
        else if (text[i] == '-')
            keel_strbuf_add(out, "\\-");
        else if (text[i] == '"')
            keel_strbuf_add(out, "\\(dq");
        else if (text[i] == '~')
            keel_strbuf_add(out, "\\(ti");
        else
            keel_strbuf_add_char(out, text[i]);
    }
}

static void add(keel_strbuf *out, const char *text) { add_text(out, text, strlen(text)); }

/* A whole line of text; one that would be a request is told apart. */
static void add_line(keel_strbuf *out, const char *text, size_t size) {
    if (size && (text[0] == '.' || text[0] == '\'')) keel_strbuf_add(out, "\\&");
    add_text(out, text, size);
    keel_strbuf_add_char(out, '\n');
}

static void add_name(keel_strbuf *out, const keel_cli_verb *verb) {
    add(out, "keel ");
    add(out, verb->noun);
    if (verb->verb) keel_strbuf_add_char(out, ' ');
    if (verb->verb) add(out, verb->verb);
}

static void add_option(void *context, const keel_cli_opt *opt) {
    keel_strbuf *out = context;
    keel_strbuf_add(out, ".TP\n\\fB\\-\\-");
    add(out, opt->name);
    keel_strbuf_add(out, "\\fR");
    if (opt->value) {
        keel_strbuf_add(out, " \\fI");
        add(out, opt->value);
        keel_strbuf_add(out, "\\fR");
    }
    keel_strbuf_add_char(out, '\n');
    add(out, opt->help);
    if (opt->flags & KEEL_CLI_REQUIRED) keel_strbuf_add(out, " (required)");
    if (opt->flags & KEEL_CLI_REPEAT) keel_strbuf_add(out, " (may be repeated)");
    keel_strbuf_add_char(out, '\n');
}

/* Indented lines stand as written, the others run together; an empty line parts paragraphs. */
static void add_notes(keel_strbuf *out, const char *notes) {
    int as_written = 0;
    keel_strbuf_add(out, ".PP\n");
    for (const char *line = notes; *line;) {
        size_t size = strcspn(line, "\n");
        if ((*line == ' ') != as_written && size) {
            keel_strbuf_add(out, as_written ? ".fi\n.RE\n" : ".RS\n.nf\n");
            as_written = !as_written;
        }
        size_t skip = as_written ? strspn(line, " ") : 0;
        if (size > skip)
            add_line(out, line + skip, size - skip);
        else if (!as_written && line[size] && line[size + 1])
            keel_strbuf_add(out, ".PP\n");
        line += size + (line[size] == '\n');
    }
    if (as_written) keel_strbuf_add(out, ".fi\n.RE\n");
}

static void add_verb(keel_strbuf *out, const keel_cli_verb *verb) {
    keel_strbuf_add(out, ".SS ");
    add_name(out, verb);
    keel_strbuf_add(out, "\n\\fB");
    add_name(out, verb);
    keel_strbuf_add(out, "\\fR ");
    if (verb->positionals) {
        keel_strbuf_add(out, "\\fI");
        add(out, verb->positionals);
        keel_strbuf_add(out, "\\fR ");
    }
    keel_strbuf_add(out, "[options]\n.PP\n");
    keel_strbuf_add_char(out, (char)toupper((unsigned char)verb->summary[0]));
    add(out, verb->summary + 1);
    keel_strbuf_add(out, ".\n");
    keel_completion_options(verb, add_option, out);
    if (verb->notes) add_notes(out, verb->notes);
    keel_strbuf_add(out, ".PP\nExample:\n.PP\n.RS\n.nf\n");
    add_line(out, verb->example, strlen(verb->example));
    keel_strbuf_add(out, ".fi\n.RE\n");
}

static void add_noun(keel_strbuf *out, const keel_cli_verb *const *first) {
    keel_strbuf_add(out, ".SH \"");
    for (const char *at = (*first)->noun; *at; at++)
        keel_strbuf_add_char(out, (char)toupper((unsigned char)*at));
    keel_strbuf_add(out, "\"\n");
    if ((*first)->verb) {
        const char *summary = keel_completion_noun_summary((*first)->noun);
        keel_strbuf_add_char(out, (char)toupper((unsigned char)summary[0]));
        add(out, summary + 1);
        keel_strbuf_add(out, ".\n");
    }
    for (const keel_cli_verb *const *v = first; *v; v++)
        if (strcmp((*v)->noun, (*first)->noun) == 0) add_verb(out, *v);
}

static void add_head(keel_strbuf *out) {
    keel_strbuf_addf(
        out,
        ".\\\" Made by 'keel man' from the tables of the program.\n"
        ".TH KEEL 1 \"\" \"keel %s\" \"keel manual\"\n.ad l\n"
        ".SH NAME\nkeel \\- deterministic crypto trading, from research to operation\n"
        ".SH SYNOPSIS\n\\fBkeel\\fR \\fInoun\\fR \\fIverb\\fR [\\fIoptions\\fR]\n.br\n"
        "\\fBkeel\\fR \\fInoun\\fR [\\fIverb\\fR] \\fB\\-\\-help\\fR\n.br\n"
        "\\fBkeel\\fR \\fB\\-\\-version\\fR [\\fB\\-\\-json\\fR]\n"
        ".SH DESCRIPTION\n"
        "One core decides trades and keeps the books, and gives the same result for the same input to the\n"
        "last bit. The commands below fill a store with market data, run strategies over it, and say what\n"
        "came of it. Tables go to standard output, everything else to standard error. With\n"
        "\\fB\\-\\-json\\fR a command prints one JSON document and nothing else.\n"
        ".SH COMMANDS\n",
        keel_build_version());
    for (const keel_cli_verb *const *v = keel_cli_verbs; *v; v++) {
        keel_strbuf_add(out, ".TP\n\\fB");
        add_name(out, *v);
        keel_strbuf_add(out, "\\fR\n");
        add(out, (*v)->summary);
        keel_strbuf_add_char(out, '\n');
    }
}

static void add_exit_status(keel_strbuf *out) {
    static const char *const codes[][2] = {{"0", "done"},
                                           {"1", "an error"},
                                           {"2", "usage or configuration"},
                                           {"3", "refused by a gate: data, risk, overfitting"},
                                           {"4", "not found, or not running"},
                                           {"5", "time-out"},
                                           {"6", "parity or integrity failure"},
                                           {"130", "interrupted; the same command goes on"}};
    keel_strbuf_add(out, ".SH EXIT STATUS\n");
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
        keel_strbuf_addf(out, ".TP\n.B %s\n%s\n", codes[i][0], codes[i][1]);
}

static void add_tail(keel_strbuf *out) {
    keel_strbuf_add(out, ".SH ALIASES\nWords of Freqtrade that are understood:\n");
    for (const keel_cli_alias *a = keel_cli_aliases; a->word; a++) {
        const keel_cli_verb *verb = keel_cli_verb_find(a->noun, a->verb);
        if (!verb) continue;
        keel_strbuf_add(out, ".TP\n\\fB");
        add(out, a->word);
        keel_strbuf_add(out, "\\fR\n");
        add_name(out, verb);
        keel_strbuf_add_char(out, '\n');
    }
    add_exit_status(out);
    keel_strbuf_add(out,
                    ".SH ENVIRONMENT\n"
                    ".TP\n.B KEEL_HOME\nThe home; empty: none. Else it is looked for in the current folder and above.\n"
                    ".TP\n\\fBKEEL__\\fISECTION\\fB__\\fIKEY\\fR\n"
                    "A value of the configuration, above files and below options.\n"
                    ".SH FILES\n"
                    ".TP\n.I config.yaml\nThe configuration of a home, made by \\fBkeel init\\fR.\n"
                    ".TP\n.I .keel-home\nThe mark of a home.\n"
                    ".TP\n.I data\nThe store of a home; used where \\fB\\-\\-store\\fR is not given.\n");
}

int keel_verb_man(keel_cli *cli) {
    keel_strbuf text;
    keel_strbuf_init(&text, 0);
    add_head(&text);
    for (const keel_cli_verb *const *v = keel_cli_verbs; *v; v++)
        if (!keel_completion_noun_seen(v)) add_noun(&text, v);
    add_tail(&text);
    int rc = text.failed
                 ? keel_err_set(keel_cli_err(cli), KEEL_E_NOMEM, "out of memory: keel man: close other programs")
                 : 0;
    if (!rc) (void)fputs(keel_strbuf_text(&text), stdout);
    keel_strbuf_done(&text);
    return rc;
}
