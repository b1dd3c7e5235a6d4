/* One batch, one transaction: guards, reads, writes, commit.
 *
 * READ COMMITTED, each step its own statement: a statement sees what was committed before it began, so what is read
 * after a lock is what the lock protects.
 *
 * Every function but kh_transaction_begin belongs between it and commit or rollback. Unless it says otherwise, each
 * returns one of
 *
 * - KH_OK
 * - KH_E_RETRY    deadlock or the like: roll back, do the batch again
 * - KH_E_LOST     the connection is gone: close it; before a commit nothing has happened
 * - KH_E_BAD_ROW  the database refuses a row: roll back, halve the batch
 * - KH_E_MEMORY, KH_E_CONFIGURATION, KH_E_INTERNAL  stop
 *
 * After any of these but KH_OK only kh_transaction_rollback (or closing) is left. Writes are sent without waiting for
 * their answer where that saves time, so a write's error may be returned by a later call, at the latest by the commit.
 */
#ifndef KH_POSTGRES_TRANSACTION_H
#define KH_POSTGRES_TRANSACTION_H

#include "postgres/database.h"
#include "postgres/rows.h"

/*! What a lane must be for the batch to be ours. */
typedef struct kh_lane_guard {
    int32_t lane;
    int64_t epoch;
    int64_t next_seq;
} kh_lane_guard;

/*! Begins and locks the lanes.
 *  \param guards     any order, no lane twice, at least one.
 *  \param all_lanes  lock every lane there is, not only these: needed before kh_transaction_raise_arrangement.
 *  \param rows       \a count rows, ascending by lane; their texts lie in \a arena.
 *  \param now        the server's now(), which is also `recorded_at` of this transaction's results.
 *  \retval KH_E_NOT_MINE  an epoch or a place has moved on; already rolled back. As are all other failures here. */
KH_MUSTCHECK kh_rc kh_transaction_begin(kh_database *database, const kh_lane_guard *guards, size_t count,
                                        bool all_lanes, kh_arena *arena, kh_lane_row *rows, kh_instant *now);

/* Reads. Arrays lie in the arena; a count of 0 has a NULL array. */

/*! \param out  one row for each key, in the keys' order; `known` says whether there is one. */
KH_MUSTCHECK kh_rc kh_transaction_read_subjects(kh_database *database, const kh_subject_key *keys, size_t count,
                                                kh_arena *arena, kh_subject_row **out);

/*! Subjects whose basis is one of \a bases, of all lanes, by (lane, key). */
KH_MUSTCHECK kh_rc kh_transaction_read_dependents(kh_database *database, const kh_text *bases, size_t count,
                                                  kh_arena *arena, kh_dependent_row **out, size_t *out_count);

/*! What of a lane is due at or before an instant, by (due_at, key); at most \a limit. */
KH_MUSTCHECK kh_rc kh_transaction_read_due(kh_database *database, int32_t lane, kh_instant up_to, size_t limit,
                                           kh_arena *arena, kh_subject_row **out, size_t *out_count);

/*! The next subjects of a lane that have facts, by key, after \a after (empty: from the first); at most \a limit. */
KH_MUSTCHECK kh_rc kh_transaction_read_sweep(kh_database *database, int32_t lane, kh_text after, size_t limit,
                                             kh_arena *arena, kh_subject_row **out, size_t *out_count);

/*! Wakeups of a lane, by subject; at most \a limit. */
KH_MUSTCHECK kh_rc kh_transaction_read_wakeups(kh_database *database, int32_t lane, size_t limit, kh_arena *arena,
                                               kh_wakeup_row **out, size_t *out_count);

/*! Locks the rows of bases against change until the end, making empty ones where there are none, then reads them.
 *  \param keys  any order; may repeat.
 *  \param out   one row for each key, in the keys' order; all known. */
KH_MUSTCHECK kh_rc kh_transaction_lock_bases(kh_database *database, const kh_subject_key *keys, size_t count,
                                             kh_arena *arena, kh_subject_row **out);

/* Writes. Nothing is kept of the arguments after the call. */

/*! Writes each subject's last state: inserted, or replaced whole.
 *  \param rows  ascending by (lane, key), none twice, else KH_E_INTERNAL. With `known` set the row must exist (else
 *               KH_E_INTERNAL): cheaper than not knowing. */
KH_MUSTCHECK kh_rc kh_transaction_write_subjects(kh_database *database, const kh_subject_row *rows, size_t count);

/*! Appends results. \param rows  ascending by (lane, seq). */
KH_MUSTCHECK kh_rc kh_transaction_append_results(kh_database *database, const kh_result_row *rows, size_t count);

/*! Appends dead letters. */
KH_MUSTCHECK kh_rc kh_transaction_append_dead_letters(kh_database *database, const kh_dead_letter_row *rows,
                                                      size_t count);

/*! \param rows  ascending by id, none twice. */
KH_MUSTCHECK kh_rc kh_transaction_write_obligations(kh_database *database, const kh_obligation_row *rows, size_t count);

/*! Removes obligations that are gone; ids that do not stand are no error. */
KH_MUSTCHECK kh_rc kh_transaction_delete_obligations(kh_database *database, const kh_text *ids, size_t count);

/*! Wakes subjects, of any lane: a new wakeup, or a higher version of the one that stands.
 *  \param rows  ascending by (lane, subject), none twice. */
KH_MUSTCHECK kh_rc kh_transaction_wake(kh_database *database, const kh_wakeup_row *rows, size_t count);

/*! Removes wakeups of this lane that have been seen to; one that was raised since it was read stays. */
KH_MUSTCHECK kh_rc kh_transaction_delete_wakeups(kh_database *database, const kh_wakeup_row *rows, size_t count);

/*! Every lane's `arrangement_version` rises by one. Begin with `all_lanes`. A lane of this batch reads one more than it
 * had. */
KH_MUSTCHECK kh_rc kh_transaction_raise_arrangement(kh_database *database, kh_text cause);

/*! How far a lane has come. */
typedef struct kh_lane_progress {
    int32_t lane;
    int64_t next_seq;
    kh_instant clock; /*!< KH_INSTANT_NONE: stays */
    int64_t swept_version;
    bool sweeping;
    kh_text sweep_after;
    kh_text sweep_cause;
    int64_t published_seq; /*!< the hint; never moves back */
} kh_lane_progress;

/*! How far a source topic of a lane has come. */
typedef struct kh_offset_progress {
    int64_t expected;       /*!< `next_offset` as it stood */
    kh_lane_offset_row row; /*!< as it shall be */
} kh_offset_progress;

/*! The batch's progress; once, last before the commit.
 *  \retval KH_E_NOT_MINE  an offset is not what it was expected to be. */
KH_MUSTCHECK kh_rc kh_transaction_finish(kh_database *database, const kh_lane_progress *lanes, size_t lane_count,
                                         const kh_offset_progress *offsets, size_t offset_count);

/*! \retval KH_E_LOST  **unknown**: it may be committed. kh_lanes_read_back on a new connection tells.
 *  Otherwise not KH_OK means rolled back. */
KH_MUSTCHECK kh_rc kh_transaction_commit(kh_database *database);

/*! Harmless without a transaction and on a lost connection. */
void kh_transaction_rollback(kh_database *database);

#endif
