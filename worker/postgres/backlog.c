#include "postgres/backlog.h"

#include "postgres/connection.h"

static void put_lanes(kh_database *database, const int32_t *lanes, const kh_instant *nows, size_t count)
{
    kh_sql_parameters_begin(database);
    kh_sql_buffer *buffer = kh_sql_parameter(database);
    kh_sql_put_array(buffer, KH_SQL_INT4, count);
    for (size_t i = 0; i < count; i++) {
        kh_sql_field_int32(buffer, lanes[i]);
    }
    buffer = kh_sql_parameter(database);
    kh_sql_put_array(buffer, KH_SQL_INT8, count);
    for (size_t i = 0; i < count; i++) {
        kh_sql_field_instant(buffer, nows[i]);
    }
}

kh_rc kh_backlog_read(kh_database *database, const int32_t *lanes, const kh_instant *nows, size_t count,
                      const int16_t states[KH_BACKLOG_STATES], kh_backlog *out)
{
    PGresult *result = NULL;
    put_lanes(database, lanes, nows, count);
    kh_sql_parameter_int64(database, KH_BACKLOG_MOST);
    for (size_t i = 0; i < KH_BACKLOG_STATES; i++) {
        kh_sql_parameter_int32(database, states[i]);
    }
    kh_rc rc = kh_sql_run(database, KH_SQL_BACKLOG, &result);
    if (rc != KH_OK) {
        return rc;
    }
    kh_sql_reader reader = {.result = result};
    kh_backlog found = {
        .due = kh_sql_read_int64(&reader, 0, 0),
        .wakeups = kh_sql_read_int64(&reader, 1, 0),
        .until_next = kh_sql_read_int64(&reader, 2, KH_INSTANT_NONE),
    };
    for (size_t i = 0; i < KH_BACKLOG_STATES; i++) {
        found.obligations[i] = kh_sql_read_int64(&reader, 3 + (int)i, 0);
    }
    PQclear(result);
    if (reader.rc != KH_OK) {
        return kh_sql_refuse(database, reader.rc, "count what waits", "a column is not of the type it must be");
    }
    *out = found;
    return KH_OK;
}
