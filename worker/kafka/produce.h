/* For this room only: one message handed to librdkafka. */
#ifndef KH_KAFKA_PRODUCE_H
#define KH_KAFKA_PRODUCE_H

#include <librdkafka/rdkafka.h>

#include "kafka/publisher.h"

/*! Copies the message into the producer's queue. \param opaque  comes back with its delivery report.
 *  \return what librdkafka says; RD_KAFKA_RESP_ERR__QUEUE_FULL: later again. */
rd_kafka_resp_err_t kh_produce(rd_kafka_t *rk, rd_kafka_topic_t *topic, const kh_message *message, void *opaque);

/*! Topic handles for names, in the same order; NULL when memory is out or a name is wrong. */
rd_kafka_topic_t **kh_produce_topics_new(rd_kafka_t *rk, char *const *names, size_t count);
/*! NULL is fine. */
void kh_produce_topics_free(rd_kafka_topic_t **topics, size_t count);

#endif
