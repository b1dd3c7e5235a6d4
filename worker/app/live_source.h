/* A batch's lanes at work, and where their working sets read from: the batch's own database transaction. */
#ifndef KH_APP_LIVE_SOURCE_H
#define KH_APP_LIVE_SOURCE_H

#include "app/live.h"
#include "app/working_set.h"
#include "postgres/dead_letters.h"

/*! One lane's part of a batch; lives in the batch's arena. */
typedef struct kh_live_work {
    kh_share *share;
    kh_live_lane *lane;
    kh_arena *arena;
    kh_outgoing *out;
    kh_lane core;
    kh_sink sink;
    kh_subject_source source;
    kh_working_set *set;
    kh_input *inputs;
    size_t input_count;
    size_t taken; /*!< of the inputs, decided */
    uint64_t gaps;
    uint64_t ahead_of_time;
    bool about_arrangement;
    uint32_t due_limit;
    kh_instant due_read_until; /*!< what was due until then has all been read; KH_INSTANT_NONE: not looked */
    kh_wakeup_row *wakeups;
    size_t wakeup_count;
    bool wakeups_left;
    kh_dead_letter_deed *deeds; /*!< what became of dead letters that were decided again */
    size_t deed_count;
    bool redrives_left;
    bool falls_short; /*!< something is still due at the clock: the budget was used up */
    bool sweep_done;
    kh_text sweep_after;
    bool arrangement_changed;
    kh_text arrangement_cause;
    kh_instant first_due; /*!< of the subjects that it wrote; KH_INSTANT_NONE: none */
} kh_live_work;

typedef struct kh_live_batch_work {
    kh_outgoing *out;
    kh_live_work *works;
    size_t count;
    kh_lane_guard *guards;
    kh_lane_row *rows;
    bool world_changed;
} kh_live_batch_work;

/*! Fills work->source. */
void kh_live_source_init(kh_live_work *work);

/*! Reads ahead, in few statements, what the batch's records are about: subjects, their dependents, their bases.
 *  \retval as the transaction's reads. */
KH_MUSTCHECK kh_rc kh_live_source_preload(kh_share *share, kh_live_batch_work *batch);

/*! The batch has ended, and with it its locks of bases in other lanes: another share may take its own. */
void kh_live_let_bases_go(kh_share *share);

/*! The lane's next subjects in a sweep. */
KH_MUSTCHECK kh_rc kh_live_source_sweep(kh_live_work *work, kh_text after, size_t limit, kh_stored_subject **out,
                                        size_t *count);

/*! Reads the inputs of all lanes, by the rules as they are now. */
KH_MUSTCHECK kh_rc kh_live_read_all(kh_share *share, kh_live_batch_work *batch);

/*! Notes what taking a record did beside its results: gaps, and a change of an arrangement with its cause.
 *  \retval KH_OK, KH_E_MEMORY, KH_E_INTERNAL */
KH_MUSTCHECK kh_rc kh_live_note_taken(kh_live_work *work, const kh_input *input, const kh_taken *taken);

/*! Whether an idle lane's clock has to begin: an arrangement is in it, which is a subject from the start. */
bool kh_live_must_begin(const kh_share *share, const kh_live_lane *lane);

#endif
