#include "config/settings.h"

#include <arpa/inet.h>

#include "config/rule_schema.h"

static const kh_choice clocks[] = {{"wall", KH_CLOCK_WALL}, {"records", KH_CLOCK_RECORDS}, {NULL, 0}};
static const kh_choice log_levels[] = {
    {"error", KH_LOG_ERROR}, {"warning", KH_LOG_WARNING}, {"info", KH_LOG_INFO}, {"debug", KH_LOG_DEBUG}, {NULL, 0}};
static const kh_choice log_formats[] = {{"text", KH_LOG_TEXT}, {"json", KH_LOG_JSON}, {NULL, 0}};

/*! Kafka's rule for topic names, which is nearly that for ids. */
static const char *refuse_topic(kh_text value)
{
    bool dots = kh_text_equal(value, KH_TEXT(".")) || kh_text_equal(value, KH_TEXT(".."));
    return dots || value.length > 249 || kh_refuse_id(value) != NULL
               ? "is no topic name: 1 to 249 letters, digits, \".\", \"_\" and \"-\" belong here"
               : NULL;
}

static const char *refuse_participant_key(kh_text key)
{
    bool well = key.length == 2 && key.data[0] >= 'A' && key.data[0] <= 'Z' && key.data[1] >= 'A' && key.data[1] <= 'Z';
    return well ? NULL : "is no participant: an ISO 3166-1 alpha-2 code in capitals belongs here, like JP";
}

/*! Unquoted identifiers only: a schema is named in search_path and by people in psql. */
static const char *refuse_database_schema(kh_text value)
{
    bool well = value.length != 0 && !(value.data[0] >= '0' && value.data[0] <= '9');
    for (size_t i = 0; i < value.length; i++) {
        char byte = value.data[i];
        well = well && ((byte >= 'a' && byte <= 'z') || (byte >= '0' && byte <= '9') || byte == '_');
    }
    bool system = value.length >= 3 && memcmp(value.data, "pg_", 3) == 0;
    return well && !system ? NULL
                           : "is no schema name: small letters, digits and \"_\" belong here, not beginning with a "
                             "digit or \"pg_\"";
}

/*! Whether "password" (or sslpassword) stands in it with a "=" behind, as libpq reads both forms. */
static bool names_password(kh_text text)
{
    static const kh_text word = {"password", 8};
    for (size_t i = 0; i + word.length < text.length; i++) {
        if (memcmp(text.data + i, word.data, word.length) != 0) {
            continue;
        }
        size_t next = i + word.length;
        while (next < text.length && text.data[next] == ' ') {
            next++;
        }
        if (next < text.length && text.data[next] == '=') {
            return true;
        }
    }
    return false;
}

/*! Whether a URI has a password before its host: "postgresql://user:password@host/". */
static bool has_password_before_host(kh_text uri)
{
    const char *scheme = uri.length == 0 ? NULL : memmem(uri.data, uri.length, "://", 3);
    if (scheme == NULL) {
        return false;
    }
    const char *end = uri.data + uri.length;
    bool colon = false;
    for (const char *at = scheme + 3; at < end && *at != '/' && *at != '?'; at++) {
        if (*at == '@') {
            return colon;
        }
        colon = colon || *at == ':';
    }
    return false;
}

static const char *refuse_connection(kh_text value)
{
    return names_password(value) || has_password_before_host(value)
               ? "has a password in it, which would be shown in logs and lists of processes; take it out and name it "
                 "under "
                 "database.password as {env: NAME} or {file: PATH}"
               : NULL;
}

static bool is_port(kh_text text)
{
    uint32_t port = 0;
    for (size_t i = 0; i < text.length; i++) {
        if (text.data[i] < '0' || text.data[i] > '9' || port > 65535) {
            return false;
        }
        port = port * 10 + (uint32_t)(text.data[i] - '0');
    }
    return text.length > 0 && port <= 65535;
}

