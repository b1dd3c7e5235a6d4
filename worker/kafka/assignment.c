#include "kafka/assignment.h"

#include <stdlib.h>
#include <string.h>

#include "kafka/handle.h"

static int compare_lanes(const void *a, const void *b)
{
    int32_t left = *(const int32_t *)a;
    int32_t right = *(const int32_t *)b;
    return left < right ? -1 : left > right;
}

static kh_rc check_topics(const kh_assignment *assignment, const rd_kafka_topic_partition_list_t *list,
                          kh_kafka_error *error)
{
    for (size_t i = 0; i < assignment->lane_count; i++) {
        for (size_t topic = 0; topic < assignment->topic_count; topic++) {
            if (rd_kafka_topic_partition_list_find(list, assignment->topics[topic], assignment->lanes[i]) == NULL) {
                return kh_handle_fail(
                    error, KH_E_CONFIGURATION, 0,
                    "the group has given partition %d, but not that of topic %s: all source topics must have "
                    "the same number of partitions, and all members must be workers of this version",
                    (int)assignment->lanes[i], assignment->topics[topic]);
            }
        }
    }
    return KH_OK;
}

kh_rc kh_assignment_take(kh_assignment *assignment, const rd_kafka_topic_partition_list_t *list, kh_kafka_error *error)
{
    size_t count = (size_t)list->cnt;
    size_t kept = 0;
    kh_assignment_clear(assignment);
    assignment->lanes = malloc((count + 1) * sizeof *assignment->lanes);
    assignment->parts = calloc((count + 1) * assignment->topic_count, sizeof *assignment->parts);
    if (assignment->lanes == NULL || assignment->parts == NULL) {
        kh_assignment_clear(assignment);
        return kh_handle_fail(error, KH_E_MEMORY, 0, "out of memory for an assignment");
    }
    int32_t *lanes = assignment->lanes;
    for (size_t i = 0; i < count; i++) {
        lanes[i] = list->elems[i].partition;
    }
    qsort(lanes, count, sizeof *lanes, compare_lanes);
    for (size_t i = 0; i < count; i++) {
        if (i == 0 || lanes[i] != lanes[i - 1]) {
            lanes[kept++] = lanes[i];
        }
    }
    assignment->lane_count = kept;
    kh_rc rc = check_topics(assignment, list, error);
    if (rc != KH_OK) {
        kh_assignment_clear(assignment);
    }
    return rc;
}

void kh_assignment_clear(kh_assignment *assignment)
{
    free(assignment->lanes);
    free(assignment->parts);
    assignment->lanes = NULL;
    assignment->parts = NULL;
    assignment->lane_count = 0;
}

size_t kh_assignment_topic(const kh_assignment *assignment, const char *name)
{
    for (size_t i = 0; i < assignment->topic_count; i++) {
        if (strcmp(assignment->topics[i], name) == 0) {
            return i;
        }
    }
    return SIZE_MAX;
}

kh_part *kh_assignment_find(kh_assignment *assignment, size_t topic, int32_t lane)
{
    const int32_t *found = assignment->lane_count == 0 || topic >= assignment->topic_count
                               ? NULL
                               : bsearch(&lane, assignment->lanes, assignment->lane_count, sizeof lane, compare_lanes);
    return found == NULL ? NULL
                         : &assignment->parts[(size_t)(found - assignment->lanes) * assignment->topic_count + topic];
}

void kh_assignment_end(kh_assignment *assignment)
{
    for (size_t i = 0; i < assignment->lane_count * assignment->topic_count; i++) {
        assignment->parts[i].started = false;
    }
}

static bool is_started(const kh_part *part)
{
    return part->started;
}

static bool is_paused(const kh_part *part)
{
    return part->started && part->paused;
}

static bool is_undrained(const kh_part *part)
{
    return part->started && !part->paused && !part->drained;
}

static rd_kafka_topic_partition_list_t *list_of(const kh_assignment *assignment, bool (*is_wanted)(const kh_part *part))
{
    size_t count = assignment->lane_count * assignment->topic_count;
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new((int)count);
    for (size_t i = 0; i < count; i++) {
        if (is_wanted(&assignment->parts[i])) {
            const char *topic = assignment->topics[i % assignment->topic_count];
            int32_t lane = assignment->lanes[i / assignment->topic_count];
            rd_kafka_topic_partition_list_add(list, topic, lane)->offset = assignment->parts[i].next;
        }
    }
    return list;
}

rd_kafka_topic_partition_list_t *kh_assignment_started(const kh_assignment *assignment)
{
    return list_of(assignment, is_started);
}

rd_kafka_topic_partition_list_t *kh_assignment_paused(const kh_assignment *assignment)
{
    return list_of(assignment, is_paused);
}

rd_kafka_topic_partition_list_t *kh_assignment_undrained(const kh_assignment *assignment)
{
    return list_of(assignment, is_undrained);
}

rd_kafka_topic_partition_list_t *kh_assignment_pause(kh_assignment *assignment, const int32_t *lanes, size_t count,
                                                     bool pause)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new((int)(count * assignment->topic_count));
    for (size_t i = 0; i < count; i++) {
        for (size_t topic = 0; topic < assignment->topic_count; topic++) {
            kh_part *part = kh_assignment_find(assignment, topic, lanes[i]);
            if (part != NULL && part->started && part->paused != pause) {
                part->paused = pause;
                rd_kafka_topic_partition_list_add(list, assignment->topics[topic], lanes[i])->offset = part->next;
            }
        }
    }
    return list;
}
