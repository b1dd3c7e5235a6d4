#include "support/kh_test.h"

#include "app/heap.h"
#include "cli/overview_text.h"

static void a_length_of_time(void **state)
{
    static const struct {
        int64_t milliseconds;
        const char *text;
    } rows[] = {{0, "0 s"},           {999, "0 s"},           {59000, "59 s"},         {60000, "1 min"},
                {61000, "1 min 1 s"}, {3600000, "1 h"},       {5400000, "1 h 30 min"}, {3601000, "1 h"},
                {86400000, "1 d"},    {183600000, "2 d 3 h"}, {31536000000, "365 d"}};
    kh_arena arena;
    (void)state;
    kh_arena_init(&arena, 4096, kh_heap());
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_text(kh_overview_duration(rows[i].milliseconds, &arena), rows[i].text);
    }
    kh_arena_deinit(&arena);
}

/* Without a broker and without rules: what is not known is left out, or shown as such. */
static void what_is_not_known(void **state)
{
    kh_overview_source source = {KH_TEXT("jp"), 4, KH_OVERVIEW_UNKNOWN, KH_OVERVIEW_UNKNOWN};
    kh_overview_lane lane = {.row = {.owner = KH_TEXT("w"), .clock = KH_INSTANT_NONE, .next_seq = 5, .sweeping = true},
                             .sources = &source,
                             .source_count = 1,
                             .lag = KH_OVERVIEW_UNKNOWN,
                             .published = 3,
                             .published_is_late = true};
    kh_text notes[] = {KH_TEXT("do something")};
    kh_overview of = {.deployment = KH_TEXT("d"),
                      .now = 0,
                      .lanes = &lane,
                      .lane_count = 1,
                      .backlog = {.due = KH_BACKLOG_MOST, .until_next = -5000},
                      .broker_error = "gone",
                      .notes = notes,
                      .note_count = 1};
    char *text = NULL;
    size_t size = 0;
    kh_text json = KH_TEXT("");
    kh_arena arena;
    (void)state;
    kh_arena_init(&arena, 4096, kh_heap());
    FILE *to = open_memstream(&text, &size);
    assert_rc(kh_overview_print(&of, &arena, to), KH_OK);
    (void)fclose(to);
    assert_non_null(strstr(text, "   0 owner is gone, decides all again     0 -       ?        5 3 or more w"));
    assert_non_null(strstr(text, "waiting: 100000 or more due (the first since 5 s), 0 woken"));
    assert_non_null(strstr(text, "needs somebody:\n- do something\n"));
    assert_rc(kh_overview_json(&of, &arena, &json), KH_OK);
    assert_non_null(strstr(json.data, "\"brokerReached\":false"));
    assert_non_null(
        strstr(json.data, "\"publishedIsLate\":true,\"sources\":[{\"topic\":\"jp\",\"nextOffset\":\"4\"}]}]"));
    assert_null(strstr(json.data, "\"lag\""));
    free(text);
    kh_arena_deinit(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_length_of_time), cmocka_unit_test(what_is_not_known)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
