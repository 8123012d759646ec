/* ops/forensic/words.c: see words.h. */
#include "ops/forensic/words.h"

#include "model/command.h"
#include "model/diag.h"
#include "model/event.h"
#include "model/reason.h"

const char *keel_word_reason(int32_t reason) {
    switch (reason) {
#define CASE(name, number, sentence) \
    case KEEL_##name: return #name;
        KEEL_REASONS(CASE)
#undef CASE
        default: return "UNKNOWN";
    }
}

const char *keel_word_reason_sentence(int32_t reason) {
    switch (reason) {
#define CASE(name, number, sentence) \
    case KEEL_##name: return sentence;
        KEEL_REASONS(CASE)
#undef CASE
        default: return "no known reason";
    }
}

const char *keel_word_refusal(int32_t refusal) {
    switch (refusal) {
#define CASE(name, number, sentence) \
    case KEEL_REFUSED_##name: return #name;
        KEEL_REFUSALS(CASE)
#undef CASE
        default: return "UNKNOWN";
    }
}

const char *keel_word_signal(int32_t signal) {
    switch (signal) {
        case KEEL_NEUTRAL: return "NEUTRAL";
        case KEEL_BUY: return "BUY";
        case KEEL_SELL: return "SELL";
        case KEEL_CLOSE: return "CLOSE";
        case KEEL_PARTIAL_CLOSE: return "PARTIAL_CLOSE";
        default: return "UNKNOWN";
    }
}

const char *keel_word_command(int32_t kind) {
    switch (kind) {
        case KEEL_CMD_HOLD: return "HOLD";
        case KEEL_CMD_OPEN: return "OPEN";
        case KEEL_CMD_ADD: return "ADD";
        case KEEL_CMD_CLOSE: return "CLOSE";
        case KEEL_CMD_PARTIAL_CLOSE: return "PARTIAL_CLOSE";
        case KEEL_CMD_REVERSE: return "REVERSE";
        default: return "UNKNOWN";
    }
}

const char *keel_word_confidence(int32_t confidence) {
    switch (confidence) {
        case KEEL_CONF_LOW: return "low";
        case KEEL_CONF_MEDIUM: return "medium";
        case KEEL_CONF_HIGH: return "high";
        default: return "unknown";
    }
}

const char *keel_word_side(int32_t side) { return side > 0 ? "long" : side < 0 ? "short" : "flat"; }
const char *keel_word_order_side(int32_t side) { return side > 0 ? "buy" : "sell"; }

const char *keel_word_event(int32_t kind) {
    switch (kind) {
        case KEEL_EV_PRICE: return "PRICE";
        case KEEL_EV_BAR_CLOSE: return "BAR_CLOSE";
        case KEEL_EV_SIGNAL: return "SIGNAL";
        case KEEL_EV_FUNDING: return "FUNDING";
        case KEEL_EV_FILL: return "FILL";
        case KEEL_EV_REJECT: return "REJECT";
        case KEEL_EV_DEPOSIT: return "DEPOSIT";
        case KEEL_EV_BORROW: return "BORROW";
        default: return "UNKNOWN";
    }
}

const char *keel_word_verdict(int32_t status) {
    switch (status) {
        case KEEL_GATE_OFF: return "off";
        case KEEL_GATE_PASS: return "pass";
        case KEEL_GATE_FAIL: return "fail";
        case KEEL_GATE_WAIVED: return "waived";
        default: return "unknown";
    }
}

const char *keel_word_risk(int32_t rule) {
    switch (rule) {
#define CASE(name, number, label) \
    case KEEL_RISK_ID_##name: return label;
        KEEL_RISKS(CASE)
#undef CASE
        default: return "unknown";
    }
}

const char *keel_word_gate(int32_t gate) {
    switch (gate) {
#define CASE(name, number, label, sentence) \
    case KEEL_GATE_ID_##name: return label;
        KEEL_GATES(CASE)
#undef CASE
        default: return "unknown";
    }
}

const char *keel_word_exit_rule(int32_t rule) {
    switch (rule) {
#define CASE(name, number, label) \
    case KEEL_EXIT_ID_##name: return label;
        KEEL_EXIT_RULES(CASE)
#undef CASE
        default: return "unknown";
    }
}

const char *keel_word_trigger(int32_t kind) {
    switch (kind) {
        case KEEL_TRIGGER_STOP: return "stop";
        case KEEL_TRIGGER_TARGET: return "target";
        default: return "none";
    }
}

const char *keel_word_role(int32_t role) { return role == KEEL_MAKER ? "maker" : "taker"; }
