#include "kafka/handle.h"

#include <inttypes.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <time.h>

#include "kafka/error_class.h"

#define FETCH_BYTES ((int32_t)4 << 20)

/* The exactly-once promise rests on these, or another setting of ours says them. */
static const char *const OWN_PROPERTIES[] = {
    "acks",
    "allow.auto.create.topics",
    "auto.commit.enable",
    "auto.offset.reset",
    "bootstrap.servers",
    "client.id",
    "enable.auto.commit",
    "enable.auto.offset.store",
    "enable.idempotence",
    "enable.partition.eof",
    "group.id",
    "group.instance.id",
    "group.protocol",
    "heartbeat.interval.ms",
    "isolation.level",
    "message.max.bytes",
    "metadata.broker.list",
    "partition.assignment.strategy",
    "partitioner",
    "request.required.acks",
    "session.timeout.ms",
    "transaction.timeout.ms",
    "transactional.id",
};

static bool is_own_property(const char *name)
{
    for (size_t i = 0; i < sizeof OWN_PROPERTIES / sizeof *OWN_PROPERTIES; i++) {
        if (strcmp(OWN_PROPERTIES[i], name) == 0) {
            return true;
        }
    }
    return false;
}

static void log_text(const kh_kafka_settings *settings, kh_kafka_log_level level, const char *text)
{
    if (settings->log != NULL) {
        settings->log(settings->self, level, kh_text_of(text));
    }
}

const char *kh_handle_hint(const char *text, int version)
{
    bool scram = strstr(text, "SASL authentication error") != NULL && strstr(text, "SCRAM") != NULL;
    return scram && version < 0x02060100
               ? "; the librdkafka here is older than 2.6.1 and cannot prove itself by SCRAM to Kafka 4.0 or later: "
                 "use another mechanism, or a newer one"
               : "";
}

static void on_log(const rd_kafka_t *rk, int level, const char *facility, const char *text)
{
    const kh_handle *handle = rd_kafka_opaque(rk);
    char line[1024];
    kh_kafka_log_level ours = level <= LOG_ERR       ? KH_KAFKA_LOG_ERROR
                              : level <= LOG_WARNING ? KH_KAFKA_LOG_WARNING
                              : level <= LOG_INFO    ? KH_KAFKA_LOG_INFO
                                                     : KH_KAFKA_LOG_DEBUG;
    /* One set of properties goes to consumers and producers alike: "ignored by this producer" is no news. Nor is that
     * what a connection still waited for ends with its handle: it would hide the last line that says why. */
    if (strcmp(facility, "CONFWARN") == 0 || strstr(text, rd_kafka_err2str(RD_KAFKA_RESP_ERR__DESTROY)) != NULL) {
        ours = KH_KAFKA_LOG_DEBUG;
    }
    snprintf(line, sizeof line, "librdkafka %s: %s%s", facility, text, kh_handle_hint(text, rd_kafka_version()));
    log_text(handle->settings, ours, line);
}

void kh_handle_log(const kh_handle *handle, kh_kafka_log_level level, const char *format, ...)
{
    char line[1024];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    log_text(handle->settings, level, line);
}

int32_t kh_handle_or(int32_t value, int32_t otherwise)
{
    return value > 0 ? value : otherwise;
}

int32_t kh_handle_transaction_timeout(const kh_kafka_settings *settings)
{
    return kh_handle_or(settings->transaction_timeout_ms, 15000);
}

int32_t kh_handle_max_record(const kh_kafka_settings *settings)
{
    return kh_handle_or(settings->max_record_bytes, 4 * 1024 * 1024);
}

kh_handle_conf kh_handle_conf_begin(kh_handle *handle, const kh_kafka_settings *settings)
{
    kh_handle_conf building = {.conf = rd_kafka_conf_new(), .rc = KH_OK};
    handle->rk = NULL;
    handle->settings = settings;
    if (settings->brokers == NULL || settings->brokers[0] == '\0') {
        building.rc = KH_E_CONFIGURATION;
        snprintf(building.text, sizeof building.text, "no Kafka brokers are configured");
    }
    rd_kafka_conf_set_opaque(building.conf, handle);
    rd_kafka_conf_set_log_cb(building.conf, on_log);
    kh_handle_conf_set(&building, "bootstrap.servers", settings->brokers);
    kh_handle_conf_set(&building, "client.id", settings->client_id == NULL ? "kakehashi" : settings->client_id);
    kh_handle_conf_set(&building, "socket.nagle.disable", "true");
    kh_handle_conf_set(&building, "log.connection.close", "false");
    /* The default of 10 s would keep a worker waiting long after its broker is back. */
    kh_handle_conf_set(&building, "reconnect.backoff.max.ms", "1000");
    kh_handle_conf_set_number(&building, "message.max.bytes", kh_handle_max_record(settings));
    return building;
}

