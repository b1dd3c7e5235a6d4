#include "kafka/scan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kafka/handle.h"
#include "kafka/received.h"

/* Messages that are looked through first, from the end back; then ten times as many, and so on. */
#define FIRST_WINDOW 1000

/* One topic's part of the way. */
typedef struct stretch {
    int64_t floor; /* nothing before it is of interest */
    int64_t begin;
    int64_t end; /* high watermark: also behind what was aborted or is a marker */
    bool done;
    bool found; /* kh_scan_mark: a message of the lane */
} stretch;

typedef struct scan {
    kh_handle reader; /* first: see kh_handle */
    kh_handle looker; /* reads no messages: under read_uncommitted the broker tells the true high watermark */
    const char *doing;
    const char *const *topics;
    size_t topic_count;
    int32_t lane;
    stretch *stretches;
    int64_t deadline;
    int timeout_ms; /* moves the deadline on with each message; 0: nothing does */
    kh_kafka_error *error;
    kh_rc (*visit)(struct scan *work, size_t topic, const rd_kafka_message_t *message);
    int64_t seq; /* kh_scan_mark: the highest so far */
    /* kh_scan_lane */
    kh_rc (*record_visit)(void *self, const kh_record *record);
    void *record_self;
} scan;

static kh_rc open_handle(kh_handle *handle, const kh_kafka_settings *settings, const char *isolation,
                         kh_kafka_error *error)
{
    kh_handle_conf building = kh_handle_conf_begin(handle, settings);
    kh_handle_conf_consumer(&building, settings);
    kh_handle_conf_set(&building, "isolation.level", isolation);
    kh_rc rc = kh_handle_open(handle, RD_KAFKA_CONSUMER, &building, error);
    if (rc == KH_OK) {
        rd_kafka_poll_set_consumer(handle->rk);
    }
    return rc;
}

static kh_rc failed_at(scan *work, size_t topic, rd_kafka_resp_err_t code)
{
    kh_rc rc = code == RD_KAFKA_RESP_ERR__TIMED_OUT ? KH_E_TIMEOUT
               : code == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART || code == RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC ||
                       code == RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION || kh_handle_is_configuration(code)
                   ? KH_E_CONFIGURATION
                   : KH_E_LOST;
    return kh_handle_fail(work->error, rc, code, "%s in %s partition %d: %s", work->doing, work->topics[topic],
                          (int)work->lane, rd_kafka_err2str(code));
}

/* Where each topic is to be read from and up to. */
static kh_rc find_stretches(scan *work, kh_instant since)
{
    kh_rc rc = KH_OK;
    rd_kafka_topic_partition_list_t *times = rd_kafka_topic_partition_list_new((int)work->topic_count);
    for (size_t i = 0; i < work->topic_count && rc == KH_OK; i++) {
        int64_t low = 0;
        rd_kafka_topic_partition_list_add(times, work->topics[i], work->lane)->offset = since;
        rd_kafka_resp_err_t failed =
            rd_kafka_query_watermark_offsets(work->looker.rk, work->topics[i], work->lane, &low,
                                             &work->stretches[i].end, kh_handle_left(work->deadline));
        work->stretches[i].begin = low;
        rc = failed == RD_KAFKA_RESP_ERR_NO_ERROR ? KH_OK : failed_at(work, i, failed);
    }
    if (rc == KH_OK && since != KH_INSTANT_NONE) {
        rd_kafka_resp_err_t failed = rd_kafka_offsets_for_times(work->looker.rk, times, kh_handle_left(work->deadline));
        for (size_t i = 0; i < work->topic_count && rc == KH_OK; i++) {
            rd_kafka_resp_err_t own = failed != RD_KAFKA_RESP_ERR_NO_ERROR ? failed : times->elems[i].err;
            int64_t offset = times->elems[i].offset;
            rc = own == RD_KAFKA_RESP_ERR_NO_ERROR ? KH_OK : failed_at(work, i, own);
            /* Below 0: nothing that late. */
            work->stretches[i].begin = offset < 0 ? work->stretches[i].end : offset;
        }
    }
    rd_kafka_topic_partition_list_destroy(times);
    return rc;
}

static bool read_number(const rd_kafka_message_t *message, const char *name, int64_t *out)
{
    rd_kafka_headers_t *headers = NULL;
    const void *value = NULL;
    size_t size = 0;
    char text[24];
    char *end = NULL;
    if (rd_kafka_message_headers(message, &headers) != RD_KAFKA_RESP_ERR_NO_ERROR ||
        rd_kafka_header_get_last(headers, name, &value, &size) != RD_KAFKA_RESP_ERR_NO_ERROR || value == NULL ||
        size == 0 || size >= sizeof text) {
        return false;
    }
    memcpy(text, value, size);
    text[size] = '\0';
    *out = strtoll(text, &end, 10);
    return *end == '\0';
}

static kh_rc read_mark(scan *work, size_t topic, const rd_kafka_message_t *message)
{
    int64_t lane = -1;
    int64_t seq = -1;
    if (read_number(message, "kh-lane", &lane) && lane == work->lane && read_number(message, "kh-seq", &seq)) {
        work->stretches[topic].found = true;
        work->seq = seq > work->seq ? seq : work->seq;
    }
    return KH_OK;
}

static kh_rc read_record(scan *work, size_t topic, const rd_kafka_message_t *message)
{
    kh_record record;
    kh_received_record(message, kh_text_of(work->topics[topic]), &record);
    return work->record_visit(work->record_self, &record);
}

