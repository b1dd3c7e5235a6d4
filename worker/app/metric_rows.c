/* The table itself. A name, once released, is what dashboards and alerts of others hang on: as stable as a setting. */
#include "app/metric_rows.h"

const char *kh_metric_topics[KH_METRIC_TOPICS + 1];

static const char *const KINDS[] = {"status", "obligation", "obligation_gone", "dead_letter", NULL};

#define NAME_OF_REASON(name, number) #name,
static const char *const REASONS[] = {KH_REFUSALS(NAME_OF_REASON) NULL};
#undef NAME_OF_REASON

/* In the order of kh_metric_outcome. */
static const char *const OUTCOMES[] = {"committed", "aborted", "row_refused", "not_mine", "unknown",
                                       "fenced",    "not_yet", "failed",      NULL};

#define COUNTER(of, label, among, text)                                                                                \
    {                                                                                                                  \
        .name = (of), .kind = KH_COUNTER, .help = (text), .labels = {label}, .values = (among)                         \
    }
#define HISTOGRAM(of, text)                                                                                            \
    {                                                                                                                  \
        .name = (of), .kind = KH_HISTOGRAM, .help = (text)                                                             \
    }
#define SAMPLED(of, type, label, other, text)                                                                          \
    {                                                                                                                  \
        .name = (of), .kind = (type), .help = (text), .labels = {label, other}, .sampled = true                        \
    }
#define CLIENT(of, type, text) SAMPLED(of, type, "client", NULL, text)

