#include "app/reach.h"

#include <pthread.h>
#include <stdio.h>

#include "postgres/schema.h"

#define SHOWN_MOST 300
/* A command makes one attempt: it waits at least so long, where a worker would try again. */
#define CONNECT_SECONDS 30

/* A setting as messages show it: one line, cut where it is very long. In the arena. */
static kh_text shown(kh_text value, kh_arena *arena)
{
    kh_text out = {NULL, 0};
    if (value.length > SHOWN_MOST) {
        value.length = SHOWN_MOST;
    }
    if (kh_arena_copy_text(arena, value, &out) == KH_OK) {
        char *data = (char *)(uintptr_t)out.data; /* our own copy */
        for (size_t i = 0; i < out.length; i++) {
            data[i] = (unsigned char)data[i] < 0x20 || data[i] == 0x7f ? ' ' : data[i];
        }
    }
    return out;
}

/* Without the place in PostgreSQL's own sources, which a refused connection names. */
static kh_text told(const char *text)
{
    const char *location = strstr(text, " LOCATION: ");
    return location == NULL ? kh_text_of(text) : (kh_text){text, (size_t)(location - text)};
}

static void add_database(const kh_settings *settings, const kh_database_error *error, kh_problems *problems)
{
    static const kh_place place = {"database", 0, 0};
    const char *mend = "";
    if (error->rc == KH_E_LOST) {
        mend = "; is the server there, and `database.connection` right?";
    } else if (error->rc == KH_E_CONFIGURATION && strcmp(error->doing, "connect") == 0) {
        mend = "; check `database.connection` and `database.password`";
    } else if (error->rc == KH_E_RETRY) {
        mend = "; try again";
    }
    kh_problems_add(problems, place, KH_TEXT(""), "%s: %.*s%s", error->doing, KH_TEXT_ARGS(told(error->text)), mend);
    if (error->rc == KH_E_LOST || mend[0] != '\0') {
        /* It holds no password: the settings refuse one there. */
        kh_problems_add(problems, place, KH_TEXT(""), "tried: \"%.*s\" (%s)",
                        KH_TEXT_ARGS(shown(settings->database.connection, problems->arena)), settings->path);
    }
}

kh_rc kh_reach_failed(const kh_settings *settings, kh_database *database, kh_problems *problems, kh_rc rc)
{
    const kh_database_error *error = kh_database_last_error(database);
    if (rc == KH_E_LOST || rc == KH_E_RETRY || rc == KH_E_CONFIGURATION || rc == KH_E_BAD_ROW || rc == KH_E_INTERNAL) {
        add_database(settings, error, problems);
    }
    return rc;
}

kh_rc kh_reach_database(const kh_settings *settings, kh_problems *problems, kh_database **out)
{
    kh_database_settings of;
    kh_database_error error = {.rc = KH_OK};
    kh_connect_database(settings, "kakehashi command", &of);
    of.connect_timeout_seconds =
        of.connect_timeout_seconds < CONNECT_SECONDS ? CONNECT_SECONDS : of.connect_timeout_seconds;
    kh_waiting *waiting =
        kh_waiting_begin(NULL, NULL, "the database, for up to %u s (%.*s)", (unsigned)of.connect_timeout_seconds,
                         SHOWN_MOST, settings->database.connection.data);
    kh_rc rc = kh_database_open(&of, out, &error);
    kh_waiting_end(waiting);
    if (rc != KH_OK && rc != KH_E_MEMORY) {
        add_database(settings, &error, problems);
    }
    return rc;
}

kh_rc kh_reach_schema(const kh_settings *settings, kh_problems *problems, kh_database **out, int *version)
{
    kh_rc rc = kh_reach_database(settings, problems, out);
    if (rc == KH_OK) {
        rc = kh_schema_check(*out, version);
        if (rc != KH_OK) {
            (void)kh_reach_failed(settings, *out, problems, rc);
            kh_database_close(*out);
            *out = NULL;
        }
    }
    return rc;
}

kh_rc kh_reach_migrate(const kh_settings *settings, const char *worker_role, kh_problems *problems, int *before,
                       int *after)
{
    kh_database *database = NULL;
    kh_rc rc = kh_reach_database(settings, problems, &database);
    if (rc == KH_OK) {
        rc = kh_schema_migrate(database, worker_role, before, after);
        if (rc != KH_OK) {
            (void)kh_reach_failed(settings, database, problems, rc);
        }
    }
    kh_database_close(database);
    return rc;
}

