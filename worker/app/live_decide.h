/* Deciding one lane's share of a batch: its sweep, what woke it, its records, and what falls due between them. */
#ifndef KH_APP_LIVE_DECIDE_H
#define KH_APP_LIVE_DECIDE_H

#include "app/live_source.h"

/*! Makes the lane ready: its working set, and the world as its share knows it. \retval KH_OK, KH_E_MEMORY */
KH_MUSTCHECK kh_rc kh_live_prepare(kh_live_work *work);

/*! Decides as much as the budget allows; what is left waits for the next batch.
 *  \retval KH_OK, or what the transaction's reads returned, KH_E_MEMORY, KH_E_INTERNAL. */
KH_MUSTCHECK kh_rc kh_live_decide(kh_live_work *work);

#endif
