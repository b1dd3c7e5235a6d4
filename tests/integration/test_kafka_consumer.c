/* Reading as a member of a real group. */
#include "integration/kafka_transaction.h"

#include <stdio.h>
#include <string.h>

static void records_come_whole(void **state)
{
    (void)state;
    kafka_fixture f;
    kafka_fixture_init(&f, 1);
    kh_sender *sender = NULL;
    kh_kafka_error error = {0};
    const kh_header headers[] = {
        {KH_TEXT("a"), KH_TEXT("1"), true}, {KH_TEXT("none"), {NULL, 0}, false}, {KH_TEXT("empty"), {NULL, 0}, true}};
    assert_rc(kh_sender_new(&f.settings, f.sources, 2, NULL, NULL, &sender, &error), KH_OK);
    kh_message message = {.topic = 1,
                          .partition = KH_PARTITION_BY_KEY,
                          .has_key = true,
                          .has_value = true,
                          .key = KH_TEXT("JP/1"),
                          .value = {"a\0b", 3},
                          .timestamp = 1234567890123,
                          .headers = headers,
                          .header_count = 3};
    assert_rc(kh_sender_send(sender, &message, 1, &error), KH_OK);
    message = (kh_message){.topic = 1, .timestamp = 5, .has_value = true};
    assert_rc(kh_sender_send(sender, &message, 2, &error), KH_OK);
    message = (kh_message){.topic = 1, .timestamp = 6};
    assert_rc(kh_sender_send(sender, &message, 3, &error), KH_OK);
    assert_rc(kh_sender_flush(sender, GENEROUS_MS, &error), KH_OK);
    kh_sender_free(sender);

    kh_consumer *consumer = kafka_fixture_consumer(&f);
    kh_group_claim *claim = kafka_fixture_join(consumer, 1);
    kafka_fixture_start(consumer, 0);
    kh_consumer_event first = kafka_fixture_await(consumer, KH_CONSUMER_RECORD, false);
    kh_consumer_event second = kafka_fixture_await(consumer, KH_CONSUMER_RECORD, false);
    kh_consumer_event third = kafka_fixture_await(consumer, KH_CONSUMER_RECORD, false);
    /* All three are held: each is still whole. */
    assert_int_equal(first.topic, 1);
    assert_text(first.record.topic, f.sources[1]);
    assert_text(first.record.key, "JP/1");
    assert_int_equal(first.record.value.length, 3);
    assert_memory_equal(first.record.value.data, "a\0b", 3);
    assert_int_equal(first.record.timestamp, 1234567890123);
    assert_int_equal(first.record.offset, 0);
    assert_rc(kh_consumer_headers(first.hold, &f.arena, &first.record), KH_OK);
    assert_int_equal(first.record.header_count, 3);
    assert_text(first.record.headers[0].name, "a");
    assert_text(first.record.headers[0].value, "1");
    assert_false(first.record.headers[1].has_value);
    assert_true(first.record.headers[2].has_value);
    assert_int_equal(first.record.headers[2].value.length, 0);
    assert_false(second.record.has_key);
    assert_true(second.record.has_value);
    assert_int_equal(second.record.value.length, 0);
    assert_false(third.record.has_value);
    assert_rc(kh_consumer_headers(third.hold, &f.arena, &third.record), KH_OK);
    assert_int_equal(third.record.header_count, 0);
    kh_consumer_hold *holds[] = {first.hold, NULL, second.hold, third.hold};
    kh_consumer_release(consumer, holds, 4);
    kh_group_claim_release(claim);
    assert_rc(kh_consumer_close(consumer, GENEROUS_MS), KH_OK);
    kh_consumer_free(consumer);
    kafka_fixture_deinit(&f);
}

/* Nothing is read before a lane is started, long after the assignment; then each portion where it is told to. */
static void lanes_start_one_by_one(void **state)
{
    (void)state;
    kafka_fixture f;
    int values[32];
    kafka_fixture_init(&f, 2);
    kafka_fixture_send(&f, f.sources[0], 0, 0, 10);
    kafka_fixture_send(&f, f.sources[0], 1, 100, 10);
    kh_consumer *consumer = kafka_fixture_consumer(&f);
    kh_group_claim *claim = kafka_fixture_join(consumer, 2);
    kh_consumer_event event;
    kh_consumer_poll(consumer, 2000, &event); /* ten heartbeats: membership stands meanwhile */
    assert_int_equal(event.kind, KH_CONSUMER_NOTHING);
    kh_kafka_error error = {0};
    kh_lane_start starts[] = {{0, 0, 4}, {1, 0, 0}};
    assert_rc(kh_consumer_start(consumer, starts, 2, &error), KH_OK);
    assert_int_equal(kafka_fixture_read(consumer, 0, 0, values, 32), 6);
    assert_int_equal(values[0], 4);
    assert_int_equal(values[5], 9);
    assert_true(kh_consumer_high_watermark(consumer, 0, 0) == 10);
    /* The other lane begins; the first goes on behind what it has given. */
    kafka_fixture_send(&f, f.sources[0], 0, 10, 3);
    kafka_fixture_start(consumer, 1);
    size_t got[2] = {0, 0};
    bool drained[2] = {false, false};
    while (!drained[0] || !drained[1]) {
        kh_consumer_poll(consumer, GENEROUS_MS, &event);
        assert_int_not_equal(event.kind, KH_CONSUMER_NOTHING);
        if (event.kind == KH_CONSUMER_RECORD) {
            assert_int_equal(event.offset, event.lane == 0 ? 10 + (int)got[0] : (int)got[1]);
            got[event.lane]++;
            kh_consumer_release(consumer, &event.hold, 1);
        } else if (event.kind == KH_CONSUMER_DRAINED && event.topic == 0) {
            drained[event.lane] = got[event.lane] == (event.lane == 0 ? 3 : 10);
        }
    }
    kh_lane_start wrong = {0, 7, 0};
    assert_rc(kh_consumer_start(consumer, &wrong, 1, &error), KH_E_NOT_MINE);
    kh_group_claim_release(claim);
    assert_rc(kh_consumer_close(consumer, GENEROUS_MS), KH_OK);
    kh_consumer_free(consumer);
    kafka_fixture_deinit(&f);
}

