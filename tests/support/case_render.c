#include "support/case_render.h"

#include <stdlib.h>

static const char *const outcomes[] = {
    "",
    "RECOGNISED",
    "INCOMPLETE",
    "ARRANGEMENT_NOT_IN_FORCE",
    "EXCLUDED_THIRD_COUNTRY",
    "NOT_APPLICABLE_BASIS_IN_HOST",
    "LABEL_NOT_VALID",
    "OUT_OF_SCOPE",
    "EXCLUDED_DISPUTE",
    "BARRED_BY_MEASURE",
};

static const char *const public_outcomes[] = {
    "none", "RECOGNISED", "NOT_VALID", "NOT_IN_FORCE", "OUT_OF_SCOPE", "NOT_RECOGNISED",
};

static const char *const reasons[KH_REASON_COUNT] = {
    "",
    "ISSUE_UNKNOWN",
    "ARRANGEMENT_NOT_YET",
    "ARRANGEMENT_ENDED",
    "THIRD_COUNTRY",
    "BASIS_IN_HOST",
    "NOT_YET_VALID",
    "EXPIRED",
    "SUSPENDED",
    "REVOKED",
    "CATEGORY",
    "DISPUTE_FAILED",
    "MEASURE",
    "UNDER_CONSULTATION",
};

static const char *const grounds[] = {"", "health", "law", "security", "requirements"};

static const char *const basis_states[] = {
    "-", "VALID", "UNKNOWN", "NOT_YET_VALID", "EXPIRED", "SUSPENDED", "REVOKED", "EXCLUDED",
};

static const char *const equivalences[] = {"", "FULL", "PARTIAL", "NONE"};
static const char *const needs[] = {"", "NONE", "SUPPLEMENTARY_ASSESSMENT", "FULL_ASSESSMENT", "NEED_TRANSLATION"};
static const char *const states[] = {"", "OPEN", "OVERDUE", "DISCHARGED"};

const char *kh_case_outcome(kh_outcome outcome)
{
    return outcomes[outcome];
}

const char *kh_case_public_outcome(kh_public_outcome outcome)
{
    return public_outcomes[outcome];
}

static kh_text join(kh_arena *arena, kh_text list, const char *separator, kh_text word)
{
    return kh_arena_print(arena, "%.*s%s%.*s", KH_TEXT_ARGS(list), list.length > 0 ? separator : "",
                          KH_TEXT_ARGS(word));
}

static kh_text or_dash(kh_text text)
{
    return text.length == 0 ? KH_TEXT("-") : text;
}

kh_text kh_case_print_instant(kh_arena *arena, kh_instant at)
{
    char text[KH_INSTANT_SIZE];
    if (at == KH_INSTANT_NONE) {
        return KH_TEXT("-");
    }
    (void)kh_instant_print(at, text);
    return kh_arena_print(arena, "%s", text);
}

static kh_text print_day(kh_arena *arena, kh_day day)
{
    char text[KH_DATE_SIZE + 1];
    if (day == KH_DAY_NONE) {
        return KH_TEXT("-");
    }
    kh_day_print(day, text);
    return kh_arena_print(arena, "%s", text);
}

static kh_text yes_or_no(bool flag)
{
    return flag ? KH_TEXT("yes") : KH_TEXT("no");
}

/* ---- the status ---- */

static kh_text print_reasons(const kh_status *status, kh_arena *arena)
{
    kh_reason list[KH_REASON_COUNT];
    uint32_t count = kh_status_reasons(status, list);
    kh_text text = {"", 0};
    for (uint32_t i = 0; i < count; i++) {
        kh_text article = kh_reason_article(list[i]);
        kh_text word = article.length == 0 ? kh_text_of(reasons[list[i]])
                                           : kh_arena_print(arena, "%s(%.*s)", reasons[list[i]], KH_TEXT_ARGS(article));
        text = join(arena, text, ",", word);
    }
    return or_dash(text);
}

static kh_text print_grounds(const kh_status *status, kh_arena *arena)
{
    kh_text text = {"", 0};
    for (uint32_t i = 0; i < status->ground_count; i++) {
        text = join(arena, text, ",", kh_text_of(grounds[status->grounds[i]]));
    }
    return or_dash(text);
}

static kh_text print_validity(const kh_status *status, kh_arena *arena)
{
    if (status->validity == NULL) {
        return KH_TEXT("-");
    }
    kh_text from = print_day(arena, status->validity->from);
    return join(arena, from, "..", print_day(arena, status->validity->until));
}

typedef kh_text print_status(const kh_status *status, kh_arena *arena);

static kh_text print_public(const kh_status *status, kh_arena *arena)
{
    (void)arena;
    return kh_text_of(public_outcomes[kh_status_public_outcome(status)]);
}

static kh_text print_level(const kh_status *status, kh_arena *arena)
{
    return kh_arena_print(arena, "%u", status->level);
}

static kh_text print_recognised_level(const kh_status *status, kh_arena *arena)
{
    return status->recognised_level == 0 ? KH_TEXT("-") : kh_arena_print(arena, "%u", status->recognised_level);
}

static kh_text print_consultation(const kh_status *status, kh_arena *arena)
{
    (void)arena;
    return yes_or_no(status->under_consultation);
}

static kh_text print_basis(const kh_status *status, kh_arena *arena)
{
    kh_text state = kh_text_of(basis_states[status->basis_state]);
    return status->basis.length == 0 ? state : join(arena, status->basis, ":", state);
}

static kh_text print_since(const kh_status *status, kh_arena *arena)
{
    return kh_case_print_instant(arena, status->since);
}

