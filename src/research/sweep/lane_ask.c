/* research/sweep/lane_ask.c: see lane_deck.h: the text is built, and the device asked what is known. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/strbuf.h"
#include "device/unit_text.h"
#include "kernel/windows.h"
#include "lane/kat.h"
#include "research/sweep/lane_deck.h"

enum { DEFINES = 5, WINDOW_MIN = 512, SPECS_STEP = 8, KAT_SEED = 20250711 };

static int no_memory(keel_err *err) {
    return keel_err_set(err, KEEL_E_NOMEM, "out of memory: device: use fewer --threads");
}

int keel_lane_measure(const keel_kernel *kernel, const keel_params *p, keel_signal_set *scratch, int32_t *io_window,
                      int32_t *io_specs, keel_err *err) {
    KEEL_TRY(keel_windows_signals(kernel, p, scratch, err));
    if (scratch->window_used > *io_window) *io_window = scratch->window_used;
    if (scratch->n > *io_specs) *io_specs = scratch->n;
    return 0;
}

/* ---- layout ------------------------------------------------------------------------------------------------ */

static int check_layout(keel_lane_batch *b, keel_err *err) {
    static const uint64_t wanted[] = {
#define PLACE(number, what) (uint64_t)(what),
        KEEL_DEVICE_LAYOUT(PLACE)
#undef PLACE
    };
    uint64_t said[KEEL_DEVICE_LAYOUT_COUNT + 1] = {0};
    keel_device *d = b->device;
    keel_device_memory *m = NULL;
    KEEL_TRY(keel_device_alloc(d, sizeof said, &m, err));
    int rc = keel_device_run(d, "keel_device_layout", &m, 1, 1, err);
    if (rc == 0) rc = keel_device_read(d, m, 0, said, sizeof said, err);
    keel_device_release(d, m);
    for (int i = 0; rc == 0 && i < KEEL_DEVICE_LAYOUT_COUNT; i++)
        if (said[i] != wanted[i])
            rc = keel_err_set(err, KEEL_E_PARITY,
                              "the device lays out records in another way: %.160s: place %d is %" PRIu64
                              ", not %" PRIu64 ": do not use it",
                              d->info.name, i, said[i], wanted[i]);
    b->books_bytes = ((int64_t)said[KEEL_DEVICE_LAYOUT_COUNT] + 255) / 256 * 256;
    return rc;
}

/* ---- known answers ----------------------------------------------------------------------------------------- */

/* Memory of the known-answer market. */
typedef struct kat {
    int64_t *ints;
    double *doubles;
    keel_tape tape;
    keel_instrument rules[KEEL_KAT_SYMBOLS];
    keel_params params[KEEL_STRATEGY_COUNT];
    keel_group_run runs[KEEL_STRATEGY_COUNT];
    keel_lane_batch_room room, plain;
    keel_lane_deck deck;
    keel_group_task task;
    const char *device;
} kat;

static void kat_free(keel_lane_batch *b, kat *k) {
    if (!k) return;
    keel_lane_deck_release(b->device, &k->deck);
    keel_lane_batch_room_done(&k->room);
    keel_lane_batch_room_done(&k->plain);
    free(k->ints);
    free(k->doubles);
    free(k);
}

static kat *kat_new(void) {
    kat *k = calloc(1, sizeof *k);
    if (!k) return NULL;
    k->ints = calloc(KEEL_KAT_INTS, sizeof *k->ints);
    k->doubles = calloc(KEEL_KAT_DOUBLES, sizeof *k->doubles);
    if (!k->ints || !k->doubles) {
        free(k->ints);
        free(k->doubles);
        free(k);
        return NULL;
    }
    keel_kat_tape(KAT_SEED, k->ints, k->doubles, &k->tape);
    for (int32_t i = 0; i < KEEL_KAT_SYMBOLS; i++)
        keel_kat_rules(i, &k->rules[i]);
    for (int32_t s = 0; s < KEEL_STRATEGY_COUNT; s++) {
        KEEL_ASSERT(keel_kat_params(s, &k->params[s]));
        k->runs[s] = (keel_group_run){.params = &k->params[s], .capital_e8 = KEEL_KAT_CAPITAL_E8};
    }
    k->deck = (keel_lane_deck){.tape = &k->tape, .rules = k->rules};
    k->task = (keel_group_task){.kernel = &keel_kernel_builtin, .tape = &k->tape, .rules = k->rules, .close_at_end = 1};
    return k;
}

