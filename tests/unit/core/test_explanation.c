/* What each gate finds, and that what is named as a remedy is one. */
#include "kakehashi/explanation.h"

#include "support/core_state.h"

#define ISSUED "SG issued valid=2026-06-01..2026-12-31;"

typedef struct row {
    const char *lines;
    const char *at;
    kh_finding_kind kind;
    const char *day;    /* "": none */
    const char *name;   /* "": none */
    const char *remedy; /* a statement of the kind that kh_finding_remedy names; "": it names none */
} row;

static const row rows[] = {
    {"SG suspended from=2026-06-01", "2026-07-01@JP", KH_FINDING_ISSUE_UNKNOWN, "", "", ISSUED},
    {ISSUED, "2026-07-01@JP", KH_FINDING_ISSUE_KNOWN, "", "", ""},
    {ISSUED, "2026-07-01@JP", KH_FINDING_IN_FORCE, "2026-06-01", "", ""},
    {ISSUED, "<2026-06-01@JP", KH_FINDING_NOT_YET_IN_FORCE, "2026-06-01", "", ""},
    {ISSUED "JP terminated last=2026-06-30 rev=5", "2026-07-01@JP", KH_FINDING_ENDED, "2026-07-01", "",
     "JP termination-withdrawn"},
    {ISSUED, "2026-07-01@JP", KH_FINDING_OWN_ASSESSMENT, "", "", ""},
    {"SG issued valid=2026-06-01..2026-12-31 basis=JP/9", "2026-07-01@JP", KH_FINDING_DERIVED_HERE, "", "JP/9", ""},
    {"SG issued valid=2026-06-01..2026-12-31 third=CLS-FI", "2026-07-01@JP", KH_FINDING_FROM_THIRD_COUNTRY, "",
     "CLS-FI", ISSUED},
    {"SG issued valid=2026-06-01..2026-12-31 arrangement=sg-fi basis=FI/9", "2026-07-01@JP", KH_FINDING_UNDER_ANOTHER,
     "", "sg-fi", ISSUED},
    {ISSUED, "2026-07-01@JP", KH_FINDING_BASIS_NOT_IN_HOST, "", "", ""},
    {"SG issued valid=2026-06-01..2026-12-31 basis=JP/9", "2026-07-01@JP", KH_FINDING_BASIS_IN_HOST, "", "JP/9",
     ISSUED},
    {ISSUED, "2026-07-01@JP", KH_FINDING_BEGUN, "2026-06-01", "", ""},
    {ISSUED, "<2026-06-01@SG", KH_FINDING_NOT_YET_VALID, "2026-06-01", "", ""},
    {ISSUED, "2026-07-01@JP", KH_FINDING_NOT_EXPIRED, "2026-12-31", "", ""},
    {ISSUED, "2027-01-01@SG", KH_FINDING_EXPIRED, "2026-12-31", "", "SG renewed valid=2027-01-01..2027-12-31"},
    {ISSUED, "2026-07-01@JP", KH_FINDING_NOT_SUSPENDED, "", "", ""},
    {ISSUED "SG suspended from=2026-06-10", "2026-07-01@SG", KH_FINDING_SUSPENDED, "2026-06-10", "",
     "SG lifted from=2026-07-01"},
    {ISSUED "SG suspended from=2026-06-10;SG lifted from=2026-06-20", "2026-07-01@JP", KH_FINDING_NO_LONGER_SUSPENDED,
     "2026-06-20", "", ""},
    {ISSUED, "2026-07-01@JP", KH_FINDING_NOT_REVOKED, "", "", ""},
    {ISSUED "SG revoked decided=2026-06-10 from=2026-06-12", "2026-07-01@JP", KH_FINDING_REVOKED, "2026-06-12", "",
     "SG revocation-withdrawn"},
    {ISSUED "SG revoked decided=2026-06-10 from=2026-06-12;SG revocation-withdrawn", "2026-07-01@JP",
     KH_FINDING_REVOCATION_WITHDRAWN, "", "", ""},
    {ISSUED, "2026-07-01@JP", KH_FINDING_IN_SCOPE, "", "general-iot", ""},
    {"SG issued valid=2026-06-01..2026-12-31 category=toy", "2026-07-01@JP", KH_FINDING_OUT_OF_SCOPE, "", "toy",
     "SG amended category=general-iot"},
    {ISSUED, "2026-07-01@JP", KH_FINDING_NO_FAILED_DISPUTE, "", "", ""},
    {ISSUED "JP raised on=2026-06-05;JP settled on=2026-06-20", "2026-07-01@JP", KH_FINDING_DISPUTE_SETTLED,
     "2026-06-20", "", ""},
    {ISSUED "JP failed from=2026-06-20", "2026-07-01@JP", KH_FINDING_DISPUTE_FAILED, "2026-06-20", "",
     "JP settled on=2026-07-01"},
    {ISSUED "JP raised on=2026-06-05", "2026-07-01@JP", KH_FINDING_CONSULTATION_HARMLESS, "2026-06-05", "", ""},
    {ISSUED, "2026-07-01@JP", KH_FINDING_NO_MEASURE, "", "", ""},
    {ISSUED "JP measure from=2026-06-05;JP measure-lifted from=2026-06-20", "2026-07-01@JP", KH_FINDING_MEASURE_LIFTED,
     "2026-06-20", "", ""},
    {ISSUED "JP measure from=2026-06-05", "2026-07-01@JP", KH_FINDING_MEASURE_IN_FORCE, "2026-06-05", "",
     "JP measure-lifted from=2026-07-01"},
    {ISSUED "JP raised on=2026-06-05", "2026-07-01@JP", KH_FINDING_CONSULTATION_BARS, "2026-06-05", "",
     "JP settled on=2026-07-01"},
};
#define ROWS (sizeof rows / sizeof *rows)

