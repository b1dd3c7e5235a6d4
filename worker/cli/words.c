#include "cli/words.h"

#include <strings.h>

#include "app/summary.h"

/* A word of the English table. */
#define WORD(first, last, number) kh_message_word(KH_ENGLISH, KH_M_##first, KH_M_##last, (int)(number))

const char *kh_words_outcome(kh_outcome outcome)
{
    return WORD(OUTCOME_RECOGNISED, OUTCOME_BARRED_BY_MEASURE, outcome);
}

const char *kh_words_reason(kh_reason reason)
{
    return WORD(REASON_ISSUE_UNKNOWN, REASON_UNDER_CONSULTATION, reason);
}

const char *kh_words_equivalence(kh_equivalence equivalence)
{
    return WORD(EQUIVALENCE_FULL, EQUIVALENCE_NONE, equivalence);
}

const char *kh_words_need(kh_need need)
{
    return WORD(NEED_NONE, NEED_TRANSLATION, need);
}

const char *kh_words_basis(kh_basis_state state)
{
    return WORD(BASIS_VALID, BASIS_EXCLUDED, state);
}

const char *kh_words_ground(kh_ground ground)
{
    return WORD(GROUND_HEALTH_OR_SAFETY, GROUND_REQUIREMENTS, ground);
}

const char *kh_words_obligation(kh_obligation_kind kind)
{
    return WORD(OBLIGATION_REVOCATION_NOTICE, OBLIGATION_YEARLY_CONSULTATION, kind);
}

const char *kh_words_obligation_state(kh_obligation_state state)
{
    return WORD(STATE_OPEN, STATE_DISCHARGED, state);
}

const char *kh_words_trigger(kh_trigger trigger)
{
    return WORD(TRIGGER_EVENT, TRIGGER_ARRANGEMENT, trigger);
}

kh_text kh_words_reasons_in(kh_language language, const kh_status *status, kh_arena *arena)
{
    kh_reason reasons[KH_REASON_COUNT];
    uint32_t count = kh_status_reasons(status, reasons);
    kh_text out = KH_TEXT("");
    for (uint32_t i = 0; i < count; i++) {
        kh_text article = kh_message_article(language, kh_reason_article(reasons[i]), arena);
        const char *word =
            kh_message_word(language, KH_M_REASON_ISSUE_UNKNOWN, KH_M_REASON_UNDER_CONSULTATION, (int)reasons[i]);
        out = kh_arena_print(arena, "%.*s%s%s%s%.*s%s", KH_TEXT_ARGS(out), i == 0 ? "" : ", ", word,
                             article.length == 0 ? "" : " (", KH_TEXT_ARGS(article), article.length == 0 ? "" : ")");
    }
    return out;
}

kh_text kh_words_reasons(const kh_status *status, kh_arena *arena)
{
    return kh_words_reasons_in(KH_ENGLISH, status, arena);
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
