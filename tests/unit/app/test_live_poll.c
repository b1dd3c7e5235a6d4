#include "app/live_poll.h"

#include <stdlib.h>

#include "support/kh_test.h"

#define MOST 10 /* batch.max_records */

/* The source topics: one record after the other, of the lanes that the test names. */
static struct {
    int32_t lanes[64];
    size_t count;
    size_t next;
    int64_t offsets[2]; /* of each lane */
    bool paused[2];
} source;

void __wrap_kh_consumer_poll(kh_consumer *consumer, int timeout_ms, kh_consumer_event *out);
void __wrap_kh_consumer_release(kh_consumer *consumer, kh_consumer_hold **holds, size_t count);
void __wrap_kh_consumer_pause(kh_consumer *consumer, const int32_t *lanes, size_t count);
void __wrap_kh_consumer_resume(kh_consumer *consumer, const int32_t *lanes, size_t count);

void __wrap_kh_consumer_poll(kh_consumer *consumer, int timeout_ms, kh_consumer_event *out)
{
    (void)consumer;
    (void)timeout_ms;
    *out = (kh_consumer_event){.kind = KH_CONSUMER_NOTHING};
    while (source.next < source.count && source.paused[source.lanes[source.next]]) {
        source.next++;
    }
    if (source.next < source.count) {
        int32_t lane = source.lanes[source.next++];
        *out = (kh_consumer_event){.kind = KH_CONSUMER_RECORD, .lane = lane, .offset = source.offsets[lane]++};
        out->record.value = (kh_text){"12345", 5};
        out->record.offset = out->offset;
    }
}

void __wrap_kh_consumer_release(kh_consumer *consumer, kh_consumer_hold **holds, size_t count)
{
    (void)consumer;
    (void)holds;
    (void)count;
}

void __wrap_kh_consumer_pause(kh_consumer *consumer, const int32_t *lanes, size_t count)
{
    (void)consumer;
    assert_int_equal(count, 1);
    source.paused[lanes[0]] = true;
}

void __wrap_kh_consumer_resume(kh_consumer *consumer, const int32_t *lanes, size_t count)
{
    (void)consumer;
    assert_int_equal(count, 1);
    source.paused[lanes[0]] = false;
}

static void put(int32_t lane, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        source.lanes[source.count++] = lane;
    }
}

typedef struct fixture {
    kh_configuration configuration;
    kh_worker_settings settings;
    kh_live_lane lanes[2];
    kh_worker worker;
} fixture;

/* Two lanes, of one share or of two. */
static int begin(void **state, size_t shares)
{
    fixture *of = calloc(1, sizeof *of);
    assert_non_null(of);
    memset(&source, 0, sizeof source);
    of->configuration.settings.batch.max_records = MOST;
    of->configuration.settings.batch.max_wait_ms = 60000;
    of->configuration.settings.clock = KH_CLOCK_WALL;
    of->settings.configuration = &of->configuration;
    of->worker.settings = &of->settings;
    of->worker.share_count = shares;
    of->worker.topic_count = 1;
    of->worker.taken = true;
    for (int32_t i = 0; i < 2; i++) {
        of->lanes[i] = (kh_live_lane){.number = i, .sources = {{.end = INT64_MAX}}};
    }
    for (size_t i = 0; i < shares; i++) {
        of->worker.shares[i].worker = &of->worker;
        of->worker.shares[i].lanes = &of->lanes[i];
        of->worker.shares[i].lane_count = 2 / shares;
    }
    *state = of;
    return 0;
}

static int begin_one(void **state)
{
    return begin(state, 1);
}

static int begin_two(void **state)
{
    return begin(state, 2);
}

static int end(void **state)
{
    fixture *of = *state;
    free(of->lanes[0].pending);
    free(of->lanes[1].pending);
    free(of);
    return 0;
}

