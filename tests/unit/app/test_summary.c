#include "app/summary.h"

#include "support/core_state.h"

static const kh_outcome OUTCOMES[] = {
    KH_OUTCOME_RECOGNISED,
    KH_OUTCOME_INCOMPLETE,
    KH_OUTCOME_ARRANGEMENT_NOT_IN_FORCE,
    KH_OUTCOME_EXCLUDED_THIRD_COUNTRY,
    KH_OUTCOME_NOT_APPLICABLE_BASIS_IN_HOST,
    KH_OUTCOME_LABEL_NOT_VALID,
    KH_OUTCOME_OUT_OF_SCOPE,
    KH_OUTCOME_EXCLUDED_DISPUTE,
    KH_OUTCOME_BARRED_BY_MEASURE,
};

static void every_outcome_has_the_name_of_the_contract(void **state)
{
    (void)state;
    static const char *const names[] = {
        "RECOGNISED",
        "INCOMPLETE",
        "ARRANGEMENT_NOT_IN_FORCE",
        "EXCLUDED_THIRD_COUNTRY",
        "NOT_APPLICABLE_BASIS_IN_HOST",
        "LABEL_NOT_VALID",
        "OUT_OF_SCOPE",
        "EXCLUDED_DISPUTE",
        "BARRED_BY_MEASURE",
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        assert_string_equal(kh_outcome_name(OUTCOMES[i]), names[i]);
    }
}

/* What the core decides about the history's label, as the state of a key. */
static kh_key_state decided(core_state *core, const char *lines, const char *at)
{
    core_again(core);
    kh_test_history_state(&core->history, lines);
    kh_facts *facts = kh_arena_allocate(&core->arena, sizeof *facts);
    kh_label_decision *decision = kh_arena_allocate(&core->arena, sizeof *decision);
    assert_true(facts != NULL && decision != NULL);
    *facts = kh_test_history_facts(&core->history, KH_TEXT("SG/1"), false);
    assert_rc(kh_label_decide(core_arrangement(core), KH_TEXT("SG/1"), facts, NULL, kh_test_instant(at), &core->arena,
                              decision),
              KH_OK);
    return (kh_key_state){
        .key = KH_TEXT("SG/1@JP"), .kind = KH_RESULT_STATUS, .version = 1, .status = &decision->status};
}

static kh_subject_row summary_of(core_state *core, kh_key_state *keys, uint32_t count)
{
    kh_subject subject = {.key = KH_TEXT("SG/1"), .keys = keys, .key_count = count};
    kh_subject_row row = {.residual_open = -7, .next_change_at = -7};
    assert_rc(kh_summary_subject(&subject, &core->arena, &row), KH_OK);
    return row;
}

static void one_host_is_one_outcome(void **state)
{
    core_state *core = *state;
    kh_key_state key = decided(core, "SG issued valid=2026-06-01..2028-05-31 documents=a:zh", "2026-07-01@JP");
    kh_subject_row row = summary_of(core, &key, 1);
    assert_text(row.outcomes, "JP=RECOGNISED");
    assert_int_equal(row.next_change_at, kh_test_instant("2028-06-01@SG"));
    /* three rows partly, six not at all; and a translation */
    assert_int_equal(row.residual_open, 10);
    assert_int_equal(row.residual_open, kh_status_residual_open(key.status));
}

static void nothing_published_is_nothing_to_tell(void **state)
{
    kh_subject_row row = summary_of(*state, NULL, 0);
    assert_text(row.outcomes, "");
    assert_int_equal(row.residual_open, 0);
    assert_int_equal(row.next_change_at, KH_INSTANT_NONE);
}

