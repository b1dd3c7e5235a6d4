#include "label_moment.h"

#define BIT(reason) (1U << (reason))

static kh_label_view view_of(const kh_arrangement *arrangement, kh_text home, const kh_facts *facts)
{
    const kh_participant *home_participant = kh_rule_pack_participant(arrangement->first_pack, home);
    const kh_participant *host = kh_rule_pack_other(arrangement->first_pack, home);
    kh_label_view view = {
        .arrangement = arrangement,
        .home = home_participant,
        .host = host,
        .home_part = kh_facts_part(facts, home),
        .host_part = kh_facts_part(facts, host->id),
    };
    const kh_statement *issue =
        view.home_part == NULL ? NULL : kh_timeline_highest(&view.home_part->registers[KH_REGISTER_ORIGIN]);
    view.origin = issue == NULL ? NULL : issue->body.origin;
    return view;
}

void kh_label_view_init(const kh_arrangement *arrangement, kh_text label, const kh_facts *facts, const kh_facts *basis,
                        kh_label_view *view, kh_label_view *basis_view)
{
    static const kh_facts nothing = {0};
    *view = view_of(arrangement, kh_subject_participant(label), facts);
    if (view->origin != NULL && view->origin->basis.length > 0 &&
        kh_text_equal(view->origin->arrangement, arrangement->id)) {
        *basis_view = view_of(arrangement, view->host->id, basis == NULL ? &nothing : basis);
        view->basis = basis_view;
    }
}

static const kh_statement *holds(const kh_part *part, kh_register reg, kh_day day)
{
    return part == NULL ? NULL : kh_timeline_on(&part->registers[reg], day);
}

static bool holds_kind(const kh_part *part, kh_register reg, kh_day day, kh_body_kind kind)
{
    const kh_statement *statement = holds(part, reg, day);
    return statement != NULL && statement->body.kind == kind;
}

/* A revocation has two days, so its statements need not ascend by this one. */
const kh_statement *kh_revocation_on(const kh_part *home_part, kh_day day)
{
    const kh_timeline *revocations = &home_part->registers[KH_REGISTER_REVOCATION];
    for (uint32_t i = revocations->count; i-- > 0;) {
        if (revocations->statements[i]->body.day <= day) {
            return revocations->statements[i];
        }
    }
    return NULL;
}

static bool is_revoked(const kh_part *home_part, kh_day day)
{
    const kh_statement *statement = kh_revocation_on(home_part, day);
    return statement != NULL && statement->body.kind == KH_LABEL_REVOKED;
}

static uint32_t gate_arrangement(const kh_label_view *view, kh_day host_day)
{
    bool not_yet = false;
    if (kh_arrangement_in_force(view->arrangement, host_day, &not_yet)) {
        return 0;
    }
    return not_yet ? BIT(KH_REASON_ARRANGEMENT_NOT_YET) : BIT(KH_REASON_ARRANGEMENT_ENDED);
}

static uint32_t gate_origin(const kh_label_view *view)
{
    const kh_origin *origin = view->origin;
    uint32_t reasons = 0;
    bool here = kh_text_equal(origin->arrangement, view->arrangement->id);
    if (origin->third_country.length > 0 || (origin->arrangement.length > 0 && !here)) {
        reasons |= BIT(KH_REASON_THIRD_COUNTRY);
    }
    if (here && kh_text_equal(kh_subject_participant(origin->basis), view->host->id)) {
        reasons |= BIT(KH_REASON_BASIS_IN_HOST);
    }
    return reasons;
}

static uint32_t gate_valid(const kh_label_view *view, const kh_validity *validity, kh_day home_day)
{
    uint32_t reasons = 0;
    if (home_day < validity->from) {
        reasons |= BIT(KH_REASON_NOT_YET_VALID);
    }
    if (home_day > validity->until) {
        reasons |= BIT(KH_REASON_EXPIRED);
    }
    if (holds_kind(view->home_part, KH_REGISTER_SUSPENSION, home_day, KH_LABEL_SUSPENDED)) {
        reasons |= BIT(KH_REASON_SUSPENDED);
    }
    if (is_revoked(view->home_part, home_day)) {
        reasons |= BIT(KH_REASON_REVOKED);
    }
    return reasons;
}

