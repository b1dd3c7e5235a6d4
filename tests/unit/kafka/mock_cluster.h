/* librdkafka's mock brokers for unit tests: errors by number, no server. Its API is experimental: only used here. */
#ifndef MOCK_CLUSTER_H
#define MOCK_CLUSTER_H

#include "support/kh_test.h"

#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

#include "kafka/consumer.h"

/* The protocol's numbers of the requests that tests let fail. */
#define REQUEST_PRODUCE               0
#define REQUEST_FETCH                 1
#define REQUEST_OFFSET_FETCH          9
#define REQUEST_FIND_COORDINATOR      10
#define REQUEST_JOIN_GROUP            11
#define REQUEST_HEARTBEAT             12
#define REQUEST_SYNC_GROUP            14
#define REQUEST_INIT_PRODUCER_ID      22
#define REQUEST_ADD_PARTITIONS_TO_TXN 24
#define REQUEST_ADD_OFFSETS_TO_TXN    25
#define REQUEST_END_TXN               26
#define REQUEST_TXN_OFFSET_COMMIT     28

typedef struct mock_cluster {
    rd_kafka_t *owner;
    rd_kafka_mock_cluster_t *cluster;
    kh_kafka_settings settings;
} mock_cluster;

static inline void mock_cluster_init(mock_cluster *mock)
{
    char why[256];
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    assert_int_equal(rd_kafka_conf_set(conf, "socket.nagle.disable", "true", why, sizeof why), RD_KAFKA_CONF_OK);
    mock->owner = rd_kafka_new(RD_KAFKA_PRODUCER, conf, why, sizeof why);
    assert_non_null(mock->owner);
    mock->cluster = rd_kafka_mock_cluster_new(mock->owner, 1);
    assert_non_null(mock->cluster);
    mock->settings = (kh_kafka_settings){
        .brokers = rd_kafka_mock_cluster_bootstraps(mock->cluster),
        .group = "group",
        .session_timeout_ms = 3000,
        .heartbeat_interval_ms = 100,
        .transaction_timeout_ms = 5000,
    };
}

static inline void mock_cluster_deinit(mock_cluster *mock)
{
    rd_kafka_mock_cluster_destroy(mock->cluster);
    rd_kafka_destroy(mock->owner);
}

static inline void mock_cluster_topic(mock_cluster *mock, const char *name, int partitions)
{
    assert_int_equal(rd_kafka_mock_topic_create(mock->cluster, name, partitions, 1), RD_KAFKA_RESP_ERR_NO_ERROR);
}

/*! The next \a count requests of that kind fail so. */
static inline void mock_cluster_fail(mock_cluster *mock, int16_t request, rd_kafka_resp_err_t code, int count)
{
    for (int i = 0; i < count; i++) {
        rd_kafka_mock_push_request_errors(mock->cluster, request, 1, code);
    }
}

/*! Polls until an event of that kind, releasing records and letting go of lanes on the way; fails the test if none
 * comes. */
static inline kh_consumer_event mock_cluster_await(kh_consumer *consumer, kh_consumer_event_kind kind)
{
    kh_consumer_event event = {.kind = KH_CONSUMER_NOTHING};
    for (int tries = 0; tries < 600; tries++) {
        kh_consumer_poll(consumer, 100, &event);
        if (event.kind == kind) {
            return event;
        }
        if (event.kind == KH_CONSUMER_RECORD) {
            kh_consumer_release(consumer, &event.hold, 1);
        } else if (event.kind == KH_CONSUMER_REVOKED) {
            kh_consumer_let_go(consumer);
        }
    }
    fail_msg("no event of kind %d", (int)kind);
    return event;
}

#endif
