#include "postgres_fixture.h"

#include <pthread.h>

static const kh_text TOPICS[] = {{"jp", 2}, {"sg", 2}};

static void lanes_are_made_once_and_guarded(void **state)
{
    fixture *fx = *state;
    assert_rc(kh_lanes_prepare(fx->two, KH_TEXT("test"), FIXTURE_LANES, TOPICS, 2), KH_OK);
    assert_int_equal(fixture_number(fx, "SELECT count(*) FROM lane"), FIXTURE_LANES);
    assert_int_equal(fixture_number(fx, "SELECT count(*) FROM lane_offset"), 2 * FIXTURE_LANES);
    assert_rc(kh_lanes_prepare(fx->two, KH_TEXT("other"), FIXTURE_LANES, TOPICS, 2), KH_E_CONFIGURATION);
    assert_non_null(strstr(kh_database_last_error(fx->two)->text, "\"test\""));
    assert_rc(kh_lanes_prepare(fx->two, KH_TEXT("test"), FIXTURE_LANES + 1, TOPICS, 2), KH_E_CONFIGURATION);
    assert_non_null(strstr(kh_database_last_error(fx->two)->text, "partitions"));
    assert_int_equal(fixture_number(fx, "SELECT count(*) FROM lane"), FIXTURE_LANES);
    static const kh_text THREE[] = {{"aa", 2}, {"jp", 2}, {"sg", 2}};
    assert_rc(kh_lanes_prepare(fx->two, KH_TEXT("test"), FIXTURE_LANES, THREE, 3), KH_OK);
    assert_int_equal(fixture_number(fx, "SELECT count(*) FROM lane_offset"), 3 * FIXTURE_LANES);
}

static void taking_raises_the_epoch_and_tells_the_former_owner(void **state)
{
    fixture *fx = *state;
    static const int32_t LANES[] = {2, 0};
    static const int32_t SORTED[] = {0, 2};
    int64_t epochs[2];
    kh_lanes taken;
    fixture_take(fx, fx->one, LANES, 2, epochs);
    assert_int_equal(epochs[0], 1);
    assert_rc(kh_lanes_own(fx->one, SORTED, epochs, 2, KH_TEXT("worker-1")), KH_OK);
    assert_rc(kh_lanes_take(fx->two, LANES, 2, &fx->arena, &taken), KH_OK);
    assert_int_equal(taken.count, 2);
    assert_int_equal(taken.rows[0].lane, 0);
    assert_int_equal(taken.rows[1].lane, 2);
    assert_int_equal(taken.rows[0].epoch, 2);
    assert_text(taken.rows[0].owner, "worker-1");
    assert_int_equal(taken.rows[0].next_seq, 0);
    assert_int_equal(taken.rows[0].clock, KH_INSTANT_NONE);
    assert_int_equal(taken.offset_count, 4);
    assert_text(taken.offsets[1].topic, "sg");
    assert_int_equal(taken.offsets[1].next_offset, 0);
    assert_int_equal(taken.offsets[1].last_offset, KH_SEQ_NONE);
    /* The first worker is out: of its owning, its releasing, its batches. */
    assert_rc(kh_lanes_own(fx->one, SORTED, epochs, 2, KH_TEXT("worker-1")), KH_E_NOT_MINE);
    assert_rc(fixture_begin(fx, fx->one, 0, epochs[0], 0), KH_E_NOT_MINE);
    assert_rc(kh_lanes_own(fx->two, SORTED, (int64_t[]){2, 2}, 2, KH_TEXT("worker-2")), KH_OK);
    assert_rc(kh_lanes_release(fx->one, SORTED, epochs, 2), KH_OK);
    assert_int_equal(fixture_number(fx, "SELECT count(*) FROM lane WHERE owner = 'worker-2'"), 2);
    assert_rc(kh_lanes_release(fx->two, SORTED, (int64_t[]){2, 2}, 2), KH_OK);
    assert_int_equal(fixture_number(fx, "SELECT count(*) FROM lane WHERE owner IS NOT NULL"), 0);
}

static void owning_is_all_or_none(void **state)
{
    fixture *fx = *state;
    static const int32_t LANES[] = {0, 1};
    int64_t epochs[2];
    int64_t other = 0;
    fixture_take(fx, fx->one, LANES, 2, epochs);
    fixture_take(fx, fx->two, &LANES[1], 1, &other);
    assert_rc(kh_lanes_own(fx->one, LANES, epochs, 2, KH_TEXT("worker-1")), KH_E_NOT_MINE);
    assert_int_equal(fixture_number(fx, "SELECT count(*) FROM lane WHERE owner IS NOT NULL"), 0);
}

static void a_lane_that_is_not_there_is_refused(void **state)
{
    fixture *fx = *state;
    static const int32_t LANES[] = {1, 99};
    kh_lanes taken;
    assert_rc(kh_lanes_take(fx->one, LANES, 2, &fx->arena, &taken), KH_E_CONFIGURATION);
    assert_int_equal(fixture_number(fx, "SELECT max(epoch) FROM lane"), 0);
}

#define RACES 50

