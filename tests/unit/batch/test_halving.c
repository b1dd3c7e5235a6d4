#include "batch/halving.h"

#include "support/kh_test.h"

static void a_refused_batch_is_halved_down_to_the_one(void **state)
{
    (void)state;
    static const uint32_t limits[] = {1500, 750, 375, 187, 93, 46, 23, 11, 5, 2, 1};
    kh_halving halving = {.most = 3000, .limit = 3000};
    for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
        assert_false(kh_halving_refused(&halving, halving.limit));
        assert_int_equal(halving.limit, limits[i]);
    }
    assert_true(kh_halving_refused(&halving, halving.limit));
    assert_int_equal(halving.limit, 1);
}

static void what_the_batch_had_is_halved_not_what_it_might_have_had(void **state)
{
    (void)state;
    kh_halving halving = {.most = 3000, .limit = 3000};
    assert_false(kh_halving_refused(&halving, 7));
    assert_int_equal(halving.limit, 3);
}

static void a_batch_without_records_has_none_to_blame(void **state)
{
    (void)state;
    kh_halving halving = {.most = 8, .limit = 8};
    assert_false(kh_halving_refused(&halving, 0));
    assert_int_equal(halving.limit, 1);
}

static void what_goes_through_doubles_up_to_the_most(void **state)
{
    (void)state;
    static const uint32_t limits[] = {2, 4, 8, 10, 10};
    kh_halving halving = {.most = 10, .limit = 1};
    for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
        kh_halving_passed(&halving);
        assert_int_equal(halving.limit, limits[i]);
    }
}

static void doubling_never_passes_the_most(void **state)
{
    (void)state;
    for (uint32_t most = 1; most <= 33; most++) {
        kh_halving halving = {.most = most, .limit = 1};
        for (int i = 0; i < 6; i++) {
            kh_halving_passed(&halving);
            assert_true(halving.limit >= 1 && halving.limit <= most);
        }
        assert_int_equal(halving.limit, most);
    }
    kh_halving large = {.most = UINT32_MAX, .limit = UINT32_MAX / 2 + 1};
    kh_halving_passed(&large);
    assert_int_equal(large.limit, UINT32_MAX);
}

/* As the worker uses it: the batch that holds the bad record is refused, until it stands alone. */
static void the_one_is_found_wherever_it_is(void **state)
{
    (void)state;
    for (uint32_t bad = 0; bad < 37; bad++) {
        kh_halving halving = {.most = 16, .limit = 16};
        uint32_t first = 0;
        bool found = false;
        for (int tries = 0; tries < 200 && first < 37 && !found; tries++) {
            uint32_t count = 37 - first < halving.limit ? 37 - first : halving.limit;
            if (bad >= first && bad < first + count) {
                found = kh_halving_refused(&halving, count);
            } else {
                kh_halving_passed(&halving);
                first += count;
            }
        }
        assert_true(found);
        assert_int_equal(first, bad);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_refused_batch_is_halved_down_to_the_one),
        cmocka_unit_test(what_the_batch_had_is_halved_not_what_it_might_have_had),
        cmocka_unit_test(a_batch_without_records_has_none_to_blame),
        cmocka_unit_test(what_goes_through_doubles_up_to_the_most),
        cmocka_unit_test(doubling_never_passes_the_most),
        cmocka_unit_test(the_one_is_found_wherever_it_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
