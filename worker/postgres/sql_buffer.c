#include "postgres/sql_buffer.h"

#include <stdlib.h>

#include "postgres/rows.h"

/* A field of PostgreSQL holds less than 1 GiB; a message of the protocol too. */
#define FIELD_LIMIT    ((size_t)1 << 30)
#define FIRST_CAPACITY 4096
/* 2000-01-01 as days and as milliseconds after 1970-01-01. */
#define EPOCH_DAY 10957
#define EPOCH_MS  ((int64_t)EPOCH_DAY * 86400000)

void kh_sql_buffer_reset(kh_sql_buffer *buffer)
{
    buffer->length = 0;
    buffer->rc = KH_OK;
}

void kh_sql_buffer_deinit(kh_sql_buffer *buffer)
{
    free(buffer->data);
    *buffer = (kh_sql_buffer){0};
}

static bool make_room(kh_sql_buffer *buffer, size_t more)
{
    if (buffer->rc != KH_OK) {
        return false;
    }
    if (more > FIELD_LIMIT || buffer->length + more > FIELD_LIMIT) {
        buffer->rc = KH_E_BAD_ROW;
        return false;
    }
    if (buffer->length + more <= buffer->capacity) {
        return true;
    }
    size_t capacity = buffer->capacity == 0 ? FIRST_CAPACITY : buffer->capacity;
    while (capacity < buffer->length + more) {
        capacity *= 2;
    }
    char *data = realloc(buffer->data, capacity);
    if (data == NULL) {
        buffer->rc = KH_E_MEMORY;
        return false;
    }
    buffer->data = data;
    buffer->capacity = capacity;
    return true;
}

static void put_number(kh_sql_buffer *buffer, uint64_t value, size_t width)
{
    if (!make_room(buffer, width)) {
        return;
    }
    for (size_t i = 0; i < width; i++) {
        buffer->data[buffer->length++] = (char)(unsigned char)(value >> (8 * (width - 1 - i)));
    }
}

void kh_sql_put_int16(kh_sql_buffer *buffer, int16_t value)
{
    put_number(buffer, (uint16_t)value, 2);
}

void kh_sql_put_int32(kh_sql_buffer *buffer, int32_t value)
{
    put_number(buffer, (uint32_t)value, 4);
}

void kh_sql_put_int64(kh_sql_buffer *buffer, int64_t value)
{
    put_number(buffer, (uint64_t)value, 8);
}

void kh_sql_put_bytes(kh_sql_buffer *buffer, const void *bytes, size_t length)
{
    if (length > 0 && make_room(buffer, length)) {
        memcpy(buffer->data + buffer->length, bytes, length);
        buffer->length += length;
    }
}

void kh_sql_field_null(kh_sql_buffer *buffer)
{
    kh_sql_put_int32(buffer, -1);
}

void kh_sql_field_bool(kh_sql_buffer *buffer, bool value)
{
    kh_sql_put_int32(buffer, 1);
    put_number(buffer, value ? 1 : 0, 1);
}

void kh_sql_field_int16(kh_sql_buffer *buffer, int16_t value)
{
    kh_sql_put_int32(buffer, 2);
    kh_sql_put_int16(buffer, value);
}

void kh_sql_field_int32(kh_sql_buffer *buffer, int32_t value)
{
    kh_sql_put_int32(buffer, 4);
    kh_sql_put_int32(buffer, value);
}

void kh_sql_field_int64(kh_sql_buffer *buffer, int64_t value)
{
    kh_sql_put_int32(buffer, 8);
    kh_sql_put_int64(buffer, value);
}

void kh_sql_field_text(kh_sql_buffer *buffer, kh_text value)
{
    if (value.length > FIELD_LIMIT) {
        buffer->rc = buffer->rc == KH_OK ? KH_E_BAD_ROW : buffer->rc;
        return;
    }
    kh_sql_put_int32(buffer, (int32_t)value.length);
    kh_sql_put_bytes(buffer, value.data, value.length);
}

void kh_sql_field_text_or_null(kh_sql_buffer *buffer, kh_text value)
{
    if (value.length == 0) {
        kh_sql_field_null(buffer);
    } else {
        kh_sql_field_text(buffer, value);
    }
}

void kh_sql_field_day(kh_sql_buffer *buffer, kh_day value)
{
    if (value == KH_DAY_NONE) {
        kh_sql_field_null(buffer);
    } else {
        kh_sql_field_int32(buffer, value - EPOCH_DAY);
    }
}

void kh_sql_field_instant(kh_sql_buffer *buffer, kh_instant value)
{
    if (value == KH_INSTANT_NONE) {
        kh_sql_field_null(buffer);
    } else {
        kh_sql_field_int64(buffer, value);
    }
}

void kh_sql_field_seq(kh_sql_buffer *buffer, int64_t value)
{
    if (value == KH_SEQ_NONE) {
        kh_sql_field_null(buffer);
    } else {
        kh_sql_field_int64(buffer, value);
    }
}

static uint64_t get_number(const char *bytes, size_t width)
{
    uint64_t value = 0;
    for (size_t i = 0; i < width; i++) {
        value = (value << 8) | (unsigned char)bytes[i];
    }
    return value;
}

int16_t kh_sql_get_int16(const char *bytes)
{
    return (int16_t)(uint16_t)get_number(bytes, 2);
}

int32_t kh_sql_get_int32(const char *bytes)
{
    return (int32_t)(uint32_t)get_number(bytes, 4);
}

int64_t kh_sql_get_int64(const char *bytes)
{
    return (int64_t)get_number(bytes, 8);
}

kh_day kh_sql_get_day(const char *bytes)
{
    return kh_sql_get_int32(bytes) + EPOCH_DAY;
}

kh_instant kh_sql_get_timestamp(const char *bytes)
{
    int64_t us = kh_sql_get_int64(bytes);
    int64_t ms = us / 1000 - (us % 1000 < 0 ? 1 : 0);
    return ms + EPOCH_MS;
}

void kh_sql_put_array(kh_sql_buffer *buffer, kh_sql_type type, size_t count)
{
    if (count > INT32_MAX) {
        buffer->rc = buffer->rc == KH_OK ? KH_E_BAD_ROW : buffer->rc;
        return;
    }
    /* Dimensions, "may hold nulls", element type; then length and lower bound of the one dimension. An empty array has
     * no dimension. */
    kh_sql_put_int32(buffer, count == 0 ? 0 : 1);
    kh_sql_put_int32(buffer, 1);
    kh_sql_put_int32(buffer, (int32_t)type);
    if (count > 0) {
        kh_sql_put_int32(buffer, (int32_t)count);
        kh_sql_put_int32(buffer, 1);
    }
}
