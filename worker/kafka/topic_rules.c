#include "kafka/topic_rules.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WEEK_MS  "604800000"
#define YEAR_MS  "31536000000"
#define FOR_EVER "9223372036854775807"

static void add(kh_topic_rule *rules, size_t *count, const char *name, const char *value, kh_topic_rule_check check,
                const char *why)
{
    kh_topic_rule *rule = &rules[(*count)++];
    rule->name = name;
    rule->check = check;
    rule->why = why;
    snprintf(rule->value, sizeof rule->value, "%s", value);
}

/* A worker whose clock is ahead could not publish at all, and one whose clock is behind would hide what it published
 * from the search for marks by time. */
static void add_result_time(kh_topic_rule *rules, size_t *count)
{
    add(rules, count, "message.timestamp.type", "LogAppendTime", KH_TOPIC_RULE_SHOULD_EQUAL,
        "a result's time is to be the broker's, whatever a worker's clock says");
}

size_t kh_topic_rules(kh_topic_kind kind, kh_topic_clock clock, int32_t max_record_bytes, kh_topic_rule *out)
{
    size_t count = 0;
    char bytes[16];
    snprintf(bytes, sizeof bytes, "%d", (int)max_record_bytes);
    switch (kind) {
    case KH_TOPIC_SOURCE:
        add(out, &count, "cleanup.policy", "delete", KH_TOPIC_RULE_MUST_EQUAL,
            "each event counts, not only a key's last");
        add(out, &count, "message.timestamp.type", clock == KH_TOPIC_CLOCK_WALL ? "LogAppendTime" : "CreateTime",
            KH_TOPIC_RULE_MUST_EQUAL,
            clock == KH_TOPIC_CLOCK_WALL ? "with `clock: wall` the broker's time is a record's time"
                                         : "with `clock: records` the sender's time is a record's time");
        add(out, &count, "retention.ms", "-1", KH_TOPIC_RULE_SHOULD_EQUAL, "a replay needs every event");
        add(out, &count, "retention.bytes", "-1", KH_TOPIC_RULE_SHOULD_EQUAL, "a replay needs every event");
        if (clock == KH_TOPIC_CLOCK_RECORDS) {
            add(out, &count, "message.timestamp.after.max.ms", FOR_EVER, KH_TOPIC_RULE_SHOULD_REACH,
                "records of a later time than the broker's are refused");
        }
        break;
    case KH_TOPIC_RESULT:
        add(out, &count, "cleanup.policy", "compact", KH_TOPIC_RULE_MUST_EQUAL,
            "a new reader needs each key's last result");
        add(out, &count, "min.compaction.lag.ms", WEEK_MS, KH_TOPIC_RULE_SHOULD_REACH,
            "readers count on seeing every result for a week");
        add_result_time(out, &count);
        add(out, &count, "max.message.bytes", bytes, KH_TOPIC_RULE_MUST_REACH,
            "the worker may publish records of that size");
        break;
    case KH_TOPIC_DEAD_LETTER:
        add(out, &count, "cleanup.policy", "delete", KH_TOPIC_RULE_MUST_EQUAL,
            "each refused record counts, not only a key's last");
        add(out, &count, "retention.ms", YEAR_MS, KH_TOPIC_RULE_SHOULD_REACH,
            "dead letters are to be read within a year");
        add_result_time(out, &count);
        add(out, &count, "max.message.bytes", bytes, KH_TOPIC_RULE_MUST_REACH,
            "the worker may publish records of that size");
        break;
    }
    return count;
}

static bool holds(const kh_topic_rule *rule, const char *value)
{
    bool number = rule->check == KH_TOPIC_RULE_MUST_REACH || rule->check == KH_TOPIC_RULE_SHOULD_REACH;
    if (!number) {
        return strcmp(value, rule->value) == 0;
    }
    long long have = strtoll(value, NULL, 10);
    /* Kafka's -1: without bound. */
    return have == -1 || have >= strtoll(rule->value, NULL, 10);
}

bool kh_topic_rule_find(const kh_topic_rule *rule, const char *value, bool *bad, char *text, size_t size)
{
    bool must = rule->check == KH_TOPIC_RULE_MUST_EQUAL || rule->check == KH_TOPIC_RULE_MUST_REACH;
    bool number = rule->check == KH_TOPIC_RULE_MUST_REACH || rule->check == KH_TOPIC_RULE_SHOULD_REACH;
    if (value == NULL) {
        *bad = false;
        snprintf(text, size, "the broker does not tell %s; it must be %s%s", rule->name, number ? "at least " : "",
                 rule->value);
        return true;
    }
    if (holds(rule, value)) {
        return false;
    }
    *bad = must;
    snprintf(text, size, "%s is %s, %s be %s%s: %s (kafka-configs --alter, or another topic)", rule->name, value,
             must ? "must" : "should", number ? "at least " : "", rule->value, rule->why);
    return true;
}
