#include "app/summary.h"

const char *kh_outcome_name(kh_outcome outcome)
{
    switch (outcome) {
    case KH_OUTCOME_RECOGNISED:
        return "RECOGNISED";
    case KH_OUTCOME_INCOMPLETE:
        return "INCOMPLETE";
    case KH_OUTCOME_ARRANGEMENT_NOT_IN_FORCE:
        return "ARRANGEMENT_NOT_IN_FORCE";
    case KH_OUTCOME_EXCLUDED_THIRD_COUNTRY:
        return "EXCLUDED_THIRD_COUNTRY";
    case KH_OUTCOME_NOT_APPLICABLE_BASIS_IN_HOST:
        return "NOT_APPLICABLE_BASIS_IN_HOST";
    case KH_OUTCOME_LABEL_NOT_VALID:
        return "LABEL_NOT_VALID";
    case KH_OUTCOME_OUT_OF_SCOPE:
        return "OUT_OF_SCOPE";
    case KH_OUTCOME_EXCLUDED_DISPUTE:
        return "EXCLUDED_DISPUTE";
    case KH_OUTCOME_BARRED_BY_MEASURE:
        return "BARRED_BY_MEASURE";
    }
    return "?";
}

/* One host is the rule, so the keys are few: the smallest host that is above the last one. */
static const kh_status *next_host(const kh_subject *subject, kh_text after)
{
    const kh_status *next = NULL;
    for (uint32_t i = 0; i < subject->key_count; i++) {
        const kh_status *status = subject->keys[i].kind == KH_RESULT_STATUS ? subject->keys[i].status : NULL;
        if (status != NULL && kh_text_compare(status->host, after) > 0 &&
            (next == NULL || kh_text_compare(status->host, next->host) < 0)) {
            next = status;
        }
    }
    return next;
}

kh_rc kh_summary_subject(const kh_subject *subject, kh_arena *arena, kh_subject_row *row)
{
    kh_text outcomes = {"", 0};
    uint32_t open = 0;
    kh_instant next_change_at = KH_INSTANT_NONE;
    const kh_status *status = next_host(subject, outcomes);
    for (; status != NULL; status = next_host(subject, status->host)) {
        const kh_text parts[] = {outcomes, outcomes.length == 0 ? KH_TEXT("") : KH_TEXT(" "), status->host,
                                 KH_TEXT("="), kh_text_of(kh_outcome_name(status->outcome))};
        outcomes = kh_arena_join(arena, parts, sizeof parts / sizeof *parts);
        open += kh_status_residual_open(status);
        next_change_at = kh_instant_sooner(next_change_at, status->next_change_at);
    }
    row->outcomes = outcomes;
    row->residual_open = (int32_t)open;
    row->next_change_at = next_change_at;
    return kh_arena_failed(arena) ? KH_E_MEMORY : KH_OK;
}

kh_rc kh_summary_obligation(const kh_key_state *state, int32_t lane, kh_instant decided_at, kh_arena *arena,
                            kh_obligation_row *out)
{
    const kh_obligation *of = state->obligation;
    kh_text obliged = of->obliged[0];
    if (of->obliged_count == 2) {
        obliged = kh_arena_print(arena, "%.*s %.*s", KH_TEXT_ARGS(of->obliged[0]), KH_TEXT_ARGS(of->obliged[1]));
    }
    *out = (kh_obligation_row){
        .id = state->key,
        .lane = lane,
        .kind = (int16_t)of->kind,
        .state = (int16_t)of->state,
        .subject = of->subject,
        .arrangement = of->arrangement,
        .obliged = obliged,
        .towards = of->towards,
        .arose_on = of->arose_on,
        .due_on = of->due_on,
        .earliest_due_on = of->earliest_due_on,
        .discharged_on = of->discharged_on,
        .confirmed_on = of->confirmed_on,
        .provisional = of->provisional,
        .late = of->late,
        .version = state->version,
        .decided_at = decided_at,
    };
    return kh_arena_failed(arena) ? KH_E_MEMORY : KH_OK;
}
