/* A lane's subjects by key, with their results in the same order: histories, what stands, what follows from the facts,
 * obligations. */
#include "app/verify_work.h"

#include <inttypes.h>
#include <stdlib.h>

#include "app/heap.h"
#include "app/summary.h"
#include "batch/one_subject.h"
#include "codec/store.h"
#include "postgres/transaction.h"
#include "postgres/verify.h"

/* A label that others are derived from. */
typedef struct basis {
    kh_text key;
    kh_facts facts;
    bool known;
} basis;

typedef struct walking {
    kh_verifying *work;
    const kh_lane_row *lane;
    kh_verify_histories histories;
    /* of the page */
    kh_subject_row *rows;
    size_t count;
    kh_result_row *results; /* that the states name, ascending by number */
    size_t result_count;
    kh_obligation_row *obligations; /* by (subject, id) */
    size_t obligation_count;
    size_t next_obligation;
    kh_text *woken; /* ascending */
    size_t woken_count;
    basis *bases; /* ascending by key, without repeats */
    size_t basis_count;
    kh_arena subject; /* of the one at hand */
    /* deciding again */
    bool decides;
    kh_lane core;
    kh_store store;
    kh_sink sink;
    kh_text changed; /* a key about which something else follows; empty: none */
    uint64_t left;   /* subjects that were not decided again */
} walking;

/* ---- what stands ---- */

static const kh_result_row *result_of(const walking *of, int64_t seq)
{
    size_t low = 0;
    size_t high = of->result_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (of->results[middle].seq < seq) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low < of->result_count && of->results[low].seq == seq ? &of->results[low] : NULL;
}

static const kh_verify_key *history_of(const kh_verify_key *list, size_t count, kh_text key)
{
    for (size_t i = 0; i < count; i++) {
        if (kh_text_equal(list[i].key, key)) {
            return &list[i];
        }
    }
    return NULL;
}

static kh_text copy_place(walking *of, kh_text key)
{
    return kh_arena_print(&of->work->said, "%.*s (lane %" PRId32 ")", KH_TEXT_ARGS(key), of->lane->lane);
}

static kh_rc check_state(walking *of, const kh_subject_row *row, const kh_key_state *state, const kh_verify_key *newest)
{
    kh_verifying *work = of->work;
    kh_text text = {"", 0};
    kh_result result = {.kind = state->kind,
                        .key = state->key,
                        .subject = row->key,
                        .status = state->status,
                        .obligation = state->obligation};
    if (newest == NULL) {
        return kh_verify_say(work, KH_DEVIATION_STATE, copy_place(of, row->key), "%.*s stands, and has no result",
                             KH_TEXT_ARGS(state->key));
    }
    if (state->seq != newest->seq || state->version != newest->version ||
        state->public_version != newest->public_version) {
        return kh_verify_say(work, KH_DEVIATION_STATE, copy_place(of, row->key),
                             "%.*s stands as of result %" PRId64 ", versions %" PRIu32 " and %" PRIu32
                             "; its newest result is %" PRId64 ", with %" PRIu32 " and %" PRIu32,
                             KH_TEXT_ARGS(state->key), state->seq, state->version, state->public_version, newest->seq,
                             newest->version, newest->public_version);
    }
    kh_rc rc = kh_store_result_encode(&result, &of->subject, &text);
    const kh_result_row *stored = result_of(of, state->seq);
    if (rc != KH_OK || (stored != NULL && kh_text_equal(stored->decision, text))) {
        return rc;
    }
    return kh_verify_say(work, KH_DEVIATION_STATE, copy_place(of, row->key),
                         "what stands about %.*s is not what its newest result, %" PRId64 ", says",
                         KH_TEXT_ARGS(state->key), state->seq);
}

