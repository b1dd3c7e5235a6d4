/* The source topics themselves as a source of facts: what was known at an instant of the past. */
#ifndef KH_APP_TOPIC_FACTS_H
#define KH_APP_TOPIC_FACTS_H

#include "app/fact_source.h"
#include "app/reach.h"

/*! Everything is borrowed. */
typedef struct kh_topic_facts {
    const kh_settings *settings;
    const kh_event_rules *rules;
    int32_t lane_count;
    kh_instant known_at; /*!< records with a later timestamp are passed by */
    kh_problems *problems;
    uint32_t refused; /*!< records about the subjects read that are no facts, added up */
} kh_topic_facts;

/*! Reads the subject's whole lane for each subject.
 *  \retval KH_E_LOST, KH_E_TIMEOUT, KH_E_CONFIGURATION of its `read`: as kh_scan_lane; added to the problems. */
kh_fact_source kh_topic_facts_source(kh_topic_facts *facts);

#endif
