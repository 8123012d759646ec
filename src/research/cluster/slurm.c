/* research/cluster/slurm.c: see slurm.h. */
#include "research/cluster/slurm.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "research/cluster/process.h"

enum { ANSWER_MS = 60000, OPTIONS_MAX = 64, TEXT_MAX = 400 };

/* ---- running ----------------------------------------------------------------------------------------------- */

/* The first line that says something, cut to size. */
static void first_line(const keel_strbuf *text, char ret[TEXT_MAX]) {
    const char *at = keel_strbuf_text(text);
    at += strspn(at, " \t\r\n");
    (void)snprintf(ret, TEXT_MAX, "%.*s", (int)strcspn(at, "\r\n"), at);
}

static int run(const char *const argv[], keel_process *p, keel_err *err) {
    keel_err own = {0};
    int rc = keel_process_run(argv, ANSWER_MS, p, &own);
    if (rc == KEEL_E_NOT_FOUND)
        return keel_err_set(
            err, rc,
            "Slurm is not on this machine: no program '%s' in PATH: log in where sbatch works, or leave "
            "--cluster out",
            argv[0]);
    return rc == 0 ? 0 : keel_err_set(err, rc, "%s", own.text);
}

/* The program ended with an error: is it the controller that cannot be reached, or a refusal? */
static int refused(const char *const argv[], const keel_process *p, keel_err *err) {
    static const char *const AWAY[] = {"Unable to contact slurm controller",
                                       "Connection refused",
                                       "Socket timed out",
                                       "Zero Bytes were transmitted",
                                       "Unexpected message received",
                                       "Munge",
                                       "in standby mode",
                                       "Connection timed out"};
    char line[TEXT_MAX];
    first_line(p->says.size > 0 ? &p->says : &p->out, line);
    for (size_t i = 0; i < sizeof AWAY / sizeof *AWAY; i++)
        if (strstr(keel_strbuf_text(&p->says), AWAY[i]))
            return keel_err_set(err, KEEL_E_TIMEOUT,
                                "Slurm's controller does not answer: %s: '%.300s'; see scontrol ping, then --resume",
                                argv[0], line);
    return keel_err_set(err, KEEL_E_USAGE, "Slurm refuses: %s (status %d): '%.300s'", argv[0], p->status,
                        line[0] ? line : "nothing said");
}

static int strange(const char *program, const keel_process *p, keel_err *err) {
    char line[TEXT_MAX];
    first_line(&p->out, line);
    return keel_err_set(err, KEEL_E_PARSE,
                        "an answer that is not Slurm's: %s: '%.300s'; is another program of that name "
                        "first in PATH",
                        program, line);
}

/* A number of decimal digits alone, up to `end`. */
static int number(const char **at, char end, int64_t *ret) {
    char *stop = NULL;
    if (**at < '0' || **at > '9') return 0;
    *ret = strtoll(*at, &stop, 10);
    if (*stop != end || stop - *at > 18) return 0;
    *at = stop + (end != 0);
    return 1;
}

/* ---- sbatch ------------------------------------------------------------------------------------------------ */

int keel_slurm_submit(const char *name, const char *tasks, const char *const options[], size_t count,
                      const char *script, int64_t *ret_job, keel_err *reterr) {
    const char *argv[OPTIONS_MAX + 8];
    char name_option[KEEL_SLURM_NAME_MAX + 16];
    keel_strbuf array;
    keel_process p;
    size_t n = 0;
    if (count > OPTIONS_MAX)
        return keel_err_set(reterr, KEEL_E_USAGE, "too many options for sbatch: --sbatch: at most %d", OPTIONS_MAX);
    keel_strbuf_init(&array, 0);
    keel_strbuf_addf(&array, "--array=%s", tasks);
    (void)snprintf(name_option, sizeof name_option, "--job-name=%s", name);
    argv[n++] = "sbatch";
    for (size_t i = 0; i < count; i++)
        argv[n++] = options[i];
    argv[n++] = "--parsable";
    argv[n++] = name_option;
    argv[n++] = keel_strbuf_text(&array);
    argv[n++] = script;
    argv[n] = NULL;
    int rc = array.failed ? keel_err_set(reterr, KEEL_E_NOMEM, "out of memory: sbatch: close other programs")
                          : run(argv, &p, reterr);
    if (!array.failed) {
        const char *out = keel_strbuf_text(&p.out);
        /* "12\n", or "12;cluster\n" */
        size_t digits = strspn(out, "0123456789");
        if (rc == 0 && p.status != 0) rc = refused(argv, &p, reterr);
        if (rc == 0 && (digits == 0 || !number(&out, out[digits] == ';' ? ';' : '\n', ret_job)))
            rc = strange("sbatch", &p, reterr);
        keel_process_done(&p);
    }
    keel_strbuf_done(&array);
    return rc;
}