static kh_rc check_states(walking *of, const kh_subject_row *row, const kh_key_state *keys, uint32_t key_count)
{
    kh_verifying *work = of->work;
    kh_verify_key *list = NULL;
    size_t count = 0;
    kh_rc rc = kh_verify_strays(work, &of->histories, row->key);
    if (rc == KH_OK) {
        rc = kh_verify_history(work, &of->histories, row->key, &of->subject, &list, &count);
    }
    for (uint32_t i = 0; rc == KH_OK && i < key_count; i++) {
        rc = check_state(of, row, &keys[i], history_of(list, count, keys[i].key));
    }
    for (size_t i = 0; rc == KH_OK && i < count; i++) {
        bool stands = false;
        for (uint32_t k = 0; k < key_count; k++) {
            stands = stands || kh_text_equal(keys[k].key, list[i].key);
        }
        if (!stands) {
            rc = kh_verify_say(work, KH_DEVIATION_STATE, copy_place(of, row->key),
                               "%.*s has results, the newest %" PRId64 ", and does not stand",
                               KH_TEXT_ARGS(list[i].key), list[i].seq);
        }
    }
    return rc;
}

/* ---- obligations ---- */

static bool same_obligation(const kh_obligation_row *a, const kh_obligation_row *b)
{
    return a->kind == b->kind && a->state == b->state && kh_text_equal(a->arrangement, b->arrangement) &&
           kh_text_equal(a->obliged, b->obliged) && kh_text_equal(a->towards, b->towards) &&
           a->arose_on == b->arose_on && a->due_on == b->due_on && a->earliest_due_on == b->earliest_due_on &&
           a->discharged_on == b->discharged_on && a->confirmed_on == b->confirmed_on &&
           a->provisional == b->provisional && a->late == b->late && a->version == b->version;
}

static kh_rc say_obligation(walking *of, const kh_subject_row *row, kh_text id, const char *what)
{
    return kh_verify_say(of->work, KH_DEVIATION_OBLIGATION, copy_place(of, row->key), "%.*s: %s", KH_TEXT_ARGS(id),
                         what);
}

static kh_rc check_obligation(walking *of, const kh_subject_row *row, const kh_key_state *state,
                              const kh_obligation_row *stored)
{
    kh_obligation_row wanted;
    if (stored == NULL) {
        return say_obligation(of, row, state->key, "it stands, and is not in the table `obligation`");
    }
    kh_rc rc = kh_summary_obligation(state, of->lane->lane, stored->decided_at, &of->subject, &wanted);
    return rc != KH_OK || same_obligation(&wanted, stored)
               ? rc
               : say_obligation(of, row, state->key, "its row in the table `obligation` says something else");
}

static kh_rc check_obligations(walking *of, const kh_subject_row *row, const kh_key_state *keys, uint32_t count)
{
    kh_rc rc = KH_OK;
    while (of->next_obligation < of->obligation_count &&
           kh_text_compare(of->obligations[of->next_obligation].subject, row->key) < 0) {
        of->next_obligation++;
    }
    const kh_obligation_row *first = &of->obligations[of->next_obligation];
    size_t found = 0;
    while (of->next_obligation + found < of->obligation_count && kh_text_equal(first[found].subject, row->key)) {
        found++;
    }
    size_t matched = 0;
    for (uint32_t k = 0; rc == KH_OK && k < count; k++) {
        const kh_obligation_row *stored = NULL;
        for (size_t i = 0; i < found; i++) {
            stored = kh_text_equal(first[i].id, keys[k].key) ? &first[i] : stored;
        }
        if (keys[k].kind == KH_RESULT_OBLIGATION) {
            matched += stored != NULL;
            rc = check_obligation(of, row, &keys[k], stored);
        }
    }
    if (rc == KH_OK && matched < found) {
        rc = say_obligation(of, row, row->key, "the table `obligation` has more of it than stand");
    }
    return rc;
}

/* ---- deciding again ---- */

static int compare_basis(const void *a, const void *b)
{
    return kh_text_compare(((const basis *)a)->key, ((const basis *)b)->key);
}

static kh_rc find_basis(void *self, kh_text key, const kh_facts **out)
{
    walking *of = self;
    basis wanted = {.key = key};
    const basis *found =
        of->basis_count == 0 ? NULL : bsearch(&wanted, of->bases, of->basis_count, sizeof wanted, compare_basis);
    *out = found == NULL || !found->known ? NULL : &found->facts;
    return KH_OK;
}

