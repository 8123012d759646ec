/* app/cli/sweep_device.c: see sweep_device.h. */
#include "app/cli/sweep_device.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

const keel_cli_opt keel_sweep_device_options[] = {
    {"device", "NAME[:N]", "cpu (default), opencl or cuda, its device N; rows are the same on each", 0},
    {"device-fallback", "NAME", "cpu: go on with the processor when the device cannot; default none", 0},
    {0}};

struct keel_sweep_device {
    keel_device *device;
    keel_lane_batch *batch;
    int fallback;
    int lost;
    keel_err why;
    pthread_mutex_t mutex; /* of all of it */
};

int keel_sweep_device_choose(keel_cli *cli, keel_sweep_device_choice *ret, int *ret_all) {
    static const char *const FALLBACKS[] = {"none", "cpu"};
    const char *name = keel_cli_option(cli, "device");
    size_t size = name ? strcspn(name, ":") : 0;
    int all = ret_all && name && strcmp(name, "all") == 0;
    int kind = name && !all ? KEEL_DEVICE_KINDS : KEEL_DEVICE_CPU;
    if (ret_all) *ret_all = all;
    *ret = (keel_sweep_device_choice){.index = -1};
    KEEL_TRY(keel_cli_option_enum(cli, "device-fallback", FALLBACKS, 2, &ret->fallback));
    for (int i = 0; name && !all && i < KEEL_DEVICE_KINDS; i++)
        if (strlen(keel_device_kind_names[i]) == size && strncmp(name, keel_device_kind_names[i], size) == 0) kind = i;
    const char *number = name && !all && name[size] ? name + size + 1 : NULL;
    if (number && strlen(number) >= 1 && strlen(number) <= 2 && strspn(number, "0123456789") == strlen(number))
        ret->index = (int32_t)strtol(number, NULL, 10);
    ret->kind = (keel_device_kind)kind;
    if (kind == KEEL_DEVICE_KINDS || (number && (ret->index < 0 || kind == KEEL_DEVICE_CPU)))
        return keel_err_set(keel_cli_err(cli), KEEL_E_USAGE,
                            "'%.60s' is no device: --device: write one of cpu, opencl, cuda%s, or with a number as in "
                            "cuda:1",
                            name, ret_all ? ", all" : "");
    return 0;
}

int keel_sweep_device_may(const keel_run_config *run, keel_err *err) {
    if (!run->by_regime) return 0;
    return keel_err_set(err, KEEL_E_USAGE,
                        "values for single regimes (NAME@REGIME) need the processor: --device: leave it out");
}

static int open_device(const keel_sweep_device_choice *choice, const keel_tape *tape, const keel_instrument *rules,
                       keel_sweep_device **ret, keel_err *err) {
    keel_sweep_device *d = calloc(1, sizeof *d);
    if (!d) return keel_err_set(err, KEEL_E_NOMEM, "out of memory: device: close other programs");
    (void)pthread_mutex_init(&d->mutex, NULL);
    d->fallback = choice->fallback;
    int rc = keel_device_open(choice->kind, choice->index, &d->device, err);
    if (rc == 0) d->batch = keel_lane_batch_new(d->device, tape, rules, 0);
    if (rc == 0 && !d->batch) rc = keel_err_set(err, KEEL_E_NOMEM, "out of memory: device: close other programs");
    if (rc == 0)
        *ret = d;
    else
        keel_sweep_device_close(d);
    return rc;
}

int keel_sweep_device_open(keel_cli *cli, const keel_sweep_device_choice *choice, const keel_tape *tape,
                           const keel_instrument *rules, keel_sweep_device **ret) {
    keel_err why = {0};
    *ret = NULL;
    if (choice->kind == KEEL_DEVICE_CPU) return 0;
    int rc = open_device(choice, tape, rules, ret, &why);
    if (rc == 0) return 0;
    if (!choice->fallback || rc == KEEL_E_NOMEM) return keel_err_set(keel_cli_err(cli), rc, "%s", why.text);
    keel_cli_warn(cli, "%.700s; the processor runs all trials", why.text);
    return 0;
}

void keel_sweep_device_close(keel_sweep_device *d) {
    if (!d) return;
    keel_lane_batch_free(d->batch);
    keel_device_close(d->device);
    (void)pthread_mutex_destroy(&d->mutex);
    free(d);
}

const char *keel_sweep_device_kind(const keel_sweep_device *d) {
    return keel_device_kind_names[d->device->driver->kind];
}

const char *keel_sweep_device_name(const keel_sweep_device *d) { return d->device->info.name; }

const char *keel_sweep_device_lost(const keel_sweep_device *d) { return d->lost ? d->why.text : ""; }

int keel_sweep_device_go(keel_sweep_device *d, const keel_group_task *task, keel_group_run runs[], int32_t count,
                         keel_lane_batch_room *room, int *ret_lost, keel_err *reterr) {
    keel_err why = {0};
    int rc = 0;
    (void)pthread_mutex_lock(&d->mutex);
    if (!d->lost) rc = keel_lane_batch_go(d->batch, task, runs, count, room, &why);
    if (d->fallback && (rc == KEEL_E_IO || rc == KEEL_E_PARSE || rc == KEEL_E_NOMEM)) {
        d->lost = 1;
        d->why = why;
        rc = 0;
    }
    *ret_lost = d->lost;
    (void)pthread_mutex_unlock(&d->mutex);
    return rc != 0 ? keel_err_set(reterr, rc, "%s", why.text) : 0;
}

int keel_sweep_device_one(keel_sweep_device *d, const keel_group_task *task, const keel_params *p, int64_t capital_e8,
                          keel_lane_batch_room *room, keel_lane_result *ret, keel_err *reterr) {
    keel_lane_batch_turn(d->batch, task->tape, task->rules);
    return keel_lane_batch_one(d->batch, task, p, capital_e8, room, ret, reterr);
}
