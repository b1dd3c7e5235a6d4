/* From a record to an event, or to the reason why it cannot be used. */
#ifndef KH_CODEC_EVENT_READER_H
#define KH_CODEC_EVENT_READER_H

#include "kakehashi/arena.h"
#include "kakehashi/event.h"
#include "kakehashi/record.h"
#include "kakehashi/refusal.h"
#include "kakehashi/rule_pack.h"

/*! The largest value of a record, and the longest line, unless set otherwise. */
#define KH_EVENT_MAX_BYTES ((size_t)262144)

/*! Whose source topic it is: only that participant may write to it. */
typedef struct kh_topic_owner {
    kh_text topic;
    kh_text participant;
} kh_topic_owner;

/*! What events are judged by. Everything is borrowed. */
typedef struct kh_event_rules {
    const kh_rule_book *book; /*!< checked (kh_rule_book_check) */
    const kh_topic_owner *owners;
    uint32_t owner_count;
    size_t max_bytes;        /*!< KH_EVENT_MAX_BYTES */
    int32_t partition_count; /*!< of each source topic, for the detail of PARTITION_MISMATCH; 0: not known */
} kh_event_rules;

/*! Reads a record's event and checks all that can be checked without the facts: every refusal up to NOTICE_TOO_SHORT,
 * in the order of their codes. \param expected_partition  what the record's key hashes to; -1: not checked (offline).
 *  \param out      untouched unless KH_OK; lives in the arena, nothing of it points into the record.
 *  \param refusal  set only on KH_E_REFUSED; its detail lives in the arena.
 *  \retval KH_OK         \a out is valid in itself.
 *  \retval KH_E_REFUSED  \a refusal says why, where and how to mend it.
 *  \retval KH_E_MEMORY   the arena is out of memory: says nothing about the record. */
KH_MUSTCHECK kh_rc kh_event_read(const kh_event_rules *rules, const kh_record *record, int32_t expected_partition,
                                 kh_arena *arena, kh_event *out, kh_refusal *refusal);

/*! The participant to whom a topic belongs; empty if it is nobody's. */
kh_text kh_topic_participant(const kh_event_rules *rules, kh_text topic);

#endif
