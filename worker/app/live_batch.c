/* One batch: at most so many records, dues, swept and woken subjects of all lanes, in one database transaction. */
#include "app/live.h"

#include <inttypes.h>
#include <stdlib.h>
#include <zlib.h>

#include "app/failpoint.h"
#include "app/live_source.h"
#include "app/live_write.h"
#include "codec/store.h"

uint32_t kh_record_crc(const kh_record *record)
{
    uLong crc = crc32(0L, Z_NULL, 0);
    if (record->key.length > 0) {
        crc = crc32_z(crc, (const Bytef *)record->key.data, record->key.length);
    }
    if (record->value.length > 0) {
        crc = crc32_z(crc, (const Bytef *)record->value.data, record->value.length);
    }
    return (uint32_t)crc;
}

void kh_live_log_database(const kh_worker *worker, const char *event)
{
    if (worker->database != NULL) {
        const kh_database_error *error = kh_database_last_error(worker->database);
        kh_log(KH_LOG_WARNING, event, "%s: %s%s%s", error->doing, error->text, error->sqlstate[0] == '\0' ? "" : ", SQLSTATE ",
               error->sqlstate);
    }
}

static bool lane_waits(const kh_worker *worker, const kh_live_lane *lane)
{
    return !lane->blocked && worker->settings->until != KH_INSTANT_NONE && lane->pending_count == 0 &&
           kh_live_is_drained(worker, lane) && (lane->clock == KH_INSTANT_NONE || lane->clock < worker->settings->until);
}

static bool has_work(const kh_worker *worker, const kh_live_lane *lane)
{
    return (lane->pending_count > 0 && !lane->blocked) || (lane->sweeping && !lane->blocked) || lane->behind ||
           lane->has_wakeups || lane->has_due || lane_waits(worker, lane);
}

bool kh_live_is_drained(const kh_worker *worker, const kh_live_lane *lane)
{
    for (size_t i = 0; i < worker->topic_count; i++) {
        if (!lane->sources[i].drained) {
            return false;
        }
    }
    return true;
}

/* ---- reading the batch's records ---- */

/* A dead letter outlives the hold of its record. */
static kh_rc copy_record(kh_arena *arena, const kh_pending *pending, kh_record *out)
{
    *out = pending->record;
    kh_rc rc = kh_arena_copy_text(arena, pending->record.key, &out->key);
    if (rc == KH_OK) {
        rc = kh_arena_copy_text(arena, pending->record.value, &out->value);
    }
    if (rc == KH_OK) {
        rc = kh_consumer_headers(pending->hold, arena, out);
    }
    for (uint32_t i = 0; rc == KH_OK && i < out->header_count; i++) {
        kh_header *header = (kh_header *)&out->headers[i];
        rc = kh_arena_copy_text(arena, header->name, &header->name);
        if (rc == KH_OK) {
            rc = kh_arena_copy_text(arena, header->value, &header->value);
        }
    }
    return rc;
}

static kh_rc read_input(const kh_worker *worker, const kh_pending *pending, kh_arena *arena, kh_input *out)
{
    int32_t expected =
        pending->record.has_key ? kh_partition_of_key(pending->record.key, worker->partition_count) : -1;
    kh_rc rc = kh_event_read(&worker->rules, &pending->record, expected, arena, &out->event, &out->refusal);
    out->refused = rc == KH_E_REFUSED;
    if (rc != KH_OK && !out->refused) {
        return rc;
    }
    if (pending->refuse && !out->refused) {
        out->refused = true;
        out->refusal = (kh_refusal){KH_REFUSAL_REFUSED_BY_DATABASE,
                                    KH_TEXT("the database refuses what this record comes to; its log says why: mend the "
                                            "database, or the record")};
    }
    out->record = &pending->record;
    return KH_OK;
}

