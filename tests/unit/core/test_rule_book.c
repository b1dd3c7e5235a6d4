#include "kakehashi/rule_pack.h"

#include <stdio.h>

#include "support/core_state.h"

typedef struct problems {
    unsigned count;
    char last[512];
} problems;

static void note(void *self, kh_text text)
{
    problems *found = self;
    found->count++;
    (void)snprintf(found->last, sizeof found->last, "%.*s", KH_TEXT_ARGS(text));
}

/* The check finds just one problem, and its text speaks of this. */
static void expect_problem(const kh_rule_book *book, const char *words)
{
    problems found = {0};
    assert_rc(kh_rule_book_check(book, note, &found), KH_E_CONFIGURATION);
    if (found.count != 1 || strstr(found.last, words) == NULL) {
        fail_msg("%u problems, the last \"%s\", expected one with \"%s\"", found.count, found.last, words);
    }
}

static void the_memorandum_has_no_problem(void **state)
{
    core_state *core = *state;
    problems found = {0};
    assert_rc(kh_rule_book_check(&core->book.book, note, &found), KH_OK);
    assert_int_equal(found.count, 0);
}

static void an_empty_book(void **state)
{
    (void)state;
    kh_rule_book book = {0};
    expect_problem(&book, "no rule pack");
}

static void two_packs_with_one_id(void **state)
{
    core_state *core = *state;
    core->book.packs[2].id = KH_TEXT("jp-sg-2");
    expect_problem(&core->book.book, "two rule packs have the id \"jp-sg-2\"");
}

static void two_first_packs(void **state)
{
    core_state *core = *state;
    core->book.packs[1].amends = false;
    expect_problem(&core->book.book, "two first packs, jp-sg-1 and jp-sg-2");
}

static void no_first_pack(void **state)
{
    core_state *core = *state;
    problems found = {0};
    core->book.packs[0].amends = true;
    assert_rc(kh_rule_book_check(&core->book.book, note, &found), KH_E_CONFIGURATION);
    assert_int_equal(found.count, 4); /* each pack, and the policies, lack it */
}

static void packs_of_one_arrangement_with_other_participants(void **state)
{
    core_state *core = *state;
    core->book.packs[2].participants[0].id = KH_TEXT("FI");
    core->book.book.pack_count = 2;
    core->book.pack_list[1] = &core->book.packs[2];
    expect_problem(&core->book.book, "different participants");
}

static void two_arrangements_of_one_pair(void **state)
{
    core_state *core = *state;
    kh_policies other = core->book.policies;
    const kh_policies *policies[] = {&core->book.policies, &other};
    other.arrangement = KH_TEXT("sg-jp");
    core->book.packs[1].arrangement = KH_TEXT("sg-jp");
    core->book.packs[1].amends = false;
    core->book.book.pack_count = 2;
    core->book.book.policies = policies;
    core->book.book.policy_count = 2;
    expect_problem(&core->book.book, "at most one for each pair");
}

static void offsets_that_differ(void **state)
{
    core_state *core = *state;
    core->book.packs[1].participants[0].utc_offset_minutes = 600;
    core->book.book.pack_count = 2;
    expect_problem(&core->book.book, "participant JP has one `utc_offset`");
}

static void a_calendar_that_is_missing_or_there_twice(void **state)
{
    core_state *core = *state;
    core->book.book.pack_count = 1;
    core->book.book.calendar_count = 1;
    expect_problem(&core->book.book, "needs the calendar \"sg-public-holidays\"");
    const kh_calendar *twice[] = {&core->book.calendars[0], &core->book.calendars[1], &core->book.calendars[0]};
    core->book.book.calendars = twice;
    core->book.book.calendar_count = 3;
    expect_problem(&core->book.book, "two calendars have the id \"jp-administrative\"");
}

static void policies_that_are_missing_there_twice_or_for_nothing(void **state)
{
    core_state *core = *state;
    kh_policies other = core->book.policies;
    const kh_policies *two[] = {&core->book.policies, &other};
    core->book.book.pack_count = 1;
    core->book.book.policy_count = 0;
    expect_problem(&core->book.book, "no policy file");
    core->book.book.policies = two;
    core->book.book.policy_count = 2;
    expect_problem(&core->book.book, "two policy files");
    other.arrangement = KH_TEXT("jp-fi");
    expect_problem(&core->book.book, "jp-fi, which no rule pack has");
}

static void everything_is_told_at_once(void **state)
{
    core_state *core = *state;
    problems found = {0};
    core->book.book.pack_count = 1;
    core->book.book.calendar_count = 0;
    core->book.book.policy_count = 0;
    assert_rc(kh_rule_book_check(&core->book.book, note, &found), KH_E_CONFIGURATION);
    assert_int_equal(found.count, 3);
}

