#include "app/live_decide.h"

#include <inttypes.h>

#include "app/live_redrive.h"
#include "codec/store.h"

/* ---- results ---- */

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

/* Not the detail: it may quote a value, and a name belongs in no log. Table and topic have it. */
static void log_dead_letter(kh_share *share, const kh_result *result)
{
    uint64_t held_back = 0;
    if (kh_log_allows(&share->dead_letter_log[result->refusal.code], &held_back)) {
        kh_log(KH_LOG_WARNING, "dead-letter",
               "%.*s/%" PRId32 "/%" PRId64 ": %s; the dead letter says more (and %" PRIu64 " like it before)",
               KH_TEXT_ARGS(result->record->topic), result->record->partition, result->record->offset,
               kh_refusal_name((int)result->refusal.code), held_back);
    }
}

static kh_rc take_result(void *self, const kh_result *result)
{
    kh_live_work *work = self;
    if (result->kind != KH_RESULT_DEAD_LETTER) {
        return kh_outgoing_add(work->out, work->arena, work->share->cache, work->lane->number, result);
    }
    const kh_pending *pending = &work->lane->pending[work->lane->pending_first + work->taken];
    kh_record record;
    kh_result kept = *result;
    kh_rc rc = copy_record(work->arena, pending, &record);
    if (rc != KH_OK) {
        return rc;
    }
    log_dead_letter(work->share, result);
    kept.record = &record;
    return kh_outgoing_add(work->out, work->arena, work->share->cache, work->lane->number, &kept);
}

static void say_blocked(kh_share *share, const kh_lane *core)
{
    const kh_amendment *missing = NULL;
    char from[KH_INSTANT_SIZE];
    uint64_t held_back = 0;
    if (kh_log_allows(&share->blocked_log, &held_back)) {
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
    say_blocked(work->share, &work->core);
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
    kh_rc rc = kh_transaction_read_wakeups(work->share->database, work->lane->number, *budget, work->arena,
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
    kh_share *share = work->share;
    bool trusted = share->worker->settings->configuration->settings.clock == KH_CLOCK_RECORDS;
    if (trusted || record->timestamp <= share->now) {
        return record->timestamp;
    }
    uint64_t held_back = 0;
    work->ahead_of_time++;
    if (kh_log_allows(&share->ahead_log, &held_back)) {
        kh_log(KH_LOG_WARNING, "timestamp-ahead",
               "%.*s/%" PRId32 "/%" PRId64 " is dated ahead of the database server's clock; the server's time is taken",
               KH_TEXT_ARGS(record->topic), record->partition, record->offset);
    }
    return share->now;
}

kh_rc kh_live_note_taken(kh_live_work *work, const kh_input *input, const kh_taken *taken)
{
    work->gaps += taken->gap;
    work->arrangement_changed = taken->arrangement_changed;
    if (!taken->arrangement_changed) {
        return KH_OK;
    }
    kh_cause cause = {KH_TRIGGER_ARRANGEMENT, input->record->topic, input->record->partition, input->record->offset,
                      input->event.statement.event_id};
    return kh_store_cause_encode(&cause, work->arena, &work->arrangement_cause);
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
        rc = kh_live_note_taken(work, input, &taken);
        if (rc != KH_OK) {
            return rc;
        }
    }
    return KH_OK;
}

/* Where time itself moves the clock to when there is nothing left to read; KH_INSTANT_NONE: nowhere. */
static kh_instant idle_time(const kh_live_work *work)
{
    const kh_share *share = work->share;
    if (work->lane->pending_count > work->taken || !kh_live_is_drained(share, work->lane)) {
        return KH_INSTANT_NONE;
    }
    return share->worker->settings->configuration->settings.clock == KH_CLOCK_WALL ? share->now
                                                                                   : share->worker->settings->until;
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

kh_rc kh_live_decide(kh_live_work *work)
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
    if (rc == KH_OK && work->lane->has_redrives && budget > 0 && work->core.clock != KH_INSTANT_NONE) {
        rc = kh_live_redrive(work, &budget);
    }
    if (rc == KH_OK) {
        rc = take_records(work, &budget);
    }
    return rc == KH_OK && work->taken == work->input_count ? advance_idle(work, &budget) : rc;
}

/* ---- before deciding ---- */

/* The last instant that the batch may move the lane to. */
static kh_instant last_instant(const kh_live_work *work)
{
    kh_instant last = work->lane->clock;
    for (size_t i = 0; i < work->input_count; i++) {
        kh_instant at = work->inputs[i].record->timestamp;
        last = at > last ? at : last;
    }
    kh_instant idle = idle_time(work);
    last = idle > last ? idle : last;
    bool wall = work->share->worker->settings->configuration->settings.clock == KH_CLOCK_WALL;
    return wall && last > work->share->now ? work->share->now : last;
}

kh_rc kh_live_prepare(kh_live_work *work)
{
    kh_share *share = work->share;
    kh_arena *arena = work->arena;
    kh_live_lane *lane = work->lane;
    uint32_t count = share->world.count;
    bool *owned = kh_arena_allocate_array(arena, count, sizeof *owned);
    kh_arrangement *arrangements = kh_arena_allocate_array(arena, count, sizeof *arrangements);
    if (owned == NULL || arrangements == NULL) {
        return KH_E_MEMORY;
    }
    for (uint32_t i = 0; i < count; i++) {
        arrangements[i] = share->world.arrangements[i];
        owned[i] = kh_partition_of_key(arrangements[i].subject, share->worker->partition_count) == lane->number;
    }
    work->due_limit = share->halving.most;
    kh_live_source_init(work);
    work->set = kh_working_set_new(arena, share->world.book, &work->source, last_instant(work), work->due_limit);
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
