#include "support/kh_test.h"

#include "app/heap.h"
#include "cli/words.h"

static void every_number_has_words(void **state)
{
    (void)state;
    for (int i = 1; i <= KH_OUTCOME_BARRED_BY_MEASURE; i++) {
        assert_string_not_equal(kh_words_outcome((kh_outcome)i), "?");
    }
    for (int i = 1; i < KH_REASON_COUNT; i++) {
        assert_string_not_equal(kh_words_reason((kh_reason)i), "?");
    }
    for (int i = 1; i <= 4; i++) {
        assert_string_not_equal(kh_words_need((kh_need)i), "?");
        assert_string_not_equal(kh_words_ground((kh_ground)i), "?");
        assert_string_not_equal(kh_words_trigger((kh_trigger)i), "?");
    }
    for (int i = 1; i <= 3; i++) {
        assert_string_not_equal(kh_words_equivalence((kh_equivalence)i), "?");
        assert_string_not_equal(kh_words_obligation((kh_obligation_kind)i), "?");
        assert_string_not_equal(kh_words_obligation_state((kh_obligation_state)i), "?");
    }
    for (int i = 1; i <= KH_BASIS_EXCLUDED; i++) {
        assert_string_not_equal(kh_words_basis((kh_basis_state)i), "?");
    }
}

static void a_number_that_is_none_is_marked(void **state)
{
    (void)state;
    assert_string_equal(kh_words_outcome((kh_outcome)0), "?");
    assert_string_equal(kh_words_outcome((kh_outcome)10), "?");
    assert_string_equal(kh_words_reason((kh_reason)KH_REASON_COUNT), "?");
    assert_string_equal(kh_words_trigger((kh_trigger)0), "?");
}

static void outcomes_are_read_in_any_case_with_or_without_their_head(void **state)
{
    static const struct {
        int expected; /* 0: refused */
        const char *text;
    } cases[] = {
        {KH_OUTCOME_RECOGNISED, "RECOGNISED"},
        {KH_OUTCOME_RECOGNISED, "outcome_recognised"},
        {KH_OUTCOME_BARRED_BY_MEASURE, "OUTCOME_BARRED_BY_MEASURE"},
        {KH_OUTCOME_LABEL_NOT_VALID, "Label_Not_Valid"},
        {0, ""},
        {0, "OUTCOME_"},
        {0, "OUTCOME_UNSPECIFIED"},
        {0, "RECOGNISED "},
        {0, "RECOGNISE"},
        {0, "OUTCOME_OUTCOME_RECOGNISED"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        kh_outcome outcome = KH_OUTCOME_INCOMPLETE;
        bool read = kh_words_parse_outcome(kh_text_of(cases[i].text), &outcome);
        if (read != (cases[i].expected != 0) || (read && (int)outcome != cases[i].expected)) {
            fail_msg("\"%s\": read %d as %d", cases[i].text, read, (int)outcome);
        }
    }
}

static void several_outcomes_stand_with_commas(void **state)
{
    unsigned outcomes = 0;
    kh_text wrong = KH_TEXT("");
    (void)state;
    assert_true(kh_words_parse_outcomes(KH_TEXT("RECOGNISED,out_of_scope"), &outcomes, &wrong));
    assert_true(kh_words_parse_outcomes(KH_TEXT("INCOMPLETE"), &outcomes, &wrong));
    assert_int_equal(outcomes,
                     1U << KH_OUTCOME_RECOGNISED | 1U << KH_OUTCOME_OUT_OF_SCOPE | 1U << KH_OUTCOME_INCOMPLETE);
    assert_false(kh_words_parse_outcomes(KH_TEXT("RECOGNISED,good,INCOMPLETE"), &outcomes, &wrong));
    assert_text(wrong, "good");
    assert_false(kh_words_parse_outcomes(KH_TEXT("RECOGNISED,"), &outcomes, &wrong));
    assert_text(wrong, "");
}

static void reasons_come_with_their_articles_in_order(void **state)
{
    kh_arena arena;
    kh_status status = {.reasons = 1U << KH_REASON_MEASURE | 1U << KH_REASON_SUSPENDED};
    (void)state;
    kh_arena_init(&arena, 4096, kh_heap());
    assert_text(kh_words_reasons(&status, &arena), "suspended (Art 3.2), measure taken (Art 10.2)");
    status.reasons = 1U << KH_REASON_ISSUE_UNKNOWN;
    assert_text(kh_words_reasons(&status, &arena), "its issue is not known");
    status.reasons = 0;
    assert_text(kh_words_reasons(&status, &arena), "");
    kh_arena_deinit(&arena);
}

static void absent_instants_and_days_are_said_otherwise(void **state)
{
    kh_arena arena;
    (void)state;
    kh_arena_init(&arena, 4096, kh_heap());
    assert_text(kh_words_instant(KH_INSTANT_NONE, "always", &arena), "always");
    assert_text(kh_words_instant(0, "always", &arena), "1970-01-01T00:00:00Z");
    assert_text(kh_words_day(KH_DAY_NONE, "-", &arena), "-");
    assert_text(kh_words_day(KH_DAY_LAST, "-", &arena), "9998-12-31");
    kh_arena_deinit(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_number_has_words),
        cmocka_unit_test(a_number_that_is_none_is_marked),
        cmocka_unit_test(outcomes_are_read_in_any_case_with_or_without_their_head),
        cmocka_unit_test(several_outcomes_stand_with_commas),
        cmocka_unit_test(reasons_come_with_their_articles_in_order),
        cmocka_unit_test(absent_instants_and_days_are_said_otherwise),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
