#include "app/log.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "support/kh_test.h"

/* What a call writes to standard error, caught in a file. */
typedef struct caught {
    FILE *file;
    int kept; /* standard error itself */
    char text[8192];
} caught;

static int setup(void **state)
{
    caught *of = calloc(1, sizeof *of);
    *state = of;
    if (of == NULL) {
        return -1;
    }
    (void)fflush(stderr);
    of->file = tmpfile();
    of->kept = dup(STDERR_FILENO);
    return of->file == NULL || dup2(fileno(of->file), STDERR_FILENO) < 0 ? -1 : 0;
}

static int teardown(void **state)
{
    caught *of = *state;
    (void)fflush(stderr);
    (void)dup2(of->kept, STDERR_FILENO);
    (void)close(of->kept);
    (void)fclose(of->file);
    kh_log_configure(KH_LOG_INFO, KH_LOG_TEXT);
    free(of);
    return 0;
}

/* All that has been written since the last call. */
static const char *written(caught *of)
{
    (void)fflush(stderr);
    off_t end = lseek(fileno(of->file), 0, SEEK_END);
    ssize_t length = pread(fileno(of->file), of->text, sizeof of->text - 1, 0);
    assert_true(length >= 0 && length == end);
    of->text[length] = '\0';
    assert_int_equal(ftruncate(fileno(of->file), 0), 0);
    (void)lseek(fileno(of->file), 0, SEEK_SET);
    return of->text;
}

/* One JSON object and a line feed, and its message. */
static void assert_json_message(caught *of, const char *level, const char *message)
{
    const char *line = written(of);
    size_t length = strlen(line);
    assert_true(length > 0 && line[length - 1] == '\n');
    assert_ptr_equal(strchr(line, '\n'), line + length - 1);
    json_error_t error;
    json_t *read = json_loads(line, JSON_REJECT_DUPLICATES, &error);
    if (read == NULL) {
        fail_msg("not JSON: %s in %s", error.text, line);
    }
    assert_string_equal(json_string_value(json_object_get(read, "message")), message);
    assert_string_equal(json_string_value(json_object_get(read, "level")), level);
    assert_string_equal(json_string_value(json_object_get(read, "event")), "lanes-taken");
    assert_int_equal(strlen(json_string_value(json_object_get(read, "time"))), strlen("2026-06-01T00:00:00.000Z"));
    json_decref(read);
}

static void text_is_time_level_event_and_message(void **state)
{
    kh_log_configure(KH_LOG_INFO, KH_LOG_TEXT);
    kh_log(KH_LOG_WARNING, "lanes-taken", "lane %d of %s", 7, "jp");
    const char *line = written(*state);
    assert_int_equal(line[10], 'T');
    assert_string_equal(line + strlen("2026-06-01T00:00:00.000Z"), " warning lanes-taken: lane 7 of jp\n");
}

static void text_stays_a_line_too(void **state)
{
    kh_log_configure(KH_LOG_INFO, KH_LOG_TEXT);
    kh_log(KH_LOG_ERROR, "database", "ERROR:  no\nLINE 1:\tselect\r\n\x1b[31m");
    const char *line = written(*state);
    assert_ptr_equal(strchr(line, '\n'), line + strlen(line) - 1);
    assert_null(strpbrk(line, "\r\t\x1b"));
    assert_non_null(strstr(line, "ERROR:  no LINE 1: select"));
}

static void json_escapes_what_it_must(void **state)
{
    kh_log_configure(KH_LOG_INFO, KH_LOG_JSON);
    static const char *const messages[] = {
        "plain", "", "a \"quoted\" \\ word", "two\nlines\r\n\tand a tab", "\x01\x1f\x7f", "星見ゲートウェイ 🏠",
    };
    for (size_t i = 0; i < sizeof messages / sizeof *messages; i++) {
        kh_log(KH_LOG_INFO, "lanes-taken", "%s", messages[i]);
        assert_json_message(*state, "info", messages[i]);
    }
}

static void json_is_json_whatever_the_bytes(void **state)
{
    kh_log_configure(KH_LOG_INFO, KH_LOG_JSON);
    kh_log(KH_LOG_INFO, "lanes-taken", "%s", "caf\xe9 \xed\xa0\x80 \xc3");
    assert_json_message(*state, "info", "caf? ??? ?");
}

