/* Every error that the brokers and librdkafka can answer with on the worker's way, row by row: what it must come to.
 * Against librdkafka's mock cluster, which answers with whatever number it is told. */
#include "mock_publishing.h"

#include <pthread.h>

#include "kafka/error_class.h"

#define CODE(name) RD_KAFKA_RESP_ERR_##name
/* A number that no version of librdkafka knows. */
#define NO_SUCH_CODE ((rd_kafka_resp_err_t)9999)

/* ---- the table of classes ---- */

/* Of requests that the worker never sends, or told to other callbacks than its own. */
static const int NOT_ON_OUR_WAY[] = {
    CODE(_FS),
    CODE(_UNKNOWN_GROUP),
    CODE(_EXISTING_SUBSCRIPTION),
    CODE(_ASSIGN_PARTITIONS),
    CODE(_REVOKE_PARTITIONS),
    CODE(_CONFLICT),
    CODE(_NOT_IMPLEMENTED),
    CODE(_KEY_SERIALIZATION),
    CODE(_VALUE_SERIALIZATION),
    CODE(_KEY_DESERIALIZATION),
    CODE(_VALUE_DESERIALIZATION),
    CODE(_READ_ONLY),
    CODE(_INVALID_TYPE),
    CODE(_APPLICATION),
    CODE(_NOOP),
    CODE(NO_ERROR),
    CODE(TOPIC_ALREADY_EXISTS),
    CODE(INVALID_PARTITIONS),
    CODE(INVALID_REPLICATION_FACTOR),
    CODE(INVALID_REPLICA_ASSIGNMENT),
    CODE(DELEGATION_TOKEN_AUTH_DISABLED),
    CODE(DELEGATION_TOKEN_NOT_FOUND),
    CODE(DELEGATION_TOKEN_OWNER_MISMATCH),
    CODE(DELEGATION_TOKEN_REQUEST_NOT_ALLOWED),
    CODE(DELEGATION_TOKEN_AUTHORIZATION_FAILED),
    CODE(DELEGATION_TOKEN_EXPIRED),
    CODE(INVALID_PRINCIPAL_TYPE),
    CODE(NON_EMPTY_GROUP),
    CODE(TOPIC_DELETION_DISABLED),
    CODE(ELECTION_NOT_NEEDED),
    CODE(NO_REASSIGNMENT_IN_PROGRESS),
    CODE(GROUP_SUBSCRIBED_TO_TOPIC),
    CODE(RESOURCE_NOT_FOUND),
    CODE(DUPLICATE_RESOURCE),
    CODE(UNACCEPTABLE_CREDENTIAL),
    CODE(INCONSISTENT_VOTER_SET),
    CODE(INVALID_UPDATE_VERSION),
    CODE(FEATURE_UPDATE_FAILED),
    CODE(PRINCIPAL_DESERIALIZATION_FAILURE),
};

static bool is_on_our_way(int code)
{
    for (size_t i = 0; i < sizeof NOT_ON_OUR_WAY / sizeof *NOT_ON_OUR_WAY; i++) {
        if (NOT_ON_OUR_WAY[i] == code) {
            return false;
        }
    }
    return true;
}

/* Codes that later versions of librdkafka add are judged as unknown ones are. */
static void every_code_has_a_class(void **state)
{
    const struct rd_kafka_err_desc *known = NULL;
    size_t count = 0;
    size_t judged = 0;
    (void)state;
    rd_kafka_get_err_descs(&known, &count);
    for (size_t i = 0; i < count; i++) {
        int code = known[i].code;
        bool named = known[i].name != NULL && code > CODE(_BEGIN) && code <= CODE(PRINCIPAL_DESERIALIZATION_FAILURE);
        if (!named || (code >= CODE(_END) && code < CODE(UNKNOWN)) ||
            (code > CODE(_AUTO_OFFSET_RESET) && code < 0 && code != CODE(UNKNOWN))) {
            continue;
        }
        bool has = kh_error_class_of(code) != KH_ERROR_UNKNOWN;
        if (has != is_on_our_way(code)) {
            fail_msg("%s (%d) %s", known[i].name, code, has ? "has a row, and is not on our way" : "has no row");
        }
        judged++;
    }
    assert_true(judged > 100);
    assert_int_equal(kh_error_class_of(NO_SUCH_CODE), KH_ERROR_UNKNOWN);
    assert_int_equal(kh_error_class_of(-9999), KH_ERROR_UNKNOWN);
}

