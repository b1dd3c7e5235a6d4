#include "kafka/reader.h"

#include <errno.h>
#include <stdlib.h>

#include "kafka/handle.h"
#include "kafka/received.h"

#define ARENA_BLOCK 4096

struct kh_reader {
    kh_handle handle; /* first: see kh_handle */
    kh_memory memory;
};

struct kh_reader_part {
    kh_reader *reader;
    rd_kafka_topic_t *topic;
    int32_t lane;
    int64_t end;
    bool done;
    rd_kafka_message_t *held;
    kh_arena headers;
};

static void *allocate(void *self, size_t size)
{
    (void)self;
    return malloc(size);
}

static void release(void *self, void *block)
{
    (void)self;
    free(block);
}

kh_rc kh_reader_new(const kh_kafka_settings *settings, kh_reader **out, kh_kafka_error *error)
{
    kh_reader *reader = calloc(1, sizeof *reader);
    if (reader == NULL) {
        return KH_E_MEMORY;
    }
    reader->memory = (kh_memory){allocate, release, NULL};
    kh_handle_conf building = kh_handle_conf_begin(&reader->handle, settings);
    kh_handle_conf_consumer(&building, settings);
    /* Without a group nothing can be committed, whatever happens here. */
    kh_handle_conf_set(&building, "group.id", NULL);
    /* The broker tells that nothing more is there only after that time: a marker ends most partitions. */
    kh_handle_conf_set(&building, "fetch.wait.max.ms", "10");
    kh_rc rc = kh_handle_open(&reader->handle, RD_KAFKA_CONSUMER, &building, error);
    if (rc != KH_OK) {
        free(reader);
        return rc;
    }
    *out = reader;
    return KH_OK;
}

void kh_reader_free(kh_reader *reader)
{
    if (reader != NULL) {
        rd_kafka_destroy_flags(reader->handle.rk, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
        free(reader);
    }
}

kh_rc kh_reader_begin(kh_reader *reader, const char *topic, int32_t lane, int64_t first, int64_t end,
                      kh_reader_part **out, kh_kafka_error *error)
{
    kh_reader_part *part = calloc(1, sizeof *part);
    if (part == NULL) {
        return KH_E_MEMORY;
    }
    *part = (kh_reader_part){.reader = reader, .lane = lane, .end = end, .done = true};
    kh_arena_init(&part->headers, ARENA_BLOCK, &reader->memory);
    part->topic = rd_kafka_topic_new(reader->handle.rk, topic, NULL);
    if (part->topic == NULL || (first < end && rd_kafka_consume_start(part->topic, lane, first) != 0)) {
        rd_kafka_resp_err_t why = rd_kafka_last_error();
        kh_reader_end(part);
        return kh_handle_fail(error, KH_E_LOST, why, "reading %s partition %d: %s", topic, (int)lane,
                              rd_kafka_err2str(why));
    }
    part->done = first >= end;
    *out = part;
    return KH_OK;
}

static kh_rc failed(const kh_reader_part *part, rd_kafka_resp_err_t code, kh_kafka_error *error)
{
    kh_rc rc = kh_handle_is_configuration(code) || code == RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC ||
                       code == RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION
                   ? KH_E_CONFIGURATION
                   : KH_E_LOST;
    return kh_handle_fail(error, rc, code, "reading %s partition %d: %s", rd_kafka_topic_name(part->topic),
                          (int)part->lane, rd_kafka_err2str(code));
}

static void finish(kh_reader_part *part)
{
    if (!part->done) {
        part->done = true;
        (void)rd_kafka_consume_stop(part->topic, part->lane);
    }
}

static void let_go(kh_reader_part *part)
{
    if (part->held != NULL) {
        rd_kafka_message_destroy(part->held);
        part->held = NULL;
    }
}

kh_rc kh_reader_next(kh_reader_part *part, int timeout_ms, kh_record *out, bool *more, kh_kafka_error *error)
{
    int64_t deadline = kh_handle_now() + timeout_ms;
    *more = false;
    let_go(part);
    while (!part->done) {
        int left = kh_handle_left(deadline);
        rd_kafka_message_t *message = rd_kafka_consume(part->topic, part->lane, left);
        if (message == NULL && left == 0) {
            return kh_handle_fail(error, KH_E_TIMEOUT, 0,
                                  "reading %s partition %d: no answer, or a transaction in it "
                                  "stays open",
                                  rd_kafka_topic_name(part->topic), (int)part->lane);
        }
        if (message == NULL) {
            continue;
        }
        rd_kafka_resp_err_t code = message->err;
        if (code == RD_KAFKA_RESP_ERR_NO_ERROR && message->offset < part->end) {
            part->held = message;
            kh_arena_reset(&part->headers);
            kh_received_record(message, kh_text_of(rd_kafka_topic_name(part->topic)), out);
            *more = true;
            return kh_consumer_headers((const kh_consumer_hold *)message, &part->headers, out);
        }
        bool ended = code == RD_KAFKA_RESP_ERR_NO_ERROR ||
                     (code == RD_KAFKA_RESP_ERR__PARTITION_EOF && message->offset >= part->end);
        rd_kafka_message_destroy(message);
        if (ended) {
            finish(part);
        } else if (code != RD_KAFKA_RESP_ERR__PARTITION_EOF) {
            return failed(part, code, error);
        }
    }
    return KH_OK;
}

void kh_reader_end(kh_reader_part *part)
{
    if (part == NULL) {
        return;
    }
    let_go(part);
    if (part->topic != NULL) {
        finish(part);
        rd_kafka_topic_destroy(part->topic);
    }
    kh_arena_deinit(&part->headers);
    free(part);
}
