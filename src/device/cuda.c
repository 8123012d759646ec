/* device/cuda.c: NVIDIA's devices behind device.h: the driver's own interface, and its run-time compiler for the text.
 */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/strbuf.h"
#include "device/cuda_api.h"
#include "device/drivers.h"
#include "device/ptx.h"

static const char DRIVER_LIBRARY[] = "libcuda.so.1";
/* Newest first; what an installation of CUDA 11.2 or later brings. */
static const char *const COMPILERS[] = {"libnvrtc.so.13", "libnvrtc.so.12", "libnvrtc.so.11.2", "libnvrtc.so"};

/* Lanes take different ways, so that small groups wait for fewer others; 32 are what the hardware runs together. */
enum { GROUP = 32, ARCHS_MAX = 64, OPTIONS_MAX = 32 };

struct keel_device_memory {
    keel_cu_pointer at;
};

typedef struct cuda {
    keel_device base;
    keel_cu_api cu;
    keel_nvrtc_api nvrtc;
    int device, has_context;
    keel_cu_context_id context;
    keel_cu_module_id module; /* NULL: none built */
    int arch;                 /* 90: compute capability 9.0 */
} cuda;

/* ---- libraries --------------------------------------------------------------------------------------------- */

#define LOOK_UP(field, symbol, parameters) \
    if (!missing && !keel_device_symbol_of(api->library, symbol, &api->field)) missing = symbol;

/* Libraries stay open until the process ends: drivers do not like to be unloaded. */
static int load_driver(keel_cu_api *api, keel_err *err) {
    const char *missing = NULL;
    api->library = dlopen(DRIVER_LIBRARY, RTLD_NOW | RTLD_LOCAL);
    if (!api->library)
        return keel_err_set(err, KEEL_E_NOT_FOUND,
                            "no CUDA on this machine: %s is not there: install NVIDIA's driver, or use --device cpu",
                            DRIVER_LIBRARY);
    KEEL_CU_FUNCTIONS(LOOK_UP)
    return missing
               ? keel_err_set(err, KEEL_E_IO, "the driver lacks %s: %s: install a newer one", missing, DRIVER_LIBRARY)
               : 0;
}

/* Returns why not, or NULL. */
static const char *load_compiler(keel_nvrtc_api *api) {
    const char *missing = NULL;
    for (size_t i = 0; i < sizeof COMPILERS / sizeof *COMPILERS && !api->library; i++)
        api->library = dlopen(COMPILERS[i], RTLD_NOW | RTLD_LOCAL);
    if (!api->library) return "libnvrtc is not there: install CUDA's run-time compiler (11.2 or later)";
    KEEL_NVRTC_FUNCTIONS(LOOK_UP)
    return missing ? "its libnvrtc is too old: install CUDA 11.2 or later" : NULL;
}
#undef LOOK_UP

static int refused(const cuda *d, const char *what, int code, keel_err *err) {
    const char *name = NULL;
    (void)d->cu.error_name(code, &name);
    if (code == KEEL_CU_OUT_OF_MEMORY || code == KEEL_CU_LAUNCH_OUT_OF_RESOURCES)
        return keel_err_set(err, KEEL_E_NOMEM, "out of device memory: %.160s: %s (%d %s)", d->base.info.name, what,
                            code, name ? name : "");
    return keel_err_set(err, KEEL_E_IO, "the device failed: %.160s: %s (%d %s): look at nvidia-smi and dmesg",
                        d->base.info.name, what, code, name ? name : "");
}

/* ---- finding ----------------------------------------------------------------------------------------------- */

/* The newest architecture that the compiler knows and the device runs; 0: none. */
static int choose_arch(const keel_nvrtc_api *nvrtc, int capability) {
    int archs[ARCHS_MAX], count = 0, best = 0;
    if (nvrtc->arch_count(&count) != 0 || count > ARCHS_MAX || nvrtc->archs(archs) != 0) return 0;
    for (int i = 0; i < count; i++)
        if (archs[i] <= capability && archs[i] > best) best = archs[i];
    return best;
}

static void describe(const keel_cu_api *cu, const keel_nvrtc_api *nvrtc, const char *no_compiler, int index,
                     keel_device_info *ret) {
    int device = 0, major = 0, minor = 0, version = 0;
    size_t bytes = 0;
    memset(ret, 0, sizeof *ret);
    ret->index = index;
    (void)cu->driver_version(&version);
    if (cu->device_get(&device, index) != 0 || cu->device_name(ret->name, sizeof ret->name, device) != 0 ||
        cu->device_memory(&bytes, device) != 0 || cu->device_attribute(&major, KEEL_CU_MAJOR, device) != 0 ||
        cu->device_attribute(&minor, KEEL_CU_MINOR, device) != 0) {
        (void)snprintf(ret->why, sizeof ret->why, "it does not answer");
        return;
    }
    ret->memory_bytes = ret->largest_bytes = (int64_t)bytes;
    (void)snprintf(ret->driver, sizeof ret->driver, "CUDA %d.%d, compute capability %d.%d", version / 1000,
                   version % 1000 / 10, major, minor);
    if (no_compiler)
        (void)snprintf(ret->why, sizeof ret->why, "%s", no_compiler);
    else if (choose_arch(nvrtc, 10 * major + minor) == 0)
        (void)snprintf(ret->why, sizeof ret->why, "libnvrtc knows no architecture that it runs");
    ret->usable = ret->why[0] == 0;
}

