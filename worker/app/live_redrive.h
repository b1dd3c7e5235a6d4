/* Dead letters that somebody asked to have decided again: in their lane, in the batch's own transaction, so once. */
#ifndef KH_APP_LIVE_REDRIVE_H
#define KH_APP_LIVE_REDRIVE_H

#include "app/live_source.h"

/*! Decides some of the lane's, at its clock, by the rules as they are now; what becomes of each is written with the
 *  batch. A record keeps its first place: its results name it as their cause.
 *  \param budget  how many may still be decided; what is used is taken off.
 *  \retval KH_OK; KH_E_RETRY: all lanes must be locked, which the next batch does; or what the transaction returned. */
KH_MUSTCHECK kh_rc kh_live_redrive(kh_live_work *work, uint32_t *budget);

/*! The database refused a row of a batch in which some were decided again: next they are alone, each by itself, and one
 *  that is refused then is told so. \return false if there were none in the batch. */
bool kh_live_redrive_narrow(kh_share *share, const kh_live_batch_work *batch);

/*! The batch is committed. */
void kh_live_redrive_passed(kh_live_work *work);

#endif
