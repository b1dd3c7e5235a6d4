/* Business days, in which a notice of revocation is due (Art 3.6). A calendar is data: config/calendars/. */
#ifndef KAKEHASHI_CALENDAR_H
#define KAKEHASHI_CALENDAR_H

#include <stdint.h>

#include "kakehashi/date.h"

/*! A closure that holds in every year, both ends included, as month * 100 + day; from > to runs over the new year. */
typedef struct kh_yearly_closure {
    uint16_t from;
    uint16_t to;
} kh_yearly_closure;

typedef struct kh_calendar {
    kh_text id;
    kh_text sha256;         /*!< of the file's bytes, lower-case hex */
    kh_day complete_until;  /*!< later days are counted with what the file has */
    uint8_t weekend;        /*!< bit n set: weekday n (0 is Monday) is no business day */
    const kh_day *holidays; /*!< ascending, without repeats */
    uint32_t holiday_count;
    const kh_yearly_closure *closures;
    uint32_t closure_count;
} kh_calendar;

bool kh_calendar_is_open(const kh_calendar *calendar, kh_day day);

/*! The day that is \a count business days after \a day, which itself is not counted.
 *  \param calendars  a day counts if it is a business day in all of them; at least one.
 *  \return KH_DAY_NONE when it would lie past KH_DAY_END. */
kh_day kh_business_days_after(const kh_calendar *const *calendars, uint32_t calendar_count, kh_day day, uint32_t count);

#endif
