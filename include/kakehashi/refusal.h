/* Why a record cannot be used: what becomes a dead letter. The names are published, the numbers are stored: neither
 * ever changes. */
#ifndef KAKEHASHI_REFUSAL_H
#define KAKEHASHI_REFUSAL_H

#include "kakehashi/text.h"

/* In the order in which they are tried: the first that applies is the one reported. */
#define KH_REFUSALS(X)                                                                                                 \
    X(TOO_LARGE, 1)                                                                                                    \
    X(UNDECODABLE, 2)                                                                                                  \
    X(NO_BODY, 3)                                                                                                      \
    X(MISSING_FIELD, 4)                                                                                                \
    X(INVALID_ID, 5)                                                                                                   \
    X(INVALID_SUBJECT, 6)                                                                                              \
    X(INVALID_REVISION, 7)                                                                                             \
    X(INVALID_TEXT, 8)                                                                                                 \
    X(INVALID_DATE, 9)                                                                                                 \
    X(INVALID_LEVEL, 10)                                                                                               \
    X(INVALID_VALIDITY, 11)                                                                                            \
    X(INVALID_GROUND, 12)                                                                                              \
    X(INVALID_ORIGIN, 13)                                                                                              \
    X(UNKNOWN_TOPIC, 14)                                                                                               \
    X(PARTICIPANT_MISMATCH, 15)                                                                                        \
    X(KEY_MISMATCH, 16)                                                                                                \
    X(PARTITION_MISMATCH, 17)                                                                                          \
    X(UNKNOWN_ARRANGEMENT, 18)                                                                                         \
    X(NOT_AUTHORISED, 19)                                                                                              \
    X(NOTICE_TOO_SHORT, 20)                                                                                            \
    X(CONFLICTING_REVISION, 21)                                                                                        \
    X(TOO_MANY_STATEMENTS, 22)                                                                                         \
    X(REFUSED_BY_DATABASE, 23)

typedef enum kh_refusal_code {
    KH_REFUSAL_NONE = 0,
#define KH_REFUSAL_MEMBER(name, number) KH_REFUSAL_##name = (number),
    KH_REFUSALS(KH_REFUSAL_MEMBER)
#undef KH_REFUSAL_MEMBER
        KH_REFUSAL_COUNT = 24
} kh_refusal_code;

/*! `detail` names the field, the value and the mend; never the value of a remark. Borrowed. */
typedef struct kh_refusal {
    kh_refusal_code code;
    kh_text detail;
} kh_refusal;

/*! "TOO_LARGE"; NULL for a number that is no code. Static storage. */
const char *kh_refusal_name(int code);

#endif
