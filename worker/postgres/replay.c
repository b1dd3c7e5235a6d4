#include "postgres/replay.h"

#include <stdio.h>
#include <stdlib.h>

#include "postgres/row_reader.h"

/* The replay's own tables stand beside those of every schema: whatever has them was made by a replay. */
static const char TABLES[] =
    "CREATE SCHEMA %1$s;"
    "CREATE TABLE %1$s.replay (only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row), until bigint NOT NULL, "
    "until_given boolean NOT NULL, begun_by text NOT NULL, begun_at timestamptz NOT NULL DEFAULT now());"
    "COMMENT ON TABLE %1$s.replay IS 'This schema is a replay''s: `kakehashi replay drop` removes it';"
    "CREATE TABLE %1$s.replay_end (lane integer NOT NULL, topic text COLLATE \"C\" NOT NULL, "
    "\"offset\" bigint NOT NULL, PRIMARY KEY (lane, topic));"
    "COMMENT ON TABLE %1$s.replay_end IS 'How far each source topic of a lane is replayed: the first offset that is "
    "not';"
    "CREATE TABLE %1$s.replay_given (kind smallint NOT NULL, id text COLLATE \"C\" NOT NULL, digest text NOT NULL, "
    "PRIMARY KEY (kind, id));"
    "COMMENT ON TABLE %1$s.replay_given IS 'Rule files that were given in place of the live schema''s'";

static const char REMOVAL[] = "SET statement_timeout = 0; DROP SCHEMA %1$s CASCADE";

/* Runs a text about the schema. */
static kh_rc run_on_schema(kh_database *database, bool removes, const char *doing)
{
    char *sql = NULL;
    char *quoted = PQescapeIdentifier(database->connection, database->schema, strlen(database->schema));
    kh_rc rc = KH_E_MEMORY;
    if (quoted != NULL && (removes ? asprintf(&sql, REMOVAL, quoted) : asprintf(&sql, TABLES, quoted)) >= 0) {
        rc = kh_sql_script(database, sql, doing);
    } else {
        (void)kh_sql_refuse(database, rc, doing, "out of memory");
    }
    free(sql);
    PQfreemem(quoted);
    return rc;
}

kh_rc kh_replay_find(kh_database *database, kh_replay_state *out)
{
    PGresult *result = NULL;
    kh_sql_parameters_begin(database);
    kh_sql_parameter_text(database, kh_text_of(database->schema));
    kh_rc rc = kh_sql_run(database, KH_SQL_REPLAY_FIND, &result);
    kh_sql_reader reader = {.result = result};
    bool schema = rc == KH_OK && kh_sql_read_bool(&reader, 0);
    bool table = rc == KH_OK && kh_sql_read_bool(&reader, 1);
    bool begun = false;
    PQclear(result);
    result = NULL;
    if (rc == KH_OK && table) {
        kh_sql_parameters_begin(database);
        rc = kh_sql_run(database, KH_SQL_REPLAY_READ, &result);
        begun = rc == KH_OK && PQntuples(result) > 0;
        PQclear(result);
    }
    if (rc == KH_OK) {
        *out = !schema ? KH_REPLAY_NONE : !table ? KH_REPLAY_FOREIGN : begun ? KH_REPLAY_BEGUN : KH_REPLAY_UNBEGUN;
    }
    return rc;
}

kh_rc kh_replay_make(kh_database *database)
{
    return run_on_schema(database, false, "make the replay");
}

static kh_rc write_ends(kh_database *database, const kh_replay_row *row)
{
    kh_sql_parameters_begin(database);
    kh_sql_buffer *lanes = kh_sql_parameter(database);
    kh_sql_buffer *topics = kh_sql_parameter(database);
    kh_sql_buffer *offsets = kh_sql_parameter(database);
    kh_sql_put_array(lanes, KH_SQL_INT4, row->end_count);
    kh_sql_put_array(topics, KH_SQL_TEXT, row->end_count);
    kh_sql_put_array(offsets, KH_SQL_INT8, row->end_count);
    for (size_t i = 0; i < row->end_count; i++) {
        kh_sql_field_int32(lanes, row->ends[i].lane);
        kh_sql_field_text(topics, row->ends[i].topic);
        kh_sql_field_int64(offsets, row->ends[i].offset);
    }
    return kh_sql_queue(database, KH_SQL_REPLAY_END_WRITE, (int64_t)row->end_count, KH_E_INTERNAL);
}

