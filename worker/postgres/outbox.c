#include "postgres/outbox.h"

#include "postgres/row_reader.h"

static int64_t limit_of(size_t limit)
{
    return limit > (size_t)INT32_MAX ? INT32_MAX : (int64_t)limit;
}

kh_rc kh_outbox_read(kh_database *database, int32_t lane, int64_t from, size_t limit, kh_arena *arena,
                     kh_result_row **out, size_t *count)
{
    kh_sql_parameters_begin(database);
    kh_sql_parameter_int32(database, lane);
    kh_sql_parameter_int64(database, from);
    kh_sql_parameter_int64(database, limit_of(limit));
    return kh_rows_run(database, KH_SQL_RESULT_READ, arena, kh_row_read_result, sizeof **out, out, count);
}

kh_rc kh_outbox_read_dead_letters(kh_database *database, int32_t lane, int64_t from, int64_t to, size_t limit,
                                  kh_arena *arena, kh_dead_letter_row **out, size_t *count)
{
    kh_sql_parameters_begin(database);
    kh_sql_parameter_int32(database, lane);
    kh_sql_parameter_int64(database, from);
    kh_sql_parameter_int64(database, to);
    kh_sql_parameter_int64(database, limit_of(limit));
    return kh_rows_run(database, KH_SQL_DEAD_LETTER_READ, arena, kh_row_read_dead_letter, sizeof **out, out, count);
}

kh_rc kh_outbox_read_history(kh_database *database, int32_t lane, int64_t seq, size_t limit, kh_arena *arena,
                             kh_result_row **out, size_t *count)
{
    kh_sql_parameters_begin(database);
    kh_sql_parameter_int32(database, lane);
    kh_sql_parameter_int64(database, seq);
    kh_sql_parameter_int64(database, limit_of(limit));
    return kh_rows_run(database, KH_SQL_RESULT_HISTORY, arena, kh_row_read_result, sizeof **out, out, count);
}

kh_rc kh_outbox_read_stood(kh_database *database, int32_t lane, int64_t seq, kh_instant recorded_by, kh_arena *arena,
                           kh_result_row **out, size_t *count)
{
    kh_sql_parameters_begin(database);
    kh_sql_parameter_int32(database, lane);
    kh_sql_parameter_int64(database, seq);
    kh_sql_parameter_int64(database, recorded_by);
    return kh_rows_run(database, KH_SQL_RESULT_STOOD, arena, kh_row_read_result, sizeof **out, out, count);
}

kh_rc kh_outbox_recorded_at(kh_database *database, int32_t lane, int64_t seq, kh_instant *out)
{
    PGresult *result = NULL;
    kh_sql_parameters_begin(database);
    kh_sql_parameter_int32(database, lane);
    kh_sql_parameter_int64(database, seq);
    kh_rc rc = kh_sql_run(database, KH_SQL_RESULT_RECORDED_AT, &result);
    if (rc == KH_OK) {
        kh_sql_reader reader = {.result = result};
        kh_instant recorded_at = PQntuples(result) == 0 ? KH_INSTANT_NONE : kh_sql_read_timestamp(&reader, 0);
        rc = reader.rc;
        if (rc == KH_OK) {
            *out = recorded_at;
        }
    }
    PQclear(result);
    return rc;
}
