#include "app/sending.h"

#include <stdlib.h>

#include "app/event_rules.h"
#include "app/heap.h"
#include "codec/event_line.h"
#include "kafka/sender.h"

struct kh_sending {
    kh_sending_settings of;
    kh_problems *problems;
    kh_event_rules rules;
    kh_kafka_settings kafka;
    kh_reach_log log;
    kh_sender *sender;
    int32_t partitions; /* of each source topic */
    uint64_t *counts;   /* of each source topic */
    bool *uses;         /* for each source topic: some line is for it */
    kh_arena arena;     /* as long as the sending */
    kh_arena line;
};

kh_rc kh_sending_new(const kh_sending_settings *settings, kh_problems *problems, kh_sending **out)
{
    kh_sending *sending = calloc(1, sizeof *sending);
    if (sending == NULL) {
        return KH_E_MEMORY;
    }
    sending->of = *settings;
    sending->problems = problems;
    kh_arena_init(&sending->arena, 16384, kh_heap());
    kh_arena_init(&sending->line, 65536, kh_heap());
    kh_rc rc = kh_event_rules_init(settings->settings, settings->book, &sending->arena, &sending->rules);
    if (rc == KH_OK) {
        rc = kh_reach_kafka(settings->settings, &sending->arena, &sending->log, &sending->kafka);
    }
    if (rc == KH_OK) {
        sending->counts = kh_arena_allocate_array(&sending->arena, sending->rules.owner_count, sizeof(uint64_t));
        sending->uses = kh_arena_allocate_array(&sending->arena, sending->rules.owner_count, sizeof(bool));
        rc = sending->counts == NULL || sending->uses == NULL ? KH_E_MEMORY : KH_OK;
    }
    if (rc != KH_OK) {
        kh_sending_free(sending);
        return rc;
    }
    *out = sending;
    return KH_OK;
}

void kh_sending_free(kh_sending *sending)
{
    if (sending != NULL) {
        kh_sender_free(sending->sender);
        kh_arena_deinit(&sending->line);
        kh_arena_deinit(&sending->arena);
        free(sending);
    }
}

static bool find_topic(const kh_sending *sending, kh_text topic, size_t *out)
{
    for (uint32_t i = 0; i < sending->rules.owner_count; i++) {
        if (kh_text_equal(sending->rules.owners[i].topic, topic)) {
            *out = i;
            return true;
        }
    }
    return false;
}

/* Reads and checks a line; what is refused has been told. */
static kh_rc read_line(kh_sending *sending, kh_text line, uint64_t number, kh_record *record, size_t *topic)
{
    bool has_timestamp = false;
    kh_refusal refusal = {.code = KH_REFUSAL_NONE};
    kh_arena_reset(&sending->line);
    kh_rc rc = kh_event_line_read(line, sending->rules.max_bytes, &sending->line, record, &has_timestamp, &refusal);
    if (rc == KH_OK && !sending->of.unchecked) {
        kh_event event;
        rc = kh_event_read(&sending->rules, record, -1, &sending->line, &event, &refusal);
    }
    if (rc == KH_OK && !find_topic(sending, record->topic, topic)) {
        rc = KH_E_REFUSED;
        refusal = (kh_refusal){KH_REFUSAL_UNKNOWN_TOPIC,
                               kh_arena_print(&sending->line, "topic: \"%.*s\" is no source topic of the settings",
                                              KH_TEXT_ARGS(record->topic))};
    }
    if (rc == KH_E_REFUSED) {
        sending->of.refused(sending->of.self, number, &refusal);
    }
    return rc;
}

kh_rc kh_sending_check(kh_sending *sending, kh_text line, uint64_t number)
{
    kh_record record;
    size_t topic = 0;
    kh_rc rc = read_line(sending, line, number, &record, &topic);
    if (rc == KH_OK) {
        sending->uses[topic] = true;
    }
    return rc;
}

static void tell_failed(void *self, uint64_t line, const kh_kafka_error *error)
{
    kh_sending *sending = self;
    sending->of.not_delivered(sending->of.self, line, error->text);
}

static kh_rc failed(kh_sending *sending, const kh_kafka_error *error, kh_rc rc)
{
    return rc == KH_E_MEMORY ? rc
                             : kh_reach_kafka_failed(sending->of.settings, &sending->log, error, sending->problems, rc);
}

