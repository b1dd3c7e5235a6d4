#include "app/live_poll.h"

#include <stdlib.h>

#include "app/crew.h"
#include "app/live_arrivals.h"
#include "support/kh_test.h"

#define MOST 10 /* batch.max_records */

/* The source topics: one record after the other, of the lanes that the test names. */
static struct {
    int32_t lanes[64];
    size_t count;
    size_t next;
    int64_t offsets[2]; /* of each lane */
    bool paused[2];
    size_t released;
    kh_consumer_event_kind rebalance; /* comes first; NOTHING: none */
} source;

void __wrap_kh_consumer_poll(kh_consumer *consumer, int timeout_ms, kh_consumer_event *out);
void __wrap_kh_consumer_release(kh_consumer *consumer, kh_consumer_hold **holds, size_t count);
void __wrap_kh_consumer_pause(kh_consumer *consumer, const int32_t *lanes, size_t count);
void __wrap_kh_consumer_resume(kh_consumer *consumer, const int32_t *lanes, size_t count);

void __wrap_kh_consumer_poll(kh_consumer *consumer, int timeout_ms, kh_consumer_event *out)
{
    (void)consumer;
    (void)timeout_ms;
    *out = (kh_consumer_event){.kind = source.rebalance};
    source.rebalance = KH_CONSUMER_NOTHING;
    if (out->kind != KH_CONSUMER_NOTHING) {
        return;
    }
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
    source.released += count;
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

/* Nothing was on its way. */
bool __wrap_kh_publishing_wait(kh_publishing *publishing, int timeout_ms);
kh_rc __wrap_kh_publishing_failed(kh_publishing *publishing, kh_kafka_error *error);
void __wrap_kh_consumer_let_go(kh_consumer *consumer);

bool __wrap_kh_publishing_wait(kh_publishing *publishing, int timeout_ms)
{
    (void)publishing;
    (void)timeout_ms;
    return true;
}

kh_rc __wrap_kh_publishing_failed(kh_publishing *publishing, kh_kafka_error *error)
{
    (void)publishing;
    (void)error;
    return KH_OK;
}

void __wrap_kh_consumer_let_go(kh_consumer *consumer)
{
    (void)consumer;
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
    of->worker.crew = kh_crew_new(shares);
    assert_non_null(of->worker.crew);
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
    for (size_t i = 0; i < 2; i++) {
        free(of->lanes[i].pending);
        free(of->worker.shares[i].intake.arrived);
    }
    kh_crew_free(of->worker.crew);
    free(of);
    return 0;
}

static void take_in(fixture *of, size_t share)
{
    assert_int_equal(kh_live_take_in(&of->worker.shares[share]), KH_OK);
    of->worker.shares[share].full = kh_live_is_full(&of->worker);
}

/* No share has a turn in hand. */
static void poll_once(fixture *of)
{
    bool rebalanced = true;
    assert_int_equal(kh_live_poll(&of->worker, 0, &rebalanced), KH_OK);
    assert_false(rebalanced);
    for (size_t i = 0; i < of->worker.share_count; i++) {
        take_in(of, i);
    }
}

/* Each has one in hand. */
static void poll_in_turn(fixture *of)
{
    bool rebalanced = true;
    for (size_t i = 0; i < of->worker.share_count; i++) {
        of->worker.shares[i].intake.begun_ms += of->worker.shares[i].intake.in_turn ? 0 : kh_monotonic_ms();
        of->worker.shares[i].intake.in_turn = true;
    }
    assert_int_equal(kh_live_poll(&of->worker, 0, &rebalanced), KH_OK);
    assert_false(rebalanced);
}

static void a_batch_is_enough_for_one_share(void **state)
{
    fixture *of = *state;
    put(0, MOST + 1);
    poll_once(of);
    assert_int_equal(of->lanes[0].pending_count, MOST);
    assert_true(kh_live_is_full(&of->worker));
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
    assert_true(kh_live_is_full(&of->worker));
}

static void what_waits_is_bounded(void **state)
{
    fixture *of = *state;
    put(0, 3 * (size_t)MOST);
    poll_once(of);
    assert_int_equal(of->lanes[0].pending_count, 2 * MOST);
    assert_true(kh_live_is_full(&of->worker));
}

static void a_share_without_lanes_waits_for_nothing(void **state)
{
    fixture *of = *state;
    of->worker.shares[1].lane_count = 0;
    put(0, MOST);
    poll_once(of);
    assert_int_equal(of->lanes[0].pending_count, MOST / 2);
    assert_true(kh_live_is_full(&of->worker));
}

static void a_paused_lane_keeps_no_other_from_reading(void **state)
{
    fixture *of = *state;
    put(0, MOST);
    poll_once(of);
    of->lanes[0].blocked = true;
    take_in(of, 0);
    assert_true(source.paused[0]);
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
    assert_false(kh_live_is_full(&of->worker));
}

/* However much its topics hold: a rule pack that is missing may be missing for days. */
static void a_blocked_lane_is_not_read_further(void **state)
{
    fixture *of = *state;
    of->lanes[0].blocked = true;
    for (int turn = 0; turn < 50; turn++) {
        put(0, 1);
        poll_once(of);
    }
    assert_true(source.paused[0]);
    assert_in_range(of->lanes[0].pending_count, 1, MOST / 2);
    assert_false(source.paused[1]);
    of->lanes[0].blocked = false;
    take_in(of, 0);
    assert_false(source.paused[0]);
}

static void a_full_queue_pauses_whatever_is_held_back(void **state)
{
    fixture *of = *state;
    of->lanes[1].sweeping = true;
    put(1, 1);
    put(0, MOST);
    poll_once(of);
    assert_true(kh_live_is_full(&of->worker));
    assert_false(source.paused[1]);
    take_in(of, 0);
    assert_true(source.paused[1]);
    assert_false(source.paused[0]);
}

static void what_arrives_during_a_turn_waits_for_its_end(void **state)
{
    fixture *of = *state;
    put(0, 2);
    put(1, 3);
    poll_in_turn(of);
    assert_int_equal(of->lanes[0].pending_count, 0);
    assert_int_equal(of->lanes[1].pending_count, 0);
    take_in(of, 1);
    assert_int_equal(of->lanes[0].pending_count, 0);
    assert_int_equal(of->lanes[1].pending_count, 3);
    assert_int_equal(of->lanes[1].pending[2].record.offset, 2);
    take_in(of, 0);
    assert_int_equal(of->lanes[0].pending_count, 2);
    assert_int_equal(source.released, 0);
}

/* One more for each look whether a turn is over: a rebalance must be heard of meanwhile. */
static void what_arrives_during_turns_is_bounded(void **state)
{
    fixture *of = *state;
    put(0, 2 * (size_t)MOST);
    put(1, 2 * (size_t)MOST);
    poll_in_turn(of);
    assert_true(kh_live_is_full(&of->worker));
    size_t first = source.next;
    assert_in_range(first, MOST, 2 * MOST);
    poll_in_turn(of);
    poll_in_turn(of);
    assert_int_equal(source.next, first + 2);
}

/* One share's turn lasts: its lane is not read further, and the other's is read as if it were alone. */
static void a_turn_that_lasts_keeps_no_other_share_from_reading(void **state)
{
    fixture *of = *state;
    put(0, 3 * (size_t)MOST);
    poll_in_turn(of);
    assert_false(source.paused[0]);
    assert_int_equal(of->worker.shares[0].intake.arrived_count, 2 * MOST);
    of->worker.shares[0].intake.begun_ms -= 60000;
    put(1, MOST / 2);
    poll_in_turn(of);
    assert_true(source.paused[0]);
    assert_false(source.paused[1]);
    assert_int_equal(of->worker.shares[1].intake.arrived_count, MOST / 2);
    of->worker.shares[0].intake.in_turn = false;
    take_in(of, 0); /* two batches wait: not yet */
    assert_true(source.paused[0]);
    of->lanes[0].pending_count = MOST / 2; /* as if the others had been decided */
    take_in(of, 0);
    assert_false(source.paused[0]);
}

/* It tries in vain, turn after turn, each of them short; and each time an event is polled. */
static void what_waits_is_bounded_however_long_nothing_is_decided(void **state)
{
    fixture *of = *state;
    size_t most = 0;
    for (int turn = 0; turn < 60; turn++) {
        put(0, 1);
        poll_once(of);
        most = of->lanes[0].pending_count;
    }
    assert_in_range(most, 2 * MOST, 3 * MOST + 1);
    assert_true(source.paused[0]);
}

static void what_is_in_the_turn_in_hand_waits_no_longer(void **state)
{
    fixture *of = *state;
    put(0, MOST);
    poll_once(of);
    of->worker.shares[0].intake.waiting = 0; /* as a turn leaves it that takes them all */
    put(0, MOST / 2);
    poll_in_turn(of);
    assert_int_equal(of->worker.shares[0].intake.arrived_count, MOST / 2);
    assert_false(kh_live_is_full(&of->worker));
}

static void what_nobody_wants_is_released(void **state)
{
    fixture *of = *state;
    put(0, 2);
    of->lanes[0].sources[0].next_offset = 1; /* decided before */
    poll_once(of);
    assert_int_equal(of->lanes[0].pending_count, 1);
    assert_int_equal(source.released, 1);
    of->worker.taken = false;
    put(1, 3);
    poll_once(of);
    assert_int_equal(of->lanes[1].pending_count, 0);
    assert_int_equal(source.released, 4);
}

/* Between two assignments a worker has no lanes, and must not take itself to be done for that. */
static void lanes_that_were_given_up_are_no_assignment(void **state)
{
    fixture *of = *state;
    bool rebalanced = false;
    of->worker.assigned = true;
    for (size_t i = 0; i < 2; i++) { /* they are freed with the assignment */
        of->worker.shares[i].lanes = malloc(sizeof of->lanes[i]);
        assert_non_null(of->worker.shares[i].lanes);
        of->worker.shares[i].lanes[0] = of->lanes[i];
    }
    source.rebalance = KH_CONSUMER_REVOKED;
    assert_rc(kh_live_poll(&of->worker, 0, &rebalanced), KH_OK);
    assert_true(rebalanced);
    assert_false(of->worker.assigned);
    assert_int_equal(of->worker.shares[0].lane_count + of->worker.shares[1].lane_count, 0);
    source.rebalance = KH_CONSUMER_ASSIGNED; /* of none */
    assert_rc(kh_live_poll(&of->worker, 0, &rebalanced), KH_OK);
    assert_true(of->worker.assigned);
    free(of->worker.shares[0].lanes);
    free(of->worker.shares[1].lanes);
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
        cmocka_unit_test_setup_teardown(what_arrives_during_a_turn_waits_for_its_end, begin_two, end),
        cmocka_unit_test_setup_teardown(what_arrives_during_turns_is_bounded, begin_two, end),
        cmocka_unit_test_setup_teardown(a_turn_that_lasts_keeps_no_other_share_from_reading, begin_two, end),
        cmocka_unit_test_setup_teardown(what_waits_is_bounded_however_long_nothing_is_decided, begin_one, end),
        cmocka_unit_test_setup_teardown(what_is_in_the_turn_in_hand_waits_no_longer, begin_one, end),
        cmocka_unit_test_setup_teardown(what_nobody_wants_is_released, begin_two, end),
        cmocka_unit_test_setup_teardown(lanes_that_were_given_up_are_no_assignment, begin_two, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
