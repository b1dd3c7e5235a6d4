#include "postgres/dead_letters.h"

#include "postgres/row_reader.h"

static void read_case(kh_sql_reader *reader, void *out)
{
    kh_dead_letter_case *row = out;
    kh_row_read_dead_letter(reader, &row->letter);
    row->recorded_at = kh_sql_read_timestamp(reader, KH_ROW_DEAD_LETTER_COLUMNS);
    row->action = kh_sql_read_text(reader, KH_ROW_DEAD_LETTER_COLUMNS + 1, NULL);
    row->action_detail = kh_sql_read_text(reader, KH_ROW_DEAD_LETTER_COLUMNS + 2, NULL);
    row->done_by = kh_sql_read_text(reader, KH_ROW_DEAD_LETTER_COLUMNS + 3, NULL);
    row->done_at = kh_sql_read_timestamp(reader, KH_ROW_DEAD_LETTER_COLUMNS + 4);
    row->asked_by = kh_sql_read_text(reader, KH_ROW_DEAD_LETTER_COLUMNS + 5, &row->waiting);
}

static void read_deed(kh_sql_reader *reader, void *out)
{
    kh_dead_letter_case *row = out;
    row->action = kh_sql_read_text(reader, 0, NULL);
    row->action_detail = kh_sql_read_text(reader, 1, NULL);
    row->done_by = kh_sql_read_text(reader, 2, NULL);
    row->done_at = kh_sql_read_timestamp(reader, 3);
}

static void put_bool(kh_database *database, bool value)
{
    kh_sql_put_bytes(kh_sql_parameter(database), value ? "\1" : "\0", 1);
}

kh_rc kh_dead_letters_list(kh_database *database, const kh_dead_letter_filter *filter,
                           const kh_dead_letter_place *after, size_t limit, kh_arena *arena, kh_dead_letter_case **out,
                           size_t *count)
{
    kh_sql_parameters_begin(database);
    kh_sql_parameter_int32(database, after->lane);
    kh_sql_parameter_text(database, after->topic);
    kh_sql_parameter_int64(database, after->offset);
    kh_sql_parameter_text(database, filter->reason);
    kh_sql_parameter_text(database, filter->topic);
    kh_sql_parameter_int64(database, filter->since == KH_INSTANT_NONE ? 0 : filter->since);
    kh_sql_parameter_int64(database, filter->before == KH_INSTANT_NONE ? 0 : filter->before);
    put_bool(database, filter->settled_too);
    put_bool(database, filter->with_values);
    kh_sql_parameter_int64(database, (int64_t)limit);
    return kh_rows_run(database, KH_SQL_DEAD_LETTER_LIST, arena, read_case, sizeof **out, out, count);
}

static void read_count(kh_sql_reader *reader, void *out)
{
    kh_dead_letter_count *row = out;
    row->reason = kh_sql_read_text(reader, 0, NULL);
    row->open = kh_sql_read_int64(reader, 1, 0);
    row->redriven = kh_sql_read_int64(reader, 2, 0);
    row->discarded = kh_sql_read_int64(reader, 3, 0);
    row->waiting = kh_sql_read_int64(reader, 4, 0);
    row->newest = kh_sql_read_timestamp(reader, 5);
}

kh_rc kh_dead_letters_count(kh_database *database, kh_arena *arena, kh_dead_letter_count **out, size_t *count)
{
    kh_sql_parameters_begin(database);
    return kh_rows_run(database, KH_SQL_DEAD_LETTER_COUNT, arena, read_count, sizeof **out, out, count);
}

kh_rc kh_dead_letters_find(kh_database *database, const kh_dead_letter_place *place, kh_arena *arena,
                           kh_dead_letter_case *out, bool *found)
{
    kh_dead_letter_case *rows = NULL;
    size_t count = 0;
    kh_sql_parameters_begin(database);
    kh_sql_parameter_int32(database, place->lane);
    kh_sql_parameter_text(database, place->topic);
    kh_sql_parameter_int64(database, place->offset);
    kh_rc rc = kh_rows_run(database, KH_SQL_DEAD_LETTER_FIND, arena, read_case, sizeof *rows, &rows, &count);
    *found = rc == KH_OK && count > 0;
    if (*found) {
        *out = rows[0];
    }
    return rc;
}

