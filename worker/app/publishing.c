#include "app/publishing.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "app/failpoint.h"
#include "app/log.h"

#define DEPTH_MAX 16
#define LANES_MAX 4096

struct kh_publishing {
    kh_publisher *publisher;
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    kh_outgoing slots[DEPTH_MAX + 1];
    kh_outgoing *idle[DEPTH_MAX + 1];
    size_t idle_count;
    kh_outgoing *queue[DEPTH_MAX + 1]; /* in order */
    size_t queue_count;
    size_t slot_count;
    bool busy;
    bool ends;
    bool abandons; /* what was aborted for certain is not tried again */
    kh_rc failed;
    kh_kafka_error error;
    int64_t marks[LANES_MAX];
};

static bool wait_until(kh_publishing *publishing, int64_t deadline_ms)
{
    struct timespec until = {deadline_ms / 1000, (long)(deadline_ms % 1000) * 1000000};
    return pthread_cond_timedwait(&publishing->changed, &publishing->mutex, &until) != ETIMEDOUT;
}

/* Tries again what was aborted for certain. */
static kh_rc publish(kh_publishing *publishing, const kh_outgoing *out, kh_kafka_error *error)
{
    kh_publication publication = {out->messages, out->message_count, out->offsets, out->offset_count, out->claim};
    int64_t pause_ms = 20;
    for (;;) {
        kh_rc rc = kh_publisher_publish(publishing->publisher, &publication, error);
        if (rc != KH_E_RETRY) {
            return rc;
        }
        kh_log(KH_LOG_WARNING, "publish-again", "%s", error->text);
        (void)pthread_mutex_lock(&publishing->mutex);
        int64_t deadline = kh_monotonic_ms() + pause_ms;
        while (!publishing->ends && !publishing->abandons && wait_until(publishing, deadline)) {
        }
        bool ends = publishing->ends || publishing->abandons;
        (void)pthread_mutex_unlock(&publishing->mutex);
        if (ends) {
            return rc;
        }
        pause_ms = pause_ms < 1000 ? pause_ms * 2 : pause_ms;
    }
}

static void put_back(kh_publishing *publishing, kh_outgoing *out)
{
    kh_outgoing_reset(out);
    publishing->idle[publishing->idle_count++] = out;
}

static void drop_queue(kh_publishing *publishing, size_t from)
{
    while (publishing->queue_count > from) {
        put_back(publishing, publishing->queue[--publishing->queue_count]);
    }
}

static void finish_first(kh_publishing *publishing, kh_rc rc, const kh_kafka_error *error)
{
    kh_outgoing *out = publishing->queue[0];
    publishing->queue_count--;
    memmove(publishing->queue, publishing->queue + 1, publishing->queue_count * sizeof *publishing->queue);
    if (rc == KH_OK) {
        for (size_t i = 0; i < out->mark_count; i++) {
            publishing->marks[out->marks[i].lane] = out->marks[i].next_seq;
        }
    } else {
        publishing->failed = rc;
        publishing->error = *error;
        drop_queue(publishing, 0);
    }
    put_back(publishing, out);
}

static void *run(void *self)
{
    kh_publishing *publishing = self;
    (void)pthread_mutex_lock(&publishing->mutex);
    while (!publishing->ends) {
        if (publishing->queue_count == 0) {
            (void)pthread_cond_wait(&publishing->changed, &publishing->mutex);
            continue;
        }
        kh_kafka_error error = {0};
        const kh_outgoing *out = publishing->queue[0];
        publishing->busy = true;
        (void)pthread_mutex_unlock(&publishing->mutex);
        kh_failpoint("before-publish");
        kh_rc rc = publish(publishing, out, &error);
        kh_failpoint("after-publish");
        (void)pthread_mutex_lock(&publishing->mutex);
        publishing->busy = false;
        finish_first(publishing, rc, &error);
        (void)pthread_cond_broadcast(&publishing->changed);
    }
    (void)pthread_mutex_unlock(&publishing->mutex);
    return NULL;
}

