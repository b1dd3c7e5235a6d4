/* What stands in the database, decoded, for people: `list`, `show`, `explain`, `obligations`. */
#ifndef KH_APP_CATALOG_VIEW_H
#define KH_APP_CATALOG_VIEW_H

#include "app/fact_source.h"
#include "app/obligation_case.h"
#include "app/reach.h"
#include "config/rule_file.h"
#include "kakehashi/result.h"

typedef struct kh_catalog_view kh_catalog_view;

/*! One subject; everything is borrowed. */
typedef struct kh_subject_view {
    kh_text key; /*!< "SG/000123", "arrangement/jp-sg" */
    int32_t lane;
    kh_instant at;            /*!< the lane's clock: what stands, stands as of then. KH_INSTANT_NONE: it has none yet */
    const kh_key_state *keys; /*!< statuses and obligations; those that are gone among them */
    uint32_t key_count;
    kh_facts facts; /*!< kh_catalog_view_show only */
} kh_subject_view;

/*! What a listing leaves out. */
typedef struct kh_view_filter {
    kh_text host;      /*!< empty: any */
    unsigned outcomes; /*!< bit n for kh_outcome n; 0: any */
    kh_text pattern;   /*!< of the subject; '*' is any run of characters, '?' any one; empty: all */
} kh_view_filter;

/*! Connects, checks the schema, reads rule book and clocks.
 *  \param settings, problems  must outlive the view. What is wrong, here and below, is added to the problems.
 *  \param out  untouched unless KH_OK; pairs with kh_catalog_view_free.
 *  \retval KH_OK, KH_E_LOST, KH_E_RETRY, KH_E_CONFIGURATION, KH_E_MEMORY */
KH_MUSTCHECK kh_rc kh_catalog_view_new(const kh_settings *settings, kh_problems *problems, kh_catalog_view **out);
/*! NULL is fine. */
void kh_catalog_view_free(kh_catalog_view *view);

/*! A status as a result without cause, to be printed: `decided_at` is the subject's clock. */
kh_result kh_subject_view_result(const kh_subject_view *subject, const kh_key_state *state);

/*! Whether the filter lets a status through. Pure. */
bool kh_view_filter_takes(const kh_view_filter *filter, const kh_status *status);

/*! Visits each status that the filter lets through, ascending by label; memory is bounded, however many there are.
 *  \param visit  anything but KH_OK ends the listing.
 *  \retval as kh_catalog_view_new, KH_E_INTERNAL, or what \a visit returned. */
KH_MUSTCHECK kh_rc kh_catalog_view_list(kh_catalog_view *view, const kh_view_filter *filter,
                                        kh_rc (*visit)(void *self, const kh_result *status), void *self);

/*! Visits each obligation that the filter lets through, by due date (those without one last), then by id; memory is
 *  bounded, however many there are.
 *  \param at     the instant to see them from. \param visit  borrows the case; anything but KH_OK ends the listing.
 *  \retval as kh_catalog_view_list */
KH_MUSTCHECK kh_rc kh_catalog_view_obligations(kh_catalog_view *view, const kh_obligation_filter *filter, kh_instant at,
                                               kh_rc (*visit)(void *self, const kh_obligation_case *of), void *self);

/*! One subject whole.
 *  \param arena  holds what \a out points to.
 *  \param found  whether there is such a subject; \a out is untouched if not.
 *  \retval as kh_catalog_view_list */
KH_MUSTCHECK kh_rc kh_catalog_view_show(kh_catalog_view *view, kh_text key, kh_arena *arena, kh_subject_view *out,
                                        bool *found);

/*! A result of the past. */
typedef struct kh_history_entry {
    kh_instant recorded_at;
    kh_result result; /*!< with cause and versions */
} kh_history_entry;

/*! The rule book as it stands. */
const kh_rule_book *kh_catalog_view_book(const kh_catalog_view *view);

/*! The rule book as it stood at an instant. \retval as kh_catalog_view_new */
KH_MUSTCHECK kh_rc kh_catalog_view_book_as_of(kh_catalog_view *view, kh_instant at, kh_rule_book *out);

/*! How many lanes there are: partitions of each topic. 0 before the first `run`. */
int32_t kh_catalog_view_lane_count(const kh_catalog_view *view);

/*! Where what is wrong is added. */
kh_problems *kh_catalog_view_problems(const kh_catalog_view *view);

/*! The rule book as it would stand with some files in it: see kh_rules_store_read_with.
 *  \param files  borrowed by \a out. \retval as kh_catalog_view_new */
KH_MUSTCHECK kh_rc kh_catalog_view_book_with(kh_catalog_view *view, const kh_rule_file *files, uint32_t count,
                                             kh_rule_book *out);

/*! Visits each subject, labels and arrangements, with its facts, by key; memory is bounded, however many there are. All
 *  is of one snapshot, also what the visitor reads by kh_catalog_view_facts.
 *  \param visit  everything is borrowed for the call; the arena is for its own use, and emptied after it. Anything but
 *                KH_OK ends the listing. \retval as kh_catalog_view_list */
KH_MUSTCHECK kh_rc kh_catalog_view_subjects(
    kh_catalog_view *view, kh_rc (*visit)(void *self, kh_text key, const kh_facts *facts, kh_arena *arena), void *self);

/*! The facts as they stand, of any subject. */
kh_fact_source kh_catalog_view_facts(kh_catalog_view *view);

/*! The newest result of one key that had been recorded by an instant.
 *  \param found  whether there was one; \a out is untouched if not. \retval as kh_catalog_view_list */
KH_MUSTCHECK kh_rc kh_catalog_view_stood(kh_catalog_view *view, int32_t lane, const kh_key_state *state,
                                         kh_instant known_at, kh_arena *arena, kh_history_entry *out, bool *found);

/*! The newest results of one key, newest first.
 *  \param limit  how many at most. \retval as kh_catalog_view_list */
KH_MUSTCHECK kh_rc kh_catalog_view_history(kh_catalog_view *view, int32_t lane, const kh_key_state *state, size_t limit,
                                           kh_arena *arena, kh_history_entry **out, size_t *count);

#endif
