#include "kafka/publisher.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kafka/group_claim.h"
#include "kafka/handle.h"
#include "kafka/produce.h"

#define REPORT_PATIENCE_MS 1000

struct kh_publisher {
    kh_handle handle; /* first: see kh_handle */
    char *id;
    char **names;
    size_t topic_count;
    rd_kafka_topic_t **topics;
    int patience_ms;
    int64_t deadline;           /* of the publish on its way */
    kh_kafka_error undelivered; /* the first delivery that failed in this transaction; rc KH_OK: none */
};

static void on_delivery(rd_kafka_t *rk, const rd_kafka_message_t *message, void *opaque)
{
    kh_publisher *publisher = opaque;
    (void)rk;
    /* What an abort purges has not failed by itself. */
    if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR || message->err == RD_KAFKA_RESP_ERR__PURGE_QUEUE ||
        message->err == RD_KAFKA_RESP_ERR__PURGE_INFLIGHT || publisher->undelivered.rc != KH_OK) {
        return;
    }
    kh_rc rc = kh_handle_is_configuration(message->err) ? KH_E_CONFIGURATION : KH_E_RETRY;
    kh_handle_fail(&publisher->undelivered, rc, message->err, "publishing %zu bytes to %s partition %d: %s (%s)",
                   message->len, rd_kafka_topic_name(message->rkt), (int)message->partition,
                   rd_kafka_err2str(message->err), rd_kafka_err2name(message->err));
}

static kh_rc open_producer(kh_publisher *publisher, kh_kafka_error *error)
{
    const kh_kafka_settings *settings = publisher->handle.settings;
    kh_handle_conf building = kh_handle_conf_begin(&publisher->handle, settings);
    kh_handle_conf_producer(&building, settings);
    if (publisher->topic_count > 0) { /* not of one that only fences another */
        kh_handle_conf_statistics(&building, settings);
    }
    kh_handle_conf_set(&building, "transactional.id", publisher->id);
    kh_handle_conf_set_number(&building, "transaction.timeout.ms", kh_handle_transaction_timeout(settings));
    /* Without it flush and commit move in steps of 10 ms. */
    rd_kafka_conf_set_dr_msg_cb(building.conf, on_delivery);
    kh_rc rc = kh_handle_open(&publisher->handle, RD_KAFKA_PRODUCER, &building, error);
    if (rc != KH_OK) {
        return rc;
    }
    publisher->topics = kh_produce_topics_new(publisher->handle.rk, publisher->names, publisher->topic_count);
    if (publisher->topics == NULL) {
        return kh_handle_fail(error, KH_E_CONFIGURATION, 0, "a result topic's name is not one that Kafka takes");
    }
    return KH_OK;
}

