#include "kafka/consumer.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kafka/assignment.h"
#include "kafka/committed.h"
#include "kafka/group_claim.h"
#include "kafka/handle.h"
#include "kafka/received.h"

/* Twice as many as it takes. */
#define TURNS_OF_AN_ASSIGNMENT 8
/* Nothing came for so long: what has not been told to be at its end is asked for again. */
#define ASK_AGAIN_MS 5000

typedef enum answer { ANSWER_NONE, ANSWER_ASSIGN, ANSWER_REVOKE, ANSWER_FAILED } answer;

struct kh_consumer {
    kh_handle handle; /* first: see kh_handle */
    rd_kafka_queue_t *queue;
    char **topics;
    size_t topic_count;
    char *group;

    kh_assignment assignment;
    kh_group_claim *claim; /* to it */
    int64_t heard_at;      /* when librdkafka last had something, or was asked again */

    /* What the rebalance callback has stored for the poll around it. */
    answer asked;
    rd_kafka_topic_partition_list_t *asked_list;
    kh_group_claim *asked_claim;
    rd_kafka_resp_err_t asked_code;
    bool asked_lost;

    bool revoked; /* told to the caller, not yet let go */
    bool closed;
    atomic_bool woken;
    atomic_long held;
    kh_kafka_error error;
};

/* Replaces what is read, and waits until librdkafka has done so. Its next step may not overtake it: a second assignment
 * before the partitions of the first are stopped ends the process (confluentinc/librdkafka issue 5573), a pause before
 * they are started loses the start, and nothing is read ever after (issue 2190). Stopping, its answer, starting and its
 * answer are each one turn of the thread that also answers this question, in the order of asking. */
static rd_kafka_resp_err_t assign(kh_consumer *consumer, const rd_kafka_topic_partition_list_t *parts)
{
    rd_kafka_t *rk = consumer->handle.rk;
    rd_kafka_resp_err_t failed = rd_kafka_assign(rk, parts);
    for (int turn = 0; turn < TURNS_OF_AN_ASSIGNMENT; turn++) {
        rd_kafka_topic_partition_list_t *now = NULL;
        if (rd_kafka_assignment(rk, &now) == RD_KAFKA_RESP_ERR_NO_ERROR) {
            rd_kafka_topic_partition_list_destroy(now);
        }
    }
    consumer->heard_at = kh_handle_now();
    return failed;
}

/* Before the consumer is closed, as librdkafka asks for. */
static void drop_queue(kh_consumer *consumer)
{
    if (consumer->queue != NULL) {
        rd_kafka_queue_destroy(consumer->queue);
        consumer->queue = NULL;
    }
}

static void forget_lanes(kh_consumer *consumer)
{
    kh_assignment_clear(&consumer->assignment);
    kh_group_claim_release(consumer->claim);
    consumer->claim = NULL;
}

/* Only stores: the answer is given outside, where waiting is allowed. The group waits for it, heartbeats go on. */
static void on_rebalance(rd_kafka_t *rk, rd_kafka_resp_err_t code, rd_kafka_topic_partition_list_t *list, void *opaque)
{
    kh_consumer *consumer = opaque;
    if (consumer->asked_list != NULL) {
        rd_kafka_topic_partition_list_destroy(consumer->asked_list);
    }
    consumer->asked_list = rd_kafka_topic_partition_list_copy(list);
    consumer->asked_code = code;
    if (code == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS) {
        consumer->asked = ANSWER_ASSIGN;
        kh_group_claim_release(consumer->asked_claim);
        consumer->asked_claim = NULL;
        if (!consumer->closed && kh_group_claim_take(rk, consumer->group, &consumer->asked_claim) != KH_OK) {
            consumer->asked_claim = NULL;
        }
    } else {
        consumer->asked = code == RD_KAFKA_RESP_ERR__REVOKE_PARTITIONS ? ANSWER_REVOKE : ANSWER_FAILED;
        consumer->asked_lost = rd_kafka_assignment_lost(rk) != 0;
    }
    rd_kafka_yield(rk); /* the poll around this comes back at once */
}

