#include "kakehashi/facts.h"

#include <stdio.h>

#include "support/core_state.h"

static const kh_text label = {"SG/1", 4};
static const kh_text held = {"arrangement/jp-sg", 17};

static kh_facts facts_of(core_state *core, kh_text subject, const char *lines)
{
    core_again(core);
    kh_test_history_state(&core->history, lines);
    return kh_test_history_facts(&core->history, subject, false);
}

/* How many statements a participant's register keeps. */
static uint32_t kept(const kh_facts *facts, const char *participant, kh_register reg)
{
    const kh_part *part = kh_facts_part(facts, kh_text_of(participant));
    return part == NULL ? 0 : part->registers[reg].count;
}

static void each_body_goes_into_its_registers(void **state)
{
    core_state *core = *state;
    static const struct {
        const char *line;
        unsigned registers;
    } rows[] = {
        {"SG issued valid=2026-06-01..2026-12-31", 1U << KH_REGISTER_ORIGIN | 1U << KH_REGISTER_EVIDENCE |
                                                       1U << KH_REGISTER_DETAILS | 1U << KH_REGISTER_VALIDITY},
        {"SG amended product=x", 1U << KH_REGISTER_DETAILS},
        {"SG amended documents=a:ja", 1U << KH_REGISTER_EVIDENCE},
        {"SG amended product=x documents=a:ja", 1U << KH_REGISTER_DETAILS | 1U << KH_REGISTER_EVIDENCE},
        {"SG renewed valid=2026-06-01..2026-12-31", 1U << KH_REGISTER_VALIDITY},
        {"SG renewed valid=2026-06-01..2026-12-31 product=x", 1U << KH_REGISTER_VALIDITY | 1U << KH_REGISTER_DETAILS},
        {"SG suspended from=2026-06-01", 1U << KH_REGISTER_SUSPENSION},
        {"SG lifted from=2026-06-01", 1U << KH_REGISTER_SUSPENSION},
        {"SG revoked decided=2026-06-01", 1U << KH_REGISTER_REVOCATION},
        {"SG revocation-withdrawn", 1U << KH_REGISTER_REVOCATION},
        {"SG notice-given on=2026-06-01", 1U << KH_REGISTER_NOTICE_GIVEN},
        {"SG notice-received on=2026-06-01", 1U << KH_REGISTER_NOTICE_RECEIVED},
        {"SG raised on=2026-06-01", 1U << KH_REGISTER_CONSULTATION},
        {"SG settled on=2026-06-01", 1U << KH_REGISTER_CONSULTATION | 1U << KH_REGISTER_EXCLUSION},
        {"SG failed from=2026-06-01", 1U << KH_REGISTER_CONSULTATION | 1U << KH_REGISTER_EXCLUSION},
        {"SG measure from=2026-06-01", 1U << KH_REGISTER_MEASURE},
        {"SG measure-lifted from=2026-06-01", 1U << KH_REGISTER_MEASURE},
        {"SG terminated last=2029-05-31", 1U << KH_REGISTER_TERMINATION},
        {"SG termination-withdrawn", 1U << KH_REGISTER_TERMINATION},
        {"SG consented pack=jp-sg-2 from=2026-10-01 given=2026-08-01", 1U << KH_REGISTER_CONSENT},
        {"SG consulted on=2026-06-01", 1U << KH_REGISTER_CONSULTATION_HELD},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        core_again(core);
        kh_test_history_state(&core->history, rows[i].line);
        kh_facts facts = kh_test_history_facts(&core->history, core->history.events[0].subject, false);
        unsigned found = 0;
        for (unsigned reg = 0; reg < KH_REGISTERS; reg++) {
            found |= kept(&facts, "SG", (kh_register)reg) == 1 ? 1U << reg : 0;
        }
        if (found != rows[i].registers || facts.parts[0].statement_count != 1) {
            fail_msg("\"%s\" went into the registers %x, expected %x", rows[i].line, found, rows[i].registers);
        }
    }
}

