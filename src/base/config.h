/* base/config.h: configuration in layers, checked against one table.
 *
 * Layers, later ones win: defaults of the table < files in the order loaded < environment KEEL__SECTION__KEY < flags.
 * Nothing is judged while layers are added (a strategy's own entries may depend on what was read); keel_config_resolve
 * judges everything and lists every problem with its place.
 *
 * Coercion, by the type of the entry, from YAML, JSON, environment or flag:
 *   BOOL      true/false yes/no on/off 1/0, any case
 *   INT       3, 3.0, "3", 3e2; 3.7 is an error unless KEEL_CONFIG_ROUND (halves away from zero)
 *   REAL      a decimal number; NaN, infinity and hex are errors
 *   USD       decimal dollars, exact at 1e-8
 *   BPS       decimal basis points, exact at 0.0001 (kept as 1e-8 of notional)
 *   ENUM      one of the choices, any case; kept as the table spells it
 *   DURATION  500ms 3s 5m 1h 2d 1w, kept as ms
 *   SIZE      64KiB 10MiB 1GB 512, kept as bytes
 *   STRING    any text; a JSON number is an error; choices are suggestions for editors, nothing more
 *   LIST      a list of scalars, or a text cut at commas; kept as texts
 *
 * Canonical text, the input of config_id: for each entry without KEEL_CONFIG_NO_ID, sorted by path (bytes), one line
 * "path=value\n"; numbers in shortest form, texts and lists as JSON, an unset optional entry as "path=". So the order
 * of keys, comments, blanks and the spelling of numbers do not change the id, and any value does. */
#ifndef KEEL_BASE_CONFIG_H
#define KEEL_BASE_CONFIG_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/json.h"
#include "base/sha256.h"
#include "base/strbuf.h"
#include "base/units.h"

typedef enum keel_config_type {
    KEEL_CONFIG_BOOL = 1,
    KEEL_CONFIG_INT,
    KEEL_CONFIG_REAL,
    KEEL_CONFIG_USD,
    KEEL_CONFIG_BPS,
    KEEL_CONFIG_ENUM,
    KEEL_CONFIG_DURATION,
    KEEL_CONFIG_SIZE,
    KEEL_CONFIG_STRING,
    KEEL_CONFIG_LIST
} keel_config_type;

enum {
    KEEL_CONFIG_SECRET = 1,   /* the value must be a reference, "file:PATH" or "env:NAME" */
    KEEL_CONFIG_ROUND = 2,    /* INT: fractions are rounded, halves away from zero */
    KEEL_CONFIG_OPTIONAL = 4, /* may stay unset although it has no default */
    KEEL_CONFIG_NO_ID = 8,    /* where things are, not what is computed: no part of config_id */
    KEEL_CONFIG_TUNABLE = 16, /* a sweep may vary it */
    KEEL_CONFIG_RESTART = 32, /* a running system must be restarted for it */
    KEEL_CONFIG_SET = 64,     /* LIST: kept in order of bytes, each item once */
    KEEL_CONFIG_ADDED =
        128 /* a row that is there because somebody named it: while unset no part of the canonical text */
};

/* One row of the table. Texts are as a user would write them; NULL where there is none. */
typedef struct keel_config_entry {
    const char *path; /* "section.key", or "key" at the top: at most one dot */
    keel_config_type type;
    const char *default_text;
    const char *min, *max; /* inclusive */
    const char *step;      /* a sampler's grid; not enforced on values */
    const char *unit;
    const char *choices; /* ENUM, STRING: "a|b|c" */
    const char *doc;     /* one sentence */
    int flags;           /* KEEL_CONFIG_* */
} keel_config_entry;

typedef struct keel_config keel_config;

/* Empty; NULL when out of memory. keel_config_free takes NULL. */
keel_config *keel_config_new(void);
void keel_config_free(keel_config *c);

/* Add rows of a table; borrowed until keel_config_free. A path twice, or a default that does not fit its own row, is an
 * assertion. Returns 0 or KEEL_E_NOMEM. */
KEEL_MUST_USE int keel_config_add_entries(keel_config *c, const keel_config_entry entries[], size_t count,
                                          keel_err *reterr);

