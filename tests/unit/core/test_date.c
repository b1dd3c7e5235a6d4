#include "kakehashi/date.h"

#include <stdio.h>

#include "support/core_fixture.h"
#include "support/kh_test.h"

/* Day by day from 1970 to 9998, with the calendar's own rule as the other way to count. */
static void every_date_goes_to_text_and_back(void **state)
{
    (void)state;
    static const int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int year = 1970;
    int month = 1;
    int day_of_month = 1;
    for (kh_day day = KH_DAY_FIRST; day <= KH_DAY_LAST; day++) {
        int y = 0;
        int m = 0;
        int d = 0;
        kh_day_to_civil(day, &y, &m, &d);
        assert_true(y == year && m == month && d == day_of_month);
        assert_int_equal(kh_day_from_civil(y, m, d), day);
        assert_int_equal(kh_day_weekday(day), (day + 3) % 7);
        if (day % 97 == 0 || d == 1) {
            char text[KH_DATE_SIZE + 1];
            kh_day parsed = -1;
            kh_day_print(day, text);
            assert_true(kh_day_parse(kh_text_of(text), &parsed));
            assert_int_equal(parsed, day);
        }
        bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
        day_of_month++;
        if (day_of_month > lengths[month - 1] + (month == 2 && leap ? 1 : 0)) {
            day_of_month = 1;
            month = month == 12 ? 1 : month + 1;
            year += month == 1;
        }
    }
    assert_true(year == 9999 && month == 1 && day_of_month == 1);
}

static void dates_that_exist(void **state)
{
    (void)state;
    char text[KH_DATE_SIZE + 1];
    assert_int_equal(kh_test_day("1970-01-01"), KH_DAY_FIRST);
    assert_int_equal(kh_test_day("9998-12-31"), KH_DAY_LAST);
    assert_int_equal(kh_test_day("2000-02-29"), kh_test_day("2000-03-01") - 1);
    assert_int_equal(kh_day_weekday(kh_test_day("2026-06-01")), 0);
    assert_int_equal(kh_day_weekday(kh_test_day("2026-06-07")), 6);
    assert_int_equal(kh_day_weekday(-1), 2);
    kh_day_print(kh_test_day("2026-06-01"), text);
    assert_string_equal(text, "2026-06-01");
}

static void texts_that_are_no_dates(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",           "2026",        "2026-6-1",   "2026-06-1",  "2026-06-011", "2026/06/01",
        "20260601",   "2026-00-01",  "2026-13-01", "2026-06-00", "2026-06-31",  "2026-02-29",
        "2100-02-29", "1969-12-31",  "9999-01-01", "0000-01-01", "-026-06-01",  "2026-06-0x",
        "2o26-06-01", " 2026-06-01", "2026-06-1 ", "2026-+6-01", "2026-06-01Z", "２０２６",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        kh_day day = 42;
        if (kh_day_parse(kh_text_of(bad[i]), &day) || day != 42) {
            fail_msg("\"%s\" was taken for a date", bad[i]);
        }
    }
}

static void months_clamp_to_the_end(void **state)
{
    (void)state;
    static const struct {
        const char *expected;
        const char *from;
        int months;
    } cases[] = {
        {"2027-02-28", "2027-08-31", -6}, {"2028-02-29", "2028-08-31", -6},  {"2029-02-28", "2028-02-29", 12},
        {"2027-06-01", "2026-06-01", 12}, {"2026-06-30", "2026-05-31", 1},   {"2027-01-31", "2026-12-31", 1},
        {"2025-12-31", "2026-01-31", -1}, {"2026-05-31", "2026-05-31", 0},   {"2024-12-01", "2026-06-01", -18},
        {"2032-02-29", "2028-02-29", 48}, {"1999-12-31", "2000-12-31", -12},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[KH_DATE_SIZE + 1];
        kh_day_print(kh_day_add_months(kh_test_day(cases[i].from), cases[i].months), text);
        assert_string_equal(text, cases[i].expected);
    }
}

