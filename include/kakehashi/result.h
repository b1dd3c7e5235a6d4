/* What a decision becomes: one row of the result table, from which its messages are made. */
#ifndef KAKEHASHI_RESULT_H
#define KAKEHASHI_RESULT_H

#include "kakehashi/decision.h"
#include "kakehashi/refusal.h"

/*! What brought a decision about. What time brings has only its trigger: empty texts, zeros. */
typedef struct kh_cause {
    kh_trigger trigger;
    kh_text topic;
    int32_t partition;
    int64_t offset;
    kh_text event_id;
} kh_cause;

typedef enum kh_result_kind {
    KH_RESULT_STATUS = 1,
    KH_RESULT_OBLIGATION = 2,
    KH_RESULT_OBLIGATION_GONE = 3,
    KH_RESULT_DEAD_LETTER = 4
} kh_result_kind;

/*! One decision of one key. */
typedef struct kh_result {
    kh_result_kind kind;
    kh_text key;     /*!< "SG/000123@JP", "REVOCATION_NOTICE/SG/000123@JP"; a dead letter's is its record's place */
    kh_text subject; /*!< whose row it belongs to; empty for a dead letter */
    kh_instant decided_at;
    kh_cause cause;
    uint32_t version;                /*!< of the status or obligation message; 0: that message has not changed */
    uint32_t public_version;         /*!< of the public message; 0: it has not changed, or there is none */
    int64_t seq;                     /*!< the lane's number for it */
    int64_t previous_seq;            /*!< the same key's result before it; -1 if there is none */
    const kh_status *status;         /*!< KH_RESULT_STATUS */
    const kh_obligation *obligation; /*!< KH_RESULT_OBLIGATION */
    const struct kh_record *record;  /*!< KH_RESULT_DEAD_LETTER: the refused record, opaque to the core */
    kh_refusal refusal;              /*!< KH_RESULT_DEAD_LETTER */
} kh_result;

/*! What stands about one key that a subject publishes under: in the subject's row. */
typedef struct kh_key_state {
    kh_text key;
    kh_result_kind kind; /*!< KH_RESULT_OBLIGATION_GONE remembers the count of one that is gone */
    uint32_t version;
    uint32_t public_version;
    int64_t seq; /*!< of its newest result */
    const kh_status *status;
    const kh_obligation *obligation;
} kh_key_state;

#endif
