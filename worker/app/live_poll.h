/* What comes from the source topics: records into the lanes' queues, and lanes that come and go. */
#ifndef KH_APP_LIVE_POLL_H
#define KH_APP_LIVE_POLL_H

#include "app/live.h"

/*! Takes what is there until the queues are full, nothing more comes, or \a wait_ms have passed with nothing at all.
 *  \param rebalanced  set when the assignment changed: nothing more was taken.
 *  \retval KH_OK, or a fatal code (logged; worker->reason is set). */
KH_MUSTCHECK kh_rc kh_live_poll(kh_worker *worker, int wait_ms, bool *rebalanced);

/*! Gives the lanes up in good order: what was decided is published first, if that goes. */
void kh_live_give_up_lanes(kh_worker *worker, bool lost);

/*! Back-pressure: lanes that cannot take their records now are not read further. */
void kh_live_throttle(kh_worker *worker);

#endif
