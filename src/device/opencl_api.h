/* device/opencl_api.h: the part of OpenCL 1.2 that keel calls, as the Khronos specification declares it; looked up in
 * the loader at run time, so that neither its headers nor its library are needed to build or to start keel. */
#ifndef KEEL_DEVICE_OPENCL_API_H
#define KEEL_DEVICE_OPENCL_API_H

#include <stddef.h>
#include <stdint.h>

typedef struct keel_cl_platform *keel_cl_platform_id;
typedef struct keel_cl_device *keel_cl_device_id;
typedef struct keel_cl_context *keel_cl_context_id;
typedef struct keel_cl_queue *keel_cl_queue_id;
typedef struct keel_cl_program *keel_cl_program_id;
typedef struct keel_cl_kernel *keel_cl_kernel_id;
typedef struct keel_cl_mem *keel_cl_mem_id;
typedef struct keel_cl_event *keel_cl_event_id;

/* Numbers of the specification. */
#define KEEL_CL_TYPE_CPU ((uint64_t)1 << 1)
#define KEEL_CL_TYPE_ALL ((uint64_t)0xFFFFFFFF)
#define KEEL_CL_MEM_READ_WRITE ((uint64_t)1)
#define KEEL_CL_FP_DENORM ((uint64_t)1 << 0)
#define KEEL_CL_FP_INF_NAN ((uint64_t)1 << 1)
#define KEEL_CL_FP_ROUND_TO_NEAREST ((uint64_t)1 << 2)
enum {
    KEEL_CL_PLATFORM_NAME = 0x0902,
    KEEL_CL_DEVICE_TYPE = 0x1000,
    KEEL_CL_DEVICE_MAX_MEM_ALLOC_SIZE = 0x1010,
    KEEL_CL_DEVICE_GLOBAL_MEM_SIZE = 0x101F,
    KEEL_CL_DEVICE_ENDIAN_LITTLE = 0x1026,
    KEEL_CL_DEVICE_AVAILABLE = 0x1027,
    KEEL_CL_DEVICE_COMPILER_AVAILABLE = 0x1028,
    KEEL_CL_DEVICE_NAME = 0x102B,
    KEEL_CL_DRIVER_VERSION = 0x102D,
    KEEL_CL_DEVICE_DOUBLE_FP_CONFIG = 0x1032,
    KEEL_CL_PROGRAM_BUILD_LOG = 0x1183,

    KEEL_CL_MEM_OBJECT_ALLOCATION_FAILURE = -4,
    KEEL_CL_OUT_OF_RESOURCES = -5,
    KEEL_CL_OUT_OF_HOST_MEMORY = -6,
    KEEL_CL_BUILD_PROGRAM_FAILURE = -11,
    KEEL_CL_INVALID_BUFFER_SIZE = -61,
    KEEL_CL_PLATFORM_NOT_FOUND_KHR = -1001
};

/* X(function, its type's return, parameters) */
#define KEEL_CL_FUNCTIONS(X)                                                                                         \
    X(clGetPlatformIDs, int32_t, (uint32_t, keel_cl_platform_id *, uint32_t *))                                      \
    X(clGetPlatformInfo, int32_t, (keel_cl_platform_id, uint32_t, size_t, void *, size_t *))                         \
    X(clGetDeviceIDs, int32_t, (keel_cl_platform_id, uint64_t, uint32_t, keel_cl_device_id *, uint32_t *))           \
    X(clGetDeviceInfo, int32_t, (keel_cl_device_id, uint32_t, size_t, void *, size_t *))                             \
    X(clCreateContext, keel_cl_context_id,                                                                           \
      (const intptr_t *, uint32_t, const keel_cl_device_id *, void (*)(const char *, const void *, size_t, void *),  \
       void *, int32_t *))                                                                                           \
    X(clReleaseContext, int32_t, (keel_cl_context_id))                                                               \
    X(clCreateCommandQueue, keel_cl_queue_id, (keel_cl_context_id, keel_cl_device_id, uint64_t, int32_t *))          \
    X(clReleaseCommandQueue, int32_t, (keel_cl_queue_id))                                                            \
    X(clCreateProgramWithSource, keel_cl_program_id,                                                                 \
      (keel_cl_context_id, uint32_t, const char **, const size_t *, int32_t *))                                      \
    X(clBuildProgram, int32_t,                                                                                       \
      (keel_cl_program_id, uint32_t, const keel_cl_device_id *, const char *, void (*)(keel_cl_program_id, void *),  \
       void *))                                                                                                      \
    X(clGetProgramBuildInfo, int32_t, (keel_cl_program_id, keel_cl_device_id, uint32_t, size_t, void *, size_t *))   \
    X(clReleaseProgram, int32_t, (keel_cl_program_id))                                                               \
    X(clCreateKernel, keel_cl_kernel_id, (keel_cl_program_id, const char *, int32_t *))                              \
    X(clReleaseKernel, int32_t, (keel_cl_kernel_id))                                                                 \
    X(clSetKernelArg, int32_t, (keel_cl_kernel_id, uint32_t, size_t, const void *))                                  \
    X(clCreateBuffer, keel_cl_mem_id, (keel_cl_context_id, uint64_t, size_t, void *, int32_t *))                     \
    X(clReleaseMemObject, int32_t, (keel_cl_mem_id))                                                                 \
    X(clEnqueueNDRangeKernel, int32_t,                                                                               \
      (keel_cl_queue_id, keel_cl_kernel_id, uint32_t, const size_t *, const size_t *, const size_t *, uint32_t,      \
       const keel_cl_event_id *, keel_cl_event_id *))                                                                \
    X(clEnqueueReadBuffer, int32_t,                                                                                  \
      (keel_cl_queue_id, keel_cl_mem_id, uint32_t, size_t, size_t, void *, uint32_t, const keel_cl_event_id *,       \
       keel_cl_event_id *))                                                                                          \
    X(clEnqueueWriteBuffer, int32_t,                                                                                 \
      (keel_cl_queue_id, keel_cl_mem_id, uint32_t, size_t, size_t, const void *, uint32_t, const keel_cl_event_id *, \
       keel_cl_event_id *))                                                                                          \
    X(clFinish, int32_t, (keel_cl_queue_id))

typedef struct keel_cl_api {
    void *library;
#define KEEL_CL_FIELD(name, type, parameters) type(*name) parameters;
    KEEL_CL_FUNCTIONS(KEEL_CL_FIELD)
#undef KEEL_CL_FIELD
} keel_cl_api;

#endif
