/* PostgreSQL's binary format, written: big-endian numbers and length-prefixed fields. Sticky: after the first failure
 * every call does nothing, and only the end is asked. Private to this room. */
#ifndef KH_POSTGRES_SQL_BUFFER_H
#define KH_POSTGRES_SQL_BUFFER_H

#include <stddef.h>
#include <stdint.h>

#include "kakehashi/date.h"
#include "kakehashi/return_code.h"
#include "kakehashi/text.h"

/*! Caller's storage, all zero to begin with; kh_sql_buffer_deinit frees it. */
typedef struct kh_sql_buffer {
    char *data;
    size_t length;
    size_t capacity;
    kh_rc rc; /*!< KH_OK; KH_E_MEMORY; KH_E_BAD_ROW for what does not fit the format at all */
} kh_sql_buffer;

/*! Empty again; the storage is kept. */
void kh_sql_buffer_reset(kh_sql_buffer *buffer);
void kh_sql_buffer_deinit(kh_sql_buffer *buffer);

/* Numbers and bytes as they are, without a length. */
void kh_sql_put_int16(kh_sql_buffer *buffer, int16_t value);
void kh_sql_put_int32(kh_sql_buffer *buffer, int32_t value);
void kh_sql_put_int64(kh_sql_buffer *buffer, int64_t value);
void kh_sql_put_bytes(kh_sql_buffer *buffer, const void *bytes, size_t length);

/* Fields: a four-byte length, then the value. An array's elements and a COPY's columns are alike. */
void kh_sql_field_null(kh_sql_buffer *buffer);
void kh_sql_field_bool(kh_sql_buffer *buffer, bool value);
void kh_sql_field_int16(kh_sql_buffer *buffer, int16_t value);
void kh_sql_field_int32(kh_sql_buffer *buffer, int32_t value);
void kh_sql_field_int64(kh_sql_buffer *buffer, int64_t value);
/*! Text or bytea. */
void kh_sql_field_text(kh_sql_buffer *buffer, kh_text value);
/*! Null when empty. */
void kh_sql_field_text_or_null(kh_sql_buffer *buffer, kh_text value);
/*! A date; null for KH_DAY_NONE. */
void kh_sql_field_day(kh_sql_buffer *buffer, kh_day value);
/*! A bigint; null for KH_INSTANT_NONE. */
void kh_sql_field_instant(kh_sql_buffer *buffer, kh_instant value);
/*! A bigint; null for KH_SEQ_NONE. */
void kh_sql_field_seq(kh_sql_buffer *buffer, int64_t value);

/* The other way. */
int16_t kh_sql_get_int16(const char *bytes);
int32_t kh_sql_get_int32(const char *bytes);
int64_t kh_sql_get_int64(const char *bytes);
/*! A binary date's days, from 2000-01-01, as days from 1970-01-01. */
kh_day kh_sql_get_day(const char *bytes);
/*! A binary timestamptz (microseconds from 2000-01-01) as an instant, cut to the millisecond below. */
kh_instant kh_sql_get_timestamp(const char *bytes);

/*! The types of array elements, as PostgreSQL numbers them for ever. */
typedef enum kh_sql_type {
    KH_SQL_BOOL = 16,
    KH_SQL_BYTEA = 17,
    KH_SQL_INT8 = 20,
    KH_SQL_INT2 = 21,
    KH_SQL_INT4 = 23,
    KH_SQL_TEXT = 25,
    KH_SQL_DATE = 1082
} kh_sql_type;

/*! Begins a one-dimensional array; exactly \a count fields must follow. */
void kh_sql_put_array(kh_sql_buffer *buffer, kh_sql_type type, size_t count);

#endif