/* What to say of a key that the table does not know, where the caller knows better than the nearest key: 1 with the
 * line in ret, or 0. */
typedef int (*keel_config_unknown)(const char *path, const char *origin, keel_err *ret);
void keel_config_on_unknown(keel_config *c, keel_config_unknown say);

/* For the schema: a tunable row that may_vary says so of may have rows beside it, PATH@WORD, added once they are named
 * (KEEL_CONFIG_ADDED). words is "a|b"; borrowed. */
void keel_config_allow_variants(keel_config *c, const char *words, int (*may_vary)(const char *path));

/* 1 when the table has this path. */
int keel_config_has(const keel_config *c, const char *path);

/* Add a file as a layer: JSON when the name ends in .json, YAML otherwise. At most 1 MiB.
 * Returns 0, or a code of base/file.h, base/yaml.h, base/json_read.h with the line set. */
KEEL_MUST_USE int keel_config_load_file(keel_config *c, const char *path, keel_err *reterr);

/* The same from bytes; name appears as origin. */
KEEL_MUST_USE int keel_config_load_text(keel_config *c, const char *text, size_t size, const char *name,
                                        keel_err *reterr);

/* Add KEEL__SECTION__KEY variables of environment (NULL-terminated, as environ), in order of name. */
KEEL_MUST_USE int keel_config_load_environment(keel_config *c, char *const environment[], keel_err *reterr);

/* Add one value; name is a path, or a last part that only one path has. origin: "--set", "--leverage". */
KEEL_MUST_USE int keel_config_set(keel_config *c, const char *name, const char *text, const char *origin,
                                  keel_err *reterr);

/* Give path another default, told by origin ("strategy ema_cross"): below every layer, whenever it is called. */
KEEL_MUST_USE int keel_config_preset(keel_config *c, const char *path, const char *text, const char *origin,
                                     keel_err *reterr);

/* What became of a key in a later version of the table. */
typedef struct keel_config_change {
    int64_t version;  /* the first version in which it is so */
    const char *from; /* path before */
    const char *to;   /* path since; NULL: there is none */
    const char *how;  /* when to is NULL: what to write instead, as the last part of an error line */
} keel_config_change;

/* Bring every file loaded so far to version `current` of the table, by the version it says at `path` (none: current):
 * keys that changed are renamed, step by step, changes[] in ascending order of version, and the version is then
 * current. Environment and flags are for the current version always. A version that is no whole number above zero is
 * left for keel_config_resolve to refuse. Returns 0, KEEL_E_VERSION (a file is newer than current, or has a key that
 * cannot be carried over; line set, layers may be partly renamed) or KEEL_E_NOMEM. */
KEEL_MUST_USE int keel_config_upgrade(keel_config *c, const char *path, int64_t current,
                                      const keel_config_change changes[], size_t change_count, keel_err *reterr);

/* ---- a list of maps ---------------------------------------------------------------------------------------------
 * One list at the top of a file may hold maps, such as `strategies:`. Each map is kept as a configuration without a
 * table, its keys as dotted paths; the list of a later file takes the place of an earlier one's. What the maps mean is
 * the caller's: it copies their values into a configuration that has a table. Other lists hold plain values only. */

/* Allow the list `name` (borrowed); before files are loaded. */
void keel_config_allow_items(keel_config *c, const char *name);
size_t keel_config_item_count(const keel_config *c);
const keel_config *keel_config_item(const keel_config *c, size_t index);
const char *keel_config_items_origin(const keel_config *c); /* "config.yaml:12", of one map too; NULL without a list */
/* Which of the two is the later layer: 1 the list (or path is not given), 0 neither, both are of one file, -1 path. */
int keel_config_items_after(const keel_config *c, const char *path);

/* Values as the layers of c gave them, in their order. text is NULL for a list and for nothing at all. */
size_t keel_config_given_count(const keel_config *c);
const char *keel_config_given_path(const keel_config *c, size_t index);
const char *keel_config_given_text(const keel_config *c, size_t index);
const char *keel_config_given_origin(const keel_config *c, size_t index);

