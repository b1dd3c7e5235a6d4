/* One batch: at most so many records, dues, swept and woken subjects of all lanes, in one database transaction.
 * tests/model/publish.pml and basis.pml describe its steps and change with it. */
#include "app/live.h"

#include <inttypes.h>
#include <stdlib.h>

#include "app/failpoint.h"
#include "app/live_count.h"
#include "app/live_decide.h"
#include "app/live_redrive.h"
#include "app/live_write.h"
#include "app/metrics.h"
#include "codec/store.h"

static bool lane_waits(const kh_share *share, const kh_live_lane *lane)
{
    return !lane->blocked && share->worker->settings->until != KH_INSTANT_NONE && lane->pending_count == 0 &&
           kh_live_is_drained(share, lane) &&
           (lane->clock == KH_INSTANT_NONE || lane->clock < share->worker->settings->until);
}

static bool has_work(const kh_share *share, const kh_live_lane *lane)
{
    return (kh_live_ready(share, lane) > 0 && !lane->blocked) || (lane->sweeping && !lane->blocked) || lane->behind ||
           lane->has_wakeups || (lane->has_redrives && !lane->blocked) || lane->has_due || lane_waits(share, lane);
}

bool kh_live_has_work(const kh_share *share)
{
    for (size_t i = 0; i < share->lane_count; i++) {
        if (has_work(share, &share->lanes[i])) {
            return true;
        }
    }
    return false;
}

/* ---- reading the batch's records ---- */

static kh_rc read_input(const kh_share *share, const kh_pending *pending, kh_arena *arena, kh_input *out)
{
    int32_t expected =
        pending->record.has_key ? kh_partition_of_key(pending->record.key, share->worker->partition_count) : -1;
    kh_rc rc = kh_event_read(&share->rules, &pending->record, expected, arena, &out->event, &out->refusal);
    out->refused = rc == KH_E_REFUSED;
    if (rc != KH_OK && !out->refused) {
        return rc;
    }
    if (pending->refuse && !out->refused) {
        out->refused = true;
        out->refusal =
            (kh_refusal){KH_REFUSAL_REFUSED_BY_DATABASE,
                         KH_TEXT("the database refuses what this record comes to; its log says why: mend the "
                                 "database, or the record")};
    }
    out->record = &pending->record;
    return KH_OK;
}

/* How many records each lane gives: first an equal part, then what others leave, and another lane begins each time, so
 * that none waits behind a lane that has more. While a record that the database refuses is looked for, the lowest lane
 * gives all: so it stands alone in the end. A lane that sweeps decides records when it is through. */
static void share_out(const kh_share *share, kh_live_batch_work *batch)
{
    size_t left = share->redrives_alone ? 0 : share->halving.limit;
    bool narrowing = share->halving.limit < share->halving.most;
    size_t part = narrowing || left < batch->count ? left : left / batch->count;
    for (size_t i = 0; i < batch->count; i++) {
        batch->works[i].input_count = 0;
    }
    for (int pass = 0; pass < 2; pass++) {
        for (size_t i = 0; i < batch->count; i++) {
            kh_live_work *work = &batch->works[narrowing ? i : (share->batches + i) % batch->count];
            const kh_live_lane *lane = work->lane;
            size_t ready = lane->blocked || lane->sweeping ? 0 : kh_live_ready(share, lane) - work->input_count;
            size_t most = pass == 0 && part < left ? part : left;
            size_t more = ready < most ? ready : most;
            work->input_count += more;
            left -= more;
        }
    }
}

static kh_rc read_inputs(kh_share *share, kh_live_work *work)
{
    const kh_live_lane *lane = work->lane;
    work->inputs = kh_arena_allocate_array(work->arena, work->input_count, sizeof *work->inputs);
    if (work->inputs == NULL) {
        return KH_E_MEMORY;
    }
    for (size_t i = 0; i < work->input_count; i++) {
        kh_rc rc = read_input(share, &lane->pending[lane->pending_first + i], work->arena, &work->inputs[i]);
        if (rc != KH_OK) {
            return rc;
        }
        const kh_input *input = &work->inputs[i];
        work->about_arrangement = work->about_arrangement ||
                                  (!input->refused && kh_body_is_about_arrangement(input->event.statement.body.kind));
    }
    return KH_OK;
}

