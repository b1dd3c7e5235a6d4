#include "postgres_fixture.h"

#include <pthread.h>
#include <stdio.h>

#include "postgres/schema.h"

static void migrating_twice_is_migrating_once(void **state)
{
    fixture *fx = *state;
    int before = -1;
    int after = -1;
    int found = -1;
    assert_rc(kh_schema_check(fx->one, &found), KH_E_CONFIGURATION);
    assert_int_equal(found, 0);
    assert_non_null(strstr(kh_database_last_error(fx->one)->text, "kakehashi migrate"));
    assert_rc(kh_schema_migrate(fx->one, NULL, &before, &after), KH_OK);
    assert_int_equal(before, 0);
    assert_int_equal(after, kh_schema_version_known());
    assert_rc(kh_schema_migrate(fx->one, NULL, &before, &after), KH_OK);
    assert_int_equal(before, kh_schema_version_known());
    assert_int_equal(after, before);
    assert_rc(kh_schema_check(fx->two, &found), KH_OK);
    assert_int_equal(found, after);
    assert_int_equal(fixture_number(fx, "SELECT count(*) FROM schema_version"), kh_schema_version_known());
}

static void a_newer_schema_is_refused(void **state)
{
    fixture *fx = *state;
    int found = 0;
    assert_rc(kh_schema_migrate(fx->one, NULL, NULL, NULL), KH_OK);
    fixture_sql(fx, "INSERT INTO schema_version (version, name) VALUES (9999, 'from the future')");
    assert_rc(kh_schema_check(fx->one, &found), KH_E_CONFIGURATION);
    assert_int_equal(found, 9999);
    assert_rc(kh_schema_migrate(fx->one, NULL, NULL, NULL), KH_E_CONFIGURATION);
    assert_non_null(strstr(kh_database_last_error(fx->one)->text, "newer"));
}

typedef struct racer {
    pthread_t thread;
    kh_database *database;
    kh_rc rc;
    int before;
} racer;

static void *race(void *argument)
{
    racer *self = argument;
    self->rc = kh_schema_migrate(self->database, NULL, &self->before, NULL);
    return NULL;
}

static void of_two_at_once_one_migrates(void **state)
{
    fixture *fx = *state;
    racer racers[2] = {{.database = fx->one}, {.database = fx->two}};
    for (int i = 0; i < 2; i++) {
        assert_int_equal(pthread_create(&racers[i].thread, NULL, race, &racers[i]), 0);
    }
    for (int i = 0; i < 2; i++) {
        pthread_join(racers[i].thread, NULL);
        assert_rc(racers[i].rc, KH_OK);
    }
    assert_int_equal(racers[0].before + racers[1].before, kh_schema_version_known());
}

static void refused(PGconn *worker, const char *sql)
{
    PGresult *result = PQexec(worker, sql);
    const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    if (state == NULL || strcmp(state, "42501") != 0) {
        fail_msg("%s: not refused for want of a right, but: %s", sql, PQresultErrorMessage(result));
    }
    PQclear(result);
}

static void refused_each(fixture *fx, const char *address)
{
    char sql[256];
    PGconn *plain = PQconnectdb(address);
    snprintf(sql, sizeof sql, "SET search_path = \"%s\"", fx->schema);
    PQclear(PQexec(plain, sql));
    static const char *const REFUSED[] = {
        "UPDATE result SET key = 'x'",
        "DELETE FROM result",
        "TRUNCATE result",
        "UPDATE dead_letter SET reason=''",
        "DELETE FROM dead_letter",
        "DELETE FROM subject",
        "DELETE FROM lane",
        "UPDATE rule_pack SET id=''",
        "DELETE FROM policy",
        "UPDATE deployment SET id = 'x'",
        "CREATE TABLE more (x int)",
        "ALTER TABLE result ADD COLUMN x int",
        "DROP TABLE result",
        "DELETE FROM schema_version",
        "INSERT INTO schema_version VALUES (7, 'x')",
    };
    for (size_t i = 0; i < sizeof REFUSED / sizeof REFUSED[0]; i++) {
        refused(plain, REFUSED[i]);
    }
    PQfinish(plain);
}