static kh_rc write_given(kh_database *database, const kh_replay_row *row)
{
    kh_rc rc = KH_OK;
    for (size_t i = 0; rc == KH_OK && i < row->given_count; i++) {
        kh_sql_parameters_begin(database);
        kh_sql_parameter_int32(database, (int32_t)row->given[i].kind);
        kh_sql_parameter_text(database, row->given[i].id);
        kh_sql_parameter_text(database, row->given[i].digest);
        rc = kh_sql_queue(database, KH_SQL_REPLAY_GIVEN_INSERT, 1, KH_E_INTERNAL);
    }
    return rc;
}

static void put_bool(kh_database *database, bool value)
{
    kh_sql_put_bytes(kh_sql_parameter(database), value ? "\1" : "\0", 1);
}

static kh_rc finish(kh_database *database, kh_rc rc)
{
    if (rc == KH_OK) {
        return kh_sql_commit(database);
    }
    kh_sql_rollback(database);
    return rc;
}

kh_rc kh_replay_begin(kh_database *database, const kh_replay_row *row)
{
    kh_rc rc = kh_sql_begin(database);
    if (rc == KH_OK) {
        kh_sql_parameters_begin(database);
        kh_sql_parameter_int64(database, row->until);
        put_bool(database, row->until_given);
        kh_sql_parameter_text(database, row->begun_by);
        rc = kh_sql_queue(database, KH_SQL_REPLAY_INSERT, 1, KH_E_INTERNAL);
    }
    if (rc == KH_OK) {
        rc = write_ends(database, row);
    }
    if (rc == KH_OK) {
        rc = write_given(database, row);
    }
    return finish(database, rc);
}

kh_rc kh_replay_extend(kh_database *database, const kh_replay_row *row)
{
    kh_rc rc = kh_sql_begin(database);
    if (rc == KH_OK) {
        kh_sql_parameters_begin(database);
        kh_sql_parameter_int64(database, row->until);
        rc = kh_sql_queue(database, KH_SQL_REPLAY_UNTIL, 1, KH_E_INTERNAL);
    }
    if (rc == KH_OK) {
        rc = write_ends(database, row);
    }
    return finish(database, rc);
}

static void read_end(kh_sql_reader *reader, void *out)
{
    kh_replay_end *end = out;
    end->lane = kh_sql_read_int32(reader, 0, 0);
    end->topic = kh_sql_read_text(reader, 1, NULL);
    end->offset = kh_sql_read_int64(reader, 2, 0);
}

static void read_given(kh_sql_reader *reader, void *out)
{
    kh_replay_given *given = out;
    given->kind = (kh_stored_file_kind)kh_sql_read_int16(reader, 0);
    given->id = kh_sql_read_text(reader, 1, NULL);
    given->digest = kh_sql_read_text(reader, 2, NULL);
}

static void read_replay(kh_sql_reader *reader, void *out)
{
    kh_replay_row *row = out;
    row->until = kh_sql_read_int64(reader, 0, KH_INSTANT_NONE);
    row->until_given = kh_sql_read_bool(reader, 1);
    row->begun_by = kh_sql_read_text(reader, 2, NULL);
    row->begun_at = kh_sql_read_timestamp(reader, 3);
}

