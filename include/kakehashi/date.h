/* Days, instants and local midnights. No zone data: a participant has a fixed offset. */
#ifndef KAKEHASHI_DATE_H
#define KAKEHASHI_DATE_H

#include <stdint.h>

#include "kakehashi/return_code.h"
#include "kakehashi/text.h"

/*! Days since 1970-01-01, a date without a zone. */
typedef int32_t kh_day;
/*! Milliseconds since 1970-01-01T00:00:00Z. */
typedef int64_t kh_instant;

/*! "none": as a statement's day it counts from the beginning of time. Smaller than every date. */
#define KH_DAY_NONE INT32_MIN
/*! Absent. */
#define KH_INSTANT_NONE INT64_MIN
/*! The dates that events may name: 1970-01-01 to 9998-12-31. */
#define KH_DAY_FIRST 0
#define KH_DAY_LAST  2932531
/*! 9999-12-31: the last that can be written; what follows from an event's dates may lie in that year. */
#define KH_DAY_END 2932896

#define KH_DATE_SIZE    10 /*!< "2026-06-01" */
#define KH_INSTANT_SIZE 31 /*!< enough for any kh_instant_print, NUL included */

/*! RFC 3339 full-date of the years 1970 to 9998, a date that exists. \return false and \a out untouched if not. */
KH_MUSTCHECK bool kh_day_parse(kh_text text, kh_day *out);

/*! Writes "2026-06-01" and a NUL. \param out  at least KH_DATE_SIZE + 1 bytes. */
void kh_day_print(kh_day day, char *out);

/*! Year (e.g. 2026), month (1 to 12), day of the month (1 to 31). */
void kh_day_to_civil(kh_day day, int *year, int *month, int *day_of_month);

/*! The opposite; the date must exist. */
kh_day kh_day_from_civil(int year, int month, int day_of_month);

/*! Month arithmetic clamps to the end of the month: 2027-08-31 less six months is 2027-02-28 (Art 11.3). */
kh_day kh_day_add_months(kh_day day, int months);

/*! 0 is Monday, 6 is Sunday. */
int kh_day_weekday(kh_day day);

/*! RFC 3339 date-time with "Z" or an offset, year 0001 to 9999 as written and in UTC; digits past the millisecond are
 *  cut. \return false if it is not one; \a out is untouched then. */
KH_MUSTCHECK bool kh_instant_parse(kh_text text, kh_instant *out);

/*! "2026-06-02T01:00:00Z", with 3 decimals if there are milliseconds, as proto3's JSON mapping prints it.
 *  \param out  at least KH_INSTANT_SIZE bytes, NUL-terminated. \return the length. */
size_t kh_instant_print(kh_instant instant, char *out);

/*! The earlier of two instants; one that is absent gives way. */
static inline kh_instant kh_instant_sooner(kh_instant a, kh_instant b)
{
    return a == KH_INSTANT_NONE || (b != KH_INSTANT_NONE && b < a) ? b : a;
}

/*! The date at an instant where clocks run ahead of UTC by that many minutes. */
kh_day kh_instant_day(kh_instant instant, int32_t utc_offset_minutes);

/*! The instant at which a date begins there. KH_INSTANT_NONE for KH_DAY_NONE. */
kh_instant kh_day_begin(kh_day day, int32_t utc_offset_minutes);

#endif