/* What each class comes to in a transactional call, by librdkafka's flags. Nothing is ever taken for success. */
static void a_class_and_the_flags_say_what_to_do(void **state)
{
    (void)state;
    static const struct {
        rd_kafka_resp_err_t code; /* one of the class */
        kh_rc fatal, abort, retriable, none;
    } ROWS[] = {
        {CODE(NOT_COORDINATOR), KH_E_LOST, KH_E_RETRY, KH_E_TIMEOUT, KH_E_LOST},
        {CODE(ILLEGAL_GENERATION), KH_E_LOST, KH_E_NOT_MINE, KH_E_TIMEOUT, KH_E_LOST},
        {CODE(_FENCED), KH_E_FENCED, KH_E_RETRY, KH_E_TIMEOUT, KH_E_LOST},
        {CODE(TOPIC_AUTHORIZATION_FAILED), KH_E_CONFIGURATION, KH_E_CONFIGURATION, KH_E_TIMEOUT, KH_E_CONFIGURATION},
        {NO_SUCH_CODE, KH_E_LOST, KH_E_RETRY, KH_E_TIMEOUT, KH_E_LOST},
    };
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        assert_rc(kh_kafka_classify(ROWS[i].code, true, false, false), ROWS[i].fatal);
        assert_rc(kh_kafka_classify(ROWS[i].code, true, true, true), ROWS[i].fatal);
        assert_rc(kh_kafka_classify(ROWS[i].code, false, true, false), ROWS[i].abort);
        assert_rc(kh_kafka_classify(ROWS[i].code, false, true, true), ROWS[i].abort);
        assert_rc(kh_kafka_classify(ROWS[i].code, false, false, true), ROWS[i].retriable);
        assert_rc(kh_kafka_classify(ROWS[i].code, false, false, false), ROWS[i].none);
    }
}

/* ---- publishing ---- */

typedef struct answer {
    kh_rc expected;
    int16_t request;
    rd_kafka_resp_err_t code;
} answer;

/* \return 1 if the row does not hold, after saying so: the others are looked at all the same. */
static int judge(const answer *row, kh_rc rc, const char *text)
{
    if (rc == row->expected) {
        return 0;
    }
    print_error("request %d answered %s: %d (%s), expected %d\n", row->request, rd_kafka_err2name(row->code), (int)rc,
                text, (int)row->expected);
    return 1;
}

