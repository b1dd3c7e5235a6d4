#include "app/failpoint.h"

#ifdef KH_FAILPOINTS
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct {
    const char *at;
    const char *name;
} PLACES[] = {
#define KH_FAILPOINT_ROW(constant, at, name) {at, name},
    KH_FAILPOINT_TABLE(KH_FAILPOINT_ROW)
#undef KH_FAILPOINT_ROW
};

/* \param what  what stands behind the name: ":kill", ":stop:2", ":kill:@/a/file". */
static bool is_due(kh_failpoint_place place, const char *what, size_t length)
{
    static atomic_int passed[KH_FAILPOINT_COUNT];
    char times[512] = "";
    const char *colon = memchr(what + 1, ':', length - 1);
    if (colon != NULL && (size_t)(what + length - colon) < sizeof times) {
        memcpy(times, colon + 1, (size_t)(what + length - colon) - 1);
    }
    bool waits = times[0] == '@';
    if (waits && access(times + 1, F_OK) != 0) {
        return false;
    }
    long nth = times[0] == '\0' || waits ? 1 : strtol(times, NULL, 10);
    return atomic_fetch_add(&passed[place], 1) + 1 == nth;
}

static void check_name(const char *entry, size_t length)
{
    for (size_t i = 0; i < KH_FAILPOINT_COUNT; i++) {
        if (strlen(PLACES[i].name) == length && strncmp(PLACES[i].name, entry, length) == 0) {
            return;
        }
    }
    (void)fprintf(stderr, "KAKEHASHI_FAILPOINT: there is no failpoint %.*s\n", (int)length, entry);
    abort();
}

void kh_failpoint(kh_failpoint_place place)
{
    const char *entry = getenv("KAKEHASHI_FAILPOINT");
    const char *name = PLACES[place].name;
    while (entry != NULL && entry[0] != '\0') {
        size_t length = strcspn(entry, ",");
        size_t name_length = strcspn(entry, ":,");
        check_name(entry, name_length);
        bool ours = strlen(name) == name_length && strncmp(name, entry, name_length) == 0 && name_length < length;
        if (ours && is_due(place, entry + name_length, length - name_length)) {
            (void)fprintf(stderr, "failpoint %.*s\n", (int)length, entry);
            (void)raise(strncmp(entry + name_length, ":stop", 5) == 0 ? SIGSTOP : SIGKILL);
        }
        entry += length + (entry[length] == ',');
    }
}

void kh_failpoint_list(FILE *to)
{
    for (size_t i = 0; i < KH_FAILPOINT_COUNT; i++) {
        (void)fprintf(to, "%s\t%s\n", PLACES[i].at, PLACES[i].name);
    }
}
#else
/* An empty translation unit is not C. */
typedef int kh_no_failpoints;
#endif
