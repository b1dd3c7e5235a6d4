#include "bench/bench_world.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "app/heap.h"
#include "bench/bench_events.h"
#include "codec/event_line.h"

void kh_bench_must(kh_rc rc, const char *what)
{
    if (rc != KH_OK) {
        (void)fprintf(stderr, "%s: %d\n", what, (int)rc);
        exit(1);
    }
}

double kh_bench_seconds(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

uint64_t kh_bench_label_number(kh_text key)
{
    return strtoull(key.data + 3, NULL, 10);
}

void kh_bench_record(const kh_bench_world *world, kh_arena *arena, uint64_t n, uint64_t labels, kh_record *out)
{
    const kh_topic_section *topics = &world->configuration.settings.kafka.topics;
    kh_refusal refusal;
    bool dated = false;
    kh_text line = kh_bench_event_line(arena, n, labels);
    kh_bench_must(kh_event_line_read(line, 262144, arena, out, &dated, &refusal), "line");
    for (uint32_t i = 0; i < topics->event_count; i++) {
        if (memcmp(topics->events[i].key.data, out->key.data, 2) == 0) {
            out->topic = topics->events[i].value;
        }
    }
}

static kh_rc subject(void *self, kh_text key, kh_subject **out)
{
    kh_bench_world *of = self;
    *out = &of->subjects[kh_bench_label_number(key) % of->subject_count];
    if ((*out)->key.length == 0) {
        return kh_arena_copy_text(of->setup, key, &(*out)->key);
    }
    return KH_OK;
}

static kh_rc basis(void *self, kh_text key, const kh_facts **out)
{
    (void)self;
    (void)key;
    *out = NULL;
    return KH_OK;
}

static kh_rc dependents(void *self, kh_text key, kh_subject *const **out, uint32_t *count)
{
    (void)self;
    (void)key;
    *out = NULL;
    *count = 0;
    return KH_OK;
}

static kh_rc due(void *self, kh_instant until, kh_subject **out)
{
    (void)self;
    (void)until;
    *out = NULL;
    return KH_OK;
}

static kh_rc decided(void *self, kh_subject *of)
{
    (void)self;
    (void)of;
    return KH_OK;
}

static void load_configuration(kh_bench_world *world, const char *settings, const char *const *overrides,
                               uint32_t override_count, unsigned needs)
{
    kh_problems problems;
    kh_problems_init(&problems, world->setup);
    kh_rc rc = kh_configuration_load(settings, overrides, override_count, &problems, &world->configuration);
    if (rc == KH_OK) {
        rc = kh_settings_require(&world->configuration.settings, needs, &problems);
    }
    for (const kh_problem *problem = problems.first; problem != NULL; problem = problem->next) {
        (void)fprintf(stderr, "%s\n", problem->text.data);
    }
    kh_bench_must(rc, "configuration");
}

void kh_bench_world_init(kh_bench_world *world, const char *settings, const char *const *overrides,
                         uint32_t override_count, unsigned needs, uint64_t subject_count, kh_arena *setup)
{
    static kh_facts nothing;
    *world = (kh_bench_world){.setup = setup, .subject_count = subject_count};
    world->store = (kh_store){world, subject, basis, dependents, due, decided};
    load_configuration(world, settings, overrides, override_count, needs);
    const kh_rule_book *book = &world->configuration.book;
    kh_bench_must(kh_event_rules_init(&world->configuration.settings, book, setup, &world->rules), "rules");
    kh_bench_must(kh_arrangement_build(book, KH_TEXT("jp-sg"), &nothing, setup, &world->arrangement), "arrangement");
    kh_bench_must(kh_message_cache_new(kh_heap(), &world->cache), "cache");
    world->subjects = calloc(subject_count, sizeof *world->subjects);
    kh_bench_must(world->subjects == NULL ? KH_E_MEMORY : KH_OK, "subjects");
}

void kh_bench_lane_init(kh_bench_world *world, kh_arena *arena, const kh_sink *sink, kh_lane *out)
{
    *out = (kh_lane){.clock = KH_BENCH_FIRST_CLOCK,
                     .arrangements = &world->arrangement,
                     .arrangement_count = 1,
                     .owns_arrangement = &world->owns_arrangement,
                     .arena = arena,
                     .store = &world->store,
                     .sink = sink};
}