int keel_device_cuda_list(keel_device_info ret[], int32_t *ret_count, keel_err *err) {
    keel_cu_api cu = {0};
    keel_nvrtc_api nvrtc = {0};
    int count = 0;
    *ret_count = 0;
    KEEL_TRY(load_driver(&cu, err));
    int code = cu.init(0);
    if (code == KEEL_CU_NO_DEVICE || code == KEEL_CU_STUB_LIBRARY) return 0;
    if (code == 0) code = cu.device_count(&count);
    if (code != 0)
        return keel_err_set(err, KEEL_E_IO, "the driver does not answer: cuInit (%d): look at nvidia-smi", code);
    const char *no_compiler = load_compiler(&nvrtc);
    for (int i = 0; i < count && i < KEEL_DEVICES_MAX; i++)
        describe(&cu, &nvrtc, no_compiler, i, &ret[(*ret_count)++]);
    return 0;
}

/* ---- the text ---------------------------------------------------------------------------------------------- */

/* The first line of the compiler's report that speaks of an error. */
static int refused_text(cuda *d, keel_nvrtc_program_id program, keel_err *err) {
    char line[200] = "", *log = NULL;
    size_t size = 0;
    if (d->nvrtc.log_size(program, &size) == 0 && size > 0) log = calloc(size + 1, 1);
    if (log && d->nvrtc.log(program, log) == 0) keel_device_first_error(log, line);
    free(log);
    return keel_err_set(err, KEEL_E_PARSE, "the device's compiler refuses the text: %.160s: %.199s", d->base.info.name,
                        line);
}

static int take_ptx(cuda *d, keel_nvrtc_program_id program, char **ret, keel_err *err) {
    char what[64];
    size_t size = 0;
    int code = d->nvrtc.ptx_size(program, &size);
    char *text = code == 0 ? calloc(size + 1, 1) : NULL;
    if (code == 0 && !text) return keel_err_set(err, KEEL_E_NOMEM, "out of memory: device: close other programs");
    if (code == 0) code = d->nvrtc.ptx(program, text);
    int good = code == 0 && !keel_device_ptx_fuses(text, what);
    if (good) {
        *ret = text;
        return 0;
    }
    free(text);
    if (code != 0) return refused(d, "nvrtcGetPTX", code, err);
    return keel_err_set(err, KEEL_E_PARITY,
                        "the device's compiler changes arithmetic: %.160s: %s: install another libnvrtc",
                        d->base.info.name, what);
}

/* Contraction off, and divisions, roots and small numbers as IEEE 754 has them: part of the source's meaning. */
static int compile(cuda *d, const char *text, const char *const defines[], size_t define_count, char **ret_ptx,
                   keel_err *err) {
    char arch[40], define[OPTIONS_MAX][64];
    const char *options[OPTIONS_MAX] = {
        arch, "--fmad=false", "--prec-div=true", "--prec-sqrt=true", "--ftz=false", "--std=c++17", "-w"};
    int count = 7;
    keel_nvrtc_program_id program = NULL;
    KEEL_ASSERT(define_count + 7 <= OPTIONS_MAX);
    (void)snprintf(arch, sizeof arch, "--gpu-architecture=compute_%d", d->arch);
    for (size_t i = 0; i < define_count; i++) {
        (void)snprintf(define[i], sizeof define[i], "-D%.60s", defines[i]);
        options[count++] = define[i];
    }
    int code = d->nvrtc.create(&program, text, "keel.cu", 0, NULL, NULL);
    if (code != 0) return refused(d, "nvrtcCreateProgram", code, err);
    code = d->nvrtc.compile(program, count, options);
    int rc = code == 0                        ? take_ptx(d, program, ret_ptx, err)
             : code == KEEL_NVRTC_COMPILATION ? refused_text(d, program, err)
                                              : refused(d, "nvrtcCompileProgram", code, err);
    (void)d->nvrtc.destroy(&program);
    return rc;
}

static int build(keel_device *base, const char *text, size_t size, const char *const defines[], size_t define_count,
                 keel_err *err) {
    cuda *d = (cuda *)base;
    char *ptx = NULL;
    KEEL_ASSERT(text[size] == 0);
    KEEL_TRY(compile(d, text, defines, define_count, &ptx, err));
    int code = d->cu.context_use(d->context);
    if (code == 0 && d->module) (void)d->cu.module_unload(d->module);
    d->module = NULL;
    if (code == 0) code = d->cu.module_load(&d->module, ptx);
    free(ptx);
    return code != 0 ? refused(d, "cuModuleLoadData", code, err) : 0;
}

