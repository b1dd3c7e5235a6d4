/* Fills the source topics with label events for measuring: load BROKERS EVENTS LABELS [PER_SECOND [JP-TOPIC SG-TOPIC]];
 * 0 a second is as fast as it goes, with the events' own timestamps. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "app/heap.h"
#include "app/log.h"
#include "bench/bench_events.h"
#include "codec/event_line.h"
#include "kafka/sender.h"

static void failed(void *self, uint64_t line, const kh_kafka_error *error)
{
    (void)self;
    (void)fprintf(stderr, "event %" PRIu64 ": %s\n", line, error->text);
    exit(1);
}

#define TICK_MS 50

/* Sleeps so that no more than `rate` events have been sent each second: what is due in a tick leaves together, as from
 * a producer that lingers. One by one, they would cost the broker more than the worker's own traffic does. */
static void hold_rate(int64_t begun_ms, uint64_t sent, uint64_t rate)
{
    int64_t ahead = begun_ms + (int64_t)(sent * 1000 / rate) - kh_monotonic_ms();
    if (ahead >= TICK_MS) {
        struct timespec wait = {ahead / 1000, (long)(ahead % 1000) * 1000000};
        (void)nanosleep(&wait, NULL);
    }
}

int main(int argc, char **argv)
{
    const char *const topics[] = {argc > 5 ? argv[5] : "jp.label-events", argc > 6 ? argv[6] : "sg.label-events"};
    if (argc < 4) {
        (void)fprintf(stderr, "usage: load BROKERS EVENTS LABELS [PER_SECOND [JP-TOPIC SG-TOPIC]]\n");
        return 2;
    }
    uint64_t events = strtoull(argv[2], NULL, 10);
    uint64_t labels = strtoull(argv[3], NULL, 10);
    uint64_t rate = argc > 4 ? strtoull(argv[4], NULL, 10) : 0;
    kh_kafka_settings settings = {.brokers = argv[1], .group = "load"};
    kh_kafka_error error = {0};
    kh_sender *sender = NULL;
    kh_arena arena;
    kh_arena_init(&arena, 65536, kh_heap());
    kh_rc rc = kh_sender_new(&settings, topics, 2, failed, NULL, &sender, &error);
    int64_t begun = kh_monotonic_ms();
    for (uint64_t n = 0; rc == KH_OK && n < events; n++) {
        kh_record record;
        kh_refusal refusal;
        bool dated = false;
        kh_arena_reset(&arena);
        kh_text line = kh_bench_event_line(&arena, n, labels);
        rc = kh_event_line_read(line, 262144, &arena, &record, &dated, &refusal);
        if (rc != KH_OK) {
            (void)fprintf(stderr, "event %" PRIu64 ": %.*s\n", n, KH_TEXT_ARGS(refusal.detail));
            return 1;
        }
        kh_message message = {.topic = record.topic.data[0] == 'j' ? 0 : 1,
                              .partition = KH_PARTITION_BY_KEY,
                              .has_key = true,
                              .has_value = true,
                              .key = record.key,
                              .value = record.value,
                              .timestamp = rate == 0 ? record.timestamp : KH_INSTANT_NONE};
        rc = kh_sender_send(sender, &message, n, &error);
        if (rate != 0) {
            hold_rate(begun, n + 1, rate);
        }
    }
    if (rc == KH_OK) {
        rc = kh_sender_flush(sender, 60000, &error);
    }
    if (rc != KH_OK) {
        (void)fprintf(stderr, "load: %s\n", error.text);
    }
    kh_sender_free(sender);
    kh_arena_deinit(&arena);
    return rc == KH_OK ? 0 : 1;
}
