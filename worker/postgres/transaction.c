#include "postgres/transaction.h"

#include "postgres/row_reader.h"

/* Beginning, reading and ending; the writes are in transaction_write.c. */

static void put_guards(kh_database *database, const kh_lane_guard *guards, size_t count)
{
    kh_sql_parameters_begin(database);
    kh_sql_buffer *lanes = kh_sql_parameter(database);
    kh_sql_buffer *epochs = kh_sql_parameter(database);
    kh_sql_buffer *places = kh_sql_parameter(database);
    kh_sql_put_array(lanes, KH_SQL_INT4, count);
    kh_sql_put_array(epochs, KH_SQL_INT8, count);
    kh_sql_put_array(places, KH_SQL_INT8, count);
    for (size_t i = 0; i < count; i++) {
        kh_sql_field_int32(lanes, guards[i].lane);
        kh_sql_field_int64(epochs, guards[i].epoch);
        kh_sql_field_int64(places, guards[i].next_seq);
    }
}

static kh_rc read_guarded(kh_database *database, const PGresult *result, size_t count, kh_arena *arena,
                          kh_lane_row *rows, kh_instant *now)
{
    if ((size_t)PQntuples(result) != count) {
        return kh_sql_refuse(database, KH_E_NOT_MINE, "lock lanes", "%d of %zu lanes are as this worker left them",
                             PQntuples(result), count);
    }
    kh_sql_reader reader = {.result = result, .arena = arena};
    for (size_t i = 0; i < count; i++) {
        reader.row = (int)i;
        kh_row_read_lane(&reader, &rows[i]);
        *now = kh_sql_read_int64(&reader, KH_ROW_LANE_COLUMNS, KH_INSTANT_NONE);
    }
    return reader.rc == KH_OK ? KH_OK : kh_sql_refuse(database, reader.rc, "lock lanes", "the rows cannot be read");
}

kh_rc kh_transaction_begin(kh_database *database, const kh_lane_guard *guards, size_t count, bool all_lanes,
                           kh_arena *arena, kh_lane_row *rows, kh_instant *now)
{
    PGresult *result = NULL;
    kh_rc rc = kh_sql_begin(database);
    if (rc == KH_OK && all_lanes) {
        kh_sql_parameters_begin(database);
        rc = kh_sql_queue(database, KH_SQL_LANE_LOCK_ALL, KH_SQL_ANY_ROWS, KH_OK);
    }
    if (rc == KH_OK) {
        put_guards(database, guards, count);
        rc = kh_sql_run(database, KH_SQL_LANE_LOCK, &result);
    }
    if (rc == KH_OK) {
        rc = read_guarded(database, result, count, arena, rows, now);
    }
    PQclear(result);
    if (rc != KH_OK) {
        kh_sql_rollback(database);
    }
    return rc;
}

static void put_keys(kh_database *database, const kh_subject_key *keys, size_t count)
{
    kh_sql_parameters_begin(database);
    kh_sql_buffer *lanes = kh_sql_parameter(database);
    kh_sql_buffer *texts = kh_sql_parameter(database);
    kh_sql_put_array(lanes, KH_SQL_INT4, count);
    kh_sql_put_array(texts, KH_SQL_TEXT, count);
    for (size_t i = 0; i < count; i++) {
        kh_sql_field_int32(lanes, keys[i].lane);
        kh_sql_field_text(texts, keys[i].key);
    }
}

/* Puts the rows at the places of their keys; a key without a row is only named. */
static kh_rc read_placed(kh_database *database, const PGresult *result, const kh_subject_key *keys, size_t count,
                         kh_arena *arena, kh_subject_row **out)
{
    kh_sql_reader reader = {.result = result, .arena = arena};
    kh_subject_row *rows = kh_arena_allocate_array(arena, count, sizeof *rows);
    reader.rc = rows == NULL ? KH_E_MEMORY : KH_OK;
    for (size_t i = 0; i < count && reader.rc == KH_OK; i++) {
        rows[i] = (kh_subject_row){.lane = keys[i].lane, .due_at = KH_INSTANT_NONE, .next_change_at = KH_INSTANT_NONE};
        reader.rc = kh_arena_copy_text(arena, keys[i].key, &rows[i].key);
    }
    for (int i = 0; i < PQntuples(result) && reader.rc == KH_OK; i++) {
        reader.row = i;
        int64_t place = kh_sql_read_int64(&reader, KH_ROW_SUBJECT_COLUMNS, 0);
        if (place < 1 || (uint64_t)place > count) {
            reader.rc = KH_E_INTERNAL;
        } else {
            kh_row_read_subject(&reader, &rows[place - 1]);
        }
    }
    if (reader.rc != KH_OK) {
        return kh_sql_refuse(database, reader.rc, "read subjects", "the rows cannot be read");
    }
    *out = rows;
    return KH_OK;
}

