/* Messages and offsets in one transaction, against a real broker. */
#include "integration/kafka_fixture.h"

#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <string.h>

/* A consumer that has lane 0 (of one), its claim, and what is to be published from it. */
typedef struct scene {
    kafka_fixture f;
    kh_consumer *consumer;
    kh_group_claim *claim;
    kh_message messages[3];
    kh_header headers[2];
    kh_lane_offset offsets[2];
    kh_publication publication;
} scene;

static void scene_init(scene *s, int32_t lanes)
{
    memset(s, 0, sizeof *s);
    kafka_fixture_init(&s->f, lanes);
    s->consumer = kafka_fixture_consumer(&s->f);
    s->claim = kafka_fixture_join(s->consumer, (size_t)lanes);
    s->headers[0] = (kh_header){KH_TEXT("kh-lane"), KH_TEXT("0"), true};
    s->headers[1] = (kh_header){KH_TEXT("kh-seq"), KH_TEXT("41"), true};
    s->messages[0] = (kh_message){.topic = 0,
                                  .has_key = true,
                                  .has_value = true,
                                  .key = KH_TEXT("JP/1"),
                                  .value = KH_TEXT("1"),
                                  .timestamp = KH_INSTANT_NONE,
                                  .headers = s->headers,
                                  .header_count = 2};
    s->messages[1] = (kh_message){.topic = 1, .has_key = true, .key = KH_TEXT("JP/2"), .timestamp = 1750000000000};
    s->messages[2] = (kh_message){.topic = 0,
                                  .has_key = true,
                                  .has_value = true,
                                  .key = KH_TEXT("JP/3"),
                                  .value = KH_TEXT("2"),
                                  .timestamp = KH_INSTANT_NONE};
    s->offsets[0] = (kh_lane_offset){s->f.sources[0], 0, 17, KH_TEXT("kh1 deployment 42")};
    s->offsets[1] = (kh_lane_offset){s->f.sources[1], 0, 3, KH_TEXT("kh1 deployment 42")};
    s->publication = (kh_publication){s->messages, 3, s->offsets, 2, s->claim};
}

static void scene_deinit(scene *s)
{
    kh_group_claim_release(s->claim);
    assert_rc(kh_consumer_close(s->consumer, GENEROUS_MS), KH_OK);
    kh_consumer_free(s->consumer);
    kafka_fixture_deinit(&s->f);
}

/* How many results a committed reader sees in lane 0 of a result topic; their values as numbers. */
static size_t visible(const scene *s, size_t topic, int *values, size_t most)
{
    kafka_fixture reader = s->f;
    static int counter;
    snprintf(reader.group, sizeof reader.group, "%.40s-reader-%d", s->f.group, counter++);
    reader.settings.group = reader.group;
    reader.settings.brokers = reader.brokers;
    reader.sources[0] = s->f.results[0];
    reader.sources[1] = s->f.results[1];
    kh_consumer *consumer = kafka_fixture_consumer(&reader);
    kh_group_claim_release(kafka_fixture_join(consumer, (size_t)s->f.partitions));
    kafka_fixture_start(consumer, 0);
    size_t count = kafka_fixture_read(consumer, topic, 0, values, most);
    assert_rc(kh_consumer_close(consumer, GENEROUS_MS), KH_OK);
    kh_consumer_free(consumer);
    return count;
}

static void assert_published(kh_publisher *publisher, const kh_publication *publication)
{
    kh_kafka_error error = {0};
    kh_rc rc = kh_publisher_publish(publisher, publication, &error);
    if (rc != KH_OK) {
        fail_msg("%d: %s", (int)rc, error.text);
    }
}

static void messages_and_offsets_move_together(void **state)
{
    (void)state;
    scene s;
    int values[16];
    kh_lane_commit commits[2];
    scene_init(&s, 1);
    kafka_fixture_committed(&s.f, s.consumer, 0, commits);
    assert_false(commits[0].present);
    kh_publisher *publisher = kafka_fixture_publisher(&s.f, "w1");
    assert_published(publisher, &s.publication);
    kafka_fixture_committed(&s.f, s.consumer, 0, commits);
    assert_true(commits[0].present);
    assert_int_equal(commits[0].offset, 17);
    assert_int_equal(commits[1].offset, 3);
    assert_text(commits[0].metadata, "kh1 deployment 42");
    assert_text(commits[1].metadata, "kh1 deployment 42");
    /* Only offsets, and only messages. */
    s.offsets[0].next_offset = 18;
    s.offsets[1].metadata = (kh_text){NULL, 0};
    kh_publication only_offsets = {NULL, 0, s.offsets, 2, s.claim};
    kh_publication only_messages = {s.messages, 1, NULL, 0, NULL};
    assert_published(publisher, &only_offsets);
    assert_published(publisher, &only_messages);
    kafka_fixture_committed(&s.f, s.consumer, 0, commits);
    assert_int_equal(commits[0].offset, 18);
    assert_int_equal(commits[1].metadata.length, 0);
    assert_int_equal(visible(&s, 0, values, 16), 3);
    assert_int_equal(values[0], 1);
    assert_int_equal(values[1], 2);
    assert_int_equal(values[2], 1);
    assert_int_equal(visible(&s, 1, values, 16), 1);
    kh_publisher_free(publisher);
    scene_deinit(&s);
}

