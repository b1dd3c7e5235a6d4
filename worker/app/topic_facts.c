#include "app/topic_facts.h"

#include "kafka/scan.h"

typedef struct reading {
    kh_fact_fold fold;
    int32_t lane;
} reading;

static kh_rc take(void *self, const kh_record *record)
{
    reading *of = self;
    return kh_fact_fold_take(&of->fold, record, of->lane);
}

static kh_rc read_lane(kh_topic_facts *facts, reading *of)
{
    static kh_reach_log log;
    kh_kafka_settings kafka;
    kh_kafka_error error = {.rc = KH_OK};
    const kh_topic_section *topics = &facts->settings->kafka.topics;
    const char **names = kh_arena_allocate_array(of->fold.arena, topics->event_count, sizeof *names);
    kh_rc rc = names == NULL ? KH_E_MEMORY : kh_reach_kafka(facts->settings, of->fold.arena, &log, &kafka);
    if (rc != KH_OK) {
        return rc;
    }
    for (uint32_t i = 0; i < topics->event_count; i++) {
        names[i] = topics->events[i].value.data; /* a NUL is behind it */
    }
    uint32_t most = facts->settings->kafka.answer_timeout_ms;
    kh_waiting *waiting = kh_reach_wait(facts->settings, most, &log);
    rc = kh_scan_lane(&kafka, names, topics->event_count, of->lane, (int)most, take, of, &error);
    kh_waiting_end(waiting);
    if (rc != KH_OK && rc != KH_E_MEMORY) {
        (void)kh_reach_kafka_failed(facts->settings, &log, &error, facts->problems, rc);
    }
    return rc;
}

static kh_rc read_subject(void *self, kh_text subject, kh_arena *arena, kh_facts *out)
{
    kh_topic_facts *facts = self;
    reading of = {.fold = {.rules = facts->rules, .subject = subject, .known_at = facts->known_at, .arena = arena},
                  .lane = kh_partition_of_key(subject, facts->lane_count)};
    kh_rc rc = read_lane(facts, &of);
    if (rc == KH_OK) {
        facts->refused += of.fold.refused;
        *out = of.fold.facts;
    }
    return rc;
}

kh_fact_source kh_topic_facts_source(kh_topic_facts *facts)
{
    return (kh_fact_source){read_subject, facts};
}
