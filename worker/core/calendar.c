#include "kakehashi/calendar.h"

static bool is_holiday(const kh_calendar *calendar, kh_day day)
{
    uint32_t low = 0;
    uint32_t high = calendar->holiday_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (calendar->holidays[middle] < day) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low < calendar->holiday_count && calendar->holidays[low] == day;
}

bool kh_calendar_is_open(const kh_calendar *calendar, kh_day day)
{
    if ((calendar->weekend >> kh_day_weekday(day) & 1) != 0 || is_holiday(calendar, day)) {
        return false;
    }
    int year = 0;
    int month = 0;
    int day_of_month = 0;
    kh_day_to_civil(day, &year, &month, &day_of_month);
    int of_year = month * 100 + day_of_month;
    for (uint32_t i = 0; i < calendar->closure_count; i++) {
        const kh_yearly_closure *closure = &calendar->closures[i];
        bool after_start = of_year >= closure->from;
        bool before_end = of_year <= closure->to;
        if (closure->from <= closure->to ? (after_start && before_end) : (after_start || before_end)) {
            return false;
        }
    }
    return true;
}

kh_day kh_business_days_after(const kh_calendar *const *calendars, uint32_t calendar_count, kh_day day, uint32_t count)
{
    while (count > 0) {
        if (day >= KH_DAY_END) {
            return KH_DAY_NONE;
        }
        day++;
        bool open = true;
        for (uint32_t i = 0; i < calendar_count && open; i++) {
            open = kh_calendar_is_open(calendars[i], day);
        }
        if (open) {
            count--;
        }
    }
    return day;
}
