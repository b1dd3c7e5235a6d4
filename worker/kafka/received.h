/* For this room only: a message of librdkafka as a record. */
#ifndef KH_KAFKA_RECEIVED_H
#define KH_KAFKA_RECEIVED_H

#include <librdkafka/rdkafka.h>

#include "kafka/consumer.h"

/*! Everything in \a record is borrowed from the message, but for the topic's name; headers are left out. */
void kh_received_record(const rd_kafka_message_t *message, kh_text topic, kh_record *record);

#endif