static void paused_lanes_go_on_where_they_stopped(void **state)
{
    (void)state;
    kafka_fixture f;
    int values[1200];
    kafka_fixture_init(&f, 1);
    kafka_fixture_send(&f, f.sources[0], 0, 0, 1000);
    kh_consumer *consumer = kafka_fixture_consumer(&f);
    kh_group_claim *claim = kafka_fixture_join(consumer, 1);
    kafka_fixture_start(consumer, 0);
    for (int i = 0; i < 5; i++) {
        kh_consumer_event event = kafka_fixture_await(consumer, KH_CONSUMER_RECORD, false);
        kh_consumer_release(consumer, &event.hold, 1);
    }
    int32_t lane = 0;
    kh_consumer_event event;
    kh_consumer_pause(consumer, &lane, 1);
    kh_consumer_pause(consumer, &lane, 1);
    kh_consumer_poll(consumer, 2000, &event);
    assert_int_equal(event.kind, KH_CONSUMER_NOTHING);
    kh_consumer_resume(consumer, &lane, 1);
    size_t count = kafka_fixture_read(consumer, 0, 0, values, 1200);
    assert_int_equal(count, 995);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(values[i], 5 + (int)i);
    }
    kh_group_claim_release(claim);
    kh_consumer_free(consumer); /* without leaving, as after a crash */
    kafka_fixture_deinit(&f);
}

/* A lane that is taken again begins to read, also one that was held back when it was lost. */
static void a_start_ends_a_pause(void **state)
{
    (void)state;
    kafka_fixture f;
    int values[32];
    kafka_fixture_init(&f, 1);
    kafka_fixture_send(&f, f.sources[0], 0, 0, 10);
    kh_consumer *consumer = kafka_fixture_consumer(&f);
    kh_group_claim *claim = kafka_fixture_join(consumer, 1);
    int32_t lane = 0;
    kafka_fixture_start(consumer, 0);
    assert_int_equal(kafka_fixture_read(consumer, 0, 0, values, 32), 10);
    kh_consumer_pause(consumer, &lane, 1);
    kafka_fixture_start(consumer, 0);
    assert_int_equal(kafka_fixture_read(consumer, 0, 0, values, 32), 10);
    kh_group_claim_release(claim);
    assert_rc(kh_consumer_close(consumer, GENEROUS_MS), KH_OK);
    kh_consumer_free(consumer);
    kafka_fixture_deinit(&f);
}

/* One transaction with one record; another one where it fails, as a busy broker lets one fail now and then. */
static void send_in_transaction(kafka_fixture *f, const char *text, bool commits)
{
    static int counter;
    bool sent = false;
    kh_message message = {.has_value = true, .value = kh_text_of(text), .timestamp = KH_INSTANT_NONE};
    for (int tries = 0; tries < 5 && !sent; tries++) {
        char id[96];
        snprintf(id, sizeof id, "%s-%d", f->group, counter++);
        kafka_transaction *transaction = kafka_transaction_begin(f, id);
        bool there = kafka_transaction_send(transaction, f->sources[0], &message, 1);
        sent = kafka_transaction_end(transaction, commits) && there;
    }
    assert_true(sent);
}

/* Markers take offsets too: arithmetic would wait for one record more for ever. */
static void a_transactional_topic_is_drained(void **state)
{
    (void)state;
    kafka_fixture f;
    int values[8];
    kafka_fixture_init(&f, 1);
    send_in_transaction(&f, "7", true);
    send_in_transaction(&f, "8", false);
    kh_consumer *consumer = kafka_fixture_consumer(&f);
    kh_group_claim *claim = kafka_fixture_join(consumer, 1);
    kafka_fixture_start(consumer, 0);
    size_t count = 0;
    while (count == 0) { /* an aborted transaction's end may be told first */
        count = kafka_fixture_read(consumer, 0, 0, values, 8);
    }
    for (size_t i = 0; i < count; i++) { /* more than one, if a commit's answer was lost */
        assert_int_equal(values[i], 7);
    }
    kh_group_claim_release(claim);
    assert_rc(kh_consumer_close(consumer, GENEROUS_MS), KH_OK);
    kh_consumer_free(consumer);
    kafka_fixture_deinit(&f);
}

