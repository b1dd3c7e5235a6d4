#include "app/live_turns.h"

#include <pthread.h>
#include <stdlib.h>

#include "app/crew.h"
#include "support/kh_test.h"

/* What each share's batches and looks come to, as the test says. */
static struct {
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    size_t to_do[2]; /* batches that decide something */
    size_t batches[2];
    size_t looks[2];
    bool held[2]; /* its batch waits */
    kh_rc rc[2];
} shares = {.mutex = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};

kh_rc __wrap_kh_live_batch(kh_share *share, bool *did);
kh_rc __wrap_kh_live_look(kh_share *share);
bool __wrap_kh_live_has_work(const kh_share *share);
void __wrap_kh_watchdog_pat(void);

static int pats;

void __wrap_kh_watchdog_pat(void)
{
    pats++;
}

static size_t number_of(const kh_share *share)
{
    return (size_t)(share - share->worker->shares);
}

kh_rc __wrap_kh_live_batch(kh_share *share, bool *did)
{
    size_t i = number_of(share);
    (void)pthread_mutex_lock(&shares.mutex);
    while (shares.held[i]) {
        (void)pthread_cond_wait(&shares.changed, &shares.mutex);
    }
    *did = shares.to_do[i] > 0;
    shares.to_do[i] -= *did;
    shares.batches[i]++;
    kh_rc rc = shares.rc[i];
    (void)pthread_mutex_unlock(&shares.mutex);
    return rc;
}

kh_rc __wrap_kh_live_look(kh_share *share)
{
    (void)pthread_mutex_lock(&shares.mutex);
    shares.looks[number_of(share)]++;
    (void)pthread_mutex_unlock(&shares.mutex);
    return KH_OK;
}

bool __wrap_kh_live_has_work(const kh_share *share)
{
    (void)pthread_mutex_lock(&shares.mutex);
    bool has = shares.to_do[number_of(share)] > 0 || shares.rc[number_of(share)] != KH_OK;
    (void)pthread_mutex_unlock(&shares.mutex);
    return has;
}

static void hold(size_t share, bool held)
{
    (void)pthread_mutex_lock(&shares.mutex);
    shares.held[share] = held;
    (void)pthread_cond_broadcast(&shares.changed);
    (void)pthread_mutex_unlock(&shares.mutex);
}

typedef struct fixture {
    kh_configuration configuration;
    kh_worker_settings settings;
    kh_live_lane lanes[2];
    kh_worker worker;
} fixture;

static int begin(void **state)
{
    fixture *of = calloc(1, sizeof *of);
    assert_non_null(of);
    of->configuration.settings.batch.max_records = 10;
    of->settings.configuration = &of->configuration;
    of->worker.settings = &of->settings;
    of->worker.share_count = 2;
    of->worker.topic_count = 1;
    of->worker.taken = true;
    of->worker.crew = kh_crew_new(2);
    assert_non_null(of->worker.crew);
    for (size_t i = 0; i < 2; i++) {
        of->lanes[i] = (kh_live_lane){.number = (int32_t)i};
        of->worker.shares[i].worker = &of->worker;
        of->worker.shares[i].lanes = &of->lanes[i];
        of->worker.shares[i].lane_count = 1;
        of->worker.shares[i].looked_ms = INT64_MAX; /* no look is due */
        shares.to_do[i] = shares.batches[i] = shares.looks[i] = 0;
        shares.held[i] = false;
        shares.rc[i] = KH_OK;
    }
    *state = of;
    return 0;
}

static int end(void **state)
{
    fixture *of = *state;
    hold(0, false); /* a test that has failed leaves them as they were */
    hold(1, false);
    kh_crew_free(of->worker.crew);
    free(of);
    return 0;
}

/* All turns that are due, one after the other until each has come to its end. */
static kh_rc turn_once(fixture *of, bool *did)
{
    assert_rc(kh_turns_begin(&of->worker), KH_OK);
    kh_turns_wait(&of->worker);
    return kh_turns_end(&of->worker, did);
}

/* Until a turn has decided something, whatever others are still at. */
static void decide_once(fixture *of)
{
    bool did = false;
    assert_rc(kh_turns_begin(&of->worker), KH_OK);
    while (!did) {
        kh_turns_wait_for_any(&of->worker, 60000);
        assert_rc(kh_turns_end(&of->worker, &did), KH_OK);
    }
}

static void let_look(fixture *of, size_t share)
{
    of->worker.shares[share].looked_ms = 0;
}

static void one_share_goes_on_while_anothers_turn_lasts(void **state)
{
    fixture *of = *state;
    bool did = false;
    hold(0, true);
    shares.to_do[0] = 1;
    shares.to_do[1] = 3;
    for (size_t i = 1; i <= 3; i++) {
        decide_once(of);
        assert_int_equal(shares.batches[1], i);
    }
    assert_int_equal(shares.batches[0], 0);
    assert_true(kh_turns_any(&of->worker));
    hold(0, false);
    kh_turns_wait(&of->worker);
    assert_rc(kh_turns_end(&of->worker, &did), KH_OK);
    assert_true(did);
    assert_int_equal(shares.batches[0], 1);
    assert_false(kh_turns_any(&of->worker));
}

static void nothing_begins_where_there_is_nothing_to_do(void **state)
{
    fixture *of = *state;
    bool did = true;
    assert_rc(turn_once(of, &did), KH_OK);
    assert_false(did);
    assert_int_equal(shares.batches[0] + shares.batches[1] + shares.looks[0] + shares.looks[1], 0);
}