void kh_reach_close(kh_database *database)
{
    kh_database_close(database);
}

/* librdkafka logs from threads of its own. */
static pthread_mutex_t log_lock = PTHREAD_MUTEX_INITIALIZER;

static void keep_log(void *self, kh_kafka_log_level level, kh_text text)
{
    kh_reach_log *log = self;
    if (level > KH_KAFKA_LOG_WARNING) {
        return;
    }
    (void)pthread_mutex_lock(&log_lock);
    (void)snprintf(log->text, sizeof log->text, "%.*s", KH_TEXT_ARGS(text));
    (void)pthread_mutex_unlock(&log_lock);
}

kh_rc kh_reach_kafka(const kh_settings *settings, kh_arena *arena, kh_reach_log *log, kh_kafka_settings *out)
{
    kh_rc rc = kh_connect_kafka(settings, arena, out);
    log->text[0] = '\0';
    out->log = keep_log;
    out->self = log;
    return rc;
}

static void last_words(void *self, char *out, size_t size)
{
    const kh_reach_log *log = self;
    (void)pthread_mutex_lock(&log_lock);
    (void)snprintf(out, size, "%s", log->text);
    (void)pthread_mutex_unlock(&log_lock);
}

kh_waiting *kh_reach_wait(const kh_settings *settings, uint32_t most_ms, kh_reach_log *log)
{
    return kh_waiting_begin(last_words, log, "the broker at %.*s, for up to %u s", SHOWN_MOST,
                            settings->kafka.brokers.data, (unsigned)((most_ms + 999) / 1000));
}

kh_rc kh_reach_kafka_failed(const kh_settings *settings, kh_reach_log *log, const kh_kafka_error *error,
                            kh_problems *problems, kh_rc rc)
{
    static const kh_place place = {"kafka", 0, 0};
    kh_problems_add(problems, place, KH_TEXT(""), "%s", error->text);
    (void)pthread_mutex_lock(&log_lock);
    if (log->text[0] != '\0') {
        kh_problems_add(problems, place, KH_TEXT(""), "%s", log->text);
    }
    (void)pthread_mutex_unlock(&log_lock);
    if (rc == KH_E_LOST || rc == KH_E_TIMEOUT) {
        kh_problems_add(problems, place, KH_TEXT(""),
                        "tried: \"%.*s\" (%s); is a broker there, and `kafka.brokers` right?",
                        KH_TEXT_ARGS(shown(settings->kafka.brokers, problems->arena)), settings->path);
    }
    return rc;
}

/* Findings go to the caller; whether there was a bad one tells them from an error of the whole. */
typedef struct findings {
    kh_topics_report *report;
    void *self;
    bool bad;
} findings;

static void pass_finding(void *self, const char *topic, bool bad, const char *text)
{
    findings *of = self;
    of->bad = of->bad || bad;
    of->report(of->self, topic, bad, text);
}

kh_rc kh_reach_topics(const kh_settings *settings, bool create, kh_topics_report *report, void *self,
                      kh_problems *problems)
{
    static kh_reach_log log;
    findings of = {.report = report, .self = self};
    kh_kafka_settings kafka;
    kh_kafka_error error = {.rc = KH_OK};
    kh_topics_wish wish;
    kh_rc rc = kh_reach_kafka(settings, problems->arena, &log, &kafka);
    if (rc == KH_OK) {
        int32_t partitions = create ? (int32_t)settings->kafka.topics.partitions : 0;
        rc = kh_connect_topics(settings, partitions, problems->arena, &wish);
    }
    if (rc != KH_OK) {
        return rc;
    }
    int most = (int)settings->kafka.answer_timeout_ms;
    kh_waiting *waiting = kh_reach_wait(settings, settings->kafka.answer_timeout_ms, &log);
    rc = create ? kh_topics_create(&kafka, &wish, most, pass_finding, &of, &error)
                : kh_topics_check(&kafka, &wish, most, pass_finding, &of, &error);
    kh_waiting_end(waiting);
    if (rc != KH_OK && rc != KH_E_MEMORY && !(rc == KH_E_CONFIGURATION && of.bad)) {
        (void)kh_reach_kafka_failed(settings, &log, &error, problems, rc);
    }
    return rc;
}
