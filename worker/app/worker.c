#include "app/worker.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "app/connections.h"
#include "app/crew.h"
#include "app/event_rules.h"
#include "app/heap.h"
#include "app/live.h"
#include "app/live_poll.h"
#include "app/live_source.h"
#include "app/rules_store.h"
#include "app/watchdog.h"
#include "kafka/topics.h"
#include "postgres/backoff.h"
#include "postgres/schema.h"

#define IDLE_POLL_MS 100
#define LOOK_EVERY_MS 100
#define ARENA_BLOCK ((size_t)1 << 16)
#define BATCH_BLOCK ((size_t)1 << 18)

/* The loop's own state. */
typedef struct loop {
    kh_worker *worker;
    kh_arena arena; /* what lives as long as the worker */
    const volatile int *stop;
    kh_backoff backoff;
    int64_t retry_at_ms;    /* when lanes are tried again */
    int64_t progress_ms;    /* when something last went forward */
    bool waiting_said;
    bool quiet;             /* nothing was to be done since the last look */
} loop;

static uint64_t chance(void)
{
    uint64_t value = 0;
    return getrandom(&value, sizeof value, GRND_NONBLOCK) == sizeof value ? value : (uint64_t)kh_monotonic_ms();
}

static void pause_ms(int64_t milliseconds)
{
    struct timespec wait = {milliseconds / 1000, (long)(milliseconds % 1000) * 1000000};
    (void)nanosleep(&wait, NULL);
}

static bool has_given_up(const loop *of)
{
    const kh_worker_settings *settings = of->worker->settings;
    return settings->until_idle && kh_monotonic_ms() - of->progress_ms > settings->give_up_ms;
}

static void note_progress(loop *of)
{
    of->progress_ms = kh_monotonic_ms();
    of->waiting_said = false;
    kh_backoff_reset(&of->backoff);
    kh_watchdog_pat();
}

/* Waits before something is tried again, saying once for what. \return false: no longer. */
static bool wait_for(loop *of, const char *what, const char *why)
{
    kh_watchdog_pat();
    kh_log(of->waiting_said ? KH_LOG_DEBUG : KH_LOG_WARNING, "waiting", "for %s: %s", what, why);
    of->waiting_said = true;
    if (*of->stop != 0) {
        return false;
    }
    if (has_given_up(of)) {
        kh_log(KH_LOG_ERROR, "given-up", "no %s for %u s: %s", what, of->worker->settings->give_up_ms / 1000, why);
        of->worker->reason = KH_ENDED_GIVEN_UP;
        return false;
    }
    int64_t until = kh_monotonic_ms() + kh_backoff_next(&of->backoff, kh_monotonic_ms(), chance());
    while (*of->stop == 0 && kh_monotonic_ms() < until) {
        pause_ms(20);
    }
    return *of->stop == 0;
}

static kh_rc fail(kh_worker *worker, kh_exit_reason reason, kh_rc rc)
{
    worker->reason = reason;
    return rc;
}

/* ---- the database ---- */

static kh_rc open_database(loop *of)
{
    kh_worker *worker = of->worker;
    kh_database_settings settings;
    kh_database_error error = {0};
    kh_connect_database(&worker->settings->configuration->settings, worker->transactional_id, &settings);
    for (;;) {
        kh_rc rc = kh_database_open(&settings, &worker->shares[0].database, &error);
        if (rc == KH_OK) {
            return rc;
        }
        if (rc != KH_E_LOST) {
            kh_log(KH_LOG_ERROR, "database", "%s", error.text);
            return fail(worker, KH_ENDED_CONFIGURATION, rc);
        }
        if (!wait_for(of, "the database", error.text)) {
            return rc;
        }
    }
}

static void close_databases(kh_worker *worker)
{
    for (size_t i = 0; i < worker->share_count; i++) {
        kh_database_close(worker->shares[i].database);
        worker->shares[i].database = NULL;
    }
}

static kh_rc check_schema(kh_worker *worker)
{
    kh_rc rc = kh_schema_check(worker->shares[0].database, NULL);
    if (rc == KH_E_CONFIGURATION) {
        kh_log(KH_LOG_ERROR, "schema", "%s", kh_database_last_error(worker->shares[0].database)->text);
        worker->reason = KH_ENDED_CONFIGURATION;
    }
    return rc;
}