static void close_producer(kh_publisher *publisher)
{
    if (publisher->handle.rk != NULL) {
        /* What is queued belongs to a transaction that will not commit: it must not be waited for. */
        rd_kafka_purge(publisher->handle.rk, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
        rd_kafka_poll(publisher->handle.rk, 0);
        kh_produce_topics_free(publisher->topics, publisher->topic_count);
        rd_kafka_destroy(publisher->handle.rk);
    }
    publisher->topics = NULL;
    publisher->handle.rk = NULL;
}

kh_rc kh_publisher_new(const kh_kafka_settings *settings, const char *transactional_id, const char *const *topics,
                       size_t topic_count, kh_publisher **out, kh_kafka_error *error)
{
    kh_rc rc = KH_E_MEMORY;
    kh_publisher *publisher = calloc(1, sizeof *publisher);
    if (publisher == NULL) {
        goto out;
    }
    publisher->handle.settings = settings;
    publisher->patience_ms = 60000;
    publisher->topic_count = topic_count;
    publisher->id = strdup(transactional_id);
    publisher->names = kh_handle_copy_names(topics, topic_count);
    if (publisher->id == NULL || publisher->names == NULL) {
        goto out;
    }
    rc = open_producer(publisher, error);
out:
    if (rc == KH_E_MEMORY) {
        kh_handle_fail(error, rc, 0, "out of memory");
    }
    if (rc != KH_OK) {
        kh_publisher_free(publisher);
        return rc;
    }
    *out = publisher;
    return KH_OK;
}

/* The first transaction on a topic that the producer does not know takes a second more. */
static kh_rc learn_topic(kh_publisher *publisher, size_t topic, int timeout_ms, int32_t *partitions,
                         kh_kafka_error *error)
{
    const struct rd_kafka_metadata *told = NULL;
    const char *name = publisher->names[topic];
    rd_kafka_resp_err_t failed =
        rd_kafka_metadata(publisher->handle.rk, 0, publisher->topics[topic], &told, timeout_ms);
    kh_rc rc = KH_OK;
    if (failed == RD_KAFKA_RESP_ERR_NO_ERROR && told->topic_cnt == 1) {
        failed = told->topics[0].err;
        *partitions = told->topics[0].partition_cnt;
    }
    if (failed == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART || failed == RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC) {
        rc = kh_handle_fail(error, KH_E_CONFIGURATION, failed,
                            "result topic %s does not exist: `kakehashi topics create` makes it", name);
    } else if (failed != RD_KAFKA_RESP_ERR_NO_ERROR) {
        rc = kh_handle_fail(error, kh_handle_is_configuration(failed) ? KH_E_CONFIGURATION : KH_E_LOST, failed,
                            "asking for result topic %s: %s", name, rd_kafka_err2str(failed));
    }
    if (told != NULL) {
        rd_kafka_metadata_destroy(told);
    }
    return rc;
}

kh_rc kh_publisher_init(kh_publisher *publisher, int timeout_ms, int32_t *partitions, kh_kafka_error *error)
{
    int64_t deadline = kh_handle_now() + timeout_ms;
    for (size_t i = 0; i < publisher->topic_count; i++) {
        int32_t count = 0;
        kh_rc rc = learn_topic(publisher, i, kh_handle_left(deadline), &count, error);
        if (rc != KH_OK) {
            return rc;
        }
        if (partitions != NULL) {
            partitions[i] = count;
        }
    }
    kh_rc rc = KH_E_TIMEOUT;
    char what[160];
    (void)snprintf(what, sizeof what, "registering the transactional id %s", publisher->id);
    while (rc == KH_E_TIMEOUT) {
        int left = kh_handle_left(deadline);
        rc = kh_handle_judge(&publisher->handle, rd_kafka_init_transactions(publisher->handle.rk, left > 0 ? left : 1),
                             what, error);
        if (rc == KH_E_TIMEOUT && left == 0) {
            rc = KH_E_LOST;
        }
    }
    /* Nothing was open yet, so an abortable error only means: again. */
    if (rc == KH_E_RETRY || rc == KH_E_NOT_MINE) {
        rc = KH_E_LOST;
    }
    if (error != NULL && rc != KH_OK) {
        error->rc = rc;
    }
    return rc;
}

static void step(const kh_publisher *publisher, kh_publish_step passed)
{
    const kh_kafka_settings *settings = publisher->handle.settings;
    if (settings->step != NULL) {
        settings->step(settings->self, passed);
    }
}

/* The verdict of one produce that was refused; KH_E_TIMEOUT: the queue is full, again. */
static kh_rc judge_produce(kh_publisher *publisher, rd_kafka_resp_err_t failed, const kh_message *message,
                           kh_kafka_error *error)
{
    char told[256];
    rd_kafka_resp_err_t cause = rd_kafka_fatal_error(publisher->handle.rk, told, sizeof told);
    if (cause != RD_KAFKA_RESP_ERR_NO_ERROR) {
        return kh_handle_fail(error, kh_kafka_classify(cause, true, false, false), cause, "publishing: %s (%s)", told,
                              rd_kafka_err2name(cause));
    }
    if (failed == RD_KAFKA_RESP_ERR__QUEUE_FULL) {
        return KH_E_TIMEOUT;
    }
    /* A wrong state is the mark of a delivery that failed before: abort, and say that one. */
    kh_rc rc = KH_E_RETRY;
    if (kh_handle_is_configuration(failed) || failed == RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION ||
        failed == RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC) {
        rc = KH_E_CONFIGURATION;
    }
    return kh_handle_fail(error, rc, failed, "publishing %zu bytes to %s partition %d: %s", message->value.length,
                          publisher->names[message->topic], (int)message->partition, rd_kafka_err2str(failed));
}

static kh_rc produce_all(kh_publisher *publisher, const kh_publication *publication, kh_kafka_error *error)
{
    for (size_t i = 0; i < publication->message_count; i++) {
        const kh_message *message = &publication->messages[i];
        kh_rc rc = KH_E_TIMEOUT;
        if (message->topic >= publisher->topic_count) {
            return kh_handle_fail(error, KH_E_INTERNAL, 0, "message %zu names no topic", i);
        }
        while (rc == KH_E_TIMEOUT) {
            rd_kafka_resp_err_t failed =
                kh_produce(publisher->handle.rk, publisher->topics[message->topic], message, NULL);
            if (failed == RD_KAFKA_RESP_ERR_NO_ERROR) {
                break;
            }
            rc = judge_produce(publisher, failed, message, error);
            if (rc != KH_E_TIMEOUT) {
                return rc;
            }
            if (kh_handle_left(publisher->deadline) == 0) {
                return kh_handle_fail(error, KH_E_RETRY, failed, "the broker takes no messages: the queue stays full");
            }
            rd_kafka_poll(publisher->handle.rk, 10);
        }
        if (i % 256 == 0) {
            rd_kafka_poll(publisher->handle.rk, 0);
        }
    }
    return KH_OK;
}

static kh_rc list_offsets(const kh_publication *publication, rd_kafka_topic_partition_list_t **out)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new((int)publication->offset_count);
    for (size_t i = 0; i < publication->offset_count; i++) {
        const kh_lane_offset *offset = &publication->offsets[i];
        rd_kafka_topic_partition_t *entry = rd_kafka_topic_partition_list_add(list, offset->topic, offset->lane);
        entry->offset = offset->next_offset;
        if (offset->metadata.length > 0) {
            /* Freed with the list, by free(). */
            entry->metadata = malloc(offset->metadata.length + 1);
            if (entry->metadata == NULL) {
                rd_kafka_topic_partition_list_destroy(list);
                return KH_E_MEMORY;
            }
            memcpy(entry->metadata, offset->metadata.data, offset->metadata.length);
            ((char *)entry->metadata)[offset->metadata.length] = '\0';
            entry->metadata_size = offset->metadata.length;
        }
    }
    *out = list;
    return KH_OK;
}

