/* Writing a batch: the last state of each subject, every result, the lanes' progress. */
#ifndef KH_APP_LIVE_WRITE_H
#define KH_APP_LIVE_WRITE_H

#include "app/live_source.h"

/*! Everything that the batch changed, in the transaction in hand; not the commit.
 *  \retval as the transaction's writes. */
KH_MUSTCHECK kh_rc kh_live_write(kh_share *share, kh_live_batch_work *batch);

/*! After the commit: gives back the records that were decided, and moves the lane's offsets. */
void kh_live_consume(kh_share *share, kh_live_work *work);

/*! After the commit: until when nothing stored is due. */
void kh_live_note_quiet(kh_live_work *work);

/*! After the commit: where each lane is once the batch is published. \retval KH_OK, KH_E_MEMORY */
KH_MUSTCHECK kh_rc kh_live_add_marks(kh_share *share, kh_live_batch_work *batch);

#endif
