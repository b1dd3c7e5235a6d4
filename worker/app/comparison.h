/* A replay against the live deployment: what stands there, and what the replay's facts and rules come to at the same
 * instant. Both are read in the order of their keys, a page at a time, however many labels there are. */
#ifndef KH_APP_COMPARISON_H
#define KH_APP_COMPARISON_H

#include "app/discrepancy.h"
#include "app/replay.h"
#include "kakehashi/result.h"

/*! One difference; everything is borrowed for the call. */
typedef struct kh_discrepancy {
    kh_discrepancy_kind kind;
    kh_text subject;
    kh_text key; /*!< of the status or obligation; of a whole subject, the subject */
    kh_result_kind of;
    const kh_status *status_before; /*!< NULL: none */
    const kh_status *status_after;
    const kh_obligation *obligation_before; /*!< NULL: it does not arise */
    const kh_obligation *obligation_after;
    kh_text only_live; /*!< KH_DISCREPANCY_FACTS: statements that only one side has */
    kh_text only_replay;
} kh_discrepancy;

/*! A rule file that is not the same on both sides. */
typedef struct kh_rules_discrepancy {
    kh_stored_file_kind kind;
    kh_text id;
    kh_text live_digest; /*!< empty: it has none */
    kh_text replay_digest;
    bool given; /*!< the replay was begun with it; else it was loaded there since */
} kh_rules_discrepancy;

typedef struct kh_comparison {
    uint64_t subjects; /*!< that either side has */
    uint64_t counts[KH_DISCREPANCIES];
    uint64_t on_their_way; /*!< labels that the live deployment is about to decide again: not yet to be compared */
    uint64_t sweeping;     /*!< lanes on their way through all labels */
    kh_instant at;         /*!< the latest of the lanes' clocks: each lane is compared at its own */
    kh_rules_discrepancy *rules;
    size_t rule_count;
} kh_comparison;

/*! Whether both have the same statements about the same subjects. Pure. */
bool kh_comparison_facts_alike(const kh_comparison *of);

/*! How many differences there are, of all kinds. Pure. */
uint64_t kh_comparison_total(const kh_comparison *of);

typedef struct kh_comparison_visitor {
    kh_rc (*discrepancy)(void *self, const kh_discrepancy *discrepancy); /*!< anything but KH_OK ends the comparison */
    void (*tell)(void *self, uint64_t subjects);                         /*!< after each page; may be NULL */
    void *self;
} kh_comparison_visitor;

/*! Compares what kh_replay_follow has looked at with the replay, which is there too.
 *  \param stop   becomes true when it is to end (KH_E_TIMEOUT).
 *  \param arena  holds the rules' differences.
 *  \param out    what it came to; with another code than KH_OK, as far as it came.
 *  \retval KH_OK, also with differences; KH_E_TIMEOUT; or as kh_replay_open, or what the visitor returned. */
KH_MUSTCHECK kh_rc kh_comparison_make(kh_replay *replay, const kh_comparison_visitor *visitor, kh_problems *problems,
                                      const volatile int *stop, kh_arena *arena, kh_comparison *out);

/*! Whether what the replay was given may be put in force, by what comparing it came to: the facts are alike, it is
 *  policies or a calendar, and nothing else differs in the rules.
 *  \retval KH_OK, KH_E_MEMORY, KH_E_CONFIGURATION: no, and the problems say why. */
KH_MUSTCHECK kh_rc kh_comparison_may_adopt(const kh_replay *replay, const kh_comparison *of, kh_problems *problems);

/*! Puts the policies and the calendar that the replay was given in force in the live schema (kh_rules_store_load): its
 * workers will decide every label again by them.
 *  \param live   the live settings. \param by  who asks for it.
 *  \param added  how many files were new.
 *  \retval as kh_replay_open. */
KH_MUSTCHECK kh_rc kh_comparison_adopt(kh_replay *replay, const kh_settings *live, kh_text by, kh_problems *problems,
                                       size_t *added);

#endif
