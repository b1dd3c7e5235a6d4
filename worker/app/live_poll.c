#include "app/live_poll.h"

#include <stdlib.h>

#include "app/failpoint.h"
#include "app/live_arrivals.h"
#include "app/live_turns.h"

#define GIVE_UP_WAIT_MS 30000

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
        free(share->intake.arrived);
        share->lanes = NULL;
        share->lane_count = 0;
        share->intake = (kh_share_intake){0};
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

/* ---- events ---- */

/* The turns in hand come to their end first; what they came to does not count any more, unless it ends the worker. */
static kh_rc rebalance(kh_worker *worker, const kh_consumer_event *event)
{
    bool did = false;
    kh_turns_wait(worker);
    kh_rc rc = kh_turns_end(worker, &did);
    if (kh_rc_is_fatal(rc)) {
        return rc;
    }
    if (rc == KH_E_LOST) {
        kh_live_close_databases(worker);
    }
    if (event->kind == KH_CONSUMER_ASSIGNED) {
        kh_failpoint(KH_AT_BEFORE_ASSIGNMENT);
        rc = take_assignment(worker, event);
        kh_failpoint(KH_AT_AFTER_ASSIGNMENT);
        return rc;
    }
    kh_failpoint(event->lost ? KH_AT_BEFORE_LOST : KH_AT_BEFORE_REVOKED);
    kh_live_give_up_lanes(worker, event->lost);
    worker->assigned = false; /* without lanes, but not for having been given none */
    kh_consumer_let_go(worker->consumer);
    kh_failpoint(event->lost ? KH_AT_AFTER_LOST : KH_AT_AFTER_REVOKED);
    return KH_OK;
}

static kh_rc take_event(kh_worker *worker, const kh_consumer_event *event, bool *rebalanced)
{
    switch (event->kind) {
    case KH_CONSUMER_NOTHING:
        break;
    case KH_CONSUMER_RECORD:
    case KH_CONSUMER_DRAINED:
        return kh_live_arrive(worker, event);
    case KH_CONSUMER_ASSIGNED:
    case KH_CONSUMER_REVOKED:
        *rebalanced = true;
        return rebalance(worker, event);
    case KH_CONSUMER_OUT_OF_RANGE:
        kh_turns_wait(worker);
        return kh_live_topic_changed(worker, event, "the offset is out of the topic's range");
    case KH_CONSUMER_ERROR:
        if (!kh_rc_is_fatal(event->error->rc)) {
            kh_log(KH_LOG_WARNING, "consumer", "%s", event->error->text);
            break;
        }
        kh_log(KH_LOG_ERROR, "consumer", "%s", event->error->text);
        worker->reason = KH_ENDED_CONFIGURATION;
        return event->error->rc;
    }
    return KH_OK;
}

kh_rc kh_live_poll(kh_worker *worker, int wait_ms, bool *rebalanced)
{
    int64_t deadline = kh_monotonic_ms() + (int64_t)worker->settings->configuration->settings.batch.max_wait_ms;
    int wait = wait_ms;
    *rebalanced = false;
    kh_live_hold_back(worker);
    if (kh_live_is_full(worker) && kh_turns_any(worker)) {
        kh_turns_wait_for_any(worker, wait_ms);
        wait = 0; /* for one event: a rebalance must be heard of, however full it is */
    }
    for (size_t events = 1;; events++) {
        kh_consumer_event event;
        kh_consumer_poll(worker->consumer, wait, &event);
        kh_rc rc = take_event(worker, &event, rebalanced);
        if (rc != KH_OK || *rebalanced || event.kind == KH_CONSUMER_NOTHING || kh_live_is_full(worker)) {
            return rc;
        }
        if (events % 64 == 0 && kh_monotonic_ms() >= deadline) {
            return KH_OK;
        }
        wait = 0; /* something came: only what else is there */
    }
}
