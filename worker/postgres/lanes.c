#include "postgres/lanes.h"

#include <stdio.h>
#include <string.h>

#include "postgres/row_reader.h"

#define LOCK_NOT_AVAILABLE "55P03"

static void put_lanes(kh_database *database, const int32_t *lanes, size_t count)
{
    kh_sql_buffer *buffer = kh_sql_parameter(database);
    kh_sql_put_array(buffer, KH_SQL_INT4, count);
    for (size_t i = 0; i < count; i++) {
        kh_sql_field_int32(buffer, lanes[i]);
    }
}

static void put_held_lanes(kh_database *database, const int32_t *lanes, const int64_t *epochs, size_t count)
{
    kh_sql_parameters_begin(database);
    put_lanes(database, lanes, count);
    kh_sql_buffer *buffer = kh_sql_parameter(database);
    kh_sql_put_array(buffer, KH_SQL_INT8, count);
    for (size_t i = 0; i < count; i++) {
        kh_sql_field_int64(buffer, epochs[i]);
    }
}

/* Rolls back unless all went well. */
static kh_rc finish(kh_database *database, kh_rc rc)
{
    if (rc == KH_OK) {
        return kh_sql_commit(database);
    }
    kh_sql_rollback(database);
    return rc;
}

static kh_rc lock_all(kh_database *database)
{
    kh_sql_parameters_begin(database);
    return kh_sql_queue(database, KH_SQL_LANE_LOCK_ALL, KH_SQL_ANY_ROWS, KH_OK);
}

static kh_rc check_deployment(kh_database *database, kh_text deployment, int32_t lane_count)
{
    static const char DOING[] = "check the deployment";
    PGresult *result = NULL;
    kh_sql_parameters_begin(database);
    kh_rc rc = kh_sql_run(database, KH_SQL_DEPLOYMENT_READ, &result);
    if (rc != KH_OK) {
        return rc;
    }
    kh_sql_reader reader = {.result = result};
    kh_text found = kh_sql_read_text(&reader, 0, NULL);
    int32_t lanes = kh_sql_read_int32(&reader, 1, 0);
    if (reader.rc != KH_OK) {
        rc = kh_sql_refuse(database, reader.rc, DOING, "a column is not of the type it must be");
    } else if (!kh_text_equal(found, deployment)) {
        rc = kh_sql_refuse(database, KH_E_CONFIGURATION, DOING,
                           "schema \"%s\" belongs to deployment \"%.*s\", the settings say \"%.*s\": correct the "
                           "deployment id, or give this deployment a schema of its own",
                           database->schema, KH_TEXT_ARGS(found), KH_TEXT_ARGS(deployment));
    } else if (lanes != lane_count) {
        rc = kh_sql_refuse(
            database, KH_E_CONFIGURATION, DOING,
            "the source topics have %ld partitions, but schema \"%s\" was made for %ld: keys would change "
            "their lanes; move to new topics, a new group and a new schema, and replay",
            (long)lane_count, database->schema, (long)lanes);
    }
    PQclear(result);
    return rc;
}

kh_rc kh_lanes_prepare(kh_database *database, kh_text deployment, int32_t lane_count, const kh_text *topics,
                       size_t topic_count)
{
    kh_rc rc = kh_sql_begin(database);
    if (rc == KH_OK) {
        kh_sql_parameters_begin(database);
        kh_sql_parameter_text(database, deployment);
        kh_sql_parameter_int32(database, lane_count);
        rc = kh_sql_queue(database, KH_SQL_DEPLOYMENT_INSERT, KH_SQL_ANY_ROWS, KH_OK);
    }
    if (rc == KH_OK) {
        rc = check_deployment(database, deployment, lane_count);
    }
    if (rc == KH_OK) {
        kh_sql_parameters_begin(database);
        kh_sql_parameter_int32(database, lane_count);
        rc = kh_sql_queue(database, KH_SQL_LANE_INSERT, KH_SQL_ANY_ROWS, KH_OK);
    }
    if (rc == KH_OK) {
        kh_sql_parameters_begin(database);
        kh_sql_parameter_int32(database, lane_count);
        kh_sql_buffer *buffer = kh_sql_parameter(database);
        kh_sql_put_array(buffer, KH_SQL_TEXT, topic_count);
        for (size_t i = 0; i < topic_count; i++) {
            kh_sql_field_text(buffer, topics[i]);
        }
        rc = kh_sql_queue(database, KH_SQL_LANE_OFFSET_INSERT, KH_SQL_ANY_ROWS, KH_OK);
    }
    return finish(database, rc);
}