/*! "127.0.0.1:9464", "[::1]:9464", or "9464": addresses only, since a name may be more than one of them. */
static const char *refuse_listen(kh_text value)
{
    char host[INET6_ADDRSTRLEN] = "127.0.0.1";
    struct in6_addr address; /* room for either kind */
    const char *colon = memrchr(value.data, ':', value.length);
    const char *port = colon == NULL ? value.data : colon + 1;
    bool brackets = colon != NULL && colon - value.data >= 2 && value.data[0] == '[' && colon[-1] == ']';
    if (colon != NULL) {
        kh_text named = {value.data + (brackets ? 1 : 0), (size_t)(colon - value.data) - (brackets ? 2 : 0)};
        bool fits = named.length < sizeof host;
        memcpy(host, named.data, fits ? named.length : 0);
        host[fits ? named.length : 0] = '\0';
    }
    bool well = is_port((kh_text){port, (size_t)(value.data + value.length - port)}) &&
                inet_pton(brackets ? AF_INET6 : AF_INET, host, &address) == 1;
    return well ? NULL
                : "is no address and port: 127.0.0.1:9464, \"[::1]:9464\", or a port alone for 127.0.0.1 belongs here";
}

/*! Entries of librdkafka that the worker's promise hangs on, with why they are refused. */
static const struct {
    const char *key;
    const char *why;
} controlled[] = {
    {"bootstrap.servers", "is set by kafka.brokers; write it there"},
    {"metadata.broker.list", "is set by kafka.brokers; write it there"},
    {"group.id", "is set by kafka.group; write it there"},
    {"session.timeout.ms", "is set by kafka.session_timeout_ms; write it there"},
    {"heartbeat.interval.ms", "is set by kafka.heartbeat_interval_ms; write it there"},
    {"transaction.timeout.ms", "is set by kafka.transaction_timeout_ms; write it there"},
    {"enable.auto.commit", "is the worker's own: offsets move with the results, in one transaction; leave it out"},
    {"auto.commit.interval.ms", "is the worker's own: offsets move with the results, in one transaction; leave it out"},
    {"enable.auto.offset.store",
     "is the worker's own: offsets move with the results, in one transaction; leave it out"},
    {"auto.offset.reset",
     "is the worker's own: a missing offset must stop it, never skip or repeat records; leave it out"},
    {"isolation.level", "is the worker's own: it reads committed records only; leave it out"},
    {"enable.partition.eof", "is the worker's own: it tells when a source is drained; leave it out"},
    {"partition.assignment.strategy",
     "is the worker's own: lanes need the same partition of every topic (range); leave it out"},
    {"group.protocol", "is the worker's own: lanes need the range assignor of the classic protocol; leave it out"},
    {"group.remote.assignor",
     "is the worker's own: lanes need the range assignor of the classic protocol; leave it out"},
    {"group.instance.id", "is the worker's own: a restarted worker is a new member; leave it out"},
    {"transactional.id", "is the worker's own: every start has a new one, which fences the one before; leave it out"},
    {"enable.idempotence", "is the worker's own: publishing is transactional; leave it out"},
    {"acks", "is the worker's own: publishing is transactional; leave it out"},
    {"request.required.acks", "is the worker's own: publishing is transactional; leave it out"},
    {"partitioner", "is the worker's own: a result goes to the partition of its lane; leave it out"},
    {"allow.auto.create.topics", "is the worker's own: topics are made by topics create; leave it out"},
};

static const char *refuse_librdkafka_key(kh_text key)
{
    for (size_t i = 0; i < sizeof(controlled) / sizeof(controlled[0]); i++) {
        if (kh_text_equal(key, kh_text_of(controlled[i].key))) {
            return controlled[i].why;
        }
    }
    return kh_refuse_id(key) == NULL ? NULL
                                     : "is no setting of librdkafka: they are words with dots, like security.protocol";
}

