/* What the worker makes of each event, made beforehand: subject rows, result rows, messages. */
#ifndef KH_BENCH_FLOOR_ROWS_H
#define KH_BENCH_FLOOR_ROWS_H

#include "app/outgoing.h"
#include "bench/bench_world.h"
#include "postgres/rows.h"

/*! One event's share of kh_floor_rows.made. */
typedef struct kh_floor_event {
    kh_subject_row subject; /*!< as the event leaves it; lane and known are the caller's to set */
    size_t first_row;
    size_t row_count;
    size_t first_message;
    size_t message_count;
} kh_floor_event;

/*! Of as many events as kh_bench_event_line makes. Their numbers (seq) are those of a lane of each label's own. */
typedef struct kh_floor_rows {
    uint64_t events;
    uint64_t labels;
    kh_floor_event *of; /*!< [n] */
    kh_outgoing made;   /*!< rows and messages of all events; texts live as long as this */
    kh_arena arena;
} kh_floor_rows;

/*! Decides all events, label by label. Ends the program when it cannot. */
void kh_floor_rows_make(kh_bench_world *world, uint64_t events, uint64_t labels, kh_floor_rows *out);

#endif
