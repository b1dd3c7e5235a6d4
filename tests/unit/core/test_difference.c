/* What is different between two decisions is said once, by its kind, and nothing where they say the same. */
#include "kakehashi/difference.h"

#include "support/core_state.h"

static const kh_text documents[] = {{"d1", 2}, {"d2", 2}};
static const uint8_t grounds[] = {1};
static const kh_details details = {.registration_number = {"N-1", 3},
                                   .level = 1,
                                   .category = {"general-iot", 11},
                                   .product = {"lamp", 4},
                                   .maker = {"maker", 5},
                                   .holder = {"holder", 6}};
static const kh_validity validity = {20000, 21000};
static const kh_validity renewed = {20000, 21001};

static kh_status status_of(core_state *core)
{
    return (kh_status){.label = KH_TEXT("JP/1"),
                       .host = KH_TEXT("SG"),
                       .pack = &core->book.packs[0],
                       .outcome = KH_OUTCOME_RECOGNISED,
                       .since = 1000,
                       .next_change_at = KH_INSTANT_NONE,
                       .level = 1,
                       .recognised_level = 1,
                       .no_counterpart = KH_NO_COUNTERPART_FULL_ASSESSMENT,
                       .translations = documents,
                       .translation_count = 2,
                       .details = &details,
                       .validity = &validity};
}

static const kh_difference *only(kh_differences *all, const kh_status *before, const kh_status *after,
                                 kh_difference_kind kind)
{
    *all = (kh_differences){.count = 0};
    kh_differences_add_status(all, before, after);
    if (all->count != 1 || all->items[0].kind != kind) {
        fail_msg("%u differences, the first of kind %d, not %d alone", all->count, (int)all->items[0].kind, (int)kind);
    }
    return &all->items[0];
}

