/* The watchdog ends a process that makes no progress, and no other. */
#include "app/watchdog.h"

#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "support/kh_test.h"

#define STUCK_CODE 5

static void pause_ms(long milliseconds)
{
    struct timespec wait = {milliseconds / 1000, milliseconds % 1000 * 1000000};
    (void)nanosleep(&wait, NULL);
}

/* \return how a process ends that says so often that it goes forward, and then is stuck. */
static int ending_of(uint32_t limit, int pats, unsigned stuck_seconds)
{
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        kh_watchdog_start(limit, STUCK_CODE);
        for (int i = 0; i < pats; i++) {
            kh_watchdog_pat();
            pause_ms(10);
        }
        (void)sleep(stuck_seconds);
        _exit(0);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void who_is_stuck_is_ended(void **state)
{
    (void)state;
    assert_int_equal(ending_of(1, 0, 300), STUCK_CODE);
}

static void who_is_not_watched_any_more_is_left_alone(void **state)
{
    (void)state;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        kh_watchdog_start(1, STUCK_CODE);
        kh_watchdog_stop();
        (void)sleep(3);
        _exit(0);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

static void who_goes_forward_is_left_alone(void **state)
{
    (void)state;
    assert_int_equal(ending_of(3, 600, 0), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_is_stuck_is_ended),
        cmocka_unit_test(who_is_not_watched_any_more_is_left_alone),
        cmocka_unit_test(who_goes_forward_is_left_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
