#include "app/pause.h"

#include <sys/random.h>
#include <time.h>

#include "app/log.h"

uint64_t kh_chance(void)
{
    uint64_t value = 0;
    return getrandom(&value, sizeof value, GRND_NONBLOCK) == sizeof value ? value : (uint64_t)kh_monotonic_ms();
}

void kh_pause_ms(int64_t milliseconds)
{
    struct timespec wait = {milliseconds / 1000, (long)(milliseconds % 1000) * 1000000};
    (void)nanosleep(&wait, NULL);
}
