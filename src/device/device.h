/* device/device.h: a machine beside the processor that can run a text in the pure dialect: found, given a text, memory
 * and numbered threads.
 *
 * Drivers are libraries of the machine, opened when a device is asked for: keel links none of them and runs without.
 * A device belongs to one thread at a time. Nothing here knows what the text does; whether the device can be trusted
 * with it is for the caller to ask (research/sweep/device_run.h). */
#ifndef KEEL_DEVICE_DEVICE_H
#define KEEL_DEVICE_DEVICE_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

typedef enum keel_device_kind {
    KEEL_DEVICE_CPU = 0,
    KEEL_DEVICE_OPENCL,
    KEEL_DEVICE_CUDA,
    KEEL_DEVICE_KINDS
} keel_device_kind;

/* "cpu", "opencl", "cuda". The processor is no device of this room; its name stands for choosing none. */
extern const char *const keel_device_kind_names[KEEL_DEVICE_KINDS];

enum { KEEL_DEVICES_MAX = 16, KEEL_DEVICE_MEMORIES_MAX = 16 };

typedef struct keel_device_info {
    int32_t index;         /* among the devices of its kind */
    int32_t usable;        /* 0: `why` says what it lacks */
    int64_t memory_bytes;  /* in all */
    int64_t largest_bytes; /* of one piece of memory */
    char name[160];
    char driver[96];
    char why[96];
} keel_device_info;

/* A piece of its memory. */
typedef struct keel_device_memory keel_device_memory;

typedef struct keel_device keel_device;

/* What a driver does. Each returns 0 or
 *   KEEL_E_NOMEM   the device's memory (or room for threads) is used up: less may fit
 *   KEEL_E_IO      the device is lost or refuses: nothing more will come of it
 *   KEEL_E_PARSE   build only: its compiler does not take the text */
typedef struct keel_device_driver {
    keel_device_kind kind;
    int (*build)(keel_device *d, const char *text, size_t size, const char *const defines[], size_t define_count,
                 keel_err *err);
    int (*alloc)(keel_device *d, int64_t size, keel_device_memory **ret, keel_err *err);
    void (*release)(keel_device *d, keel_device_memory *m);
    int (*write)(keel_device *d, keel_device_memory *to, int64_t offset, const void *from, int64_t size, keel_err *err);
    int (*read)(keel_device *d, keel_device_memory *from, int64_t offset, void *to, int64_t size, keel_err *err);
    int (*run)(keel_device *d, const char *kernel, keel_device_memory *const memories[], int32_t memory_count,
               int64_t threads, keel_err *err);
    void (*close)(keel_device *d);
} keel_device_driver;

/* Drivers put their own behind it. */
struct keel_device {
    const keel_device_driver *driver;
    keel_device_info info;
};

/* Look for devices of a kind, not KEEL_DEVICE_CPU.
 *   ret  out  [KEEL_DEVICES_MAX]
 * Returns 0, also when there are none; KEEL_E_NOT_FOUND (no driver on this machine), KEEL_E_IO (it does not answer). */
KEEL_MUST_USE int keel_device_list(keel_device_kind kind, keel_device_info ret[], int32_t *ret_count, keel_err *reterr);

/* Open device `index` of a kind; -1: the first usable one. keel_device_close.
 * Returns 0, KEEL_E_NOT_FOUND (no driver, no such device, not usable: line says why), KEEL_E_IO, KEEL_E_NOMEM. */
KEEL_MUST_USE int keel_device_open(keel_device_kind kind, int32_t index, keel_device **ret, keel_err *reterr);
void keel_device_close(keel_device *d); /* NULL allowed */

/* Compile a text; the kernels of an earlier one are gone.
 *   defines  in  "NAME=VALUE" */
KEEL_MUST_USE int keel_device_build(keel_device *d, const char *text, size_t size, const char *const defines[],
                                    size_t define_count, keel_err *reterr);

/* `size` >= 1 bytes. NULL may be released. */
KEEL_MUST_USE int keel_device_alloc(keel_device *d, int64_t size, keel_device_memory **ret, keel_err *reterr);
void keel_device_release(keel_device *d, keel_device_memory *m);

/* Copy; returns when it is done. */
KEEL_MUST_USE int keel_device_write(keel_device *d, keel_device_memory *to, int64_t offset, const void *from,
                                    int64_t size, keel_err *reterr);
KEEL_MUST_USE int keel_device_read(keel_device *d, keel_device_memory *from, int64_t offset, void *to, int64_t size,
                                   keel_err *reterr);

/* Start a kernel with `threads` numbers 0.. (some more may be started) and wait for all; its parameters are the
 * memories, in order. */
KEEL_MUST_USE int keel_device_run(keel_device *d, const char *kernel, keel_device_memory *const memories[],
                                  int32_t memory_count, int64_t threads, keel_err *reterr);

#endif
