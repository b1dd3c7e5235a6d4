/* Every number that a worker shows of itself: one table, from which the exposition, docker/prometheus/metrics.md and
 * the checks of dashboard and alerts are made.
 *
 * Counters and histograms are recorded where things happen, once for a batch rather than once for a record: an atomic
 * addition. What is measured now and then, or told by others, are samples: each source's replace those before. All of
 * it is the process's, for any thread. */
#ifndef KH_APP_METRICS_H
#define KH_APP_METRICS_H

#include <stdint.h>
#include <stdio.h>

#include "kakehashi/refusal.h"
#include "kakehashi/return_code.h"

typedef enum kh_metric {
    /* counters */
    KH_METRIC_RECORDS,
    KH_METRIC_RESULTS,
    KH_METRIC_DEAD_LETTERS,
    KH_METRIC_GAPS,
    KH_METRIC_AHEAD_OF_TIME,
    KH_METRIC_MESSAGES,
    KH_METRIC_DATABASE_TRANSACTIONS,
    KH_METRIC_KAFKA_TRANSACTIONS,
    KH_METRIC_RETRIES,
    KH_METRIC_LANES_TAKEN,
    /* histograms */
    KH_METRIC_BATCH_SECONDS,
    KH_METRIC_COMMIT_SECONDS,
    KH_METRIC_PUBLISH_SECONDS,
    /* samples of the worker */
    KH_METRIC_LANES,
    KH_METRIC_LAG,
    KH_METRIC_PENDING,
    KH_METRIC_PUBLISHING,
    KH_METRIC_DUE,
    KH_METRIC_WAKEUPS,
    KH_METRIC_NEXT_DUE,
    KH_METRIC_OBLIGATIONS,
    KH_METRIC_CALENDAR_DAYS,
    KH_METRIC_PACKS_MISSING,
    /* samples of librdkafka's clients */
    KH_METRIC_CLIENT_BROKERS,
    KH_METRIC_CLIENT_ROUND_TRIP,
    KH_METRIC_CLIENT_QUEUE,
    KH_METRIC_CLIENT_QUEUE_BYTES,
    KH_METRIC_CLIENT_TIMEOUTS,
    KH_METRIC_CLIENT_ERRORS,
    KH_METRIC_CLIENT_DISCONNECTS,
    KH_METRIC_CLIENT_SENT,
    KH_METRIC_CLIENT_RECEIVED,
    KH_METRIC_CLIENT_REBALANCES,
    /* samples of each scrape */
    KH_METRIC_READY,
    KH_METRIC_REACHABLE,
    KH_METRIC_QUIET,
    KH_METRIC_BUILD,
    KH_METRIC_STARTED,
    KH_METRIC_CPU,
    KH_METRIC_MEMORY,
    KH_METRICS
} kh_metric;

typedef enum kh_metric_kind { KH_COUNTER, KH_GAUGE, KH_HISTOGRAM } kh_metric_kind;

/*! One row of the table. */
typedef struct kh_metric_row {
    const char *name; /*!< by Prometheus' conventions */
    const char *help;
    const char *labels[2];     /*!< NULL: none, or one only */
    const char *const *values; /*!< of the one label of a metric that is recorded, NULL-terminated; else NULL */
    kh_metric_kind kind;
    bool sampled; /*!< a sample, not recorded */
} kh_metric_row;

/*! Static storage. */
const kh_metric_row *kh_metric_row_of(kh_metric metric);

/* ---- recorded ---- */

/*! Adds to a counter. \param at  which of the row's label values; 0 where there is no label. */
void kh_metric_add(kh_metric metric, size_t at, uint64_t amount);

/*! One more in a histogram of durations. */
void kh_metric_observe(kh_metric metric, int64_t microseconds);

/*! The sum over a counter's label values, or how many a histogram has seen. */
uint64_t kh_metric_total(kh_metric metric);

/*! Which of the values of `outcome` a return code is: what became of a transaction. */
size_t kh_metric_outcome(kh_rc rc);

/*! Counts that something is tried again, by why; KH_OK is not counted. */
void kh_metric_retry(kh_rc rc);

/*! Which of the values of `reason`. \param name  kh_refusal_name's. */
size_t kh_metric_reason(kh_text name);

/*! Microseconds of a clock that never goes back, for what is observed. */
int64_t kh_monotonic_us(void);

/*! The source topics, as the values of the label `topic` of records. \param names  as long as the process lives; the
 * first 32 count. */
void kh_metrics_name_topics(const char *const *names, size_t count);

/* ---- sampled ---- */

typedef enum kh_sample_source {
    KH_SAMPLES_WORKER,
    KH_SAMPLES_CONSUMER,
    KH_SAMPLES_PRODUCER,
    KH_SAMPLES_SCRAPE,
    KH_SAMPLE_SOURCES
} kh_sample_source;

/*! Forgets what the source has said before. Until kh_samples_end the page waits: put in what is known already. */
void kh_samples_begin(kh_sample_source source);
/*! \param first, second  the values of the row's labels, ids without quotes and backslashes; copied; empty where it has
 *  fewer. Without memory the sample is left out. */
void kh_samples_add(kh_sample_source source, kh_metric metric, double value, kh_text first, kh_text second);
void kh_samples_end(kh_sample_source source);

/* ---- shown ---- */

/*! Everything, in Prometheus' text format 0.0.4. */
void kh_metrics_print(FILE *out);

/*! Everything back to nothing: a worker begins. */
void kh_metrics_reset(void);

#endif
