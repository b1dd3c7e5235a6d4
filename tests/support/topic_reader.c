/* Prints every record of topics from their beginnings to their present ends, as a read_committed reader sees them.
 *
 *   topic_reader BROKER TOPIC...
 *
 * A transaction's markers are written after its producer was told that it is committed; until then a read_committed
 * reader is told of an end before its records. So the ends are those that a read_uncommitted reader is told, and a
 * transaction that is still open is waited for.
 *
 * One line a record, fields separated by tabs: topic, partition, offset, timestamp (ms), key, value, then each header
 * as name=value. Keys and values are in hex; "-" stands for none. It uses librdkafka alone, so that what the tests
 * believe about the topics does not come from the code they judge. */
#include <inttypes.h>
#include <librdkafka/rdkafka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kafka_properties.h"

#define PATIENCE_MS 60000

static void print_hex(const void *bytes, size_t size)
{
    const unsigned char *at = bytes;
    if (bytes == NULL) {
        (void)putchar('-');
        return;
    }
    for (size_t i = 0; i < size; i++) {
        (void)printf("%02x", at[i]);
    }
}

static void print_record(const rd_kafka_message_t *record)
{
    rd_kafka_headers_t *headers = NULL;
    const char *name = NULL;
    const void *value = NULL;
    size_t size = 0;
    (void)printf("%s\t%" PRId32 "\t%" PRId64 "\t%" PRId64 "\t", rd_kafka_topic_name(record->rkt), record->partition,
                 record->offset, rd_kafka_message_timestamp(record, NULL));
    print_hex(record->key, record->key_len);
    (void)putchar('\t');
    print_hex(record->payload, record->len);
    if (rd_kafka_message_headers(record, &headers) == RD_KAFKA_RESP_ERR_NO_ERROR) {
        for (size_t i = 0; rd_kafka_header_get_all(headers, i, &name, &value, &size) == RD_KAFKA_RESP_ERR_NO_ERROR;
             i++) {
            (void)printf("\t%s=", name);
            print_hex(value, size);
        }
    }
    (void)putchar('\n');
}

static rd_kafka_t *connect_reader(const char *broker, const char *isolation)
{
    const char *const settings[][2] = {{"bootstrap.servers", broker},   {"group.id", "topic_reader"},
                                       {"isolation.level", isolation},  {"enable.partition.eof", "true"},
                                       {"enable.auto.commit", "false"}, {"auto.offset.reset", "earliest"}};
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    char error[512] = "";
    for (size_t i = 0; i < sizeof settings / sizeof *settings; i++) {
        if (rd_kafka_conf_set(conf, settings[i][0], settings[i][1], error, sizeof error) != RD_KAFKA_CONF_OK) {
            (void)fprintf(stderr, "topic_reader: %s\n", error);
            rd_kafka_conf_destroy(conf);
            return NULL;
        }
    }
    rd_kafka_t *reader = kafka_properties_set(conf, error, sizeof error)
                             ? rd_kafka_new(RD_KAFKA_CONSUMER, conf, error, sizeof error)
                             : NULL;
    if (reader == NULL) {
        (void)fprintf(stderr, "topic_reader: %s\n", error);
        rd_kafka_conf_destroy(conf);
        return NULL;
    }
    (void)rd_kafka_poll_set_consumer(reader);
    return reader;
}

static void disconnect(rd_kafka_t *reader)
{
    if (reader != NULL) {
        (void)rd_kafka_consumer_close(reader);
        rd_kafka_destroy(reader);
    }
}

