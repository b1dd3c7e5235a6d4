/* What needs no broker: partitions of keys, what errors ask for, settings that are refused. */
#include "support/kh_test.h"

#include <librdkafka/rdkafka.h>
#include <string.h>

#include "kafka/consumer.h"
#include "kafka/handle.h"
#include "kafka/publisher.h"

/* The positive murmur2 of Java's clients, whose own test fixes some of these (Utils.murmur2 of "21", "foobar", ...). */
static void keys_fall_where_java_puts_them(void **state)
{
    (void)state;
    static const struct {
        const char *key;
        int32_t murmur2;
    } KNOWN[] = {
        {"21", -973932308},
        {"foobar", -790332482},
        {"a-little-bit-long-string", -985981536},
        {"a-little-bit-longer-string", -1486304829},
        {"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971},
        {"abc", 479470107},
    };
    for (size_t i = 0; i < sizeof KNOWN / sizeof *KNOWN; i++) {
        kh_text key = kh_text_of(KNOWN[i].key);
        int32_t positive = KNOWN[i].murmur2 & 0x7fffffff;
        assert_int_equal(kh_partition_of_key(key, 12), positive % 12);
        assert_int_equal(kh_partition_of_key(key, INT32_MAX), positive % INT32_MAX);
        assert_int_equal(kh_partition_of_key(key, 1), 0);
    }
    assert_int_equal(kh_partition_of_key((kh_text){NULL, 0}, INT32_MAX), 275646681);
}

static void each_error_asks_for_one_thing(void **state)
{
    (void)state;
    static const struct {
        kh_rc expected;
        int code;
        bool fatal, abort, retriable;
    } ROWS[] = {
        {KH_E_FENCED, RD_KAFKA_RESP_ERR__FENCED, true, false, false},
        {KH_E_FENCED, RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH, true, false, false},
        {KH_E_FENCED, RD_KAFKA_RESP_ERR_PRODUCER_FENCED, true, false, false},
        {KH_E_LOST, RD_KAFKA_RESP_ERR_INVALID_TXN_STATE, true, false, false},
        {KH_E_LOST, RD_KAFKA_RESP_ERR_INVALID_PRODUCER_ID_MAPPING, true, false, false},
        {KH_E_CONFIGURATION, RD_KAFKA_RESP_ERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED, true, false, false},
        {KH_E_NOT_MINE, RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION, false, true, false},
        {KH_E_NOT_MINE, RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID, false, true, false},
        {KH_E_NOT_MINE, RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID, false, true, false},
        {KH_E_RETRY, RD_KAFKA_RESP_ERR__TIMED_OUT, false, true, false},
        {KH_E_RETRY, RD_KAFKA_RESP_ERR__TIMED_OUT, false, true, true},
        {KH_E_CONFIGURATION, RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED, false, true, false},
        {KH_E_CONFIGURATION, RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE, false, true, false},
        {KH_E_TIMEOUT, RD_KAFKA_RESP_ERR__TIMED_OUT, false, false, true},
        {KH_E_TIMEOUT, RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE, false, false, true},
        {KH_E_LOST, RD_KAFKA_RESP_ERR__STATE, false, false, false},
    };
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        kh_rc rc = kh_kafka_classify(ROWS[i].code, ROWS[i].fatal, ROWS[i].abort, ROWS[i].retriable);
        if (rc != ROWS[i].expected) {
            fail_msg("row %zu: %d, expected %d", i, (int)rc, (int)ROWS[i].expected);
        }
    }
}

static kh_rc open_with(const char *name, const char *value, kh_kafka_error *error)
{
    kh_kafka_property property = {name, value};
    kh_kafka_settings settings = {.brokers = "127.0.0.1:1", .group = "g", .properties = &property, .property_count = 1};
    const char *topics[] = {"a"};
    kh_publisher *publisher = NULL;
    kh_rc rc = kh_publisher_new(&settings, "id", topics, 1, &publisher, error);
    kh_publisher_free(publisher);
    return rc;
}

static void settings_that_break_the_promise_are_refused(void **state)
{
    (void)state;
    static const char *const OWN[] = {"enable.auto.commit",
                                      "isolation.level",
                                      "transactional.id",
                                      "group.instance.id",
                                      "partitioner",
                                      "enable.idempotence",
                                      "partition.assignment.strategy",
                                      "auto.offset.reset"};
    for (size_t i = 0; i < sizeof OWN / sizeof *OWN; i++) {
        kh_kafka_error error = {0};
        assert_rc(open_with(OWN[i], "x", &error), KH_E_CONFIGURATION);
        assert_non_null(strstr(error.text, OWN[i]));
        assert_non_null(strstr(error.text, "remove it"));
    }
    kh_kafka_error error = {0};
    assert_rc(open_with("compression.codek", "lz4", &error), KH_E_CONFIGURATION);
    assert_non_null(strstr(error.text, "compression.codek"));
    assert_rc(open_with("linger.ms", "soon", &error), KH_E_CONFIGURATION);
    assert_rc(open_with("linger.ms", "1", &error), KH_OK);
    assert_rc(open_with("fetch.min.bytes", "1", &error), KH_OK); /* a consumer's, for all handles alike */
}

static void a_consumer_wants_brokers(void **state)
{
    (void)state;
    kh_kafka_settings settings = {.group = "g"};
    const char *topics[] = {"a"};
    kh_consumer *consumer = NULL;
    kh_kafka_error error = {0};
    assert_rc(kh_consumer_new(&settings, topics, 1, &consumer, &error), KH_E_CONFIGURATION);
    assert_non_null(strstr(error.text, "brokers"));
    assert_null(consumer);
    kh_consumer_free(NULL);
    kh_publisher_free(NULL);
    kh_group_claim_release(NULL);
    assert_null(kh_group_claim_hold(NULL));
}

static void an_old_library_is_named_when_scram_fails(void **state)
{
    (void)state;
    static const char refused[] = "SASL authentication error: Authentication failed during authentication due to "
                                  "invalid credentials with SASL mechanism SCRAM-SHA-512";
    assert_non_null(strstr(kh_handle_hint(refused, 0x020002ff), "older than 2.6.1"));
    assert_non_null(strstr(kh_handle_hint(refused, 0x020600ff), "older than 2.6.1"));
    assert_string_equal(kh_handle_hint(refused, 0x020601ff), "");
    assert_string_equal(kh_handle_hint("SASL authentication error: with SASL mechanism PLAIN", 0x020002ff), "");
    assert_string_equal(kh_handle_hint("SCRAM is slow today", 0x020002ff), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_old_library_is_named_when_scram_fails),
        cmocka_unit_test(keys_fall_where_java_puts_them),
        cmocka_unit_test(each_error_asks_for_one_thing),
        cmocka_unit_test(settings_that_break_the_promise_are_refused),
        cmocka_unit_test(a_consumer_wants_brokers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
