/* The settings file: what a worker is told about its surroundings. Annotated with every default: config/kakehashi.yaml.
 */
#ifndef KH_CONFIG_SETTINGS_H
#define KH_CONFIG_SETTINGS_H

#include "config/schema_walk.h"

typedef enum kh_clock_source {
    KH_CLOCK_WALL = 1,   /*!< a lane's clock never passes the database server's time */
    KH_CLOCK_RECORDS = 2 /*!< the records' timestamps are trusted and nothing else moves it: samples, tests, replay */
} kh_clock_source;

typedef enum kh_log_level { KH_LOG_ERROR = 1, KH_LOG_WARNING = 2, KH_LOG_INFO = 3, KH_LOG_DEBUG = 4 } kh_log_level;
typedef enum kh_log_format { KH_LOG_TEXT = 1, KH_LOG_JSON = 2 } kh_log_format;

typedef struct kh_topic_section {
    const kh_pair *events; /*!< participant -> source topic; plain values */
    uint32_t event_count;
    kh_text status;
    kh_text public_status;
    kh_text obligations;
    kh_text dead_letters;
    uint32_t partitions;        /*!< of each topic, when topics are created */
    int32_t replication_factor; /*!< when topics are created; -1: the broker's own default */
} kh_topic_section;

typedef struct kh_kafka_section {
    kh_text brokers; /*!< empty: not set */
    kh_text group;
    kh_topic_section topics;
    uint32_t session_timeout_ms;
    uint32_t heartbeat_interval_ms;
    uint32_t transaction_timeout_ms;
    uint32_t answer_timeout_ms; /*!< of commands for people */
    uint32_t max_record_bytes;
    const kh_pair *librdkafka; /*!< passed on as they are; the value of one from a secret is `secret.value` */
    uint32_t librdkafka_count;
} kh_kafka_section;

typedef struct kh_database_section {
    kh_text connection; /*!< libpq's, without a password; empty: not set */
    kh_secret password;
    kh_text schema;
    uint32_t connect_timeout_ms;
    uint32_t statement_timeout_ms;
    uint32_t idle_in_transaction_timeout_ms;
} kh_database_section;

typedef struct kh_batch_section {
    uint32_t max_records;
    uint32_t max_wait_ms;
    uint32_t in_flight; /*!< batches decided but not yet published */
    uint32_t threads;   /*!< that decide, each with some of the lanes and a database connection of its own */
} kh_batch_section;

typedef struct kh_log_section {
    kh_log_level level;
    kh_log_format format;
} kh_log_section;

typedef struct kh_http_section {
    kh_text listen; /*!< "127.0.0.1:9464"; empty: no server */
} kh_http_section;

/*! Immutable once read (secrets apart). Texts have a NUL behind them. File paths are as they can be opened: those of
 * the settings file are relative to its folder, those of overrides to the working directory. */
typedef struct kh_settings {
    const char *path; /*!< of the settings file, as given */
    kh_text deployment;
    kh_clock_source clock;
    const kh_text *rules;
    uint32_t rule_count;
    const kh_text *policies;
    uint32_t policy_count;
    const kh_text *calendars;
    uint32_t calendar_count;
    kh_kafka_section kafka;
    kh_database_section database;
    kh_batch_section batch;
    kh_log_section log;
    kh_http_section http;
} kh_settings;

extern const kh_schema kh_settings_schema;

/*! Reads the file and puts the overrides over it ("kafka.brokers=localhost:9092"; kh_schema_override), which are
 * checked alike. \param path       must outlive \a out and \a problems, as must the overrides. \param out        in the
 * arena of \a problems; usable only with KH_OK. \retval KH_OK; KH_E_CONFIGURATION, all that is wrong is in \a problems;
 * KH_E_MEMORY. */
KH_MUSTCHECK kh_rc kh_settings_read(const char *path, const char *const *overrides, uint32_t override_count,
                                    kh_problems *problems, kh_settings *out);

/*! What a command needs beyond what every command needs. */
typedef enum kh_settings_need { KH_NEEDS_BROKER = 1, KH_NEEDS_DATABASE = 2 } kh_settings_need;

/*! Checks that what is needed is set, and fetches the secrets that go with it from environment and files.
 *  \param needs  KH_NEEDS_ values, added up.
 *  \retval as kh_settings_read; the secrets' values are in the arena with KH_OK. */
KH_MUSTCHECK kh_rc kh_settings_require(kh_settings *settings, unsigned needs, kh_problems *problems);

/*! The effective settings as YAML, defaults included; secrets as the place where they are kept, never their value.
 *  \retval as kh_schema_print. */
KH_MUSTCHECK kh_rc kh_settings_print(const kh_settings *settings, FILE *out);

/*! The value of an entry of `kafka.librdkafka`, plain or secret. */
static inline kh_text kh_pair_value(const kh_pair *pair)
{
    return pair->secret.source == KH_SECRET_NONE ? pair->value : pair->secret.value;
}

#endif
