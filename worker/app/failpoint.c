#include "app/failpoint.h"

#ifdef KH_FAILPOINTS
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void kh_failpoint(const char *name)
{
    static atomic_int passed;
    const char *wanted = getenv("KAKEHASHI_FAILPOINT");
    size_t length = strlen(name);
    if (wanted == NULL || strncmp(wanted, name, length) != 0 || wanted[length] != ':') {
        return;
    }
    const char *what = wanted + length + 1;
    const char *times = strchr(what, ':');
    bool waits = times != NULL && times[1] == '@';
    if (waits && access(times + 2, F_OK) != 0) {
        return;
    }
    long nth = times == NULL || waits ? 1 : strtol(times + 1, NULL, 10);
    if (atomic_fetch_add(&passed, 1) + 1 != nth) {
        return;
    }
    (void)fprintf(stderr, "failpoint %s\n", wanted);
    (void)raise(strncmp(what, "stop", 4) == 0 ? SIGSTOP : SIGKILL);
}
#else
/* An empty translation unit is not C. */
typedef int kh_no_failpoints;
#endif
