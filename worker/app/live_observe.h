/* What waits, in figures, for those who watch. Nothing outside worker/app includes this. */
#ifndef KH_APP_LIVE_OBSERVE_H
#define KH_APP_LIVE_OBSERVE_H

#include "app/live.h"

/*! Lanes of a worker by state. */
typedef struct kh_lane_counts {
    size_t assigned;
    size_t taken;
    size_t sweeping;
    size_t blocked;
    size_t paused;
} kh_lane_counts;

/*! As of when stock was last taken. */
void kh_live_count_lanes(const kh_worker *worker, kh_lane_counts *out);

/*! Every five seconds at most, and never for more than a hundredth of the time: one query, and what is in memory. Waits
 * for the turns in hand, unless one lasts long: then it is put off. */
void kh_live_observe(kh_worker *worker);

#endif