/* ---- memory and threads ------------------------------------------------------------------------------------ */

static int alloc(keel_device *base, int64_t size, keel_device_memory **ret, keel_err *err) {
    cuda *d = (cuda *)base;
    keel_device_memory *m = calloc(1, sizeof *m);
    if (!m) return keel_err_set(err, KEEL_E_NOMEM, "out of memory: device: close other programs");
    int code = d->cu.context_use(d->context);
    if (code == 0) code = d->cu.alloc(&m->at, (size_t)size);
    if (code == 0) {
        *ret = m;
        return 0;
    }
    free(m);
    return refused(d, "cuMemAlloc", code, err);
}

static void release(keel_device *base, keel_device_memory *m) {
    cuda *d = (cuda *)base;
    if (d->cu.context_use(d->context) == 0) (void)d->cu.release(m->at);
    free(m);
}

static int write_memory(keel_device *base, keel_device_memory *to, int64_t offset, const void *from, int64_t size,
                        keel_err *err) {
    cuda *d = (cuda *)base;
    int code = d->cu.context_use(d->context);
    if (code == 0) code = d->cu.write(to->at + (keel_cu_pointer)offset, from, (size_t)size);
    return code != 0 ? refused(d, "cuMemcpyHtoD", code, err) : 0;
}

static int read_memory(keel_device *base, keel_device_memory *from, int64_t offset, void *to, int64_t size,
                       keel_err *err) {
    cuda *d = (cuda *)base;
    int code = d->cu.context_use(d->context);
    if (code == 0) code = d->cu.read(to, from->at + (keel_cu_pointer)offset, (size_t)size);
    return code != 0 ? refused(d, "cuMemcpyDtoH", code, err) : 0;
}

static int run(keel_device *base, const char *name, keel_device_memory *const memories[], int32_t memory_count,
               int64_t threads, keel_err *err) {
    cuda *d = (cuda *)base;
    void *arguments[KEEL_DEVICE_MEMORIES_MAX];
    keel_cu_function_id function = NULL;
    KEEL_ASSERT(d->module != NULL);
    for (int32_t i = 0; i < memory_count; i++)
        arguments[i] = &memories[i]->at;
    int code = d->cu.context_use(d->context);
    if (code == 0) code = d->cu.module_function(&function, d->module, name);
    if (code != 0) return refused(d, name, code, err);
    code = d->cu.launch(function, (unsigned int)((threads + GROUP - 1) / GROUP), 1, 1, GROUP, 1, 1, 0, NULL, arguments,
                        NULL);
    if (code != 0) return refused(d, "cuLaunchKernel", code, err);
    code = d->cu.synchronize();
    return code != 0 ? refused(d, "cuCtxSynchronize", code, err) : 0;
}

static void close_device(keel_device *base) {
    cuda *d = (cuda *)base;
    if (d->has_context && d->cu.context_use(d->context) == 0 && d->module) (void)d->cu.module_unload(d->module);
    if (d->has_context) (void)d->cu.context_release(d->device);
    free(d);
}

static const keel_device_driver DRIVER = {.kind = KEEL_DEVICE_CUDA,
                                          .build = build,
                                          .alloc = alloc,
                                          .release = release,
                                          .write = write_memory,
                                          .read = read_memory,
                                          .run = run,
                                          .close = close_device};

static int open_context(cuda *d, keel_err *err) {
    int major = 0, minor = 0;
    int code = d->cu.init(0);
    if (code == 0) code = d->cu.device_get(&d->device, d->base.info.index);
    if (code == 0) code = d->cu.device_attribute(&major, KEEL_CU_MAJOR, d->device);
    if (code == 0) code = d->cu.device_attribute(&minor, KEEL_CU_MINOR, d->device);
    if (code == 0) code = d->cu.context_retain(&d->context, d->device);
    if (code != 0) return refused(d, "cuDevicePrimaryCtxRetain", code, err);
    d->has_context = 1;
    d->arch = choose_arch(&d->nvrtc, 10 * major + minor);
    return 0;
}

int keel_device_cuda_open(const keel_device_info *info, keel_device **ret, keel_err *err) {
    cuda *d = calloc(1, sizeof *d);
    if (!d) return keel_err_set(err, KEEL_E_NOMEM, "out of memory: device: close other programs");
    d->base.driver = &DRIVER;
    d->base.info = *info;
    int rc = load_driver(&d->cu, err);
    const char *why = rc == 0 ? load_compiler(&d->nvrtc) : NULL;
    if (why)
        rc = keel_err_set(err, KEEL_E_NOT_FOUND, "device cuda:%d cannot be used: %.160s: %s", info->index, info->name,
                          why);
    if (rc == 0) rc = open_context(d, err);
    if (rc == 0)
        *ret = &d->base;
    else
        close_device(&d->base);
    return rc;
}
