/* Reading many tables as they stood at one instant, beside whoever is at work: nothing is locked, nothing written. The
 * reading functions of lanes.h, rules.h, catalog.h, backlog.h, dead_letters.h and outbox.h may be called within. */
#ifndef KH_POSTGRES_SNAPSHOT_H
#define KH_POSTGRES_SNAPSHOT_H

#include "postgres/database.h"

/*! Begins. What is read from now on is as it stands at the first read.
 *  \retval KH_OK, KH_E_LOST, KH_E_RETRY, KH_E_CONFIGURATION, KH_E_MEMORY; KH_E_INTERNAL within a transaction */
KH_MUSTCHECK kh_rc kh_snapshot_begin(kh_database *database);

/*! Ends it. Harmless on a lost connection; keeps the error that stands. */
void kh_snapshot_end(kh_database *database);

#endif
