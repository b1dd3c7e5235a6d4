#include "batch/lane.h"

static kh_rc emit(kh_lane *lane, kh_result *result)
{
    result->seq = lane->next_seq;
    kh_rc rc = lane->sink->take(lane->sink->self, result);
    if (rc == KH_OK) {
        lane->next_seq++;
    }
    return rc;
}

static kh_rc emit_dead_letter(kh_lane *lane, const kh_input *input, kh_refusal refusal, kh_taken *out)
{
    if (kh_arena_failed(lane->arena)) {
        return KH_E_MEMORY; /* what the refusal says may be what is missing */
    }
    out->refusal = refusal;
    if (input->again) {
        return KH_OK;
    }
    kh_result result = {
        .kind = KH_RESULT_DEAD_LETTER,
        .decided_at = lane->clock,
        .cause = {.trigger = KH_TRIGGER_EVENT,
                  .topic = input->record->topic,
                  .partition = input->record->partition,
                  .offset = input->record->offset},
        .previous_seq = -1,
        .record = input->record,
        .refusal = refusal,
    };
    return emit(lane, &result);
}

/* ---- what stands under a key, and what is new about it ---- */

static kh_key_state *find_key(const kh_subject *subject, kh_text key)
{
    for (uint32_t i = 0; i < subject->key_count; i++) {
        if (kh_text_equal(subject->keys[i].key, key)) {
            return &subject->keys[i];
        }
    }
    return NULL;
}

/* The state of a key, a new one with nothing published if there is none. */
static kh_rc open_key(kh_lane *lane, kh_subject *subject, kh_text key, kh_key_state **out)
{
    *out = find_key(subject, key);
    if (*out != NULL) {
        return KH_OK;
    }
    kh_key_state *keys = kh_arena_allocate_array(lane->arena, subject->key_count + 1, sizeof *keys);
    if (keys == NULL) {
        return KH_E_MEMORY;
    }
    if (subject->key_count > 0) {
        memcpy(keys, subject->keys, subject->key_count * sizeof *keys);
    }
    keys[subject->key_count] = (kh_key_state){.key = key, .seq = -1};
    *out = &keys[subject->key_count];
    subject->keys = keys;
    subject->key_count++;
    return KH_OK;
}

/* One decision of a subject on its way to the sink. */
typedef struct deciding {
    kh_lane *lane;
    kh_subject *subject;
    kh_instant at;
    const kh_cause *cause;
} deciding;

/* The state takes over the result's numbers once the sink has it. */
static kh_rc publish(const deciding *of, kh_key_state *state, kh_result *result)
{
    result->key = state->key;
    result->subject = of->subject->key;
    result->decided_at = of->at;
    result->cause = *of->cause;
    result->previous_seq = state->seq;
    kh_rc rc = emit(of->lane, result);
    if (rc != KH_OK) {
        return rc;
    }
    state->kind = result->kind;
    state->version = result->version != 0 ? result->version : state->version;
    state->public_version = result->public_version != 0 ? result->public_version : state->public_version;
    state->seq = result->seq;
    of->subject->changed = true;
    return KH_OK;
}

static kh_text status_key(kh_lane *lane, kh_text label, kh_text host)
{
    const kh_text parts[] = {label, KH_TEXT("@"), host};
    return kh_arena_join(lane->arena, parts, 3);
}

static kh_rc settle_status(const deciding *of, kh_text key, const kh_status *decided)
{
    kh_key_state *state = NULL;
    kh_rc rc = open_key(of->lane, of->subject, key, &state);
    if (rc != KH_OK) {
        return rc;
    }
    const kh_status *before = state->status;
    bool same = before != NULL && kh_status_same(before, decided);
    bool is_public = kh_status_public_outcome(decided) != KH_PUBLIC_NONE;
    bool same_public = !is_public || (before != NULL && kh_status_same_to_public(before, decided));
    if (same && same_public) {
        return KH_OK;
    }
    kh_status *kept = kh_arena_allocate_raw(of->lane->arena, sizeof *kept);
    if (kept == NULL) {
        return KH_E_MEMORY;
    }
    *kept = *decided;
    kh_result result = {
        .kind = KH_RESULT_STATUS,
        .version = same ? 0 : state->version + 1,
        .public_version = same_public ? 0 : state->public_version + 1,
        .status = kept,
    };
    rc = publish(of, state, &result);
    if (rc == KH_OK) {
        state->status = kept;
    }
    return rc;
}

