/* For this room only: how topics of each kind are made, and what is found wrong with one that exists. Pure. */
#ifndef KH_KAFKA_TOPIC_RULES_H
#define KH_KAFKA_TOPIC_RULES_H

#include <stddef.h>
#include <stdint.h>

#include "kafka/topics.h"

#define KH_TOPIC_RULES_MOST 6

typedef enum kh_topic_rule_check {
    KH_TOPIC_RULE_MUST_EQUAL,   /*!< otherwise the worker would be wrong: refused */
    KH_TOPIC_RULE_SHOULD_EQUAL, /*!< otherwise something is lost in the long run: a warning */
    KH_TOPIC_RULE_MUST_REACH,   /*!< a number, at least this */
    KH_TOPIC_RULE_SHOULD_REACH, /*!< a number, at least this: a warning */
} kh_topic_rule_check;

typedef struct kh_topic_rule {
    const char *name; /*!< topic configuration */
    char value[32];   /*!< given when the topic is made */
    kh_topic_rule_check check;
    const char *why; /*!< ends the finding's text */
} kh_topic_rule;

/*! \param out  KH_TOPIC_RULES_MOST rules. \return how many. */
size_t kh_topic_rules(kh_topic_kind kind, kh_topic_clock clock, int32_t max_record_bytes, kh_topic_rule *out);

/*! Holds an existing topic's value against a rule.
 *  \param value  NULL: the broker does not tell it.
 *  \param bad    gets whether the topic is to be refused
 *  \param text   at least 256 bytes; the finding.
 *  \return false: nothing to say. */
bool kh_topic_rule_find(const kh_topic_rule *rule, const char *value, bool *bad, char *text, size_t size);

#endif
