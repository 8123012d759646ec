/* base/config_text.c: the configuration as canonical text, YAML and JSON Schema; see config.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/config_internal.h"

static int is_number(const keel_config_entry *entry) {
    return entry->type != KEEL_CONFIG_STRING && entry->type != KEEL_CONFIG_LIST && entry->type != KEEL_CONFIG_ENUM;
}

/* Is the line that was kept the one of this value? */
static int line_fits(const keel_config_slot *slot) {
    const keel_config_value *v = &slot->value;
    return slot->line && slot->line_set == v->set && slot->line_integer == v->integer &&
           memcmp(&slot->line_real, &v->real, sizeof v->real) == 0;
}

static void write_line(keel_config_slot *slot, keel_strbuf *out) {
    if (line_fits(slot)) {
        keel_strbuf_add(out, slot->line);
        return;
    }
    size_t from = out->size;
    keel_strbuf_add(out, slot->entry->path);
    keel_strbuf_add_char(out, '=');
    if (slot->value.set) keel_config_value_write(slot->entry, &slot->value, out);
    keel_strbuf_add_char(out, '\n');
    if (out->failed || !is_number(slot->entry)) return;
    free(slot->line);
    slot->line = strndup(keel_strbuf_text(out) + from, out->size - from); /* NULL: written anew each time */
    slot->line_set = slot->value.set;
    slot->line_integer = slot->value.integer;
    slot->line_real = slot->value.real;
}

void keel_config_canonical(const keel_config *c, keel_strbuf *out) {
    for (size_t i = 0; i < c->slot_count; i++) {
        keel_config_slot *slot = &c->slots[c->order[i]];
        int left_out = (slot->entry->flags & KEEL_CONFIG_ADDED) && !slot->value.set;
        if (!(slot->entry->flags & KEEL_CONFIG_NO_ID) && !left_out) write_line(slot, out);
    }
}

void keel_config_id(const keel_config *c, char ret_text[KEEL_SHA256_TEXT_MAX]) {
    keel_strbuf text;
    keel_strbuf_init(&text, 0);
    keel_config_canonical(c, &text);
    KEEL_ASSERT(!text.failed);
    keel_sha256_text(keel_strbuf_text(&text), text.size, ret_text);
    keel_strbuf_done(&text);
}

static size_t section_size(const char *path) {
    const char *dot = strchr(path, '.');
    return dot ? (size_t)(dot - path) : 0;
}

static int in_section(const char *path, const char *section, size_t size) {
    return section_size(path) == size && strncmp(path, section, size) == 0;
}

/* 1 when an earlier entry has this one's section: the section is written with its first entry. */
static int section_seen(const keel_config *c, size_t index) {
    const char *path = c->slots[index].entry->path;
    for (size_t i = 0; i < index; i++)
        if (in_section(c->slots[i].entry->path, path, section_size(path))) return 1;
    return 0;
}

static int is_written(const keel_config_slot *slot, int everything) {
    return slot->value.set && (everything || slot->given);
}

static void write_yaml_section(const keel_config *c, size_t first, int everything, keel_strbuf *out) {
    const char *section = c->slots[first].entry->path;
    size_t size = section_size(section);
    int started = size == 0;
    for (size_t i = first; i < c->slot_count; i++) {
        const keel_config_slot *slot = &c->slots[i];
        const char *path = slot->entry->path;
        if (!in_section(path, section, size) || !is_written(slot, everything)) continue;
        if (!started) keel_strbuf_addf(out, "%.*s:\n", (int)size, section);
        started = 1;
        keel_strbuf_addf(out, "%s%s: ", size ? "  " : "", size ? path + size + 1 : path);
        keel_config_value_show(slot->entry, &slot->value, out);
        keel_strbuf_add_char(out, '\n');
    }
}

void keel_config_write_yaml(const keel_config *c, int everything, keel_strbuf *out) {
    for (size_t i = 0; i < c->slot_count; i++)
        if (!section_seen(c, i)) write_yaml_section(c, i, everything, out);
}

void keel_config_write_value(const keel_config *c, size_t index, keel_json *j) {
    keel_strbuf text;
    KEEL_ASSERT(index < c->slot_count);
    const keel_config_slot *slot = &c->slots[index];
    keel_strbuf_init(&text, 0);
    if (slot->value.set) keel_config_value_show(slot->entry, &slot->value, &text);
    if (!slot->value.set)
        keel_json_null(j);
    else if (slot->entry->type == KEEL_CONFIG_ENUM || slot->entry->type == KEEL_CONFIG_DURATION ||
             slot->entry->type == KEEL_CONFIG_SIZE)
        keel_json_string(j, keel_strbuf_text(&text));
    else
        keel_json_raw(j, keel_strbuf_text(&text));
    keel_strbuf_done(&text);
}

