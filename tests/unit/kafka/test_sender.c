/* Deliveries that fail are reported by line. */
#include "mock_cluster.h"

#include <string.h>

#include "kafka/sender.h"

typedef struct failures {
    uint64_t lines[8];
    size_t count;
    kh_kafka_error last;
} failures;

static void note_failure(void *self, uint64_t line, const kh_kafka_error *error)
{
    failures *seen = self;
    if (seen->count < 8) {
        seen->lines[seen->count++] = line;
    }
    seen->last = *error;
}

static void each_failed_line_is_named(void **state)
{
    (void)state;
    mock_cluster mock;
    kh_sender *sender = NULL;
    failures seen = {.count = 0};
    kh_kafka_error error = {0};
    const char *topics[] = {"source"};
    mock_cluster_init(&mock);
    mock_cluster_topic(&mock, "source", 1);
    assert_rc(kh_sender_new(&mock.settings, topics, 1, note_failure, &seen, &sender, &error), KH_OK);
    kh_message message = {.partition = KH_PARTITION_BY_KEY,
                          .has_key = true,
                          .has_value = true,
                          .key = KH_TEXT("k"),
                          .value = KH_TEXT("v"),
                          .timestamp = 7};
    assert_rc(kh_sender_send(sender, &message, 11, &error), KH_OK);
    assert_rc(kh_sender_flush(sender, 60000, &error), KH_OK);
    mock_cluster_fail(&mock, REQUEST_PRODUCE, RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED, 1);
    assert_rc(kh_sender_send(sender, &message, 12, &error), KH_OK);
    assert_rc(kh_sender_flush(sender, 60000, &error), KH_E_RETRY);
    assert_int_equal(seen.count, 1);
    assert_int_equal(seen.lines[0], 12);
    assert_non_null(strstr(seen.last.text, "source"));
    assert_rc(seen.last.rc, KH_E_CONFIGURATION);
    kh_sender_free(sender);
    mock_cluster_deinit(&mock);
}

static void what_is_too_large_is_refused_at_once(void **state)
{
    (void)state;
    mock_cluster mock;
    kh_sender *sender = NULL;
    kh_kafka_error error = {0};
    static char big[2000];
    const char *topics[] = {"source"};
    mock_cluster_init(&mock);
    mock_cluster_topic(&mock, "source", 1);
    mock.settings.max_record_bytes = 1500;
    assert_rc(kh_sender_new(&mock.settings, topics, 1, NULL, NULL, &sender, &error), KH_OK);
    kh_message message = {.partition = 0, .has_value = true, .value = {big, sizeof big}, .timestamp = 7};
    assert_rc(kh_sender_send(sender, &message, 1, &error), KH_E_REFUSED);
    assert_non_null(strstr(error.text, "2000 bytes to topic source"));
    kh_sender_free(sender);
    mock_cluster_deinit(&mock);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_failed_line_is_named),
        cmocka_unit_test(what_is_too_large_is_refused_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
