/* device/device.c: see device.h. */
#include "device/device.h"

#include <dlfcn.h>
#include <string.h>

#include "device/drivers.h"

const char *const keel_device_kind_names[KEEL_DEVICE_KINDS] = {"cpu", "opencl", "cuda"};

int keel_device_symbol_of(void *library, const char *name, void *ret) {
    void *symbol = dlsym(library, name);
    memcpy(ret, &symbol, sizeof symbol); /* POSIX: a function's address fits an object pointer */
    return symbol != NULL;
}

int keel_device_list(keel_device_kind kind, keel_device_info ret[], int32_t *ret_count, keel_err *reterr) {
    KEEL_ASSERT(kind == KEEL_DEVICE_OPENCL || kind == KEEL_DEVICE_CUDA);
    *ret_count = 0;
    return (kind == KEEL_DEVICE_OPENCL ? keel_device_opencl_list : keel_device_cuda_list)(ret, ret_count, reterr);
}

int keel_device_open(keel_device_kind kind, int32_t index, keel_device **ret, keel_err *reterr) {
    keel_device_info all[KEEL_DEVICES_MAX];
    int32_t count = 0, at = index;
    const char *name = keel_device_kind_names[kind];
    KEEL_TRY(keel_device_list(kind, all, &count, reterr));
    for (int32_t i = 0; at < 0 && i < count; i++)
        if (all[i].usable) at = i;
    if (count == 0)
        return keel_err_set(reterr, KEEL_E_NOT_FOUND, "no device: %s: a driver is there, but none for this machine",
                            name);
    if (at < 0)
        return keel_err_set(reterr, KEEL_E_NOT_FOUND, "no usable device: %s: %.160s: %.96s", name, all[0].name,
                            all[0].why);
    if (at >= count)
        return keel_err_set(reterr, KEEL_E_NOT_FOUND, "no device %s:%d: this machine has %d; keel doctor lists them",
                            name, at, count);
    if (!all[at].usable)
        return keel_err_set(reterr, KEEL_E_NOT_FOUND, "device %s:%d cannot be used: %.160s: %.96s", name, at,
                            all[at].name, all[at].why);
    return (kind == KEEL_DEVICE_OPENCL ? keel_device_opencl_open : keel_device_cuda_open)(&all[at], ret, reterr);
}

void keel_device_close(keel_device *d) {
    if (d) d->driver->close(d);
}

int keel_device_build(keel_device *d, const char *text, size_t size, const char *const defines[], size_t define_count,
                      keel_err *reterr) {
    return d->driver->build(d, text, size, defines, define_count, reterr);
}

int keel_device_alloc(keel_device *d, int64_t size, keel_device_memory **ret, keel_err *reterr) {
    KEEL_ASSERT(size >= 1);
    return d->driver->alloc(d, size, ret, reterr);
}

void keel_device_release(keel_device *d, keel_device_memory *m) {
    if (m) d->driver->release(d, m);
}

int keel_device_write(keel_device *d, keel_device_memory *to, int64_t offset, const void *from, int64_t size,
                      keel_err *reterr) {
    return size == 0 ? 0 : d->driver->write(d, to, offset, from, size, reterr);
}

int keel_device_read(keel_device *d, keel_device_memory *from, int64_t offset, void *to, int64_t size,
                     keel_err *reterr) {
    return size == 0 ? 0 : d->driver->read(d, from, offset, to, size, reterr);
}

int keel_device_run(keel_device *d, const char *kernel, keel_device_memory *const memories[], int32_t memory_count,
                    int64_t threads, keel_err *reterr) {
    KEEL_ASSERT(memory_count <= KEEL_DEVICE_MEMORIES_MAX && threads >= 1);
    return d->driver->run(d, kernel, memories, memory_count, threads, reterr);
}
