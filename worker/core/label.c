#include "kakehashi/decision.h"

#include "label_moment.h"
#include "obligation.h"
#include "status.h"

kh_text kh_label_basis(const kh_arrangement *arrangement, kh_text label, const kh_facts *facts)
{
    const kh_origin *origin = kh_facts_origin(facts, label);
    if (origin == NULL || !kh_text_equal(origin->arrangement, arrangement->id)) {
        return (kh_text){"", 0};
    }
    return origin->basis;
}

/* A status through all time: what holds between one instant at which a gate may turn and the next. Moment i begins at
 * instant i - 1; moment 0 is before the first. */
typedef struct course {
    const kh_label_view *view;
    const kh_instant *instants;
    size_t count;
    kh_moment *moments;
    size_t now;
} course;

static const kh_moment *moment(const course *of, size_t i)
{
    kh_moment *wanted = &of->moments[i];
    if (!wanted->known) {
        kh_instant before_all = of->count == 0 ? 0 : of->instants[0] - 1;
        kh_moment_at(of->view, i == 0 ? before_all : of->instants[i - 1], wanted);
    }
    return wanted;
}

/* How far a comparison looks: `since` and `next_change_at` of the agencies' message and of the public one. */
typedef bool same_moment(const course *of, const kh_moment *then, const kh_moment *now);

static kh_instant since(const course *of, same_moment *same)
{
    const kh_moment *now = moment(of, of->now);
    for (size_t i = of->now; i > 0; i--) {
        if (!same(of, moment(of, i - 1), now)) {
            return of->instants[i - 1];
        }
    }
    return KH_INSTANT_NONE;
}

static kh_instant next_change(const course *of, same_moment *same)
{
    const kh_moment *now = moment(of, of->now);
    for (size_t i = of->now + 1; i <= of->count; i++) {
        if (!same(of, moment(of, i), now)) {
            return of->instants[i - 1];
        }
    }
    return KH_INSTANT_NONE;
}

static bool same_rows(const course *of, const kh_moment *a, const kh_moment *b)
{
    if (kh_reasons_outcome(a->reasons) != KH_OUTCOME_RECOGNISED) {
        return true;
    }
    for (uint32_t i = 0; i < a->pack->table_count; i++) {
        const kh_table *table = &a->pack->tables[i];
        if (kh_table_applies(table, of->view->home->id, of->view->host->id, a->details->category) !=
            kh_table_applies(table, of->view->home->id, of->view->host->id, b->details->category)) {
            return false;
        }
    }
    return true;
}

static bool same_grounds(const kh_body *a, const kh_body *b)
{
    if (a == NULL || b == NULL) {
        return a == b;
    }
    return a->ground_count == b->ground_count && memcmp(a->grounds, b->grounds, a->ground_count) == 0;
}

static bool same_standing(const course *of, const kh_moment *a, const kh_moment *b)
{
    if (a->reasons != b->reasons || a->pack != b->pack || a->missing != b->missing) {
        return false;
    }
    if (a->details == NULL) {
        return true; /* incomplete: nothing else is said */
    }
    return a->details->level == b->details->level && a->under_consultation == b->under_consultation &&
           same_grounds(a->measure, b->measure) && a->basis_state == b->basis_state && same_rows(of, a, b);
}

static bool same_message(const course *of, const kh_moment *a, const kh_moment *b)
{
    return same_standing(of, a, b) && (a->details == NULL || (kh_details_same(a->details, b->details) &&
                                                              kh_validity_same(a->validity, b->validity)));
}

static bool same_public_standing(const course *of, const kh_moment *a, const kh_moment *b)
{
    return a->pack == b->pack && a->missing == b->missing &&
           kh_reasons_public_outcome(a->reasons) == kh_reasons_public_outcome(b->reasons) && same_rows(of, a, b);
}

/* As if gates 7 and 8 stayed as they are: what is confidential is not announced. */
static bool same_public_message(const course *of, const kh_moment *then, const kh_moment *now)
{
    kh_moment as_if = *then;
    as_if.reasons = (then->reasons & ~KH_CONFIDENTIAL_REASONS) | (now->reasons & KH_CONFIDENTIAL_REASONS);
    return same_public_standing(of, &as_if, now) && kh_details_same_to_public(then->details, now->details) &&
           kh_validity_same(then->validity, now->validity);
}