/* The claim of an assignment that is over publishes nothing; the next one's does. */
static void a_stale_claim_is_refused(void **state)
{
    (void)state;
    scene s;
    int values[16];
    kh_kafka_error error = {0};
    kh_lane_commit commits[2];
    scene_init(&s, 2);
    kh_publisher *publisher = kafka_fixture_publisher(&s.f, "w1");
    kh_consumer *second = kafka_fixture_consumer(&s.f);
    kh_group_claim *fresh = NULL;
    for (int tries = 0; tries < 600 && fresh == NULL; tries++) {
        kh_consumer *both[] = {s.consumer, second};
        for (size_t i = 0; i < 2; i++) {
            kh_consumer_event event;
            kh_consumer_poll(both[i], 50, &event);
            if (event.kind == KH_CONSUMER_ASSIGNED && i == 0 && event.lane_count == 1) {
                fresh = kh_group_claim_hold(event.claim);
            } else if (event.kind == KH_CONSUMER_REVOKED) {
                kh_consumer_let_go(both[i]);
            }
        }
    }
    assert_non_null(fresh);
    assert_rc(kh_publisher_publish(publisher, &s.publication, &error), KH_E_NOT_MINE);
    assert_non_null(strstr(error.text, "ILLEGAL_GENERATION"));
    kafka_fixture_committed(&s.f, s.consumer, 0, commits);
    assert_false(commits[0].present);
    assert_int_equal(visible(&s, 0, values, 16), 0);
    /* The same producer goes on with the claim of the assignment that stands. */
    s.publication.claim = fresh;
    assert_published(publisher, &s.publication);
    kafka_fixture_committed(&s.f, s.consumer, 0, commits);
    assert_int_equal(commits[0].offset, 17);
    assert_int_equal(visible(&s, 0, values, 16), 2);
    kh_group_claim_release(fresh);
    kh_publisher_free(publisher);
    assert_rc(kh_consumer_close(second, GENEROUS_MS), KH_OK);
    kh_consumer_free(second);
    scene_deinit(&s);
}

/* A worker that stalls in the middle of a transaction. */
typedef struct stall {
    scene *s;
    sem_t reached;
    sem_t go_on;
    bool passed; /* it stalls only once */
    kh_rc rc;
    kh_publisher *publisher;
    pthread_t thread;
} stall;

static void stall_here(void *self, kh_publish_step step)
{
    stall *stalled = self;
    if (step == KH_PUBLISH_OFFSETS_SENT && !stalled->passed) {
        stalled->passed = true;
        sem_post(&stalled->reached);
        sem_wait(&stalled->go_on);
    }
}

static void *publish_stalled(void *argument)
{
    stall *stalled = argument;
    stalled->rc = kh_publisher_publish(stalled->publisher, &stalled->s->publication, NULL);
    return NULL;
}

/* Begins to publish, and waits until it stalls. */
static void stall_begin(stall *stalled, scene *s)
{
    *stalled = (stall){.s = s};
    sem_init(&stalled->reached, 0, 0);
    sem_init(&stalled->go_on, 0, 0);
    s->f.settings.step = stall_here;
    s->f.settings.self = stalled;
    stalled->publisher = kafka_fixture_publisher(&s->f, "w1");
    assert_int_equal(pthread_create(&stalled->thread, NULL, publish_stalled, stalled), 0);
    sem_wait(&stalled->reached);
}

/* It wakes. \return what its publication came to. */
static kh_rc stall_end(stall *stalled)
{
    sem_post(&stalled->go_on);
    pthread_join(stalled->thread, NULL);
    return stalled->rc;
}

static void a_pending_transaction_is_waited_for_and_fenced(void **state)
{
    (void)state;
    scene s;
    stall stalled;
    kh_lane_commit commits[2] = {{.topic = 0}, {.topic = 1}};
    kh_kafka_error error = {0};
    int values[16];
    char id[128];
    scene_init(&s, 1);
    stall_begin(&stalled, &s);
    assert_rc(kh_consumer_committed(s.consumer, commits, 2, 1500, &s.f.arena, &error), KH_E_TIMEOUT);
    snprintf(id, sizeof id, "%s-w1", s.f.group);
    assert_rc(kh_fence(&s.f.settings, id, GENEROUS_MS, &error), KH_OK);
    kafka_fixture_committed(&s.f, s.consumer, 0, commits);
    assert_false(commits[0].present);
    assert_int_equal(visible(&s, 0, values, 16), 0);
    /* It wakes: nothing of it is published, and it says why. Renewed, it may work again. */
    assert_rc(stall_end(&stalled), KH_E_FENCED);
    assert_rc(kh_publisher_publish(stalled.publisher, &s.publication, &error), KH_E_FENCED);
    assert_int_equal(visible(&s, 0, values, 16), 0);
    assert_rc(kh_publisher_renew(stalled.publisher, GENEROUS_MS, &error), KH_OK);
    assert_published(stalled.publisher, &s.publication);
    assert_int_equal(visible(&s, 0, values, 16), 2);
    kh_publisher_free(stalled.publisher);
    scene_deinit(&s);
}