static kh_rc take_result(void *self, const kh_result *result)
{
    walking *of = self;
    of->changed = of->changed.length == 0 ? result->key : of->changed;
    return KH_OK;
}

static bool is_woken(const walking *of, kh_text key)
{
    for (size_t i = 0; i < of->woken_count; i++) {
        if (kh_text_equal(of->woken[i], key)) {
            return true;
        }
    }
    return false;
}

/* The live code decides; any result that it would make is one that should not have to be made. */
static kh_rc decide_again(walking *of, const kh_subject_row *row, kh_subject *subject)
{
    static const kh_cause cause = {.trigger = KH_TRIGGER_TIME, .topic = {"", 0}, .event_id = {"", 0}};
    kh_verifying *work = of->work;
    bool waits = row->due_at != KH_INSTANT_NONE && row->due_at <= of->lane->clock;
    if (!of->decides || waits || is_woken(of, row->key)) {
        of->left++;
        return KH_OK;
    }
    of->changed = (kh_text){"", 0};
    of->core.clock = of->lane->clock;
    of->core.arena = &of->subject;
    kh_rc rc = kh_lane_decide_again(&of->core, subject, &cause);
    if (rc != KH_OK) {
        return rc;
    }
    if (of->changed.length > 0) {
        return kh_verify_say(work, KH_DEVIATION_DECISION, copy_place(of, row->key),
                             "from its facts something else follows about %.*s than what stands",
                             KH_TEXT_ARGS(of->changed));
    }
    if (subject->due_at != row->due_at || !kh_text_equal(subject->basis, row->basis)) {
        return kh_verify_say(
            work, KH_DEVIATION_DECISION, copy_place(of, row->key),
            "from its facts it is due at another time, or derived from another label, than its row says");
    }
    return KH_OK;
}

static kh_rc check_summary(walking *of, const kh_subject_row *row, const kh_subject *subject)
{
    kh_subject_row wanted = *row;
    kh_rc rc = kh_summary_subject(subject, &of->subject, &wanted);
    if (rc != KH_OK || (kh_text_equal(wanted.outcomes, row->outcomes) && wanted.residual_open == row->residual_open &&
                        wanted.next_change_at == row->next_change_at)) {
        return rc;
    }
    return kh_verify_say(of->work, KH_DEVIATION_STATE, copy_place(of, row->key),
                         "the columns that lists are made of do not say what stands");
}

/* ---- a page ---- */

static kh_rc say_unreadable(walking *of, const kh_subject_row *row, kh_rc why)
{
    if (why != KH_E_INTERNAL && why != KH_E_CONFIGURATION) {
        return why;
    }
    kh_rc rc = kh_verify_say(of->work, KH_DEVIATION_STATE, copy_place(of, row->key), "%s",
                             why == KH_E_INTERNAL ? "its bytes are none that kakehashi wrote"
                                                  : "it was decided by a rule pack that is not in the database");
    return rc == KH_OK ? kh_verify_strays(of->work, &of->histories, row->key) : rc;
}

static kh_rc check_subject(walking *of, const kh_subject_row *row)
{
    kh_verifying *work = of->work;
    kh_subject subject = {.key = row->key, .due_at = row->due_at, .basis = row->basis, .accepted = true};
    kh_arena_reset(&of->subject);
    kh_rc rc = row->facts.length == 0 ? KH_OK : kh_store_facts_decode(row->facts, &of->subject, &subject.facts);
    if (rc == KH_OK && row->decisions.length > 0) {
        rc = kh_store_keys_decode(&work->book, row->decisions, &of->subject, &subject.keys, &subject.key_count);
    }
    if (rc != KH_OK) {
        return say_unreadable(of, row, rc);
    }
    int32_t own = kh_partition_of_key(row->key, (int32_t)work->lanes.count);
    if (own != of->lane->lane) {
        rc = kh_verify_say(work, KH_DEVIATION_STATE, copy_place(of, row->key), "it belongs into lane %" PRId32, own);
    }
    if (rc == KH_OK) {
        rc = check_states(of, row, subject.keys, subject.key_count);
    }
    if (rc == KH_OK) {
        rc = check_obligations(of, row, subject.keys, subject.key_count);
    }
    if (rc == KH_OK) {
        rc = check_summary(of, row, &subject);
    }
    return rc == KH_OK ? decide_again(of, row, &subject) : rc;
}

