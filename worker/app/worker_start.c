#include "app/worker_loop.h"

#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "app/connections.h"
#include "app/crew.h"
#include "app/failpoint.h"
#include "app/pause.h"
#include "app/rules_store.h"
#include "app/watchdog.h"
#include "app/watching.h"
#include "kafka/topics.h"
#include "postgres/schema.h"

/* One try at a transaction, all waits inside included; then it is tried again, or given up with its lanes. */
#define PUBLISH_PATIENCE_MS 30000

bool kh_loop_has_given_up(const kh_loop *of)
{
    const kh_worker_settings *settings = of->worker->settings;
    return settings->until_idle && kh_monotonic_ms() - of->progress_ms > settings->give_up_ms;
}

void kh_loop_note_progress(kh_loop *of)
{
    of->progress_ms = kh_monotonic_ms();
    of->waiting_said = false;
    kh_backoff_reset(&of->backoff);
}

bool kh_loop_wait_for(kh_loop *of, const char *what, const char *why)
{
    kh_watchdog_pat();
    kh_watching_turn(of->worker);
    kh_log(of->waiting_said ? KH_LOG_DEBUG : KH_LOG_WARNING, "waiting", "for %s: %s", what, why);
    of->waiting_said = true;
    if (*of->stop != 0) {
        return false;
    }
    if (kh_loop_has_given_up(of)) {
        kh_log(KH_LOG_ERROR, "given-up", "%u s of waiting for %s are enough: %s",
               of->worker->settings->give_up_ms / 1000, what, why);
        of->worker->reason = KH_ENDED_GIVEN_UP;
        return false;
    }
    int64_t until = kh_monotonic_ms() + kh_backoff_next(&of->backoff, kh_monotonic_ms(), kh_chance());
    while (*of->stop == 0 && kh_monotonic_ms() < until) {
        kh_pause_ms(20);
    }
    return *of->stop == 0;
}

static kh_rc fail(kh_worker *worker, kh_exit_reason reason, kh_rc rc)
{
    worker->reason = reason;
    return rc;
}

/* ---- the database ---- */

static kh_rc open_database(kh_loop *of)
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
        if (!kh_loop_wait_for(of, "the database", error.text)) {
            return rc;
        }
    }
}

/* A step that needs the database: tried again, on a new connection if need be, for as long as the server is away or
 * somebody else's locks are in the way. */
static kh_rc with_database(kh_loop *of, kh_rc (*step)(kh_loop *of))
{
    kh_share *share = &of->worker->shares[0];
    for (;;) {
        kh_rc rc = share->database == NULL ? open_database(of) : KH_OK;
        if (rc != KH_OK) {
            return rc;
        }
        rc = step(of);
        if (rc != KH_E_LOST && rc != KH_E_RETRY) {
            return rc;
        }
        kh_database_error error = *kh_database_last_error(share->database);
        if (rc == KH_E_LOST) {
            kh_database_close(share->database);
            share->database = NULL;
        }
        if (!kh_loop_wait_for(of, "the database", error.text)) {
            return rc;
        }
    }
}

static kh_rc check_schema(kh_loop *of)
{
    kh_worker *worker = of->worker;
    kh_rc rc = kh_schema_check(worker->shares[0].database, NULL);
    if (rc == KH_E_CONFIGURATION) {
        kh_log(KH_LOG_ERROR, "schema", "%s", kh_database_last_error(worker->shares[0].database)->text);
        worker->reason = KH_ENDED_CONFIGURATION;
    }
    return rc;
}

/* An empty database gets the configured files; after that the database is what counts. */
static kh_rc load_first_rules(kh_loop *of)
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

/* ---- the start ---- */

static void name_topics(kh_worker *worker)
{
    const kh_topic_section *topics = &worker->settings->configuration->settings.kafka.topics;
    for (uint32_t i = 0; i < topics->event_count; i++) {
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
                   (uint32_t)kh_chance());
}

