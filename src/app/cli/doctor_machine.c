/* app/cli/doctor_machine.c: what keel doctor looks for on the machine. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "app/cli/doctor.h"
#include "base/build.h"
#include "base/timerange.h"
#include "simd/simd.h"

enum { PATH_MAX_BYTES = 4096 };

/* An executable file of this name in $PATH. */
static int find_program(const char *name, char ret[PATH_MAX_BYTES]) {
    const char *path = getenv("PATH");
    for (const char *from = path ? path : "/usr/bin:/bin"; *from;) {
        size_t size = strcspn(from, ":");
        int length = snprintf(ret, PATH_MAX_BYTES, "%.*s/%s", (int)size, from, name);
        if (size && length > 0 && length < PATH_MAX_BYTES && access(ret, X_OK) == 0) return 1;
        from += size + (from[size] == ':');
    }
    return 0;
}

static void check_compiler(keel_doctor *d) {
    static const char *const names[] = {"cc", "gcc", "clang"};
    const char *given = getenv("KEEL_CC");
    char path[PATH_MAX_BYTES];
    if (given && *given) {
        int found = strchr(given, '/') ? access(given, X_OK) == 0 : find_program(given, path);
        if (found)
            keel_doctor_say(d, KEEL_DOCTOR_OK, "compiler", NULL, "KEEL_CC=%s, for your own strategies", given);
        else
            keel_doctor_say(d, KEEL_DOCTOR_FAIL, "compiler", "name a C compiler in KEEL_CC, or unset it",
                            "KEEL_CC=%s is no program", given);
        return;
    }
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (!find_program(names[i], path)) continue;
        keel_doctor_say(d, KEEL_DOCTOR_OK, "compiler", NULL, "%s, for your own strategies", path);
        return;
    }
    keel_doctor_say(d, KEEL_DOCTOR_WARN, "compiler",
                    "apt install gcc libc6-dev, or name a compiler in KEEL_CC; built-in strategies need none",
                    "no cc, gcc or clang in PATH, which your own strategies need");
}

/* Where compiled strategies are kept: what lies there is executed, so nobody else may write it. */
static void check_cache(keel_doctor *d) {
    static const char name[] = "cache";
    const char *cache = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
    char path[PATH_MAX_BYTES];
    struct stat about;
    int given = cache && cache[0] == '/';
    if (!given && (!home || home[0] != '/')) {
        keel_doctor_say(d, KEEL_DOCTOR_WARN, name, "set XDG_CACHE_HOME to a folder of your own",
                        "neither HOME nor XDG_CACHE_HOME is set; compiled strategies have no place");
        return;
    }
    (void)snprintf(path, sizeof path, "%s%s/keel", given ? cache : home, given ? "" : "/.cache");
    /* The folder is made when it is needed: until then the nearest one above it that is there decides. */
    while (stat(path, &about) != 0 && errno == ENOENT && strrchr(path, '/') > path)
        *strrchr(path, '/') = 0;
    if (stat(path, &about) != 0 || access(path, W_OK) != 0)
        keel_doctor_say(d, KEEL_DOCTOR_WARN, name, "mend its rights, or set XDG_CACHE_HOME to a folder of your own",
                        "%s cannot be written; compiled strategies have no place", path);
    else if (strcmp(strrchr(path, '/'), "/keel") == 0 && (about.st_mode & (S_IWGRP | S_IWOTH)))
        keel_doctor_say(d, KEEL_DOCTOR_WARN, name, "chmod 700 this folder",
                        "%s can be written by others, and holds what is executed", path);
    else
        keel_doctor_say(d, KEEL_DOCTOR_OK, name, NULL, "%s can be written", path);
}

static void check_clock(keel_doctor *d) {
    static const int64_t earliest_ms = 1735689600000, latest_ms = 4102444800000; /* 2025, 2100 */
    char text[KEEL_TIME_TEXT_MAX];
    struct timespec wall, resolution;
    if (clock_gettime(CLOCK_REALTIME, &wall) != 0 || clock_getres(CLOCK_MONOTONIC, &resolution) != 0) {
        keel_doctor_say(d, KEEL_DOCTOR_FAIL, "clock", "use another kernel", "the clock cannot be read");
        return;
    }
    int64_t now_ms = (int64_t)wall.tv_sec * 1000 + wall.tv_nsec / 1000000;
    (void)keel_time_format(now_ms, text);
    if (now_ms < earliest_ms || now_ms > latest_ms)
        keel_doctor_say(d, KEEL_DOCTOR_FAIL, "clock", "set it: timedatectl set-ntp true",
                        "it says %s, so that imports refuse or let through the wrong rows", text);
    else if (resolution.tv_sec > 0 || resolution.tv_nsec > 1000000)
        keel_doctor_say(d, KEEL_DOCTOR_WARN, "clock", "use another clock source", "its steps are longer than 1 ms");
    else
        keel_doctor_say(d, KEEL_DOCTOR_OK, "clock", NULL, "%s; all times are UTC, no time zone data is needed", text);
}

void keel_doctor_machine(keel_doctor *d) {
    keel_doctor_say(d, KEEL_DOCTOR_OK, "program", NULL, "keel %s (%s), %s", keel_build_version(), keel_build_revision(),
                    keel_build_compiler());
    keel_doctor_say(d, KEEL_DOCTOR_OK, "processor", NULL, "%s instructions for signals; results are the same with any",
                    keel_simd_best()->name);
    check_compiler(d);
    check_cache(d);
    check_clock(d);
    keel_doctor_devices(d);
}
