/* Where the facts about a subject come from when a person asks: the database, files of event lines, or the source
 * topics themselves. */
#ifndef KH_APP_FACT_SOURCE_H
#define KH_APP_FACT_SOURCE_H

#include "codec/event_reader.h"
#include "kakehashi/facts.h"

typedef struct kh_fact_source {
    /*! \param out  in the arena; all zero when nothing is known about the subject.
     *  \retval KH_OK, KH_E_MEMORY, or as the source says; what is wrong has been told then. */
    kh_rc (*read)(void *self, kh_text subject, kh_arena *arena, kh_facts *out);
    void *self;
} kh_fact_source;

/*! The facts about one subject, merged from records as the worker merges them. */
typedef struct kh_fact_fold {
    const kh_event_rules *rules;
    kh_text subject;
    kh_instant known_at; /*!< later records are passed by; KH_INSTANT_NONE: none is */
    kh_arena *arena;     /*!< holds the facts */
    kh_facts facts;
    uint32_t taken;   /*!< records about the subject */
    uint32_t refused; /*!< of those */
} kh_fact_fold;

/*! Takes a record if it is about the subject and known by then.
 *  \param expected_partition  as kh_event_read has it. \retval KH_OK, KH_E_MEMORY */
KH_MUSTCHECK kh_rc kh_fact_fold_take(kh_fact_fold *fold, const kh_record *record, int32_t expected_partition);

#endif