/* ---- the whole batch ---- */

/* A newer rule pack, policy, calendar or fact about an arrangement: the world is read anew, and the lanes sweep. */
static kh_rc notice_version(kh_share *share, kh_live_batch_work *batch)
{
    int64_t version = batch->rows[0].arrangement_version;
    if (version != share->world_version) {
        kh_rc rc = kh_live_read_world(share, version);
        if (rc != KH_OK) {
            return rc;
        }
        batch->world_changed = true;
    }
    for (size_t i = 0; i < batch->count; i++) {
        kh_live_lane *lane = batch->works[i].lane;
        if (batch->rows[i].arrangement_version <= lane->swept_version) {
            continue;
        }
        kh_text cause = batch->rows[i].arrangement_cause;
        char *copy = malloc(cause.length + 1);
        if (copy == NULL) {
            return KH_E_MEMORY;
        }
        memcpy(copy, cause.length == 0 ? "" : cause.data, cause.length);
        free(lane->sweep_cause);
        lane->sweep_cause = copy;
        lane->sweep_cause_length = cause.length;
        lane->sweep_after_length = 0;
        lane->swept_version = version;
        lane->sweeping = true;
        lane->blocked = false;
    }
    return KH_OK;
}

static bool any_about_arrangement(const kh_live_batch_work *batch)
{
    for (size_t i = 0; i < batch->count; i++) {
        if (batch->works[i].about_arrangement) {
            return true;
        }
    }
    return false;
}

static kh_rc decide_batch(kh_share *share, kh_live_batch_work *batch)
{
    kh_rc rc = notice_version(share, batch);
    kh_failpoint(KH_AT_AFTER_VERSION);
    if (rc == KH_OK && batch->world_changed) { /* read by the old rules: again */
        bool all_locked = any_about_arrangement(batch);
        rc = kh_live_read_all(share, batch);
        if (rc == KH_OK && any_about_arrangement(batch) && !all_locked) {
            rc = KH_E_RETRY; /* next time all lanes are locked from the start */
        }
    }
    for (size_t i = 0; rc == KH_OK && i < batch->count; i++) {
        rc = kh_live_prepare(&batch->works[i]);
    }
    if (rc == KH_OK) {
        rc = kh_live_source_preload(share, batch);
        kh_failpoint(KH_AT_AFTER_READING_AHEAD);
    }
    for (size_t i = 0; rc == KH_OK && i < batch->count; i++) {
        rc = kh_live_decide(&batch->works[i]);
    }
    kh_failpoint(KH_AT_AFTER_DECIDING);
    return rc;
}

kh_rc kh_live_read_all(kh_share *share, kh_live_batch_work *batch)
{
    kh_rc rc = KH_OK;
    share_out(share, batch);
    for (size_t i = 0; rc == KH_OK && i < batch->count; i++) {
        rc = read_inputs(share, &batch->works[i]);
    }
    return rc;
}

static bool any_redrives(const kh_share *share)
{
    for (size_t i = 0; i < share->lane_count; i++) {
        if (share->lanes[i].has_redrives) {
            return true;
        }
    }
    return false;
}

