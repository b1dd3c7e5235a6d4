/* Transactions that fail on purpose, against librdkafka's mock cluster. */
#include "mock_cluster.h"

#include <stdio.h>
#include <string.h>

#include "kafka/consumer.h"
#include "kafka/publisher.h"

typedef struct bench {
    mock_cluster mock;
    kh_publisher *publisher;
    kh_consumer *consumer;
    kh_group_claim *claim;
    kh_message message;
    kh_lane_offset offset;
    kh_publication publication;
    char steps[256];
} bench;

static void note_step(void *self, kh_publish_step step)
{
    static const char *const NAMES[] = {"begun", "produced", "offsets-sent", "committed", "aborted"};
    bench *b = self;
    const char *name = NAMES[step];
    size_t used = strlen(b->steps);
    snprintf(b->steps + used, sizeof b->steps - used, "%s ", name);
}

static void join(bench *b)
{
    const char *topics[] = {"source"};
    assert_rc(kh_consumer_new(&b->mock.settings, topics, 1, &b->consumer, NULL), KH_OK);
    for (int tries = 0; tries < 600 && b->claim == NULL; tries++) {
        kh_consumer_event event;
        kh_consumer_poll(b->consumer, 100, &event);
        if (event.kind == KH_CONSUMER_ASSIGNED) {
            b->claim = kh_group_claim_hold(event.claim);
        }
    }
    assert_non_null(b->claim);
}

static int setup(void **state)
{
    static bench b;
    const char *topics[] = {"result"};
    memset(&b, 0, sizeof b);
    mock_cluster_init(&b.mock);
    mock_cluster_topic(&b.mock, "source", 1);
    mock_cluster_topic(&b.mock, "result", 1);
    b.mock.settings.step = note_step;
    b.mock.settings.self = &b;
    join(&b);
    assert_rc(kh_publisher_new(&b.mock.settings, "id", topics, 1, &b.publisher, NULL), KH_OK);
    assert_rc(kh_publisher_init(b.publisher, 30000, NULL, NULL), KH_OK);
    b.message = (kh_message){.has_value = true, .value = KH_TEXT("v"), .timestamp = KH_INSTANT_NONE};
    b.offset = (kh_lane_offset){"source", 0, 1, KH_TEXT("mark")};
    b.publication = (kh_publication){&b.message, 1, &b.offset, 1, b.claim};
    *state = &b;
    return 0;
}

static int teardown(void **state)
{
    bench *b = *state;
    kh_publisher_free(b->publisher);
    kh_group_claim_release(b->claim);
    kh_consumer_free(b->consumer);
    mock_cluster_deinit(&b->mock);
    return 0;
}

/* One transaction with that error, then one without: its outcome, and that the publisher still works where it must. */
static void expect(bench *b, int16_t request, rd_kafka_resp_err_t code, int count, kh_rc expected, const char *steps)
{
    kh_kafka_error error = {0};
    b->steps[0] = '\0';
    mock_cluster_fail(&b->mock, request, code, count);
    kh_rc rc = kh_publisher_publish(b->publisher, &b->publication, &error);
    rd_kafka_mock_clear_request_errors(b->mock.cluster, request);
    if (rc != expected) {
        fail_msg("request %d with %s: %d (%s), expected %d", request, rd_kafka_err2name(code), (int)rc, error.text,
                 (int)expected);
    }
    assert_string_equal(b->steps, steps);
    if (rc != KH_OK) {
        assert_rc(error.rc, expected);
        assert_true(error.text[0] != '\0');
    }
    if (rc == KH_E_FENCED || rc == KH_E_LOST) {
        assert_rc(kh_publisher_publish(b->publisher, &b->publication, NULL), rc);
    }
    if (kh_rc_is_fatal(rc) || rc == KH_E_FENCED || rc == KH_E_LOST) {
        assert_rc(kh_publisher_renew(b->publisher, 30000, &error), KH_OK);
    }
    assert_rc(kh_publisher_publish(b->publisher, &b->publication, &error), KH_OK);
}

#define ALL_STEPS "begun produced offsets-sent committed "

static void every_step_is_named(void **state)
{
    bench *b = *state;
    assert_rc(kh_publisher_publish(b->publisher, &b->publication, NULL), KH_OK);
    assert_string_equal(b->steps, ALL_STEPS);
}

static void what_passes_is_tried_again_inside(void **state)
{
    expect(*state, REQUEST_ADD_OFFSETS_TO_TXN, RD_KAFKA_RESP_ERR_CONCURRENT_TRANSACTIONS, 2, KH_OK, ALL_STEPS);
    expect(*state, REQUEST_TXN_OFFSET_COMMIT, RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS, 2, KH_OK, ALL_STEPS);
    expect(*state, REQUEST_END_TXN, RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE, 1, KH_OK, ALL_STEPS);
    expect(*state, REQUEST_PRODUCE, RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION, 1, KH_OK, ALL_STEPS);
}

