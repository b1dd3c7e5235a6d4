/* What waits in the database for some lanes: figures for those who watch, never a condition. */
#ifndef KH_POSTGRES_BACKLOG_H
#define KH_POSTGRES_BACKLOG_H

#include "postgres/database.h"

/*! More than this many are not counted. */
#define KH_BACKLOG_MOST 100000

#define KH_BACKLOG_STATES 2

typedef struct kh_backlog {
    int64_t due;           /*!< subjects that are due */
    int64_t wakeups;       /*!< subjects that were woken */
    kh_instant until_next; /*!< milliseconds until the next subject falls due; below 0: since; KH_INSTANT_NONE: never */
    int64_t obligations[KH_BACKLOG_STATES]; /*!< in each of the states asked for */
} kh_backlog;

/*! One query, without locks.
 *  \param nows    the instant that counts as now, of each lane; KH_INSTANT_NONE: nothing of it is counted as due.
 *  \param states  numbers of the obligations' states to be counted.
 *  \retval KH_OK, KH_E_LOST, KH_E_RETRY, KH_E_MEMORY; \a out untouched unless KH_OK. */
KH_MUSTCHECK kh_rc kh_backlog_read(kh_database *database, const int32_t *lanes, const kh_instant *nows, size_t count,
                                   const int16_t states[KH_BACKLOG_STATES], kh_backlog *out);

#endif
