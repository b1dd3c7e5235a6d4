/* Topics made and checked on a real broker. */
#include "integration/kafka_fixture.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

typedef struct findings {
    char text[4096];
    int bad;
    int notes;
} findings;

static void collect(void *self, const char *topic, bool bad, const char *text)
{
    findings *found = self;
    size_t used = strlen(found->text);
    snprintf(found->text + used, sizeof found->text - used, "%s %s: %s\n", bad ? "bad" : "note", topic, text);
    bad ? found->bad++ : found->notes++;
}

static void named(char *out, size_t size, const char *suffix)
{
    snprintf(out, size, "topics-%d-%s", (int)getpid(), suffix);
}

static void made_once_then_only_checked(void **state)
{
    (void)state;
    kafka_fixture f;
    char source[64];
    char result[64];
    char dead[64];
    kh_kafka_error error = {0};
    kafka_fixture_init(&f, 1);
    named(source, sizeof source, "source");
    named(result, sizeof result, "result");
    named(dead, sizeof dead, "dead");
    const kh_topic_wish topics[] = {{source, KH_TOPIC_SOURCE}, {result, KH_TOPIC_RESULT}, {dead, KH_TOPIC_DEAD_LETTER}};
    kh_topics_wish wish = {topics, 3, KH_TOPIC_CLOCK_WALL, 5, 0};
    const char *names[] = {source, result, dead, "not-there"};
    int32_t partitions[4];

    findings before = {0};
    assert_rc(kh_topics_check(&f.settings, &wish, GENEROUS_MS, collect, &before, &error), KH_E_CONFIGURATION);
    assert_int_equal(before.bad, 3);
    assert_non_null(strstr(error.text, "does not exist: `kakehashi topics create` makes it"));
    assert_rc(kh_topics_inspect(&f.settings, names, 4, GENEROUS_MS, partitions, &error), KH_OK);
    assert_int_equal(partitions[0], 0);

    findings made = {0};
    assert_rc(kh_topics_create(&f.settings, &wish, GENEROUS_MS, collect, &made, &error), KH_OK);
    assert_int_equal(made.notes, 3);
    assert_non_null(strstr(made.text, "created"));
    findings again = {0};
    assert_rc(kh_topics_create(&f.settings, &wish, GENEROUS_MS, collect, &again, &error), KH_OK);
    assert_string_equal(again.text, "");
    wish.partitions = 0; /* whatever the first source has */
    assert_rc(kh_topics_check(&f.settings, &wish, GENEROUS_MS, collect, &again, &error), KH_OK);
    assert_string_equal(again.text, "");
    assert_rc(kh_topics_inspect(&f.settings, names, 4, GENEROUS_MS, partitions, &error), KH_OK);
    assert_int_equal(partitions[0], 5);
    assert_int_equal(partitions[2], 5);
    assert_int_equal(partitions[3], 0);

    /* The same topics, wanted otherwise: all of it is said, nothing is altered. */
    const kh_topic_wish other[] = {{source, KH_TOPIC_SOURCE}, {result, KH_TOPIC_DEAD_LETTER}, {dead, KH_TOPIC_RESULT}};
    kh_topics_wish wrong = {other, 3, KH_TOPIC_CLOCK_RECORDS, 6, 0};
    findings found = {0};
    assert_rc(kh_topics_create(&f.settings, &wrong, GENEROUS_MS, collect, &found, &error), KH_E_CONFIGURATION);
    assert_non_null(strstr(error.text, "has 5 partitions, must have 6"));
    assert_non_null(strstr(found.text, "message.timestamp.type is LogAppendTime, must be CreateTime"));
    assert_non_null(strstr(found.text, "cleanup.policy is compact, must be delete"));
    assert_non_null(strstr(found.text, "cleanup.policy is delete, must be compact"));
    assert_non_null(strstr(found.text, "message.timestamp.after.max.ms is 3600000, should be at least"));
    assert_int_equal(found.bad, 6);
    findings after = {0};
    assert_rc(kh_topics_check(&f.settings, &wish, GENEROUS_MS, collect, &after, &error), KH_OK);
    assert_string_equal(after.text, "");
    kafka_fixture_deinit(&f);
}

static void no_broker_is_not_a_wrong_topic(void **state)
{
    (void)state;
    kh_kafka_settings settings = {.brokers = "127.0.0.1:1"};
    const kh_topic_wish topics[] = {{"a", KH_TOPIC_SOURCE}};
    kh_topics_wish wish = {topics, 1, KH_TOPIC_CLOCK_WALL, 1, 0};
    kh_kafka_error error = {0};
    assert_rc(kh_topics_check(&settings, &wish, 300, NULL, NULL, &error), KH_E_LOST);
    assert_rc(kh_topics_create(&settings, &wish, 300, NULL, NULL, &error), KH_E_LOST);
}

static void a_name_that_kafka_refuses(void **state)
{
    (void)state;
    kafka_fixture f;
    kafka_fixture_init(&f, 1);
    const kh_topic_wish topics[] = {{"no spaces", KH_TOPIC_SOURCE}};
    kh_topics_wish wish = {topics, 1, KH_TOPIC_CLOCK_WALL, 1, 0};
    kh_kafka_error error = {0};
    assert_rc(kh_topics_create(&f.settings, &wish, GENEROUS_MS, NULL, NULL, &error), KH_E_CONFIGURATION);
    assert_non_null(strstr(error.text, "no spaces"));
    kafka_fixture_deinit(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(made_once_then_only_checked),
        cmocka_unit_test(no_broker_is_not_a_wrong_topic),
        cmocka_unit_test(a_name_that_kafka_refuses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
