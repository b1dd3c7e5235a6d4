/* What a real broker will not do on demand: a membership that is lost, answers that fail. */
#include "mock_cluster.h"

#include <pthread.h>
#include <string.h>
#include <time.h>

#include "kafka/handle.h"

static void a_lost_membership_is_told_apart(void **state)
{
    (void)state;
    mock_cluster mock;
    kh_consumer *consumer = NULL;
    const char *topics[] = {"a", "b"};
    mock_cluster_init(&mock);
    mock_cluster_topic(&mock, "a", 3);
    mock_cluster_topic(&mock, "b", 3);
    assert_rc(kh_consumer_new(&mock.settings, topics, 2, &consumer, NULL), KH_OK);
    kh_consumer_event event = mock_cluster_await(consumer, KH_CONSUMER_ASSIGNED);
    assert_int_equal(event.lane_count, 3);
    for (int32_t lane = 0; lane < 3; lane++) {
        assert_int_equal(event.lanes[lane], lane);
    }
    char *member = kh_consumer_member(consumer);
    assert_true(member != NULL && member[0] != '\0');
    free(member);
    mock_cluster_fail(&mock, REQUEST_HEARTBEAT, RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID, 1);
    event = mock_cluster_await(consumer, KH_CONSUMER_REVOKED);
    assert_true(event.lost);
    assert_int_equal(event.lane_count, 3);
    kh_consumer_let_go(consumer);
    event = mock_cluster_await(consumer, KH_CONSUMER_ASSIGNED);
    assert_int_equal(event.lane_count, 3);
    kh_consumer_free(consumer);
    mock_cluster_deinit(&mock);
}

/* Lanes that are taken again and again, held back and let go between, as fast as that goes: each is read to its end
 * each time. librdkafka loses a start that a pause overtakes, and aborts when a second assignment overtakes the first.
 */
static void lanes_taken_again_and_again_are_read_to_their_ends(void **state)
{
    enum { LANES = 4, ROUNDS = 40 };
    (void)state;
    mock_cluster mock;
    kh_consumer *consumer = NULL;
    const char *topics[] = {"a", "b"};
    mock_cluster_init(&mock);
    mock_cluster_topic(&mock, "a", LANES);
    mock_cluster_topic(&mock, "b", LANES);
    assert_rc(kh_consumer_new(&mock.settings, topics, 2, &consumer, NULL), KH_OK);
    assert_int_equal(mock_cluster_await(consumer, KH_CONSUMER_ASSIGNED).lane_count, LANES);
    for (int round = 0; round < ROUNDS; round++) {
        bool drained[LANES][2] = {{false}};
        int left = LANES * 2;
        for (int32_t lane = 0; lane < LANES; lane++) {
            kh_lane_start starts[] = {{0, lane, 0}, {1, lane, 0}};
            assert_rc(kh_consumer_start(consumer, starts, 2, NULL), KH_OK);
            if ((round + lane) % 3 == 0) {
                kh_consumer_pause(consumer, &lane, 1);
                kh_consumer_resume(consumer, &lane, 1);
            }
        }
        while (left > 0 && round % 20 == 19) { /* otherwise they are taken again at once */
            kh_consumer_event event = mock_cluster_await(consumer, KH_CONSUMER_DRAINED);
            left -= !drained[event.lane][event.topic];
            drained[event.lane][event.topic] = true;
        }
    }
    kh_consumer_free(consumer);
    mock_cluster_deinit(&mock);
}

/* librdkafka keeps it: whoever gets the lane again would never read it. */
static void a_pause_does_not_outlive_its_assignment(void **state)
{
    (void)state;
    mock_cluster mock;
    kh_consumer *consumer = NULL;
    const char *topics[] = {"a"};
    const kh_lane_start start = {0, 0, 0};
    const int32_t lane = 0;
    mock_cluster_init(&mock);
    mock_cluster_topic(&mock, "a", 1);
    assert_rc(kh_consumer_new(&mock.settings, topics, 1, &consumer, NULL), KH_OK);
    (void)mock_cluster_await(consumer, KH_CONSUMER_ASSIGNED);
    assert_rc(kh_consumer_start(consumer, &start, 1, NULL), KH_OK);
    (void)mock_cluster_await(consumer, KH_CONSUMER_DRAINED);
    kh_consumer_pause(consumer, &lane, 1);
    mock_cluster_fail(&mock, REQUEST_HEARTBEAT, RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID, 1);
    (void)mock_cluster_await(consumer, KH_CONSUMER_REVOKED);
    kh_consumer_let_go(consumer);
    (void)mock_cluster_await(consumer, KH_CONSUMER_ASSIGNED);
    assert_rc(kh_consumer_start(consumer, &start, 1, NULL), KH_OK);
    (void)mock_cluster_await(consumer, KH_CONSUMER_DRAINED);
    kh_consumer_free(consumer);
    mock_cluster_deinit(&mock);
}

