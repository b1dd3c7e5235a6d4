/* Sends what the commands on standard input say; each is confirmed before the next, but for records of one transaction.
 *
 *   topic_sender BROKER [TRANSACTIONAL-ID]
 *
 *   send TOPIC PARTITION TIMESTAMP KEY VALUE [NAME=VALUE]...   keys and values in hex, "-" for none, "." for an empty
 *                                                              one; PARTITION -1: by the key
 *   begin | commit | abort                                     with a TRANSACTIONAL-ID
 *   delete-topic TOPIC
 *   delete-group GROUP                                         all that the group has committed
 *   delete-records TOPIC PARTITION OFFSET                      all before OFFSET
 *
 * Fields are separated by blanks. It ends with 1 at the first command that fails. */
#include <librdkafka/rdkafka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kafka_properties.h"

#define PATIENCE_MS 60000
#define FIELDS_MAX  16

static int undelivered;

static void on_delivery(rd_kafka_t *client, const rd_kafka_message_t *record, void *self)
{
    (void)client;
    (void)self;
    if (record->err != RD_KAFKA_RESP_ERR_NO_ERROR && record->err != RD_KAFKA_RESP_ERR__PURGE_QUEUE &&
        record->err != RD_KAFKA_RESP_ERR__PURGE_INFLIGHT) {
        undelivered++;
        (void)fprintf(stderr, "topic_sender: %s: %s\n", rd_kafka_topic_name(record->rkt),
                      rd_kafka_err2str(record->err));
    }
}

static int fail(const char *what, const char *why)
{
    (void)fprintf(stderr, "topic_sender: %s: %s\n", what, why);
    return 0;
}

static int fail_error(const char *what, rd_kafka_error_t *error)
{
    if (error == NULL) {
        return 1;
    }
    (void)fail(what, rd_kafka_error_string(error));
    rd_kafka_error_destroy(error);
    return 0;
}

/* In place. \return its size. */
static size_t decode_hex(char *text)
{
    static const char digits[] = "0123456789abcdef";
    size_t size = strlen(text) / 2;
    for (size_t i = 0; i < size; i++) {
        const char *high = strchr(digits, text[2 * i]);
        const char *low = strchr(digits, text[2 * i + 1]);
        text[i] = (char)(high == NULL || low == NULL ? 0 : (high - digits) << 4 | (low - digits));
    }
    return size;
}

static int send_record(rd_kafka_t *client, char **fields, int count)
{
    if (count < 6) {
        return fail("send", "TOPIC PARTITION TIMESTAMP KEY VALUE are wanted");
    }
    rd_kafka_headers_t *headers = rd_kafka_headers_new(4);
    for (int i = 6; i < count; i++) {
        char *header = strchr(fields[i], '=');
        if (header != NULL) {
            *header++ = '\0';
            (void)rd_kafka_header_add(headers, fields[i], -1, header, (ssize_t)decode_hex(header));
        }
    }
    int has_key = strcmp(fields[4], "-") != 0;
    int has_value = strcmp(fields[5], "-") != 0;
    size_t key_size = has_key ? decode_hex(fields[4]) : 0;
    size_t value_size = has_value ? decode_hex(fields[5]) : 0;
    char *key = has_key ? fields[4] : NULL;
    char *value = has_value ? fields[5] : NULL;
    rd_kafka_resp_err_t error = rd_kafka_producev(
        client, RD_KAFKA_V_TOPIC(fields[1]), RD_KAFKA_V_PARTITION((int32_t)strtol(fields[2], NULL, 10)),
        RD_KAFKA_V_TIMESTAMP(strtoll(fields[3], NULL, 10)), RD_KAFKA_V_KEY(key, key_size),
        RD_KAFKA_V_VALUE(value, value_size), RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_HEADERS(headers),
        RD_KAFKA_V_END);
    if (error != RD_KAFKA_RESP_ERR_NO_ERROR) {
        rd_kafka_headers_destroy(headers);
        return fail("send", rd_kafka_err2str(error));
    }
    return 1;
}

static int confirm(rd_kafka_t *client)
{
    rd_kafka_resp_err_t error = rd_kafka_flush(client, PATIENCE_MS);
    if (error != RD_KAFKA_RESP_ERR_NO_ERROR || undelivered > 0) {
        return fail("send", undelivered > 0 ? "a record was not delivered" : rd_kafka_err2str(error));
    }
    return 1;
}

/* The result of one admin call. */
static int await_admin(rd_kafka_queue_t *queue, const char *what)
{
    rd_kafka_event_t *event = rd_kafka_queue_poll(queue, PATIENCE_MS);
    if (event == NULL) {
        return fail(what, "no answer");
    }
    rd_kafka_resp_err_t error = rd_kafka_event_error(event);
    size_t count = 0;
    if (rd_kafka_event_DeleteTopics_result(event) != NULL) {
        const rd_kafka_topic_result_t **topics =
            rd_kafka_DeleteTopics_result_topics(rd_kafka_event_DeleteTopics_result(event), &count);
        error = count == 1 ? rd_kafka_topic_result_error(topics[0]) : error;
    } else if (rd_kafka_event_DeleteGroups_result(event) != NULL) {
        const rd_kafka_group_result_t **groups =
            rd_kafka_DeleteGroups_result_groups(rd_kafka_event_DeleteGroups_result(event), &count);
        const rd_kafka_error_t *of = count == 1 ? rd_kafka_group_result_error(groups[0]) : NULL;
        error = of != NULL ? rd_kafka_error_code(of) : error;
    } else if (rd_kafka_event_DeleteRecords_result(event) != NULL) {
        error = rd_kafka_DeleteRecords_result_offsets(rd_kafka_event_DeleteRecords_result(event))->elems[0].err;
    }
    rd_kafka_event_destroy(event);
    return error == RD_KAFKA_RESP_ERR_NO_ERROR ? 1 : fail(what, rd_kafka_err2str(error));
}

