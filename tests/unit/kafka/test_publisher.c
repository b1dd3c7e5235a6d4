/* Transactions that fail on purpose, against librdkafka's mock cluster. */
#include "mock_publishing.h"

/* One transaction with that error, then one without: its outcome, and that the publisher still works where it must. */
static void expect(mock_publishing *of, int16_t request, rd_kafka_resp_err_t code, int count, kh_rc expected,
                   const char *steps)
{
    kh_kafka_error error = {0};
    of->steps[0] = '\0';
    mock_cluster_fail(&of->mock, request, code, count);
    kh_rc rc = kh_publisher_publish(of->publisher, &of->publication, &error);
    rd_kafka_mock_clear_request_errors(of->mock.cluster, request);
    if (rc != expected) {
        fail_msg("request %d with %s: %d (%s), expected %d", request, rd_kafka_err2name(code), (int)rc, error.text,
                 (int)expected);
    }
    assert_string_equal(of->steps, steps);
    if (rc != KH_OK) {
        assert_rc(error.rc, expected);
        assert_true(error.text[0] != '\0');
    }
    if (rc == KH_E_FENCED || rc == KH_E_LOST) {
        assert_rc(kh_publisher_publish(of->publisher, &of->publication, NULL), rc);
    }
    if (kh_rc_is_fatal(rc) || rc == KH_E_FENCED || rc == KH_E_LOST) {
        assert_rc(kh_publisher_renew(of->publisher, 30000, &error), KH_OK);
    }
    assert_rc(kh_publisher_publish(of->publisher, &of->publication, &error), KH_OK);
}

#define ALL_STEPS "begun produced offsets-sent committed "

static void every_step_is_named(void **state)
{
    mock_publishing *of = *state;
    assert_rc(kh_publisher_publish(of->publisher, &of->publication, NULL), KH_OK);
    assert_string_equal(of->steps, ALL_STEPS);
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
    mock_publishing *of = *state;
    enum { COUNT = 5000 };
    static kh_message many[COUNT];
    static const kh_kafka_property SMALL[] = {{"queue.buffering.max.messages", "100"}};
    const char *topics[] = {"result"};
    kh_publisher *publisher = NULL;
    for (size_t i = 0; i < COUNT; i++) {
        many[i] = of->message;
    }
    kh_publication publication = {many, COUNT, &of->offset, 1, of->claim};
    kh_kafka_settings settings = of->mock.settings;
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
    mock_publishing *of = *state;
    kh_kafka_error error = {0};
    kh_publisher_patience(of->publisher, 500);
    rd_kafka_mock_broker_set_down(of->mock.cluster, 1);
    kh_rc rc = kh_publisher_publish(of->publisher, &of->publication, &error);
    assert_true(rc == KH_E_LOST || rc == KH_E_RETRY);
    assert_rc(kh_publisher_renew(of->publisher, 300, &error), KH_E_LOST);
    rd_kafka_mock_broker_set_up(of->mock.cluster, 1);
    kh_publisher_patience(of->publisher, 30000);
    assert_rc(kh_publisher_renew(of->publisher, 30000, &error), KH_OK);
    assert_rc(kh_publisher_publish(of->publisher, &of->publication, &error), KH_OK);
}

static void offsets_need_a_claim(void **state)
{
    mock_publishing *of = *state;
    kh_kafka_error error = {0};
    kh_publication unclaimed = {&of->message, 1, &of->offset, 1, NULL};
    assert_rc(kh_publisher_publish(of->publisher, &unclaimed, &error), KH_E_INTERNAL);
    assert_rc(kh_publisher_publish(of->publisher, &of->publication, &error), KH_OK);
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
    return cmocka_run_group_tests(tests, mock_publishing_setup, mock_publishing_teardown);
}