static void *race(void *argument)
{
    kh_database *database = argument;
    kh_test_memory memory;
    kh_arena arena;
    static const int32_t LANES[] = {0, 1, 2, 3};
    kh_test_memory_init(&memory, -1);
    kh_arena_init(&arena, 4096, &memory.memory);
    uintptr_t failures = 0;
    for (int i = 0; i < RACES; i++) {
        kh_lanes taken;
        failures += kh_lanes_take(database, LANES, 4, &arena, &taken) == KH_OK ? 0 : 1;
        kh_arena_reset(&arena);
    }
    kh_arena_deinit(&arena);
    return (void *)failures;
}

static void two_that_race_for_lanes_each_get_their_own_epoch(void **state)
{
    fixture *fx = *state;
    pthread_t threads[2];
    assert_int_equal(pthread_create(&threads[0], NULL, race, fx->one), 0);
    assert_int_equal(pthread_create(&threads[1], NULL, race, fx->two), 0);
    for (int i = 0; i < 2; i++) {
        void *failures = NULL;
        pthread_join(threads[i], &failures);
        assert_null(failures);
    }
    assert_int_equal(fixture_number(fx, "SELECT min(epoch) FROM lane"), 2 * RACES);
    assert_int_equal(fixture_number(fx, "SELECT max(epoch) FROM lane"), 2 * RACES);
}

static void reading_back_waits_for_a_running_transaction(void **state)
{
    fixture *fx = *state;
    int64_t epoch = 0;
    kh_lanes read = {0};
    int32_t lane = 1;
    fixture_take(fx, fx->one, &lane, 1, &epoch);
    assert_rc(fixture_begin(fx, fx->one, 1, epoch, 0), KH_OK);
    fixture_sql(fx, "SET lock_timeout = '50ms'");
    PGresult *locked = PQexec(fx->admin, "SELECT 1 FROM lane WHERE lane = 1 FOR UPDATE");
    assert_string_equal(PQresultErrorField(locked, PG_DIAG_SQLSTATE), "55P03");
    PQclear(locked);
    kh_lane_progress progress = {.lane = 1, .next_seq = 7, .clock = 1000, .published_seq = 3};
    kh_offset_progress offset = {.expected = 0,
                                 .row = {.lane = 1,
                                         .topic = KH_TEXT("jp"),
                                         .next_offset = 12,
                                         .last_offset = 11,
                                         .last_timestamp = 900,
                                         .last_crc = 0xfedcba98}};
    assert_rc(kh_transaction_finish(fx->one, &progress, 1, &offset, 1), KH_OK);
    assert_rc(kh_transaction_commit(fx->one), KH_OK);
    assert_rc(kh_lanes_read_back(fx->two, &lane, 1, &fx->arena, &read), KH_OK);
    assert_int_equal(read.count, 1);
    assert_int_equal(read.rows[0].epoch, epoch);
    assert_int_equal(read.rows[0].next_seq, 7);
    assert_int_equal(read.rows[0].clock, 1000);
    assert_int_equal(read.rows[0].published_seq, 3);
    assert_text(read.offsets[0].topic, "jp");
    assert_int_equal(read.offsets[0].next_offset, 12);
    assert_int_equal(read.offsets[0].last_offset, 11);
    assert_int_equal(read.offsets[0].last_timestamp, 900);
    assert_int_equal(read.offsets[0].last_crc, 0xfedcba98);
    assert_rc(kh_lanes_read_all(fx->two, &fx->arena, &read), KH_OK);
    assert_int_equal(read.count, FIXTURE_LANES);
}

static void a_look_sees_epochs_versions_and_what_waits(void **state)
{
    fixture *fx = *state;
    static const int32_t LANES[] = {3, 0, 1, 99};
    kh_lane_look looks[4];
    size_t found = 0;
    kh_instant now = 0;
    fixture_sql(fx, "INSERT INTO subject (lane, key, due_at) VALUES (0, 'a', 500), (0, 'b', 400), (1, 'c', NULL)");
    fixture_sql(fx, "INSERT INTO wakeup (lane, subject) VALUES (1, 'c')");
    assert_rc(kh_lanes_raise_arrangement(fx->one, KH_TEXT("why")), KH_OK);
    assert_rc(kh_lanes_look(fx->one, LANES, 4, looks, &found, &now), KH_OK);
    assert_int_equal(found, 3);
    assert_true(now > 1700000000000);
    assert_int_equal(looks[0].lane, 0);
    assert_int_equal(looks[0].first_due_at, 400);
    assert_false(looks[0].has_wakeups);
    assert_int_equal(looks[0].arrangement_version, 1);
    assert_int_equal(looks[1].first_due_at, KH_INSTANT_NONE);
    assert_true(looks[1].has_wakeups);
    assert_int_equal(looks[2].lane, 3);
    assert_int_equal(looks[2].epoch, 0);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        CASE(lanes_are_made_once_and_guarded),
        CASE(taking_raises_the_epoch_and_tells_the_former_owner),
        CASE(owning_is_all_or_none),
        CASE(a_lane_that_is_not_there_is_refused),
        CASE(two_that_race_for_lanes_each_get_their_own_epoch),
        CASE(reading_back_waits_for_a_running_transaction),
        CASE(a_look_sees_epochs_versions_and_what_waits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