/* How long the group waits in a rebalance for a member that does not come, and so how long all lanes may stand still:
 * the coordinator waits it out even for a member that is gone, if its session was lost with a broker's restart.
 * librdkafka's default is 300 s. It is no less than the longest step between two polls, taking lanes with a search for
 * their marks. */
#define POLL_INTERVAL_MS 90000

static kh_rc open_handle(kh_consumer *consumer, const kh_kafka_settings *settings, kh_kafka_error *error)
{
    int32_t session = kh_handle_or(settings->session_timeout_ms, 10000);
    int32_t heartbeat = session / 3 < 1000 ? session / 3 : 1000;
    kh_handle_conf building = kh_handle_conf_begin(&consumer->handle, settings);
    kh_handle_conf_consumer(&building, settings);
    kh_handle_conf_statistics(&building, settings);
    kh_handle_conf_set_number(&building, "session.timeout.ms", session);
    kh_handle_conf_set_number(&building, "max.poll.interval.ms",
                              session > POLL_INTERVAL_MS ? session : POLL_INTERVAL_MS);
    kh_handle_conf_set_number(&building, "heartbeat.interval.ms",
                              kh_handle_or(settings->heartbeat_interval_ms, heartbeat));
    rd_kafka_conf_set_rebalance_cb(building.conf, on_rebalance);
    kh_rc rc = kh_handle_open(&consumer->handle, RD_KAFKA_CONSUMER, &building, error);
    if (rc != KH_OK) {
        return rc;
    }
    rd_kafka_poll_set_consumer(consumer->handle.rk);
    consumer->queue = rd_kafka_queue_get_consumer(consumer->handle.rk);
    rd_kafka_topic_partition_list_t *wanted = rd_kafka_topic_partition_list_new((int)consumer->topic_count);
    for (size_t i = 0; i < consumer->topic_count; i++) {
        rd_kafka_topic_partition_list_add(wanted, consumer->topics[i], RD_KAFKA_PARTITION_UA);
    }
    rd_kafka_resp_err_t failed = rd_kafka_subscribe(consumer->handle.rk, wanted);
    rd_kafka_topic_partition_list_destroy(wanted);
    if (failed != RD_KAFKA_RESP_ERR_NO_ERROR) {
        return kh_handle_fail(error, KH_E_CONFIGURATION, failed, "subscribing to the source topics: %s",
                              rd_kafka_err2str(failed));
    }
    return KH_OK;
}

kh_rc kh_consumer_new(const kh_kafka_settings *settings, const char *const *topics, size_t topic_count,
                      kh_consumer **out, kh_kafka_error *error)
{
    kh_rc rc = KH_E_MEMORY;
    kh_consumer *consumer = calloc(1, sizeof *consumer);
    if (consumer == NULL) {
        goto out;
    }
    atomic_init(&consumer->held, 0);
    atomic_init(&consumer->woken, false);
    consumer->topic_count = topic_count;
    consumer->topics = kh_handle_copy_names(topics, topic_count);
    consumer->assignment = (kh_assignment){.topics = consumer->topics, .topic_count = topic_count};
    consumer->group = strdup(settings->group == NULL ? "kakehashi" : settings->group);
    if (consumer->topics == NULL || consumer->group == NULL) {
        goto out;
    }
    rc = open_handle(consumer, settings, error);
out:
    if (rc == KH_E_MEMORY) {
        kh_handle_fail(error, rc, 0, "out of memory");
    }
    if (rc != KH_OK) {
        kh_consumer_free(consumer);
        return rc;
    }
    *out = consumer;
    return KH_OK;
}

static void report(kh_consumer *consumer, kh_consumer_event *out)
{
    out->kind = KH_CONSUMER_ERROR;
    out->error = &consumer->error;
}

