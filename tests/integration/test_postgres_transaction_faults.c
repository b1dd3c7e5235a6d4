/* A batch as one transaction, when something is in its way: others, the connection, a row, our own mistake. */
#include "postgres_fixture.h"

#include <pthread.h>
#include <stdio.h>

#include "postgres/connection.h"
#include "postgres/lanes.h"
#include "support/sqlstate_cases.h"

static void guards_refuse_what_is_not_mine(void **state)
{
    fixture *fx = *state;
    assert_rc(fixture_begin(fx, fx->one, 0, 2, 0), KH_E_NOT_MINE);
    assert_rc(fixture_begin(fx, fx->one, 0, 1, 1), KH_E_NOT_MINE);
    assert_rc(fixture_begin(fx, fx->one, 77, 1, 0), KH_E_NOT_MINE);
    kh_lane_row rows[2];
    kh_instant now = 0;
    kh_lane_guard both[] = {{1, 1, 0}, {0, 9, 0}};
    assert_rc(kh_transaction_begin(fx->one, both, 2, false, &fx->arena, rows, &now), KH_E_NOT_MINE);
    both[1].epoch = 1;
    assert_rc(kh_transaction_begin(fx->one, both, 2, false, &fx->arena, rows, &now), KH_OK);
    assert_int_equal(rows[0].lane, 0);
    /* An offset that is not what it was expected to be. */
    kh_offset_progress offset = {.expected = 5, .row = {.lane = 0, .topic = KH_TEXT("jp"), .next_offset = 6}};
    kh_lane_progress progress = {.next_seq = 1};
    assert_rc(kh_transaction_finish(fx->one, &progress, 1, &offset, 1), KH_E_NOT_MINE);
    kh_transaction_rollback(fx->one);
    assert_int_equal(fixture_number(fx, "SELECT next_seq FROM lane WHERE lane = 0"), 0);
    assert_rc(fixture_begin(fx, fx->one, 0, 1, 0), KH_OK); /* the connection is fit for the next batch */
}

typedef struct beginner {
    fixture *fx;
    kh_rc rc;
} beginner;

static void *begin_behind(void *argument)
{
    beginner *self = argument;
    kh_lane_row row;
    kh_instant now = 0;
    kh_test_memory memory;
    kh_arena arena;
    kh_test_memory_init(&memory, -1);
    kh_arena_init(&arena, 4096, &memory.memory);
    self->rc = kh_transaction_begin(self->fx->two, &(kh_lane_guard){0, 1, 0}, 1, false, &arena, &row, &now);
    kh_arena_deinit(&arena);
    return NULL;
}

/* The second waits at the lock; when it gets it, the place has moved on. */
static void a_guard_is_judged_by_what_is_there_after_the_wait(void **state)
{
    fixture *fx = *state;
    pthread_t thread;
    beginner second = {.fx = fx, .rc = KH_OK};
    kh_lane_progress progress = {.next_seq = 1};
    assert_rc(fixture_begin(fx, fx->one, 0, 1, 0), KH_OK);
    assert_int_equal(pthread_create(&thread, NULL, begin_behind, &second), 0);
    fixture_wait_for_lock(fx);
    assert_rc(kh_transaction_finish(fx->one, &progress, 1, NULL, 0), KH_OK);
    assert_rc(kh_transaction_commit(fx->one), KH_OK);
    pthread_join(thread, NULL);
    assert_rc(second.rc, KH_E_NOT_MINE);
}

static void a_commit_whose_connection_is_cut_is_unknown(void **state)
{
    fixture *fx = *state;
    char sql[128];
    kh_result_row row = fixture_result(0, "k");
    assert_rc(fixture_begin(fx, fx->one, 0, 1, 0), KH_OK);
    assert_rc(kh_transaction_append_results(fx->one, &row, 1), KH_OK);
    snprintf(sql, sizeof sql, "SELECT pg_terminate_backend(%d, 30000)", kh_database_backend(fx->one));
    fixture_sql(fx, sql);
    assert_rc(kh_transaction_commit(fx->one), KH_E_LOST);
    assert_int_equal(fixture_number(fx, "SELECT count(*) FROM result"), 0);
}

static void a_copy_whose_connection_is_cut_is_lost(void **state)
{
    fixture *fx = *state;
    char sql[128];
    kh_result_row row = fixture_result(0, "k");
    assert_rc(fixture_begin(fx, fx->one, 0, 1, 0), KH_OK);
    snprintf(sql, sizeof sql, "SELECT pg_terminate_backend(%d, 30000)", kh_database_backend(fx->one));
    fixture_sql(fx, sql);
    assert_rc(kh_transaction_append_results(fx->one, &row, 1), KH_E_LOST);
    kh_transaction_rollback(fx->one);
}