static const answer PUBLISHING[] = {
    /* Adding partitions. */
    {KH_OK, REQUEST_ADD_PARTITIONS_TO_TXN, CODE(COORDINATOR_LOAD_IN_PROGRESS)},
    {KH_OK, REQUEST_ADD_PARTITIONS_TO_TXN, CODE(COORDINATOR_NOT_AVAILABLE)},
    {KH_OK, REQUEST_ADD_PARTITIONS_TO_TXN, CODE(NOT_COORDINATOR)},
    {KH_OK, REQUEST_ADD_PARTITIONS_TO_TXN, CODE(CONCURRENT_TRANSACTIONS)},
    {KH_OK, REQUEST_ADD_PARTITIONS_TO_TXN, CODE(UNKNOWN_TOPIC_OR_PART)},
    {KH_E_FENCED, REQUEST_ADD_PARTITIONS_TO_TXN, CODE(INVALID_PRODUCER_EPOCH)},
    {KH_E_FENCED, REQUEST_ADD_PARTITIONS_TO_TXN, CODE(PRODUCER_FENCED)},
    {KH_E_LOST, REQUEST_ADD_PARTITIONS_TO_TXN, CODE(INVALID_TXN_STATE)},
    {KH_E_CONFIGURATION, REQUEST_ADD_PARTITIONS_TO_TXN, CODE(TRANSACTIONAL_ID_AUTHORIZATION_FAILED)},
    {KH_E_CONFIGURATION, REQUEST_ADD_PARTITIONS_TO_TXN, CODE(TOPIC_AUTHORIZATION_FAILED)},
    /* Messages. */
    {KH_OK, REQUEST_PRODUCE, CODE(NOT_LEADER_FOR_PARTITION)},
    {KH_OK, REQUEST_PRODUCE, CODE(REQUEST_TIMED_OUT)},
    {KH_OK, REQUEST_PRODUCE, CODE(NOT_ENOUGH_REPLICAS)},
    {KH_OK, REQUEST_PRODUCE, CODE(NOT_ENOUGH_REPLICAS_AFTER_APPEND)},
    {KH_OK, REQUEST_PRODUCE, CODE(KAFKA_STORAGE_ERROR)},
    {KH_E_RETRY, REQUEST_PRODUCE, CODE(INVALID_MSG)},
    {KH_OK, REQUEST_PRODUCE, CODE(UNKNOWN_TOPIC_OR_PART)},
    {KH_E_CONFIGURATION, REQUEST_PRODUCE, CODE(TOPIC_AUTHORIZATION_FAILED)},
    {KH_E_CONFIGURATION, REQUEST_PRODUCE, CODE(CLUSTER_AUTHORIZATION_FAILED)},
    {KH_E_CONFIGURATION, REQUEST_PRODUCE, CODE(MSG_SIZE_TOO_LARGE)},
    {KH_E_CONFIGURATION, REQUEST_PRODUCE, CODE(INVALID_RECORD)},
    {KH_E_CONFIGURATION, REQUEST_PRODUCE, CODE(INVALID_TIMESTAMP)},
    {KH_E_CONFIGURATION, REQUEST_PRODUCE, CODE(POLICY_VIOLATION)},
    {KH_E_LOST, REQUEST_PRODUCE, CODE(OUT_OF_ORDER_SEQUENCE_NUMBER)},
    {KH_E_RETRY, REQUEST_PRODUCE, CODE(UNKNOWN_PRODUCER_ID)},
    {KH_E_FENCED, REQUEST_PRODUCE, CODE(INVALID_PRODUCER_EPOCH)},
    {KH_E_RETRY, REQUEST_PRODUCE, CODE(INVALID_TXN_STATE)},
    {KH_E_RETRY, REQUEST_PRODUCE, NO_SUCH_CODE},
    /* The group's offsets. */
    {KH_OK, REQUEST_ADD_OFFSETS_TO_TXN, CODE(COORDINATOR_LOAD_IN_PROGRESS)},
    {KH_OK, REQUEST_ADD_OFFSETS_TO_TXN, CODE(COORDINATOR_NOT_AVAILABLE)},
    {KH_OK, REQUEST_ADD_OFFSETS_TO_TXN, CODE(NOT_COORDINATOR)},
    {KH_OK, REQUEST_ADD_OFFSETS_TO_TXN, CODE(CONCURRENT_TRANSACTIONS)},
    {KH_E_FENCED, REQUEST_ADD_OFFSETS_TO_TXN, CODE(INVALID_PRODUCER_EPOCH)},
    /* librdkafka asks for an abort, which a coordinator that has fenced the producer refuses in its turn. */
    {KH_E_RETRY, REQUEST_ADD_OFFSETS_TO_TXN, CODE(PRODUCER_FENCED)},
    {KH_E_LOST, REQUEST_ADD_OFFSETS_TO_TXN, CODE(INVALID_TXN_STATE)},
    {KH_E_RETRY, REQUEST_ADD_OFFSETS_TO_TXN, CODE(INVALID_PRODUCER_ID_MAPPING)},
    {KH_E_CONFIGURATION, REQUEST_ADD_OFFSETS_TO_TXN, CODE(TRANSACTIONAL_ID_AUTHORIZATION_FAILED)},
    {KH_E_CONFIGURATION, REQUEST_ADD_OFFSETS_TO_TXN, CODE(GROUP_AUTHORIZATION_FAILED)},
    {KH_E_RETRY, REQUEST_ADD_OFFSETS_TO_TXN, CODE(UNKNOWN)},
    {KH_E_RETRY, REQUEST_ADD_OFFSETS_TO_TXN, NO_SUCH_CODE},
    {KH_OK, REQUEST_TXN_OFFSET_COMMIT, CODE(COORDINATOR_LOAD_IN_PROGRESS)},
    {KH_OK, REQUEST_TXN_OFFSET_COMMIT, CODE(COORDINATOR_NOT_AVAILABLE)},
    {KH_OK, REQUEST_TXN_OFFSET_COMMIT, CODE(NOT_COORDINATOR)},
    {KH_OK, REQUEST_TXN_OFFSET_COMMIT, CODE(REQUEST_TIMED_OUT)},
    {KH_E_NOT_MINE, REQUEST_TXN_OFFSET_COMMIT, CODE(ILLEGAL_GENERATION)},
    {KH_E_NOT_MINE, REQUEST_TXN_OFFSET_COMMIT, CODE(UNKNOWN_MEMBER_ID)},
    {KH_E_NOT_MINE, REQUEST_TXN_OFFSET_COMMIT, CODE(FENCED_INSTANCE_ID)},
    {KH_E_FENCED, REQUEST_TXN_OFFSET_COMMIT, CODE(INVALID_PRODUCER_EPOCH)},
    {KH_E_LOST, REQUEST_TXN_OFFSET_COMMIT, CODE(INVALID_PRODUCER_ID_MAPPING)},
    {KH_E_CONFIGURATION, REQUEST_TXN_OFFSET_COMMIT, CODE(TRANSACTIONAL_ID_AUTHORIZATION_FAILED)},
    {KH_E_CONFIGURATION, REQUEST_TXN_OFFSET_COMMIT, CODE(GROUP_AUTHORIZATION_FAILED)},
    {KH_E_CONFIGURATION, REQUEST_TXN_OFFSET_COMMIT, CODE(TOPIC_AUTHORIZATION_FAILED)},
    {KH_E_CONFIGURATION, REQUEST_TXN_OFFSET_COMMIT, CODE(OFFSET_METADATA_TOO_LARGE)},
    {KH_E_CONFIGURATION, REQUEST_TXN_OFFSET_COMMIT, CODE(INVALID_COMMIT_OFFSET_SIZE)},
    {KH_E_RETRY, REQUEST_TXN_OFFSET_COMMIT, CODE(UNKNOWN)},
    {KH_E_RETRY, REQUEST_TXN_OFFSET_COMMIT, NO_SUCH_CODE},
    /* The commit: what is not answered as done for certain is unknown. */
    {KH_OK, REQUEST_END_TXN, CODE(COORDINATOR_LOAD_IN_PROGRESS)},
    {KH_OK, REQUEST_END_TXN, CODE(COORDINATOR_NOT_AVAILABLE)},
    {KH_OK, REQUEST_END_TXN, CODE(NOT_COORDINATOR)},
    {KH_OK, REQUEST_END_TXN, CODE(CONCURRENT_TRANSACTIONS)},
    {KH_E_FENCED, REQUEST_END_TXN, CODE(INVALID_PRODUCER_EPOCH)},
    {KH_E_FENCED, REQUEST_END_TXN, CODE(PRODUCER_FENCED)},
    {KH_E_LOST, REQUEST_END_TXN, CODE(INVALID_TXN_STATE)},
    {KH_E_LOST, REQUEST_END_TXN, CODE(INVALID_PRODUCER_ID_MAPPING)},
    {KH_E_LOST, REQUEST_END_TXN, CODE(UNKNOWN)},
    {KH_E_LOST, REQUEST_END_TXN, NO_SUCH_CODE},
};