static kh_rc choose_lanes(kh_share *share, kh_outgoing *out, kh_live_batch_work *batch)
{
    share->redrives_alone = share->redrives_alone && any_redrives(share); /* somebody may have taken them back */
    share->batches++;
    *batch = (kh_live_batch_work){.out = out};
    batch->works = kh_arena_allocate_array(&share->arena, share->lane_count, sizeof *batch->works);
    batch->guards = kh_arena_allocate_array(&share->arena, share->lane_count, sizeof *batch->guards);
    batch->rows = kh_arena_allocate_array(&share->arena, share->lane_count, sizeof *batch->rows);
    if (batch->works == NULL || batch->guards == NULL || batch->rows == NULL) {
        return KH_E_MEMORY;
    }
    for (size_t i = 0; i < share->lane_count; i++) {
        kh_live_lane *lane = &share->lanes[i];
        if (share->redrives_alone ? lane->has_redrives && batch->count == 0 : has_work(share, lane)) {
            batch->guards[batch->count] = (kh_lane_guard){lane->number, lane->epoch, lane->next_seq};
            batch->works[batch->count++] = (kh_live_work){.share = share,
                                                          .lane = lane,
                                                          .arena = &share->arena,
                                                          .out = out,
                                                          .about_arrangement = lane->locks_all,
                                                          .redrives_left = lane->has_redrives};
        }
    }
    return KH_OK;
}

/* Only now is the batch real: progress in memory follows what was committed. */
static void take_over(kh_share *share, kh_live_batch_work *batch)
{
    bool arrangement_changed = false;
    kh_live_count(batch);
    for (size_t i = 0; i < batch->count; i++) {
        kh_live_work *work = &batch->works[i];
        kh_live_lane *lane = work->lane;
        lane->next_seq = work->core.next_seq;
        lane->clock = work->core.clock;
        if (lane->sweeping && work->sweep_after.length > 0) {
            memcpy(lane->sweep_after, work->sweep_after.data, work->sweep_after.length);
            lane->sweep_after_length = work->sweep_after.length;
        }
        if (work->sweep_done) {
            lane->sweeping = false;
        }
        lane->behind = false;
        lane->has_wakeups = work->wakeups_left;
        lane->has_due = false;
        kh_live_redrive_passed(work);
        kh_live_note_quiet(work);
        kh_live_consume(share, work);
        arrangement_changed = arrangement_changed || work->arrangement_changed;
    }
    for (size_t i = 0; arrangement_changed && i < share->lane_count; i++) {
        share->lanes[i].behind = true; /* the other shares learn it by their next look */
    }
}

static kh_rc run_batch(kh_share *share, kh_live_batch_work *batch)
{
    kh_rc rc = kh_live_read_all(share, batch);
    if (rc == KH_OK) {
        kh_failpoint(KH_AT_BEFORE_BEGIN);
        rc = kh_transaction_begin(share->database, batch->guards, batch->count, any_about_arrangement(batch),
                                  &share->arena, batch->rows, &share->now);
    }
    if (rc == KH_OK) {
        kh_failpoint(KH_AT_AFTER_BEGIN);
        rc = decide_batch(share, batch);
        if (rc == KH_OK) {
            rc = kh_live_write(share, batch);
        }
        if (rc != KH_OK) {
            kh_live_log_database(share, "batch-failed");
            kh_failpoint(KH_AT_BEFORE_ROLLBACK);
            kh_transaction_rollback(share->database);
            kh_failpoint(KH_AT_AFTER_ROLLBACK);
            return rc;
        }
        kh_failpoint(KH_AT_BEFORE_DATABASE_COMMIT);
        int64_t began = kh_monotonic_us();
        rc = kh_transaction_commit(share->database);
        kh_metric_observe(KH_METRIC_COMMIT_SECONDS, kh_monotonic_us() - began);
        if (rc == KH_OK) {
            kh_failpoint(KH_AT_AFTER_DATABASE_COMMIT);
        }
    }
    if (rc != KH_OK) {
        kh_live_log_database(share, "batch-failed");
    }
    return rc;
}

static size_t records_in(const kh_live_batch_work *batch)
{
    size_t records = 0;
    for (size_t i = 0; i < batch->count; i++) {
        records += batch->works[i].input_count;
    }
    return records;
}

