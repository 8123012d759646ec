/* device/drivers.h: the drivers behind device.h. */
#ifndef KEEL_DEVICE_DRIVERS_H
#define KEEL_DEVICE_DRIVERS_H

#include "device/device.h"

int keel_device_opencl_list(keel_device_info ret[], int32_t *ret_count, keel_err *err);
int keel_device_opencl_open(const keel_device_info *info, keel_device **ret, keel_err *err);

int keel_device_cuda_list(keel_device_info ret[], int32_t *ret_count, keel_err *err);
int keel_device_cuda_open(const keel_device_info *info, keel_device **ret, keel_err *err);

/* A function of an opened library into *ret, a pointer to a function pointer. Returns 0 when it is not there. */
int keel_device_symbol_of(void *library, const char *name, void *ret);

#endif
