#include "postgres/row_reader.h"

void kh_row_read_lane(kh_sql_reader *reader, void *out)
{
    kh_lane_row *row = out;
    row->lane = kh_sql_read_int32(reader, 0, 0);
    row->epoch = kh_sql_read_int64(reader, 1, 0);
    row->owner = kh_sql_read_text(reader, 2, NULL);
    row->next_seq = kh_sql_read_int64(reader, 3, 0);
    row->clock = kh_sql_read_int64(reader, 4, KH_INSTANT_NONE);
    row->arrangement_version = kh_sql_read_int64(reader, 5, 0);
    row->arrangement_cause = kh_sql_read_text(reader, 6, NULL);
    row->swept_version = kh_sql_read_int64(reader, 7, 0);
    row->sweeping = kh_sql_read_bool(reader, 8);
    row->sweep_after = kh_sql_read_text(reader, 9, NULL);
    row->sweep_cause = kh_sql_read_text(reader, 10, NULL);
    row->published_seq = kh_sql_read_int64(reader, 11, 0);
}

void kh_row_read_lane_offset(kh_sql_reader *reader, void *out)
{
    kh_lane_offset_row *row = out;
    row->lane = kh_sql_read_int32(reader, 0, 0);
    row->topic = kh_sql_read_text(reader, 1, NULL);
    row->next_offset = kh_sql_read_int64(reader, 2, 0);
    row->last_offset = kh_sql_read_int64(reader, 3, KH_SEQ_NONE);
    row->last_timestamp = kh_sql_read_int64(reader, 4, KH_INSTANT_NONE);
    row->last_crc = (uint32_t)kh_sql_read_int64(reader, 5, 0);
}

void kh_row_read_subject(kh_sql_reader *reader, void *out)
{
    kh_subject_row *row = out;
    row->known = true;
    row->lane = kh_sql_read_int32(reader, 0, 0);
    row->key = kh_sql_read_text(reader, 1, NULL);
    row->facts = kh_sql_read_text(reader, 2, &row->has_facts);
    row->decisions = kh_sql_read_text(reader, 3, NULL);
    row->due_at = kh_sql_read_int64(reader, 4, KH_INSTANT_NONE);
    row->basis = kh_sql_read_text(reader, 5, NULL);
    row->outcomes = kh_sql_read_text(reader, 6, NULL);
    row->residual_open = kh_sql_read_int32(reader, 7, 0);
    row->next_change_at = kh_sql_read_int64(reader, 8, KH_INSTANT_NONE);
}

void kh_row_read_dependent(kh_sql_reader *reader, void *out)
{
    kh_dependent_row *row = out;
    row->lane = kh_sql_read_int32(reader, 0, 0);
    row->key = kh_sql_read_text(reader, 1, NULL);
    row->basis = kh_sql_read_text(reader, 2, NULL);
}

void kh_row_read_wakeup(kh_sql_reader *reader, void *out)
{
    kh_wakeup_row *row = out;
    row->lane = kh_sql_read_int32(reader, 0, 0);
    row->subject = kh_sql_read_text(reader, 1, NULL);
    row->version = kh_sql_read_int64(reader, 2, 0);
    row->cause = kh_sql_read_text(reader, 3, NULL);
}

void kh_row_read_result(kh_sql_reader *reader, void *out)
{
    kh_result_row *row = out;
    row->lane = kh_sql_read_int32(reader, 0, 0);
    row->seq = kh_sql_read_int64(reader, 1, 0);
    row->kind = kh_sql_read_int16(reader, 2);
    row->key = kh_sql_read_text(reader, 3, NULL);
    row->subject = kh_sql_read_text(reader, 4, NULL);
    row->decision = kh_sql_read_text(reader, 5, NULL);
    row->status_version = (uint32_t)kh_sql_read_int32(reader, 6, 0);
    row->public_version = (uint32_t)kh_sql_read_int32(reader, 7, 0);
    row->message_hash = (uint64_t)kh_sql_read_int64(reader, 8, 0);
    row->public_hash = (uint64_t)kh_sql_read_int64(reader, 9, 0);
    row->decided_at = kh_sql_read_int64(reader, 10, KH_INSTANT_NONE);
    row->recorded_at = kh_sql_read_timestamp(reader, 11);
    row->cause = kh_sql_read_text(reader, 12, NULL);
    row->previous_seq = kh_sql_read_int64(reader, 13, KH_SEQ_NONE);
}

