#include "kakehashi/calendar.h"

#include "support/core_fixture.h"
#include "support/kh_test.h"

static int setup(void **state)
{
    static kh_test_book book;
    kh_test_book_init(&book);
    *state = &book;
    return 0;
}

static bool open_on(const kh_calendar *calendar, const char *date)
{
    return kh_calendar_is_open(calendar, kh_test_day(date));
}

static void weekends_and_holidays_are_closed(void **state)
{
    const kh_test_book *book = *state;
    const kh_calendar *jp = &book->calendars[0];
    const kh_calendar *sg = &book->calendars[1];
    assert_int_equal(jp->holiday_count, 18 + 17 + 16 + 19);
    assert_int_equal(sg->holiday_count, 14 + 12);
    assert_true(open_on(jp, "2026-06-01") && !open_on(sg, "2026-06-01"));
    assert_false(open_on(jp, "2026-06-06")); /* Saturday */
    assert_false(open_on(jp, "2026-06-07"));
    assert_true(open_on(jp, "2026-06-08"));
    assert_false(open_on(jp, "2026-01-01")); /* the first and the last of the list */
    assert_false(open_on(jp, "2029-11-23"));
    assert_false(open_on(jp, "2026-05-06")); /* substitute */
    assert_false(open_on(jp, "2026-09-22")); /* between two holidays */
    assert_true(open_on(sg, "2026-09-22"));
    assert_false(open_on(sg, "2026-12-25"));
    assert_true(open_on(jp, "2026-12-25"));
}

static void the_closure_over_the_new_year_holds_in_every_year(void **state)
{
    const kh_test_book *book = *state;
    const kh_calendar *jp = &book->calendars[0];
    for (int year = 2025; year <= 2060; year++) {
        for (int day = 29; day <= 31; day++) {
            assert_false(kh_calendar_is_open(jp, kh_day_from_civil(year, 12, day)));
        }
        for (int day = 1; day <= 3; day++) {
            assert_false(kh_calendar_is_open(jp, kh_day_from_civil(year, 1, day)));
        }
    }
    assert_true(open_on(jp, "2026-12-28"));
    assert_true(open_on(jp, "2027-01-04"));
    assert_true(open_on(&book->calendars[1], "2026-12-31"));
}

static void a_closure_within_one_year(void **state)
{
    kh_test_book *book = *state;
    static const kh_yearly_closure summer[] = {{813, 816}};
    kh_calendar calendar = book->calendars[0];
    calendar.closures = summer;
    calendar.closure_count = 1;
    assert_true(open_on(&calendar, "2026-08-12"));
    assert_false(open_on(&calendar, "2026-08-13"));
    assert_false(open_on(&calendar, "2027-08-16"));
    assert_true(open_on(&calendar, "2027-08-17"));
    assert_true(open_on(&calendar, "2026-12-31"));
}

static void the_worked_due_dates(void **state)
{
    const kh_test_book *book = *state;
    static const struct {
        const char *action;
        const char *due[3]; /* Japan, Singapore, open in both */
    } worked[] = {
        {"2026-07-31", {"2026-09-14", "2026-09-14", "2026-09-15"}},
        {"2026-11-20", {"2027-01-08", "2027-01-05", "2027-01-12"}},
        {"2026-12-30", {"2027-02-16", "2027-02-12", "2027-02-17"}},
    };
    for (size_t i = 0; i < sizeof worked / sizeof *worked; i++) {
        kh_day action = kh_test_day(worked[i].action);
        assert_int_equal(kh_business_days_after(&book->calendar_list[0], 1, action, 30), kh_test_day(worked[i].due[0]));
        assert_int_equal(kh_business_days_after(&book->calendar_list[1], 1, action, 30), kh_test_day(worked[i].due[1]));
        assert_int_equal(kh_business_days_after(book->calendar_list, 2, action, 30), kh_test_day(worked[i].due[2]));
    }
}

static void counting_begins_on_the_day_after(void **state)
{
    const kh_test_book *book = *state;
    const kh_calendar *const *jp = &book->calendar_list[0];
    assert_int_equal(kh_business_days_after(jp, 1, kh_test_day("2026-06-01"), 0), kh_test_day("2026-06-01"));
    assert_int_equal(kh_business_days_after(jp, 1, kh_test_day("2026-06-01"), 1), kh_test_day("2026-06-02"));
    assert_int_equal(kh_business_days_after(jp, 1, kh_test_day("2026-06-05"), 1), kh_test_day("2026-06-08"));
    assert_int_equal(kh_business_days_after(jp, 1, kh_test_day("2026-06-06"), 1), kh_test_day("2026-06-08"));
}

static void past_the_last_date_there_is_none(void **state)
{
    const kh_test_book *book = *state;
    assert_int_equal(kh_business_days_after(book->calendar_list, 1, KH_DAY_END, 1), KH_DAY_NONE);
    assert_int_equal(kh_business_days_after(book->calendar_list, 1, KH_DAY_END - 10, 30), KH_DAY_NONE);
    assert_in_range(kh_business_days_after(book->calendar_list, 1, KH_DAY_LAST, 30), KH_DAY_LAST + 30, KH_DAY_END);
    assert_int_equal(kh_business_days_after(book->calendar_list, 1, KH_DAY_LAST, 0), KH_DAY_LAST);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(weekends_and_holidays_are_closed),
        cmocka_unit_test(the_closure_over_the_new_year_holds_in_every_year),
        cmocka_unit_test(a_closure_within_one_year),
        cmocka_unit_test(the_worked_due_dates),
        cmocka_unit_test(counting_begins_on_the_day_after),
        cmocka_unit_test(past_the_last_date_there_is_none),
    };
    return cmocka_run_group_tests_name("calendar", tests, setup, NULL);
}
