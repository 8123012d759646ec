/* engine/state_json.h: a position, and a whole state, as JSON: format in docs/formats/state.md.
 *
 * What is written reads back to a state with the same hash that decides the same from then on. A document is judged
 * before anything is taken over: books that do not balance or positions that contradict the totals are refused. */
#ifndef KEEL_ENGINE_STATE_JSON_H
#define KEEL_ENGINE_STATE_JSON_H

#include "base/json.h"
#include "core/state.h"
#include "engine/field_json.h"

#define KEEL_POSITION_SCHEMA "keel.position"
#define KEEL_STATE_SCHEMA "keel.state"
enum { KEEL_STATE_JSON_VERSION = 1 }; /* newest version written and understood, of both documents */

/* Longest name of a symbol, without the zero. */
enum { KEEL_SYMBOL_NAME_MAX = 31 };

/* Write one position as an object, where a value may stand in j. symbol: 1..31 bytes. */
void keel_position_json_write(const keel_position *pos, const char *symbol, keel_json *j);

/* Read one position.
 *   name          in   of the document, for messages
 *   ret_symbol    out  [KEEL_SYMBOL_NAME_MAX + 1]
 *   ret_warnings  out  fields that were ignored; NULL allowed; written in any case
 * Optional fields that are missing are 0; avg_entry_px is derived and judged only.
 * Returns 0, or in this order: KEEL_E_PARSE (not JSON, not this document, a field missing or of another kind),
 * KEEL_E_VERSION (newer than this program, or below 1), KEEL_E_RANGE (does not fit), KEEL_E_PARITY (contradicts
 * itself), KEEL_E_NOMEM. Nothing but warnings and the error is written then. */
KEEL_MUST_USE int keel_position_json_read(const char *text, size_t size, const char *name, char *ret_symbol,
                                          keel_position *ret_pos, keel_field_warnings *ret_warnings, keel_err *reterr);

/* Write a whole state as an object; symbols [st->symbol_count] are the names by index. */
void keel_state_json_write(const keel_state *st, const char *const symbols[], keel_json *j);

/* Read a whole state, for a run over symbols [symbol_count]: same names, same order, since postings and commands are
 * chained by index. Warnings and errors as above; KEEL_E_PARITY also when the document is of other symbols, its
 * books do not balance, or totals and positions differ. */
KEEL_MUST_USE int keel_state_json_read(const char *text, size_t size, const char *name, const char *const symbols[],
                                       int32_t symbol_count, keel_state *ret_st, keel_field_warnings *ret_warnings,
                                       keel_err *reterr);

#endif