void kh_handle_conf_set(kh_handle_conf *building, const char *name, const char *value)
{
    if (building->rc == KH_OK &&
        rd_kafka_conf_set(building->conf, name, value, building->text, sizeof building->text) != RD_KAFKA_CONF_OK) {
        building->rc = KH_E_CONFIGURATION;
    }
}

void kh_handle_conf_set_number(kh_handle_conf *building, const char *name, int64_t value)
{
    char text[24];
    snprintf(text, sizeof text, "%" PRId64, value);
    kh_handle_conf_set(building, name, text);
}

void kh_handle_conf_set_if_known(kh_handle_conf *building, const char *name, const char *value)
{
    char ignored[256];
    if (building->rc == KH_OK) {
        (void)rd_kafka_conf_set(building->conf, name, value, ignored, sizeof ignored);
    }
}

void kh_handle_conf_consumer(kh_handle_conf *building, const kh_kafka_settings *settings)
{
    kh_handle_conf_set(building, "group.id", settings->group == NULL ? "kakehashi" : settings->group);
    kh_handle_conf_set_if_known(building, "group.protocol", "classic");
    kh_handle_conf_set(building, "partition.assignment.strategy", "range");
    kh_handle_conf_set(building, "enable.auto.commit", "false");
    kh_handle_conf_set(building, "enable.auto.offset.store", "false");
    kh_handle_conf_set(building, "auto.offset.reset", "error");
    kh_handle_conf_set(building, "isolation.level", "read_committed");
    kh_handle_conf_set(building, "enable.partition.eof", "true");
    kh_handle_conf_set(building, "allow.auto.create.topics", "false");
    /* Enough in hand for the next batches, in bounded memory: records wait in the broker as well as here. What one
     * fetch brings must fit below the bound, at least if it is not compressed: once that is reached nothing is fetched
     * for up to a second (before 2.2, where it cannot be set), however soon there is room again. Its kilobytes are of
     * 1000. */
    int32_t most = kh_handle_max_record(settings);
    int32_t fetch = most > FETCH_BYTES ? most : FETCH_BYTES;
    kh_handle_conf_set_number(building, "fetch.max.bytes", fetch);
    kh_handle_conf_set(building, "queued.min.messages", "1000000");
    kh_handle_conf_set_number(building, "queued.max.messages.kbytes", fetch / 1000 + 1);
    /* So that one batch has records of many lanes, however much waits in each. A larger record comes nevertheless. */
    kh_handle_conf_set(building, "max.partition.fetch.bytes", "131072");
    kh_handle_conf_set_if_known(building, "fetch.queue.backoff.ms", "20");
    kh_handle_conf_set(building, "fetch.error.backoff.ms", "100");
}

void kh_handle_conf_producer(kh_handle_conf *building, const kh_kafka_settings *settings)
{
    (void)settings;
    kh_handle_conf_set(building, "enable.idempotence", "true");
    kh_handle_conf_set(building, "compression.codec", "lz4");
    kh_handle_conf_set(building, "linger.ms", "2");
    /* How long a transaction waits that comes before the former one has ended everywhere. */
    kh_handle_conf_set(building, "retry.backoff.ms", "10");
    kh_handle_conf_set(building, "queue.buffering.max.kbytes", "32768");
    /* As Java's clients, so that all who key a topic agree. */
    kh_handle_conf_set(building, "partitioner", "murmur2_random");
}

/* librdkafka says what this looks like. */
// NOLINTNEXTLINE(readability-non-const-parameter)
static int on_statistics(rd_kafka_t *rk, char *json, size_t length, void *opaque)
{
    const kh_handle *handle = opaque;
    kh_kafka_client client = rd_kafka_type(rk) == RD_KAFKA_CONSUMER ? KH_KAFKA_CONSUMER : KH_KAFKA_PRODUCER;
    handle->settings->statistics(handle->settings->self, client, (kh_text){json, length});
    return 0; /* librdkafka frees the text */
}

