/* Deciding on one core, without broker and database: decode, merge, decide, encode every result.
 *
 *     bench_core [EVENTS [LABELS [ROUNDS]]]
 *
 * Prints events per second of the whole and of decoding alone (bare protobuf-c into an arena), in turn, as often as
 * asked, and the ratio of the medians. The labels are kept in memory as core values, as a batch has them. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "app/heap.h"
#include "bench/bench_world.h"
#include "codec/event_reader.h"
#include "kakehashi/v1/event.pb-c.h"

typedef struct bench {
    kh_bench_world world;
    kh_record *records;
    uint64_t events;
    uint64_t labels;
    kh_arena setup;
    kh_arena arena;    /* of the batch */
    kh_arena messages; /* of one result */
    uint64_t bytes;
    uint64_t results;
} bench;

static void make_records(bench *of)
{
    of->records = calloc(of->events, sizeof *of->records);
    kh_bench_must(of->records == NULL ? KH_E_MEMORY : KH_OK, "records");
    for (uint64_t n = 0; n < of->events; n++) {
        kh_bench_record(&of->world, &of->setup, n, of->labels, &of->records[n]);
    }
}

static kh_rc take(void *self, const kh_result *result)
{
    bench *of = self;
    kh_text bytes = {NULL, 0};
    kh_arena_reset(&of->messages);
    kh_rc rc = KH_OK;
    if (result->version != 0) {
        rc = kh_message_status(of->world.cache, result, &of->messages, &bytes);
        of->bytes += bytes.length;
        of->results++;
    }
    if (rc == KH_OK && result->public_version != 0) {
        rc = kh_message_public(of->world.cache, result, &of->messages, &bytes);
        of->bytes += bytes.length;
        of->results++;
    }
    return rc;
}

/* Every label's last round begins with the state that the rounds before it left, in the arena of the whole run. */
static double decide_all(bench *of)
{
    kh_sink sink = {of, take};
    kh_lane lane;
    kh_bench_lane_init(&of->world, &of->arena, &sink, &lane);
    kh_arena_reset(&of->arena);
    memset(of->world.subjects, 0, of->labels * sizeof *of->world.subjects);
    of->bytes = 0;
    of->results = 0;
    double begun = kh_bench_seconds();
    for (uint64_t n = 0; n < of->events; n++) {
        kh_input *input = kh_arena_allocate(&of->arena, sizeof *input);
        kh_taken taken;
        uint32_t budget = UINT32_MAX;
        bool reached = false;
        kh_bench_must(input == NULL ? KH_E_MEMORY : KH_OK, "input");
        input->record = &of->records[n];
        kh_bench_must(kh_event_read(&of->world.rules, input->record, -1, &of->arena, &input->event, &input->refusal),
                      "event");
        kh_bench_must(kh_lane_advance(&lane, input->record->timestamp, &budget, &reached), "advance");
        kh_bench_must(kh_lane_take(&lane, input, &taken), "take");
    }
    return kh_bench_seconds() - begun;
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
    double begun = kh_bench_seconds();
    for (uint64_t n = 0; n < of->events; n++) {
        kh_arena_reset(&of->messages);
        const Kakehashi__V1__Event *event = kakehashi__v1__event__unpack(&allocator, of->records[n].value.length,
                                                                         (const uint8_t *)of->records[n].value.data);
        revisions += event->revision;
    }
    double taken = kh_bench_seconds() - begun;
    return revisions > 0 ? taken : 0;
}

static int compare_doubles(const void *a, const void *b)
{
    double left = *(const double *)a;
    double right = *(const double *)b;
    return left < right ? -1 : left > right;
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
    kh_bench_world_init(&of.world, KH_SOURCE_DIR "/config/kakehashi.yaml", NULL, 0, 0, of.labels, &of.setup);
    make_records(&of);
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
