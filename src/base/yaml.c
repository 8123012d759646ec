/* base/yaml.c: see yaml.h. libyaml gives the events; what is refused is decided here. */
#include "base/yaml.h"

#include <string.h>
#include <yaml.h>

#include "base/tree_build.h"

static uint32_t line_of(const yaml_event_t *event) { return (uint32_t)event->start_mark.line + 1; }

static int refuse(keel_tree_build *b, uint32_t line, const char *what, const char *mend) {
    return keel_err_set(b->reterr, KEEL_E_PARSE, "%s: %s:%u: %s", what, b->name, line, mend);
}

static int check_plain_form(keel_tree_build *b, const yaml_event_t *event, const yaml_char_t *anchor,
                            const yaml_char_t *tag) {
    if (anchor) return refuse(b, line_of(event), "an anchor (&) is not accepted", "write the value out");
    if (tag) return refuse(b, line_of(event), "a tag (!) is not accepted", "leave it out: the schema knows the type");
    return 0;
}

static int is_null(const char *text, size_t size) {
    return size == 0 || (size == 1 && text[0] == '~') ||
           (size == 4 &&
            (memcmp(text, "null", 4) == 0 || memcmp(text, "Null", 4) == 0 || memcmp(text, "NULL", 4) == 0));
}

static int on_scalar(keel_tree_build *b, const yaml_event_t *event) {
    const char *text = (const char *)event->data.scalar.value;
    size_t size = event->data.scalar.length;
    int plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
    KEEL_TRY(check_plain_form(b, event, event->data.scalar.anchor, event->data.scalar.tag));
    if (keel_tree_build_wants_key(b)) {
        if (plain && size == 2 && memcmp(text, "<<", 2) == 0)
            return refuse(b, line_of(event), "a merge key (<<) is not accepted", "write the values out");
        return keel_tree_build_key(b, line_of(event), text, size);
    }
    if (plain && is_null(text, size)) return keel_tree_build_scalar(b, KEEL_TREE_NULL, line_of(event), NULL, 0);
    return keel_tree_build_scalar(b, plain ? KEEL_TREE_PLAIN : KEEL_TREE_STRING, line_of(event), text, size);
}

static int on_open(keel_tree_build *b, const yaml_event_t *event, keel_tree_kind kind) {
    if (keel_tree_build_wants_key(b))
        return refuse(b, line_of(event), "a key is a list or a map", "write a name before the colon");
    return keel_tree_build_open(b, kind, line_of(event));
}

static int on_event(keel_tree_build *b, const yaml_event_t *event, int *documents) {
    switch (event->type) {
        case YAML_DOCUMENT_START_EVENT:
            if ((*documents)++) return refuse(b, line_of(event), "a second document starts", "use one file for each");
            return 0;
        case YAML_ALIAS_EVENT: return refuse(b, line_of(event), "an alias (*) is not accepted", "write the value out");
        case YAML_SCALAR_EVENT: return on_scalar(b, event);
        case YAML_SEQUENCE_START_EVENT:
            KEEL_TRY(check_plain_form(b, event, event->data.sequence_start.anchor, event->data.sequence_start.tag));
            return on_open(b, event, KEEL_TREE_LIST);
        case YAML_MAPPING_START_EVENT:
            KEEL_TRY(check_plain_form(b, event, event->data.mapping_start.anchor, event->data.mapping_start.tag));
            return on_open(b, event, KEEL_TREE_MAP);
        case YAML_SEQUENCE_END_EVENT:
        case YAML_MAPPING_END_EVENT: return keel_tree_build_close(b);
        case YAML_NO_EVENT:
        case YAML_STREAM_START_EVENT:
        case YAML_STREAM_END_EVENT:
        case YAML_DOCUMENT_END_EVENT:
        default: return 0;
    }
}

static int parse_error(keel_tree_build *b, const yaml_parser_t *parser) {
    const char *problem = parser->problem ? parser->problem : "not YAML";
    if (parser->error == YAML_MEMORY_ERROR)
        return keel_err_set(b->reterr, KEEL_E_NOMEM, "out of memory: %s: close other programs", b->name);
    if (parser->error == YAML_READER_ERROR)
        return keel_err_set(b->reterr, KEEL_E_PARSE, "%s: %s: byte %zu: save the file as UTF-8 text", problem, b->name,
                            parser->problem_offset);
    if (strstr(problem, "cannot start any token"))
        return keel_err_set(
            b->reterr, KEEL_E_PARSE,
            "no YAML begins like this: %s:%zu: indent with spaces, not tabs, and quote a text that begins "
            "with @, ` or %%, near column %zu",
            b->name, parser->problem_mark.line + 1, parser->problem_mark.column + 1);
    return keel_err_set(b->reterr, KEEL_E_PARSE, "%s: %s:%zu: check indentation, quotes and colons near column %zu",
                        problem, b->name, parser->problem_mark.line + 1, parser->problem_mark.column + 1);
}

static int read_events(yaml_parser_t *parser, keel_tree_build *b) {
    int documents = 0, ended = 0, rc = 0;
    while (!rc && !ended) {
        yaml_event_t event;
        if (!yaml_parser_parse(parser, &event)) return parse_error(b, parser);
        ended = event.type == YAML_STREAM_END_EVENT;
        rc = on_event(b, &event, &documents);
        yaml_event_delete(&event);
    }
    return rc;
}

int keel_yaml_parse(const char *text, size_t size, const char *name, keel_tree **ret_tree, keel_err *reterr) {
    yaml_parser_t parser;
    keel_tree_build build;
    if (!yaml_parser_initialize(&parser))
        return keel_err_set(reterr, KEEL_E_NOMEM, "out of memory: %s: close other programs", name);
    yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&parser, (const unsigned char *)text, size);
    keel_tree_build_init(&build, name, reterr);
    int rc = read_events(&parser, &build);
    if (!rc) *ret_tree = keel_tree_build_take(&build);
    keel_tree_build_done(&build);
    yaml_parser_delete(&parser);
    return rc;
}