/* An empty database gets the configured files; after that the database is what counts. */
static kh_rc load_first_rules(loop *of)
{
    kh_worker *worker = of->worker;
    const kh_configuration *configuration = worker->settings->configuration;
    kh_rule_file_row *rows = kh_arena_allocate_array(&of->arena, configuration->file_count, sizeof *rows);
    bool loaded = false;
    if (rows == NULL) {
        return KH_E_MEMORY;
    }
    for (uint32_t i = 0; i < configuration->file_count; i++) {
        rows[i] = kh_rules_store_row(&configuration->files[i], KH_TEXT("run"));
    }
    kh_rc rc = kh_rules_load_first(worker->shares[0].database, rows, configuration->file_count, KH_TEXT(""), &loaded);
    if (rc == KH_OK && loaded) {
        kh_log(KH_LOG_INFO, "rules-loaded", "%u files into the empty database", configuration->file_count);
    }
    return rc;
}

static kh_rc report_problems(kh_worker *worker, const kh_problems *problems, kh_rc rc)
{
    for (const kh_problem *problem = problems->first; problem != NULL; problem = problem->next) {
        kh_log(KH_LOG_ERROR, "configuration", "%.*s", KH_TEXT_ARGS(problem->text));
    }
    return rc == KH_E_CONFIGURATION ? fail(worker, KH_ENDED_CONFIGURATION, rc) : rc;
}

static kh_rc arrangement_facts(void *self, kh_text subject, kh_text *facts)
{
    kh_share *share = self;
    kh_subject_key key = {kh_partition_of_key(subject, share->worker->partition_count), subject};
    kh_subject_row *rows = NULL;
    kh_rc rc = kh_transaction_read_subjects(share->database, &key, 1, &share->world_arena, &rows);
    *facts = rc == KH_OK && rows[0].has_facts ? rows[0].facts : (kh_text){"", 0};
    return rc;
}

static kh_rc no_facts(void *self, kh_text subject, kh_text *facts)
{
    (void)self;
    (void)subject;
    *facts = (kh_text){"", 0};
    return KH_OK;
}

static kh_rc read_world(kh_share *share, int64_t version)
{
    kh_arena *arena = &share->world_arena;
    kh_problems problems;
    kh_problems_init(&problems, arena);
    kh_rule_book *book = kh_arena_allocate(arena, sizeof *book);
    if (book == NULL) {
        return KH_E_MEMORY;
    }
    kh_rc rc = kh_rules_store_read(share->database, arena, &problems, book);
    if (rc == KH_OK) {
        rc = kh_configuration_check_topics(&share->worker->settings->configuration->settings, book, &problems);
    }
    if (rc != KH_OK) {
        return report_problems(share->worker, &problems, rc);
    }
    rc = kh_world_build(book, version < 0 ? no_facts : arrangement_facts, share, arena, &share->world);
    if (rc == KH_OK) {
        rc = kh_event_rules_init(&share->worker->settings->configuration->settings, book, arena, &share->rules);
        share->rules.partition_count = share->worker->partition_count;
    }
    kh_message_cache_free(share->cache); /* it remembers rows of packs that are gone */
    share->cache = NULL;
    if (rc == KH_OK) {
        rc = kh_message_cache_new(kh_heap(), &share->cache);
    }
    return rc;
}

kh_rc kh_live_read_world(kh_share *share, int64_t version)
{
    kh_arena_deinit(&share->world_arena);
    kh_arena_init(&share->world_arena, ARENA_BLOCK, kh_heap());
    share->world_version = -1;
    kh_rc rc = read_world(share, version);
    if (rc == KH_OK) {
        share->world_version = version;
    } else if (rc == KH_E_CONFIGURATION || rc == KH_E_LOST) {
        kh_live_log_database(share, "read-rules");
    }
    return rc;
}

/* ---- the start ---- */

static void name_topics(kh_worker *worker)
{
    const kh_topic_section *topics = &worker->settings->configuration->settings.kafka.topics;
    for (uint32_t i = 0; i < topics->event_count && i < KH_SOURCES_MAX; i++) {
        worker->topics[worker->topic_count++] = topics->events[i].value.data;
    }
    worker->result_topics[KH_TOPIC_STATUS] = topics->status.data;
    worker->result_topics[KH_TOPIC_PUBLIC] = topics->public_status.data;
    worker->result_topics[KH_TOPIC_OBLIGATIONS] = topics->obligations.data;
    worker->result_topics[KH_TOPIC_DEAD_LETTERS] = topics->dead_letters.data;
}

/* Unique for each start: two of them are never one producer to the broker. */
static void name_worker(kh_worker *worker)
{
    char host[64] = "host";
    (void)gethostname(host, sizeof host - 1);
    (void)snprintf(worker->transactional_id, sizeof worker->transactional_id, "kakehashi-%.60s-%.60s-%ld-%08" PRIx32,
                   worker->settings->configuration->settings.deployment.data, host, (long)getpid(),
                   (uint32_t)chance());
}

