/* ops/forensic/parts.c: see parts.h. */
#include "ops/forensic/parts.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DIGITS = 6 };

typedef struct look {
    const char *base; /* of the name, without its folder */
    keel_parts *ret;
} look;

/* Number of a part by its name, 0: none of this stream. */
static uint32_t number_of(const char *name, const char *base) {
    size_t size = strlen(base), digits;
    if (strncmp(name, base, size) != 0 || name[size] != '.') return 0;
    name += size + 1;
    digits = strspn(name, "0123456789");
    if (digits != DIGITS || strcmp(name + digits, ".jsonl.zst") != 0) return 0;
    return (uint32_t)strtoul(name, NULL, 10);
}

static int visit(void *data, const char *name) {
    look *l = data;
    uint32_t part = number_of(name, l->base);
    if (part == 0) return 0;
    if (l->ret->count == 0 || part < l->ret->first) l->ret->first = part;
    if (part > l->ret->last) l->ret->last = part;
    l->ret->count++;
    return 0;
}

int keel_parts_find(const keel_fs *fs, const char *dir, const char *name, keel_parts *ret, keel_err *reterr) {
    char path[KEEL_FS_PATH_MAX];
    const char *slash = strrchr(name, '/');
    look l = {slash ? slash + 1 : name, ret};
    memset(ret, 0, sizeof *ret);
    int size = slash ? snprintf(path, sizeof path, "%s/%.*s", dir, (int)(slash - name), name)
                     : snprintf(path, sizeof path, "%s", dir);
    if (size >= (int)sizeof path) return keel_err_set(reterr, KEEL_E_RANGE, "path is too long: %.80s: move it", dir);
    int rc = fs->list(fs->ctx, path, visit, &l);
    return rc == 0 || rc == -ENOENT ? 0 : keel_fs_fail(rc, "cannot look into folder", path, reterr);
}

int keel_parts_path(const char *dir, const char *name, uint32_t part, char ret[KEEL_FS_PATH_MAX], keel_err *reterr) {
    int size = part ? snprintf(ret, KEEL_FS_PATH_MAX, "%s/%s.%06" PRIu32 ".jsonl.zst", dir, name, part)
                    : snprintf(ret, KEEL_FS_PATH_MAX, "%s/%s.jsonl", dir, name);
    return size < KEEL_FS_PATH_MAX ? 0 : keel_err_set(reterr, KEEL_E_RANGE, "path is too long: %.80s: move it", dir);
}
