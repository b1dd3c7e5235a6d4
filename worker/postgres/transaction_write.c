#include "postgres/transaction.h"

#include "postgres/connection.h"

/* Each write turns rows into one array for each column: one statement, whatever the number of rows. */

/* Begins `count` arrays of the given types as the parameters. */
static void begin_arrays(kh_database *database, const kh_sql_type *types, size_t columns, size_t rows)
{
    kh_sql_parameters_begin(database);
    for (size_t i = 0; i < columns; i++) {
        kh_sql_put_array(kh_sql_parameter(database), types[i], rows);
    }
}

static kh_rc write_subjects(kh_database *database, const kh_subject_row *rows, size_t count, bool known, size_t chosen)
{
    static const kh_sql_type TYPES[] = {KH_SQL_INT4, KH_SQL_TEXT, KH_SQL_BYTEA, KH_SQL_BYTEA, KH_SQL_INT8,
                                        KH_SQL_TEXT, KH_SQL_TEXT, KH_SQL_INT4,  KH_SQL_INT8};
    kh_sql_buffer *column = database->parameters;
    if (chosen == 0) {
        return KH_OK;
    }
    begin_arrays(database, TYPES, sizeof TYPES / sizeof TYPES[0], chosen);
    for (size_t i = 0; i < count; i++) {
        const kh_subject_row *row = &rows[i];
        if (row->known != known) {
            continue;
        }
        kh_sql_field_int32(&column[0], row->lane);
        kh_sql_field_text(&column[1], row->key);
        if (row->has_facts) {
            kh_sql_field_text(&column[2], row->facts);
        } else {
            kh_sql_field_null(&column[2]);
        }
        kh_sql_field_text_or_null(&column[3], row->decisions);
        kh_sql_field_instant(&column[4], row->due_at);
        kh_sql_field_text_or_null(&column[5], row->basis);
        kh_sql_field_text_or_null(&column[6], row->outcomes);
        kh_sql_field_int32(&column[7], row->residual_open);
        kh_sql_field_instant(&column[8], row->next_change_at);
    }
    return kh_sql_queue(database, known ? KH_SQL_SUBJECT_UPDATE : KH_SQL_SUBJECT_UPSERT, (int64_t)chosen,
                        KH_E_INTERNAL);
}

kh_rc kh_transaction_write_subjects(kh_database *database, const kh_subject_row *rows, size_t count)
{
    size_t known = 0;
    for (size_t i = 0; i < count; i++) {
        known += rows[i].known ? 1 : 0;
        if (i > 0 && (rows[i - 1].lane > rows[i].lane ||
                      (rows[i - 1].lane == rows[i].lane && kh_text_compare(rows[i - 1].key, rows[i].key) >= 0))) {
            return kh_sql_refuse(database, KH_E_INTERNAL, "write subjects", "row %zu is not above the one before it",
                                 i);
        }
    }
    kh_rc rc = write_subjects(database, rows, count, true, known);
    return rc == KH_OK ? write_subjects(database, rows, count, false, count - known) : rc;
}

static void put_version(kh_sql_buffer *buffer, uint32_t version)
{
    if (version == 0) {
        kh_sql_field_null(buffer);
    } else {
        kh_sql_field_int32(buffer, (int32_t)version);
    }
}

static void put_hash(kh_sql_buffer *buffer, uint32_t version, uint64_t hash)
{
    if (version == 0) {
        kh_sql_field_null(buffer);
    } else {
        kh_sql_field_int64(buffer, (int64_t)hash);
    }
}

kh_rc kh_transaction_append_results(kh_database *database, const kh_result_row *rows, size_t count)
{
    if (count == 0) {
        return KH_OK;
    }
    kh_sql_buffer *copy = &database->copy;
    kh_rc rc = kh_sql_copy_begin(database, KH_SQL_COPY_RESULT, "append results");
    for (size_t i = 0; i < count && rc == KH_OK; i++) {
        const kh_result_row *row = &rows[i];
        rc = kh_sql_copy_row(database, KH_SQL_COPY_RESULT_COLUMNS);
        kh_sql_field_int32(copy, row->lane);
        kh_sql_field_int64(copy, row->seq);
        kh_sql_field_int16(copy, row->kind);
        kh_sql_field_text(copy, row->key);
        kh_sql_field_text(copy, row->subject);
        kh_sql_field_text_or_null(copy, row->decision);
        put_version(copy, row->status_version);
        put_version(copy, row->public_version);
        put_hash(copy, row->status_version, row->message_hash);
        put_hash(copy, row->public_version, row->public_hash);
        kh_sql_field_instant(copy, row->decided_at);
        kh_sql_field_text_or_null(copy, row->cause);
        kh_sql_field_seq(copy, row->previous_seq);
    }
    return rc == KH_OK ? kh_sql_copy_end(database, count) : rc;
}