static kh_rc read_inputs(kh_worker *worker, kh_live_work *work, uint32_t *left)
{
    kh_live_lane *lane = work->lane;
    size_t wanted = lane->blocked || lane->pending_count < *left ? lane->pending_count : *left;
    if (lane->blocked) {
        wanted = 0;
    }
    work->inputs = kh_arena_allocate_array(work->arena, wanted, sizeof *work->inputs);
    if (work->inputs == NULL) {
        return KH_E_MEMORY;
    }
    for (size_t i = 0; i < wanted; i++) {
        kh_rc rc = read_input(worker, &lane->pending[lane->pending_first + i], work->arena, &work->inputs[i]);
        if (rc != KH_OK) {
            return rc;
        }
        const kh_input *input = &work->inputs[i];
        work->about_arrangement = work->about_arrangement ||
                                  (!input->refused && kh_body_is_about_arrangement(input->event.statement.body.kind));
    }
    work->input_count = wanted;
    *left -= (uint32_t)wanted;
    return KH_OK;
}

/* ---- deciding one lane ---- */

static void log_dead_letter(kh_worker *worker, const kh_result *result)
{
    uint64_t held_back = 0;
    if (kh_log_allows(&worker->dead_letter_log[result->refusal.code], &held_back)) {
        kh_log(KH_LOG_WARNING, "dead-letter", "%.*s/%" PRId32 "/%" PRId64 ": %s: %.*s (and %" PRIu64 " like it before)",
               KH_TEXT_ARGS(result->record->topic), result->record->partition, result->record->offset,
               kh_refusal_name(result->refusal.code), KH_TEXT_ARGS(result->refusal.detail), held_back);
    }
}

static kh_rc take_result(void *self, const kh_result *result)
{
    kh_live_work *work = self;
    if (result->kind != KH_RESULT_DEAD_LETTER) {
        return kh_outgoing_add(work->out, work->worker->cache, work->lane->number, result);
    }
    const kh_pending *pending = &work->lane->pending[work->lane->pending_first + work->taken];
    kh_record record;
    kh_result kept = *result;
    kh_rc rc = copy_record(work->arena, pending, &record);
    if (rc != KH_OK) {
        return rc;
    }
    work->worker->counts.dead_letters++;
    log_dead_letter(work->worker, result);
    kept.record = &record;
    return kh_outgoing_add(work->out, work->worker->cache, work->lane->number, &kept);
}

static void say_blocked(kh_worker *worker, const kh_lane *core)
{
    const kh_amendment *missing = NULL;
    char from[KH_INSTANT_SIZE];
    uint64_t held_back = 0;
    if (kh_log_allows(&worker->blocked_log, &held_back)) {
        (void)kh_instant_print(kh_lane_blocked_from(core, &missing), from);
        kh_log(KH_LOG_WARNING, "rule-pack-missing",
               "both participants consented to the rule pack with SHA-256 %.*s, in effect from %s; no later record is "
               "decided until `kakehashi rules load FILE` brings it",
               KH_TEXT_ARGS(missing->sha256), from);
    }
}

/* Whether the lane may move to that instant; says so if a missing rule pack forbids it. */
static bool may_pass(kh_live_work *work, kh_instant to)
{
    const kh_amendment *missing = NULL;
    kh_instant from = kh_lane_blocked_from(&work->core, &missing);
    if (from == KH_INSTANT_NONE || to < from) {
        return true;
    }
    work->lane->blocked = true;
    say_blocked(work->worker, &work->core);
    return false;
}

