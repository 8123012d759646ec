/* ops/forensic/schema.h: the records' schema as JSON Schema (draft 2020-12), made from events.def. */
#ifndef KEEL_OPS_FORENSIC_SCHEMA_H
#define KEEL_OPS_FORENSIC_SCHEMA_H

#include "base/json.h"

/* One value: the schema of a line of events.jsonl, metrics.jsonl, trace.jsonl and rollups/hourly.jsonl. */
void keel_event_schema(keel_json *j);

#endif
