/* Subjects in memory, in the same stored form as in the database: what `decide` keeps them in. */
#ifndef KH_APP_SHELF_H
#define KH_APP_SHELF_H

#include "app/working_set.h"

typedef struct kh_shelf kh_shelf;

/*! \return NULL when memory is out; pairs with kh_shelf_free (NULL is fine). */
KH_MUSTCHECK kh_shelf *kh_shelf_new(void);
void kh_shelf_free(kh_shelf *shelf);

/*! The source for a working set. Rows that it gives stay as they are until the next kh_shelf_put. */
const kh_subject_source *kh_shelf_source(const kh_shelf *shelf);

/*! Writes one subject, encoding it through \a arena. \retval KH_OK, KH_E_MEMORY. */
KH_MUSTCHECK kh_rc kh_shelf_put(kh_shelf *shelf, const kh_subject *subject, kh_arena *arena);

/*! The first row whose key is above \a after (empty: the first of all); NULL at the end. */
const kh_stored_subject *kh_shelf_next(const kh_shelf *shelf, kh_text after);

#endif
