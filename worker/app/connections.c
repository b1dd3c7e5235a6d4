#include "app/connections.h"

#include "app/log.h"

static void log_kafka(void *self, kh_kafka_log_level level, kh_text text)
{
    static const kh_log_level levels[] = {KH_LOG_ERROR, KH_LOG_WARNING, KH_LOG_DEBUG, KH_LOG_DEBUG};
    (void)self;
    kh_log(levels[level], "kafka", "%.*s", KH_TEXT_ARGS(text));
}

kh_rc kh_connect_kafka(const kh_settings *settings, kh_arena *arena, kh_kafka_settings *out)
{
    const kh_kafka_section *kafka = &settings->kafka;
    kh_kafka_property *properties = kh_arena_allocate_array(arena, kafka->librdkafka_count, sizeof *properties);
    if (properties == NULL) {
        return KH_E_MEMORY;
    }
    for (uint32_t i = 0; i < kafka->librdkafka_count; i++) {
        const kh_pair *pair = &kafka->librdkafka[i];
        properties[i] = (kh_kafka_property){.name = pair->key.data, .value = kh_pair_value(pair).data};
    }
    *out = (kh_kafka_settings){
        .brokers = kafka->brokers.data,
        .group = kafka->group.data,
        .session_timeout_ms = (int32_t)kafka->session_timeout_ms,
        .heartbeat_interval_ms = (int32_t)kafka->heartbeat_interval_ms,
        .transaction_timeout_ms = (int32_t)kafka->transaction_timeout_ms,
        .properties = properties,
        .property_count = kafka->librdkafka_count,
        .log = log_kafka,
    };
    return KH_OK;
}

void kh_connect_database(const kh_settings *settings, const char *application_name, kh_database_settings *out)
{
    const kh_database_section *database = &settings->database;
    *out = (kh_database_settings){
        .connection = database->connection.data,
        .password = database->password.source == KH_SECRET_NONE ? NULL : database->password.value.data,
        .schema = database->schema.data,
        .application_name = application_name,
        .connect_timeout_seconds = (database->connect_timeout_ms + 999) / 1000,
        .statement_timeout_ms = database->statement_timeout_ms,
        .idle_timeout_ms = database->idle_in_transaction_timeout_ms,
    };
}

kh_rc kh_connect_topics(const kh_settings *settings, int32_t partitions, kh_arena *arena, kh_topics_wish *out)
{
    const kh_topic_section *of = &settings->kafka.topics;
    kh_topic_wish *topics = kh_arena_allocate_array(arena, of->event_count + 4, sizeof *topics);
    if (topics == NULL) {
        return KH_E_MEMORY;
    }
    size_t count = 0;
    for (uint32_t i = 0; i < of->event_count; i++) {
        topics[count++] = (kh_topic_wish){of->events[i].value.data, KH_TOPIC_SOURCE};
    }
    topics[count++] = (kh_topic_wish){of->status.data, KH_TOPIC_RESULT};
    topics[count++] = (kh_topic_wish){of->public_status.data, KH_TOPIC_RESULT};
    topics[count++] = (kh_topic_wish){of->obligations.data, KH_TOPIC_RESULT};
    topics[count++] = (kh_topic_wish){of->dead_letters.data, KH_TOPIC_DEAD_LETTER};
    *out = (kh_topics_wish){
        .topics = topics,
        .topic_count = count,
        .clock = settings->clock == KH_CLOCK_WALL ? KH_TOPIC_CLOCK_WALL : KH_TOPIC_CLOCK_RECORDS,
        .partitions = partitions,
        .replication = of->replication_factor < 0 ? 0 : (int16_t)of->replication_factor,
    };
    return KH_OK;
}
