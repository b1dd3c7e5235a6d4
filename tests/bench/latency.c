/* How long each event took: from its record's timestamp in a source topic to its status read by a read_committed
 * consumer.
 *
 *     bench_latency BROKER EVENTS LABELS SKIP STATUS-TOPIC SOURCE-TOPIC...
 *
 * The topics are fresh, each label of bench_load's gets one status for one event; so the label's k-th status belongs to
 * its k-th event. Waits until all EVENTS have theirs (a minute without any is a failure); then, when it costs the
 * broker nothing that is measured, reads the timestamps; and prints of all but the first SKIP, in milliseconds: p50 p99
 * max. */
#include <inttypes.h>
#include <librdkafka/rdkafka.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define PATIENCE_MS 60000

typedef struct event {
    int64_t stamped;
    int64_t seen;
} event;

typedef struct reader {
    rd_kafka_t *rk;
    const char *status;
    uint64_t events;
    uint64_t labels;
    event *of;         /* [n] as bench_load numbers them */
    uint32_t *stamped; /* of each label, how many */
    uint32_t *seen;
    uint64_t read;
} reader;

static void must(int holds, const char *what)
{
    if (!holds) {
        (void)fprintf(stderr, "bench_latency: %s\n", what);
        exit(1);
    }
}

static int64_t now_ms(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static rd_kafka_t *connect_reader(const char *broker)
{
    const char *const settings[][2] = {{"bootstrap.servers", broker},         {"group.id", "bench_latency"},
                                       {"isolation.level", "read_committed"}, {"enable.auto.commit", "false"},
                                       {"auto.offset.reset", "earliest"},     {"fetch.wait.max.ms", "10"},
                                       {"socket.nagle.disable", "true"}};
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    char error[512] = "";
    for (size_t i = 0; i < sizeof settings / sizeof *settings; i++) {
        must(rd_kafka_conf_set(conf, settings[i][0], settings[i][1], error, sizeof error) == RD_KAFKA_CONF_OK, error);
    }
    rd_kafka_t *rk = rd_kafka_new(RD_KAFKA_CONSUMER, conf, error, sizeof error);
    must(rk != NULL, error);
    rd_kafka_poll_set_consumer(rk);
    return rk;
}

static void read_from_beginning(rd_kafka_t *rk, char **topics, int count)
{
    const struct rd_kafka_metadata *told = NULL;
    rd_kafka_topic_partition_list_t *all = rd_kafka_topic_partition_list_new(16);
    must(rd_kafka_metadata(rk, 1, NULL, &told, PATIENCE_MS) == RD_KAFKA_RESP_ERR_NO_ERROR,
         "the broker does not answer");
    for (int t = 0; t < told->topic_cnt; t++) {
        for (int i = 0; i < count; i++) {
            for (int p = 0; strcmp(told->topics[t].topic, topics[i]) == 0 && p < told->topics[t].partition_cnt; p++) {
                rd_kafka_topic_partition_list_add(all, topics[i], p)->offset = RD_KAFKA_OFFSET_BEGINNING;
            }
        }
    }
    rd_kafka_metadata_destroy(told);
    must(all->cnt > 0 && rd_kafka_assign(rk, all) == RD_KAFKA_RESP_ERR_NO_ERROR, "there are no such topics");
    rd_kafka_topic_partition_list_destroy(all);
}

static void take(reader *of, const rd_kafka_message_t *message)
{
    bool status = strcmp(rd_kafka_topic_name(message->rkt), of->status) == 0;
    uint64_t label = message->key_len > 3 ? strtoull((const char *)message->key + 3, NULL, 10) : of->labels;
    if (label >= of->labels) {
        return; /* the arrangement's */
    }
    uint64_t n = label + of->labels * (status ? of->seen : of->stamped)[label]++;
    must(n < of->events, "a label has more statuses than events");
    event *one = &of->of[n];
    if (status) {
        one->seen = now_ms();
    } else {
        one->stamped = rd_kafka_message_timestamp(message, NULL);
    }
    of->read++;
}

/* One message for each event. */
static void read_all(reader *of, char **topics, int count)
{
    int64_t heard = now_ms();
    read_from_beginning(of->rk, topics, count);
    of->read = 0;
    while (of->read < of->events) {
        rd_kafka_message_t *message = rd_kafka_consumer_poll(of->rk, 100);
        if (message != NULL && message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
            take(of, message);
            heard = now_ms();
        }
        if (message != NULL) {
            rd_kafka_message_destroy(message);
        }
        must(now_ms() - heard < PATIENCE_MS, "nothing more comes");
    }
}

static int compare(const void *a, const void *b)
{
    int64_t left = *(const int64_t *)a;
    int64_t right = *(const int64_t *)b;
    return left < right ? -1 : left > right;
}

static void print(const reader *of, uint64_t skip)
{
    uint64_t count = of->events - skip;
    int64_t *took = calloc(count, sizeof *took);
    must(took != NULL, "memory");
    for (uint64_t i = 0; i < count; i++) {
        took[i] = of->of[skip + i].seen - of->of[skip + i].stamped;
    }
    qsort(took, count, sizeof *took, compare);
    (void)printf("%" PRId64 " %" PRId64 " %" PRId64 "\n", took[count / 2], took[count - 1 - count / 100],
                 took[count - 1]);
    free(took);
}

int main(int argc, char **argv)
{
    must(argc > 6, "usage: bench_latency BROKER EVENTS LABELS SKIP STATUS-TOPIC SOURCE-TOPIC...");
    reader of = {.status = argv[5], .events = strtoull(argv[2], NULL, 10), .labels = strtoull(argv[3], NULL, 10)};
    uint64_t skip = strtoull(argv[4], NULL, 10);
    must(of.labels > 0 && skip < of.events, "there must be labels, and more events than are skipped");
    of.of = calloc(of.events, sizeof *of.of);
    of.stamped = calloc(of.labels, sizeof *of.stamped);
    of.seen = calloc(of.labels, sizeof *of.seen);
    must(of.of != NULL && of.stamped != NULL && of.seen != NULL, "memory");
    of.rk = connect_reader(argv[1]);
    read_all(&of, argv + 5, 1);
    read_all(&of, argv + 6, argc - 6);
    print(&of, skip);
    rd_kafka_destroy(of.rk);
    free(of.of);
    free(of.stamped);
    free(of.seen);
    return 0;
}
