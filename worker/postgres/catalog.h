/* Queries for people: `list`, `show`, `obligations`, `rules preview`. Outside of a kh_transaction. Listings are read in
 * a transaction that cannot write, from one snapshot; what their visitor reads meanwhile is of that snapshot too. */
#ifndef KH_POSTGRES_CATALOG_H
#define KH_POSTGRES_CATALOG_H

#include "postgres/database.h"
#include "postgres/rows.h"

typedef struct kh_catalog_filter {
    kh_text outcome; /*!< "RECOGNISED"; empty: any */
    kh_text host;    /*!< empty: any */
    kh_text pattern; /*!< of the subject; '*' is any run of characters, '?' any one; empty: all */
    bool decisions;  /*!< false: rows come without `facts` and `decisions`, which is faster */
} kh_catalog_filter;

/*! Called for each row; its texts are borrowed for the call. Anything but KH_OK ends the listing. */
typedef kh_rc (*kh_catalog_visit)(void *self, const kh_subject_row *row);

/*! All subjects that have facts and match, by key; memory is bounded, however many there are.
 *  \retval KH_OK, what \a visit returned, KH_E_LOST, KH_E_RETRY, KH_E_MEMORY, KH_E_CONFIGURATION. */
KH_MUSTCHECK kh_rc kh_catalog_list(kh_database *database, const kh_catalog_filter *filter, kh_catalog_visit visit,
                                   void *self);

/*! The same of an obligation. \param decisions  what stands about its subject; empty if there is nothing. */
typedef kh_rc (*kh_catalog_visit_obligation)(void *self, const kh_obligation_row *row, kh_text decisions);

/*! All obligations that stand, by due date (those without one last), then by id; memory is bounded.
 *  \param participant  only what is owed by this one; empty: by any. \param left_out  a state; 0: none is left out.
 *  \retval as kh_catalog_list */
KH_MUSTCHECK kh_rc kh_catalog_list_obligations(kh_database *database, kh_text participant, int16_t left_out,
                                               kh_catalog_visit_obligation visit, void *self);

/*! One subject, whatever its lane; `known` is false if there is none. In the arena. */
KH_MUSTCHECK kh_rc kh_catalog_read(kh_database *database, kh_text key, kh_arena *arena, kh_subject_row *out);

/*! The obligations of a subject, by id. In the arena. */
KH_MUSTCHECK kh_rc kh_catalog_obligations(kh_database *database, kh_text subject, kh_arena *arena,
                                          kh_obligation_row **out, size_t *count);

#endif