/* Never -1: without a broker that would be for ever. At least one attempt is made. */
static int wait_until(int64_t deadline)
{
    int left = kh_handle_left(deadline);
    return left > 0 ? left : 1;
}

static kh_rc send_offsets(kh_publisher *publisher, const kh_publication *publication, kh_kafka_error *error)
{
    rd_kafka_topic_partition_list_t *list = NULL;
    if (publication->offset_count == 0) {
        return KH_OK;
    }
    if (publication->claim == NULL) {
        return kh_handle_fail(error, KH_E_INTERNAL, 0, "offsets without the claim of an assignment");
    }
    kh_rc rc = list_offsets(publication, &list);
    if (rc != KH_OK) {
        return kh_handle_fail(error, rc, 0, "out of memory");
    }
    /* Again only with the very same arguments. */
    do {
        rc = kh_handle_judge(&publisher->handle,
                             rd_kafka_send_offsets_to_transaction(publisher->handle.rk, list,
                                                                  kh_group_claim_metadata(publication->claim),
                                                                  wait_until(publisher->deadline)),
                             "sending the group's offsets", error);
    } while (rc == KH_E_TIMEOUT && kh_handle_left(publisher->deadline) > 0);
    rd_kafka_topic_partition_list_destroy(list);
    /* Not committed yet, so nothing is unknown: what is not fatal can be aborted. */
    if (rc == KH_E_TIMEOUT) {
        rc = kh_handle_fail(error, KH_E_RETRY, 0, "sending the group's offsets: no answer from the coordinator");
    }
    return rc;
}