static kh_explanation explain(core_state *core, const char *at)
{
    kh_explanation explanation;
    kh_facts facts = kh_test_history_facts(&core->history, core->history.label, false);
    assert_rc(kh_label_explain(core_arrangement(core), core->history.label, &facts, NULL, kh_test_instant(at),
                               &core->arena, &explanation),
              KH_OK);
    return explanation;
}

static const kh_finding *find(const kh_explanation *explanation, kh_finding_kind kind)
{
    for (uint32_t i = 0; i < explanation->count; i++) {
        if (explanation->findings[i].now.kind == kind) {
            return &explanation->findings[i];
        }
    }
    return NULL;
}

static bool fails_with(const kh_explanation *explanation, kh_reason reason)
{
    for (uint32_t i = 0; i < explanation->count; i++) {
        if (explanation->findings[i].now.reason == reason) {
            return true;
        }
    }
    return false;
}

static void begin_row(core_state *core, const row *of)
{
    core_again(core);
    core->book.policies.recognise_during_consultation = of->kind != KH_FINDING_CONSULTATION_BARS;
    kh_test_history_state(&core->history, of->lines);
}

static void each_finding_has_its_day_and_name(void **state)
{
    core_state *core = *state;
    for (size_t i = 0; i < ROWS; i++) {
        begin_row(core, &rows[i]);
        kh_explanation explanation = explain(core, rows[i].at);
        const kh_finding *finding = find(&explanation, rows[i].kind);
        if (finding == NULL) {
            fail_msg("%s: not found", kh_finding_name(rows[i].kind));
            return;
        }
        assert_int_equal(finding->now.day, rows[i].day[0] == '\0' ? KH_DAY_NONE : kh_test_day(rows[i].day));
        assert_text(finding->now.name, rows[i].name);
    }
}

