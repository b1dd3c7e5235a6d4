/* What it means for two statuses to say the same, to the agencies and to the public. */
#include "core/status.h"

#include "support/core_state.h"

static const kh_text models[] = {{"m1", 2}, {"m2", 2}};
static const kh_text documents[] = {{"d1", 2}, {"d2", 2}};
static const uint8_t grounds[] = {1, 2};

static const kh_details details = {
    .registration_number = {"N-1", 3},
    .level = 1,
    .category = {"general-iot", 11},
    .product = {"lamp", 4},
    .maker = {"maker", 5},
    .holder = {"holder", 6},
    .models = models,
    .model_count = 2,
};
static const kh_validity validity = {20000, 21000};

static kh_status status_of(core_state *core)
{
    return (kh_status){
        .label = KH_TEXT("JP/1"),
        .host = KH_TEXT("SG"),
        .pack = &core->book.packs[0],
        .outcome = KH_OUTCOME_RECOGNISED,
        .level = 1,
        .recognised_level = 1,
        .no_counterpart = KH_NO_COUNTERPART_FULL_ASSESSMENT,
        .translations = documents,
        .translation_count = 2,
        .details = &details,
        .validity = &validity,
    };
}

static void each_field_counts_for_those_who_are_told_it(void **state)
{
    core_state *core = *state;
    static const kh_text other_models[] = {{"m1", 2}, {"m3", 2}};
    static const kh_validity other_validity = {20000, 21001};
    kh_details gateway = details;
    gateway.category = KH_TEXT("home-gateway");
    kh_details product = details;
    product.product = KH_TEXT("lantern");
    kh_details number = details;
    number.registration_number = KH_TEXT("N-2");
    kh_details maker = details;
    maker.maker = KH_TEXT("other");
    kh_details holder = details;
    holder.holder = KH_TEXT("other");
    kh_details model = details;
    model.models = other_models;
    kh_details fewer = details;
    fewer.model_count = 1;
    const kh_status one = status_of(core);
    kh_status others[32];
    bool is_public[32];
    size_t n = 0;
#define OTHER(assignment, told_to_the_public)                                                                          \
    do {                                                                                                               \
        others[n] = one;                                                                                               \
        others[n].assignment;                                                                                          \
        is_public[n++] = (told_to_the_public);                                                                         \
    } while (0)
    OTHER(label = KH_TEXT("JP/2"), true);
    OTHER(host = KH_TEXT("FI"), true);
    OTHER(pack = &core->book.packs[2], true);
    OTHER(since = 5, false);
    OTHER(next_change_at = 5, false);
    OTHER(level = 2, false);
    OTHER(recognised_level = 2, true);
    OTHER(under_consultation = true, false);
    OTHER(translation_count = 1, false);
    OTHER(translations = documents + 1; others[n].translation_count = 1, false);
    OTHER(basis = KH_TEXT("SG/9"), false);
    OTHER(basis_state = KH_BASIS_VALID, false);
    OTHER(details = &gateway, true);
    OTHER(details = &product, true);
    OTHER(details = &number, true);
    OTHER(details = &maker, true);
    OTHER(details = &holder, false);
    OTHER(details = &model, false);
    OTHER(details = &fewer, false);
    OTHER(validity = &other_validity, true);
    OTHER(reasons = 1U << KH_REASON_EXPIRED; others[n].outcome = KH_OUTCOME_LABEL_NOT_VALID, true);
#undef OTHER
    assert_true(kh_status_same(&one, &one) && kh_status_same_to_public(&one, &one));
    for (size_t i = 0; i < n; i++) {
        if (kh_status_same(&one, &others[i]) || kh_status_same(&others[i], &one)) {
            fail_msg("the agencies do not see difference %zu", i);
        }
        if (kh_status_same_to_public(&one, &others[i]) == is_public[i]) {
            fail_msg("the public sees difference %zu wrongly", i);
        }
    }
}

/* The policy is no part of what is said, only the rows that follow from it. */
static void a_policy_counts_by_the_rows_that_it_makes(void **state)
{
    core_state *core = *state;
    kh_details gateway = details;
    gateway.category = KH_TEXT("home-gateway");
    kh_status one = status_of(core);
    kh_status other = one;
    other.no_counterpart = KH_NO_COUNTERPART_NOT_REQUIRED;
    assert_true(kh_status_same(&one, &other) && kh_status_same_to_public(&one, &other)); /* A-2 has no such row */
    one.details = &gateway;
    other.details = &gateway;
    assert_false(kh_status_same(&one, &other));
    assert_false(kh_status_same_to_public(&one, &other));
}