static kh_rc commit(kh_publisher *publisher, kh_kafka_error *error)
{
    kh_rc rc = KH_E_TIMEOUT;
    while (rc == KH_E_TIMEOUT) {
        rc = kh_handle_judge(&publisher->handle,
                             rd_kafka_commit_transaction(publisher->handle.rk, wait_until(publisher->deadline)),
                             "committing", error);
        if (rc == KH_E_TIMEOUT && kh_handle_left(publisher->deadline) == 0) {
            rc = kh_handle_fail(error, KH_E_LOST, 0, "committing: no answer; whether it stands is not known");
        }
    }
    return rc;
}

/* \return KH_OK only when it is certain that nothing of the transaction will ever be visible. */
static kh_rc abort_transaction(kh_publisher *publisher)
{
    kh_rc rc = KH_E_TIMEOUT;
    int64_t patience = kh_handle_now() + kh_handle_transaction_timeout(publisher->handle.settings);
    while (rc == KH_E_TIMEOUT) {
        kh_kafka_error why = {0};
        rc = kh_handle_judge(&publisher->handle, rd_kafka_abort_transaction(publisher->handle.rk, wait_until(patience)),
                             "aborting", &why);
        if (rc != KH_OK) {
            kh_handle_log(&publisher->handle, KH_KAFKA_LOG_WARNING, "%s", why.text);
        }
        if (rc == KH_E_TIMEOUT && kh_handle_left(patience) == 0) {
            rc = KH_E_LOST;
        }
    }
    return rc == KH_OK || rc == KH_E_FENCED ? rc : KH_E_LOST;
}

/* What comes after a transaction's failure says no more than that the state is wrong. Beginning another one in its
 * midst, which cannot be, says why it failed. */
static kh_rc find_cause(kh_publisher *publisher, kh_rc rc, kh_kafka_error *error)
{
    kh_kafka_error cause = {0};
    if (error->code != RD_KAFKA_RESP_ERR__STATE) {
        return rc;
    }
    kh_rc of =
        kh_handle_judge(&publisher->handle, rd_kafka_begin_transaction(publisher->handle.rk), "publishing", &cause);
    if (of == KH_OK || cause.code == RD_KAFKA_RESP_ERR__STATE) {
        return rc;
    }
    *error = cause;
    return of;
}

/* A transaction that cannot go on: aborts it where that is possible, and says what became of it. */
static kh_rc give_up(kh_publisher *publisher, kh_rc rc, kh_kafka_error *error)
{
    rc = find_cause(publisher, rc, error);
    bool usable = rd_kafka_fatal_error(publisher->handle.rk, NULL, 0) == RD_KAFKA_RESP_ERR_NO_ERROR;
    if (rc == KH_E_FENCED || !usable) {
        /* Whoever comes next ends the transaction; what is refused is refused to that one too. */
        rc = rc == KH_E_FENCED || rc == KH_E_CONFIGURATION ? rc : KH_E_LOST;
    } else {
        kh_rc aborted = abort_transaction(publisher);
        step(publisher, KH_PUBLISH_ABORTED);
        if (aborted != KH_OK) {
            rc = aborted;
        } else if (publisher->undelivered.rc != KH_OK && rc == KH_E_RETRY) {
            /* What librdkafka says of the transaction only repeats that a delivery failed. */
            rc = publisher->undelivered.rc;
            *error = publisher->undelivered;
        } else if (rc == KH_E_LOST) {
            rc = KH_E_RETRY;
        }
    }
    error->rc = rc;
    return rc;
}

