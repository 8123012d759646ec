/* fuzz/fuzz_control.c: any bytes as a request to a running keel, as an answer of one, and as what a stream brings, in
 * pieces. What is refused says why; what is read is written and read again alike; a desk answers each line it takes
 * with one line, and obeys what was asked as often as it says. */
/* runs in script/test: 30000 */
#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "ops/control/desk.h"
#include "port/simfs.h"
#include "port/simlocal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void try_request(const char *text, size_t size) {
    keel_control_request a, b;
    keel_strbuf line;
    keel_err err = {0};
    memset(&a, 0, sizeof a);
    memset(&b, 0, sizeof b);
    if (keel_control_request_read(text, size, &a, &err) != 0) {
        KEEL_ASSERT(err.text[0] != 0);
        return;
    }
    keel_strbuf_init(&line, 0);
    keel_control_request_write(&a, &line);
    KEEL_ASSERT(!line.failed && line.size < 8 * KEEL_CONTROL_LINE_MAX);
    KEEL_ASSERT(strchr(line.text, '\n') == line.text + line.size - 1);
    KEEL_ASSERT(keel_control_request_read(line.text, line.size, &b, &err) == 0);
    KEEL_ASSERT(a.ask == b.ask && strcmp(a.reason, b.reason) == 0);
    keel_strbuf_done(&line);
}

static void try_answer(const char *text, size_t size) {
    keel_err err = {0};
    KEEL_ASSERT(keel_control_answer_judge(text, size, &err) == 0 || err.text[0] != 0);
}

static uint64_t obeyed;

static void serve(void *data, const keel_control_request *r, const keel_local_peer *who, keel_strbuf *ret_line) {
    (void)data;
    KEEL_ASSERT(who->uid == 7 && strlen(r->reason) < sizeof r->reason);
    obeyed++;
    keel_strbuf_add(ret_line, "{}\n");
}

/* The first byte says how large the pieces are. */
static void try_stream(const uint8_t *data, size_t size) {
    static keel_simlocal all;
    keel_simclock clock;
    keel_err err = {0};
    keel_control *desk = NULL;
    char answer[4096];
    uint64_t lines = 0;
    size_t piece = size ? 1 + data[0] : 1, at = 0;
    keel_simclock_init(&clock, 0);
    keel_simlocal_init(&all, 1, &clock);
    keel_simfs *disk = keel_simfs_new(1);
    const keel_local *here = keel_simlocal_join(&all, 7), *there = keel_simlocal_join(&all, 7);
    keel_control_options o = {
        .local = here, .clock = &clock.port, .fs = keel_simfs_port(disk), .dir = "/r", .serve = serve};
    KEEL_ASSERT(o.fs->mkdir(o.fs->ctx, "/r") == 0);
    KEEL_ASSERT(keel_control_open(&o, &desk, &err) == 0);
    int conn = there->connect(there->ctx, "/r/" KEEL_CONTROL_FOLDER, KEEL_CONTROL_NAME);
    KEEL_ASSERT(conn >= 0);
    obeyed = 0;
    for (int turns = 0; turns < 10000 && at < size; turns++) {
        int64_t n = there->write(there->ctx, conn, data + at, size - at < piece ? size - at : piece);
        if (n < 0 && n != -EAGAIN) break;
        if (n > 0) at += (size_t)n;
        keel_control_look(desk);
        for (n = there->read(there->ctx, conn, answer, sizeof answer); n > 0; n--)
            lines += answer[n - 1] == '\n';
    }
    keel_control_look(desk);
    keel_control_counts c = keel_control_counts_of(desk);
    KEEL_ASSERT(c.asked == obeyed && c.came == 1 && c.strangers == 0 && lines <= c.asked + c.malformed);
    there->close(there->ctx, conn);
    keel_control_close(desk);
    keel_simfs_free(disk);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    try_request((const char *)data, size);
    try_answer((const char *)data, size);
    try_stream(data, size);
    return 0;
}
