/* soak.c: seeds of the whole-program simulator, one after the other, until a number of simulated hours is reached or a
 * check finds something. script/soak starts it. Exit status: 0 nothing was found, 1 something was, 2 usage, 130
 * interrupted: the seed that runs is finished, and the same command goes on. */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/build.h"
#include "port/clock.h"
#include "world.h"

typedef struct totals {
    uint64_t seeds, lives, episodes, found, inputs, commands, fills, in_doubt, checks;
    int64_t hours;
    uint64_t counts[SIM_KIND_COUNT];
} totals;

typedef struct soak {
    sim_options o;
    uint64_t first, seeds; /* seeds 0: as many as the hours take */
    int64_t hours;         /* 0: not limited by them */
    const char *keep;      /* NULL: nothing is kept */
    sim_mask without;
} soak;

enum { TELL_MS = 10000 };

/* What a soak that was interrupted goes on from: bytes of this build's own. */
typedef struct kept {
    char magic[8];
    char build[80]; /* what another build came to is not this one's */
    uint64_t first, kinds, seeds_limit;
    int64_t took_ms;
    totals t;
} kept;

static volatile sig_atomic_t asked_to_end;
static void on_signal(int number) {
    (void)number;
    asked_to_end = 1;
}

static int usage(const char *what) {
    (void)fprintf(stderr,
                  "soak: %s\nusage: soak SEED [--hours H] [--seeds N] [--only KINDS] [--without KINDS] [--canary] "
                  "[--keep FILE] [--verbose]\nkinds:\n",
                  what);
    for (int k = 0; k < SIM_KIND_COUNT; k++)
        (void)fprintf(stderr, "  %-9s %s\n", SIM_WORDS[k], SIM_WHAT[k]);
    return 2;
}

static int number(const char *text, uint64_t *ret) {
    char *end;
    *ret = strtoull(text, &end, 10);
    return end != text && *end == 0;
}

static int read_args(int argc, char **argv, soak *s) {
    uint64_t n;
    if (argc < 2 || !number(argv[1], &s->first)) return usage("a seed is needed");
    for (int i = 2; i < argc; i++) {
        const char *a = argv[i];
        if (strcmp(a, "--canary") == 0) {
            s->o.canary = SIM_RESENDS;
        } else if (strcmp(a, "--verbose") == 0) {
            s->o.verbose = 1;
        } else if (i + 1 >= argc) {
            return usage(a);
        } else if (strcmp(a, "--hours") == 0 && number(argv[i + 1], &n)) {
            s->hours = (int64_t)n;
            i++;
        } else if (strcmp(a, "--keep") == 0) {
            s->keep = argv[++i];
        } else if (strcmp(a, "--seeds") == 0 && number(argv[i + 1], &n)) {
            s->seeds = n;
            i++;
        } else if (strcmp(a, "--only") == 0 && sim_mask_read(argv[i + 1], &s->o.kinds)) {
            i++;
        } else if (strcmp(a, "--without") == 0 && sim_mask_read(argv[i + 1], &s->without)) {
            i++;
        } else {
            return usage(a);
        }
    }
    s->o.kinds &= ~s->without;
    if (s->seeds == 0 && s->hours == 0) s->seeds = 1;
    return 0;
}

static void add(totals *t, const sim_result *r) {
    t->seeds++;
    t->lives += r->lives;
    t->episodes += r->episodes;
    t->found += (uint64_t)r->found;
    t->inputs += r->inputs;
    t->commands += r->commands;
    t->fills += r->fills;
    t->in_doubt += r->in_doubt;
    t->checks += r->checks;
    t->hours += r->hours;
    for (int k = 0; k < SIM_KIND_COUNT; k++)
        t->counts[k] += r->counts[k];
}

static void print(const totals *t, int64_t took_ms) {
    printf("%" PRIu64 " seeds, %" PRId64 " simulated hours in %" PRId64 ".%" PRId64 " s, %" PRIu64 " starts, %" PRIu64
           " crashes and recoveries, %" PRIu64 " lying disks found out\n",
           t->seeds, t->hours, took_ms / 1000, took_ms % 1000 / 100, t->lives, t->episodes, t->found);
    printf("%" PRIu64 " orders, %" PRIu64 " executions, %" PRIu64 " orders in doubt at a start, %" PRIu64 " checks\n",
           t->commands, t->fills, t->in_doubt, t->checks);
    for (int k = 0; k < SIM_KIND_COUNT; k++)
        printf("  %-10s %10" PRIu64 "  %s\n", SIM_WORDS[k], t->counts[k], SIM_WHAT[k]);
}

/* The words of a mask, with commas. */
static const char *words(sim_mask mask, char ret[400]) {
    ret[0] = 0;
    for (int k = 0; k < SIM_KIND_COUNT; k++)
        if (SIM_HAS(mask, k))
            (void)snprintf(ret + strlen(ret), 400 - strlen(ret), "%s%s", ret[0] ? "," : "", SIM_WORDS[k]);
    return ret;
}

