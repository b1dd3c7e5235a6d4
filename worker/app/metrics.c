#include "app/metrics.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "app/heap.h"
#include "app/metric_rows.h"
#include "kakehashi/arena.h"

#define CELLS        (KH_METRIC_TOPICS + 1)
#define SAMPLE_BLOCK 4096

/* Microseconds; a histogram's last cell but one counts what is longer than all, the last one is the sum. */
static const int64_t BOUNDS[] = {1000,   2500,   5000,    10000,   25000,   50000,    100000,
                                 250000, 500000, 1000000, 2500000, 5000000, 10000000, 30000000};
#define BOUND_COUNT (sizeof BOUNDS / sizeof *BOUNDS)
#define SUM_CELL    (BOUND_COUNT + 1)

typedef struct sample {
    kh_metric metric;
    double value;
    kh_text labels[2];
} sample;

typedef struct samples {
    pthread_mutex_t mutex;
    kh_arena arena; /* of the labels */
    sample *list;
    size_t count;
    size_t size;
} samples;

static _Atomic uint64_t cells[KH_METRICS][CELLS];
static samples sources[KH_SAMPLE_SOURCES];
static pthread_once_t once = PTHREAD_ONCE_INIT;

_Static_assert(SUM_CELL < CELLS, "a histogram fits");
_Static_assert(KH_REFUSAL_COUNT <= CELLS, "the reasons fit");

/* ---- recorded ---- */

static void add(kh_metric metric, size_t at, uint64_t amount)
{
    (void)atomic_fetch_add_explicit(&cells[metric][at], amount, memory_order_relaxed);
}

static uint64_t cell(kh_metric metric, size_t at)
{
    return atomic_load_explicit(&cells[metric][at], memory_order_relaxed);
}

void kh_metric_add(kh_metric metric, size_t at, uint64_t amount)
{
    if (amount > 0 && at < CELLS) {
        add(metric, at, amount);
    }
}

void kh_metric_observe(kh_metric metric, int64_t microseconds)
{
    size_t at = 0;
    while (at < BOUND_COUNT && microseconds > BOUNDS[at]) {
        at++;
    }
    add(metric, at, 1);
    add(metric, SUM_CELL, microseconds < 0 ? 0 : (uint64_t)microseconds);
}

uint64_t kh_metric_total(kh_metric metric)
{
    size_t count = kh_metric_row_of(metric)->kind == KH_HISTOGRAM ? BOUND_COUNT + 1 : CELLS;
    uint64_t total = 0;
    for (size_t i = 0; i < count; i++) {
        total += cell(metric, i);
    }
    return total;
}

size_t kh_metric_outcome(kh_rc rc)
{
    static const kh_rc known[] = {KH_OK, KH_E_RETRY, KH_E_BAD_ROW, KH_E_NOT_MINE, KH_E_LOST, KH_E_FENCED, KH_E_TIMEOUT};
    size_t at = 0;
    while (at < sizeof known / sizeof *known && known[at] != rc) {
        at++;
    }
    return at; /* what is no longer in the list has failed for good */
}

void kh_metric_retry(kh_rc rc)
{
    if (rc != KH_OK) {
        add(KH_METRIC_RETRIES, kh_metric_outcome(rc) - 1, 1); /* the same list without its first */
    }
}

size_t kh_metric_reason(kh_text name)
{
    const char *const *values = kh_metric_row_of(KH_METRIC_DEAD_LETTERS)->values;
    size_t at = 0;
    while (values[at] != NULL && !kh_text_equal(kh_text_of(values[at]), name)) {
        at++;
    }
    return at;
}