/* A delivery that failed marks the transaction before its report is served: what is on its way is waited for. */
static bool has_delivery_failed(kh_publisher *publisher)
{
    int64_t patience = kh_handle_now() + REPORT_PATIENCE_MS;
    while (publisher->undelivered.rc == KH_OK && rd_kafka_outq_len(publisher->handle.rk) > 0 &&
           kh_handle_left(patience) > 0) {
        rd_kafka_poll(publisher->handle.rk, 20);
    }
    return publisher->undelivered.rc != KH_OK;
}

kh_rc kh_publisher_publish(kh_publisher *publisher, const kh_publication *publication, kh_kafka_error *error)
{
    kh_kafka_error ignored = {0};
    error = error == NULL ? &ignored : error;
    if (publisher->handle.rk == NULL) {
        return kh_handle_fail(error, KH_E_LOST, 0, "the producer is gone: it must be renewed");
    }
    publisher->undelivered.rc = KH_OK;
    publisher->deadline = kh_handle_now() + publisher->patience_ms;
    kh_rc rc = kh_handle_judge(&publisher->handle, rd_kafka_begin_transaction(publisher->handle.rk),
                               "beginning a transaction", error);
    if (rc != KH_OK) {
        rc = rc == KH_E_FENCED || rc == KH_E_CONFIGURATION ? rc : KH_E_LOST;
        error->rc = rc;
        return rc;
    }
    step(publisher, KH_PUBLISH_BEGUN);
    rc = produce_all(publisher, publication, error);
    if (rc != KH_OK) {
        return give_up(publisher, rc, error);
    }
    step(publisher, KH_PUBLISH_PRODUCED);
    rc = send_offsets(publisher, publication, error);
    if (rc != KH_OK) {
        return give_up(publisher, rc, error);
    }
    step(publisher, KH_PUBLISH_OFFSETS_SENT);
    rc = commit(publisher, error);
    if (rc == KH_OK) {
        step(publisher, KH_PUBLISH_COMMITTED);
    } else if (rc == KH_E_CONFIGURATION) {
        /* A right that is missing: the process ends, and whoever comes next reads the marks. */
        rc = give_up(publisher, rc, error);
    } else if (rc != KH_E_FENCED && rc != KH_E_LOST && has_delivery_failed(publisher)) {
        /* A delivery had failed, so the commit was never asked of the coordinator. */
        rc = give_up(publisher, KH_E_RETRY, error);
    } else if (rc != KH_E_FENCED) {
        /* An earlier attempt of the same request may have been carried out before its answer was lost. */
        rc = KH_E_LOST;
        error->rc = rc;
    }
    return rc;
}

void kh_publisher_patience(kh_publisher *publisher, int milliseconds)
{
    publisher->patience_ms = milliseconds;
}

void kh_publisher_serve(kh_publisher *publisher)
{
    if (publisher->handle.rk != NULL) {
        rd_kafka_poll(publisher->handle.rk, 0);
    }
}

kh_rc kh_publisher_renew(kh_publisher *publisher, int timeout_ms, kh_kafka_error *error)
{
    close_producer(publisher);
    kh_rc rc = open_producer(publisher, error);
    return rc == KH_OK ? kh_publisher_init(publisher, timeout_ms, NULL, error) : rc;
}

void kh_publisher_free(kh_publisher *publisher)
{
    if (publisher == NULL) {
        return;
    }
    close_producer(publisher);
    free(publisher->id);
    free(publisher->names);
    free(publisher);
}

kh_rc kh_fence(const kh_kafka_settings *settings, const char *transactional_id, int timeout_ms, kh_kafka_error *error)
{
    kh_publisher *publisher = NULL;
    kh_rc rc = kh_publisher_new(settings, transactional_id, NULL, 0, &publisher, error);
    if (rc == KH_OK) {
        rc = kh_publisher_init(publisher, timeout_ms, NULL, error);
    }
    kh_publisher_free(publisher);
    return rc;
}