void kh_row_read_obligation(kh_sql_reader *reader, void *out)
{
    kh_obligation_row *row = out;
    row->id = kh_sql_read_text(reader, 0, NULL);
    row->lane = kh_sql_read_int32(reader, 1, 0);
    row->kind = kh_sql_read_int16(reader, 2);
    row->state = kh_sql_read_int16(reader, 3);
    row->subject = kh_sql_read_text(reader, 4, NULL);
    row->arrangement = kh_sql_read_text(reader, 5, NULL);
    row->obliged = kh_sql_read_text(reader, 6, NULL);
    row->towards = kh_sql_read_text(reader, 7, NULL);
    row->arose_on = kh_sql_read_day(reader, 8);
    row->due_on = kh_sql_read_day(reader, 9);
    row->earliest_due_on = kh_sql_read_day(reader, 10);
    row->discharged_on = kh_sql_read_day(reader, 11);
    row->confirmed_on = kh_sql_read_day(reader, 12);
    row->provisional = kh_sql_read_bool(reader, 13);
    row->late = kh_sql_read_bool(reader, 14);
    row->version = (uint32_t)kh_sql_read_int32(reader, 15, 0);
    row->decided_at = kh_sql_read_int64(reader, 16, KH_INSTANT_NONE);
}

void kh_row_read_dead_letter(kh_sql_reader *reader, void *out)
{
    kh_dead_letter_row *row = out;
    row->lane = kh_sql_read_int32(reader, 0, 0);
    row->seq = kh_sql_read_int64(reader, 1, 0);
    row->topic = kh_sql_read_text(reader, 2, NULL);
    row->offset = kh_sql_read_int64(reader, 3, 0);
    row->record_timestamp = kh_sql_read_int64(reader, 4, KH_INSTANT_NONE);
    row->reason = kh_sql_read_text(reader, 5, NULL);
    row->detail = kh_sql_read_text(reader, 6, NULL);
    row->key = kh_sql_read_text(reader, 7, &row->has_key);
    row->value = kh_sql_read_text(reader, 8, &row->has_value);
    row->value_size = kh_sql_read_int64(reader, 9, 0);
    row->headers = kh_sql_read_text(reader, 10, NULL);
}

void kh_row_read_rule_file(kh_sql_reader *reader, void *out)
{
    kh_rule_file_row *row = out;
    row->kind = (kh_stored_file_kind)kh_sql_read_int16(reader, 0);
    row->digest = kh_sql_read_text(reader, 1, NULL);
    row->id = kh_sql_read_text(reader, 2, NULL);
    row->arrangement = kh_sql_read_text(reader, 3, NULL);
    row->bytes = kh_sql_read_text(reader, 4, NULL);
    row->loaded_by = kh_sql_read_text(reader, 5, NULL);
    row->loaded_at = kh_sql_read_timestamp(reader, 6);
}

kh_rc kh_rows_read(kh_database *database, const PGresult *result, kh_arena *arena, kh_row_read read, size_t size,
                   void *out, size_t *count)
{
    int rows = PQntuples(result);
    char *array = NULL;
    kh_sql_reader reader = {.result = result, .arena = arena};
    *count = 0;
    if (rows > 0) {
        array = kh_arena_allocate_array(arena, (size_t)rows, size);
        reader.rc = array == NULL ? KH_E_MEMORY : KH_OK;
    }
    for (int i = 0; i < rows && reader.rc == KH_OK; i++) {
        reader.row = i;
        read(&reader, array + (size_t)i * size);
    }
    memcpy(out, &array, sizeof array);
    if (reader.rc != KH_OK) {
        return kh_sql_refuse(database, reader.rc, "read rows", "%s",
                             reader.rc == KH_E_MEMORY ? "out of memory" : "a column is not of the type it must be");
    }
    *count = (size_t)rows;
    return KH_OK;
}

kh_rc kh_rows_run(kh_database *database, kh_sql_statement statement, kh_arena *arena, kh_row_read read, size_t size,
                  void *out, size_t *count)
{
    PGresult *result = NULL;
    kh_rc rc = kh_sql_run(database, statement, &result);
    if (rc == KH_OK) {
        rc = kh_rows_read(database, result, arena, read, size, out, count);
    }
    PQclear(result);
    return rc;
}
