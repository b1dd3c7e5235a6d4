#include "app/crew.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "app/log.h"

typedef struct hand {
    kh_crew *crew;
    pthread_t thread;
    void (*task)(void *self); /* NULL: nothing to do */
    void *self;
} hand;

struct kh_crew {
    pthread_mutex_t mutex;
    pthread_cond_t begun;
    pthread_cond_t ended;
    bool any_ended; /* since it was last waited for */
    bool ends;
    void (*tell)(void *self);
    void *tell_self;
    size_t count; /* of hands that have a thread */
    hand hands[];
};

static void *run(void *argument)
{
    hand *of = argument;
    kh_crew *crew = of->crew;
    (void)pthread_mutex_lock(&crew->mutex);
    for (;;) {
        if (of->task == NULL && crew->ends) {
            break;
        }
        if (of->task == NULL) {
            (void)pthread_cond_wait(&crew->begun, &crew->mutex);
            continue;
        }
        (void)pthread_mutex_unlock(&crew->mutex);
        of->task(of->self);
        (void)pthread_mutex_lock(&crew->mutex);
        of->task = NULL;
        crew->any_ended = true;
        (void)pthread_cond_broadcast(&crew->ended);
        if (crew->tell != NULL) {
            crew->tell(crew->tell_self);
        }
    }
    (void)pthread_mutex_unlock(&crew->mutex);
    return NULL;
}

kh_crew *kh_crew_new(size_t hands)
{
    kh_crew *crew = calloc(1, sizeof *crew + hands * sizeof crew->hands[0]);
    if (crew == NULL) {
        return NULL;
    }
    pthread_condattr_t attributes;
    (void)pthread_condattr_init(&attributes);
    (void)pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    (void)pthread_mutex_init(&crew->mutex, NULL);
    (void)pthread_cond_init(&crew->begun, NULL);
    (void)pthread_cond_init(&crew->ended, &attributes);
    (void)pthread_condattr_destroy(&attributes);
    while (crew->count < hands) {
        hand *of = &crew->hands[crew->count];
        of->crew = crew;
        if (pthread_create(&of->thread, NULL, run, of) != 0) {
            kh_crew_free(crew);
            return NULL;
        }
        crew->count++;
    }
    return crew;
}

void kh_crew_free(kh_crew *crew)
{
    if (crew == NULL) {
        return;
    }
    (void)pthread_mutex_lock(&crew->mutex);
    crew->ends = true;
    (void)pthread_cond_broadcast(&crew->begun);
    (void)pthread_mutex_unlock(&crew->mutex);
    for (size_t i = 0; i < crew->count; i++) {
        (void)pthread_join(crew->hands[i].thread, NULL);
    }
    (void)pthread_cond_destroy(&crew->begun);
    (void)pthread_cond_destroy(&crew->ended);
    (void)pthread_mutex_destroy(&crew->mutex);
    free(crew);
}

void kh_crew_tell(kh_crew *crew, void (*tell)(void *self), void *self)
{
    (void)pthread_mutex_lock(&crew->mutex);
    crew->tell = tell;
    crew->tell_self = self;
    (void)pthread_mutex_unlock(&crew->mutex);
}

void kh_crew_begin(kh_crew *crew, size_t number, void (*task)(void *self), void *self)
{
    (void)pthread_mutex_lock(&crew->mutex);
    crew->hands[number].self = self;
    crew->hands[number].task = task;
    (void)pthread_cond_broadcast(&crew->begun);
    (void)pthread_mutex_unlock(&crew->mutex);
}

bool kh_crew_is_busy(kh_crew *crew, size_t number)
{
    (void)pthread_mutex_lock(&crew->mutex);
    bool busy = crew->hands[number].task != NULL;
    (void)pthread_mutex_unlock(&crew->mutex);
    return busy;
}

void kh_crew_wait_for_any(kh_crew *crew, int timeout_ms)
{
    int64_t deadline = kh_monotonic_ms() + timeout_ms;
    struct timespec until = {deadline / 1000, (long)(deadline % 1000) * 1000000};
    (void)pthread_mutex_lock(&crew->mutex);
    while (!crew->any_ended && pthread_cond_timedwait(&crew->ended, &crew->mutex, &until) != ETIMEDOUT) {
    }
    crew->any_ended = false;
    (void)pthread_mutex_unlock(&crew->mutex);
}

static bool any_busy(const kh_crew *crew)
{
    for (size_t i = 0; i < crew->count; i++) {
        if (crew->hands[i].task != NULL) {
            return true;
        }
    }
    return false;
}

void kh_crew_wait_for_all(kh_crew *crew)
{
    (void)pthread_mutex_lock(&crew->mutex);
    while (any_busy(crew)) {
        (void)pthread_cond_wait(&crew->ended, &crew->mutex);
    }
    (void)pthread_mutex_unlock(&crew->mutex);
}
