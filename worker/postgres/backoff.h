/* How long to wait before trying again: pure, so that clock and chance are arguments. */
#ifndef KH_POSTGRES_BACKOFF_H
#define KH_POSTGRES_BACKOFF_H

#include <stdint.h>

#include "kakehashi/date.h"

#define KH_BACKOFF_GIVE_UP (-1)

/*! Caller's storage; set the first four, leave the others 0. The two budgets end it, whichever comes first. */
typedef struct kh_backoff {
    int64_t base_ms;       /*!< shortest wait, at least 1 */
    int64_t cap_ms;        /*!< longest wait */
    kh_instant deadline;   /*!< KH_INSTANT_NONE: no deadline */
    uint32_t max_attempts; /*!< 0: no limit */
    uint32_t attempts;
    int64_t previous_ms;
} kh_backoff;

/*! The wait before the next attempt, between `base_ms` and three times the wait before it, and never over `cap_ms`:
 *  workers that lost one server together do not come back together.
 *  \param now     not read from any clock here.
 *  \param chance  any random number.
 *  \return milliseconds, or KH_BACKOFF_GIVE_UP when a budget is spent. */
int64_t kh_backoff_next(kh_backoff *backoff, kh_instant now, uint64_t chance);

/*! It worked: the next failure starts small again. Keeps the settings. */
void kh_backoff_reset(kh_backoff *backoff);

#endif
