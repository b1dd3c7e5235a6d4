/* Fills the source topics with label events for measuring: load BROKERS EVENTS LABELS [PER_SECOND [JP-TOPIC SG-TOPIC]];
 * 0 a second is as fast as it goes, with the events' own timestamps. With a rate, all is made before the first is sent,
 * so that making it takes nothing from what is measured. */
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

typedef struct load {
    const char *topics[2];
    uint64_t events;
    uint64_t labels;
    uint64_t rate; /* a second; 0: as fast as it goes */
    kh_sender *sender;
} load;

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

static kh_message message_of(const load *of, uint64_t n, kh_arena *arena)
{
    kh_record record;
    kh_refusal refusal;
    bool dated = false;
    kh_text line = kh_bench_event_line(arena, n, of->labels);
    if (kh_event_line_read(line, 262144, arena, &record, &dated, &refusal) != KH_OK) {
        (void)fprintf(stderr, "event %" PRIu64 ": %.*s\n", n, KH_TEXT_ARGS(refusal.detail));
        exit(1);
    }
    return (kh_message){.topic = record.topic.data[0] == 'j' ? 0 : 1,
                        .partition = KH_PARTITION_BY_KEY,
                        .has_key = true,
                        .has_value = true,
                        .key = record.key,
                        .value = record.value,
                        .timestamp = of->rate == 0 ? record.timestamp : KH_INSTANT_NONE};
}

static kh_rc send_at_once(const load *of, kh_kafka_error *error)
{
    kh_arena arena;
    kh_arena_init(&arena, 65536, kh_heap());
    kh_rc rc = KH_OK;
    for (uint64_t n = 0; rc == KH_OK && n < of->events; n++) {
        kh_arena_reset(&arena);
        kh_message message = message_of(of, n, &arena);
        rc = kh_sender_send(of->sender, &message, n, error);
    }
    kh_arena_deinit(&arena);
    return rc;
}

/* All messages, in \a kept. \return owned by the caller, who frees it. */
static kh_message *make_all(const load *of, kh_arena *kept)
{
    kh_arena scratch;
    kh_arena_init(&scratch, 65536, kh_heap());
    kh_message *made = calloc(of->events, sizeof *made);
    for (uint64_t n = 0; made != NULL && n < of->events; n++) {
        kh_arena_reset(&scratch);
        made[n] = message_of(of, n, &scratch);
        if (kh_arena_copy_text(kept, made[n].key, &made[n].key) != KH_OK ||
            kh_arena_copy_text(kept, made[n].value, &made[n].value) != KH_OK) {
            free(made);
            made = NULL;
        }
    }
    kh_arena_deinit(&scratch);
    return made;
}

static kh_rc send_at_rate(const load *of, kh_kafka_error *error)
{
    kh_arena kept;
    kh_arena_init(&kept, 65536, kh_heap());
    kh_message *made = make_all(of, &kept);
    kh_rc rc = made == NULL ? KH_E_MEMORY : KH_OK;
    int64_t begun = kh_monotonic_ms();
    for (uint64_t n = 0; rc == KH_OK && n < of->events; n++) {
        rc = kh_sender_send(of->sender, &made[n], n, error);
        hold_rate(begun, n + 1, of->rate);
    }
    free(made);
    kh_arena_deinit(&kept);
    return rc;
}

int main(int argc, char **argv)
{
    if (argc < 4) {
        (void)fprintf(stderr, "usage: load BROKERS EVENTS LABELS [PER_SECOND [JP-TOPIC SG-TOPIC]]\n");
        return 2;
    }
    load of = {.topics = {argc > 5 ? argv[5] : "jp.label-events", argc > 6 ? argv[6] : "sg.label-events"},
               .events = strtoull(argv[2], NULL, 10),
               .labels = strtoull(argv[3], NULL, 10),
               .rate = argc > 4 ? strtoull(argv[4], NULL, 10) : 0};
    kh_kafka_settings settings = {.brokers = argv[1], .group = "load"};
    kh_kafka_error error = {0};
    kh_rc rc = kh_sender_new(&settings, of.topics, 2, failed, NULL, &of.sender, &error);
    if (rc == KH_OK) {
        rc = of.rate == 0 ? send_at_once(&of, &error) : send_at_rate(&of, &error);
    }
    if (rc == KH_OK) {
        rc = kh_sender_flush(of.sender, 60000, &error);
    }
    if (rc != KH_OK) {
        (void)fprintf(stderr, "load: %s\n", rc == KH_E_MEMORY ? "out of memory" : error.text);
    }
    kh_sender_free(of.sender);
    return rc == KH_OK ? 0 : 1;
}
