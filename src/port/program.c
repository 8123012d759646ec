/* port/program.c: see program.h. */
#define _GNU_SOURCE /* pipe2 */
#include "port/program.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

enum { LOOK_MS = 5 };

static int64_t now_ms(void) {
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static int fail(const char *path, const char *why, keel_err *err) {
    return keel_err_set(err, KEEL_E_IO, "it failed: %s: %s; run it by hand with a line on its standard input", path,
                        why);
}

/* A pipe that holds all of the input, so that nobody waits for a reader. -1 with errno. */
static int filled_pipe(const void *input, size_t size) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) return -1;
    (void)fcntl(ends[1], F_SETFL, O_NONBLOCK); /* who has many pipes open gets small ones */
    ssize_t written = write(ends[1], input, size);
    (void)close(ends[1]);
    if (written == (ssize_t)size) return ends[0];
    (void)close(ends[0]);
    errno = EIO;
    return -1;
}

/* In a group of its own: Ctrl-C at the terminal is the caller's alone, and all of it can be killed. */
static int start(const char *path, int input, pid_t *ret, keel_err *err) {
    char *argv[] = {(char *)path, NULL};
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attributes;
    sigset_t none, plain;
    (void)sigemptyset(&none);
    (void)sigemptyset(&plain);
    (void)sigaddset(&plain, SIGINT);
    (void)sigaddset(&plain, SIGTERM);
    (void)sigaddset(&plain, SIGPIPE);
    (void)posix_spawn_file_actions_init(&files);
    (void)posix_spawnattr_init(&attributes);
    (void)posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    (void)posix_spawnattr_setpgroup(&attributes, 0);
    (void)posix_spawnattr_setsigmask(&attributes, &none);
    (void)posix_spawnattr_setsigdefault(&attributes, &plain);
    int rc = posix_spawn_file_actions_adddup2(&files, input, STDIN_FILENO);
    if (rc == 0) rc = posix_spawn_file_actions_addopen(&files, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    if (rc == 0) rc = posix_spawn_file_actions_addopen(&files, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    if (rc == 0) rc = posix_spawn(ret, path, &files, &attributes, argv, environ);
    (void)posix_spawn_file_actions_destroy(&files);
    (void)posix_spawnattr_destroy(&attributes);
    if (rc == ENOENT) return keel_err_set(err, KEEL_E_NOT_FOUND, "no such program: %s: name its file", path);
    return rc == 0 ? 0 : fail(path, strerror(rc), err);
}

static int end(const char *path, pid_t pid, int timeout_ms, keel_err *err) {
    int status = 0;
    pid_t got;
    int64_t until_ms = now_ms() + timeout_ms;
    while ((got = waitpid(pid, &status, WNOHANG)) == 0 && now_ms() < until_ms)
        (void)poll(NULL, 0, LOOK_MS);
    if (got == 0) {
        (void)kill(-pid, SIGKILL);
        while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
        }
        return keel_err_set(err, KEEL_E_TIMEOUT, "no end: %s: it was killed after %d ms; let it take less", path,
                            timeout_ms);
    }
    if (got < 0) return fail(path, strerror(errno), err);
    if (WIFSIGNALED(status)) return fail(path, strsignal(WTERMSIG(status)), err);
    if (WEXITSTATUS(status) == 0) return 0;
    return keel_err_set(err, KEEL_E_IO,
                        "exit status %d: %s: run it by hand with a line on its standard input to see why",
                        WEXITSTATUS(status), path);
}

static int run(void *ctx, const char *path, const void *input, size_t size, int timeout_ms, keel_err *err) {
    pid_t pid = 0;
    (void)ctx;
    KEEL_ASSERT(size <= KEEL_PROGRAM_INPUT_MAX);
    int file = filled_pipe(input, size);
    if (file < 0) return fail(path, strerror(errno), err);
    int rc = start(path, file, &pid, err);
    (void)close(file);
    return rc == 0 ? end(path, pid, timeout_ms, err) : rc;
}

const keel_program *keel_program_real(void) {
    static const keel_program real = {NULL, run};
    return &real;
}

int keel_program_check(const char *path, keel_err *reterr) {
    struct stat st;
    if (stat(path, &st) == 0 && S_ISREG(st.st_mode) && access(path, X_OK) == 0) return 0;
    return keel_err_set(reterr, KEEL_E_NOT_FOUND, "no program: %s: name a file that can be executed (chmod +x)", path);
}
