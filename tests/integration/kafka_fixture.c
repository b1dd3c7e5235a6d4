#include "integration/kafka_fixture.h"

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "support/plain_heap.h"

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void print_log(void *self, kh_kafka_log_level level, kh_text text)
{
    (void)self;
    if (level <= KH_KAFKA_LOG_WARNING || getenv("KH_TEST_VERBOSE") != NULL) {
        fprintf(stderr, "%.*s\n", KH_TEXT_ARGS(text));
    }
}

static void read_address(kafka_fixture *fixture)
{
    const char *path = getenv("KH_KAFKA_ADDRESS");
    FILE *file = path == NULL ? NULL : fopen(path, "r");
    if (file == NULL || fgets(fixture->brokers, sizeof fixture->brokers, file) == NULL) {
        fail_msg("KH_KAFKA_ADDRESS names no file with a broker's address: run this by ctest");
    }
    fclose(file);
    fixture->brokers[strcspn(fixture->brokers, "\n")] = '\0';
}

void kafka_fixture_init(kafka_fixture *fixture, int32_t partitions)
{
    static int counter;
    static const char *const SUFFIXES[] = {"1", "2", "out", "log"};
    kh_topic_wish topics[4];
    kh_kafka_error error = {0};
    memset(fixture, 0, sizeof *fixture);
    read_address(fixture);
    counter++;
    for (size_t i = 0; i < 4; i++) {
        snprintf(fixture->names[i], sizeof fixture->names[i], "t-%d-%d-%s", (int)getpid(), counter, SUFFIXES[i]);
        topics[i] = (kh_topic_wish){fixture->names[i], i < 2 ? KH_TOPIC_SOURCE : KH_TOPIC_RESULT};
        *(i < 2 ? &fixture->sources[i] : &fixture->results[i - 2]) = fixture->names[i];
    }
    snprintf(fixture->group, sizeof fixture->group, "g-%d-%d", (int)getpid(), counter);
    fixture->partitions = partitions;
    fixture->settings = (kh_kafka_settings){
        .brokers = fixture->brokers,
        .group = fixture->group,
        .session_timeout_ms = 30000, /* no test waits for its end, and a slow machine must not bring it about */
        .heartbeat_interval_ms = 200,
        .transaction_timeout_ms = 15000,
        .log = print_log,
    };
    kh_arena_init(&fixture->arena, 4096, &PLAIN_HEAP);
    kh_topics_wish wish = {topics, 4, KH_TOPIC_CLOCK_RECORDS, partitions, 0};
    if (kh_topics_create(&fixture->settings, &wish, GENEROUS_MS, NULL, NULL, &error) != KH_OK) {
        fail_msg("%s", error.text);
    }
}

void kafka_fixture_deinit(kafka_fixture *fixture)
{
    kh_arena_deinit(&fixture->arena);
}

void kafka_fixture_send(kafka_fixture *fixture, const char *topic, int32_t lane, int first, int count)
{
    kh_sender *sender = NULL;
    kh_kafka_error error = {0};
    assert_rc(kh_sender_new(&fixture->settings, &topic, 1, NULL, NULL, &sender, &error), KH_OK);
    for (int i = first; i < first + count; i++) {
        char text[16];
        snprintf(text, sizeof text, "%d", i);
        kh_message message = {.partition = lane,
                              .has_key = true,
                              .has_value = true,
                              .key = kh_text_of(text),
                              .value = kh_text_of(text),
                              .timestamp = 1750000000000 + i};
        assert_rc(kh_sender_send(sender, &message, (uint64_t)i, &error), KH_OK);
    }
    assert_rc(kh_sender_flush(sender, GENEROUS_MS, &error), KH_OK);
    kh_sender_free(sender);
}

kh_consumer *kafka_fixture_consumer(kafka_fixture *fixture)
{
    kh_consumer *consumer = NULL;
    kh_kafka_error error = {0};
    if (kh_consumer_new(&fixture->settings, fixture->sources, 2, &consumer, &error) != KH_OK) {
        fail_msg("%s", error.text);
    }
    return consumer;
}