/* librdkafka adds partitions behind our back: that they are refused is told at the commit, of which nothing is known
 * then, or before it (KH_E_RETRY), if the answer happens to come first. */
static const answer ADDING_REFUSED[] = {
    {KH_E_LOST, REQUEST_ADD_PARTITIONS_TO_TXN, CODE(INVALID_PRODUCER_ID_MAPPING)},
    {KH_E_LOST, REQUEST_ADD_PARTITIONS_TO_TXN, CODE(UNKNOWN)},
    {KH_E_LOST, REQUEST_ADD_PARTITIONS_TO_TXN, NO_SUCH_CODE},
};

/* One transaction that is answered so, then one that is not: what it came to, and that publishing goes on.
 * \param or_else  what it may come to besides row->expected */
static int publish_with(mock_publishing *of, const answer *row, kh_rc or_else)
{
    kh_kafka_error error = {0};
    mock_cluster_fail(&of->mock, row->request, row->code, 1);
    kh_rc rc = kh_publisher_publish(of->publisher, &of->publication, &error);
    rd_kafka_mock_clear_request_errors(of->mock.cluster, row->request);
    assert_rc(rc == KH_OK ? KH_OK : error.rc, rc);
    assert_true(rc == KH_OK || error.text[0] != '\0');
    if (rc != KH_OK && rc != KH_E_RETRY && rc != KH_E_NOT_MINE) {
        assert_rc(kh_publisher_renew(of->publisher, 30000, &error), KH_OK);
    }
    char text[sizeof error.text];
    memcpy(text, error.text, sizeof text);
    kh_rc next = kh_publisher_publish(of->publisher, &of->publication, &error);
    if (next == KH_E_LOST) { /* the abort did not mend the producer: a new one does */
        assert_rc(kh_publisher_renew(of->publisher, 30000, &error), KH_OK);
        next = kh_publisher_publish(of->publisher, &of->publication, &error);
    }
    assert_rc(next, KH_OK);
    return rc == or_else ? 0 : judge(row, rc, text);
}

