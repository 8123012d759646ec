/* fake_cuda.c: stands for libcuda.so.1 and libnvrtc.so.13 in tests: the kernels of src/device/unit.c compiled by the
 * host's compiler and run thread by thread, behind the drivers' own interface. What it shows: keel's side of that
 * interface. What it does not: a GPU.
 *   FAKE_FUSES=1   the compiler yields a fused multiply-add
 *   FAKE_REFUSES=1 the compiler refuses the text
 *   FAKE_LOST=N    the N-th launch and all later ones fail
 *   FAKE_NONE=1    there is no device */
#define KEEL_KERNEL static void
#define KEEL_ONE_SPACE 1
#include "num/port.h"
static int64_t thread_now;
static int64_t keel_thread(void) { return thread_now; }

#include "device/unit.c"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OUT __attribute__((visibility("default")))

static int launches;

static int is_set(const char *name) { return getenv(name) && *getenv(name); }

/* ---- libcuda ---- */

OUT int cuInit(unsigned int flags) { return flags != 0 ? 1 : is_set("FAKE_NONE") ? 100 : 0; }
OUT int cuDriverGetVersion(int *version) { return *version = 13000, 0; }
OUT int cuDeviceGetCount(int *count) { return *count = 1, 0; }
OUT int cuDeviceGet(int *device, int ordinal) { return *device = ordinal, ordinal == 0 ? 0 : 101; }
OUT int cuDeviceGetName(char *name, int size, int device) {
    (void)device;
    return snprintf(name, (size_t)size, "Fake GPU") < 0;
}
OUT int cuDeviceTotalMem_v2(size_t *bytes, int device) { return *bytes = (size_t)64 << 20, device; }
OUT int cuDeviceGetAttribute(int *value, int attribute, int device) {
    *value = attribute == 75 ? 9 : 0;
    return device;
}
OUT int cuDevicePrimaryCtxRetain(void **context, int device) { return *context = &launches, device; }
OUT int cuDevicePrimaryCtxRelease_v2(int device) { return device; }
OUT int cuCtxSetCurrent(void *context) { return context == &launches ? 0 : 201; }
OUT int cuCtxSynchronize(void) { return is_set("FAKE_LOST") && launches >= atoi(getenv("FAKE_LOST")) ? 700 : 0; }
OUT int cuModuleLoadData(void **module, const void *image) {
    *module = malloc(1);
    return strncmp(image, ".version", 8) == 0 ? 0 : 218;
}
OUT int cuModuleUnload(void *module) { return free(module), 0; }
OUT int cuModuleGetFunction(void **function, void *module, const char *name) {
    (void)module;
    *function = strcmp(name, "keel_device_run") == 0 ? "r" : "l";
    return strcmp(name, "keel_device_run") == 0 || strcmp(name, "keel_device_layout") == 0 ? 0 : 500;
}
OUT int cuMemAlloc_v2(unsigned long long *at, size_t size) {
    if (size > (size_t)48 << 20) return 2;
    void *memory = malloc(size);
    *at = (unsigned long long)(uintptr_t)memory;
    return memory ? 0 : 2;
}
OUT int cuMemFree_v2(unsigned long long at) { return free((void *)(uintptr_t)at), 0; }
OUT int cuMemcpyHtoD_v2(unsigned long long to, const void *from, size_t size) {
    return memcpy((void *)(uintptr_t)to, from, size), 0;
}
OUT int cuMemcpyDtoH_v2(void *to, unsigned long long from, size_t size) {
    return memcpy(to, (const void *)(uintptr_t)from, size), 0;
}
OUT int cuGetErrorName(int code, const char **name) {
    return *name = code == 700 ? "CUDA_ERROR_ILLEGAL_ADDRESS" : "?", 0;
}

static void *argument(void **parameters, int i) { return (void *)(uintptr_t) * (unsigned long long *)parameters[i]; }

OUT int cuLaunchKernel(void *function, unsigned int gx, unsigned int gy, unsigned int gz, unsigned int bx,
                       unsigned int by, unsigned int bz, unsigned int shared, void *stream, void **p, void **extra) {
    if (gy != 1 || gz != 1 || by != 1 || bz != 1 || shared != 0 || stream || extra) return 1;
    launches++;
    for (thread_now = 0; thread_now < (int64_t)gx * bx; thread_now++) {
        if (*(const char *)function == 'l')
            keel_device_layout(argument(p, 0));
        else
            keel_device_run(argument(p, 0), argument(p, 1), argument(p, 2), argument(p, 3), argument(p, 4),
                            argument(p, 5), argument(p, 6), argument(p, 7), argument(p, 8));
    }
    return 0;
}

/* ---- libnvrtc ---- */

static const char *ptx(void) {
    return is_set("FAKE_FUSES") ? ".version 9.0\n@%p1 fma.rn.f64 %fd1, %fd2, %fd3, %fd4;\n"
                                : ".version 9.0\nfma.rn.s32;\nadd.rn.f64 %fd1, %fd2, %fd3;\n";
}

OUT int nvrtcGetNumSupportedArchs(int *count) { return *count = 3, 0; }
OUT int nvrtcGetSupportedArchs(int *archs) { return archs[0] = 75, archs[1] = 90, archs[2] = 120, 0; }
OUT int nvrtcCreateProgram(void **program, const char *text, const char *name, int headers, const char *const *h,
                           const char *const *n) {
    *program = strdup(text);
    return !name || headers != 0 || h || n || !strstr(text, "keel_device_run");
}
OUT int nvrtcDestroyProgram(void **program) { return free(*program), *program = NULL, 0; }
OUT int nvrtcCompileProgram(void *program, int count, const char *const *options) {
    static const char *const WANTED[] = {
        "--gpu-architecture=compute_90", "--fmad=false", "--prec-div=true", "--prec-sqrt=true", "--ftz=false",
        "-DKEEL_SYMBOLS_MAX=2"};
    for (size_t w = 0; w < sizeof WANTED / sizeof *WANTED; w++) {
        int found = 0;
        for (int i = 0; i < count; i++)
            found |= strcmp(options[i], WANTED[w]) == 0;
        if (!found) return 5;
    }
    return !program ? 4 : is_set("FAKE_REFUSES") ? 6 : 0;
}
OUT int nvrtcGetPTXSize(void *program, size_t *size) { return *size = strlen(ptx()) + 1, program == NULL; }
OUT int nvrtcGetPTX(void *program, char *text) { return strcpy(text, ptx()), program == NULL; }
OUT int nvrtcGetProgramLogSize(void *program, size_t *size) { return *size = 64, program == NULL; }
OUT int nvrtcGetProgramLog(void *program, char *log) {
    return strcpy(log, "keel.cu(7): warning: x\nkeel.cu(9): error: planted\n"), program == NULL;
}
