#include "postgres/sql_buffer.h"

#include "postgres/rows.h"
#include "support/kh_test.h"

static void expect(const kh_sql_buffer *buffer, const char *bytes, size_t length)
{
    assert_rc(buffer->rc, KH_OK);
    assert_int_equal(buffer->length, length);
    assert_memory_equal(buffer->data, bytes, length);
}
#define EXPECT(buffer, literal) expect((buffer), (literal), sizeof(literal) - 1)

static void numbers_are_big_endian(void **state)
{
    (void)state;
    kh_sql_buffer buffer = {0};
    kh_sql_put_int16(&buffer, -2);
    kh_sql_put_int32(&buffer, 0x01020304);
    kh_sql_put_int64(&buffer, INT64_MIN + 1);
    EXPECT(&buffer, "\xff\xfe\x01\x02\x03\x04\x80\0\0\0\0\0\0\x01");
    assert_int_equal(kh_sql_get_int16(buffer.data), -2);
    assert_int_equal(kh_sql_get_int32(buffer.data + 2), 0x01020304);
    assert_int_equal(kh_sql_get_int64(buffer.data + 6), INT64_MIN + 1);
    kh_sql_buffer_deinit(&buffer);
}

static void fields_carry_their_length(void **state)
{
    (void)state;
    kh_sql_buffer buffer = {0};
    kh_sql_field_null(&buffer);
    kh_sql_field_bool(&buffer, true);
    kh_sql_field_int16(&buffer, 7);
    kh_sql_field_text(&buffer, KH_TEXT("ab"));
    kh_sql_field_text(&buffer, (kh_text){0});
    kh_sql_field_text_or_null(&buffer, (kh_text){0});
    EXPECT(&buffer, "\xff\xff\xff\xff"
                    "\0\0\0\x01\x01"
                    "\0\0\0\x02\0\x07"
                    "\0\0\0\x02"
                    "ab"
                    "\0\0\0\0"
                    "\xff\xff\xff\xff");
    kh_sql_buffer_deinit(&buffer);
}

static void absent_values_are_null(void **state)
{
    (void)state;
    kh_sql_buffer buffer = {0};
    kh_sql_field_day(&buffer, KH_DAY_NONE);
    kh_sql_field_instant(&buffer, KH_INSTANT_NONE);
    kh_sql_field_seq(&buffer, KH_SEQ_NONE);
    EXPECT(&buffer, "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff");
    kh_sql_buffer_reset(&buffer);
    kh_sql_field_seq(&buffer, 0);
    EXPECT(&buffer, "\0\0\0\x08\0\0\0\0\0\0\0\0");
    kh_sql_buffer_deinit(&buffer);
}

static void dates_count_from_2000(void **state)
{
    (void)state;
    kh_sql_buffer buffer = {0};
    kh_sql_field_day(&buffer, 10957); /* 2000-01-01 */
    kh_sql_field_day(&buffer, 0);     /* 1970-01-01 */
    assert_int_equal(kh_sql_get_int32(buffer.data + 4), 0);
    assert_int_equal(kh_sql_get_int32(buffer.data + 12), -10957);
    assert_int_equal(kh_sql_get_day(buffer.data + 4), 10957);
    assert_int_equal(kh_sql_get_day(buffer.data + 12), 0);
    kh_sql_buffer_reset(&buffer);
    kh_sql_put_int64(&buffer, 1);                /* a microsecond after 2000-01-01 */
    kh_sql_put_int64(&buffer, -1);               /* and one before */
    kh_sql_put_int64(&buffer, -946684800000000); /* 1970-01-01 */
    assert_int_equal(kh_sql_get_timestamp(buffer.data), 946684800000);
    assert_int_equal(kh_sql_get_timestamp(buffer.data + 8), 946684799999);
    assert_int_equal(kh_sql_get_timestamp(buffer.data + 16), 0);
    kh_sql_buffer_deinit(&buffer);
}

static void an_array_has_one_dimension_or_none(void **state)
{
    (void)state;
    kh_sql_buffer buffer = {0};
    kh_sql_put_array(&buffer, KH_SQL_INT4, 2);
    kh_sql_field_int32(&buffer, 5);
    kh_sql_field_null(&buffer);
    EXPECT(&buffer, "\0\0\0\x01\0\0\0\x01\0\0\0\x17\0\0\0\x02\0\0\0\x01"
                    "\0\0\0\x04\0\0\0\x05\xff\xff\xff\xff");
    kh_sql_buffer_reset(&buffer);
    kh_sql_put_array(&buffer, KH_SQL_TEXT, 0);
    EXPECT(&buffer, "\0\0\0\0\0\0\0\x01\0\0\0\x19");
    kh_sql_buffer_deinit(&buffer);
}

static void a_failure_sticks_until_reset(void **state)
{
    (void)state;
    kh_sql_buffer buffer = {0};
    kh_sql_field_int32(&buffer, 1);
    size_t before = buffer.length;
    kh_sql_field_text(&buffer, (kh_text){"", (size_t)1 << 31}); /* larger than any field; its bytes are not touched */
    assert_rc(buffer.rc, KH_E_BAD_ROW);
    kh_sql_field_int32(&buffer, 2);
    kh_sql_put_array(&buffer, KH_SQL_INT8, 1);
    assert_int_equal(buffer.length, before);
    assert_rc(buffer.rc, KH_E_BAD_ROW);
    kh_sql_buffer_reset(&buffer);
    kh_sql_field_bool(&buffer, false);
    EXPECT(&buffer, "\0\0\0\x01\0");
    kh_sql_buffer_deinit(&buffer);
}

static void it_grows_and_keeps_what_it_has(void **state)
{
    (void)state;
    kh_sql_buffer buffer = {0};
    for (int32_t i = 0; i < 100000; i++) {
        kh_sql_put_int32(&buffer, i);
    }
    assert_rc(buffer.rc, KH_OK);
    for (int32_t i = 0; i < 100000; i += 997) {
        assert_int_equal(kh_sql_get_int32(buffer.data + 4 * (size_t)i), i);
    }
    kh_sql_buffer_deinit(&buffer);
    assert_null(buffer.data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_big_endian),
        cmocka_unit_test(fields_carry_their_length),
        cmocka_unit_test(absent_values_are_null),
        cmocka_unit_test(dates_count_from_2000),
        cmocka_unit_test(an_array_has_one_dimension_or_none),
        cmocka_unit_test(a_failure_sticks_until_reset),
        cmocka_unit_test(it_grows_and_keeps_what_it_has),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
