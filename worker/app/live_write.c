#include "app/live_write.h"

#include <stdlib.h>

#include "app/failpoint.h"
#include "app/summary.h"
#include "codec/store.h"

/* Everything of one batch that is gathered before it is written. */
typedef struct gathering {
    kh_live_work *work;
    kh_arena *arena;
    kh_subject_row *subjects;
    size_t subject_count;
    size_t subject_size;
    kh_obligation_row *obligations;
    size_t obligation_count;
    size_t obligation_size;
    kh_text *gone;
    size_t gone_count;
    size_t gone_size;
    kh_text *bases; /* labels whose facts changed */
    size_t base_count;
    size_t base_size;
    int64_t first_seq; /* of the lane in this batch */
} gathering;

/* Arrays that double in the batch's arena: what is left behind goes with it. */
static bool grow(kh_arena *arena, void **items, size_t *size, size_t count, size_t item_size)
{
    if (count < *size) {
        return true;
    }
    size_t wanted = *size == 0 ? 256 : *size * 2;
    void *grown = kh_arena_allocate_raw(arena, wanted * item_size);
    if (grown == NULL) {
        return false;
    }
    if (count > 0) {
        memcpy(grown, *items, count * item_size);
    }
    *items = grown;
    *size = wanted;
    return true;
}

static kh_rc gather_obligation(gathering *all, const kh_key_state *state)
{
    if (state->seq < all->first_seq) {
        return KH_OK;
    }
    if (state->kind == KH_RESULT_OBLIGATION_GONE) {
        if (!grow(all->arena, (void **)&all->gone, &all->gone_size, all->gone_count, sizeof *all->gone)) {
            return KH_E_MEMORY;
        }
        all->gone[all->gone_count++] = state->key;
        return KH_OK;
    }
    if (state->kind != KH_RESULT_OBLIGATION) {
        return KH_OK;
    }
    if (!grow(all->arena, (void **)&all->obligations, &all->obligation_size, all->obligation_count,
              sizeof *all->obligations)) {
        return KH_E_MEMORY;
    }
    return kh_summary_obligation(state, all->work->lane->number, all->work->core.clock, all->arena,
                                 &all->obligations[all->obligation_count++]);
}

static kh_rc gather_base(gathering *all, const kh_subject *subject)
{
    if (!subject->facts_changed || kh_subject_arrangement(subject->key).length > 0) {
        return KH_OK;
    }
    if (!grow(all->arena, (void **)&all->bases, &all->base_size, all->base_count, sizeof *all->bases)) {
        return KH_E_MEMORY;
    }
    all->bases[all->base_count++] = subject->key;
    return KH_OK;
}

static kh_rc gather_subject(void *self, kh_subject *subject, bool known)
{
    gathering *all = self;
    kh_subject_row row = {.lane = all->work->lane->number,
                          .key = subject->key,
                          .known = known,
                          .has_facts = subject->facts.part_count > 0,
                          .due_at = subject->due_at,
                          .basis = subject->basis};
    if (!grow(all->arena, (void **)&all->subjects, &all->subject_size, all->subject_count, sizeof *all->subjects)) {
        return KH_E_MEMORY;
    }
    kh_rc rc = kh_store_facts_encode(&subject->facts, all->arena, &row.facts);
    if (rc == KH_OK) {
        rc = kh_store_keys_encode(subject->keys, subject->key_count, all->arena, &row.decisions);
    }
    if (rc == KH_OK) {
        rc = kh_summary_subject(subject, all->arena, &row);
    }
    if (rc == KH_OK) {
        rc = gather_base(all, subject);
    }
    for (uint32_t i = 0; rc == KH_OK && i < subject->key_count; i++) {
        rc = gather_obligation(all, &subject->keys[i]);
    }
    if (rc == KH_OK) {
        all->subjects[all->subject_count++] = row;
        all->work->first_due = kh_instant_sooner(all->work->first_due, row.due_at);
    }
    return rc;
}

static kh_rc gather(kh_live_batch_work *batch, gathering *all)
{
    kh_rc rc = KH_OK;
    for (size_t i = 0; rc == KH_OK && i < batch->count; i++) {
        all->work = &batch->works[i];
        all->first_seq = all->work->lane->next_seq;
        rc = kh_working_set_write(all->work->set, gather_subject, all);
    }
    return rc;
}

static int compare_obligations(const void *a, const void *b)
{
    return kh_text_compare(((const kh_obligation_row *)a)->id, ((const kh_obligation_row *)b)->id);
}

static int compare_wakeups(const void *a, const void *b)
{
    const kh_wakeup_row *left = a;
    const kh_wakeup_row *right = b;
    if (left->lane != right->lane) {
        return left->lane < right->lane ? -1 : 1;
    }
    return kh_text_compare(left->subject, right->subject);
}

