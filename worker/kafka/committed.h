/* For this room only: what a group has committed, as any of its handles is told. */
#ifndef KH_KAFKA_COMMITTED_H
#define KH_KAFKA_COMMITTED_H

#include <librdkafka/rdkafka.h>

#include "kafka/consumer.h"

/*! kh_consumer_committed on a handle that has the group's id, a member or not. Under read_committed a pending
 *  transaction is KH_E_TIMEOUT, under read_uncommitted the offsets before it are told.
 *  \param group  for messages. \param topics  what kh_lane_commit.topic counts. */
KH_MUSTCHECK kh_rc kh_committed_read(rd_kafka_t *rk, const char *group, const char *const *topics,
                                     kh_lane_commit *commits, size_t count, int timeout_ms, kh_arena *arena,
                                     kh_kafka_error *error);

#endif