int64_t kh_monotonic_us(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

void kh_metrics_name_topics(const char *const *names, size_t count)
{
    for (size_t i = 0; i < KH_METRIC_TOPICS; i++) {
        kh_metric_topics[i] = i < count ? names[i] : NULL;
    }
}

/* ---- sampled ---- */

static void init_sources(void)
{
    for (size_t i = 0; i < KH_SAMPLE_SOURCES; i++) {
        (void)pthread_mutex_init(&sources[i].mutex, NULL);
        kh_arena_init(&sources[i].arena, SAMPLE_BLOCK, kh_heap());
    }
}

void kh_samples_begin(kh_sample_source source)
{
    (void)pthread_once(&once, init_sources);
    (void)pthread_mutex_lock(&sources[source].mutex);
    kh_arena_reset(&sources[source].arena);
    sources[source].count = 0;
}

void kh_samples_add(kh_sample_source source, kh_metric metric, double value, kh_text first, kh_text second)
{
    samples *of = &sources[source];
    sample one = {.metric = metric, .value = value};
    if (kh_heap_grow((void **)&of->list, &of->size, of->count, sizeof *of->list) &&
        kh_arena_copy_text(&of->arena, first, &one.labels[0]) == KH_OK &&
        kh_arena_copy_text(&of->arena, second, &one.labels[1]) == KH_OK) {
        of->list[of->count++] = one;
    }
}

void kh_samples_end(kh_sample_source source)
{
    (void)pthread_mutex_unlock(&sources[source].mutex);
}

/* ---- shown ---- */

static const char *kind_name(kh_metric_kind kind)
{
    switch (kind) {
    case KH_COUNTER:
        return "counter";
    case KH_GAUGE:
        return "gauge";
    case KH_HISTOGRAM:
        return "histogram";
    }
    return "untyped";
}

static void print_counter(const kh_metric_row *row, kh_metric metric, FILE *out)
{
    if (row->labels[0] == NULL) {
        (void)fprintf(out, "%s %" PRIu64 "\n", row->name, cell(metric, 0));
        return;
    }
    for (size_t i = 0; row->values[i] != NULL; i++) {
        (void)fprintf(out, "%s{%s=\"%s\"} %" PRIu64 "\n", row->name, row->labels[0], row->values[i], cell(metric, i));
    }
}

static void print_histogram(const kh_metric_row *row, kh_metric metric, FILE *out)
{
    uint64_t total = 0;
    for (size_t i = 0; i < BOUND_COUNT; i++) {
        total += cell(metric, i);
        (void)fprintf(out, "%s_bucket{le=\"%g\"} %" PRIu64 "\n", row->name, (double)BOUNDS[i] / 1e6, total);
    }
    total += cell(metric, BOUND_COUNT);
    (void)fprintf(out, "%s_bucket{le=\"+Inf\"} %" PRIu64 "\n", row->name, total);
    (void)fprintf(out, "%s_sum %.6f\n", row->name, (double)cell(metric, SUM_CELL) / 1e6);
    (void)fprintf(out, "%s_count %" PRIu64 "\n", row->name, total);
}

static void print_sample(const kh_metric_row *row, const sample *of, FILE *out)
{
    (void)fputs(row->name, out);
    for (size_t i = 0; i < 2 && row->labels[i] != NULL; i++) {
        (void)fprintf(out, "%s%s=\"%.*s\"", i == 0 ? "{" : ",", row->labels[i], KH_TEXT_ARGS(of->labels[i]));
    }
    (void)fprintf(out, "%s %.15g\n", row->labels[0] == NULL ? "" : "}", of->value);
}

static void print_samples(const kh_metric_row *row, kh_metric metric, FILE *out)
{
    for (size_t s = 0; s < KH_SAMPLE_SOURCES; s++) {
        for (size_t i = 0; i < sources[s].count; i++) {
            if (sources[s].list[i].metric == metric) {
                print_sample(row, &sources[s].list[i], out);
            }
        }
    }
}

void kh_metrics_print(FILE *out)
{
    (void)pthread_once(&once, init_sources);
    for (size_t s = 0; s < KH_SAMPLE_SOURCES; s++) {
        (void)pthread_mutex_lock(&sources[s].mutex);
    }
    for (kh_metric metric = 0; metric < KH_METRICS; metric++) {
        const kh_metric_row *row = kh_metric_row_of(metric);
        (void)fprintf(out, "# HELP %s %s\n# TYPE %s %s\n", row->name, row->help, row->name, kind_name(row->kind));
        if (row->sampled) {
            print_samples(row, metric, out);
        } else if (row->kind == KH_HISTOGRAM) {
            print_histogram(row, metric, out);
        } else {
            print_counter(row, metric, out);
        }
    }
    for (size_t s = 0; s < KH_SAMPLE_SOURCES; s++) {
        (void)pthread_mutex_unlock(&sources[s].mutex);
    }
}

void kh_metrics_reset(void)
{
    for (kh_metric metric = 0; metric < KH_METRICS; metric++) {
        for (size_t i = 0; i < CELLS; i++) {
            atomic_store_explicit(&cells[metric][i], 0, memory_order_relaxed);
        }
    }
    for (kh_sample_source source = 0; source < KH_SAMPLE_SOURCES; source++) {
        kh_samples_begin(source);
        kh_samples_end(source);
    }
    kh_metrics_name_topics(NULL, 0);
}