static void a_timeline_says_on_each_day_the_highest_whose_day_has_come(void **state)
{
    core_state *core = *state;
    kh_facts facts =
        facts_of(core, label, "SG suspended from=2026-07-01;SG lifted from=2026-08-01;SG suspended from=2027-03-01");
    const kh_timeline *timeline = &facts.parts[0].registers[KH_REGISTER_SUSPENSION];
    assert_int_equal(timeline->count, 3);
    assert_null(kh_timeline_on(timeline, kh_test_day("2026-06-30")));
    assert_int_equal(kh_timeline_on(timeline, kh_test_day("2026-07-01"))->revision, 1);
    assert_int_equal(kh_timeline_on(timeline, kh_test_day("2026-07-31"))->revision, 1);
    assert_int_equal(kh_timeline_on(timeline, kh_test_day("2026-08-01"))->revision, 2);
    assert_int_equal(kh_timeline_on(timeline, kh_test_day("2027-02-28"))->revision, 2);
    assert_int_equal(kh_timeline_on(timeline, kh_test_day("2027-03-01"))->revision, 3);
    assert_int_equal(kh_timeline_highest(timeline)->revision, 3);
    assert_null(kh_timeline_highest(&facts.parts[0].registers[KH_REGISTER_MEASURE]));
    assert_null(kh_timeline_on(&facts.parts[0].registers[KH_REGISTER_MEASURE], KH_DAY_LAST));
}