static void a_message_that_is_too_long_is_cut_and_stays_json(void **state)
{
    kh_log_configure(KH_LOG_INFO, KH_LOG_JSON);
    static const char *const pieces[] = {"a", "\n", "\"", "é", "🏠"};
    for (size_t p = 0; p < sizeof pieces / sizeof *pieces; p++) {
        for (size_t shift = 0; shift < 4; shift++) { /* so that each way of cutting a character comes up */
            char text[6000] = "";
            memset(text, 'x', shift);
            char *end = text + shift;
            for (int i = 0; i < 1000; i++) {
                end = stpcpy(end, pieces[p]);
            }
            kh_log(KH_LOG_INFO, "lanes-taken", "%s %s", text, text);
            const char *line = written(*state);
            json_error_t error;
            json_t *read = json_loads(line, 0, &error);
            if (read == NULL) {
                fail_msg("piece %zu, shift %zu: not JSON: %s", p, shift, error.text);
            }
            const char *message = json_string_value(json_object_get(read, "message"));
            assert_true(strlen(message) > 600);
            /* the last may be a cut character's sign */
            assert_memory_equal(message, text, strlen(message) < 900 ? strlen(message) - 4 : 896);
            json_decref(read);
        }
    }
}

static void only_what_the_level_allows(void **state)
{
    static const char *const names[] = {"", "error", "warning", "info", "debug"};
    for (int least = KH_LOG_ERROR; least <= KH_LOG_DEBUG; least++) {
        for (int level = KH_LOG_ERROR; level <= KH_LOG_DEBUG; level++) {
            kh_log_configure((kh_log_level)least, KH_LOG_JSON);
            kh_log((kh_log_level)level, "lanes-taken", "so");
            if (level <= least) {
                assert_json_message(*state, names[level], "so");
            } else {
                assert_string_equal(written(*state), "");
            }
        }
    }
}

/* The times are set by hand, so that no machine is too slow for it. */
static void the_limit_lets_one_through_and_counts_the_rest(void **state)
{
    (void)state;
    kh_log_limit limit = {0};
    uint64_t held_back = 99;
    int64_t before = kh_monotonic_ms();
    assert_true(kh_log_allows(&limit, &held_back));
    assert_int_equal(held_back, 0);
    assert_true(limit.next_ms >= before + 1000 && limit.next_ms <= kh_monotonic_ms() + 1000);
    limit.next_ms = INT64_MAX;
    for (int i = 0; i < 3; i++) {
        assert_false(kh_log_allows(&limit, &held_back));
    }
    limit.next_ms = kh_monotonic_ms();
    assert_true(kh_log_allows(&limit, &held_back));
    assert_int_equal(held_back, 3);
    limit.next_ms = 0;
    assert_true(kh_log_allows(&limit, &held_back));
    assert_int_equal(held_back, 0);
}

/* What goes on all day is not said every second of it. */
static void the_limit_grows_while_it_goes_on(void **state)
{
    (void)state;
    kh_log_limit limit = {0};
    uint64_t held_back = 0;
    int64_t wanted = 1000;
    for (int i = 0; i < 12; i++) {
        assert_true(kh_log_allows(&limit, &held_back));
        assert_int_equal(limit.pause_ms, wanted);
        wanted = wanted * 2 < 600000 ? wanted * 2 : 600000;
        limit.next_ms = kh_monotonic_ms();
    }
    assert_int_equal(limit.pause_ms, 600000);
    limit.next_ms = kh_monotonic_ms() - 600001;
    assert_true(kh_log_allows(&limit, &held_back));
    assert_int_equal(limit.pause_ms, 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(text_is_time_level_event_and_message, setup, teardown),
        cmocka_unit_test_setup_teardown(text_stays_a_line_too, setup, teardown),
        cmocka_unit_test_setup_teardown(json_escapes_what_it_must, setup, teardown),
        cmocka_unit_test_setup_teardown(json_is_json_whatever_the_bytes, setup, teardown),
        cmocka_unit_test_setup_teardown(a_message_that_is_too_long_is_cut_and_stays_json, setup, teardown),
        cmocka_unit_test_setup_teardown(only_what_the_level_allows, setup, teardown),
        cmocka_unit_test(the_limit_lets_one_through_and_counts_the_rest),
        cmocka_unit_test(the_limit_grows_while_it_goes_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
