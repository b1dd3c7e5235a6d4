/* The subjects of one lane that a batch works on: read once, changed in memory, written back once.
 *
 * It is the store that a kh_lane decides from. What it does not hold it asks of a source, which is the database's
 * transaction live, and a store in memory offline. */
#ifndef KH_APP_WORKING_SET_H
#define KH_APP_WORKING_SET_H

#include "batch/lane.h"
#include "kakehashi/arena.h"
#include "kakehashi/rule_pack.h"

/*! A subject's row as it is stored; texts are borrowed, and must live as long as the working set. */
typedef struct kh_stored_subject {
    kh_text key;
    bool known;        /*!< there is a row */
    bool accepted;     /*!< false: an empty row, made for a lock */
    kh_text facts;     /*!< encoded; empty: none */
    kh_text decisions; /*!< encoded; empty: none */
    kh_instant due_at;
} kh_stored_subject;

/*! Where rows come from. Every function returns KH_OK or a code that ends the batch; arrays live as long as the working
 *  set. */
typedef struct kh_subject_source {
    void *self;
    /*! One row of this lane; `known` is false if there is none. */
    kh_rc (*read)(void *self, kh_text key, kh_stored_subject *out);
    /*! The facts of a label of any lane, locked against change; empty if nothing is known. */
    kh_rc (*read_basis)(void *self, kh_text key, kh_text *facts);
    /*! The rows of this lane whose basis is the key. */
    kh_rc (*read_dependents)(void *self, kh_text key, kh_stored_subject **out, size_t *count);
    /*! What of this lane is due until then, by (due_at, key), at most `limit`. What was due until `after` has been read
     *  before, and may be left out (KH_INSTANT_NONE: nothing has). */
    kh_rc (*read_due)(void *self, kh_instant after, kh_instant until, size_t limit, kh_stored_subject **out,
                      size_t *count);
} kh_subject_source;

typedef struct kh_working_set kh_working_set;

/*! \param arena      holds everything, the working set itself included: it ends with the arena.
 *  \param due_until  what falls due until then is read at the first need, once: the batch's last instant.
 *  \param due_limit  the lane is advanced with no larger budget in all; hardly more than so many are read.
 *  \return NULL when memory is out. */
KH_MUSTCHECK kh_working_set *kh_working_set_new(kh_arena *arena, const kh_rule_book *book,
                                                const kh_subject_source *source, kh_instant due_until,
                                                uint32_t due_limit);

/*! The store that it is. Lives as long as the working set. */
const kh_store *kh_working_set_store(const kh_working_set *set);

/*! Takes a row that was read ahead; one that is held already is left as it is.
 *  \retval KH_OK, KH_E_MEMORY, KH_E_INTERNAL (the row's bytes are not what we wrote), KH_E_CONFIGURATION (it was
 * decided by a rule pack that is not loaded). */
KH_MUSTCHECK kh_rc kh_working_set_add(kh_working_set *set, const kh_stored_subject *row);

/*! Says that every row derived from the key has been added: it is not asked for again. */
KH_MUSTCHECK kh_rc kh_working_set_has_dependents(kh_working_set *set, kh_text key);

/*! Takes facts of a label of another lane that were read ahead, under their lock. \retval as kh_working_set_add. */
KH_MUSTCHECK kh_rc kh_working_set_add_basis(kh_working_set *set, kh_text key, kh_text facts);

/*! Calls \a write with each changed subject, ascending by key, and whether it has a row already; stops at the first
 * code that is not KH_OK, and returns it. */
KH_MUSTCHECK kh_rc kh_working_set_write(kh_working_set *set,
                                        kh_rc (*write)(void *self, kh_subject *subject, bool known), void *self);

#endif