/* The coordinator ends a transaction for its age, while its producer stalls. */
static void a_transaction_too_old_is_not_published(void **state)
{
    (void)state;
    scene s;
    stall stalled;
    kh_lane_commit commits[2];
    int values[16];
    scene_init(&s, 1);
    s.f.settings.transaction_timeout_ms = 1000;
    stall_begin(&stalled, &s);
    kafka_fixture_committed(&s.f, s.consumer, 0, commits); /* waits until the coordinator has ended it */
    assert_false(commits[0].present);
    (void)stall_end(&stalled);
    assert_true(stalled.rc == KH_E_FENCED || stalled.rc == KH_E_LOST || stalled.rc == KH_E_RETRY);
    assert_int_equal(visible(&s, 0, values, 16), 0);
    s.f.settings.transaction_timeout_ms = 15000; /* from now on it is to be in time, also on a slow machine */
    assert_rc(kh_publisher_renew(stalled.publisher, GENEROUS_MS, NULL), KH_OK);
    assert_published(stalled.publisher, &s.publication);
    assert_int_equal(visible(&s, 0, values, 16), 2);
    kh_publisher_free(stalled.publisher);
    scene_deinit(&s);
}

static void what_will_never_be_taken_is_named(void **state)
{
    (void)state;
    scene s;
    int values[16];
    kh_kafka_error error = {0};
    const size_t size = 6 * 1024 * 1024;
    scene_init(&s, 1);
    kh_publisher *publisher = kafka_fixture_publisher(&s.f, "w1");
    char *big = calloc(1, size);
    kh_text small = s.messages[2].value;
    /* Too large for librdkafka's own limit. */
    s.messages[2].value = (kh_text){big, size};
    assert_rc(kh_publisher_publish(publisher, &s.publication, &error), KH_E_CONFIGURATION);
    assert_non_null(strstr(error.text, s.f.results[0]));
    s.messages[2].value = small;
    /* A partition that the topic has not. */
    s.messages[2].partition = 9;
    assert_rc(kh_publisher_publish(publisher, &s.publication, &error), KH_E_CONFIGURATION);
    assert_non_null(strstr(error.text, "partition 9"));
    s.messages[2].partition = 0;
    assert_int_equal(visible(&s, 0, values, 16), 0);
    assert_published(publisher, &s.publication);
    assert_int_equal(visible(&s, 0, values, 16), 2);
    kh_publisher_free(publisher);
    /* Too large for the broker: this producer believes that 8 MiB are fine, the topic takes 4. */
    s.f.settings.max_record_bytes = 8 * 1024 * 1024;
    publisher = kafka_fixture_publisher(&s.f, "w2");
    uint32_t noise = 1; /* lz4 finds nothing in it */
    for (size_t i = 0; i < size; i++) {
        noise = noise * 1664525u + 1013904223u;
        big[i] = (char)(noise >> 24);
    }
    s.messages[2].value = (kh_text){big, size};
    assert_rc(kh_publisher_publish(publisher, &s.publication, &error), KH_E_CONFIGURATION);
    assert_non_null(strstr(error.text, s.f.results[0]));
    s.messages[2].value = small;
    /* The refused batch has left a gap in the producer's sequence: one more transaction may have to be aborted. */
    kh_rc rc = KH_E_RETRY;
    for (int tries = 0; tries < 3 && rc == KH_E_RETRY; tries++) {
        rc = kh_publisher_publish(publisher, &s.publication, &error);
        if (rc == KH_E_LOST) {
            assert_rc(kh_publisher_renew(publisher, GENEROUS_MS, &error), KH_OK);
            rc = KH_E_RETRY;
        }
    }
    assert_rc(rc, KH_OK);
    assert_int_equal(visible(&s, 0, values, 16), 4);
    kh_publisher_free(publisher);
    free(big);
    scene_deinit(&s);
}

static void a_missing_result_topic_is_named(void **state)
{
    (void)state;
    kafka_fixture f;
    kafka_fixture_init(&f, 1);
    kh_publisher *publisher = NULL;
    kh_kafka_error error = {0};
    const char *topics[] = {f.results[0], "not-there"};
    assert_rc(kh_publisher_new(&f.settings, "nobody", topics, 2, &publisher, &error), KH_OK);
    assert_rc(kh_publisher_init(publisher, GENEROUS_MS, NULL, &error), KH_E_CONFIGURATION);
    assert_non_null(strstr(error.text, "not-there does not exist"));
    kh_publisher_free(publisher);
    kafka_fixture_deinit(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(messages_and_offsets_move_together),
        cmocka_unit_test(a_stale_claim_is_refused),
        cmocka_unit_test(a_pending_transaction_is_waited_for_and_fenced),
        cmocka_unit_test(a_transaction_too_old_is_not_published),
        cmocka_unit_test(what_will_never_be_taken_is_named),
        cmocka_unit_test(a_missing_result_topic_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