static bool is_english(kh_text language)
{
    return (language.length == 2 || (language.length > 3 && language.data[2] == '-')) &&
           (language.data[0] | 0x20) == 'e' && (language.data[1] | 0x20) == 'n';
}

static kh_rc list_translations(const kh_label_view *view, kh_arena *arena, kh_status *status)
{
    const kh_evidence *evidence = kh_timeline_highest(&view->home_part->registers[KH_REGISTER_EVIDENCE])->body.evidence;
    if (evidence->document_count == 0) {
        return KH_OK;
    }
    kh_text *documents = kh_arena_allocate_array(arena, evidence->document_count, sizeof *documents);
    if (documents == NULL) {
        return KH_E_MEMORY;
    }
    for (uint32_t i = 0; i < evidence->document_count; i++) {
        const kh_document *document = &evidence->documents[i];
        if (!is_english(document->language) && !document->english_translation) {
            documents[status->translation_count++] = document->id;
        }
    }
    status->translations = documents;
    return KH_OK;
}

static kh_rc fill_status(const course *of, kh_text label, kh_arena *arena, kh_status *status)
{
    const kh_label_view *view = of->view;
    const kh_moment *now = moment(of, of->now);
    *status = (kh_status){
        .label = label,
        .host = view->host->id,
        .pack = now->pack,
        .outcome = kh_reasons_outcome(now->reasons),
        .reasons = now->reasons,
        .since = since(of, same_standing),
        .next_change_at = next_change(of, same_message),
        .public_since = KH_INSTANT_NONE,
        .public_next_change_at = KH_INSTANT_NONE,
    };
    if (now->details == NULL) {
        return KH_OK;
    }
    status->level = now->details->level;
    status->under_consultation = now->under_consultation;
    if (now->measure != NULL) {
        status->grounds = now->measure->grounds;
        status->ground_count = now->measure->ground_count;
    }
    if (view->basis != NULL) {
        status->basis = view->origin->basis;
        status->basis_state = now->basis_state;
    }
    status->details = now->details;
    status->validity = now->validity;
    status->public_since = since(of, same_public_standing);
    status->public_next_change_at = next_change(of, same_public_message);
    if (status->outcome != KH_OUTCOME_RECOGNISED) {
        return KH_OK;
    }
    status->recognised_level = kh_rule_pack_participant(now->pack, view->host->id)->baseline_level;
    status->no_counterpart = view->arrangement->policies->no_counterpart;
    return list_translations(view, arena, status);
}

static kh_rc lay_out(course *of, kh_instant at, kh_arena *arena)
{
    size_t bound = kh_view_instants_bound(of->view);
    kh_instant *instants = kh_arena_allocate_raw(arena, bound * sizeof *instants);
    if (instants == NULL) {
        return KH_E_MEMORY;
    }
    of->instants = instants;
    of->count = kh_view_instants(of->view, instants);
    of->moments = kh_arena_allocate_array(arena, of->count + 1, sizeof *of->moments);
    if (of->moments == NULL) {
        return KH_E_MEMORY;
    }
    while (of->now < of->count && instants[of->now] <= at) {
        of->now++;
    }
    return KH_OK;
}

kh_rc kh_label_decide(const kh_arrangement *arrangement, kh_text label, const kh_facts *facts, const kh_facts *basis,
                      kh_instant at, kh_arena *arena, kh_label_decision *out)
{
    kh_label_view view;
    kh_label_view basis_view;
    kh_label_view_init(arrangement, label, facts, basis, &view, &basis_view);
    course of = {.view = &view};
    kh_label_decision decision = {0};
    kh_rc rc = lay_out(&of, at, arena);
    if (rc == KH_OK) {
        rc = fill_status(&of, label, arena, &decision.status);
    }
    if (rc != KH_OK) {
        return rc;
    }
    kh_instant consultation_next = KH_INSTANT_NONE;
    kh_instant notice_next = KH_INSTANT_NONE;
    decision.has_consultation = kh_consultation_decide(arrangement, label, view.host, view.host_part, at,
                                                       &decision.consultation, &consultation_next);
    decision.has_notice = kh_notice_decide(arrangement, label, facts, view.host, at, &decision.notice, &notice_next);
    decision.due_at =
        kh_instant_sooner(decision.status.next_change_at, kh_instant_sooner(consultation_next, notice_next));
    *out = decision;
    return KH_OK;
}
