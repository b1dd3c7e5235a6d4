#include "kakehashi/decision.h"

static bool has_ended(const kh_arrangement *arrangement, kh_day day)
{
    for (uint32_t i = 0; i < arrangement->facts->part_count; i++) {
        const kh_timeline *terminations = &arrangement->facts->parts[i].registers[KH_REGISTER_TERMINATION];
        const kh_statement *holds = kh_timeline_on(terminations, day);
        if (holds != NULL && holds->body.kind == KH_TERMINATION_NOTICED) {
            return true;
        }
    }
    return false;
}

bool kh_arrangement_in_force(const kh_arrangement *arrangement, kh_day day, bool *not_yet)
{
    bool early = day < arrangement->first_pack->effective_from;
    if (not_yet != NULL) {
        *not_yet = early;
    }
    return !early && !has_ended(arrangement, day);
}

const kh_rule_pack *kh_arrangement_pack(const kh_arrangement *arrangement, kh_day day)
{
    for (uint32_t i = arrangement->amendment_count; i-- > 0;) {
        const kh_amendment *amendment = &arrangement->amendments[i];
        if (amendment->effective_on <= day && amendment->pack != NULL) {
            return amendment->pack;
        }
    }
    return arrangement->first_pack;
}

/* The other side's consent to the same pack from the same day on; NULL if there is none. */
static const kh_statement *matching_consent(const kh_part *part, const kh_body *consent)
{
    const kh_timeline *consents = &part->registers[KH_REGISTER_CONSENT];
    for (uint32_t i = 0; i < consents->count; i++) {
        const kh_body *other = &consents->statements[i]->body;
        if (kh_text_equal(other->rule_pack_sha256, consent->rule_pack_sha256)) {
            return other->effective_from == consent->effective_from ? consents->statements[i] : NULL;
        }
    }
    return NULL;
}

/* Below 0 when a gives way to b: by day, then by when the later consent was given, then by digest, so that the order in
 * which they arrived cannot show. */
static int compare_amendments(const kh_amendment *a, kh_day a_given, const kh_amendment *b, kh_day b_given)
{
    if (a->effective_on != b->effective_on) {
        return a->effective_on < b->effective_on ? -1 : 1;
    }
    if (a_given != b_given) {
        return a_given < b_given ? -1 : 1;
    }
    return kh_text_compare(a->sha256, b->sha256);
}

static kh_rc list_amendments(kh_arrangement *arrangement, const kh_part *first, const kh_part *second, kh_arena *arena)
{
    const kh_timeline *consents = &first->registers[KH_REGISTER_CONSENT];
    kh_amendment *amendments = kh_arena_allocate_array(arena, consents->count, sizeof *amendments);
    kh_day *given = kh_arena_allocate_array(arena, consents->count, sizeof *given);
    if (amendments == NULL || given == NULL) {
        return KH_E_MEMORY;
    }
    uint32_t count = 0;
    for (uint32_t i = 0; i < consents->count; i++) {
        const kh_body *one = &consents->statements[i]->body;
        const kh_statement *match = matching_consent(second, one);
        if (match == NULL) {
            continue;
        }
        kh_day later = one->given_on > match->body.given_on ? one->given_on : match->body.given_on;
        kh_amendment amendment = {
            .effective_on = later > one->effective_from ? later : one->effective_from,
            .sha256 = one->rule_pack_sha256,
            .pack = kh_rule_book_pack_by_sha256(arrangement->book, arrangement->id, one->rule_pack_sha256),
        };
        uint32_t place = count++;
        while (place > 0 && compare_amendments(&amendments[place - 1], given[place - 1], &amendment, later) > 0) {
            amendments[place] = amendments[place - 1];
            given[place] = given[place - 1];
            place--;
        }
        amendments[place] = amendment;
        given[place] = later;
    }
    arrangement->amendments = amendments;
    arrangement->amendment_count = count;
    return KH_OK;
}

kh_rc kh_arrangement_build(const kh_rule_book *book, kh_text id, const kh_facts *facts, kh_arena *arena,
                           kh_arrangement *out)
{
    kh_arrangement built = {
        .book = book,
        .policies = kh_rule_book_policies(book, id),
        .first_pack = kh_rule_book_first_pack(book, id),
        .facts = facts,
    };
    built.id = built.first_pack->arrangement;
    built.subject = kh_arena_print(arena, "arrangement/%.*s", KH_TEXT_ARGS(built.id));
    if (built.subject.length == 0) {
        return KH_E_MEMORY;
    }
    const kh_part *first = kh_facts_part(facts, built.first_pack->participants[0].id);
    const kh_part *second = kh_facts_part(facts, built.first_pack->participants[1].id);
    if (first != NULL && second != NULL) {
        kh_rc rc = list_amendments(&built, first, second, arena);
        if (rc != KH_OK) {
            return rc;
        }
    }
    *out = built;
    return KH_OK;
}

const kh_amendment *kh_arrangement_missing_pack(const kh_arrangement *arrangement, kh_instant *blocks_from)
{
    for (uint32_t i = 0; i < arrangement->amendment_count; i++) {
        const kh_amendment *amendment = &arrangement->amendments[i];
        if (amendment->pack != NULL) {
            continue;
        }
        kh_instant first = INT64_MAX;
        for (size_t p = 0; p < KH_PARTICIPANTS; p++) {
            kh_instant begins =
                kh_day_begin(amendment->effective_on, arrangement->first_pack->participants[p].utc_offset_minutes);
            first = begins < first ? begins : first;
        }
        *blocks_from = first;
        return amendment;
    }
    return NULL;
}
