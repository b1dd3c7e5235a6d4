#include "postgres/backoff.h"

#include "support/kh_test.h"

static void waits_grow_to_the_cap_and_stay_within_bounds(void **state)
{
    (void)state;
    kh_backoff backoff = {.base_ms = 100, .cap_ms = 5000, .deadline = KH_INSTANT_NONE};
    int64_t previous = 100;
    for (int i = 0; i < 20; i++) {
        int64_t longest = previous * 3 < 5000 ? previous * 3 : 5000;
        int64_t wait = kh_backoff_next(&backoff, 0, (uint64_t)(longest - 100)); /* chance that picks the longest */
        assert_int_equal(wait, longest);
        previous = wait;
    }
    assert_int_equal(previous, 5000);
    for (uint64_t chance = 0; chance < 20000; chance += 7) {
        int64_t wait = kh_backoff_next(&backoff, 0, chance);
        assert_in_range(wait, 100, 5000);
    }
    assert_in_range(kh_backoff_next(&backoff, 0, UINT64_MAX), 100, 5000);
}

static void chance_decides_between_base_and_three_times_the_last(void **state)
{
    (void)state;
    kh_backoff backoff = {.base_ms = 100, .cap_ms = 5000, .deadline = KH_INSTANT_NONE};
    assert_int_equal(kh_backoff_next(&backoff, 0, 0), 100);
    assert_int_equal(kh_backoff_next(&backoff, 0, 1), 101);
    assert_int_equal(kh_backoff_next(&backoff, 0, 203), 100 + 203 % (303 - 100 + 1));
}

static void each_budget_ends_it(void **state)
{
    (void)state;
    kh_backoff attempts = {.base_ms = 1, .cap_ms = 10, .deadline = KH_INSTANT_NONE, .max_attempts = 2};
    assert_int_not_equal(kh_backoff_next(&attempts, 0, 5), KH_BACKOFF_GIVE_UP);
    assert_int_not_equal(kh_backoff_next(&attempts, 0, 5), KH_BACKOFF_GIVE_UP);
    assert_int_equal(kh_backoff_next(&attempts, 0, 5), KH_BACKOFF_GIVE_UP);
    kh_backoff time = {.base_ms = 1, .cap_ms = 10, .deadline = 1000};
    assert_int_not_equal(kh_backoff_next(&time, 999, 5), KH_BACKOFF_GIVE_UP);
    assert_int_equal(kh_backoff_next(&time, 1000, 5), KH_BACKOFF_GIVE_UP);
}

static void a_success_makes_it_small_again(void **state)
{
    (void)state;
    kh_backoff backoff = {.base_ms = 10, .cap_ms = 1000, .deadline = KH_INSTANT_NONE, .max_attempts = 3};
    for (int i = 0; i < 3; i++) {
        assert_true(kh_backoff_next(&backoff, 0, UINT64_MAX - 3) > 0);
    }
    assert_int_equal(kh_backoff_next(&backoff, 0, 0), KH_BACKOFF_GIVE_UP);
    kh_backoff_reset(&backoff);
    assert_int_equal(kh_backoff_next(&backoff, 0, 0), 10);
    assert_in_range(kh_backoff_next(&backoff, 0, 20), 10, 30);
}

static void the_largest_numbers_do_not_overflow(void **state)
{
    (void)state;
    kh_backoff backoff = {.base_ms = 1, .cap_ms = INT64_MAX, .deadline = KH_INSTANT_NONE, .previous_ms = INT64_MAX};
    assert_true(kh_backoff_next(&backoff, INT64_MAX, UINT64_MAX) >= 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(waits_grow_to_the_cap_and_stay_within_bounds),
        cmocka_unit_test(chance_decides_between_base_and_three_times_the_last),
        cmocka_unit_test(each_budget_ends_it),
        cmocka_unit_test(a_success_makes_it_small_again),
        cmocka_unit_test(the_largest_numbers_do_not_overflow),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
