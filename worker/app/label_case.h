/* One label towards one host, decided by the pure core from facts of any source at any instant: for people. */
#ifndef KH_APP_LABEL_CASE_H
#define KH_APP_LABEL_CASE_H

#include "app/fact_source.h"
#include "config/problems.h"
#include "kakehashi/explanation.h"

/*! What time alone will bring. */
typedef struct kh_coming {
    kh_instant at;
    kh_label_decision decision;
} kh_coming;

/*! How far ahead is looked. */
#define KH_COMING_MOST 12

typedef struct kh_label_case {
    kh_text label;
    kh_arrangement arrangement;
    kh_facts about; /*!< of the arrangement */
    kh_facts facts;
    kh_facts basis;
    kh_instant at;
    kh_label_decision decision;
    kh_explanation explanation;
    kh_coming coming[KH_COMING_MOST]; /*!< ascending */
    uint32_t coming_count;
    bool coming_more;            /*!< there is more behind the last */
    kh_instant blocked_from;     /*!< nothing can be decided from here on; KH_INSTANT_NONE */
    kh_text missing_pack_sha256; /*!< for want of this rule pack */
} kh_label_case;

/*! The arrangements that a label's home takes part in: ids, in the book's order.
 *  \param out  at least book->pack_count. \return how many. */
uint32_t kh_label_arrangements(const kh_rule_book *book, kh_text label, kh_text *out);

/*! Whether every rule pack is loaded that an arrangement needs at an instant.
 *  \param problems      gets the one that is missing.
 *  \param blocked_from  the instant from which nothing can be decided for want of one; KH_INSTANT_NONE: none is.
 *  \retval KH_OK, KH_E_CONFIGURATION */
KH_MUSTCHECK kh_rc kh_label_case_check_packs(const kh_arrangement *arrangement, kh_instant at, kh_problems *problems,
                                             kh_instant *blocked_from);

/*! Reads what is known about label, basis and arrangement, and decides.
 *  \param arrangement  one of kh_label_arrangements.
 *  \param at        KH_INSTANT_NONE: the instant that \a otherwise points to once the label has been read.
 *  \param arena     holds everything in \a out, which must stay where it is.
 *  \param problems  gets what is wrong.
 *  \retval KH_OK, KH_E_MEMORY, what the source returned
 *  \retval KH_E_CONFIGURATION  a rule pack that both participants consented to is in effect by then, and not loaded
 *  \retval KH_E_REFUSED        there is no instant: nothing is known, not even a clock */
KH_MUSTCHECK kh_rc kh_label_case_build(const kh_rule_book *book, const kh_fact_source *source, kh_text label,
                                       kh_text arrangement, kh_instant at, const kh_instant *otherwise, kh_arena *arena,
                                       kh_problems *problems, kh_label_case *out);

#endif
