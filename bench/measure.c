/* bench/measure.c: one command from start to exit: wall and CPU seconds, peak resident memory.
 *
 * usage: measure COMMAND [ARGUMENT]...      prints one JSON line; the command's own output is dropped
 *
 * A program of its own because Linux counts the memory of whoever forked a child as the child's peak: started from an
 * interpreter, the smallest program would seem to need fifty megabytes. */
#include <fcntl.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double seconds(void) {
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static double of(struct timeval t) { return (double)t.tv_sec + (double)t.tv_usec * 1e-6; }

static void become(char **command) {
    int none = open("/dev/null", O_RDWR);
    if (none >= 0 && dup2(none, STDIN_FILENO) >= 0 && dup2(none, STDOUT_FILENO) >= 0) (void)execvp(command[0], command);
    perror(command[0]);
    _exit(127);
}

int main(int argc, char **argv) {
    int status;
    struct rusage usage;
    if (argc < 2) {
        (void)fprintf(stderr, "measure: usage: measure COMMAND [ARGUMENT]...\n");
        return 2;
    }
    double started = seconds();
    pid_t child = fork();
    if (child == 0) become(argv + 1);
    if (child < 0 || waitpid(child, &status, 0) < 0 || getrusage(RUSAGE_CHILDREN, &usage) != 0) {
        perror("measure");
        return 1;
    }
    double wall = seconds() - started;
    (void)printf("{\"wall_s\": %.9f, \"cpu_s\": %.6f, \"peak_kib\": %ld, \"status\": %d}\n", wall,
                 of(usage.ru_utime) + of(usage.ru_stime), usage.ru_maxrss,
                 WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
    return 0;
}
