#include "kafka/client.h"

#include <librdkafka/rdkafka.h>

#include "kafka/error_class.h"

int32_t kh_partition_of_key(kh_text key, int32_t count)
{
    return rd_kafka_msg_partitioner_murmur2(NULL, key.data == NULL ? "" : key.data, key.length, count, NULL, NULL);
}

kh_rc kh_kafka_classify(int code, bool fatal, bool abort, bool retriable)
{
    kh_error_class class = kh_error_class_of(code);
    if (fatal && class == KH_ERROR_FENCED) {
        return KH_E_FENCED;
    }
    if (abort && !fatal && class == KH_ERROR_STALE) {
        return KH_E_NOT_MINE;
    }
    if (retriable && !fatal && !abort) {
        return KH_E_TIMEOUT;
    }
    if (class == KH_ERROR_REFUSED) {
        return KH_E_CONFIGURATION;
    }
    return abort && !fatal ? KH_E_RETRY : KH_E_LOST;
}
