#include "app/live_source.h"

#include "app/failpoint.h"

static kh_stored_subject stored(const kh_subject_row *row)
{
    return (kh_stored_subject){
        .key = row->key,
        .known = row->known,
        .accepted = row->has_facts,
        .facts = row->facts,
        .decisions = row->decisions,
        .due_at = row->due_at,
    };
}

static kh_rc stored_list(kh_arena *arena, const kh_subject_row *rows, size_t count, kh_stored_subject **out)
{
    kh_stored_subject *list = kh_arena_allocate_array(arena, count, sizeof *list);
    if (list == NULL) {
        return KH_E_MEMORY;
    }
    for (size_t i = 0; i < count; i++) {
        list[i] = stored(&rows[i]);
    }
    *out = list;
    return KH_OK;
}

static kh_rc source_read(void *self, kh_text key, kh_stored_subject *out)
{
    kh_live_work *work = self;
    kh_subject_key wanted = {work->lane->number, key};
    kh_subject_row *rows = NULL;
    kh_rc rc = kh_transaction_read_subjects(work->share->database, &wanted, 1, work->arena, &rows);
    if (rc == KH_OK) {
        *out = stored(&rows[0]);
    }
    return rc;
}

static kh_rc lock_bases(kh_share *share, const kh_subject_key *keys, size_t count, kh_subject_row **out)
{
    if (!share->holds_bases) {
        (void)pthread_mutex_lock(&share->worker->bases);
        share->holds_bases = true;
    }
    return kh_transaction_lock_bases(share->database, keys, count, &share->arena, out);
}

void kh_live_let_bases_go(kh_share *share)
{
    if (share->holds_bases) {
        share->holds_bases = false;
        (void)pthread_mutex_unlock(&share->worker->bases);
    }
}

static kh_rc source_read_basis(void *self, kh_text key, kh_text *facts)
{
    kh_live_work *work = self;
    kh_subject_key wanted = {kh_partition_of_key(key, work->share->worker->partition_count), key};
    kh_subject_row *rows = NULL;
    kh_rc rc = lock_bases(work->share, &wanted, 1, &rows);
    if (rc == KH_OK) {
        *facts = rows[0].has_facts ? rows[0].facts : (kh_text){"", 0};
    }
    return rc;
}

/* Those of this lane: what another lane derives from the key is woken instead. */
static kh_rc keys_of_lane(kh_live_work *work, const kh_dependent_row *rows, size_t count, kh_subject_key **out,
                          size_t *found)
{
    kh_subject_key *keys = kh_arena_allocate_array(work->arena, count, sizeof *keys);
    if (keys == NULL) {
        return KH_E_MEMORY;
    }
    *found = 0;
    for (size_t i = 0; i < count; i++) {
        if (rows[i].lane == work->lane->number) {
            keys[(*found)++] = (kh_subject_key){rows[i].lane, rows[i].key};
        }
    }
    *out = keys;
    return KH_OK;
}

static kh_rc source_read_dependents(void *self, kh_text key, kh_stored_subject **out, size_t *count)
{
    kh_live_work *work = self;
    kh_dependent_row *dependents = NULL;
    size_t dependent_count = 0;
    kh_subject_key *keys = NULL;
    kh_subject_row *rows = NULL;
    kh_database *database = work->share->database;
    *count = 0;
    kh_rc rc = kh_transaction_read_dependents(database, &key, 1, work->arena, &dependents, &dependent_count);
    if (rc == KH_OK) {
        rc = keys_of_lane(work, dependents, dependent_count, &keys, count);
    }
    if (rc == KH_OK && *count > 0) {
        rc = kh_transaction_read_subjects(database, keys, *count, work->arena, &rows);
    }
    return rc == KH_OK ? stored_list(work->arena, rows, *count, out) : rc;
}

static kh_rc source_read_due(void *self, kh_instant after, kh_instant until, size_t limit, kh_stored_subject **out,
                             size_t *count)
{
    kh_live_work *work = self;
    kh_subject_row *rows = NULL;
    (void)after;
    *count = 0;
    if (work->lane->quiet_until != KH_INSTANT_NONE && until <= work->lane->quiet_until) {
        work->due_read_until = until;
        return KH_OK;
    }
    kh_rc rc =
        kh_transaction_read_due(work->share->database, work->lane->number, until, limit, work->arena, &rows, count);
    if (rc != KH_OK) {
        return rc;
    }
    work->due_read_until = *count < limit ? until : KH_INSTANT_NONE;
    return stored_list(work->arena, rows, *count, out);
}

