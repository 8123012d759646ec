/* opencl_run.c: builds one OpenCL C 1.2 text and runs keel_test_kernel over the words of a file.
 *   opencl_run SOURCE IN OUT WORDS_IN WORDS_OUT [BUILD_OPTIONS [SCRATCH]]
 * SCRATCH: bytes of global memory per item, given to the kernel as third argument when above 0.
 * Uses the first device of any platform that has doubles. Every failure is a line and a non-zero status. */
#define CL_TARGET_OPENCL_VERSION 120
#include <CL/cl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void stop(const char *what, long code) {
    (void)fprintf(stderr, "opencl_run: %s: %ld\n", what, code);
    exit(1);
}

static void must(const char *what, cl_int code) {
    if (code != CL_SUCCESS) stop(what, code);
}

static char *read_file(const char *path, size_t *ret_size) {
    FILE *file = fopen(path, "rb");
    if (!file || fseek(file, 0, SEEK_END) != 0) stop(path, -1);
    long size = ftell(file);
    if (size < 0 || fseek(file, 0, SEEK_SET) != 0) stop(path, -2);
    char *data = calloc((size_t)size + 1, 1);
    if (!data || fread(data, 1, (size_t)size, file) != (size_t)size) stop(path, -3);
    (void)fclose(file); /* read-only, nothing to lose */
    *ret_size = (size_t)size;
    return data;
}

static cl_device_id find_device(void) {
    cl_platform_id platforms[8];
    cl_uint platform_count = 0;
    must("no OpenCL platform", clGetPlatformIDs(8, platforms, &platform_count));
    for (cl_uint i = 0; i < platform_count && i < 8; i++) {
        cl_device_id device;
        cl_device_fp_config doubles = 0;
        if (clGetDeviceIDs(platforms[i], CL_DEVICE_TYPE_ALL, 1, &device, NULL) != CL_SUCCESS) continue;
        (void)clGetDeviceInfo(device, CL_DEVICE_DOUBLE_FP_CONFIG, sizeof doubles, &doubles, NULL);
        if (doubles & CL_FP_DENORM) return device;
    }
    stop("no OpenCL device has doubles with denormals", 0);
    return NULL;
}

static cl_program build(cl_context context, cl_device_id device, const char *text, const char *options) {
    cl_int code;
    cl_program program = clCreateProgramWithSource(context, 1, &text, NULL, &code);
    must("clCreateProgramWithSource", code);
    code = clBuildProgram(program, 1, &device, options, NULL, NULL);
    if (code != CL_SUCCESS) {
        static char report[1 << 16];
        (void)clGetProgramBuildInfo(program, device, CL_PROGRAM_BUILD_LOG, sizeof report - 1, report, NULL);
        (void)fprintf(stderr, "%s\n", report);
        stop("the source does not build", code);
    }
    return program;
}

int main(int argc, char **argv) {
    if (argc < 6) {
        (void)fprintf(stderr, "usage: opencl_run SOURCE IN OUT WORDS_IN WORDS_OUT [BUILD_OPTIONS [SCRATCH]]\n");
        return 2;
    }
    size_t text_size, in_size, words_in = (size_t)atol(argv[4]), words_out = (size_t)atol(argv[5]);
    char *text = read_file(argv[1], &text_size), *in = read_file(argv[2], &in_size);
    size_t items = in_size / (8 * words_in), out_size = items * 8 * words_out;
    char *out = calloc(out_size, 1);
    if (items == 0 || !out) stop("no input", 0);

    cl_int code;
    cl_device_id device = find_device();
    cl_context context = clCreateContext(NULL, 1, &device, NULL, NULL, &code);
    must("clCreateContext", code);
    cl_command_queue queue = clCreateCommandQueue(context, device, 0, &code);
    must("clCreateCommandQueue", code);
    cl_program program = build(context, device, text, argc > 6 ? argv[6] : "-cl-std=CL1.2");
    cl_kernel kernel = clCreateKernel(program, "keel_test_kernel", &code);
    must("clCreateKernel", code);
    cl_mem source = clCreateBuffer(context, CL_MEM_READ_ONLY | CL_MEM_COPY_HOST_PTR, in_size, in, &code);
    must("clCreateBuffer", code);
    cl_mem target = clCreateBuffer(context, CL_MEM_WRITE_ONLY, out_size, NULL, &code);
    must("clCreateBuffer", code);
    must("clSetKernelArg", clSetKernelArg(kernel, 0, sizeof source, &source));
    must("clSetKernelArg", clSetKernelArg(kernel, 1, sizeof target, &target));
    size_t scratch_size = argc > 7 ? (size_t)atol(argv[7]) * items : 0;
    cl_mem scratch = NULL;
    if (scratch_size > 0) {
        scratch = clCreateBuffer(context, CL_MEM_READ_WRITE, scratch_size, NULL, &code);
        must("clCreateBuffer", code);
        must("clSetKernelArg", clSetKernelArg(kernel, 2, sizeof scratch, &scratch));
    }
    /* Groups of one: on a CPU device the private memory of a whole group lies on one stack. */
    size_t group = 1;
    must("clEnqueueNDRangeKernel", clEnqueueNDRangeKernel(queue, kernel, 1, NULL, &items, &group, 0, NULL, NULL));
    must("clEnqueueReadBuffer", clEnqueueReadBuffer(queue, target, CL_TRUE, 0, out_size, out, 0, NULL, NULL));

    FILE *file = fopen(argv[3], "wb");
    if (!file || fwrite(out, 1, out_size, file) != out_size || fclose(file) != 0) stop(argv[3], -4);
    (void)clReleaseMemObject(source);
    (void)clReleaseMemObject(target);
    if (scratch) (void)clReleaseMemObject(scratch);
    (void)clReleaseKernel(kernel);
    (void)clReleaseProgram(program);
    (void)clReleaseCommandQueue(queue);
    (void)clReleaseContext(context);
    free(text);
    free(in);
    free(out);
    return 0;
}