/* ---- JSON Schema ---- */

static void write_number(keel_json *j, const char *key, const keel_config_entry *entry, const char *text) {
    keel_config_setting setting = {.kind = KEEL_TREE_PLAIN, .text = (char *)(uintptr_t)text};
    keel_config_entry unbounded = *entry;
    keel_config_value value = {0};
    keel_strbuf number;
    unbounded.min = unbounded.max = NULL;
    KEEL_ASSERT(keel_config_coerce(&unbounded, &setting, &value, NULL) == 0);
    keel_strbuf_init(&number, 0);
    keel_config_value_write(entry, &value, &number);
    keel_json_key(j, key);
    keel_json_raw(j, keel_strbuf_text(&number));
    keel_strbuf_done(&number);
    keel_config_value_done(&value);
}

static void write_choices(keel_json *j, const char *choices) {
    keel_json_key(j, "enum");
    keel_json_array(j);
    for (const char *from = choices; *from;) {
        size_t length = strcspn(from, "|");
        char *choice = strndup(from, length);
        KEEL_ASSERT(choice != NULL);
        keel_json_string(j, choice);
        free(choice);
        from += length + (from[length] == '|');
    }
    keel_json_close(j);
}

/* Any text passes; the first branch is what an editor offers. */
static void write_suggestions(keel_json *j, const char *choices) {
    keel_json_key(j, "anyOf");
    keel_json_array(j);
    keel_json_object(j);
    write_choices(j, choices);
    keel_json_close(j);
    keel_json_object(j);
    keel_json_kstring(j, "type", "string");
    keel_json_close(j);
    keel_json_close(j);
}

static void write_type(keel_json *j, const keel_config_entry *entry) {
    switch (entry->type) {
        case KEEL_CONFIG_BOOL: keel_json_kstring(j, "type", "boolean"); break;
        case KEEL_CONFIG_INT: keel_json_kstring(j, "type", "integer"); break;
        case KEEL_CONFIG_REAL:
        case KEEL_CONFIG_USD:
        case KEEL_CONFIG_BPS: keel_json_kstring(j, "type", "number"); break;
        case KEEL_CONFIG_ENUM: write_choices(j, entry->choices); break;
        case KEEL_CONFIG_DURATION:
            keel_json_kstring(j, "type", "string");
            keel_json_kstring(j, "pattern", "^[0-9]+(ms|s|m|h|d|w)$");
            break;
        case KEEL_CONFIG_SIZE:
            keel_json_kstring(j, "type", "string");
            keel_json_kstring(j, "pattern", "^[0-9]+(B|[kKMG]B|[KMGT]iB)?$");
            break;
        case KEEL_CONFIG_STRING:
            keel_json_kstring(j, "type", "string");
            if (entry->choices) write_suggestions(j, entry->choices);
            if (entry->flags & KEEL_CONFIG_SECRET) keel_json_kstring(j, "pattern", "^(file|env):.+$");
            break;
        case KEEL_CONFIG_LIST:
            keel_json_kstring(j, "type", "array");
            keel_json_key(j, "items");
            keel_json_object(j);
            keel_json_kstring(j, "type", "string");
            keel_json_close(j);
            break;
        default: KEEL_ASSERT(0);
    }
}

static int is_plain_number(keel_config_type type) {
    return type == KEEL_CONFIG_INT || type == KEEL_CONFIG_REAL || type == KEEL_CONFIG_USD || type == KEEL_CONFIG_BPS;
}

static void write_default(keel_json *j, const keel_config_slot *slot) {
    const keel_config_entry *entry = slot->entry;
    if (!entry->default_text) return;
    if (is_plain_number(entry->type) || entry->type == KEEL_CONFIG_BOOL || entry->type == KEEL_CONFIG_LIST)
        write_number(j, "default", entry, entry->default_text);
    else
        keel_json_kstring(j, "default", entry->default_text);
}

