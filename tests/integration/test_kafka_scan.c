/* The published mark, found again in the result topics of a real broker. */
#include "integration/kafka_transaction.h"

#include "kafka/scan.h"

#include <stdio.h>
#include <string.h>

static void publish(kh_publisher *publisher, size_t topic, int32_t partition, int lane, int first, int last,
                    kh_instant time)
{
    kh_kafka_error error = {0};
    for (int seq = first; seq <= last; seq++) {
        char lane_text[16];
        char seq_text[16];
        snprintf(lane_text, sizeof lane_text, "%d", lane);
        snprintf(seq_text, sizeof seq_text, "%d", seq);
        kh_header headers[] = {{KH_TEXT("kh-lane"), kh_text_of(lane_text), true},
                               {KH_TEXT("kh-seq"), kh_text_of(seq_text), true}};
        kh_message message = {.topic = topic,
                              .has_key = true,
                              .key = KH_TEXT("k"),
                              .partition = partition,
                              .has_value = true,
                              .value = KH_TEXT("x"),
                              .timestamp = time,
                              .headers = headers,
                              .header_count = 2};
        kh_publication publication = {&message, 1, NULL, 0, NULL};
        assert_rc(kh_publisher_publish(publisher, &publication, &error), KH_OK);
    }
}

static void the_highest_committed_seq_is_found(void **state)
{
    (void)state;
    kafka_fixture f;
    bool found = true;
    int64_t seq = -7;
    kh_kafka_error error = {0};
    const kh_instant early = 1750000000000;
    const kh_instant late = 1760000000000;
    kafka_fixture_init(&f, 2);
    kh_publisher *publisher = kafka_fixture_publisher(&f, "w1");
    assert_rc(kh_scan_mark(&f.settings, f.results, 2, 1, KH_INSTANT_NONE, GENEROUS_MS, &found, &seq, &error), KH_OK);
    assert_false(found);
    assert_int_equal(seq, -7);
    publish(publisher, 0, 1, 1, 1, 3, early);
    publish(publisher, 1, 1, 1, 4, 5, late);
    publish(publisher, 0, 0, 0, 90, 91, late); /* another lane */
    publish(publisher, 0, 1, 6, 99, 99, late); /* not this lane's, whatever it does there */
    /* An aborted transaction takes offsets, and counts for nothing. */
    kh_header headers[] = {{KH_TEXT("kh-lane"), KH_TEXT("1"), true}, {KH_TEXT("kh-seq"), KH_TEXT("80"), true}};
    kh_message aborted = {.topic = 0,
                          .has_key = true,
                          .key = KH_TEXT("k"),
                          .partition = 1,
                          .timestamp = late,
                          .headers = headers,
                          .header_count = 2};
    kafka_transaction *transaction = kafka_transaction_begin(&f, f.group);
    assert_true(kafka_transaction_send(transaction, f.results[0], &aborted, 1));
    /* As long as it is open the answer is not known. */
    assert_rc(kh_scan_mark(&f.settings, f.results, 2, 1, KH_INSTANT_NONE, 2000, &found, &seq, &error), KH_E_TIMEOUT);
    assert_int_equal(seq, -7);
    assert_true(kafka_transaction_end(transaction, false));
    assert_rc(kh_scan_mark(&f.settings, f.results, 2, 1, KH_INSTANT_NONE, GENEROUS_MS, &found, &seq, &error), KH_OK);
    assert_true(found);
    assert_int_equal(seq, 5);
    assert_rc(kh_scan_mark(&f.settings, f.results, 1, 1, KH_INSTANT_NONE, GENEROUS_MS, &found, &seq, &error), KH_OK);
    assert_int_equal(seq, 3);
    assert_rc(kh_scan_mark(&f.settings, f.results, 2, 1, late - 1, GENEROUS_MS, &found, &seq, &error), KH_OK);
    assert_true(found);
    assert_int_equal(seq, 5);
    /* Markers carry the broker's clock, so "nothing later" is only true of a day that is still to come. */
    assert_rc(kh_scan_mark(&f.settings, f.results, 2, 1, 32503680000000, GENEROUS_MS, &found, &seq, &error), KH_OK);
    assert_false(found);
    const char *missing[] = {"not-there"};
    assert_rc(kh_scan_mark(&f.settings, missing, 1, 1, early, GENEROUS_MS, &found, &seq, &error), KH_E_CONFIGURATION);
    assert_non_null(strstr(error.text, "not-there"));
    kh_publisher_free(publisher);
    kafka_fixture_deinit(&f);
}

/* The lane's last message is far behind what follows it: more than is looked through at first. */
static void a_long_tail_is_gone_back_over(void **state)
{
    enum { TAIL = 3000 };
    (void)state;
    kafka_fixture f;
    bool found = false;
    int64_t seq = -1;
    kh_kafka_error error = {0};
    kafka_fixture_init(&f, 2);
    kh_publisher *publisher = kafka_fixture_publisher(&f, "w1");
    publish(publisher, 0, 1, 1, 1, 3, KH_INSTANT_NONE);
    publish(publisher, 1, 1, 1, 4, 4, KH_INSTANT_NONE);
    kh_publisher_free(publisher);
    kh_message aborted = {
        .topic = 0, .partition = 1, .has_key = true, .key = KH_TEXT("k"), .timestamp = KH_INSTANT_NONE};
    kafka_transaction *transaction = kafka_transaction_begin(&f, f.group);
    assert_true(kafka_transaction_send(transaction, f.results[0], &aborted, TAIL));
    assert_true(kafka_transaction_end(transaction, false));
    assert_rc(kh_scan_mark(&f.settings, f.results, 1, 1, KH_INSTANT_NONE, GENEROUS_MS, &found, &seq, &error), KH_OK);
    assert_true(found);
    assert_int_equal(seq, 3);
    assert_rc(kh_scan_mark(&f.settings, f.results, 2, 1, KH_INSTANT_NONE, GENEROUS_MS, &found, &seq, &error), KH_OK);
    assert_int_equal(seq, 4);
    kafka_fixture_deinit(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_highest_committed_seq_is_found),
        cmocka_unit_test(a_long_tail_is_gone_back_over),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
