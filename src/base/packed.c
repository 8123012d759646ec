/* base/packed.c: see packed.h. */
#include "base/packed.h"

#include <inttypes.h>
#include <string.h>

#include "base/build.h"

static const char MAGIC[8] = {'k', 'e', 'e', 'l', 's', 'n', 'a', 'p'};

enum { AT_VERSION = 8, AT_PARTS = 12, AT_SIZE = 16, AT_BUILD = 24 };

typedef struct one_byte {
    uint8_t byte;
} one_byte;

static const keel_packed_field BYTE_FIELDS[] = {KEEL_PACKED(U8, "byte", one_byte, byte)};

static size_t size_of(keel_packed_type type) {
    switch (type) {
        case KEEL_PACKED_I32:
        case KEEL_PACKED_U32: return 4;
        case KEEL_PACKED_I64:
        case KEEL_PACKED_U64:
        case KEEL_PACKED_F64: return 8;
        case KEEL_PACKED_U8: return 1;
        default: return 0;
    }
}

static void put(uint8_t *at, uint64_t v, size_t size) {
    for (size_t i = 0; i < size; i++)
        at[i] = (uint8_t)(v >> (8 * i));
}

static uint64_t get(const uint8_t *at, size_t size) {
    uint64_t v = 0;
    for (size_t i = 0; i < size; i++)
        v |= (uint64_t)at[i] << (8 * i);
    return v;
}

/* ---- writing ---------------------------------------------------------------------------------------------------- */

static void add_number(keel_strbuf *out, uint64_t v, size_t size) {
    uint8_t bytes[8];
    put(bytes, v, size);
    keel_strbuf_add_bytes(out, bytes, size);
}

static void add_name(keel_strbuf *out, const char *name) {
    size_t size = strlen(name);
    KEEL_ASSERT(size >= 1 && size <= KEEL_PACKED_NAME_MAX);
    add_number(out, size, 1);
    keel_strbuf_add_bytes(out, name, size);
}

void keel_packed_begin(keel_packed_writer *w, keel_strbuf *out) {
    char build[KEEL_PACKED_NAME_MAX + 1] = {0};
    const char *id = keel_build_id();
    memcpy(build, id, strlen(id) < sizeof build ? strlen(id) : sizeof build - 1);
    *w = (keel_packed_writer){.out = out, .at = out->size};
    keel_strbuf_add_bytes(out, MAGIC, sizeof MAGIC);
    add_number(out, KEEL_PACKED_VERSION, 4);
    add_number(out, 0, 4);
    add_number(out, 0, 8);
    add_name(out, build);
}

void keel_packed_end(keel_packed_writer *w) {
    if (w->out->failed) return;
    put((uint8_t *)w->out->text + w->at + AT_PARTS, w->parts, 4);
    put((uint8_t *)w->out->text + w->at + AT_SIZE, w->out->size - w->at, 8);
}

void keel_packed_part(keel_packed_writer *w, const keel_packed_table *t, uint64_t rows) {
    size_t said = 0;
    KEEL_ASSERT(t->count >= 1 && t->count <= KEEL_PACKED_FIELDS_MAX && w->parts < KEEL_PACKED_PARTS_MAX);
    add_name(w->out, t->name);
    add_number(w->out, rows, 8);
    add_number(w->out, t->count, 4);
    for (uint32_t i = 0; i < t->count; i++) {
        const keel_packed_field *f = &t->field[i];
        said += size_of(f->type) * f->count;
        add_name(w->out, f->name);
        add_number(w->out, (uint64_t)f->type, 1);
        add_number(w->out, f->count, 4);
    }
    KEEL_ASSERT(said + t->unsaid == t->size); /* a member that is in no table would be lost */
    w->parts++;
}

/* One value after the other; shifts become one store where the machine is little-endian. */
static void put_values(uint8_t *to, const char *from, keel_packed_type type, uint32_t count) {
    uint32_t small;
    uint64_t whole;
    switch (size_of(type)) {
        case 4:
            for (uint32_t i = 0; i < count; i++) {
                memcpy(&small, from + (size_t)i * 4, 4);
                put(to + (size_t)i * 4, small, 4);
            }
            break;
        case 8:
            for (uint32_t i = 0; i < count; i++) {
                memcpy(&whole, from + (size_t)i * 8, 8);
                put(to + (size_t)i * 8, whole, 8);
            }
            break;
        default: memcpy(to, from, count); break;
    }
}

static void get_values(char *to, const uint8_t *from, keel_packed_type type, uint32_t count) {
    uint32_t small;
    uint64_t whole;
    switch (size_of(type)) {
        case 4:
            for (uint32_t i = 0; i < count; i++) {
                small = (uint32_t)get(from + (size_t)i * 4, 4);
                memcpy(to + (size_t)i * 4, &small, 4);
            }
            break;
        case 8:
            for (uint32_t i = 0; i < count; i++) {
                whole = get(from + (size_t)i * 8, 8);
                memcpy(to + (size_t)i * 8, &whole, 8);
            }
            break;
        default: memcpy(to, from, count); break;
    }
}

