/* One line per event on standard error, as text or JSON. Never payloads, remarks or SQL parameters. */
#ifndef KH_APP_LOG_H
#define KH_APP_LOG_H

#include <stdint.h>

#include "config/settings.h"

/*! Process-wide, any thread. Until called: info, text. */
void kh_log_configure(kh_log_level level, kh_log_format format);

/*! \param event  a short fixed name, "lanes-taken": what collectors filter by. */
void kh_log(kh_log_level level, const char *event, const char *format, ...) KH_PRINTF(3, 4);

/*! Lets through, for each kind of thing, after a second, then two, then four, up to ten minutes, and counts the rest;
 * after as long a quiet it begins anew. Caller's storage, zero at first. */
typedef struct kh_log_limit {
    int64_t next_ms;
    int64_t pause_ms; /*!< before `next_ms` */
    uint64_t held_back;
} kh_log_limit;

/*! \param held_back  how many were held back since the last one that was let through. \return whether to log this one.
 */
bool kh_log_allows(kh_log_limit *limit, uint64_t *held_back);

/*! Milliseconds of a clock that never goes back, for waiting. */
int64_t kh_monotonic_ms(void);

#endif
