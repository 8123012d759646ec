/* app/cli/folders.c: see folders.h. */
#include "app/cli/folders.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

enum { PATH_SIZE = 4096 };

int keel_folders_make(const char *path, unsigned mode, keel_err *err) {
    char part[PATH_SIZE];
    size_t size = strlen(path);
    while (size > 1 && path[size - 1] == '/')
        size--;
    if (size == 0) return keel_err_set(err, KEEL_E_USAGE, "no folder: an empty path: name one");
    if (size >= sizeof part) return keel_err_set(err, KEEL_E_USAGE, "path is too long: %.80s: choose another", path);
    memcpy(part, path, size);
    part[size] = 0;
    for (size_t i = 1; i <= size; i++) {
        if (part[i] != '/' && part[i] != 0) continue;
        char kept = part[i];
        part[i] = 0;
        if (mkdir(part, i == size ? mode : 0777) != 0 && errno != EEXIST)
            return keel_err_set(err, KEEL_E_IO, "cannot make folder: %s: %s; choose another place", part,
                                strerror(errno));
        part[i] = kept;
    }
    return 0;
}
