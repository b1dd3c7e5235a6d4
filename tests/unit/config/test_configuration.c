#include "config/configuration.h"

#include "config_fixture.h"
#include "config/sha256.h"

#define SHIPPED KH_SOURCE_DIR "/config/kakehashi.yaml"

static kh_rc load(fixture *fx, const char *override, kh_configuration *out)
{
    forget_problems(fx);
    return kh_configuration_load(SHIPPED, &override, override == NULL ? 0 : 1, &fx->problems, out);
}

static void the_shipped_files_with_their_bytes(void **state)
{
    fixture *fx = *state;
    kh_configuration is;
    kh_rc rc = load(fx, NULL, &is);
    assert_problems(fx, "");
    assert_rc(rc, KH_OK);
    assert_int_equal(is.file_count, 4);
    assert_int_equal(is.files[0].kind, KH_RULE_FILE_PACK);
    assert_int_equal(is.files[1].kind, KH_RULE_FILE_POLICIES);
    assert_int_equal(is.files[3].kind, KH_RULE_FILE_CALENDAR);
    char *bytes = slurp(KH_SOURCE_DIR "/config/rules/jp-sg-1.yaml");
    uint8_t digest[KH_SHA256_SIZE];
    char hex[KH_SHA256_HEX_SIZE + 1];
    assert_text(is.files[0].bytes, bytes);
    assert_rc(kh_sha256(kh_text_of(bytes), digest), KH_OK);
    kh_sha256_hex(digest, hex);
    assert_text(is.book.packs[0]->sha256, hex);
    free(bytes);
}

static void problems_of_all_files_at_once(void **state)
{
    fixture *fx = *state;
    kh_configuration is;
    char settings[PATH_SIZE];
    char path[PATH_SIZE];
    char expected[4096];
    write_file(fx, "s.yaml",
               "deployment: d\nrules: [pack.yaml, absent.yaml]\npolicies: [policies.yaml]\ncalendars: [policies.yaml]\n"
               "clck: wall\nkafka: {topics: {events: {JP: jp}}}\n",
               settings);
    write_file(fx, "pack.yaml", "kind: rule-pack\nid: [\n", path);
    write_file(fx, "policies.yaml", "kind: policies\nid: po\narrangement: x\nnotice_calendar: MINE\n", path);
    assert_rc(kh_configuration_load(settings, NULL, 0, &fx->problems, &is), KH_E_CONFIGURATION);
    (void)snprintf(expected, sizeof(expected),
                   "%1$s/s.yaml:5:1: unknown key \"clck\"; did you mean clock?\n"
                   "%1$s/pack.yaml:3:1: not YAML: did not find expected node content, while parsing a flow node\n"
                   "%1$s/policies.yaml:4:18: notice_calendar: \"MINE\" stands where one of REVOKING, RECEIVING, BOTH "
                   "belongs: whose business days "
                   "count (Art 3.6)\n"
                   "%1$s/policies.yaml:4:18: notice_calendar: \"MINE\" stands where one of REVOKING, RECEIVING, BOTH "
                   "belongs: whose business days "
                   "count (Art 3.6)\n"
                   "%1$s/s.yaml: calendars: %1$s/policies.yaml is of the kind policies, where calendar belongs\n",
                   fx->folder);
    /* The path of the absent file is quoted, and may be cut: compared by its parts. */
    unsigned seen = 0;
    for (const kh_problem *problem = fx->problems.first; problem != NULL; problem = problem->next) {
        bool absent = strstr(problem->text.data, "/s.yaml: rules: cannot read the file ") != NULL;
        if (!absent && strstr(expected, problem->text.data) == NULL) {
            fail_msg("not expected: %s", problem->text.data);
        }
        seen++;
    }
    assert_int_equal(seen, 6);
    remove_file(fx, "s.yaml");
    remove_file(fx, "pack.yaml");
    remove_file(fx, "policies.yaml");
}

static void topics_and_participants_must_match(void **state)
{
    fixture *fx = *state;
    kh_configuration is;
    assert_rc(load(fx, "kafka.topics.events={JP: jp, XX: xx}", &is), KH_E_CONFIGURATION);
    assert_problems(fx, SHIPPED ": kafka.topics.events: has no topic for SG, who takes part in jp-sg; add one\n" SHIPPED
                                ": kafka.topics.events: XX takes part in no arrangement of the rule packs; take it "
                                "out, or add its rule pack\n");
}

static void a_book_that_is_not_whole(void **state)
{
    fixture *fx = *state;
    kh_configuration is;
    assert_rc(load(fx, "calendars=[" KH_SOURCE_DIR "/config/calendars/jp-administrative.yaml]", &is),
              KH_E_CONFIGURATION);
    assert_int_equal(fx->problems.count, 1);
    assert_non_null(strstr(fx->problems.first->text.data, "sg-public-holidays"));
}

static void memory_out_at_any_allocation(void **state)
{
    (void)state;
    kh_rc rc = KH_E_MEMORY;
    for (long nth = 0; rc == KH_E_MEMORY; nth++) {
        kh_test_memory memory;
        kh_arena arena;
        kh_problems problems;
        kh_configuration is;
        kh_test_memory_init(&memory, nth);
        kh_arena_init(&arena, 512, &memory.memory);
        kh_problems_init(&problems, &arena);
        rc = kh_configuration_load(SHIPPED, NULL, 0, &problems, &is);
        kh_arena_deinit(&arena);
        assert_int_equal(memory.live, 0);
        assert_true(nth < 10000);
    }
    assert_rc(rc, KH_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_shipped_files_with_their_bytes, fixture_begin, fixture_end),
        cmocka_unit_test_setup_teardown(problems_of_all_files_at_once, fixture_begin, fixture_end),
        cmocka_unit_test_setup_teardown(topics_and_participants_must_match, fixture_begin, fixture_end),
        cmocka_unit_test_setup_teardown(a_book_that_is_not_whole, fixture_begin, fixture_end),
        cmocka_unit_test(memory_out_at_any_allocation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
