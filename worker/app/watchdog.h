/* Ends a worker that makes no progress: another takes its lanes over. */
#ifndef KH_APP_WATCHDOG_H
#define KH_APP_WATCHDOG_H

#include <stdint.h>

/*! Starts counting. It counts its own seconds, so that a process that was stopped and goes on is not ended for that.
 *  \param seconds  without kh_watchdog_pat, after which the process ends with \a exit_code. */
void kh_watchdog_start(uint32_t seconds, int exit_code);

/*! Counts no longer: what follows waits for a person, or cannot get stuck. */
void kh_watchdog_stop(void);

/*! Progress was made. */
void kh_watchdog_pat(void);

/*! Seconds since the last pat. \param limit_seconds  gets what was given to kh_watchdog_start; 0: it never was. */
uint32_t kh_watchdog_quiet(uint32_t *limit_seconds);

#endif
