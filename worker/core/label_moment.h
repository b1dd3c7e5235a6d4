/* The gates at one instant: everything about a status that can change with time. */
#ifndef KAKEHASHI_CORE_LABEL_MOMENT_H
#define KAKEHASHI_CORE_LABEL_MOMENT_H

#include "kakehashi/decision.h"

/*! One label seen towards one host: what the gates look at, found once. */
typedef struct kh_label_view {
    const kh_arrangement *arrangement;
    const kh_participant *home;
    const kh_participant *host;
    const kh_part *home_part;          /*!< NULL: home has stated nothing */
    const kh_part *host_part;          /*!< NULL: host has stated nothing */
    const kh_origin *origin;           /*!< NULL: the issue is unknown */
    const struct kh_label_view *basis; /*!< the basis towards this label's home; NULL: not derived here */
} kh_label_view;

/*! \param basis       facts about the label's basis; NULL when unknown or when it has none.
 *  \param basis_view  storage that view->basis points to if the label is derived under this arrangement. */
void kh_label_view_init(const kh_arrangement *arrangement, kh_text label, const kh_facts *facts, const kh_facts *basis,
                        kh_label_view *view, kh_label_view *basis_view);

/*! The statement that says on a day whether the label is revoked; NULL if none does. */
const kh_statement *kh_revocation_on(const kh_part *home_part, kh_day day);

/*! Between two midnights nothing changes. */
typedef struct kh_moment {
    bool known; /*!< worked out already (see label.c) */
    const kh_rule_pack *pack;
    const kh_amendment *missing; /*!< consented to and in force by now, and its pack is not there: all that is known
                                      is that `pack` is not the one any more; NULL: none */
    uint32_t reasons;
    const kh_details *details;
    const kh_validity *validity;
    bool under_consultation;
    const kh_body *measure; /*!< NULL: none in force */
    kh_basis_state basis_state;
} kh_moment;

void kh_moment_at(const kh_label_view *view, kh_instant at, kh_moment *out);

/*! What the reasons come to: the first gate that fails names it. */
kh_outcome kh_reasons_outcome(uint32_t reasons);
kh_public_outcome kh_reasons_public_outcome(uint32_t reasons);

/*! The reasons of gates 7 and 8, which the public does not see coming. */
#define KH_CONFIDENTIAL_REASONS                                                                                        \
    (1U << KH_REASON_DISPUTE_FAILED | 1U << KH_REASON_UNDER_CONSULTATION | 1U << KH_REASON_MEASURE)

/*! An upper bound of how many instants kh_view_instants writes. */
size_t kh_view_instants_bound(const kh_label_view *view);

/*! Every instant at which a gate may turn, ascending, none twice. \return how many. */
size_t kh_view_instants(const kh_label_view *view, kh_instant *out);

#endif
