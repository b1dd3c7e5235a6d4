#include "codec/client_statistics.h"

#include "support/kh_test.h"

/* As librdkafka prints them, shortened. */
static const char CONSUMER[] =
    "{\"name\":\"kakehashi#consumer-1\",\"type\":\"consumer\",\"replyq\":0,\"msg_cnt\":0,\"msg_size\":0,\"tx\":9,"
    "\"tx_bytes\":9540,\"rx_bytes\":27018,\"brokers\":{"
    "\"127.0.0.1:1/1\":{\"nodeid\":1,\"source\":\"configured\",\"state\":\"UP\",\"txerrs\":1,\"rxerrs\":2,"
    "\"req_timeouts\":3,\"disconnects\":4,\"rtt\":{\"avg\":900,\"p99\":540671}},"
    "\"127.0.0.1:2/2\":{\"nodeid\":2,\"source\":\"learned\",\"state\":\"CONNECT\",\"txerrs\":10,\"rxerrs\":20,"
    "\"req_timeouts\":30,\"disconnects\":40,\"rtt\":{\"avg\":900,\"p99\":7}},"
    "\"GroupCoordinator\":{\"nodeid\":1,\"source\":\"logical\",\"state\":\"UP\",\"rtt\":{\"p99\":1}}},"
    "\"topics\":{\"a\":{\"partitions\":{\"0\":{\"fetchq_cnt\":5,\"fetchq_size\":500},"
    "\"-1\":{\"fetchq_cnt\":0,\"fetchq_size\":0}}},\"b\":{\"partitions\":{\"0\":{\"fetchq_cnt\":6,"
    "\"fetchq_size\":600}}}},\"cgrp\":{\"state\":\"up\",\"rebalance_cnt\":3}}";

static void a_consumer(void **state)
{
    kh_client_statistics is;
    (void)state;
    assert_rc(kh_client_statistics_read(kh_text_of(CONSUMER), &is), KH_OK);
    assert_int_equal(is.connections_up, 2);
    assert_int_equal(is.brokers_up, 1);
    assert_true(is.round_trip_seconds > 0.54067 && is.round_trip_seconds < 0.54068);
    assert_int_equal(is.queued_messages, 11);
    assert_int_equal(is.queued_bytes, 1100);
    assert_int_equal(is.timeouts, 33);
    assert_int_equal(is.errors, 33);
    assert_int_equal(is.disconnects, 44);
    assert_int_equal(is.sent_bytes, 9540);
    assert_int_equal(is.received_bytes, 27018);
    assert_int_equal(is.rebalances, 3);
}

static void what_is_not_there_counts_as_nothing(void **state)
{
    static const char *const texts[] = {"{}", "{\"brokers\":[],\"topics\":1,\"cgrp\":null,\"tx_bytes\":-1}",
                                        "{\"brokers\":{\"a\":{}},\"topics\":{\"a\":{\"partitions\":{\"0\":7}}}}"};
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        kh_client_statistics is = {.sent_bytes = 7};
        assert_rc(kh_client_statistics_read(kh_text_of(texts[i]), &is), KH_OK);
        assert_int_equal(is.connections_up + is.brokers_up + is.queued_messages + is.sent_bytes, 0);
    }
}

static void what_is_no_object_is_refused(void **state)
{
    static const char *const texts[] = {"", "[]", "{", "7", "{} x"};
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        kh_client_statistics is = {.sent_bytes = 7};
        assert_rc(kh_client_statistics_read(kh_text_of(texts[i]), &is), KH_E_REFUSED);
        assert_int_equal(is.sent_bytes, 7);
    }
    kh_client_statistics is;
    assert_rc(kh_client_statistics_read((kh_text){NULL, 0}, &is), KH_E_REFUSED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_consumer),
        cmocka_unit_test(what_is_not_there_counts_as_nothing),
        cmocka_unit_test(what_is_no_object_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
