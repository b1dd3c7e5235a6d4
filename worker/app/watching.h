/* What a worker shows of itself over HTTP: /metrics, /livez, /readyz. All but kh_watching_begin and _end cost next to
 * nothing when nobody watches. The loop's own thread calls them. Nothing outside worker/app includes this. */
#ifndef KH_APP_WATCHING_H
#define KH_APP_WATCHING_H

#include "app/live.h"

/*! A worker begins: its figures stand at nothing. Serves the pages if the settings say where.
 *  \retval KH_OK, KH_E_MEMORY, KH_E_CONFIGURATION (it cannot listen there; logged, worker->reason is set). */
KH_MUSTCHECK kh_rc kh_watching_begin(kh_worker *worker);

/*! Has librdkafka's clients tell their figures, if somebody watches: before the first client is made. */
void kh_watching_ask_kafka(kh_worker *worker);

/*! After each turn of the loop: says how things stand, and now and then counts what waits. */
void kh_watching_turn(kh_worker *worker);

/*! Serves no longer. */
void kh_watching_end(kh_worker *worker);

#endif