kh_publishing *kh_publishing_new(kh_publisher *publisher, uint32_t depth)
{
    kh_publishing *publishing = calloc(1, sizeof *publishing);
    if (publishing == NULL) {
        return NULL;
    }
    pthread_condattr_t attributes;
    (void)pthread_condattr_init(&attributes);
    (void)pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    (void)pthread_mutex_init(&publishing->mutex, NULL);
    (void)pthread_cond_init(&publishing->changed, &attributes);
    (void)pthread_condattr_destroy(&attributes);
    publishing->publisher = publisher;
    publishing->slot_count = (depth < DEPTH_MAX ? depth : DEPTH_MAX) + 1; /* one more is being decided */
    for (size_t i = 0; i < publishing->slot_count; i++) {
        kh_outgoing_init(&publishing->slots[i]);
        publishing->idle[publishing->idle_count++] = &publishing->slots[i];
    }
    for (size_t i = 0; i < LANES_MAX; i++) {
        publishing->marks[i] = -1;
    }
    if (pthread_create(&publishing->thread, NULL, run, publishing) != 0) {
        free(publishing);
        return NULL;
    }
    return publishing;
}

void kh_publishing_free(kh_publishing *publishing)
{
    if (publishing == NULL) {
        return;
    }
    (void)pthread_mutex_lock(&publishing->mutex);
    publishing->ends = true;
    (void)pthread_cond_broadcast(&publishing->changed);
    (void)pthread_mutex_unlock(&publishing->mutex);
    (void)pthread_join(publishing->thread, NULL);
    for (size_t i = 0; i < publishing->slot_count; i++) {
        kh_outgoing_deinit(&publishing->slots[i]);
    }
    (void)pthread_cond_destroy(&publishing->changed);
    (void)pthread_mutex_destroy(&publishing->mutex);
    free(publishing);
}

kh_outgoing *kh_publishing_borrow(kh_publishing *publishing, int timeout_ms)
{
    int64_t deadline = kh_monotonic_ms() + timeout_ms;
    (void)pthread_mutex_lock(&publishing->mutex);
    while (publishing->idle_count == 0 && wait_until(publishing, deadline)) {
    }
    kh_outgoing *out = publishing->idle_count == 0 ? NULL : publishing->idle[--publishing->idle_count];
    (void)pthread_mutex_unlock(&publishing->mutex);
    return out;
}

void kh_publishing_return(kh_publishing *publishing, kh_outgoing *out)
{
    (void)pthread_mutex_lock(&publishing->mutex);
    put_back(publishing, out);
    (void)pthread_cond_broadcast(&publishing->changed);
    (void)pthread_mutex_unlock(&publishing->mutex);
}

void kh_publishing_submit(kh_publishing *publishing, kh_outgoing *out)
{
    (void)pthread_mutex_lock(&publishing->mutex);
    if (publishing->failed != KH_OK) {
        put_back(publishing, out);
    } else {
        publishing->queue[publishing->queue_count++] = out;
    }
    (void)pthread_cond_broadcast(&publishing->changed);
    (void)pthread_mutex_unlock(&publishing->mutex);
}

kh_rc kh_publishing_failed(kh_publishing *publishing, kh_kafka_error *error)
{
    (void)pthread_mutex_lock(&publishing->mutex);
    kh_rc failed = publishing->failed;
    if (error != NULL) {
        *error = publishing->error;
    }
    (void)pthread_mutex_unlock(&publishing->mutex);
    return failed;
}

bool kh_publishing_wait(kh_publishing *publishing, int timeout_ms)
{
    int64_t deadline = kh_monotonic_ms() + timeout_ms;
    (void)pthread_mutex_lock(&publishing->mutex);
    while ((publishing->queue_count > 0 || publishing->busy) && wait_until(publishing, deadline)) {
    }
    bool settled = publishing->queue_count == 0 && !publishing->busy;
    (void)pthread_mutex_unlock(&publishing->mutex);
    return settled;
}

void kh_publishing_restart(kh_publishing *publishing)
{
    (void)pthread_mutex_lock(&publishing->mutex);
    publishing->failed = KH_OK;
    publishing->abandons = false;
    (void)pthread_mutex_unlock(&publishing->mutex);
}

void kh_publishing_drop(kh_publishing *publishing)
{
    (void)pthread_mutex_lock(&publishing->mutex);
    drop_queue(publishing, publishing->busy ? 1 : 0);
    publishing->abandons = true;
    (void)pthread_cond_broadcast(&publishing->changed);
    (void)pthread_mutex_unlock(&publishing->mutex);
}

int64_t kh_publishing_mark(kh_publishing *publishing, int32_t lane)
{
    (void)pthread_mutex_lock(&publishing->mutex);
    int64_t mark = publishing->marks[lane];
    (void)pthread_mutex_unlock(&publishing->mutex);
    return mark;
}
