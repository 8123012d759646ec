/* num/port.h: what the three compilers of the pure rooms spell differently.
 *
 * Everything under src/pure is one source for C17 (host), CUDA C++ (nvcc, NVRTC) and OpenCL C 1.2.
 * This is the only file that asks which compiler reads it. OpenCL is the case left over, because not
 * every front end defines the macro one expects.
 *
 *   KEEL_FN        linkage of a pure function: declared in x.h, defined once in x.c
 *   KEEL_HOT       the same, for the definition of a small function on every bar's path: inlined in the unit and still
 *                  there for others
 *   KEEL_INLINE    a function only its own .c uses, inlined wherever it is called: so that a constant argument makes a
 *                  loop of its own
 *   KEEL_LOCAL     linkage of a function only its own .c uses (all bodies share one unit: names stay unique)
 *   KEEL_GLOBAL    address space of arrays that many configurations share (bars, signal columns)
 *   KEEL_CONST     a constant table at file scope
 *   KEEL_RESTRICT  the pointer does not alias
 *   keel_pair      two doubles that go through the same operations: + - * with another pair, * with a double on its
 * left keel_pair_of(lo, hi)   keel_pair_load(p)   keel_pair_store(p, v)   keel_pair_lo(v)   keel_pair_hi(v)
 *   KEEL_PREFETCH(p)   the line of the cache at p will be wanted soon; nothing where that is not said
 *   KEEL_LONG_LOOPS ... KEEL_LONG_LOOPS_END   around bodies whose loops pay for the widest vectors there are;
 *                  simd/level.c says what that means, elsewhere it is nothing
 *   KEEL_UNUSED    a parameter that not every reader of a macro uses
 *   KEEL_STATIC_ASSERT(cond, name)   name is an identifier, unique in the unit
 * and on a device alone:
 *   KEEL_KERNEL    a function that the host starts, one thread a number
 *   keel_thread()  this thread's number, from 0
 *   KEEL_ONE_SPACE 1: a pointer may point into global memory; 0: only one that says KEEL_GLOBAL
 *
 * Determinism: contraction is off for the whole unit (OpenCL: the pragma below; host: -ffp-contract=off;
 * CUDA: --fmad=false). No function here calls libm; square root is exact in IEEE 754 and allowed. */
#ifndef KEEL_NUM_PORT_H
#define KEEL_NUM_PORT_H

#define KEEL_LONG_LOOPS
#define KEEL_LONG_LOOPS_END

#if defined(__CUDACC__) || defined(__CUDACC_RTC__) /* ------------------------------------------ CUDA */