static bool is_librdkafka_secret(kh_text key)
{
    static const char *const secrets[] = {"sasl.password",
                                          "ssl.key.password",
                                          "ssl.keystore.password",
                                          "ssl.key.pem",
                                          "ssl_key",
                                          "sasl.oauthbearer.client.secret",
                                          "sasl.oauthbearer.config"};
    for (size_t i = 0; i < sizeof(secrets) / sizeof(secrets[0]); i++) {
        if (kh_text_equal(key, kh_text_of(secrets[i]))) {
            return true;
        }
    }
    return false;
}

#define AT(record, field)             .offset = offsetof(record, field)
#define COUNTED(record, field, count) .offset = offsetof(record, field), .count_offset = offsetof(record, count)
#define TOPIC                         .least = 1, .most = 249, .refuse = refuse_topic

/* The annotated file says the same as the help texts at more length. */
static const kh_schema_key topic_keys[] = {
    {"events", KH_SCHEMA_PAIRS, .required = true, COUNTED(kh_topic_section, events, event_count), .least = 1,
     .most = 64, .refuse = refuse_topic, .refuse_key = refuse_participant_key,
     .help = "the source topic of each participant, as JP: jp.label-events"},
    {"status", KH_SCHEMA_TEXT, AT(kh_topic_section, status), TOPIC, .fallback = "recognition.status",
     .help = "statuses for the agencies"},
    {"public", KH_SCHEMA_TEXT, AT(kh_topic_section, public_status), TOPIC, .fallback = "recognition.public",
     .help = "statuses for the public"},
    {"obligations", KH_SCHEMA_TEXT, AT(kh_topic_section, obligations), TOPIC, .fallback = "recognition.obligations",
     .help = "what the participants owe each other"},
    {"dead_letters", KH_SCHEMA_TEXT, AT(kh_topic_section, dead_letters), TOPIC, .fallback = "recognition.dead-letters",
     .help = "records that were refused"},
    {"partitions", KH_SCHEMA_NUMBER, AT(kh_topic_section, partitions), .least = 1, .most = 10000, .fallback = "12",
     .help = "partitions of every topic, when topics are created"},
    {"replication_factor", KH_SCHEMA_NUMBER, AT(kh_topic_section, replication_factor), .least = -1, .most = 100,
     .fallback = "-1", .help = "copies of every topic, when topics are created; -1 is the broker's own default"},
    {.name = NULL},
};

static void check_topics(const kh_schema_at *at, void *record)
{
    const kh_topic_section *topics = record;
    const struct {
        const char *key;
        kh_text name;
    } results[] = {
        {"status", topics->status},
        {"public", topics->public_status},
        {"obligations", topics->obligations},
        {"dead_letters", topics->dead_letters},
    };
    const size_t result_count = sizeof(results) / sizeof(results[0]);
    for (size_t i = 0; i < result_count; i++) {
        for (size_t j = 0; j < i; j++) {
            if (kh_text_equal(results[i].name, results[j].name)) {
                kh_schema_problem(at, results[i].key, "is the topic of %s too; each needs its own", results[j].key);
            }
        }
    }
    for (uint32_t i = 0; i < topics->event_count; i++) {
        kh_text name = topics->events[i].value;
        for (size_t j = 0; j < result_count; j++) {
            if (name.length != 0 && kh_text_equal(name, results[j].name)) {
                kh_schema_problem(at, "events", "%.*s has the topic of %s; each needs its own",
                                  KH_TEXT_ARGS(topics->events[i].key), results[j].key);
            }
        }
        for (uint32_t j = 0; j < i; j++) {
            if (name.length != 0 && kh_text_equal(name, topics->events[j].value)) {
                kh_schema_problem(
                    at, "events",
                    "%.*s has the topic of %.*s; each participant needs its own, since the topic tells who speaks",
                    KH_TEXT_ARGS(topics->events[i].key), KH_TEXT_ARGS(topics->events[j].key));
            }
        }
    }
}

static const kh_schema topic_schema = {.keys = topic_keys, .check = check_topics};

