#include "app/live_poll.h"

#include <inttypes.h>
#include <stdlib.h>

#include "app/failpoint.h"
#include "app/live_source.h"

#define PENDING_BYTES_MAX ((size_t)16 << 20)
#define HELD_BYTES_MAX    ((size_t)64 << 20) /* with those of lanes that are held back */
#define PENDING_BATCHES   2                  /* at most so many wait when the shares are not given the same */
#define GIVE_UP_WAIT_MS   30000

static kh_live_lane *find_lane(kh_worker *worker, int32_t number)
{
    return kh_live_find_lane(kh_live_share(worker, number), number);
}

static size_t count_lanes(const kh_worker *worker)
{
    size_t count = 0;
    for (size_t i = 0; i < worker->share_count; i++) {
        count += worker->shares[i].lane_count;
    }
    return count;
}

/* ---- lanes come and go ---- */

static void free_lanes(kh_worker *worker)
{
    kh_live_forget_pending(worker);
    for (size_t i = 0; i < worker->share_count; i++) {
        kh_share *share = &worker->shares[i];
        for (size_t l = 0; l < share->lane_count; l++) {
            free(share->lanes[l].pending);
            free(share->lanes[l].sweep_cause);
        }
        free(share->lanes);
        share->lanes = NULL;
        share->lane_count = 0;
    }
    kh_group_claim_release(worker->claim);
    worker->claim = NULL;
}

/* An owner that stays costs the next one a fencing, nothing else. */
static void release_owner(kh_share *share)
{
    int32_t *numbers = calloc(share->lane_count, sizeof *numbers);
    int64_t *epochs = calloc(share->lane_count, sizeof *epochs);
    if (numbers != NULL && epochs != NULL) {
        for (size_t i = 0; i < share->lane_count; i++) {
            numbers[i] = share->lanes[i].number;
            epochs[i] = share->lanes[i].epoch;
        }
        (void)!kh_lanes_release(share->database, numbers, epochs, share->lane_count);
    }
    free(numbers);
    free(epochs);
}

void kh_live_give_up_lanes(kh_worker *worker, bool lost)
{
    size_t count = count_lanes(worker);
    kh_failpoint(KH_AT_BEFORE_GIVING_UP);
    if (count > 0 && lost) {
        kh_publishing_drop(worker->publishing);
    }
    bool settled = kh_publishing_wait(worker->publishing, GIVE_UP_WAIT_MS);
    if (!settled) {
        kh_publishing_drop(worker->publishing);
        settled = kh_publishing_wait(worker->publishing, GIVE_UP_WAIT_MS * 4);
    }
    kh_failpoint(KH_AT_PUBLISHING_SETTLED);
    bool published = settled && kh_publishing_failed(worker->publishing, NULL) == KH_OK;
    for (size_t i = 0; !lost && published && worker->taken && i < worker->share_count; i++) {
        if (worker->shares[i].lane_count > 0 && worker->shares[i].database != NULL) {
            release_owner(&worker->shares[i]);
        }
    }
    kh_failpoint(KH_AT_OWNERS_RELEASED);
    if (count > 0) {
        kh_log(KH_LOG_INFO, lost ? "lanes-lost" : "lanes-given-up", "%zu lanes", count);
    }
    free_lanes(worker);
    kh_failpoint(KH_AT_LANES_DROPPED);
}

static kh_rc take_assignment(kh_worker *worker, const kh_consumer_event *event)
{
    free_lanes(worker);
    for (size_t i = 0; i < worker->share_count; i++) {
        worker->shares[i].lanes = calloc(event->lane_count + 1, sizeof *worker->shares[i].lanes);
        if (worker->shares[i].lanes == NULL) {
            return KH_E_MEMORY;
        }
    }
    for (size_t i = 0; i < event->lane_count; i++) {
        kh_share *share = kh_live_share(worker, event->lanes[i]);
        kh_live_lane *lane = &share->lanes[share->lane_count++];
        lane->number = event->lanes[i];
        lane->clock = KH_INSTANT_NONE;
    }
    worker->claim = kh_group_claim_hold(event->claim);
    worker->assigned = true;
    kh_log(KH_LOG_INFO, "assigned", "%zu lanes", event->lane_count);
    return KH_OK;
}

/* ---- records ---- */

static kh_rc say_topic_changed(kh_worker *worker, const kh_consumer_event *event, const char *what)
{
    const kh_live_lane *lane = find_lane(worker, event->lane);
    int64_t last = lane == NULL ? KH_SEQ_NONE : lane->sources[event->topic].last_offset;
    kh_log(KH_LOG_ERROR, "topic-changed",
           "%s/%" PRId32 ": %s; the last decided record is at offset %" PRId64 ", reading was to go on at %" PRId64
           ": the topic was truncated or made anew. Nothing is skipped: bring its records back, or move to a new "
           "deployment and replay",
           worker->topics[event->topic], event->lane, what, last, event->offset);
    worker->reason = KH_ENDED_REWOUND;
    return KH_E_REWOUND;
}

