/* Label events for measuring: made, not recorded, and always the same for the same numbers. */
#ifndef KH_BENCH_EVENTS_H
#define KH_BENCH_EVENTS_H

#include <stdint.h>

#include "kakehashi/arena.h"

/*! The n-th event about `labels` labels, as a line of JSON (README: Topics and messages): every label is issued first,
 * then renewed, suspended, lifted and amended in turn, so that most events change a status. \return the line, in the
 * arena. */
kh_text kh_bench_event_line(kh_arena *arena, uint64_t n, uint64_t labels);

#endif
