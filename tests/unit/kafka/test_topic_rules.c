/* How topics are made, and what is said of those that exist. */
#include "support/kh_test.h"

#include <string.h>

#include "kafka/topic_rules.h"

static const char *value_of(kh_topic_kind kind, kh_topic_clock clock, const char *name)
{
    static kh_topic_rule rules[KH_TOPIC_RULES_MOST];
    size_t count = kh_topic_rules(kind, clock, 4194304, rules);
    for (size_t i = 0; i < count; i++) {
        if (strcmp(rules[i].name, name) == 0) {
            return rules[i].value;
        }
    }
    return "absent";
}

static void topics_are_made_for_what_they_hold(void **state)
{
    (void)state;
    const kh_topic_clock wall = KH_TOPIC_CLOCK_WALL;
    const kh_topic_clock records = KH_TOPIC_CLOCK_RECORDS;
    assert_string_equal(value_of(KH_TOPIC_SOURCE, wall, "cleanup.policy"), "delete");
    assert_string_equal(value_of(KH_TOPIC_SOURCE, wall, "retention.ms"), "-1");
    assert_string_equal(value_of(KH_TOPIC_SOURCE, wall, "retention.bytes"), "-1");
    assert_string_equal(value_of(KH_TOPIC_SOURCE, wall, "message.timestamp.type"), "LogAppendTime");
    assert_string_equal(value_of(KH_TOPIC_SOURCE, wall, "message.timestamp.after.max.ms"), "absent");
    assert_string_equal(value_of(KH_TOPIC_SOURCE, records, "message.timestamp.type"), "CreateTime");
    assert_string_equal(value_of(KH_TOPIC_RESULT, records, "message.timestamp.type"), "LogAppendTime");
    assert_string_equal(value_of(KH_TOPIC_DEAD_LETTER, records, "message.timestamp.type"), "LogAppendTime");
    assert_string_equal(value_of(KH_TOPIC_SOURCE, records, "message.timestamp.after.max.ms"), "9223372036854775807");
    assert_string_equal(value_of(KH_TOPIC_RESULT, wall, "cleanup.policy"), "compact");
    assert_string_equal(value_of(KH_TOPIC_RESULT, wall, "min.compaction.lag.ms"), "604800000");
    assert_string_equal(value_of(KH_TOPIC_RESULT, wall, "max.message.bytes"), "4194304");
    assert_string_equal(value_of(KH_TOPIC_DEAD_LETTER, wall, "cleanup.policy"), "delete");
    assert_string_equal(value_of(KH_TOPIC_DEAD_LETTER, wall, "retention.ms"), "31536000000");
}

static void existing_values_are_judged(void **state)
{
    (void)state;
    static const struct {
        const char *expected; /* NULL: nothing to say */
        bool bad;
        kh_topic_rule rule;
        const char *value;
    } ROWS[] = {
        {NULL, false, {"c", "delete", KH_TOPIC_RULE_MUST_EQUAL, "why"}, "delete"},
        {"c is compact, must be delete: why", true, {"c", "delete", KH_TOPIC_RULE_MUST_EQUAL, "why"}, "compact"},
        {"c is compact,delete, must be delete",
         true,
         {"c", "delete", KH_TOPIC_RULE_MUST_EQUAL, "why"},
         "compact,delete"},
        {"r is 5, should be -1: why", false, {"r", "-1", KH_TOPIC_RULE_SHOULD_EQUAL, "why"}, "5"},
        {NULL, false, {"m", "100", KH_TOPIC_RULE_MUST_REACH, "why"}, "100"},
        {NULL, false, {"m", "100", KH_TOPIC_RULE_MUST_REACH, "why"}, "-1"},
        {"m is 99, must be at least 100", true, {"m", "100", KH_TOPIC_RULE_MUST_REACH, "why"}, "99"},
        {"m is 9, should be at least 100", false, {"m", "100", KH_TOPIC_RULE_SHOULD_REACH, "why"}, "9"},
        {"the broker does not tell c; it must be delete",
         false,
         {"c", "delete", KH_TOPIC_RULE_MUST_EQUAL, "why"},
         NULL},
    };
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        char text[256] = "";
        bool bad = !ROWS[i].bad;
        bool said = kh_topic_rule_find(&ROWS[i].rule, ROWS[i].value, &bad, text, sizeof text);
        assert_int_equal(said, ROWS[i].expected != NULL);
        if (said) {
            assert_int_equal(bad, ROWS[i].bad);
            assert_memory_equal(text, ROWS[i].expected, strlen(ROWS[i].expected));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(topics_are_made_for_what_they_hold),
        cmocka_unit_test(existing_values_are_judged),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
