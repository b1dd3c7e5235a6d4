#include "kafka/sender.h"

#include <stdlib.h>
#include <string.h>

#include "kafka/handle.h"
#include "kafka/produce.h"

struct kh_sender {
    kh_handle handle; /* first: see kh_handle */
    char **names;
    size_t topic_count;
    rd_kafka_topic_t **topics;
    kh_sender_failed *failed;
    void *self;
    uint64_t failures; /* not yet told by kh_sender_flush */
};

static void on_delivery(rd_kafka_t *rk, const rd_kafka_message_t *message, void *opaque)
{
    kh_sender *sender = opaque;
    kh_kafka_error error = {0};
    (void)rk;
    if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
        return;
    }
    sender->failures++;
    kh_handle_fail(&error, kh_handle_is_configuration(message->err) ? KH_E_CONFIGURATION : KH_E_LOST, message->err,
                   "topic %s partition %d: %s", rd_kafka_topic_name(message->rkt), (int)message->partition,
                   rd_kafka_err2str(message->err));
    if (sender->failed != NULL) {
        sender->failed(sender->self, (uint64_t)(uintptr_t)message->_private, &error);
    }
}

static kh_rc open_sender(kh_sender *sender, const kh_kafka_settings *settings, kh_kafka_error *error)
{
    kh_handle_conf building = kh_handle_conf_begin(&sender->handle, settings);
    kh_handle_conf_producer(&building, settings);
    rd_kafka_conf_set_dr_msg_cb(building.conf, on_delivery);
    kh_rc rc = kh_handle_open(&sender->handle, RD_KAFKA_PRODUCER, &building, error);
    if (rc != KH_OK) {
        return rc;
    }
    sender->topics = kh_produce_topics_new(sender->handle.rk, sender->names, sender->topic_count);
    if (sender->topics == NULL) {
        return kh_handle_fail(error, KH_E_CONFIGURATION, 0, "a topic's name is not one that Kafka takes");
    }
    return rc;
}

kh_rc kh_sender_new(const kh_kafka_settings *settings, const char *const *topics, size_t topic_count,
                    kh_sender_failed *failed, void *self, kh_sender **out, kh_kafka_error *error)
{
    kh_rc rc = KH_E_MEMORY;
    kh_sender *sender = calloc(1, sizeof *sender);
    if (sender == NULL) {
        goto out;
    }
    sender->topic_count = topic_count;
    sender->failed = failed;
    sender->self = self;
    sender->names = kh_handle_copy_names(topics, topic_count);
    if (sender->names == NULL) {
        goto out;
    }
    rc = open_sender(sender, settings, error);
out:
    if (rc == KH_E_MEMORY) {
        kh_handle_fail(error, rc, 0, "out of memory");
    }
    if (rc != KH_OK) {
        kh_sender_free(sender);
        return rc;
    }
    *out = sender;
    return KH_OK;
}

kh_rc kh_sender_send(kh_sender *sender, const kh_message *message, uint64_t line, kh_kafka_error *error)
{
    if (message->topic >= sender->topic_count) {
        return kh_handle_fail(error, KH_E_INTERNAL, 0, "line %llu names no topic", (unsigned long long)line);
    }
    for (;;) {
        rd_kafka_resp_err_t failed =
            kh_produce(sender->handle.rk, sender->topics[message->topic], message, (void *)(uintptr_t)line);
        if (failed == RD_KAFKA_RESP_ERR_NO_ERROR) {
            rd_kafka_poll(sender->handle.rk, 0);
            return KH_OK;
        }
        if (failed != RD_KAFKA_RESP_ERR__QUEUE_FULL) {
            bool lost = failed == RD_KAFKA_RESP_ERR__FATAL || failed == RD_KAFKA_RESP_ERR__STATE;
            return kh_handle_fail(error, lost ? KH_E_LOST : KH_E_REFUSED, failed, "sending %zu bytes to topic %s: %s",
                                  message->value.length, sender->names[message->topic], rd_kafka_err2str(failed));
        }
        /* Each queued message leaves in the end, delivered or given up: so this ends too. */
        rd_kafka_poll(sender->handle.rk, 50);
    }
}

kh_rc kh_sender_flush(kh_sender *sender, int timeout_ms, kh_kafka_error *error)
{
    rd_kafka_resp_err_t left = rd_kafka_flush(sender->handle.rk, timeout_ms);
    uint64_t failures = sender->failures;
    if (left != RD_KAFKA_RESP_ERR_NO_ERROR) {
        return kh_handle_fail(error, KH_E_TIMEOUT, left, "%d messages are still waiting for the broker",
                              rd_kafka_outq_len(sender->handle.rk));
    }
    sender->failures = 0;
    if (failures > 0) {
        return kh_handle_fail(error, KH_E_RETRY, 0, "%llu messages were not delivered", (unsigned long long)failures);
    }
    return KH_OK;
}

void kh_sender_free(kh_sender *sender)
{
    if (sender == NULL) {
        return;
    }
    if (sender->handle.rk != NULL) {
        rd_kafka_purge(sender->handle.rk, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
        rd_kafka_poll(sender->handle.rk, 0);
        kh_produce_topics_free(sender->topics, sender->topic_count);
        rd_kafka_destroy(sender->handle.rk);
    }
    free(sender->names);
    free(sender);
}
