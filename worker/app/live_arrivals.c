#include "app/live_arrivals.h"

#include <inttypes.h>

#include "app/failpoint.h"
#include "app/heap.h"

/* Each share holds as much again in its turn, and copies of it for the table and for the topic (README: Bounds). */
#define PENDING_BYTES_MAX ((size_t)8 << 20)
#define HELD_BYTES_MAX    ((size_t)64 << 20) /* with those of lanes that are held back */
#define PENDING_BATCHES   2                  /* so many wait when the shares are not given the same */
#define HELD_BATCHES      3                  /* a share for which so many wait is not read further */

static size_t batch_of(const kh_worker *worker)
{
    return worker->settings->configuration->settings.batch.max_records;
}

/* What one share takes of a batch. */
static size_t part_of(const kh_worker *worker)
{
    return batch_of(worker) / worker->share_count;
}

kh_rc kh_live_topic_changed(kh_worker *worker, const kh_consumer_event *event, const char *what)
{
    const kh_live_lane *lane = kh_live_find_lane(kh_live_share(worker, event->lane), event->lane);
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
    return kh_live_topic_changed(worker, event, "its last decided record is not there any more");
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
    return kh_heap_grow((void **)&lane->pending, &lane->pending_size, lane->pending_count, sizeof *lane->pending);
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
static kh_rc take_record(kh_worker *worker, kh_live_lane *lane, const kh_consumer_event *event, bool *kept)
{
    kh_live_source *source = &lane->sources[event->topic];
    *kept = false;
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
    lane->pending_bytes += event->record.value.length;
    *kept = true;
    return KH_OK;
}

static kh_rc take_drained(kh_worker *worker, kh_live_lane *lane, const kh_consumer_event *event)
{
    kh_live_source *source = &lane->sources[event->topic];
    if (source->expects_last) {
        return kh_live_topic_changed(worker, event, "it ends before its last decided record");
    }
    if (source->end != INT64_MAX && source->polled < source->end && source->next_offset < source->end) {
        return kh_live_topic_changed(worker, event, "it ends before what the live deployment has decided of it");
    }
    source->drained = true;
    return KH_OK;
}

kh_rc kh_live_arrive(kh_worker *worker, const kh_consumer_event *event)
{
    kh_share *share = kh_live_share(worker, event->lane);
    kh_share_intake *intake = &share->intake;
    bool wanted = worker->taken && kh_live_find_lane(share, event->lane) != NULL;
    bool kept = wanted && kh_heap_grow((void **)&intake->arrived, &intake->arrived_size, intake->arrived_count,
                                       sizeof *intake->arrived);
    if (kept) {
        intake->arrived[intake->arrived_count++] = *event;
        intake->arrived_bytes += event->record.value.length;
        intake->quiet = false;
    } else {
        kh_consumer_release(worker->consumer, &event->hold, 1);
    }
    return kept || !wanted ? KH_OK : KH_E_MEMORY;
}

static void take_stock(kh_share *share)
{
    kh_share_intake *intake = &share->intake;
    intake->pending_bytes = 0;
    intake->waiting = 0;
    intake->waiting_bytes = 0;
    intake->sweeping = 0;
    intake->blocked = 0;
    intake->paused = 0;
    for (size_t i = 0; i < share->lane_count; i++) {
        const kh_live_lane *lane = &share->lanes[i];
        intake->pending_bytes += lane->pending_bytes;
        intake->waiting += lane->paused ? 0 : lane->pending_count;
        intake->waiting_bytes += lane->paused ? 0 : lane->pending_bytes;
        intake->sweeping += lane->sweeping;
        intake->blocked += lane->blocked;
        intake->paused += lane->paused;
    }
}

/* Its lanes, whatever they are: those that hold back are paused already, or will be after the turn. */
static void hold(kh_share *share)
{
    for (size_t i = 0; i < share->lane_count; i++) {
        kh_consumer_pause(share->worker->consumer, &share->lanes[i].number, 1);
    }
    share->intake.held = true;
}

static void let_go_on(kh_share *share)
{
    for (size_t i = 0; i < share->lane_count; i++) {
        if (!share->lanes[i].paused) {
            kh_consumer_resume(share->worker->consumer, &share->lanes[i].number, 1);
        }
    }
    share->intake.held = false;
}

/* All that lanes hold while they are held back comes to half a batch, and to what arrived during one turn. */
static void throttle(kh_share *share)
{
    size_t enough = share->full ? 1 : batch_of(share->worker) / 2 / (share->lane_count + 1) + 1;
    for (size_t i = 0; i < share->lane_count; i++) {
        kh_live_lane *lane = &share->lanes[i];
        bool holds_back = lane->sweeping || lane->blocked || lane->behind;
        if (!lane->paused && lane->pending_count >= enough && holds_back) {
            kh_consumer_pause(share->worker->consumer, &lane->number, 1);
            lane->paused = true;
        } else if (lane->paused && !holds_back) { /* whatever is pending: it may wait for what another source has */
            if (!share->intake.held) {
                kh_consumer_resume(share->worker->consumer, &lane->number, 1);
            }
            lane->paused = false;
        }
    }
}

kh_rc kh_live_take_in(kh_share *share)
{
    kh_worker *worker = share->worker;
    kh_share_intake *intake = &share->intake;
    kh_rc rc = KH_OK;
    for (size_t i = 0; i < intake->arrived_count; i++) {
        const kh_consumer_event *event = &intake->arrived[i];
        kh_live_lane *lane = kh_live_find_lane(share, event->lane);
        bool kept = false;
        if (rc == KH_OK) {
            rc = event->kind == KH_CONSUMER_RECORD ? take_record(worker, lane, event, &kept)
                                                   : take_drained(worker, lane, event);
        }
        if (!kept) {
            kh_consumer_release(worker->consumer, &event->hold, 1);
        }
    }
    intake->arrived_count = 0;
    intake->arrived_bytes = 0;
    throttle(share);
    take_stock(share);
    if (intake->held && intake->waiting <= part_of(worker)) {
        let_go_on(share);
    }
    return rc;
}

void kh_live_hold_back(kh_worker *worker)
{
    int64_t now = kh_monotonic_ms();
    for (size_t i = 0; i < worker->share_count; i++) {
        const kh_share_intake *intake = &worker->shares[i].intake;
        size_t waiting = intake->waiting + intake->arrived_count;
        bool late = intake->in_turn && now - intake->begun_ms > KH_TURN_LATE_MS && waiting >= part_of(worker);
        bool much = waiting >= HELD_BATCHES * batch_of(worker) ||
                    intake->waiting_bytes + intake->arrived_bytes >= HELD_BYTES_MAX;
        if (!intake->held && worker->shares[i].lane_count > 0 && (late || much)) {
            hold(&worker->shares[i]);
        }
    }
}

bool kh_live_is_full(const kh_worker *worker)
{
    size_t records = 0;
    size_t bytes = 0;
    size_t all_bytes = 0;
    bool each = true;
    for (size_t i = 0; i < worker->share_count; i++) {
        const kh_share *share = &worker->shares[i];
        size_t waiting = share->intake.waiting + share->intake.arrived_count;
        all_bytes += share->intake.pending_bytes + share->intake.arrived_bytes;
        if (share->intake.held) {
            continue;
        }
        records += waiting;
        bytes += share->intake.waiting_bytes + share->intake.arrived_bytes;
        each = each && (waiting >= part_of(worker) || share->lane_count == 0);
    }
    return (each && records > 0) || records >= PENDING_BATCHES * batch_of(worker) || bytes >= PENDING_BYTES_MAX ||
           all_bytes >= HELD_BYTES_MAX;
}
