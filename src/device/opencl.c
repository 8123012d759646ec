/* device/opencl.c: OpenCL devices behind device.h, through the loader of the machine. */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/strbuf.h"
#include "device/drivers.h"
#include "device/opencl_api.h"
#include "device/ptx.h"

static const char LOADER[] = "libOpenCL.so.1";

enum { PLATFORMS_MAX = 8, GROUP = 64, LOG_MAX = 1 << 16 };

struct keel_device_memory {
    keel_cl_mem_id buffer;
};

typedef struct opencl {
    keel_device base;
    keel_cl_api cl;
    keel_cl_device_id device;
    keel_cl_context_id context;
    keel_cl_queue_id queue;
    keel_cl_program_id program; /* NULL: none built */
    int is_cpu;
} opencl;

/* The loader stays open until the process ends: drivers do not like to be unloaded. */
static int load(keel_cl_api *cl, keel_err *err) {
    cl->library = dlopen(LOADER, RTLD_NOW | RTLD_LOCAL);
    if (!cl->library)
        return keel_err_set(err, KEEL_E_NOT_FOUND,
                            "no OpenCL on this machine: %s is not there: install a driver's package (and ocl-icd), or "
                            "use --device cpu",
                            LOADER);
#define LOOK_UP(name, type, parameters)                        \
    if (!keel_device_symbol_of(cl->library, #name, &cl->name)) \
        return keel_err_set(err, KEEL_E_IO, "the OpenCL loader lacks %s: %s: install another", #name, LOADER);
    KEEL_CL_FUNCTIONS(LOOK_UP)
#undef LOOK_UP
    return 0;
}

static int refused(const opencl *d, const char *what, int32_t code, keel_err *err) {
    int memory = code == KEEL_CL_MEM_OBJECT_ALLOCATION_FAILURE || code == KEEL_CL_OUT_OF_RESOURCES ||
                 code == KEEL_CL_OUT_OF_HOST_MEMORY || code == KEEL_CL_INVALID_BUFFER_SIZE;
    if (memory)
        return keel_err_set(err, KEEL_E_NOMEM, "out of device memory: %.160s: %s (%d)", d->base.info.name, what, code);
    return keel_err_set(err, KEEL_E_IO, "the device failed: %.160s: %s (%d): look at its driver's log",
                        d->base.info.name, what, code);
}

/* ---- finding ----------------------------------------------------------------------------------------------- */

static uint64_t number_of(const keel_cl_api *cl, keel_cl_device_id id, uint32_t what, size_t size) {
    uint64_t wide = 0;
    uint32_t narrow = 0;
    if (size == sizeof wide) return cl->clGetDeviceInfo(id, what, size, &wide, NULL) == 0 ? wide : 0;
    return cl->clGetDeviceInfo(id, what, size, &narrow, NULL) == 0 ? narrow : 0;
}

static const char *lacks(const keel_cl_api *cl, keel_cl_device_id id) {
    const uint64_t wanted = KEEL_CL_FP_DENORM | KEEL_CL_FP_INF_NAN | KEEL_CL_FP_ROUND_TO_NEAREST;
    uint64_t doubles = number_of(cl, id, KEEL_CL_DEVICE_DOUBLE_FP_CONFIG, 8);
    if ((doubles & wanted) != wanted) return "it has no IEEE doubles with denormals";
    if (!number_of(cl, id, KEEL_CL_DEVICE_ENDIAN_LITTLE, 4)) return "it is big-endian";
    if (!number_of(cl, id, KEEL_CL_DEVICE_AVAILABLE, 4)) return "it is not available";
    if (!number_of(cl, id, KEEL_CL_DEVICE_COMPILER_AVAILABLE, 4)) return "it has no compiler";
    return NULL;
}

static void describe(const keel_cl_api *cl, keel_cl_platform_id platform, keel_cl_device_id id, int32_t index,
                     keel_device_info *ret) {
    const char *why = lacks(cl, id);
    memset(ret, 0, sizeof *ret);
    ret->index = index;
    ret->usable = why == NULL;
    (void)snprintf(ret->why, sizeof ret->why, "%s", why ? why : "");
    ret->memory_bytes = (int64_t)number_of(cl, id, KEEL_CL_DEVICE_GLOBAL_MEM_SIZE, 8);
    ret->largest_bytes = (int64_t)number_of(cl, id, KEEL_CL_DEVICE_MAX_MEM_ALLOC_SIZE, 8);
    char name[512] = "a device without a name", family[512] = "", version[512] = "";
    (void)cl->clGetDeviceInfo(id, KEEL_CL_DEVICE_NAME, sizeof name - 1, name, NULL);
    (void)cl->clGetPlatformInfo(platform, KEEL_CL_PLATFORM_NAME, sizeof family - 1, family, NULL);
    (void)cl->clGetDeviceInfo(id, KEEL_CL_DRIVER_VERSION, sizeof version - 1, version, NULL);
    (void)snprintf(ret->name, sizeof ret->name, "%.150s", name);
    (void)snprintf(ret->driver, sizeof ret->driver, "%.60s %.30s", family, version);
}

/* Every device of every platform, in their order; ids may be NULL. */
static int list(const keel_cl_api *cl, keel_device_info ret[], keel_cl_device_id ids[], int32_t *ret_count,
                keel_err *err) {
    keel_cl_platform_id platforms[PLATFORMS_MAX];
    uint32_t platform_count = 0;
    *ret_count = 0;
    int32_t code = cl->clGetPlatformIDs(PLATFORMS_MAX, platforms, &platform_count);
    if (code == KEEL_CL_PLATFORM_NOT_FOUND_KHR) return 0;
    if (code != 0)
        return keel_err_set(err, KEEL_E_IO, "OpenCL does not answer: clGetPlatformIDs (%d): look at clinfo", code);
    for (uint32_t p = 0; p < platform_count && p < PLATFORMS_MAX; p++) {
        keel_cl_device_id found[KEEL_DEVICES_MAX];
        uint32_t count = 0;
        if (cl->clGetDeviceIDs(platforms[p], KEEL_CL_TYPE_ALL, KEEL_DEVICES_MAX, found, &count) != 0) continue;
        for (uint32_t i = 0; i < count && i < KEEL_DEVICES_MAX && *ret_count < KEEL_DEVICES_MAX; i++) {
            describe(cl, platforms[p], found[i], *ret_count, &ret[*ret_count]);
            if (ids) ids[*ret_count] = found[i];
            ++*ret_count;
        }
    }
    return 0;
}

int keel_device_opencl_list(keel_device_info ret[], int32_t *ret_count, keel_err *err) {
    keel_cl_api cl;
    KEEL_TRY(load(&cl, err));
    return list(&cl, ret, NULL, ret_count, err);
}

/* ---- the driver -------------------------------------------------------------------------------------------- */

static void close_device(keel_device *base) {
    opencl *d = (opencl *)base;
    if (d->program) (void)d->cl.clReleaseProgram(d->program);
    if (d->queue) (void)d->cl.clReleaseCommandQueue(d->queue);
    if (d->context) (void)d->cl.clReleaseContext(d->context);
    free(d);
}

static int refused_text(opencl *d, keel_err *err) {
    char *log = calloc(LOG_MAX, 1), line[200] = "";
    if (log)
        (void)d->cl.clGetProgramBuildInfo(d->program, d->device, KEEL_CL_PROGRAM_BUILD_LOG, LOG_MAX - 1, log, NULL);
    if (log) keel_device_first_error(log, line);
    free(log);
    return keel_err_set(err, KEEL_E_PARSE, "the device's compiler refuses the text: %.160s: %.199s", d->base.info.name,
                        line);
}

static int build(keel_device *base, const char *text, size_t size, const char *const defines[], size_t define_count,
                 keel_err *err) {
    opencl *d = (opencl *)base;
    keel_strbuf options;
    int32_t code = 0;
    if (d->program) (void)d->cl.clReleaseProgram(d->program);
    d->program = d->cl.clCreateProgramWithSource(d->context, 1, &text, &size, &code);
    if (!d->program) return refused(d, "clCreateProgramWithSource", code, err);
    keel_strbuf_init(&options, 0);
    keel_strbuf_add(&options, "-cl-std=CL1.2");
    for (size_t i = 0; i < define_count; i++)
        keel_strbuf_addf(&options, " -D%s", defines[i]);
    code = d->cl.clBuildProgram(d->program, 1, &d->device, keel_strbuf_text(&options), NULL, NULL);
    keel_strbuf_done(&options);
    if (code == KEEL_CL_BUILD_PROGRAM_FAILURE) return refused_text(d, err);
    return code != 0 ? refused(d, "clBuildProgram", code, err) : 0;
}

static int alloc(keel_device *base, int64_t size, keel_device_memory **ret, keel_err *err) {
    opencl *d = (opencl *)base;
    int32_t code = 0;
    keel_device_memory *m = calloc(1, sizeof *m);
    if (!m) return keel_err_set(err, KEEL_E_NOMEM, "out of memory: device: close other programs");
    m->buffer = d->cl.clCreateBuffer(d->context, KEEL_CL_MEM_READ_WRITE, (size_t)size, NULL, &code);
    if (code == 0) {
        *ret = m;
        return 0;
    }
    free(m);
    return refused(d, "clCreateBuffer", code, err);
}

static void release(keel_device *base, keel_device_memory *m) {
    (void)((opencl *)base)->cl.clReleaseMemObject(m->buffer);
    free(m);
}

static int write_memory(keel_device *base, keel_device_memory *to, int64_t offset, const void *from, int64_t size,
                        keel_err *err) {
    opencl *d = (opencl *)base;
    int32_t code =
        d->cl.clEnqueueWriteBuffer(d->queue, to->buffer, 1, (size_t)offset, (size_t)size, from, 0, NULL, NULL);
    return code != 0 ? refused(d, "clEnqueueWriteBuffer", code, err) : 0;
}

static int read_memory(keel_device *base, keel_device_memory *from, int64_t offset, void *to, int64_t size,
                       keel_err *err) {
    opencl *d = (opencl *)base;
    int32_t code =
        d->cl.clEnqueueReadBuffer(d->queue, from->buffer, 1, (size_t)offset, (size_t)size, to, 0, NULL, NULL);
    return code != 0 ? refused(d, "clEnqueueReadBuffer", code, err) : 0;
}

/* On a processor the private memory of a whole group lies on one stack: groups of one. */
static int launch(opencl *d, keel_cl_kernel_id kernel, keel_device_memory *const memories[], int32_t memory_count,
                  int64_t threads, keel_err *err) {
    size_t group = d->is_cpu ? 1 : GROUP, all = ((size_t)threads + group - 1) / group * group;
    for (int32_t i = 0; i < memory_count; i++) {
        int32_t code = d->cl.clSetKernelArg(kernel, (uint32_t)i, sizeof memories[i]->buffer, &memories[i]->buffer);
        if (code != 0) return refused(d, "clSetKernelArg", code, err);
    }
    int32_t code = d->cl.clEnqueueNDRangeKernel(d->queue, kernel, 1, NULL, &all, &group, 0, NULL, NULL);
    if (code != 0) return refused(d, "clEnqueueNDRangeKernel", code, err);
    code = d->cl.clFinish(d->queue);
    return code != 0 ? refused(d, "clFinish", code, err) : 0;
}

static int run(keel_device *base, const char *name, keel_device_memory *const memories[], int32_t memory_count,
               int64_t threads, keel_err *err) {
    opencl *d = (opencl *)base;
    int32_t code = 0;
    KEEL_ASSERT(d->program != NULL);
    keel_cl_kernel_id kernel = d->cl.clCreateKernel(d->program, name, &code);
    if (!kernel) return refused(d, name, code, err);
    int rc = launch(d, kernel, memories, memory_count, threads, err);
    (void)d->cl.clReleaseKernel(kernel);
    return rc;
}

static const keel_device_driver DRIVER = {.kind = KEEL_DEVICE_OPENCL,
                                          .build = build,
                                          .alloc = alloc,
                                          .release = release,
                                          .write = write_memory,
                                          .read = read_memory,
                                          .run = run,
                                          .close = close_device};

int keel_device_opencl_open(const keel_device_info *info, keel_device **ret, keel_err *err) {
    keel_device_info all[KEEL_DEVICES_MAX];
    keel_cl_device_id ids[KEEL_DEVICES_MAX];
    int32_t count = 0, code = 0;
    opencl *d = calloc(1, sizeof *d);
    if (!d) return keel_err_set(err, KEEL_E_NOMEM, "out of memory: device: close other programs");
    d->base.driver = &DRIVER;
    d->base.info = *info;
    int rc = load(&d->cl, err);
    if (rc == 0) rc = list(&d->cl, all, ids, &count, err);
    if (rc == 0 && info->index >= count)
        rc = keel_err_set(err, KEEL_E_IO, "the device is gone: %.160s: look at its driver's log", info->name);
    if (rc == 0) {
        d->device = ids[info->index];
        d->is_cpu = (number_of(&d->cl, d->device, KEEL_CL_DEVICE_TYPE, 8) & KEEL_CL_TYPE_CPU) != 0;
        d->context = d->cl.clCreateContext(NULL, 1, &d->device, NULL, NULL, &code);
        if (!d->context) rc = refused(d, "clCreateContext", code, err);
    }
    if (rc == 0) {
        d->queue = d->cl.clCreateCommandQueue(d->context, d->device, 0, &code);
        if (!d->queue) rc = refused(d, "clCreateCommandQueue", code, err);
    }
    if (rc == 0)
        *ret = &d->base;
    else
        close_device(&d->base);
    return rc;
}
