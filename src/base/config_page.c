/* base/config_page.c: pages for people, made from the table: a sample file and a reference; see config.h. */
#include <string.h>

#include "base/config_internal.h"

static size_t section_size(const char *path) {
    const char *dot = strchr(path, '.');
    return dot ? (size_t)(dot - path) : 0;
}

/* 1 when entry `index` is in another section than the one before it. */
static int starts_section(const keel_config *c, size_t index) {
    const char *path = c->slots[index].entry->path;
    if (index == 0) return 1;
    const char *before = c->slots[index - 1].entry->path;
    return section_size(path) != section_size(before) || strncmp(path, before, section_size(path)) != 0;
}

static const char *key_of(const keel_config_entry *entry) {
    const char *dot = strchr(entry->path, '.');
    return dot ? dot + 1 : entry->path;
}

static const char *type_name(keel_config_type type) {
    switch (type) {
        case KEEL_CONFIG_BOOL: return "truth";
        case KEEL_CONFIG_INT: return "whole number";
        case KEEL_CONFIG_REAL: return "number";
        case KEEL_CONFIG_USD: return "money";
        case KEEL_CONFIG_BPS: return "basis points";
        case KEEL_CONFIG_ENUM: return "choice";
        case KEEL_CONFIG_DURATION: return "duration";
        case KEEL_CONFIG_SIZE: return "size";
        case KEEL_CONFIG_STRING: return "text";
        case KEEL_CONFIG_LIST: return "list";
        default: return "";
    }
}

/* "0 to 100", "a, b", "" */
static void write_bounds(const keel_config_entry *entry, keel_strbuf *out) {
    if (entry->choices) {
        for (const char *c = entry->choices; *c; c++)
            keel_strbuf_add(out, *c == '|' ? ", " : (char[2]){*c, 0});
    } else if (entry->type != KEEL_CONFIG_BOOL && entry->min && entry->max) {
        keel_strbuf_addf(out, "%s to %s", entry->min, entry->max);
    } else if (entry->type != KEEL_CONFIG_BOOL && (entry->min || entry->max)) {
        keel_strbuf_addf(out, "%s %s", entry->min ? "at least" : "at most", entry->min ? entry->min : entry->max);
    }
}

/* The default in its shortest spelling, which YAML and the loader read; "" when there is none. */
static void write_default(const keel_config_entry *entry, keel_strbuf *out) {
    keel_config_setting setting = {.kind = KEEL_TREE_PLAIN, .text = (char *)(uintptr_t)entry->default_text};
    keel_config_value value = {0};
    if (!entry->default_text) return;
    KEEL_ASSERT(keel_config_coerce(entry, &setting, &value, NULL) == 0);
    keel_config_value_show(entry, &value, out);
    keel_config_value_done(&value);
}

static void write_sample_entry(const keel_config_slot *slot, keel_strbuf *out) {
    const keel_config_entry *entry = slot->entry;
    const char *indent = section_size(entry->path) ? "  " : "";
    const char *unit = entry->unit && entry->unit[0] ? entry->unit : NULL;
    keel_strbuf bounds;
    keel_strbuf_init(&bounds, 0);
    write_bounds(entry, &bounds);
    keel_strbuf_addf(out, "%s# %s", indent, entry->doc);
    if (bounds.size) keel_strbuf_addf(out, " [%s%s%s]", keel_strbuf_text(&bounds), unit ? " " : "", unit ? unit : "");
    keel_strbuf_done(&bounds);
    keel_strbuf_addf(out, "\n%s%s%s: ", indent, slot->value.set ? "" : "# ", key_of(entry));
    if (slot->value.set) keel_config_value_show(entry, &slot->value, out);
    keel_strbuf_add_char(out, '\n');
}

/* Rows that were added stand behind the last one of their section. */
static void write_sample_added(const keel_config *c, size_t index, keel_strbuf *out) {
    const char *path = c->slots[index].entry->path;
    size_t size = section_size(path);
    int more = index + 1 < c->slot_count && !(c->slots[index + 1].entry->flags & KEEL_CONFIG_ADDED);
    if (more && !starts_section(c, index + 1)) return;
    for (size_t i = index + 1; size && i < c->slot_count; i++) {
        const keel_config_entry *entry = c->slots[i].entry;
        if (!(entry->flags & KEEL_CONFIG_ADDED) || !c->slots[i].value.set) continue;
        if (section_size(entry->path) == size && strncmp(entry->path, path, size) == 0)
            write_sample_entry(&c->slots[i], out);
    }
}

void keel_config_write_sample(const keel_config *c, keel_strbuf *out) {
    for (size_t i = 0; i < c->slot_count; i++) {
        const char *path = c->slots[i].entry->path;
        if (c->slots[i].entry->flags & KEEL_CONFIG_ADDED) continue;
        if (starts_section(c, i) && section_size(path))
            keel_strbuf_addf(out, "\n%.*s:\n", (int)section_size(path), path);
        write_sample_entry(&c->slots[i], out);
        write_sample_added(c, i, out);
    }
}

/* A cell: '|' would end it. */
static void write_cell(const char *text, keel_strbuf *out) {
    for (; *text; text++) {
        if (*text == '|') keel_strbuf_add_char(out, '\\');
        keel_strbuf_add_char(out, *text);
    }
    keel_strbuf_add(out, " | ");
}

static void write_reference_row(const keel_config_entry *entry, keel_strbuf *out) {
    keel_strbuf text;
    keel_strbuf_init(&text, 0);
    keel_strbuf_addf(out, "| `%s` | ", entry->path);
    write_cell(type_name(entry->type), out);
    write_default(entry, &text);
    write_cell(keel_strbuf_text(&text), out);
    keel_strbuf_clear(&text);
    write_bounds(entry, &text);
    write_cell(keel_strbuf_text(&text), out);
    write_cell(entry->unit ? entry->unit : "", out);
    keel_strbuf_addf(out, "%s |\n", entry->doc);
    keel_strbuf_done(&text);
}

void keel_config_write_reference(const keel_config *c, const char *title, keel_strbuf *out) {
    keel_strbuf_addf(out, "# %s\n", title);
    for (size_t i = 0; i < c->slot_count; i++) {
        const char *path = c->slots[i].entry->path;
        if (starts_section(c, i))
            keel_strbuf_addf(
                out, "\n## %.*s\n\n| path | type | default | bounds | unit | meaning |\n|---|---|---|---|---|---|\n",
                section_size(path) ? (int)section_size(path) : 3, section_size(path) ? path : "top");
        write_reference_row(c->slots[i].entry, out);
    }
}