static const kh_schema_key kafka_keys[] = {
    {"brokers", KH_SCHEMA_TEXT, AT(kh_kafka_section, brokers), .least = 1, .most = 4096,
     .help = "where to begin, as host:port,host:port"},
    {"group", KH_SCHEMA_TEXT, AT(kh_kafka_section, group), .least = 1, .most = 249, .refuse = refuse_topic,
     .fallback = "kakehashi", .help = "the consumer group; all workers of a deployment share it"},
    {"topics", KH_SCHEMA_MAP, .required = true, AT(kh_kafka_section, topics), .inside = &topic_schema,
     .help = "names and sizes of the topics"},
    {"session_timeout_ms", KH_SCHEMA_NUMBER, AT(kh_kafka_section, session_timeout_ms), .least = 500, .most = 1800000,
     .fallback = "10000", .help = "after so long without a sign of life a worker's lanes go to the others"},
    {"heartbeat_interval_ms", KH_SCHEMA_NUMBER, AT(kh_kafka_section, heartbeat_interval_ms), .least = 50,
     .most = 600000, .fallback = "500",
     .help = "how often a sign of life is given; also how soon lanes are dealt out anew"},
    {"transaction_timeout_ms", KH_SCHEMA_NUMBER, AT(kh_kafka_section, transaction_timeout_ms), .least = 1000,
     .most = 900000, .fallback = "15000", .help = "how long the broker lets a transaction stay open"},
    {"answer_timeout_ms", KH_SCHEMA_NUMBER, AT(kh_kafka_section, answer_timeout_ms), .least = 1000, .most = 3600000,
     .fallback = "60000", .help = "how long a command for people waits for the broker's answer"},
    {"max_record_bytes", KH_SCHEMA_NUMBER, AT(kh_kafka_section, max_record_bytes), .least = 1024, .most = 16777216,
     .fallback = "262144", .help = "the largest event that is taken; a larger one becomes a dead letter"},
    {"librdkafka", KH_SCHEMA_PAIRS, COUNTED(kh_kafka_section, librdkafka, librdkafka_count), .least = 0, .most = 128,
     .refuse_key = refuse_librdkafka_key, .is_secret = is_librdkafka_secret,
     .help = "passed on to librdkafka as it is"},
    {.name = NULL},
};

static void check_kafka(const kh_schema_at *at, void *record)
{
    const kh_kafka_section *kafka = record;
    if (kafka->heartbeat_interval_ms > kafka->session_timeout_ms / 3) {
        kh_schema_problem(
            at, "heartbeat_interval_ms",
            "%u is more than a third of session_timeout_ms (%u); one late sign of life would lose the lanes",
            (unsigned)kafka->heartbeat_interval_ms, (unsigned)kafka->session_timeout_ms);
    }
}

static const kh_schema kafka_schema = {.keys = kafka_keys, .check = check_kafka};

static const kh_schema_key database_keys[] = {
    {"connection", KH_SCHEMA_TEXT, AT(kh_database_section, connection), .least = 1, .most = 4096,
     .refuse = refuse_connection, .hidden = true, .help = "a libpq connection string or URI, without a password"},
    {"password", KH_SCHEMA_SECRET, AT(kh_database_section, password), .help = "the password of the database role"},
    {"schema", KH_SCHEMA_TEXT, AT(kh_database_section, schema), .least = 1, .most = 63,
     .refuse = refuse_database_schema, .fallback = "kakehashi", .help = "the schema that holds the tables"},
    {"connect_timeout_ms", KH_SCHEMA_NUMBER, AT(kh_database_section, connect_timeout_ms), .least = 2000, .most = 600000,
     .fallback = "5000", .help = "how long one attempt to connect may take"},
    {"statement_timeout_ms", KH_SCHEMA_NUMBER, AT(kh_database_section, statement_timeout_ms), .least = 100,
     .most = 3600000, .fallback = "30000", .help = "how long one statement may take"},
    {"idle_in_transaction_timeout_ms", KH_SCHEMA_NUMBER, AT(kh_database_section, idle_in_transaction_timeout_ms),
     .least = 100, .most = 3600000, .fallback = "10000",
     .help = "how long the server keeps a transaction in which nothing happens"},
    {.name = NULL},
};

