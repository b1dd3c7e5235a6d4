/* What only `verify` asks of the database, within a kh_snapshot. Each returns KH_OK, KH_E_LOST, KH_E_RETRY, KH_E_MEMORY
 * or KH_E_CONFIGURATION. */
#ifndef KH_POSTGRES_VERIFY_H
#define KH_POSTGRES_VERIFY_H

#include "postgres/database.h"
#include "postgres/rows.h"

/*! Takes the time limits off the session until the snapshot ends, and lets whole tables be read as they lie. */
KH_MUSTCHECK kh_rc kh_verify_take_time(kh_database *database);

/*! The next subjects of a lane about which anything is known or decided, by key, after \a after (empty: from the
 *  first). */
KH_MUSTCHECK kh_rc kh_verify_subjects(kh_database *database, int32_t lane, kh_text after, size_t limit, kh_arena *arena,
                                      kh_subject_row **out, size_t *count);

/*! A result by its place in its key's history. */
typedef struct kh_chain_row {
    kh_text subject;
    kh_text key;
    int64_t seq;
    uint32_t status_version; /*!< 0: none, as in kh_result_row */
    uint32_t public_version;
    int64_t previous_seq; /*!< KH_SEQ_NONE */
} kh_chain_row;

/*! Opens a lane's results in the order of subject, key and seq, dead letters left out; closes one opened before. The
 *  server sorts them, on its disk if they are many. */
KH_MUSTCHECK kh_rc kh_verify_chain_open(kh_database *database, int32_t lane);
/*! The next of them. \param count  0: that was all. \param out  in the arena. */
KH_MUSTCHECK kh_rc kh_verify_chain_fetch(kh_database *database, kh_arena *arena, kh_chain_row **out, size_t *count);

/*! Results of a lane by their numbers; those that there are, ascending. */
KH_MUSTCHECK kh_rc kh_verify_results(kh_database *database, int32_t lane, const int64_t *seqs, size_t count,
                                     kh_arena *arena, kh_result_row **out, size_t *out_count);

/*! Obligations of subjects, by (subject, id). */
KH_MUSTCHECK kh_rc kh_verify_obligations(kh_database *database, int32_t lane, const kh_text *subjects, size_t count,
                                         kh_arena *arena, kh_obligation_row **out, size_t *out_count);
/*! Some of a lane's obligations whose subject is not there, by id. */
KH_MUSTCHECK kh_rc kh_verify_stray_obligations(kh_database *database, int32_t lane, size_t limit, kh_arena *arena,
                                               kh_obligation_row **out, size_t *count);

/*! Which of a lane's subjects are woken, ascending. */
KH_MUSTCHECK kh_rc kh_verify_woken(kh_database *database, int32_t lane, const kh_text *subjects, size_t count,
                                   kh_arena *arena, kh_text **out, size_t *out_count);

#endif
