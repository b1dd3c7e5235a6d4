#include "kakehashi/date.h"

#include <stdio.h>

#define DAY_MS INT64_C(86400000)
/* 0001-01-01T00:00:00Z and 9999-12-31T23:59:59.999Z */
#define INSTANT_FIRST INT64_C(-62135596800000)
#define INSTANT_LAST  INT64_C(253402300799999)

static bool is_leap(int year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static int days_in_month(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return month == 2 && is_leap(year) ? 29 : days[month - 1];
}

/* Two digits, or -1. */
static int two_digits(const char *text)
{
    if (text[0] < '0' || text[0] > '9' || text[1] < '0' || text[1] > '9') {
        return -1;
    }
    return (text[0] - '0') * 10 + (text[1] - '0');
}

/* Eras of 400 years that begin on 1 March: the leap day is then the last day of a year. */
kh_day kh_day_from_civil(int year, int month, int day_of_month)
{
    int shifted = month <= 2 ? year - 1 : year;
    int era = (shifted >= 0 ? shifted : shifted - 399) / 400;
    int year_of_era = shifted - era * 400;
    int day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day_of_month - 1;
    int day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * 146097 + day_of_era - 719468;
}

void kh_day_to_civil(kh_day day, int *year, int *month, int *day_of_month)
{
    int64_t shifted = (int64_t)day + 719468;
    int64_t era = (shifted >= 0 ? shifted : shifted - 146096) / 146097;
    int day_of_era = (int)(shifted - era * 146097);
    int year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int month_from_march = (5 * day_of_year + 2) / 153;
    *day_of_month = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    *month = month_from_march < 10 ? month_from_march + 3 : month_from_march - 9;
    *year = (int)(era * 400) + year_of_era + (*month <= 2 ? 1 : 0);
}

/* "2026-06-01" of any year from 0001 to 9999. */
static bool parse_civil(const char *text, kh_day *out)
{
    int century = two_digits(text);
    int rest = two_digits(text + 2);
    int month = two_digits(text + 5);
    int day = two_digits(text + 8);
    if (century < 0 || rest < 0 || text[4] != '-' || text[7] != '-' || month < 1 || month > 12 || day < 1) {
        return false;
    }
    int year = century * 100 + rest;
    if (year < 1 || day > days_in_month(year, month)) {
        return false;
    }
    *out = kh_day_from_civil(year, month, day);
    return true;
}

bool kh_day_parse(kh_text text, kh_day *out)
{
    kh_day day = 0;
    if (text.length != KH_DATE_SIZE || !parse_civil(text.data, &day) || day < KH_DAY_FIRST || day > KH_DAY_LAST) {
        return false;
    }
    *out = day;
    return true;
}

void kh_day_print(kh_day day, char *out)
{
    int year = 0;
    int month = 0;
    int day_of_month = 0;
    kh_day_to_civil(day, &year, &month, &day_of_month);
    const int numbers[] = {year / 100 % 100, year % 100, month, day_of_month};
    char *next = out;
    for (size_t i = 0; i < 4; i++) {
        *next++ = (char)('0' + numbers[i] / 10);
        *next++ = (char)('0' + numbers[i] % 10);
        if (i == 1 || i == 2) {
            *next++ = '-';
        }
    }
    *next = '\0';
}

kh_day kh_day_add_months(kh_day day, int months)
{
    int year = 0;
    int month = 0;
    int day_of_month = 0;
    kh_day_to_civil(day, &year, &month, &day_of_month);
    int total = year * 12 + (month - 1) + months;
    year = (total >= 0 ? total : total - 11) / 12;
    month = total - year * 12 + 1;
    int last = days_in_month(year, month);
    return kh_day_from_civil(year, month, day_of_month < last ? day_of_month : last);
}

int kh_day_weekday(kh_day day)
{
    int weekday = (int)(((int64_t)day + 3) % 7); /* 1970-01-01 was a Thursday */
    return weekday < 0 ? weekday + 7 : weekday;
}

/* Milliseconds of ".123456", and how many characters it takes; -1 if a "." has no digit behind it. */
static int parse_fraction(const char *text, size_t length, int *milliseconds)
{
    static const int weights[] = {100, 10, 1};
    *milliseconds = 0;
    if (length == 0 || text[0] != '.') {
        return 0;
    }
    size_t used = 1;
    while (used < length && text[used] >= '0' && text[used] <= '9') {
        if (used <= 3) {
            *milliseconds += (text[used] - '0') * weights[used - 1];
        }
        used++;
    }
    return used == 1 ? -1 : (int)used;
}

/* "Z" or "+09:00", to the end of the text. */
static bool parse_offset(const char *text, size_t length, int *minutes)
{
    if (length == 1 && (text[0] == 'Z' || text[0] == 'z')) {
        *minutes = 0;
        return true;
    }
    if (length != 6 || (text[0] != '+' && text[0] != '-') || text[3] != ':') {
        return false;
    }
    int hours = two_digits(text + 1);
    int rest = two_digits(text + 4);
    if (hours < 0 || hours > 23 || rest < 0 || rest > 59) {
        return false;
    }
    *minutes = (text[0] == '-' ? -1 : 1) * (hours * 60 + rest);
    return true;
}

bool kh_instant_parse(kh_text text, kh_instant *out)
{
    const char *c = text.data;
    kh_day day = 0;
    if (text.length < 20 || text.length > 64 || !parse_civil(c, &day) || (c[10] != 'T' && c[10] != 't') ||
        c[13] != ':' || c[16] != ':') {
        return false;
    }
    int hour = two_digits(c + 11);
    int minute = two_digits(c + 14);
    int second = two_digits(c + 17);
    int milliseconds = 0;
    int used = parse_fraction(c + 19, text.length - 19, &milliseconds);
    int offset = 0;
    if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 59 || used < 0 ||
        !parse_offset(c + 19 + used, text.length - 19 - (size_t)used, &offset)) {
        return false;
    }
    kh_instant instant =
        (int64_t)day * DAY_MS + (int64_t)(((hour * 60 + minute - offset) * 60) + second) * 1000 + milliseconds;
    if (instant < INSTANT_FIRST || instant > INSTANT_LAST) {
        return false; /* the offset has led out of the years that can be written */
    }
    *out = instant;
    return true;
}

