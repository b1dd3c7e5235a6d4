#include "cli/calendar_text.h"

#include <inttypes.h>
#include <stdio.h>

#include "cli/obligation_text.h"
#include "cli/words.h"
#include "codec/quote.h"

#define LINE_OCTETS 75 /* without CRLF */

typedef struct folding {
    char *data;
    size_t length;
    size_t in_line;
} folding;

/* Adds bytes that may not be parted. */
static void put(folding *to, const char *bytes, size_t length)
{
    if (to->in_line + length > LINE_OCTETS) {
        memcpy(&to->data[to->length], "\r\n ", 3);
        to->length += 3;
        to->in_line = 1;
    }
    memcpy(&to->data[to->length], bytes, length);
    to->length += length;
    to->in_line += length;
}

static void put_text(folding *to, const char *bytes, size_t length, uint32_t character)
{
    if (character == '\n') {
        put(to, "\\n", 2);
    } else if (character == '\\' || character == ';' || character == ',') {
        char escaped[] = {'\\', (char)character};
        put(to, escaped, 2);
    } else if (kh_is_control(character) && character != '\t') {
        put(to, " ", 1);
    } else {
        put(to, bytes, length);
    }
}

kh_text kh_calendar_line(kh_arena *arena, const char *name, kh_text value, bool is_text)
{
    /* At worst each byte is escaped, and a line takes 72 of them. */
    size_t written = strlen(name) + 1 + 2 * value.length;
    folding to = {.data = kh_arena_allocate_raw(arena, written + 3 * (written / 72 + 1) + 2)};
    if (to.data == NULL) {
        return KH_TEXT("");
    }
    put(&to, name, strlen(name));
    put(&to, ":", 1);
    for (size_t i = 0; i < value.length;) {
        uint32_t character = 0;
        size_t length = kh_utf8_next((kh_text){value.data + i, value.length - i}, &character);
        length = length == 0 ? 1 : length; /* not UTF-8: no event with such a text is accepted */
        if (is_text) {
            put_text(&to, value.data + i, length, character);
        } else {
            put(&to, value.data + i, length);
        }
        i += length;
    }
    memcpy(&to.data[to.length], "\r\n", 2);
    return (kh_text){to.data, to.length + 2};
}

kh_text kh_calendar_begin(kh_language language, kh_text participant, kh_arena *arena)
{
    kh_text title = kh_text_of(kh_message(language, KH_M_CASES_TITLE));
    if (participant.length > 0) {
        title = kh_arena_print(arena, "%.*s (%.*s)", KH_TEXT_ARGS(title), KH_TEXT_ARGS(participant));
    }
    kh_text lines[] = {
        KH_TEXT("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//kakehashi//kakehashi " KH_VERSION "//EN\r\n"
                "CALSCALE:GREGORIAN\r\nMETHOD:PUBLISH\r\n"),
        kh_calendar_line(arena, "NAME", title, true),
        kh_calendar_line(arena, "X-WR-CALNAME", title, true),
    };
    return kh_arena_join(arena, lines, sizeof lines / sizeof *lines);
}

static kh_text date(kh_day day, kh_arena *arena)
{
    int year = 0;
    int month = 0;
    int day_of_month = 0;
    kh_day_to_civil(day, &year, &month, &day_of_month);
    return kh_arena_print(arena, "%04d%02d%02d", year, month, day_of_month);
}

static kh_text date_time(kh_instant at, kh_arena *arena)
{
    kh_day day = kh_instant_day(at, 0);
    int64_t second = (at - kh_day_begin(day, 0)) / 1000;
    return kh_arena_print(arena, "%.*sT%02" PRId64 "%02" PRId64 "%02" PRId64 "Z", KH_TEXT_ARGS(date(day, arena)),
                          second / 3600, second / 60 % 60, second % 60);
}

static kh_text description(kh_language language, const kh_obligation_case *of, kh_arena *arena)
{
    const kh_obligation *obligation = of->result.obligation;
    kh_text parts[7];
    size_t count = 0;
    parts[count++] = kh_obligation_sentence(language, obligation, kh_obligation_state_word(language, of), arena);
    if (of->details != NULL) {
        kh_filling fillings[] = {{"label", obligation->subject},
                                 {"product", of->details->product},
                                 {"maker", of->details->maker},
                                 {"number", of->details->registration_number}};
        parts[count++] = KH_TEXT("\n");
        parts[count++] = kh_message_fill(language, KH_M_CASE_ABOUT, fillings, 4, arena);
    }
    if (obligation->earliest_due_on != KH_DAY_NONE) {
        kh_filling due = {"due", kh_words_day(obligation->earliest_due_on, "", arena)};
        parts[count++] = KH_TEXT("\n");
        parts[count++] = kh_message_fill(language, KH_M_CASE_SAFE_UNTIL, &due, 1, arena);
    }
    if (obligation->provisional) {
        parts[count++] = KH_TEXT("\n");
        parts[count++] = kh_text_of(kh_message(language, KH_M_CASE_MAY_MOVE));
    }
    return kh_arena_join(arena, parts, count);
}

kh_text kh_calendar_event(kh_language language, const kh_obligation_case *of, kh_arena *arena)
{
    const kh_obligation *obligation = of->result.obligation;
    kh_text uid = kh_arena_print(arena, "kakehashi:%.*s:%.*s", KH_TEXT_ARGS(obligation->arrangement),
                                 KH_TEXT_ARGS(of->result.key));
    kh_text lines[] = {
        KH_TEXT("BEGIN:VEVENT\r\n"),
        kh_calendar_line(arena, "UID", uid, true),
        kh_calendar_line(arena, "SEQUENCE", kh_arena_number(arena, of->result.version), false),
        kh_calendar_line(arena, "DTSTAMP", date_time(of->result.decided_at, arena), false),
        kh_calendar_line(arena, "DTSTART;VALUE=DATE", date(obligation->due_on, arena), false),
        kh_calendar_line(arena, "DTEND;VALUE=DATE", date(obligation->due_on + 1, arena), false),
        kh_calendar_line(arena, "SUMMARY", kh_obligation_summary(language, of, arena), true),
        kh_calendar_line(arena, "DESCRIPTION", description(language, of, arena), true),
        kh_calendar_line(arena, "CATEGORIES", kh_obligation_kind_name(obligation->kind), true),
        KH_TEXT("CLASS:CONFIDENTIAL\r\nTRANSP:TRANSPARENT\r\nEND:VEVENT\r\n"),
    };
    return kh_arena_join(arena, lines, sizeof lines / sizeof *lines);
}

kh_text kh_calendar_end(void)
{
    return KH_TEXT("END:VCALENDAR\r\n");
}
