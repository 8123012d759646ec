/* ops/forensic/brief_rules.c: what is at risk, not known or to be looked at, by rules, from what was read. What began
 * and is not over is a risk, however long ago it was told. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "ops/forensic/brief_internal.h"

enum { WARN_DRAWDOWN = 10, HIGH_DRAWDOWN = 20 };

static void note(keel_brief_notes *n, const char *format, ...) KEEL_PRINTF(2, 3);
static void note(keel_brief_notes *n, const char *format, ...) {
    va_list args;
    if (n->count == KEEL_BRIEF_NOTES) {
        n->more++;
        return;
    }
    va_start(args, format);
    (void)vsnprintf(n->text[n->count++], KEEL_BRIEF_NOTE, format, args);
    va_end(args);
}

/* What ends a state that holds entries back. */
static const char *way_out(const char *state) {
    return strcmp(state, "degraded") == 0 ? "until clock and venue are well" : "until somebody resumes";
}

/* What holds entries back, or is not as it should be: of the engine and of what it depends on. */
static void judge_state(keel_brief *b) {
    const keel_brief_lasting *held = &b->held;
    if (!b->state[0]) note(&b->risks, "the log tells no state of the run");
    if (strcmp(b->state, "fatal") == 0) note(&b->risks, "the run stopped on an error");
    if (strcmp(held->word, "degraded") == 0)
        note(&b->risks, "degraded since %s: %s; %s", held->since, held->why, way_out(held->word));
    else if (held->word[0])
        note(&b->risks, "no entry leaves since %s: %s: %s; %s", held->since, held->word, held->why,
             way_out(held->word));
    if (b->breach[0]) note(&b->risks, "%s", b->breach);
    if (b->breaker.word[0])
        note(&b->risks, "the breaker of calls to the venue is %s since %s: %s failed", b->breaker.word,
             b->breaker.since, b->breaker.why);
    if (b->clock.word[0])
        note(&b->risks, "the venue's clock is %s ms from ours since %s", b->clock.why, b->clock.since);
    if (b->unkept.word[0]) note(&b->risks, "no snapshot could be kept since %s: %s", b->unkept.since, b->unkept.why);
    if (b->has_trail && b->trail != KEEL_AUDIT_GOOD && b->trail != KEEL_AUDIT_UNNAMED)
        note(&b->risks, "the audit trail: %s", keel_audit_verdict_sentence(b->trail));
}

static void judge_aside(keel_brief *b, const char *of, const keel_brief_lasting *l) {
    if (l->word[0])
        note(&b->risks, "%s: data are set aside since %s, last %s-%" PRIu64 ": %s; until data are taken again", of,
             l->since, l->word, l->seq, l->why);
}

static void judge_symbols(keel_brief *b) {
    int missing = 0;
    judge_aside(b, "all symbols", &b->aside);
    for (int i = 0; i < b->symbols; i++) {
        const keel_brief_symbol *s = &b->symbol[i];
        missing += s->missing;
        if (s->open && !s->stop[0]) note(&b->risks, "%s: %s %s is held without a stop", s->name, s->side, s->qty);
        if (s->open && s->blind)
            note(&b->risks, "%s: %s %s is held without exits: its market's data are set aside", s->name, s->side,
                 s->qty);
        judge_aside(b, s->name, &s->aside);
        if (s->open && s->missing)
            note(&b->risks, "%s: %s %s is held and its bars do not come", s->name, s->side, s->qty);
        if (s->drifted)
            note(&b->risks, "%s: the books hold %s, the venue %s, and nobody has resumed since", s->name, s->books,
                 s->venue);
    }
    if (missing > 0 && missing == b->symbols) note(&b->risks, "no bar of any symbol comes");
}

