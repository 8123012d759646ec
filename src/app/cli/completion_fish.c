/* app/cli/completion_fish.c: the completion script for fish 3. */
#include <string.h>

#include "app/cli/completion.h"

/* One line of the script; condition is a call of __keel_at or __keel_in. */
static void begin_line(const char *condition, keel_strbuf *out) {
    keel_strbuf_add(out, "complete -c keel -n ");
    keel_completion_quote_fish(condition, out);
}

static void add_words(const char *condition, const char *words, const char *summary, keel_strbuf *out) {
    begin_line(condition, out);
    keel_strbuf_add(out, " -f -a ");
    keel_completion_quote_fish(words, out);
    if (summary) {
        keel_strbuf_add(out, " -d ");
        keel_completion_quote_fish(summary, out);
    }
    keel_strbuf_add_char(out, '\n');
}

/* The part of a line that says what a value may be. */
static void add_value(keel_completion kind, const char *placeholder, keel_strbuf *out) {
    keel_strbuf words;
    if (kind == KEEL_COMPLETION_FILES) keel_strbuf_add(out, " -F");
    if (kind == KEEL_COMPLETION_FOLDERS) keel_strbuf_add(out, " -f -a '(__fish_complete_directories)'");
    if (kind == KEEL_COMPLETION_NONE) keel_strbuf_add(out, " -f");
    if (kind < KEEL_COMPLETION_STRATEGIES) return;
    keel_strbuf_init(&words, 0);
    keel_completion_words(kind, placeholder, &words);
    if (kind == KEEL_COMPLETION_STRATEGIES) keel_strbuf_add(&words, " (__fish_complete_suffix .c)");
    keel_strbuf_add(out, " -f -a ");
    keel_completion_quote_fish(keel_strbuf_text(&words), out);
    out->failed |= words.failed;
    keel_strbuf_done(&words);
}

typedef struct verb_lines {
    keel_strbuf *out;
    const char *condition;
} verb_lines;

static void add_option(void *context, const keel_cli_opt *opt) {
    verb_lines *v = context;
    begin_line(v->condition, v->out);
    keel_strbuf_addf(v->out, " -l %s", opt->name);
    if (opt->value) {
        keel_strbuf_add(v->out, " -r");
        add_value(keel_completion_of_option(opt), opt->value, v->out);
    } else {
        keel_strbuf_add(v->out, " -f");
    }
    keel_strbuf_add(v->out, " -d ");
    keel_completion_quote_fish(opt->help, v->out);
    keel_strbuf_add_char(v->out, '\n');
}

/* Names of ours are short words. */
static void condition_of(char *ret, size_t size, const char *call, const char *noun, const char *verb) {
    (void)snprintf(ret, size, "%s %s%s%s", call, noun, verb ? " " : "", verb ? verb : "");
}

static void add_verb(const keel_cli_verb *verb, const char *noun, const char *word, keel_strbuf *out) {
    char condition[120];
    condition_of(condition, sizeof condition, "__keel_in", noun, word);
    verb_lines lines = {out, condition};
    keel_completion_options(verb, add_option, &lines);
    begin_line(condition, out);
    add_value(keel_completion_of_words(verb), verb->positionals, out);
    keel_strbuf_add_char(out, '\n');
}

void keel_completion_fish(keel_strbuf *out) {
    char condition[120];
    keel_strbuf_add(out,
                    "# fish completion for keel, made by 'keel completion fish'.\n"
                    "# The words before the one being written are exactly these ...\n"
                    "function __keel_at\n"
                    "    set -l words (commandline -opc)\n"
                    "    test \"$words[2..-1]\" = \"$argv\"\n"
                    "end\n"
                    "# ... or begin with these.\n"
                    "function __keel_in\n"
                    "    set -l words (commandline -opc)\n"
                    "    set -l last (math (count $argv) + 1)\n"
                    "    test (count $words) -ge $last; and test \"$words[2..$last]\" = \"$argv\"\n"
                    "end\n"
                    "complete -c keel -e\n");
    for (const keel_cli_verb *const *v = keel_cli_verbs; *v; v++)
        if (!keel_completion_noun_seen(v))
            add_words("__keel_at", (*v)->noun, keel_completion_noun_summary((*v)->noun), out);
    add_words("__keel_at", "--help --version", NULL, out);
    for (const keel_cli_verb *const *v = keel_cli_verbs; *v; v++) {
        if ((*v)->verb) {
            condition_of(condition, sizeof condition, "__keel_at", (*v)->noun, NULL);
            add_words(condition, (*v)->verb, (*v)->summary, out);
        }
        add_verb(*v, (*v)->noun, (*v)->verb, out);
    }
    for (const keel_cli_alias *a = keel_cli_aliases; a->word; a++) {
        const keel_cli_verb *verb = keel_cli_verb_find(a->noun, a->verb);
        if (verb && strcmp(a->word, a->noun) != 0) add_verb(verb, a->word, NULL, out);
    }
}
