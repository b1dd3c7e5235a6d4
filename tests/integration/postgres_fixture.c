#include "postgres_fixture.h"

#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "postgres/schema.h"

static int counter;

kh_database_settings fixture_settings(const fixture *fx)
{
    return (kh_database_settings){.connection = fx->address,
                                  .schema = fx->schema,
                                  .application_name = "kakehashi-test",
                                  .statement_timeout_ms = 60000,
                                  .idle_timeout_ms = 60000};
}

kh_database *fixture_open(const fixture *fx)
{
    kh_database *database = NULL;
    kh_database_error error;
    kh_database_settings settings = fixture_settings(fx);
    if (kh_database_open(&settings, &database, &error) != KH_OK) {
        fail_msg("cannot connect: %s", error.text);
    }
    return database;
}

void fixture_sql(fixture *fx, const char *sql)
{
    PGresult *result = PQexec(fx->admin, sql);
    ExecStatusType status = PQresultStatus(result);
    PQclear(result);
    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) {
        fail_msg("%s: %s", sql, PQerrorMessage(fx->admin));
    }
}

long long fixture_number(fixture *fx, const char *sql)
{
    PGresult *result = PQexec(fx->admin, sql);
    if (PQresultStatus(result) != PGRES_TUPLES_OK || PQntuples(result) != 1) {
        PQclear(result);
        fail_msg("%s: %s", sql, PQerrorMessage(fx->admin));
    }
    long long number = strtoll(PQgetvalue(result, 0, 0), NULL, 10);
    PQclear(result);
    return number;
}

static fixture *make(void)
{
    const char *path = getenv("KH_POSTGRES_ADDRESS");
    fixture *fx = calloc(1, sizeof *fx);
    assert_non_null(fx);
    FILE *file = path == NULL ? NULL : fopen(path, "r");
    if (file == NULL) {
        fail_msg("KH_POSTGRES_ADDRESS names no file with a connection string: run this through ctest");
    }
    assert_non_null(fgets(fx->address, sizeof fx->address, file));
    fclose(file);
    fx->address[strcspn(fx->address, "\n")] = '\0';
    snprintf(fx->schema, sizeof fx->schema, "Test %ld-%d", (long)getpid(), counter++); /* must be quoted everywhere */
    char sql[128];
    fx->admin = PQconnectdb(fx->address);
    snprintf(sql, sizeof sql, "SET search_path = \"%s\"; SET client_min_messages = warning", fx->schema);
    fixture_sql(fx, sql);
    kh_test_memory_init(&fx->memory, -1);
    kh_arena_init(&fx->arena, 65536, &fx->memory.memory);
    fx->one = fixture_open(fx);
    fx->two = fixture_open(fx);
    return fx;
}

int fixture_setup_bare(void **state)
{
    *state = make();
    return 0;
}

int fixture_setup(void **state)
{
    static const kh_text TOPICS[] = {{"jp", 2}, {"sg", 2}};
    fixture *fx = make();
    *state = fx;
    assert_rc(kh_schema_migrate(fx->one, NULL, NULL, NULL), KH_OK);
    assert_rc(kh_lanes_prepare(fx->one, KH_TEXT("test"), FIXTURE_LANES, TOPICS, 2), KH_OK);
    return 0;
}

int fixture_teardown(void **state)
{
    fixture *fx = *state;
    char sql[128];
    kh_database_close(fx->one);
    kh_database_close(fx->two);
    snprintf(sql, sizeof sql, "DROP SCHEMA IF EXISTS \"%s\" CASCADE", fx->schema);
    fixture_sql(fx, sql);
    PQfinish(fx->admin);
    kh_arena_deinit(&fx->arena);
    assert_int_equal(fx->memory.live, 0);
    free(fx);
    return 0;
}

void fixture_take(fixture *fx, kh_database *database, const int32_t *lanes, size_t count, int64_t *epochs)
{
    kh_lanes taken;
    assert_rc(kh_lanes_take(database, lanes, count, &fx->arena, &taken), KH_OK);
    assert_int_equal(taken.count, count);
    for (size_t i = 0; i < count; i++) {
        epochs[i] = taken.rows[i].epoch;
    }
}

kh_rc fixture_begin(fixture *fx, kh_database *database, int32_t lane, int64_t epoch, int64_t next_seq)
{
    kh_lane_guard guard = {.lane = lane, .epoch = epoch, .next_seq = next_seq};
    kh_lane_row row;
    kh_instant now = 0;
    return kh_transaction_begin(database, &guard, 1, false, &fx->arena, &row, &now);
}

void fixture_wait_for_lock(fixture *fx)
{
    for (int i = 0; i < 6000; i++) {
        if (fixture_number(fx, "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'kakehashi-test' "
                               "AND wait_event_type = 'Lock'") > 0) {
            return;
        }
        nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
    }
    fail_msg("nobody waits for a lock");
}

int fixture_setup_lanes(void **state)
{
    int64_t epoch = 0;
    fixture_setup(state);
    fixture *fx = *state;
    fixture_take(fx, fx->one, (int32_t[]){0}, 1, &epoch);
    fixture_take(fx, fx->two, (int32_t[]){1}, 1, &epoch);
    return 0;
}

kh_subject_row fixture_subject(int32_t lane, const char *key, bool known, const char *facts)
{
    return (kh_subject_row){.lane = lane,
                            .key = kh_text_of(key),
                            .known = known,
                            .has_facts = facts != NULL,
                            .facts = kh_text_of(facts),
                            .due_at = KH_INSTANT_NONE,
                            .next_change_at = KH_INSTANT_NONE};
}

kh_result_row fixture_result(int64_t seq, const char *key)
{
    return (kh_result_row){.seq = seq,
                           .kind = 1,
                           .key = kh_text_of(key),
                           .subject = KH_TEXT("SG/1"),
                           .decision = KH_TEXT("\x01\0\x02"),
                           .status_version = 3,
                           .message_hash = UINT64_MAX - 5,
                           .decided_at = 77,
                           .cause = KH_TEXT("cause"),
                           .previous_seq = KH_SEQ_NONE};
}
