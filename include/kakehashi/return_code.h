/* What to do next, as one number (the why is said elsewhere: kh_refusal, or the edge's own error object). */
#ifndef KAKEHASHI_RETURN_CODE_H
#define KAKEHASHI_RETURN_CODE_H

#include <stdbool.h>

#define KH_MUSTCHECK                         __attribute__((warn_unused_result))
#define KH_PRINTF(format_index, first_index) __attribute__((format(printf, format_index, first_index)))

/*! Three bands: the record, the batch, the process. */
typedef enum kh_rc {
    KH_OK = 0,
    /* This record: it becomes a dead letter, the batch goes on. */
    KH_E_REFUSED = -101,
    /* This batch: dropped or tried again, the worker goes on. */
    KH_E_RETRY = -201,    /*!< tried again as it is (deadlock, serialization failure, abortable Kafka error) */
    KH_E_LOST = -202,     /*!< the connection is gone, or is not there yet; nothing is known of what was asked last */
    KH_E_NOT_MINE = -203, /*!< a lane's epoch or place is not what it was: the lane belongs to somebody else */
    KH_E_BAD_ROW = -204,  /*!< the database refuses a row of this batch: find it by halving */
    KH_E_TIMEOUT = -205,  /*!< not yet: ask again later */
    KH_E_FENCED = -206,   /*!< another producer has used this one's id: renew it, and count every lane as lost */
    /* This process: stop; nothing may be committed any more. */
    KH_E_MEMORY = -901,
    KH_E_CONFIGURATION = -902, /*!< settings, topics or schema are not what they must be */
    KH_E_REWOUND = -904,       /*!< database or topic went back in time; a person must decide */
    KH_E_INTERNAL = -905       /*!< cannot happen; a defect of ours */
} kh_rc;

/*! Only the record at hand is concerned. */
static inline bool kh_rc_is_record(kh_rc rc)
{
    return rc <= -100 && rc > -200;
}

/*! The process must end. */
static inline bool kh_rc_is_fatal(kh_rc rc)
{
    return rc <= -900;
}

#endif
