#include "kafka/topics.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kafka/handle.h"
#include "kafka/topic_rules.h"

/* A broker that knows the question answers at once; one that does not (the embedded broker) stays silent. */
#define CONFIGURATION_WAIT_MS 1500
#define AFTER_ANOTHER_MS      500

/* One call's state. */
typedef struct job {
    kh_handle handle; /* first: see kh_handle */
    const kh_topics_wish *wish;
    int64_t deadline;
    kh_topics_report *report;
    void *self;
    kh_kafka_error *error;
    bool refused; /* something bad has been reported; error holds the first */
} job;

static kh_rc open_job(job *work, const kh_kafka_settings *settings)
{
    kh_handle_conf building = kh_handle_conf_begin(&work->handle, settings);
    /* Asking for a topic by its name must not make it. */
    kh_handle_conf_set(&building, "allow.auto.create.topics", "false");
    return kh_handle_open(&work->handle, RD_KAFKA_PRODUCER, &building, work->error);
}

static void close_job(job *work)
{
    if (work->handle.rk != NULL) {
        rd_kafka_destroy(work->handle.rk);
    }
}

static void tell(job *work, const char *topic, bool bad, const char *text)
{
    if (bad && !work->refused) {
        work->refused = true;
        kh_handle_fail(work->error, KH_E_CONFIGURATION, 0, "topic %s: %s", topic, text);
    }
    if (work->report != NULL) {
        work->report(work->self, topic, bad, text);
    }
}

static kh_rc failed_call(job *work, rd_kafka_resp_err_t code, const char *what)
{
    kh_rc rc = kh_handle_is_configuration(code) ? KH_E_CONFIGURATION : KH_E_LOST;
    return kh_handle_fail(work->error, rc, code, "%s: %s", what, rd_kafka_err2str(code));
}

/* The list of all topics leaves out what is not there and what this user may not see; asked for one by its name, the
 * broker tells which. */
static kh_rc ask_for_missing(job *work, const char *name, int32_t *partitions)
{
    const struct rd_kafka_metadata *told = NULL;
    rd_kafka_topic_t *topic = rd_kafka_topic_new(work->handle.rk, name, NULL);
    int left = kh_handle_left(work->deadline);
    if (topic == NULL) {
        return KH_OK; /* a name that no topic can have */
    }
    rd_kafka_resp_err_t failed = rd_kafka_metadata(work->handle.rk, 0, topic, &told, left > 0 ? left : 1);
    if (failed == RD_KAFKA_RESP_ERR_NO_ERROR && told->topic_cnt == 1) {
        const struct rd_kafka_metadata_topic *found = &told->topics[0];
        *partitions = found->err == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED ? KH_TOPIC_HIDDEN
                      : found->err == RD_KAFKA_RESP_ERR_NO_ERROR                 ? found->partition_cnt
                                                                                 : 0;
    }
    if (told != NULL) {
        rd_kafka_metadata_destroy(told);
    }
    rd_kafka_topic_destroy(topic);
    return failed == RD_KAFKA_RESP_ERR_NO_ERROR ? KH_OK : failed_call(work, failed, "asking the broker for a topic");
}

/* Partition counts from the cluster's whole metadata; what is not in it is asked for by name. */
static kh_rc inspect(job *work, const char *const *names, size_t count, int32_t *partitions)
{
    const struct rd_kafka_metadata *told = NULL;
    int left = kh_handle_left(work->deadline);
    kh_rc rc = KH_OK;
    rd_kafka_resp_err_t failed = rd_kafka_metadata(work->handle.rk, 1, NULL, &told, left > 0 ? left : 1);
    if (failed != RD_KAFKA_RESP_ERR_NO_ERROR) {
        return failed_call(work, failed, "asking the broker for its topics");
    }
    for (size_t i = 0; i < count; i++) {
        partitions[i] = 0;
        for (int at = 0; at < told->topic_cnt; at++) {
            /* A name is never missing; the analyser does not know that. */
            const char *name = told->topics[at].topic;
            if (name != NULL && names[i] != NULL && strcmp(name, names[i]) == 0) {
                partitions[i] = told->topics[at].partition_cnt;
            }
        }
    }
    rd_kafka_metadata_destroy(told);
    for (size_t i = 0; rc == KH_OK && i < count; i++) {
        rc = partitions[i] == 0 ? ask_for_missing(work, names[i], &partitions[i]) : KH_OK;
    }
    return rc;
}

kh_rc kh_topics_inspect(const kh_kafka_settings *settings, const char *const *names, size_t count, int timeout_ms,
                        int32_t *partitions, kh_kafka_error *error)
{
    job work = {.deadline = kh_handle_now() + timeout_ms, .error = error};
    kh_rc rc = open_job(&work, settings);
    if (rc == KH_OK) {
        rc = inspect(&work, names, count, partitions);
    }
    close_job(&work);
    return rc;
}