/* Takes part in the group with nothing to read: lanes are started one by one, when they have been recovered. */
static void accept_nothing_yet(kh_consumer *consumer)
{
    rd_kafka_topic_partition_list_t *nothing = rd_kafka_topic_partition_list_new(0);
    rd_kafka_resp_err_t failed = assign(consumer, nothing);
    rd_kafka_topic_partition_list_destroy(nothing);
    if (failed != RD_KAFKA_RESP_ERR_NO_ERROR) {
        kh_handle_log(&consumer->handle, KH_KAFKA_LOG_WARNING, "accepting an assignment: %s", rd_kafka_err2str(failed));
    }
}

static void tell_assigned(kh_consumer *consumer, kh_consumer_event *out)
{
    forget_lanes(consumer);
    consumer->claim = consumer->asked_claim;
    consumer->asked_claim = NULL;
    consumer->revoked = false;
    kh_rc rc = KH_OK;
    if (consumer->claim == NULL) {
        /* The session has ended meanwhile: what was given is given to others; librdkafka joins again. */
        kh_handle_log(&consumer->handle, KH_KAFKA_LOG_WARNING,
                      "an assignment came without a valid membership of the group; waiting for the next one");
    } else {
        rc = kh_assignment_take(&consumer->assignment, consumer->asked_list, &consumer->error);
    }
    accept_nothing_yet(consumer);
    if (rc != KH_OK) {
        report(consumer, out);
    } else if (consumer->claim != NULL) {
        out->kind = KH_CONSUMER_ASSIGNED;
        out->lanes = consumer->assignment.lanes;
        out->lane_count = consumer->assignment.lane_count;
        out->claim = consumer->claim;
    }
}

static void tell_revoked(kh_consumer *consumer, kh_consumer_event *out)
{
    if (consumer->assignment.lane_count == 0) {
        assign(consumer, NULL);
        forget_lanes(consumer);
        return;
    }
    kh_assignment_end(&consumer->assignment);
    consumer->revoked = true;
    out->kind = KH_CONSUMER_REVOKED;
    out->lanes = consumer->assignment.lanes;
    out->lane_count = consumer->assignment.lane_count;
    out->lost = consumer->asked_lost;
    out->claim = consumer->claim;
}

static void tell_rebalance(kh_consumer *consumer, kh_consumer_event *out)
{
    answer asked = consumer->asked;
    consumer->asked = ANSWER_NONE;
    switch (asked) {
    case ANSWER_ASSIGN:
        tell_assigned(consumer, out);
        break;
    case ANSWER_REVOKE:
        tell_revoked(consumer, out);
        break;
    case ANSWER_NONE:
    case ANSWER_FAILED:
        assign(consumer, NULL);
        forget_lanes(consumer);
        kh_handle_fail(&consumer->error, KH_E_LOST, consumer->asked_code, "the group's rebalance failed: %s",
                       rd_kafka_err2str(consumer->asked_code));
        report(consumer, out);
        break;
    }
}

/* All started parts again, each behind its last delivered record: librdkafka replaces the whole set at once. */
static rd_kafka_resp_err_t assign_started(kh_consumer *consumer)
{
    rd_kafka_topic_partition_list_t *reading = kh_assignment_started(&consumer->assignment);
    rd_kafka_topic_partition_list_t *paused = kh_assignment_paused(&consumer->assignment);
    rd_kafka_resp_err_t failed = assign(consumer, reading);
    if (failed == RD_KAFKA_RESP_ERR_NO_ERROR && paused->cnt > 0) {
        rd_kafka_pause_partitions(consumer->handle.rk, paused);
    }
    rd_kafka_topic_partition_list_destroy(reading);
    rd_kafka_topic_partition_list_destroy(paused);
    return failed;
}

