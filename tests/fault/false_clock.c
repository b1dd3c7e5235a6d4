/* A wall clock that steps while a program runs: preloaded, with $KH_CLOCK_FILE naming a file of the offset from the
 * true time in milliseconds, as one int64. What only tells how long ago something was (CLOCK_MONOTONIC) stays true, as
 * it does when an operator sets a clock. C11's wait until an instant, by which librdkafka waits, is one until that
 * instant on the false clock; the worker's own waits go by the other clock. */
#include <dlfcn.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <threads.h>
#include <time.h>
#include <unistd.h>

#define NANOS 1000000000LL

static const volatile int64_t *offset_ms;

__attribute__((constructor)) static void find_offset(void)
{
    const char *path = getenv("KH_CLOCK_FILE");
    int file = path == NULL ? -1 : open(path, O_RDONLY | O_CLOEXEC);
    if (file >= 0) {
        void *mapped = mmap(NULL, sizeof *offset_ms, PROT_READ, MAP_SHARED, file, 0);
        offset_ms = mapped == MAP_FAILED ? NULL : mapped;
        (void)close(file);
    }
}

static void *true_function(const char *name)
{
    return dlsym(RTLD_NEXT, name);
}

/* The instant so many milliseconds later. */
static struct timespec moved(const struct timespec *instant, int64_t milliseconds)
{
    int64_t nanos = (int64_t)instant->tv_sec * NANOS + instant->tv_nsec + milliseconds * (NANOS / 1000);
    nanos = nanos < 0 ? 0 : nanos;
    return (struct timespec){.tv_sec = (time_t)(nanos / NANOS), .tv_nsec = (long)(nanos % NANOS)};
}

static int64_t offset(void)
{
    return offset_ms == NULL ? 0 : *offset_ms;
}

int clock_gettime(clockid_t clock, struct timespec *out)
{
    int (*of_libc)(clockid_t, struct timespec *) = true_function("clock_gettime");
    int failed = of_libc(clock, out);
    if (failed == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) {
        *out = moved(out, offset());
    }
    return failed;
}

int timespec_get(struct timespec *out, int base)
{
    return base == TIME_UTC && clock_gettime(CLOCK_REALTIME, out) == 0 ? base : 0;
}

int gettimeofday(struct timeval *restrict out, void *restrict zone)
{
    struct timespec now;
    (void)zone;
    int failed = clock_gettime(CLOCK_REALTIME, &now);
    *out = (struct timeval){.tv_sec = now.tv_sec, .tv_usec = now.tv_nsec / 1000};
    return failed;
}

time_t time(time_t *out)
{
    struct timespec now = {0, 0};
    (void)clock_gettime(CLOCK_REALTIME, &now);
    if (out != NULL) {
        *out = now.tv_sec;
    }
    return now.tv_sec;
}

int cnd_timedwait(cnd_t *restrict condition, mtx_t *restrict mutex, const struct timespec *restrict until)
{
    int (*of_libc)(cnd_t *, mtx_t *, const struct timespec *) = true_function("cnd_timedwait");
    struct timespec true_until = moved(until, -offset());
    return of_libc(condition, mutex, &true_until);
}
