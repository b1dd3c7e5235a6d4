#include "kafka/committed.h"

#include "kafka/handle.h"

static kh_rc read_commit(const rd_kafka_topic_partition_t *from, kh_arena *arena, kh_lane_commit *to,
                         kh_kafka_error *error)
{
    if (from->err != RD_KAFKA_RESP_ERR_NO_ERROR) {
        kh_rc rc = kh_handle_is_configuration(from->err) ? KH_E_CONFIGURATION
                   : from->err == RD_KAFKA_RESP_ERR_UNSTABLE_OFFSET_COMMIT || from->err == RD_KAFKA_RESP_ERR__TIMED_OUT
                       ? KH_E_TIMEOUT
                       : KH_E_LOST;
        return kh_handle_fail(error, rc, from->err, "committed offset of %s partition %d: %s", from->topic,
                              (int)from->partition, rd_kafka_err2str(from->err));
    }
    to->present = from->offset >= 0;
    to->offset = from->offset;
    to->metadata = (kh_text){NULL, 0};
    return kh_arena_copy_text(arena, (kh_text){from->metadata, from->metadata_size}, &to->metadata);
}

kh_rc kh_committed_read(rd_kafka_t *rk, const char *group, const char *const *topics, kh_lane_commit *commits,
                        size_t count, int timeout_ms, kh_arena *arena, kh_kafka_error *error)
{
    kh_rc rc = KH_OK;
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new((int)count);
    for (size_t i = 0; i < count; i++) {
        rd_kafka_topic_partition_list_add(list, topics[commits[i].topic], commits[i].lane);
    }
    rd_kafka_resp_err_t failed = rd_kafka_committed(rk, list, timeout_ms);
    if (failed != RD_KAFKA_RESP_ERR_NO_ERROR) {
        /* While a transaction is pending the call times out and the partition says nothing: that is not "none". */
        rc = failed == RD_KAFKA_RESP_ERR__TIMED_OUT || failed == RD_KAFKA_RESP_ERR_UNSTABLE_OFFSET_COMMIT ? KH_E_TIMEOUT
             : kh_handle_is_configuration(failed) ? KH_E_CONFIGURATION
                                                  : KH_E_LOST;
        kh_handle_fail(error, rc, failed, "reading the committed offsets of group %s: %s", group,
                       rd_kafka_err2str(failed));
    }
    for (size_t i = 0; i < count && rc == KH_OK; i++) {
        const rd_kafka_topic_partition_t *from =
            rd_kafka_topic_partition_list_find(list, topics[commits[i].topic], commits[i].lane);
        rc = from == NULL ? KH_E_INTERNAL : read_commit(from, arena, &commits[i], error);
    }
    rd_kafka_topic_partition_list_destroy(list);
    return rc;
}