static void each_answer_to_publishing(void **state)
{
    int wrong = 0;
    for (size_t i = 0; i < sizeof PUBLISHING / sizeof *PUBLISHING; i++) {
        wrong += publish_with(*state, &PUBLISHING[i], PUBLISHING[i].expected);
    }
    for (size_t i = 0; i < sizeof ADDING_REFUSED / sizeof *ADDING_REFUSED; i++) {
        wrong += publish_with(*state, &ADDING_REFUSED[i], KH_E_RETRY);
    }
    assert_int_equal(wrong, 0);
}

static const answer REGISTERING[] = {
    {KH_OK, REQUEST_FIND_COORDINATOR, CODE(COORDINATOR_NOT_AVAILABLE)},
    {KH_OK, REQUEST_FIND_COORDINATOR, CODE(COORDINATOR_LOAD_IN_PROGRESS)},
    {KH_E_CONFIGURATION, REQUEST_FIND_COORDINATOR, CODE(TRANSACTIONAL_ID_AUTHORIZATION_FAILED)},
    {KH_E_CONFIGURATION, REQUEST_FIND_COORDINATOR, CODE(CLUSTER_AUTHORIZATION_FAILED)},
    {KH_OK, REQUEST_INIT_PRODUCER_ID, CODE(NOT_COORDINATOR)},
    {KH_OK, REQUEST_INIT_PRODUCER_ID, CODE(COORDINATOR_NOT_AVAILABLE)},
    {KH_OK, REQUEST_INIT_PRODUCER_ID, CODE(COORDINATOR_LOAD_IN_PROGRESS)},
    {KH_OK, REQUEST_INIT_PRODUCER_ID, CODE(CONCURRENT_TRANSACTIONS)},
    {KH_E_CONFIGURATION, REQUEST_INIT_PRODUCER_ID, CODE(TRANSACTIONAL_ID_AUTHORIZATION_FAILED)},
    {KH_E_CONFIGURATION, REQUEST_INIT_PRODUCER_ID, CODE(CLUSTER_AUTHORIZATION_FAILED)},
    {KH_E_CONFIGURATION, REQUEST_INIT_PRODUCER_ID, CODE(INVALID_TRANSACTION_TIMEOUT)},
    {KH_OK, REQUEST_INIT_PRODUCER_ID, CODE(UNKNOWN)},
    {KH_OK, REQUEST_INIT_PRODUCER_ID, NO_SUCH_CODE},
};