/* Values on their way into the buffer: it is asked for room once for many of them. */
typedef struct batch {
    keel_strbuf *out;
    size_t used;
    uint8_t bytes[4096];
} batch;

static void hand_in(batch *b) {
    if (b->used) keel_strbuf_add_bytes(b->out, b->bytes, b->used);
    b->used = 0;
}

static void add_values(batch *b, const char *from, keel_packed_type type, uint64_t count) {
    size_t size = size_of(type);
    while (count > 0) {
        if (sizeof b->bytes - b->used < size) hand_in(b);
        uint64_t fits = (sizeof b->bytes - b->used) / size, n = count < fits ? count : fits;
        put_values(b->bytes + b->used, from, type, (uint32_t)n);
        b->used += (size_t)n * size;
        from += n * size;
        count -= n;
    }
}

static void add_row(batch *b, const keel_packed_table *t, const char *record) {
    for (uint32_t i = 0; i < t->count; i++)
        add_values(b, record + t->field[i].offset, t->field[i].type, t->field[i].count);
}

void keel_packed_run(keel_packed_writer *w, const keel_packed_table *t, const void *records, uint64_t rows,
                     size_t stride) {
    batch b;
    b.out = w->out;
    b.used = 0;
    int is_column = t->count == 1 && t->field[0].count == 1 && stride == size_of(t->field[0].type);
    if (is_column) add_values(&b, records, t->field[0].type, rows);
    for (uint64_t i = 0; i < rows && !is_column; i++)
        add_row(&b, t, (const char *)records + i * stride);
    hand_in(&b);
}

void keel_packed_rows(keel_packed_writer *w, const keel_packed_table *t, const void *records, uint64_t rows,
                      size_t stride) {
    keel_packed_part(w, t, rows);
    keel_packed_run(w, t, records, rows, stride);
}

void keel_packed_bytes(keel_packed_writer *w, const char *name, const void *bytes, size_t size) {
    const keel_packed_table t = KEEL_PACKED_TABLE(name, BYTE_FIELDS, one_byte, 0);
    keel_packed_part(w, &t, size);
    keel_strbuf_add_bytes(w->out, bytes, size);
}

/* ---- reading ---------------------------------------------------------------------------------------------------- */

/* What is left of the bytes. */
typedef struct rest {
    const uint8_t *at;
    size_t size;
} rest;

static const uint8_t *pass(rest *r, uint64_t size) {
    const uint8_t *at = r->at;
    if (size > r->size) return NULL;
    r->at += size;
    r->size -= (size_t)size;
    return at;
}

static int pass_number(rest *r, size_t size, uint64_t *ret) {
    const uint8_t *at = pass(r, size);
    if (at) *ret = get(at, size);
    return at != NULL;
}

static int pass_name(rest *r, char ret[KEEL_PACKED_NAME_MAX + 1]) {
    uint64_t size = 0;
    if (!pass_number(r, 1, &size) || size < 1 || size > KEEL_PACKED_NAME_MAX) return 0;
    const uint8_t *at = pass(r, size);
    if (!at) return 0;
    for (uint64_t i = 0; i < size; i++)
        if (at[i] < 0x21 || at[i] > 0x7e) return 0;
    memset(ret, 0, KEEL_PACKED_NAME_MAX + 1);
    memcpy(ret, at, (size_t)size);
    return 1;
}

/* A field's description: 1, or 0 where it is none. */
static int pass_field(rest *r, char name[KEEL_PACKED_NAME_MAX + 1], keel_packed_type *ret_type, uint32_t *ret_count) {
    uint64_t type = 0, count = 0;
    if (!pass_name(r, name) || !pass_number(r, 1, &type) || !pass_number(r, 4, &count)) return 0;
    if (type < KEEL_PACKED_I32 || type > KEEL_PACKED_U8 || count < 1 || count > KEEL_PACKED_COUNT_MAX) return 0;
    *ret_type = (keel_packed_type)type;
    *ret_count = (uint32_t)count;
    return 1;
}

static const keel_packed_found *part_of(const keel_packed_reader *r, const char *name) {
    for (uint32_t i = 0; i < r->count; i++)
        if (strcmp(r->part[i].name, name) == 0) return &r->part[i];
    return NULL;
}

