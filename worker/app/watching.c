#include "app/watching.h"

#include <inttypes.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "app/health.h"
#include "app/live_observe.h"
#include "app/live_turns.h"
#include "app/metrics.h"
#include "app/watchdog.h"
#include "codec/client_statistics.h"
#include "http/server.h"

#define STATISTICS_MS 5000

/* ---- the pages, on the server's thread ---- */

static double seconds_of(struct timeval time)
{
    return (double)time.tv_sec + (double)time.tv_usec / 1e6;
}

/* The second number of /proc/self/statm: pages in memory. */
static double resident_bytes(void)
{
    unsigned long long resident = 0;
    FILE *in = fopen("/proc/self/statm", "re");
    if (in != NULL) {
        if (fscanf(in, "%*u %llu", &resident) != 1) { // NOLINT(cert-err34-c): the kernel's own number
            resident = 0;
        }
        (void)fclose(in);
    }
    return (double)resident * (double)sysconf(_SC_PAGESIZE);
}

static struct timespec started;

static void sample_process(void)
{
    static const kh_text none = {"", 0};
    struct rusage used = {0};
    uint32_t limit = 0;
    (void)getrusage(RUSAGE_SELF, &used);
    kh_samples_begin(KH_SAMPLES_SCRAPE);
    kh_samples_add(KH_SAMPLES_SCRAPE, KH_METRIC_READY, kh_health_ready(kh_monotonic_ms(), NULL) ? 1 : 0, none, none);
    kh_samples_add(KH_SAMPLES_SCRAPE, KH_METRIC_REACHABLE, kh_health_is_well(KH_HEALTH_DATABASE) ? 1 : 0,
                   KH_TEXT("database"), none);
    kh_samples_add(KH_SAMPLES_SCRAPE, KH_METRIC_REACHABLE, kh_health_is_well(KH_HEALTH_BROKER) ? 1 : 0,
                   KH_TEXT("broker"), none);
    kh_samples_add(KH_SAMPLES_SCRAPE, KH_METRIC_QUIET, kh_watchdog_quiet(&limit), none, none);
    kh_samples_add(KH_SAMPLES_SCRAPE, KH_METRIC_BUILD, 1, KH_TEXT(KH_VERSION), none);
    kh_samples_add(KH_SAMPLES_SCRAPE, KH_METRIC_STARTED, (double)started.tv_sec + (double)started.tv_nsec / 1e9, none,
                   none);
    kh_samples_add(KH_SAMPLES_SCRAPE, KH_METRIC_CPU, seconds_of(used.ru_utime) + seconds_of(used.ru_stime), none, none);
    kh_samples_add(KH_SAMPLES_SCRAPE, KH_METRIC_MEMORY, resident_bytes(), none, none);
    kh_samples_end(KH_SAMPLES_SCRAPE);
}

static unsigned write_metrics(void *self, FILE *out)
{
    (void)self;
    sample_process();
    kh_metrics_print(out);
    return 200;
}

static unsigned write_readyz(void *self, FILE *out)
{
    (void)self;
    return kh_health_ready(kh_monotonic_ms(), out) ? 200 : 503;
}

static unsigned write_livez(void *self, FILE *out)
{
    uint32_t limit = 0;
    uint32_t quiet = kh_watchdog_quiet(&limit);
    (void)self;
    return kh_health_live(quiet, limit, out) ? 200 : 503;
}

static const kh_http_page PAGES[] = {
    {"/metrics", "text/plain; version=0.0.4; charset=utf-8", write_metrics},
    {"/livez", "text/plain; charset=utf-8", write_livez},
    {"/readyz", "text/plain; charset=utf-8", write_readyz},
};

kh_rc kh_watching_begin(kh_worker *worker)
{
    const kh_settings *settings = &worker->settings->configuration->settings;
    const kh_topic_section *topics = &settings->kafka.topics;
    const char *names[KH_SOURCES_MAX];
    size_t count = 0;
    char why[200];
    kh_metrics_reset();
    kh_health_begin();
    (void)clock_gettime(CLOCK_REALTIME, &started);
    for (; count < topics->event_count && count < KH_SOURCES_MAX; count++) {
        names[count] = topics->events[count].value.data;
    }
    kh_metrics_name_topics(names, count);
    if (settings->http.listen.length == 0) {
        return KH_OK;
    }
    kh_rc rc = kh_http_open(settings->http.listen.data, PAGES, sizeof PAGES / sizeof *PAGES, NULL, &worker->http, why,
                            sizeof why);
    if (rc != KH_OK) {
        kh_log(KH_LOG_ERROR, "http", "http.listen: %s", why);
        worker->reason = KH_ENDED_CONFIGURATION;
        return rc;
    }
    kh_log(KH_LOG_INFO, "http", "metrics and health at http://%s/metrics, /livez and /readyz",
           kh_http_address(worker->http));
    return KH_OK;
}

