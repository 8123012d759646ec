/* research/sweep/space.h: what a sweep varies: a list of dimensions, each one parameter and the values it may take.
 *
 * A dimension is one of
 *   STEPS    low, low + step, ... up to high, exact decimals; counted by level 0..count-1
 *   CHOICES  values listed by hand, in that order; also truth values; counted by level
 *   RANGE    any real number of [low, high]
 * and may have a condition: it is active only while an earlier dimension has one of some values. An inactive dimension
 * leaves its parameter to the configuration, and does not stand in the row of a trial.
 *
 * Space files are YAML: a map (or a map under the key `space`) from parameter to one of
 *   "5:50:5"        low, high and step, as with --param          "0.001:1:log"  any number, by its logarithm
 *   [a, b, c]       these values, as with --param NAME=a,b,c
 *   {type: int|float|log|log-float|enum|bool, low: L, high: H, step: S, values: [..], when: {NAME: value or list}}
 *                   (also min, max, choices for low, high, values; `parameters` for `space`)
 * The values are checked against the table of the configuration they will be set in: its types, bounds and decimals. */
#ifndef KEEL_RESEARCH_SWEEP_SPACE_H
#define KEEL_RESEARCH_SWEEP_SPACE_H

#include <stdint.h>

#include "base/config.h"
#include "base/tree.h"

enum {
    KEEL_SPACE_DIMS_MAX = 256,
    KEEL_SPACE_NAME_MAX = 96,
    KEEL_SPACE_TEXT_MAX = 96, /* a value as text */
    KEEL_SPACE_LEVELS_MAX = 1000000
};

typedef enum keel_dim_kind { KEEL_DIM_STEPS = 1, KEEL_DIM_CHOICES, KEEL_DIM_RANGE } keel_dim_kind;

typedef struct keel_dim {
    char path[KEEL_SPACE_NAME_MAX]; /* "strategy.fast" */
    char name[KEEL_SPACE_NAME_MAX]; /* its last part where only one path has that, else the path */
    keel_config_type type;          /* of the table's entry */
    keel_dim_kind kind;
    int is_log;        /* sampled by logarithm */
    int is_ordered;    /* levels are numbers in ascending order */
    int64_t count;     /* levels; 0: RANGE */
    int64_t low, step; /* STEPS: level i is low + i * step at 10^-scale */
    int scale;
    char **choices;       /* CHOICES [count], owned, canonical text */
    double min, max;      /* of RANGE and of ordered levels */
    int32_t when;         /* earlier dimension this one hangs on, -1: none */
    int64_t *when_levels; /* [when_count], owned */
    size_t when_count;
} keel_dim;

typedef struct keel_space {
    keel_dim *dims; /* [count], owned */
    size_t count;
} keel_space;

/* What a trial gives one dimension. */
typedef struct keel_space_value {
    int64_t level; /* STEPS, CHOICES */
    double real;   /* RANGE */
    int32_t active;
    int32_t reserved;
} keel_space_value;

/* Empty space. keel_space_done frees what the space owns. */
void keel_space_init(keel_space *s);
void keel_space_done(keel_space *s);

/* Add one dimension written as on the command line: text is LO:HI:STEP, LO:HI, LO:HI:log or a,b,c.
 *   table   io  resolved configuration the values will be set in; left resolved, as it was
 *   origin  in  for messages: "--param"
 * Returns 0, or KEEL_E_UNKNOWN_KEY, KEEL_E_USAGE (contradiction: named twice, not for sweeps, fixed by a layer of the
 * configuration by flag), KEEL_E_PARSE, KEEL_E_RANGE (empty, out of the table's bounds), KEEL_E_NOMEM; line set. */
KEEL_MUST_USE int keel_space_add_text(keel_space *s, keel_config *table, const char *name, const char *text,
                                      const char *origin, keel_err *reterr);

/* Add every dimension of a space file's bytes; file appears in messages with the line. Errors as above. */
KEEL_MUST_USE int keel_space_add_yaml(keel_space *s, keel_config *table, const char *bytes, size_t size,
                                      const char *file, keel_err *reterr);

/* Points of the full grid, conditions taken into account. -1: some dimension is a RANGE (ret_dim says which) or
 * there are more than 10^12. */
int64_t keel_space_size(const keel_space *s, const keel_dim **ret_dim);

/* Which dimensions are active in a point whose levels are set: sets `active` of each, in order. */
void keel_space_activate(const keel_space *s, keel_space_value point[]);

/* The value at a share u of [0, 1) of the dimension: every level has an equal part (by logarithm: its share). */
keel_space_value keel_space_at(const keel_dim *d, double u);

/* A RANGE value as it will be written: 6 significant digits (4 decimals of basis points, 8 of dollars), inside the
 * bounds. The value is the double of that text, so that what ran is what the row says. */
double keel_space_settle(const keel_dim *d, double value);

/* The value as text, as --set takes it. text holds KEEL_SPACE_TEXT_MAX bytes. Returns text. */
const char *keel_space_text(const keel_dim *d, const keel_space_value *v, char *text);

/* A number for the value: of ordered dimensions the number itself, else the level. */
double keel_space_number(const keel_dim *d, const keel_space_value *v);

/* The space as JSON: a list of {name, path, kind, ...}, one text for one space. */
void keel_space_json(const keel_space *s, keel_json *j);

#endif
