/* soak.c: seeds of the whole-program simulator, one after the other, until a number of simulated hours is reached or a
 * check finds something. script/soak starts it. Exit status: 0 nothing was found, 1 something was, 2 usage. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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
    sim_mask without;
} soak;

static int usage(const char *what) {
    (void)fprintf(stderr,
                  "soak: %s\nusage: soak SEED [--hours H] [--seeds N] [--only KINDS] [--without KINDS] [--canary] "
                  "[--verbose]\nkinds:\n",
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
        printf("  %-9s %10" PRIu64 "  %s\n", SIM_WORDS[k], t->counts[k], SIM_WHAT[k]);
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
        fewer.kinds = kinds & ~(1u << k);
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

int main(int argc, char **argv) {
    soak s = {.o = {.kinds = SIM_ALL}};
    totals t;
    const keel_clock *clock = keel_clock_real();
    int rc = read_args(argc, argv, &s);
    if (rc != 0) return rc;
    int64_t begun_ns = clock->mono_ns(clock->ctx);
    memset(&t, 0, sizeof t);
    while (rc == 0 && (s.seeds == 0 || t.seeds < s.seeds) && (s.hours == 0 || t.hours < s.hours)) {
        sim_options o = s.o;
        sim_result r;
        o.seed = s.first + t.seeds;
        sim_run(&o, &r);
        add(&t, &r);
        if (r.wrong[0]) rc = found(&s, &o, &r);
    }
    print(&t, (clock->mono_ns(clock->ctx) - begun_ns) / 1000000);
    return rc;
}
