/* app/cli/completion_bash.c: the completion script for bash 4 and later. */
#include <string.h>

#include "app/cli/completion.h"

static void add_name(void *context, const keel_cli_opt *opt) { keel_strbuf_addf(context, "--%s ", opt->name); }

/* Names of the options whose value is of one kind. */
typedef struct names_of {
    keel_strbuf *out;
    keel_completion kind;
} names_of;

static void add_if_kind(void *context, const keel_cli_opt *opt) {
    names_of *n = context;
    if (opt->value && keel_completion_of_option(opt) == n->kind) keel_strbuf_addf(n->out, "--%s ", opt->name);
}

static void add_choices(void *context, const keel_cli_opt *opt) {
    keel_strbuf *out = context;
    if (!opt->value || keel_completion_of_option(opt) != KEEL_COMPLETION_CHOICES) return;
    keel_strbuf_addf(out, "            [ \"$prev\" = --%s ] && list='", opt->name);
    keel_completion_words(KEEL_COMPLETION_CHOICES, opt->value, out);
    keel_strbuf_add(out, "'\n");
}

static void add_kind(const keel_cli_verb *verb, const char *variable, keel_completion kind, keel_strbuf *out) {
    names_of names = {out, kind};
    keel_strbuf_addf(out, " %s=' ", variable);
    keel_completion_options(verb, add_if_kind, &names);
    keel_strbuf_add_char(out, '\'');
}

static void add_valued(void *context, const keel_cli_opt *opt) {
    if (opt->value) add_name(context, opt);
}

static void add_verb(const keel_cli_verb *verb, keel_strbuf *out) {
    static const char *const words[] = {"", "files", "folders", "strategies", "indicators", "intervals", "choices"};
    keel_completion kind = keel_completion_of_words(verb);
    keel_strbuf_addf(out, "        '%s%s%s')\n            options='", verb->noun, verb->verb ? " " : "",
                     verb->verb ? verb->verb : "");
    keel_completion_options(verb, add_name, out);
    keel_strbuf_add(out, "' valued=' ");
    keel_completion_options(verb, add_valued, out);
    keel_strbuf_add(out, "'\n           ");
    add_kind(verb, "files", KEEL_COMPLETION_FILES, out);
    add_kind(verb, "folders", KEEL_COMPLETION_FOLDERS, out);
    keel_strbuf_addf(out, " words='%s'\n", words[kind]);
    if (kind == KEEL_COMPLETION_CHOICES) {
        keel_strbuf_add(out, "            choices='");
        keel_completion_words(kind, verb->positionals, out);
        keel_strbuf_add(out, "'\n");
    }
    keel_completion_options(verb, add_choices, out);
    keel_strbuf_add(out, "            ;;\n");
}

static void add_list(const char *variable, keel_completion kind, keel_strbuf *out) {
    keel_strbuf_addf(out, "    local %s='", variable);
    keel_completion_words(kind, "", out);
    keel_strbuf_add(out, "'\n");
}

/* Which words belong to the verb: two, or one for a noun that stands alone or another program's word. */
static void add_nouns(keel_strbuf *out) {
    keel_strbuf_add(out, "    case \"${COMP_WORDS[1]}\" in\n");
    for (const keel_cli_verb *const *v = keel_cli_verbs; *v; v++) {
        if (!(*v)->verb || keel_completion_noun_seen(v)) continue;
        keel_strbuf_addf(out, "        %s) verbs='", (*v)->noun);
        for (const keel_cli_verb *const *w = v; *w; w++)
            if (strcmp((*w)->noun, (*v)->noun) == 0) keel_strbuf_addf(out, "%s ", (*w)->verb);
        keel_strbuf_add(out, "--help' ;;\n");
    }
    for (const keel_cli_alias *a = keel_cli_aliases; a->word; a++)
        if (keel_cli_verb_find(a->noun, a->verb) && strcmp(a->word, a->noun) != 0)
            keel_strbuf_addf(out, "        %s) verb='%s %s' ;;\n", a->word, a->noun, a->verb);
    keel_strbuf_add(out, "        *) verb=\"${COMP_WORDS[1]}\" ;;\n    esac\n");
}

