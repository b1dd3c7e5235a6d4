/* Publishing results exactly once: messages and the group's offsets in one Kafka transaction.
 * One thread owns a publisher. */
#ifndef KH_KAFKA_PUBLISHER_H
#define KH_KAFKA_PUBLISHER_H

#include "kakehashi/record.h"
#include "kafka/client.h"
#include "kafka/consumer.h"

typedef struct kh_publisher kh_publisher;

/*! One message; everything is borrowed for the call. */
typedef struct kh_message {
    size_t topic;      /*!< index in the topics given to kh_publisher_new (or kh_sender_new) */
    int32_t partition; /*!< given explicitly; KH_PARTITION_BY_KEY only for a sender */
    bool has_key;
    bool has_value; /*!< false: a tombstone */
    kh_text key;
    kh_text value;
    kh_instant timestamp; /*!< KH_INSTANT_NONE: now */
    const kh_header *headers;
    uint32_t header_count;
} kh_message;

#define KH_PARTITION_BY_KEY (-1)

/*! What the group's offset of one source topic and lane becomes when the transaction commits. */
typedef struct kh_lane_offset {
    const char *topic;
    int32_t lane;
    int64_t next_offset;
    kh_text metadata; /*!< the lane's published mark; at most 4096 bytes (the broker's offset.metadata.max.bytes) */
} kh_lane_offset;

/*! One transaction. */
typedef struct kh_publication {
    const kh_message *messages;
    size_t message_count;
    const kh_lane_offset *offsets; /*!< of ALL source topics of each lane in it */
    size_t offset_count;
    kh_group_claim *claim; /*!< borrowed; the one of the assignment that gave these lanes */
} kh_publication;

/*! Makes the producer; nothing is asked of the broker yet.
 *  \param transactional_id  copied; unique for each start of a worker.
 *  \param topics            the result topics; copied.
 *  \param out               untouched unless KH_OK; pairs with kh_publisher_free.
 *  \retval KH_E_CONFIGURATION, KH_E_MEMORY */
KH_MUSTCHECK kh_rc kh_publisher_new(const kh_kafka_settings *settings, const char *transactional_id,
                                    const char *const *topics, size_t topic_count, kh_publisher **out,
                                    kh_kafka_error *error);

/*! Learns the result topics and registers the id at its coordinator; ends what an earlier producer of this id left.
 *  \param partitions  if not NULL, gets the partition count of each topic.
 *  \retval KH_OK               kh_publisher_publish may be called
 *  \retval KH_E_LOST           no answer within \a timeout_ms: call again
 *  \retval KH_E_CONFIGURATION  a topic does not exist, or a right is missing; \a error names it
 *  \retval KH_E_FENCED         see kh_publisher_publish */
KH_MUSTCHECK kh_rc kh_publisher_init(kh_publisher *publisher, int timeout_ms, int32_t *partitions,
                                     kh_kafka_error *error);

/*! Publishes all or nothing, blocking. With no messages only the offsets move; with no offsets, only messages.
 *  Each step is told to settings->step.
 *  Every wait is bounded: by kh_publisher_patience, and for the abort by the
 *  transaction's timeout.
 *  \retval KH_OK           committed for certain
 *  \retval KH_E_RETRY      aborted for certain: may be tried again as it is
 *  \retval KH_E_NOT_MINE   aborted; the claim is stale: these lanes belong to somebody else, or will be given anew
 *  \retval KH_E_LOST       the outcome is not known, or the producer is of no use: kh_publisher_renew, and read the
 *                          group's marks again before publishing anything
 *  \retval KH_E_FENCED     as KH_E_LOST, and the id has been used by another producer (a worker that took the lanes
 *                          over and called kh_fence), or the coordinator ended the transaction for its age: renew,
 *                          and count every lane as no longer one's own
 *  \retval KH_E_CONFIGURATION  aborted; would fail again the same way (message too large, no right); \a error names
 *                          the topic
 *  \retval KH_E_MEMORY */
KH_MUSTCHECK kh_rc kh_publisher_publish(kh_publisher *publisher, const kh_publication *publication,
                                        kh_kafka_error *error);

/*! How long one publish may take in all, retries inside included, before it gives up (KH_E_RETRY or KH_E_LOST).
 *  Default 60000 ms. */
void kh_publisher_patience(kh_publisher *publisher, int milliseconds);

/*! Takes in what librdkafka has to tell while nothing is published: its figures would pile up otherwise. Never while
 *  another thread publishes. */
void kh_publisher_serve(kh_publisher *publisher);

/*! A new producer with the same id, initialised (as kh_publisher_init): whatever the old one left open is ended.
 *  After a failure call it again. The old producer is gone either way. */
KH_MUSTCHECK kh_rc kh_publisher_renew(kh_publisher *publisher, int timeout_ms, kh_kafka_error *error);

/*! Ends within a few seconds, whatever the broker does; an open transaction is left to its timeout or to kh_fence.
 *  NULL is fine. */
void kh_publisher_free(kh_publisher *publisher);

/*! Ends the open transaction of another worker that died or stalls, by a short-lived producer with its id.
 *  A commit that the broker has already begun is kept, and waited for. Never call it with one's own id.
 *  \retval KH_OK
 *  \retval KH_E_LOST, KH_E_CONFIGURATION, KH_E_MEMORY  see kh_publisher_init */
KH_MUSTCHECK kh_rc kh_fence(const kh_kafka_settings *settings, const char *transactional_id, int timeout_ms,
                            kh_kafka_error *error);

#endif