static void hosts_ascend_and_add_up(void **state)
{
    core_state *core = *state;
    const char *line = "SG issued valid=2026-06-01..2028-05-31";
    kh_key_state recognised = decided(core, line, "2026-07-01@JP");
    kh_key_state expired = decided(core, "SG issued valid=2026-06-01..2026-07-31", "2026-09-01@JP");
    kh_key_state waiting = decided(core, line, "2026-05-01@JP");
    assert_int_equal(expired.status->next_change_at, KH_INSTANT_NONE);
    kh_status statuses[] = {*waiting.status, *expired.status, *recognised.status};
    statuses[0].host = KH_TEXT("TH");
    statuses[1].host = KH_TEXT("AU");
    kh_obligation consultation = {.kind = KH_OBLIGATION_CONSULTATION};
    kh_key_state keys[] = {
        {.key = KH_TEXT("SG/1@TH"), .kind = KH_RESULT_STATUS, .status = &statuses[0]},
        {.key = KH_TEXT("CONSULTATION/SG/1@TH"), .kind = KH_RESULT_OBLIGATION, .obligation = &consultation},
        {.key = KH_TEXT("SG/1@AU"), .kind = KH_RESULT_STATUS, .status = &statuses[1]},
        {.key = KH_TEXT("CONSULTATION/SG/1@AU"), .kind = KH_RESULT_OBLIGATION_GONE},
        {.key = KH_TEXT("SG/1@JP"), .kind = KH_RESULT_STATUS, .status = &statuses[2]},
    };
    kh_subject_row row = summary_of(core, keys, 5);
    assert_text(row.outcomes, "AU=LABEL_NOT_VALID JP=RECOGNISED TH=ARRANGEMENT_NOT_IN_FORCE");
    assert_int_equal(row.next_change_at, waiting.status->next_change_at);
    assert_true(waiting.status->next_change_at < recognised.status->next_change_at);
    assert_int_equal(row.residual_open, kh_status_residual_open(recognised.status));
}

static const kh_obligation NOTICE = {
    .kind = KH_OBLIGATION_REVOCATION_NOTICE,
    .state = KH_OBLIGATION_OVERDUE,
    .subject = {"SG/1", 4},
    .arrangement = {"jp-sg", 5},
    .host = {"JP", 2},
    .obliged = {{"SG", 2}},
    .obliged_count = 1,
    .towards = {"JP", 2},
    .arose_on = 100,
    .due_on = 140,
    .earliest_due_on = 138,
    .discharged_on = KH_DAY_NONE,
    .confirmed_on = 150,
    .provisional = true,
    .late = true,
};

static void an_obligation_becomes_its_row(void **state)
{
    core_state *core = *state;
    kh_key_state key = {.key = KH_TEXT("REVOCATION_NOTICE/SG/1@JP"), .version = 4, .obligation = &NOTICE};
    kh_obligation_row row = {0};
    assert_rc(kh_summary_obligation(&key, 9, 12345, &core->arena, &row), KH_OK);
    assert_text(row.id, "REVOCATION_NOTICE/SG/1@JP");
    assert_int_equal(row.lane, 9);
    assert_int_equal(row.kind, 1);
    assert_int_equal(row.state, 2);
    assert_text(row.subject, "SG/1");
    assert_text(row.arrangement, "jp-sg");
    assert_text(row.obliged, "SG");
    assert_text(row.towards, "JP");
    assert_int_equal(row.arose_on, 100);
    assert_int_equal(row.due_on, 140);
    assert_int_equal(row.earliest_due_on, 138);
    assert_int_equal(row.discharged_on, KH_DAY_NONE);
    assert_int_equal(row.confirmed_on, 150);
    assert_true(row.provisional && row.late);
    assert_int_equal(row.version, 4);
    assert_int_equal(row.decided_at, 12345);
}

static void two_who_are_obliged_are_parted_by_a_blank(void **state)
{
    core_state *core = *state;
    kh_obligation both = NOTICE;
    both.obliged[0] = KH_TEXT("JP");
    both.obliged[1] = KH_TEXT("SG");
    both.obliged_count = 2;
    kh_key_state key = {.key = KH_TEXT("CONSULTATION/SG/1@JP"), .version = 1, .obligation = &both};
    kh_obligation_row row = {0};
    assert_rc(kh_summary_obligation(&key, 0, 0, &core->arena, &row), KH_OK);
    assert_text(row.obliged, "JP SG");
}

static void memory_that_is_out_is_said(void **state)
{
    core_state *core = *state;
    kh_key_state key = decided(core, "SG issued valid=2026-06-01..2028-05-31", "2026-07-01@JP");
    kh_subject subject = {.key = KH_TEXT("SG/1"), .keys = &key, .key_count = 1};
    kh_subject_row row;
    kh_test_memory none;
    kh_arena arena;
    kh_test_memory_init(&none, 0);
    kh_arena_init(&arena, 256, &none.memory);
    assert_rc(kh_summary_subject(&subject, &arena, &row), KH_E_MEMORY);
    kh_arena_deinit(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_outcome_has_the_name_of_the_contract),
        CORE_TEST(one_host_is_one_outcome),
        CORE_TEST(nothing_published_is_nothing_to_tell),
        CORE_TEST(hosts_ascend_and_add_up),
        CORE_TEST(an_obligation_becomes_its_row),
        CORE_TEST(two_who_are_obliged_are_parted_by_a_blank),
        CORE_TEST(memory_that_is_out_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
