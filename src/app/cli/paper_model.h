/* app/cli/paper_model.h: how far a paper run is from its backtest on purpose: flags, and their place in documents. */
#ifndef KEEL_APP_CLI_PAPER_MODEL_H
#define KEEL_APP_CLI_PAPER_MODEL_H

#include "app/cli/cli.h"
#include "base/json.h"
#include "base/tree.h"
#include "edge/sim/venue.h"

/* All zero: the run is its backtest. */
typedef struct keel_paper_model {
    keel_sim_model sim;
    int64_t late_every; /* of each symbol, each so-many-th bar comes one bar late; 0: none */
} keel_paper_model;

/* The flags; another verb lists them to take a model. */
extern const keel_cli_opt keel_paper_model_options[];

/* Returns 0 or KEEL_E_USAGE. */
KEEL_MUST_USE int keel_paper_model_read(keel_cli *cli, keel_paper_model *ret);

int keel_paper_model_is_plain(const keel_paper_model *m);

/* As members of the object that is open; and back, where an absent member is 0. KEEL_E_PARSE. */
void keel_paper_model_json(const keel_paper_model *m, keel_json *j);
KEEL_MUST_USE int keel_paper_model_of(const keel_tree *node, keel_paper_model *ret);

/* One line that names it, for the run's id; empty when plain. */
enum { KEEL_PAPER_MODEL_TEXT = 160 };
const char *keel_paper_model_text(const keel_paper_model *m, char room[KEEL_PAPER_MODEL_TEXT]);

#endif