/* Leave out one kind after the other while something is still found. */
static sim_mask fewest(const sim_options *o, sim_mask drawn) {
    sim_mask kinds = o->kinds & drawn;
    for (int k = 0; k < SIM_KIND_COUNT; k++) {
        sim_options fewer = *o;
        sim_result r;
        if (!SIM_HAS(kinds, k)) continue;
        fewer.verbose = 0;
        fewer.kinds = kinds & ~((sim_mask)1 << k);
        sim_run(&fewer, &r);
        if (r.wrong[0]) kinds = fewer.kinds;
    }
    return kinds;
}

static int found(const soak *s, const sim_options *o, const sim_result *r) {
    char all[400];
    sim_mask kinds = fewest(o, r->drawn);
    printf("seed %" PRIu64 ": %s\nreproduce: script/soak %" PRIu64 " --only %s%s --verbose\n", o->seed, r->wrong,
           o->seed, words(kinds, all), s->o.canary ? " --canary" : "");
    return 1;
}

/* ---- going on ------------------------------------------------------------------------------------------------------
 */

static kept kept_of(const soak *s) {
    kept k;
    memset(&k, 0, sizeof k);
    memcpy(k.magic, "keelsoak", sizeof k.magic);
    (void)snprintf(k.build, sizeof k.build, "%s", keel_build_id());
    k.first = s->first;
    k.kinds = s->o.kinds;
    k.seeds_limit = s->seeds;
    return k;
}

static void keep(const soak *s, const totals *t, int64_t took_ms) {
    char path[4096];
    kept k = kept_of(s);
    if (!s->keep) return;
    k.took_ms = took_ms;
    k.t = *t;
    (void)snprintf(path, sizeof path, "%s.new", s->keep);
    FILE *file = fopen(path, "wb");
    int good = file && fwrite(&k, sizeof k, 1, file) == 1;
    if (file) good &= fclose(file) == 0;
    if (!good || rename(path, s->keep) != 0)
        (void)fprintf(stderr, "soak: cannot keep %s: %s\n", s->keep, strerror(errno));
}

/* What an interrupted soak of the same seeds and kinds came to; else nothing. */
static void go_on(const soak *s, totals *t, int64_t *took_ms) {
    kept k, want = kept_of(s);
    FILE *file = s->keep ? fopen(s->keep, "rb") : NULL;
    if (!file) return;
    if (fread(&k, sizeof k, 1, file) == 1 && memcmp(&k, &want, offsetof(kept, took_ms)) == 0) {
        *t = k.t;
        *took_ms = k.took_ms;
        (void)fprintf(stderr, "soak: goes on behind seed %" PRIu64 ", at %" PRId64 " hours\n", s->first + t->seeds - 1,
                      t->hours);
    }
    (void)fclose(file);
}

static void tell(const soak *s, const totals *t, int64_t took_ms) {
    (void)fprintf(stderr, "soak: seed %" PRIu64 ", %" PRId64, s->first + t->seeds, t->hours);
    if (s->hours) (void)fprintf(stderr, " of %" PRId64, s->hours);
    (void)fprintf(stderr, " hours, %" PRIu64 " crashes and recoveries, %" PRId64 " s\n", t->episodes, took_ms / 1000);
}

static int ended(const soak *s, const totals *t) {
    return (s->seeds != 0 && t->seeds >= s->seeds) || (s->hours != 0 && t->hours >= s->hours);
}

int main(int argc, char **argv) {
    soak s = {.o = {.kinds = SIM_ALL}};
    totals t;
    const keel_clock *clock = keel_clock_real();
    struct sigaction action = {.sa_handler = on_signal};
    int64_t before_ms = 0, took_ms = 0, told_ms = 0;
    int rc = read_args(argc, argv, &s);
    if (rc != 0) return rc;
    memset(&t, 0, sizeof t);
    go_on(&s, &t, &before_ms);
    (void)sigaction(SIGINT, &action, NULL);
    (void)sigaction(SIGTERM, &action, NULL);
    int64_t begun_ns = clock->mono_ns(clock->ctx);
    while (rc == 0 && !asked_to_end && !ended(&s, &t)) {
        sim_options o = s.o;
        sim_result r;
        o.seed = s.first + t.seeds;
        sim_run(&o, &r);
        add(&t, &r);
        took_ms = (clock->mono_ns(clock->ctx) - begun_ns) / 1000000;
        if (r.wrong[0]) {
            rc = found(&s, &o, &r);
        } else if (took_ms - told_ms >= TELL_MS) {
            told_ms = took_ms;
            tell(&s, &t, before_ms + took_ms);
            keep(&s, &t, before_ms + took_ms);
        }
    }
    print(&t, before_ms + took_ms);
    if (rc != 0) return rc;
    if (ended(&s, &t)) {
        if (s.keep) (void)remove(s.keep);
        return 0;
    }
    keep(&s, &t, before_ms + took_ms);
    (void)fprintf(stderr, "soak: interrupted%s\n", s.keep ? ": the same command goes on" : "");
    return 130;
}