static kh_basis_state basis_state(const kh_label_view *basis, kh_instant at)
{
    if (basis == NULL) {
        return KH_BASIS_NONE;
    }
    if (basis->origin == NULL) {
        return KH_BASIS_UNKNOWN;
    }
    kh_moment moment;
    kh_moment_at(basis, at, &moment);
    static const struct {
        kh_reason reason;
        kh_basis_state state;
    } precedence[] = {
        {KH_REASON_REVOKED, KH_BASIS_REVOKED},
        {KH_REASON_SUSPENDED, KH_BASIS_SUSPENDED},
        {KH_REASON_EXPIRED, KH_BASIS_EXPIRED},
        {KH_REASON_NOT_YET_VALID, KH_BASIS_NOT_YET_VALID},
    };
    for (size_t i = 0; i < sizeof precedence / sizeof *precedence; i++) {
        if ((moment.reasons & BIT(precedence[i].reason)) != 0) {
            return precedence[i].state;
        }
    }
    return moment.reasons == 0 ? KH_BASIS_VALID : KH_BASIS_EXCLUDED;
}

static const kh_amendment *missing_amendment(const kh_arrangement *arrangement, kh_day day)
{
    uint32_t in_force = arrangement->amendment_count;
    while (in_force > 0 && arrangement->amendments[in_force - 1].effective_on > day) {
        in_force--;
    }
    const kh_amendment *last = in_force == 0 ? NULL : &arrangement->amendments[in_force - 1];
    return last != NULL && last->pack == NULL ? last : NULL;
}

void kh_moment_at(const kh_label_view *view, kh_instant at, kh_moment *out)
{
    kh_day host_day = kh_instant_day(at, view->host->utc_offset_minutes);
    kh_day home_day = kh_instant_day(at, view->home->utc_offset_minutes);
    *out = (kh_moment){.known = true,
                       .pack = kh_arrangement_pack(view->arrangement, host_day),
                       .missing = missing_amendment(view->arrangement, host_day)};
    if (view->origin == NULL) {
        out->reasons = BIT(KH_REASON_ISSUE_UNKNOWN);
        return;
    }
    out->details = holds(view->home_part, KH_REGISTER_DETAILS, home_day)->body.details;
    out->validity = holds(view->home_part, KH_REGISTER_VALIDITY, home_day)->body.validity;
    out->reasons = gate_arrangement(view, host_day) | gate_origin(view) | gate_valid(view, out->validity, home_day);
    if (!kh_participant_covers(kh_rule_pack_participant(out->pack, view->host->id), out->details->category)) {
        out->reasons |= BIT(KH_REASON_CATEGORY);
    }
    if (view->host_part != NULL) {
        out->under_consultation = holds_kind(view->host_part, KH_REGISTER_CONSULTATION, host_day, KH_DISPUTE_RAISED);
        if (holds_kind(view->host_part, KH_REGISTER_EXCLUSION, host_day, KH_DISPUTE_FAILED)) {
            out->reasons |= BIT(KH_REASON_DISPUTE_FAILED);
        }
        if (out->under_consultation && !view->arrangement->policies->recognise_during_consultation) {
            out->reasons |= BIT(KH_REASON_UNDER_CONSULTATION);
        }
        const kh_statement *measure = holds(view->host_part, KH_REGISTER_MEASURE, host_day);
        if (measure != NULL && measure->body.kind == KH_MEASURE_TAKEN) {
            out->measure = &measure->body;
            out->reasons |= BIT(KH_REASON_MEASURE);
        }
    }
    out->basis_state = basis_state(view->basis, at);
}