/* The newest results of all keys of the page. */
static kh_rc read_results(walking *of)
{
    kh_verifying *work = of->work;
    int64_t *seqs = NULL;
    size_t count = 0;
    size_t size = 0;
    for (size_t i = 0; i < of->count; i++) {
        kh_key_state *keys = NULL;
        uint32_t key_count = 0;
        kh_arena_reset(&of->subject);
        if (kh_store_keys_decode(&work->book, of->rows[i].decisions, &of->subject, &keys, &key_count) != KH_OK) {
            continue; /* told when its turn comes */
        }
        if (count + key_count > size) {
            int64_t *grown = kh_arena_allocate_array(&work->page, size * 2 + key_count + 64, sizeof *grown);
            if (grown == NULL) {
                return KH_E_MEMORY;
            }
            if (count > 0) {
                memcpy(grown, seqs, count * sizeof *grown);
            }
            seqs = grown;
            size = size * 2 + key_count + 64;
        }
        for (uint32_t k = 0; k < key_count; k++) {
            seqs[count++] = keys[k].seq;
        }
    }
    return kh_verify_results(work->database, of->lane->lane, seqs, count, &work->page, &of->results, &of->result_count);
}

static kh_rc read_bases(walking *of)
{
    kh_verifying *work = of->work;
    kh_subject_row *rows = NULL;
    size_t count = 0;
    of->basis_count = 0;
    of->bases = kh_arena_allocate_array(&work->page, of->count, sizeof *of->bases);
    kh_subject_key *keys = kh_arena_allocate_array(&work->page, of->count, sizeof *keys);
    if (of->bases == NULL || keys == NULL) {
        return KH_E_MEMORY;
    }
    for (size_t i = 0; i < of->count; i++) {
        if (of->rows[i].basis.length > 0) {
            of->bases[count++].key = of->rows[i].basis;
        }
    }
    qsort(of->bases, count, sizeof *of->bases, compare_basis);
    for (size_t i = 0; i < count; i++) {
        if (of->basis_count == 0 || compare_basis(&of->bases[of->basis_count - 1], &of->bases[i]) != 0) {
            of->bases[of->basis_count++] = of->bases[i];
        }
    }
    for (size_t i = 0; i < of->basis_count; i++) {
        kh_text key = of->bases[i].key;
        keys[i] = (kh_subject_key){kh_partition_of_key(key, (int32_t)work->lanes.count), key};
    }
    kh_rc rc = kh_transaction_read_subjects(work->database, keys, of->basis_count, &work->page, &rows);
    for (size_t i = 0; rc == KH_OK && i < of->basis_count; i++) {
        of->bases[i].known = rows[i].known && rows[i].facts.length > 0 &&
                             kh_store_facts_decode(rows[i].facts, &work->page, &of->bases[i].facts) == KH_OK;
    }
    return rc == KH_OK && kh_arena_failed(&work->page) ? KH_E_MEMORY : rc;
}

static kh_rc read_beside(walking *of)
{
    kh_verifying *work = of->work;
    kh_text *subjects = kh_arena_allocate_array(&work->page, of->count, sizeof *subjects);
    if (subjects == NULL) {
        return KH_E_MEMORY;
    }
    for (size_t i = 0; i < of->count; i++) {
        subjects[i] = of->rows[i].key;
    }
    of->next_obligation = 0;
    kh_rc rc = kh_verify_obligations(work->database, of->lane->lane, subjects, of->count, &work->page, &of->obligations,
                                     &of->obligation_count);
    if (rc == KH_OK) {
        rc = kh_verify_woken(work->database, of->lane->lane, subjects, of->count, &work->page, &of->woken,
                             &of->woken_count);
    }
    if (rc == KH_OK) {
        rc = read_bases(of);
    }
    return rc == KH_OK ? read_results(of) : rc;
}