static void put_bytes(kh_sql_buffer *buffer, bool present, kh_text bytes)
{
    if (present) {
        kh_sql_field_text(buffer, bytes);
    } else {
        kh_sql_field_null(buffer);
    }
}

kh_rc kh_transaction_append_dead_letters(kh_database *database, const kh_dead_letter_row *rows, size_t count)
{
    if (count == 0) {
        return KH_OK;
    }
    kh_sql_buffer *copy = &database->copy;
    kh_rc rc = kh_sql_copy_begin(database, KH_SQL_COPY_DEAD_LETTER, "append dead letters");
    for (size_t i = 0; i < count && rc == KH_OK; i++) {
        const kh_dead_letter_row *row = &rows[i];
        rc = kh_sql_copy_row(database, KH_SQL_COPY_DEAD_LETTER_COLUMNS);
        kh_sql_field_int32(copy, row->lane);
        kh_sql_field_int64(copy, row->seq);
        kh_sql_field_text(copy, row->topic);
        kh_sql_field_int64(copy, row->offset);
        kh_sql_field_instant(copy, row->record_timestamp);
        kh_sql_field_text(copy, row->reason);
        kh_sql_field_text(copy, row->detail);
        put_bytes(copy, row->has_key, row->key);
        put_bytes(copy, row->has_value, row->value);
        kh_sql_field_int64(copy, row->value_size);
        kh_sql_field_text_or_null(copy, row->headers);
    }
    return rc == KH_OK ? kh_sql_copy_end(database, count) : rc;
}

kh_rc kh_transaction_write_obligations(kh_database *database, const kh_obligation_row *rows, size_t count)
{
    static const kh_sql_type TYPES[] = {KH_SQL_TEXT, KH_SQL_INT4, KH_SQL_INT2, KH_SQL_INT2, KH_SQL_TEXT, KH_SQL_TEXT,
                                        KH_SQL_TEXT, KH_SQL_TEXT, KH_SQL_DATE, KH_SQL_DATE, KH_SQL_DATE, KH_SQL_DATE,
                                        KH_SQL_DATE, KH_SQL_BOOL, KH_SQL_BOOL, KH_SQL_INT4, KH_SQL_INT8};
    kh_sql_buffer *column = database->parameters;
    if (count == 0) {
        return KH_OK;
    }
    begin_arrays(database, TYPES, sizeof TYPES / sizeof TYPES[0], count);
    for (size_t i = 0; i < count; i++) {
        const kh_obligation_row *row = &rows[i];
        kh_sql_field_text(&column[0], row->id);
        kh_sql_field_int32(&column[1], row->lane);
        kh_sql_field_int16(&column[2], row->kind);
        kh_sql_field_int16(&column[3], row->state);
        kh_sql_field_text(&column[4], row->subject);
        kh_sql_field_text(&column[5], row->arrangement);
        kh_sql_field_text(&column[6], row->obliged);
        kh_sql_field_text_or_null(&column[7], row->towards);
        kh_sql_field_day(&column[8], row->arose_on);
        kh_sql_field_day(&column[9], row->due_on);
        kh_sql_field_day(&column[10], row->earliest_due_on);
        kh_sql_field_day(&column[11], row->discharged_on);
        kh_sql_field_day(&column[12], row->confirmed_on);
        kh_sql_field_bool(&column[13], row->provisional);
        kh_sql_field_bool(&column[14], row->late);
        kh_sql_field_int32(&column[15], (int32_t)row->version);
        kh_sql_field_int64(&column[16], row->decided_at);
    }
    return kh_sql_queue(database, KH_SQL_OBLIGATION_UPSERT, (int64_t)count, KH_E_INTERNAL);
}

kh_rc kh_transaction_delete_obligations(kh_database *database, const kh_text *ids, size_t count)
{
    static const kh_sql_type TYPES[] = {KH_SQL_TEXT};
    if (count == 0) {
        return KH_OK;
    }
    begin_arrays(database, TYPES, 1, count);
    for (size_t i = 0; i < count; i++) {
        kh_sql_field_text(&database->parameters[0], ids[i]);
    }
    return kh_sql_queue(database, KH_SQL_OBLIGATION_DELETE, KH_SQL_ANY_ROWS, KH_OK);
}

kh_rc kh_transaction_wake(kh_database *database, const kh_wakeup_row *rows, size_t count)
{
    static const kh_sql_type TYPES[] = {KH_SQL_INT4, KH_SQL_TEXT, KH_SQL_BYTEA};
    kh_sql_buffer *column = database->parameters;
    if (count == 0) {
        return KH_OK;
    }
    begin_arrays(database, TYPES, 3, count);
    for (size_t i = 0; i < count; i++) {
        kh_sql_field_int32(&column[0], rows[i].lane);
        kh_sql_field_text(&column[1], rows[i].subject);
        kh_sql_field_text_or_null(&column[2], rows[i].cause);
    }
    return kh_sql_queue(database, KH_SQL_WAKEUP_UPSERT, (int64_t)count, KH_E_INTERNAL);
}