static void report_topic(void *self, const char *topic, bool bad, const char *text)
{
    (void)self;
    kh_log(bad ? KH_LOG_ERROR : KH_LOG_WARNING, "topic", "%s: %s", topic, text);
}

static kh_rc check_topics(loop *of)
{
    kh_worker *worker = of->worker;
    kh_topics_wish wish;
    kh_kafka_error error = {0};
    kh_rc rc = kh_connect_topics(&worker->settings->configuration->settings, 0, &of->arena, &wish);
    while (rc == KH_OK) {
        rc = kh_topics_check(&worker->kafka, &wish, 5000, report_topic, NULL, &error);
        if (rc == KH_OK) {
            rc = kh_topics_inspect(&worker->kafka, worker->topics, 1, 5000, &worker->partition_count, &error);
        }
        if (rc == KH_OK) {
            return rc;
        }
        if (rc != KH_E_LOST) {
            kh_log(KH_LOG_ERROR, "topics", "%s; `kakehashi topics create` makes what is missing", error.text);
            return fail(worker, KH_ENDED_CONFIGURATION, rc);
        }
        rc = wait_for(of, "the broker", error.text) ? KH_OK : KH_E_LOST;
    }
    return rc;
}

static kh_rc prepare_lanes(loop *of)
{
    kh_worker *worker = of->worker;
    kh_text topics[KH_SOURCES_MAX];
    for (size_t i = 0; i < worker->topic_count; i++) {
        topics[i] = kh_text_of(worker->topics[i]);
    }
    kh_rc rc = kh_lanes_prepare(worker->shares[0].database, worker->settings->configuration->settings.deployment,
                                worker->partition_count, topics, worker->topic_count);
    if (rc == KH_E_CONFIGURATION) {
        kh_log(KH_LOG_ERROR, "lanes", "%s", kh_database_last_error(worker->shares[0].database)->text);
        worker->reason = KH_ENDED_CONFIGURATION;
    }
    return rc;
}

static kh_rc init_publisher(loop *of)
{
    kh_worker *worker = of->worker;
    kh_kafka_error error = {0};
    kh_rc rc = kh_publisher_new(&worker->kafka, worker->transactional_id, worker->result_topics, KH_RESULT_TOPICS,
                                &worker->publisher, &error);
    while (rc == KH_OK) {
        rc = kh_publisher_init(worker->publisher, 10000, NULL, &error);
        if (rc == KH_OK) {
            return rc;
        }
        if (rc == KH_E_LOST) {
            rc = wait_for(of, "the broker", error.text) ? KH_OK : KH_E_LOST;
        }
    }
    if (rc != KH_E_LOST) {
        kh_log(KH_LOG_ERROR, "producer", "%s", error.text);
        worker->reason = KH_ENDED_CONFIGURATION;
    }
    return rc;
}

static kh_rc join_group(loop *of)
{
    kh_worker *worker = of->worker;
    kh_kafka_error error = {0};
    kh_rc rc = kh_consumer_new(&worker->kafka, worker->topics, worker->topic_count, &worker->consumer, &error);
    if (rc != KH_OK) {
        kh_log(KH_LOG_ERROR, "consumer", "%s", error.text);
        worker->reason = KH_ENDED_CONFIGURATION;
        return rc;
    }
    uint32_t in_flight = worker->settings->configuration->settings.batch.in_flight;
    worker->publishing =
        kh_publishing_new(worker->publisher, (in_flight + 1) * (uint32_t)worker->share_count);
    return worker->publishing == NULL ? KH_E_MEMORY : KH_OK;
}

static kh_rc start(loop *of)
{
    kh_worker *worker = of->worker;
    kh_rc rc = kh_connect_kafka(&worker->settings->configuration->settings, &of->arena, &worker->kafka);
    if (rc == KH_OK) {
        rc = open_database(of);
    }
    if (rc == KH_OK) {
        rc = check_schema(worker);
    }
    if (rc == KH_OK) {
        rc = load_first_rules(of);
    }
    if (rc == KH_OK) {
        note_progress(of);
        rc = check_topics(of);
    }
    if (rc == KH_OK) {
        rc = prepare_lanes(of);
    }
    if (rc == KH_OK) {
        rc = init_publisher(of);
    }
    if (rc == KH_OK) {
        note_progress(of);
        rc = join_group(of);
    }
    return rc;
}

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
static kh_rc start_over(loop *of, kh_rc rc)
{
    kh_worker *worker = of->worker;
    if (kh_rc_is_fatal(rc)) {
        return rc;
    }
    if (rc == KH_E_LOST) {
        close_databases(worker);
    }
    kh_live_forget_pending(worker);
    of->retry_at_ms = kh_monotonic_ms() + kh_backoff_next(&of->backoff, kh_monotonic_ms(), chance());
    return KH_OK;
}