static kh_rc take(scan *work, const rd_kafka_message_t *message, size_t *left)
{
    size_t topic = 0;
    while (topic < work->topic_count &&
           (message->rkt == NULL || strcmp(rd_kafka_topic_name(message->rkt), work->topics[topic]) != 0)) {
        topic++;
    }
    if (topic == work->topic_count) {
        return kh_handle_fail(work->error, KH_E_LOST, message->err, "%s: %s", work->doing,
                              rd_kafka_message_errstr(message));
    }
    stretch *part = &work->stretches[topic];
    int64_t next = message->offset;
    kh_rc rc = KH_OK;
    if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
        rc = part->done ? KH_OK : work->visit(work, topic, message);
        next = message->offset + 1;
    } else if (message->err != RD_KAFKA_RESP_ERR__PARTITION_EOF) {
        return failed_at(work, topic, message->err);
    }
    /* The end of a partition is the last stable offset: before `end`, something is still open, and is waited for. */
    if (!part->done && next >= part->end) {
        part->done = true;
        (*left)--;
    }
    return rc;
}

static kh_rc read_all(scan *work)
{
    kh_rc rc = KH_OK;
    size_t left = 0;
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new((int)work->topic_count);
    for (size_t i = 0; i < work->topic_count; i++) {
        work->stretches[i].done = work->stretches[i].begin >= work->stretches[i].end;
        if (!work->stretches[i].done) {
            left++;
            rd_kafka_topic_partition_list_add(list, work->topics[i], work->lane)->offset = work->stretches[i].begin;
        }
    }
    rd_kafka_assign(work->reader.rk, list);
    while (rc == KH_OK && left > 0) {
        int wait = kh_handle_left(work->deadline);
        rd_kafka_message_t *message = rd_kafka_consumer_poll(work->reader.rk, wait);
        if (message != NULL) {
            rc = take(work, message, &left);
            rd_kafka_message_destroy(message);
            work->deadline = work->timeout_ms == 0 ? work->deadline : kh_handle_now() + work->timeout_ms;
        } else if (wait == 0) {
            rc = kh_handle_fail(work->error, KH_E_TIMEOUT, 0, "%s in lane %d takes too long", work->doing,
                                (int)work->lane);
        }
    }
    rd_kafka_topic_partition_list_destroy(list);
    return rc;
}

static int64_t window_begin(const stretch *part, int64_t window)
{
    return part->end - part->floor > window ? part->end - window : part->floor;
}

/* Only its lane writes to a partition, in the order of `kh-seq`: so its last message says all. What stands behind that
 * (an aborted transaction, markers) may be long, so it is looked for in windows from the end back. */
static kh_rc read_back(scan *work)
{
    int64_t window = FIRST_WINDOW;
    kh_rc rc = KH_OK;
    for (size_t i = 0; i < work->topic_count; i++) {
        stretch *part = &work->stretches[i];
        part->floor = part->begin;
        part->begin = window_begin(part, window);
    }
    for (bool more = true; rc == KH_OK && more;) {
        rc = read_all(work);
        more = false;
        window = window > INT64_MAX / 10 ? window : window * 10;
        for (size_t i = 0; i < work->topic_count; i++) {
            stretch *part = &work->stretches[i];
            part->end = part->begin;
            part->begin = part->found ? part->end : window_begin(part, window);
            more = more || part->begin < part->end;
        }
    }
    return rc;
}

/* \param end  isolation level of what is asked where each topic ends. */
static kh_rc run(scan *work, const kh_kafka_settings *settings, const char *end, kh_instant since,
                 kh_rc (*read)(scan *work))
{
    work->stretches = calloc(work->topic_count + 1, sizeof(stretch));
    if (work->stretches == NULL) {
        return kh_handle_fail(work->error, KH_E_MEMORY, 0, "out of memory");
    }
    kh_rc rc = open_handle(&work->looker, settings, end, work->error);
    rc = rc == KH_OK ? open_handle(&work->reader, settings, "read_committed", work->error) : rc;
    rc = rc == KH_OK ? find_stretches(work, since) : rc;
    rc = rc == KH_OK ? read(work) : rc;
    if (work->reader.rk != NULL) {
        rd_kafka_destroy_flags(work->reader.rk, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
    }
    if (work->looker.rk != NULL) {
        rd_kafka_destroy_flags(work->looker.rk, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
    }
    free(work->stretches);
    return rc;
}

kh_rc kh_scan_mark(const kh_kafka_settings *settings, const char *const *result_topics, size_t topic_count,
                   int32_t lane, kh_instant since, int timeout_ms, bool *found, int64_t *seq, kh_kafka_error *error)
{
    scan work = {.doing = "looking for the published mark",
                 .topics = result_topics,
                 .topic_count = topic_count,
                 .lane = lane,
                 .deadline = kh_handle_now() + timeout_ms,
                 .visit = read_mark,
                 .seq = -1,
                 .error = error};
    kh_rc rc = run(&work, settings, "read_uncommitted", since, read_back);
    if (rc == KH_OK) {
        *found = work.seq >= 0;
        *seq = *found ? work.seq : *seq;
    }
    return rc;
}

kh_rc kh_scan_lane(const kh_kafka_settings *settings, const char *const *topics, size_t topic_count, int32_t lane,
                   int timeout_ms, kh_rc (*visit)(void *self, const kh_record *record), void *self,
                   kh_kafka_error *error)
{
    scan work = {.doing = "reading what was stated",
                 .topics = topics,
                 .topic_count = topic_count,
                 .lane = lane,
                 .deadline = kh_handle_now() + timeout_ms,
                 .timeout_ms = timeout_ms,
                 .visit = read_record,
                 .record_visit = visit,
                 .record_self = self,
                 .error = error};
    return run(&work, settings, "read_committed", KH_INSTANT_NONE, read_all);
}