void kh_live_source_init(kh_live_work *work)
{
    work->source = (kh_subject_source){work, source_read, source_read_basis, source_read_dependents, source_read_due};
    work->due_read_until = KH_INSTANT_NONE;
    work->first_due = KH_INSTANT_NONE;
}

kh_rc kh_live_source_sweep(kh_live_work *work, kh_text after, size_t limit, kh_stored_subject **out, size_t *count)
{
    kh_subject_row *rows = NULL;
    kh_rc rc =
        kh_transaction_read_sweep(work->share->database, work->lane->number, after, limit, work->arena, &rows, count);
    return rc == KH_OK ? stored_list(work->arena, rows, *count, out) : rc;
}

bool kh_live_must_begin(const kh_share *share, const kh_live_lane *lane)
{
    for (uint32_t i = 0; lane->clock == KH_INSTANT_NONE && i < share->world.count; i++) {
        if (kh_partition_of_key(share->world.arrangements[i].subject, share->worker->partition_count) == lane->number) {
            return true;
        }
    }
    return false;
}

/* ---- reading ahead ---- */

/* What is read ahead for one kind of thing, over all lanes of the batch. */
typedef struct ahead {
    kh_subject_key *keys;
    size_t count;
} ahead;

static size_t inputs_in(const kh_live_batch_work *batch)
{
    size_t count = 0;
    for (size_t i = 0; i < batch->count; i++) {
        count += batch->works[i].input_count;
    }
    return count;
}

static kh_live_work *work_of(kh_live_batch_work *batch, int32_t lane)
{
    for (size_t i = 0; i < batch->count; i++) {
        if (batch->works[i].lane->number == lane) {
            return &batch->works[i];
        }
    }
    return NULL;
}

/* The server sorts and the working set leaves out what comes twice. */
static kh_rc preload_subjects(kh_share *share, kh_live_batch_work *batch, ahead *subjects, kh_subject_row **rows)
{
    kh_arena *arena = &share->arena;
    subjects->keys = kh_arena_allocate_array(arena, inputs_in(batch), sizeof *subjects->keys);
    if (subjects->keys == NULL) {
        return KH_E_MEMORY;
    }
    for (size_t i = 0; i < batch->count; i++) {
        const kh_live_work *work = &batch->works[i];
        for (size_t r = 0; r < work->input_count; r++) {
            if (!work->inputs[r].refused) {
                subjects->keys[subjects->count++] = (kh_subject_key){work->lane->number, work->inputs[r].event.subject};
            }
        }
    }
    if (subjects->count == 0) {
        return KH_OK;
    }
    kh_rc rc = kh_transaction_read_subjects(share->database, subjects->keys, subjects->count, arena, rows);
    for (size_t i = 0; rc == KH_OK && i < subjects->count; i++) {
        kh_stored_subject row = stored(&(*rows)[i]);
        rc = kh_working_set_add(work_of(batch, (*rows)[i].lane)->set, &row);
    }
    return rc;
}

static kh_rc preload_dependents(kh_share *share, kh_live_batch_work *batch, const ahead *subjects)
{
    kh_arena *arena = &share->arena;
    kh_text *bases = kh_arena_allocate_array(arena, subjects->count, sizeof *bases);
    kh_dependent_row *found = NULL;
    size_t count = 0;
    if (bases == NULL) {
        return KH_E_MEMORY;
    }
    for (size_t i = 0; i < subjects->count; i++) {
        bases[i] = subjects->keys[i].key;
    }
    kh_rc rc = kh_transaction_read_dependents(share->database, bases, subjects->count, arena, &found, &count);
    kh_subject_key *keys = rc == KH_OK ? kh_arena_allocate_array(arena, count, sizeof *keys) : NULL;
    if (keys == NULL) {
        return rc == KH_OK ? KH_E_MEMORY : rc;
    }
    size_t own = 0;
    for (size_t i = 0; i < count; i++) {
        bool same_lane = kh_partition_of_key(found[i].basis, share->worker->partition_count) == found[i].lane;
        if (same_lane && work_of(batch, found[i].lane) != NULL) {
            keys[own++] = (kh_subject_key){found[i].lane, found[i].key};
        }
    }
    kh_subject_row *rows = NULL;
    if (own > 0) {
        rc = kh_transaction_read_subjects(share->database, keys, own, arena, &rows);
    }
    for (size_t i = 0; rc == KH_OK && i < own; i++) {
        kh_stored_subject row = stored(&rows[i]);
        rc = kh_working_set_add(work_of(batch, rows[i].lane)->set, &row);
    }
    for (size_t i = 0; rc == KH_OK && i < subjects->count; i++) {
        rc = kh_working_set_has_dependents(work_of(batch, subjects->keys[i].lane)->set, subjects->keys[i].key);
    }
    return rc;
}

