/* Deciding on one core, without broker and database: decode, merge, decide, encode every result.
 *
 *     bench_core [EVENTS [LABELS [ROUNDS]]]
 *
 * Prints events per second of the whole and of decoding alone (bare protobuf-c into an arena), in turn, as often as
 * asked, and the ratio of the medians. The labels are kept in memory as core values, as a batch has them. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "app/event_rules.h"
#include "app/heap.h"
#include "batch/lane.h"
#include "bench/bench_events.h"
#include "codec/event_line.h"
#include "codec/event_reader.h"
#include "codec/message.h"
#include "config/configuration.h"
#include "kakehashi/v1/event.pb-c.h"

#define FIRST_CLOCK INT64_C(1780272000000) /* 2026-06-01T00:00:00Z: when the events begin */

typedef struct bench {
    kh_record *records;
    uint64_t events;
    uint64_t labels;
    kh_event_rules rules;
    kh_arrangement arrangement;
    kh_message_cache *cache;
    kh_arena setup;
    kh_arena arena;    /* of the batch */
    kh_arena messages; /* of one result */
    kh_subject *subjects;
    uint64_t bytes;
    uint64_t results;
} bench;

static double seconds(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static void must(kh_rc rc, const char *what)
{
    if (rc != KH_OK) {
        (void)fprintf(stderr, "bench_core: %s: %d\n", what, (int)rc);
        exit(1);
    }
}

static void make_records(bench *of)
{
    of->records = calloc(of->events, sizeof *of->records);
    if (of->records == NULL) {
        must(KH_E_MEMORY, "records");
    }
    kh_arena line_arena;
    kh_arena_init(&line_arena, 65536, kh_heap());
    for (uint64_t n = 0; n < of->events; n++) {
        kh_refusal refusal;
        bool dated = false;
        kh_arena_reset(&line_arena);
        must(kh_event_line_read(kh_bench_event_line(&line_arena, n, of->labels), 262144, &of->setup, &of->records[n],
                                &dated, &refusal),
             "line");
    }
    kh_arena_deinit(&line_arena);
}

/* ---- the store and the sink of a lane, as thin as can be ---- */

static uint64_t label_number(kh_text key)
{
    return strtoull(key.data + 3, NULL, 10);
}

static kh_rc subject(void *self, kh_text key, kh_subject **out)
{
    bench *of = self;
    *out = &of->subjects[label_number(key)];
    if ((*out)->key.length == 0) {
        return kh_arena_copy_text(&of->setup, key, &(*out)->key);
    }
    return KH_OK;
}

static kh_rc basis(void *self, kh_text key, const kh_facts **out)
{
    (void)self;
    (void)key;
    *out = NULL;
    return KH_OK;
}

static kh_rc dependents(void *self, kh_text key, kh_subject *const **out, uint32_t *count)
{
    (void)self;
    (void)key;
    *out = NULL;
    *count = 0;
    return KH_OK;
}

static kh_rc due(void *self, kh_instant until, kh_subject **out)
{
    (void)self;
    (void)until;
    *out = NULL;
    return KH_OK;
}

static kh_rc decided(void *self, kh_subject *of)
{
    (void)self;
    (void)of;
    return KH_OK;
}

static kh_rc take(void *self, const kh_result *result)
{
    bench *of = self;
    kh_text bytes = {NULL, 0};
    kh_arena_reset(&of->messages);
    kh_rc rc = KH_OK;
    if (result->version != 0) {
        rc = kh_message_status(of->cache, result, &of->messages, &bytes);
        of->bytes += bytes.length;
        of->results++;
    }
    if (rc == KH_OK && result->public_version != 0) {
        rc = kh_message_public(of->cache, result, &of->messages, &bytes);
        of->bytes += bytes.length;
        of->results++;
    }
    return rc;
}

/* Every label's last round begins with the state that the rounds before it left, in the arena of the whole run. */
static double decide_all(bench *of)
{
    kh_store store = {of, subject, basis, dependents, due, decided};
    kh_sink sink = {of, take};
    bool owned = false;
    kh_lane lane = {.clock = FIRST_CLOCK,
                    .arrangements = &of->arrangement,
                    .arrangement_count = 1,
                    .owns_arrangement = &owned,
                    .arena = &of->arena,
                    .store = &store,
                    .sink = &sink};
    kh_arena_reset(&of->arena);
    memset(of->subjects, 0, of->labels * sizeof *of->subjects);
    of->bytes = 0;
    of->results = 0;
    double begun = seconds();
    for (uint64_t n = 0; n < of->events; n++) {
        kh_input *input = kh_arena_allocate(&of->arena, sizeof *input);
        kh_taken taken;
        uint32_t budget = UINT32_MAX;
        bool reached = false;
        if (input == NULL) {
            must(KH_E_MEMORY, "input");
        }
        input->record = &of->records[n];
        must(kh_event_read(&of->rules, input->record, -1, &of->arena, &input->event, &input->refusal), "event");
        must(kh_lane_advance(&lane, input->record->timestamp, &budget, &reached), "advance");
        must(kh_lane_take(&lane, input, &taken), "take");
    }
    return seconds() - begun;
}

static void *arena_alloc(void *self, size_t size)
{
    return kh_arena_allocate_raw(self, size);
}

static void arena_free(void *self, void *block)
{
    (void)self;
    (void)block;
}

static double decode_all(bench *of)
{
    ProtobufCAllocator allocator = {arena_alloc, arena_free, &of->messages};
    uint64_t revisions = 0;
    double begun = seconds();
    for (uint64_t n = 0; n < of->events; n++) {
        kh_arena_reset(&of->messages);
        const Kakehashi__V1__Event *event = kakehashi__v1__event__unpack(&allocator, of->records[n].value.length,
                                                                         (const uint8_t *)of->records[n].value.data);
        revisions += event->revision;
    }
    double taken = seconds() - begun;
    return revisions > 0 ? taken : 0;
}

static int compare_doubles(const void *a, const void *b)
{
    double left = *(const double *)a;
    double right = *(const double *)b;
    return left < right ? -1 : left > right;
}

static void load_rules(bench *of)
{
    static kh_configuration configuration;
    static kh_facts nothing;
    kh_problems problems;
    kh_problems_init(&problems, &of->setup);
    must(kh_configuration_load(KH_SOURCE_DIR "/config/kakehashi.yaml", NULL, 0, &problems, &configuration),
         "configuration");
    must(kh_event_rules_init(&configuration.settings, &configuration.book, &of->setup, &of->rules), "rules");
    must(kh_arrangement_build(&configuration.book, KH_TEXT("jp-sg"), &nothing, &of->setup, &of->arrangement),
         "arrangement");
    must(kh_message_cache_new(kh_heap(), &of->cache), "cache");
}

int main(int argc, char **argv)
{
    static bench of;
    of.events = argc > 1 ? strtoull(argv[1], NULL, 10) : 200000;
    of.labels = argc > 2 ? strtoull(argv[2], NULL, 10) : 50000;
    size_t rounds = argc > 3 ? strtoul(argv[3], NULL, 10) : 5;
    double whole[101];
    double bare[101];
    if (of.events == 0 || of.labels == 0 || rounds == 0 || rounds > 101) {
        (void)fprintf(stderr, "usage: bench_core [EVENTS [LABELS [ROUNDS]]]\n");
        return 2;
    }
    kh_arena_init(&of.setup, 1 << 20, kh_heap());
    kh_arena_init(&of.arena, 1 << 20, kh_heap());
    kh_arena_init(&of.messages, 65536, kh_heap());
    load_rules(&of);
    make_records(&of);
    of.subjects = calloc(of.labels, sizeof *of.subjects);
    if (of.subjects == NULL) {
        must(KH_E_MEMORY, "subjects");
    }
    (void)decide_all(&of); /* the memory is there then */
    for (size_t i = 0; i < rounds; i++) {
        bare[i] = decode_all(&of);
        whole[i] = decide_all(&of);
    }
    qsort(whole, rounds, sizeof *whole, compare_doubles);
    qsort(bare, rounds, sizeof *bare, compare_doubles);
    double events = (double)of.events;
    (void)printf("%" PRIu64 " events about %" PRIu64 " labels, %" PRIu64
                 " messages of %.0f bytes each, median of %zu rounds\n",
                 of.events, of.labels, of.results, (double)of.bytes / (double)of.results, rounds);
    (void)printf("decode, merge, decide, encode: %.0f events/s (%.0f to %.0f)\n", events / whole[rounds / 2],
                 events / whole[rounds - 1], events / whole[0]);
    (void)printf("bare protobuf-c arena decoding: %.0f events/s\n", events / bare[rounds / 2]);
    (void)printf("ratio: %.2f\n", bare[rounds / 2] / whole[rounds / 2]);
    return 0;
}