/* Adds every partition of a topic. \return false if the broker does not know it. */
static int add_topic(rd_kafka_t *reader, const char *name, rd_kafka_topic_partition_list_t *all)
{
    const struct rd_kafka_metadata *metadata = NULL;
    rd_kafka_topic_t *topic = rd_kafka_topic_new(reader, name, NULL);
    int known = 0;
    rd_kafka_resp_err_t error = rd_kafka_metadata(reader, 0, topic, &metadata, PATIENCE_MS);
    if (error == RD_KAFKA_RESP_ERR_NO_ERROR) {
        error = metadata->topics[0].err;
        known = error == RD_KAFKA_RESP_ERR_NO_ERROR;
        for (int i = 0; known && i < metadata->topics[0].partition_cnt; i++) {
            rd_kafka_topic_partition_list_add(all, name, metadata->topics[0].partitions[i].id)->offset =
                RD_KAFKA_OFFSET_BEGINNING;
        }
        rd_kafka_metadata_destroy(metadata);
    }
    rd_kafka_topic_destroy(topic);
    if (!known) {
        (void)fprintf(stderr, "topic_reader: topic %s: %s\n", name, rd_kafka_err2str(error));
    }
    return known;
}

/* The end of each partition, open transactions included. \return false: the broker does not say. */
static int find_ends(rd_kafka_t *onlooker, const rd_kafka_topic_partition_list_t *all, int64_t *ends)
{
    for (int i = 0; i < all->cnt; i++) {
        int64_t first = 0;
        rd_kafka_resp_err_t error = rd_kafka_query_watermark_offsets(
            onlooker, all->elems[i].topic, all->elems[i].partition, &first, &ends[i], PATIENCE_MS);
        if (error != RD_KAFKA_RESP_ERR_NO_ERROR) {
            (void)fprintf(stderr, "topic_reader: the end of %s/%" PRId32 ": %s\n", all->elems[i].topic,
                          all->elems[i].partition, rd_kafka_err2str(error));
            return 0;
        }
    }
    return 1;
}

/* Notes an end that is reached, once: the partition's end is below 0 from then on. \return how many were reached by it.
 */
static int note_end(const rd_kafka_message_t *end, const rd_kafka_topic_partition_list_t *all, int64_t *ends)
{
    for (int i = 0; i < all->cnt; i++) {
        if (all->elems[i].partition == end->partition &&
            strcmp(all->elems[i].topic, rd_kafka_topic_name(end->rkt)) == 0 && ends[i] >= 0 && end->offset >= ends[i]) {
            ends[i] = -1;
            return 1;
        }
    }
    return 0;
}

/* \return whether every end was reached; not if the broker fell silent. */
static int read_to_ends(rd_kafka_t *reader, const rd_kafka_topic_partition_list_t *all, int64_t *ends)
{
    int reached = 0;
    int well = 1;
    while (well && reached < all->cnt) {
        rd_kafka_message_t *record = rd_kafka_consumer_poll(reader, PATIENCE_MS);
        if (record == NULL) {
            break;
        }
        if (record->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
            print_record(record);
        } else if (record->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
            reached += note_end(record, all, ends);
        } else {
            (void)fprintf(stderr, "topic_reader: %s\n", rd_kafka_message_errstr(record));
            well = record->err != RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED;
        }
        rd_kafka_message_destroy(record);
    }
    return reached == all->cnt;
}

int main(int argc, char **argv)
{
    if (argc < 3) {
        (void)fprintf(stderr, "Usage: topic_reader BROKER TOPIC...\n");
        return 2;
    }
    rd_kafka_t *onlooker = connect_reader(argv[1], "read_uncommitted");
    rd_kafka_t *reader = connect_reader(argv[1], "read_committed");
    rd_kafka_topic_partition_list_t *all = rd_kafka_topic_partition_list_new(16);
    int known = reader != NULL && onlooker != NULL;
    for (int i = 2; known && i < argc; i++) {
        known = add_topic(reader, argv[i], all);
    }
    int64_t *ends = calloc((size_t)all->cnt + 1, sizeof *ends);
    int whole = known && ends != NULL && find_ends(onlooker, all, ends) &&
                rd_kafka_assign(reader, all) == RD_KAFKA_RESP_ERR_NO_ERROR && read_to_ends(reader, all, ends);
    free(ends);
    rd_kafka_topic_partition_list_destroy(all);
    disconnect(onlooker);
    disconnect(reader);
    return whole && fflush(stdout) == 0 ? 0 : 1;
}