kh_rc kh_consumer_start(kh_consumer *consumer, const kh_lane_start *starts, size_t count, kh_kafka_error *error)
{
    for (size_t i = 0; i < count; i++) {
        if (consumer->revoked || kh_assignment_find(&consumer->assignment, starts[i].topic, starts[i].lane) == NULL) {
            return kh_handle_fail(error, KH_E_NOT_MINE, 0, "lane %d is not assigned", (int)starts[i].lane);
        }
    }
    /* librdkafka keeps a pause beyond the assignment in which it was asked for, and we do not know of those of former
     * ones. Ended before the new one: a resume behind it drops what has been fetched, an end of the partition among it,
     * which is not told again. */
    rd_kafka_topic_partition_list_t *starting = rd_kafka_topic_partition_list_new((int)count);
    for (size_t i = 0; i < count; i++) {
        rd_kafka_topic_partition_list_add(starting, consumer->topics[starts[i].topic], starts[i].lane);
        *kh_assignment_find(&consumer->assignment, starts[i].topic, starts[i].lane) =
            (kh_part){.started = true, .next = starts[i].offset};
    }
    rd_kafka_resume_partitions(consumer->handle.rk, starting);
    rd_kafka_topic_partition_list_destroy(starting);
    rd_kafka_resp_err_t failed = assign_started(consumer);
    if (failed != RD_KAFKA_RESP_ERR_NO_ERROR) {
        return kh_handle_fail(error, KH_E_LOST, failed, "starting %zu partitions: %s", count, rd_kafka_err2str(failed));
    }
    return KH_OK;
}

/* An offset that the broker has not, or has it after all? Replicas that change leaders may say so for a moment. */
static void tell_out_of_range(kh_consumer *consumer, const rd_kafka_message_t *message, size_t topic, kh_part *where,
                              kh_consumer_event *out)
{
    int64_t low = -1;
    int64_t high = -1;
    const char *name = consumer->topics[topic];
    rd_kafka_resp_err_t failed =
        rd_kafka_query_watermark_offsets(consumer->handle.rk, name, message->partition, &low, &high, 5000);
    if (failed != RD_KAFKA_RESP_ERR_NO_ERROR || where->next < 0 || (where->next >= low && where->next <= high)) {
        kh_handle_fail(&consumer->error, KH_E_LOST, message->err,
                       "topic %s partition %d offset %lld could not be read, trying again: %s", name,
                       (int)message->partition, (long long)where->next, rd_kafka_message_errstr(message));
        report(consumer, out);
        (void)assign_started(consumer);
        return;
    }
    where->started = false;
    kh_handle_fail(&consumer->error, KH_E_REWOUND, message->err,
                   "topic %s partition %d: offset %lld is wanted next, but the broker has %lld to %lld: the topic was "
                   "truncated or made anew",
                   name, (int)message->partition, (long long)where->next, (long long)low, (long long)high);
    out->kind = KH_CONSUMER_OUT_OF_RANGE;
    out->error = &consumer->error;
    out->offset = where->next;
}

static void tell_failure(kh_consumer *consumer, const rd_kafka_message_t *message, kh_consumer_event *out)
{
    kh_rc rc = kh_handle_is_configuration(message->err) ? KH_E_CONFIGURATION : KH_E_LOST;
    char told[256];
    snprintf(told, sizeof told, "%s", rd_kafka_message_errstr(message));
    if (rd_kafka_fatal_error(consumer->handle.rk, told, sizeof told) != RD_KAFKA_RESP_ERR_NO_ERROR) {
        rc = KH_E_INTERNAL;
    }
    kh_handle_fail(&consumer->error, rc, message->err, "reading %s as group %s: %s (%s)",
                   message->rkt == NULL ? "the source topics" : rd_kafka_topic_name(message->rkt), consumer->group,
                   told, rd_kafka_err2name(message->err));
    report(consumer, out);
}

