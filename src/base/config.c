/* base/config.c: layers, their judgement, and access; see config.h. */
#include "base/config.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/config_internal.h"
#include "base/file.h"
#include "base/json_read.h"
#include "base/nearest.h"
#include "base/yaml.h"

enum { FILE_SIZE_MAX = 1 << 20 };

static int no_memory(keel_err *reterr) {
    return keel_err_set(reterr, KEEL_E_NOMEM, "out of memory: configuration: close other programs");
}

keel_config *keel_config_new(void) { return calloc(1, sizeof(keel_config)); }

void keel_config_setting_done(keel_config_setting *s) {
    free(s->path);
    free(s->origin);
    free(s->text);
    keel_list_done(&s->items);
}

static void problems_clear(keel_config *c) {
    for (size_t i = 0; i < c->problem_count; i++)
        free(c->problems[i]);
    free(c->problems);
    c->problems = NULL;
    c->problem_count = 0;
    c->problem_code = 0;
}

void keel_config_free(keel_config *c) {
    if (!c) return;
    for (size_t i = 0; i < c->slot_count; i++) {
        keel_config_value_done(&c->slots[i].value);
        free(c->slots[i].line);
    }
    for (size_t i = 0; i < c->setting_count; i++)
        keel_config_setting_done(&c->settings[i]);
    problems_clear(c);
    keel_config_drop_items(c);
    free(c->slots);
    free(c->order);
    free(c->settings);
    free(c);
}

/* ---- the table ---- */

static const char *last_part(const char *path) {
    const char *dot = strrchr(path, '.');
    return dot ? dot + 1 : path;
}

