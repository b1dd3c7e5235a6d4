#include "support/kh_test.h"

#include <stdio.h>

#include "app/heap.h"
#include "cli/subject_text.h"

typedef struct told {
    kh_arena arena;
    char *text;
    size_t size;
    FILE *out;
} told;

static const kh_rule_pack pack = {.id = {"jp-sg-1", 7}, .arrangement = {"jp-sg", 5}};

static int begin(void **state)
{
    told *of = calloc(1, sizeof *of);
    kh_arena_init(&of->arena, 4096, kh_heap());
    of->out = open_memstream(&of->text, &of->size);
    *state = of;
    return 0;
}

static int end(void **state)
{
    told *of = *state;
    (void)fclose(of->out);
    free(of->text);
    kh_arena_deinit(&of->arena);
    free(of);
    return 0;
}

static kh_status suspended(const char *host)
{
    return (kh_status){.label = KH_TEXT("SG/1"),
                       .host = kh_text_of(host),
                       .pack = &pack,
                       .outcome = KH_OUTCOME_LABEL_NOT_VALID,
                       .reasons = 1U << KH_REASON_SUSPENDED,
                       .since = 0,
                       .next_change_at = KH_INSTANT_NONE};
}

static void has(told *of, const char *text)
{
    (void)fflush(of->out);
    if (strstr(of->text, text) == NULL) {
        fail_msg("\"%s\" is not in: %s", text, of->text);
    }
}

static void a_status_is_told_with_reason_article_and_dates(void **state)
{
    told *of = *state;
    kh_status status = suspended("JP");
    kh_key_state key = {.key = KH_TEXT("SG/1@JP"), .kind = KH_RESULT_STATUS, .version = 7, .status = &status};
    kh_subject_view subject = {.key = KH_TEXT("SG/1"), .lane = 3, .at = 1000, .keys = &key, .key_count = 1};
    kh_subject_text text = {.subject = &subject, .arena = &of->arena};
    assert_rc(kh_subject_text_print(&text, of->out), KH_OK);
    has(of, "SG/1, as of 1970-01-01T00:00:01Z (lane 3)\n");
    has(of, "Towards JP, under jp-sg (rule pack jp-sg-1)\n");
    has(of, "outcome        label not valid\n");
    has(of, "because        suspended (Art 3.2)\n");
    has(of, "since          1970-01-01T00:00:00Z\n");
    has(of, "next change    only by new facts\n");
    has(of, "status 7 (versions)\n");
}

static void an_obligation_is_told_with_all_its_days(void **state)
{
    told *of = *state;
    kh_obligation obligation = {.kind = KH_OBLIGATION_REVOCATION_NOTICE,
                                .host = KH_TEXT("JP"),
                                .obliged = {KH_TEXT("SG")},
                                .obliged_count = 1,
                                .towards = KH_TEXT("JP"),
                                .arose_on = 0,
                                .due_on = 5,
                                .earliest_due_on = 4,
                                .provisional = true,
                                .state = KH_OBLIGATION_DISCHARGED,
                                .discharged_on = 9,
                                .late = true,
                                .confirmed_on = KH_DAY_NONE};
    kh_key_state key = {
        .key = KH_TEXT("REVOCATION_NOTICE/SG/1@JP"), .kind = KH_RESULT_OBLIGATION, .obligation = &obligation};
    kh_subject_view subject = {.key = KH_TEXT("SG/1"), .at = KH_INSTANT_NONE, .keys = &key, .key_count = 1};
    kh_subject_text text = {.subject = &subject, .arena = &of->arena};
    assert_rc(kh_subject_text_print(&text, of->out), KH_OK);
    has(of, "Obligation REVOCATION_NOTICE/SG/1@JP: notice of revocation, discharged, late (Art 3.6)\n");
    has(of, "owed by        SG to JP\n");
    has(of, "arose on       1970-01-01\n");
    has(of, "due on (prov.) 1970-01-06\n");
    has(of, "earliest due   1970-01-05\n");
    has(of, "discharged on  1970-01-10\n");
    assert_null(strstr(of->text, "confirmed on"));
}

static void only_the_host_that_was_asked_for_is_told(void **state)
{
    told *of = *state;
    kh_status statuses[] = {suspended("JP"), suspended("KR")};
    kh_obligation obligation = {.kind = KH_OBLIGATION_CONSULTATION, .host = KH_TEXT("KR")};
    kh_key_state keys[] = {
        {.key = KH_TEXT("SG/1@JP"), .kind = KH_RESULT_STATUS, .status = &statuses[0]},
        {.key = KH_TEXT("SG/1@KR"), .kind = KH_RESULT_STATUS, .status = &statuses[1]},
        {.key = KH_TEXT("CONSULTATION/SG/1@KR"), .kind = KH_RESULT_OBLIGATION, .obligation = &obligation},
        {.key = KH_TEXT("REVOCATION_NOTICE/SG/1@JP"), .kind = KH_RESULT_OBLIGATION_GONE}};
    kh_subject_text all = {.arena = &of->arena};
    kh_subject_text one = {.arena = &of->arena, .host = KH_TEXT("JP")};
    static const bool expected_all[] = {true, true, true, false};
    static const bool expected_one[] = {true, false, false, false};
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(kh_subject_text_tells(&all, &keys[i]), expected_all[i]);
        assert_int_equal(kh_subject_text_tells(&one, &keys[i]), expected_one[i]);
    }
}

static void an_odd_id_is_still_json(void **state)
{
    told *of = *state;
    kh_message_cache *cache = NULL;
    kh_subject_view subject = {.key = KH_TEXT("SG/a\"b\\c"), .at = KH_INSTANT_NONE};
    kh_subject_text text = {.subject = &subject, .arena = &of->arena};
    assert_rc(kh_message_cache_new(kh_heap(), &cache), KH_OK);
    assert_rc(kh_subject_text_print_json(&text, cache, of->out), KH_OK);
    (void)fflush(of->out);
    assert_string_equal(of->text, "{\"subject\":\"SG/a\\\"b\\\\c\",\"statuses\":[],\"obligations\":[],\"facts\":[]}\n");
    kh_message_cache_free(cache);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_status_is_told_with_reason_article_and_dates, begin, end),
        cmocka_unit_test_setup_teardown(an_obligation_is_told_with_all_its_days, begin, end),
        cmocka_unit_test_setup_teardown(only_the_host_that_was_asked_for_is_told, begin, end),
        cmocka_unit_test_setup_teardown(an_odd_id_is_still_json, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
