/* app/cli/strategy_text.h: what a strategy says of itself, for those who run it and for programs. */
#ifndef KEEL_APP_CLI_STRATEGY_TEXT_H
#define KEEL_APP_CLI_STRATEGY_TEXT_H

#include "base/json.h"
#include "base/strbuf.h"
#include "core/strategy/strategy.h"

/* "trend.ema_cross.1.0.0" */
void keel_strategy_text_id(const keel_strategy_text *t, keel_strbuf *out);

/* Members id, family, variant, schema, feeds, depth_bars, universe, risk_budget, regimes and requires of an open
 * object. What is not stated is null; lists are arrays. */
void keel_strategy_text_json(const keel_strategy_text *t, keel_json *j);

/* The same for people: a line per statement that differs from what every strategy has, indented by two. */
void keel_strategy_text_lines(const keel_strategy_text *t, keel_strbuf *out);

#endif
