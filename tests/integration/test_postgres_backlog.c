#include "postgres/backlog.h"

#include "postgres_fixture.h"

static const int32_t LANES[] = {0, 1, 2};
static const int16_t STATES[KH_BACKLOG_STATES] = {1, 2};

static kh_backlog read(const fixture *fx, const kh_instant *nows, size_t count)
{
    kh_backlog is = {.due = -7};
    assert_rc(kh_backlog_read(fx->one, LANES, nows, count, STATES, &is), KH_OK);
    return is;
}

static void nothing_waits_in_new_lanes(void **state)
{
    kh_backlog is = read(*state, (kh_instant[]){1000, 1000, 1000}, 3);
    assert_int_equal(is.due, 0);
    assert_int_equal(is.wakeups, 0);
    assert_int_equal(is.until_next, KH_INSTANT_NONE);
    assert_int_equal(is.obligations[0], 0);
    assert_int_equal(is.obligations[1], 0);
}

/* Each lane by its own now; lanes of others are not counted. */
static void what_waits_is_counted_lane_by_lane(void **state)
{
    fixture *fx = *state;
    fixture_sql(fx, "INSERT INTO subject (lane, key, due_at) VALUES (0, 'a', 999), (0, 'b', 1000), (0, 'c', 1001), "
                    "(0, 'd', NULL), (1, 'e', 5000), (3, 'f', 1)");
    fixture_sql(fx, "INSERT INTO wakeup (lane, subject) VALUES (1, 'a'), (2, 'b'), (3, 'c')");
    fixture_sql(fx, "INSERT INTO obligation (id, lane, kind, state, subject, arrangement, obliged, provisional, late, "
                    "version, decided_at) SELECT n::text, n % 4, 1, n % 3 + 1, 's', 'a', 'JP', false, false, 1, 0 "
                    "FROM generate_series(0, 11) n");
    kh_backlog is = read(fx, (kh_instant[]){1000, 1000, 1000}, 3);
    assert_int_equal(is.due, 2);
    assert_int_equal(is.wakeups, 2);
    assert_int_equal(is.until_next, -1);
    assert_int_equal(is.obligations[0], 3);
    assert_int_equal(is.obligations[1], 3);
    is = read(fx, (kh_instant[]){500, 4000, 1000}, 3);
    assert_int_equal(is.due, 0);
    assert_int_equal(is.until_next, 499);
    is = read(fx, (kh_instant[]){KH_INSTANT_NONE, 4000, KH_INSTANT_NONE}, 3);
    assert_int_equal(is.due, 0);
    assert_int_equal(is.until_next, 1000);
    is = read(fx, NULL, 0);
    assert_int_equal(is.due + is.wakeups + is.obligations[0] + is.obligations[1], 0);
    assert_int_equal(is.until_next, KH_INSTANT_NONE);
}

/* Ten million that fall due at one midnight must not hold a worker up. */
static void no_more_is_counted_than_is_worth_it(void **state)
{
    fixture *fx = *state;
    fixture_sql(fx, "INSERT INTO subject (lane, key, due_at) SELECT n % 2, n::text, 1 "
                    "FROM generate_series(1, 120000) n");
    assert_int_equal(read(fx, (kh_instant[]){1, 1, 1}, 3).due, KH_BACKLOG_MOST);
}

static void a_connection_that_is_gone(void **state)
{
    fixture *fx = *state;
    kh_backlog is = {.due = -7};
    char sql[80];
    (void)snprintf(sql, sizeof sql, "SELECT pg_terminate_backend(%d, 10000)", kh_database_backend(fx->one));
    fixture_sql(fx, sql);
    assert_rc(kh_backlog_read(fx->one, LANES, (kh_instant[]){1, 1, 1}, 3, STATES, &is), KH_E_LOST);
    assert_int_equal(is.due, -7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(nothing_waits_in_new_lanes, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(what_waits_is_counted_lane_by_lane, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(no_more_is_counted_than_is_worth_it, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(a_connection_that_is_gone, fixture_setup, fixture_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
