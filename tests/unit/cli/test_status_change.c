#include "support/kh_test.h"

#include <string.h>

#include "app/heap.h"
#include "cli/status_change.h"

static const kh_rule_pack pack = {.id = {"jp-sg-1", 7}, .arrangement = {"jp-sg", 5}, .sha256 = {"0123456789", 10}};
static const kh_validity validity = {20000, 21000};
static const kh_validity renewed = {20500, 22000};

static kh_status recognised(void)
{
    return (kh_status){.label = KH_TEXT("SG/1"),
                       .host = KH_TEXT("JP"),
                       .pack = &pack,
                       .outcome = KH_OUTCOME_RECOGNISED,
                       .since = 1000,
                       .next_change_at = KH_INSTANT_NONE,
                       .level = 2,
                       .recognised_level = 1,
                       .validity = &validity};
}

/* All changes in one text. */
static kh_text told(const kh_changes *changes)
{
    kh_text out = KH_TEXT("");
    for (uint32_t i = 0; i < changes->count; i++) {
        out = kh_arena_print(changes->arena, "%.*s%s%.*s", KH_TEXT_ARGS(out), i == 0 ? "" : "; ",
                             KH_TEXT_ARGS(kh_change_told(changes, &changes->items[i])));
    }
    return out;
}

static void only_what_differs_is_told(void **state)
{
    kh_arena arena;
    kh_changes changes;
    kh_status before = recognised();
    kh_status after = recognised();
    (void)state;
    kh_arena_init(&arena, 4096, kh_heap());
    kh_changes_init(&changes, KH_ENGLISH, &arena);
    kh_changes_add_status(&changes, &before, &after, true);
    assert_int_equal(changes.count, 0);
    after.outcome = KH_OUTCOME_LABEL_NOT_VALID;
    after.reasons = 1U << KH_REASON_EXPIRED;
    after.recognised_level = 0;
    after.validity = &renewed;
    after.since = 2000;
    after.next_change_at = 3000;
    kh_changes_add_status(&changes, &before, &after, false);
    assert_text(told(&changes), "outcome: recognised -> label not valid [expired (Art 3.2)]; "
                                "validity: 2024-10-04..2027-07-01 -> 2026-02-16..2030-03-27");
    assert_text(kh_change_name(&changes, &changes.items[1]), "validity");
    kh_changes_init(&changes, KH_ENGLISH, &arena);
    kh_changes_add_status(&changes, &after, &before, true);
    kh_text text = told(&changes);
    assert_non_null(strstr(text.data, "counts as level: none -> 1"));
    assert_non_null(strstr(text.data, "since: 1970-01-01T00:00:02Z -> 1970-01-01T00:00:01Z"));
    assert_non_null(strstr(text.data, "next change: 1970-01-01T00:00:03Z -> only by new facts"));
    kh_arena_deinit(&arena);
}

/* A row of the annex that only needs more than before is told by what it needs. */
static void rows_are_told_by_citation_or_by_need(void **state)
{
    static const kh_requirement rows[] = {{KH_TEXT("1"), KH_EQUIVALENCE_PARTIAL, KH_TEXT("A-1/1")},
                                          {KH_TEXT("2"), KH_EQUIVALENCE_NONE, KH_TEXT("A-1/2")}};
    static const kh_requirement more[] = {{KH_TEXT("1"), KH_EQUIVALENCE_NONE, KH_TEXT("A-1/1")},
                                          {KH_TEXT("2"), KH_EQUIVALENCE_NONE, KH_TEXT("A-1/2")}};
    static const kh_details details = {.category = {"general-iot", 11}};
    kh_table table = {.from = KH_TEXT("SG"), .to = KH_TEXT("JP"), .requirements = rows, .requirement_count = 2};
    kh_table other_table = table;
    kh_rule_pack one = pack;
    kh_rule_pack other = pack;
    kh_arena arena;
    kh_changes changes;
    (void)state;
    one.tables = &table;
    one.table_count = 1;
    other.tables = &other_table;
    other.table_count = 1;
    other_table.requirements = more;
    kh_status before = recognised();
    before.pack = &one;
    before.details = &details;
    before.no_counterpart = KH_NO_COUNTERPART_FULL_ASSESSMENT;
    kh_status after = before;
    after.pack = &other;
    kh_arena_init(&arena, 4096, kh_heap());
    kh_changes_init(&changes, KH_ENGLISH, &arena);
    kh_changes_add_status(&changes, &before, &after, true);
    assert_text(told(&changes), "rows to assess: A-1/1 (supplementary assessment) -> A-1/1 (full assessment)");
    other_table.requirement_count = 1;
    kh_changes_init(&changes, KH_ENGLISH, &arena);
    kh_changes_add_status(&changes, &before, &after, true);
    assert_text(told(&changes), "rows to assess: A-1/1, A-1/2 -> A-1/1");
    kh_arena_deinit(&arena);
}

static void an_obligation_may_arise_change_and_go(void **state)
{
    kh_arena arena;
    kh_changes changes;
    kh_obligation open = {.kind = KH_OBLIGATION_REVOCATION_NOTICE,
                          .obliged = {KH_TEXT("SG")},
                          .obliged_count = 1,
                          .arose_on = 0,
                          .due_on = 5,
                          .state = KH_OBLIGATION_OPEN,
                          .discharged_on = KH_DAY_NONE,
                          .confirmed_on = KH_DAY_NONE};
    kh_obligation discharged = open;
    (void)state;
    discharged.state = KH_OBLIGATION_DISCHARGED;
    discharged.discharged_on = 7;
    kh_arena_init(&arena, 4096, kh_heap());
    kh_changes_init(&changes, KH_ENGLISH, &arena);
    kh_changes_add_obligation(&changes, NULL, NULL);
    assert_int_equal(changes.count, 0);
    kh_changes_add_obligation(&changes, NULL, &open);
    kh_changes_add_obligation(&changes, &open, &discharged);
    kh_changes_add_obligation(&changes, &discharged, NULL);
    assert_text(told(&changes), "notice of revocation: does not arise -> open; notice of revocation: open -> "
                                "discharged; discharged on: none -> 1970-01-08; notice of revocation: discharged -> "
                                "does not arise");
    kh_changes_init(&changes, KH_JAPANESE, &arena);
    kh_changes_add_obligation(&changes, NULL, &open);
    assert_text(told(&changes), "取消しの通知: 生じていない → 未履行");
    assert_text(kh_change_name(&changes, &changes.items[0]), "取消しの通知");
    kh_arena_deinit(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_what_differs_is_told),
        cmocka_unit_test(rows_are_told_by_citation_or_by_need),
        cmocka_unit_test(an_obligation_may_arise_change_and_go),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