static void each_answer_to_a_new_producer(void **state)
{
    mock_publishing *of = *state;
    int wrong = 0;
    for (size_t i = 0; i < sizeof REGISTERING / sizeof *REGISTERING; i++) {
        const answer *row = &REGISTERING[i];
        kh_kafka_error error = {0};
        mock_cluster_fail(&of->mock, row->request, row->code, 1);
        kh_rc rc = kh_publisher_renew(of->publisher, 30000, &error);
        rd_kafka_mock_clear_request_errors(of->mock.cluster, row->request);
        wrong += judge(row, rc, error.text);
        assert_rc(kh_publisher_renew(of->publisher, 30000, &error), KH_OK);
    }
    assert_int_equal(wrong, 0);
}

/* Servers that never come to themselves: each call ends all the same, and nothing is told as published. */
static void what_does_not_pass_ends_in_time(void **state)
{
    mock_publishing *of = *state;
    static const int16_t REQUESTS[] = {REQUEST_ADD_PARTITIONS_TO_TXN, REQUEST_PRODUCE, REQUEST_ADD_OFFSETS_TO_TXN,
                                       REQUEST_TXN_OFFSET_COMMIT, REQUEST_END_TXN};
    kh_publisher_patience(of->publisher, 1000);
    for (size_t i = 0; i < sizeof REQUESTS / sizeof *REQUESTS; i++) {
        kh_kafka_error error = {0};
        rd_kafka_resp_err_t code =
            REQUESTS[i] == REQUEST_PRODUCE ? CODE(NOT_LEADER_FOR_PARTITION) : CODE(COORDINATOR_NOT_AVAILABLE);
        mock_cluster_fail(&of->mock, REQUESTS[i], code, 5000);
        kh_rc rc = kh_publisher_publish(of->publisher, &of->publication, &error);
        rd_kafka_mock_clear_request_errors(of->mock.cluster, REQUESTS[i]);
        if (rc != KH_E_RETRY && rc != KH_E_LOST) {
            fail_msg("request %d: %d (%s)", REQUESTS[i], (int)rc, error.text);
        }
        assert_rc(kh_publisher_renew(of->publisher, 30000, &error), KH_OK);
        assert_rc(kh_publisher_publish(of->publisher, &of->publication, &error), KH_OK);
    }
}

/* ---- reading ---- */

