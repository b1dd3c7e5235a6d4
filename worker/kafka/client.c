#include "kafka/client.h"

#include <librdkafka/rdkafka.h>

#include "kafka/handle.h"

int32_t kh_partition_of_key(kh_text key, int32_t count)
{
    return rd_kafka_msg_partitioner_murmur2(NULL, key.data == NULL ? "" : key.data, key.length, count, NULL, NULL);
}

static bool is_fence(int code)
{
    return code == RD_KAFKA_RESP_ERR__FENCED || code == RD_KAFKA_RESP_ERR_PRODUCER_FENCED ||
           code == RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH;
}

static bool is_stale_member(int code)
{
    return code == RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION || code == RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID ||
           code == RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID;
}

kh_rc kh_kafka_classify(int code, bool fatal, bool abort, bool retriable)
{
    if (fatal) {
        return is_fence(code) ? KH_E_FENCED : kh_handle_is_configuration(code) ? KH_E_CONFIGURATION : KH_E_LOST;
    }
    if (abort) {
        return is_stale_member(code)              ? KH_E_NOT_MINE
               : kh_handle_is_configuration(code) ? KH_E_CONFIGURATION
                                                  : KH_E_RETRY;
    }
    if (retriable) {
        return KH_E_TIMEOUT;
    }
    return kh_handle_is_configuration(code) ? KH_E_CONFIGURATION : KH_E_LOST;
}
