#include "app/comparison.h"

#include "app/comparison_side.h"
#include "app/heap.h"
#include "batch/one_subject.h"
#include "codec/store.h"

#define ARENA_BLOCK ((size_t)1 << 16)

static const kh_place PLACE = {"replay", 0, 0};

/* A result that one side comes to, with what stood before it. */
typedef struct step {
    struct step *next;
    kh_result result;
    const kh_status *status_before;
    const kh_obligation *obligation_before;
} step;

/* Deciding one subject by one side's facts and rules, over what stands live. */
typedef struct deciding {
    kh_side *side;
    kh_subject subject;
    kh_arena *arena;
    step *first;
    step **last;
} deciding;

typedef struct comparing {
    const kh_comparison_visitor *visitor;
    kh_side live;
    kh_side replay;
    const kh_lane_row *lane; /* of the live deployment */
    kh_arena arena;          /* of the subject in hand */
    kh_comparison *out;
    bool on_its_way; /* the subject in hand, as far as it was looked into */
} comparing;

bool kh_comparison_facts_alike(const kh_comparison *of)
{
    return of->counts[KH_DISCREPANCY_ONLY_LIVE] == 0 && of->counts[KH_DISCREPANCY_ONLY_REPLAY] == 0 &&
           of->counts[KH_DISCREPANCY_FACTS] == 0;
}

uint64_t kh_comparison_total(const kh_comparison *of)
{
    uint64_t total = 0;
    for (int i = 0; i < KH_DISCREPANCIES; i++) {
        total += of->counts[i];
    }
    return total;
}

/* ---- deciding ---- */

static kh_rc basis_of(void *self, kh_text key, const kh_facts **out)
{
    deciding *of = self;
    kh_text stored = {"", 0};
    *out = NULL;
    kh_rc rc = kh_side_basis(of->side, key, of->arena, &stored);
    if (rc != KH_OK || stored.length == 0) {
        return rc;
    }
    kh_facts *facts = kh_arena_allocate(of->arena, sizeof *facts);
    rc = facts == NULL ? KH_E_MEMORY : kh_store_facts_decode(stored, of->arena, facts);
    *out = facts;
    return rc;
}

/* The state of the key still says what stood before. */
static kh_rc take_result(void *self, const kh_result *result)
{
    deciding *of = self;
    step *taken = kh_arena_allocate(of->arena, sizeof *taken);
    if (taken == NULL) {
        return KH_E_MEMORY;
    }
    *taken = (step){.result = *result};
    for (uint32_t i = 0; i < of->subject.key_count; i++) {
        const kh_key_state *state = &of->subject.keys[i];
        if (kh_text_equal(state->key, result->key)) {
            taken->status_before = state->status;
            taken->obligation_before = state->kind == KH_RESULT_OBLIGATION ? state->obligation : NULL;
        }
    }
    *of->last = taken;
    of->last = &taken->next;
    return KH_OK;
}

/* What would be published about the subject by that side's facts and rules, as it stands live.
 * \param facts  that side's. \param standing  the live deployment's row. */
static kh_rc decide(comparing *all, kh_side *side, kh_text facts, const kh_subject_row *standing, step **out)
{
    static const kh_cause cause = {.trigger = KH_TRIGGER_ARRANGEMENT, .topic = {"", 0}, .event_id = {"", 0}};
    deciding of = {.side = side, .arena = &all->arena};
    kh_store store = kh_store_of_one_subject(&of, basis_of);
    kh_sink sink = {&of, take_result};
    kh_lane lane = {.number = all->lane->lane,
                    .clock = all->lane->clock,
                    .arrangements = side->world.arrangements,
                    .arrangement_count = side->world.count,
                    .arena = of.arena,
                    .store = &store,
                    .sink = &sink};
    of.last = &of.first;
    of.subject = (kh_subject){.key = standing->key, .due_at = standing->due_at, .accepted = true};
    kh_rc rc = facts.length == 0 ? KH_OK : kh_store_facts_decode(facts, of.arena, &of.subject.facts);
    if (rc == KH_OK && standing->decisions.length > 0) {
        rc = kh_store_keys_decode(&all->live.book, standing->decisions, of.arena, &of.subject.keys,
                                  &of.subject.key_count);
    }
    if (rc == KH_OK) {
        rc = kh_lane_decide_again(&lane, &of.subject, &cause);
    }
    if (rc != KH_OK && rc != KH_E_MEMORY && all->live.problems->count == 0) {
        kh_problems_add(all->live.problems, PLACE, standing->key,
                        "what is stored about it cannot be read: it was changed by hand, by a newer release, or by "
                        "rules that were loaded just now");
    }
    *out = of.first;
    return rc;
}

