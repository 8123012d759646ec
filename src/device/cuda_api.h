/* device/cuda_api.h: the parts of CUDA's driver (libcuda) and run-time compiler (libnvrtc) that keel calls, as NVIDIA's
 * reference declares them; looked up at run time, so that neither headers nor libraries are needed to build or to start
 * keel. */
#ifndef KEEL_DEVICE_CUDA_API_H
#define KEEL_DEVICE_CUDA_API_H

#include <stddef.h>
#include <stdint.h>

typedef struct keel_cu_context *keel_cu_context_id;
typedef struct keel_cu_module *keel_cu_module_id;
typedef struct keel_cu_function *keel_cu_function_id;
typedef struct keel_cu_stream *keel_cu_stream_id;
typedef unsigned long long keel_cu_pointer;
typedef struct keel_nvrtc_program *keel_nvrtc_program_id;

/* Numbers of the reference. */
enum {
    KEEL_CU_MAJOR = 75, /* attributes: compute capability */
    KEEL_CU_MINOR = 76,
    KEEL_CU_OUT_OF_MEMORY = 2,
    KEEL_CU_STUB_LIBRARY = 34,
    KEEL_CU_NO_DEVICE = 100,
    KEEL_CU_LAUNCH_OUT_OF_RESOURCES = 701,
    KEEL_NVRTC_OUT_OF_MEMORY = 1,
    KEEL_NVRTC_COMPILATION = 6
};

/* X(field, symbol of the library, parameters); each returns an int, 0: done. */
#define KEEL_CU_FUNCTIONS(X)                                                                                    \
    X(init, "cuInit", (unsigned int))                                                                           \
    X(driver_version, "cuDriverGetVersion", (int *))                                                            \
    X(device_count, "cuDeviceGetCount", (int *))                                                                \
    X(device_get, "cuDeviceGet", (int *, int))                                                                  \
    X(device_name, "cuDeviceGetName", (char *, int, int))                                                       \
    X(device_memory, "cuDeviceTotalMem_v2", (size_t *, int))                                                    \
    X(device_attribute, "cuDeviceGetAttribute", (int *, int, int))                                              \
    X(context_retain, "cuDevicePrimaryCtxRetain", (keel_cu_context_id *, int))                                  \
    X(context_release, "cuDevicePrimaryCtxRelease_v2", (int))                                                   \
    X(context_use, "cuCtxSetCurrent", (keel_cu_context_id))                                                     \
    X(synchronize, "cuCtxSynchronize", (void))                                                                  \
    X(module_load, "cuModuleLoadData", (keel_cu_module_id *, const void *))                                     \
    X(module_unload, "cuModuleUnload", (keel_cu_module_id))                                                     \
    X(module_function, "cuModuleGetFunction", (keel_cu_function_id *, keel_cu_module_id, const char *))         \
    X(alloc, "cuMemAlloc_v2", (keel_cu_pointer *, size_t))                                                      \
    X(release, "cuMemFree_v2", (keel_cu_pointer))                                                               \
    X(write, "cuMemcpyHtoD_v2", (keel_cu_pointer, const void *, size_t))                                        \
    X(read, "cuMemcpyDtoH_v2", (void *, keel_cu_pointer, size_t))                                               \
    X(error_name, "cuGetErrorName", (int, const char **))                                                       \
    X(launch, "cuLaunchKernel",                                                                                 \
      (keel_cu_function_id, unsigned int, unsigned int, unsigned int, unsigned int, unsigned int, unsigned int, \
       unsigned int, keel_cu_stream_id, void **, void **))

#define KEEL_NVRTC_FUNCTIONS(X)                                                                             \
    X(arch_count, "nvrtcGetNumSupportedArchs", (int *))                                                     \
    X(archs, "nvrtcGetSupportedArchs", (int *))                                                             \
    X(create, "nvrtcCreateProgram",                                                                         \
      (keel_nvrtc_program_id *, const char *, const char *, int, const char *const *, const char *const *)) \
    X(destroy, "nvrtcDestroyProgram", (keel_nvrtc_program_id *))                                            \
    X(compile, "nvrtcCompileProgram", (keel_nvrtc_program_id, int, const char *const *))                    \
    X(ptx_size, "nvrtcGetPTXSize", (keel_nvrtc_program_id, size_t *))                                       \
    X(ptx, "nvrtcGetPTX", (keel_nvrtc_program_id, char *))                                                  \
    X(log_size, "nvrtcGetProgramLogSize", (keel_nvrtc_program_id, size_t *))                                \
    X(log, "nvrtcGetProgramLog", (keel_nvrtc_program_id, char *))

#define KEEL_CU_FIELD(field, symbol, parameters) int(*field) parameters;
typedef struct keel_cu_api {
    void *library;
    KEEL_CU_FUNCTIONS(KEEL_CU_FIELD)
} keel_cu_api;

typedef struct keel_nvrtc_api {
    void *library;
    KEEL_NVRTC_FUNCTIONS(KEEL_CU_FIELD)
} keel_nvrtc_api;
#undef KEEL_CU_FIELD

#endif
