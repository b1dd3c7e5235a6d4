#include "integration/kafka_transaction.h"

#include <stdlib.h>

#include "kafka/produce.h"

struct kafka_transaction {
    rd_kafka_t *rk;
};

/* Says what failed. */
static bool passed(rd_kafka_error_t *failure, const char *what)
{
    if (failure == NULL) {
        return true;
    }
    print_message("%s: %s\n", what, rd_kafka_error_string(failure));
    rd_kafka_error_destroy(failure);
    return false;
}

static rd_kafka_t *open_producer(const kafka_fixture *fixture, const char *id)
{
    const char *const settings[][2] = {{"bootstrap.servers", fixture->brokers}, {"transactional.id", id}};
    char why[256];
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(rd_kafka_conf_set(conf, settings[i][0], settings[i][1], why, sizeof why), RD_KAFKA_CONF_OK);
    }
    rd_kafka_t *rk = rd_kafka_new(RD_KAFKA_PRODUCER, conf, why, sizeof why);
    assert_non_null(rk);
    return rk;
}

kafka_transaction *kafka_transaction_begin(const kafka_fixture *fixture, const char *id)
{
    kafka_transaction *of = calloc(1, sizeof *of);
    assert_non_null(of);
    for (int tries = 0; tries < 5; tries++) {
        of->rk = open_producer(fixture, id);
        if (passed(rd_kafka_init_transactions(of->rk, GENEROUS_MS), "registering a transactional id") &&
            passed(rd_kafka_begin_transaction(of->rk), "beginning a transaction")) {
            return of;
        }
        rd_kafka_destroy(of->rk);
    }
    fail_msg("no transaction can be begun");
    return NULL;
}

bool kafka_transaction_send(kafka_transaction *of, const char *topic, const kh_message *message, size_t count)
{
    rd_kafka_topic_t *handle = rd_kafka_topic_new(of->rk, topic, NULL);
    rd_kafka_resp_err_t failed = RD_KAFKA_RESP_ERR_NO_ERROR;
    for (size_t i = 0; i < count && failed == RD_KAFKA_RESP_ERR_NO_ERROR; i++) {
        failed = kh_produce(of->rk, handle, message, NULL);
    }
    if (failed == RD_KAFKA_RESP_ERR_NO_ERROR) {
        failed = rd_kafka_flush(of->rk, GENEROUS_MS);
    }
    rd_kafka_topic_destroy(handle);
    if (failed != RD_KAFKA_RESP_ERR_NO_ERROR) {
        print_message("sending: %s\n", rd_kafka_err2str(failed));
    }
    return failed == RD_KAFKA_RESP_ERR_NO_ERROR;
}

bool kafka_transaction_end(kafka_transaction *of, bool commits)
{
    bool ended = commits ? passed(rd_kafka_commit_transaction(of->rk, GENEROUS_MS), "committing")
                         : passed(rd_kafka_abort_transaction(of->rk, GENEROUS_MS), "aborting");
    rd_kafka_destroy(of->rk);
    free(of);
    return ended;
}