/* \return whether the message was handed out, and so is the caller's. */
static bool tell_message(kh_consumer *consumer, rd_kafka_message_t *message, kh_consumer_event *out)
{
    size_t topic =
        message->rkt == NULL ? SIZE_MAX : kh_assignment_topic(&consumer->assignment, rd_kafka_topic_name(message->rkt));
    kh_part *where = kh_assignment_find(&consumer->assignment, topic, message->partition);
    bool wanted = where != NULL && where->started;
    out->topic = topic;
    out->lane = message->partition;
    switch (message->err) {
    case RD_KAFKA_RESP_ERR_NO_ERROR:
        if (!wanted || message->offset < where->next) {
            return false;
        }
        where->next = message->offset + 1;
        where->drained = false;
        out->kind = KH_CONSUMER_RECORD;
        out->offset = message->offset;
        out->hold = (kh_consumer_hold *)message;
        kh_received_record(message, kh_text_of(consumer->topics[topic]), &out->record);
        atomic_fetch_add(&consumer->held, 1);
        return true;
    case RD_KAFKA_RESP_ERR__PARTITION_EOF:
        if (wanted && message->offset >= where->next) {
            where->drained = true;
            out->kind = KH_CONSUMER_DRAINED;
            out->offset = message->offset;
        }
        return false;
    case RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET:
    case RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE:
        if (wanted) {
            tell_out_of_range(consumer, message, topic, where, out);
        }
        return false;
    default:
        tell_failure(consumer, message, out);
        return false;
    }
}

/* librdkafka tells an end once, and drops it with whatever else it has fetched when a pause or a new assignment comes
 * between. Whether a lane is drained must not hang on that: while nothing at all comes, the parts whose end has not
 * been told are fetched anew from where they stand, and are at their end again, or have something after all. */
static void ask_again(kh_consumer *consumer)
{
    rd_kafka_topic_partition_list_t *parts = NULL;
    if (kh_handle_now() - consumer->heard_at < ASK_AGAIN_MS) {
        return;
    }
    consumer->heard_at = kh_handle_now();
    parts = kh_assignment_undrained(&consumer->assignment);
    if (parts->cnt > 0) {
        kh_handle_log(&consumer->handle, KH_KAFKA_LOG_INFO, "nothing came for %d ms: asking again for %d partitions",
                      ASK_AGAIN_MS, parts->cnt);
        (void)assign_started(consumer);
    }
    rd_kafka_topic_partition_list_destroy(parts);
}

void kh_consumer_poll(kh_consumer *consumer, int timeout_ms, kh_consumer_event *out)
{
    int64_t deadline = timeout_ms <= 0 ? 0 : kh_handle_now() + timeout_ms;
    int wait = timeout_ms <= 0 ? 0 : timeout_ms;
    *out = (kh_consumer_event){.kind = KH_CONSUMER_NOTHING};
    for (;;) {
        rd_kafka_message_t *message = rd_kafka_consumer_poll(consumer->handle.rk, wait);
        if (message == NULL) {
            ask_again(consumer);
        } else {
            consumer->heard_at = kh_handle_now();
        }
        if (message != NULL && !tell_message(consumer, message, out)) {
            rd_kafka_message_destroy(message);
        }
        if (consumer->asked != ANSWER_NONE && out->kind == KH_CONSUMER_NOTHING) {
            tell_rebalance(consumer, out);
        }
        bool woken = message == NULL && atomic_exchange(&consumer->woken, false);
        if (out->kind != KH_CONSUMER_NOTHING || woken || (message == NULL && wait == 0)) {
            return;
        }
        wait = deadline == 0 ? 0 : kh_handle_left(deadline);
    }
}

void kh_consumer_wake(kh_consumer *consumer)
{
    atomic_store(&consumer->woken, true);
    rd_kafka_queue_yield(consumer->queue);
}

void kh_consumer_release(kh_consumer *consumer, kh_consumer_hold *const *holds, size_t count)
{
    long released = 0;
    for (size_t i = 0; i < count; i++) {
        if (holds[i] != NULL) {
            rd_kafka_message_destroy((rd_kafka_message_t *)holds[i]);
            released++;
        }
    }
    atomic_fetch_sub(&consumer->held, released);
}

void kh_consumer_pause(kh_consumer *consumer, const int32_t *lanes, size_t count)
{
    rd_kafka_topic_partition_list_t *list = kh_assignment_pause(&consumer->assignment, lanes, count, true);
    rd_kafka_pause_partitions(consumer->handle.rk, list);
    rd_kafka_topic_partition_list_destroy(list);
}