static const kh_metric_row ROWS[KH_METRICS] = {
    [KH_METRIC_RECORDS] = COUNTER("kakehashi_records_total", "topic", kh_metric_topics,
                                  "Records decided, dead letters among them, by source topic."),
    [KH_METRIC_RESULTS] = COUNTER("kakehashi_results_total", "kind", KINDS, "Results decided and stored, by kind."),
    [KH_METRIC_DEAD_LETTERS] =
        COUNTER("kakehashi_dead_letters_total", "reason", REASONS, "Records that could not be used, by reason."),
    [KH_METRIC_GAPS] = COUNTER("kakehashi_revision_gaps_total", NULL, NULL,
                               "Accepted records whose revision left a gap behind the one before."),
    [KH_METRIC_AHEAD_OF_TIME] =
        COUNTER("kakehashi_records_ahead_of_time_total", NULL, NULL,
                "Records dated ahead of the database server's clock, whose time was taken instead."),
    [KH_METRIC_MESSAGES] = COUNTER("kakehashi_messages_published_total", NULL, NULL,
                                   "Messages in the result topics, in committed transactions."),
    [KH_METRIC_DATABASE_TRANSACTIONS] = COUNTER("kakehashi_database_transactions_total", "outcome", OUTCOMES,
                                                "Batches' transactions in PostgreSQL, by what became of them."),
    [KH_METRIC_KAFKA_TRANSACTIONS] = COUNTER("kakehashi_kafka_transactions_total", "outcome", OUTCOMES,
                                             "Transactions in Kafka that publish results, by what became of them."),
    [KH_METRIC_RETRIES] =
        COUNTER("kakehashi_retries_total", "class", OUTCOMES + 1,
                "Steps of the worker's loop that are tried again, by why; not_yet is publishing at its "
                "limit of batches in flight."),
    [KH_METRIC_LANES_TAKEN] = COUNTER("kakehashi_lanes_taken_total", NULL, NULL,
                                      "Lanes taken over, each with its recovery, those held before among them."),

    [KH_METRIC_BATCH_SECONDS] =
        HISTOGRAM("kakehashi_batch_duration_seconds", "One batch, from reading its records to PostgreSQL's commit."),
    [KH_METRIC_COMMIT_SECONDS] =
        HISTOGRAM("kakehashi_database_commit_duration_seconds", "The commit of a batch in PostgreSQL."),
    [KH_METRIC_PUBLISH_SECONDS] =
        HISTOGRAM("kakehashi_publish_duration_seconds", "One transaction in Kafka, from its beginning to its end."),

    [KH_METRIC_LANES] =
        SAMPLED("kakehashi_lanes", KH_GAUGE, "state", NULL,
                "Lanes of this worker, by state: assigned by the group; taken, that is served; sweeping after "
                "a change of arrangement, rules or calendar; blocked by a missing rule pack; paused."),
    [KH_METRIC_LAG] = SAMPLED("kakehashi_lag_records", KH_GAUGE, "topic", "lane",
                              "Offsets between the end of a lane's source topic and the first one not decided."),
    [KH_METRIC_PENDING] =
        SAMPLED("kakehashi_pending_records", KH_GAUGE, NULL, NULL, "Records polled and not decided yet."),
    [KH_METRIC_PUBLISHING] =
        SAMPLED("kakehashi_publishing_batches", KH_GAUGE, NULL, NULL, "Batches decided and not published yet."),
    [KH_METRIC_DUE] =
        SAMPLED("kakehashi_due_subjects", KH_GAUGE, NULL, NULL,
                "Subjects of this worker's lanes that are due and not decided again yet, counted up to 100000."),
    [KH_METRIC_WAKEUPS] = SAMPLED("kakehashi_wakeup_subjects", KH_GAUGE, NULL, NULL,
                                  "Subjects of this worker's lanes that another lane woke, counted up to 100000."),
    [KH_METRIC_NEXT_DUE] =
        SAMPLED("kakehashi_next_due_seconds", KH_GAUGE, NULL, NULL,
                "Seconds until something about a subject of this worker's lanes falls due; below 0: since. "
                "Absent when nothing ever does."),
    [KH_METRIC_OBLIGATIONS] = SAMPLED("kakehashi_obligations", KH_GAUGE, "state", NULL,
                                      "Obligations of this worker's lanes, by state: open or overdue."),
    [KH_METRIC_CALENDAR_DAYS] =
        SAMPLED("kakehashi_calendar_days_left", KH_GAUGE, "calendar", NULL,
                "Days until the date up to which a calendar of business days is complete; below 0: "
                "since."),
    [KH_METRIC_PACKS_MISSING] =
        SAMPLED("kakehashi_rule_packs_missing", KH_GAUGE, NULL, NULL,
                "Arrangements with an amendment that both consented to and whose rule pack is not loaded: "
                "from its day on no lane goes on."),

    [KH_METRIC_CLIENT_BROKERS] =
        CLIENT("kakehashi_kafka_brokers_up", KH_GAUGE,
               "Brokers to which librdkafka's client has a connection, without that to the group's coordinator."),
    [KH_METRIC_CLIENT_ROUND_TRIP] =
        CLIENT("kakehashi_kafka_round_trip_seconds", KH_GAUGE,
               "99th percentile of requests to the slowest broker, of the last 5 s; a consumer's requests wait "
               "up to 0.5 s for records."),
    [KH_METRIC_CLIENT_QUEUE] = CLIENT("kakehashi_kafka_queue_messages", KH_GAUGE,
                                      "Messages in librdkafka's queues: fetched and not polled, or not yet sent."),
    [KH_METRIC_CLIENT_QUEUE_BYTES] = CLIENT("kakehashi_kafka_queue_bytes", KH_GAUGE, "Bytes in librdkafka's queues."),
    [KH_METRIC_CLIENT_TIMEOUTS] =
        CLIENT("kakehashi_kafka_request_timeouts_total", KH_COUNTER, "Requests to brokers that got no answer in time."),
    [KH_METRIC_CLIENT_ERRORS] = CLIENT("kakehashi_kafka_request_errors_total", KH_COUNTER,
                                       "Errors of sending to brokers and of receiving from them."),
    [KH_METRIC_CLIENT_DISCONNECTS] =
        CLIENT("kakehashi_kafka_disconnects_total", KH_COUNTER, "Connections to brokers that ended."),
    [KH_METRIC_CLIENT_SENT] = CLIENT("kakehashi_kafka_sent_bytes_total", KH_COUNTER, "Bytes sent to brokers."),
    [KH_METRIC_CLIENT_RECEIVED] =
        CLIENT("kakehashi_kafka_received_bytes_total", KH_COUNTER, "Bytes received from brokers."),
    [KH_METRIC_CLIENT_REBALANCES] =
        CLIENT("kakehashi_kafka_rebalances_total", KH_COUNTER, "Times the consumer group dealt out its lanes anew."),

    [KH_METRIC_READY] = SAMPLED("kakehashi_ready", KH_GAUGE, NULL, NULL, "1: /readyz says yes; 0: it says why not."),
    [KH_METRIC_REACHABLE] =
        SAMPLED("kakehashi_server_reachable", KH_GAUGE, "server", NULL, "1: there is a connection to the server."),
    [KH_METRIC_QUIET] =
        SAMPLED("kakehashi_watchdog_quiet_seconds", KH_GAUGE, NULL, NULL,
                "Seconds since the worker last went forward; the watchdog ends it when they are too many."),
    [KH_METRIC_BUILD] =
        SAMPLED("kakehashi_build_info", KH_GAUGE, "version", NULL, "1; the label says which version this is."),
    [KH_METRIC_STARTED] =
        SAMPLED("process_start_time_seconds", KH_GAUGE, NULL, NULL, "When the process began, since 1970."),
    [KH_METRIC_CPU] =
        SAMPLED("process_cpu_seconds_total", KH_COUNTER, NULL, NULL, "Processor time used, user and system."),
    [KH_METRIC_MEMORY] = SAMPLED("process_resident_memory_bytes", KH_GAUGE, NULL, NULL, "Memory in use."),
};

const kh_metric_row *kh_metric_row_of(kh_metric metric)
{
    return &ROWS[metric];
}