/* ---- telling ---- */

static kh_rc tell(comparing *all, const kh_discrepancy *discrepancy)
{
    all->out->counts[discrepancy->kind]++;
    return all->visitor->discrepancy(all->visitor->self, discrepancy);
}

static bool same_result(const kh_result *a, const kh_result *b)
{
    if (!kh_text_equal(a->key, b->key) || a->kind != b->kind) {
        return false;
    }
    switch (a->kind) {
    case KH_RESULT_STATUS:
        return kh_status_same(a->status, b->status) && kh_status_same_to_public(a->status, b->status);
    case KH_RESULT_OBLIGATION:
        return kh_obligation_same(a->obligation, b->obligation);
    case KH_RESULT_OBLIGATION_GONE:
    case KH_RESULT_DEAD_LETTER:
        break;
    }
    return true;
}

/* Whether the live deployment is about to decide the subject again. */
static kh_rc is_pending(comparing *all, const kh_subject_row *live, bool *out)
{
    const kh_lane_row *lane = all->lane;
    *out = lane->sweeping || lane->arrangement_version > lane->swept_version ||
           (live->due_at != KH_INSTANT_NONE && live->due_at <= lane->clock);
    return *out ? KH_OK : kh_replay_is_woken(all->live.database, lane->lane, live->key, out);
}

static kh_discrepancy_kind kind_of(const step *of)
{
    kh_differences differences = {.count = 0};
    if (of->result.kind == KH_RESULT_STATUS) {
        kh_differences_add_status(&differences, of->status_before, of->result.status);
    } else {
        kh_differences_add_obligation(&differences, of->obligation_before, of->result.obligation);
    }
    return kh_discrepancy_of(&differences);
}

/* What the replay comes to and does not stand. If the live deployment's own facts and rules come to the same, it is
 * either about to decide it, or has not decided what it should have. */
static kh_rc tell_step(comparing *all, const kh_subject_row *live, const step *of, const step *own)
{
    bool pending = false;
    bool also_own = false;
    for (; own != NULL && !also_own; own = own->next) {
        also_own = same_result(&own->result, &of->result);
    }
    kh_rc rc = also_own ? is_pending(all, live, &pending) : KH_OK;
    if (rc != KH_OK || pending) {
        all->on_its_way = all->on_its_way || pending;
        return rc;
    }
    return tell(all, &(kh_discrepancy){.kind = also_own ? KH_DISCREPANCY_STANDING : kind_of(of),
                                       .subject = live->key,
                                       .key = of->result.key,
                                       .of = of->result.kind,
                                       .status_before = of->status_before,
                                       .status_after = of->result.status,
                                       .obligation_before = of->obligation_before,
                                       .obligation_after = of->result.obligation});
}

static kh_rc tell_facts(comparing *all, const kh_subject_row *live, const kh_subject_row *replay)
{
    kh_facts facts[2] = {{0}, {0}};
    kh_rc rc = live->facts.length == 0 ? KH_OK : kh_store_facts_decode(live->facts, &all->arena, &facts[0]);
    if (rc == KH_OK && replay->facts.length > 0) {
        rc = kh_store_facts_decode(replay->facts, &all->arena, &facts[1]);
    }
    if (rc != KH_OK) {
        return rc;
    }
    return tell(all, &(kh_discrepancy){.kind = KH_DISCREPANCY_FACTS,
                                       .subject = live->key,
                                       .key = live->key,
                                       .only_live = kh_discrepancy_statements(&facts[0], &facts[1], &all->arena),
                                       .only_replay = kh_discrepancy_statements(&facts[1], &facts[0], &all->arena)});
}

/* ---- subjects ---- */

static kh_rc compare_both(comparing *all, const kh_subject_row *live, const kh_subject_row *replay)
{
    step *steps = NULL;
    step *own = NULL;
    all->on_its_way = false;
    kh_rc rc = kh_text_equal(live->facts, replay->facts) ? KH_OK : tell_facts(all, live, replay);
    if (rc == KH_OK) {
        rc = decide(all, &all->replay, replay->facts, live, &steps);
    }
    if (rc == KH_OK && steps != NULL) {
        rc = decide(all, &all->live, live->facts, live, &own);
    }
    for (; rc == KH_OK && steps != NULL; steps = steps->next) {
        rc = tell_step(all, live, steps, own);
    }
    all->out->on_their_way += all->on_its_way;
    return rc == KH_OK && kh_arena_failed(&all->arena) ? KH_E_MEMORY : rc;
}

