/* base/config_internal.h: shared by the config*.c files only. */
#ifndef KEEL_BASE_CONFIG_INTERNAL_H
#define KEEL_BASE_CONFIG_INTERNAL_H

#include "base/config.h"
#include "base/tree.h"

/* One value as a layer gave it. */
typedef struct keel_config_setting {
    char *path;
    char *origin;
    keel_tree_kind kind; /* LIST: items, MAP never, otherwise text */
    char *text;          /* NULL for NULL and LIST */
    keel_list items;
    int layer;      /* which file, from 1; 0: environment, flags, presets */
    int short_name; /* path may be a last part */
    int preset;     /* another default, not a layer */
} keel_config_setting;

typedef struct keel_config_value {
    int set;
    int64_t integer; /* BOOL INT USD BPS ENUM DURATION SIZE */
    double real;     /* REAL */
    char *text;      /* STRING, ENUM */
    keel_list list;  /* LIST */
} keel_config_value;

typedef struct keel_config_slot {
    const keel_config_entry *entry;
    keel_config_value value;
    const char *origin; /* borrowed from the setting, or "default" */
    int given;          /* by a layer */
    int changed;        /* value is another than the default's */
    /* The canonical line of a number, and of which: a configuration that is varied writes few of its lines anew. */
    char *line;
    int line_set;
    int64_t line_integer;
    double line_real;
} keel_config_slot;

struct keel_config {
    keel_config_slot *slots; /* [slot_count], in order of addition */
    size_t slot_count;
    size_t *order;                 /* [slot_count], indices of slots by path */
    keel_config_setting *settings; /* [setting_count], in order of layers */
    size_t setting_count;
    int file_count;         /* files loaded so far */
    const char *items_name; /* of the list of maps that is allowed; NULL: none */
    keel_config **items;    /* [item_count] */
    size_t item_count;
    char *items_origin;
    int items_layer; /* which file it is from */
    char **problems; /* [problem_count] */
    size_t problem_count;
    int problem_code;            /* of the first */
    keel_config_unknown unknown; /* NULL: nobody */
    const char *variants;        /* NULL: none */
    int (*may_vary)(const char *path);
};

/* Coerce a setting to the entry's type and check bounds. ret_value is handed to the caller (keel_config_value_done).
 * Returns 0, or KEEL_E_PARSE, KEEL_E_RANGE, KEEL_E_NOMEM with the whole line set. */
KEEL_MUST_USE int keel_config_coerce(const keel_config_entry *entry, const keel_config_setting *setting,
                                     keel_config_value *ret_value, keel_err *reterr);
void keel_config_value_done(keel_config_value *value);

/* A new empty setting at the end, with copies of path and origin; NULL when out of memory. */
keel_config_setting *keel_config_add_setting(keel_config *c, const char *path, const char *origin);
void keel_config_setting_done(keel_config_setting *s);

/* Add a map's leaves as a layer; name is the file's. Returns 0, KEEL_E_PARSE or KEEL_E_NOMEM. */
KEEL_MUST_USE int keel_config_add_map(keel_config *c, const keel_tree *map, const char *name, keel_err *reterr);

/* 1 when node is the list of maps that c allows. */
int keel_config_is_items(const keel_config *c, const char *prefix, const keel_tree *node);
/* Take it in place of the one before. Returns 0, KEEL_E_PARSE or KEEL_E_NOMEM. */
KEEL_MUST_USE int keel_config_take_items(keel_config *c, const keel_tree *list, const char *name, keel_err *reterr);
void keel_config_drop_items(keel_config *c);

/* Append the canonical text of a set value. */
void keel_config_value_write(const keel_config_entry *entry, const keel_config_value *value, keel_strbuf *out);
/* The same for people and for files that people edit: sizes with their unit. */
void keel_config_value_show(const keel_config_entry *entry, const keel_config_value *value, keel_strbuf *out);

/* Decimal places kept by a type: 8 USD, 4 BPS, else 0. */
int keel_config_scale(keel_config_type type);

#endif
