/* A command that waits says so, but only if it takes long. */
#include "app/waiting.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "app/log.h"
#include "support/kh_test.h"

/* Standard error, kept in a file meanwhile. */
typedef struct kept {
    int before;
    FILE *file;
} kept;

static kept keep_errors(void)
{
    kept of = {dup(STDERR_FILENO), tmpfile()};
    assert_non_null(of.file);
    assert_true(dup2(fileno(of.file), STDERR_FILENO) >= 0);
    return of;
}

static void read_errors(kept *of, char *out, size_t size)
{
    rewind(of->file);
    out[fread(out, 1, size - 1, of->file)] = '\0';
}

static void end_keeping(kept *of)
{
    (void)dup2(of->before, STDERR_FILENO);
    (void)close(of->before);
    (void)fclose(of->file);
}

static void give_reason(void *self, char *out, size_t size)
{
    (void)snprintf(out, size, "%s", (const char *)self);
}

static void a_long_wait_is_told_with_its_reason(void **state)
{
    char reason[] = "it does not answer";
    char text[400] = "";
    (void)state;
    kept of = keep_errors();
    int64_t deadline = kh_monotonic_ms() + 60000;
    kh_waiting *waiting = kh_waiting_begin(give_reason, reason, "the broker at %s", "here");
    while (text[0] == '\0' && kh_monotonic_ms() < deadline) {
        (void)usleep(20000);
        read_errors(&of, text, sizeof text);
    }
    kh_waiting_end(waiting);
    end_keeping(&of);
    assert_string_equal(text, "kakehashi: waiting for the broker at here; it does not answer\n");
}

static void a_short_one_is_not(void **state)
{
    char text[400] = "";
    int64_t took = 0;
    (void)state;
    kept of = keep_errors();
    do { /* again, should the machine have stood still */
        int64_t begun = kh_monotonic_ms();
        kh_waiting_end(kh_waiting_begin(NULL, NULL, "nobody"));
        took = kh_monotonic_ms() - begun;
    } while (took > 1500);
    read_errors(&of, text, sizeof text);
    end_keeping(&of);
    assert_string_equal(text, "");
    kh_waiting_end(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_short_one_is_not),
        cmocka_unit_test(a_long_wait_is_told_with_its_reason),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
