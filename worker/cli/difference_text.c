#include "cli/difference_text.h"

#include "app/summary.h"

/* The message that tells a difference of a kind; KH_MESSAGE_KEYS: none does. */
static kh_message_key message_of(kh_difference_kind kind)
{
    static const kh_message_key keys[KH_DIFFERENCE_COUNT] = {
        [KH_DIFFERENCE_NONE] = KH_MESSAGE_KEYS,
        [KH_DIFFERENCE_OUTCOME] = KH_M_CHANGED_OUTCOME,
        [KH_DIFFERENCE_REASONS] = KH_M_CHANGED_OUTCOME,
        [KH_DIFFERENCE_LEVEL] = KH_M_CHANGED_LEVEL,
        [KH_DIFFERENCE_CONSULTATION] = KH_M_CHANGED_CONSULTATION,
        [KH_DIFFERENCE_GROUNDS] = KH_M_CHANGED_GROUNDS,
        [KH_DIFFERENCE_COUNTS_AS] = KH_M_CHANGED_COUNTS_AS,
        [KH_DIFFERENCE_RESIDUAL] = KH_M_CHANGED_RESIDUAL,
        [KH_DIFFERENCE_BASIS] = KH_M_CHANGED_BASIS,
        [KH_DIFFERENCE_DETAILS] = KH_M_CHANGED_DETAILS,
        [KH_DIFFERENCE_VALIDITY] = KH_M_CHANGED_VALIDITY,
        [KH_DIFFERENCE_PACK] = KH_M_CHANGED_PACK,
        [KH_DIFFERENCE_SINCE] = KH_M_CHANGED_SINCE,
        [KH_DIFFERENCE_NEXT_CHANGE] = KH_M_CHANGED_NEXT,
        [KH_DIFFERENCE_PUBLIC] = KH_M_PUBLIC_VIEW,
        [KH_DIFFERENCE_OBLIGATION] = KH_M_CHANGED_OBLIGATION,
        [KH_DIFFERENCE_AROSE_ON] = KH_M_CHANGED_AROSE,
        [KH_DIFFERENCE_DUE_ON] = KH_M_CHANGED_DUE,
        [KH_DIFFERENCE_EARLIEST_DUE_ON] = KH_M_CHANGED_EARLIEST_DUE,
        [KH_DIFFERENCE_PROVISIONAL] = KH_M_CHANGED_PROVISIONAL,
        [KH_DIFFERENCE_DISCHARGED_ON] = KH_M_CHANGED_DISCHARGED,
        [KH_DIFFERENCE_LATE] = KH_M_CHANGED_LATE,
        [KH_DIFFERENCE_CONFIRMED_ON] = KH_M_CHANGED_CONFIRMED,
        [KH_DIFFERENCE_OBLIGED] = KH_M_CHANGED_OBLIGED,
    };
    return keys[kind];
}

/* One side of what is counted by pairs. */
static kh_text side(kh_language language, const kh_difference_class *of, int value)
{
    switch (of->kind) {
    case KH_DIFFERENCE_OUTCOME:
        return kh_text_of(
            value == 0 ? kh_message(language, KH_M_NONE)
                       : kh_message_word(language, KH_M_OUTCOME_RECOGNISED, KH_M_OUTCOME_BARRED_BY_MEASURE, value));
    case KH_DIFFERENCE_BASIS:
        return kh_text_of(value == 0 ? kh_message(language, KH_M_NONE)
                                     : kh_message_word(language, KH_M_BASIS_VALID, KH_M_BASIS_EXCLUDED, value));
    case KH_DIFFERENCE_OBLIGATION:
        return kh_text_of(value == 0 ? kh_message(language, KH_M_GONE)
                                     : kh_message_word(language, KH_M_STATE_OPEN, KH_M_STATE_DISCHARGED, value));
    default:
        return kh_text_of(kh_message(language, value == 0 ? KH_M_NO : KH_M_YES));
    }
}