static const kh_schema database_schema = {.keys = database_keys};

static const kh_schema_key batch_keys[] = {
    {"max_records", KH_SCHEMA_NUMBER, AT(kh_batch_section, max_records), .least = 1, .most = 100000, .fallback = "4000",
     .help = "records in one batch, over all lanes"},
    {"max_wait_ms", KH_SCHEMA_NUMBER, AT(kh_batch_section, max_wait_ms), .least = 0, .most = 60000, .fallback = "50",
     .help = "longest wait before a batch that is not full is decided"},
    {"in_flight", KH_SCHEMA_NUMBER, AT(kh_batch_section, in_flight), .least = 1, .most = 8, .fallback = "2",
     .help = "batches that are decided but not yet published"},
    {"threads", KH_SCHEMA_NUMBER, AT(kh_batch_section, threads), .least = 1, .most = 8, .fallback = "2",
     .help = "threads that decide, each with some of the lanes and a database connection of its own"},
    {.name = NULL},
};

static const kh_schema batch_schema = {.keys = batch_keys};

static const kh_schema_key log_keys[] = {
    {"level", KH_SCHEMA_CHOICE, AT(kh_log_section, level), .choices = log_levels, .fallback = "info",
     .help = "the least weighty events that are logged"},
    {"format", KH_SCHEMA_CHOICE, AT(kh_log_section, format), .choices = log_formats, .fallback = "text",
     .help = "text for people, json for collectors"},
    {.name = NULL},
};

static const kh_schema log_schema = {.keys = log_keys};

static const kh_schema_key http_keys[] = {
    {"listen", KH_SCHEMA_TEXT, AT(kh_http_section, listen), .least = 1, .most = 64, .refuse = refuse_listen,
     .help = "where metrics and health are served, as 127.0.0.1:9464; without it nowhere"},
    {.name = NULL},
};

static const kh_schema http_schema = {.keys = http_keys};

static const kh_schema_key settings_keys[] = {
    {"deployment", KH_SCHEMA_TEXT, .required = true, AT(kh_settings, deployment), .least = 1, .most = 64,
     .refuse = kh_refuse_id,
     .help = "a name that no other deployment has; it keeps two of them from sharing one database or one group"},
    {"clock", KH_SCHEMA_CHOICE, AT(kh_settings, clock), .choices = clocks, .fallback = "wall",
     .help = "what moves time: wall for production, records for samples and tests"},
    {"rules", KH_SCHEMA_TEXTS, .required = true, COUNTED(kh_settings, rules, rule_count), .least = 1, .most = 64,
     .help = "rule pack files"},
    {"policies", KH_SCHEMA_TEXTS, .required = true, COUNTED(kh_settings, policies, policy_count), .least = 1,
     .most = 64, .help = "policy files"},
    {"calendars", KH_SCHEMA_TEXTS, .required = true, COUNTED(kh_settings, calendars, calendar_count), .least = 1,
     .most = 64, .help = "calendar files"},
    {"kafka", KH_SCHEMA_MAP, .required = true, AT(kh_settings, kafka), .inside = &kafka_schema,
     .help = "the broker and its topics"},
    {"database", KH_SCHEMA_MAP, AT(kh_settings, database), .inside = &database_schema, .help = "PostgreSQL"},
    {"batch", KH_SCHEMA_MAP, AT(kh_settings, batch), .inside = &batch_schema, .help = "how records are taken together"},
    {"log", KH_SCHEMA_MAP, AT(kh_settings, log), .inside = &log_schema, .help = "what the worker says"},
    {"http", KH_SCHEMA_MAP, AT(kh_settings, http), .inside = &http_schema, .help = "what a worker shows of itself"},
    {.name = NULL},
};

const kh_schema kh_settings_schema = {.keys = settings_keys};
