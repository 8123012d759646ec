/* app/cli/doctor_devices.c: the devices that keel doctor finds. A driver is loaded in a child: a broken one would take
 * the examination down. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "app/cli/doctor.h"
#include "device/device.h"

/* A driver may look for its devices for a while; one that never comes back is ended. */
enum { PATIENCE_MS = 30000 };

typedef struct finding {
    int32_t rc, count;
    keel_err err;
    keel_device_info info[KEEL_DEVICES_MAX];
} finding;

/* Read all of it, or not. */
static int receive(int fd, finding *ret) {
    size_t have = 0;
    while (have < sizeof *ret) {
        struct pollfd ready = {.fd = fd, .events = POLLIN};
        int events = poll(&ready, 1, PATIENCE_MS);
        if (events < 0 && errno == EINTR) continue;
        ssize_t n = events > 0 ? read(fd, (char *)ret + have, sizeof *ret - have) : -1;
        if (n <= 0) return 0;
        have += (size_t)n;
    }
    return 1;
}

_Noreturn static void look(keel_device_kind kind, int fd) {
    static finding f;
    f.rc = keel_device_list(kind, f.info, &f.count, &f.err);
    for (size_t at = 0; at < sizeof f;) {
        ssize_t n = write(fd, (const char *)&f + at, sizeof f - at);
        if (n <= 0) break;
        at += (size_t)n;
    }
    _exit(0);
}

static int find(keel_device_kind kind, finding *ret) {
    int fds[2], status = 0;
    if (pipe(fds) != 0) return 0;
    (void)fflush(NULL); /* or the child would write it again */
    pid_t child = fork();
    if (child == 0) {
        (void)close(fds[0]);
        look(kind, fds[1]);
    }
    (void)close(fds[1]);
    int found = child > 0 && receive(fds[0], ret);
    (void)close(fds[0]);
    if (child > 0 && !found) (void)kill(child, SIGKILL);
    while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    return found;
}

static void say_device(keel_doctor *d, const char *kind, const keel_device_info *i) {
    char name[32];
    (void)snprintf(name, sizeof name, "%s:%d", kind, i->index);
    if (i->usable)
        keel_doctor_say(d, KEEL_DOCTOR_OK, name, NULL, "%s, %s, %.1f GiB; sweeps may run there: --device %s", i->name,
                        i->driver, (double)i->memory_bytes / 1073741824.0, name);
    else
        keel_doctor_say(d, KEEL_DOCTOR_OK, name, NULL, "%s cannot be used: %s", i->name, i->why);
}

static void say_kind(keel_doctor *d, keel_device_kind kind) {
    const char *name = keel_device_kind_names[kind];
    finding f = {.rc = KEEL_E_ERROR};
    if (!find(kind, &f))
        keel_doctor_say(d, KEEL_DOCTOR_WARN, name, "install another driver, or use no --device",
                        "the driver ends or stalls whoever asks it for its devices");
    else if (f.rc == KEEL_E_NOT_FOUND || (f.rc == 0 && f.count == 0))
        keel_doctor_say(d, KEEL_DOCTOR_OK, name, NULL, "no driver; not needed, everything runs on the processor");
    else if (f.rc != 0)
        keel_doctor_say_error(d, KEEL_DOCTOR_WARN, name, &f.err);
    for (int32_t i = 0; f.rc == 0 && i < f.count; i++)
        say_device(d, name, &f.info[i]);
}

void keel_doctor_devices(keel_doctor *d) {
    say_kind(d, KEEL_DEVICE_OPENCL);
    say_kind(d, KEEL_DEVICE_CUDA);
}