/* Halves until the record stands alone, then refuses that one. */
static kh_rc narrow_down(kh_share *share, const kh_live_batch_work *batch)
{
    size_t records = records_in(batch);
    if (kh_live_redrive_narrow(share, batch)) {
        return KH_E_RETRY;
    }
    if (records == 0) {
        kh_log(KH_LOG_ERROR, "row-refused", "the database refuses a row that no record brought; see the line before");
        return KH_E_INTERNAL;
    }
    if (kh_halving_refused(&share->halving, (uint32_t)records)) {
        for (size_t i = 0; i < batch->count; i++) {
            kh_live_lane *lane = batch->works[i].lane;
            if (batch->works[i].input_count == 1) {
                lane->pending[lane->pending_first].refuse = true;
            }
        }
    }
    return KH_E_RETRY;
}

kh_rc kh_live_batch(kh_share *share, bool *did)
{
    kh_live_batch_work batch;
    *did = false;
    kh_outgoing *out = kh_publishing_borrow(share->worker->publishing, 100);
    if (out == NULL) {
        return KH_E_TIMEOUT;
    }
    kh_arena_reset(&share->arena);
    kh_rc rc = choose_lanes(share, out, &batch);
    if (rc != KH_OK || batch.count == 0) {
        kh_publishing_return(share->worker->publishing, out);
        return rc;
    }
    int64_t began = kh_monotonic_us();
    rc = run_batch(share, &batch);
    kh_live_let_bases_go(share);
    kh_metric_observe(KH_METRIC_BATCH_SECONDS, kh_monotonic_us() - began);
    kh_metric_add(KH_METRIC_DATABASE_TRANSACTIONS, kh_metric_outcome(rc), 1);
    if (rc == KH_E_BAD_ROW) {
        rc = narrow_down(share, &batch);
    }
    if (rc != KH_OK) {
        kh_publishing_return(share->worker->publishing, out);
        return rc;
    }
    if (records_in(&batch) > 0) {
        kh_halving_passed(&share->halving);
    }
    take_over(share, &batch);
    rc = kh_live_add_marks(share, &batch);
    if (rc != KH_OK) {
        kh_publishing_return(share->worker->publishing, out);
        return rc;
    }
    *did = true;
    kh_failpoint(KH_AT_BEFORE_SUBMIT);
    kh_publishing_submit(share->worker->publishing, out);
    kh_failpoint(KH_AT_AFTER_SUBMIT);
    return KH_OK;
}

kh_rc kh_live_look(kh_share *share)
{
    int32_t numbers[1024];
    kh_lane_look looks[1024];
    kh_failpoint(KH_AT_BEFORE_LOOK);
    for (size_t from = 0; from < share->lane_count; from += 1024) {
        size_t count = share->lane_count - from < 1024 ? share->lane_count - from : 1024;
        size_t found = 0;
        for (size_t i = 0; i < count; i++) {
            numbers[i] = share->lanes[from + i].number;
        }
        kh_rc rc = kh_lanes_look(share->database, numbers, count, looks, &found, &share->now);
        if (rc != KH_OK) {
            kh_live_log_database(share, "look-failed");
            return rc;
        }
        if (found != count) {
            return KH_E_NOT_MINE;
        }
        bool wall = share->worker->settings->configuration->settings.clock == KH_CLOCK_WALL;
        kh_instant to = wall ? share->now : share->worker->settings->until;
        for (size_t i = 0; i < count; i++) {
            kh_live_lane *lane = &share->lanes[from + i];
            if (looks[i].epoch != lane->epoch) {
                return KH_E_NOT_MINE;
            }
            bool idle =
                to != KH_INSTANT_NONE && lane->pending_count == 0 && kh_live_is_drained(share, lane) && !lane->blocked;
            bool due = looks[i].first_due_at != KH_INSTANT_NONE && looks[i].first_due_at <= to;
            lane->has_due = idle && (due || kh_live_must_begin(share, lane));
            lane->has_wakeups = looks[i].has_wakeups && !lane->blocked;
            lane->has_redrives = looks[i].has_redrives && !lane->blocked;
            lane->behind = looks[i].arrangement_version > lane->swept_version;
        }
    }
    share->looked_ms = kh_monotonic_ms();
    kh_failpoint(KH_AT_AFTER_LOOK);
    return KH_OK;
}
