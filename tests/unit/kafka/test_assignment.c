/* The table of what is assigned and how far it is read. */
#include "support/kh_test.h"

#include <string.h>

#include "kafka/assignment.h"

static char *const TOPICS[] = {"a", "b"};

static rd_kafka_topic_partition_list_t *given(int32_t first, int32_t count)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(0);
    for (int32_t lane = first + count - 1; lane >= first; lane--) {
        rd_kafka_topic_partition_list_add(list, "a", lane);
        rd_kafka_topic_partition_list_add(list, "b", lane);
    }
    return list;
}

static void take(kh_assignment *assignment, int32_t first, int32_t count)
{
    rd_kafka_topic_partition_list_t *list = given(first, count);
    *assignment = (kh_assignment){.topics = TOPICS, .topic_count = 2};
    assert_rc(kh_assignment_take(assignment, list, NULL), KH_OK);
    rd_kafka_topic_partition_list_destroy(list);
}

/* How many are in the list, which is destroyed; each with the offset that its part has. */
static int count(kh_assignment *assignment, rd_kafka_topic_partition_list_t *list)
{
    int found = list->cnt;
    for (int i = 0; i < found; i++) {
        const rd_kafka_topic_partition_t *of = &list->elems[i];
        const kh_part *part = kh_assignment_find(assignment, kh_assignment_topic(assignment, of->topic), of->partition);
        assert_non_null(part);
        assert_int_equal(of->offset, part->next);
    }
    rd_kafka_topic_partition_list_destroy(list);
    return found;
}

static void lanes_are_found(void **state)
{
    kh_assignment assignment;
    (void)state;
    take(&assignment, 3, 4);
    assert_int_equal(assignment.lane_count, 4);
    for (int32_t lane = 0; lane < 10; lane++) {
        bool here = lane >= 3 && lane < 7;
        assert_true((kh_assignment_find(&assignment, 0, lane) != NULL) == here);
        assert_true((kh_assignment_find(&assignment, 1, lane) != NULL) == here);
        assert_null(kh_assignment_find(&assignment, 2, lane));
        assert_true(!here || assignment.lanes[lane - 3] == lane);
    }
    assert_ptr_not_equal(kh_assignment_find(&assignment, 0, 3), kh_assignment_find(&assignment, 1, 3));
    assert_int_equal(kh_assignment_topic(&assignment, "b"), 1);
    assert_true(kh_assignment_topic(&assignment, "c") == SIZE_MAX);
    kh_assignment_clear(&assignment);
    assert_null(kh_assignment_find(&assignment, 0, 3));
}

static void a_lane_comes_with_every_topic(void **state)
{
    kh_kafka_error error = {0};
    kh_assignment assignment = {.topics = TOPICS, .topic_count = 2};
    rd_kafka_topic_partition_list_t *list = given(0, 2);
    (void)state;
    rd_kafka_topic_partition_list_add(list, "a", 2);
    assert_rc(kh_assignment_take(&assignment, list, &error), KH_E_CONFIGURATION);
    assert_non_null(strstr(error.text, "partition 2, but not that of topic b"));
    assert_int_equal(assignment.lane_count, 0);
    assert_null(kh_assignment_find(&assignment, 0, 0));
    rd_kafka_topic_partition_list_destroy(list);
}

static void each_list_holds_what_it_says(void **state)
{
    kh_assignment assignment;
    (void)state;
    take(&assignment, 0, 3);
    assert_int_equal(count(&assignment, kh_assignment_started(&assignment)), 0);
    for (int32_t lane = 0; lane < 2; lane++) {
        for (size_t topic = 0; topic < 2; topic++) {
            *kh_assignment_find(&assignment, topic, lane) = (kh_part){.started = true, .next = 10 * lane + (int)topic};
        }
    }
    int32_t lanes[] = {1, 2, 9}; /* one that is not started, one that is not ours */
    assert_int_equal(count(&assignment, kh_assignment_started(&assignment)), 4);
    assert_int_equal(count(&assignment, kh_assignment_undrained(&assignment)), 4);
    assert_int_equal(count(&assignment, kh_assignment_pause(&assignment, lanes, 3, false)), 0);
    assert_int_equal(count(&assignment, kh_assignment_pause(&assignment, lanes, 3, true)), 2);
    assert_int_equal(count(&assignment, kh_assignment_pause(&assignment, lanes, 3, true)), 0);
    assert_int_equal(count(&assignment, kh_assignment_paused(&assignment)), 2);
    assert_int_equal(count(&assignment, kh_assignment_started(&assignment)), 4);
    assert_int_equal(count(&assignment, kh_assignment_undrained(&assignment)), 2);
    kh_assignment_find(&assignment, 1, 0)->drained = true;
    assert_int_equal(count(&assignment, kh_assignment_undrained(&assignment)), 1);
    assert_int_equal(count(&assignment, kh_assignment_pause(&assignment, lanes, 3, false)), 2);
    assert_int_equal(count(&assignment, kh_assignment_undrained(&assignment)), 3);
    kh_assignment_end(&assignment);
    assert_int_equal(count(&assignment, kh_assignment_started(&assignment)), 0);
    assert_int_equal(count(&assignment, kh_assignment_undrained(&assignment)), 0);
    assert_int_equal(assignment.lane_count, 3);
    kh_assignment_clear(&assignment);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lanes_are_found),
        cmocka_unit_test(a_lane_comes_with_every_topic),
        cmocka_unit_test(each_list_holds_what_it_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
