#include "cli/words.h"

#include <strings.h>

#include "app/summary.h"

#define WORD(words, number) ((size_t)(number) < sizeof(words) / sizeof *(words) ? word_or_mark((words)[number]) : "?")

static const char *word_or_mark(const char *word)
{
    return word == NULL ? "?" : word;
}

const char *kh_words_outcome(kh_outcome outcome)
{
    static const char *const words[] = {
        [KH_OUTCOME_RECOGNISED] = "recognised",
        [KH_OUTCOME_INCOMPLETE] = "incomplete",
        [KH_OUTCOME_ARRANGEMENT_NOT_IN_FORCE] = "arrangement not in force",
        [KH_OUTCOME_EXCLUDED_THIRD_COUNTRY] = "excluded: third country",
        [KH_OUTCOME_NOT_APPLICABLE_BASIS_IN_HOST] = "not applicable: basis in host",
        [KH_OUTCOME_LABEL_NOT_VALID] = "label not valid",
        [KH_OUTCOME_OUT_OF_SCOPE] = "out of scope",
        [KH_OUTCOME_EXCLUDED_DISPUTE] = "excluded: dispute",
        [KH_OUTCOME_BARRED_BY_MEASURE] = "barred by a measure",
    };
    return WORD(words, outcome);
}

const char *kh_words_reason(kh_reason reason)
{
    static const char *const words[] = {
        [KH_REASON_ISSUE_UNKNOWN] = "its issue is not known",
        [KH_REASON_ARRANGEMENT_NOT_YET] = "arrangement not yet in force",
        [KH_REASON_ARRANGEMENT_ENDED] = "arrangement ended",
        [KH_REASON_THIRD_COUNTRY] = "from a third country",
        [KH_REASON_BASIS_IN_HOST] = "derived from a label of the host",
        [KH_REASON_NOT_YET_VALID] = "not yet valid",
        [KH_REASON_EXPIRED] = "expired",
        [KH_REASON_SUSPENDED] = "suspended",
        [KH_REASON_REVOKED] = "revoked",
        [KH_REASON_CATEGORY] = "category not covered",
        [KH_REASON_DISPUTE_FAILED] = "dispute failed",
        [KH_REASON_MEASURE] = "measure taken",
        [KH_REASON_UNDER_CONSULTATION] = "under consultation",
    };
    return WORD(words, reason);
}

const char *kh_words_equivalence(kh_equivalence equivalence)
{
    static const char *const words[] = {
        [KH_EQUIVALENCE_FULL] = "full", [KH_EQUIVALENCE_PARTIAL] = "partial", [KH_EQUIVALENCE_NONE] = "none"};
    return WORD(words, equivalence);
}

const char *kh_words_need(kh_need need)
{
    static const char *const words[] = {
        [KH_NEED_NONE] = "nothing",
        [KH_NEED_SUPPLEMENTARY_ASSESSMENT] = "supplementary assessment",
        [KH_NEED_FULL_ASSESSMENT] = "full assessment",
        [KH_NEED_TRANSLATION] = "translation",
    };
    return WORD(words, need);
}

const char *kh_words_basis(kh_basis_state state)
{
    static const char *const words[] = {
        [KH_BASIS_VALID] = "valid",
        [KH_BASIS_UNKNOWN] = "not known",
        [KH_BASIS_NOT_YET_VALID] = "not yet valid",
        [KH_BASIS_EXPIRED] = "expired",
        [KH_BASIS_SUSPENDED] = "suspended",
        [KH_BASIS_REVOKED] = "revoked",
        [KH_BASIS_EXCLUDED] = "excluded",
    };
    return WORD(words, state);
}

const char *kh_words_ground(kh_ground ground)
{
    static const char *const words[] = {
        [KH_GROUND_HEALTH_OR_SAFETY] = "health or safety (Art 10.2 a)",
        [KH_GROUND_DOMESTIC_LAW] = "domestic law (Art 10.2 b)",
        [KH_GROUND_NATIONAL_SECURITY] = "national security (Art 10.2 c)",
        [KH_GROUND_REQUIREMENTS] = "requirements (Art 10.2 d)",
    };
    return WORD(words, ground);
}

