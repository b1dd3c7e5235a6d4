/* Results read again, for publishing after a crash and for histories. Outside of a kh_transaction. Each may return
 * KH_E_LOST, KH_E_RETRY or KH_E_MEMORY. */
#ifndef KH_POSTGRES_OUTBOX_H
#define KH_POSTGRES_OUTBOX_H

#include "postgres/database.h"
#include "postgres/rows.h"

/*! Results of a lane with `seq` of \a from or above, ascending; at most \a limit. In the arena. */
KH_MUSTCHECK kh_rc kh_outbox_read(kh_database *database, int32_t lane, int64_t from, size_t limit, kh_arena *arena,
                                  kh_result_row **out, size_t *count);

/*! Dead letters of a lane with \a from <= seq < \a to, ascending, with their bytes. In the arena. */
KH_MUSTCHECK kh_rc kh_outbox_read_dead_letters(kh_database *database, int32_t lane, int64_t from, int64_t to,
                                               size_t limit, kh_arena *arena, kh_dead_letter_row **out, size_t *count);

/*! One key's results, newest first: from \a seq back along `previous_seq`; at most \a limit. In the arena. */
KH_MUSTCHECK kh_rc kh_outbox_read_history(kh_database *database, int32_t lane, int64_t seq, size_t limit,
                                          kh_arena *arena, kh_result_row **out, size_t *count);

/*! One key's newest result that was recorded at or before an instant, to the millisecond: from \a seq back. None or
 * one. */
KH_MUSTCHECK kh_rc kh_outbox_read_stood(kh_database *database, int32_t lane, int64_t seq, kh_instant recorded_by,
                                        kh_arena *arena, kh_result_row **out, size_t *count);

/*! When a lane's result \a seq was recorded, or if there is none yet, the newest before it.
 *  \param out  KH_INSTANT_NONE if the lane has no such result. */
KH_MUSTCHECK kh_rc kh_outbox_recorded_at(kh_database *database, int32_t lane, int64_t seq, kh_instant *out);

#endif