static int pass_part(keel_packed_reader *r, rest *left) {
    keel_packed_found *p = &r->part[r->count];
    char name[KEEL_PACKED_NAME_MAX + 1];
    keel_packed_type type;
    uint64_t fields = 0;
    uint32_t count;
    memset(p, 0, sizeof *p);
    if (!pass_name(left, name) || part_of(r, name)) return 0;
    memcpy(p->name, name, sizeof p->name);
    if (!pass_number(left, 8, &p->rows) || !pass_number(left, 4, &fields)) return 0;
    if (fields < 1 || fields > KEEL_PACKED_FIELDS_MAX) return 0;
    p->fields = (uint32_t)fields;
    p->field = left->at;
    for (uint32_t i = 0; i < p->fields; i++) {
        if (!pass_field(left, name, &type, &count)) return 0;
        p->row_size += size_of(type) * count;
    }
    if (p->rows > left->size / p->row_size) return 0;
    p->value = pass(left, p->rows * p->row_size);
    r->count++;
    return p->value != NULL;
}

int keel_packed_open(keel_packed_reader *r, const uint8_t *bytes, size_t size, keel_err *reterr) {
    rest left = {bytes, size};
    memset(r, 0, sizeof *r);
    const uint8_t *head = pass(&left, AT_BUILD);
    if (!head || memcmp(head, MAGIC, sizeof MAGIC) != 0)
        return keel_err_set(reterr, KEEL_E_PARITY, "not a snapshot of an engine: its first bytes are not");
    r->version = (uint32_t)get(head + AT_VERSION, 4);
    if (r->version < KEEL_PACKED_VERSION)
        return keel_err_set(reterr, KEEL_E_VERSION,
                            "a snapshot of format %" PRIu32
                            ", which is the memory of one build of keel: only that build reads it",
                            r->version);
    if (!pass_name(&left, r->build))
        return keel_err_set(reterr, KEEL_E_PARITY, "a snapshot that names no build: it is not whole");
    if (r->version > KEEL_PACKED_VERSION)
        return keel_err_set(reterr, KEEL_E_VERSION,
                            "a snapshot of format %" PRIu32 " by keel %s: this one reads %d: use that keel, or a newer",
                            r->version, r->build, KEEL_PACKED_VERSION);
    uint64_t parts = get(head + AT_PARTS, 4);
    int whole = get(head + AT_SIZE, 8) == size && parts <= KEEL_PACKED_PARTS_MAX;
    for (uint64_t i = 0; i < parts && whole; i++)
        whole = pass_part(r, &left);
    if (whole && left.size == 0) return 0;
    return keel_err_set(reterr, KEEL_E_PARITY, "a snapshot that is not whole: part %" PRIu32 " of %" PRIu64,
                        r->count + 1, parts);
}

int keel_packed_has(const keel_packed_reader *r, const char *name) { return part_of(r, name) != NULL; }

/* The field of the bytes that has this name: 1; *ret_at where it lies in a row. */
static int find(const keel_packed_found *p, const char *name, size_t *ret_at, keel_packed_type *ret_type,
                uint32_t *ret_count) {
    rest left = {p->field, (size_t)(p->value - p->field)};
    char said[KEEL_PACKED_NAME_MAX + 1];
    size_t at = 0;
    for (uint32_t i = 0; i < p->fields; i++) {
        KEEL_ASSERT(pass_field(&left, said, ret_type, ret_count)); /* they were passed before */
        if (strcmp(said, name) == 0) {
            *ret_at = at;
            return 1;
        }
        at += size_of(*ret_type) * *ret_count;
    }
    return 0;
}

/* Every field of the bytes is one of the table's, and none is there twice. */
static int all_fields_known(const keel_packed_reader *r, const keel_packed_found *p, const keel_packed_table *t,
                            keel_err *reterr) {
    rest left = {p->field, (size_t)(p->value - p->field)};
    char said[KEEL_PACKED_NAME_MAX + 1];
    keel_packed_type type;
    uint32_t count;
    uint64_t seen = 0;
    for (uint32_t i = 0; i < p->fields; i++) {
        uint32_t k = 0;
        KEEL_ASSERT(pass_field(&left, said, &type, &count));
        while (k < t->count && strcmp(t->field[k].name, said) != 0)
            k++;
        if (k == t->count)
            return keel_err_set(reterr, KEEL_E_VERSION,
                                "a snapshot of a newer keel (%s): %s has a field %s: use that keel, or a newer",
                                r->build, t->name, said);
        if (seen >> k & 1)
            return keel_err_set(reterr, KEEL_E_PARITY, "a snapshot with a field twice: %s of %s", said, t->name);
        seen |= (uint64_t)1 << k;
    }
    return 0;
}

static int64_t whole_at(const uint8_t *at, keel_packed_type type) {
    uint64_t v = get(at, size_of(type));
    if (type == KEEL_PACKED_I32) return (int32_t)(uint32_t)v;
    return (int64_t)v;
}

