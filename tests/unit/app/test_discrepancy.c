/* What a difference between a replay and the live deployment is counted as, and which statements it comes from. */
#include "app/discrepancy.h"

#include <string.h>

#include "app/heap.h"
#include "support/kh_test.h"

static kh_discrepancy_kind of(const kh_difference_kind *kinds, uint32_t count, kh_obligation_kind obligation)
{
    kh_differences all = {.count = count};
    for (uint32_t i = 0; i < count; i++) {
        all.items[i] = (kh_difference){.kind = kinds[i], .obligation = obligation};
    }
    return kh_discrepancy_of(&all);
}

static void the_weightiest_names_it(void **state)
{
    static const kh_difference_kind outcome[] = {KH_DIFFERENCE_OUTCOME, KH_DIFFERENCE_RESIDUAL, KH_DIFFERENCE_SINCE};
    static const kh_difference_kind reasons[] = {KH_DIFFERENCE_LEVEL, KH_DIFFERENCE_REASONS};
    static const kh_difference_kind residual[] = {KH_DIFFERENCE_RESIDUAL, KH_DIFFERENCE_PUBLIC};
    static const kh_difference_kind level[] = {KH_DIFFERENCE_COUNTS_AS};
    static const kh_difference_kind times[] = {KH_DIFFERENCE_SINCE, KH_DIFFERENCE_NEXT_CHANGE};
    static const kh_difference_kind owed[] = {KH_DIFFERENCE_OBLIGATION, KH_DIFFERENCE_DUE_ON};
    (void)state;
    assert_int_equal(of(outcome, 3, 0), KH_DISCREPANCY_OUTCOME);
    assert_int_equal(of(reasons, 2, 0), KH_DISCREPANCY_OUTCOME);
    assert_int_equal(of(residual, 2, 0), KH_DISCREPANCY_RESIDUAL);
    assert_int_equal(of(level, 1, 0), KH_DISCREPANCY_RESIDUAL);
    assert_int_equal(of(times, 2, 0), KH_DISCREPANCY_OTHER);
    assert_int_equal(of(owed, 2, KH_OBLIGATION_CONSULTATION), KH_DISCREPANCY_OBLIGATION);
}

static void each_kind_has_a_name_of_its_own(void **state)
{
    (void)state;
    for (int a = 0; a < KH_DISCREPANCIES; a++) {
        assert_true(strlen(kh_discrepancy_name((kh_discrepancy_kind)a)) > 1);
        for (int b = 0; b < a; b++) {
            assert_string_not_equal(kh_discrepancy_name((kh_discrepancy_kind)a),
                                    kh_discrepancy_name((kh_discrepancy_kind)b));
        }
    }
}

#define MANY 6

/* Facts of one participant: the statements with these revisions. */
typedef struct few {
    kh_statement statements[MANY];
    const kh_statement *list[MANY];
    kh_part part;
    kh_facts facts;
} few;

static const kh_facts *facts_of(few *out, const char *participant, const uint32_t *revisions, uint32_t count)
{
    static const kh_text ids[] = {KH_TEXT("e0"), KH_TEXT("e1"), KH_TEXT("e2"),
                                  KH_TEXT("e3"), KH_TEXT("e4"), KH_TEXT("e5")};
    for (uint32_t i = 0; i < count; i++) {
        out->statements[i] = (kh_statement){.event_id = ids[revisions[i]], .revision = revisions[i]};
        out->list[i] = &out->statements[i];
    }
    out->part = (kh_part){.participant = kh_text_of(participant), .statements = out->list, .statement_count = count};
    out->facts = (kh_facts){.parts = &out->part, .part_count = count == 0 ? 0 : 1};
    return &out->facts;
}

static void statements_that_only_one_has_are_told(void **state)
{
    static const uint32_t revisions[] = {0, 1, 2, 3, 4, 5};
    kh_arena arena;
    few has;
    few has_not;
    (void)state;
    kh_arena_init(&arena, 4096, kh_heap());
    const kh_facts *all = facts_of(&has, "JP", revisions, 3);
    assert_text(kh_discrepancy_statements(all, all, &arena), "");
    assert_text(kh_discrepancy_statements(all, facts_of(&has_not, "JP", revisions, 2), &arena), "JP's event e2");
    assert_text(kh_discrepancy_statements(facts_of(&has_not, "JP", revisions, 2), all, &arena), "");
    assert_text(kh_discrepancy_statements(all, facts_of(&has_not, "SG", revisions, 3), &arena),
                "JP's event e0, JP's event e1, JP's event e2");
    all = facts_of(&has, "JP", revisions, MANY);
    assert_text(kh_discrepancy_statements(all, facts_of(&has_not, "JP", revisions, 0), &arena),
                "JP's event e0, JP's event e1, JP's event e2 and 3 more");
    kh_arena_deinit(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_weightiest_names_it),
        cmocka_unit_test(each_kind_has_a_name_of_its_own),
        cmocka_unit_test(statements_that_only_one_has_are_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
