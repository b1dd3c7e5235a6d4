/* Making topics, and checking those that exist; nothing that exists is ever altered. */
#ifndef KH_KAFKA_TOPICS_H
#define KH_KAFKA_TOPICS_H

#include "kafka/client.h"

typedef enum kh_topic_kind {
    KH_TOPIC_SOURCE,     /*!< kept for ever: a replay needs all of it */
    KH_TOPIC_RESULT,     /*!< compacted, each event readable for a week */
    KH_TOPIC_DEAD_LETTER /*!< a year */
} kh_topic_kind;

/*! Who moves a lane's clock: wall (LogAppendTime) or the records' own timestamps (CreateTime). */
typedef enum kh_topic_clock { KH_TOPIC_CLOCK_WALL, KH_TOPIC_CLOCK_RECORDS } kh_topic_clock;

typedef struct kh_topic_wish {
    const char *name;
    kh_topic_kind kind;
} kh_topic_wish;

typedef struct kh_topics_wish {
    const kh_topic_wish *topics;
    size_t topic_count;
    kh_topic_clock clock;
    int32_t partitions;  /*!< of every topic. kh_topics_check: 0 takes the first source topic's count */
    int16_t replication; /*!< 0: the broker's default. kh_topics_create only */
} kh_topics_wish;

/*! Called for each finding, in the topics' order.
 *  \param bad   false: a note ("created") or a warning (what the broker does not tell); true: not as it must be.
 *  \param text  names the topic, what is and what must be. */
typedef void kh_topics_report(void *self, const char *topic, bool bad, const char *text);

/*! Makes the topics that do not exist, and checks the others.
 *  \param report  may be NULL.
 *  \retval KH_OK               all are there and as they must be
 *  \retval KH_E_CONFIGURATION  one is not (reported; \a error holds the first), or a right is missing
 *  \retval KH_E_LOST           no answer within \a timeout_ms; may be called again */
KH_MUSTCHECK kh_rc kh_topics_create(const kh_kafka_settings *settings, const kh_topics_wish *wish, int timeout_ms,
                                    kh_topics_report *report, void *self, kh_kafka_error *error);

/*! As kh_topics_create, but makes nothing: a missing topic is KH_E_CONFIGURATION. Where the broker does not tell a
 *  topic's configuration (no right, no admin API, no answer to this while it answers others), that is a warning, and
 * only the partitions are checked. */
KH_MUSTCHECK kh_rc kh_topics_check(const kh_kafka_settings *settings, const kh_topics_wish *wish, int timeout_ms,
                                   kh_topics_report *report, void *self, kh_kafka_error *error);

#define KH_TOPIC_HIDDEN (-1)

/*! Partition counts. \param partitions  gets one for each name; 0: no such topic; KH_TOPIC_HIDDEN: the broker does not
 *  say whether there is one, since this user has no right on it.
 *  \retval KH_OK, KH_E_LOST, KH_E_CONFIGURATION */
KH_MUSTCHECK kh_rc kh_topics_inspect(const kh_kafka_settings *settings, const char *const *names, size_t count,
                                     int timeout_ms, int32_t *partitions, kh_kafka_error *error);

#endif