/* The schema of one value. */
static void write_value(keel_json *j, const keel_config_slot *slot, int with_default) {
    const keel_config_entry *entry = slot->entry;
    keel_json_object(j);
    write_type(j, entry);
    if (with_default) write_default(j, slot);
    if (is_plain_number(entry->type)) {
        if (entry->min) write_number(j, "minimum", entry, entry->min);
        if (entry->max) write_number(j, "maximum", entry, entry->max);
        if (entry->step) write_number(j, "x-step", entry, entry->step);
    } else {
        if (entry->min) keel_json_kstring(j, "x-minimum", entry->min);
        if (entry->max) keel_json_kstring(j, "x-maximum", entry->max);
    }
    if (entry->unit && entry->unit[0]) keel_json_kstring(j, "x-unit", entry->unit);
    keel_json_kbool(j, "x-tunable", (entry->flags & KEEL_CONFIG_TUNABLE) != 0);
    keel_json_kbool(j, "x-restart-required", (entry->flags & KEEL_CONFIG_RESTART) != 0);
    if (entry->flags & KEEL_CONFIG_SECRET) keel_json_kbool(j, "x-secret", 1);
    keel_json_kstring(j, "description", entry->doc);
    keel_json_close(j);
}

static void write_property(keel_json *j, const keel_config_slot *slot) {
    const char *dot = strchr(slot->entry->path, '.');
    keel_json_key(j, dot ? dot + 1 : slot->entry->path);
    write_value(j, slot, 1);
}

/* Rows that somebody may name besides those of a section: "^name@(a|b)$". */
static void write_variants(const keel_config *c, size_t first, size_t size, keel_json *j) {
    const char *section = c->slots[first].entry->path;
    int open = 0;
    for (size_t i = first; c->variants && i < c->slot_count; i++) {
        const keel_config_entry *entry = c->slots[i].entry;
        char pattern[200];
        if (!in_section(entry->path, section, size) || !(entry->flags & KEEL_CONFIG_TUNABLE)) continue;
        if ((entry->flags & KEEL_CONFIG_ADDED) || !c->may_vary(entry->path)) continue;
        (void)snprintf(pattern, sizeof pattern, "^%.60s@(%.100s)$", entry->path + size + 1, c->variants);
        if (!open) {
            keel_json_key(j, "patternProperties");
            keel_json_object(j);
        }
        open = 1;
        keel_json_key(j, pattern);
        write_value(j, &c->slots[i], 0);
    }
    if (open) keel_json_close(j);
}

static void write_section(const keel_config *c, size_t first, keel_json *j) {
    const char *section = c->slots[first].entry->path;
    size_t size = section_size(section);
    if (size) {
        char *name = strndup(section, size);
        KEEL_ASSERT(name != NULL);
        keel_json_key(j, name);
        free(name);
        keel_json_object(j);
        keel_json_kstring(j, "type", "object");
        keel_json_kbool(j, "additionalProperties", 0);
        keel_json_key(j, "properties");
        keel_json_object(j);
    }
    for (size_t i = first; i < c->slot_count; i++)
        if (in_section(c->slots[i].entry->path, section, size)) write_property(j, &c->slots[i]);
    if (size) {
        keel_json_close(j);
        write_variants(c, first, size, j);
        keel_json_close(j);
    }
}

void keel_config_write_section_schema(const keel_config *c, const char *section, keel_json *j) {
    for (size_t i = 0; i < c->slot_count; i++)
        if (in_section(c->slots[i].entry->path, section, strlen(section)) && !section_seen(c, i)) {
            write_section(c, i, j);
            return;
        }
    keel_json_key(j, section);
    keel_json_object(j);
    keel_json_kstring(j, "type", "object");
    keel_json_kbool(j, "additionalProperties", 0);
    keel_json_close(j);
}

void keel_config_write_property(const keel_config *c, size_t index, keel_json *j) {
    KEEL_ASSERT(index < c->slot_count);
    write_property(j, &c->slots[index]);
}

void keel_config_write_schema(const keel_config *c, const char *title, const char *open_section,
                              void (*more)(const keel_config *c, keel_json *j), keel_json *j) {
    keel_json_kstring(j, "$schema", "https://json-schema.org/draft/2020-12/schema");
    keel_json_kstring(j, "title", title);
    keel_json_kstring(j, "type", "object");
    keel_json_kbool(j, "additionalProperties", 0);
    keel_json_key(j, "properties");
    keel_json_object(j);
    for (size_t i = 0; i < c->slot_count; i++)
        if (!section_seen(c, i)) write_section(c, i, j);
    if (open_section) {
        keel_json_key(j, open_section);
        keel_json_object(j);
        keel_json_kstring(j, "type", "object");
        keel_json_close(j);
    }
    if (more) more(c, j);
    keel_json_close(j);
}
