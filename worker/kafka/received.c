#include "kafka/received.h"

void kh_received_record(const rd_kafka_message_t *message, kh_text topic, kh_record *record)
{
    rd_kafka_timestamp_type_t type;
    int64_t timestamp = rd_kafka_message_timestamp(message, &type);
    *record = (kh_record){
        .topic = topic,
        .partition = message->partition,
        .offset = message->offset,
        .timestamp = type == RD_KAFKA_TIMESTAMP_NOT_AVAILABLE ? KH_INSTANT_NONE : timestamp,
        .has_key = message->key != NULL,
        .has_value = message->payload != NULL,
        .key = {message->key, message->key_len},
        .value = {message->payload, message->len},
    };
}

kh_rc kh_consumer_headers(const kh_consumer_hold *hold, kh_arena *arena, kh_record *record)
{
    rd_kafka_headers_t *list = NULL;
    const rd_kafka_message_t *message = (const rd_kafka_message_t *)hold;
    if (rd_kafka_message_headers(message, &list) != RD_KAFKA_RESP_ERR_NO_ERROR) {
        record->headers = NULL;
        record->header_count = 0;
        return KH_OK;
    }
    size_t count = rd_kafka_header_cnt(list);
    kh_header *headers = kh_arena_allocate_array(arena, count, sizeof *headers);
    if (headers == NULL) {
        return KH_E_MEMORY;
    }
    for (size_t i = 0; i < count; i++) {
        const char *name = NULL;
        const void *value = NULL;
        size_t size = 0;
        if (rd_kafka_header_get_all(list, i, &name, &value, &size) == RD_KAFKA_RESP_ERR_NO_ERROR) {
            headers[i] = (kh_header){kh_text_of(name), {value, value == NULL ? 0 : size}, value != NULL};
        }
    }
    record->headers = headers;
    record->header_count = (uint32_t)count;
    return KH_OK;
}