static kh_message_key trend_of(const kh_difference_class *of)
{
    bool less = of->trend == KH_TREND_LESS;
    if (of->trend == KH_TREND_OTHER) {
        return of->kind == KH_DIFFERENCE_RESIDUAL ? KH_M_TREND_OTHERS : KH_M_TREND_OTHER;
    }
    switch (of->kind) {
    case KH_DIFFERENCE_LEVEL:
    case KH_DIFFERENCE_COUNTS_AS:
        return less ? KH_M_TREND_LOWER : KH_M_TREND_HIGHER;
    case KH_DIFFERENCE_RESIDUAL:
        return less ? KH_M_TREND_FEWER : KH_M_TREND_MORE;
    default:
        return less ? KH_M_TREND_SOONER : KH_M_TREND_LATER;
    }
}

kh_text kh_difference_class_told(kh_language language, const kh_difference_class *of, kh_arena *arena)
{
    kh_text obligation = kh_text_of(kh_message_word(language, KH_M_OBLIGATION_REVOCATION_NOTICE,
                                                    KH_M_OBLIGATION_YEARLY_CONSULTATION, (int)of->obligation));
    kh_message_key key = message_of(of->kind);
    kh_text told;
    if (kh_difference_is_paired(of->kind)) {
        kh_filling fillings[] = {{"obligation", obligation},
                                 {"before", side(language, of, of->before)},
                                 {"after", side(language, of, of->after)}};
        told = kh_message_fill(language, key, fillings, 3, arena);
    } else {
        /* What it is stands before ": {before}"; "what the public is told" stands alone. */
        kh_text what = kh_text_of(kh_message(language, key));
        const char *end = strstr(what.data, ": {before}");
        what.length = end == NULL ? what.length : (size_t)(end - what.data);
        kh_filling fillings[] = {{"what", what}, {"trend", kh_text_of(kh_message(language, trend_of(of)))}};
        told = kh_message_fill(language, KH_M_CLASS_TREND, fillings, 2, arena);
    }
    return of->obligation == 0 || of->kind == KH_DIFFERENCE_OBLIGATION
               ? told
               : kh_arena_print(arena, "%.*s, %.*s", KH_TEXT_ARGS(obligation), KH_TEXT_ARGS(told));
}

static kh_text side_name(const kh_difference_class *of, int value)
{
    static const char *const bases[] = {"NONE",    "VALID",     "UNKNOWN", "NOT_YET_VALID",
                                        "EXPIRED", "SUSPENDED", "REVOKED", "EXCLUDED"};
    static const char *const states[] = {"NONE", "OPEN", "OVERDUE", "DISCHARGED"};
    switch (of->kind) {
    case KH_DIFFERENCE_OUTCOME:
        return kh_text_of(value == 0 ? "NONE" : kh_outcome_name((kh_outcome)value));
    case KH_DIFFERENCE_BASIS:
        return kh_text_of(bases[value]);
    case KH_DIFFERENCE_OBLIGATION:
        return kh_text_of(states[value]);
    default:
        return value == 0 ? KH_TEXT("NO") : KH_TEXT("YES");
    }
}

void kh_difference_class_json(kh_json_line *line, const kh_difference_class *of)
{
    static const char *const trends[] = {
        [KH_TREND_OTHER] = "OTHER", [KH_TREND_LESS] = "LESS", [KH_TREND_MORE] = "MORE"};
    kh_json_line_text(line, "kind", kh_difference_name(of->kind));
    if (of->obligation != 0) {
        kh_json_line_text(line, "obligation", kh_obligation_kind_name(of->obligation));
    }
    if (kh_difference_is_paired(of->kind)) {
        kh_json_line_text(line, "before", side_name(of, of->before));
        kh_json_line_text(line, "after", side_name(of, of->after));
    } else {
        kh_json_line_text(line, "trend", kh_text_of(trends[of->trend]));
    }
    kh_json_line_long(line, "count", (int64_t)of->count);
}

void kh_changes_json(kh_json_line *line, const kh_changes *changes)
{
    kh_json_line_open(line, "changes", '[');
    for (uint32_t i = 0; i < changes->count; i++) {
        const kh_change *change = &changes->items[i];
        kh_json_line_open(line, NULL, '{');
        kh_json_line_text(line, "kind", kh_difference_name(change->kind));
        kh_json_line_text(line, "before", change->before);
        kh_json_line_text(line, "after", change->after);
        kh_json_line_text(line, "told", kh_change_told(changes, change));
        kh_json_line_close(line);
    }
    kh_json_line_close(line);
}