static void look_ups(void **state)
{
    core_state *core = *state;
    const kh_rule_book *book = &core->book.book;
    const kh_rule_pack *first = &core->book.packs[0];
    assert_ptr_equal(kh_rule_book_first_pack(book, KH_TEXT("jp-sg")), first);
    assert_null(kh_rule_book_first_pack(book, KH_TEXT("jp")));
    assert_ptr_equal(kh_rule_book_pack_by_sha256(book, KH_TEXT("jp-sg"), kh_test_pack_sha256(KH_TEXT("jp-sg-2"))),
                     &core->book.packs[1]);
    assert_null(kh_rule_book_pack_by_sha256(book, KH_TEXT("jp-sg"), kh_test_pack_sha256(KH_TEXT("jp-sg-4"))));
    assert_null(kh_rule_book_pack_by_sha256(book, KH_TEXT("jp-fi"), kh_test_pack_sha256(KH_TEXT("jp-sg-2"))));
    assert_ptr_equal(kh_rule_book_policies(book, KH_TEXT("jp-sg")), &core->book.policies);
    assert_null(kh_rule_book_policies(book, KH_TEXT("jp-fi")));
    assert_ptr_equal(kh_rule_book_calendar(book, KH_TEXT("sg-public-holidays")), &core->book.calendars[1]);
    assert_null(kh_rule_book_calendar(book, KH_TEXT("sg")));
    assert_ptr_equal(kh_rule_book_participant(book, KH_TEXT("SG")), &first->participants[1]);
    assert_null(kh_rule_book_participant(book, KH_TEXT("FI")));
    assert_ptr_equal(kh_rule_pack_participant(first, KH_TEXT("JP")), &first->participants[0]);
    assert_ptr_equal(kh_rule_pack_other(first, KH_TEXT("JP")), &first->participants[1]);
    assert_ptr_equal(kh_rule_pack_other(first, KH_TEXT("SG")), &first->participants[0]);
    assert_null(kh_rule_pack_other(first, KH_TEXT("FI")));
    assert_null(kh_rule_pack_participant(first, KH_TEXT("")));
}

static void levels_of_any_loaded_pack_are_known(void **state)
{
    core_state *core = *state;
    const kh_rule_book *book = &core->book.book;
    assert_false(kh_rule_book_knows_level(book, KH_TEXT("JP"), 0));
    assert_true(kh_rule_book_knows_level(book, KH_TEXT("JP"), 1));
    assert_true(kh_rule_book_knows_level(book, KH_TEXT("JP"), 4));
    assert_false(kh_rule_book_knows_level(book, KH_TEXT("JP"), 5));
    assert_false(kh_rule_book_knows_level(book, KH_TEXT("FI"), 1));
    core->book.packs[2].participants[0].level_last = 5;
    assert_true(kh_rule_book_knows_level(book, KH_TEXT("JP"), 5));
    assert_false(kh_rule_book_knows_level(book, KH_TEXT("SG"), 5));
}

static void scope_and_tables(void **state)
{
    core_state *core = *state;
    const kh_rule_pack *pack = &core->book.packs[0];
    assert_true(kh_participant_covers(&pack->participants[0], KH_TEXT("home-gateway")));
    assert_false(kh_participant_covers(&pack->participants[0], KH_TEXT("Home-Gateway")));
    assert_false(kh_participant_covers(&core->book.packs[1].participants[1], KH_TEXT("home-gateway")));
    const kh_table *a1 = &pack->tables[0];
    const kh_table *b = &pack->tables[2];
    assert_true(kh_table_applies(a1, KH_TEXT("SG"), KH_TEXT("JP"), KH_TEXT("anything")));
    assert_false(kh_table_applies(a1, KH_TEXT("JP"), KH_TEXT("SG"), KH_TEXT("anything")));
    assert_true(kh_table_applies(b, KH_TEXT("JP"), KH_TEXT("SG"), KH_TEXT("home-gateway")));
    assert_false(kh_table_applies(b, KH_TEXT("JP"), KH_TEXT("SG"), KH_TEXT("general-iot")));
    assert_false(kh_table_applies(b, KH_TEXT("SG"), KH_TEXT("JP"), KH_TEXT("home-gateway")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CORE_TEST(the_memorandum_has_no_problem),
        CORE_TEST(an_empty_book),
        CORE_TEST(two_packs_with_one_id),
        CORE_TEST(two_first_packs),
        CORE_TEST(no_first_pack),
        CORE_TEST(packs_of_one_arrangement_with_other_participants),
        CORE_TEST(two_arrangements_of_one_pair),
        CORE_TEST(offsets_that_differ),
        CORE_TEST(a_calendar_that_is_missing_or_there_twice),
        CORE_TEST(policies_that_are_missing_there_twice_or_for_nothing),
        CORE_TEST(everything_is_told_at_once),
        CORE_TEST(look_ups),
        CORE_TEST(levels_of_any_loaded_pack_are_known),
        CORE_TEST(scope_and_tables),
    };
    return cmocka_run_group_tests_name("rule_book", tests, NULL, NULL);
}