static kh_rc write_obligations(kh_database *database, gathering *all)
{
    kh_rc rc = KH_OK;
    if (all->obligation_count > 0) {
        qsort(all->obligations, all->obligation_count, sizeof *all->obligations, compare_obligations);
        rc = kh_transaction_write_obligations(database, all->obligations, all->obligation_count);
    }
    if (rc == KH_OK && all->gone_count > 0) {
        rc = kh_transaction_delete_obligations(database, all->gone, all->gone_count);
    }
    return rc;
}

/* After the rows of the bases were written: so a label that is being derived meanwhile and we cannot miss each other.
 */
static kh_rc wake_dependents(kh_share *share, gathering *all)
{
    kh_dependent_row *dependents = NULL;
    size_t count = 0;
    if (all->base_count == 0) {
        return KH_OK;
    }
    kh_rc rc =
        kh_transaction_read_dependents(share->database, all->bases, all->base_count, all->arena, &dependents, &count);
    kh_wakeup_row *rows = rc == KH_OK ? kh_arena_allocate_array(all->arena, count, sizeof *rows) : NULL;
    kh_text cause = {"", 0};
    if (rc == KH_OK && rows == NULL) {
        return KH_E_MEMORY;
    }
    size_t woken = 0;
    for (size_t i = 0; rc == KH_OK && i < count; i++) {
        if (kh_partition_of_key(dependents[i].basis, share->worker->partition_count) != dependents[i].lane) {
            kh_live_lane *own = kh_live_find_lane(share, dependents[i].lane);
            if (own != NULL) {
                own->has_wakeups = true; /* no need to look */
            }
            rows[woken++] = (kh_wakeup_row){.lane = dependents[i].lane, .subject = dependents[i].key, .cause = cause};
        }
    }
    if (rc != KH_OK || woken == 0) {
        return rc;
    }
    qsort(rows, woken, sizeof *rows, compare_wakeups);
    return kh_transaction_wake(share->database, rows, woken);
}

static kh_rc delete_wakeups(kh_share *share, kh_live_batch_work *batch)
{
    kh_rc rc = KH_OK;
    for (size_t i = 0; rc == KH_OK && i < batch->count; i++) {
        if (batch->works[i].wakeup_count > 0) {
            rc = kh_transaction_delete_wakeups(share->database, batch->works[i].wakeups, batch->works[i].wakeup_count);
        }
    }
    return rc;
}

static kh_lane_progress progress_of(kh_share *share, const kh_live_work *work)
{
    const kh_live_lane *lane = work->lane;
    kh_lane_progress progress = {
        .lane = lane->number,
        .next_seq = work->core.next_seq,
        .clock = work->core.clock,
        .swept_version = lane->swept_version,
        .sweeping = lane->sweeping && !work->sweep_done,
        .sweep_after = {lane->sweep_after, lane->sweep_after_length},
        .sweep_cause = {lane->sweep_cause, lane->sweep_cause_length},
        .published_seq = kh_publishing_mark(share->worker->publishing, lane->number),
    };
    if (work->sweep_after.length > 0) {
        progress.sweep_after = work->sweep_after;
    }
    if (!progress.sweeping) {
        progress.sweep_after = (kh_text){"", 0};
        progress.sweep_cause = (kh_text){"", 0};
    }
    if (progress.published_seq < 0) {
        progress.published_seq = 0;
    }
    return progress;
}

/* How far each source topic of the lane has come with the records that the batch decided. */
static kh_rc list_offsets(kh_share *share, const kh_live_work *work, kh_offset_progress *out, size_t *count)
{
    const kh_live_lane *lane = work->lane;
    for (size_t topic = 0; topic < share->worker->topic_count; topic++) {
        const kh_record *last = NULL;
        for (size_t i = 0; i < work->taken; i++) {
            const kh_pending *pending = &lane->pending[lane->pending_first + i];
            last = pending->topic == topic ? &pending->record : last;
        }
        if (last != NULL) {
            out[(*count)++] = (kh_offset_progress){
                .expected = lane->sources[topic].next_offset,
                .row = {.lane = lane->number,
                        .topic = kh_text_of(share->worker->topics[topic]),
                        .next_offset = last->offset + 1,
                        .last_offset = last->offset,
                        .last_timestamp = last->timestamp,
                        .last_crc = kh_record_crc(last)},
            };
        }
    }
    return KH_OK;
}