/* The gates in their order; of one gate's reasons any. */
static const struct gate {
    uint32_t reasons;
    kh_outcome outcome;
    kh_public_outcome public_outcome;
} gates[] = {
    {BIT(KH_REASON_ISSUE_UNKNOWN), KH_OUTCOME_INCOMPLETE, KH_PUBLIC_NONE},
    {BIT(KH_REASON_ARRANGEMENT_NOT_YET) | BIT(KH_REASON_ARRANGEMENT_ENDED), KH_OUTCOME_ARRANGEMENT_NOT_IN_FORCE,
     KH_PUBLIC_NOT_IN_FORCE},
    {BIT(KH_REASON_THIRD_COUNTRY), KH_OUTCOME_EXCLUDED_THIRD_COUNTRY, KH_PUBLIC_NOT_RECOGNISED},
    {BIT(KH_REASON_BASIS_IN_HOST), KH_OUTCOME_NOT_APPLICABLE_BASIS_IN_HOST, KH_PUBLIC_NOT_RECOGNISED},
    {BIT(KH_REASON_NOT_YET_VALID) | BIT(KH_REASON_EXPIRED) | BIT(KH_REASON_SUSPENDED) | BIT(KH_REASON_REVOKED),
     KH_OUTCOME_LABEL_NOT_VALID, KH_PUBLIC_NOT_VALID},
    {BIT(KH_REASON_CATEGORY), KH_OUTCOME_OUT_OF_SCOPE, KH_PUBLIC_OUT_OF_SCOPE},
    {BIT(KH_REASON_DISPUTE_FAILED) | BIT(KH_REASON_UNDER_CONSULTATION), KH_OUTCOME_EXCLUDED_DISPUTE,
     KH_PUBLIC_NOT_RECOGNISED},
    {BIT(KH_REASON_MEASURE), KH_OUTCOME_BARRED_BY_MEASURE, KH_PUBLIC_NOT_RECOGNISED},
};
#define GATE_COUNT (sizeof gates / sizeof *gates)

kh_outcome kh_reasons_outcome(uint32_t reasons)
{
    for (size_t i = 0; i < GATE_COUNT; i++) {
        if ((reasons & gates[i].reasons) != 0) {
            return gates[i].outcome;
        }
    }
    return KH_OUTCOME_RECOGNISED;
}

kh_public_outcome kh_reasons_public_outcome(uint32_t reasons)
{
    for (size_t i = 0; i < GATE_COUNT; i++) {
        if ((reasons & gates[i].reasons) != 0) {
            return gates[i].public_outcome;
        }
    }
    return KH_PUBLIC_RECOGNISED;
}

uint32_t kh_status_reasons(const kh_status *status, kh_reason out[KH_REASON_COUNT])
{
    uint32_t count = 0;
    for (size_t i = 0; i < GATE_COUNT; i++) {
        for (uint32_t left = status->reasons & gates[i].reasons; left != 0; left &= left - 1) {
            out[count++] = (kh_reason)__builtin_ctz(left);
        }
    }
    return count;
}

/* ---- the instants at which a gate may turn ---- */

static const kh_register home_timelines[] = {KH_REGISTER_DETAILS, KH_REGISTER_VALIDITY, KH_REGISTER_SUSPENSION,
                                             KH_REGISTER_REVOCATION};
static const kh_register host_timelines[] = {KH_REGISTER_CONSULTATION, KH_REGISTER_EXCLUSION, KH_REGISTER_MEASURE};
#define HOME_TIMELINES (sizeof home_timelines / sizeof *home_timelines)
#define HOST_TIMELINES (sizeof host_timelines / sizeof *host_timelines)

