/* Between the poll and the lanes: what is polled arrives at any time, and is taken into the lanes' queues between two
 * turns of its share. The loop's thread calls all of this. Nothing outside worker/app includes it. */
#ifndef KH_APP_LIVE_ARRIVALS_H
#define KH_APP_LIVE_ARRIVALS_H

#include "app/live.h"

/*! A record, or the end of a source, arrives: also while a turn is in hand.
 *  \param event  of kind RECORD or DRAINED; its hold is taken, and released when nobody wants it.
 *  \retval KH_OK, KH_E_MEMORY */
KH_MUSTCHECK kh_rc kh_live_arrive(kh_worker *worker, const kh_consumer_event *event);

/*! Between two turns: what has arrived goes into the lanes' queues; then lanes that cannot take their records now are
 *  not read further, those that can again are, and stock is taken.
 *  \retval KH_OK
 *  \retval KH_E_REWOUND  a topic is not what it was (logged, worker->reason is set)
 *  \retval KH_E_MEMORY   some of it is released undecided; it will be read again once the lanes are taken again */
KH_MUSTCHECK kh_rc kh_live_take_in(kh_share *share);

/*! Keeps lanes from being read for which far more waits than their share decides, for its turn lasts and lasts, or it
 *  tries in vain: so no other share waits for it, and what waits is bounded however long that is. They are read again
 *  when less than a batch waits. */
void kh_live_hold_back(kh_worker *worker);

/*! Whether each share that is read has records enough for its next batch: what came for one must not keep another
 * without work, up to a bound. */
bool kh_live_is_full(const kh_worker *worker);

/*! Says that a source topic is not what it was. \return KH_E_REWOUND; worker->reason is set. Between turns only. */
kh_rc kh_live_topic_changed(kh_worker *worker, const kh_consumer_event *event, const char *what);

#endif