static kh_rc sweep(kh_live_work *work, uint32_t *budget)
{
    kh_live_lane *lane = work->lane;
    kh_stored_subject *rows = NULL;
    size_t count = 0;
    kh_cause cause = {.trigger = KH_TRIGGER_ARRANGEMENT};
    kh_text encoded = {lane->sweep_cause, lane->sweep_cause_length};
    kh_rc rc = encoded.length == 0 ? KH_OK : kh_store_cause_decode(encoded, work->arena, &cause);
    cause.trigger = KH_TRIGGER_ARRANGEMENT;
    if (rc == KH_OK && lane->sweep_after_length == 0) {
        rc = kh_lane_begin_sweep(&work->core, &cause);
    }
    kh_text after = {lane->sweep_after, lane->sweep_after_length};
    if (rc == KH_OK) {
        rc = kh_live_source_sweep(work, after, *budget, &rows, &count);
    }
    for (size_t i = 0; rc == KH_OK && i < count; i++) {
        kh_subject *subject = NULL;
        rc = kh_working_set_add(work->set, &rows[i]);
        if (rc == KH_OK) {
            rc = work->core.store->subject(work->core.store->self, rows[i].key, &subject);
        }
        if (rc == KH_OK) {
            rc = kh_lane_decide_again(&work->core, subject, &cause);
        }
    }
    if (rc != KH_OK) {
        return rc;
    }
    work->sweep_done = count < *budget;
    if (count > 0) {
        work->sweep_after = rows[count - 1].key;
    }
    *budget -= (uint32_t)count;
    return KH_OK;
}

static kh_rc wake(kh_live_work *work, uint32_t *budget)
{
    kh_rc rc = kh_transaction_read_wakeups(work->worker->database, work->lane->number, *budget, work->arena,
                                           &work->wakeups, &work->wakeup_count);
    work->wakeups_left = rc == KH_OK && work->wakeup_count == *budget;
    for (size_t i = 0; rc == KH_OK && i < work->wakeup_count; i++) {
        kh_cause cause = {.trigger = KH_TRIGGER_BASIS};
        kh_subject *subject = NULL;
        if (work->wakeups[i].cause.length > 0) {
            rc = kh_store_cause_decode(work->wakeups[i].cause, work->arena, &cause);
        }
        cause.trigger = KH_TRIGGER_BASIS;
        if (rc == KH_OK) {
            rc = work->core.store->subject(work->core.store->self, work->wakeups[i].subject, &subject);
        }
        if (rc == KH_OK) {
            rc = kh_lane_decide_again(&work->core, subject, &cause);
        }
    }
    *budget -= (uint32_t)work->wakeup_count;
    return rc;
}

/* A timestamp ahead of the server's clock counts as the server's time: a wrong clock must not expire every label. */
static kh_instant time_of(kh_live_work *work, const kh_record *record)
{
    kh_worker *worker = work->worker;
    bool trusted = worker->settings->configuration->settings.clock == KH_CLOCK_RECORDS;
    if (trusted || record->timestamp <= worker->now) {
        return record->timestamp;
    }
    uint64_t held_back = 0;
    worker->counts.ahead_of_time++;
    if (kh_log_allows(&worker->ahead_log, &held_back)) {
        kh_log(KH_LOG_WARNING, "timestamp-ahead",
               "%.*s/%" PRId32 "/%" PRId64 " is dated ahead of the database server's clock; the server's time is taken",
               KH_TEXT_ARGS(record->topic), record->partition, record->offset);
    }
    return worker->now;
}

static kh_rc take_records(kh_live_work *work, uint32_t *budget)
{
    while (work->taken < work->input_count && !work->arrangement_changed) {
        const kh_input *input = &work->inputs[work->taken];
        kh_instant to = time_of(work, input->record);
        bool reached = true;
        kh_taken taken;
        if (!may_pass(work, to > work->core.clock ? to : work->core.clock)) {
            return KH_OK;
        }
        kh_rc rc = kh_lane_advance(&work->core, to, budget, &reached);
        if (rc != KH_OK || !reached) {
            work->falls_short = true;
            return rc;
        }
        rc = kh_lane_take(&work->core, input, &taken);
        if (rc != KH_OK) {
            return rc;
        }
        work->taken++;
        work->worker->counts.gaps += taken.gap;
        work->arrangement_changed = taken.arrangement_changed;
        if (taken.arrangement_changed) {
            kh_cause cause = {KH_TRIGGER_ARRANGEMENT, input->record->topic, input->record->partition,
                              input->record->offset, input->event.statement.event_id};
            rc = kh_store_cause_encode(&cause, work->arena, &work->arrangement_cause);
        }
        if (rc != KH_OK) {
            return rc;
        }
    }
    return KH_OK;
}

