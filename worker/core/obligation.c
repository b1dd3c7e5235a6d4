#include "obligation.h"

static kh_day earlier(kh_day a, kh_day b)
{
    return a < b ? a : b;
}

/* The earliest day after `day` that a timeline speaks of; KH_DAY_NONE stands for "none" in `soonest`. */
static void note_day(kh_day candidate, kh_day day, kh_day *soonest)
{
    if (candidate > day && (*soonest == KH_DAY_NONE || candidate < *soonest)) {
        *soonest = candidate;
    }
}

static void note_timeline(const kh_timeline *timeline, kh_day day, kh_day *soonest)
{
    for (uint32_t i = 0; i < timeline->count; i++) {
        note_day(timeline->statements[i]->body.day, day, soonest);
    }
}

/* The date of the last of the participants, and the instant at which a date has come for the last of them. */
static kh_day last_date(const kh_rule_pack *pack, kh_instant at)
{
    return earlier(kh_instant_day(at, pack->participants[0].utc_offset_minutes),
                   kh_instant_day(at, pack->participants[1].utc_offset_minutes));
}

static kh_instant last_begin(const kh_rule_pack *pack, kh_day day)
{
    kh_instant first = kh_day_begin(day, pack->participants[0].utc_offset_minutes);
    kh_instant second = kh_day_begin(day, pack->participants[1].utc_offset_minutes);
    return first > second ? first : second;
}

static void oblige_both(kh_obligation *obligation, const kh_rule_pack *pack)
{
    obligation->obliged[0] = pack->participants[0].id;
    obligation->obliged[1] = pack->participants[1].id;
    obligation->obliged_count = KH_PARTICIPANTS;
}

bool kh_consultation_decide(const kh_arrangement *arrangement, kh_text label, const kh_participant *host,
                            const kh_part *host_part, kh_instant at, kh_obligation *out, kh_instant *next)
{
    *next = KH_INSTANT_NONE;
    if (host_part == NULL) {
        return false;
    }
    const kh_timeline *consultation = &host_part->registers[KH_REGISTER_CONSULTATION];
    kh_day today = last_date(arrangement->first_pack, at);
    kh_day soonest = KH_DAY_NONE;
    note_timeline(consultation, today, &soonest);
    *next = soonest == KH_DAY_NONE ? KH_INSTANT_NONE : last_begin(arrangement->first_pack, soonest);
    kh_day discharged_on = KH_DAY_NONE;
    for (uint32_t i = consultation->count; i-- > 0;) {
        const kh_body *body = &consultation->statements[i]->body;
        if (body->day > today) {
            continue;
        }
        if (body->kind != KH_DISPUTE_RAISED) {
            discharged_on = discharged_on == KH_DAY_NONE ? body->day : discharged_on;
            continue;
        }
        if (!kh_arrangement_in_force(arrangement, body->day, NULL)) {
            continue;
        }
        *out = (kh_obligation){
            .kind = KH_OBLIGATION_CONSULTATION,
            .subject = label,
            .arrangement = arrangement->id,
            .host = host->id,
            .arose_on = body->day,
            .due_on = KH_DAY_NONE,
            .earliest_due_on = KH_DAY_NONE,
            .state = discharged_on == KH_DAY_NONE ? KH_OBLIGATION_OPEN : KH_OBLIGATION_DISCHARGED,
            .discharged_on = discharged_on,
            .confirmed_on = KH_DAY_NONE,
        };
        oblige_both(out, kh_arrangement_pack(arrangement, body->day));
        return true;
    }
    return false;
}

/* ---- the notice of a revocation, Art 3.6 ---- */