static void judge_account(keel_brief *b) {
    if (b->drawdown_pct >= WARN_DRAWDOWN)
        note(&b->risks, "drawdown is %.1f %% of the highest equity%s", b->drawdown_pct,
             b->drawdown_pct >= HIGH_DRAWDOWN ? ": beyond the hard limit of most profiles" : "");
    if (b->equity_e8 > 0 && b->gross_e8 > b->equity_e8)
        note(&b->risks, "exposure is %.1f times the equity", (double)b->gross_e8 / (double)b->equity_e8);
    judge_symbols(b);
    if (b->suspect.word[0])
        note(&b->risks, "%" PRIu64 " executions were not booked since %s, last %s-%" PRIu64 ": %s; until acknowledged",
             b->suspects, b->suspect.since, b->suspect.word, b->suspect.seq, b->suspect.why);
}

static void judge_unknowns(keel_brief *b) {
    if (b->counts[KEEL_LOG_ORDER_UNKNOWN])
        note(&b->unknowns, "orders had no recorded outcome at a start; the venue was asked");
    if (b->counts[KEEL_LOG_FILL_UNMATCHED])
        note(&b->unknowns, "%" PRIu64 " fills belong to no known order", b->counts[KEEL_LOG_FILL_UNMATCHED]);
    if (b->counts[KEEL_LOG_LOG_INVALID])
        note(&b->unknowns, "%" PRIu64 " records broke the schema and were replaced", b->counts[KEEL_LOG_LOG_INVALID]);
    if (b->first_part > 1)
        note(&b->unknowns, "parts of the log before %06" PRIu32 " were removed: what they told is not in here",
             b->first_part);
    if (b->torn) note(&b->unknowns, "the last record was being written when the run stopped");
    if (!b->metrics) note(&b->unknowns, "there are no metrics: equity and exposure are not known");
    if (strcmp(b->regime, "unknown") == 0) note(&b->unknowns, "the market's regime");
    for (int i = 0; i < b->symbols; i++) {
        const keel_brief_symbol *s = &b->symbol[i];
        if (s->missing) note(&b->unknowns, "%s: its bars have not come again", s->name);
        if (s->orders == 1) note(&b->unknowns, "%s: an order is in flight", s->name);
        if (s->orders > 1) note(&b->unknowns, "%s: %d orders are in flight", s->name, s->orders);
    }
    if (strcmp(b->state, "stopping") != 0)
        note(&b->unknowns, "the run has not ended in order, or still runs (%s)", b->state[0] ? b->state : "no state");
}

static void judge_checks(keel_brief *b) {
    int drifted = 0;
    for (int i = 0; i < b->symbols; i++)
        drifted |= b->symbol[i].drifted;
    if (drifted || b->breach[0] || b->suspect.word[0])
        note(&b->checks, "compare the account at the venue with the books before anything is resumed");
    if (b->suspect.word[0])
        note(&b->checks, "then keel audit note RUN --action " KEEL_BRIEF_ACKNOWLEDGED " --before %s-%" PRIu64
                         " --reason WHY",
             b->suspect.word, b->suspect.seq);
    if (b->counts[KEEL_LOG_RECOVERY])
        note(&b->checks, "keel replay RUN: it was recovered %" PRIu64 " times", b->counts[KEEL_LOG_RECOVERY]);
    if (b->counts[KEEL_LOG_WAL_CORRUPT]) note(&b->checks, "keel journal verify RUN/journal: it was damaged");
    if (b->incidents > b->closed)
        note(&b->checks,
             "incidents/: fill in the postmortems, then keel audit note RUN --action incident_closed "
             "--before INCIDENT --reason WHY");
    if (b->counts[KEEL_LOG_ORDER_REJECT] > b->counts[KEEL_LOG_ORDER_FILLED])
        note(&b->checks, "more orders were refused than filled: keel events story RUN --symbol S");
    if (b->counts[KEEL_LOG_LOG_ANOMALY])
        note(&b->checks, "some events came much more often than usual: code LOG_ANOMALY");
    if (b->torn || b->counts[KEEL_LOG_LOG_INVALID]) note(&b->checks, "keel events check RUN");
    note(&b->checks, "keel audit verify RUN: who did what");
}

void keel_brief_judge(keel_brief *b) {
    judge_state(b);
    judge_account(b);
    judge_unknowns(b);
    judge_checks(b);
}
