/* app/cli/paper_model.c: see paper_model.h. */
#include "app/cli/paper_model.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/decimal.h"
#include "base/json_read.h"

enum { COUNT_MAX = 1000000000, WHOLE = 100000000 };

const keel_cli_opt keel_paper_model_options[] = {
    {"latency-ms", "N", "an order is at the venue so long after it was sent; default 0", 0},
    {"fill-share", "F", "share of an order that executes first, the rest at the next open; default 1", 0},
    {"queue-every", "N", "each N-th target waits in a queue and executes at the next open; default 0: none", 0},
    {"reject-every", "N", "each N-th order is refused by the venue; default 0: none", 0},
    {"late-every", "N", "each N-th bar of a symbol comes one bar late; default 0: none", 0},
    {0}};

static int read_share(keel_cli *cli, int64_t *ret) {
    const char *text = keel_cli_option(cli, "fill-share");
    if (!text) return 0;
    if (keel_decimal_parse(text, strlen(text), 8, ret) != KEEL_DECIMAL_OK || *ret <= 0 || *ret > WHOLE)
        return keel_cli_refuse_option(cli, "fill-share", "must be above 0 and at most 1");
    if (*ret == WHOLE) *ret = 0;
    return 0;
}

int keel_paper_model_read(keel_cli *cli, keel_paper_model *ret) {
    memset(ret, 0, sizeof *ret);
    KEEL_TRY(keel_cli_option_int(cli, "latency-ms", 0, COUNT_MAX, &ret->sim.latency_ms));
    KEEL_TRY(read_share(cli, &ret->sim.fill_share_e8));
    KEEL_TRY(keel_cli_option_int(cli, "queue-every", 0, COUNT_MAX, &ret->sim.queue_every));
    KEEL_TRY(keel_cli_option_int(cli, "reject-every", 0, COUNT_MAX, &ret->sim.reject_every));
    return keel_cli_option_int(cli, "late-every", 0, COUNT_MAX, &ret->late_every);
}

int keel_paper_model_is_plain(const keel_paper_model *m) {
    return m->sim.latency_ms == 0 && m->sim.fill_share_e8 == 0 && m->sim.queue_every == 0 && m->sim.reject_every == 0 &&
           m->late_every == 0;
}

void keel_paper_model_json(const keel_paper_model *m, keel_json *j) {
    keel_json_kint(j, "latency_ms", m->sim.latency_ms);
    keel_json_ke8(j, "fill_share", m->sim.fill_share_e8 ? m->sim.fill_share_e8 : WHOLE);
    keel_json_kint(j, "queue_every", m->sim.queue_every);
    keel_json_kint(j, "reject_every", m->sim.reject_every);
    keel_json_kint(j, "late_every", m->late_every);
}

static int count_of(const keel_tree *node, const char *key, int64_t *ret) {
    const keel_tree *found = keel_tree_find(node, key);
    if (!found) return 0;
    KEEL_TRY(keel_json_read_int(found, ret));
    return *ret < 0 || *ret > COUNT_MAX ? KEEL_E_PARSE : 0;
}

int keel_paper_model_of(const keel_tree *node, keel_paper_model *ret) {
    const keel_tree *share = keel_tree_find(node, "fill_share");
    memset(ret, 0, sizeof *ret);
    KEEL_TRY(count_of(node, "latency_ms", &ret->sim.latency_ms));
    KEEL_TRY(count_of(node, "queue_every", &ret->sim.queue_every));
    KEEL_TRY(count_of(node, "reject_every", &ret->sim.reject_every));
    KEEL_TRY(count_of(node, "late_every", &ret->late_every));
    if (share) KEEL_TRY(keel_json_read_decimal(share, 8, &ret->sim.fill_share_e8));
    if (ret->sim.fill_share_e8 < 0 || ret->sim.fill_share_e8 > WHOLE) return KEEL_E_PARSE;
    if (ret->sim.fill_share_e8 == WHOLE) ret->sim.fill_share_e8 = 0;
    return 0;
}

const char *keel_paper_model_text(const keel_paper_model *m, char room[KEEL_PAPER_MODEL_TEXT]) {
    room[0] = 0;
    if (keel_paper_model_is_plain(m)) return room;
    (void)snprintf(room, KEEL_PAPER_MODEL_TEXT,
                   "latency %" PRId64 " share %" PRId64 " queue %" PRId64 " reject %" PRId64 " late %" PRId64 "\n",
                   m->sim.latency_ms, m->sim.fill_share_e8, m->sim.queue_every, m->sim.reject_every, m->late_every);
    return room;
}