/* A whole batch by a role with no right but those that migrate grants; then what it must not do. */
static void the_workers_role_can_do_its_work_and_no_more(void **state)
{
    fixture *fx = *state;
    static const kh_text TOPIC = {"jp", 2};
    char sql[256];
    char address[640];
    snprintf(sql, sizeof sql, "CREATE ROLE \"%s\" LOGIN", fx->schema);
    fixture_sql(fx, sql);
    assert_rc(kh_schema_migrate(fx->one, fx->schema, NULL, NULL), KH_OK);
    assert_rc(kh_schema_migrate(fx->one, fx->schema, NULL, NULL), KH_OK);
    snprintf(address, sizeof address, "%s user='%s'", fx->address, fx->schema);
    kh_database_settings settings = fixture_settings(fx);
    settings.connection = address;
    kh_database *worker = NULL;
    assert_rc(kh_database_open(&settings, &worker, NULL), KH_OK);
    assert_rc(kh_schema_check(worker, NULL), KH_OK);
    assert_rc(kh_lanes_prepare(worker, KH_TEXT("test"), 1, &TOPIC, 1), KH_OK);
    int64_t epoch = 0;
    fixture_take(fx, worker, (int32_t[]){0}, 1, &epoch);
    assert_rc(fixture_begin(fx, worker, 0, epoch, 0), KH_OK);
    kh_subject_row *bases = NULL;
    kh_subject_key base = {0, KH_TEXT("JP/1")};
    assert_rc(kh_transaction_lock_bases(worker, &base, 1, &fx->arena, &bases), KH_OK);
    kh_result_row result = {
        .seq = 0, .kind = 1, .key = KH_TEXT("k"), .subject = KH_TEXT("s"), .previous_seq = KH_SEQ_NONE};
    assert_rc(kh_transaction_append_results(worker, &result, 1), KH_OK);
    kh_dead_letter_row letter = {.topic = KH_TEXT("jp"), .reason = KH_TEXT("NO_BODY")};
    assert_rc(kh_transaction_append_dead_letters(worker, &letter, 1), KH_OK);
    kh_wakeup_row wakeup = {.subject = KH_TEXT("JP/1"), .version = 1};
    assert_rc(kh_transaction_wake(worker, &wakeup, 1), KH_OK);
    assert_rc(kh_transaction_delete_wakeups(worker, &wakeup, 1), KH_OK);
    assert_rc(kh_transaction_raise_arrangement(worker, KH_TEXT("c")), KH_OK);
    kh_lane_progress progress = {.next_seq = 1, .clock = 5};
    assert_rc(kh_transaction_finish(worker, &progress, 1, NULL, 0), KH_OK);
    assert_rc(kh_transaction_commit(worker), KH_OK);
    kh_database_close(worker);

    refused_each(fx, address);
    assert_int_equal(fixture_number(fx, "SELECT count(*) FROM result"), 1);
    snprintf(sql, sizeof sql, "DROP OWNED BY \"%s\"; DROP ROLE \"%s\"", fx->schema, fx->schema);
    fixture_sql(fx, sql);
}

static void an_unknown_role_is_named(void **state)
{
    fixture *fx = *state;
    assert_rc(kh_schema_migrate(fx->one, "no such role", NULL, NULL), KH_E_CONFIGURATION);
    assert_non_null(strstr(kh_database_last_error(fx->one)->text, "no such role"));
    assert_rc(kh_schema_migrate(fx->one, "kakehashi", NULL, NULL), KH_E_CONFIGURATION); /* the one that migrates */
    assert_non_null(strstr(kh_database_last_error(fx->one)->text, "must be another"));
    assert_rc(kh_schema_check(fx->one, NULL), KH_OK); /* the tables are there; and the lock is free: */
    assert_rc(kh_schema_migrate(fx->two, NULL, NULL, NULL), KH_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(migrating_twice_is_migrating_once, fixture_setup_bare, fixture_teardown),
        cmocka_unit_test_setup_teardown(a_newer_schema_is_refused, fixture_setup_bare, fixture_teardown),
        cmocka_unit_test_setup_teardown(of_two_at_once_one_migrates, fixture_setup_bare, fixture_teardown),
        cmocka_unit_test_setup_teardown(the_workers_role_can_do_its_work_and_no_more, fixture_setup_bare,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(an_unknown_role_is_named, fixture_setup_bare, fixture_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
