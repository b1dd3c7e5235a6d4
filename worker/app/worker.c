#include "app/worker.h"

#include <inttypes.h>
#include <stdlib.h>

#include "app/connections.h"
#include "app/crew.h"
#include "app/failpoint.h"
#include "app/heap.h"
#include "app/live_poll.h"
#include "app/health.h"
#include "app/live_turns.h"
#include "app/metrics.h"
#include "app/pause.h"
#include "app/replay_course.h"
#include "app/watchdog.h"
#include "app/watching.h"
#include "app/worker_loop.h"

#define IDLE_POLL_MS 100
#define ARENA_BLOCK  ((size_t)1 << 16)
#define BATCH_BLOCK  ((size_t)1 << 18)

/* ---- the loop ---- */

static bool has_lanes(const kh_worker *worker)
{
    for (size_t i = 0; i < worker->share_count; i++) {
        if (worker->shares[i].lane_count > 0) {
            return true;
        }
    }
    return false;
}

/* A failure that is not the end: the lanes are taken again after a pause, on a new connection if need be. */
static kh_rc start_over(kh_loop *of, kh_rc rc)
{
    kh_worker *worker = of->worker;
    if (kh_rc_is_fatal(rc)) {
        return rc;
    }
    kh_metric_retry(rc);
    if (rc == KH_E_LOST) {
        kh_live_close_databases(worker);
    }
    kh_live_forget_pending(worker);
    of->retry_at_ms = kh_monotonic_ms() + kh_backoff_next(&of->backoff, kh_monotonic_ms(), kh_chance());
    return KH_OK;
}

static kh_rc connect_shares(kh_loop *of)
{
    kh_worker *worker = of->worker;
    kh_database_settings settings;
    kh_database_error error = {0};
    kh_connect_database(&worker->settings->configuration->settings, worker->transactional_id, &settings);
    for (size_t i = 0; i < worker->share_count; i++) {
        kh_rc rc = worker->shares[i].database != NULL
                       ? KH_OK
                       : kh_database_open(&settings, &worker->shares[i].database, &error);
        if (rc != KH_OK) {
            kh_log(of->waiting_said ? KH_LOG_DEBUG : KH_LOG_WARNING, "waiting", "for the database: %s", error.text);
            of->waiting_said = true;
            return rc;
        }
    }
    return KH_OK;
}

static kh_rc take_lanes(kh_loop *of)
{
    if (kh_monotonic_ms() < of->retry_at_ms) {
        return KH_OK;
    }
    kh_rc rc = connect_shares(of);
    if (rc == KH_OK) {
        rc = kh_live_take_lanes(of->worker);
    }
    if (rc == KH_OK) {
        kh_loop_note_progress(of);
        return rc;
    }
    return start_over(of, rc);
}

/* Whatever turns have come to, and publishing. */
static kh_rc judge(kh_loop *of)
{
    kh_worker *worker = of->worker;
    kh_kafka_error error = {0};
    bool did = false;
    kh_rc rc = kh_turns_end(worker, &did);
    if (did) {
        kh_loop_note_progress(of);
    }
    if (rc == KH_OK && kh_publishing_failed(worker->publishing, &error) != KH_OK) {
        kh_log(KH_LOG_WARNING, "publishing", "%s", error.text);
        rc = KH_E_NOT_MINE;
    }
    return rc;
}

static kh_rc work(kh_loop *of)
{
    kh_rc rc = judge(of);
    if (rc == KH_OK) {
        rc = kh_turns_begin(of->worker);
    }
    if (rc == KH_OK) {
        return rc;
    }
    bool did = false;
    kh_turns_wait(of->worker);
    kh_rc others = kh_turns_end(of->worker, &did);
    return start_over(of, kh_turns_graver(rc, others));
}

static bool lane_is_idle(const kh_worker *worker, const kh_share *share, const kh_live_lane *lane)
{
    kh_instant until = worker->settings->until;
    bool there = until == KH_INSTANT_NONE || (lane->clock != KH_INSTANT_NONE && lane->clock >= until);
    return lane->pending_count == 0 && kh_live_is_drained(share, lane) && !lane->sweeping && !lane->behind &&
           !lane->has_wakeups && !lane->has_redrives && !lane->has_due && (there || lane->blocked);
}