kh_rc kh_transaction_read_subjects(kh_database *database, const kh_subject_key *keys, size_t count, kh_arena *arena,
                                   kh_subject_row **out)
{
    PGresult *result = NULL;
    *out = NULL;
    if (count == 0) {
        return KH_OK;
    }
    put_keys(database, keys, count);
    kh_rc rc = kh_sql_run(database, KH_SQL_SUBJECT_READ, &result);
    if (rc == KH_OK) {
        rc = read_placed(database, result, keys, count, arena, out);
    }
    PQclear(result);
    return rc;
}

kh_rc kh_transaction_read_dependents(kh_database *database, const kh_text *bases, size_t count, kh_arena *arena,
                                     kh_dependent_row **out, size_t *out_count)
{
    *out = NULL;
    *out_count = 0;
    if (count == 0) {
        return KH_OK;
    }
    kh_sql_parameters_begin(database);
    kh_sql_buffer *texts = kh_sql_parameter(database);
    kh_sql_put_array(texts, KH_SQL_TEXT, count);
    for (size_t i = 0; i < count; i++) {
        kh_sql_field_text(texts, bases[i]);
    }
    return kh_rows_run(database, KH_SQL_SUBJECT_DEPENDENTS, arena, kh_row_read_dependent, sizeof **out, out, out_count);
}

static int64_t limit_of(size_t limit)
{
    return limit > (size_t)INT32_MAX ? INT32_MAX : (int64_t)limit;
}

kh_rc kh_transaction_read_due(kh_database *database, int32_t lane, kh_instant up_to, size_t limit, kh_arena *arena,
                              kh_subject_row **out, size_t *out_count)
{
    kh_sql_parameters_begin(database);
    kh_sql_parameter_int32(database, lane);
    kh_sql_parameter_int64(database, up_to);
    kh_sql_parameter_int64(database, limit_of(limit));
    return kh_rows_run(database, KH_SQL_SUBJECT_DUE, arena, kh_row_read_subject, sizeof **out, out, out_count);
}

kh_rc kh_transaction_read_sweep(kh_database *database, int32_t lane, kh_text after, size_t limit, kh_arena *arena,
                                kh_subject_row **out, size_t *out_count)
{
    kh_sql_parameters_begin(database);
    kh_sql_parameter_int32(database, lane);
    kh_sql_parameter_text(database, after);
    kh_sql_parameter_int64(database, limit_of(limit));
    return kh_rows_run(database, KH_SQL_SUBJECT_SWEEP, arena, kh_row_read_subject, sizeof **out, out, out_count);
}

kh_rc kh_transaction_read_wakeups(kh_database *database, int32_t lane, size_t limit, kh_arena *arena,
                                  kh_wakeup_row **out, size_t *out_count)
{
    kh_sql_parameters_begin(database);
    kh_sql_parameter_int32(database, lane);
    kh_sql_parameter_int64(database, limit_of(limit));
    return kh_rows_run(database, KH_SQL_WAKEUP_READ, arena, kh_row_read_wakeup, sizeof **out, out, out_count);
}

kh_rc kh_transaction_lock_bases(kh_database *database, const kh_subject_key *keys, size_t count, kh_arena *arena,
                                kh_subject_row **out)
{
    *out = NULL;
    if (count == 0) {
        return KH_OK;
    }
    put_keys(database, keys, count);
    kh_rc rc = kh_sql_queue(database, KH_SQL_SUBJECT_INSERT_EMPTY, KH_SQL_ANY_ROWS, KH_OK);
    if (rc == KH_OK) {
        rc = kh_sql_queue(database, KH_SQL_SUBJECT_LOCK_SHARE, KH_SQL_ANY_ROWS, KH_OK);
    }
    /* A statement of its own: its snapshot is from after the locks. */
    return rc == KH_OK ? kh_transaction_read_subjects(database, keys, count, arena, out) : rc;
}

kh_rc kh_transaction_commit(kh_database *database)
{
    return kh_sql_commit(database);
}

void kh_transaction_rollback(kh_database *database)
{
    kh_sql_rollback(database);
}
