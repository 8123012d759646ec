/* cuda_check.cu: the known-answer lane on a real GPU, one thread a run; prints the answers as lane_answers.txt has
 * them, and on stderr the device's name, the time of the kernel and bars per second.
 *   cuda_check STRATEGY_NAMES(comma) SEEDS(comma) [COPIES]
 * COPIES > 1 repeats the runs that many times in one launch and checks that every copy answers alike. */
#include "all.c"

#include "lane_entry.h"

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

__global__ void run_lanes(const uint64_t *in, uint64_t *out, unsigned char *scratch, uint64_t n) {
    uint64_t i = (uint64_t)blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= n) return;
    int64_t *ints = (int64_t *)(scratch + i * LANE_SCRATCH);
    keel_signal_set sets[KEEL_KAT_SYMBOLS];
    keel_snapshot snaps[KEEL_KAT_SYMBOLS];
    keel_lane lane;
    keel_state state;
    keel_lane_entry(in + i * 2, out + i * 3, ints, (double *)(ints + KEEL_KAT_INTS), sets, snaps, &lane, &state);
}

static void must(const char *what, cudaError_t code) {
    if (code == cudaSuccess) return;
    std::fprintf(stderr, "cuda_check: %s: %s\n", what, cudaGetErrorString(code));
    std::exit(code == cudaErrorNoDevice || code == cudaErrorInsufficientDriver ? 4 : 1);
}

static std::vector<std::string> cut(const char *text) {
    std::vector<std::string> parts(1);
    for (; *text; text++) {
        if (*text == ',') parts.emplace_back();
        else parts.back() += *text;
    }
    return parts;
}

int main(int argc, char **argv) {
    if (argc < 3) {
        std::fprintf(stderr, "usage: cuda_check STRATEGY,... SEED,... [COPIES]\n");
        return 2;
    }
    std::vector<std::string> names = cut(argv[1]), seeds = cut(argv[2]);
    uint64_t copies = argc > 3 ? std::strtoull(argv[3], nullptr, 10) : 1, runs = names.size() * seeds.size();
    uint64_t n = runs * copies;
    std::vector<uint64_t> in(n * 2), out(n * 3);
    for (uint64_t i = 0; i < n; i++) {
        in[i * 2] = (i % runs) / seeds.size();
        in[i * 2 + 1] = std::strtoull(seeds[i % runs % seeds.size()].c_str(), nullptr, 10);
    }
    cudaDeviceProp device;
    must("no device", cudaGetDeviceProperties(&device, 0));
    uint64_t *source = nullptr, *target = nullptr;
    unsigned char *scratch = nullptr;
    must("memory", cudaMalloc(&source, in.size() * 8));
    must("memory", cudaMalloc(&target, out.size() * 8));
    must("memory", cudaMalloc(&scratch, n * LANE_SCRATCH));
    must("copy", cudaMemcpy(source, in.data(), in.size() * 8, cudaMemcpyHostToDevice));
    auto start = std::chrono::steady_clock::now();
    run_lanes<<<(unsigned)((n + 31) / 32), 32>>>(source, target, scratch, n);
    must("launch", cudaGetLastError());
    must("run", cudaDeviceSynchronize());
    double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    must("copy", cudaMemcpy(out.data(), target, out.size() * 8, cudaMemcpyDeviceToHost));
    for (uint64_t i = 0; i < n; i++) {
        if (i >= runs && std::memcmp(&out[i * 3], &out[i % runs * 3], 24) != 0) {
            std::fprintf(stderr, "cuda_check: run %llu differs from its first copy\n", (unsigned long long)i);
            return 6;
        }
        if (i < runs)
            std::printf("%s %s %016llx %lld %lld\n", names[i / seeds.size()].c_str(), seeds[i % seeds.size()].c_str(),
                        (unsigned long long)out[i * 3], (long long)out[i * 3 + 1], (long long)out[i * 3 + 2]);
    }
    std::fprintf(stderr, "%s: %llu runs, %.3f s, %.3g configuration-bars/s (signals and bars made inside, untuned)\n",
                 device.name, (unsigned long long)n, seconds,
                 (double)n * KEEL_KAT_BARS * KEEL_KAT_SYMBOLS / seconds);
    return 0;
}