const char *kh_words_obligation(kh_obligation_kind kind)
{
    static const char *const words[] = {
        [KH_OBLIGATION_REVOCATION_NOTICE] = "notice of revocation",
        [KH_OBLIGATION_CONSULTATION] = "consultation",
        [KH_OBLIGATION_YEARLY_CONSULTATION] = "yearly consultation",
    };
    return WORD(words, kind);
}

const char *kh_words_obligation_state(kh_obligation_state state)
{
    static const char *const words[] = {
        [KH_OBLIGATION_OPEN] = "open", [KH_OBLIGATION_OVERDUE] = "overdue", [KH_OBLIGATION_DISCHARGED] = "discharged"};
    return WORD(words, state);
}

const char *kh_words_trigger(kh_trigger trigger)
{
    static const char *const words[] = {
        [KH_TRIGGER_EVENT] = "event",
        [KH_TRIGGER_TIME] = "time",
        [KH_TRIGGER_BASIS] = "basis label",
        [KH_TRIGGER_ARRANGEMENT] = "arrangement",
    };
    return WORD(words, trigger);
}

kh_text kh_words_reasons(const kh_status *status, kh_arena *arena)
{
    kh_reason reasons[KH_REASON_COUNT];
    uint32_t count = kh_status_reasons(status, reasons);
    kh_text out = KH_TEXT("");
    for (uint32_t i = 0; i < count; i++) {
        kh_text article = kh_reason_article(reasons[i]);
        out = kh_arena_print(arena, "%.*s%s%s%s%.*s%s", KH_TEXT_ARGS(out), i == 0 ? "" : ", ",
                             kh_words_reason(reasons[i]), article.length == 0 ? "" : " (Art ", KH_TEXT_ARGS(article),
                             article.length == 0 ? "" : ")");
    }
    return out;
}

static bool same_name(kh_text text, const char *name)
{
    return strlen(name) == text.length && strncasecmp(text.data, name, text.length) == 0;
}

bool kh_words_parse_outcome(kh_text text, kh_outcome *out)
{
    static const char prefix[] = "OUTCOME_";
    size_t length = sizeof prefix - 1;
    if (text.length > length && strncasecmp(text.data, prefix, length) == 0) {
        text = (kh_text){text.data + length, text.length - length};
    }
    for (int i = KH_OUTCOME_RECOGNISED; i <= KH_OUTCOME_BARRED_BY_MEASURE; i++) {
        if (same_name(text, kh_outcome_name((kh_outcome)i))) {
            *out = (kh_outcome)i;
            return true;
        }
    }
    return false;
}

bool kh_words_parse_outcomes(kh_text text, unsigned *outcomes, kh_text *wrong)
{
    size_t from = 0;
    for (size_t i = 0; i <= text.length; i++) {
        if (i < text.length && text.data[i] != ',') {
            continue;
        }
        kh_text one = {text.data + from, i - from};
        kh_outcome outcome = KH_OUTCOME_RECOGNISED;
        if (!kh_words_parse_outcome(one, &outcome)) {
            *wrong = one;
            return false;
        }
        *outcomes |= 1U << outcome;
        from = i + 1;
    }
    return true;
}

kh_text kh_words_instant(kh_instant instant, const char *otherwise, kh_arena *arena)
{
    char text[KH_INSTANT_SIZE];
    if (instant == KH_INSTANT_NONE) {
        return kh_text_of(otherwise);
    }
    (void)kh_instant_print(instant, text);
    return kh_arena_print(arena, "%s", text);
}

kh_text kh_words_day(kh_day day, const char *otherwise, kh_arena *arena)
{
    char text[KH_DATE_SIZE + 1];
    if (day == KH_DAY_NONE) {
        return kh_text_of(otherwise);
    }
    kh_day_print(day, text);
    return kh_arena_print(arena, "%s", text);
}