static void bad_rows_are_told_from_the_rest(void **state)
{
    fixture *fx = *state;
    kh_result_row twice[] = {fixture_result(0, "k"), fixture_result(0, "k")};
    assert_rc(fixture_begin(fx, fx->one, 0, 1, 0), KH_OK);
    kh_rc rc = kh_transaction_append_results(fx->one, twice, 2);
    assert_rc(rc == KH_OK ? kh_transaction_commit(fx->one) : rc, KH_E_BAD_ROW); /* the answer may come later */
    assert_string_equal(kh_database_last_error(fx->one)->sqlstate, "23505");
    kh_transaction_rollback(fx->one);
    assert_int_equal(fixture_number(fx, "SELECT count(*) FROM result"), 0);
    /* Not UTF-8, in a column of text. */
    kh_subject_row bad = fixture_subject(0, "SG/\xff", false, "f");
    assert_rc(fixture_begin(fx, fx->one, 0, 1, 0), KH_OK);
    rc = kh_transaction_write_subjects(fx->one, &bad, 1);
    assert_rc(rc == KH_OK ? kh_transaction_commit(fx->one) : rc, KH_E_BAD_ROW);
    assert_string_equal(kh_database_last_error(fx->one)->sqlstate, "22021");
    kh_transaction_rollback(fx->one);
    /* A key too large for an index. */
    char *large = calloc(1, 100001);
    for (uint32_t i = 0, chance = 1; i < 100000; i++) {
        chance = chance * 1664525u + 1013904223u; /* so that it cannot be compressed */
        large[i] = (char)('!' + (chance >> 16) % 90);
    }
    bad = fixture_subject(0, large, false, "f");
    assert_rc(fixture_begin(fx, fx->one, 0, 1, 0), KH_OK);
    rc = kh_transaction_write_subjects(fx->one, &bad, 1);
    assert_rc(rc == KH_OK ? kh_transaction_commit(fx->one) : rc, KH_E_BAD_ROW);
    kh_transaction_rollback(fx->one);
    free(large);
    assert_rc(fixture_begin(fx, fx->one, 0, 1, 0), KH_OK);
    assert_rc(kh_transaction_append_results(fx->one, twice, 1), KH_OK);
    assert_rc(kh_transaction_commit(fx->one), KH_OK);
}

/* A standby, or a server that has been made read-only: gone for now, not wrong for ever. */
static void a_read_only_server_is_waited_for(void **state)
{
    fixture *fx = *state;
    char address[640];
    kh_database *database = NULL;
    kh_database_settings settings = fixture_settings(fx);
    snprintf(address, sizeof address, "%s options='-c default_transaction_read_only=on'", fx->address);
    settings.connection = address;
    assert_rc(kh_database_open(&settings, &database, NULL), KH_OK);
    assert_rc(fixture_begin(fx, database, 0, 1, 0), KH_E_LOST);
    assert_string_equal(kh_database_last_error(database)->sqlstate, "25006");
    kh_database_close(database);
}

/* A statement that takes too long is ended by the server, and may be tried again. */
static void a_statement_that_takes_too_long_is_tried_again(void **state)
{
    fixture *fx = *state;
    kh_database *database = NULL;
    kh_database_settings settings = fixture_settings(fx);
    settings.statement_timeout_ms = 50;
    assert_rc(kh_database_open(&settings, &database, NULL), KH_OK);
    assert_rc(fixture_begin(fx, fx->one, 0, 1, 0), KH_OK);
    assert_rc(fixture_begin(fx, database, 0, 1, 0), KH_E_RETRY);
    assert_rc(kh_transaction_commit(fx->one), KH_OK);
    assert_rc(fixture_begin(fx, database, 0, 1, 0), KH_OK);
    kh_database_close(database);
}