static void each_kind_is_found_alone(void **state)
{
    core_state *core = *state;
    kh_differences all = {.count = 0};
    kh_details holder = details;
    holder.holder = KH_TEXT("other");
    const kh_status one = status_of(core);
    kh_status other = one;
    kh_differences_add_status(&all, &one, &other);
    assert_int_equal(all.count, 0);
#define ALONE(assignment, kind)                                                                                        \
    do {                                                                                                               \
        other = one;                                                                                                   \
        other.assignment;                                                                                              \
        (void)only(&all, &one, &other, KH_DIFFERENCE_##kind);                                                          \
    } while (0)
    ALONE(level = 2, LEVEL);
    ALONE(under_consultation = true, CONSULTATION);
    ALONE(grounds = grounds; other.ground_count = 1, GROUNDS);
    ALONE(translation_count = 1, RESIDUAL);
    ALONE(basis = KH_TEXT("SG/9"), BASIS);
    ALONE(basis_state = KH_BASIS_VALID, BASIS);
    ALONE(details = &holder, DETAILS);
    ALONE(since = 2000, SINCE);
    ALONE(next_change_at = 2000, NEXT_CHANGE);
    ALONE(public_since = 2000, PUBLIC);
#undef ALONE
    other = one;
    other.validity = &renewed; /* the public is told too */
    all.count = 0;
    kh_differences_add_status(&all, &one, &other);
    assert_int_equal(all.count, 2);
    assert_int_equal(all.items[0].kind, KH_DIFFERENCE_VALIDITY);
    assert_int_equal(all.items[1].kind, KH_DIFFERENCE_PUBLIC);
}

static void rows_are_compared_whatever_pack_they_come_from(void **state)
{
    core_state *core = *state;
    kh_differences all = {.count = 0};
    const kh_status one = status_of(core);
    kh_rule_pack pack = core->book.packs[0];
    kh_table *tables = kh_arena_allocate_array(&core->arena, pack.table_count, sizeof *tables);
    assert_non_null(tables);
    memcpy(tables, pack.tables, pack.table_count * sizeof *tables);
    pack.tables = tables;
    pack.sha256 = kh_test_pack_sha256(KH_TEXT("jp-sg-9"));
    kh_status other = one;
    other.pack = &pack;
    kh_differences_add_status(&all, &one, &other);
    assert_int_equal(all.count, 2); /* pack and public */
    assert_int_equal(all.items[0].kind, KH_DIFFERENCE_PACK);
    for (uint32_t i = 0; i < pack.table_count; i++) {
        if (kh_table_applies(&tables[i], KH_TEXT("JP"), KH_TEXT("SG"), details.category)) {
            tables[i].requirement_count--;
            tables[i].requirements++;
        }
    }
    all.count = 0;
    kh_differences_add_status(&all, &one, &other);
    assert_int_equal(all.count, 3);
    assert_int_equal(all.items[0].kind, KH_DIFFERENCE_RESIDUAL);
}

static void losing_recognition_is_one_difference_of_outcome(void **state)
{
    core_state *core = *state;
    kh_differences all;
    const kh_status one = status_of(core);
    kh_status other = one;
    other.outcome = KH_OUTCOME_OUT_OF_SCOPE;
    other.reasons = 1U << KH_REASON_CATEGORY;
    other.recognised_level = 0;
    other.translation_count = 0;
    all.count = 0;
    kh_differences_add_status(&all, &one, &other);
    assert_int_equal(all.count, 2);
    assert_int_equal(all.items[0].kind, KH_DIFFERENCE_OUTCOME);
    assert_int_equal(all.items[0].before, KH_OUTCOME_RECOGNISED);
    assert_int_equal(all.items[0].after, KH_OUTCOME_OUT_OF_SCOPE);
    assert_int_equal(all.items[1].kind, KH_DIFFERENCE_PUBLIC);
    kh_status worse = other;
    worse.reasons |= 1U << KH_REASON_MEASURE;
    (void)only(&all, &other, &worse, KH_DIFFERENCE_REASONS);
    const kh_difference *none = only(&all, &one, NULL, KH_DIFFERENCE_OUTCOME);
    assert_true(none->before == KH_OUTCOME_RECOGNISED && none->after == 0);
    none = only(&all, NULL, &one, KH_DIFFERENCE_OUTCOME);
    assert_true(none->before == 0 && none->after == KH_OUTCOME_RECOGNISED);
    all.count = 0;
    kh_differences_add_status(&all, NULL, NULL);
    assert_int_equal(all.count, 0);
}

static void obligations(void **state)
{
    (void)state;
    kh_differences all = {.count = 0};
    const kh_obligation one = {.kind = KH_OBLIGATION_REVOCATION_NOTICE,
                               .obliged = {KH_TEXT("SG")},
                               .obliged_count = 1,
                               .arose_on = 10,
                               .due_on = 20,
                               .earliest_due_on = 15,
                               .state = KH_OBLIGATION_OPEN,
                               .discharged_on = KH_DAY_NONE,
                               .confirmed_on = KH_DAY_NONE};
    kh_obligation other = one;
    kh_differences_add_obligation(&all, &one, &other);
    kh_differences_add_obligation(&all, NULL, NULL);
    assert_int_equal(all.count, 0);
    other.arose_on = 9;
    other.due_on = KH_DAY_NONE;
    other.earliest_due_on = 16;
    other.provisional = true;
    other.state = KH_OBLIGATION_DISCHARGED;
    other.discharged_on = 12;
    other.late = true;
    other.confirmed_on = 13;
    other.towards = KH_TEXT("JP");
    kh_differences_add_obligation(&all, &one, &other);
    assert_int_equal(all.count, 9);
    for (uint32_t i = 0; i < all.count; i++) {
        assert_int_equal(all.items[i].kind, KH_DIFFERENCE_OBLIGATION + (int)i);
        assert_int_equal(all.items[i].obligation, KH_OBLIGATION_REVOCATION_NOTICE);
    }
    assert_int_equal(kh_difference_trend(&all.items[1]), KH_TREND_LESS);
    assert_int_equal(kh_difference_trend(&all.items[2]), KH_TREND_MORE); /* no date is later than any */
    assert_int_equal(kh_difference_trend(&all.items[5]), KH_TREND_LESS);
    all.count = 0;
    kh_differences_add_obligation(&all, NULL, &one);
    kh_differences_add_obligation(&all, &one, NULL);
    assert_int_equal(all.count, 2);
    assert_true(all.items[0].before == 0 && all.items[0].after == KH_OBLIGATION_OPEN);
    assert_true(all.items[1].before == KH_OBLIGATION_OPEN && all.items[1].after == 0);
}

static void like_is_counted_with_like(void **state)
{
    (void)state;
    static kh_difference_tally tally;
    const kh_difference_kind due = KH_DIFFERENCE_DUE_ON;
    const kh_difference met[] = {
        {due, KH_OBLIGATION_REVOCATION_NOTICE, 20, 25},
        {KH_DIFFERENCE_OUTCOME, 0, KH_OUTCOME_RECOGNISED, KH_OUTCOME_OUT_OF_SCOPE},
        {due, KH_OBLIGATION_REVOCATION_NOTICE, 20, 21},
        {due, KH_OBLIGATION_REVOCATION_NOTICE, 20, 19},
        {KH_DIFFERENCE_OUTCOME, 0, KH_OUTCOME_RECOGNISED, KH_OUTCOME_LABEL_NOT_VALID},
        {KH_DIFFERENCE_OUTCOME, 0, KH_OUTCOME_RECOGNISED, KH_OUTCOME_OUT_OF_SCOPE},
        {KH_DIFFERENCE_RESIDUAL, 0, 6, 6},
    };
    tally = (kh_difference_tally){.count = 0};
    for (size_t i = 0; i < sizeof met / sizeof *met; i++) {
        kh_difference_tally_add(&tally, &met[i]);
    }
    static const struct {
        kh_difference_kind kind;
        kh_trend trend;
        int after;
        uint64_t count;
    } expected[] = {
        {KH_DIFFERENCE_OUTCOME, KH_TREND_OTHER, KH_OUTCOME_LABEL_NOT_VALID, 1},
        {KH_DIFFERENCE_OUTCOME, KH_TREND_OTHER, KH_OUTCOME_OUT_OF_SCOPE, 2},
        {KH_DIFFERENCE_RESIDUAL, KH_TREND_OTHER, 0, 1},
        {KH_DIFFERENCE_DUE_ON, KH_TREND_LESS, 0, 1},
        {KH_DIFFERENCE_DUE_ON, KH_TREND_MORE, 0, 2},
    };
    assert_int_equal(tally.count, sizeof expected / sizeof *expected);
    for (uint32_t i = 0; i < tally.count; i++) {
        assert_int_equal(tally.classes[i].kind, expected[i].kind);
        assert_int_equal(tally.classes[i].trend, expected[i].trend);
        assert_int_equal(tally.classes[i].after, expected[i].after);
        assert_int_equal(tally.classes[i].count, expected[i].count);
    }
}

static void kinds_have_names(void **state)
{
    (void)state;
    assert_text(kh_difference_name(KH_DIFFERENCE_OUTCOME), "OUTCOME");
    assert_text(kh_difference_name(KH_DIFFERENCE_OBLIGED), "OBLIGED");
    assert_text(kh_difference_name(KH_DIFFERENCE_NONE), "");
    assert_text(kh_difference_name(KH_DIFFERENCE_COUNT), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CORE_TEST(each_kind_is_found_alone),
        CORE_TEST(rows_are_compared_whatever_pack_they_come_from),
        CORE_TEST(losing_recognition_is_one_difference_of_outcome),
        cmocka_unit_test(obligations),
        cmocka_unit_test(like_is_counted_with_like),
        cmocka_unit_test(kinds_have_names),
    };
    return cmocka_run_group_tests_name("difference", tests, NULL, NULL);
}
