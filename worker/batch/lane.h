/* One lane: records in their order, what falls due between them, and every result that follows.
 *
 * The same code decides live and offline; a record is decided by itself, so how records fall into batches cannot show.
 * Nothing here reads a clock, a file or a socket: the store and the results go through two small tables of functions.
 */
#ifndef KAKEHASHI_BATCH_LANE_H
#define KAKEHASHI_BATCH_LANE_H

#include "kakehashi/arena.h"
#include "kakehashi/decision.h"
#include "kakehashi/event.h"
#include "kakehashi/record.h"
#include "kakehashi/refusal.h"
#include "kakehashi/result.h"

/*! One subject of the lane as the batch works on it: what its row holds. */
typedef struct kh_subject {
    kh_text key;
    kh_facts facts;
    kh_key_state *keys; /*!< what stands under each key it publishes, in the order of their first result */
    uint32_t key_count;
    kh_instant due_at;  /*!< KH_INSTANT_NONE: facts alone can change anything about it */
    kh_text basis;      /*!< the label that it is derived from; empty if none */
    bool accepted;      /*!< a statement about it has been accepted: an empty row made for a basis has none */
    bool facts_changed; /*!< set by the lane; the owner clears it once written */
    bool changed;       /*!< anything of it: likewise */
} kh_subject;

/*! Where subjects come from. Every function returns KH_OK or a code that ends the batch. */
typedef struct kh_store {
    void *self;
    /*! The subject of this lane, a new empty one (facts zero, not accepted) if there is none. It stays at its address
     *  during the batch. */
    kh_rc (*subject)(void *self, kh_text key, kh_subject **out);
    /*! The facts about a label of any lane, under a lock that outlives the decision; NULL if nothing is known. */
    kh_rc (*basis)(void *self, kh_text key, const kh_facts **out);
    /*! The labels of this lane that are derived from the label, ascending by key. The array lives until the next call.
     */
    kh_rc (*dependents)(void *self, kh_text key, kh_subject *const **out, uint32_t *count);
    /*! The subject of this lane with the smallest (due_at, key), if its `due_at` is not after \a until; NULL if none.
     */
    kh_rc (*due)(void *self, kh_instant until, kh_subject **out);
    /*! Called whenever the lane has decided a subject: `due_at` and `basis` may be new. */
    kh_rc (*decided)(void *self, kh_subject *subject);
} kh_store;

/*! Where results go, each with its `seq`, in order. Everything a result points to lives as long as the arena. */
typedef struct kh_sink {
    void *self;
    kh_rc (*take)(void *self, const kh_result *result);
} kh_sink;

/*! Caller's storage; the caller fills it, the functions below keep it. */
typedef struct kh_lane {
    int32_t number;
    kh_instant clock;             /*!< KH_INSTANT_NONE until the first record */
    int64_t next_seq;             /*!< first unused result number */
    kh_arrangement *arrangements; /*!< all that are served; rebuilt here when a record of this lane changes one */
    uint32_t arrangement_count;
    bool *owns_arrangement; /*!< for each of them: its subject is in this lane */
    kh_arena *arena;
    const kh_store *store;
    const kh_sink *sink;
} kh_lane;

/*! A record together with what reading it gave. */
typedef struct kh_input {
    const kh_record *record;
    bool refused;
    kh_refusal refusal; /*!< if refused */
    kh_event event;     /*!< if not */
    bool again;         /*!< it is a dead letter already: if it is refused once more, that is only told */
} kh_input;

/*! What taking a record did, beside its results. */
typedef struct kh_taken {
    bool arrangement_changed; /*!< all lanes must be swept: the facts about an arrangement are not what they were */
    bool gap;                 /*!< the revision left a gap: only counted */
    kh_refusal refusal; /*!< of the dead letter it became, if any; a conflict's statement was merged all the same */
} kh_taken;

/*! The first instant that no clock may pass, because both participants consented to a rule pack that is not loaded.
 *  \param amendment  that amendment. \return KH_INSTANT_NONE if there is none. */
kh_instant kh_lane_blocked_from(const kh_lane *lane, const kh_amendment **amendment);

/*! Moves the clock on: decides what is due up to and at \a to, each at its own `due_at`, in order of (due_at, subject).
 *  The clock never goes back: an earlier \a to does nothing. With the lane's first instant the arrangements in it are
 *  decided.
 *  \param budget  how many subjects may still be decided; what is used is taken off.
 *  \param reached set when all of it is done; otherwise the clock stands at the last subject decided: call again.
 *  \retval KH_OK, or what the store or sink returned, or KH_E_MEMORY. */
KH_MUSTCHECK kh_rc kh_lane_advance(kh_lane *lane, kh_instant to, uint32_t *budget, bool *reached);

/*! Takes one record, at the lane's clock: the caller has advanced it to the record's time, and no sweep is on its way.
 *  \param input  lives as long as the arena: its statement becomes a fact.
 *  \retval KH_OK, or what the store or sink returned, or KH_E_MEMORY. A refused record is KH_OK: its dead letter went
 * to the sink. */
KH_MUSTCHECK kh_rc kh_lane_take(kh_lane *lane, const kh_input *input, kh_taken *out);

/*! Decides the lane's arrangements anew at its clock: the beginning of each sweep. */
KH_MUSTCHECK kh_rc kh_lane_begin_sweep(kh_lane *lane, const kh_cause *cause);

/*! Decides one subject anew at the lane's clock: a sweep's next, or one that another lane woke.
 *  One that no statement was ever accepted about is passed by. */
KH_MUSTCHECK kh_rc kh_lane_decide_again(kh_lane *lane, kh_subject *subject, const kh_cause *cause);

#endif
