/* ops/forensic/words.h: the model's numbers as the words that records have. Static storage. */
#ifndef KEEL_OPS_FORENSIC_WORDS_H
#define KEEL_OPS_FORENSIC_WORDS_H

#include <stdint.h>

const char *keel_word_reason(int32_t reason); /* "E_TREND"; "NONE" for 0, "UNKNOWN" for a number without a name */
const char *keel_word_reason_sentence(int32_t reason);
const char *keel_word_refusal(int32_t refusal);
const char *keel_word_signal(int32_t signal);
const char *keel_word_command(int32_t kind);
const char *keel_word_confidence(int32_t confidence);
const char *keel_word_side(int32_t side);       /* of a position: "long", "short", "flat" */
const char *keel_word_order_side(int32_t side); /* "buy", "sell" */
const char *keel_word_event(int32_t kind);
const char *keel_word_verdict(int32_t gate_status);
const char *keel_word_gate(int32_t gate);
const char *keel_word_risk(int32_t rule);
const char *keel_word_exit_rule(int32_t rule);
const char *keel_word_trigger(int32_t trigger_kind);
const char *keel_word_role(int32_t fee_role);

#endif