void kh_watching_end(kh_worker *worker)
{
    kh_http_close(worker->http);
    worker->http = NULL;
}

/* ---- librdkafka's figures, by the thread that polls the client ---- */

static void sample_client(kh_sample_source source, kh_text client, const kh_client_statistics *of)
{
    const struct {
        kh_metric metric;
        double value;
    } figures[] = {
        {KH_METRIC_CLIENT_BROKERS, of->brokers_up},
        {KH_METRIC_CLIENT_ROUND_TRIP, of->round_trip_seconds},
        {KH_METRIC_CLIENT_QUEUE, (double)of->queued_messages},
        {KH_METRIC_CLIENT_QUEUE_BYTES, (double)of->queued_bytes},
        {KH_METRIC_CLIENT_TIMEOUTS, (double)of->timeouts},
        {KH_METRIC_CLIENT_ERRORS, (double)of->errors},
        {KH_METRIC_CLIENT_DISCONNECTS, (double)of->disconnects},
        {KH_METRIC_CLIENT_SENT, (double)of->sent_bytes},
        {KH_METRIC_CLIENT_RECEIVED, (double)of->received_bytes},
        {KH_METRIC_CLIENT_REBALANCES, (double)of->rebalances},
    };
    kh_samples_begin(source);
    for (size_t i = 0; i < sizeof figures / sizeof *figures; i++) {
        if (figures[i].metric != KH_METRIC_CLIENT_REBALANCES || source == KH_SAMPLES_CONSUMER) {
            kh_samples_add(source, figures[i].metric, figures[i].value, client, (kh_text){"", 0});
        }
    }
    kh_samples_end(source);
}

static void take_statistics(void *self, kh_kafka_client client, kh_text json)
{
    kh_client_statistics found;
    (void)self;
    if (kh_client_statistics_read(json, &found) != KH_OK) {
        return;
    }
    if (client == KH_KAFKA_PRODUCER) {
        sample_client(KH_SAMPLES_PRODUCER, KH_TEXT("producer"), &found);
        return;
    }
    sample_client(KH_SAMPLES_CONSUMER, KH_TEXT("consumer"), &found);
    kh_health_set(KH_HEALTH_BROKER, found.connections_up > 0 ? NULL : "broker: no connection");
}

void kh_watching_ask_kafka(kh_worker *worker)
{
    if (worker->http != NULL) {
        worker->kafka.statistics = take_statistics;
        worker->kafka.statistics_interval_ms = STATISTICS_MS;
    }
}

/* ---- how things stand, by the loop ---- */

static void judge_database(const kh_worker *worker)
{
    bool connected = true;
    for (size_t i = 0; i < worker->share_count; i++) {
        const kh_share *share = &worker->shares[i];
        connected = connected && (share->database != NULL || (i > 0 && share->lane_count == 0));
    }
    kh_health_set(KH_HEALTH_DATABASE, connected ? NULL : "database: no connection");
}

static void judge_lanes(const kh_worker *worker)
{
    char why[120];
    kh_lane_counts lanes;
    kh_live_count_lanes(worker, &lanes);
    if (!worker->assigned) {
        kh_health_set(KH_HEALTH_LANES, "lanes: the group has dealt out none yet");
        kh_health_set(KH_HEALTH_RULES, NULL);
        return;
    }
    (void)snprintf(why, sizeof why, "lanes: %zu are assigned, and not taken over yet", lanes.assigned);
    kh_health_set(KH_HEALTH_LANES, lanes.assigned > lanes.taken ? why : NULL);
    (void)snprintf(why, sizeof why,
                   "rules: %zu lanes wait for a rule pack that both participants consented to; the log names it",
                   lanes.blocked);
    kh_health_set(KH_HEALTH_RULES, lanes.blocked > 0 ? why : NULL);
}

void kh_watching_turn(kh_worker *worker)
{
    if (worker->http == NULL) {
        return;
    }
    if (worker->taken && !worker->was_taken) { /* which asks the broker for more than a connection */
        kh_health_set(KH_HEALTH_BROKER, NULL);
    }
    if (worker->taken != worker->was_taken) {
        worker->watched_at_ms = 0; /* the lanes are others now: what waits is counted at once */
    }
    worker->was_taken = worker->taken;
    kh_health_turn(kh_turns_oldest_ms(worker));
    judge_database(worker);
    judge_lanes(worker);
    kh_live_observe(worker);
}
