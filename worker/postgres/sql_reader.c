#include "postgres/connection.h"

/* The bytes of a value of the width it must have; NULL for a null and for a failure. */
static const char *value_of(kh_sql_reader *reader, int column, int width)
{
    if (reader->rc != KH_OK || PQgetisnull(reader->result, reader->row, column)) {
        return NULL;
    }
    if (width != 0 && PQgetlength(reader->result, reader->row, column) != width) {
        reader->rc = KH_E_CONFIGURATION;
        return NULL;
    }
    return PQgetvalue(reader->result, reader->row, column);
}

bool kh_sql_read_bool(kh_sql_reader *reader, int column)
{
    const char *value = value_of(reader, column, 1);
    return value != NULL && value[0] != 0;
}

int16_t kh_sql_read_int16(kh_sql_reader *reader, int column)
{
    const char *value = value_of(reader, column, 2);
    return value == NULL ? 0 : kh_sql_get_int16(value);
}

int32_t kh_sql_read_int32(kh_sql_reader *reader, int column, int32_t absent)
{
    const char *value = value_of(reader, column, 4);
    return value == NULL ? absent : kh_sql_get_int32(value);
}

int64_t kh_sql_read_int64(kh_sql_reader *reader, int column, int64_t absent)
{
    const char *value = value_of(reader, column, 8);
    return value == NULL ? absent : kh_sql_get_int64(value);
}

kh_day kh_sql_read_day(kh_sql_reader *reader, int column)
{
    const char *value = value_of(reader, column, 4);
    return value == NULL ? KH_DAY_NONE : kh_sql_get_day(value);
}

kh_instant kh_sql_read_timestamp(kh_sql_reader *reader, int column)
{
    const char *value = value_of(reader, column, 8);
    return value == NULL ? KH_INSTANT_NONE : kh_sql_get_timestamp(value);
}

kh_text kh_sql_read_text(kh_sql_reader *reader, int column, bool *present)
{
    const char *value = value_of(reader, column, 0);
    if (present != NULL) {
        *present = value != NULL;
    }
    if (value == NULL) {
        return (kh_text){0};
    }
    kh_text text = {value, (size_t)PQgetlength(reader->result, reader->row, column)};
    if (reader->arena != NULL && text.length > 0) {
        kh_rc rc = kh_arena_copy_text(reader->arena, text, &text);
        if (rc != KH_OK) {
            reader->rc = rc;
            return (kh_text){0};
        }
    }
    return text;
}
