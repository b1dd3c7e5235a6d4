#include "postgres_fixture.h"

#include <stdio.h>

static kh_rc open_with(fixture *fx, const char *suffix, const char *connection, kh_database_error *error)
{
    char address[1024];
    kh_database *database = NULL;
    kh_database_settings settings = fixture_settings(fx);
    snprintf(address, sizeof address, "%s %s", fx->address, suffix);
    settings.connection = connection != NULL ? connection : address;
    settings.connect_timeout_seconds = 5;
    kh_rc rc = kh_database_open(&settings, &database, error);
    kh_database_close(database);
    return rc;
}

static void a_refusal_says_whether_to_wait_or_to_stop(void **state)
{
    fixture *fx = *state;
    kh_database_error error;
    assert_rc(open_with(fx, "dbname=nowhere", NULL, &error), KH_E_CONFIGURATION);
    assert_string_equal(error.sqlstate, "3D000");
    assert_non_null(strstr(error.text, "nowhere"));
    assert_rc(open_with(fx, "user=nobody_here", NULL, &error), KH_E_CONFIGURATION);
    assert_string_equal(error.sqlstate, "28000");
    assert_rc(open_with(fx, "", "hosst=x", &error), KH_E_CONFIGURATION);
    assert_rc(open_with(fx, "", "service=nowhere_to_be_found", &error), KH_E_CONFIGURATION);
    assert_rc(open_with(fx, "", "host=127.0.0.1 port=1", &error), KH_E_LOST); /* nobody listens there */
    assert_rc(error.rc, KH_E_LOST);
    assert_rc(open_with(fx, "", "host=/nowhere", &error), KH_E_LOST);
}

static void too_many_connections_pass_by_themselves(void **state)
{
    fixture *fx = *state;
    char sql[256];
    kh_database_error error;
    snprintf(sql, sizeof sql, "CREATE ROLE \"%s\" LOGIN CONNECTION LIMIT 0", fx->schema);
    fixture_sql(fx, sql);
    snprintf(sql, sizeof sql, "user='%s'", fx->schema);
    kh_rc rc = open_with(fx, sql, NULL, &error);
    snprintf(sql, sizeof sql, "DROP ROLE \"%s\"", fx->schema);
    fixture_sql(fx, sql);
    assert_rc(rc, KH_E_LOST);
    assert_string_equal(error.sqlstate, "53300");
}

static void the_session_is_set_up(void **state)
{
    fixture *fx = *state;
    kh_instant now = 0;
    assert_rc(kh_database_now(fx->one, &now), KH_OK);
    assert_true(now > 1700000000000);
    char sql[256];
    snprintf(sql, sizeof sql,
             "SELECT count(*) FROM pg_stat_activity WHERE pid = %d AND application_name = 'kakehashi-test'",
             kh_database_backend(fx->one));
    assert_int_equal(fixture_number(fx, sql), 1);
}

static void a_killed_connection_is_lost_for_good(void **state)
{
    fixture *fx = *state;
    kh_instant now = 0;
    char sql[128];
    snprintf(sql, sizeof sql, "SELECT pg_terminate_backend(%d, 30000)", kh_database_backend(fx->one));
    fixture_sql(fx, sql);
    assert_rc(kh_database_now(fx->one, &now), KH_E_LOST);
    assert_rc(kh_database_last_error(fx->one)->rc, KH_E_LOST);
    assert_true(strlen(kh_database_last_error(fx->one)->text) > 0);
    assert_rc(kh_database_now(fx->one, &now), KH_E_LOST);
    kh_transaction_rollback(fx->one); /* harmless */
    assert_rc(kh_database_now(fx->two, &now), KH_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_refusal_says_whether_to_wait_or_to_stop, fixture_setup_bare,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(too_many_connections_pass_by_themselves, fixture_setup_bare, fixture_teardown),
        cmocka_unit_test_setup_teardown(the_session_is_set_up, fixture_setup_bare, fixture_teardown),
        cmocka_unit_test_setup_teardown(a_killed_connection_is_lost_for_good, fixture_setup_bare, fixture_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