static void a_stale_member_is_aborted_and_told(void **state)
{
    static const rd_kafka_resp_err_t STALE[] = {RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION,
                                                RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID,
                                                RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID};
    for (size_t i = 0; i < sizeof STALE / sizeof *STALE; i++) {
        expect(*state, REQUEST_TXN_OFFSET_COMMIT, STALE[i], 1, KH_E_NOT_MINE, "begun produced aborted ");
    }
}

static void a_missing_right_is_aborted_and_told(void **state)
{
    expect(*state, REQUEST_TXN_OFFSET_COMMIT, RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED, 1, KH_E_CONFIGURATION,
           "begun produced aborted ");
    expect(*state, REQUEST_PRODUCE, RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED, 1, KH_E_CONFIGURATION,
           "begun produced offsets-sent aborted ");
}

static void a_fenced_producer_says_so_until_renewed(void **state)
{
    expect(*state, REQUEST_END_TXN, RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH, 1, KH_E_FENCED,
           "begun produced offsets-sent ");
    expect(*state, REQUEST_TXN_OFFSET_COMMIT, RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH, 1, KH_E_FENCED,
           "begun produced ");
}

static void a_fatal_error_wants_a_new_producer(void **state)
{
    expect(*state, REQUEST_END_TXN, RD_KAFKA_RESP_ERR_INVALID_TXN_STATE, 1, KH_E_LOST, "begun produced offsets-sent ");
    expect(*state, REQUEST_END_TXN, RD_KAFKA_RESP_ERR_INVALID_PRODUCER_ID_MAPPING, 1, KH_E_LOST,
           "begun produced offsets-sent ");
}

/* More than the producer's queue holds: it waits, and loses nothing. */
static void a_full_queue_is_waited_for(void **state)
{
    bench *b = *state;
    enum { COUNT = 5000 };
    static kh_message many[COUNT];
    static const kh_kafka_property SMALL[] = {{"queue.buffering.max.messages", "100"}};
    const char *topics[] = {"result"};
    kh_publisher *publisher = NULL;
    for (size_t i = 0; i < COUNT; i++) {
        many[i] = b->message;
    }
    kh_publication publication = {many, COUNT, &b->offset, 1, b->claim};
    kh_kafka_settings settings = b->mock.settings;
    settings.properties = SMALL;
    settings.property_count = 1;
    kh_kafka_error error = {0};
    assert_rc(kh_publisher_new(&settings, "small", topics, 1, &publisher, &error), KH_OK);
    assert_rc(kh_publisher_init(publisher, 30000, NULL, &error), KH_OK);
    kh_rc rc = kh_publisher_publish(publisher, &publication, &error);
    kh_publisher_free(publisher);
    if (rc != KH_OK) {
        fail_msg("%d: %s", (int)rc, error.text);
    }
}

/* The broker goes away in the middle: bounded, and never told as published. */
static void a_broker_that_goes_away_leaves_the_outcome_unknown(void **state)
{
    bench *b = *state;
    kh_kafka_error error = {0};
    kh_publisher_patience(b->publisher, 500);
    rd_kafka_mock_broker_set_down(b->mock.cluster, 1);
    kh_rc rc = kh_publisher_publish(b->publisher, &b->publication, &error);
    assert_true(rc == KH_E_LOST || rc == KH_E_RETRY);
    assert_rc(kh_publisher_renew(b->publisher, 300, &error), KH_E_LOST);
    rd_kafka_mock_broker_set_up(b->mock.cluster, 1);
    kh_publisher_patience(b->publisher, 30000);
    assert_rc(kh_publisher_renew(b->publisher, 30000, &error), KH_OK);
    assert_rc(kh_publisher_publish(b->publisher, &b->publication, &error), KH_OK);
}

static void offsets_need_a_claim(void **state)
{
    bench *b = *state;
    kh_kafka_error error = {0};
    kh_publication unclaimed = {&b->message, 1, &b->offset, 1, NULL};
    assert_rc(kh_publisher_publish(b->publisher, &unclaimed, &error), KH_E_INTERNAL);
    assert_rc(kh_publisher_publish(b->publisher, &b->publication, &error), KH_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_step_is_named),
        cmocka_unit_test(what_passes_is_tried_again_inside),
        cmocka_unit_test(a_stale_member_is_aborted_and_told),
        cmocka_unit_test(a_missing_right_is_aborted_and_told),
        cmocka_unit_test(a_fenced_producer_says_so_until_renewed),
        cmocka_unit_test(a_fatal_error_wants_a_new_producer),
        cmocka_unit_test(a_full_queue_is_waited_for),
        cmocka_unit_test(offsets_need_a_claim),
        cmocka_unit_test(a_broker_that_goes_away_leaves_the_outcome_unknown),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
