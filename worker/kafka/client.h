/* What every Kafka handle of the worker has in common: settings, log, errors, the partition of a key. */
#ifndef KH_KAFKA_CLIENT_H
#define KH_KAFKA_CLIENT_H

#include <stddef.h>
#include <stdint.h>

#include "kakehashi/return_code.h"
#include "kakehashi/text.h"

typedef enum kh_kafka_log_level {
    KH_KAFKA_LOG_ERROR,
    KH_KAFKA_LOG_WARNING,
    KH_KAFKA_LOG_INFO,
    KH_KAFKA_LOG_DEBUG
} kh_kafka_log_level;

typedef enum kh_kafka_client { KH_KAFKA_CONSUMER, KH_KAFKA_PRODUCER } kh_kafka_client;

/*! One setting of librdkafka, as its own documentation names it. */
typedef struct kh_kafka_property {
    const char *name;
    const char *value;
} kh_kafka_property;

/*! What kh_publisher_publish has come to. */
typedef enum kh_publish_step {
    KH_PUBLISH_BEGUN,
    KH_PUBLISH_PRODUCED, /*!< all messages are queued */
    KH_PUBLISH_OFFSETS_SENT,
    KH_PUBLISH_COMMITTED,
    KH_PUBLISH_ABORTED
} kh_publish_step;

/*! Everything is borrowed, and must outlive each handle made with it. A 0 in a number means its default. */
typedef struct kh_kafka_settings {
    const char *brokers;            /*!< "host:port,host:port" */
    const char *group;              /*!< consumer group */
    const char *client_id;          /*!< what the broker's log shows; NULL: "kakehashi" */
    int32_t session_timeout_ms;     /*!< default 10000 */
    int32_t heartbeat_interval_ms;  /*!< default: a third of the session, at most 1000 */
    int32_t transaction_timeout_ms; /*!< default 15000 */
    int32_t max_record_bytes;       /*!< largest message sent, and accepted; default 4 MiB */
    /*! Passed on to librdkafka after our own defaults. What the exactly-once promise rests on is refused
     *  (KH_E_CONFIGURATION names it). */
    const kh_kafka_property *properties;
    size_t property_count;
    /*! May be called by any thread, librdkafka's own included. NULL: silent. \a text holds no secrets and no payload.
     */
    void (*log)(void *self, kh_kafka_log_level level, kh_text text);
    /*! Called by kh_publisher_publish between its steps, for tests that stop a worker there. NULL: nothing. */
    void (*step)(void *self, kh_publish_step step);
    /*! librdkafka's own figures, as JSON, of the group's consumer and of the publisher, each time that one is polled
     * and \a statistics_interval_ms are over; by the thread that polls. NULL: none are made. */
    void (*statistics)(void *self, kh_kafka_client client, kh_text json);
    int32_t statistics_interval_ms;
    void *self; /*!< given to all of the above */
} kh_kafka_settings;

/*! Why a call failed. Untouched by calls that succeed; every function takes NULL for it too. */
typedef struct kh_kafka_error {
    kh_rc rc;
    int code;       /*!< rd_kafka_resp_err_t; 0 when librdkafka had no part in it */
    char text[512]; /*!< what happened, where, and the mend where there is one */
} kh_kafka_error;

/*! The partition that Kafka's default partitioner gives to a key (murmur2, as Java's). \param count  above 0. */
int32_t kh_partition_of_key(kh_text key, int32_t count);

/*! What an error of a transactional call asks for; pure.
 *  \param code      rd_kafka_resp_err_t
 *  \param fatal     rd_kafka_error_is_fatal \param abort  rd_kafka_error_txn_requires_abort
 *  \param retriable rd_kafka_error_is_retriable
 *  \retval KH_E_TIMEOUT   the same call again, with the same arguments
 *  \retval KH_E_RETRY     abort, then the whole transaction again
 *  \retval KH_E_NOT_MINE  abort; the group has moved on (stale generation, unknown member, fenced instance)
 *  \retval KH_E_FENCED    another producer has used this transactional id, or the coordinator ended the
 *                         transaction for its age (the two cannot be told apart)
 *  \retval KH_E_LOST      this producer is of no use any more */
kh_rc kh_kafka_classify(int code, bool fatal, bool abort, bool retriable);

#endif
