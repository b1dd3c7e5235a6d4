/* Deciding a label: what the tables of tests/cases/ cannot say. */
#include "support/core_state.h"

static const char story[] =
    "SG issued valid=2026-06-01..2026-12-31 basis=JP/9 documents=a:ja,b:ta;SG suspended from=2026-08-01;"
    "SG lifted from=2026-09-01;SG revoked decided=2026-10-01 from=2026-11-01;JP raised on=2026-07-01;"
    "JP failed from=2026-07-15;JP measure from=2026-07-20;JP/9: JP issued valid=2026-01-01..2026-10-31";

static void the_basis_counts_only_under_this_arrangement(void **state)
{
    core_state *core = *state;
    static const struct {
        const char *basis;
        const char *lines;
    } rows[] = {
        {"JP/9", "SG issued valid=2026-06-01..2026-12-31 basis=JP/9"},
        {"", "SG issued valid=2026-06-01..2026-12-31 arrangement=sg-fi basis=FI/9"},
        {"", "SG issued valid=2026-06-01..2026-12-31"},
        {"", "SG suspended from=2026-06-01"},
        {"", ""},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        core_again(core);
        kh_test_history_state(&core->history, rows[i].lines);
        kh_facts facts = kh_test_history_facts(&core->history, core->history.label, false);
        assert_text(kh_label_basis(core_arrangement(core), core->history.label, &facts), rows[i].basis);
    }
}

/* Every allocation fails once, in turn: nothing is decided, nothing leaks, and trying again works. */
static void out_of_memory(void **state)
{
    core_state *core = *state;
    kh_test_history_state(&core->history, "SG issued valid=2026-06-01..2026-12-31 documents=a:ja,b:ta;"
                                          "SG suspended from=2026-08-01");
    const kh_arrangement *arrangement = core_arrangement(core);
    kh_facts facts = kh_test_history_facts(&core->history, core->history.label, false);
    long failures = 0;
    for (kh_rc rc = KH_E_MEMORY; rc != KH_OK; failures++) {
        kh_test_memory memory;
        kh_arena arena;
        kh_label_decision decision = {.due_at = 42};
        kh_test_memory_init(&memory, failures);
        kh_arena_init(&arena, 16, &memory.memory);
        rc = kh_label_decide(arrangement, core->history.label, &facts, NULL, kh_test_instant("2026-07-01@JP"), &arena,
                             &decision);
        if (rc != KH_OK) {
            assert_rc(rc, KH_E_MEMORY);
            assert_int_equal(decision.due_at, 42);
            assert_rc(kh_label_decide(arrangement, core->history.label, &facts, NULL, kh_test_instant("2026-07-01@JP"),
                                      &arena, &decision),
                      KH_OK);
        }
        assert_int_equal(decision.status.outcome, KH_OUTCOME_RECOGNISED);
        assert_int_equal(decision.status.translation_count, 2);
        kh_arena_deinit(&arena);
        assert_int_equal(memory.live, 0);
    }
    assert_true(failures > 3); /* instants, moments, translations */
}

/* A status is a function of facts, packs and instant: the same bytes for the same question, in any arena. */
static void the_same_question_has_the_same_answer(void **state)
{
    core_state *core = *state;
    kh_test_history_state(&core->history, story);
    const kh_arrangement *arrangement = core_arrangement(core);
    kh_facts facts = kh_test_history_facts(&core->history, core->history.label, false);
    kh_facts basis = kh_test_history_facts(&core->history, KH_TEXT("JP/9"), true);
    kh_label_decision first;
    kh_label_decision second;
    for (kh_instant at = kh_test_instant("2026-05-01@JP"); at < kh_test_instant("2027-02-01@JP"); at += 3600000) {
        kh_arena arena;
        kh_arena_init(&arena, 64, &core->memory.memory);
        assert_rc(kh_label_decide(arrangement, core->history.label, &facts, &basis, at, &arena, &first), KH_OK);
        assert_rc(kh_label_decide(arrangement, core->history.label, &facts, &basis, at, &arena, &second), KH_OK);
        assert_true(kh_status_same(&first.status, &second.status));
        assert_true(kh_status_same_to_public(&first.status, &second.status));
        assert_int_equal(first.due_at, second.due_at);
        kh_arena_deinit(&arena);
    }
}

/* More instants than the short sort takes. */
static void many_statements_ahead(void **state)
{
    core_state *core = *state;
    kh_test_history_state(&core->history, "SG issued valid=2026-06-01..2030-12-31");
    char line[64] = "SG suspended from=";
    kh_day day = kh_test_day("2026-07-01");
    for (int i = 0; i < 60; i++) {
        kh_day_print(day + 7 * i, line + 18);
        memcpy(line, i % 2 == 0 ? "SG suspended from=" : "SG lifted    from=", 18);
        kh_test_history_state(&core->history, line);
    }
    const kh_arrangement *arrangement = core_arrangement(core);
    kh_facts facts = kh_test_history_facts(&core->history, core->history.label, false);
    for (int i = 0; i < 60; i++) {
        kh_label_decision decision;
        kh_instant at = kh_day_begin(day + 7 * i, 480);
        assert_rc(kh_label_decide(arrangement, core->history.label, &facts, NULL, at, &core->arena, &decision), KH_OK);
        assert_int_equal(decision.status.outcome, i % 2 == 0 ? KH_OUTCOME_LABEL_NOT_VALID : KH_OUTCOME_RECOGNISED);
        assert_int_equal(decision.status.since, at);
        assert_int_equal(decision.status.next_change_at,
                         i < 59 ? kh_day_begin(day + 7 * (i + 1), 480) : kh_test_instant("2031-01-01@SG"));
    }
}

/* That another pack will be named is known before the pack is. */
static void an_amendment_without_its_pack_ends_what_a_reader_may_rely_on(void **state)
{
    core_state *core = *state;
    kh_label_decision decision;
    kh_test_history_state(&core->history, "SG issued valid=2026-06-01..2030-12-31;"
                                          "JP consented pack=jp-sg-4 from=2026-12-01 given=2026-08-01;"
                                          "SG consented pack=jp-sg-4 from=2026-12-01 given=2026-08-01");
    const kh_arrangement *arrangement = core_arrangement(core);
    kh_facts facts = kh_test_history_facts(&core->history, core->history.label, false);
    assert_rc(kh_label_decide(arrangement, core->history.label, &facts, NULL, kh_test_instant("2026-09-01@JP"),
                              &core->arena, &decision),
              KH_OK);
    assert_int_equal(decision.status.outcome, KH_OUTCOME_RECOGNISED);
    assert_int_equal(decision.status.since, kh_test_instant("2026-06-01@SG"));
    assert_int_equal(decision.status.next_change_at, kh_test_instant("2026-12-01@JP"));
    assert_int_equal(decision.status.public_next_change_at, kh_test_instant("2026-12-01@JP"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CORE_TEST(the_basis_counts_only_under_this_arrangement),
        CORE_TEST(out_of_memory),
        CORE_TEST(the_same_question_has_the_same_answer),
        CORE_TEST(many_statements_ahead),
        CORE_TEST(an_amendment_without_its_pack_ends_what_a_reader_may_rely_on),
    };
    return cmocka_run_group_tests_name("label", tests, NULL, NULL);
}
