/* A store for deciding one subject by itself, as comparing and verifying do: what follows for others is left to the
 * lanes. */
#ifndef KH_BATCH_ONE_SUBJECT_H
#define KH_BATCH_ONE_SUBJECT_H

#include "batch/lane.h"

/*! For kh_lane_decide_again with a subject of the caller's: no label is derived from it, nothing else falls due, and no
 * other subject can be asked for (KH_E_INTERNAL). \param self   given to \a basis. \param basis  as kh_store says, but
 * without its lock. */
kh_store kh_store_of_one_subject(void *self, kh_rc (*basis)(void *self, kh_text key, const kh_facts **out));

#endif