/* ---- squeue ------------------------------------------------------------------------------------------------ */

/* "12|3|RUNNING\n" */
static int read_task(const char **at, keel_slurm_task *ret) {
    if (!number(at, '|', &ret->job) || !number(at, '|', &ret->index)) return 0;
    size_t n = strcspn(*at, "\n");
    if (n == 0 || n >= sizeof ret->state || (*at)[n] != '\n' || strspn(*at, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_") != n)
        return 0;
    memcpy(ret->state, *at, n);
    ret->state[n] = 0;
    *at += n + 1;
    return 1;
}

static int read_queue(const keel_process *p, keel_slurm_task **ret_tasks, size_t *ret_count, keel_err *err) {
    const char *at = keel_strbuf_text(&p->out);
    size_t lines = 0;
    for (const char *c = at; *c; c++)
        lines += *c == '\n';
    *ret_tasks = calloc(lines + 1, sizeof **ret_tasks);
    if (!*ret_tasks) return keel_err_set(err, KEEL_E_NOMEM, "out of memory: squeue: close other programs");
    while (*at) {
        if (!read_task(&at, &(*ret_tasks)[*ret_count])) return strange("squeue", p, err);
        ++*ret_count;
    }
    return 0;
}

int keel_slurm_queue(const char *name, keel_slurm_task **ret_tasks, size_t *ret_count, keel_err *reterr) {
    char name_option[KEEL_SLURM_NAME_MAX + 16], user_option[32];
    const char *argv[] = {"squeue", "--noheader", "--array", name_option, user_option, "--format=%F|%K|%T", NULL};
    keel_process p;
    *ret_tasks = NULL;
    *ret_count = 0;
    (void)snprintf(name_option, sizeof name_option, "--name=%s", name);
    (void)snprintf(user_option, sizeof user_option, "--user=%lu", (unsigned long)getuid());
    int rc = run(argv, &p, reterr);
    if (rc == 0 && p.status != 0) rc = refused(argv, &p, reterr);
    if (rc == 0) rc = read_queue(&p, ret_tasks, ret_count, reterr);
    keel_process_done(&p);
    if (rc == 0) return 0;
    free(*ret_tasks);
    *ret_tasks = NULL;
    *ret_count = 0;
    return rc;
}

/* ---- scancel, scontrol ------------------------------------------------------------------------------------- */

int keel_slurm_cancel(int64_t job, keel_err *reterr) {
    char id[24];
    const char *argv[] = {"scancel", "--quiet", id, NULL};
    keel_process p;
    (void)snprintf(id, sizeof id, "%" PRId64, job);
    int rc = run(argv, &p, reterr);
    if (rc == 0 && p.status != 0 && !strstr(keel_strbuf_text(&p.says), "Invalid job id"))
        rc = refused(argv, &p, reterr);
    keel_process_done(&p);
    return rc;
}

/* The word behind " KEY=" in a line of scontrol; 0 when there is none. */
static int word_of(const char *line, const char *key, char *ret, size_t size) {
    const char *at = strstr(line, key);
    if (!at) return 0;
    at += strlen(key);
    size_t n = strcspn(at, " \n");
    if (n == 0 || n >= size) return 0;
    memcpy(ret, at, n);
    ret[n] = 0;
    return 1;
}

void keel_slurm_remember(int64_t job, int64_t index, char *ret_text, size_t size) {
    char id[48], state[64], nodes[128] = "?", status[32] = "?";
    const char *argv[] = {"scontrol", "--oneliner", "show", "job", id, NULL};
    keel_process p;
    ret_text[0] = 0;
    (void)snprintf(id, sizeof id, "%" PRId64 "_%" PRId64, job, index);
    if (run(argv, &p, NULL) == 0 && p.status == 0 &&
        word_of(keel_strbuf_text(&p.out), " JobState=", state, sizeof state)) {
        (void)word_of(keel_strbuf_text(&p.out), " NodeList=", nodes, sizeof nodes);
        (void)word_of(keel_strbuf_text(&p.out), " ExitCode=", status, sizeof status);
        (void)snprintf(ret_text, size, "%s on %s, exit %s", state, nodes, status);
    }
    keel_process_done(&p);
}
