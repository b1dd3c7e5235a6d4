/* The worker's loop: what it waits for, and its start. Nothing outside worker/app includes this. */
#ifndef KH_APP_WORKER_LOOP_H
#define KH_APP_WORKER_LOOP_H

#include "app/live.h"
#include "postgres/backoff.h"

/*! The loop's own state. */
typedef struct kh_loop {
    kh_worker *worker;
    kh_arena arena; /*!< what lives as long as the worker */
    const volatile int *stop;
    kh_backoff backoff;
    int64_t retry_at_ms; /*!< when lanes are tried again */
    int64_t progress_ms; /*!< when something last went forward */
    bool waiting_said;
} kh_loop;

/*! Whether it has waited too long (--until-idle only). */
bool kh_loop_has_given_up(const kh_loop *of);

/*! Something went forward: waiting and back-off begin anew. */
void kh_loop_note_progress(kh_loop *of);

/*! Waits before something is tried again, saying once for what. \return false: no longer (stop asked for, or given up).
 */
bool kh_loop_wait_for(kh_loop *of, const char *what, const char *why);

/*! Database, schema, rule files, topics, lanes, producer, consumer: everything before the first poll.
 *  \retval KH_OK; otherwise it has been logged, and worker->reason says how to end (unless a stop was asked for). */
KH_MUSTCHECK kh_rc kh_loop_start(kh_loop *of);

#endif
