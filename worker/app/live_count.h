/* A batch in figures. */
#ifndef KH_APP_LIVE_COUNT_H
#define KH_APP_LIVE_COUNT_H

#include "app/live_source.h"

/*! After the commit, before the lanes move on: what the batch decided is counted, once. */
void kh_live_count(const kh_live_batch_work *batch);

#endif
