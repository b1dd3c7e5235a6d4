/* What a participant states: the Event of proto/kakehashi/v1/event.proto as core values, checked. Everything is
 * borrowed, usually from a batch's arena. */
#ifndef KAKEHASHI_EVENT_H
#define KAKEHASHI_EVENT_H

#include <stdint.h>

#include "kakehashi/date.h"
#include "kakehashi/text.h"

/*! The body's field number in Event: stored, and part of the order of statements. */
typedef enum kh_body_kind {
    KH_LABEL_ISSUED = 10,
    KH_LABEL_AMENDED = 11,
    KH_LABEL_RENEWED = 12,
    KH_LABEL_SUSPENDED = 13,
    KH_SUSPENSION_LIFTED = 14,
    KH_LABEL_REVOKED = 15,
    KH_REVOCATION_WITHDRAWN = 16,
    KH_REVOCATION_NOTICE_GIVEN = 17,
    KH_REVOCATION_NOTICE_RECEIVED = 18,
    KH_DISPUTE_RAISED = 19,
    KH_DISPUTE_SETTLED = 20,
    KH_DISPUTE_FAILED = 21,
    KH_MEASURE_TAKEN = 22,
    KH_MEASURE_LIFTED = 23,
    KH_TERMINATION_NOTICED = 30,
    KH_TERMINATION_WITHDRAWN = 31,
    KH_AMENDMENT_CONSENTED = 32,
    KH_CONSULTATION_HELD = 33
} kh_body_kind;

/*! The kinds from 30 on are about the arrangement. */
static inline bool kh_body_is_about_arrangement(kh_body_kind kind)
{
    return kind >= KH_TERMINATION_NOTICED;
}

/*! Art 10.2 a to d; the numbers of the enum Ground. */
typedef enum kh_ground {
    KH_GROUND_HEALTH_OR_SAFETY = 1,
    KH_GROUND_DOMESTIC_LAW = 2,
    KH_GROUND_NATIONAL_SECURITY = 3,
    KH_GROUND_REQUIREMENTS = 4
} kh_ground;

typedef struct kh_details {
    kh_text registration_number;
    uint32_t level;
    kh_text category;
    kh_text product;
    kh_text maker;
    kh_text holder;
    const kh_text *models;
    uint32_t model_count;
} kh_details;

typedef struct kh_validity {
    kh_day from;
    kh_day until; /*!< the last valid day */
} kh_validity;

/*! All three empty: the scheme's own assessment. */
typedef struct kh_origin {
    kh_text arrangement;
    kh_text basis; /*!< the basis label's subject */
    kh_text third_country;
} kh_origin;

typedef struct kh_document {
    kh_text id;
    kh_text language; /*!< BCP 47 */
    bool english_translation;
} kh_document;

typedef struct kh_evidence {
    const kh_document *documents;
    uint32_t document_count;
} kh_evidence;

/*! A body's parts; which ones are there depends on the kind. Texts that decide nothing (remark, reason code) are only
 * in the statement's bytes. */
typedef struct kh_body {
    kh_body_kind kind;
    /*! The day from which it holds: the body's own date (`from`, `given_on`, `raised_on`, ...), a renewal's
     * `valid_from`, a revocation's `effective_from`, the day after a termination's `last_day`. KH_DAY_NONE (from the
     * beginning of time): issued, amended, withdrawn, consented. */
    kh_day day;
    kh_day decided_on;           /*!< KH_LABEL_REVOKED */
    kh_day given_on;             /*!< KH_TERMINATION_NOTICED, KH_AMENDMENT_CONSENTED */
    kh_day effective_from;       /*!< KH_AMENDMENT_CONSENTED */
    const kh_details *details;   /*!< issued; amended and renewed if present; else NULL */
    const kh_validity *validity; /*!< issued, renewed; else NULL */
    const kh_origin *origin;     /*!< issued (never NULL there); else NULL */
    const kh_evidence *evidence; /*!< issued (never NULL there), amended if present; else NULL */
    const uint8_t *grounds;      /*!< KH_MEASURE_TAKEN: kh_ground each, in the order given */
    uint32_t ground_count;
    kh_text rule_pack_sha256; /*!< KH_AMENDMENT_CONSENTED: 64 hex digits */
} kh_body;

/*! One statement as it is kept: nothing of place or arrival, so that the same facts are the same bytes. */
typedef struct kh_statement {
    kh_text event_id; /*!< UUID, lower case */
    uint32_t revision;
    int64_t occurred_seconds; /*!< as in a Timestamp */
    int32_t occurred_nanos;
    kh_body body;
    kh_text bytes; /*!< the body's message alone, in deterministic protobuf: the last word in the order of statements */
} kh_statement;

/*! A valid event. */
typedef struct kh_event {
    kh_text participant; /*!< who states it */
    kh_text subject;     /*!< "SG/000123" or "arrangement/jp-sg" */
    kh_statement statement;
} kh_event;

/*! Higher first in nothing: below 0 when \a a is lower, 0 when they are the same statement, above 0 when it is higher.
 *  By revision, then smaller event id, then smaller body (field number, bytes), then earlier `occurred_at`. */
int kh_statement_compare(const kh_statement *a, const kh_statement *b);

/*! The participant of a label's subject ("SG" of "SG/000123"); empty when there is no "/". */
kh_text kh_subject_participant(kh_text subject);

/*! "arrangement/<id>": the id; empty for a label. */
kh_text kh_subject_arrangement(kh_text subject);

#endif
