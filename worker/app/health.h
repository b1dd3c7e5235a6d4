/* Whether a worker is alive, and whether it is ready: each with its reasons, for probes and for people. The loop says
 * how things stand; any thread may ask. One worker to a process. */
#ifndef KH_APP_HEALTH_H
#define KH_APP_HEALTH_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/*! What readiness hangs on. */
typedef enum kh_health_part {
    KH_HEALTH_DATABASE,
    KH_HEALTH_BROKER,
    KH_HEALTH_LANES,
    KH_HEALTH_RULES,
    KH_HEALTH_PARTS
} kh_health_part;

/*! A worker begins: nothing is well yet. */
void kh_health_begin(void);

/*! How a part stands. \param why  one line, if it is not well; NULL: it is well. Copied. */
void kh_health_set(kh_health_part part, const char *why);

/*! The loop is at work, and so were its turns at \a when, as kh_monotonic_ms. */
void kh_health_turn(int64_t when);

/*! Whether the part is well. */
bool kh_health_is_well(kh_health_part part);

/*! Readiness: all parts are well, and the loop is not held up in one step. What is not is written, a line each.
 *  \param out  NULL: only the answer. */
bool kh_health_ready(int64_t now, FILE *out);

/*! Liveness, pure: no when the watchdog is about to end the worker anyway (three quarters of its patience are over).
 *  \param quiet, limit  seconds; limit 0: there is no watchdog. */
bool kh_health_live(uint32_t quiet, uint32_t limit, FILE *out);

#endif