static kh_text obligation_key(kh_lane *lane, kh_obligation_kind kind, kh_text about)
{
    const kh_text parts[] = {kh_obligation_kind_name(kind), KH_TEXT("/"), about};
    return kh_arena_join(lane->arena, parts, 3);
}

static bool has_obligations(const kh_subject *subject)
{
    for (uint32_t i = 0; i < subject->key_count; i++) {
        if (subject->keys[i].kind == KH_RESULT_OBLIGATION) {
            return true;
        }
    }
    return false;
}

/* `decided` is NULL when the obligation does not arise (any more). */
static kh_rc settle_obligation(const deciding *of, kh_obligation_kind kind, kh_text about, const kh_obligation *decided)
{
    if (decided == NULL && !has_obligations(of->subject)) {
        return KH_OK; /* the rule, and then no key need be made */
    }
    kh_text key = obligation_key(of->lane, kind, about);
    if (kh_arena_failed(of->lane->arena)) {
        return KH_E_MEMORY;
    }
    kh_key_state *state = find_key(of->subject, key);
    const kh_obligation *before = state == NULL || state->kind != KH_RESULT_OBLIGATION ? NULL : state->obligation;
    if (decided == NULL && before == NULL) {
        return KH_OK;
    }
    if (decided != NULL && before != NULL && kh_obligation_same(before, decided)) {
        return KH_OK;
    }
    kh_rc rc = open_key(of->lane, of->subject, key, &state);
    kh_obligation *kept = NULL;
    if (rc == KH_OK && decided != NULL) {
        kept = kh_arena_allocate_raw(of->lane->arena, sizeof *kept);
        rc = kept == NULL ? KH_E_MEMORY : KH_OK;
    }
    if (rc != KH_OK) {
        return rc;
    }
    if (kept != NULL) {
        *kept = *decided;
    }
    kh_result result = {
        .kind = decided == NULL ? KH_RESULT_OBLIGATION_GONE : KH_RESULT_OBLIGATION,
        .version = state->version + 1,
        .obligation = kept,
    };
    rc = publish(of, state, &result);
    if (rc == KH_OK) {
        state->obligation = kept;
    }
    return rc;
}

/* ---- deciding a subject ---- */

static kh_rc decide_towards(const deciding *of, const kh_arrangement *arrangement, kh_instant *due_at)
{
    kh_lane *lane = of->lane;
    kh_subject *subject = of->subject;
    kh_text basis_key = kh_label_basis(arrangement, subject->key, &subject->facts);
    const kh_facts *basis = NULL;
    kh_label_decision decision;
    kh_rc rc = KH_OK;
    if (basis_key.length > 0) {
        subject->basis = basis_key;
        rc = lane->store->basis(lane->store->self, basis_key, &basis);
    }
    if (rc == KH_OK) {
        rc = kh_label_decide(arrangement, subject->key, &subject->facts, basis, of->at, lane->arena, &decision);
    }
    if (rc != KH_OK) {
        return rc;
    }
    kh_text key = status_key(lane, subject->key, decision.status.host);
    if (kh_arena_failed(lane->arena)) {
        return KH_E_MEMORY;
    }
    rc = settle_status(of, key, &decision.status);
    if (rc == KH_OK) {
        rc = settle_obligation(of, KH_OBLIGATION_CONSULTATION, key,
                               decision.has_consultation ? &decision.consultation : NULL);
    }
    if (rc == KH_OK) {
        rc = settle_obligation(of, KH_OBLIGATION_REVOCATION_NOTICE, key, decision.has_notice ? &decision.notice : NULL);
    }
    *due_at = kh_instant_sooner(*due_at, decision.due_at);
    return rc;
}

static kh_rc decide_label(const deciding *of, kh_instant *due_at)
{
    kh_text home = kh_subject_participant(of->subject->key);
    of->subject->basis = (kh_text){"", 0};
    kh_rc rc = KH_OK;
    for (uint32_t i = 0; rc == KH_OK && i < of->lane->arrangement_count; i++) {
        const kh_arrangement *arrangement = &of->lane->arrangements[i];
        if (kh_rule_pack_participant(arrangement->first_pack, home) != NULL) {
            rc = decide_towards(of, arrangement, due_at);
        }
    }
    return rc;
}

