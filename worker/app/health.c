#include "app/health.h"

#include <pthread.h>
#include <string.h>

/* A step of the loop takes well under a second; one that waits for a server longer than this shows that it is gone. */
#define STEP_MS 10000

static struct {
    pthread_mutex_t mutex;
    char why[KH_HEALTH_PARTS][200]; /* empty: well */
    int64_t turned_ms;              /* 0: not yet */
} health = {.mutex = PTHREAD_MUTEX_INITIALIZER};

static void put(kh_health_part part, const char *why)
{
    (void)snprintf(health.why[part], sizeof health.why[part], "%s", why == NULL ? "" : why);
}

void kh_health_begin(void)
{
    (void)pthread_mutex_lock(&health.mutex);
    put(KH_HEALTH_DATABASE, "database: not connected yet");
    put(KH_HEALTH_BROKER, "broker: not connected yet");
    put(KH_HEALTH_LANES, "lanes: the group has dealt out none yet");
    put(KH_HEALTH_RULES, NULL);
    health.turned_ms = 0;
    (void)pthread_mutex_unlock(&health.mutex);
}

void kh_health_set(kh_health_part part, const char *why)
{
    (void)pthread_mutex_lock(&health.mutex);
    put(part, why);
    (void)pthread_mutex_unlock(&health.mutex);
}

void kh_health_turn(int64_t when)
{
    (void)pthread_mutex_lock(&health.mutex);
    health.turned_ms = when;
    (void)pthread_mutex_unlock(&health.mutex);
}

bool kh_health_is_well(kh_health_part part)
{
    (void)pthread_mutex_lock(&health.mutex);
    bool well = health.why[part][0] == '\0';
    (void)pthread_mutex_unlock(&health.mutex);
    return well;
}

bool kh_health_ready(int64_t now, FILE *out)
{
    bool ready = true;
    (void)pthread_mutex_lock(&health.mutex);
    for (kh_health_part part = 0; part < KH_HEALTH_PARTS; part++) {
        if (health.why[part][0] != '\0') {
            ready = false;
            if (out != NULL) {
                (void)fprintf(out, "%s\n", health.why[part]);
            }
        }
    }
    int64_t held_ms = health.turned_ms == 0 ? 0 : now - health.turned_ms;
    if (held_ms > STEP_MS) {
        ready = false;
        if (out != NULL) {
            (void)fprintf(out, "worker: one step has taken %lld s so far\n", (long long)(held_ms / 1000));
        }
    }
    (void)pthread_mutex_unlock(&health.mutex);
    if (ready && out != NULL) {
        (void)fputs("ready\n", out);
    }
    return ready;
}

bool kh_health_live(uint32_t quiet, uint32_t limit, FILE *out)
{
    bool live = limit == 0 || quiet < limit - limit / 4;
    if (live) {
        (void)fputs("live\n", out);
    } else {
        (void)fprintf(out, "watchdog: no progress for %u s; it ends the worker after %u\n", quiet, limit);
    }
    return live;
}
