/* bench/alloc_count.c: every allocation of the program it is linked into, libraries included, is counted.
 *
 * Stands in for the C library's allocator by name, as the linker allows, and hands on to it. glibc only; not together
 * with sanitizers, which do the same. */
#include <errno.h>
#include <stddef.h>
#include <stdint.h>

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *at, size_t size);
void *__libc_memalign(size_t alignment, size_t size);

uint64_t alloc_count(void);
void *malloc(size_t size);
void *calloc(size_t count, size_t size);
void *realloc(void *at, size_t size);
void *aligned_alloc(size_t alignment, size_t size);
int posix_memalign(void **ret, size_t alignment, size_t size);

static volatile uint64_t count;

uint64_t alloc_count(void) { return count; }

void *malloc(size_t size) {
    count++;
    return __libc_malloc(size);
}

void *calloc(size_t n, size_t size) {
    count++;
    return __libc_calloc(n, size);
}

void *realloc(void *at, size_t size) {
    count++;
    return __libc_realloc(at, size);
}

void *aligned_alloc(size_t alignment, size_t size) {
    count++;
    return __libc_memalign(alignment, size);
}

int posix_memalign(void **ret, size_t alignment, size_t size) {
    count++;
    *ret = __libc_memalign(alignment, size);
    return *ret ? 0 : ENOMEM;
}