size_t kh_view_instants_bound(const kh_label_view *view)
{
    size_t bound = 1 + view->arrangement->amendment_count;
    for (uint32_t i = 0; i < view->arrangement->facts->part_count; i++) {
        bound += view->arrangement->facts->parts[i].registers[KH_REGISTER_TERMINATION].count;
    }
    if (view->origin == NULL) {
        return bound;
    }
    for (size_t i = 0; i < HOME_TIMELINES; i++) {
        bound += view->home_part->registers[home_timelines[i]].count;
    }
    bound += (size_t)2 * view->home_part->registers[KH_REGISTER_VALIDITY].count;
    for (size_t i = 0; view->host_part != NULL && i < HOST_TIMELINES; i++) {
        bound += view->host_part->registers[host_timelines[i]].count;
    }
    return bound + (view->basis == NULL ? 0 : kh_view_instants_bound(view->basis));
}

typedef struct instants {
    kh_instant *at;
    size_t count;
} instants;

static void add(instants *list, kh_day day, const kh_participant *whose)
{
    if (day != KH_DAY_NONE) {
        list->at[list->count++] = kh_day_begin(day, whose->utc_offset_minutes);
    }
}

static void add_timeline(instants *list, const kh_timeline *timeline, const kh_participant *whose)
{
    for (uint32_t i = 0; i < timeline->count; i++) {
        add(list, timeline->statements[i]->body.day, whose);
    }
}

static void add_view(instants *list, const kh_label_view *view)
{
    const kh_arrangement *arrangement = view->arrangement;
    add(list, arrangement->first_pack->effective_from, view->host);
    for (uint32_t i = 0; i < arrangement->amendment_count; i++) {
        add(list, arrangement->amendments[i].effective_on, view->host);
    }
    for (uint32_t i = 0; i < arrangement->facts->part_count; i++) {
        add_timeline(list, &arrangement->facts->parts[i].registers[KH_REGISTER_TERMINATION], view->host);
    }
    if (view->origin == NULL) {
        return;
    }
    for (size_t i = 0; i < HOME_TIMELINES; i++) {
        add_timeline(list, &view->home_part->registers[home_timelines[i]], view->home);
    }
    const kh_timeline *validities = &view->home_part->registers[KH_REGISTER_VALIDITY];
    for (uint32_t i = 0; i < validities->count; i++) {
        add(list, validities->statements[i]->body.validity->from, view->home);
        add(list, validities->statements[i]->body.validity->until + 1, view->home);
    }
    for (size_t i = 0; view->host_part != NULL && i < HOST_TIMELINES; i++) {
        add_timeline(list, &view->host_part->registers[host_timelines[i]], view->host);
    }
    if (view->basis != NULL) {
        add_view(list, view->basis);
    }
}

static void sift_down(kh_instant *heap, size_t root, size_t count)
{
    for (size_t child = 2 * root + 1; child < count; child = 2 * root + 1) {
        if (child + 1 < count && heap[child + 1] > heap[child]) {
            child++;
        }
        if (heap[root] >= heap[child]) {
            return;
        }
        kh_instant moved = heap[root];
        heap[root] = heap[child];
        heap[child] = moved;
        root = child;
    }
}

/* In place, since libc's qsort may allocate; a handful is put in order by insertion. */
static void sort_instants(kh_instant *at, size_t count)
{
    if (count <= 16) {
        for (size_t i = 1; i < count; i++) {
            kh_instant moved = at[i];
            size_t place = i;
            for (; place > 0 && at[place - 1] > moved; place--) {
                at[place] = at[place - 1];
            }
            at[place] = moved;
        }
        return;
    }
    for (size_t root = count / 2; root-- > 0;) {
        sift_down(at, root, count);
    }
    for (size_t left = count - 1; left > 0; left--) {
        kh_instant moved = at[0];
        at[0] = at[left];
        at[left] = moved;
        sift_down(at, 0, left);
    }
}

size_t kh_view_instants(const kh_label_view *view, kh_instant *out)
{
    instants list = {out, 0};
    add_view(&list, view);
    sort_instants(out, list.count);
    size_t kept = 0;
    for (size_t i = 0; i < list.count; i++) {
        if (kept == 0 || out[kept - 1] != out[i]) {
            out[kept++] = out[i];
        }
    }
    return kept;
}
