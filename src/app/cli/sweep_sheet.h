/* app/cli/sweep_sheet.h: a sweep as one document (schema keel.sweep_surface, docs/formats/sweep.md): what reports draw
 * their heat map from. */
#ifndef KEEL_APP_CLI_SWEEP_SHEET_H
#define KEEL_APP_CLI_SWEEP_SHEET_H

#include "app/cli/sweep_study.h"
#include "base/json.h"

#define KEEL_SWEEP_SURFACE_SCHEMA "keel.sweep_surface"
#define KEEL_SWEEP_SURFACE_SCHEMA_VERSION 1

/* Of more trials than KEEL_SHEET_TRIALS the best KEEL_SHEET_BEST are kept and the others evenly by rank. */
enum { KEEL_SHEET_TRIALS = 20000, KEEL_SHEET_BEST = 5000, KEEL_SHEET_TOP = 25 };

/* Append the document to j. Returns 0, or what reading the best rows again refuses. */
KEEL_MUST_USE int keel_sweep_sheet_json(const keel_sweep_study *s, keel_json *j, keel_err *err);

/* The same as a tree, handed to the caller: keel_tree_free. */
KEEL_MUST_USE int keel_sweep_sheet(const keel_sweep_study *s, keel_tree **ret, keel_err *err);

/* Parts of documents about sweeps: "findings", one statistic, the object "params" of a row. */
void keel_sweep_findings_json(const keel_sweep_study *s, keel_json *j);
void keel_sweep_stat_json(keel_json *j, const char *key, keel_stat s);
void keel_sweep_params_json(const keel_row *row, keel_json *j);

#endif