/* A session may be longer than the group otherwise waits for a member: librdkafka wants it to wait no less. */
static void a_long_session_is_taken(void **state)
{
    (void)state;
    mock_cluster mock;
    kh_consumer *consumer = NULL;
    const char *topics[] = {"a"};
    mock_cluster_init(&mock);
    mock_cluster_topic(&mock, "a", 1);
    mock.settings.session_timeout_ms = 600000;
    assert_rc(kh_consumer_new(&mock.settings, topics, 1, &consumer, NULL), KH_OK);
    (void)mock_cluster_await(consumer, KH_CONSUMER_ASSIGNED);
    kh_consumer_free(consumer);
    mock_cluster_deinit(&mock);
}

static void *wake_soon(void *consumer)
{
    struct timespec soon = {0, 50000000};
    (void)nanosleep(&soon, NULL);
    kh_consumer_wake(consumer);
    return NULL;
}

static void a_poll_can_be_woken(void **state)
{
    (void)state;
    const int patience_ms = 60000;
    mock_cluster mock;
    kh_consumer *consumer = NULL;
    kh_consumer_event event;
    pthread_t waker;
    const char *topics[] = {"a"};
    mock_cluster_init(&mock);
    mock_cluster_topic(&mock, "a", 1);
    assert_rc(kh_consumer_new(&mock.settings, topics, 1, &consumer, NULL), KH_OK);
    (void)mock_cluster_await(consumer, KH_CONSUMER_ASSIGNED);
    int64_t began = kh_handle_now();
    kh_consumer_wake(consumer); /* nobody waits: the next poll does not */
    kh_consumer_poll(consumer, patience_ms, &event);
    assert_int_equal(event.kind, KH_CONSUMER_NOTHING);
    assert_int_equal(pthread_create(&waker, NULL, wake_soon, consumer), 0);
    kh_consumer_poll(consumer, patience_ms, &event);
    assert_int_equal(event.kind, KH_CONSUMER_NOTHING);
    assert_int_equal(pthread_join(waker, NULL), 0);
    assert_true(kh_handle_now() - began < patience_ms);
    kh_consumer_free(consumer);
    mock_cluster_deinit(&mock);
}

/* Partition 1 of one topic without that of the other is no lane. */
static void unequal_topics_are_refused(void **state)
{
    (void)state;
    mock_cluster mock;
    kh_consumer *consumer = NULL;
    const char *topics[] = {"a", "b"};
    mock_cluster_init(&mock);
    mock_cluster_topic(&mock, "a", 2);
    mock_cluster_topic(&mock, "b", 1);
    assert_rc(kh_consumer_new(&mock.settings, topics, 2, &consumer, NULL), KH_OK);
    kh_consumer_event event = mock_cluster_await(consumer, KH_CONSUMER_ERROR);
    assert_rc(event.error->rc, KH_E_CONFIGURATION);
    assert_non_null(strstr(event.error->text, "partition 1, but not that of topic b"));
    kh_consumer_free(consumer);
    mock_cluster_deinit(&mock);
}

static void committed_offsets_that_cannot_be_read(void **state)
{
    (void)state;
    static const struct {
        kh_rc expected;
        rd_kafka_resp_err_t code;
    } ROWS[] = {
        {KH_E_CONFIGURATION, RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED},
        {KH_E_LOST, RD_KAFKA_RESP_ERR_UNKNOWN},
    };
    mock_cluster mock;
    kh_consumer *consumer = NULL;
    kh_test_memory memory;
    kh_arena arena;
    const char *topics[] = {"a"};
    mock_cluster_init(&mock);
    mock_cluster_topic(&mock, "a", 1);
    kh_test_memory_init(&memory, -1);
    kh_arena_init(&arena, 256, &memory.memory);
    assert_rc(kh_consumer_new(&mock.settings, topics, 1, &consumer, NULL), KH_OK);
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        kh_lane_commit commit = {0};
        kh_kafka_error error = {0};
        mock_cluster_fail(&mock, REQUEST_OFFSET_FETCH, ROWS[i].code, 1);
        assert_rc(kh_consumer_committed(consumer, &commit, 1, 30000, &arena, &error), ROWS[i].expected);
        assert_rc(error.rc, ROWS[i].expected);
    }
    kh_lane_commit commit = {.present = true};
    assert_rc(kh_consumer_committed(consumer, &commit, 1, 30000, &arena, NULL), KH_OK);
    assert_false(commit.present);
    kh_consumer_free(consumer);
    kh_arena_deinit(&arena);
    assert_int_equal(memory.live, 0);
    mock_cluster_deinit(&mock);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_lost_membership_is_told_apart),
        cmocka_unit_test(lanes_taken_again_and_again_are_read_to_their_ends),
        cmocka_unit_test(a_pause_does_not_outlive_its_assignment),
        cmocka_unit_test(a_long_session_is_taken),
        cmocka_unit_test(a_poll_can_be_woken),
        cmocka_unit_test(unequal_topics_are_refused),
        cmocka_unit_test(committed_offsets_that_cannot_be_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