static kh_text print_next(const kh_status *status, kh_arena *arena)
{
    return kh_case_print_instant(arena, status->next_change_at);
}

static kh_text print_public_since(const kh_status *status, kh_arena *arena)
{
    return kh_case_print_instant(arena, status->public_since);
}

static kh_text print_public_next(const kh_status *status, kh_arena *arena)
{
    return kh_case_print_instant(arena, status->public_next_change_at);
}

static kh_text print_pack(const kh_status *status, kh_arena *arena)
{
    (void)arena;
    return status->pack->id;
}

static kh_text print_host(const kh_status *status, kh_arena *arena)
{
    (void)arena;
    return status->host;
}

static kh_text print_product(const kh_status *status, kh_arena *arena)
{
    (void)arena;
    return status->details == NULL ? KH_TEXT("-") : status->details->product;
}

static kh_text print_open(const kh_status *status, kh_arena *arena)
{
    return kh_arena_print(arena, "%u", kh_status_residual_open(status));
}

static bool status_value(const kh_status *status, kh_text key, kh_arena *arena, kh_text *out)
{
    static const struct {
        const char *key;
        print_status *print;
    } values[] = {
        {"because", print_reasons},
        {"public", print_public},
        {"level", print_level},
        {"as", print_recognised_level},
        {"consultation", print_consultation},
        {"grounds", print_grounds},
        {"basis", print_basis},
        {"since", print_since},
        {"next", print_next},
        {"public-since", print_public_since},
        {"public-next", print_public_next},
        {"pack", print_pack},
        {"host", print_host},
        {"product", print_product},
        {"valid", print_validity},
        {"open", print_open},
    };
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        if (kh_text_equal(key, kh_text_of(values[i].key))) {
            *out = values[i].print(status, arena);
            return true;
        }
    }
    return false;
}

kh_text kh_case_residual(const kh_case_decision *decision)
{
    const kh_status *status = &decision->label.status;
    kh_residual_item *items = NULL;
    uint32_t count = 0;
    kh_text text = {"", 0};
    if (kh_status_residual(status, decision->arena, &items, &count) != KH_OK) {
        abort();
    }
    for (uint32_t i = 0; i < count; i++) {
        const char *slash = memchr(items[i].citation.data, '/', items[i].citation.length);
        kh_text behind = {slash + 1, items[i].citation.length - (size_t)(slash + 1 - items[i].citation.data)};
        const char *mark = kh_text_equal(behind, items[i].requirement) ? "" : "(another requirement)";
        text = join(decision->arena, text, " ",
                    kh_arena_print(decision->arena, "%.*s%s=%s:%s", KH_TEXT_ARGS(items[i].citation), mark,
                                   equivalences[items[i].equivalence], needs[items[i].need]));
    }
    for (uint32_t i = 0; i < status->translation_count; i++) {
        text = join(decision->arena, text, " ",
                    kh_arena_print(decision->arena, "%.*s=NEED_TRANSLATION", KH_TEXT_ARGS(status->translations[i])));
    }
    return text.length == 0 ? KH_TEXT("none") : text;
}

/* ---- obligations ---- */

static const kh_obligation *obligation_of(const kh_case_decision *decision, kh_case_view view)
{
    switch (view) {
    case KH_CASE_NOTICE:
        return decision->label.has_notice ? &decision->label.notice : NULL;
    case KH_CASE_CONSULTATION:
        return decision->label.has_consultation ? &decision->label.consultation : NULL;
    case KH_CASE_YEARLY:
        return decision->has_yearly ? &decision->yearly : NULL;
    case KH_CASE_STATUS:
        break;
    }
    return NULL;
}

static kh_text print_obliged(const kh_obligation *obligation, kh_arena *arena)
{
    kh_text text = {"", 0};
    for (uint32_t i = 0; i < obligation->obliged_count; i++) {
        text = join(arena, text, ",", obligation->obliged[i]);
    }
    return or_dash(text);
}

static bool obligation_value(const kh_obligation *obligation, kh_text key, kh_arena *arena, kh_text *out)
{
    const struct {
        const char *key;
        kh_text value;
    } values[] = {
        {"arose", print_day(arena, obligation->arose_on)},
        {"due", print_day(arena, obligation->due_on)},
        {"earliest", print_day(arena, obligation->earliest_due_on)},
        {"provisional", yes_or_no(obligation->provisional)},
        {"discharged", print_day(arena, obligation->discharged_on)},
        {"late", yes_or_no(obligation->late)},
        {"confirmed", print_day(arena, obligation->confirmed_on)},
        {"by", print_obliged(obligation, arena)},
        {"towards", or_dash(obligation->towards)},
        {"article", kh_obligation_article(obligation->kind)},
        {"subject", obligation->subject},
    };
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        if (kh_text_equal(key, kh_text_of(values[i].key))) {
            *out = values[i].value;
            return true;
        }
    }
    return false;
}

kh_text kh_case_state(const kh_case_decision *decision, kh_case_view view)
{
    if (view == KH_CASE_STATUS) {
        return kh_text_of(outcomes[decision->label.status.outcome]);
    }
    const kh_obligation *obligation = obligation_of(decision, view);
    return obligation == NULL ? KH_TEXT("none") : kh_text_of(states[obligation->state]);
}

bool kh_case_value(const kh_case_decision *decision, kh_case_view view, kh_text key, kh_text *out)
{
    if (view == KH_CASE_STATUS) {
        return decision->label.status.pack != NULL && status_value(&decision->label.status, key, decision->arena, out);
    }
    const kh_obligation *obligation = obligation_of(decision, view);
    return obligation != NULL && obligation_value(obligation, key, decision->arena, out);
}