static void midnights_of_both_sides(void **state)
{
    (void)state;
    kh_day day = kh_test_day("2026-06-01");
    kh_instant jp = kh_day_begin(day, 540);
    kh_instant sg = kh_day_begin(day, 480);
    assert_int_equal(sg - jp, 3600 * 1000);
    assert_int_equal(jp, kh_test_instant("2026-05-31T15:00:00Z"));
    assert_int_equal(kh_instant_day(jp, 540), day);
    assert_int_equal(kh_instant_day(jp - 1, 540), day - 1);
    assert_int_equal(kh_instant_day(jp, 480), day - 1);
    assert_int_equal(kh_instant_day(sg - 1, 480), day - 1);
    assert_int_equal(kh_instant_day(sg, 480), day);
    assert_int_equal(kh_instant_day(-1, 0), -1);
    assert_int_equal(kh_instant_day(kh_day_begin(-400, -330), -330), -400);
    assert_int_equal(kh_instant_day(kh_day_begin(-400, -330) - 1, -330), -401);
    assert_true(kh_day_begin(KH_DAY_NONE, 540) == KH_INSTANT_NONE);
}

static void instants_are_read_to_the_millisecond(void **state)
{
    (void)state;
    static const struct {
        const char *printed;
        const char *text;
    } cases[] = {
        {"2026-06-02T01:00:00Z", "2026-06-02T01:00:00Z"},
        {"2026-06-02T01:00:00Z", "2026-06-02t01:00:00z"},
        {"2026-06-02T01:00:00Z", "2026-06-02T10:00:00+09:00"},
        {"2026-06-01T23:30:00Z", "2026-06-01T18:00:00-05:30"},
        {"2026-06-02T01:00:00Z", "2026-06-02T01:00:00.000Z"},
        {"2026-06-02T01:00:00.500Z", "2026-06-02T01:00:00.5Z"},
        {"2026-06-02T01:00:00.050Z", "2026-06-02T01:00:00.05Z"},
        {"2026-06-02T01:00:00.001Z", "2026-06-02T01:00:00.001999999Z"},
        {"2026-06-02T01:00:00.999Z", "2026-06-02T10:00:00.999+09:00"},
        {"0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z"},
        {"9999-12-31T23:59:59.999Z", "9999-12-31T23:59:59.999Z"},
        {"1969-12-31T23:59:59.999Z", "1969-12-31T23:59:59.999Z"},
        {"1970-01-01T00:00:00Z", "1970-01-01T00:00:00-00:00"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[KH_INSTANT_SIZE];
        kh_instant at = 0;
        assert_true(kh_instant_parse(kh_text_of(cases[i].text), &at));
        assert_int_equal(kh_instant_print(at, text), strlen(cases[i].printed));
        assert_string_equal(text, cases[i].printed);
    }
}

static void texts_that_are_no_instants(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        "2026-06-02",
        "2026-06-02T01:00:00",
        "2026-06-02 01:00:00Z",
        "2026-06-02T24:00:00Z",
        "2026-06-02T23:60:00Z",
        "2026-06-02T23:00:60Z",
        "2026-06-31T01:00:00Z",
        "0000-01-01T00:00:00Z",
        "0001-01-01T09:59:59+10:00",
        "9999-12-31T14:00:00-10:00",
        "2026-06-02T01:00:00.Z",
        "2026-06-02T01:00:00,5Z",
        "2026-06-02T01:00:00+0900",
        "2026-06-02T01:00:00+24:00",
        "2026-06-02T01:00:00+09:60",
        "2026-06-02T01:00:00+09:00Z",
        "2026-06-02T01:00:00ZZ",
        "2026-06-02T01-00-00Z",
        "2026-06-02T1:00:00ZZZ",
        "2026-06-02T01:00:00.5",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        kh_instant at = 42;
        if (kh_instant_parse(kh_text_of(bad[i]), &at) || at != 42) {
            fail_msg("\"%s\" was taken for an instant", bad[i]);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_date_goes_to_text_and_back), cmocka_unit_test(dates_that_exist),
        cmocka_unit_test(texts_that_are_no_dates),          cmocka_unit_test(months_clamp_to_the_end),
        cmocka_unit_test(midnights_of_both_sides),          cmocka_unit_test(instants_are_read_to_the_millisecond),
        cmocka_unit_test(texts_that_are_no_instants),
    };
    return cmocka_run_group_tests_name("date", tests, NULL, NULL);
}