static kh_rc decide_arrangement(const deciding *of, const kh_arrangement *arrangement, kh_instant *due_at)
{
    bool arises = false;
    kh_obligation yearly;
    kh_arrangement_decide(arrangement, of->at, &arises, &yearly, due_at);
    return settle_obligation(of, KH_OBLIGATION_YEARLY_CONSULTATION, arrangement->id, arises ? &yearly : NULL);
}

static kh_arrangement *arrangement_of(const kh_lane *lane, kh_text subject)
{
    for (uint32_t i = 0; i < lane->arrangement_count; i++) {
        if (kh_text_equal(lane->arrangements[i].subject, subject)) {
            return &lane->arrangements[i];
        }
    }
    return NULL;
}

static kh_rc decide(kh_lane *lane, kh_subject *subject, kh_instant at, const kh_cause *cause)
{
    deciding of = {lane, subject, at, cause};
    kh_instant due_at = KH_INSTANT_NONE;
    kh_text basis_before = subject->basis;
    const kh_arrangement *arrangement = arrangement_of(lane, subject->key);
    kh_rc rc = arrangement != NULL ? decide_arrangement(&of, arrangement, &due_at) : decide_label(&of, &due_at);
    if (rc != KH_OK) {
        return rc;
    }
    if (due_at != subject->due_at || !kh_text_equal(basis_before, subject->basis)) {
        subject->changed = true;
    }
    subject->due_at = due_at;
    return lane->store->decided(lane->store->self, subject);
}

/* ---- time ---- */

kh_instant kh_lane_blocked_from(const kh_lane *lane, const kh_amendment **amendment)
{
    kh_instant first = KH_INSTANT_NONE;
    for (uint32_t i = 0; i < lane->arrangement_count; i++) {
        kh_instant from = KH_INSTANT_NONE;
        const kh_amendment *missing = kh_arrangement_missing_pack(&lane->arrangements[i], &from);
        if (missing != NULL && (first == KH_INSTANT_NONE || from < first)) {
            first = from;
            *amendment = missing;
        }
    }
    return first;
}

static kh_rc decide_own_arrangements(kh_lane *lane, const kh_cause *cause)
{
    kh_rc rc = KH_OK;
    for (uint32_t i = 0; rc == KH_OK && i < lane->arrangement_count; i++) {
        if (!lane->owns_arrangement[i]) {
            continue;
        }
        kh_subject *subject = NULL;
        rc = lane->store->subject(lane->store->self, lane->arrangements[i].subject, &subject);
        if (rc == KH_OK) {
            if (!subject->accepted) { /* an arrangement is a subject from the start, before any event about it */
                subject->accepted = true;
                subject->changed = true;
            }
            rc = decide(lane, subject, lane->clock, cause);
        }
    }
    return rc;
}

kh_rc kh_lane_advance(kh_lane *lane, kh_instant to, uint32_t *budget, bool *reached)
{
    static const kh_cause time = {.trigger = KH_TRIGGER_TIME, .topic = {"", 0}, .event_id = {"", 0}};
    *reached = false;
    if (lane->clock == KH_INSTANT_NONE) {
        lane->clock = to;
        kh_rc rc = decide_own_arrangements(lane, &time);
        if (rc != KH_OK) {
            return rc;
        }
    }
    kh_instant until = to > lane->clock ? to : lane->clock; /* an earlier call may have stopped among equals */
    for (;;) {
        kh_subject *due = NULL;
        kh_rc rc = lane->store->due(lane->store->self, until, &due);
        if (rc != KH_OK) {
            return rc;
        }
        if (due == NULL) {
            break;
        }
        if (*budget == 0) {
            return KH_OK;
        }
        (*budget)--;
        /* One that fell due while another clock ran is decided now: the clock never goes back. */
        lane->clock = due->due_at > lane->clock ? due->due_at : lane->clock;
        rc = decide(lane, due, lane->clock, &time);
        if (rc != KH_OK) {
            return rc;
        }
    }
    lane->clock = until;
    *reached = true;
    return KH_OK;
}

/* ---- records ---- */

static kh_rc decide_dependents(kh_lane *lane, kh_text basis, kh_cause cause)
{
    kh_subject *const *dependents = NULL;
    uint32_t count = 0;
    kh_rc rc = lane->store->dependents(lane->store->self, basis, &dependents, &count);
    cause.trigger = KH_TRIGGER_BASIS;
    for (uint32_t i = 0; rc == KH_OK && i < count; i++) {
        rc = decide(lane, dependents[i], lane->clock, &cause);
    }
    return rc;
}

