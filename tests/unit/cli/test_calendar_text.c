/* iCalendar by RFC 5545: escaping, folding, line ends. That a calendar reads it is seen by the test worker_review. */
#include "cli/calendar_text.h"

#include <string.h>

#include "app/heap.h"
#include "cli/obligation_text.h"
#include "support/kh_test.h"

static void text_is_escaped(void **state)
{
    kh_arena arena;
    (void)state;
    kh_arena_init(&arena, 4096, kh_heap());
    assert_text(kh_calendar_line(&arena, "SUMMARY", KH_TEXT("a;b,c\\d\ne\rf\tg"), true),
                "SUMMARY:a\\;b\\,c\\\\d\\ne f\tg\r\n");
    assert_text(kh_calendar_line(&arena, "X", KH_TEXT("a;b"), false), "X:a;b\r\n");
    assert_text(kh_calendar_line(&arena, "X", KH_TEXT(""), true), "X:\r\n");
    kh_arena_deinit(&arena);
}

/* Takes folds out again, and looks at each line. */
static kh_text unfolded(kh_text lines, kh_arena *arena)
{
    kh_text out = KH_TEXT("");
    for (size_t from = 0; from < lines.length;) {
        const char *end = memchr(lines.data + from, '\r', lines.length - from);
        assert_non_null(end);
        size_t length = (size_t)(end - lines.data) - from;
        assert_true(length <= 75 && end[1] == '\n');
        assert_true(from == 0 || lines.data[from] == ' ');
        size_t skip = from == 0 ? 0 : 1;
        assert_false(((unsigned char)lines.data[from + skip] & 0xc0) == 0x80); /* begins with a whole character */
        kh_text line = {lines.data + from + skip, length - skip};
        out = kh_arena_print(arena, "%.*s%.*s", KH_TEXT_ARGS(out), KH_TEXT_ARGS(line));
        from += length + 2;
    }
    return out;
}

static void lines_are_folded_between_characters(void **state)
{
    static const char *const characters[] = {"a", "\xc3\xa9", "星", "\xf0\x9f\x94\x92", ","};
    char value[1024];
    kh_arena arena;
    (void)state;
    kh_arena_init(&arena, 65536, kh_heap());
    for (size_t c = 0; c < sizeof characters / sizeof *characters; c++) {
        for (size_t shift = 0; shift < 80; shift++) {
            value[0] = '\0';
            (void)memset(value, 'x', shift);
            value[shift] = '\0';
            for (int i = 0; i < 60; i++) {
                (void)strcat(value, characters[c]);
            }
            kh_text lines = kh_calendar_line(&arena, "N", kh_text_of(value), false);
            kh_text expected = kh_arena_print(&arena, "N:%s", value);
            assert_true(kh_text_equal(unfolded(lines, &arena), expected));
            (void)unfolded(kh_calendar_line(&arena, "N", kh_text_of(value), true), &arena);
        }
        kh_arena_reset(&arena);
    }
    kh_arena_deinit(&arena);
}

static void an_event(void **state)
{
    static const kh_details details = {
        .registration_number = {"N-1", 3}, .product = {"Lamp, red", 9}, .maker = {"M", 1}};
    const kh_obligation obligation = {.kind = KH_OBLIGATION_REVOCATION_NOTICE,
                                      .subject = KH_TEXT("SG/1"),
                                      .arrangement = KH_TEXT("jp-sg"),
                                      .obliged = {KH_TEXT("SG")},
                                      .obliged_count = 1,
                                      .arose_on = 20600,
                                      .due_on = 20667,
                                      .earliest_due_on = 20666,
                                      .provisional = true,
                                      .late = true,
                                      .state = KH_OBLIGATION_DISCHARGED};
    const kh_obligation_case of = {.result = {.key = KH_TEXT("REVOCATION_NOTICE/SG/1@JP"),
                                              .decided_at = INT64_C(20600) * 86400000 + 3723999,
                                              .version = 7,
                                              .obligation = &obligation},
                                   .dated = true,
                                   .state = KH_OBLIGATION_DISCHARGED,
                                   .details = &details};
    kh_arena arena;
    (void)state;
    kh_arena_init(&arena, 4096, kh_heap());
    assert_text(kh_calendar_event(KH_ENGLISH, &of, &arena),
                "BEGIN:VEVENT\r\n"
                "UID:kakehashi:jp-sg:REVOCATION_NOTICE/SG/1@JP\r\n"
                "SEQUENCE:7\r\n"
                "DTSTAMP:20260527T010203Z\r\n"
                "DTSTART;VALUE=DATE:20260802\r\n"
                "DTEND;VALUE=DATE:20260803\r\n"
                "SUMMARY:notice of revocation (Art 3.6)\\, SG/1\\, owed by SG: discharged late\r\n"
                "DESCRIPTION:notice of revocation (Art 3.6)\\, owed by SG: discharged late\\; \r\n"
                " arose on 2026-05-27\\, due on 2026-08-02\\nSG/1: Lamp\\, red\\, M\\, registrati\r\n"
                " on number N-1.\\nIn time by every reading of whose business days count: unt\r\n"
                " il 2026-08-01.\\nThe due date lies past the end of a calendar of business d\r\n"
                " ays and may move.\r\n"
                "CATEGORIES:REVOCATION_NOTICE\r\n"
                "CLASS:CONFIDENTIAL\r\nTRANSP:TRANSPARENT\r\nEND:VEVENT\r\n");
    assert_text(kh_obligation_due(KH_JAPANESE, &obligation, &arena), "2026-08-02(暫定)");
    kh_text head = kh_calendar_begin(KH_JAPANESE, KH_TEXT("SG"), &arena);
    assert_true(head.length > 0 && strstr(head.data, "NAME:MoC に基づく義務 (SG)\r\n") != NULL);
    assert_text(kh_calendar_end(), "END:VCALENDAR\r\n");
    kh_arena_deinit(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_is_escaped),
        cmocka_unit_test(lines_are_folded_between_characters),
        cmocka_unit_test(an_event),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
