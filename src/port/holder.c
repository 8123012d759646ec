/* port/holder.c: see holder.h. */
#include "port/holder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

enum { NUMBER_MAX = 32, NAME_MAX_FD = 300 };

/* The number in the file, and which file it is. 0: none. */
static int64_t number_in(const char *path, struct stat *ret_which) {
    char text[NUMBER_MAX] = "";
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (file < 0) return 0;
    ssize_t size = fstat(file, ret_which) == 0 && S_ISREG(ret_which->st_mode) ? read(file, text, sizeof text - 1) : 0;
    (void)close(file); /* read-only, nothing to lose */
    int64_t number = size > 0 ? strtoll(text, NULL, 10) : 0;
    return number > 0 && number <= INT32_MAX ? number : 0;
}

static int runs(int64_t number) { return kill((pid_t)number, 0) == 0 || errno == EPERM; }

/* 1: it has that file open; 0: not; -1: the system does not show what is open. */
static int has_open(int64_t number, const struct stat *which) {
    char path[NAME_MAX_FD];
    struct stat st;
    int found = 0;
    (void)snprintf(path, sizeof path, "/proc/%" PRId64 "/fd", number);
    DIR *dir = opendir(path);
    if (!dir) return stat("/proc/self/fd", &st) == 0 ? 0 : -1;
    for (const struct dirent *e; !found && (e = readdir(dir)) != NULL;) {
        int size = snprintf(path, sizeof path, "/proc/%" PRId64 "/fd/%s", number, e->d_name);
        if (size < 0 || size >= (int)sizeof path || stat(path, &st) != 0) continue;
        found = st.st_dev == which->st_dev && st.st_ino == which->st_ino;
    }
    (void)closedir(dir); /* read-only, nothing to lose */
    return found;
}

int64_t keel_holder_of(const char *path) {
    struct stat which;
    int64_t number = number_in(path, &which);
    if (number == 0 || !runs(number)) return 0;
    return has_open(number, &which) != 0 ? number : 0;
}