/* Where path stands in c->order, or would. */
static size_t find_place(const keel_config *c, const char *path) {
    size_t low = 0, high = c->slot_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (strcmp(c->slots[c->order[middle]].entry->path, path) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static keel_config_slot *find_slot(const keel_config *c, const char *path) {
    size_t place = find_place(c, path);
    if (place == c->slot_count) return NULL;
    keel_config_slot *slot = &c->slots[c->order[place]];
    return strcmp(slot->entry->path, path) == 0 ? slot : NULL;
}

void keel_config_on_unknown(keel_config *c, keel_config_unknown say) { c->unknown = say; }

void keel_config_allow_variants(keel_config *c, const char *words, int (*may_vary)(const char *path)) {
    c->variants = words;
    c->may_vary = may_vary;
}

int keel_config_has(const keel_config *c, const char *path) { return find_slot(c, path) != NULL; }

/* 1 when path is the first part of some entry. */
static int is_section(const keel_config *c, const char *path) {
    size_t size = strlen(path);
    for (size_t i = 0; i < c->slot_count; i++)
        if (strncmp(c->slots[i].entry->path, path, size) == 0 && c->slots[i].entry->path[size] == '.') return 1;
    return 0;
}

static int set_default(keel_config_slot *slot, keel_err *reterr) {
    keel_config_setting setting = {.kind = KEEL_TREE_PLAIN, .origin = (char *)(uintptr_t) "default"};
    keel_config_value_done(&slot->value);
    slot->origin = "default";
    slot->given = slot->changed = 0;
    if (!slot->entry->default_text) return 0;
    setting.text = (char *)(uintptr_t)slot->entry->default_text;
    return keel_config_coerce(slot->entry, &setting, &slot->value, reterr);
}

static void insert_slot(keel_config *c, keel_config_slot slot) {
    size_t place = find_place(c, slot.entry->path);
    memmove(c->order + place + 1, c->order + place, (c->slot_count - place) * sizeof *c->order);
    c->order[place] = c->slot_count;
    c->slots[c->slot_count++] = slot;
}

int keel_config_add_entries(keel_config *c, const keel_config_entry entries[], size_t count, keel_err *reterr) {
    keel_config_slot *slots = realloc(c->slots, (c->slot_count + count + 1) * sizeof *slots);
    if (!slots) return no_memory(reterr);
    c->slots = slots;
    size_t *order = realloc(c->order, (c->slot_count + count + 1) * sizeof *order);
    if (!order) return no_memory(reterr);
    c->order = order;
    for (size_t i = 0; i < count; i++) {
        keel_config_slot slot = {.entry = &entries[i]};
        KEEL_ASSERT(find_slot(c, entries[i].path) == NULL);
        int rc = set_default(&slot, reterr);
        if (rc == KEEL_E_NOMEM) return rc;
        KEEL_ASSERT(rc == 0);
        insert_slot(c, slot);
    }
    return 0;
}

/* ---- layers ---- */

keel_config_setting *keel_config_add_setting(keel_config *c, const char *path, const char *origin) {
    keel_config_setting *settings = realloc(c->settings, (c->setting_count + 1) * sizeof *settings);
    if (!settings) return NULL;
    c->settings = settings;
    keel_config_setting *s = &settings[c->setting_count];
    memset(s, 0, sizeof *s);
    s->path = strdup(path);
    s->origin = strdup(origin);
    if (!s->path || !s->origin) {
        keel_config_setting_done(s);
        return NULL;
    }
    c->setting_count++;
    return s;
}

static int copy_items(keel_config_setting *s, const keel_tree *node, keel_err *reterr) {
    s->items.items = calloc(node->count + 1, sizeof *s->items.items);
    if (!s->items.items) return no_memory(reterr);
    for (size_t i = 0; i < node->count; i++) {
        if (!node->items[i]->text)
            return keel_err_set(reterr, KEEL_E_PARSE, "%s holds %s: %s: write plain values in a list", s->path,
                                keel_tree_kind_name(node->items[i]->kind), s->origin);
        s->items.items[i] = strdup(node->items[i]->text);
        if (!s->items.items[i]) return no_memory(reterr);
        s->items.count++;
    }
    return 0;
}

static int add_node(keel_config *c, const char *path, const keel_tree *node, const char *name, keel_err *reterr) {
    char origin[512];
    (void)snprintf(origin, sizeof origin, "%.480s:%u", name, node->line);
    keel_config_setting *s = keel_config_add_setting(c, path, origin);
    if (!s) return no_memory(reterr);
    s->kind = node->kind;
    s->layer = c->file_count;
    if (node->kind == KEEL_TREE_LIST) return copy_items(s, node, reterr);
    if (!node->text) return 0;
    s->text = strdup(node->text);
    return s->text ? 0 : no_memory(reterr);
}

/* Leaves become settings with dotted paths. Depth is bounded by the reader. */
static int add_map(keel_config *c, const char *prefix, const keel_tree *map, const char *name, keel_err *reterr) {
    for (size_t i = 0; i < map->count; i++) {
        const keel_tree *node = map->items[i];
        keel_strbuf path;
        keel_strbuf_init(&path, 0);
        keel_strbuf_addf(&path, "%s%s%s", prefix, *prefix ? "." : "", node->key);
        int rc = path.failed                             ? no_memory(reterr)
                 : node->kind == KEEL_TREE_MAP           ? add_map(c, keel_strbuf_text(&path), node, name, reterr)
                 : keel_config_is_items(c, prefix, node) ? keel_config_take_items(c, node, name, reterr)
                                                         : add_node(c, keel_strbuf_text(&path), node, name, reterr);
        keel_strbuf_done(&path);
        if (rc) return rc;
    }
    return 0;
}

int keel_config_add_map(keel_config *c, const keel_tree *map, const char *name, keel_err *reterr) {
    return add_map(c, "", map, name, reterr);
}

static int has_suffix(const char *text, const char *suffix) {
    size_t size = strlen(text), suffix_size = strlen(suffix);
    return size >= suffix_size && strcmp(text + size - suffix_size, suffix) == 0;
}

int keel_config_load_text(keel_config *c, const char *text, size_t size, const char *name, keel_err *reterr) {
    keel_tree *tree = NULL;
    KEEL_TRY((has_suffix(name, ".json") ? keel_json_parse : keel_yaml_parse)(text, size, name, &tree, reterr));
    int rc = 0;
    c->file_count++;
    if (tree && tree->kind == KEEL_TREE_MAP)
        rc = add_map(c, "", tree, name, reterr);
    else if (tree && tree->kind != KEEL_TREE_NULL)
        rc = keel_err_set(reterr, KEEL_E_PARSE, "the file is not a map: %s:%u: write 'section:' and keys below it",
                          name, tree->line);
    keel_tree_free(tree);
    return rc;
}

int keel_config_load_file(keel_config *c, const char *path, keel_err *reterr) {
    char *bytes;
    size_t size;
    KEEL_TRY(keel_file_read(path, FILE_SIZE_MAX, &bytes, &size, reterr));
    int rc = keel_config_load_text(c, bytes, size, path, reterr);
    free(bytes);
    return rc;
}

static int add_text(keel_config *c, const char *path, const char *text, const char *origin, int short_name,
                    keel_err *reterr) {
    keel_config_setting *s = keel_config_add_setting(c, path, origin);
    if (!s) return no_memory(reterr);
    s->kind = KEEL_TREE_PLAIN;
    s->short_name = short_name;
    s->text = strdup(text);
    return s->text ? 0 : no_memory(reterr);
}

int keel_config_set(keel_config *c, const char *name, const char *text, const char *origin, keel_err *reterr) {
    return add_text(c, name, text, origin, 1, reterr);
}

int keel_config_preset(keel_config *c, const char *path, const char *text, const char *origin, keel_err *reterr) {
    KEEL_TRY(add_text(c, path, text, origin, 0, reterr));
    keel_config_setting last = c->settings[c->setting_count - 1];
    last.preset = 1;
    memmove(c->settings + 1, c->settings, (c->setting_count - 1) * sizeof last);
    c->settings[0] = last;
    return 0;
}

/* KEEL__SECTION__KEY=value -> section.key from the variable. */
static int add_variable(keel_config *c, const char *variable, keel_err *reterr) {
    static const char PREFIX[] = "KEEL__";
    const char *equals = strchr(variable, '=');
    if (!equals) return 0;
    char *name = strndup(variable, (size_t)(equals - variable));
    char *path = name ? calloc(strlen(name) + 1, 1) : NULL;
    size_t size = 0;
    for (const char *at = path ? name + sizeof PREFIX - 1 : ""; *at; at++) {
        int separator = at[0] == '_' && at[1] == '_' && size > 0 && at[2];
        path[size++] = separator ? '.' : (char)(*at >= 'A' && *at <= 'Z' ? *at - 'A' + 'a' : *at);
        at += separator;
    }
    int rc = path ? add_text(c, path, equals + 1, name, 0, reterr) : no_memory(reterr);
    free(path);
    free(name);
    return rc;
}

static int by_text(const void *a, const void *b) {
    const char *const *left = a, *const *right = b;
    return strcmp(*left, *right);
}

int keel_config_load_environment(keel_config *c, char *const environment[], keel_err *reterr) {
    size_t count = 0, taken = 0;
    while (environment[count])
        count++;
    const char **ours = calloc(count + 1, sizeof *ours);
    if (!ours) return no_memory(reterr);
    for (size_t i = 0; i < count; i++)
        if (strncmp(environment[i], "KEEL__", 6) == 0) ours[taken++] = environment[i];
    qsort(ours, taken, sizeof *ours, by_text); /* an environment has no order; problems are listed in one */
    int rc = 0;
    for (size_t i = 0; !rc && i < taken; i++)
        rc = add_variable(c, ours[i], reterr);
    free(ours);
    return rc;
}

const char *keel_config_raw(const keel_config *c, const char *path) {
    for (size_t i = c->setting_count; i-- > 0;) {
        const keel_config_setting *s = &c->settings[i];
        const char *wanted = s->short_name && !strchr(s->path, '.') ? last_part(path) : path;
        if (strcmp(s->path, wanted) == 0) return s->text;
    }
    const keel_config_slot *slot = find_slot(c, path);
    return slot ? slot->entry->default_text : NULL;
}

size_t keel_config_mark(const keel_config *c) { return c->setting_count; }

void keel_config_rewind(keel_config *c, size_t mark) {
    while (c->setting_count > mark)
        keel_config_setting_done(&c->settings[--c->setting_count]);
}

/* ---- judgement ---- */

static void add_problem(keel_config *c, const keel_err *err) {
    char **problems = realloc(c->problems, (c->problem_count + 1) * sizeof *problems);
    if (!c->problem_code) c->problem_code = err->code;
    if (!problems) return;
    c->problems = problems;
    c->problems[c->problem_count] = strdup(err->text);
    if (c->problems[c->problem_count]) c->problem_count++;
}

static int same_section(const char *a, const char *b) {
    size_t size = (size_t)(last_part(a) - a);
    return size == (size_t)(last_part(b) - b) && strncmp(a, b, size) == 0;
}

/* How far a candidate is from what was written: edits of the whole, or of the last part in another section (one edit
 * more), or 1 when the last part holds the word whole. */
static unsigned path_distance(const char *path, const char *candidate) {
    unsigned whole = keel_nearest_distance(path, candidate);
    unsigned last = keel_nearest_distance(last_part(path), last_part(candidate)) + !same_section(path, candidate);
    if (strlen(last_part(path)) > 2 && strstr(last_part(candidate), last_part(path)) && last > 1) last = 1;
    return whole < last ? whole : last;
}

static const char *nearest_path(const keel_config *c, const char *path) {
    const char *best = "";
    unsigned best_distance = ~0U;
    for (size_t i = 0; i < c->slot_count; i++) {
        const char *candidate = c->slots[i].entry->path;
        unsigned distance = path_distance(path, candidate);
        if (distance < best_distance) {
            best = candidate;
            best_distance = distance;
        }
    }
    return best;
}

static void unknown_path(keel_config *c, const keel_config_setting *s) {
    keel_err err = {0};
    if (!c->unknown || !c->unknown(s->path, s->origin, &err))
        (void)keel_err_set(&err, KEEL_E_UNKNOWN_KEY, "unknown key '%.100s': %s: nearest is '%s'", s->path, s->origin,
                           nearest_path(c, s->path));
    add_problem(c, &err);
}

/* The slot a setting means; a problem is noted when there is none or several. */
static keel_config_slot *slot_of(keel_config *c, const keel_config_setting *s) {
    keel_config_slot *found = find_slot(c, s->path);
    if (found || !s->short_name || strchr(s->path, '.')) {
        if (!found) unknown_path(c, s);
        return found;
    }
    for (size_t i = 0; i < c->slot_count; i++) {
        if (strcmp(last_part(c->slots[i].entry->path), s->path) != 0) continue;
        if (found) {
            keel_err err = {0};
            (void)keel_err_set(&err, KEEL_E_UNKNOWN_KEY, "'%s' may be '%s' or '%s': %s: write the whole path", s->path,
                               found->entry->path, c->slots[i].entry->path, s->origin);
            add_problem(c, &err);
            return NULL;
        }
        found = &c->slots[i];
    }
    if (!found) unknown_path(c, s);
    return found;
}

static void apply(keel_config *c, const keel_config_setting *s) {
    keel_err err = {0};
    keel_config_value value;
    if (s->kind == KEEL_TREE_NULL && is_section(c, s->path)) return; /* a section with nothing in it */
    keel_config_slot *slot = slot_of(c, s);
    if (!slot) return;
    if (keel_config_coerce(slot->entry, s, &value, &err) != 0) {
        add_problem(c, &err);
        return;
    }
    keel_config_value_done(&slot->value);
    slot->value = value;
    slot->origin = s->origin;
    slot->given = !s->preset;
    slot->changed = 1;
}

static void check_missing(keel_config *c, const keel_config_slot *slot) {
    keel_err err = {0};
    if (slot->value.set || (slot->entry->flags & KEEL_CONFIG_OPTIONAL)) return;
    (void)keel_err_set(&err, KEEL_E_USAGE,
                       "%s has no value: configuration: set it in a file, the environment or by flag",
                       slot->entry->path);
    add_problem(c, &err);
}

int keel_config_resolve(keel_config *c, keel_err *reterr) {
    problems_clear(c);
    for (size_t i = 0; i < c->slot_count; i++)
        if (c->slots[i].changed && set_default(&c->slots[i], reterr) != 0) return no_memory(reterr);
    for (size_t i = 0; i < c->setting_count; i++)
        apply(c, &c->settings[i]);
    for (size_t i = 0; i < c->slot_count; i++)
        check_missing(c, &c->slots[i]);
    if (!c->problem_code) return 0;
    if (!c->problem_count) return no_memory(reterr);
    if (c->problem_count == 1) return keel_err_set(reterr, c->problem_code, "%s", c->problems[0]);
    return keel_err_set(reterr, c->problem_code, "%s (and %zu more)", c->problems[0], c->problem_count - 1);
}

size_t keel_config_problem_count(const keel_config *c) { return c->problem_count; }

const char *keel_config_problem_at(const keel_config *c, size_t index) {
    KEEL_ASSERT(index < c->problem_count);
    return c->problems[index];
}

int keel_config_note_problem(keel_config *c, int code, const char *line) {
    keel_err err = {0};
    (void)keel_err_set(&err, code, "%s", line);
    add_problem(c, &err);
    return code;
}

/* ---- access ---- */

size_t keel_config_count(const keel_config *c) { return c->slot_count; }

const keel_config_entry *keel_config_entry_at(const keel_config *c, size_t index) {
    KEEL_ASSERT(index < c->slot_count);
    return c->slots[index].entry;
}

static const keel_config_slot *known_slot(const keel_config *c, const char *path) {
    const keel_config_slot *slot = find_slot(c, path);
    KEEL_ASSERT(slot != NULL);
    return slot;
}

int keel_config_is_set(const keel_config *c, const char *path) { return known_slot(c, path)->value.set; }

int keel_config_is_given(const keel_config *c, const char *path) { return known_slot(c, path)->given; }

int64_t keel_config_get_int(const keel_config *c, const char *path) {
    const keel_config_slot *slot = known_slot(c, path);
    keel_config_type type = slot->entry->type;
    KEEL_ASSERT(slot->value.set && type != KEEL_CONFIG_REAL && type != KEEL_CONFIG_STRING && type != KEEL_CONFIG_LIST);
    return slot->value.integer;
}

double keel_config_get_real(const keel_config *c, const char *path) {
    const keel_config_slot *slot = known_slot(c, path);
    keel_config_type type = slot->entry->type;
    KEEL_ASSERT(slot->value.set && type != KEEL_CONFIG_STRING && type != KEEL_CONFIG_LIST);
    if (type == KEEL_CONFIG_REAL) return slot->value.real;
    return (double)slot->value.integer / (type == KEEL_CONFIG_USD ? 1e8 : type == KEEL_CONFIG_BPS ? 1e4 : 1.0);
}

const char *keel_config_get_text(const keel_config *c, const char *path) {
    const keel_config_slot *slot = known_slot(c, path);
    KEEL_ASSERT(slot->entry->type == KEEL_CONFIG_STRING || slot->entry->type == KEEL_CONFIG_ENUM);
    return slot->value.text;
}

const keel_list *keel_config_get_list(const keel_config *c, const char *path) {
    const keel_config_slot *slot = known_slot(c, path);
    KEEL_ASSERT(slot->entry->type == KEEL_CONFIG_LIST);
    return &slot->value.list;
}

const char *keel_config_origin(const keel_config *c, size_t index) {
    KEEL_ASSERT(index < c->slot_count);
    return c->slots[index].origin;
}

const char *keel_config_origin_of(const keel_config *c, const char *path) { return known_slot(c, path)->origin; }

void keel_config_value_text(const keel_config *c, size_t index, keel_strbuf *out) {
    KEEL_ASSERT(index < c->slot_count);
    if (c->slots[index].value.set) keel_config_value_write(c->slots[index].entry, &c->slots[index].value, out);
}