void kh_handle_conf_statistics(kh_handle_conf *building, const kh_kafka_settings *settings)
{
    if (settings->statistics != NULL) {
        kh_handle_conf_set_number(building, "statistics.interval.ms", settings->statistics_interval_ms);
        rd_kafka_conf_set_stats_cb(building->conf, on_statistics);
    }
}

static void apply_properties(kh_handle_conf *building, const kh_kafka_settings *settings)
{
    for (size_t i = 0; i < settings->property_count && building->rc == KH_OK; i++) {
        const kh_kafka_property *property = &settings->properties[i];
        if (is_own_property(property->name)) {
            building->rc = KH_E_CONFIGURATION;
            snprintf(building->text, sizeof building->text,
                     "librdkafka's property %s is set by the worker itself; remove it", property->name);
        } else {
            kh_handle_conf_set(building, property->name, property->value);
        }
    }
}

kh_rc kh_handle_open(kh_handle *handle, rd_kafka_type_t type, kh_handle_conf *building, kh_kafka_error *error)
{
    apply_properties(building, handle->settings);
    if (building->rc == KH_OK) {
        handle->rk = rd_kafka_new(type, building->conf, building->text, sizeof building->text);
        if (handle->rk == NULL) {
            building->rc = KH_E_CONFIGURATION;
        }
    }
    if (building->rc != KH_OK) {
        rd_kafka_conf_destroy(building->conf);
        return kh_handle_fail(error, building->rc, 0, "Kafka settings: %s", building->text);
    }
    building->conf = NULL;
    return KH_OK;
}

kh_rc kh_handle_fail(kh_kafka_error *error, kh_rc rc, int code, const char *format, ...)
{
    if (error != NULL) {
        va_list arguments;
        error->rc = rc;
        error->code = code;
        va_start(arguments, format);
        vsnprintf(error->text, sizeof error->text, format, arguments);
        va_end(arguments);
    }
    return rc;
}

kh_rc kh_handle_judge(const kh_handle *handle, rd_kafka_error_t *failure, const char *what, kh_kafka_error *error)
{
    if (failure == NULL) {
        return KH_OK;
    }
    int code = rd_kafka_error_code(failure);
    bool fatal = rd_kafka_error_is_fatal(failure) != 0;
    char told[256];
    /* After a fatal error each call only says _FATAL or a wrong state: the first cause is kept elsewhere. */
    rd_kafka_resp_err_t cause = rd_kafka_fatal_error(handle->rk, told, sizeof told);
    if (cause != RD_KAFKA_RESP_ERR_NO_ERROR) {
        code = cause;
        fatal = true;
    } else {
        snprintf(told, sizeof told, "%s", rd_kafka_error_string(failure));
    }
    kh_rc rc = kh_kafka_classify(code, fatal, rd_kafka_error_txn_requires_abort(failure) != 0,
                                 rd_kafka_error_is_retriable(failure) != 0);
    rd_kafka_error_destroy(failure);
    return kh_handle_fail(error, rc, code, "%s: %s (%s)", what, told, rd_kafka_err2name(code));
}

bool kh_handle_is_configuration(int code)
{
    return kh_error_class_of(code) == KH_ERROR_REFUSED;
}

int64_t kh_handle_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int kh_handle_left(int64_t deadline)
{
    int64_t left = deadline - kh_handle_now();
    return left < 0 ? 0 : left > INT_MAX ? INT_MAX : (int)left;
}

char **kh_handle_copy_names(const char *const *names, size_t count)
{
    size_t bytes = (count + 1) * sizeof(char *);
    for (size_t i = 0; i < count; i++) {
        bytes += strlen(names[i]) + 1;
    }
    char **copy = malloc(bytes);
    if (copy == NULL) {
        return NULL;
    }
    char *place = (char *)(copy + count + 1);
    for (size_t i = 0; i < count; i++) {
        size_t length = strlen(names[i]) + 1;
        memcpy(place, names[i], length);
        copy[i] = place;
        place += length;
    }
    copy[count] = NULL;
    return copy;
}
