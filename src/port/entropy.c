/* port/entropy.c: see entropy.h. */
#include "port/entropy.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"

static int real_fill(void *ctx, void *ret_bytes, size_t size) {
    (void)ctx;
    int file = open("/dev/urandom", O_RDONLY | O_CLOEXEC);
    if (file < 0) return -errno;
    int rc = 0;
    for (size_t done = 0; done < size && rc == 0;) {
        ssize_t n = read(file, (char *)ret_bytes + done, size - done);
        if (n > 0)
            done += (size_t)n;
        else if (n == 0 || errno != EINTR)
            rc = n == 0 ? -EIO : -errno;
    }
    (void)close(file); /* read-only, nothing to lose */
    return rc;
}

const keel_entropy *keel_entropy_real(void) {
    static const keel_entropy REAL = {NULL, real_fill};
    return &REAL;
}

uint64_t keel_simrandom_next(keel_simrandom *r) {
    uint64_t z = r->state += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

uint64_t keel_simrandom_below(keel_simrandom *r, uint64_t bound) {
    KEEL_ASSERT(bound > 0);
    return keel_simrandom_next(r) % bound; /* the bias does not matter to a simulation */
}

static int sim_fill(void *ctx, void *ret_bytes, size_t size) {
    for (size_t i = 0; i < size; i++)
        ((uint8_t *)ret_bytes)[i] = (uint8_t)(keel_simrandom_next(ctx) >> 32);
    return 0;
}

void keel_simrandom_init(keel_simrandom *r, uint64_t seed) {
    r->port = (keel_entropy){r, sim_fill};
    r->state = seed;
}
