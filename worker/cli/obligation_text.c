#include "cli/obligation_text.h"

#include "cli/words.h"
#include "codec/json_line.h"
#include "codec/message.h"

kh_text kh_obligation_kind_word(kh_language language, kh_obligation_kind kind)
{
    return kh_text_of(
        kh_message_word(language, KH_M_OBLIGATION_REVOCATION_NOTICE, KH_M_OBLIGATION_YEARLY_CONSULTATION, (int)kind));
}

kh_text kh_obligation_state_word(kh_language language, const kh_obligation_case *of)
{
    if (of->state == KH_OBLIGATION_DISCHARGED && of->result.obligation->late) {
        return kh_text_of(kh_message(language, KH_M_CASE_LATE));
    }
    return kh_text_of(kh_message_word(language, KH_M_STATE_OPEN, KH_M_STATE_DISCHARGED, (int)of->state));
}

kh_text kh_obligation_obliged(kh_language language, const kh_obligation *obligation, kh_arena *arena)
{
    kh_text parts[] = {obligation->obliged[0], kh_text_of(kh_message(language, KH_M_AND)), obligation->obliged[1]};
    return obligation->obliged_count > 1 ? kh_arena_join(arena, parts, 3) : obligation->obliged[0];
}

kh_text kh_obligation_sentence(kh_language language, const kh_obligation *obligation, kh_text state, kh_arena *arena)
{
    kh_filling fillings[] = {
        {"obligation", kh_obligation_kind_word(language, obligation->kind)},
        {"article", kh_message_article(language, kh_obligation_article(obligation->kind), arena)},
        {"obliged", kh_obligation_obliged(language, obligation, arena)},
        {"state", state},
        {"arose", kh_words_day(obligation->arose_on, "", arena)},
        {"due", kh_words_day(obligation->due_on, "", arena)},
    };
    return kh_message_fill(language, obligation->due_on == KH_DAY_NONE ? KH_M_OWED_UNDATED : KH_M_OWED, fillings, 6,
                           arena);
}

kh_text kh_obligation_summary(kh_language language, const kh_obligation_case *of, kh_arena *arena)
{
    const kh_obligation *obligation = of->result.obligation;
    kh_filling fillings[] = {
        {"obligation", kh_obligation_kind_word(language, obligation->kind)},
        {"article", kh_message_article(language, kh_obligation_article(obligation->kind), arena)},
        {"subject", obligation->subject},
        {"obliged", kh_obligation_obliged(language, obligation, arena)},
        {"state", kh_obligation_state_word(language, of)},
    };
    return kh_message_fill(language, KH_M_CASE_SUMMARY, fillings, 5, arena);
}

kh_text kh_obligation_due(kh_language language, const kh_obligation *obligation, kh_arena *arena)
{
    kh_filling due = {"due", kh_words_day(obligation->due_on, "-", arena)};
    return obligation->provisional ? kh_message_fill(language, KH_M_CASE_PROVISIONAL, &due, 1, arena) : due.text;
}

static const char *state_name(kh_obligation_state state)
{
    return state == KH_OBLIGATION_OPEN ? "OPEN" : state == KH_OBLIGATION_OVERDUE ? "OVERDUE" : "DISCHARGED";
}

kh_rc kh_obligation_case_json(const kh_obligation_case *of, kh_arena *arena, kh_text *out)
{
    kh_text message = KH_TEXT("");
    kh_rc rc = kh_message_json(NULL, &of->result, KH_MESSAGE_OBLIGATION, arena, &message);
    if (rc != KH_OK) {
        return rc;
    }
    kh_json_line *line = kh_json_line_new(arena);
    kh_json_line_raw(line, "obligation", kh_json_unwrap(message));
    kh_json_line_day(line, "today", of->today);
    if (of->dated) {
        kh_json_line_number(line, "daysLeft", of->days_left);
    }
    kh_json_line_text(line, "stateToday", kh_text_of(state_name(of->state)));
    if (of->details != NULL) {
        kh_json_line_open(line, "label", '{');
        kh_json_line_text(line, "registrationNumber", of->details->registration_number);
        kh_json_line_text(line, "product", of->details->product);
        kh_json_line_text(line, "maker", of->details->maker);
        kh_json_line_text(line, "holder", of->details->holder);
        kh_json_line_close(line);
    }
    return kh_json_line_finish(line, out);
}