/* The basis a label has, or is about to have by this event; none if it lies in the label's own lane. */
static kh_text foreign_basis(const kh_share *share, const kh_live_work *work, kh_text basis)
{
    bool foreign = basis.length > 0 && kh_partition_of_key(basis, share->worker->partition_count) != work->lane->number;
    return foreign ? basis : (kh_text){"", 0};
}

static kh_rc list_bases(kh_share *share, kh_live_batch_work *batch, ahead *bases)
{
    bases->keys = kh_arena_allocate_array(&share->arena, 2 * inputs_in(batch), sizeof *bases->keys);
    if (bases->keys == NULL) {
        return KH_E_MEMORY;
    }
    for (size_t i = 0; i < batch->count; i++) {
        kh_live_work *work = &batch->works[i];
        for (size_t r = 0; r < work->input_count; r++) {
            const kh_event *event = &work->inputs[r].event;
            kh_subject *subject = NULL;
            if (work->inputs[r].refused || kh_body_is_about_arrangement(event->statement.body.kind)) {
                continue;
            }
            const kh_store *store = kh_working_set_store(work->set);
            kh_rc rc = store->subject(store->self, event->subject, &subject);
            if (rc != KH_OK) {
                return rc;
            }
            const kh_origin *origin = event->statement.body.origin;
            kh_text candidates[] = {subject->basis, origin == NULL ? (kh_text){"", 0} : origin->basis};
            for (size_t c = 0; c < 2; c++) {
                kh_text basis = foreign_basis(share, work, candidates[c]);
                if (basis.length > 0 && (c == 0 || kh_rule_book_first_pack(share->world.book, origin->arrangement))) {
                    bases->keys[bases->count++] =
                        (kh_subject_key){kh_partition_of_key(basis, share->worker->partition_count), basis};
                }
            }
        }
    }
    return KH_OK;
}

/* One lock statement for all: every lane that may decide by a basis is given it. */
static kh_rc preload_bases(kh_share *share, kh_live_batch_work *batch)
{
    ahead bases = {0};
    kh_subject_row *rows = NULL;
    kh_rc rc = list_bases(share, batch, &bases);
    if (rc != KH_OK || bases.count == 0) {
        return rc;
    }
    rc = lock_bases(share, bases.keys, bases.count, &rows);
    for (size_t i = 0; rc == KH_OK && i < bases.count; i++) {
        for (size_t w = 0; rc == KH_OK && w < batch->count; w++) {
            if (batch->works[w].lane->number != rows[i].lane) {
                rc = kh_working_set_add_basis(batch->works[w].set, rows[i].key,
                                              rows[i].has_facts ? rows[i].facts : (kh_text){"", 0});
            }
        }
    }
    return rc;
}

kh_rc kh_live_source_preload(kh_share *share, kh_live_batch_work *batch)
{
    ahead subjects = {0};
    kh_subject_row *rows = NULL;
    kh_rc rc = preload_subjects(share, batch, &subjects, &rows);
    kh_failpoint(KH_AT_AFTER_READING_SUBJECTS);
    if (rc == KH_OK && subjects.count > 0) {
        rc = preload_dependents(share, batch, &subjects);
        kh_failpoint(KH_AT_AFTER_READING_DEPENDENTS);
    }
    return rc == KH_OK && subjects.count > 0 ? preload_bases(share, batch) : rc;
}