/* The last decided record comes first after a start: it proves that the topic is the one that it was. */
static kh_rc check_last(kh_worker *worker, const kh_consumer_event *event, kh_live_source *source)
{
    const kh_record *record = &event->record;
    source->expects_last = false;
    if (record->offset == source->last_offset && record->timestamp == source->last_timestamp &&
        kh_record_crc(record) == source->last_crc) {
        kh_failpoint(KH_AT_LAST_RECORD_SEEN);
        return KH_OK;
    }
    return say_topic_changed(worker, event, "its last decided record is not there any more");
}

static bool make_room(kh_live_lane *lane)
{
    if (lane->pending_first + lane->pending_count < lane->pending_size) {
        return true;
    }
    if (lane->pending_first > 0) {
        memmove(lane->pending, lane->pending + lane->pending_first, lane->pending_count * sizeof *lane->pending);
        lane->pending_first = 0;
        return true;
    }
    size_t size = lane->pending_size == 0 ? 256 : lane->pending_size * 2;
    kh_pending *pending = realloc(lane->pending, size * sizeof *pending);
    if (pending == NULL) {
        return false;
    }
    lane->pending = pending;
    lane->pending_size = size;
    return true;
}

/* As polled; with `clock: records` in the order of time, but never past one of the same topic. */
static void queue_record(const kh_worker *worker, kh_live_lane *lane, const kh_pending *pending)
{
    bool by_time = worker->settings->configuration->settings.clock == KH_CLOCK_RECORDS;
    kh_pending *queue = lane->pending + lane->pending_first;
    size_t place = lane->pending_count++;
    while (by_time && place > 0 && queue[place - 1].topic != pending->topic &&
           queue[place - 1].record.timestamp > pending->record.timestamp) {
        queue[place] = queue[place - 1];
        place--;
    }
    queue[place] = *pending;
}

/* \param kept  whether the hold is the lane's now. */
static kh_rc take_record(kh_worker *worker, const kh_consumer_event *event, bool *kept)
{
    kh_share *share = kh_live_share(worker, event->lane);
    kh_live_lane *lane = kh_live_find_lane(share, event->lane);
    *kept = false;
    if (lane == NULL || !worker->taken) {
        return KH_OK; /* polled before the lanes were given up */
    }
    kh_live_source *source = &lane->sources[event->topic];
    if (source->expects_last) {
        return check_last(worker, event, source);
    }
    if (event->record.offset < source->next_offset || event->record.offset < source->polled) {
        return KH_OK; /* decided, or queued, already */
    }
    if (event->record.offset >= source->end) {
        source->drained = true;
        return KH_OK;
    }
    if (!make_room(lane)) {
        return KH_E_MEMORY;
    }
    queue_record(worker, lane, &(kh_pending){.record = event->record, .hold = event->hold, .topic = event->topic});
    source->polled = event->record.offset + 1;
    source->polled_at = event->record.timestamp;
    source->drained = source->polled >= source->end;
    share->pending_total++;
    share->waiting++;
    share->waiting_bytes += event->record.value.length;
    share->pending_bytes += event->record.value.length;
    *kept = true;
    return KH_OK;
}

static kh_rc take_drained(kh_worker *worker, const kh_consumer_event *event)
{
    kh_live_lane *lane = find_lane(worker, event->lane);
    if (lane == NULL || !worker->taken) {
        return KH_OK;
    }
    kh_live_source *source = &lane->sources[event->topic];
    if (source->expects_last) {
        return say_topic_changed(worker, event, "it ends before its last decided record");
    }
    if (source->end != INT64_MAX && source->polled < source->end && source->next_offset < source->end) {
        return say_topic_changed(worker, event, "it ends before what the live deployment has decided of it");
    }
    source->drained = true;
    return KH_OK;
}

static kh_rc take_event(kh_worker *worker, const kh_consumer_event *event, bool *rebalanced)
{
    bool kept = false;
    kh_rc rc = KH_OK;
    switch (event->kind) {
    case KH_CONSUMER_NOTHING:
        break;
    case KH_CONSUMER_RECORD:
        rc = take_record(worker, event, &kept);
        if (!kept) {
            kh_consumer_hold *hold = event->hold;
            kh_consumer_release(worker->consumer, &hold, 1);
        }
        break;
    case KH_CONSUMER_DRAINED:
        return take_drained(worker, event);
    case KH_CONSUMER_ASSIGNED:
        *rebalanced = true;
        kh_failpoint(KH_AT_BEFORE_ASSIGNMENT);
        rc = take_assignment(worker, event);
        kh_failpoint(KH_AT_AFTER_ASSIGNMENT);
        break;
    case KH_CONSUMER_REVOKED:
        *rebalanced = true;
        kh_failpoint(event->lost ? KH_AT_BEFORE_LOST : KH_AT_BEFORE_REVOKED);
        kh_live_give_up_lanes(worker, event->lost);
        kh_consumer_let_go(worker->consumer);
        kh_failpoint(event->lost ? KH_AT_AFTER_LOST : KH_AT_AFTER_REVOKED);
        break;
    case KH_CONSUMER_OUT_OF_RANGE:
        return say_topic_changed(worker, event, "the offset is out of the topic's range");
    case KH_CONSUMER_ERROR:
        if (!kh_rc_is_fatal(event->error->rc)) {
            kh_log(KH_LOG_WARNING, "consumer", "%s", event->error->text);
            break;
        }
        kh_log(KH_LOG_ERROR, "consumer", "%s", event->error->text);
        worker->reason = KH_ENDED_CONFIGURATION;
        return event->error->rc;
    }
    return rc;
}

