#include "codec/json_line.h"

#include "support/kh_test.h"

static void members_and_elements_are_parted_and_closed(void **state)
{
    kh_test_memory memory;
    kh_arena arena;
    kh_text out = KH_TEXT("");
    (void)state;
    kh_test_memory_init(&memory, -1);
    kh_arena_init(&arena, 4096, &memory.memory);
    kh_json_line *line = kh_json_line_new(&arena);
    kh_json_line_text(line, "a", KH_TEXT("\"\xe6\x98\x9f\"\n"));
    kh_json_line_open(line, "list", '[');
    kh_json_line_number(line, NULL, -7);
    kh_json_line_bool(line, NULL, true);
    kh_json_line_open(line, NULL, '{');
    kh_json_line_close(line);
    kh_json_line_close(line);
    kh_json_line_long(line, "long", INT64_MAX);
    kh_json_line_instant(line, "at", 0);
    kh_json_line_instant(line, "absent", KH_INSTANT_NONE);
    kh_json_line_day(line, "day", 1);
    kh_json_line_day(line, "absent", KH_DAY_NONE);
    kh_json_line_raw(line, "raw", KH_TEXT("{\"b\":[]}"));
    assert_rc(kh_json_line_finish(line, &out), KH_OK);
    assert_text(out, "{\"a\":\"\\\"\xe6\x98\x9f\\\"\\n\",\"list\":[-7,true,{}],\"long\":\"9223372036854775807\","
                     "\"at\":\"1970-01-01T00:00:00Z\",\"day\":\"1970-01-02\",\"raw\":{\"b\":[]}}");
    kh_arena_deinit(&arena);
}

static void text_that_is_not_utf8_is_refused(void **state)
{
    kh_test_memory memory;
    kh_arena arena;
    kh_text out = KH_TEXT("untouched");
    (void)state;
    kh_test_memory_init(&memory, -1);
    kh_arena_init(&arena, 4096, &memory.memory);
    kh_json_line *line = kh_json_line_new(&arena);
    kh_json_line_text(line, "a", KH_TEXT("\xff"));
    kh_json_line_text(line, "b", KH_TEXT("well"));
    assert_rc(kh_json_line_finish(line, &out), KH_E_INTERNAL);
    assert_text(out, "untouched");
    kh_arena_deinit(&arena);
}

static void out_of_memory_sticks(void **state)
{
    (void)state;
    for (long failing = 0;; failing++) {
        kh_test_memory memory;
        kh_arena arena;
        kh_text out = KH_TEXT("");
        kh_test_memory_init(&memory, failing);
        kh_arena_init(&arena, 64, &memory.memory);
        kh_json_line *line = kh_json_line_new(&arena);
        kh_json_line_open(line, "list", '[');
        for (int i = 0; i < 500; i++) {
            kh_json_line_text(line, NULL, KH_TEXT("0123456789"));
        }
        kh_json_line_close(line);
        kh_rc rc = kh_json_line_finish(line, &out);
        kh_arena_deinit(&arena);
        assert_int_equal(memory.live, 0);
        if (rc == KH_OK) {
            assert_true(failing > 2);
            return;
        }
        assert_rc(rc, KH_E_MEMORY);
    }
}

static void what_is_wrapped_is_unwrapped(void **state)
{
    (void)state;
    assert_text(kh_json_unwrap(KH_TEXT("{\"status\":{\"label\":\"SG/1\"}}")), "{\"label\":\"SG/1\"}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(members_and_elements_are_parted_and_closed),
        cmocka_unit_test(text_that_is_not_utf8_is_refused),
        cmocka_unit_test(out_of_memory_sticks),
        cmocka_unit_test(what_is_wrapped_is_unwrapped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
