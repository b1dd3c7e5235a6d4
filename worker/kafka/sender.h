/* Sending events to source topics: an idempotent producer that keys as Kafka's own clients do.
 * For the command `publish`, small agencies and tests. One thread owns a sender. */
#ifndef KH_KAFKA_SENDER_H
#define KH_KAFKA_SENDER_H

#include "kafka/client.h"
#include "kafka/publisher.h"

typedef struct kh_sender kh_sender;

/*! Called within kh_sender_send and kh_sender_flush, once for each message that was not delivered.
 *  \param line  as given to kh_sender_send. */
typedef void kh_sender_failed(void *self, uint64_t line, const kh_kafka_error *error);

/*! \param failed  may be NULL.
 *  \param out     untouched unless KH_OK; pairs with kh_sender_free.
 *  \retval KH_E_CONFIGURATION, KH_E_MEMORY */
KH_MUSTCHECK kh_rc kh_sender_new(const kh_kafka_settings *settings, const char *const *topics, size_t topic_count,
                                 kh_sender_failed *failed, void *self, kh_sender **out, kh_kafka_error *error);

/*! Queues one message (copied); waits while the queue is full.
 *  \param line  comes back with a failed delivery.
 *  \retval KH_E_REFUSED  librdkafka will not take it (too large, no such partition); \a error says why
 *  \retval KH_E_LOST     the sender is of no use any more */
KH_MUSTCHECK kh_rc kh_sender_send(kh_sender *sender, const kh_message *message, uint64_t line, kh_kafka_error *error);

/*! Waits for all deliveries.
 *  \retval KH_OK         all sent so far were delivered
 *  \retval KH_E_RETRY    some were not; each has been reported
 *  \retval KH_E_TIMEOUT  some are still on their way after \a timeout_ms */
KH_MUSTCHECK kh_rc kh_sender_flush(kh_sender *sender, int timeout_ms, kh_kafka_error *error);

/*! What is still queued is dropped. NULL is fine. */
void kh_sender_free(kh_sender *sender);

#endif