static void report_topic(void *self, const char *topic, bool bad, const char *text)
{
    (void)self;
    kh_log(bad ? KH_LOG_ERROR : KH_LOG_WARNING, "topic", "%s: %s", topic, text);
}

/* A replay reads the source topics, whatever moves their timestamps, and needs no other. */
static kh_rc inspect_sources(kh_worker *worker, kh_kafka_error *error)
{
    int32_t counts[KH_SOURCES_MAX];
    kh_rc rc = kh_topics_inspect(&worker->kafka, worker->topics, worker->topic_count, 5000, counts, error);
    for (size_t i = 0; rc == KH_OK && i < worker->topic_count; i++) {
        if (counts[i] <= 0 || counts[i] != counts[0]) {
            (void)snprintf(error->text, sizeof error->text, "source topic %s %s", worker->topics[i],
                           counts[i] == 0                 ? "does not exist"
                           : counts[i] == KH_TOPIC_HIDDEN ? "may not be read by this user: an ACL must allow it"
                                                          : "has another number of partitions than the others");
            rc = KH_E_CONFIGURATION;
        }
    }
    worker->partition_count = rc == KH_OK ? counts[0] : 0;
    return rc;
}

static kh_rc check_all_topics(kh_worker *worker, const kh_topics_wish *wish, kh_kafka_error *error)
{
    kh_rc rc = kh_topics_check(&worker->kafka, wish, 5000, report_topic, NULL, error);
    return rc == KH_OK ? kh_topics_inspect(&worker->kafka, worker->topics, 1, 5000, &worker->partition_count, error)
                       : rc;
}

static kh_rc check_topics(kh_loop *of)
{
    kh_worker *worker = of->worker;
    kh_topics_wish wish;
    kh_kafka_error error = {0};
    kh_rc rc = kh_connect_topics(&worker->settings->configuration->settings, 0, &of->arena, &wish);
    while (rc == KH_OK) {
        rc = worker->settings->course != NULL ? inspect_sources(worker, &error)
                                              : check_all_topics(worker, &wish, &error);
        if (rc == KH_OK) {
            return rc;
        }
        if (rc != KH_E_LOST) {
            kh_log(KH_LOG_ERROR, "topics", "%s", error.text);
            return fail(worker, KH_ENDED_CONFIGURATION, rc);
        }
        rc = kh_loop_wait_for(of, "the broker", error.text) ? KH_OK : KH_E_LOST;
    }
    return rc;
}

