/* Where topics begin and end and what a group has committed, for those who only look: no member of the group. */
#ifndef KH_KAFKA_LOOK_H
#define KH_KAFKA_LOOK_H

#include "kafka/consumer.h"

/*! What one partition of a topic still has. */
typedef struct kh_topic_range {
    const char *topic; /*!< in */
    int32_t lane;      /*!< in */
    int64_t first;     /*!< first offset that it still has; equal to `end` when it has none */
    int64_t end;       /*!< behind the last: the last stable offset, or the high watermark */
} kh_topic_range;

/*! Fills `first` and `end` of each.
 *  \param stable  `end` is the last stable offset: what a transaction has not committed yet lies behind it. Otherwise
 *                 the high watermark.
 *  \retval KH_OK
 *  \retval KH_E_LOST, KH_E_TIMEOUT  no answer within \a timeout_ms, for two questions
 *  \retval KH_E_CONFIGURATION       a topic or partition does not exist, or a right is missing; \a error names it
 *  \retval KH_E_MEMORY */
KH_MUSTCHECK kh_rc kh_look_ranges(const kh_kafka_settings *settings, bool stable, kh_topic_range *ranges, size_t count,
                                  int timeout_ms, kh_kafka_error *error);

/*! What the settings' group has committed, as kh_consumer_committed, but never waits for a pending transaction: it
 * tells what stood before it. \param topics  what kh_lane_commit.topic counts. */
KH_MUSTCHECK kh_rc kh_look_committed(const kh_kafka_settings *settings, const char *const *topics,
                                     kh_lane_commit *commits, size_t count, int timeout_ms, kh_arena *arena,
                                     kh_kafka_error *error);

#endif
