#include "kakehashi/event.h"

#include "support/kh_test.h"

/* Ascending: each is lower than all behind it. */
static void statements_are_ordered_by_revision_event_body_and_time(void **state)
{
    (void)state;
    static const kh_statement ascending[] = {
        {.event_id = {"a", 1}, .revision = 1, .body = {.kind = KH_LABEL_ISSUED}, .bytes = {"a", 1}},
        {.event_id = {"c", 1}, .revision = 2, .body = {.kind = KH_LABEL_ISSUED}, .bytes = {"a", 1}},
        {.event_id = {"b", 1}, .revision = 2, .body = {.kind = KH_LABEL_RENEWED}, .bytes = {"a", 1}},
        {.event_id = {"b", 1}, .revision = 2, .body = {.kind = KH_LABEL_ISSUED}, .bytes = {"b", 1}},
        {.event_id = {"b", 1}, .revision = 2, .body = {.kind = KH_LABEL_ISSUED}, .bytes = {"ab", 2}},
        {.event_id = {"b", 1},
         .revision = 2,
         .body = {.kind = KH_LABEL_ISSUED},
         .bytes = {"a", 1},
         .occurred_seconds = 9},
        {.event_id = {"b", 1},
         .revision = 2,
         .body = {.kind = KH_LABEL_ISSUED},
         .bytes = {"a", 1},
         .occurred_seconds = 8,
         .occurred_nanos = 2},
        {.event_id = {"b", 1},
         .revision = 2,
         .body = {.kind = KH_LABEL_ISSUED},
         .bytes = {"a", 1},
         .occurred_seconds = 8,
         .occurred_nanos = 1},
        {.event_id = {"z", 1}, .revision = UINT32_MAX, .body = {.kind = KH_MEASURE_LIFTED}},
    };
    const size_t count = sizeof ascending / sizeof *ascending;
    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; j < count; j++) {
            int order = kh_statement_compare(&ascending[i], &ascending[j]);
            assert_int_equal((order > 0) - (order < 0), (i > j) - (i < j));
        }
    }
}

static void a_subject_names_its_participant_or_its_arrangement(void **state)
{
    (void)state;
    assert_text(kh_subject_participant(KH_TEXT("SG/000123")), "SG");
    assert_text(kh_subject_participant(KH_TEXT("SG/a/b")), "SG");
    assert_text(kh_subject_participant(KH_TEXT("SG")), "");
    assert_text(kh_subject_participant(KH_TEXT("")), "");
    assert_text(kh_subject_arrangement(KH_TEXT("arrangement/jp-sg")), "jp-sg");
    assert_text(kh_subject_arrangement(KH_TEXT("arrangement/")), "");
    assert_text(kh_subject_arrangement(KH_TEXT("arrangements/x")), "");
    assert_text(kh_subject_arrangement(KH_TEXT("SG/arrangement/x")), "");
    assert_text(kh_subject_arrangement(KH_TEXT("")), "");
}

static void four_kinds_are_about_the_arrangement(void **state)
{
    (void)state;
    assert_false(kh_body_is_about_arrangement(KH_LABEL_ISSUED));
    assert_false(kh_body_is_about_arrangement(KH_MEASURE_LIFTED));
    assert_true(kh_body_is_about_arrangement(KH_TERMINATION_NOTICED));
    assert_true(kh_body_is_about_arrangement(KH_TERMINATION_WITHDRAWN));
    assert_true(kh_body_is_about_arrangement(KH_AMENDMENT_CONSENTED));
    assert_true(kh_body_is_about_arrangement(KH_CONSULTATION_HELD));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(statements_are_ordered_by_revision_event_body_and_time),
        cmocka_unit_test(a_subject_names_its_participant_or_its_arrangement),
        cmocka_unit_test(four_kinds_are_about_the_arrangement),
    };
    return cmocka_run_group_tests_name("event", tests, NULL, NULL);
}
