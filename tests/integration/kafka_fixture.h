/* What the tests against a real Kafka share: its address, topics of their own, records, and waiting for events. */
#ifndef KAFKA_FIXTURE_H
#define KAFKA_FIXTURE_H

#include "support/kh_test.h"

#include "kafka/consumer.h"
#include "kafka/publisher.h"
#include "kafka/sender.h"
#include "kafka/topics.h"

/*! Longer than anything takes on a slow machine. */
#define GENEROUS_MS 60000

/*! Topics "NAME-1" and "NAME-2" of kind source, "NAME-out" and "NAME-log" of kind result, all fresh. */
typedef struct kafka_fixture {
    kh_kafka_settings settings;
    char brokers[64];
    char group[64];
    char id[64];
    char names[4][64];
    const char *sources[2];
    const char *results[2];
    int32_t partitions;
    kh_arena arena;
} kafka_fixture;

/*! Reads the broker's address (the test's environment says where), makes the topics. */
void kafka_fixture_init(kafka_fixture *fixture, int32_t partitions);
void kafka_fixture_deinit(kafka_fixture *fixture);

/*! Plain records "FIRST" to "FIRST + COUNT - 1" into one partition. */
void kafka_fixture_send(kafka_fixture *fixture, const char *topic, int32_t lane, int first, int count);

/*! A consumer of both sources. */
kh_consumer *kafka_fixture_consumer(kafka_fixture *fixture);
/*! A publisher to both results, initialised. \param suffix  ends its transactional id. */
kh_publisher *kafka_fixture_publisher(kafka_fixture *fixture, const char *suffix);

/*! Polls until an event of that kind, releasing records on the way; fails the test after GENEROUS_MS. Errors that
 *  polling is to go on after are passed by. A REVOKED on the way is let go when \a let_go. */
kh_consumer_event kafka_fixture_await(kh_consumer *consumer, kh_consumer_event_kind kind, bool let_go);
/*! As above, and holds the claim: kh_group_claim_release. Waits until exactly \a lane_count lanes are given. */
kh_group_claim *kafka_fixture_join(kh_consumer *consumer, size_t lane_count);
/*! Starts both sources of a lane at the beginning. */
void kafka_fixture_start(kh_consumer *consumer, int32_t lane);
/*! The values of the next records of topic and lane, until DRAINED; numbers only. \return how many. */
size_t kafka_fixture_read(kh_consumer *consumer, size_t topic, int32_t lane, int *values, size_t most);
/*! kh_consumer_committed for both sources of a lane, again while it says KH_E_TIMEOUT. */
void kafka_fixture_committed(kafka_fixture *fixture, kh_consumer *consumer, int32_t lane, kh_lane_commit *commits);

#endif
