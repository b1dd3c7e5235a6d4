/* Reading a partition at one's own pace, and where it begins and ends, on a real broker. */
#include "integration/kafka_transaction.h"

#include "kafka/look.h"
#include "kafka/reader.h"

static void publish(kh_publisher *publisher, const char *value)
{
    kh_kafka_error error = {0};
    kh_header header = {KH_TEXT("name"), kh_text_of(value), true};
    kh_message message = {.partition = 1,
                          .has_key = true,
                          .key = KH_TEXT("k"),
                          .has_value = true,
                          .value = kh_text_of(value),
                          .timestamp = KH_INSTANT_NONE,
                          .headers = &header,
                          .header_count = 1};
    kh_publication publication = {&message, 1, NULL, 0, NULL};
    assert_rc(kh_publisher_publish(publisher, &publication, &error), KH_OK);
}

static kh_topic_range range_of(const kafka_fixture *f, bool stable)
{
    kh_kafka_error error = {0};
    kh_topic_range range = {.topic = f->results[0], .lane = 1, .first = -7, .end = -7};
    assert_rc(kh_look_ranges(&f->settings, stable, &range, 1, GENEROUS_MS, &error), KH_OK);
    return range;
}

static void expect(kh_reader_part *part, const char *value)
{
    kh_kafka_error error = {0};
    kh_record record;
    bool more = false;
    assert_rc(kh_reader_next(part, GENEROUS_MS, &record, &more, &error), KH_OK);
    assert_int_equal(more, value != NULL);
    if (value != NULL) {
        assert_text(record.value, value);
        assert_int_equal(record.header_count, 1);
        assert_text(record.headers[0].value, value);
    }
}

/* A transaction's marker takes an offset: the records have 0, 2 and, behind what was aborted, 6. */
static void committed_records_up_to_the_end_and_no_further(void **state)
{
    (void)state;
    kafka_fixture f;
    kh_kafka_error error = {0};
    kh_reader *reader = NULL;
    kh_reader_part *part = NULL;
    kh_record record;
    bool more = true;
    kafka_fixture_init(&f, 2);
    kh_publisher *publisher = kafka_fixture_publisher(&f, "w1");
    kh_topic_range empty = range_of(&f, true);
    assert_int_equal(empty.first, 0);
    assert_int_equal(empty.end, 0);
    publish(publisher, "one");
    publish(publisher, "two");
    kh_message open = {.topic = 0, .has_key = true, .key = KH_TEXT("k"), .partition = 1, .timestamp = KH_INSTANT_NONE};
    kafka_transaction *transaction = kafka_transaction_begin(&f, f.group);
    assert_true(kafka_transaction_send(transaction, f.results[0], &open, 1));
    assert_int_equal(range_of(&f, true).end, 4);
    assert_int_equal(range_of(&f, false).end, 5);

    assert_rc(kh_reader_new(&f.settings, &reader, &error), KH_OK);
    assert_rc(kh_reader_begin(reader, f.results[0], 1, 0, 5, &part, &error), KH_OK);
    expect(part, "one");
    expect(part, "two");
    /* What is open below the end is waited for. */
    assert_rc(kh_reader_next(part, 500, &record, &more, &error), KH_E_TIMEOUT);
    assert_true(kafka_transaction_end(transaction, false));
    expect(part, NULL);
    expect(part, NULL);
    kh_reader_end(part);

    publish(publisher, "three");
    assert_rc(kh_reader_begin(reader, f.results[0], 1, 2, 6, &part, &error), KH_OK);
    expect(part, "two");
    expect(part, NULL);
    kh_reader_end(part);
    assert_rc(kh_reader_begin(reader, f.results[0], 1, 3, 3, &part, &error), KH_OK);
    expect(part, NULL);
    kh_reader_end(part);
    kh_reader_free(reader);

    kh_topic_range missing = {.topic = "not-there"};
    assert_rc(kh_look_ranges(&f.settings, true, &missing, 1, GENEROUS_MS, &error), KH_E_CONFIGURATION);
    assert_non_null(strstr(error.text, "not-there"));
    kh_publisher_free(publisher);
    kafka_fixture_deinit(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(committed_records_up_to_the_end_and_no_further)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