static const char **names_of(const kh_topics_wish *wish)
{
    const char **names = calloc(wish->topic_count + 1, sizeof *names);
    for (size_t i = 0; names != NULL && i < wish->topic_count; i++) {
        names[i] = wish->topics[i].name;
    }
    return names;
}

static const char *config_value(const rd_kafka_ConfigResource_t *resource, const char *name)
{
    size_t count = 0;
    const rd_kafka_ConfigEntry_t **entries = rd_kafka_ConfigResource_configs(resource, &count);
    for (size_t i = 0; i < count; i++) {
        if (strcmp(rd_kafka_ConfigEntry_name(entries[i]), name) == 0) {
            return rd_kafka_ConfigEntry_value(entries[i]);
        }
    }
    return NULL;
}

static void check_rules(job *work, const kh_topic_wish *topic, const rd_kafka_ConfigResource_t *resource)
{
    kh_topic_rule rules[KH_TOPIC_RULES_MOST];
    size_t count = kh_topic_rules(topic->kind, work->wish->clock, kh_handle_max_record(work->handle.settings), rules);
    for (size_t i = 0; i < count; i++) {
        bool bad = false;
        char text[400];
        if (kh_topic_rule_find(&rules[i], config_value(resource, rules[i].name), &bad, text, sizeof text)) {
            tell(work, topic->name, bad, text);
        }
    }
}

static void check_resource(job *work, const rd_kafka_ConfigResource_t *resource)
{
    const char *name = rd_kafka_ConfigResource_name(resource);
    for (size_t i = 0; i < work->wish->topic_count; i++) {
        if (strcmp(work->wish->topics[i].name, name) != 0) {
            continue;
        }
        if (rd_kafka_ConfigResource_error(resource) == RD_KAFKA_RESP_ERR_NO_ERROR) {
            check_rules(work, &work->wish->topics[i], resource);
        } else {
            char text[400];
            snprintf(text, sizeof text, "the broker does not tell its configuration: %s",
                     rd_kafka_err2str(rd_kafka_ConfigResource_error(resource)));
            tell(work, name, false, text);
        }
    }
}

/* Waits for the answer of one admin call. \return NULL after the deadline. */
static rd_kafka_event_t *await(rd_kafka_queue_t *queue, int64_t deadline)
{
    return rd_kafka_queue_poll(queue, kh_handle_left(deadline));
}

static rd_kafka_AdminOptions_t *options_for(job *work, rd_kafka_admin_op_t operation, int64_t deadline)
{
    char ignored[256];
    int left = kh_handle_left(deadline);
    rd_kafka_AdminOptions_t *options = rd_kafka_AdminOptions_new(work->handle.rk, operation);
    /* A little earlier than ours, so that the answer says what was wrong. */
    (void)rd_kafka_AdminOptions_set_request_timeout(options, left > 200 ? left - 100 : 100, ignored, sizeof ignored);
    return options;
}

/* \param event  NULL: no answer came */
static void judge_configurations(job *work, rd_kafka_event_t *event)
{
    size_t count = 0;
    if (event == NULL || rd_kafka_event_error(event) != RD_KAFKA_RESP_ERR_NO_ERROR) {
        char text[400];
        snprintf(text, sizeof text, "the broker does not tell its topics' configuration: %s",
                 event == NULL ? "no answer" : rd_kafka_event_error_string(event));
        tell(work, work->wish->topics[0].name, false, text);
        return;
    }
    const rd_kafka_ConfigResource_t **told =
        rd_kafka_DescribeConfigs_result_resources(rd_kafka_event_DescribeConfigs_result(event), &count);
    for (size_t i = 0; i < count; i++) {
        check_resource(work, told[i]);
    }
}

/* Silence may say that the broker is slow, or that it does not know this question. What is asked behind it on the same
 * connection is answered behind it: so it tells. */
static rd_kafka_event_t *await_configurations(job *work, rd_kafka_queue_t *queue)
{
    const struct rd_kafka_metadata *told = NULL;
    int64_t soon = kh_handle_now() + CONFIGURATION_WAIT_MS;
    rd_kafka_event_t *event = await(queue, soon < work->deadline ? soon : work->deadline);
    int left = kh_handle_left(work->deadline);
    if (event == NULL && left > 0 &&
        rd_kafka_metadata(work->handle.rk, 0, NULL, &told, left) == RD_KAFKA_RESP_ERR_NO_ERROR) {
        rd_kafka_metadata_destroy(told);
        event = await(queue, kh_handle_now() + AFTER_ANOTHER_MS);
    }
    return event;
}

