#include "app/watchdog.h"

#include <pthread.h>
#include <stdatomic.h>
#include <time.h>
#include <unistd.h>

#include "app/log.h"

static atomic_uint quiet_seconds;
static atomic_bool stopped;
static uint32_t limit;
static int ends_with;

static void *run(void *unused)
{
    (void)unused;
    for (;;) {
        struct timespec second = {1, 0};
        (void)nanosleep(&second, NULL);
        if (atomic_load(&stopped)) {
            return NULL;
        }
        if (atomic_fetch_add(&quiet_seconds, 1) + 1 > limit) {
            kh_log(KH_LOG_ERROR, "watchdog", "no progress for %u s: ending, so that others take the lanes over", limit);
            _exit(ends_with);
        }
    }
    return NULL;
}

void kh_watchdog_start(uint32_t seconds, int exit_code)
{
    pthread_t thread;
    limit = seconds;
    ends_with = exit_code;
    atomic_store(&quiet_seconds, 0);
    atomic_store(&stopped, false);
    if (pthread_create(&thread, NULL, run, NULL) == 0) {
        (void)pthread_detach(thread);
    }
}

void kh_watchdog_stop(void)
{
    atomic_store(&stopped, true);
}

void kh_watchdog_pat(void)
{
    atomic_store(&quiet_seconds, 0);
}

uint32_t kh_watchdog_quiet(uint32_t *limit_seconds)
{
    *limit_seconds = limit;
    return atomic_load(&quiet_seconds);
}