/* The due dates by the three readings of whose business days count. */
static void due_dates(const kh_arrangement *arrangement, const kh_rule_pack *pack, kh_text home, kh_day from,
                      kh_obligation *out)
{
    const kh_calendar *calendars[] = {
        kh_rule_book_calendar(arrangement->book, kh_rule_pack_participant(pack, home)->calendar),
        kh_rule_book_calendar(arrangement->book, kh_rule_pack_other(pack, home)->calendar),
    };
    uint32_t days = pack->revocation_notice_business_days;
    kh_day revoking = kh_business_days_after(&calendars[0], 1, from, days);
    kh_day receiving = kh_business_days_after(&calendars[1], 1, from, days);
    kh_day both = kh_business_days_after(calendars, 2, from, days);
    kh_day complete_until = KH_DAY_NONE;
    switch (arrangement->policies->notice_calendar) {
    case KH_NOTICE_CALENDAR_REVOKING:
        out->due_on = revoking;
        complete_until = calendars[0]->complete_until;
        break;
    case KH_NOTICE_CALENDAR_RECEIVING:
        out->due_on = receiving;
        complete_until = calendars[1]->complete_until;
        break;
    case KH_NOTICE_CALENDAR_BOTH:
        out->due_on = both;
        complete_until = earlier(calendars[0]->complete_until, calendars[1]->complete_until);
        break;
    }
    out->earliest_due_on = earlier(earlier(revoking, receiving), both);
    out->provisional = out->due_on > complete_until;
}

/* The day a notice timeline says, if that day is not before the decision; else none. */
static kh_day counted_notice(const kh_part *part, kh_register reg, kh_day today, kh_day decided_on)
{
    const kh_statement *notice = part == NULL ? NULL : kh_timeline_on(&part->registers[reg], today);
    return notice != NULL && notice->body.day >= decided_on ? notice->body.day : KH_DAY_NONE;
}

static void discharge_notice(const kh_part *home_part, const kh_part *host_part, kh_day today, kh_obligation *out)
{
    kh_day given = counted_notice(home_part, KH_REGISTER_NOTICE_GIVEN, today, out->arose_on);
    kh_day received = counted_notice(host_part, KH_REGISTER_NOTICE_RECEIVED, today, out->arose_on);
    out->confirmed_on = received;
    out->discharged_on = given == KH_DAY_NONE || (received != KH_DAY_NONE && received < given) ? received : given;
    bool dated = out->due_on != KH_DAY_NONE;
    if (out->discharged_on != KH_DAY_NONE) {
        out->state = KH_OBLIGATION_DISCHARGED;
        out->late = dated && out->discharged_on > out->due_on;
    } else {
        out->state = dated && today > out->due_on ? KH_OBLIGATION_OVERDUE : KH_OBLIGATION_OPEN;
    }
}

/* The revocation that a notice is owed for: the highest whose decision has come and was made in force. */
static const kh_body *notified_revocation(const kh_arrangement *arrangement, const kh_part *home_part, kh_day today)
{
    const kh_timeline *revocations = &home_part->registers[KH_REGISTER_REVOCATION];
    for (uint32_t i = revocations->count; i-- > 0;) {
        const kh_body *body = &revocations->statements[i]->body;
        if (body->kind == KH_LABEL_REVOKED && body->decided_on <= today &&
            kh_arrangement_in_force(arrangement, body->decided_on, NULL)) {
            return body;
        }
    }
    return NULL;
}

bool kh_notice_decide(const kh_arrangement *arrangement, kh_text label, const kh_facts *facts,
                      const kh_participant *host, kh_instant at, kh_obligation *out, kh_instant *next)
{
    *next = KH_INSTANT_NONE;
    kh_text home = kh_subject_participant(label);
    const kh_part *home_part = kh_facts_part(facts, home);
    if (home_part == NULL || (arrangement->policies->notice_scope == KH_NOTICE_SCOPE_DERIVED &&
                              kh_label_basis(arrangement, label, facts).length == 0)) {
        return false;
    }
    int32_t offset = kh_rule_pack_participant(arrangement->first_pack, home)->utc_offset_minutes;
    kh_day today = kh_instant_day(at, offset);
    const kh_part *host_part = kh_facts_part(facts, host->id);
    const kh_timeline *revocations = &home_part->registers[KH_REGISTER_REVOCATION];
    kh_day soonest = KH_DAY_NONE;
    for (uint32_t i = 0; i < revocations->count; i++) {
        note_day(revocations->statements[i]->body.decided_on, today, &soonest);
    }
    note_timeline(&home_part->registers[KH_REGISTER_NOTICE_GIVEN], today, &soonest);
    if (host_part != NULL) {
        note_timeline(&host_part->registers[KH_REGISTER_NOTICE_RECEIVED], today, &soonest);
    }
    const kh_body *revocation = notified_revocation(arrangement, home_part, today);
    if (revocation != NULL) {
        const kh_rule_pack *pack = kh_arrangement_pack(arrangement, revocation->decided_on);
        bool from_effect = arrangement->policies->notice_counts_from == KH_NOTICE_COUNTS_FROM_EFFECT;
        *out = (kh_obligation){
            .kind = KH_OBLIGATION_REVOCATION_NOTICE,
            .subject = label,
            .arrangement = arrangement->id,
            .host = host->id,
            .obliged = {home},
            .obliged_count = 1,
            .towards = host->id,
            .arose_on = revocation->decided_on,
        };
        due_dates(arrangement, pack, home, from_effect ? revocation->day : revocation->decided_on, out);
        discharge_notice(home_part, host_part, today, out);
        if (out->due_on != KH_DAY_NONE) {
            note_day(out->due_on + 1, today, &soonest);
        }
    }
    *next = kh_day_begin(soonest, offset);
    return revocation != NULL;
}

