/* What the benchmarks decide by: the shipped rules, and labels kept in memory as core values, as a batch has them. */
#ifndef KH_BENCH_WORLD_H
#define KH_BENCH_WORLD_H

#include "app/event_rules.h"
#include "batch/lane.h"
#include "codec/message.h"
#include "config/configuration.h"

#define KH_BENCH_FIRST_CLOCK INT64_C(1780272000000) /* 2026-06-01T00:00:00Z: when the events begin */

typedef struct kh_bench_world {
    kh_configuration configuration;
    kh_event_rules rules;
    kh_arrangement arrangement;
    kh_message_cache *cache;
    kh_arena *setup;      /*!< what lives as long as the world */
    kh_subject *subjects; /*!< label N is subjects[N % subject_count] */
    uint64_t subject_count;
    kh_store store; /*!< as thin as can be: nothing is derived, nothing falls due */
    bool owns_arrangement;
} kh_bench_world;

/*! Ends the program with \a what unless \a rc is KH_OK. */
void kh_bench_must(kh_rc rc, const char *what);

/*! Seconds of a clock that never goes back. */
double kh_bench_seconds(void);

/*! Reads the settings with the files that they name, secrets included where \a needs (kh_settings_need) asks for them.
 *  Says what is wrong and ends the program unless all is well. */
void kh_bench_world_init(kh_bench_world *world, const char *settings, const char *const *overrides,
                         uint32_t override_count, unsigned needs, uint64_t subject_count, kh_arena *setup);

/*! A lane that decides from the world's subjects. \param arena  of what it decides. */
void kh_bench_lane_init(kh_bench_world *world, kh_arena *arena, const kh_sink *sink, kh_lane *out);

/*! The n-th event as a record of its participant's source topic; everything in the arena. */
void kh_bench_record(const kh_bench_world *world, kh_arena *arena, uint64_t n, uint64_t labels, kh_record *out);

/*! The number of the label that a record is about, by its key. */
uint64_t kh_bench_label_number(kh_text key);

#endif