/* Configurations of the topics that exist (partitions above 0). */
static kh_rc check_configurations(job *work, const int32_t *partitions)
{
    kh_rc rc = KH_OK;
    size_t count = 0;
    rd_kafka_ConfigResource_t **asked = calloc(work->wish->topic_count + 1, sizeof(rd_kafka_ConfigResource_t *));
    rd_kafka_queue_t *queue = rd_kafka_queue_new(work->handle.rk);
    rd_kafka_AdminOptions_t *options = options_for(work, RD_KAFKA_ADMIN_OP_DESCRIBECONFIGS, work->deadline);
    rd_kafka_event_t *event = NULL;
    if (asked == NULL) {
        rc = kh_handle_fail(work->error, KH_E_MEMORY, 0, "out of memory");
        goto out;
    }
    for (size_t i = 0; i < work->wish->topic_count; i++) {
        if (partitions[i] > 0) {
            asked[count++] = rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, work->wish->topics[i].name);
        }
    }
    if (count == 0) {
        goto out;
    }
    rd_kafka_DescribeConfigs(work->handle.rk, asked, count, options, queue);
    event = await_configurations(work, queue);
    judge_configurations(work, event);
out:
    rd_kafka_event_destroy(event);
    rd_kafka_AdminOptions_destroy(options);
    rd_kafka_queue_destroy(queue);
    if (asked != NULL) {
        rd_kafka_ConfigResource_destroy_array(asked, count);
    }
    free(asked);
    return rc;
}

static void check_partitions(job *work, const int32_t *partitions)
{
    int32_t wanted = work->wish->partitions;
    for (size_t i = 0; i < work->wish->topic_count && wanted <= 0; i++) {
        if (work->wish->topics[i].kind == KH_TOPIC_SOURCE) {
            wanted = partitions[i];
        }
    }
    for (size_t i = 0; i < work->wish->topic_count; i++) {
        char text[200];
        if (partitions[i] == 0) {
            tell(work, work->wish->topics[i].name, true, "does not exist: `kakehashi topics create` makes it");
        } else if (partitions[i] == KH_TOPIC_HIDDEN) {
            tell(work, work->wish->topics[i].name, true,
                 "the broker keeps it from this user: an ACL must allow what the user is to do with it");
        } else if (wanted > 0 && partitions[i] != wanted) {
            snprintf(text, sizeof text,
                     "has %d partitions, must have %d, as all topics have (a lane is the same "
                     "partition of each)",
                     (int)partitions[i], (int)wanted);
            tell(work, work->wish->topics[i].name, true, text);
        }
    }
}

/* \param partitions  as found by inspect */
static kh_rc check(job *work, const int32_t *partitions)
{
    check_partitions(work, partitions);
    kh_rc rc = check_configurations(work, partitions);
    return rc == KH_OK && work->refused ? KH_E_CONFIGURATION : rc;
}

static rd_kafka_NewTopic_t *describe_new(job *work, const kh_topic_wish *topic, bool old_broker)
{
    char why[256];
    kh_topic_rule rules[KH_TOPIC_RULES_MOST];
    int replication = work->wish->replication > 0 ? work->wish->replication : -1;
    rd_kafka_NewTopic_t *made =
        rd_kafka_NewTopic_new(topic->name, (int)work->wish->partitions, replication, why, sizeof why);
    if (made == NULL) {
        kh_handle_fail(work->error, KH_E_CONFIGURATION, 0, "topic %s: %s", topic->name, why);
        return NULL;
    }
    size_t count = kh_topic_rules(topic->kind, work->wish->clock, kh_handle_max_record(work->handle.settings), rules);
    for (size_t i = 0; i < count; i++) {
        /* Brokers before 3.6 do not know it, and accept any timestamp. */
        if (!old_broker || strcmp(rules[i].name, "message.timestamp.after.max.ms") != 0) {
            (void)rd_kafka_NewTopic_set_config(made, rules[i].name, rules[i].value);
        }
    }
    return made;
}