/* ---- the yearly consultation, Art 4.2 ---- */

void kh_arrangement_decide(const kh_arrangement *arrangement, kh_instant at, bool *arises, kh_obligation *out,
                           kh_instant *due_at)
{
    const kh_rule_pack *first_pack = arrangement->first_pack;
    kh_day today = last_date(first_pack, at);
    kh_day base = first_pack->effective_from;
    kh_day soonest = KH_DAY_NONE;
    note_day(base, today, &soonest);
    for (uint32_t i = 0; i < arrangement->facts->part_count; i++) {
        const kh_timeline *registers = arrangement->facts->parts[i].registers;
        const kh_statement *held = kh_timeline_on(&registers[KH_REGISTER_CONSULTATION_HELD], today);
        base = held != NULL && held->body.day > base ? held->body.day : base;
        note_timeline(&registers[KH_REGISTER_CONSULTATION_HELD], today, &soonest);
        note_timeline(&registers[KH_REGISTER_TERMINATION], today, &soonest);
    }
    *arises = kh_arrangement_in_force(arrangement, today, NULL) && kh_arrangement_in_force(arrangement, base, NULL);
    if (*arises) {
        const kh_rule_pack *pack = kh_arrangement_pack(arrangement, base);
        kh_day due_on = kh_day_add_months(base, (int)pack->consultation_months);
        *out = (kh_obligation){
            .kind = KH_OBLIGATION_YEARLY_CONSULTATION,
            .subject = arrangement->subject,
            .arrangement = arrangement->id,
            .arose_on = base,
            .due_on = due_on,
            .earliest_due_on = KH_DAY_NONE,
            .state = today > due_on ? KH_OBLIGATION_OVERDUE : KH_OBLIGATION_OPEN,
            .discharged_on = KH_DAY_NONE,
            .confirmed_on = KH_DAY_NONE,
        };
        oblige_both(out, pack);
        note_day(due_on + 1, today, &soonest);
    }
    *due_at = soonest == KH_DAY_NONE ? KH_INSTANT_NONE : last_begin(first_pack, soonest);
}

bool kh_obligation_same(const kh_obligation *a, const kh_obligation *b)
{
    if (a->obliged_count != b->obliged_count) {
        return false;
    }
    for (uint32_t i = 0; i < a->obliged_count; i++) {
        if (!kh_text_equal(a->obliged[i], b->obliged[i])) {
            return false;
        }
    }
    return a->kind == b->kind && kh_text_equal(a->subject, b->subject) &&
           kh_text_equal(a->arrangement, b->arrangement) && kh_text_equal(a->host, b->host) &&
           kh_text_equal(a->towards, b->towards) && a->arose_on == b->arose_on && a->due_on == b->due_on &&
           a->earliest_due_on == b->earliest_due_on && a->provisional == b->provisional && a->state == b->state &&
           a->discharged_on == b->discharged_on && a->late == b->late && a->confirmed_on == b->confirmed_on;
}