kh_publisher *kafka_fixture_publisher(kafka_fixture *fixture, const char *suffix)
{
    kh_publisher *publisher = NULL;
    kh_kafka_error error = {0};
    int32_t partitions[2] = {0, 0};
    char id[128];
    snprintf(id, sizeof id, "%s-%s", fixture->group, suffix);
    assert_rc(kh_publisher_new(&fixture->settings, id, fixture->results, 2, &publisher, &error), KH_OK);
    if (kh_publisher_init(publisher, GENEROUS_MS, partitions, &error) != KH_OK) {
        fail_msg("%s", error.text);
    }
    assert_int_equal(partitions[0], fixture->partitions);
    assert_int_equal(partitions[1], fixture->partitions);
    return publisher;
}

kh_consumer_event kafka_fixture_await(kh_consumer *consumer, kh_consumer_event_kind kind, bool let_go)
{
    int64_t deadline = now_ms() + GENEROUS_MS;
    while (now_ms() < deadline) {
        kh_consumer_event event;
        kh_consumer_poll(consumer, 100, &event);
        if (event.kind == kind) {
            return event;
        }
        if (event.kind == KH_CONSUMER_RECORD) {
            kh_consumer_release(consumer, &event.hold, 1);
        } else if (event.kind == KH_CONSUMER_REVOKED && let_go) {
            kh_consumer_let_go(consumer);
        } else if (event.kind == KH_CONSUMER_ERROR && kh_rc_is_fatal(event.error->rc)) {
            fail_msg("%s", event.error->text);
        }
    }
    fail_msg("no event of kind %d came", (int)kind);
    return (kh_consumer_event){0};
}

kh_group_claim *kafka_fixture_join(kh_consumer *consumer, size_t lane_count)
{
    for (;;) {
        kh_consumer_event event = kafka_fixture_await(consumer, KH_CONSUMER_ASSIGNED, true);
        if (event.lane_count == lane_count) {
            return kh_group_claim_hold(event.claim);
        }
    }
}

void kafka_fixture_start(kh_consumer *consumer, int32_t lane)
{
    kh_kafka_error error = {0};
    kh_lane_start starts[2] = {{0, lane, KH_OFFSET_BEGINNING}, {1, lane, KH_OFFSET_BEGINNING}};
    if (kh_consumer_start(consumer, starts, 2, &error) != KH_OK) {
        fail_msg("%s", error.text);
    }
}

size_t kafka_fixture_read(kh_consumer *consumer, size_t topic, int32_t lane, int *values, size_t most)
{
    int64_t deadline = now_ms() + GENEROUS_MS;
    size_t count = 0;
    while (now_ms() < deadline) {
        kh_consumer_event event;
        kh_consumer_poll(consumer, 100, &event);
        bool here = event.topic == topic && event.lane == lane;
        if (event.kind == KH_CONSUMER_RECORD) {
            if (here && count < most) {
                char text[16];
                snprintf(text, sizeof text, "%.*s", (int)event.record.value.length,
                         event.record.has_value ? event.record.value.data : "");
                values[count++] = atoi(text);
            }
            kh_consumer_release(consumer, &event.hold, 1);
        } else if (event.kind == KH_CONSUMER_DRAINED && here) {
            return count;
        }
    }
    fail_msg("topic %zu lane %d is never drained", topic, (int)lane);
    return 0;
}

void kafka_fixture_committed(kafka_fixture *fixture, kh_consumer *consumer, int32_t lane, kh_lane_commit *commits)
{
    int64_t deadline = now_ms() + GENEROUS_MS;
    kh_kafka_error error = {0};
    kh_rc rc = KH_E_TIMEOUT;
    while (rc == KH_E_TIMEOUT && now_ms() < deadline) {
        commits[0] = (kh_lane_commit){.topic = 0, .lane = lane};
        commits[1] = (kh_lane_commit){.topic = 1, .lane = lane};
        rc = kh_consumer_committed(consumer, commits, 2, 2000, &fixture->arena, &error);
    }
    if (rc != KH_OK) {
        fail_msg("%s", error.text);
    }
}
