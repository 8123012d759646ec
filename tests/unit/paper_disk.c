/* What follows from how full a run's disk is, each level once, and left with room to spare. [OPS-04] [T-412] */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
/* after the four above, which it needs */
#include <cmocka.h>

#include <errno.h>

#include "app/cli/paper_disk.h"

static char said[1000];
static int times;

static void hear(void *data, const char *action, const char *why) {
    (void)data;
    times++;
    (void)strncat(said, action, sizeof said - strlen(said) - 1);
    (void)strncat(said, ": ", sizeof said - strlen(said) - 1);
    (void)strncat(said, why, sizeof said - strlen(said) - 1);
    (void)strncat(said, "\n", sizeof said - strlen(said) - 1);
}

typedef struct world {
    keel_simclock clock;
    keel_simdiskspace space;
    keel_paper_disk disk;
} world;

static void begin(world *w) {
    memset(w, 0, sizeof *w);
    keel_simclock_init(&w->clock, 0);
    keel_simdiskspace_init(&w->space, 500, 1000);
    w->disk = (keel_paper_disk){.space = &w->space.port,
                                .clock = &w->clock.port,
                                .folder = "/run",
                                .below_pct = {0.0, 10.0, 5.0, 2.0},
                                .told = hear};
    said[0] = 0;
    times = 0;
}

/* A second later, with so many of 1000 bytes free. */
static int later(world *w, int64_t free_bytes) {
    keel_simclock_advance(&w->clock, 1000000000);
    w->space.left.free_bytes = free_bytes;
    return keel_paper_disk_look(&w->disk);
}

static void each_level_is_told_once(void **state) {
    (void)state;
    world w;
    begin(&w);
    assert_int_equal(keel_paper_disk_look(&w.disk), KEEL_PAPER_DISK_GOOD);
    assert_int_equal(later(&w, 100), KEEL_PAPER_DISK_GOOD);
    assert_int_equal(later(&w, 99), KEEL_PAPER_DISK_WARN);
    assert_int_equal(later(&w, 101), KEEL_PAPER_DISK_WARN); /* it stands at the limit */
    assert_int_equal(later(&w, 50), KEEL_PAPER_DISK_WARN);
    assert_int_equal(later(&w, 49), KEEL_PAPER_DISK_BLOCK);
    w.disk.ordered = 1;
    assert_int_equal(later(&w, 59), KEEL_PAPER_DISK_BLOCK);
    assert_int_equal(w.disk.ordered, 1);
    assert_int_equal(later(&w, 19), KEEL_PAPER_DISK_STOP);
    assert_int_equal(later(&w, 60), KEEL_PAPER_DISK_WARN);
    assert_int_equal(w.disk.ordered, 0); /* the next time it is ordered anew */
    assert_int_equal(later(&w, 110), KEEL_PAPER_DISK_GOOD);
    assert_int_equal(times, 5);
    assert_string_equal(said, "disk_low: 9.9 % of the disk is free, less than 10 %\n"
                              "disk_blocks_entries: 4.9 % of the disk is free, less than 5 %\n"
                              "disk_ends_run: 1.9 % of the disk is free, less than 2 %\n"
                              "disk_low: 6.0 % of the disk is free, less than 10 %\n"
                              "disk_good: 11.0 % of the disk is free, well above 10 %\n");
}

static void it_is_looked_at_once_a_second(void **state) {
    (void)state;
    world w;
    begin(&w);
    assert_int_equal(keel_paper_disk_look(&w.disk), KEEL_PAPER_DISK_GOOD);
    w.space.left.free_bytes = 10;
    keel_simclock_advance(&w.clock, 999999999);
    assert_int_equal(keel_paper_disk_look(&w.disk), KEEL_PAPER_DISK_GOOD);
    keel_simclock_advance(&w.clock, 1);
    assert_int_equal(keel_paper_disk_look(&w.disk), KEEL_PAPER_DISK_STOP);
    assert_int_equal(times, 1);
}

static void what_is_switched_off_or_unknown_changes_nothing(void **state) {
    (void)state;
    world w;
    begin(&w);
    memset(w.disk.below_pct, 0, sizeof w.disk.below_pct);
    assert_int_equal(later(&w, 0), KEEL_PAPER_DISK_GOOD);
    begin(&w);
    w.disk.below_pct[KEEL_PAPER_DISK_STOP] = 0.0;
    assert_int_equal(later(&w, 0), KEEL_PAPER_DISK_BLOCK);
    w.space.fails = -EIO;
    assert_int_equal(later(&w, 500), KEEL_PAPER_DISK_BLOCK);
    w.space.fails = 0;
    assert_int_equal(later(&w, 500), KEEL_PAPER_DISK_GOOD);
}

static void the_machine_tells(void **state) {
    (void)state;
    const keel_diskspace *real = keel_diskspace_real();
    keel_diskspace_left left;
    assert_int_equal(real->look(real->ctx, ".", &left), 0);
    assert_true(left.total_bytes > 0 && left.free_bytes >= 0 && left.free_bytes <= left.total_bytes);
    assert_int_equal(real->look(real->ctx, "./no/such/place", &left), -ENOENT);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_level_is_told_once),
        cmocka_unit_test(it_is_looked_at_once_a_second),
        cmocka_unit_test(what_is_switched_off_or_unknown_changes_nothing),
        cmocka_unit_test(the_machine_tells),
    };
    return cmocka_run_group_tests_name("paper_disk", tests, NULL, NULL);
}