/* Take back everything that layers gave for path. */
void keel_config_forget(keel_config *c, const char *path);

/* Add value `index` of from to c as its next layer, under another path. Returns 0 or KEEL_E_NOMEM. */
KEEL_MUST_USE int keel_config_copy_given(keel_config *c, const char *path, const keel_config *from, size_t index,
                                         keel_err *reterr);

/* What the layers so far say for path, unjudged; the default when they say nothing; NULL when neither. */
const char *keel_config_raw(const keel_config *c, const char *path);

/* How many values were added so far; and forget those added since. What was read of the configuration in between no
 * longer holds: keel_config_resolve comes next. For one configuration tried with many values. */
size_t keel_config_mark(const keel_config *c);
void keel_config_rewind(keel_config *c, size_t mark);

/* Judge all layers. Returns 0, or the code of the first problem with its line set (and the number of further ones). */
KEEL_MUST_USE int keel_config_resolve(keel_config *c, keel_err *reterr);

/* Problems of the last resolve, in order of layers and lines: "what: where: how to mend it". */
size_t keel_config_problem_count(const keel_config *c);
const char *keel_config_problem_at(const keel_config *c, size_t index);

/* Add a problem that only the caller can see (rules between values); the next resolve forgets it. Returns code. */
int keel_config_note_problem(keel_config *c, int code, const char *line);

/* ---- after keel_config_resolve returned 0; an unknown path or another type is an assertion ---- */

size_t keel_config_count(const keel_config *c);
const keel_config_entry *keel_config_entry_at(const keel_config *c, size_t index);
int keel_config_is_set(const keel_config *c, const char *path);   /* has a value, given or default */
int keel_config_is_given(const keel_config *c, const char *path); /* some layer gave it, presets not counted */

int64_t keel_config_get_int(const keel_config *c, const char *path); /* BOOL INT USD(1e-8) BPS(1e-8) DURATION(ms) SIZE;
                                                                        ENUM: index of the choice */
double keel_config_get_real(const keel_config *c, const char *path); /* REAL, and numbers as a user writes them */
const char *keel_config_get_text(const keel_config *c, const char *path);      /* STRING ENUM; NULL when unset */
const keel_list *keel_config_get_list(const keel_config *c, const char *path); /* LIST; empty when unset */

/* Value as canonical text, and where it came from ("default", "config.yaml:12", "KEEL__A__B", "--set"). */
void keel_config_value_text(const keel_config *c, size_t index, keel_strbuf *out);
const char *keel_config_origin(const keel_config *c, size_t index);
const char *keel_config_origin_of(const keel_config *c, const char *path);

void keel_config_canonical(const keel_config *c, keel_strbuf *out);
void keel_config_id(const keel_config *c, char ret_text[KEEL_SHA256_TEXT_MAX]);

/* The configuration as YAML that gives the same values; only what some layer gave, or everything. */
void keel_config_write_yaml(const keel_config *c, int everything, keel_strbuf *out);

/* A file with every value of the resolved configuration, commented with sentence, bounds and unit; an entry without a
 * value is commented out. */
void keel_config_write_sample(const keel_config *c, keel_strbuf *out);

/* The table as a page in Markdown, one table per section. Needs entries only. */
void keel_config_write_reference(const keel_config *c, const char *title, keel_strbuf *out);

/* The value as JSON: numbers, truths and lists as such, the rest as texts, null when unset. */
void keel_config_write_value(const keel_config *c, size_t index, keel_json *j);

/* JSON Schema (draft 2020-12) of the table, as members of the object the caller has open; needs entries only.
 * open_section (or NULL) is a section without entries whose keys the table does not know yet. more (or NULL) adds
 * properties that no entry stands for. */
void keel_config_write_schema(const keel_config *c, const char *title, const char *open_section,
                              void (*more)(const keel_config *c, keel_json *j), keel_json *j);

/* The schema of entry `index` as a member of the open object, named by the last part of its path. */
void keel_config_write_property(const keel_config *c, size_t index, keel_json *j);

/* The schema of one section as member `section` of the open object; a section without entries allows no key. */
void keel_config_write_section_schema(const keel_config *c, const char *section, keel_json *j);

#endif