#define KEEL_ON_HOST 0
#if defined(__CUDACC_RTC__)
typedef signed char int8_t;
typedef unsigned char uint8_t;
typedef short int16_t;
typedef unsigned short uint16_t;
typedef int int32_t;
typedef unsigned int uint32_t;
typedef long long int64_t;
typedef unsigned long long uint64_t;
#else
#include <stdint.h>
#endif
#define KEEL_ONE_SPACE 1
#define KEEL_KERNEL extern "C" __global__ void
/* Not inlined: the whole run inlined is four times the code and fifty times the compiler's time. */
#define KEEL_FN static __device__ __noinline__
#define KEEL_HOT static __device__ __forceinline__
#define KEEL_INLINE static __device__ __forceinline__
#define KEEL_LOCAL static __device__
#define KEEL_GLOBAL
#define KEEL_PREFETCH(p) ((void)0)
#define KEEL_CONST static __device__ const
#define KEEL_RESTRICT __restrict__
#define KEEL_CAT_(a, b) a##b
#define KEEL_STATIC_ASSERT(cond, name) static_assert(cond, #name)
static __device__ inline uint64_t keel_mulhi_u64(uint64_t a, uint64_t b) { return __umul64hi(a, b); }
static __device__ inline double keel_sqrt(double x) { return __dsqrt_rn(x); }
static __device__ inline double keel_fabs(double x) { return fabs(x); }
static __device__ inline uint64_t keel_f64_bits(double x) { return (uint64_t)__double_as_longlong(x); }
static __device__ inline int64_t keel_thread(void) { return (int64_t)blockIdx.x * blockDim.x + threadIdx.x; }
static __device__ inline double keel_f64_from_bits(uint64_t u) { return __longlong_as_double((long long)u); }
struct keel_pair {
    double lo, hi;
};
static __device__ inline keel_pair keel_pair_of(double lo, double hi) {
    keel_pair v;
    v.lo = lo;
    v.hi = hi;
    return v;
}
static __device__ inline keel_pair operator+(keel_pair a, keel_pair b) {
    return keel_pair_of(a.lo + b.lo, a.hi + b.hi);
}
static __device__ inline keel_pair operator-(keel_pair a, keel_pair b) {
    return keel_pair_of(a.lo - b.lo, a.hi - b.hi);
}
static __device__ inline keel_pair operator*(keel_pair a, keel_pair b) {
    return keel_pair_of(a.lo * b.lo, a.hi * b.hi);
}
static __device__ inline keel_pair operator*(double a, keel_pair b) { return keel_pair_of(a * b.lo, a * b.hi); }
static __device__ inline keel_pair keel_pair_load(const double *p) { return keel_pair_of(p[0], p[1]); }
static __device__ inline void keel_pair_store(double *p, keel_pair v) { p[0] = v.lo, p[1] = v.hi; }
static __device__ inline double keel_pair_lo(keel_pair v) { return v.lo; }
static __device__ inline double keel_pair_hi(keel_pair v) { return v.hi; }

#elif defined(__STDC_VERSION__) && !defined(__OPENCL_VERSION__) && !defined(__OPENCL_C_VERSION__) || \
    (defined(__cplusplus) && !defined(__OPENCL_VERSION__)) /* --------------------------------- host */

#define KEEL_ON_HOST 1
#include <stdint.h>
#include <string.h>
#define KEEL_FN
#if defined(__cplusplus)
#define KEEL_HOT
#else
#define KEEL_HOT extern inline __attribute__((always_inline))
#if defined(__clang__) /* it warns of the inline definitions of C17 6.7.4; one that says extern is none of them */
#pragma clang diagnostic ignored "-Wstatic-in-inline"
#endif
#endif
#if defined(__cplusplus)
#define KEEL_INLINE static inline
#else
#define KEEL_INLINE static inline __attribute__((always_inline))
#endif
#define KEEL_LOCAL static inline
#define KEEL_GLOBAL
#define KEEL_PREFETCH(p) __builtin_prefetch(p)
#define KEEL_CONST static const
#if defined(__cplusplus)
#define KEEL_RESTRICT __restrict__
#define KEEL_STATIC_ASSERT(cond, name) static_assert(cond, #name)
#else
#define KEEL_RESTRICT restrict
#define KEEL_STATIC_ASSERT(cond, name) _Static_assert(cond, #name)
#endif
__extension__ typedef unsigned __int128 keel_u128_;
static inline uint64_t keel_mulhi_u64(uint64_t a, uint64_t b) { return (uint64_t)(((keel_u128_)a * b) >> 64); }
static inline double keel_sqrt(double x) { return __builtin_sqrt(x); }
static inline double keel_fabs(double x) { return __builtin_fabs(x); }
static inline uint64_t keel_f64_bits(double x) {
    uint64_t u;
    memcpy(&u, &x, sizeof u);
    return u;
}
static inline double keel_f64_from_bits(uint64_t u) {
    double x;
    memcpy(&x, &u, sizeof x);
    return x;
}
/* 1 and the sum or difference, or 0 when it does not fit: what the processor's own flag says. */
static inline int32_t keel_sum_fits(int64_t a, int64_t b, int64_t *ret) { return !__builtin_add_overflow(a, b, ret); }
static inline int32_t keel_difference_fits(int64_t a, int64_t b, int64_t *ret) {
    return !__builtin_sub_overflow(a, b, ret);
}
/* Place of the lowest bit of u, which is not 0. */
static inline int32_t keel_lowest_bit(uint64_t u) { return __builtin_ctzll(u); }
/* Eight bytes, the first one lowest. */
static inline uint64_t keel_word_of(const uint8_t *p) {
    return (uint64_t)p[0] | (uint64_t)p[1] << 8 | (uint64_t)p[2] << 16 | (uint64_t)p[3] << 24 | (uint64_t)p[4] << 32 |
           (uint64_t)p[5] << 40 | (uint64_t)p[6] << 48 | (uint64_t)p[7] << 56;
}
typedef double keel_pair __attribute__((vector_size(16)));
static inline keel_pair keel_pair_of(double lo, double hi) {
    keel_pair v = {lo, hi};
    return v;
}
static inline keel_pair keel_pair_load(const double *p) {
    keel_pair v;
    memcpy(&v, p, sizeof v);
    return v;
}
static inline void keel_pair_store(double *p, keel_pair v) { memcpy(p, &v, sizeof v); }
static inline double keel_pair_lo(keel_pair v) { return v[0]; }
static inline double keel_pair_hi(keel_pair v) { return v[1]; }

