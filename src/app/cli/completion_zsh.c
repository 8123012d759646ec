/* app/cli/completion_zsh.c: the completion script for zsh. */
#include <string.h>

#include "app/cli/completion.h"

/* "name:what it is" as a word of an array; a ':' in what it is says nothing special. */
static void add_described(const char *name, const char *summary, keel_strbuf *out) {
    keel_strbuf word;
    keel_strbuf_init(&word, 0);
    keel_strbuf_addf(&word, "%s:%s", name, summary);
    keel_strbuf_add(out, "        ");
    keel_completion_quote(keel_strbuf_text(&word), out);
    keel_strbuf_add_char(out, '\n');
    out->failed |= word.failed;
    keel_strbuf_done(&word);
}

/* The action of _arguments for a kind of value. */
static void add_action(keel_completion kind, const char *placeholder, keel_strbuf *out) {
    switch (kind) {
        case KEEL_COMPLETION_FILES: keel_strbuf_add(out, ":_files"); break;
        case KEEL_COMPLETION_FOLDERS: keel_strbuf_add(out, ":_files -/"); break;
        case KEEL_COMPLETION_STRATEGIES: keel_strbuf_add(out, ":_keel_strategies"); break;
        case KEEL_COMPLETION_INDICATORS:
        case KEEL_COMPLETION_INTERVALS:
        case KEEL_COMPLETION_CHOICES:
            keel_strbuf_add(out, ":(");
            keel_completion_words(kind, placeholder, out);
            keel_strbuf_add_char(out, ')');
            break;
        case KEEL_COMPLETION_NONE:
        default: keel_strbuf_add(out, ": "); break;
    }
}

/* '*--set[any parameter]:PARAM=VALUE: '; brackets and colons would end the parts. */
static void add_option(void *context, const keel_cli_opt *opt) {
    keel_strbuf *out = context, spec;
    keel_strbuf_init(&spec, 0);
    keel_strbuf_addf(&spec, "%s--%s[", opt->flags & KEEL_CLI_REPEAT ? "*" : "", opt->name);
    for (const char *at = opt->help; *at; at++)
        keel_strbuf_add_char(&spec, *at == '[' ? '(' : *at == ']' ? ')' : *at);
    keel_strbuf_add_char(&spec, ']');
    if (opt->value) {
        keel_strbuf_add_char(&spec, ':');
        for (const char *at = opt->value; *at; at++)
            keel_strbuf_add_char(&spec, *at == ':' ? '-' : *at);
        add_action(keel_completion_of_option(opt), opt->value, &spec);
    }
    keel_strbuf_add(out, " \\\n                ");
    keel_completion_quote(keel_strbuf_text(&spec), out);
    out->failed |= spec.failed;
    keel_strbuf_done(&spec);
}

static void add_verb(const keel_cli_verb *verb, keel_strbuf *out) {
    keel_strbuf_addf(out, "        '%s%s%s')\n            _arguments", verb->noun, verb->verb ? " " : "",
                     verb->verb ? verb->verb : "");
    keel_completion_options(verb, add_option, out);
    if (verb->positionals) {
        keel_strbuf word;
        keel_strbuf_init(&word, 0);
        keel_strbuf_add(&word, "*:word");
        add_action(keel_completion_of_words(verb), verb->positionals, &word);
        keel_strbuf_add(out, " \\\n                ");
        keel_completion_quote(keel_strbuf_text(&word), out);
        out->failed |= word.failed;
        keel_strbuf_done(&word);
    }
    keel_strbuf_add(out, "\n            ;;\n");
}

static void add_verbs_of(const keel_cli_verb *const *first, keel_strbuf *out) {
    keel_strbuf_addf(out, "    %s) verbs=(\n", (*first)->noun);
    for (const keel_cli_verb *const *v = first; *v; v++)
        if (strcmp((*v)->noun, (*first)->noun) == 0) add_described((*v)->verb, (*v)->summary, out);
    keel_strbuf_add(out, "        ) ;;\n");
}

static void add_aliases(keel_strbuf *out) {
    for (const keel_cli_alias *a = keel_cli_aliases; a->word; a++)
        if (keel_cli_verb_find(a->noun, a->verb) && strcmp(a->word, a->noun) != 0)
            keel_strbuf_addf(out, "    %s) verb='%s %s' ;;\n", a->word, a->noun, a->verb);
}

void keel_completion_zsh(keel_strbuf *out) {
    keel_strbuf_add(out,
                    "#compdef keel\n"
                    "# zsh completion for keel, made by 'keel completion zsh'.\n"
                    "_keel_strategies() {\n"
                    "    local -a names\n"
                    "    names=(");
    keel_completion_words(KEEL_COMPLETION_STRATEGIES, "", out);
    keel_strbuf_add(out,
                    ")\n"
                    "    _alternative 'names:strategy:compadd -a names' \"files:C file:_files -g '*.c'\"\n"
                    "}\n"
                    "_keel() {\n"
                    "    local verb=\n"
                    "    local -a nouns verbs\n"
                    "    nouns=(\n");
    for (const keel_cli_verb *const *v = keel_cli_verbs; *v; v++)
        if (!keel_completion_noun_seen(v)) add_described((*v)->noun, keel_completion_noun_summary((*v)->noun), out);
    keel_strbuf_add(out,
                    "    )\n"
                    "    if (( CURRENT == 2 )); then\n"
                    "        _describe 'command' nouns\n"
                    "        return\n"
                    "    fi\n"
                    "    case $words[2] in\n");
    for (const keel_cli_verb *const *v = keel_cli_verbs; *v; v++)
        if ((*v)->verb && !keel_completion_noun_seen(v)) add_verbs_of(v, out);
    add_aliases(out);
    keel_strbuf_add(out,
                    "    *) verb=$words[2] ;;\n"
                    "    esac\n"
                    "    if [[ -z $verb ]]; then\n"
                    "        if (( CURRENT == 3 )); then\n"
                    "            _describe 'verb' verbs\n"
                    "            return\n"
                    "        fi\n"
                    "        verb=\"$words[2] $words[3]\"\n"
                    "        shift words\n"
                    "        (( CURRENT-- ))\n"
                    "    fi\n"
                    "    shift words\n"
                    "    (( CURRENT-- ))\n"
                    "    case $verb in\n");
    for (const keel_cli_verb *const *v = keel_cli_verbs; *v; v++)
        add_verb(*v, out);
    keel_strbuf_add(out,
                    "    esac\n"
                    "}\n"
                    "if [[ $funcstack[1] == _keel ]]; then _keel \"$@\"; else compdef _keel keel; fi\n");
}