/* Where time itself moves the clock to when there is nothing left to read; KH_INSTANT_NONE: nowhere. */
static kh_instant idle_time(const kh_live_work *work)
{
    const kh_worker *worker = work->worker;
    if (work->lane->pending_count > work->taken || !kh_live_is_drained(worker, work->lane)) {
        return KH_INSTANT_NONE;
    }
    return worker->settings->configuration->settings.clock == KH_CLOCK_WALL ? worker->now : worker->settings->until;
}

static kh_rc advance_idle(kh_live_work *work, uint32_t *budget)
{
    kh_instant to = work->arrangement_changed ? KH_INSTANT_NONE : idle_time(work);
    bool reached = false;
    if (to == KH_INSTANT_NONE || !may_pass(work, to)) {
        return KH_OK;
    }
    kh_rc rc = kh_lane_advance(&work->core, to, budget, &reached);
    work->falls_short = !reached;
    return rc;
}

static kh_rc decide_lane(kh_live_work *work)
{
    uint32_t budget = work->due_limit;
    kh_rc rc = KH_OK;
    bool held = work->core.clock != KH_INSTANT_NONE && !may_pass(work, work->core.clock);
    if (work->lane->sweeping && !held) {
        rc = sweep(work, &budget);
        if (rc != KH_OK || !work->sweep_done) {
            return rc;
        }
    }
    if (held) {
        return KH_OK;
    }
    if (work->lane->has_wakeups && budget > 0) {
        rc = wake(work, &budget);
    }
    if (rc == KH_OK) {
        rc = take_records(work, &budget);
    }
    return rc == KH_OK && work->taken == work->input_count ? advance_idle(work, &budget) : rc;
}

/* ---- the whole batch ---- */

