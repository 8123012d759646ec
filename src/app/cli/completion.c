/* app/cli/completion.c: keel completion, and what its three scripts share. */
#include "app/cli/completion.h"

#include <string.h>

#include "app/cli/run_config.h"
#include "core/signal/kinds.h"
#include "core/strategy/strategy.h"

const keel_cli_verb keel_verb_completion_info = {
    .noun = "completion",
    .run = keel_verb_completion,
    .summary = "completion of keel's commands and options for your shell",
    .example = "keel completion bash",
    .positionals = "bash|zsh|fish",
    .positional_min = 1,
    .positional_max = 1,
    .notes =
        "Installing keel installs all three. Without installing:\n"
        "  bash   source <(keel completion bash)                  in ~/.bashrc\n"
        "  zsh    keel completion zsh > DIR/_keel                 DIR in $fpath, before compinit\n"
        "  fish   keel completion fish > ~/.config/fish/completions/keel.fish"};

static const struct {
    const char *name;
    void (*write)(keel_strbuf *out);
} SHELLS[] = {{"bash", keel_completion_bash}, {"zsh", keel_completion_zsh}, {"fish", keel_completion_fish}};

int keel_verb_completion(keel_cli *cli) {
    const char *shell = keel_cli_positional(cli, 0);
    for (size_t i = 0; i < sizeof SHELLS / sizeof *SHELLS; i++) {
        keel_strbuf text;
        if (strcmp(shell, SHELLS[i].name) != 0) continue;
        keel_strbuf_init(&text, 0);
        SHELLS[i].write(&text);
        int rc = text.failed ? KEEL_E_NOMEM : 0;
        if (!rc) (void)fputs(keel_strbuf_text(&text), stdout);
        keel_strbuf_done(&text);
        return rc;
    }
    return keel_err_set(keel_cli_err(cli), KEEL_E_USAGE,
                        "unknown shell '%.80s': keel completion: write bash, zsh or fish", shell);
}

/* ---- what may stand where */

static int is_one_of(const char *text, const char *const words[], size_t count) {
    for (size_t i = 0; i < count; i++)
        if (strcmp(text, words[i]) == 0) return 1;
    return 0;
}

/* "perp|spot": lower-case words only, so that "FILE|FOLDER" is no list of choices. */
static int is_choices(const char *text) {
    return strchr(text, '|') && text[strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789_-|")] == 0;
}

static keel_completion of_placeholder(const char *text) {
    if (is_choices(text)) return KEEL_COMPLETION_CHOICES;
    if (strstr(text, "FILE") || strstr(text, "RUN") || strstr(text, "JOURNAL")) return KEEL_COMPLETION_FILES;
    if (strstr(text, "DIR") || strstr(text, "FOLDER")) return KEEL_COMPLETION_FOLDERS;
    return KEEL_COMPLETION_NONE;
}

keel_completion keel_completion_of_option(const keel_cli_opt *opt) {
    static const char *const intervals[] = {"interval", "timeframe", "detail", "from", "to", "also"};
    if (!opt->value) return KEEL_COMPLETION_NONE;
    if (strcmp(opt->name, "strategy") == 0) return KEEL_COMPLETION_STRATEGIES;
    if (is_one_of(opt->name, intervals, sizeof intervals / sizeof *intervals)) return KEEL_COMPLETION_INTERVALS;
    return of_placeholder(opt->value);
}

keel_completion keel_completion_of_words(const keel_cli_verb *verb) {
    if (!verb->positionals) return KEEL_COMPLETION_NONE;
    if (strcmp(verb->noun, "indicator") == 0) return KEEL_COMPLETION_INDICATORS;
    if (strcmp(verb->noun, "strategy") == 0 && strstr(verb->positionals, "NAME")) return KEEL_COMPLETION_STRATEGIES;
    return of_placeholder(verb->positionals);
}

void keel_completion_words(keel_completion kind, const char *placeholder, keel_strbuf *out) {
#define INDICATOR(kind_, name, input, outputs, names, doc, ref) name " "
    static const char indicators[] = KEEL_SIGNAL_KINDS(INDICATOR);
#undef INDICATOR
    if (kind == KEEL_COMPLETION_STRATEGIES)
        for (int32_t i = 0; i < KEEL_STRATEGY_COUNT; i++)
            keel_strbuf_addf(out, "%s%s", i ? " " : "", keel_run_config_strategy_name(i));
    if (kind == KEEL_COMPLETION_INDICATORS) keel_strbuf_add_bytes(out, indicators, sizeof indicators - 2);
    if (kind == KEEL_COMPLETION_INTERVALS) keel_strbuf_add(out, "1m 3m 5m 15m 30m 1h 2h 4h 6h 8h 12h 1d 1w");
    if (kind == KEEL_COMPLETION_CHOICES)
        for (const char *at = placeholder; *at; at++)
            keel_strbuf_add_char(out, *at == '|' ? ' ' : *at);
}

void keel_completion_options(const keel_cli_verb *verb, void (*each)(void *context, const keel_cli_opt *opt),
                             void *context) {
    for (int i = 0; i < KEEL_CLI_OPTION_TABLES_MAX; i++)
        for (const keel_cli_opt *o = verb->options[i]; o && o->name; o++)
            if (!(o->flags & KEEL_CLI_HIDDEN)) each(context, o);
    for (const keel_cli_opt *o = keel_cli_common_options + (verb->reports ? 0 : KEEL_CLI_COMMON_JSON + 1); o->name; o++)
        if (keel_cli_opt_find(verb, o->name) == o) each(context, o);
}

int keel_completion_noun_seen(const keel_cli_verb *const *verb) {
    for (const keel_cli_verb *const *v = keel_cli_verbs; v != verb; v++)
        if (strcmp((*v)->noun, (*verb)->noun) == 0) return 1;
    return 0;
}

const char *keel_completion_noun_summary(const char *noun) {
    for (const keel_cli_noun *n = keel_cli_nouns; n->name; n++)
        if (strcmp(n->name, noun) == 0) return n->summary;
    const keel_cli_verb *verb = keel_cli_verb_find(noun, NULL);
    return verb ? verb->summary : "";
}

void keel_completion_quote(const char *text, keel_strbuf *out) {
    keel_strbuf_add_char(out, '\'');
    for (; *text; text++)
        keel_strbuf_add(out, *text == '\'' ? "'\\''" : (char[2]){*text, 0});
    keel_strbuf_add_char(out, '\'');
}

void keel_completion_quote_fish(const char *text, keel_strbuf *out) {
    keel_strbuf_add_char(out, '\'');
    for (; *text; text++) {
        if (*text == '\'' || *text == '\\') keel_strbuf_add_char(out, '\\');
        keel_strbuf_add_char(out, *text);
    }
    keel_strbuf_add_char(out, '\'');
}
