/* engine/record.c: see record.h. Fields are written one after the other in the order of their tables, little-endian,
 * doubles as their 64 bits; the tables are the format. */
#include "engine/record.h"

#include <stddef.h>
#include <string.h>

#include "journal/format.h"

enum { VERSION = 1, WIDE = 8, NARROW = 4, EVENT_SIZE = 152 };

typedef struct field {
    size_t offset;
    size_t width;
} field;

#define FIELD(record, member) \
    { offsetof(record, member), sizeof(((record *)0)->member) }

static const field COMMAND[] = {
    FIELD(keel_command, id),          FIELD(keel_command, kind),         FIELD(keel_command, symbol),
    FIELD(keel_command, side),        FIELD(keel_command, reason),       FIELD(keel_command, confidence),
    FIELD(keel_command, fee_role),    FIELD(keel_command, trigger_kind), FIELD(keel_command, ambiguous),
    FIELD(keel_command, points),      FIELD(keel_command, reserved),     FIELD(keel_command, qty_e8),
    FIELD(keel_command, notional_e8), FIELD(keel_command, ref_px_e8),    FIELD(keel_command, trigger_e8),
    FIELD(keel_command, stop_e8),     FIELD(keel_command, target_e8),    FIELD(keel_command, entry_atr),
    FIELD(keel_command, stop_scale),
};

/* Without seq, which is the stamp. */
static const field EVENT[] = {
    FIELD(keel_event, ts_ms),       FIELD(keel_event, schema),        FIELD(keel_event, kind),
    FIELD(keel_event, symbol),      FIELD(keel_event, signal),        FIELD(keel_event, fee_role),
    FIELD(keel_event, side),        FIELD(keel_event, price_e8),      FIELD(keel_event, open_e8),
    FIELD(keel_event, high_e8),     FIELD(keel_event, low_e8),        FIELD(keel_event, qty_e8),
    FIELD(keel_event, notional_e8), FIELD(keel_event, ref_px_e8),     FIELD(keel_event, rate_e16),
    FIELD(keel_event, order_id),    FIELD(keel_event, fill_id),       FIELD(keel_event, close_fraction),
    FIELD(keel_event, breadth),     FIELD(keel_event, btc_bullish),   FIELD(keel_event, regime_gate),
    FIELD(keel_event, regime),      FIELD(keel_event, last_of_order), FIELD(keel_event, reason),
    FIELD(keel_event, reserved),
};

static uint8_t *put(uint8_t *at, const void *record, const field *fields, size_t count) {
    for (size_t i = 0; i < count; i++) {
        const uint8_t *from = (const uint8_t *)record + fields[i].offset;
        uint64_t wide;
        uint32_t narrow;
        if (fields[i].width == WIDE) {
            memcpy(&wide, from, WIDE);
            keel_put_u64(at, wide);
        } else {
            memcpy(&narrow, from, NARROW);
            keel_put_u32(at, narrow);
        }
        at += fields[i].width;
    }
    return at;
}

static const uint8_t *get(const uint8_t *at, void *record, const field *fields, size_t count) {
    for (size_t i = 0; i < count; i++) {
        uint8_t *to = (uint8_t *)record + fields[i].offset;
        if (fields[i].width == WIDE) {
            uint64_t wide = keel_get_u64(at);
            memcpy(to, &wide, WIDE);
        } else {
            uint32_t narrow = keel_get_u32(at);
            memcpy(to, &narrow, NARROW);
        }
        at += fields[i].width;
    }
    return at;
}

#define PUT(at, record, table) put(at, record, table, sizeof(table) / sizeof *(table))
#define GET(at, record, table) get(at, record, table, sizeof(table) / sizeof *(table))

int keel_record_is_note(uint16_t type) {
    return type == KEEL_RECORD_PHASE || type == KEEL_RECORD_RECOVERY || type == KEEL_RECORD_SNAPSHOT;
}

int keel_record_is_outcome(uint16_t type) {
    return type == KEEL_RECORD_COMMAND || type == KEEL_RECORD_REPORT || type == KEEL_RECORD_MARK ||
           type == KEEL_RECORD_CANCEL;
}

void keel_record_command_write(const keel_command *c, uint64_t stamp, uint8_t ret[KEEL_RECORD_COMMAND_SIZE]) {
    keel_put_u32(ret, VERSION);
    keel_put_u64(ret + 4, stamp);
    uint8_t *end = PUT(ret + 12, c, COMMAND);
    KEEL_ASSERT(end == ret + KEEL_RECORD_COMMAND_SIZE);
}