/* Locks, rows, offsets: each a statement of its own, so that what is read is what the locks protect. */
static kh_rc read_locked(kh_database *database, const int32_t *lanes, size_t count, kh_arena *arena, kh_lanes *out)
{
    kh_sql_parameters_begin(database);
    put_lanes(database, lanes, count);
    kh_rc rc =
        kh_rows_run(database, KH_SQL_LANE_READ, arena, kh_row_read_lane, sizeof *out->rows, &out->rows, &out->count);
    if (rc == KH_OK) {
        rc = kh_rows_run(database, KH_SQL_LANE_OFFSET_READ, arena, kh_row_read_lane_offset, sizeof *out->offsets,
                         &out->offsets, &out->offset_count);
    }
    return rc;
}

static kh_rc wait_no_longer(kh_database *database)
{
    char milliseconds[16];
    snprintf(milliseconds, sizeof milliseconds, "%d", KH_LANES_PATIENCE_MS);
    kh_sql_parameters_begin(database);
    kh_sql_parameter_text(database, kh_text_of(milliseconds));
    return kh_sql_queue(database, KH_SQL_LANE_PATIENCE, 1, KH_E_INTERNAL);
}

/* \return what to do next; the error says how many sessions were ended. */
static kh_rc end_holders(kh_database *database, const int32_t *lanes, size_t count)
{
    PGresult *result = NULL;
    kh_sql_parameters_begin(database);
    put_lanes(database, lanes, count);
    kh_rc rc = kh_sql_run(database, KH_SQL_LANE_END_HOLDERS, &result);
    if (rc == KH_OK) {
        rc = kh_sql_refuse(database, KH_E_RETRY, "take lanes",
                           "somebody keeps a lane locked for more than %d ms; sessions ended for it: %d",
                           KH_LANES_PATIENCE_MS, PQntuples(result));
    }
    PQclear(result);
    return rc;
}

kh_rc kh_lanes_take(kh_database *database, const int32_t *lanes, size_t count, kh_arena *arena, kh_lanes *out)
{
    kh_lanes taken = {0};
    kh_rc rc = kh_sql_begin(database);
    if (rc == KH_OK) {
        rc = wait_no_longer(database);
    }
    if (rc == KH_OK) {
        rc = read_locked(database, lanes, count, arena, &taken);
        if (rc == KH_E_RETRY && strcmp(database->error.sqlstate, LOCK_NOT_AVAILABLE) == 0) {
            kh_sql_rollback(database);
            return end_holders(database, lanes, count);
        }
    }
    if (rc == KH_OK && taken.count != count) {
        rc = kh_sql_refuse(database, KH_E_CONFIGURATION, "take lanes", "%zu of %zu lanes are not in schema \"%s\"",
                           count - taken.count, count, database->schema);
    }
    if (rc == KH_OK) {
        rc = kh_sql_queue(database, KH_SQL_LANE_RAISE_EPOCH, (int64_t)count, KH_E_INTERNAL);
    }
    rc = finish(database, rc);
    if (rc == KH_OK) {
        for (size_t i = 0; i < taken.count; i++) {
            taken.rows[i].epoch++;
        }
        *out = taken;
    }
    return rc;
}

kh_rc kh_lanes_read_back(kh_database *database, const int32_t *lanes, size_t count, kh_arena *arena, kh_lanes *out)
{
    kh_lanes read = {0};
    kh_rc rc = kh_sql_begin(database);
    if (rc == KH_OK) {
        rc = read_locked(database, lanes, count, arena, &read);
    }
    rc = finish(database, rc);
    if (rc == KH_OK) {
        *out = read;
    }
    return rc;
}

kh_rc kh_lanes_read_all(kh_database *database, kh_arena *arena, kh_lanes *out)
{
    kh_lanes read = {0};
    kh_sql_parameters_begin(database);
    kh_rc rc = kh_rows_run(database, KH_SQL_LANE_READ_ALL, arena, kh_row_read_lane, sizeof *read.rows, &read.rows,
                           &read.count);
    if (rc == KH_OK) {
        rc = kh_rows_run(database, KH_SQL_LANE_OFFSET_READ_ALL, arena, kh_row_read_lane_offset, sizeof *read.offsets,
                         &read.offsets, &read.offset_count);
    }
    if (rc == KH_OK) {
        *out = read;
    }
    return rc;
}

