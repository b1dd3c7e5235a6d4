/* Whether the record's place and the rule packs allow an event: topic, key, partition, arrangement, level, origin, and
 * who may state what. Private to this room. */
#ifndef KH_CODEC_EVENT_AUTHORITY_H
#define KH_CODEC_EVENT_AUTHORITY_H

#include "codec/event_check.h"
#include "codec/event_reader.h"

/*! "SG/000123" of a known participant, or "arrangement/jp-sg", as the kind of body wants it. */
void kh_check_subject(kh_check *check, const kh_event_rules *rules, kh_text subject, kh_body_kind kind);

/*! The level is one of the home's scheme. \param place  the body. */
void kh_check_level(kh_check *check, const kh_event_rules *rules, const kh_event *event, const kh_place *place);

/*! What a LabelIssued says about its origin fits together. \param place  the body. */
void kh_check_origin(kh_check *check, const kh_event_rules *rules, const kh_event *event, const kh_place *place);

/*! UNKNOWN_TOPIC to PARTITION_MISMATCH. */
void kh_check_record(kh_check *check, const kh_event_rules *rules, const kh_record *record, int32_t expected_partition,
                     const kh_event *event);

/*! UNKNOWN_ARRANGEMENT to NOTICE_TOO_SHORT. The event must be valid so far.
 *  \param place  the body. */
void kh_check_authority(kh_check *check, const kh_event_rules *rules, const kh_event *event, const kh_place *place);

#endif
