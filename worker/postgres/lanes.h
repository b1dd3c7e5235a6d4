/* Lanes: who may write, and how far each is. Each function is a transaction of its own; none may be called within a
 * kh_transaction. Every one may return KH_E_LOST (nothing is known then: ask again), KH_E_RETRY or KH_E_MEMORY. */
#ifndef KH_POSTGRES_LANES_H
#define KH_POSTGRES_LANES_H

#include "postgres/database.h"
#include "postgres/rows.h"

/*! Makes the lanes 0 to \a lane_count - 1 with an offset row for each topic, and writes down the deployment; harmless
 *  to repeat. New topics may be added to a running deployment, lanes may not.
 *  \param deployment  the deployment id; another one in the database is refused.
 *  \retval KH_OK
 *  \retval KH_E_CONFIGURATION  another deployment's database, or another number of partitions: the error says which.
 */
KH_MUSTCHECK kh_rc kh_lanes_prepare(kh_database *database, kh_text deployment, int32_t lane_count,
                                    const kh_text *topics, size_t topic_count);

/*! Rows and offsets of lanes, as the next three return them; in the arena. Both ascend by lane (offsets then by topic).
 */
typedef struct kh_lanes {
    kh_lane_row *rows;
    size_t count;
    kh_lane_offset_row *offsets;
    size_t offset_count;
} kh_lanes;

/*! How long kh_lanes_take waits for the batch of a former owner to end. */
#define KH_LANES_PATIENCE_MS 5000

/*! Raises each lane's epoch: whoever wrote them before cannot any more. `owner` in the rows is the former one. A
 * session that keeps a lane locked for longer than KH_LANES_PATIENCE_MS is ended (KH_E_RETRY: again then): a worker
 * that was stopped in the middle of a batch, at a place where the server itself would wait for it for ever. \param
 * lanes  any order, none twice. \retval KH_OK, KH_E_CONFIGURATION (a lane does not exist). */
KH_MUSTCHECK kh_rc kh_lanes_take(kh_database *database, const int32_t *lanes, size_t count, kh_arena *arena,
                                 kh_lanes *out);

/*! As they stand, under their row locks: waits for a transaction that may still be running on the server. For use
 *  after a commit whose answer was lost. No lock is left.
 *  \retval KH_OK; lanes that do not exist are left out. */
KH_MUSTCHECK kh_rc kh_lanes_read_back(kh_database *database, const int32_t *lanes, size_t count, kh_arena *arena,
                                      kh_lanes *out);

/*! All lanes, without locks: for `list`, health and lag. */
KH_MUSTCHECK kh_rc kh_lanes_read_all(kh_database *database, kh_arena *arena, kh_lanes *out);

/*! The lanes whose owner has a session on the server: a worker that died, or lost its connection, has none.
 *  \param out  ascending, in the arena. */
KH_MUSTCHECK kh_rc kh_lanes_connected(kh_database *database, kh_arena *arena, int32_t **out, size_t *count);

/*! Writes \a owner into lanes held with these epochs: all or none.
 *  \retval KH_OK, KH_E_NOT_MINE (an epoch has moved on; nothing was written). */
KH_MUSTCHECK kh_rc kh_lanes_own(kh_database *database, const int32_t *lanes, const int64_t *epochs, size_t count,
                                kh_text owner);

/*! Clears the owner of those lanes that are still held with these epochs; the others are left as they are, which is no
 * error. */
KH_MUSTCHECK kh_rc kh_lanes_release(kh_database *database, const int32_t *lanes, const int64_t *epochs, size_t count);

/*! What an idle lane must know. */
typedef struct kh_lane_look {
    int64_t epoch;
    int64_t arrangement_version;
    kh_instant first_due_at; /*!< KH_INSTANT_NONE: nothing ever falls due */
    int32_t lane;
    bool has_wakeups;
    bool has_redrives; /*!< dead letters that are to be decided again */
} kh_lane_look;

/*! One cheap query for all idle lanes.
 *  \param out  at least \a count entries, ascending by lane.
 *  \param found  how many of the lanes exist.
 *  \param now  the server's now(). */
KH_MUSTCHECK kh_rc kh_lanes_look(kh_database *database, const int32_t *lanes, size_t count, kh_lane_look *out,
                                 size_t *found, kh_instant *now);

/*! Raises every lane's `arrangement_version` for a reason that is no event (a person asked for a sweep).
 *  \param cause  what the sweeps will name. */
KH_MUSTCHECK kh_rc kh_lanes_raise_arrangement(kh_database *database, kh_text cause);

#endif
