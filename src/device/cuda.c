/* device/cuda.c: see device.h. */
#include "device/drivers.h"

int keel_device_cuda_list(keel_device_info ret[], int32_t *ret_count, keel_err *err) {
    (void)ret;
    *ret_count = 0;
    return keel_err_set(err, KEEL_E_NOT_FOUND, "CUDA devices are not driven yet: --device cuda: use opencl or cpu");
}

int keel_device_cuda_open(const keel_device_info *info, keel_device **ret, keel_err *err) {
    (void)info;
    (void)ret;
    return keel_err_set(err, KEEL_E_NOT_FOUND, "CUDA devices are not driven yet: --device cuda: use opencl or cpu");
}