static kh_rc judge_created(job *work, rd_kafka_event_t *event, bool *too_new)
{
    size_t count = 0;
    if (event == NULL) {
        return failed_call(work, RD_KAFKA_RESP_ERR__TIMED_OUT, "making a topic");
    }
    if (rd_kafka_event_error(event) != RD_KAFKA_RESP_ERR_NO_ERROR) {
        return failed_call(work, rd_kafka_event_error(event), "making a topic");
    }
    const rd_kafka_topic_result_t **results =
        rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(event), &count);
    for (size_t i = 0; i < count; i++) {
        rd_kafka_resp_err_t code = rd_kafka_topic_result_error(results[i]);
        const char *name = rd_kafka_topic_result_name(results[i]);
        const char *why = rd_kafka_topic_result_error_string(results[i]);
        if (code == RD_KAFKA_RESP_ERR_NO_ERROR) {
            tell(work, name, false, "created");
        } else if (code == RD_KAFKA_RESP_ERR_INVALID_CONFIG && !*too_new) {
            *too_new = true;
            return KH_E_TIMEOUT;
        } else if (code != RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS) {
            bool later = code == RD_KAFKA_RESP_ERR__TIMED_OUT || code == RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT ||
                         code == RD_KAFKA_RESP_ERR_NOT_CONTROLLER;
            return kh_handle_fail(work->error, later ? KH_E_LOST : KH_E_CONFIGURATION, code, "making topic %s: %s",
                                  name, why == NULL ? rd_kafka_err2str(code) : why);
        }
    }
    return KH_OK;
}

static kh_rc create_one(job *work, const kh_topic_wish *topic)
{
    bool too_new = false;
    kh_rc rc = KH_E_TIMEOUT;
    while (rc == KH_E_TIMEOUT) {
        rd_kafka_NewTopic_t *made = describe_new(work, topic, too_new);
        if (made == NULL) {
            return KH_E_CONFIGURATION;
        }
        rd_kafka_queue_t *queue = rd_kafka_queue_new(work->handle.rk);
        rd_kafka_AdminOptions_t *options = options_for(work, RD_KAFKA_ADMIN_OP_CREATETOPICS, work->deadline);
        rd_kafka_CreateTopics(work->handle.rk, &made, 1, options, queue);
        rd_kafka_event_t *event = await(queue, work->deadline);
        rc = judge_created(work, event, &too_new);
        rd_kafka_event_destroy(event);
        rd_kafka_AdminOptions_destroy(options);
        rd_kafka_queue_destroy(queue);
        rd_kafka_NewTopic_destroy(made);
    }
    return rc;
}

/* A topic just made is not at once known to every broker. */
static kh_rc await_all(job *work, const char *const *names, int32_t *partitions)
{
    for (;;) {
        size_t missing = 0;
        kh_rc rc = inspect(work, names, work->wish->topic_count, partitions);
        for (size_t i = 0; i < work->wish->topic_count; i++) {
            missing += partitions[i] == 0;
        }
        if (rc != KH_OK || missing == 0 || kh_handle_left(work->deadline) == 0) {
            return rc;
        }
        /* The wait of a queue that nothing comes to. */
        rd_kafka_poll(work->handle.rk, 50);
    }
}

static kh_rc create_and_check(job *work, const char *const *names, int32_t *partitions)
{
    kh_rc rc = inspect(work, names, work->wish->topic_count, partitions);
    for (size_t i = 0; rc == KH_OK && i < work->wish->topic_count; i++) {
        if (partitions[i] == 0) {
            rc = create_one(work, &work->wish->topics[i]);
        }
    }
    if (rc == KH_OK) {
        rc = await_all(work, names, partitions);
    }
    return rc == KH_OK ? check(work, partitions) : rc;
}

static kh_rc run_job(const kh_kafka_settings *settings, const kh_topics_wish *wish, bool create, int timeout_ms,
                     kh_topics_report *report, void *self, kh_kafka_error *error)
{
    job work = {.wish = wish, .deadline = kh_handle_now() + timeout_ms, .report = report, .self = self, .error = error};
    const char **names = names_of(wish);
    int32_t *partitions = calloc(wish->topic_count + 1, sizeof *partitions);
    kh_rc rc = KH_E_MEMORY;
    if (names == NULL || partitions == NULL) {
        kh_handle_fail(error, rc, 0, "out of memory");
        goto out;
    }
    rc = open_job(&work, settings);
    if (rc == KH_OK && create) {
        rc = create_and_check(&work, names, partitions);
    } else if (rc == KH_OK) {
        rc = inspect(&work, names, wish->topic_count, partitions);
        rc = rc == KH_OK ? check(&work, partitions) : rc;
    }
out:
    close_job(&work);
    free(names);
    free(partitions);
    return rc;
}

kh_rc kh_topics_create(const kh_kafka_settings *settings, const kh_topics_wish *wish, int timeout_ms,
                       kh_topics_report *report, void *self, kh_kafka_error *error)
{
    if (wish->partitions <= 0) {
        return kh_handle_fail(error, KH_E_CONFIGURATION, 0, "topics to be made need a number of partitions");
    }
    return run_job(settings, wish, true, timeout_ms, report, self, error);
}

kh_rc kh_topics_check(const kh_kafka_settings *settings, const kh_topics_wish *wish, int timeout_ms,
                      kh_topics_report *report, void *self, kh_kafka_error *error)
{
    return run_job(settings, wish, false, timeout_ms, report, self, error);
}
