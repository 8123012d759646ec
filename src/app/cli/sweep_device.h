/* app/cli/sweep_device.h: the device of a sweep, chosen by --device and shared by all threads: they prepare and finish
 * trials while it runs others' groups. */
#ifndef KEEL_APP_CLI_SWEEP_DEVICE_H
#define KEEL_APP_CLI_SWEEP_DEVICE_H

#include "app/cli/cli.h"
#include "app/cli/run_config.h"
#include "research/sweep/lane_batch.h"

/* What --device and --device-fallback ask for. */
typedef struct keel_sweep_device_choice {
    keel_device_kind kind; /* KEEL_DEVICE_CPU: none */
    int32_t index;         /* -1: the first usable one */
    int fallback;          /* 1: go on with the processor when the device cannot */
    int reserved;
} keel_sweep_device_choice;

extern const keel_cli_opt keel_sweep_device_options[];

/* Read both options.
 *   ret_all  out  1: every device at hand is asked for (`all`), *ret has the rest; NULL: the verb takes one device
 * KEEL_E_USAGE. */
KEEL_MUST_USE int keel_sweep_device_choose(keel_cli *cli, keel_sweep_device_choice *ret, int *ret_all);

typedef struct keel_sweep_device keel_sweep_device;

/* May this configuration run on a device? 0, or KEEL_E_USAGE: it has values for single regimes. */
KEEL_MUST_USE int keel_sweep_device_may(const keel_run_config *run, keel_err *err);

/* Open it for runs over parts of tape; borrowed. keel_sweep_device_close. Without the device that was asked for: an
 * error, or with the fallback a warning and *ret NULL, as for the processor.
 * Returns 0, KEEL_E_NOT_FOUND, KEEL_E_IO, KEEL_E_NOMEM. */
KEEL_MUST_USE int keel_sweep_device_open(keel_cli *cli, const keel_sweep_device_choice *choice, const keel_tape *tape,
                                         const keel_instrument *rules, keel_sweep_device **ret);
void keel_sweep_device_close(keel_sweep_device *d); /* NULL allowed */

/* keel_lane_batch_go, one thread after the other.
 *   ret_lost  out  1: the device cannot, now or since earlier, and a fallback was asked for: nothing was run, and the
 *                  books of runs must be made anew
 * Returns 0, KEEL_E_NOMEM, KEEL_E_PARITY (it gives other answers than the processor: there is no fallback from that),
 * and without a fallback KEEL_E_IO and KEEL_E_PARSE. */
KEEL_MUST_USE int keel_sweep_device_go(keel_sweep_device *d, const keel_group_task *task, keel_group_run runs[],
                                       int32_t count, keel_lane_batch_room *room, int *ret_lost, keel_err *reterr);

/* For a single thread: one run of `task`, as keel_lane_batch_one has it, on a tape of its own. */
KEEL_MUST_USE int keel_sweep_device_one(keel_sweep_device *d, const keel_group_task *task, const keel_params *p,
                                        int64_t capital_e8, keel_lane_batch_room *room, keel_lane_result *ret,
                                        keel_err *reterr);

/* Its kind, its name, and why the processor ran trials after all: "" when it did not. */
const char *keel_sweep_device_kind(const keel_sweep_device *d);
const char *keel_sweep_device_name(const keel_sweep_device *d);
const char *keel_sweep_device_lost(const keel_sweep_device *d);

#endif