static void a_missing_offset_is_named(void **state)
{
    (void)state;
    kafka_fixture f;
    kafka_fixture_init(&f, 1);
    kafka_fixture_send(&f, f.sources[0], 0, 0, 3);
    kh_consumer *consumer = kafka_fixture_consumer(&f);
    kh_group_claim *claim = kafka_fixture_join(consumer, 1);
    kh_lane_start starts[] = {{0, 0, 50}, {1, 0, 0}};
    assert_rc(kh_consumer_start(consumer, starts, 2, NULL), KH_OK);
    kh_consumer_event event = kafka_fixture_await(consumer, KH_CONSUMER_OUT_OF_RANGE, false);
    assert_int_equal(event.topic, 0);
    assert_int_equal(event.lane, 0);
    assert_int_equal(event.offset, 50);
    assert_rc(event.error->rc, KH_E_REWOUND);
    assert_non_null(strstr(event.error->text, f.sources[0]));
    assert_non_null(strstr(event.error->text, "offset 50 is wanted next, but the broker has 0 to 3"));
    kh_group_claim_release(claim);
    assert_rc(kh_consumer_close(consumer, GENEROUS_MS), KH_OK);
    kh_consumer_free(consumer);
    kafka_fixture_deinit(&f);
}

/* One member, then two, then one again: the same partition of both topics goes to the same member each time. */
static void lanes_are_shared_and_taken_back(void **state)
{
    (void)state;
    kafka_fixture f;
    kafka_fixture_init(&f, 4);
    kh_consumer *first = kafka_fixture_consumer(&f);
    kh_group_claim *alone = kafka_fixture_join(first, 4);
    kafka_fixture_start(first, 0);
    kh_consumer *second = kafka_fixture_consumer(&f);
    kh_consumer_event event = kafka_fixture_await(first, KH_CONSUMER_REVOKED, false);
    assert_false(event.lost);
    assert_int_equal(event.lane_count, 4);
    kh_lane_start late = {0, 1, 0};
    assert_rc(kh_consumer_start(first, &late, 1, NULL), KH_E_NOT_MINE);
    /* The group waits for the answer: the second member gets nothing yet. */
    kh_consumer_event nothing;
    kh_consumer_poll(second, 1000, &nothing);
    assert_int_equal(nothing.kind, KH_CONSUMER_NOTHING);
    kh_consumer_let_go(first);
    size_t lanes[2] = {0, 0};
    for (int tries = 0; tries < 600 && lanes[0] + lanes[1] != 4; tries++) {
        kh_consumer *both[] = {first, second};
        for (size_t i = 0; i < 2; i++) {
            kh_consumer_poll(both[i], 50, &event);
            if (event.kind == KH_CONSUMER_ASSIGNED) {
                lanes[i] = event.lane_count;
            } else if (event.kind == KH_CONSUMER_REVOKED) {
                lanes[i] = 0;
                kh_consumer_let_go(both[i]);
            }
        }
    }
    assert_int_equal(lanes[0], 2);
    assert_int_equal(lanes[1], 2);
    assert_rc(kh_consumer_close(second, GENEROUS_MS), KH_OK);
    kh_consumer_free(second);
    kh_group_claim *again = kafka_fixture_join(first, 4);
    assert_ptr_not_equal(alone, again);
    kh_group_claim_release(alone);
    kh_group_claim_release(again);
    assert_rc(kh_consumer_close(first, GENEROUS_MS), KH_OK);
    kh_consumer_free(first);
    kafka_fixture_deinit(&f);
}

static void closing_is_bounded_without_a_broker(void **state)
{
    (void)state;
    kafka_fixture f;
    kafka_fixture_init(&f, 1);
    snprintf(f.brokers, sizeof f.brokers, "127.0.0.1:1");
    kh_consumer *consumer = kafka_fixture_consumer(&f);
    kh_consumer_event event;
    kh_consumer_poll(consumer, 100, &event);
    kh_lane_commit commit = {0};
    assert_rc(kh_consumer_committed(consumer, &commit, 1, 200, &f.arena, NULL), KH_E_TIMEOUT);
    kh_rc rc = kh_consumer_close(consumer, 2000);
    assert_true(rc == KH_OK || rc == KH_E_TIMEOUT);
    kh_consumer_free(consumer);
    kafka_fixture_deinit(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(records_come_whole),
        cmocka_unit_test(lanes_start_one_by_one),
        cmocka_unit_test(paused_lanes_go_on_where_they_stopped),
        cmocka_unit_test(a_start_ends_a_pause),
        cmocka_unit_test(a_transactional_topic_is_drained),
        cmocka_unit_test(a_missing_offset_is_named),
        cmocka_unit_test(lanes_are_shared_and_taken_back),
        cmocka_unit_test(closing_is_bounded_without_a_broker),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
