/* tests/unit/engine_logged.h: an engine of engine_world.h that keeps a log in /run of its disk. */
#ifndef ENGINE_LOGGED_H
#define ENGINE_LOGGED_H

#include "app/cli/paper_log.h"
#include "engine_world.h"

/* Opened; the folder may be there. trace_every 0: no trace. What comes is for the engine's options. */
static inline keel_engine_watch world_log(keel_paper_log *log, world *w, const keel_engine_watch *inner,
                                          uint64_t trace_every) {
    static const char *const NAMES[] = {"AAA", "BBB"};
    keel_err err = {0};
    keel_paper_log_run run = {.run_id = "r1",
                              .strategy = "momentum",
                              .config_id = "c1",
                              .dataset_hash = "d1",
                              .build = "b",
                              .venue = "v",
                              .symbols = NAMES,
                              .trace_every = trace_every,
                              .fs = keel_simfs_port(w->disk)};
    (void)run.fs->mkdir(run.fs->ctx, "/run");
    if (keel_paper_log_open(log, "/run", &run, &w->plan.plan, inner, &err) != 0) fail_msg("%s", err.text);
    return keel_paper_log_watch(log);
}

#endif
