/* app/cli/run_config_text.c: a run's configuration as canonical text, as YAML and as a sample file; of several
 * strategies what they have in common first, then each in order of name. */
#include <string.h>

#include "app/cli/run_config.h"
#include "base/decimal.h"

static int starts_with(const char *line, const char *prefix) { return strncmp(line, prefix, strlen(prefix)) == 0; }

static int is_of_all(const char *line) { return starts_with(line, "account.") || starts_with(line, "run."); }

static int is_of_each(const char *line) {
    return starts_with(line, "run.strategy=") || starts_with(line, "run.strategy_sha256=") ||
           starts_with(line, "run.symbols=");
}

/* Lines of c's canonical text that belong to all strategies, or to each, with prefix before them. */
static void add_lines(const keel_config *c, int of_each, const char *prefix, const char *label, keel_strbuf *out) {
    keel_strbuf text;
    keel_strbuf_init(&text, 0);
    keel_config_canonical(c, &text);
    for (const char *line = keel_strbuf_text(&text); *line;) {
        size_t size = strcspn(line, "\n") + 1;
        int wanted = of_each ? !is_of_all(line) || is_of_each(line) : is_of_all(line) && !is_of_each(line);
        if (wanted) {
            keel_strbuf_addf(out, "%s%s%s", prefix, label, *label ? "." : "");
            keel_strbuf_add_bytes(out, line, size);
        }
        line += size;
    }
    if (text.failed) out->failed = 1;
    keel_strbuf_done(&text);
}

void keel_run_config_canonical(const keel_run_config *run, keel_strbuf *out) {
    char weight[KEEL_DECIMAL_TEXT_MAX];
    if (!run->part_count) {
        keel_config_canonical(run->config, out);
        return;
    }
    add_lines(run->config, 0, "", "", out);
    keel_strbuf_addf(out, "run.accounts=%s\n", run->shared ? "shared" : "separate");
    for (int32_t i = 0; i < run->part_count; i++) {
        const keel_run_part *part = &run->parts[i];
        add_lines(part->run.config, 1, "strategies.", part->name, out);
        if (run->shared) continue;
        (void)keel_decimal_format(part->weight_e8, 8, 0, weight);
        keel_strbuf_addf(out, "strategies.%s.weight=%s\n", part->name, weight);
    }
}

/* ---- YAML -------------------------------------------------------------------------------------------------- */

static void add_value(const keel_config *c, const char *key, size_t index, keel_strbuf *out) {
    keel_strbuf_addf(out, "%s: ", key);
    keel_config_value_text(c, index, out);
    keel_strbuf_add_char(out, '\n');
}

/* Where b has the path of a's entry; its count when it has not: rows for single regimes stand elsewhere in each. */
static size_t same_place(const keel_config *a, const keel_config *b, size_t index) {
    const char *path = keel_config_entry_at(a, index)->path;
    size_t at = 0;
    while (at < keel_config_count(b) && strcmp(keel_config_entry_at(b, at)->path, path) != 0)
        at++;
    return at;
}

static int same_value(const keel_config *a, const keel_config *b, size_t index) {
    keel_strbuf x, y;
    size_t there = same_place(a, b, index);
    if (there == keel_config_count(b)) return 0;
    keel_strbuf_init(&x, 0);
    keel_strbuf_init(&y, 0);
    keel_config_value_text(a, index, &x);
    keel_config_value_text(b, there, &y);
    int same = strcmp(keel_strbuf_text(&x), keel_strbuf_text(&y)) == 0;
    keel_strbuf_done(&x);
    keel_strbuf_done(&y);
    return same;
}

/* 1 when the item must say the value, so that it comes out again: the layers of the run do not. */
static int must_say(const keel_run_config *run, const keel_config *own, size_t index) {
    const char *path = keel_config_entry_at(own, index)->path;
    if (!keel_config_is_given(own, path)) return 0;
    if (!keel_config_has(run->config, path)) return 1; /* its own parameter */
    return !keel_config_is_given(run->config, path) || !same_value(own, run->config, index);
}

static int same_section(const keel_config *c, size_t a, size_t b) {
    const char *x = keel_config_entry_at(c, a)->path, *y = keel_config_entry_at(c, b)->path;
    size_t size = strcspn(x, ".");
    return size == strcspn(y, ".") && strncmp(x, y, size) == 0;
}

static void add_section(const keel_run_config *run, const keel_config *own, size_t from, keel_strbuf *out) {
    int open = 0;
    for (size_t i = from; i < keel_config_count(own); i++) {
        const char *path = keel_config_entry_at(own, i)->path, *dot = strchr(path, '.');
        if (!dot || !same_section(own, from, i) || !must_say(run, own, i)) continue;
        int is_own = strncmp(path, "strategy.", 9) == 0;
        if (!open) keel_strbuf_addf(out, "    %.*s:\n", is_own ? 10 : (int)(dot - path), is_own ? "parameters" : path);
        open = 1;
        keel_strbuf_add(out, "      ");
        add_value(own, dot + 1, i, out);
    }
}

static void add_parameters(const keel_run_config *run, const keel_config *own, keel_strbuf *out) {
    const size_t first = keel_run_config_core_first();
    for (size_t i = first; i < keel_config_count(own); i++) {
        size_t before = first;
        while (before < i && !same_section(own, before, i))
            before++;
        if (before == i) add_section(run, own, i, out);
    }
}

static void add_item(const keel_run_config *run, const keel_run_part *part, keel_strbuf *out) {
    const keel_config *own = part->run.config;
    char weight[KEEL_DECIMAL_TEXT_MAX];
    keel_strbuf_addf(out, "  - name: \"%s\"\n", part->name);
    for (size_t i = 0; i < keel_run_config_core_first(); i++) {
        const char *path = keel_config_entry_at(own, i)->path;
        if (strcmp(path, "run.strategy") == 0) add_value(own, "    strategy", i, out);
        if (strcmp(path, "run.strategy_sha256") == 0 && keel_config_is_given(own, path))
            add_value(own, "    strategy_sha256", i, out);
        if (strcmp(path, "run.symbols") == 0 && !same_value(own, run->config, i)) add_value(own, "    symbols", i, out);
    }
    (void)keel_decimal_format(part->weight_e8, 8, 0, weight);
    if (!run->shared) keel_strbuf_addf(out, "    weight: %s\n", weight);
    add_parameters(run, own, out);
}

static void add_list(const keel_run_config *run, keel_strbuf *out) {
    if (run->part_count) keel_strbuf_add(out, "strategies:\n");
    for (int32_t i = 0; i < run->part_count; i++)
        add_item(run, &run->parts[i], out);
}

void keel_run_config_write_yaml(const keel_run_config *run, int everything, keel_strbuf *out) {
    keel_config_write_yaml(run->config, everything, out);
    add_list(run, out);
}

void keel_run_config_write_sample(const keel_run_config *run, keel_strbuf *out) {
    keel_config_write_sample(run->config, out);
    if (run->part_count) keel_strbuf_add(out, "\n# several strategies: docs/formats/config.md\n");
    add_list(run, out);
}