static kh_rc connect_shares(loop *of)
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

static kh_rc take_lanes(loop *of)
{
    if (kh_monotonic_ms() < of->retry_at_ms) {
        return KH_OK;
    }
    kh_rc rc = connect_shares(of);
    if (rc == KH_OK) {
        rc = kh_live_take_lanes(of->worker);
    }
    if (rc == KH_OK) {
        note_progress(of);
        of->quiet = false;
        return rc;
    }
    return start_over(of, rc);
}

/* One share's turn: a batch if there is anything to do, and now and then a look. */
static void *take_turn(void *self)
{
    kh_share *share = self;
    share->did = false;
    share->looked = false;
    share->rc = share->lane_count == 0 ? KH_OK : kh_live_batch(share, &share->did);
    if (share->rc == KH_OK && kh_monotonic_ms() - share->looked_ms >= LOOK_EVERY_MS) {
        share->rc = share->lane_count == 0 ? KH_OK : kh_live_look(share);
        share->looked = share->rc == KH_OK && !share->did;
    }
    return NULL;
}

/* All shares' turns at once, the first on this thread. */
static void take_turns(kh_worker *worker)
{
    for (size_t i = 1; i < worker->share_count; i++) {
        kh_crew_begin(worker->shares[i].hand, take_turn, &worker->shares[i]);
    }
    (void)take_turn(&worker->shares[0]);
    for (size_t i = 1; i < worker->share_count; i++) {
        kh_crew_wait(worker->shares[i].hand);
    }
}

static kh_rc work(loop *of)
{
    kh_worker *worker = of->worker;
    kh_kafka_error error = {0};
    if (kh_publishing_failed(worker->publishing, &error) != KH_OK) {
        kh_log(KH_LOG_WARNING, "publishing", "%s", error.text);
        return start_over(of, KH_E_NOT_MINE);
    }
    take_turns(worker);
    bool did = false;
    bool looked = true;
    bool again = false;
    kh_rc rc = KH_OK;
    for (size_t i = 0; i < worker->share_count; i++) {
        const kh_share *share = &worker->shares[i];
        did = did || share->did;
        looked = looked && (share->looked || share->lane_count == 0);
        again = again || share->rc == KH_E_RETRY || share->rc == KH_E_TIMEOUT;
        bool passing = share->rc == KH_OK || share->rc == KH_E_RETRY || share->rc == KH_E_TIMEOUT;
        rc = passing || kh_rc_is_fatal(rc) || rc == KH_E_LOST ? rc : share->rc;
    }
    if (did) {
        note_progress(of);
        kh_live_throttle(worker);
    }
    if (again) {
        pause_ms(5 + (int64_t)(chance() % 20));
    }
    of->quiet = rc == KH_OK && !did && !again && (looked || of->quiet);
    return rc == KH_OK ? rc : start_over(of, rc);
}

static bool lane_is_idle(const kh_worker *worker, const kh_share *share, const kh_live_lane *lane)
{
    kh_instant until = worker->settings->until;
    bool there = until == KH_INSTANT_NONE || (lane->clock != KH_INSTANT_NONE && lane->clock >= until);
    return lane->pending_count == 0 && kh_live_is_drained(share, lane) && !lane->sweeping && !lane->behind &&
           !lane->has_wakeups && !lane->has_due && (there || lane->blocked);
}