size_t kh_instant_print(kh_instant instant, char *out)
{
    kh_day day = kh_instant_day(instant, 0);
    int of_day = (int)(instant - (int64_t)day * DAY_MS);
    int seconds = of_day / 1000;
    kh_day_print(day, out);
    int length = 0;
    if (of_day % 1000 == 0) {
        length = snprintf(out + KH_DATE_SIZE, KH_INSTANT_SIZE - KH_DATE_SIZE, "T%02d:%02d:%02dZ", seconds / 3600,
                          seconds / 60 % 60, seconds % 60);
    } else {
        length = snprintf(out + KH_DATE_SIZE, KH_INSTANT_SIZE - KH_DATE_SIZE, "T%02d:%02d:%02d.%03dZ", seconds / 3600,
                          seconds / 60 % 60, seconds % 60, of_day % 1000);
    }
    return KH_DATE_SIZE + (size_t)length;
}

kh_day kh_instant_day(kh_instant instant, int32_t utc_offset_minutes)
{
    int64_t local = instant + (int64_t)utc_offset_minutes * 60000;
    return (kh_day)((local >= 0 ? local : local - (DAY_MS - 1)) / DAY_MS);
}

kh_instant kh_day_begin(kh_day day, int32_t utc_offset_minutes)
{
    if (day == KH_DAY_NONE) {
        return KH_INSTANT_NONE;
    }
    return (int64_t)day * DAY_MS - (int64_t)utc_offset_minutes * 60000;
}