static kh_rc check_pages(walking *of)
{
    kh_verifying *work = of->work;
    char key[512] = "";
    kh_text after = {key, 0};
    kh_rc rc = KH_OK;
    do {
        kh_arena_reset(&work->page);
        rc = kh_verify_subjects(work->database, of->lane->lane, after, KH_VERIFY_PAGE, &work->page, &of->rows,
                                &of->count);
        if (rc != KH_OK || of->count == 0) {
            break;
        }
        rc = read_beside(of);
        for (size_t i = 0; rc == KH_OK && i < of->count; i++) {
            rc = check_subject(of, &of->rows[i]);
            work->counts->subjects++;
        }
        kh_text last = of->rows[of->count - 1].key;
        after.length = last.length < sizeof key ? last.length : sizeof key;
        memcpy(key, last.data, after.length);
        work->wish->progress(work->wish->self, work->counts);
    } while (rc == KH_OK && of->count == KH_VERIFY_PAGE);
    return rc == KH_OK ? kh_verify_strays(work, &of->histories, (kh_text){"", 0}) : rc;
}

static kh_rc check_stray_obligations(walking *of)
{
    kh_verifying *work = of->work;
    kh_obligation_row *rows = NULL;
    size_t count = 0;
    kh_arena_reset(&work->page);
    kh_rc rc = kh_verify_stray_obligations(work->database, of->lane->lane, KH_VERIFY_PAGE, &work->page, &rows, &count);
    for (size_t i = 0; rc == KH_OK && i < count; i++) {
        kh_text place =
            kh_arena_print(&work->said, "%.*s (lane %" PRId32 ")", KH_TEXT_ARGS(rows[i].id), of->lane->lane);
        rc = kh_verify_say(work, KH_DEVIATION_OBLIGATION, place, "its subject %.*s is not in the table `subject`",
                           KH_TEXT_ARGS(rows[i].subject));
    }
    return rc;
}

/* ---- a lane ---- */

static void prepare(walking *of)
{
    kh_verifying *work = of->work;
    const kh_lane_row *lane = of->lane;
    const kh_amendment *missing = NULL;
    of->store = kh_store_of_one_subject(of, find_basis);
    of->sink = (kh_sink){of, take_result};
    of->core = (kh_lane){.number = lane->lane,
                         .clock = lane->clock,
                         .arrangements = work->world.arrangements,
                         .arrangement_count = work->world.count,
                         .store = &of->store,
                         .sink = &of->sink};
    kh_instant blocked_from = kh_lane_blocked_from(&of->core, &missing);
    bool blocked = blocked_from != KH_INSTANT_NONE && blocked_from <= lane->clock;
    of->decides = lane->clock != KH_INSTANT_NONE && !lane->sweeping &&
                  lane->swept_version == lane->arrangement_version && !blocked;
}

kh_rc kh_verify_subjects_of(kh_verifying *work, size_t at)
{
    walking of = {.work = work, .lane = &work->lanes.rows[at]};
    kh_arena_init(&of.subject, 65536, kh_heap());
    prepare(&of);
    kh_rc rc = kh_verify_histories_init(work, of.lane, &of.histories);
    if (rc == KH_OK) {
        rc = check_pages(&of);
    }
    if (rc == KH_OK) {
        rc = check_stray_obligations(&of);
    }
    if (rc == KH_OK && of.left > 0) {
        rc =
            kh_verify_leave(work,
                            "lane %" PRId32 ": %" PRIu64 " subjects were not decided again from their facts: they wait "
                            "to be decided",
                            of.lane->lane, of.left);
    }
    kh_arena_deinit(&of.subject);
    kh_verify_histories_deinit(&of.histories);
    return rc;
}