static void add_first_words(keel_strbuf *out) {
    keel_strbuf_add(out, "    local nouns='");
    for (const keel_cli_verb *const *v = keel_cli_verbs; *v; v++)
        if (!keel_completion_noun_seen(v)) keel_strbuf_addf(out, "%s ", (*v)->noun);
    keel_strbuf_add(out, "--help --version'\n");
}

void keel_completion_bash(keel_strbuf *out) {
    keel_strbuf_add(out,
                    "# bash completion for keel, made by 'keel completion bash'.\n"
                    "_keel() {\n"
                    "    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}\n"
                    "    local verb= verbs= options= valued= files= folders= words= choices= list=\n");
    add_first_words(out);
    add_list("strategies", KEEL_COMPLETION_STRATEGIES, out);
    add_list("indicators", KEEL_COMPLETION_INDICATORS, out);
    add_list("intervals", KEEL_COMPLETION_INTERVALS, out);
    keel_strbuf_add(
        out,
        "    COMPREPLY=()\n"
        "    if [ \"$COMP_CWORD\" -eq 1 ]; then\n"
        "        mapfile -t COMPREPLY < <(compgen -W \"$nouns\" -- \"$cur\")\n"
        "        return\n"
        "    fi\n"
        "    # --name=value comes as three words\n"
        "    if [ \"$cur\" = = ]; then cur=; elif [ \"$prev\" = = ]; then prev=${COMP_WORDS[COMP_CWORD-2]}; fi\n");
    add_nouns(out);
    keel_strbuf_add(out,
                    "    if [ -z \"$verb\" ]; then\n"
                    "        if [ \"$COMP_CWORD\" -eq 2 ]; then\n"
                    "            mapfile -t COMPREPLY < <(compgen -W \"$verbs\" -- \"$cur\")\n"
                    "            return\n"
                    "        fi\n"
                    "        verb=\"${COMP_WORDS[1]} ${COMP_WORDS[2]}\"\n"
                    "    fi\n"
                    "    case \"$verb\" in\n");
    for (const keel_cli_verb *const *v = keel_cli_verbs; *v; v++)
        add_verb(*v, out);
    keel_strbuf_add(
        out,
        "        *) return ;;\n"
        "    esac\n"
        "    if [[ $valued == *\" $prev \"* ]]; then\n"
        "        words=\n"
        "        case \"$prev\" in\n"
        "            --strategy) words=strategies ;;\n"
        "            --interval | --timeframe | --detail | --from | --to | --also) words=intervals ;;\n"
        "        esac\n"
        "        if [[ $files == *\" $prev \"* ]]; then words=files; fi\n"
        "        if [[ $folders == *\" $prev \"* ]]; then words=folders; fi\n"
        "        if [ -n \"$list\" ]; then words=list; fi\n"
        "    elif [[ $cur == -* ]]; then\n"
        "        mapfile -t COMPREPLY < <(compgen -W \"$options\" -- \"$cur\")\n"
        "        return\n"
        "    fi\n"
        "    case \"$words\" in\n"
        "        files) compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -f -- \"$cur\") ;;\n"
        "        folders) compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -d -- \"$cur\") ;;\n"
        "        strategies) mapfile -t COMPREPLY < <(compgen -W \"$strategies\" -- \"$cur\"; "
        "compgen -f -X '!*.c' -- \"$cur\") ;;\n"
        "        '') ;;\n"
        "        *) mapfile -t COMPREPLY < <(compgen -W \"${!words}\" -- \"$cur\") ;;\n"
        "    esac\n"
        "}\n"
        "complete -F _keel keel\n");
}