kh_rc kh_replay_read(kh_database *database, kh_arena *arena, kh_replay_row *out)
{
    kh_replay_row *rows = NULL;
    size_t count = 0;
    kh_sql_parameters_begin(database);
    kh_rc rc = kh_rows_run(database, KH_SQL_REPLAY_READ, arena, read_replay, sizeof *rows, &rows, &count);
    if (rc == KH_OK && count == 0) {
        rc = kh_sql_refuse(database, KH_E_CONFIGURATION, "read the replay", "its making was broken off");
    }
    if (rc != KH_OK) {
        return rc;
    }
    kh_replay_row row = rows[0];
    kh_sql_parameters_begin(database);
    rc = kh_rows_run(database, KH_SQL_REPLAY_END_READ, arena, read_end, sizeof *row.ends, &row.ends, &row.end_count);
    if (rc == KH_OK) {
        kh_sql_parameters_begin(database);
        rc = kh_rows_run(database, KH_SQL_REPLAY_GIVEN_READ, arena, read_given, sizeof *row.given, &row.given,
                         &row.given_count);
    }
    if (rc == KH_OK) {
        *out = row;
    }
    return rc;
}

kh_rc kh_replay_progress_read(kh_database *database, kh_replay_progress *out)
{
    PGresult *result = NULL;
    kh_sql_parameters_begin(database);
    kh_rc rc = kh_sql_run(database, KH_SQL_REPLAY_PROGRESS, &result);
    if (rc == KH_OK) {
        kh_sql_reader reader = {.result = result};
        kh_replay_progress read = {.decided = kh_sql_read_int64(&reader, 0, 0),
                                   .all = kh_sql_read_int64(&reader, 1, 0),
                                   .done = kh_sql_read_bool(&reader, 2),
                                   .results = kh_sql_read_int64(&reader, 3, 0)};
        rc = reader.rc;
        if (rc == KH_OK) {
            *out = read;
        }
    }
    PQclear(result);
    return rc;
}

/* A statement that says yes or no. */
static kh_rc ask(kh_database *database, kh_sql_statement statement, bool *out)
{
    PGresult *result = NULL;
    kh_rc rc = kh_sql_run(database, statement, &result);
    if (rc == KH_OK) {
        kh_sql_reader reader = {.result = result};
        *out = kh_sql_read_bool(&reader, 0);
        rc = reader.rc;
    }
    PQclear(result);
    return rc;
}

kh_rc kh_replay_lock(kh_database *database, bool alone, bool *locked)
{
    kh_sql_parameters_begin(database);
    kh_sql_parameter_text(database, kh_text_of(database->schema));
    return ask(database, alone ? KH_SQL_REPLAY_LOCK_ALONE : KH_SQL_REPLAY_LOCK, locked);
}

kh_rc kh_replay_drop(kh_database *database)
{
    kh_replay_state state = KH_REPLAY_NONE;
    kh_rc rc = kh_replay_find(database, &state);
    if (rc == KH_OK && state == KH_REPLAY_FOREIGN) {
        rc = kh_sql_refuse(database, KH_E_CONFIGURATION, "drop the replay", "schema \"%s\" is no replay's",
                           database->schema);
    }
    return rc == KH_OK && state != KH_REPLAY_NONE ? run_on_schema(database, true, "drop the replay") : rc;
}

kh_rc kh_replay_snapshot(kh_database *database)
{
    kh_rc rc = kh_sql_begin(database);
    if (rc == KH_OK) {
        kh_sql_parameters_begin(database);
        rc = kh_sql_queue(database, KH_SQL_REPLAY_SNAPSHOT, KH_SQL_ANY_ROWS, KH_OK);
    }
    if (rc == KH_OK) {
        kh_sql_parameters_begin(database);
        rc = kh_sql_run(database, KH_SQL_REPLAY_PATIENCE, NULL);
    }
    if (rc != KH_OK) {
        kh_sql_rollback(database);
    }
    return rc;
}

kh_rc kh_replay_is_woken(kh_database *database, int32_t lane, kh_text subject, bool *out)
{
    kh_sql_parameters_begin(database);
    kh_sql_parameter_int32(database, lane);
    kh_sql_parameter_text(database, subject);
    return ask(database, KH_SQL_REPLAY_WOKEN, out);
}
