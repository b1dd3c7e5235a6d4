/* What comes from the source topics, and lanes that come and go. */
#ifndef KH_APP_LIVE_POLL_H
#define KH_APP_LIVE_POLL_H

#include "app/live.h"

/*! Takes what is there until each share has enough, nothing more comes, or \a wait_ms have passed with nothing at all;
 *  when a turn has ended it does not wait any longer.
 *  \param rebalanced  set when the assignment changed: no turn is in hand, and nothing more was taken.
 *  \retval KH_OK, or a fatal code (logged; worker->reason is set). */
KH_MUSTCHECK kh_rc kh_live_poll(kh_worker *worker, int wait_ms, bool *rebalanced);

/*! Gives the lanes up in good order: what was decided is published first, if that goes. No turn may be in hand. */
void kh_live_give_up_lanes(kh_worker *worker, bool lost);

#endif