void keel_record_cancel_write(uint64_t order_id, int32_t symbol, uint64_t stamp, uint8_t ret[KEEL_RECORD_CANCEL_SIZE]) {
    keel_put_u32(ret, VERSION);
    keel_put_u64(ret + 4, stamp);
    keel_put_u64(ret + 12, order_id);
    keel_put_u32(ret + 20, (uint32_t)symbol);
}

void keel_record_report_write(const keel_record_report *r, uint8_t ret[KEEL_RECORD_REPORT_SIZE]) {
    keel_put_u32(ret, VERSION);
    keel_put_u64(ret + 4, r->stamp);
    keel_put_u32(ret + 12, (uint32_t)r->report.kind);
    keel_put_u32(ret + 16, (uint32_t)r->report.ordinal);
    keel_put_u32(ret + 20, (uint32_t)r->report.symbol);
    keel_put_u32(ret + 24, (uint32_t)r->by);
    keel_put_u64(ret + 28, r->report.order_id);
    keel_put_u64(ret + 36, r->input);
    uint8_t *end = PUT(ret + 44, &r->report.event, EVENT);
    KEEL_ASSERT(end == ret + KEEL_RECORD_REPORT_SIZE);
}

void keel_record_mark_write(const keel_record_mark *m, uint8_t ret[KEEL_RECORD_MARK_SIZE]) {
    keel_put_u32(ret, VERSION);
    keel_put_u64(ret + 4, m->stamp);
    keel_put_u64(ret + 12, m->input);
    keel_put_u64(ret + 20, m->state_hash);
}

static int judge(const uint8_t *bytes, size_t size, size_t right, const char *what, keel_err *reterr) {
    if (size >= NARROW && keel_get_u32(bytes) > VERSION)
        return keel_err_set(reterr, KEEL_E_VERSION, "written by a newer keel: %s version %u: use that keel", what,
                            (unsigned)keel_get_u32(bytes));
    if (size == right) return 0;
    return keel_err_set(reterr, KEEL_E_PARITY, "not a %s of an engine: %zu bytes, must be %zu: keel journal verify",
                        what, size, right);
}

int keel_record_command_read(const uint8_t *bytes, size_t size, keel_command *ret, uint64_t *ret_stamp,
                             keel_err *reterr) {
    KEEL_TRY(judge(bytes, size, KEEL_RECORD_COMMAND_SIZE, "command", reterr));
    *ret_stamp = keel_get_u64(bytes + 4);
    (void)GET(bytes + 12, ret, COMMAND);
    return 0;
}

int keel_record_report_read(const uint8_t *bytes, size_t size, keel_record_report *ret, keel_err *reterr) {
    KEEL_TRY(judge(bytes, size, KEEL_RECORD_REPORT_SIZE, "report", reterr));
    memset(ret, 0, sizeof *ret);
    ret->stamp = keel_get_u64(bytes + 4);
    ret->report.kind = (int32_t)keel_get_u32(bytes + 12);
    ret->report.ordinal = (int32_t)keel_get_u32(bytes + 16);
    ret->report.symbol = (int32_t)keel_get_u32(bytes + 20);
    ret->by = (int32_t)keel_get_u32(bytes + 24);
    ret->report.order_id = keel_get_u64(bytes + 28);
    ret->input = keel_get_u64(bytes + 36);
    (void)GET(bytes + 44, &ret->report.event, EVENT);
    return 0;
}

int keel_record_mark_read(const uint8_t *bytes, size_t size, keel_record_mark *ret, keel_err *reterr) {
    KEEL_TRY(judge(bytes, size, KEEL_RECORD_MARK_SIZE, "mark", reterr));
    *ret = (keel_record_mark){keel_get_u64(bytes + 4), keel_get_u64(bytes + 12), keel_get_u64(bytes + 20)};
    return 0;
}

int keel_record_reports_equal(const keel_venue_report *a, const keel_venue_report *b) {
    uint8_t x[EVENT_SIZE], y[EVENT_SIZE];
    if (a->kind != b->kind || a->ordinal != b->ordinal || a->symbol != b->symbol || a->order_id != b->order_id)
        return 0;
    if (a->kind == KEEL_VENUE_ACK) return 1;
    uint8_t *end = PUT(x, &a->event, EVENT);
    KEEL_ASSERT(end == x + EVENT_SIZE);
    (void)PUT(y, &b->event, EVENT);
    return memcmp(x, y, EVENT_SIZE) == 0;
}
