/* When obligations change; what they say is in tests/cases/notices.txt, consultations.txt and yearly.txt. */
#include "core/obligation.h"

#include "support/core_state.h"

static kh_label_decision decide(core_state *core, const char *lines, const char *at)
{
    kh_label_decision decision;
    core_again(core);
    kh_test_history_state(&core->history, lines);
    const kh_arrangement *arrangement = core_arrangement(core);
    kh_facts *facts = kh_arena_allocate(&core->arena, sizeof *facts);
    assert_non_null(facts);
    *facts = kh_test_history_facts(&core->history, core->history.label, false);
    assert_rc(
        kh_label_decide(arrangement, core->history.label, facts, NULL, kh_test_instant(at), &core->arena, &decision),
        KH_OK);
    return decision;
}

static void assert_instant(kh_instant actual, const char *expected)
{
    assert_true(actual == (expected == NULL ? KH_INSTANT_NONE : kh_test_instant(expected)));
}

/* With the issue unknown and no amendment nothing but the obligations changes. */
static void a_notice_is_due_again_at_each_day_that_may_change_it(void **state)
{
    core_state *core = *state;
    core->book.policies.notice_scope = KH_NOTICE_SCOPE_ALL_LABELS;
    static const struct {
        const char *due;
        const char *lines;
        const char *at;
    } rows[] = {
        {NULL, "SG amended product=x", "2026-07-01@SG"},
        {"2026-07-31@SG", "SG revoked decided=2026-07-31", "2026-07-01@SG"},
        {"2026-09-15@SG", "SG revoked decided=2026-07-31", "2026-07-31@SG"}, /* overdue */
        {NULL, "SG revoked decided=2026-07-31", "2026-09-15@SG"},
        {"2026-08-05@SG", "SG revoked decided=2026-07-31;SG notice-given on=2026-08-05", "2026-07-31@SG"},
        {"2026-08-06@SG", "SG revoked decided=2026-07-31;JP notice-received on=2026-08-06", "2026-07-31@SG"},
        {"2026-11-20@SG", "SG revoked decided=2026-07-31;SG revoked decided=2026-11-20", "2026-10-01@SG"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_instant(decide(core, rows[i].lines, rows[i].at).due_at, rows[i].due);
    }
}

static void a_consultation_likewise_on_the_date_of_the_last(void **state)
{
    core_state *core = *state;
    assert_instant(decide(core, "JP raised on=2026-07-01", "2026-06-15@SG").due_at, "2026-07-01@SG");
    assert_instant(decide(core, "JP raised on=2026-07-01", "2026-07-01@JP").due_at, "2026-07-01@SG");
    assert_instant(decide(core, "JP raised on=2026-07-01", "2026-07-01@SG").due_at, NULL);
    assert_instant(decide(core, "JP raised on=2026-07-01;JP settled on=2026-08-01", "2026-07-01@SG").due_at,
                   "2026-08-01@SG");
}

static void the_yearly_one_by_effect_consultations_end_and_overdue(void **state)
{
    core_state *core = *state;
    static const struct {
        const char *due;
        const char *lines;
        const char *at;
    } rows[] = {
        {"2026-06-01@SG", "", "2026-05-01@SG"},
        {"2026-06-01@SG", "", "<2026-06-01@SG"},
        {"2027-06-02@SG", "", "2026-06-01@SG"},
        {NULL, "", "2027-06-02@SG"},
        {"2026-10-15@SG", "JP consulted on=2026-10-15", "2026-06-01@SG"},
        {"2027-10-16@SG", "JP consulted on=2026-10-15", "2026-10-15@SG"},
        {"2027-06-01@SG", "SG terminated last=2027-05-31", "2026-07-01@SG"},
        {NULL, "SG terminated last=2027-05-31", "2027-06-01@SG"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        bool arises = false;
        kh_obligation yearly;
        kh_instant due_at = 42;
        core_again(core);
        kh_test_history_state(&core->history, rows[i].lines);
        kh_arrangement_decide(core_arrangement(core), kh_test_instant(rows[i].at), &arises, &yearly, &due_at);
        assert_instant(due_at, rows[i].due);
    }
}

static void due_at_is_the_soonest_of_all(void **state)
{
    core_state *core = *state;
    const char *lines =
        "SG issued valid=2026-06-01..2026-12-31 basis=JP/9;SG revoked decided=2026-07-31 from=2027-02-01;"
        "JP raised on=2026-08-10";
    assert_instant(decide(core, lines, "2026-07-01@SG").due_at, "2026-07-31@SG"); /* the notice */
    assert_instant(decide(core, lines, "2026-07-31@SG").due_at, "2026-08-10@JP"); /* consultation, in the status */
    assert_instant(decide(core, lines, "2026-08-10@JP").due_at, "2026-08-10@SG"); /* the obligation */
    assert_instant(decide(core, lines, "2026-08-10@SG").due_at, "2026-09-15@SG"); /* overdue */
    assert_instant(decide(core, lines, "2026-09-15@SG").due_at, "2027-01-01@SG"); /* expiry */
}

static void same_looks_at_every_field(void **state)
{
    (void)state;
    const kh_obligation one = {
        .kind = KH_OBLIGATION_REVOCATION_NOTICE,
        .subject = KH_TEXT("SG/1"),
        .arrangement = KH_TEXT("jp-sg"),
        .host = KH_TEXT("JP"),
        .obliged = {KH_TEXT("SG")},
        .obliged_count = 1,
        .towards = KH_TEXT("JP"),
        .state = KH_OBLIGATION_OPEN,
    };
    kh_obligation others[16];
    for (size_t i = 0; i < 16; i++) {
        others[i] = one;
    }
    assert_true(kh_obligation_same(&one, &others[0]));
    size_t n = 0;
    others[n++].kind = KH_OBLIGATION_CONSULTATION;
    others[n++].subject = KH_TEXT("SG/2");
    others[n++].arrangement = KH_TEXT("jp-fi");
    others[n++].host = KH_TEXT("FI");
    others[n++].obliged[0] = KH_TEXT("FI");
    others[n++].obliged_count = 2;
    others[n++].towards = KH_TEXT("");
    others[n++].arose_on = 1;
    others[n++].due_on = 1;
    others[n++].earliest_due_on = 1;
    others[n++].provisional = true;
    others[n++].state = KH_OBLIGATION_OVERDUE;
    others[n++].discharged_on = 1;
    others[n++].late = true;
    others[n++].confirmed_on = 1;
    for (size_t i = 0; i < n; i++) {
        assert_false(kh_obligation_same(&one, &others[i]));
        assert_false(kh_obligation_same(&others[i], &one));
    }
}

static void names_and_articles(void **state)
{
    (void)state;
    assert_text(kh_obligation_kind_name(KH_OBLIGATION_REVOCATION_NOTICE), "REVOCATION_NOTICE");
    assert_text(kh_obligation_kind_name(KH_OBLIGATION_CONSULTATION), "CONSULTATION");
    assert_text(kh_obligation_kind_name(KH_OBLIGATION_YEARLY_CONSULTATION), "YEARLY_CONSULTATION");
    assert_text(kh_obligation_article(KH_OBLIGATION_REVOCATION_NOTICE), "3.6");
    assert_text(kh_obligation_article(KH_OBLIGATION_CONSULTATION), "3.5");
    assert_text(kh_obligation_article(KH_OBLIGATION_YEARLY_CONSULTATION), "4.2");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CORE_TEST(a_notice_is_due_again_at_each_day_that_may_change_it),
        CORE_TEST(a_consultation_likewise_on_the_date_of_the_last),
        CORE_TEST(the_yearly_one_by_effect_consultations_end_and_overdue),
        CORE_TEST(due_at_is_the_soonest_of_all),
        CORE_TEST(same_looks_at_every_field),
        CORE_TEST(names_and_articles),
    };
    return cmocka_run_group_tests_name("obligation", tests, NULL, NULL);
}