/* Records that wait to be decided; those of paused lanes wait for something else. */
static void count_waiting(kh_worker *worker)
{
    for (size_t i = 0; i < worker->share_count; i++) {
        kh_share *share = &worker->shares[i];
        share->waiting = 0;
        share->waiting_bytes = 0;
        for (size_t l = 0; l < share->lane_count; l++) {
            const kh_live_lane *lane = &share->lanes[l];
            for (size_t p = 0; !lane->paused && p < lane->pending_count; p++) {
                share->waiting++;
                share->waiting_bytes += lane->pending[lane->pending_first + p].record.value.length;
            }
        }
    }
}

/* Enough for a batch of each share: what came for one must not keep another without work, up to a bound. */
static bool is_enough(const kh_worker *worker, size_t most)
{
    size_t records = 0;
    size_t bytes = 0;
    size_t all_bytes = 0;
    bool each = true;
    for (size_t i = 0; i < worker->share_count; i++) {
        const kh_share *share = &worker->shares[i];
        records += share->waiting;
        bytes += share->waiting_bytes;
        all_bytes += share->pending_bytes;
        each = each && (share->waiting >= most / worker->share_count || share->lane_count == 0);
    }
    return (each && records > 0) || records >= PENDING_BATCHES * most || bytes >= PENDING_BYTES_MAX ||
           all_bytes >= HELD_BYTES_MAX;
}

/* Whether a lane can go on without another record. */
static bool any_ready(const kh_worker *worker)
{
    for (size_t i = 0; i < worker->share_count; i++) {
        const kh_share *share = &worker->shares[i];
        for (size_t l = 0; l < share->lane_count; l++) {
            const kh_live_lane *lane = &share->lanes[l];
            if (!lane->blocked && (lane->sweeping || kh_live_ready(share, lane) > 0)) {
                return true;
            }
        }
    }
    return false;
}

kh_rc kh_live_poll(kh_worker *worker, int wait_ms, bool *rebalanced)
{
    const kh_batch_section *batch = &worker->settings->configuration->settings.batch;
    int64_t deadline = kh_monotonic_ms() + (int64_t)batch->max_wait_ms;
    int wait = any_ready(worker) ? 0 : wait_ms;
    count_waiting(worker);
    *rebalanced = false;
    worker->queues_full = false;
    for (size_t events = 1;; events++) {
        kh_consumer_event event;
        kh_consumer_poll(worker->consumer, wait, &event);
        kh_rc rc = take_event(worker, &event, rebalanced);
        if (rc != KH_OK || *rebalanced || event.kind == KH_CONSUMER_NOTHING) {
            return rc;
        }
        if (is_enough(worker, batch->max_records)) {
            worker->queues_full = true;
            return KH_OK;
        }
        if (events % 64 == 0 && kh_monotonic_ms() >= deadline) {
            return KH_OK;
        }
        wait = 0; /* something came: only what else is there */
    }
}

/* All that lanes hold while they are held back comes to half a batch, and to what one poll brought. */
static void throttle(kh_share *share, size_t most)
{
    size_t enough = share->worker->queues_full ? 1 : most / 2 / (share->lane_count + 1) + 1;
    for (size_t i = 0; i < share->lane_count; i++) {
        kh_live_lane *lane = &share->lanes[i];
        bool holds_back = lane->sweeping || lane->blocked || lane->behind;
        if (!lane->paused && lane->pending_count >= enough && holds_back) {
            kh_consumer_pause(share->worker->consumer, &lane->number, 1);
            lane->paused = true;
        } else if (lane->paused && !holds_back) { /* whatever is pending: it may wait for what another source has */
            kh_consumer_resume(share->worker->consumer, &lane->number, 1);
            lane->paused = false;
        }
    }
}

void kh_live_throttle(kh_worker *worker)
{
    for (size_t i = 0; i < worker->share_count; i++) {
        throttle(&worker->shares[i], worker->settings->configuration->settings.batch.max_records);
    }
}