static bool any_blocked(const kh_worker *worker)
{
    for (size_t s = 0; s < worker->share_count; s++) {
        for (size_t i = 0; i < worker->shares[s].lane_count; i++) {
            if (worker->shares[s].lanes[i].blocked) {
                return true;
            }
        }
    }
    return false;
}

/* Everything read, decided and published, as of a look after the last batch. */
static bool is_idle(const kh_worker *worker)
{
    if (!worker->assigned || (has_lanes(worker) && !worker->taken) || !kh_turns_are_quiet(worker)) {
        return false;
    }
    for (size_t s = 0; s < worker->share_count; s++) {
        for (size_t i = 0; i < worker->shares[s].lane_count; i++) {
            if (!lane_is_idle(worker, &worker->shares[s], &worker->shares[s].lanes[i])) {
                return false;
            }
        }
    }
    return kh_publishing_wait(worker->publishing, 0) && kh_publishing_failed(worker->publishing, NULL) == KH_OK;
}

/* A replay ends with the whole of it: until then another's lane may still wake a subject of ours. */
static bool is_done(const kh_worker *worker)
{
    const kh_replay_course *course = worker->settings->course;
    return is_idle(worker) && (course == NULL || course->done || any_blocked(worker));
}

static kh_rc turn(kh_loop *of)
{
    kh_worker *worker = of->worker;
    bool rebalanced = false;
    kh_rc rc = kh_live_poll(worker, worker->taken ? IDLE_POLL_MS : 20, &rebalanced);
    kh_turns_pat(worker);
    if (rc != KH_OK || rebalanced || !has_lanes(worker)) {
        return rc;
    }
    return worker->taken ? work(of) : take_lanes(of);
}

/* Others may be at work on it too: what goes forward anywhere is progress. */
static kh_rc follow_course(kh_loop *of, kh_replay_course *course)
{
    bool forward = false;
    kh_rc rc = kh_replay_course_turn(course, &forward);
    if (forward) {
        kh_loop_note_progress(of);
    }
    return rc;
}

static void say_failed(kh_worker *worker, kh_rc rc)
{
    kh_exit_reason why = rc == KH_E_CONFIGURATION ? KH_ENDED_CONFIGURATION : KH_ENDED_FAILED;
    worker->reason = worker->reason == KH_ENDED_WELL ? why : worker->reason;
}

static void run_loop(kh_loop *of)
{
    kh_worker *worker = of->worker;
    while (*of->stop == 0) {
        kh_rc rc = turn(of);
        kh_watching_turn(worker);
        if (rc == KH_OK && worker->settings->course != NULL) {
            rc = follow_course(of, worker->settings->course);
        }
        if (rc != KH_OK) {
            say_failed(worker, rc);
            return;
        }
        if (worker->settings->until_idle && is_done(worker)) {
            worker->reason = any_blocked(worker) ? KH_ENDED_CONFIGURATION : KH_ENDED_WELL;
            return;
        }
        if (kh_loop_has_given_up(of)) {
            kh_log(KH_LOG_ERROR, "given-up", "nothing went forward for %u s", worker->settings->give_up_ms / 1000);
            worker->reason = KH_ENDED_GIVEN_UP;
            return;
        }
    }
}

/* What they came to is told, if nothing else ends the worker. */
static void end_turns(kh_worker *worker)
{
    bool did = false;
    kh_turns_wait(worker);
    kh_rc rc = kh_turns_end(worker, &did);
    if (kh_rc_is_fatal(rc)) {
        say_failed(worker, rc);
    } else if (rc == KH_E_LOST) {
        kh_live_close_databases(worker);
    }
}