static const answer READING[] = {
    {KH_OK, REQUEST_FIND_COORDINATOR, CODE(COORDINATOR_NOT_AVAILABLE)},
    {KH_E_CONFIGURATION, REQUEST_FIND_COORDINATOR, CODE(GROUP_AUTHORIZATION_FAILED)},
    {KH_OK, REQUEST_JOIN_GROUP, CODE(COORDINATOR_LOAD_IN_PROGRESS)},
    {KH_OK, REQUEST_JOIN_GROUP, CODE(COORDINATOR_NOT_AVAILABLE)},
    {KH_OK, REQUEST_JOIN_GROUP, CODE(NOT_COORDINATOR)},
    {KH_OK, REQUEST_JOIN_GROUP, CODE(UNKNOWN_MEMBER_ID)},
    {KH_OK, REQUEST_JOIN_GROUP, CODE(REBALANCE_IN_PROGRESS)},
    {KH_OK, REQUEST_JOIN_GROUP, CODE(GROUP_MAX_SIZE_REACHED)},
    {KH_OK, REQUEST_JOIN_GROUP, NO_SUCH_CODE},
    {KH_E_CONFIGURATION, REQUEST_JOIN_GROUP, CODE(GROUP_AUTHORIZATION_FAILED)},
    {KH_E_CONFIGURATION, REQUEST_JOIN_GROUP, CODE(INCONSISTENT_GROUP_PROTOCOL)},
    {KH_E_CONFIGURATION, REQUEST_JOIN_GROUP, CODE(INVALID_SESSION_TIMEOUT)},
    {KH_E_CONFIGURATION, REQUEST_JOIN_GROUP, CODE(INVALID_GROUP_ID)},
    {KH_OK, REQUEST_SYNC_GROUP, CODE(COORDINATOR_NOT_AVAILABLE)},
    {KH_OK, REQUEST_SYNC_GROUP, CODE(NOT_COORDINATOR)},
    {KH_OK, REQUEST_SYNC_GROUP, CODE(REBALANCE_IN_PROGRESS)},
    {KH_OK, REQUEST_SYNC_GROUP, CODE(ILLEGAL_GENERATION)},
    {KH_OK, REQUEST_SYNC_GROUP, CODE(UNKNOWN_MEMBER_ID)},
    {KH_OK, REQUEST_SYNC_GROUP, NO_SUCH_CODE},
    {KH_OK, REQUEST_FETCH, CODE(NOT_LEADER_FOR_PARTITION)},
    {KH_OK, REQUEST_FETCH, CODE(LEADER_NOT_AVAILABLE)},
    {KH_OK, REQUEST_FETCH, CODE(REPLICA_NOT_AVAILABLE)},
    {KH_OK, REQUEST_FETCH, CODE(KAFKA_STORAGE_ERROR)},
    {KH_OK, REQUEST_FETCH, CODE(OFFSET_NOT_AVAILABLE)},
    {KH_OK, REQUEST_FETCH, CODE(FENCED_LEADER_EPOCH)},
    {KH_OK, REQUEST_FETCH, CODE(UNKNOWN_TOPIC_OR_PART)},
    {KH_OK, REQUEST_FETCH, CODE(UNKNOWN)},
    {KH_OK, REQUEST_FETCH, NO_SUCH_CODE},
    {KH_E_CONFIGURATION, REQUEST_FETCH, CODE(TOPIC_AUTHORIZATION_FAILED)},
};

/* One row: a cluster of its own, so that all can wait at once. */
typedef struct reading {
    const answer *row;
    mock_cluster mock;
    pthread_t thread;
    kh_rc rc; /* the first failure that would end a worker; KH_E_TIMEOUT: the record never came */
} reading;

static kh_rc fill(const mock_cluster *mock)
{
    const char *topics[] = {"source"};
    kh_publisher *publisher = NULL;
    kh_message message = {.has_value = true, .value = KH_TEXT("v"), .timestamp = KH_INSTANT_NONE};
    kh_publication publication = {&message, 1, NULL, 0, NULL};
    kh_rc rc = kh_publisher_new(&mock->settings, "filler", topics, 1, &publisher, NULL);
    if (rc == KH_OK) {
        rc = kh_publisher_init(publisher, 30000, NULL, NULL);
    }
    if (rc == KH_OK) {
        rc = kh_publisher_publish(publisher, &publication, NULL);
    }
    kh_publisher_free(publisher);
    return rc;
}

/* Joins and reads the one record. */
static kh_rc read_one(kh_consumer *consumer)
{
    kh_lane_start start = {.topic = 0, .lane = 0, .offset = 0};
    for (int tries = 0; tries < 600; tries++) {
        kh_consumer_event event;
        kh_consumer_poll(consumer, 100, &event);
        if (event.kind == KH_CONSUMER_ASSIGNED && kh_consumer_start(consumer, &start, 1, NULL) != KH_OK) {
            return KH_E_INTERNAL;
        }
        if (event.kind == KH_CONSUMER_REVOKED) {
            kh_consumer_let_go(consumer);
        }
        if (event.kind == KH_CONSUMER_RECORD) {
            kh_consumer_release(consumer, &event.hold, 1);
            return KH_OK;
        }
        if (event.kind == KH_CONSUMER_ERROR && kh_rc_is_fatal(event.error->rc)) {
            return event.error->rc;
        }
    }
    return KH_E_TIMEOUT;
}

