#include "app/obligation_case.h"

static kh_day day_at(const kh_rule_book *book, kh_text participant, kh_instant at)
{
    const kh_participant *found = kh_rule_book_participant(book, participant);
    return kh_instant_day(at, found == NULL ? 0 : found->utc_offset_minutes);
}

void kh_obligation_case_judge(const kh_rule_book *book, kh_instant at, kh_obligation_case *of)
{
    const kh_obligation *obligation = of->result.obligation;
    of->today = day_at(book, obligation->obliged[0], at);
    for (uint32_t i = 1; i < obligation->obliged_count; i++) {
        kh_day other = day_at(book, obligation->obliged[i], at);
        of->today = other < of->today ? other : of->today;
    }
    of->dated = obligation->due_on != KH_DAY_NONE;
    of->days_left = of->dated ? obligation->due_on - of->today : 0;
    if (obligation->state == KH_OBLIGATION_DISCHARGED) {
        of->state = KH_OBLIGATION_DISCHARGED;
    } else {
        of->state = of->dated && of->days_left < 0 ? KH_OBLIGATION_OVERDUE : KH_OBLIGATION_OPEN;
    }
}

static bool owes(const kh_obligation *obligation, kh_text participant)
{
    bool found = participant.length == 0;
    for (uint32_t i = 0; !found && i < obligation->obliged_count; i++) {
        found = kh_text_equal(obligation->obliged[i], participant);
    }
    return found;
}

bool kh_obligation_filter_takes(const kh_obligation_filter *filter, const kh_obligation_case *of)
{
    bool discharged = of->state == KH_OBLIGATION_DISCHARGED;
    return owes(of->result.obligation, filter->participant) && !(filter->outstanding && discharged) &&
           !(filter->overdue && of->state != KH_OBLIGATION_OVERDUE) &&
           !(filter->due_within && (discharged || !of->dated || of->days_left > filter->days));
}

bool kh_obligation_days_parse(const char *text, int32_t *out)
{
    int32_t days = 0;
    size_t i = 0;
    for (; text[i] >= '0' && text[i] <= '9' && days <= 36500; i++) {
        days = days * 10 + (text[i] - '0');
    }
    if (i == 0 || days > 36500 || (text[i] != '\0' && (text[i] != 'd' || text[i + 1] != '\0'))) {
        return false;
    }
    *out = days;
    return true;
}
