/* What is different between two decisions about one key, as numbers: to be told, and to be counted over many keys.
 * Versions, `decided_at` and the cause are no part of what is decided, so they never differ. Pure. */
#ifndef KAKEHASHI_DIFFERENCE_H
#define KAKEHASHI_DIFFERENCE_H

#include "kakehashi/decision.h"

/* With what `before` and `after` are; where it says nothing, 0. */
#define KH_DIFFERENCE_KINDS(X)                                                                                         \
    X(OUTCOME)      /* kh_outcome; 0: there is no status */                                                            \
    X(REASONS)      /* of one outcome */                                                                               \
    X(LEVEL)        /* the level */                                                                                    \
    X(CONSULTATION) /* whether it is under consultation */                                                             \
    X(GROUNDS)      /* of a measure */                                                                                 \
    X(COUNTS_AS)    /* the host's level */                                                                             \
    X(RESIDUAL)     /* how many rows and documents need work */                                                        \
    X(BASIS)        /* kh_basis_state */                                                                               \
    X(DETAILS)                                                                                                         \
    X(VALIDITY)                                                                                                        \
    X(PACK)        /* the rule pack in force */                                                                        \
    X(SINCE)       /* instants; none: INT64_MIN, it was never otherwise */                                             \
    X(NEXT_CHANGE) /* instants; none: INT64_MAX */                                                                     \
    X(PUBLIC)      /* what the public is told */                                                                       \
    X(OBLIGATION)  /* kh_obligation_state; 0: it does not arise */                                                     \
    X(AROSE_ON)    /* days, here and below; none: INT64_MAX */                                                         \
    X(DUE_ON)                                                                                                          \
    X(EARLIEST_DUE_ON)                                                                                                 \
    X(PROVISIONAL) /* whether its due date is */                                                                       \
    X(DISCHARGED_ON)                                                                                                   \
    X(LATE) /* whether it was discharged late */                                                                       \
    X(CONFIRMED_ON)                                                                                                    \
    X(OBLIGED) /* who owes it, or to whom */

typedef enum kh_difference_kind {
    KH_DIFFERENCE_NONE,
#define KH_DIFFERENCE_MEMBER(name) KH_DIFFERENCE_##name,
    KH_DIFFERENCE_KINDS(KH_DIFFERENCE_MEMBER)
#undef KH_DIFFERENCE_MEMBER
        KH_DIFFERENCE_COUNT
} kh_difference_kind;

typedef struct kh_difference {
    kh_difference_kind kind;
    kh_obligation_kind obligation; /*!< 0 for a status' */
    int64_t before;
    int64_t after;
} kh_difference;

/*! Of everything about one label towards one host: a status and two obligations. */
#define KH_DIFFERENCES_MOST 40

typedef struct kh_differences {
    kh_difference items[KH_DIFFERENCES_MOST];
    uint32_t count;
} kh_differences;

/*! Adds what is different between two statuses of one key: nothing exactly if kh_status_same and
 *  kh_status_same_to_public. Either may be NULL: there is none. What a label counts as and what is left to assess are
 *  compared only where it is recognised afterwards: otherwise there is nothing of the kind.
 *  \param out  has room for as much as KH_DIFFERENCES_MOST says; all zero at first. */
void kh_differences_add_status(kh_differences *out, const kh_status *before, const kh_status *after);

/*! The same of an obligation: nothing exactly if kh_obligation_same. Either may be NULL: it does not arise. */
void kh_differences_add_obligation(kh_differences *out, const kh_obligation *before, const kh_obligation *after);

/*! The same of everything that is decided about a label. */
void kh_differences_add_decision(kh_differences *out, const kh_label_decision *before, const kh_label_decision *after);

/*! "OUTCOME", ...: for programs. Static storage. */
kh_text kh_difference_name(kh_difference_kind kind);

/* ---- how often ---- */

/*! Which way a difference goes. For instants and days: sooner, later. */
typedef enum kh_trend { KH_TREND_OTHER, KH_TREND_LESS, KH_TREND_MORE } kh_trend;

/*! Whether its numbers have an order (levels, rows, instants, days) and how they stand in it. */
kh_trend kh_difference_trend(const kh_difference *difference);

/*! Differences that are counted together: of outcomes, basis states, obligations' states and what is yes or no each
 *  pair of them; of all else each trend. */
typedef struct kh_difference_class {
    kh_difference_kind kind;
    kh_obligation_kind obligation;
    kh_trend trend;
    int before; /*!< only of those that are counted by pairs */
    int after;
    uint64_t count;
} kh_difference_class;

/*! More than there are classes. */
#define KH_DIFFERENCE_CLASSES_MOST 512

typedef struct kh_difference_tally {
    kh_difference_class classes[KH_DIFFERENCE_CLASSES_MOST];
    uint32_t count;
} kh_difference_tally;

/*! Whether its kind is counted by pairs. */
bool kh_difference_is_paired(kh_difference_kind kind);

/*! Adds one. \param tally  all zero at first. Its classes stay in the order of kinds, then of what they count. */
void kh_difference_tally_add(kh_difference_tally *tally, const kh_difference *difference);

#endif