kh_rc kh_dead_letters_deeds(kh_database *database, int32_t lane, int64_t seq, kh_arena *arena,
                            kh_dead_letter_case **out, size_t *count)
{
    kh_sql_parameters_begin(database);
    kh_sql_parameter_int32(database, lane);
    kh_sql_parameter_int64(database, seq);
    return kh_rows_run(database, KH_SQL_DEAD_LETTER_DEEDS, arena, read_deed, sizeof **out, out, count);
}

static void put_places(kh_database *database, const kh_dead_letter_case *cases, size_t count)
{
    kh_sql_parameters_begin(database);
    kh_sql_buffer *lanes = kh_sql_parameter(database);
    kh_sql_buffer *numbers = kh_sql_parameter(database);
    kh_sql_put_array(lanes, KH_SQL_INT4, count);
    kh_sql_put_array(numbers, KH_SQL_INT8, count);
    for (size_t i = 0; i < count; i++) {
        kh_sql_field_int32(lanes, cases[i].letter.lane);
        kh_sql_field_int64(numbers, cases[i].letter.seq);
    }
}

kh_rc kh_dead_letters_ask(kh_database *database, const kh_dead_letter_case *cases, size_t count, kh_text by,
                          size_t *asked)
{
    PGresult *result = NULL;
    put_places(database, cases, count);
    kh_sql_parameter_text(database, by);
    kh_rc rc = kh_sql_run(database, KH_SQL_REDRIVE_INSERT, &result);
    if (rc == KH_OK) {
        *asked = (size_t)PQntuples(result);
    }
    PQclear(result);
    return rc;
}

kh_rc kh_dead_letters_discard(kh_database *database, const kh_dead_letter_case *cases, size_t count, kh_text by,
                              kh_text why)
{
    put_places(database, cases, count);
    kh_sql_parameter_text(database, by);
    kh_sql_parameter_text(database, why);
    return kh_sql_run(database, KH_SQL_DEAD_LETTER_DISCARD, NULL);
}

kh_rc kh_transaction_read_redrives(kh_database *database, int32_t lane, size_t limit, kh_arena *arena,
                                   kh_dead_letter_case **out, size_t *count)
{
    kh_sql_parameters_begin(database);
    kh_sql_parameter_int32(database, lane);
    kh_sql_parameter_int64(database, (int64_t)limit);
    return kh_rows_run(database, KH_SQL_REDRIVE_READ, arena, read_case, sizeof **out, out, count);
}

kh_rc kh_transaction_settle_redrives(kh_database *database, const kh_dead_letter_deed *deeds, size_t count)
{
    static const kh_sql_type TYPES[] = {KH_SQL_INT4, KH_SQL_INT8, KH_SQL_TEXT, KH_SQL_TEXT, KH_SQL_TEXT};
    kh_sql_parameters_begin(database);
    for (size_t i = 0; i < sizeof TYPES / sizeof TYPES[0]; i++) {
        kh_sql_put_array(kh_sql_parameter(database), TYPES[i], count);
    }
    kh_sql_buffer *column = database->parameters;
    for (size_t i = 0; i < count; i++) {
        kh_sql_field_int32(&column[0], deeds[i].lane);
        kh_sql_field_int64(&column[1], deeds[i].seq);
        kh_sql_field_text(&column[2], deeds[i].action);
        kh_sql_field_text_or_null(&column[3], deeds[i].detail);
        kh_sql_field_text(&column[4], deeds[i].by);
    }
    return kh_sql_queue(database, KH_SQL_REDRIVE_SETTLE, (int64_t)count, KH_E_INTERNAL);
}