static kh_rc tell_only(comparing *all, const kh_subject_row *row, bool live)
{
    return tell(all, &(kh_discrepancy){.kind = live ? KH_DISCREPANCY_ONLY_LIVE : KH_DISCREPANCY_ONLY_REPLAY,
                                       .subject = row->key,
                                       .key = row->key});
}

static bool is_arrangement(kh_text key)
{
    return kh_text_equal(kh_subject_participant(key), KH_TEXT("arrangement"));
}

/* Below 0: only the live deployment has the key; above 0: only the replay; 0: both have it. */
static int which(const kh_subject_row *live, const kh_subject_row *replay)
{
    if (live == NULL || replay == NULL) {
        return live == NULL ? 1 : -1;
    }
    return kh_text_compare(live->key, replay->key);
}

/* The next key of either side. */
static kh_rc compare_next(comparing *all, bool *ended)
{
    const kh_subject_row *live = NULL;
    const kh_subject_row *replay = NULL;
    kh_arena_reset(&all->arena);
    kh_rc rc = kh_side_row(&all->live, &live);
    if (rc == KH_OK) {
        rc = kh_side_row(&all->replay, &replay);
    }
    *ended = live == NULL && replay == NULL;
    if (rc != KH_OK || *ended) {
        return rc;
    }
    int side = which(live, replay);
    if (!is_arrangement(side <= 0 ? live->key : replay->key)) { /* those are compared by themselves */
        all->out->subjects++;
        rc = side == 0 ? compare_both(all, live, replay) : tell_only(all, side < 0 ? live : replay, side < 0);
    }
    if (side <= 0) {
        kh_side_pass(&all->live);
    }
    if (side >= 0) {
        kh_side_pass(&all->replay);
    }
    return rc;
}

/* An arrangement is a subject without any statement about it, too. */
static kh_rc compare_arrangements(comparing *all)
{
    kh_rc rc = KH_OK;
    for (uint32_t i = 0; rc == KH_OK && i < all->live.world.count; i++) {
        kh_subject_row live = {0};
        kh_subject_row replay = {0};
        kh_text key = all->live.world.arrangements[i].subject;
        if (kh_partition_of_key(key, all->live.lane_count) != all->lane->lane || all->lane->clock == KH_INSTANT_NONE) {
            continue;
        }
        kh_arena_reset(&all->arena);
        rc = kh_side_find(&all->live, all->lane->lane, key, &all->arena, &live);
        if (rc == KH_OK) {
            rc = kh_side_find(&all->replay, all->lane->lane, key, &all->arena, &replay);
        }
        if (rc == KH_OK) {
            all->out->subjects++;
            live.key = key;
            rc = compare_both(all, &live, &replay);
        }
    }
    return rc;
}

static kh_rc compare_lane(comparing *all, const volatile int *stop)
{
    bool ended = false;
    uint64_t counted = 0;
    kh_side_begin(&all->live, all->lane->lane);
    kh_side_begin(&all->replay, all->lane->lane);
    kh_rc rc = compare_arrangements(all);
    while (rc == KH_OK && !ended) {
        rc = compare_next(all, &ended);
        if (rc == KH_OK && ++counted % 1000 == 0) {
            if (all->visitor->tell != NULL) {
                all->visitor->tell(all->visitor->self, all->out->subjects);
            }
            rc = *stop != 0 ? KH_E_TIMEOUT : KH_OK;
        }
    }
    return rc;
}

/* ---- the rules of both ---- */

static const kh_rule_file_row *find_file(const kh_side *side, const kh_rule_file_row *like)
{
    for (size_t i = 0; i < side->file_count; i++) {
        if (side->files[i].kind == like->kind && kh_text_equal(side->files[i].id, like->id)) {
            return &side->files[i];
        }
    }
    return NULL;
}

static bool is_given(const kh_replay_row *row, const kh_rule_file_row *file)
{
    for (size_t i = 0; i < row->given_count; i++) {
        if (row->given[i].kind == file->kind && kh_text_equal(row->given[i].id, file->id)) {
            return true;
        }
    }
    return false;
}