static kh_rc write_progress(kh_share *share, kh_live_batch_work *batch)
{
    kh_arena *arena = &share->arena;
    kh_lane_progress *lanes = kh_arena_allocate_array(arena, batch->count, sizeof *lanes);
    kh_offset_progress *offsets =
        kh_arena_allocate_array(arena, batch->count * share->worker->topic_count, sizeof *offsets);
    size_t offset_count = 0;
    kh_rc rc = lanes == NULL || offsets == NULL ? KH_E_MEMORY : KH_OK;
    for (size_t i = 0; rc == KH_OK && i < batch->count; i++) {
        lanes[i] = progress_of(share, &batch->works[i]);
        rc = list_offsets(share, &batch->works[i], offsets, &offset_count);
    }
    for (size_t i = 0; rc == KH_OK && i < batch->count; i++) {
        if (batch->works[i].arrangement_changed) {
            rc = kh_transaction_raise_arrangement(share->database, batch->works[i].arrangement_cause);
            kh_failpoint(KH_AT_AFTER_RAISING);
        }
    }
    return rc == KH_OK ? kh_transaction_finish(share->database, lanes, batch->count, offsets, offset_count) : rc;
}

kh_rc kh_live_write(kh_share *share, kh_live_batch_work *batch)
{
    gathering all = {.arena = &share->arena};
    kh_outgoing *out = batch->out;
    kh_rc rc = KH_OK;
    if (out->dead_letter_count > 0) {
        rc = kh_transaction_append_dead_letters(share->database, out->dead_letters, out->dead_letter_count);
        kh_failpoint(KH_AT_AFTER_DEAD_LETTERS);
    }
    if (rc == KH_OK && out->row_count > 0) {
        rc = kh_transaction_append_results(share->database, out->rows, out->row_count);
        kh_failpoint(KH_AT_AFTER_RESULTS);
    }
    if (rc == KH_OK) { /* while the server takes the results in */
        rc = gather(batch, &all);
    }
    if (rc == KH_OK && all.subject_count > 0) {
        rc = kh_transaction_write_subjects(share->database, all.subjects, all.subject_count);
        kh_failpoint(KH_AT_AFTER_SUBJECTS);
    }
    if (rc == KH_OK) {
        rc = write_obligations(share->database, &all);
        kh_failpoint(KH_AT_AFTER_OBLIGATIONS);
    }
    if (rc == KH_OK) {
        rc = wake_dependents(share, &all);
        kh_failpoint(KH_AT_AFTER_WAKING);
    }
    if (rc == KH_OK) {
        rc = delete_wakeups(share, batch);
        kh_failpoint(KH_AT_AFTER_WAKEUPS);
    }
    for (size_t i = 0; rc == KH_OK && i < batch->count; i++) {
        if (batch->works[i].deed_count > 0) {
            rc = kh_transaction_settle_redrives(share->database, batch->works[i].deeds, batch->works[i].deed_count);
        }
    }
    return rc == KH_OK ? write_progress(share, batch) : rc;
}

/* ---- after the commit ---- */

void kh_live_consume(kh_share *share, kh_live_work *work)
{
    kh_live_lane *lane = work->lane;
    for (size_t i = 0; i < work->taken; i++) {
        kh_pending *pending = &lane->pending[lane->pending_first + i];
        kh_live_source *source = &lane->sources[pending->topic];
        source->next_offset = pending->record.offset + 1;
        source->last_offset = pending->record.offset;
        lane->pending_bytes -= pending->record.value.length;
        kh_consumer_release(share->worker->consumer, &pending->hold, 1);
    }
    lane->pending_first += work->taken;
    lane->pending_count -= work->taken;
    if (lane->pending_count == 0) {
        lane->pending_first = 0;
    }
}

void kh_live_note_quiet(kh_live_work *work)
{
    kh_live_lane *lane = work->lane;
    if (work->due_read_until != KH_INSTANT_NONE && work->core.clock != KH_INSTANT_NONE) {
        /* All that was due by then was read, and decided up to the clock. */
        kh_instant decided = work->falls_short ? work->core.clock - 1 : work->core.clock;
        kh_instant until = work->due_read_until < decided ? work->due_read_until : decided;
        lane->quiet_until = until > lane->quiet_until ? until : lane->quiet_until;
    }
    if (work->first_due != KH_INSTANT_NONE && work->first_due <= lane->quiet_until) {
        lane->quiet_until = work->first_due - 1;
    }
}

kh_rc kh_live_add_marks(kh_share *share, kh_live_batch_work *batch)
{
    kh_rc rc = KH_OK;
    batch->out->claim = kh_group_claim_hold(share->worker->claim);
    for (size_t i = 0; rc == KH_OK && i < batch->count; i++) {
        const kh_live_lane *lane = batch->works[i].lane;
        int64_t offsets[KH_SOURCES_MAX];
        for (size_t t = 0; t < share->worker->topic_count; t++) {
            offsets[t] = lane->sources[t].next_offset;
        }
        rc = kh_outgoing_add_lane(batch->out, share->worker->settings->configuration->settings.deployment, lane->number,
                                  lane->next_seq, share->worker->topics, offsets, share->worker->topic_count);
    }
    return rc;
}