/* Every kind is shown once, so that none is forgotten here; and what would change it does. */
static void each_remedy_is_one(void **state)
{
    core_state *core = *state;
    bool seen[KH_FINDING_COUNT] = {false};
    for (size_t i = 0; i < ROWS; i++) {
        begin_row(core, &rows[i]);
        kh_explanation before = explain(core, rows[i].at);
        kh_reason reason = find(&before, rows[i].kind)->now.reason;
        kh_remedy remedy = kh_finding_remedy(rows[i].kind);
        seen[rows[i].kind] = true;
        assert_int_equal(remedy.body != 0, rows[i].remedy[0] != '\0');
        if (remedy.body == 0) {
            /* It holds, or only its day is awaited. */
            assert_true(reason == 0 || reason == KH_REASON_ARRANGEMENT_NOT_YET || reason == KH_REASON_NOT_YET_VALID);
            continue;
        }
        assert_int_not_equal(reason, 0);
        kh_test_history_state(&core->history, rows[i].remedy);
        const kh_event *stated = &core->history.events[core->history.count - 1];
        assert_int_equal(stated->statement.body.kind, remedy.body);
        if (remedy.body != KH_TERMINATION_WITHDRAWN) {
            assert_text(stated->participant, remedy.by_host ? "JP" : "SG");
        }
        kh_explanation after = explain(core, rows[i].at);
        assert_false(fails_with(&after, reason));
    }
    for (int kind = 1; kind < KH_FINDING_COUNT; kind++) {
        if (!seen[kind]) {
            fail_msg("no row finds %s", kh_finding_name((kh_finding_kind)kind));
        }
    }
}

static void a_finding_names_statement_article_and_next_change(void **state)
{
    core_state *core = *state;
    kh_test_history_state(&core->history, ISSUED "SG suspended from=2026-07-10;SG lifted from=2026-08-01");
    kh_explanation before = explain(core, "2026-07-01@JP");
    const kh_finding *coming = find(&before, KH_FINDING_NOT_SUSPENDED);
    assert_int_equal(coming->gate, KH_GATE_VALIDITY);
    assert_text(coming->article, "3.2");
    assert_int_equal(coming->now.fact_count, 0);
    assert_int_equal(coming->changes_at, kh_test_instant("2026-07-10@SG"));
    assert_int_equal(coming->then.kind, KH_FINDING_SUSPENDED);
    assert_text(coming->then.facts[0].participant, "SG");
    assert_int_equal(coming->then.facts[0].statement->body.kind, KH_LABEL_SUSPENDED);
    kh_explanation after = explain(core, "2026-07-10@SG");
    const kh_finding *suspended = find(&after, KH_FINDING_SUSPENDED);
    assert_int_equal(suspended->changes_at, kh_test_instant("2026-08-01@SG"));
    assert_int_equal(suspended->then.kind, KH_FINDING_NO_LONGER_SUSPENDED);
}

static void both_notices_are_cited_when_both_have_ended_it(void **state)
{
    core_state *core = *state;
    kh_test_history_state(&core->history, ISSUED "JP terminated last=2026-07-31;SG terminated last=2026-06-30");
    kh_explanation one = explain(core, "2026-07-01@JP");
    assert_int_equal(find(&one, KH_FINDING_ENDED)->now.fact_count, 1);
    assert_text(find(&one, KH_FINDING_ENDED)->now.facts[0].participant, "SG");
    assert_text(find(&one, KH_FINDING_ENDED)->article, "11.3");
    kh_explanation both = explain(core, "2026-08-01@JP");
    assert_int_equal(find(&both, KH_FINDING_ENDED)->now.fact_count, 2);
    assert_int_equal(find(&both, KH_FINDING_ENDED)->now.day, kh_test_day("2026-07-01"));
}

static void out_of_memory_explains_nothing(void **state)
{
    core_state *core = *state;
    kh_test_memory memory;
    kh_arena arena;
    kh_explanation explanation = {.count = 42};
    kh_test_history_state(&core->history, ISSUED);
    kh_facts facts = kh_test_history_facts(&core->history, core->history.label, false);
    const kh_arrangement *arrangement = core_arrangement(core);
    kh_test_memory_init(&memory, 0);
    kh_arena_init(&arena, 16, &memory.memory);
    assert_rc(kh_label_explain(arrangement, core->history.label, &facts, NULL, kh_test_instant("2026-07-01@JP"), &arena,
                               &explanation),
              KH_E_MEMORY);
    assert_int_equal(explanation.count, 42);
    kh_arena_deinit(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CORE_TEST(each_finding_has_its_day_and_name),
        CORE_TEST(each_remedy_is_one),
        CORE_TEST(a_finding_names_statement_article_and_next_change),
        CORE_TEST(both_notices_are_cited_when_both_have_ended_it),
        CORE_TEST(out_of_memory_explains_nothing),
    };
    return cmocka_run_group_tests_name("core explanation", tests, NULL, NULL);
}
