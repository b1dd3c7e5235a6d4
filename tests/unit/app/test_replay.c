/* A replay's names, its ends, its pace, and the rules that it decides by. */
#include "app/replay.h"

#include <string.h>

#include "app/comparison.h"
#include "app/heap.h"
#include "app/rules_store.h"
#include "support/kh_test.h"

static void it_has_names_of_its_own(void **state)
{
    kh_arena arena;
    kh_problems problems;
    const kh_settings live = {.path = "kakehashi.yaml",
                              .deployment = KH_TEXT("tokyo"),
                              .clock = KH_CLOCK_WALL,
                              .kafka = {.group = KH_TEXT("kakehashi"), .brokers = KH_TEXT("b:9092")},
                              .database = {.schema = KH_TEXT("kakehashi")},
                              .http = {.listen = KH_TEXT("127.0.0.1:9464")}};
    kh_settings replay;
    (void)state;
    kh_arena_init(&arena, 4096, kh_heap());
    kh_problems_init(&problems, &arena);
    assert_int_equal(kh_replay_settings(&live, &problems, &replay), KH_OK);
    assert_text(replay.deployment, "tokyo-replay");
    assert_text(replay.kafka.group, "kakehashi-replay");
    assert_text(replay.database.schema, "kakehashi_replay");
    assert_text(replay.http.listen, "");
    assert_text(replay.kafka.brokers, "b:9092");
    assert_int_equal(replay.clock, KH_CLOCK_RECORDS);
    kh_arena_deinit(&arena);
}

/* PostgreSQL would cut the name, and the replay's schema would be the live one. */
static void a_schema_without_room_for_it_is_refused(void **state)
{
    char name[65];
    kh_arena arena;
    kh_problems problems;
    kh_settings replay;
    (void)state;
    memset(name, 's', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    kh_arena_init(&arena, 4096, kh_heap());
    for (size_t length = 56; length <= 57; length++) {
        kh_settings live = {.path = "kakehashi.yaml",
                            .deployment = KH_TEXT("d"),
                            .kafka = {.group = KH_TEXT("g")},
                            .database = {.schema = {name, length}}};
        kh_problems_init(&problems, &arena);
        assert_int_equal(kh_replay_settings(&live, &problems, &replay), length == 56 ? KH_OK : KH_E_CONFIGURATION);
        assert_int_equal(problems.count, length == 56 ? 0 : 1);
    }
    kh_arena_deinit(&arena);
}

static void what_has_no_end_is_not_replayed(void **state)
{
    kh_replay_end ends[] = {{0, KH_TEXT("jp"), 10}, {0, KH_TEXT("sg"), 20}, {1, KH_TEXT("jp"), 30}};
    const kh_replay_row row = {.ends = ends, .end_count = 3};
    const kh_replay_course course = {.row = &row};
    (void)state;
    assert_int_equal(kh_replay_course_end(&course, KH_TEXT("sg"), 0), 20);
    assert_int_equal(kh_replay_course_end(&course, KH_TEXT("jp"), 1), 30);
    assert_int_equal(kh_replay_course_end(&course, KH_TEXT("sg"), 1), 0);
}

static void the_pace_follows_what_it_came_to(void **state)
{
    kh_pace pace = {0};
    (void)state;
    assert_int_equal(kh_pace_seconds_left(&pace, 100), -1);
    kh_pace_note(&pace, 1000, 50000);
    assert_int_equal(kh_pace_seconds_left(&pace, 2000), -1);
    kh_pace_note(&pace, 1100, 50999); /* too soon to tell */
    assert_int_equal(kh_pace_seconds_left(&pace, 2000), -1);
    kh_pace_note(&pace, 1200, 52000);
    assert_true(pace.per_second > 99.9 && pace.per_second < 100.1);
    assert_int_equal(kh_pace_seconds_left(&pace, 2201), 10);
    for (int64_t second = 1; second <= 60; second++) {
        kh_pace_note(&pace, 1200 + second * 300, 52000 + second * 1000);
    }
    assert_true(pace.per_second > 299 && pace.per_second < 301);
}

static kh_rule_file file(kh_rule_file_kind kind, const char *id, const char *digest)
{
    return (kh_rule_file){
        .kind = kind, .id = kh_text_of(id), .arrangement = KH_TEXT("jp-sg"), .sha256 = kh_text_of(digest)};
}

static void given_files_take_the_place_of_theirs(void **state)
{
    const kh_rule_file standing[] = {file(KH_RULE_FILE_PACK, "jp-sg-1", "a"), file(KH_RULE_FILE_POLICIES, "p", "b"),
                                     file(KH_RULE_FILE_CALENDAR, "c", "c")};
    const kh_rule_file given[] = {file(KH_RULE_FILE_PACK, "jp-sg-1", "d"), file(KH_RULE_FILE_CALENDAR, "other", "e")};
    kh_rule_file *out = NULL;
    uint32_t count = 0;
    kh_arena arena;
    (void)state;
    kh_arena_init(&arena, 4096, kh_heap());
    assert_int_equal(kh_rules_store_replace(standing, 3, given, 2, &arena, &out, &count), KH_OK);
    assert_int_equal(count, 4);
    assert_text(out[0].sha256, "b");
    assert_text(out[1].sha256, "c");
    assert_text(out[2].sha256, "d"); /* a rule pack too, other than by `rules load` */
    assert_text(out[3].sha256, "e");
    kh_arena_deinit(&arena);
}

static void facts_are_alike_only_if_all_are(void **state)
{
    static const kh_discrepancy_kind of_facts[] = {KH_DISCREPANCY_ONLY_LIVE, KH_DISCREPANCY_ONLY_REPLAY,
                                                   KH_DISCREPANCY_FACTS};
    kh_comparison comparison = {.subjects = 9, .counts = {[KH_DISCREPANCY_OUTCOME] = 3, [KH_DISCREPANCY_OTHER] = 4}};
    (void)state;
    assert_true(kh_comparison_facts_alike(&comparison));
    assert_int_equal(kh_comparison_total(&comparison), 7);
    for (size_t i = 0; i < 3; i++) {
        kh_comparison other = comparison;
        other.counts[of_facts[i]] = 1;
        assert_false(kh_comparison_facts_alike(&other));
        assert_int_equal(kh_comparison_total(&other), 8);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_has_names_of_its_own),
        cmocka_unit_test(a_schema_without_room_for_it_is_refused),
        cmocka_unit_test(what_has_no_end_is_not_replayed),
        cmocka_unit_test(the_pace_follows_what_it_came_to),
        cmocka_unit_test(given_files_take_the_place_of_theirs),
        cmocka_unit_test(facts_are_alike_only_if_all_are),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
