#include "app/health.h"

#include <string.h>

#include "support/kh_test.h"

static char page[4096];

static bool ready(int64_t now)
{
    FILE *out = fmemopen(page, sizeof page, "w");
    assert_non_null(out);
    bool is = kh_health_ready(now, out);
    assert_int_equal(fclose(out), 0);
    assert_int_equal(kh_health_ready(now, NULL), is);
    return is;
}

static bool live(uint32_t quiet, uint32_t limit)
{
    FILE *out = fmemopen(page, sizeof page, "w");
    assert_non_null(out);
    bool is = kh_health_live(quiet, limit, out);
    assert_int_equal(fclose(out), 0);
    return is;
}

static void a_worker_that_begins_says_what_it_waits_for(void **state)
{
    (void)state;
    kh_health_begin();
    assert_false(ready(1000000));
    assert_string_equal(page, "database: not connected yet\nbroker: not connected yet\n"
                              "lanes: the group has dealt out none yet\n");
}

static void ready_when_all_parts_are_well(void **state)
{
    (void)state;
    kh_health_begin();
    for (kh_health_part part = 0; part < KH_HEALTH_PARTS; part++) {
        assert_int_equal(kh_health_is_well(part), part == KH_HEALTH_RULES);
        kh_health_set(part, NULL);
        assert_true(kh_health_is_well(part));
    }
    assert_true(ready(1000000));
    assert_string_equal(page, "ready\n");
    kh_health_set(KH_HEALTH_DATABASE, "database: no connection");
    kh_health_set(KH_HEALTH_RULES, "rules: 2 lanes wait");
    assert_false(ready(1000000));
    assert_string_equal(page, "database: no connection\nrules: 2 lanes wait\n");
}

/* A server that hangs keeps the loop from saying so: that it says nothing is the sign. */
static void a_loop_that_is_held_up_is_not_ready(void **state)
{
    (void)state;
    kh_health_begin();
    for (kh_health_part part = 0; part < KH_HEALTH_PARTS; part++) {
        kh_health_set(part, NULL);
    }
    kh_health_turn(5000);
    assert_true(ready(15000));
    assert_false(ready(15001));
    assert_string_equal(page, "worker: one step has taken 10 s so far\n");
    kh_health_turn(15001);
    assert_true(ready(15002));
}

static void not_live_shortly_before_the_watchdog_acts(void **state)
{
    (void)state;
    assert_true(live(0, 300));
    assert_string_equal(page, "live\n");
    assert_true(live(224, 300));
    assert_false(live(225, 300));
    assert_string_equal(page, "watchdog: no progress for 225 s; it ends the worker after 300\n");
    assert_true(live(1000, 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_worker_that_begins_says_what_it_waits_for),
        cmocka_unit_test(ready_when_all_parts_are_well),
        cmocka_unit_test(a_loop_that_is_held_up_is_not_ready),
        cmocka_unit_test(not_live_shortly_before_the_watchdog_acts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