static int in_range(const keel_packed_view *v, uint32_t i, keel_err *reterr) {
    const keel_packed_field *f = &v->table->field[i];
    if (f->most <= f->least || !v->field[i].there) return 0;
    for (uint64_t row = 0; row < v->rows; row++) {
        const uint8_t *at = v->part->value + row * v->part->row_size + v->field[i].at;
        for (uint32_t k = 0; k < f->count; k++) {
            int64_t value = whole_at(at + k * size_of(f->type), f->type);
            if (value < f->least || value > f->most)
                return keel_err_set(reterr, KEEL_E_PARITY,
                                    "a snapshot that cannot be: %s of row %" PRIu64 " of %s is %" PRId64
                                    ", not %" PRId64 " to %" PRId64,
                                    f->name, row + 1, v->table->name, value, f->least, f->most);
        }
    }
    return 0;
}

int keel_packed_look(keel_packed_reader *r, const keel_packed_table *t, uint64_t rows, keel_packed_view *ret,
                     keel_err *reterr) {
    const keel_packed_found *p = part_of(r, t->name);
    KEEL_ASSERT(t->count <= KEEL_PACKED_FIELDS_MAX);
    if (!p)
        return keel_err_set(reterr, KEEL_E_VERSION, "a snapshot by keel %s has no %s, which this one needs", r->build,
                            t->name);
    if (rows != KEEL_PACKED_ANY && p->rows != rows)
        return keel_err_set(reterr, KEEL_E_VERSION,
                            "a snapshot by keel %s has %" PRIu64 " of %s where this run has %" PRIu64, r->build,
                            p->rows, t->name, rows);
    *ret = (keel_packed_view){.table = t, .part = p, .rows = p->rows};
    KEEL_TRY(all_fields_known(r, p, t, reterr));
    for (uint32_t i = 0; i < t->count; i++) {
        const keel_packed_field *f = &t->field[i];
        keel_packed_type type = f->type;
        uint32_t count = f->count;
        ret->field[i].there = find(p, f->name, &ret->field[i].at, &type, &count);
        if (!ret->field[i].there && !f->added)
            return keel_err_set(reterr, KEEL_E_VERSION, "a snapshot by keel %s: %s has no %s, which has no start",
                                r->build, t->name, f->name);
        if (ret->field[i].there && (type != f->type || count != f->count))
            return keel_err_set(reterr, KEEL_E_VERSION, "a snapshot by keel %s: %s of %s is of another type or count",
                                r->build, f->name, t->name);
        KEEL_TRY(in_range(ret, i, reterr));
    }
    r->part[p - r->part].known = 1;
    return 0;
}

static void start_with(char *to, const keel_packed_field *f) {
    int64_t whole = (int64_t)f->start;
    for (uint32_t k = 0; k < f->count; k++) {
        uint8_t bytes[8];
        uint64_t bits = (uint64_t)whole;
        if (f->type == KEEL_PACKED_F64) memcpy(&bits, &f->start, sizeof bits);
        put(bytes, bits, size_of(f->type));
        get_values(to + k * size_of(f->type), bytes, f->type, 1);
    }
}

void keel_packed_get(const keel_packed_view *v, uint64_t row, void *record) {
    KEEL_ASSERT(row < v->rows);
    const uint8_t *from = v->part->value + row * v->part->row_size;
    for (uint32_t i = 0; i < v->table->count; i++) {
        const keel_packed_field *f = &v->table->field[i];
        char *to = (char *)record + f->offset;
        if (v->field[i].there)
            get_values(to, from + v->field[i].at, f->type, f->count);
        else
            start_with(to, f);
    }
}

int keel_packed_take(keel_packed_reader *r, const keel_packed_table *t, void *records, uint64_t rows, size_t stride,
                     int takes, keel_err *reterr) {
    keel_packed_view v;
    KEEL_TRY(keel_packed_look(r, t, rows, &v, reterr));
    for (uint64_t i = 0; i < v.rows && takes; i++)
        keel_packed_get(&v, i, (char *)records + i * stride);
    return 0;
}

int keel_packed_look_bytes(keel_packed_reader *r, const char *name, const uint8_t **ret, size_t *ret_size,
                           keel_err *reterr) {
    const keel_packed_table t = KEEL_PACKED_TABLE(name, BYTE_FIELDS, one_byte, 0);
    keel_packed_view v;
    KEEL_TRY(keel_packed_look(r, &t, KEEL_PACKED_ANY, &v, reterr));
    *ret = v.part->value;
    *ret_size = (size_t)v.rows;
    return 0;
}

int keel_packed_all_known(const keel_packed_reader *r, keel_err *reterr) {
    for (uint32_t i = 0; i < r->count; i++)
        if (!r->part[i].known)
            return keel_err_set(reterr, KEEL_E_VERSION,
                                "a snapshot of a newer keel (%s): it has %s, which this one does not know: use that "
                                "keel, or a newer",
                                r->build, r->part[i].name);
    return 0;
}
