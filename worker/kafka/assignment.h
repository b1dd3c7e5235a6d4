/* For this room only: the lanes that the group has given, and how far each topic's partition of them is read. Only the
 * table: librdkafka is told by whoever holds it. */
#ifndef KH_KAFKA_ASSIGNMENT_H
#define KH_KAFKA_ASSIGNMENT_H

#include <librdkafka/rdkafka.h>

#include "kafka/client.h"

/*! One topic's partition of one lane. */
typedef struct kh_part {
    bool started;
    bool paused;
    bool drained; /*!< told to be at its end, since it was started or gave a record */
    int64_t next; /*!< behind the last delivered record: librdkafka's own position is not to be relied on */
} kh_part;

/*! Zero at first but for the topics; pairs with kh_assignment_clear. */
typedef struct kh_assignment {
    char *const *topics; /*!< borrowed */
    size_t topic_count;
    int32_t *lanes; /*!< ascending */
    size_t lane_count;
    kh_part *parts; /*!< [lane * topic_count + topic] */
} kh_assignment;

/*! Takes the lanes of a group's list in place of those before, none started.
 *  \retval KH_E_CONFIGURATION  a lane does not come with every topic; there are no lanes then
 *  \retval KH_E_MEMORY         likewise none */
KH_MUSTCHECK kh_rc kh_assignment_take(kh_assignment *assignment, const rd_kafka_topic_partition_list_t *list,
                                      kh_kafka_error *error);

/*! No lanes any more. */
void kh_assignment_clear(kh_assignment *assignment);

/*! \return SIZE_MAX for a topic that is not one of them. */
size_t kh_assignment_topic(const kh_assignment *assignment, const char *name);

/*! \return NULL if the lane is not among them; valid until the next take or clear. */
kh_part *kh_assignment_find(kh_assignment *assignment, size_t topic, int32_t lane);

/*! No part is started any more. */
void kh_assignment_end(kh_assignment *assignment);

/* ---- lists for librdkafka, each part with `next` as its offset; the caller's to destroy ---- */

/*! Parts that are started. */
rd_kafka_topic_partition_list_t *kh_assignment_started(const kh_assignment *assignment);
/*! Of those, the ones that are paused. */
rd_kafka_topic_partition_list_t *kh_assignment_paused(const kh_assignment *assignment);
/*! Of those, the ones that are read and have not been told to be at their end. */
rd_kafka_topic_partition_list_t *kh_assignment_undrained(const kh_assignment *assignment);

/*! Notes a pause, or its end, for started parts of these lanes. \return those for which that is new. */
rd_kafka_topic_partition_list_t *kh_assignment_pause(kh_assignment *assignment, const int32_t *lanes, size_t count,
                                                     bool pause);

#endif