static void our_own_mistakes_are_not_hidden(void **state)
{
    fixture *fx = *state;
    kh_subject_row unsorted[] = {fixture_subject(0, "b", false, "f"), fixture_subject(0, "a", false, "f")};
    kh_subject_row twice[] = {fixture_subject(0, "b", false, "f"), fixture_subject(0, "b", false, "f")};
    kh_subject_row missing = fixture_subject(0, "b", true, "f");
    assert_rc(fixture_begin(fx, fx->one, 0, 1, 0), KH_OK);
    assert_rc(fixture_begin(fx, fx->one, 0, 1, 0), KH_E_INTERNAL); /* one at a time; and it is rolled back */
    assert_rc(fixture_begin(fx, fx->one, 0, 1, 0), KH_OK);
    assert_rc(kh_transaction_write_subjects(fx->one, unsorted, 2), KH_E_INTERNAL);
    assert_rc(kh_transaction_write_subjects(fx->one, twice, 2), KH_E_INTERNAL);
    assert_rc(kh_transaction_write_subjects(fx->one, &missing, 1), KH_OK);
    assert_rc(kh_transaction_commit(fx->one), KH_E_INTERNAL); /* said to be there, and is not */
}

/* What is said by one statement of a batch, as any state: each is what the table says, and the next batch is well. */
static void each_state_in_the_middle_of_a_batch(void **state)
{
    fixture *fx = *state;
    fixture_sql(fx, "CREATE TABLE saying (state text); INSERT INTO saying VALUES (NULL);"
                    "CREATE FUNCTION say() RETURNS trigger LANGUAGE plpgsql AS $$ DECLARE said text; BEGIN "
                    "SELECT state INTO said FROM saying; IF said IS NOT NULL THEN "
                    "RAISE 'made up' USING ERRCODE = said; END IF; RETURN NEW; END $$;"
                    "CREATE TRIGGER say BEFORE INSERT ON result FOR EACH ROW EXECUTE FUNCTION say()");
    for (size_t i = 0; i < SQLSTATE_CASE_COUNT; i++) {
        const sqlstate_case *row = &SQLSTATE_CASES[i];
        if (row->expected == KH_OK || row->sqlstate == NULL || strlen(row->sqlstate) != 5) {
            continue; /* not an error, or not the server's */
        }
        char sql[64];
        kh_result_row result = fixture_result(0, "k");
        snprintf(sql, sizeof sql, "UPDATE saying SET state = '%s'", row->sqlstate);
        fixture_sql(fx, sql);
        assert_rc(fixture_begin(fx, fx->one, 0, 1, 0), KH_OK);
        kh_rc rc = kh_transaction_append_results(fx->one, &result, 1);
        rc = rc == KH_OK ? kh_transaction_commit(fx->one) : rc;
        if (rc != row->expected) {
            fail_msg("%s gives %d, expected %d", row->sqlstate, (int)rc, (int)row->expected);
        }
        assert_string_equal(kh_database_last_error(fx->one)->sqlstate, row->sqlstate);
        kh_transaction_rollback(fx->one);
        fixture_sql(fx, "UPDATE saying SET state = NULL");
        assert_rc(fixture_begin(fx, fx->one, 0, 1, 0), KH_OK);
        assert_rc(kh_transaction_append_results(fx->one, &result, 1), KH_OK);
        kh_transaction_rollback(fx->one);
    }
}

/* A worker that is stopped behind a statement whose answer it has not asked for. */
static void a_batch_that_nobody_goes_on_with_frees_its_lanes(void **state)
{
    fixture *fx = *state;
    kh_database *database = NULL;
    kh_database_settings settings = fixture_settings(fx);
    kh_subject_row row = fixture_subject(0, "k", false, "f");
    settings.idle_timeout_ms = 300;
    assert_rc(kh_database_open(&settings, &database, NULL), KH_OK);
    assert_rc(fixture_begin(fx, database, 0, 1, 0), KH_OK);
    assert_rc(kh_transaction_write_subjects(database, &row, 1), KH_OK);
    settings = fixture_settings(fx);
    settings.statement_timeout_ms = 60000;
    kh_database *next = NULL;
    assert_rc(kh_database_open(&settings, &next, NULL), KH_OK);
    assert_rc(fixture_begin(fx, next, 0, 1, 0), KH_OK); /* waits for its lane */
    kh_transaction_rollback(next);
    assert_rc(kh_transaction_commit(database), KH_E_LOST);
    kh_database_close(next);
    kh_database_close(database);
}