/* What one share decided may be another's to do: each must have looked since. */
static void it_is_quiet_when_each_has_looked_since_the_last_batch(void **state)
{
    fixture *of = *state;
    bool did = false;
    let_look(of, 0);
    let_look(of, 1);
    assert_rc(turn_once(of, &did), KH_OK);
    assert_true(kh_turns_are_quiet(&of->worker));

    shares.to_do[0] = 1;
    let_look(of, 1); /* it looks while the other decides */
    assert_rc(turn_once(of, &did), KH_OK);
    assert_true(did);
    assert_false(kh_turns_are_quiet(&of->worker));
    of->worker.shares[1].looked_ms = INT64_MAX;
    assert_rc(turn_once(of, &did), KH_OK); /* the first looks */
    assert_false(kh_turns_are_quiet(&of->worker));
    let_look(of, 1);
    assert_rc(turn_once(of, &did), KH_OK);
    assert_true(kh_turns_are_quiet(&of->worker));
}

static void a_share_without_lanes_keeps_nobody(void **state)
{
    fixture *of = *state;
    bool did = false;
    of->worker.shares[1].lane_count = 0;
    shares.to_do[1] = 1;
    let_look(of, 0);
    let_look(of, 1);
    assert_rc(turn_once(of, &did), KH_OK);
    assert_false(did);
    assert_int_equal(shares.batches[1], 0);
    assert_true(kh_turns_are_quiet(&of->worker));
}

static void what_comes_again_is_no_failure(void **state)
{
    fixture *of = *state;
    bool did = true;
    shares.rc[0] = KH_E_RETRY;
    shares.rc[1] = KH_E_TIMEOUT;
    assert_rc(turn_once(of, &did), KH_OK);
    assert_false(did);
    assert_false(kh_turns_are_quiet(&of->worker));
}

static void the_gravest_is_told(void **state)
{
    fixture *of = *state;
    const struct {
        kh_rc first;
        kh_rc second;
        kh_rc told;
    } rows[] = {
        {KH_OK, KH_E_NOT_MINE, KH_E_NOT_MINE},       {KH_E_NOT_MINE, KH_E_LOST, KH_E_LOST},
        {KH_E_LOST, KH_E_NOT_MINE, KH_E_LOST},       {KH_E_LOST, KH_E_INTERNAL, KH_E_INTERNAL},
        {KH_E_INTERNAL, KH_E_LOST, KH_E_INTERNAL},   {KH_E_RETRY, KH_E_LOST, KH_E_LOST},
        {KH_E_NOT_MINE, KH_E_REWOUND, KH_E_REWOUND},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        bool did = false;
        shares.rc[0] = rows[i].first;
        shares.rc[1] = rows[i].second;
        assert_rc(turn_once(of, &did), rows[i].told);
    }
}

/* Whether the watchdog is told, a while after it was told last. */
static bool is_progress(fixture *of)
{
    pats = 0;
    of->worker.patted_ms -= 10;
    for (size_t i = 0; i < 2; i++) {
        of->worker.shares[i].intake.begun_ms -= 10;
    }
    kh_turns_pat(&of->worker);
    return pats > 0;
}

static void a_turn_that_is_stuck_is_not_hidden_by_others(void **state)
{
    fixture *of = *state;
    bool did = false;
    hold(0, true);
    shares.to_do[0] = 1;
    assert_rc(kh_turns_begin(&of->worker), KH_OK);
    assert_true(is_progress(of)); /* it has only just begun */
    for (int i = 0; i < 3; i++) {
        shares.to_do[1] = 1;
        decide_once(of);
        assert_false(is_progress(of));
    }
    assert_true(kh_turns_oldest_ms(&of->worker) < kh_monotonic_ms());
    hold(0, false);
    kh_turns_wait(&of->worker);
    assert_rc(kh_turns_end(&of->worker, &did), KH_OK);
    assert_true(is_progress(of));
}

/* Each of two turns that last goes on when the other has begun anew: so there is always an old one, and all is well. */
static void turns_that_are_tried_again_are_progress(void **state)
{
    fixture *of = *state;
    hold(0, true);
    hold(1, true);
    shares.rc[0] = KH_E_RETRY;
    shares.rc[1] = KH_E_RETRY;
    assert_rc(kh_turns_begin(&of->worker), KH_OK);
    assert_true(is_progress(of));
    for (size_t i = 0; i < 4; i++) {
        bool did = false;
        assert_false(is_progress(of)); /* as long as nothing ends */
        hold(i % 2, false);
        while (kh_crew_is_busy(of->worker.crew, i % 2)) {
            kh_turns_wait_for_any(&of->worker, 60000);
        }
        assert_rc(kh_turns_end(&of->worker, &did), KH_OK);
        hold(i % 2, true);
        assert_rc(kh_turns_begin(&of->worker), KH_OK);
        of->worker.shares[i % 2].intake.begun_ms += 10;
        assert_int_equal(is_progress(of), i % 2 == 1); /* both have begun since it was told last */
    }
    hold(0, false);
    hold(1, false);
    kh_turns_wait(&of->worker);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(one_share_goes_on_while_anothers_turn_lasts, begin, end),
        cmocka_unit_test_setup_teardown(nothing_begins_where_there_is_nothing_to_do, begin, end),
        cmocka_unit_test_setup_teardown(it_is_quiet_when_each_has_looked_since_the_last_batch, begin, end),
        cmocka_unit_test_setup_teardown(a_share_without_lanes_keeps_nobody, begin, end),
        cmocka_unit_test_setup_teardown(what_comes_again_is_no_failure, begin, end),
        cmocka_unit_test_setup_teardown(the_gravest_is_told, begin, end),
        cmocka_unit_test_setup_teardown(a_turn_that_is_stuck_is_not_hidden_by_others, begin, end),
        cmocka_unit_test_setup_teardown(turns_that_are_tried_again_are_progress, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
