/* Dead letters as an operator deals with them, and what a lane decides again of them. */
#ifndef KH_POSTGRES_DEAD_LETTERS_H
#define KH_POSTGRES_DEAD_LETTERS_H

#include "postgres/database.h"
#include "postgres/rows.h"

/*! Which ones. All zero but the instants, which are KH_INSTANT_NONE: every one that is open. */
typedef struct kh_dead_letter_filter {
    kh_text reason;    /*!< empty: any */
    kh_text topic;     /*!< empty: any */
    kh_instant since;  /*!< recorded then or later */
    kh_instant before; /*!< recorded before */
    bool settled_too;  /*!< also what has been redriven or discarded */
    bool with_values;  /*!< false: rows come without `value` and `headers`, which is faster */
} kh_dead_letter_filter;

/*! A refused record by its place in the topics. */
typedef struct kh_dead_letter_place {
    int32_t lane;
    kh_text topic;
    int64_t offset;
} kh_dead_letter_place;

/*! A dead letter, and the newest that was done about it. */
typedef struct kh_dead_letter_case {
    kh_dead_letter_row letter;
    kh_instant recorded_at;
    kh_text action; /*!< "redriven", "failed", "discarded"; empty: nothing yet */
    kh_text action_detail;
    kh_text done_by;
    kh_instant done_at;
    bool waiting;     /*!< it is to be decided again */
    kh_text asked_by; /*!< who wants that */
} kh_dead_letter_case;

/*! How many there are of one reason. */
typedef struct kh_dead_letter_count {
    kh_text reason;
    int64_t open; /*!< those refused again among them */
    int64_t redriven;
    int64_t discarded;
    int64_t waiting;   /*!< of the open ones: to be decided again */
    kh_instant newest; /*!< when the last one was recorded */
} kh_dead_letter_count;

/*! What was done about a dead letter. */
typedef struct kh_dead_letter_deed {
    int32_t lane;
    int64_t seq;
    kh_text action;
    kh_text detail; /*!< empty: none */
    kh_text by;
} kh_dead_letter_deed;

/* Each outside of a kh_transaction, and returns KH_OK, KH_E_LOST, KH_E_RETRY, KH_E_MEMORY or KH_E_CONFIGURATION. */

/*! The next of those that the filter lets through, by (lane, topic, offset), behind a place.
 *  \param after  lane below 0: from the first. \param limit  at most so many. \param out  in the arena. */
KH_MUSTCHECK kh_rc kh_dead_letters_list(kh_database *database, const kh_dead_letter_filter *filter,
                                        const kh_dead_letter_place *after, size_t limit, kh_arena *arena,
                                        kh_dead_letter_case **out, size_t *count);

/*! All of them, counted by reason, ascending. In the arena. */
KH_MUSTCHECK kh_rc kh_dead_letters_count(kh_database *database, kh_arena *arena, kh_dead_letter_count **out,
                                         size_t *count);

/*! One by its place, with its value. \param found  whether there is one; \a out is untouched if not. */
KH_MUSTCHECK kh_rc kh_dead_letters_find(kh_database *database, const kh_dead_letter_place *place, kh_arena *arena,
                                        kh_dead_letter_case *out, bool *found);

/*! All that was ever done about one, oldest first; lane and seq are not set. \param done_at  of each, in the arena. */
KH_MUSTCHECK kh_rc kh_dead_letters_deeds(kh_database *database, int32_t lane, int64_t seq, kh_arena *arena,
                                         kh_dead_letter_case **out, size_t *count);

/*! Asks for them to be decided again, in one transaction; one that is asked for already stays as it is.
 *  \param cases  lane and seq of the letters count. \param asked  how many were new. */
KH_MUSTCHECK kh_rc kh_dead_letters_ask(kh_database *database, const kh_dead_letter_case *cases, size_t count,
                                       kh_text by, size_t *asked);

/*! Notes that they are not to be decided again, in one transaction; takes back what was asked for. */
KH_MUSTCHECK kh_rc kh_dead_letters_discard(kh_database *database, const kh_dead_letter_case *cases, size_t count,
                                           kh_text by, kh_text why);

/* Within a kh_transaction, with its codes. */

/*! What of a lane is to be decided again, by number; at most \a limit. With values. */
KH_MUSTCHECK kh_rc kh_transaction_read_redrives(kh_database *database, int32_t lane, size_t limit, kh_arena *arena,
                                                kh_dead_letter_case **out, size_t *count);

/*! Writes down what became of them, and takes them off. */
KH_MUSTCHECK kh_rc kh_transaction_settle_redrives(kh_database *database, const kh_dead_letter_deed *deeds,
                                                  size_t count);

#endif