static int administer(rd_kafka_t *client, char **fields, int count)
{
    rd_kafka_queue_t *queue = rd_kafka_queue_new(client);
    if (count == 2 && strcmp(fields[0], "delete-topic") == 0) {
        rd_kafka_DeleteTopic_t *topic = rd_kafka_DeleteTopic_new(fields[1]);
        rd_kafka_DeleteTopics(client, &topic, 1, NULL, queue);
        rd_kafka_DeleteTopic_destroy(topic);
    } else if (count == 2 && strcmp(fields[0], "delete-group") == 0) {
        rd_kafka_DeleteGroup_t *group = rd_kafka_DeleteGroup_new(fields[1]);
        rd_kafka_DeleteGroups(client, &group, 1, NULL, queue);
        rd_kafka_DeleteGroup_destroy(group);
    } else if (count == 4 && strcmp(fields[0], "delete-records") == 0) {
        rd_kafka_topic_partition_list_t *before = rd_kafka_topic_partition_list_new(1);
        rd_kafka_topic_partition_list_add(before, fields[1], (int32_t)strtol(fields[2], NULL, 10))->offset =
            strtoll(fields[3], NULL, 10);
        rd_kafka_DeleteRecords_t *records = rd_kafka_DeleteRecords_new(before);
        rd_kafka_DeleteRecords(client, &records, 1, NULL, queue);
        rd_kafka_DeleteRecords_destroy(records);
        rd_kafka_topic_partition_list_destroy(before);
    } else {
        rd_kafka_queue_destroy(queue);
        return fail(fields[0], "no such command, or not so many fields");
    }
    int well = await_admin(queue, fields[0]);
    rd_kafka_queue_destroy(queue);
    return well;
}

static int obey(rd_kafka_t *client, int *in_transaction, char **fields, int count)
{
    if (strcmp(fields[0], "send") == 0) {
        return send_record(client, fields, count) && (*in_transaction || confirm(client));
    }
    if (strcmp(fields[0], "begin") == 0) {
        *in_transaction = 1;
        return fail_error("begin", rd_kafka_begin_transaction(client));
    }
    if (strcmp(fields[0], "commit") == 0) {
        *in_transaction = 0;
        return fail_error("commit", rd_kafka_commit_transaction(client, PATIENCE_MS));
    }
    if (strcmp(fields[0], "abort") == 0) {
        *in_transaction =
            0; /* what was sent must reach the topic: an aborted record that was never there shows nothing */
        return confirm(client) && fail_error("abort", rd_kafka_abort_transaction(client, PATIENCE_MS));
    }
    return administer(client, fields, count);
}

static int obey_all(rd_kafka_t *client)
{
    char *line = NULL;
    size_t size = 0;
    int in_transaction = 0;
    int well = 1;
    while (well && getline(&line, &size, stdin) > 0) {
        char *fields[FIELDS_MAX];
        char *rest = NULL;
        int count = 0;
        for (char *next = strtok_r(line, " \n", &rest); next != NULL && count < FIELDS_MAX;
             next = strtok_r(NULL, " \n", &rest)) {
            fields[count++] = next;
        }
        well = count == 0 || obey(client, &in_transaction, fields, count);
    }
    free(line);
    return well;
}

int main(int argc, char **argv)
{
    if (argc < 2 || argc > 3) {
        (void)fprintf(stderr, "Usage: topic_sender BROKER [TRANSACTIONAL-ID]\n");
        return 2;
    }
    char error[512] = "";
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    int set =
        rd_kafka_conf_set(conf, "bootstrap.servers", argv[1], error, sizeof error) == RD_KAFKA_CONF_OK &&
        rd_kafka_conf_set(conf, "partitioner", "murmur2_random", error, sizeof error) == RD_KAFKA_CONF_OK &&
        rd_kafka_conf_set(conf, "linger.ms", "0", error, sizeof error) == RD_KAFKA_CONF_OK &&
        /* A record that is sent again because the broker broke off is there once all the same. */
        rd_kafka_conf_set(conf, "enable.idempotence", "true", error, sizeof error) == RD_KAFKA_CONF_OK &&
        kafka_properties_set(conf, error, sizeof error) &&
        (argc < 3 || rd_kafka_conf_set(conf, "transactional.id", argv[2], error, sizeof error) == RD_KAFKA_CONF_OK);
    rd_kafka_conf_set_dr_msg_cb(conf, on_delivery);
    rd_kafka_t *client = set ? rd_kafka_new(RD_KAFKA_PRODUCER, conf, error, sizeof error) : NULL;
    if (client == NULL) {
        rd_kafka_conf_destroy(conf);
        (void)fail("start", error);
        return 1;
    }
    int well = (argc < 3 || fail_error("init", rd_kafka_init_transactions(client, PATIENCE_MS))) && obey_all(client);
    rd_kafka_destroy(client);
    return well ? 0 : 1;
}
