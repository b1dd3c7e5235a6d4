/* Any bytes as a calendar: read or refused, never a crash; with one that was read, business days can be counted. */
#include <assert.h>

#include "config/rule_file.h"
#include "kakehashi/date.h"
#include "support/plain_heap.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_calendar(const kh_calendar *calendar)
{
    for (uint32_t i = 0; i < calendar->holiday_count; i++) {
        assert(i == 0 || calendar->holidays[i - 1] < calendar->holidays[i]);
        assert(!kh_calendar_is_open(calendar, calendar->holidays[i]));
    }
    for (uint32_t i = 0; i < calendar->closure_count; i++) {
        assert(calendar->closures[i].from >= 101 && calendar->closures[i].to <= 1231);
    }
    const kh_calendar *both[] = {calendar, calendar};
    kh_day day = kh_day_from_civil(2026, 11, 20);
    kh_day due = kh_business_days_after(both, 1, day, 3);
    assert(due == KH_DAY_NONE || (due > day && kh_calendar_is_open(calendar, due)));
    assert(kh_business_days_after(both, 2, day, 3) == due);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    kh_arena arena;
    kh_problems problems;
    kh_rule_file file;
    kh_arena_init(&arena, 65536, &PLAIN_HEAP);
    kh_problems_init(&problems, &arena);
    kh_rc rc = kh_rule_file_read("fuzz", (kh_text){(const char *)data, size}, &problems, &file);
    assert((rc == KH_OK) == (problems.first == NULL));
    if (rc == KH_OK && file.kind == KH_RULE_FILE_CALENDAR) {
        check_calendar(&file.is.calendar);
    }
    kh_arena_deinit(&arena);
    return 0;
}