static int compare(void *data, int32_t run, const keel_lane_result *device, keel_err *err) {
    kat *k = data;
    keel_lane_result processor;
    char what[96];
    (void)snprintf(what, sizeof what, "known answer of strategy %.40s", keel_strategy_describe(run).name);
    KEEL_TRY(keel_lane_plain(&k->task, &k->params[run], KEEL_KAT_CAPITAL_E8, &k->plain, &processor, err));
    return keel_lane_trust(&processor, device, k->device, what, err);
}

/* Every built-in strategy over the known-answer market. */
static int ask_known(keel_lane_batch *b, kat *k, keel_err *err) {
    k->device = b->device->info.name;
    KEEL_TRY(keel_lane_deck_send(b->device, &k->deck, err));
    return keel_lane_batch_run(b, &k->deck, &k->task, k->runs, KEEL_STRATEGY_COUNT, &k->room, compare, k, err);
}

/* ---- the text ---------------------------------------------------------------------------------------------- */

static int build(keel_lane_batch *b, int32_t window, int32_t specs, keel_err *err) {
    char text[DEFINES][48];
    const char *defines[DEFINES];
    int32_t symbols = b->deck.tape->symbol_count > KEEL_KAT_SYMBOLS ? b->deck.tape->symbol_count : KEEL_KAT_SYMBOLS;
    keel_strbuf all;
    b->window_max = b->spec_max = b->symbol_max = 0;
    (void)snprintf(text[0], sizeof text[0], "KEEL_SYMBOLS_MAX=%d", symbols);
    (void)snprintf(text[1], sizeof text[1], "KEEL_UNIVERSE_MAX=%d", symbols);
    (void)snprintf(text[2], sizeof text[2], "KEEL_SLEEVES_MAX=1");
    (void)snprintf(text[3], sizeof text[3], "KEEL_SIGNAL_WINDOW_MAX=%d", window);
    (void)snprintf(text[4], sizeof text[4], "KEEL_SIGNAL_SPEC_MAX=%d", specs);
    for (int i = 0; i < DEFINES; i++)
        defines[i] = text[i];
    keel_strbuf_init(&all, 0);
    keel_strbuf_add_bytes(&all, keel_device_unit_head, keel_device_unit_head_size);
    keel_strbuf_add_bytes(&all, keel_device_unit_tail, keel_device_unit_tail_size);
    int rc = all.failed ? no_memory(err)
                        : keel_device_build(b->device, keel_strbuf_text(&all), all.size, defines, DEFINES, err);
    keel_strbuf_done(&all);
    if (rc == 0) rc = check_layout(b, err);
    if (rc != 0) return rc;
    b->window_max = window;
    b->spec_max = specs;
    b->symbol_max = symbols;
    return 0;
}

int keel_lane_batch_ask(keel_lane_batch *b, int32_t window, int32_t specs, keel_err *err) {
    int32_t rounded = WINDOW_MIN;
    kat *k = kat_new();
    keel_signal_set *scratch = calloc(1, sizeof *scratch);
    int rc = k && scratch ? 0 : no_memory(err);
    for (int32_t s = 0; rc == 0 && s < KEEL_STRATEGY_COUNT; s++)
        rc = keel_lane_measure(&keel_kernel_builtin, &k->params[s], scratch, &window, &specs, err);
    free(scratch);
    while (rounded < window)
        rounded *= 2;
    keel_lane_launch_release(b->device, &b->launch); /* the books have another size */
    if (rc == 0) rc = build(b, rounded, (specs + SPECS_STEP - 1) / SPECS_STEP * SPECS_STEP, err);
    if (rc == 0) rc = ask_known(b, k, err);
    if (rc != 0) b->window_max = b->spec_max = 0;
    kat_free(b, k);
    return rc;
}
