#include "app/waiting.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define SILENT_SECONDS 2

struct kh_waiting {
    void (*why)(void *self, char *out, size_t size);
    void *self;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t ended;
    bool over;
    char what[512];
};

static void say(const kh_waiting *waiting)
{
    char why[512] = "";
    if (waiting->why != NULL) {
        waiting->why(waiting->self, why, sizeof why);
    }
    (void)fprintf(stderr, "kakehashi: waiting for %s%s%s\n", waiting->what, why[0] == '\0' ? "" : "; ", why);
}

static void *watch(void *argument)
{
    kh_waiting *waiting = argument;
    struct timespec until;
    int late = 0;
    (void)clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += SILENT_SECONDS;
    (void)pthread_mutex_lock(&waiting->lock);
    while (!waiting->over && late == 0) {
        late = pthread_cond_timedwait(&waiting->ended, &waiting->lock, &until);
    }
    if (!waiting->over) {
        say(waiting);
    }
    (void)pthread_mutex_unlock(&waiting->lock);
    return NULL;
}

static bool init_ended(pthread_cond_t *ended)
{
    pthread_condattr_t attributes;
    bool well = pthread_condattr_init(&attributes) == 0;
    well = well && pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC) == 0;
    return well && pthread_cond_init(ended, &attributes) == 0;
}

kh_waiting *kh_waiting_begin(void (*why)(void *self, char *out, size_t size), void *self, const char *format, ...)
{
    va_list arguments;
    kh_waiting *waiting = calloc(1, sizeof *waiting);
    if (waiting == NULL) {
        return NULL;
    }
    waiting->why = why;
    waiting->self = self;
    va_start(arguments, format);
    (void)vsnprintf(waiting->what, sizeof waiting->what, format, arguments);
    va_end(arguments);
    if (pthread_mutex_init(&waiting->lock, NULL) != 0 || !init_ended(&waiting->ended) ||
        pthread_create(&waiting->thread, NULL, watch, waiting) != 0) {
        free(waiting);
        return NULL;
    }
    return waiting;
}

void kh_waiting_end(kh_waiting *waiting)
{
    if (waiting == NULL) {
        return;
    }
    (void)pthread_mutex_lock(&waiting->lock);
    waiting->over = true;
    (void)pthread_cond_signal(&waiting->ended);
    (void)pthread_mutex_unlock(&waiting->lock);
    (void)pthread_join(waiting->thread, NULL);
    (void)pthread_cond_destroy(&waiting->ended);
    (void)pthread_mutex_destroy(&waiting->lock);
    free(waiting);
}