static void a_higher_statement_with_the_same_or_an_earlier_day_covers(void **state)
{
    core_state *core = *state;
    static const struct {
        uint32_t left; /* in the register, of all that was stated */
        kh_register reg;
        const char *lines;
    } rows[] = {
        {2, KH_REGISTER_SUSPENSION, "SG suspended from=2026-07-01;SG lifted from=2026-07-02"},
        {1, KH_REGISTER_SUSPENSION, "SG suspended from=2026-07-01;SG lifted from=2026-07-01"},
        {1, KH_REGISTER_SUSPENSION, "SG suspended from=2026-07-01;SG lifted from=2026-06-30"},
        {2, KH_REGISTER_SUSPENSION,
         "SG suspended from=2026-07-01;SG suspended from=2026-09-01;SG lifted from=2026-08-01"},
        {1, KH_REGISTER_SUSPENSION,
         "SG suspended from=2026-07-01;SG suspended from=2026-09-01;SG suspended from=2026-06-01"},
        {1, KH_REGISTER_REVOCATION, "SG revoked decided=2026-07-01;SG revocation-withdrawn"},
        {2, KH_REGISTER_REVOCATION, "SG revocation-withdrawn;SG revoked decided=2026-07-01"},
        {1, KH_REGISTER_TERMINATION, "SG terminated last=2029-05-31;SG termination-withdrawn"},
        {2, KH_REGISTER_VALIDITY, "SG issued valid=2026-06-01..2026-12-31;SG renewed valid=2027-01-01..2027-12-31"},
        {1, KH_REGISTER_VALIDITY,
         "SG issued valid=2026-06-01..2026-12-31;SG renewed valid=2027-01-01..2027-12-31;"
         "SG issued valid=2026-06-01..2026-12-31"},
        {1, KH_REGISTER_DETAILS,
         "SG issued valid=2026-06-01..2026-12-31;SG renewed valid=2027-01-01..2027-12-31 product=x;SG amended "
         "product=y"},
        {2, KH_REGISTER_VALIDITY,
         "SG issued valid=2026-06-01..2026-12-31;SG renewed valid=2027-01-01..2027-12-31 product=x;SG amended "
         "product=y"},
        {1, KH_REGISTER_EVIDENCE, "SG issued valid=2026-06-01..2026-12-31;SG amended documents=a:ja"},
        {1, KH_REGISTER_ORIGIN,
         "SG issued valid=2026-06-01..2026-12-31;SG issued valid=2026-06-01..2026-12-31 third=FI"},
        {2, KH_REGISTER_CONSULTATION, "SG raised on=2026-07-01;SG settled on=2026-08-01"},
        {1, KH_REGISTER_EXCLUSION, "SG raised on=2026-07-01;SG settled on=2026-08-01"},
        {1, KH_REGISTER_CONSULTATION, "SG raised on=2026-07-01;SG settled on=2026-07-01"},
        {1, KH_REGISTER_MEASURE, "SG measure from=2026-07-01;SG measure-lifted from=2026-07-01"},
        {1, KH_REGISTER_NOTICE_GIVEN, "SG notice-given on=2026-07-05;SG notice-given on=2026-07-01"},
        {1, KH_REGISTER_NOTICE_RECEIVED, "SG notice-received on=2026-07-05;SG notice-received on=2026-07-01"},
        {1, KH_REGISTER_CONSULTATION_HELD, "SG consulted on=2026-07-05;SG consulted on=2026-07-01"},
        {2, KH_REGISTER_CONSENT,
         "SG consented pack=jp-sg-2 from=2026-10-01 given=2026-08-01;"
         "SG consented pack=jp-sg-3 from=2026-10-01 given=2026-08-01;"
         "SG consented pack=jp-sg-2 from=2026-11-01 given=2026-09-01"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        core_again(core);
        kh_test_history_state(&core->history, rows[i].lines);
        for (int backwards = 0; backwards < 2; backwards++) {
            kh_facts facts = kh_test_history_facts(&core->history, core->history.events[0].subject, backwards != 0);
            if (kept(&facts, "SG", rows[i].reg) != rows[i].left) {
                fail_msg("\"%s\" leaves %u, expected %u", rows[i].lines, kept(&facts, "SG", rows[i].reg), rows[i].left);
            }
        }
    }
}

static void a_revocation_is_covered_only_on_both_of_its_days(void **state)
{
    core_state *core = *state;
    static const struct {
        uint32_t left;
        const char *lines;
    } rows[] = {
        {1, "SG revoked decided=2026-07-10 from=2026-07-20;SG revoked decided=2026-07-10 from=2026-07-20"},
        {1, "SG revoked decided=2026-07-10 from=2026-07-20;SG revoked decided=2026-07-09 from=2026-07-19"},
        {2, "SG revoked decided=2026-07-10 from=2026-07-20;SG revoked decided=2026-07-09 from=2026-07-21"},
        {2, "SG revoked decided=2026-07-10 from=2026-07-20;SG revoked decided=2026-07-11 from=2026-07-19"},
        {2, "SG revoked decided=2026-07-10 from=2026-07-20;SG revoked decided=2026-07-11 from=2026-07-21"},
        /* neither of the two higher ones alone covers it */
        {3, "SG revoked decided=2026-07-10 from=2026-07-20;SG revoked decided=2026-07-11 from=2026-07-19;"
            "SG revoked decided=2026-07-09 from=2026-07-21"},
        /* the highest covers both */
        {1, "SG revoked decided=2026-07-10 from=2026-07-20;SG revoked decided=2026-07-11 from=2026-07-19;"
            "SG revoked decided=2026-07-09 from=2026-07-18"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        kh_facts facts = facts_of(core, label, rows[i].lines);
        if (kept(&facts, "SG", KH_REGISTER_REVOCATION) != rows[i].left) {
            fail_msg("\"%s\" leaves %u", rows[i].lines, kept(&facts, "SG", KH_REGISTER_REVOCATION));
        }
    }
}

static kh_rc merge(core_state *core, kh_facts *facts, uint32_t event, kh_merge *out)
{
    const kh_event *one = &core->history.events[event];
    return kh_facts_merge(facts, one->participant, &one->statement, &core->arena, out);
}

static void a_duplicate_changes_nothing_and_is_no_conflict(void **state)
{
    core_state *core = *state;
    kh_facts facts = {0};
    kh_merge out;
    kh_test_history_state(&core->history, "SG suspended from=2026-07-01;SG suspended from=2026-06-01");
    assert_rc(merge(core, &facts, 0, &out), KH_OK);
    assert_true(out.changed && !out.gap && out.conflict == NULL);
    kh_facts before = facts;
    assert_rc(merge(core, &facts, 0, &out), KH_OK);
    assert_true(!out.changed && !out.gap && out.conflict == NULL);
    assert_ptr_equal(facts.parts, before.parts);
    assert_rc(merge(core, &facts, 1, &out), KH_OK);
    assert_true(out.changed);
    assert_rc(merge(core, &facts, 0, &out), KH_OK); /* covered: as if it had never been made */
    assert_true(!out.changed && !out.gap && out.conflict == NULL);
    assert_int_equal(facts.parts[0].statement_count, 1);
}

static void a_conflict_is_reported_whichever_wins(void **state)
{
    core_state *core = *state;
    kh_test_history_state(&core->history, "SG suspended from=2026-07-01 rev=1 event=5;"
                                          "SG suspended from=2026-08-01 rev=1 event=4;"
                                          "SG suspended from=2026-09-01 rev=1 event=6");
    for (uint32_t first = 0; first < 2; first++) {
        kh_facts facts = {0};
        kh_merge out;
        assert_rc(merge(core, &facts, first, &out), KH_OK);
        assert_null(out.conflict);
        assert_rc(merge(core, &facts, 1 - first, &out), KH_OK);
        assert_non_null(out.conflict);
        assert_ptr_equal(out.conflict, &core->history.events[first].statement);
        assert_true(out.changed); /* days ascend with the order here, so both are kept */
        assert_false(out.gap);
        /* on the day of both, the one with the smaller event id is the higher */
        const kh_statement *holds =
            kh_timeline_on(&facts.parts[0].registers[KH_REGISTER_SUSPENSION], kh_test_day("2026-08-01"));
        assert_ptr_equal(holds, &core->history.events[1].statement);
        assert_rc(merge(core, &facts, 2, &out), KH_OK); /* lower than both, and later: covered */
        assert_non_null(out.conflict);
        assert_false(out.changed);
        assert_rc(merge(core, &facts, 0, &out), KH_OK); /* the same again is a duplicate */
        assert_null(out.conflict);
    }
}

static void revisions_of_participants_are_apart(void **state)
{
    core_state *core = *state;
    kh_facts facts = {0};
    kh_merge out;
    kh_test_history_state(&core->history, "SG suspended from=2026-07-01;JP raised on=2026-07-01");
    assert_rc(merge(core, &facts, 0, &out), KH_OK);
    assert_rc(merge(core, &facts, 1, &out), KH_OK);
    assert_true(out.conflict == NULL && !out.gap && out.changed);
    assert_int_equal(facts.part_count, 2);
    assert_text(facts.parts[0].participant, "JP");
    assert_text(facts.parts[1].participant, "SG");
    assert_null(kh_facts_part(&facts, KH_TEXT("FI")));
    assert_null(kh_facts_part(&facts, KH_TEXT("TH")));
}

static void a_gap_is_counted_never_an_error(void **state)
{
    core_state *core = *state;
    kh_facts facts = {0};
    kh_merge out;
    kh_test_history_state(&core->history, "SG suspended from=2026-07-01 rev=2;SG lifted from=2026-08-01 rev=3;"
                                          "SG suspended from=2026-09-01 rev=5;SG lifted from=2026-08-15 rev=4");
    assert_rc(merge(core, &facts, 0, &out), KH_OK);
    assert_true(out.gap && out.changed); /* the first revision is 1 */
    assert_rc(merge(core, &facts, 1, &out), KH_OK);
    assert_false(out.gap);
    assert_rc(merge(core, &facts, 2, &out), KH_OK);
    assert_true(out.gap && out.changed);
    assert_rc(merge(core, &facts, 3, &out), KH_OK);
    assert_false(out.gap);
    assert_int_equal(kept(&facts, "SG", KH_REGISTER_SUSPENSION), 4);
}

static void a_register_keeps_1024(void **state)
{
    core_state *core = *state;
    kh_facts facts = {0};
    kh_merge out;
    char line[128];
    char date[KH_DATE_SIZE + 1];
    kh_day first = kh_test_day("2026-07-01");
    for (int i = 0; i <= KH_REGISTER_LIMIT; i++) {
        kh_day_print(first + i, date);
        (void)snprintf(line, sizeof line, "SG suspended from=%s", date);
        kh_test_history_state(&core->history, line);
    }
    for (uint32_t i = 0; i < KH_REGISTER_LIMIT; i++) {
        assert_rc(merge(core, &facts, i, &out), KH_OK);
    }
    assert_int_equal(kept(&facts, "SG", KH_REGISTER_SUSPENSION), KH_REGISTER_LIMIT);
    kh_facts before = facts;
    assert_rc(merge(core, &facts, KH_REGISTER_LIMIT, &out), KH_E_REFUSED);
    assert_memory_equal(&facts, &before, sizeof facts);
    /* one that makes room is taken, and the one refused may come again */
    kh_test_history_state(&core->history, "SG lifted from=2027-07-01 rev=5000;SG measure from=2026-07-01 rev=5001");
    assert_rc(merge(core, &facts, KH_REGISTER_LIMIT + 2, &out), KH_OK); /* another register has room */
    assert_rc(merge(core, &facts, KH_REGISTER_LIMIT + 1, &out), KH_OK);
    assert_int_equal(kept(&facts, "SG", KH_REGISTER_SUSPENSION), 366);
}

static void the_origin_is_what_the_home_says(void **state)
{
    core_state *core = *state;
    kh_facts facts = facts_of(core, label, "JP raised on=2026-07-01");
    assert_null(kh_facts_origin(&facts, label));
    facts = facts_of(core, label, "SG issued valid=2026-06-01..2026-12-31 third=FI");
    assert_text(kh_facts_origin(&facts, label)->third_country, "FI");
    facts = facts_of(core, label, "SG suspended from=2026-07-01");
    assert_null(kh_facts_origin(&facts, label));
}

static void built_from_stored_parts_in_any_order(void **state)
{
    core_state *core = *state;
    kh_facts merged = facts_of(core, held,
                               "SG consulted on=2026-07-01;SG consulted on=2026-09-01;SG consulted on=2026-08-01;"
                               "JP terminated last=2029-05-31;JP termination-withdrawn;JP consulted on=2026-09-01");
    const kh_event *e = core->history.events;
    const kh_statement *sg[] = {&e[2].statement, &e[0].statement, &e[1].statement};
    const kh_statement *jp[] = {&e[5].statement, &e[4].statement, &e[3].statement};
    kh_part parts[] = {
        {.participant = KH_TEXT("SG"), .statements = sg, .statement_count = 3},
        {.participant = KH_TEXT("JP"), .statements = jp, .statement_count = 3},
    };
    kh_facts built = {0};
    assert_rc(kh_facts_build(parts, 2, &core->arena, &built), KH_OK);
    assert_true(kh_test_facts_same(&merged, &built));
    kh_part empty = {.participant = KH_TEXT("SG")};
    assert_rc(kh_facts_build(&empty, 1, &core->arena, &built), KH_OK);
    assert_int_equal(built.parts[0].statement_count, 0);
    assert_rc(kh_facts_build(NULL, 0, &core->arena, &built), KH_OK);
    assert_int_equal(built.part_count, 0);
}

/* Every allocation fails once, in turn: nothing is changed, nothing leaks, and trying again works. */
static void out_of_memory_leaves_the_facts_as_they_were(void **state)
{
    core_state *core = *state;
    kh_test_history_state(&core->history,
                          "SG suspended from=2026-07-01;JP raised on=2026-07-01;SG lifted from=2026-08-01");
    long failures = 0;
    for (long nth = 0;; nth++) {
        kh_test_memory memory;
        kh_arena arena;
        kh_facts facts = {0};
        kh_rc rc = KH_OK;
        kh_test_memory_init(&memory, nth);
        kh_arena_init(&arena, 16, &memory.memory); /* a block for each allocation */
        for (uint32_t i = 0; i < 3 && rc == KH_OK; i++) {
            const kh_event *event = &core->history.events[i];
            kh_facts before = facts;
            kh_merge out = {.gap = true};
            rc = kh_facts_merge(&facts, event->participant, &event->statement, &arena, &out);
            if (rc != KH_OK) {
                assert_rc(rc, KH_E_MEMORY);
                assert_memory_equal(&facts, &before, sizeof facts);
                failures++;
                assert_rc(kh_facts_merge(&facts, event->participant, &event->statement, &arena, &out), KH_OK);
            }
        }
        kh_arena_deinit(&arena);
        assert_int_equal(memory.live, 0);
        if (rc == KH_OK) {
            break;
        }
    }
    assert_true(failures >= 9);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CORE_TEST(each_body_goes_into_its_registers),
        CORE_TEST(a_timeline_says_on_each_day_the_highest_whose_day_has_come),
        CORE_TEST(a_higher_statement_with_the_same_or_an_earlier_day_covers),
        CORE_TEST(a_revocation_is_covered_only_on_both_of_its_days),
        CORE_TEST(a_duplicate_changes_nothing_and_is_no_conflict),
        CORE_TEST(a_conflict_is_reported_whichever_wins),
        CORE_TEST(revisions_of_participants_are_apart),
        CORE_TEST(a_gap_is_counted_never_an_error),
        CORE_TEST(a_register_keeps_1024),
        CORE_TEST(the_origin_is_what_the_home_says),
        CORE_TEST(built_from_stored_parts_in_any_order),
        CORE_TEST(out_of_memory_leaves_the_facts_as_they_were),
    };
    return cmocka_run_group_tests_name("facts", tests, NULL, NULL);
}