static void leave(kh_worker *worker)
{
    if (worker->crew != NULL) {
        end_turns(worker);
    }
    kh_crew_free(worker->crew);
    kh_failpoint(KH_AT_BEFORE_LEAVING);
    if (worker->consumer != NULL && worker->publishing != NULL) {
        kh_live_give_up_lanes(worker, false);
    }
    if (worker->consumer != NULL) {
        kh_failpoint(KH_AT_BEFORE_GROUP_LEFT);
        kh_rc rc = kh_consumer_close(worker->consumer, 10000);
        kh_failpoint(KH_AT_AFTER_GROUP_LEFT);
        if (rc != KH_OK) {
            kh_log(KH_LOG_WARNING, "leave", "the broker did not answer; the group learns it by the session's end");
        }
    }
    kh_publishing_free(worker->publishing);
    kh_failpoint(KH_AT_PUBLISHING_ENDED);
    kh_publisher_free(worker->publisher);
    kh_failpoint(KH_AT_PRODUCER_CLOSED);
    kh_consumer_free(worker->consumer);
    kh_failpoint(KH_AT_CONSUMER_CLOSED);
    kh_live_close_databases(worker);
    kh_failpoint(KH_AT_DATABASES_CLOSED);
    for (size_t i = 0; i < worker->share_count; i++) {
        kh_share *share = &worker->shares[i];
        kh_message_cache_free(share->cache);
        kh_arena_deinit(&share->world_arena);
        kh_arena_deinit(&share->arena);
    }
}

static kh_rc init_shares(kh_worker *worker)
{
    const kh_batch_section *batch = &worker->settings->configuration->settings.batch;
    worker->share_count = batch->threads < KH_SHARES_MAX ? batch->threads : KH_SHARES_MAX;
    (void)pthread_mutex_init(&worker->bases, NULL);
    for (size_t i = 0; i < worker->share_count; i++) {
        kh_share *share = &worker->shares[i];
        share->worker = worker;
        share->world_version = -1;
        share->halving.most = batch->max_records / (uint32_t)worker->share_count + 1;
        share->halving.limit = share->halving.most;
        kh_arena_init(&share->arena, BATCH_BLOCK, kh_heap());
        kh_arena_init(&share->world_arena, ARENA_BLOCK, kh_heap());
    }
    worker->crew = kh_crew_new(worker->share_count);
    return worker->crew == NULL ? KH_E_MEMORY : KH_OK;
}

static void say_end(void)
{
    kh_log(KH_LOG_INFO, "end",
           "%" PRIu64 " records, %" PRIu64 " results, %" PRIu64 " dead letters in %" PRIu64 " batches",
           kh_metric_total(KH_METRIC_RECORDS), kh_metric_total(KH_METRIC_RESULTS),
           kh_metric_total(KH_METRIC_DEAD_LETTERS), kh_metric_total(KH_METRIC_BATCH_SECONDS));
}

kh_exit_reason kh_worker_run(const kh_worker_settings *settings, const volatile int *stop)
{
    kh_worker *worker = calloc(1, sizeof *worker);
    if (worker == NULL) {
        kh_log(KH_LOG_ERROR, "memory", "out of memory");
        return KH_ENDED_FAILED;
    }
    kh_loop of = {
        .worker = worker, .stop = stop, .backoff = {.base_ms = 50, .cap_ms = 5000, .deadline = KH_INSTANT_NONE}};
    worker->settings = settings;
    worker->reason = KH_ENDED_WELL;
    kh_arena_init(&of.arena, ARENA_BLOCK, kh_heap());
    of.progress_ms = kh_monotonic_ms();
    kh_rc rc = init_shares(worker);
    if (rc == KH_OK) {
        rc = kh_watching_begin(worker);
    }
    if (rc == KH_OK) {
        rc = kh_loop_start(&of);
    }
    if (rc == KH_OK) {
        run_loop(&of);
    } else if (*stop == 0 && worker->reason == KH_ENDED_WELL) {
        kh_live_log_database(&worker->shares[0], "start");
        worker->reason = KH_ENDED_FAILED;
    }
    kh_health_set(KH_HEALTH_LANES, "lanes: the worker is ending");
    leave(worker);
    kh_watching_end(worker);
    say_end();
    kh_exit_reason reason = worker->reason;
    kh_arena_deinit(&of.arena);
    (void)pthread_mutex_destroy(&worker->bases);
    free(worker);
    return reason;
}
