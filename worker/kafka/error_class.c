#include "kafka/error_class.h"

#include <librdkafka/rdkafka.h>
#include <stddef.h>

#define PASSES(code)                                                                                                   \
    {                                                                                                                  \
        RD_KAFKA_RESP_ERR_##code, KH_ERROR_PASSES                                                                      \
    }
#define STALE(code)                                                                                                    \
    {                                                                                                                  \
        RD_KAFKA_RESP_ERR_##code, KH_ERROR_STALE                                                                       \
    }
#define FENCED(code)                                                                                                   \
    {                                                                                                                  \
        RD_KAFKA_RESP_ERR_##code, KH_ERROR_FENCED                                                                      \
    }
#define REFUSED(code)                                                                                                  \
    {                                                                                                                  \
        RD_KAFKA_RESP_ERR_##code, KH_ERROR_REFUSED                                                                     \
    }

static const struct {
    int code;
    kh_error_class class;
} ROWS[] = {
    /* The way to the brokers, and librdkafka's own waiting. */
    PASSES(_TRANSPORT),
    PASSES(_RESOLVE),
    PASSES(_ALL_BROKERS_DOWN),
    PASSES(_TIMED_OUT),
    PASSES(_TIMED_OUT_QUEUE),
    PASSES(_MSG_TIMED_OUT),
    PASSES(_QUEUE_FULL),
    PASSES(_WAIT_COORD),
    PASSES(_WAIT_CACHE),
    PASSES(_IN_PROGRESS),
    PASSES(_PREV_IN_PROGRESS),
    PASSES(_RETRY),
    PASSES(_INTR),
    PASSES(_OUTDATED),
    PASSES(_NODE_UPDATE),
    PASSES(_UNKNOWN_BROKER),
    PASSES(_MAX_POLL_EXCEEDED),
    PASSES(_NO_OFFSET),
    PASSES(_AUTO_OFFSET_RESET),
    PASSES(_PARTITION_EOF),
    PASSES(_PURGE_QUEUE),
    PASSES(_PURGE_INFLIGHT),
    PASSES(_STATE),
    PASSES(_FATAL),
    PASSES(_DESTROY),
    PASSES(_FAIL),
    PASSES(_BAD_MSG),
    PASSES(_BAD_COMPRESSION),
    PASSES(_UNDERFLOW),
    PASSES(_PARTIAL),
    PASSES(_NOENT),
    PASSES(_ISR_INSUFF),
    PASSES(_INCONSISTENT),
    PASSES(_GAPLESS_GUARANTEE),
    PASSES(_CRIT_SYS_RESOURCE),
    /* A certificate or a password may be on its way to being renewed. */
    PASSES(_SSL),
    PASSES(_AUTHENTICATION),
    PASSES(SASL_AUTHENTICATION_FAILED),
    /* A topic may be on its way to being made; who cannot do without asks for it at the start. */
    PASSES(_UNKNOWN_TOPIC),
    PASSES(_UNKNOWN_PARTITION),
    PASSES(UNKNOWN_TOPIC_OR_PART),
    /* Brokers, leaders, replicas. */
    PASSES(UNKNOWN),
    PASSES(OFFSET_OUT_OF_RANGE),
    PASSES(INVALID_MSG),
    PASSES(LEADER_NOT_AVAILABLE),
    PASSES(NOT_LEADER_FOR_PARTITION),
    PASSES(REQUEST_TIMED_OUT),
    PASSES(BROKER_NOT_AVAILABLE),
    PASSES(REPLICA_NOT_AVAILABLE),
    PASSES(STALE_CTRL_EPOCH),
    PASSES(NETWORK_EXCEPTION),
    PASSES(NOT_ENOUGH_REPLICAS),
    PASSES(NOT_ENOUGH_REPLICAS_AFTER_APPEND),
    PASSES(NOT_CONTROLLER),
    PASSES(KAFKA_STORAGE_ERROR),
    PASSES(LOG_DIR_NOT_FOUND),
    PASSES(REASSIGNMENT_IN_PROGRESS),
    PASSES(FETCH_SESSION_ID_NOT_FOUND),
    PASSES(INVALID_FETCH_SESSION_EPOCH),
    PASSES(LISTENER_NOT_FOUND),
    PASSES(FENCED_LEADER_EPOCH),
    PASSES(UNKNOWN_LEADER_EPOCH),
    PASSES(STALE_BROKER_EPOCH),
    PASSES(OFFSET_NOT_AVAILABLE),
    PASSES(PREFERRED_LEADER_NOT_AVAILABLE),
    PASSES(ELIGIBLE_LEADERS_NOT_AVAILABLE),
    PASSES(THROTTLING_QUOTA_EXCEEDED),
    /* Group and transaction coordinators. */
    PASSES(COORDINATOR_LOAD_IN_PROGRESS),
    PASSES(COORDINATOR_NOT_AVAILABLE),
    PASSES(NOT_COORDINATOR),
    PASSES(REBALANCE_IN_PROGRESS),
    PASSES(MEMBER_ID_REQUIRED),
    PASSES(GROUP_MAX_SIZE_REACHED),
    PASSES(GROUP_ID_NOT_FOUND),
    PASSES(UNSTABLE_OFFSET_COMMIT),
    PASSES(CONCURRENT_TRANSACTIONS),
    PASSES(OPERATION_NOT_ATTEMPTED),
    PASSES(TRANSACTION_COORDINATOR_FENCED),
    /* The producer's own state: librdkafka calls these fatal, or wants an abort. */
    PASSES(OUT_OF_ORDER_SEQUENCE_NUMBER),
    PASSES(DUPLICATE_SEQUENCE_NUMBER),
    PASSES(INVALID_TXN_STATE),
    PASSES(INVALID_PRODUCER_ID_MAPPING),
    PASSES(UNKNOWN_PRODUCER_ID),
    FENCED(_FENCED),
    FENCED(INVALID_PRODUCER_EPOCH),
    FENCED(PRODUCER_FENCED),
    STALE(ILLEGAL_GENERATION),
    STALE(UNKNOWN_MEMBER_ID),
    STALE(FENCED_INSTANCE_ID),
    STALE(_ASSIGNMENT_LOST),
    /* Rights. */
    REFUSED(TOPIC_AUTHORIZATION_FAILED),
    REFUSED(GROUP_AUTHORIZATION_FAILED),
    REFUSED(CLUSTER_AUTHORIZATION_FAILED),
    REFUSED(TRANSACTIONAL_ID_AUTHORIZATION_FAILED),
    REFUSED(SECURITY_DISABLED),
    REFUSED(UNSUPPORTED_SASL_MECHANISM),
    REFUSED(ILLEGAL_SASL_STATE),
    /* Settings, ours or the broker's. */
    REFUSED(_INVALID_ARG),
    REFUSED(_UNSUPPORTED_FEATURE),
    REFUSED(_NOT_CONFIGURED),
    REFUSED(_UNKNOWN_PROTOCOL),
    REFUSED(UNSUPPORTED_VERSION),
    REFUSED(UNSUPPORTED_FOR_MESSAGE_FORMAT),
    REFUSED(UNSUPPORTED_COMPRESSION_TYPE),
    REFUSED(INVALID_REQUEST),
    REFUSED(INVALID_CONFIG),
    REFUSED(POLICY_VIOLATION),
    REFUSED(TOPIC_EXCEPTION),
    REFUSED(INVALID_GROUP_ID),
    REFUSED(INVALID_REQUIRED_ACKS),
    REFUSED(INVALID_SESSION_TIMEOUT),
    REFUSED(INVALID_TRANSACTION_TIMEOUT),
    REFUSED(INCONSISTENT_GROUP_PROTOCOL),
    /* What one message or one offset is. */
    REFUSED(INVALID_MSG_SIZE),
    REFUSED(MSG_SIZE_TOO_LARGE),
    REFUSED(RECORD_LIST_TOO_LARGE),
    REFUSED(INVALID_TIMESTAMP),
    REFUSED(INVALID_RECORD),
    REFUSED(OFFSET_METADATA_TOO_LARGE),
    REFUSED(INVALID_COMMIT_OFFSET_SIZE),
};

kh_error_class kh_error_class_of(int code)
{
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        if (ROWS[i].code == code) {
            return ROWS[i].class;
        }
    }
    return KH_ERROR_UNKNOWN;
}
