#include "kafka/look.h"

#include "kafka/committed.h"
#include "kafka/handle.h"

static kh_rc open_handle(kh_handle *handle, const kh_kafka_settings *settings, const char *isolation,
                         kh_kafka_error *error)
{
    kh_handle_conf building = kh_handle_conf_begin(handle, settings);
    kh_handle_conf_consumer(&building, settings);
    kh_handle_conf_set(&building, "isolation.level", isolation);
    return kh_handle_open(handle, RD_KAFKA_CONSUMER, &building, error);
}

static void close_handle(kh_handle *handle)
{
    if (handle->rk != NULL) {
        rd_kafka_destroy_flags(handle->rk, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
    }
}

static kh_rc failed_at(const kh_topic_range *at, rd_kafka_resp_err_t code, kh_kafka_error *error)
{
    kh_rc rc = code == RD_KAFKA_RESP_ERR__TIMED_OUT ? KH_E_TIMEOUT
               : code == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART || code == RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC ||
                       code == RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION || kh_handle_is_configuration(code)
                   ? KH_E_CONFIGURATION
                   : KH_E_LOST;
    return kh_handle_fail(error, rc, code, "where %s partition %d begins and ends: %s", at->topic, (int)at->lane,
                          rd_kafka_err2str(code));
}

/* Kafka answers the two "times" before all others with a partition's beginning and its end: one question for all
 * partitions of a broker. \param which  RD_KAFKA_OFFSET_BEGINNING or RD_KAFKA_OFFSET_END */
static kh_rc ask(const kh_handle *handle, int64_t which, kh_topic_range *ranges, size_t count, int timeout_ms,
                 kh_kafka_error *error)
{
    kh_rc rc = KH_OK;
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new((int)count);
    for (size_t i = 0; i < count; i++) {
        rd_kafka_topic_partition_list_add(list, ranges[i].topic, ranges[i].lane)->offset = which;
    }
    rd_kafka_resp_err_t failed = rd_kafka_offsets_for_times(handle->rk, list, timeout_ms);
    for (size_t i = 0; i < count && rc == KH_OK; i++) {
        const rd_kafka_topic_partition_t *told =
            rd_kafka_topic_partition_list_find(list, ranges[i].topic, ranges[i].lane);
        rd_kafka_resp_err_t own = failed != RD_KAFKA_RESP_ERR_NO_ERROR ? failed : told->err;
        if (own != RD_KAFKA_RESP_ERR_NO_ERROR || told->offset < 0) {
            rc = failed_at(&ranges[i], own, error);
        } else if (which == RD_KAFKA_OFFSET_BEGINNING) {
            ranges[i].first = told->offset;
        } else {
            ranges[i].end = told->offset;
        }
    }
    rd_kafka_topic_partition_list_destroy(list);
    return rc;
}

kh_rc kh_look_ranges(const kh_kafka_settings *settings, bool stable, kh_topic_range *ranges, size_t count,
                     int timeout_ms, kh_kafka_error *error)
{
    kh_handle handle;
    kh_rc rc = open_handle(&handle, settings, stable ? "read_committed" : "read_uncommitted", error);
    if (rc == KH_OK) {
        rc = ask(&handle, RD_KAFKA_OFFSET_BEGINNING, ranges, count, timeout_ms, error);
    }
    if (rc == KH_OK) {
        rc = ask(&handle, RD_KAFKA_OFFSET_END, ranges, count, timeout_ms, error);
    }
    close_handle(&handle);
    return rc;
}

kh_rc kh_look_committed(const kh_kafka_settings *settings, const char *const *topics, kh_lane_commit *commits,
                        size_t count, int timeout_ms, kh_arena *arena, kh_kafka_error *error)
{
    kh_handle handle;
    kh_rc rc = open_handle(&handle, settings, "read_uncommitted", error);
    if (rc == KH_OK) {
        rc = kh_committed_read(handle.rk, settings->group, topics, commits, count, timeout_ms, arena, error);
    }
    close_handle(&handle);
    return rc;
}
