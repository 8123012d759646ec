/* model/reason.h: why something was done, held back or refused. Numbers are stable: they stand in hashes,
 * CSV, JSON and journals. Append only. */
#ifndef KEEL_MODEL_REASON_H
#define KEEL_MODEL_REASON_H

#include "num/port.h"

/* X(name, number, sentence) */
#define KEEL_REASONS(X)                                       \
    X(NONE, 0, "nothing to do")                               \
    X(E_TREND, 1, "trend entry")                              \
    X(E_PULLBACK, 2, "pullback reclaimed the fast average")   \
    X(E_SLOW_DRIFT, 3, "slow drift entry")                    \
    X(E_AVE, 4, "trend entry in expanded volatility")         \
    X(E_RULE_VOLUME, 5, "rule: volume")                       \
    X(E_RULE_BREAKOUT, 6, "rule: breakout")                   \
    X(E_RULE_MOMENTUM, 7, "rule: momentum")                   \
    X(E_RULE_REVERSAL, 8, "rule: reversal")                   \
    X(E_STRATEGY, 9, "strategy signal")                       \
    X(E_ADD, 10, "added to a position in profit")             \
    X(E_MANUAL, 11, "operator")                               \
    X(X_STOP, 32, "stop loss")                                \
    X(X_BREAKEVEN, 33, "breakeven stop")                      \
    X(X_TRAIL, 34, "trailing stop")                           \
    X(X_TP, 35, "take profit")                                \
    X(X_TP_PARTIAL, 36, "partial take profit")                \
    X(X_TSME, 37, "trend saturated and losing momentum")      \
    X(X_ADX_EXHAUST, 38, "trend strength exhausted")          \
    X(X_RSI_EXT, 39, "RSI overextended")                      \
    X(X_TIME_MAX, 40, "maximum holding time")                 \
    X(X_TIME_CHECK, 41, "progress check failed")              \
    X(X_FILTER, 42, "trend premise no longer holds")          \
    X(X_FUNDING, 43, "projected funding cost")                \
    X(X_SIGNAL_FLIP, 44, "opposite signal")                   \
    X(X_RISK_REDUCE, 45, "risk reduction")                    \
    X(X_DRIFT, 46, "drift from the venue")                    \
    X(X_EMERGENCY, 47, "emergency")                           \
    X(X_LIQUIDATION, 48, "liquidation guard")                 \
    X(X_END_OF_DATA, 49, "end of data")                       \
    X(X_MANUAL, 50, "operator")                               \
    X(X_STRATEGY, 51, "strategy close")                       \
    X(H_GATE, 64, "an entry gate failed")                     \
    X(H_COOLDOWN, 65, "cooldown")                             \
    X(H_RISK, 66, "risk limit")                               \
    X(H_MODE, 67, "control mode")                             \
    X(H_DATA, 68, "data missing or not ready")                \
    X(H_GLITCH, 69, "glitch guard")                           \
    X(H_CONFIDENCE, 70, "confidence below the minimum")       \
    X(H_CAP, 71, "size, exposure or count cap")               \
    X(H_PENDING, 72, "an order for this symbol is in flight") \
    X(H_NOT_ALLOWED, 73, "side, add or regime not allowed")

/* Why an event was refused, in the order in which it is checked. A refused event leaves the state as it was. */
#define KEEL_REFUSALS(X)                                                        \
    X(OK, 0, "accepted")                                                        \
    X(SCHEMA, 1, "event schema version not supported")                          \
    X(SEQ, 2, "sequence number not above the last one")                         \
    X(KIND, 3, "unknown event kind")                                            \
    X(SYMBOL, 4, "symbol index out of range")                                   \
    X(CLOCK_ROLLBACK, 5, "event time out of range or before the symbol's last") \
    X(PRICE, 6, "price not positive or range inconsistent")                     \
    X(QUANTITY, 7, "quantity not positive or below one unit")                   \
    X(INVALID_FRACTION, 8, "close fraction not in (0, 1]")                      \
    X(RATE, 9, "rate out of range")                                             \
    X(DUPLICATE, 10, "already applied")                                         \
    X(NO_POSITION, 11, "no position to act on")                                 \
    X(OVERFLOW, 12, "an amount does not fit 64 bits at 1e-8")                   \
    X(INSUFFICIENT_CASH, 13, "free cash does not cover margin and fee")         \
    X(UNKNOWN_ORDER, 14, "no such order in flight")                             \
    X(IMBALANCE, 15, "internal: a posting does not balance")                    \
    X(SIGNAL, 16, "unknown signal, or a reason that no close has")

enum {
#define KEEL_REASON_ENUM(name, number, sentence) KEEL_##name = (number),
    KEEL_REASONS(KEEL_REASON_ENUM)
#undef KEEL_REASON_ENUM
#define KEEL_REFUSAL_ENUM(name, number, sentence) KEEL_REFUSED_##name = (number),
        KEEL_REFUSALS(KEEL_REFUSAL_ENUM)
#undef KEEL_REFUSAL_ENUM
};

#endif