/* A newer rule pack, policy, calendar or fact about an arrangement: the world is read anew, and the lanes sweep. */
static kh_rc notice_version(kh_worker *worker, kh_live_batch_work *batch)
{
    int64_t version = batch->rows[0].arrangement_version;
    if (version != worker->world_version) {
        kh_rc rc = kh_live_read_world(worker, version);
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

static kh_rc prepare_work(kh_worker *worker, kh_live_work *work)
{
    kh_arena *arena = work->arena;
    kh_live_lane *lane = work->lane;
    uint32_t count = worker->world.count;
    bool *owned = kh_arena_allocate_array(arena, count, sizeof *owned);
    kh_arrangement *arrangements = kh_arena_allocate_array(arena, count, sizeof *arrangements);
    if (owned == NULL || arrangements == NULL) {
        return KH_E_MEMORY;
    }
    for (uint32_t i = 0; i < count; i++) {
        arrangements[i] = worker->world.arrangements[i];
        owned[i] = kh_partition_of_key(arrangements[i].subject, worker->partition_count) == lane->number;
    }
    work->due_limit = worker->halving.most;
    kh_live_source_init(work);
    work->set = kh_working_set_new(arena, worker->world.book, &work->source, kh_live_last_instant(work), work->due_limit);
    if (work->set == NULL) {
        return KH_E_MEMORY;
    }
    work->sink = (kh_sink){work, take_result};
    work->core = (kh_lane){.number = lane->number,
                           .clock = lane->clock,
                           .next_seq = lane->next_seq,
                           .arrangements = arrangements,
                           .arrangement_count = count,
                           .owns_arrangement = owned,
                           .arena = arena,
                           .store = kh_working_set_store(work->set),
                           .sink = &work->sink};
    return KH_OK;
}

kh_instant kh_live_last_instant(const kh_live_work *work)
{
    kh_instant last = work->lane->clock;
    for (size_t i = 0; i < work->input_count; i++) {
        kh_instant at = work->inputs[i].record->timestamp;
        last = at > last ? at : last;
    }
    kh_instant idle = idle_time(work);
    last = idle > last ? idle : last;
    bool wall = work->worker->settings->configuration->settings.clock == KH_CLOCK_WALL;
    return wall && last > work->worker->now ? work->worker->now : last;
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

static kh_rc decide_batch(kh_worker *worker, kh_live_batch_work *batch)
{
    kh_rc rc = notice_version(worker, batch);
    if (rc == KH_OK && batch->world_changed) { /* read by the old rules: again */
        bool all_locked = any_about_arrangement(batch);
        rc = kh_live_read_all(worker, batch);
        if (rc == KH_OK && any_about_arrangement(batch) && !all_locked) {
            rc = KH_E_RETRY; /* next time all lanes are locked from the start */
        }
    }
    for (size_t i = 0; rc == KH_OK && i < batch->count; i++) {
        rc = prepare_work(worker, &batch->works[i]);
    }
    if (rc == KH_OK) {
        rc = kh_live_source_preload(worker, batch);
    }
    for (size_t i = 0; rc == KH_OK && i < batch->count; i++) {
        rc = decide_lane(&batch->works[i]);
    }
    return rc;
}

kh_rc kh_live_read_all(kh_worker *worker, kh_live_batch_work *batch)
{
    uint32_t left = worker->halving.limit;
    kh_rc rc = KH_OK;
    for (size_t i = 0; rc == KH_OK && i < batch->count; i++) {
        rc = read_inputs(worker, &batch->works[i], &left);
    }
    return rc;
}

static kh_rc choose_lanes(kh_worker *worker, kh_outgoing *out, kh_live_batch_work *batch)
{
    *batch = (kh_live_batch_work){.out = out};
    batch->works = kh_arena_allocate_array(&out->arena, worker->lane_count, sizeof *batch->works);
    batch->guards = kh_arena_allocate_array(&out->arena, worker->lane_count, sizeof *batch->guards);
    batch->rows = kh_arena_allocate_array(&out->arena, worker->lane_count, sizeof *batch->rows);
    if (batch->works == NULL || batch->guards == NULL || batch->rows == NULL) {
        return KH_E_MEMORY;
    }
    for (size_t i = 0; i < worker->lane_count; i++) {
        kh_live_lane *lane = &worker->lanes[i];
        if (has_work(worker, lane)) {
            batch->guards[batch->count] = (kh_lane_guard){lane->number, lane->epoch, lane->next_seq};
            batch->works[batch->count++] =
                (kh_live_work){.worker = worker, .lane = lane, .arena = &out->arena, .out = out};
        }
    }
    return KH_OK;
}


/* Only now is the batch real: progress in memory follows what was committed. */
static void take_over(kh_worker *worker, kh_live_batch_work *batch)
{
    bool arrangement_changed = false;
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
        kh_live_note_quiet(work);
        kh_live_consume(worker, work);
        arrangement_changed = arrangement_changed || work->arrangement_changed;
    }
    for (size_t i = 0; arrangement_changed && i < worker->lane_count; i++) {
        worker->lanes[i].behind = true;
    }
    worker->counts.batches++;
    worker->counts.results += batch->out->row_count;
}

static kh_rc run_batch(kh_worker *worker, kh_live_batch_work *batch)
{
    kh_rc rc = kh_live_read_all(worker, batch);
    if (rc == KH_OK) {
        kh_failpoint("before-begin");
        rc = kh_transaction_begin(worker->database, batch->guards, batch->count, any_about_arrangement(batch),
                                  &batch->out->arena, batch->rows, &worker->now);
    }
    if (rc == KH_OK) {
        rc = decide_batch(worker, batch);
        if (rc == KH_OK) {
            rc = kh_live_write(worker, batch);
        }
        if (rc != KH_OK) {
            kh_live_log_database(worker, "batch-failed");
            kh_transaction_rollback(worker->database);
            return rc;
        }
        kh_failpoint("before-database-commit");
        rc = kh_transaction_commit(worker->database);
        if (rc == KH_OK) {
            kh_failpoint("after-database-commit");
        }
    }
    if (rc != KH_OK) {
        kh_live_log_database(worker, "batch-failed");
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
static kh_rc narrow_down(kh_worker *worker, const kh_live_batch_work *batch)
{
    size_t records = records_in(batch);
    if (records == 0) {
        kh_log(KH_LOG_ERROR, "row-refused", "the database refuses a row that no record brought; see the line before");
        return KH_E_INTERNAL;
    }
    if (kh_halving_refused(&worker->halving, (uint32_t)records)) {
        for (size_t i = 0; i < batch->count; i++) {
            kh_live_lane *lane = batch->works[i].lane;
            if (batch->works[i].input_count == 1) {
                lane->pending[lane->pending_first].refuse = true;
            }
        }
    }
    return KH_E_RETRY;
}

kh_rc kh_live_batch(kh_worker *worker, bool *did)
{
    kh_live_batch_work batch;
    *did = false;
    kh_outgoing *out = kh_publishing_borrow(worker->publishing, 100);
    if (out == NULL) {
        return KH_E_TIMEOUT;
    }
    kh_rc rc = choose_lanes(worker, out, &batch);
    if (rc != KH_OK || batch.count == 0) {
        kh_publishing_return(worker->publishing, out);
        return rc;
    }
    rc = run_batch(worker, &batch);
    if (rc == KH_E_BAD_ROW) {
        rc = narrow_down(worker, &batch);
    }
    if (rc != KH_OK) {
        kh_publishing_return(worker->publishing, out);
        return rc;
    }
    if (records_in(&batch) > 0) {
        kh_halving_passed(&worker->halving);
    }
    take_over(worker, &batch);
    rc = kh_live_add_marks(worker, &batch);
    if (rc != KH_OK) {
        kh_publishing_return(worker->publishing, out);
        return rc;
    }
    *did = true;
    kh_publishing_submit(worker->publishing, out);
    return KH_OK;
}

kh_rc kh_live_look(kh_worker *worker)
{
    int32_t numbers[1024];
    kh_lane_look looks[1024];
    for (size_t from = 0; from < worker->lane_count; from += 1024) {
        size_t count = worker->lane_count - from < 1024 ? worker->lane_count - from : 1024;
        size_t found = 0;
        for (size_t i = 0; i < count; i++) {
            numbers[i] = worker->lanes[from + i].number;
        }
        kh_rc rc = kh_lanes_look(worker->database, numbers, count, looks, &found, &worker->now);
        if (rc != KH_OK) {
            kh_live_log_database(worker, "look-failed");
            return rc;
        }
        if (found != count) {
            return KH_E_NOT_MINE;
        }
        bool wall = worker->settings->configuration->settings.clock == KH_CLOCK_WALL;
        for (size_t i = 0; i < count; i++) {
            kh_live_lane *lane = &worker->lanes[from + i];
            if (looks[i].epoch != lane->epoch) {
                return KH_E_NOT_MINE;
            }
            bool idle = wall && lane->pending_count == 0 && kh_live_is_drained(worker, lane) && !lane->blocked;
            bool due = looks[i].first_due_at != KH_INSTANT_NONE && looks[i].first_due_at <= worker->now;
            lane->has_due = idle && (due || kh_live_must_begin(worker, lane));
            lane->has_wakeups = looks[i].has_wakeups && !lane->blocked;
            lane->behind = looks[i].arrangement_version > lane->swept_version;
        }
    }
    worker->looked_ms = kh_monotonic_ms();
    return KH_OK;
}
