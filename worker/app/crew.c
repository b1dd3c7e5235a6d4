#include "app/crew.h"

#include <pthread.h>
#include <stdlib.h>

struct kh_crew {
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    void *(*task)(void *self); /* NULL: nothing to do */
    void *self;
    bool ends;
};

static void *run(void *argument)
{
    kh_crew *crew = argument;
    (void)pthread_mutex_lock(&crew->mutex);
    while (!crew->ends) {
        if (crew->task == NULL) {
            (void)pthread_cond_wait(&crew->changed, &crew->mutex);
            continue;
        }
        (void)pthread_mutex_unlock(&crew->mutex);
        (void)crew->task(crew->self);
        (void)pthread_mutex_lock(&crew->mutex);
        crew->task = NULL;
        (void)pthread_cond_broadcast(&crew->changed);
    }
    (void)pthread_mutex_unlock(&crew->mutex);
    return NULL;
}

kh_crew *kh_crew_new(void)
{
    kh_crew *crew = calloc(1, sizeof *crew);
    if (crew == NULL) {
        return NULL;
    }
    (void)pthread_mutex_init(&crew->mutex, NULL);
    (void)pthread_cond_init(&crew->changed, NULL);
    if (pthread_create(&crew->thread, NULL, run, crew) != 0) {
        free(crew);
        return NULL;
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
    (void)pthread_cond_broadcast(&crew->changed);
    (void)pthread_mutex_unlock(&crew->mutex);
    (void)pthread_join(crew->thread, NULL);
    (void)pthread_cond_destroy(&crew->changed);
    (void)pthread_mutex_destroy(&crew->mutex);
    free(crew);
}

void kh_crew_begin(kh_crew *crew, void *(*task)(void *self), void *self)
{
    (void)pthread_mutex_lock(&crew->mutex);
    crew->self = self;
    crew->task = task;
    (void)pthread_cond_broadcast(&crew->changed);
    (void)pthread_mutex_unlock(&crew->mutex);
}

void kh_crew_wait(kh_crew *crew)
{
    (void)pthread_mutex_lock(&crew->mutex);
    while (crew->task != NULL) {
        (void)pthread_cond_wait(&crew->changed, &crew->mutex);
    }
    (void)pthread_mutex_unlock(&crew->mutex);
}