static void read_number(kh_sql_reader *reader, void *out)
{
    int32_t *number = out;
    *number = kh_sql_read_int32(reader, 0, 0);
}

kh_rc kh_lanes_connected(kh_database *database, kh_arena *arena, int32_t **out, size_t *count)
{
    kh_sql_parameters_begin(database);
    return kh_rows_run(database, KH_SQL_LANE_CONNECTED, arena, read_number, sizeof **out, out, count);
}

/* Locks the lanes in order first: an UPDATE locks in whatever order it finds them. */
static kh_rc lock_in_order(kh_database *database, const int32_t *lanes, size_t count)
{
    kh_sql_parameters_begin(database);
    put_lanes(database, lanes, count);
    return kh_sql_queue(database, KH_SQL_LANE_READ, KH_SQL_ANY_ROWS, KH_OK);
}

kh_rc kh_lanes_own(kh_database *database, const int32_t *lanes, const int64_t *epochs, size_t count, kh_text owner)
{
    kh_rc rc = kh_sql_begin(database);
    if (rc == KH_OK) {
        rc = lock_in_order(database, lanes, count);
    }
    if (rc == KH_OK) {
        put_held_lanes(database, lanes, epochs, count);
        kh_sql_parameter_text(database, owner);
        rc = kh_sql_queue(database, KH_SQL_LANE_OWN, (int64_t)count, KH_E_NOT_MINE);
    }
    return finish(database, rc);
}

kh_rc kh_lanes_release(kh_database *database, const int32_t *lanes, const int64_t *epochs, size_t count)
{
    kh_rc rc = kh_sql_begin(database);
    if (rc == KH_OK) {
        rc = lock_in_order(database, lanes, count);
    }
    if (rc == KH_OK) {
        put_held_lanes(database, lanes, epochs, count);
        rc = kh_sql_queue(database, KH_SQL_LANE_RELEASE, KH_SQL_ANY_ROWS, KH_OK);
    }
    return finish(database, rc);
}

kh_rc kh_lanes_look(kh_database *database, const int32_t *lanes, size_t count, kh_lane_look *out, size_t *found,
                    kh_instant *now)
{
    PGresult *result = NULL;
    kh_sql_parameters_begin(database);
    put_lanes(database, lanes, count);
    kh_rc rc = kh_sql_run(database, KH_SQL_LANE_LOOK, &result);
    if (rc != KH_OK) {
        return rc;
    }
    kh_sql_reader reader = {.result = result};
    size_t rows = (size_t)PQntuples(result);
    for (size_t i = 0; i < rows && i < count; i++) {
        reader.row = (int)i;
        out[i].lane = kh_sql_read_int32(&reader, 0, 0);
        out[i].epoch = kh_sql_read_int64(&reader, 1, 0);
        out[i].arrangement_version = kh_sql_read_int64(&reader, 2, 0);
        out[i].first_due_at = kh_sql_read_int64(&reader, 3, KH_INSTANT_NONE);
        out[i].has_wakeups = kh_sql_read_bool(&reader, 4);
        *now = kh_sql_read_int64(&reader, 5, KH_INSTANT_NONE);
        out[i].has_redrives = kh_sql_read_bool(&reader, 6);
    }
    *found = rows < count ? rows : count;
    PQclear(result);
    return reader.rc == KH_OK
               ? KH_OK
               : kh_sql_refuse(database, reader.rc, "look at lanes", "a column is not of the type it must be");
}

kh_rc kh_lanes_raise_arrangement(kh_database *database, kh_text cause)
{
    kh_rc rc = kh_sql_begin(database);
    if (rc == KH_OK) {
        rc = lock_all(database);
    }
    if (rc == KH_OK) {
        kh_sql_parameters_begin(database);
        kh_sql_parameter_text(database, cause);
        rc = kh_sql_queue(database, KH_SQL_LANE_RAISE_ARRANGEMENT, KH_SQL_ANY_ROWS, KH_OK);
    }
    return finish(database, rc);
}
