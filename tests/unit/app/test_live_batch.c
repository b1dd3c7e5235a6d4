#include <stdlib.h>

#include "app/heap.h"
#include "app/live_source.h"
#include "support/kh_test.h"

#define LANES 3
#define MOST  10

kh_rc __wrap_kh_event_read(const kh_event_rules *rules, const kh_record *record, int32_t partition, kh_arena *arena,
                           kh_event *out, kh_refusal *refusal);

kh_rc __wrap_kh_event_read(const kh_event_rules *rules, const kh_record *record, int32_t partition, kh_arena *arena,
                           kh_event *out, kh_refusal *refusal)
{
    (void)rules;
    (void)record;
    (void)partition;
    (void)arena;
    (void)refusal;
    memset(out, 0, sizeof *out);
    return KH_OK;
}

typedef struct fixture {
    kh_configuration configuration;
    kh_worker_settings settings;
    kh_worker worker;
    kh_live_lane lanes[LANES];
    kh_pending pending[100];
    kh_live_work works[LANES];
    kh_live_batch_work batch;
} fixture;

/* A share with so many records waiting in its lanes, of which one batch takes MOST. */
static fixture *begin(size_t first, size_t second, size_t third)
{
    const size_t waiting[LANES] = {first, second, third};
    fixture *of = calloc(1, sizeof *of);
    assert_non_null(of);
    kh_share *share = &of->worker.shares[0];
    of->configuration.settings.clock = KH_CLOCK_WALL;
    of->settings.configuration = &of->configuration;
    of->worker.settings = &of->settings;
    of->worker.share_count = 1;
    of->worker.partition_count = LANES;
    share->worker = &of->worker;
    share->halving = (kh_halving){.most = MOST, .limit = MOST};
    kh_arena_init(&share->arena, 4096, kh_heap());
    for (size_t i = 0; i < LANES; i++) {
        of->lanes[i] = (kh_live_lane){.number = (int32_t)i, .pending = of->pending, .pending_count = waiting[i]};
        of->works[i] = (kh_live_work){.share = share, .lane = &of->lanes[i], .arena = &share->arena};
    }
    of->batch = (kh_live_batch_work){.works = of->works, .count = LANES};
    return of;
}

static void end(fixture *of)
{
    kh_arena_deinit(&of->worker.shares[0].arena);
    free(of);
}

static void expect(fixture *of, size_t first, size_t second, size_t third)
{
    assert_rc(kh_live_read_all(&of->worker.shares[0], &of->batch), KH_OK);
    assert_int_equal(of->works[0].input_count, first);
    assert_int_equal(of->works[1].input_count, second);
    assert_int_equal(of->works[2].input_count, third);
}

static void no_lane_waits_behind_one_that_has_more(void **state)
{
    (void)state;
    fixture *of = begin(100, 1, 0);
    expect(of, 9, 1, 0);
    end(of);
    of = begin(100, 100, 100);
    expect(of, 4, 3, 3);
    of->worker.shares[0].batches++;
    expect(of, 3, 4, 3);
    end(of);
}

static void each_lane_has_its_turn_where_a_batch_is_smaller_than_their_number(void **state)
{
    (void)state;
    fixture *of = begin(100, 100, 100);
    of->worker.shares[0].halving = (kh_halving){.most = 1, .limit = 1};
    expect(of, 1, 0, 0);
    of->worker.shares[0].batches++;
    expect(of, 0, 1, 0);
    of->worker.shares[0].batches++;
    expect(of, 0, 0, 1);
    end(of);
}

static void a_record_that_is_looked_for_stands_alone_in_the_end(void **state)
{
    (void)state;
    fixture *of = begin(100, 100, 100);
    of->worker.shares[0].halving.limit = 1;
    expect(of, 1, 0, 0);
    of->worker.shares[0].batches++;
    expect(of, 1, 0, 0);
    end(of);
}

static void a_lane_that_is_held_back_gives_none(void **state)
{
    (void)state;
    fixture *of = begin(100, 100, 2);
    of->lanes[0].blocked = true;
    of->lanes[1].sweeping = true;
    expect(of, 0, 0, 2);
    end(of);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_lane_waits_behind_one_that_has_more),
        cmocka_unit_test(each_lane_has_its_turn_where_a_batch_is_smaller_than_their_number),
        cmocka_unit_test(a_record_that_is_looked_for_stands_alone_in_the_end),
        cmocka_unit_test(a_lane_that_is_held_back_gives_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