#else /* ------------------------------------------------------------------------------- OpenCL C 1.2 */

#define KEEL_ON_HOST 0
#pragma OPENCL EXTENSION cl_khr_fp64 : enable
#pragma OPENCL FP_CONTRACT OFF
typedef char int8_t;
typedef uchar uint8_t;
typedef short int16_t;
typedef ushort uint16_t;
typedef int int32_t;
typedef uint uint32_t;
typedef long int64_t;
typedef ulong uint64_t;
#define KEEL_ONE_SPACE 0
#define KEEL_KERNEL __kernel void
#define KEEL_FN
#define KEEL_HOT
#define KEEL_INLINE
#define KEEL_LOCAL
#define KEEL_GLOBAL __global
#define KEEL_PREFETCH(p) ((void)0)
#define KEEL_CONST __constant const
#define KEEL_RESTRICT restrict
#define KEEL_CAT2_(a, b) a##b
#define KEEL_CAT_(a, b) KEEL_CAT2_(a, b)
#define KEEL_STATIC_ASSERT(cond, name) typedef char KEEL_CAT_(keel_static_assert_, name)[(cond) ? 1 : -1]
#define keel_mulhi_u64(a, b) mul_hi((ulong)(a), (ulong)(b))
#define keel_thread() ((int64_t)get_global_id(0))
#define keel_sqrt(x) sqrt((double)(x))
#define keel_fabs(x) fabs((double)(x))
#define keel_f64_bits(x) as_ulong((double)(x))
#define keel_f64_from_bits(u) as_double((ulong)(u))
typedef double2 keel_pair;
#define keel_pair_of(lo, hi) ((double2)((lo), (hi)))
#define keel_pair_load(p) vload2(0, (p))
#define keel_pair_store(p, v) vstore2((v), 0, (p))
#define keel_pair_lo(v) ((v).x)
#define keel_pair_hi(v) ((v).y)

#endif

#define KEEL_UNUSED __attribute__((unused))

KEEL_STATIC_ASSERT(sizeof(int64_t) == 8, int64_is_8_bytes);
KEEL_STATIC_ASSERT(sizeof(double) == 8, double_is_8_bytes);

#define KEEL_I64_MAX ((int64_t)0x7fffffffffffffffLL)
#define KEEL_I64_MIN (-KEEL_I64_MAX - 1)

/* One unit of price, quantity and money is 1e-8; one unit of a funding rate is 1e-16. */
#define KEEL_E8 ((int64_t)100000000)
#define KEEL_E16 ((int64_t)10000000000000000LL)

#endif
