/* app/cli/cli_access.c: what a verb asks of its command line; contracts in cli.h. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "app/cli/cli_internal.h"
#include "base/decimal.h"
#include "base/real.h"
#include "base/strbuf.h"

enum { DAY_MS = 86400000 };

size_t keel_cli_option_count(const keel_cli *cli, const char *name) {
    const keel_cli_opt *opt = keel_cli_opt_find(cli->verb, name);
    size_t count = 0;
    KEEL_ASSERT(opt != NULL);
    for (size_t i = 0; i < cli->given_count; i++)
        count += cli->given[i].opt == opt;
    return count;
}

const char *keel_cli_option_at(const keel_cli *cli, const char *name, size_t index) {
    const keel_cli_opt *opt = keel_cli_opt_find(cli->verb, name);
    KEEL_ASSERT(opt != NULL);
    for (size_t i = 0; i < cli->given_count; i++)
        if (cli->given[i].opt == opt && index-- == 0) return cli->given[i].value;
    return NULL;
}

const char *keel_cli_option(const keel_cli *cli, const char *name) {
    size_t count = keel_cli_option_count(cli, name);
    return count ? keel_cli_option_at(cli, name, count - 1) : NULL;
}

int keel_cli_flag(const keel_cli *cli, const char *name) { return keel_cli_option_count(cli, name) > 0; }

size_t keel_cli_positional_count(const keel_cli *cli) { return cli->positional_count; }

const char *keel_cli_positional(const keel_cli *cli, size_t index) {
    KEEL_ASSERT(index < cli->positional_count);
    return cli->positionals[index];
}

int keel_cli_given_at(const keel_cli *cli, size_t index, const char **ret_name, const char **ret_value) {
    if (index >= cli->given_count) return 0;
    *ret_name = cli->given[index].opt->name;
    *ret_value = cli->given[index].value;
    return 1;
}

keel_err *keel_cli_err(keel_cli *cli) { return &cli->err; }

const char *keel_cli_name(const keel_cli *cli) { return cli->name; }

int keel_cli_json(const keel_cli *cli) { return cli->json; }

int keel_cli_print_json(keel_cli *cli, const keel_json *document) {
    size_t size;
    const char *text = keel_json_text(document, &size);
    if (fwrite(text, 1, size, stdout) == size && fputc('\n', stdout) != EOF && fflush(stdout) == 0) return 0;
    return keel_err_set(&cli->err, KEEL_E_IO,
                        "cannot write: standard output: check the disk or the reader of the pipe");
}

int keel_cli_refuse_option(keel_cli *cli, const char *name, const char *why) {
    return keel_err_set(&cli->err, KEEL_E_USAGE, "'%s' %s: %s --%s", keel_cli_option(cli, name), why, cli->name, name);
}

static int refuse(keel_cli *cli, const char *name, const char *what, const char *mend) {
    return keel_err_set(&cli->err, KEEL_E_USAGE, "'%s' %s: %s --%s: %s", keel_cli_option(cli, name), what, cli->name,
                        name, mend);
}

int keel_cli_option_int(keel_cli *cli, const char *name, int64_t min, int64_t max, int64_t *ret) {
    const char *text = keel_cli_option(cli, name);
    int64_t value;
    if (!text) return 0;
    keel_decimal_result result = keel_decimal_parse(text, strlen(text), 0, &value);
    if (result == KEEL_DECIMAL_NOT_A_NUMBER || result == KEEL_DECIMAL_TOO_FINE || result == KEEL_DECIMAL_RESIDUE)
        return refuse(cli, name, "is not a whole number", "write digits only");
    if (result != KEEL_DECIMAL_OK || value < min || value > max)
        return keel_err_set(&cli->err, KEEL_E_RANGE, "'%s' is out of bounds: %s --%s: give %" PRId64 " to %" PRId64,
                            text, cli->name, name, min, max);
    *ret = value;
    return 0;
}

int keel_cli_option_double(keel_cli *cli, const char *name, double min, double max, double *ret) {
    const char *text = keel_cli_option(cli, name);
    double value;
    if (!text) return 0;
    int rc = keel_real_parse(text, &value);
    if (rc == KEEL_E_PARSE) return refuse(cli, name, "is not a number", "write a decimal number");
    if (rc || value < min || value > max)
        return keel_err_set(&cli->err, KEEL_E_RANGE, "'%s' is out of bounds: %s --%s: give %.15g to %.15g", text,
                            cli->name, name, min, max);
    *ret = value;
    return 0;
}

int keel_cli_option_e8(keel_cli *cli, const char *name, int64_t min_e8, int64_t max_e8, int64_t *ret_e8) {
    const char *text = keel_cli_option(cli, name);
    int64_t value;
    if (!text) return 0;
    keel_decimal_result result = keel_decimal_parse(text, strlen(text), 8, &value);
    if (result == KEEL_DECIMAL_OK && value >= min_e8 && value <= max_e8) {
        *ret_e8 = value;
        return 0;
    }
    if (result == KEEL_DECIMAL_NOT_A_NUMBER) return refuse(cli, name, "is not a number", "write a decimal number");
    char low[KEEL_DECIMAL_TEXT_MAX], high[KEEL_DECIMAL_TEXT_MAX];
    if (result == KEEL_DECIMAL_TOO_FINE || result == KEEL_DECIMAL_RESIDUE)
        return refuse(cli, name, keel_decimal_sentence(result), "give at most 8 decimals");
    (void)keel_decimal_format(min_e8, 8, 0, low);
    (void)keel_decimal_format(max_e8, 8, 0, high);
    return keel_err_set(&cli->err, KEEL_E_RANGE, "'%s' is out of bounds: %s --%s: give %s to %s", text, cli->name, name,
                        low, high);
}

int keel_cli_option_duration(keel_cli *cli, const char *name, int64_t *ret_ms) {
    const char *text = keel_cli_option(cli, name);
    int64_t ms;
    if (!text) return 0;
    if (keel_duration_parse(text, &ms) != 0 || ms < 1)
        return refuse(cli, name, "is not a duration", "write 500ms, 3s, 5m, 1h, 2d or 1w");
    *ret_ms = ms;
    return 0;
}

int keel_cli_option_interval(keel_cli *cli, const char *name, int64_t *ret_ms) {
    const char *text = keel_cli_option(cli, name);
    int64_t ms;
    if (!text) return 0;
    if (keel_duration_parse(text, &ms) != 0 || ms < 1000 || (ms < DAY_MS ? DAY_MS % ms : ms % DAY_MS) != 0)
        return refuse(cli, name, "is not a candle interval",
                      "write 1m, 5m, 15m, 1h, 4h, 1d or another that divides a day");
    *ret_ms = ms;
    return 0;
}

int keel_cli_option_list(keel_cli *cli, const char *name, keel_list *ret_list) {
    keel_strbuf joined;
    size_t count = keel_cli_option_count(cli, name);
    ret_list->items = NULL;
    ret_list->count = 0;
    if (!count) return 0;
    keel_strbuf_init(&joined, 0);
    for (size_t i = 0; i < count; i++) {
        if (i) keel_strbuf_add_char(&joined, ',');
        keel_strbuf_add(&joined, keel_cli_option_at(cli, name, i));
    }
    int rc = joined.failed ? KEEL_E_NOMEM : keel_list_parse(keel_strbuf_text(&joined), ret_list);
    keel_strbuf_done(&joined);
    if (rc == KEEL_E_NOMEM)
        return keel_err_set(&cli->err, rc, "out of memory: %s --%s: close other programs", cli->name, name);
    return rc ? refuse(cli, name, "is not a list", "write names with commas between, none empty") : 0;
}

int keel_cli_option_enum(keel_cli *cli, const char *name, const char *const names[], size_t count, int *ret_index) {
    const char *text = keel_cli_option(cli, name);
    char listed[400] = "write one of";
    if (!text) return 0;
    for (size_t i = 0; i < count; i++) {
        if (strcasecmp(text, names[i]) == 0) {
            *ret_index = (int)i;
            return 0;
        }
        size_t size = strlen(listed);
        (void)snprintf(listed + size, sizeof listed - size, "%s %s", i ? "," : "", names[i]);
    }
    return refuse(cli, name, "is not known", listed);
}