/* One that is stopped in the middle of a COPY, where the server counts no time at all. */
static void a_lane_that_is_kept_locked_is_taken_all_the_same(void **state)
{
    fixture *fx = *state;
    const int32_t lane = 0;
    kh_lanes taken;
    assert_rc(fixture_begin(fx, fx->one, lane, 1, 0), KH_OK);
    assert_rc(kh_sql_copy_begin(fx->one, KH_SQL_COPY_RESULT, "append results"), KH_OK);
    assert_rc(kh_lanes_take(fx->two, &lane, 1, &fx->arena, &taken), KH_E_RETRY);
    assert_non_null(strstr(kh_database_last_error(fx->two)->text, "sessions ended for it: 1"));
    kh_rc rc = KH_E_RETRY;
    for (int tries = 0; rc == KH_E_RETRY && tries < 10; tries++) {
        rc = kh_lanes_take(fx->two, &lane, 1, &fx->arena, &taken);
    }
    assert_rc(rc, KH_OK);
    assert_int_equal(taken.rows[0].epoch, 2);
    assert_rc(kh_sql_copy_end(fx->one, 0), KH_OK);
    assert_rc(kh_transaction_commit(fx->one), KH_E_LOST);
}

typedef struct locker {
    kh_database *database;
    kh_subject_key first;
    kh_rc rc;
} locker;

static void *lock_other(void *argument)
{
    locker *self = argument;
    kh_test_memory memory;
    kh_arena arena;
    kh_subject_row *rows = NULL;
    kh_test_memory_init(&memory, -1);
    kh_arena_init(&arena, 4096, &memory.memory);
    self->rc = kh_transaction_lock_bases(self->database, &self->first, 1, &arena, &rows);
    if (self->rc != KH_OK) {
        kh_transaction_rollback(self->database);
    }
    kh_arena_deinit(&arena);
    return NULL;
}

/* Each writes its own label and then wants the other's as a basis. */
static void a_deadlock_is_tried_again(void **state)
{
    fixture *fx = *state;
    pthread_t threads[2];
    locker lockers[2] = {{fx->one, {1, KH_TEXT("b")}, KH_OK}, {fx->two, {0, KH_TEXT("a")}, KH_OK}};
    kh_subject_row rows[2] = {fixture_subject(0, "a", false, "f"), fixture_subject(1, "b", false, "f")};
    fixture_sql(fx, "INSERT INTO subject (lane, key) VALUES (0, 'a'), (1, 'b')");
    assert_rc(fixture_begin(fx, fx->one, 0, 1, 0), KH_OK);
    assert_rc(fixture_begin(fx, fx->two, 1, 1, 0), KH_OK);
    assert_rc(kh_transaction_write_subjects(fx->one, &rows[0], 1), KH_OK);
    assert_rc(kh_transaction_write_subjects(fx->two, &rows[1], 1), KH_OK);
    kh_subject_row *read = NULL;
    /* A read takes in the answers: both writes have happened. */
    assert_rc(kh_transaction_read_subjects(fx->one, &(kh_subject_key){0, KH_TEXT("a")}, 1, &fx->arena, &read), KH_OK);
    assert_rc(kh_transaction_read_subjects(fx->two, &(kh_subject_key){1, KH_TEXT("b")}, 1, &fx->arena, &read), KH_OK);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, lock_other, &lockers[i]), 0);
    }
    for (int i = 0; i < 2; i++) {
        pthread_join(threads[i], NULL);
    }
    assert_true((lockers[0].rc == KH_OK && lockers[1].rc == KH_E_RETRY) ||
                (lockers[0].rc == KH_E_RETRY && lockers[1].rc == KH_OK));
}

/* The reader of a basis waits for its writer, and then sees what was written: read after lock, in a later snapshot. */
static void a_basis_is_read_after_its_lock(void **state)
{
    fixture *fx = *state;
    kh_subject_row row = fixture_subject(1, "b", false, "new");
    kh_subject_row *read = NULL;
    pthread_t thread;
    locker waiting = {fx->one, {1, KH_TEXT("b")}, KH_OK};
    assert_rc(fixture_begin(fx, fx->one, 0, 1, 0), KH_OK);
    assert_rc(fixture_begin(fx, fx->two, 1, 1, 0), KH_OK);
    assert_rc(kh_transaction_write_subjects(fx->two, &row, 1), KH_OK);
    assert_rc(kh_transaction_read_subjects(fx->two, &(kh_subject_key){1, KH_TEXT("b")}, 1, &fx->arena, &read), KH_OK);
    assert_int_equal(pthread_create(&thread, NULL, lock_other, &waiting), 0);
    fixture_wait_for_lock(fx);
    assert_rc(kh_transaction_commit(fx->two), KH_OK);
    pthread_join(thread, NULL);
    assert_rc(waiting.rc, KH_OK);
    static const kh_subject_key KEYS[] = {{1, {"b", 1}}, {1, {"unknown", 7}}, {1, {"b", 1}}};
    assert_rc(kh_transaction_lock_bases(fx->one, KEYS, 3, &fx->arena, &read), KH_OK);
    assert_text(read[0].facts, "new");
    assert_true(read[1].known);
    assert_false(read[1].has_facts);
    assert_text(read[2].facts, "new");
    assert_rc(kh_transaction_commit(fx->one), KH_OK);
    assert_int_equal(fixture_number(fx, "SELECT count(*) FROM subject WHERE key = 'unknown' AND facts IS NULL"), 1);
}

