/* app/cli/paper_keeper.h: a running paper session's states and counters, in state.db and operational.json of its
 * folder: docs/formats/state_store.md.
 *
 * Watches the engine behind the session's books. While the journal is replayed the newest kept state is held against
 * the one that the replay comes to; afterwards a state is kept every so many bars and at the end. */
#ifndef KEEL_APP_CLI_PAPER_KEEPER_H
#define KEEL_APP_CLI_PAPER_KEEPER_H

#include "app/cli/paper_books.h"
#include "ops/state/store.h"

typedef struct keel_paper_keeper {
    keel_paper_books *books; /* borrowed */
    keel_engine_watch inner; /* theirs */
    keel_statestore *store;
    char folder[1024];
    const char *const *symbols; /* [symbol_count], borrowed */
    const char *run_id, *config_id;
    int64_t start_e8, cooldown_ms;
    int64_t every, bars; /* bars between two states, and since the last */
    int live;            /* 1: the journal is behind us */
    keel_staterow last;  /* the newest kept state when the session started; state NULL: none */
    int is_there;        /* 1: the replay is behind that input, and before the next one of the market */
    int came_by;         /* 1: it was */
    int ordered;         /* 1: an order changed the books in the replay */
    int compared;        /* 1: the replay came by the kept state */
    int differs;         /* 1: it was another */
    int64_t cut;         /* states of a part of the journal that was cut off, put aside */
    int64_t failures;    /* states that could not be kept; tried again after as many bars */
    keel_err err;        /* why, the first time; code 0: never */
    /* Called then, at once. NULL: nobody is told. */
    void (*failed)(void *data, const char *why);
    void *failed_data;
} keel_paper_keeper;

/* Open or make the store in k->folder; the members above it are set. Errors of keel_statestore_open. */
KEEL_MUST_USE int keel_paper_keeper_open(keel_paper_keeper *k, keel_err *reterr);
void keel_paper_keeper_done(keel_paper_keeper *k);

/* For the engine's options, in place of the books'. */
keel_engine_watch keel_paper_keeper_watch(keel_paper_keeper *k);

/* The journal was replayed up to input `last`, to this state: is it what the kept state was taken from? From here on
 * states are kept. is_cut: the journal was cut back, by a repair or after damage, and nobody has resumed since: states
 * that are newer, or of what was cut off, are put aside. 0 or KEEL_E_PARITY with the line set. */
KEEL_MUST_USE int keel_paper_keeper_go_live(keel_paper_keeper *k, uint64_t last, uint64_t state_hash, int is_cut,
                                            keel_err *reterr);

/* How old the kept state was and what became of it: lines for people, none for a new run. */
void keel_paper_keeper_say(const keel_paper_keeper *k, keel_strbuf *out);

/* Keep this state now, after input `last` at ts_ms. */
KEEL_MUST_USE int keel_paper_keeper_keep(keel_paper_keeper *k, const keel_state *st, uint64_t last, int64_t ts_ms,
                                         keel_err *reterr);

#endif