/* A missing rule pack that should be in force by now: deciding by the old one would be wrong, so nothing is decided
 * until it is loaded, and the sweep that follows decides everything. */
static bool is_blocked(const kh_lane *lane)
{
    const kh_amendment *missing = NULL;
    kh_instant from = kh_lane_blocked_from(lane, &missing);
    return from != KH_INSTANT_NONE && from <= lane->clock;
}

static kh_rc follow(kh_lane *lane, kh_subject *subject, const kh_cause *cause, kh_taken *out)
{
    kh_arrangement *arrangement = arrangement_of(lane, subject->key);
    if (arrangement == NULL) {
        kh_rc rc = decide(lane, subject, lane->clock, cause);
        return rc == KH_OK ? decide_dependents(lane, subject->key, *cause) : rc;
    }
    out->arrangement_changed = true;
    kh_rc rc = kh_arrangement_build(arrangement->book, arrangement->id, &subject->facts, lane->arena, arrangement);
    if (rc != KH_OK || is_blocked(lane)) {
        return rc;
    }
    return decide(lane, subject, lane->clock, cause);
}

static kh_refusal refusal_of(kh_lane *lane, kh_refusal_code code, const kh_event *event, const kh_statement *other)
{
    if (code == KH_REFUSAL_TOO_MANY_STATEMENTS) {
        return (kh_refusal){code, kh_arena_print(lane->arena,
                                                 "%.*s already has %d statements of this kind by %.*s that hold on "
                                                 "some day; replace some by a later revision with an earlier day",
                                                 KH_TEXT_ARGS(event->subject), KH_REGISTER_LIMIT,
                                                 KH_TEXT_ARGS(event->participant))};
    }
    return (kh_refusal){code, kh_arena_print(lane->arena,
                                             "revision %u of %.*s is taken by event %.*s; the statement with the "
                                             "smaller event id holds; state it again with a revision of its own",
                                             event->statement.revision, KH_TEXT_ARGS(event->subject),
                                             KH_TEXT_ARGS(other->event_id))};
}

static kh_rc take_event(kh_lane *lane, const kh_input *input, kh_taken *out)
{
    const kh_event *event = &input->event;
    kh_subject *subject = NULL;
    kh_rc rc = lane->store->subject(lane->store->self, event->subject, &subject);
    if (rc != KH_OK) {
        return rc;
    }
    kh_merge merge = {0};
    rc = kh_facts_merge(&subject->facts, event->participant, &event->statement, lane->arena, &merge);
    if (rc == KH_E_REFUSED) {
        return emit_dead_letter(lane, input, refusal_of(lane, KH_REFUSAL_TOO_MANY_STATEMENTS, event, NULL), out);
    }
    if (rc != KH_OK) {
        return rc;
    }
    out->gap = merge.gap;
    if (merge.conflict != NULL) {
        rc = emit_dead_letter(lane, input, refusal_of(lane, KH_REFUSAL_CONFLICTING_REVISION, event, merge.conflict),
                              out);
    }
    if (rc != KH_OK || !merge.changed) {
        return rc;
    }
    subject->accepted = true;
    subject->facts_changed = true;
    subject->changed = true;
    kh_cause cause = {KH_TRIGGER_EVENT, input->record->topic, input->record->partition, input->record->offset,
                      event->statement.event_id};
    return follow(lane, subject, &cause, out);
}

kh_rc kh_lane_take(kh_lane *lane, const kh_input *input, kh_taken *out)
{
    *out = (kh_taken){0};
    kh_rc rc = input->refused ? emit_dead_letter(lane, input, input->refusal, out) : take_event(lane, input, out);
    return rc == KH_OK && kh_arena_failed(lane->arena) ? KH_E_MEMORY : rc;
}

kh_rc kh_lane_begin_sweep(kh_lane *lane, const kh_cause *cause)
{
    return lane->clock == KH_INSTANT_NONE ? KH_OK : decide_own_arrangements(lane, cause);
}

kh_rc kh_lane_decide_again(kh_lane *lane, kh_subject *subject, const kh_cause *cause)
{
    return subject->accepted && lane->clock != KH_INSTANT_NONE ? decide(lane, subject, lane->clock, cause) : KH_OK;
}
