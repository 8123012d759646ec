/* app/cli/paper_disk.c: see paper_disk.h. */
#include "app/cli/paper_disk.h"

#include <stdio.h>

static const int64_t LOOK_NS = 1000000000;
static const double BACK_PCT = 1.0;

static const char *const ACTIONS[KEEL_PAPER_DISK_LEVELS] = {"disk_good", "disk_low", "disk_blocks_entries",
                                                            "disk_ends_run"};

/* The worst level whose limit is above what is free; one that is reached holds until a point more is. */
static int level_of(const keel_paper_disk *d, double free_pct) {
    int level = KEEL_PAPER_DISK_GOOD;
    for (int i = KEEL_PAPER_DISK_WARN; i < KEEL_PAPER_DISK_LEVELS; i++) {
        double below = d->below_pct[i];
        if (below > 0.0 && (free_pct < below || (i <= d->level && free_pct < below + BACK_PCT))) level = i;
    }
    return level;
}

void keel_paper_disk_init(keel_paper_disk *d, const char *folder, const keel_config *config,
                          void (*told)(void *data, const char *action, const char *why), void *told_data) {
    *d = (keel_paper_disk){.space = keel_diskspace_real(),
                           .clock = keel_clock_real(),
                           .folder = folder,
                           .told = told,
                           .told_data = told_data};
    d->below_pct[KEEL_PAPER_DISK_WARN] = keel_config_get_real(config, "log.disk_warn_pct");
    d->below_pct[KEEL_PAPER_DISK_BLOCK] = keel_config_get_real(config, "log.disk_block_pct");
    d->below_pct[KEEL_PAPER_DISK_STOP] = keel_config_get_real(config, "log.disk_stop_pct");
}

int keel_paper_disk_ended(const keel_paper_disk *d, keel_err *reterr) {
    return keel_err_set(reterr, KEEL_E_IO, "the disk is nearly full: %.300s: %s: make room; the same command goes on",
                        d->folder, d->text);
}

int keel_paper_disk_look(keel_paper_disk *d) {
    keel_diskspace_left left;
    int64_t now_ns = d->clock->mono_ns(d->clock->ctx);
    if (d->looked && now_ns < d->next_ns) return d->level;
    d->looked = 1;
    d->next_ns = now_ns + LOOK_NS;
    if (d->space->look(d->space->ctx, d->folder, &left) != 0) return d->level;
    double free_pct = 100.0 * (double)left.free_bytes / (double)left.total_bytes;
    int level = level_of(d, free_pct);
    if (level == d->level) return level;
    double limit = d->below_pct[level ? level : KEEL_PAPER_DISK_WARN];
    (void)snprintf(d->text, sizeof d->text, "%.1f %% of the disk is free, %s %.3g %%", free_pct,
                   level ? "less than" : "well above", limit);
    d->level = level;
    if (level < KEEL_PAPER_DISK_BLOCK) d->ordered = 0;
    if (d->told) d->told(d->told_data, ACTIONS[level], d->text);
    return level;
}