kh_rc kh_transaction_delete_wakeups(kh_database *database, const kh_wakeup_row *rows, size_t count)
{
    static const kh_sql_type TYPES[] = {KH_SQL_INT4, KH_SQL_TEXT, KH_SQL_INT8};
    kh_sql_buffer *column = database->parameters;
    if (count == 0) {
        return KH_OK;
    }
    begin_arrays(database, TYPES, 3, count);
    for (size_t i = 0; i < count; i++) {
        kh_sql_field_int32(&column[0], rows[i].lane);
        kh_sql_field_text(&column[1], rows[i].subject);
        kh_sql_field_int64(&column[2], rows[i].version);
    }
    return kh_sql_queue(database, KH_SQL_WAKEUP_DELETE, KH_SQL_ANY_ROWS, KH_OK);
}

kh_rc kh_transaction_raise_arrangement(kh_database *database, kh_text cause)
{
    kh_sql_parameters_begin(database);
    kh_sql_parameter_text(database, cause);
    return kh_sql_queue(database, KH_SQL_LANE_RAISE_ARRANGEMENT, KH_SQL_ANY_ROWS, KH_OK);
}

static kh_rc finish_lanes(kh_database *database, const kh_lane_progress *lanes, size_t count)
{
    static const kh_sql_type TYPES[] = {KH_SQL_INT4, KH_SQL_INT8, KH_SQL_INT8,  KH_SQL_INT8,
                                        KH_SQL_BOOL, KH_SQL_TEXT, KH_SQL_BYTEA, KH_SQL_INT8};
    kh_sql_buffer *column = database->parameters;
    begin_arrays(database, TYPES, sizeof TYPES / sizeof TYPES[0], count);
    for (size_t i = 0; i < count; i++) {
        kh_sql_field_int32(&column[0], lanes[i].lane);
        kh_sql_field_int64(&column[1], lanes[i].next_seq);
        kh_sql_field_instant(&column[2], lanes[i].clock);
        kh_sql_field_int64(&column[3], lanes[i].swept_version);
        kh_sql_field_bool(&column[4], lanes[i].sweeping);
        kh_sql_field_text_or_null(&column[5], lanes[i].sweep_after);
        kh_sql_field_text_or_null(&column[6], lanes[i].sweep_cause);
        kh_sql_field_int64(&column[7], lanes[i].published_seq);
    }
    return kh_sql_queue(database, KH_SQL_LANE_FINISH, (int64_t)count, KH_E_NOT_MINE);
}

static kh_rc finish_offsets(kh_database *database, const kh_offset_progress *offsets, size_t count)
{
    static const kh_sql_type TYPES[] = {KH_SQL_INT4, KH_SQL_TEXT, KH_SQL_INT8, KH_SQL_INT8,
                                        KH_SQL_INT8, KH_SQL_INT8, KH_SQL_INT8};
    kh_sql_buffer *column = database->parameters;
    begin_arrays(database, TYPES, sizeof TYPES / sizeof TYPES[0], count);
    for (size_t i = 0; i < count; i++) {
        const kh_lane_offset_row *row = &offsets[i].row;
        kh_sql_field_int32(&column[0], row->lane);
        kh_sql_field_text(&column[1], row->topic);
        kh_sql_field_int64(&column[2], offsets[i].expected);
        kh_sql_field_int64(&column[3], row->next_offset);
        kh_sql_field_seq(&column[4], row->last_offset);
        kh_sql_field_instant(&column[5], row->last_offset == KH_SEQ_NONE ? KH_INSTANT_NONE : row->last_timestamp);
        if (row->last_offset == KH_SEQ_NONE) {
            kh_sql_field_null(&column[6]);
        } else {
            kh_sql_field_int64(&column[6], row->last_crc);
        }
    }
    return kh_sql_queue(database, KH_SQL_LANE_OFFSET_FINISH, (int64_t)count, KH_E_NOT_MINE);
}

kh_rc kh_transaction_finish(kh_database *database, const kh_lane_progress *lanes, size_t lane_count,
                            const kh_offset_progress *offsets, size_t offset_count)
{
    kh_rc rc = lane_count > 0 ? finish_lanes(database, lanes, lane_count) : KH_OK;
    if (rc == KH_OK && offset_count > 0) {
        rc = finish_offsets(database, offsets, offset_count);
    }
    return rc == KH_OK ? kh_sql_collect(database) : rc;
}
