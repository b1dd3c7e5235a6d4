/* What a difference between a replay and the live deployment is told and counted as. Pure. */
#ifndef KH_APP_DISCREPANCY_H
#define KH_APP_DISCREPANCY_H

#include "kakehashi/difference.h"
#include "kakehashi/facts.h"

/*! What a difference is told as: the first that applies. */
typedef enum kh_discrepancy_kind {
    KH_DISCREPANCY_ONLY_LIVE,   /*!< the replay knows nothing of the subject */
    KH_DISCREPANCY_ONLY_REPLAY, /*!< the live deployment knows nothing of it */
    KH_DISCREPANCY_FACTS,       /*!< not the same statements */
    KH_DISCREPANCY_STANDING,    /*!< what stands is not what the live deployment's own facts and rules come to */
    KH_DISCREPANCY_OUTCOME,     /*!< outcome or reasons */
    KH_DISCREPANCY_RESIDUAL,    /*!< what is left to assess, or the level that it counts as */
    KH_DISCREPANCY_OBLIGATION,  /*!< one arises, is gone, or says something else */
    KH_DISCREPANCY_OTHER,       /*!< rule pack, basis, details, times */
    KH_DISCREPANCIES
} kh_discrepancy_kind;

/*! "onlyLive", "outcome": as JSON names it. Static storage. */
const char *kh_discrepancy_name(kh_discrepancy_kind kind);

/*! What of a status' or an obligation's differences (not none) it is told as.
 *  \return KH_DISCREPANCY_OUTCOME, KH_DISCREPANCY_RESIDUAL, KH_DISCREPANCY_OBLIGATION or KH_DISCREPANCY_OTHER */
kh_discrepancy_kind kh_discrepancy_of(const kh_differences *differences);

/*! Which statements one has and the other has not: "JP's event 0a1b...; SG's event ...". Empty: all are the same; where
 *  there are many, the first few. In the arena. */
kh_text kh_discrepancy_statements(const kh_facts *has, const kh_facts *has_not, kh_arena *arena);

#endif