void kh_consumer_resume(kh_consumer *consumer, const int32_t *lanes, size_t count)
{
    rd_kafka_topic_partition_list_t *list = kh_assignment_pause(&consumer->assignment, lanes, count, false);
    if (list->cnt > 0) {
        rd_kafka_resume_partitions(consumer->handle.rk, list);
    }
    rd_kafka_topic_partition_list_destroy(list);
}

void kh_consumer_let_go(kh_consumer *consumer)
{
    if (consumer->revoked) {
        consumer->revoked = false;
        forget_lanes(consumer);
        assign(consumer, NULL);
    }
}

kh_rc kh_consumer_committed(kh_consumer *consumer, kh_lane_commit *commits, size_t count, int timeout_ms,
                            kh_arena *arena, kh_kafka_error *error)
{
    return kh_committed_read(consumer->handle.rk, consumer->group, (const char *const *)consumer->topics, commits,
                             count, timeout_ms, arena, error);
}

int64_t kh_consumer_high_watermark(kh_consumer *consumer, size_t topic, int32_t lane)
{
    int64_t low = -1;
    int64_t high = -1;
    rd_kafka_resp_err_t failed =
        rd_kafka_get_watermark_offsets(consumer->handle.rk, consumer->topics[topic], lane, &low, &high);
    return failed == RD_KAFKA_RESP_ERR_NO_ERROR ? high : -1;
}

char *kh_consumer_member(kh_consumer *consumer)
{
    char *member = rd_kafka_memberid(consumer->handle.rk);
    char *copy = strdup(member == NULL ? "" : member);
    if (member != NULL) {
        rd_kafka_mem_free(consumer->handle.rk, member);
    }
    return copy;
}

kh_rc kh_consumer_close(kh_consumer *consumer, int timeout_ms)
{
    rd_kafka_t *rk = consumer->handle.rk;
    int64_t deadline = kh_handle_now() + timeout_ms;
    /* rd_kafka_consumer_close may wait for ever. */
    rd_kafka_queue_t *queue = rd_kafka_queue_new(rk);
    kh_consumer_let_go(consumer);
    consumer->closed = true;
    drop_queue(consumer);
    rd_kafka_error_t *failure = rd_kafka_consumer_close_queue(rk, queue);
    if (failure != NULL) {
        kh_handle_log(&consumer->handle, KH_KAFKA_LOG_WARNING, "leaving the group: %s", rd_kafka_error_string(failure));
        rd_kafka_error_destroy(failure);
    }
    while (!rd_kafka_consumer_closed(rk) && kh_handle_left(deadline) > 0) {
        rd_kafka_event_t *event = rd_kafka_queue_poll(queue, 20);
        if (event != NULL && rd_kafka_event_type(event) == RD_KAFKA_EVENT_REBALANCE) {
            rd_kafka_assign(rk, NULL);
        }
        rd_kafka_event_destroy(event);
        if (consumer->asked != ANSWER_NONE) {
            consumer->asked = ANSWER_NONE;
            rd_kafka_assign(rk, NULL);
        }
    }
    rd_kafka_queue_destroy(queue);
    return rd_kafka_consumer_closed(rk) ? KH_OK : KH_E_TIMEOUT;
}

void kh_consumer_free(kh_consumer *consumer)
{
    if (consumer == NULL) {
        return;
    }
    assert(atomic_load(&consumer->held) == 0);
    if (consumer->handle.rk != NULL) {
        drop_queue(consumer);
        rd_kafka_destroy_flags(consumer->handle.rk, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
    }
    forget_lanes(consumer);
    kh_group_claim_release(consumer->asked_claim);
    if (consumer->asked_list != NULL) {
        rd_kafka_topic_partition_list_destroy(consumer->asked_list);
    }
    free(consumer->topics);
    free(consumer->group);
    free(consumer);
}