static void poll_once(fixture *of)
{
    bool rebalanced = true;
    assert_int_equal(kh_live_poll(&of->worker, 0, &rebalanced), KH_OK);
    assert_false(rebalanced);
}

static void a_batch_is_enough_for_one_share(void **state)
{
    fixture *of = *state;
    put(0, MOST + 1);
    poll_once(of);
    assert_int_equal(of->lanes[0].pending_count, MOST);
    assert_true(of->worker.queues_full);
    poll_once(of); /* one each time, for the others wait already */
    assert_int_equal(of->lanes[0].pending_count, MOST + 1);
}

static void what_came_for_one_share_keeps_no_other_without_work(void **state)
{
    fixture *of = *state;
    put(0, MOST + 2);
    put(1, MOST);
    poll_once(of);
    assert_int_equal(of->lanes[0].pending_count, MOST + 2);
    assert_int_equal(of->lanes[1].pending_count, MOST / 2);
    assert_true(of->worker.queues_full);
}

static void what_waits_is_bounded(void **state)
{
    fixture *of = *state;
    put(0, 3 * (size_t)MOST);
    poll_once(of);
    assert_int_equal(of->lanes[0].pending_count, 2 * MOST);
    assert_true(of->worker.queues_full);
}

static void a_share_without_lanes_waits_for_nothing(void **state)
{
    fixture *of = *state;
    of->worker.shares[1].lane_count = 0;
    put(0, MOST);
    poll_once(of);
    assert_int_equal(of->lanes[0].pending_count, MOST / 2);
    assert_true(of->worker.queues_full);
}

static void a_paused_lane_keeps_no_other_from_reading(void **state)
{
    fixture *of = *state;
    put(0, MOST);
    poll_once(of);
    of->lanes[0].paused = true;
    put(1, MOST);
    poll_once(of);
    assert_int_equal(of->lanes[1].pending_count, MOST);
}

static void little_is_taken_at_once(void **state)
{
    fixture *of = *state;
    put(1, 3);
    poll_once(of);
    assert_int_equal(of->lanes[1].pending_count, 3);
    assert_false(of->worker.queues_full);
}

/* However much its topics hold: a rule pack that is missing may be missing for days. */
static void a_blocked_lane_is_not_read_further(void **state)
{
    fixture *of = *state;
    of->lanes[0].blocked = true;
    for (int turn = 0; turn < 50; turn++) {
        put(0, 1);
        poll_once(of);
        kh_live_throttle(&of->worker);
    }
    assert_true(source.paused[0]);
    assert_in_range(of->lanes[0].pending_count, 1, MOST / 2);
    assert_false(source.paused[1]);
    of->lanes[0].blocked = false;
    kh_live_throttle(&of->worker);
    assert_false(source.paused[0]);
}

static void a_full_queue_pauses_whatever_is_held_back(void **state)
{
    fixture *of = *state;
    of->lanes[1].sweeping = true;
    put(1, 1);
    put(0, MOST);
    poll_once(of);
    assert_true(of->worker.queues_full);
    kh_live_throttle(&of->worker);
    assert_true(source.paused[1]);
    assert_false(source.paused[0]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_batch_is_enough_for_one_share, begin_one, end),
        cmocka_unit_test_setup_teardown(what_came_for_one_share_keeps_no_other_without_work, begin_two, end),
        cmocka_unit_test_setup_teardown(what_waits_is_bounded, begin_two, end),
        cmocka_unit_test_setup_teardown(a_share_without_lanes_waits_for_nothing, begin_two, end),
        cmocka_unit_test_setup_teardown(a_paused_lane_keeps_no_other_from_reading, begin_one, end),
        cmocka_unit_test_setup_teardown(little_is_taken_at_once, begin_two, end),
        cmocka_unit_test_setup_teardown(a_blocked_lane_is_not_read_further, begin_one, end),
        cmocka_unit_test_setup_teardown(a_full_queue_pauses_whatever_is_held_back, begin_one, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