static kh_rc copy_texts(kh_rules_discrepancy *of, kh_arena *arena)
{
    kh_text *const texts[] = {&of->id, &of->live_digest, &of->replay_digest};
    kh_rc rc = KH_OK;
    for (size_t i = 0; rc == KH_OK && i < sizeof texts / sizeof *texts; i++) {
        rc = kh_arena_copy_text(arena, *texts[i], texts[i]);
    }
    return rc;
}

static kh_rc compare_rules(comparing *all, const kh_replay_row *row, kh_arena *arena)
{
    kh_rc rc = KH_OK;
    size_t most = all->live.file_count + all->replay.file_count;
    kh_rules_discrepancy *found = kh_arena_allocate_array(arena, most, sizeof *found);
    if (found == NULL) {
        return KH_E_MEMORY;
    }
    all->out->rules = found;
    for (size_t i = 0; rc == KH_OK && i < most; i++) {
        bool live = i < all->live.file_count;
        const kh_rule_file_row *file = live ? &all->live.files[i] : &all->replay.files[i - all->live.file_count];
        const kh_rule_file_row *other = find_file(live ? &all->replay : &all->live, file);
        if (other != NULL && (!live || kh_text_equal(file->digest, other->digest))) {
            continue;
        }
        const kh_text none = {"", 0};
        kh_text digest = other == NULL ? none : other->digest;
        kh_rules_discrepancy *next = &found[all->out->rule_count++];
        *next = (kh_rules_discrepancy){file->kind, file->id, live ? file->digest : none, live ? digest : file->digest,
                                       is_given(row, file)};
        rc = copy_texts(next, arena);
    }
    return rc;
}

/* A clock may not pass what an amendment needs: then the replay has stopped there. */
static kh_rc check_packs(comparing *all)
{
    for (uint32_t i = 0; i < all->replay.world.count; i++) {
        kh_instant from = KH_INSTANT_NONE;
        const kh_amendment *missing = kh_arrangement_missing_pack(&all->replay.world.arrangements[i], &from);
        if (missing != NULL && from <= all->out->at) {
            kh_problems_add(all->replay.problems, PLACE, KH_TEXT(""),
                            "both participants consented to the rule pack with SHA-256 %.*s, which the replay does not "
                            "have: load it (`rules load`), drop the replay and start again",
                            KH_TEXT_ARGS(missing->sha256));
            return KH_E_CONFIGURATION;
        }
    }
    return KH_OK;
}

static kh_rc compare_lanes(comparing *all, const kh_lanes *lanes, const volatile int *stop)
{
    kh_rc rc = check_packs(all);
    for (size_t i = 0; rc == KH_OK && i < lanes->count; i++) {
        all->lane = &lanes->rows[i];
        all->out->sweeping += all->lane->sweeping || all->lane->arrangement_version > all->lane->swept_version;
        rc = compare_lane(all, stop);
    }
    return rc;
}

kh_rc kh_comparison_make(kh_replay *replay, const kh_comparison_visitor *visitor, kh_problems *problems,
                         const volatile int *stop, kh_arena *arena, kh_comparison *out)
{
    kh_lanes lanes = {0};
    comparing all = {.visitor = visitor,
                     .live = {.settings = kh_replay_settings_of(replay),
                              .problems = problems,
                              .database = kh_replay_live_database(replay)},
                     .replay = {.settings = kh_replay_settings_of(replay),
                                .problems = problems,
                                .database = kh_replay_database(replay)},
                     .out = out};
    *out = (kh_comparison){.at = KH_INSTANT_NONE};
    kh_arena_init(&all.arena, ARENA_BLOCK, kh_heap());
    kh_rc rc = kh_lanes_read_all(all.live.database, arena, &lanes);
    for (size_t i = 0; rc == KH_OK && i < lanes.count; i++) {
        out->at = lanes.rows[i].clock > out->at ? lanes.rows[i].clock : out->at;
    }
    kh_rc live = kh_side_init(&all.live, (int32_t)lanes.count);
    kh_rc other = kh_side_init(&all.replay, (int32_t)lanes.count);
    rc = rc != KH_OK ? rc : live != KH_OK ? live : other;
    if (rc == KH_OK) {
        rc = compare_rules(&all, kh_replay_row_of(replay), arena);
    }
    if (rc == KH_OK) {
        rc = compare_lanes(&all, &lanes, stop);
    }
    kh_side_deinit(&all.live);
    kh_side_deinit(&all.replay);
    kh_arena_deinit(&all.arena);
    return rc;
}