/* The topics that are sent to are there, with the same number of partitions. Of the others this user need not know. */
static kh_rc check_partitions(kh_sending *sending, const char *const *names, const int32_t *counts)
{
    static const kh_place place = {"kafka", 0, 0};
    kh_rc rc = KH_OK;
    const char *first = NULL;
    for (uint32_t i = 0; i < sending->rules.owner_count; i++) {
        if (!sending->uses[i]) {
            continue;
        }
        if (counts[i] == KH_TOPIC_HIDDEN) {
            kh_problems_add(sending->problems, place, KH_TEXT(""),
                            "topic %s: the broker keeps it from this user: only its participant may write to it",
                            names[i]);
            rc = rc == KH_OK ? KH_E_REFUSED : rc;
        } else if (counts[i] == 0) {
            kh_problems_add(sending->problems, place, KH_TEXT(""),
                            "topic %s does not exist: `kakehashi topics create` makes it", names[i]);
            rc = KH_E_CONFIGURATION;
        } else if (first == NULL) {
            first = names[i];
            sending->partitions = counts[i];
        } else if (counts[i] != sending->partitions) {
            kh_problems_add(sending->problems, place, KH_TEXT(""),
                            "topic %s has %d partitions, %s has %d: all must have the same number", names[i],
                            (int)counts[i], first, (int)sending->partitions);
            rc = KH_E_CONFIGURATION;
        }
    }
    return rc;
}

kh_rc kh_sending_connect(kh_sending *sending)
{
    uint32_t count = sending->rules.owner_count;
    kh_kafka_error error = {.rc = KH_OK};
    const char **names = kh_arena_allocate_array(&sending->arena, count, sizeof *names);
    int32_t *counts = kh_arena_allocate_array(&sending->arena, count, sizeof *counts);
    if (names == NULL || counts == NULL) {
        return KH_E_MEMORY;
    }
    for (uint32_t i = 0; i < count; i++) {
        names[i] = sending->rules.owners[i].topic.data;
    }
    uint32_t most = sending->of.settings->kafka.answer_timeout_ms;
    kh_waiting *waiting = kh_reach_wait(sending->of.settings, most, &sending->log);
    kh_rc rc = kh_topics_inspect(&sending->kafka, names, count, (int)most, counts, &error);
    kh_waiting_end(waiting);
    if (rc != KH_OK) {
        return failed(sending, &error, rc);
    }
    rc = check_partitions(sending, names, counts);
    if (rc != KH_OK) {
        return rc;
    }
    rc = kh_sender_new(&sending->kafka, names, count, tell_failed, sending, &sending->sender, &error);
    return rc == KH_OK ? KH_OK : failed(sending, &error, rc);
}

kh_rc kh_sending_send(kh_sending *sending, kh_text line, uint64_t number)
{
    kh_record record;
    size_t topic = 0;
    kh_kafka_error error = {.rc = KH_OK};
    kh_rc rc = read_line(sending, line, number, &record, &topic);
    if (rc != KH_OK) {
        return rc;
    }
    kh_message message = {
        .topic = topic,
        .partition = record.has_key ? kh_partition_of_key(record.key, sending->partitions) : KH_PARTITION_BY_KEY,
        .has_key = record.has_key,
        .has_value = record.has_value,
        .key = record.key,
        .value = record.value,
        .timestamp = record.timestamp,
    };
    rc = kh_sender_send(sending->sender, &message, number, &error);
    if (rc == KH_OK) {
        sending->counts[topic]++;
    } else {
        rc = failed(sending, &error, rc == KH_E_REFUSED ? KH_E_LOST : rc);
    }
    return rc;
}

kh_rc kh_sending_wait(kh_sending *sending, int timeout_ms)
{
    kh_kafka_error error = {.rc = KH_OK};
    kh_rc rc = kh_sender_flush(sending->sender, timeout_ms, &error);
    if (rc == KH_OK || rc == KH_E_TIMEOUT || rc == KH_E_MEMORY) {
        return rc;
    }
    return failed(sending, &error, KH_E_LOST);
}

uint64_t kh_sending_count(const kh_sending *sending, uint32_t topic)
{
    return sending->counts[topic];
}
