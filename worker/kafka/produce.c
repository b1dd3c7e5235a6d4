#include "kafka/produce.h"

#include <stdlib.h>

static rd_kafka_resp_err_t copy_headers(const kh_message *message, rd_kafka_headers_t **out)
{
    rd_kafka_headers_t *headers = rd_kafka_headers_new(message->header_count);
    for (uint32_t i = 0; i < message->header_count; i++) {
        const kh_header *header = &message->headers[i];
        /* NULL is a header without a value; an empty value needs an address. */
        const char *value = !header->has_value ? NULL : header->value.length == 0 ? "" : header->value.data;
        rd_kafka_resp_err_t failed = rd_kafka_header_add(headers, header->name.data, (ssize_t)header->name.length,
                                                         value, (ssize_t)header->value.length);
        if (failed != RD_KAFKA_RESP_ERR_NO_ERROR) {
            rd_kafka_headers_destroy(headers);
            return failed;
        }
    }
    *out = headers;
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

static rd_kafka_vu_t bytes_of(rd_kafka_vtype_t type, bool present, kh_text text)
{
    rd_kafka_vu_t argument = {.vtype = type};
    argument.u.mem.ptr = !present ? NULL : text.length == 0 ? (void *)"" : (void *)(uintptr_t)text.data;
    argument.u.mem.size = present ? text.length : 0;
    return argument;
}

rd_kafka_resp_err_t kh_produce(rd_kafka_t *rk, rd_kafka_topic_t *topic, const kh_message *message, void *opaque)
{
    rd_kafka_headers_t *headers = NULL;
    rd_kafka_vu_t arguments[8];
    size_t count = 0;
    arguments[count++] = (rd_kafka_vu_t){.vtype = RD_KAFKA_VTYPE_RKT, .u.rkt = topic};
    arguments[count++] = (rd_kafka_vu_t){
        .vtype = RD_KAFKA_VTYPE_PARTITION,
        .u.i32 = message->partition == KH_PARTITION_BY_KEY ? RD_KAFKA_PARTITION_UA : message->partition,
    };
    arguments[count++] = bytes_of(RD_KAFKA_VTYPE_KEY, message->has_key, message->key);
    arguments[count++] = bytes_of(RD_KAFKA_VTYPE_VALUE, message->has_value, message->value);
    arguments[count++] = (rd_kafka_vu_t){.vtype = RD_KAFKA_VTYPE_MSGFLAGS, .u.i = RD_KAFKA_MSG_F_COPY};
    arguments[count++] = (rd_kafka_vu_t){.vtype = RD_KAFKA_VTYPE_OPAQUE, .u.ptr = opaque};
    if (message->timestamp != KH_INSTANT_NONE) {
        arguments[count++] = (rd_kafka_vu_t){.vtype = RD_KAFKA_VTYPE_TIMESTAMP, .u.i64 = message->timestamp};
    }
    if (message->header_count > 0) {
        /* A list of our own: librdkafka frees single headers twice when the partition is wrong. */
        rd_kafka_resp_err_t failed = copy_headers(message, &headers);
        if (failed != RD_KAFKA_RESP_ERR_NO_ERROR) {
            return failed;
        }
        arguments[count++] = (rd_kafka_vu_t){.vtype = RD_KAFKA_VTYPE_HEADERS, .u.headers = headers};
    }
    rd_kafka_error_t *failure = rd_kafka_produceva(rk, arguments, count);
    if (failure == NULL) {
        return RD_KAFKA_RESP_ERR_NO_ERROR;
    }
    rd_kafka_resp_err_t code = rd_kafka_error_code(failure);
    rd_kafka_error_destroy(failure);
    if (headers != NULL) {
        rd_kafka_headers_destroy(headers);
    }
    return code;
}

rd_kafka_topic_t **kh_produce_topics_new(rd_kafka_t *rk, char *const *names, size_t count)
{
    rd_kafka_topic_t **topics = calloc(count + 1, sizeof(rd_kafka_topic_t *));
    for (size_t i = 0; topics != NULL && i < count; i++) {
        topics[i] = rd_kafka_topic_new(rk, names[i], NULL);
        if (topics[i] == NULL) {
            kh_produce_topics_free(topics, count);
            return NULL;
        }
    }
    return topics;
}

void kh_produce_topics_free(rd_kafka_topic_t **topics, size_t count)
{
    if (topics == NULL) {
        return;
    }
    for (size_t i = 0; i < count; i++) {
        if (topics[i] != NULL) {
            rd_kafka_topic_destroy(topics[i]);
        }
    }
    free(topics);
}