static void *read_with(void *argument)
{
    reading *of = argument;
    const char *topics[] = {"source"};
    kh_consumer *consumer = NULL;
    of->rc = fill(&of->mock);
    if (of->rc == KH_OK) {
        /* What passes is said once; a right that is missing stays missing, also for a fetch that is begun anew. */
        mock_cluster_fail(&of->mock, of->row->request, of->row->code, of->row->expected == KH_OK ? 1 : 50);
        of->rc = kh_consumer_new(&of->mock.settings, topics, 1, &consumer, NULL);
    }
    if (of->rc == KH_OK) {
        of->rc = read_one(consumer);
    }
    kh_consumer_free(consumer);
    return NULL;
}

static void each_answer_to_reading(void **state)
{
    enum { COUNT = sizeof READING / sizeof *READING };
    static reading readings[COUNT];
    int wrong = 0;
    (void)state;
    for (size_t i = 0; i < COUNT; i++) {
        readings[i].row = &READING[i];
        mock_cluster_init(&readings[i].mock);
        mock_cluster_topic(&readings[i].mock, "source", 1);
    }
    for (size_t i = 0; i < COUNT; i++) {
        assert_int_equal(pthread_create(&readings[i].thread, NULL, read_with, &readings[i]), 0);
    }
    for (size_t i = 0; i < COUNT; i++) {
        pthread_join(readings[i].thread, NULL);
        wrong += judge(readings[i].row, readings[i].rc, "joining and reading");
        mock_cluster_deinit(&readings[i].mock);
    }
    assert_int_equal(wrong, 0);
}

/* Committed offsets that cannot be read are never taken for none. */
static void each_answer_to_asking_for_the_marks(void **state)
{
    mock_publishing *of = *state;
    static const answer ROWS[] = {
        {KH_OK, REQUEST_OFFSET_FETCH, CODE(COORDINATOR_LOAD_IN_PROGRESS)},
        {KH_E_LOST, REQUEST_OFFSET_FETCH, CODE(NOT_COORDINATOR)},
        {KH_OK, REQUEST_OFFSET_FETCH, CODE(UNSTABLE_OFFSET_COMMIT)},
        {KH_E_CONFIGURATION, REQUEST_OFFSET_FETCH, CODE(GROUP_AUTHORIZATION_FAILED)},
        {KH_E_LOST, REQUEST_OFFSET_FETCH, CODE(UNKNOWN)},
        {KH_E_LOST, REQUEST_OFFSET_FETCH, CODE(ILLEGAL_GENERATION)},
        {KH_E_LOST, REQUEST_OFFSET_FETCH, NO_SUCH_CODE},
    };
    kh_test_memory memory;
    kh_arena arena;
    int wrong = 0;
    kh_test_memory_init(&memory, -1);
    kh_arena_init(&arena, 256, &memory.memory);
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        kh_lane_commit commit = {0};
        kh_kafka_error error = {0};
        mock_cluster_fail(&of->mock, ROWS[i].request, ROWS[i].code, 1);
        kh_rc rc = kh_consumer_committed(of->consumer, &commit, 1, 30000, &arena, &error);
        rd_kafka_mock_clear_request_errors(of->mock.cluster, ROWS[i].request);
        wrong += judge(&ROWS[i], rc, error.text);
    }
    kh_arena_deinit(&arena);
    assert_int_equal(memory.live, 0);
    assert_int_equal(wrong, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_code_has_a_class),          cmocka_unit_test(a_class_and_the_flags_say_what_to_do),
        cmocka_unit_test(each_answer_to_publishing),       cmocka_unit_test(each_answer_to_a_new_producer),
        cmocka_unit_test(what_does_not_pass_ends_in_time), cmocka_unit_test(each_answer_to_asking_for_the_marks),
        cmocka_unit_test(each_answer_to_reading),
    };
    return cmocka_run_group_tests(tests, mock_publishing_setup, mock_publishing_teardown);
}