static void what_the_public_alone_is_told(void **state)
{
    core_state *core = *state;
    const kh_status one = status_of(core);
    kh_status other = one;
    other.public_since = 5;
    assert_true(kh_status_same(&one, &other));
    assert_false(kh_status_same_to_public(&one, &other));
    other = one;
    other.public_next_change_at = 5;
    assert_true(kh_status_same(&one, &other));
    assert_false(kh_status_same_to_public(&one, &other));
}

static void grounds_and_reasons_are_not_public(void **state)
{
    core_state *core = *state;
    kh_status one = status_of(core);
    one.outcome = KH_OUTCOME_BARRED_BY_MEASURE;
    one.reasons = 1U << KH_REASON_MEASURE;
    one.grounds = grounds;
    one.ground_count = 2;
    kh_status other = one;
    other.ground_count = 1;
    assert_false(kh_status_same(&one, &other));
    assert_true(kh_status_same_to_public(&one, &other));
    other = one;
    other.outcome = KH_OUTCOME_EXCLUDED_DISPUTE;
    other.reasons |= 1U << KH_REASON_DISPUTE_FAILED;
    assert_false(kh_status_same(&one, &other));
    assert_true(kh_status_same_to_public(&one, &other));
}

/* A pack that was read anew is the same pack, if its digest is. */
static void packs_are_compared_by_what_they_are(void **state)
{
    core_state *core = *state;
    const kh_status one = status_of(core);
    kh_rule_pack again = core->book.packs[0];
    kh_status other = one;
    other.pack = &again;
    assert_true(kh_status_same(&one, &other) && kh_status_same_to_public(&one, &other));
    again.sha256 = kh_test_pack_sha256(KH_TEXT("jp-sg-9"));
    assert_false(kh_status_same(&one, &other));
    assert_false(kh_status_same_to_public(&one, &other));
}

static void parts_that_are_not_there(void **state)
{
    (void)state;
    assert_true(kh_details_same(NULL, NULL) && kh_validity_same(NULL, NULL) && kh_details_same_to_public(NULL, NULL));
    assert_false(kh_details_same(&details, NULL) || kh_details_same(NULL, &details));
    assert_false(kh_validity_same(&validity, NULL) || kh_validity_same(NULL, &validity));
    assert_false(kh_details_same_to_public(&details, NULL) || kh_details_same_to_public(NULL, &details));
}

static void reasons_are_told_by_gate_and_then_by_number(void **state)
{
    (void)state;
    kh_status status = {.reasons = UINT32_MAX & ((1U << KH_REASON_COUNT) - 2)};
    kh_reason list[KH_REASON_COUNT];
    static const kh_reason expected[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 12};
    static const char *const articles[] = {"",    "11.2", "11.3", "3.4", "3.2", "3.2", "3.2",
                                           "3.2", "3.2",  "2",    "3.5", "3.5", "10.2"};
    assert_int_equal(kh_status_reasons(&status, list), 13);
    for (size_t i = 0; i < 13; i++) {
        assert_int_equal(list[i], expected[i]);
        assert_text(kh_reason_article(list[i]), articles[i]);
    }
    assert_text(kh_reason_article((kh_reason)0), "");
    assert_text(kh_reason_article(KH_REASON_COUNT), "");
    status.reasons = 0;
    assert_int_equal(kh_status_reasons(&status, list), 0);
}

static void residual_rows_out_of_memory(void **state)
{
    core_state *core = *state;
    const kh_status status = status_of(core);
    kh_test_memory memory;
    kh_arena arena;
    kh_residual_item *items = NULL;
    uint32_t count = 7;
    kh_test_memory_init(&memory, 0);
    kh_arena_init(&arena, 16, &memory.memory);
    assert_rc(kh_status_residual(&status, &arena, &items, &count), KH_E_MEMORY);
    assert_true(items == NULL && count == 7);
    assert_rc(kh_status_residual(&status, &arena, &items, &count), KH_OK);
    assert_int_equal(count, 13);
    assert_text(items[8].requirement, "5.3-7");
    assert_text(items[8].citation, "A-2/5.3-7");
    assert_int_equal(items[8].equivalence, KH_EQUIVALENCE_PARTIAL);
    assert_int_equal(kh_status_residual_open(&status), 1 + 2);
    kh_arena_deinit(&arena);
    assert_int_equal(memory.live, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CORE_TEST(each_field_counts_for_those_who_are_told_it),
        CORE_TEST(a_policy_counts_by_the_rows_that_it_makes),
        CORE_TEST(what_the_public_alone_is_told),
        CORE_TEST(grounds_and_reasons_are_not_public),
        CORE_TEST(packs_are_compared_by_what_they_are),
        CORE_TEST(parts_that_are_not_there),
        CORE_TEST(reasons_are_told_by_gate_and_then_by_number),
        CORE_TEST(residual_rows_out_of_memory),
    };
    return cmocka_run_group_tests_name("status", tests, NULL, NULL);
}
