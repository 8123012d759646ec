/* world_internal.h: what the files of a simulated world share. */
#ifndef KEEL_TESTS_SIM_WORLD_INTERNAL_H
#define KEEL_TESTS_SIM_WORLD_INTERNAL_H

#include "app/cli/paper_feed.h"
#include "app/cli/paper_start.h"
#include "engine/health.h"
#include "exchange.h"
#include "lane_random.h"
#include "port/simfs.h"
#include "world.h"

enum { SIM_FILLS_MAX = 1 << 16 };

/* What was seen of one command. */
typedef struct sim_command {
    keel_command c;
    int64_t ts_ms;
} sim_command;

/* What the books contain, as far as this life knows: kept with each snapshot of the engine. */
typedef struct sim_books {
    int64_t flow_e8; /* of all executions: money in less money out, fees apart */
    int64_t flips;   /* executions that ended one position and began another: each may round once more */
    int32_t fills;   /* highest id booked */
    uint8_t booked[SIM_FILLS_MAX / 8];
} sim_books;

/* The state after an input; hash 0: not seen yet. */
typedef struct sim_seen {
    uint64_t hash;
    int heard; /* reports that changed the books */
} sim_seen;

typedef struct sim_world {
    const sim_options *o;
    sim_result *r;
    market *m;
    keel_simrandom random;
    keel_simclock clock;
    keel_simfs *disk;
    keel_simnet *net;
    sim_exchange venue;
    keel_paper_plan plan;
    sim_mask kinds;  /* drawn for this seed */
    int64_t calm_ms; /* from here on nothing goes wrong */
    int calm;
    /* the present life */
    keel_desk *desk;
    keel_venue port; /* the desk's, or with a planted bug */
    keel_engine *engine;
    keel_paper_feed feed;
    uint64_t net_effects, netkill_at; /* of this life */
    int lied;                         /* 1: the disk has lied in a way that may have lost what was durable */
    int hurt;                         /* 1: damage was cut off the record: what was in it nobody knows */
    int held_back;                    /* 1: nothing that increases what is held may be handed in */
    uint64_t entries;                 /* handed in by this life */
    int64_t entry_age_ms;
    keel_breaker breaker;
    keel_err seen_err;   /* of what was shown to the engine; code 0: none */
    int knows_time;      /* 1: the feed has a clock */
    int64_t mistimed_ms; /* what is told is so far from its time, */
    int mistimes_range;  /* 1: until the next range begins */
    int64_t clock_ms;    /* the latest time that the wall clock showed */
    uint64_t paused_at;  /* events up to this one were before a pause; 0: not paused */
    /* what the checks know */
    sim_books books;
    sim_seen *seen; /* [inputs_max] after each input */
    uint64_t last_input, heard_in;
    int heard; /* in that input */
    uint64_t inputs_max;
    sim_command *commands; /* ascending by id */
    size_t command_count, command_cap;
} sim_world;

/* The first thing that is wrong stays. */
void sim_wrong(sim_world *w, const char *format, ...) KEEL_PRINTF(2, 3);

/* check.c */
keel_engine_watch sim_check_watch(sim_world *w);
sim_watch sim_check_venue(sim_world *w);
void sim_check_end(sim_world *w);
void sim_check_journal(sim_world *w, uint64_t want_hash);

/* life.c */
enum { SIM_ENDED, SIM_STOPPED, SIM_FOUND };
int sim_live(sim_world *w, int mine_to_fail); /* one life: how it ended */
keel_journal_options sim_journal(sim_world *w);
keel_journal_where sim_where(sim_world *w);

#endif
