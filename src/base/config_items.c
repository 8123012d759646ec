/* base/config_items.c: a list of maps in a configuration, and values as the layers gave them; see config.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/config_internal.h"

static int no_memory(keel_err *reterr) {
    return keel_err_set(reterr, KEEL_E_NOMEM, "out of memory: configuration: close other programs");
}

void keel_config_allow_items(keel_config *c, const char *name) { c->items_name = name; }

size_t keel_config_item_count(const keel_config *c) { return c->item_count; }

const keel_config *keel_config_item(const keel_config *c, size_t index) {
    KEEL_ASSERT(index < c->item_count);
    return c->items[index];
}

const char *keel_config_items_origin(const keel_config *c) { return c->items_origin; }

/* 1 when s is a value for path, by the whole path or by its last part. */
static int means(const keel_config_setting *s, const char *path) {
    const char *dot = strrchr(path, '.');
    int by_last = s->short_name && dot && !strchr(s->path, '.');
    return strcmp(s->path, by_last ? dot + 1 : path) == 0;
}

int keel_config_items_after(const keel_config *c, const char *path) {
    for (size_t i = c->setting_count; i-- > 0;) {
        const keel_config_setting *s = &c->settings[i];
        if (s->preset || !means(s, path)) continue;
        if (s->layer == 0) return -1;
        return (c->items_layer > s->layer) - (c->items_layer < s->layer);
    }
    return 1;
}

void keel_config_forget(keel_config *c, const char *path) {
    size_t kept = 0;
    for (size_t i = 0; i < c->setting_count; i++) {
        if (means(&c->settings[i], path))
            keel_config_setting_done(&c->settings[i]);
        else
            c->settings[kept++] = c->settings[i];
    }
    c->setting_count = kept;
}

void keel_config_drop_items(keel_config *c) {
    for (size_t i = 0; i < c->item_count; i++)
        keel_config_free(c->items[i]);
    free(c->items);
    free(c->items_origin);
    c->items = NULL;
    c->items_origin = NULL;
    c->item_count = 0;
}

int keel_config_is_items(const keel_config *c, const char *prefix, const keel_tree *node) {
    return c->items_name && !*prefix && node->kind == KEEL_TREE_LIST && strcmp(node->key, c->items_name) == 0;
}

static int take_item(keel_config *c, const keel_tree *map, const char *name, keel_err *reterr) {
    if (map->kind != KEEL_TREE_MAP)
        return keel_err_set(reterr, KEEL_E_PARSE,
                            "%s holds %s: %s:%u: write '- name: value' and further names below it", c->items_name,
                            keel_tree_kind_name(map->kind), name, map->line);
    keel_config *item = keel_config_new();
    if (!item) return no_memory(reterr);
    c->items[c->item_count++] = item;
    char origin[512];
    (void)snprintf(origin, sizeof origin, "%.480s:%u", name, map->line);
    item->items_origin = strdup(origin);
    return item->items_origin ? keel_config_add_map(item, map, name, reterr) : no_memory(reterr);
}

int keel_config_take_items(keel_config *c, const keel_tree *list, const char *name, keel_err *reterr) {
    char origin[512];
    keel_config_drop_items(c);
    c->items_layer = c->file_count;
    (void)snprintf(origin, sizeof origin, "%.480s:%u", name, list->line);
    c->items_origin = strdup(origin);
    c->items = calloc(list->count + 1, sizeof(keel_config *));
    if (!c->items_origin || !c->items) return no_memory(reterr);
    for (size_t i = 0; i < list->count; i++)
        KEEL_TRY(take_item(c, list->items[i], name, reterr));
    return 0;
}

/* ---- values as given ---- */

static const keel_config_setting *given(const keel_config *c, size_t index) {
    KEEL_ASSERT(index < c->setting_count);
    return &c->settings[index];
}

size_t keel_config_given_count(const keel_config *c) { return c->setting_count; }

const char *keel_config_given_path(const keel_config *c, size_t index) { return given(c, index)->path; }

const char *keel_config_given_text(const keel_config *c, size_t index) { return given(c, index)->text; }

const char *keel_config_given_origin(const keel_config *c, size_t index) { return given(c, index)->origin; }

int keel_config_copy_given(keel_config *c, const char *path, const keel_config *from, size_t index, keel_err *reterr) {
    const keel_config_setting *old = given(from, index);
    keel_config_setting *s = keel_config_add_setting(c, path, old->origin);
    if (!s) return no_memory(reterr);
    s->kind = old->kind;
    if (old->text && !(s->text = strdup(old->text))) return no_memory(reterr);
    if (old->kind != KEEL_TREE_LIST) return 0;
    s->items.items = calloc(old->items.count + 1, sizeof *s->items.items);
    if (!s->items.items) return no_memory(reterr);
    for (; s->items.count < old->items.count; s->items.count++) {
        s->items.items[s->items.count] = strdup(old->items.items[s->items.count]);
        if (!s->items.items[s->items.count]) return no_memory(reterr);
    }
    return 0;
}
