/* tests/model/publish.pml describes when what is queued is published, tried again or dropped, and changes with it. */
#include "app/publishing.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "app/failpoint.h"
#include "app/log.h"
#include "app/metrics.h"

#define DEPTH_MAX 64
/* The broker says that a transaction is committed before it has ended it everywhere. One on its heels is refused, and
 * librdkafka asks again after a back-off of 10 ms and more; what is decided meanwhile leaves together. Of 3, 6, 10 and
 * 20 ms this gave the least p99 (tests/bench/latency.sh): a transaction costs the broker a request for each partition.
 */
#define REST_MS 10

struct kh_publishing {
    kh_publisher *publisher;
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    kh_outgoing slots[DEPTH_MAX];
    kh_outgoing *idle[DEPTH_MAX];
    size_t idle_count;
    kh_outgoing *queue[DEPTH_MAX]; /* in order */
    size_t queue_count;
    size_t slot_count;
    size_t busy; /* how many of the queue are in the transaction in hand */
    int64_t rests_until_ms;
    bool ends;
    bool abandons; /* what was aborted for certain is not tried again */
    kh_rc failed;
    kh_kafka_error error;
    kh_message *messages; /* of the transaction in hand, when it is of several batches */
    size_t message_size;
    kh_lane_offset *offsets;
    size_t offset_size;
    int64_t marks[KH_LANES_MAX];
};

static bool wait_until(kh_publishing *publishing, int64_t deadline_ms)
{
    struct timespec until = {deadline_ms / 1000, (long)(deadline_ms % 1000) * 1000000};
    return pthread_cond_timedwait(&publishing->changed, &publishing->mutex, &until) != ETIMEDOUT;
}

kh_rc kh_publish_once(kh_publisher *publisher, const kh_publication *publication, kh_kafka_error *error)
{
    int64_t began = kh_monotonic_us();
    kh_rc rc = kh_publisher_publish(publisher, publication, error);
    kh_metric_observe(KH_METRIC_PUBLISH_SECONDS, kh_monotonic_us() - began);
    kh_metric_add(KH_METRIC_KAFKA_TRANSACTIONS, kh_metric_outcome(rc), 1);
    kh_metric_add(KH_METRIC_MESSAGES, 0, rc == KH_OK ? publication->message_count : 0);
    return rc;
}

