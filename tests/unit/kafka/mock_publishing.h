/* A member of a group on a mock cluster, and a publisher with one publication that moves its offset. */
#ifndef MOCK_PUBLISHING_H
#define MOCK_PUBLISHING_H

#include "mock_cluster.h"

#include <stdio.h>
#include <string.h>

#include "kafka/publisher.h"

#ifdef __SANITIZE_ADDRESS__
/* librdkafka loses a request of its own when a transaction ends while it tries again; seen by the whole stack only. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
    return "leak:rd_kafka_send_offsets_to_transaction\n";
}

const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
    return "fast_unwind_on_malloc=0";
}
#endif

typedef struct mock_publishing {
    mock_cluster mock;
    kh_publisher *publisher;
    kh_consumer *consumer;
    kh_group_claim *claim;
    kh_message message;
    kh_lane_offset offset;
    kh_publication publication;
    char steps[256]; /* the names of the steps so far, a space behind each */
} mock_publishing;

static inline void mock_publishing_note(void *self, kh_publish_step step)
{
    static const char *const NAMES[] = {"begun", "produced", "offsets-sent", "committed", "aborted"};
    mock_publishing *of = self;
    size_t used = strlen(of->steps);
    snprintf(of->steps + used, sizeof of->steps - used, "%s ", NAMES[step]);
}

/*! For cmocka: *state is a mock_publishing then. */
static inline int mock_publishing_setup(void **state)
{
    static mock_publishing publishing;
    mock_publishing *of = &publishing;
    const char *sources[] = {"source"};
    const char *results[] = {"result"};
    *of = (mock_publishing){.publisher = NULL};
    mock_cluster_init(&of->mock);
    mock_cluster_topic(&of->mock, "source", 1);
    mock_cluster_topic(&of->mock, "result", 1);
    of->mock.settings.step = mock_publishing_note;
    of->mock.settings.self = of;
    assert_rc(kh_consumer_new(&of->mock.settings, sources, 1, &of->consumer, NULL), KH_OK);
    of->claim = kh_group_claim_hold(mock_cluster_await(of->consumer, KH_CONSUMER_ASSIGNED).claim);
    assert_non_null(of->claim);
    assert_rc(kh_publisher_new(&of->mock.settings, "id", results, 1, &of->publisher, NULL), KH_OK);
    assert_rc(kh_publisher_init(of->publisher, 30000, NULL, NULL), KH_OK);
    of->message = (kh_message){.has_value = true, .value = KH_TEXT("v"), .timestamp = KH_INSTANT_NONE};
    of->offset = (kh_lane_offset){"source", 0, 1, KH_TEXT("mark")};
    of->publication = (kh_publication){&of->message, 1, &of->offset, 1, of->claim};
    *state = of;
    return 0;
}

static inline int mock_publishing_teardown(void **state)
{
    mock_publishing *of = *state;
    kh_publisher_free(of->publisher);
    kh_group_claim_release(of->claim);
    kh_consumer_free(of->consumer);
    mock_cluster_deinit(&of->mock);
    return 0;
}

#endif