static kh_rc prepare_lanes(kh_loop *of)
{
    kh_worker *worker = of->worker;
    kh_text topics[KH_SOURCES_MAX];
    if (worker->partition_count > KH_LANES_MAX) {
        kh_log(KH_LOG_ERROR, "lanes", "the topics have %d partitions; at most %d are served", worker->partition_count,
               KH_LANES_MAX);
        return fail(worker, KH_ENDED_CONFIGURATION, KH_E_CONFIGURATION);
    }
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

static kh_rc init_publisher(kh_loop *of)
{
    kh_worker *worker = of->worker;
    kh_kafka_error error = {0};
    kh_rc rc = kh_publisher_new(&worker->kafka, worker->transactional_id, worker->result_topics, KH_RESULT_TOPICS,
                                &worker->publisher, &error);
    if (rc == KH_OK) {
        kh_publisher_patience(worker->publisher, PUBLISH_PATIENCE_MS);
    }
    while (rc == KH_OK) {
        rc = kh_publisher_init(worker->publisher, 10000, NULL, &error);
        if (rc == KH_OK) {
            return rc;
        }
        if (rc == KH_E_LOST) {
            rc = kh_loop_wait_for(of, "the broker", error.text) ? KH_OK : KH_E_LOST;
        }
    }
    if (rc != KH_E_LOST) {
        kh_log(KH_LOG_ERROR, "producer", "%s", error.text);
        worker->reason = KH_ENDED_CONFIGURATION;
    }
    return rc;
}

static void wake(void *self)
{
    kh_consumer_wake(self);
}

static kh_rc join_group(kh_loop *of)
{
    kh_worker *worker = of->worker;
    kh_kafka_error error = {0};
    kh_rc rc = kh_consumer_new(&worker->kafka, worker->topics, worker->topic_count, &worker->consumer, &error);
    if (rc != KH_OK) {
        kh_log(KH_LOG_ERROR, "consumer", "%s", error.text);
        worker->reason = KH_ENDED_CONFIGURATION;
        return rc;
    }
    kh_crew_tell(worker->crew, wake, worker->consumer);
    uint32_t in_flight = worker->settings->configuration->settings.batch.in_flight;
    worker->publishing = kh_publishing_new(worker->publisher, (in_flight + 1) * (uint32_t)worker->share_count);
    return worker->publishing == NULL ? KH_E_MEMORY : KH_OK;
}

#ifdef KH_FAILPOINTS
/* The publisher's own steps, which its room cannot give a failpoint's name. */
static void pass_step(void *self, kh_publish_step step)
{
    (void)self;
    switch (step) {
    case KH_PUBLISH_BEGUN:
        kh_failpoint(KH_AT_PUBLISH_BEGUN);
        break;
    case KH_PUBLISH_PRODUCED:
        kh_failpoint(KH_AT_PUBLISH_PRODUCED);
        break;
    case KH_PUBLISH_OFFSETS_SENT:
        kh_failpoint(KH_AT_PUBLISH_OFFSETS_SENT);
        break;
    case KH_PUBLISH_COMMITTED:
        kh_failpoint(KH_AT_PUBLISH_COMMITTED);
        break;
    case KH_PUBLISH_ABORTED:
        kh_failpoint(KH_AT_PUBLISH_ABORTED);
        break;
    }
}
#endif

kh_rc kh_loop_start(kh_loop *of)
{
    kh_worker *worker = of->worker;
    uint32_t sources = worker->settings->configuration->settings.kafka.topics.event_count;
    if (sources > KH_SOURCES_MAX) {
        kh_log(KH_LOG_ERROR, "configuration", "kafka.topics.events names %u topics; at most %d are served", sources,
               KH_SOURCES_MAX);
        return fail(worker, KH_ENDED_CONFIGURATION, KH_E_CONFIGURATION);
    }
    name_topics(worker);
    name_worker(worker);
    kh_log(KH_LOG_INFO, "start", "%s", worker->transactional_id);
    kh_rc rc = kh_connect_kafka(&worker->settings->configuration->settings, &of->arena, &worker->kafka);
#ifdef KH_FAILPOINTS
    worker->kafka.step = pass_step;
#endif
    kh_watching_ask_kafka(worker);
    if (rc == KH_OK) {
        rc = open_database(of);
        kh_failpoint(KH_AT_DATABASE_OPENED);
    }
    if (rc == KH_OK) {
        rc = with_database(of, check_schema);
    }
    if (rc == KH_OK) {
        rc = with_database(of, load_first_rules);
        kh_failpoint(KH_AT_RULES_LOADED);
    }
    if (rc == KH_OK) {
        kh_loop_note_progress(of);
        rc = check_topics(of);
        kh_failpoint(KH_AT_TOPICS_CHECKED);
    }
    if (rc == KH_OK) {
        rc = with_database(of, prepare_lanes);
        kh_failpoint(KH_AT_LANES_PREPARED);
    }
    if (rc == KH_OK && worker->settings->course == NULL) {
        rc = init_publisher(of);
        kh_failpoint(KH_AT_PRODUCER_REGISTERED);
    }
    if (rc == KH_OK) {
        kh_loop_note_progress(of);
        rc = join_group(of);
        kh_failpoint(KH_AT_GROUP_JOINED);
    }
    return rc;
}