/* Tries again what was aborted for certain. */
static kh_rc publish(kh_publishing *publishing, const kh_publication *publication, kh_kafka_error *error)
{
    int64_t pause_ms = 20;
    while (publishing->publisher != NULL) {
        kh_rc rc = kh_publish_once(publishing->publisher, publication, error);
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
    return KH_OK; /* a replay publishes nothing */
}

static bool reserve(void **items, size_t *size, size_t wanted, size_t item_size)
{
    if (wanted <= *size) {
        return true;
    }
    void *grown = realloc(*items, wanted * item_size);
    if (grown == NULL) {
        return false;
    }
    *items = grown;
    *size = wanted;
    return true;
}

/* A lane's later batch says where the lane is; so does its later offset. */
static void put_offset(kh_publication *publication, kh_lane_offset *offsets, const kh_lane_offset *offset)
{
    for (size_t i = 0; i < publication->offset_count; i++) {
        if (offsets[i].lane == offset->lane && offsets[i].topic == offset->topic) {
            offsets[i] = *offset;
            return;
        }
    }
    offsets[publication->offset_count++] = *offset;
}

/* How many of the first batches leave together: all of one assignment, which the kept claim proves. */
static size_t count_together(const kh_publishing *publishing)
{
    size_t count = 1;
    while (count < publishing->queue_count && publishing->queue[count]->claim == publishing->queue[0]->claim) {
        count++;
    }
    return count;
}

/* \return false when memory is out: then the first leaves alone, which needs none. */
static bool gather(kh_publishing *publishing, size_t count, kh_publication *out)
{
    size_t messages = 0;
    size_t offsets = 0;
    for (size_t i = 0; i < count; i++) {
        messages += publishing->queue[i]->message_count;
        offsets += publishing->queue[i]->offset_count;
    }
    if (!reserve((void **)&publishing->messages, &publishing->message_size, messages, sizeof *publishing->messages) ||
        !reserve((void **)&publishing->offsets, &publishing->offset_size, offsets, sizeof *publishing->offsets)) {
        return false;
    }
    *out = (kh_publication){
        .messages = publishing->messages, .offsets = publishing->offsets, .claim = publishing->queue[0]->claim};
    for (size_t i = 0; i < count; i++) {
        const kh_outgoing *one = publishing->queue[i];
        if (one->message_count > 0) {
            memcpy(publishing->messages + out->message_count, one->messages,
                   one->message_count * sizeof *one->messages);
        }
        out->message_count += one->message_count;
        for (size_t o = 0; o < one->offset_count; o++) {
            put_offset(out, publishing->offsets, &one->offsets[o]);
        }
    }
    return true;
}

static size_t prepare(kh_publishing *publishing, kh_publication *out)
{
    const kh_outgoing *first = publishing->queue[0];
    size_t count = count_together(publishing);
    if (count > 1 && gather(publishing, count, out)) {
        return count;
    }
    *out = (kh_publication){first->messages, first->message_count, first->offsets, first->offset_count, first->claim};
    return 1;
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

static void finish(kh_publishing *publishing, size_t count, kh_rc rc, const kh_kafka_error *error)
{
    if (rc != KH_OK) {
        publishing->failed = rc;
        publishing->error = *error;
        drop_queue(publishing, 0);
        return;
    }
    for (size_t b = 0; b < count; b++) {
        kh_outgoing *out = publishing->queue[b];
        for (size_t i = 0; i < out->mark_count; i++) {
            publishing->marks[out->marks[i].lane] = out->marks[i].next_seq;
        }
        put_back(publishing, out);
    }
    publishing->queue_count -= count;
    memmove(publishing->queue, publishing->queue + count, publishing->queue_count * sizeof *publishing->queue);
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
        if (kh_monotonic_ms() < publishing->rests_until_ms) {
            (void)wait_until(publishing, publishing->rests_until_ms);
            continue;
        }
        kh_kafka_error error = {0};
        kh_publication publication;
        publishing->busy = prepare(publishing, &publication);
        (void)pthread_mutex_unlock(&publishing->mutex);
        kh_failpoint(KH_AT_BEFORE_PUBLISH);
        kh_rc rc = publish(publishing, &publication, &error);
        kh_failpoint(KH_AT_AFTER_PUBLISH);
        (void)pthread_mutex_lock(&publishing->mutex);
        size_t count = publishing->busy;
        publishing->busy = 0;
        publishing->rests_until_ms = publishing->publisher == NULL ? 0 : kh_monotonic_ms() + REST_MS;
        finish(publishing, count, rc, &error);
        kh_failpoint(KH_AT_AFTER_NOTING_MARKS);
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
    publishing->slot_count = depth < DEPTH_MAX ? depth : DEPTH_MAX;
    for (size_t i = 0; i < publishing->slot_count; i++) {
        kh_outgoing_init(&publishing->slots[i]);
        publishing->idle[publishing->idle_count++] = &publishing->slots[i];
    }
    for (size_t i = 0; i < KH_LANES_MAX; i++) {
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
    free(publishing->messages);
    free(publishing->offsets);
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
    while (publishing->queue_count > 0 && wait_until(publishing, deadline)) {
    }
    bool settled = publishing->queue_count == 0;
    (void)pthread_mutex_unlock(&publishing->mutex);
    return settled;
}

size_t kh_publishing_count(kh_publishing *publishing)
{
    (void)pthread_mutex_lock(&publishing->mutex);
    size_t count = publishing->queue_count;
    (void)pthread_mutex_unlock(&publishing->mutex);
    return count;
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
    drop_queue(publishing, publishing->busy);
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