/* Everything read, decided and published, as of a look after the last batch. */
static bool is_idle(loop *of)
{
    kh_worker *worker = of->worker;
    if (!worker->assigned || !of->quiet || (has_lanes(worker) && !worker->taken)) {
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

static kh_rc turn(loop *of)
{
    kh_worker *worker = of->worker;
    bool rebalanced = false;
    kh_rc rc = kh_live_poll(worker, worker->taken ? IDLE_POLL_MS : 20, &rebalanced);
    kh_watchdog_pat();
    if (rc != KH_OK || rebalanced) {
        of->quiet = false;
        return rc;
    }
    if (!has_lanes(worker)) {
        of->quiet = worker->assigned;
        return KH_OK;
    }
    return worker->taken ? work(of) : take_lanes(of);
}

static void run_loop(loop *of)
{
    kh_worker *worker = of->worker;
    while (*of->stop == 0) {
        kh_rc rc = turn(of);
        if (rc != KH_OK) {
            worker->reason = worker->reason == KH_ENDED_WELL ? KH_ENDED_FAILED : worker->reason;
            return;
        }
        if (worker->settings->until_idle && is_idle(of)) {
            worker->reason = any_blocked(worker) ? KH_ENDED_CONFIGURATION : KH_ENDED_WELL;
            return;
        }
        if (has_given_up(of)) {
            kh_log(KH_LOG_ERROR, "given-up", "nothing went forward for %u s", worker->settings->give_up_ms / 1000);
            worker->reason = KH_ENDED_GIVEN_UP;
            return;
        }
    }
}

static void leave(kh_worker *worker)
{
    if (worker->consumer != NULL && worker->publishing != NULL) {
        kh_live_give_up_lanes(worker, false);
    }
    if (worker->consumer != NULL) {
        kh_rc rc = kh_consumer_close(worker->consumer, 10000);
        if (rc != KH_OK) {
            kh_log(KH_LOG_WARNING, "leave", "the broker did not answer; the group learns it by the session's end");
        }
    }
    kh_publishing_free(worker->publishing);
    kh_publisher_free(worker->publisher);
    kh_consumer_free(worker->consumer);
    close_databases(worker);
    for (size_t i = 0; i < worker->share_count; i++) {
        kh_share *share = &worker->shares[i];
        kh_crew_free(share->hand);
        kh_message_cache_free(share->cache);
        kh_arena_deinit(&share->world_arena);
        kh_arena_deinit(&share->arena);
    }
}

static kh_rc init_shares(kh_worker *worker)
{
    const kh_batch_section *batch = &worker->settings->configuration->settings.batch;
    worker->share_count = batch->threads < KH_SHARES_MAX ? batch->threads : KH_SHARES_MAX;
    for (size_t i = 0; i < worker->share_count; i++) {
        kh_share *share = &worker->shares[i];
        share->worker = worker;
        share->world_version = -1;
        share->halving.most = batch->max_records / (uint32_t)worker->share_count + 1;
        share->halving.limit = share->halving.most;
        kh_arena_init(&share->arena, BATCH_BLOCK, kh_heap());
        kh_arena_init(&share->world_arena, ARENA_BLOCK, kh_heap());
        share->hand = i == 0 ? NULL : kh_crew_new();
        if (i > 0 && share->hand == NULL) {
            return KH_E_MEMORY;
        }
    }
    return KH_OK;
}

static void add_counts(const kh_worker *worker, kh_worker_counts *out)
{
    *out = (kh_worker_counts){0};
    for (size_t i = 0; i < worker->share_count; i++) {
        const kh_worker_counts *counts = &worker->shares[i].counts;
        out->records += counts->records;
        out->results += counts->results;
        out->dead_letters += counts->dead_letters;
        out->batches += counts->batches;
        out->gaps += counts->gaps;
        out->ahead_of_time += counts->ahead_of_time;
    }
}

kh_exit_reason kh_worker_run(const kh_worker_settings *settings, const volatile int *stop, kh_worker_counts *counts)
{
    kh_worker *worker = calloc(1, sizeof *worker);
    if (worker == NULL) {
        kh_log(KH_LOG_ERROR, "memory", "out of memory");
        return KH_ENDED_FAILED;
    }
    loop of = {.worker = worker, .stop = stop, .backoff = {.base_ms = 50, .cap_ms = 5000, .deadline = KH_INSTANT_NONE}};
    worker->settings = settings;
    worker->reason = KH_ENDED_WELL;
    kh_arena_init(&of.arena, ARENA_BLOCK, kh_heap());
    of.progress_ms = kh_monotonic_ms();
    name_topics(worker);
    name_worker(worker);
    kh_log(KH_LOG_INFO, "start", "%s", worker->transactional_id);
    kh_rc rc = init_shares(worker);
    if (rc == KH_OK) {
        rc = start(&of);
    }
    if (rc == KH_OK) {
        run_loop(&of);
    } else if (*stop == 0 && worker->reason == KH_ENDED_WELL) {
        kh_live_log_database(&worker->shares[0], "start");
        worker->reason = KH_ENDED_FAILED;
    }
    kh_worker_counts total;
    add_counts(worker, &total);
    leave(worker);
    kh_log(KH_LOG_INFO, "end", "%" PRIu64 " records, %" PRIu64 " results, %" PRIu64 " dead letters in %" PRIu64 " batches",
           total.records, total.results, total.dead_letters, total.batches);
    kh_exit_reason reason = worker->reason;
    if (counts != NULL) {
        *counts = total;
    }
    kh_arena_deinit(&of.arena);
    free(worker);
    return reason;
}
