#include "postgres/verify.h"

#include "postgres/row_reader.h"

kh_rc kh_verify_take_time(kh_database *database)
{
    kh_sql_parameters_begin(database);
    return kh_sql_run(database, KH_SQL_LIST_SETTINGS, NULL);
}

kh_rc kh_verify_subjects(kh_database *database, int32_t lane, kh_text after, size_t limit, kh_arena *arena,
                         kh_subject_row **out, size_t *count)
{
    kh_sql_parameters_begin(database);
    kh_sql_parameter_int32(database, lane);
    kh_sql_parameter_text(database, after);
    kh_sql_parameter_int64(database, (int64_t)limit);
    return kh_rows_run(database, KH_SQL_VERIFY_SUBJECTS, arena, kh_row_read_subject, sizeof **out, out, count);
}

static void read_chain(kh_sql_reader *reader, void *out)
{
    kh_chain_row *row = out;
    row->subject = kh_sql_read_text(reader, 0, NULL);
    row->key = kh_sql_read_text(reader, 1, NULL);
    row->seq = kh_sql_read_int64(reader, 2, 0);
    row->status_version = (uint32_t)kh_sql_read_int32(reader, 3, 0);
    row->public_version = (uint32_t)kh_sql_read_int32(reader, 4, 0);
    row->previous_seq = kh_sql_read_int64(reader, 5, KH_SEQ_NONE);
}

static void read_text(kh_sql_reader *reader, void *out)
{
    kh_text *text = out;
    *text = kh_sql_read_text(reader, 0, NULL);
}

kh_rc kh_verify_chain_open(kh_database *database, int32_t lane)
{
    /* The name of a cursor that is not open is no error to those who close all. */
    kh_rc rc = kh_sql_script(database, "CLOSE ALL", "check results");
    kh_sql_parameters_begin(database);
    kh_sql_parameter_int32(database, lane);
    return rc == KH_OK ? kh_sql_run(database, KH_SQL_VERIFY_CHAIN, NULL) : rc;
}

kh_rc kh_verify_chain_fetch(kh_database *database, kh_arena *arena, kh_chain_row **out, size_t *count)
{
    kh_sql_parameters_begin(database);
    return kh_rows_run(database, KH_SQL_VERIFY_CHAIN_FETCH, arena, read_chain, sizeof **out, out, count);
}

kh_rc kh_verify_results(kh_database *database, int32_t lane, const int64_t *seqs, size_t count, kh_arena *arena,
                        kh_result_row **out, size_t *out_count)
{
    kh_sql_parameters_begin(database);
    kh_sql_parameter_int32(database, lane);
    kh_sql_buffer *numbers = kh_sql_parameter(database);
    kh_sql_put_array(numbers, KH_SQL_INT8, count);
    for (size_t i = 0; i < count; i++) {
        kh_sql_field_int64(numbers, seqs[i]);
    }
    return kh_rows_run(database, KH_SQL_VERIFY_RESULTS, arena, kh_row_read_result, sizeof **out, out, out_count);
}

static void put_subjects(kh_database *database, int32_t lane, const kh_text *subjects, size_t count)
{
    kh_sql_parameters_begin(database);
    kh_sql_parameter_int32(database, lane);
    kh_sql_buffer *texts = kh_sql_parameter(database);
    kh_sql_put_array(texts, KH_SQL_TEXT, count);
    for (size_t i = 0; i < count; i++) {
        kh_sql_field_text(texts, subjects[i]);
    }
}

kh_rc kh_verify_obligations(kh_database *database, int32_t lane, const kh_text *subjects, size_t count, kh_arena *arena,
                            kh_obligation_row **out, size_t *out_count)
{
    put_subjects(database, lane, subjects, count);
    return kh_rows_run(database, KH_SQL_VERIFY_OBLIGATIONS, arena, kh_row_read_obligation, sizeof **out, out,
                       out_count);
}

kh_rc kh_verify_stray_obligations(kh_database *database, int32_t lane, size_t limit, kh_arena *arena,
                                  kh_obligation_row **out, size_t *count)
{
    kh_sql_parameters_begin(database);
    kh_sql_parameter_int32(database, lane);
    kh_sql_parameter_int64(database, (int64_t)limit);
    return kh_rows_run(database, KH_SQL_VERIFY_STRAY_OBLIGATIONS, arena, kh_row_read_obligation, sizeof **out, out,
                       count);
}

kh_rc kh_verify_woken(kh_database *database, int32_t lane, const kh_text *subjects, size_t count, kh_arena *arena,
                      kh_text **out, size_t *out_count)
{
    put_subjects(database, lane, subjects, count);
    return kh_rows_run(database, KH_SQL_VERIFY_WOKEN, arena, read_text, sizeof **out, out, out_count);
}