typedef struct writer {
    kh_database *database;
    kh_rc rc;
} writer;

static void *write_basis(void *argument)
{
    writer *self = argument;
    kh_subject_row row = fixture_subject(1, "b", true, "new");
    self->rc = kh_transaction_write_subjects(self->database, &row, 1);
    if (self->rc == KH_OK) {
        self->rc = kh_transaction_commit(self->database);
    }
    return NULL;
}

/* The other way round: its writer waits for those who decide by it, and finds their rows when it looks for dependents.
 */
static void a_locked_basis_waits_to_be_written(void **state)
{
    fixture *fx = *state;
    kh_subject_key key = {1, KH_TEXT("b")};
    kh_subject_row *read = NULL;
    pthread_t thread;
    writer waiting = {fx->two, KH_OK};
    fixture_sql(fx, "INSERT INTO subject (lane, key, facts) VALUES (1, 'b', 'old')");
    assert_rc(fixture_begin(fx, fx->one, 0, 1, 0), KH_OK);
    assert_rc(fixture_begin(fx, fx->two, 1, 1, 0), KH_OK);
    assert_rc(kh_transaction_lock_bases(fx->one, &key, 1, &fx->arena, &read), KH_OK);
    assert_text(read[0].facts, "old");
    assert_int_equal(pthread_create(&thread, NULL, write_basis, &waiting), 0);
    fixture_wait_for_lock(fx);
    assert_rc(kh_transaction_commit(fx->one), KH_OK);
    pthread_join(thread, NULL);
    assert_rc(waiting.rc, KH_OK);
    assert_int_equal(fixture_number(fx, "SELECT count(*) FROM subject WHERE facts = 'new'"), 1);
}

/* Out of memory while rows are read: nothing leaks, and the connection can go on. */
static void memory_that_is_out_is_told(void **state)
{
    fixture *fx = *state;
    fixture_sql(fx, "INSERT INTO subject (lane, key, facts) SELECT 0, 'k' || i, 'facts' FROM generate_series(1, 50) i");
    kh_rc rc = KH_E_MEMORY;
    for (long nth = 0; rc != KH_OK; nth++) {
        kh_test_memory memory;
        kh_arena arena;
        kh_subject_row *rows = NULL;
        size_t count = 0;
        kh_test_memory_init(&memory, nth);
        kh_arena_init(&arena, 256, &memory.memory);
        assert_rc(fixture_begin(fx, fx->one, 0, 1, 0), KH_OK);
        rc = kh_transaction_read_sweep(fx->one, 0, (kh_text){0}, 100, &arena, &rows, &count);
        assert_true(rc == KH_E_MEMORY ? count == 0 : count == 50);
        kh_transaction_rollback(fx->one);
        kh_arena_deinit(&arena);
        assert_int_equal(memory.live, 0);
    }
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, fixture_setup_lanes, fixture_teardown)
    const struct CMUnitTest tests[] = {
        CASE(guards_refuse_what_is_not_mine),
        CASE(a_guard_is_judged_by_what_is_there_after_the_wait),
        CASE(a_commit_whose_connection_is_cut_is_unknown),
        CASE(a_copy_whose_connection_is_cut_is_lost),
        CASE(bad_rows_are_told_from_the_rest),
        CASE(a_read_only_server_is_waited_for),
        CASE(a_statement_that_takes_too_long_is_tried_again),
        CASE(our_own_mistakes_are_not_hidden),
        CASE(each_state_in_the_middle_of_a_batch),
        CASE(a_batch_that_nobody_goes_on_with_frees_its_lanes),
        CASE(a_lane_that_is_kept_locked_is_taken_all_the_same),
        CASE(a_deadlock_is_tried_again),
        CASE(a_basis_is_read_after_its_lock),
        CASE(a_locked_basis_waits_to_be_written),
        CASE(memory_that_is_out_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
