#include "app/crew.h"

#include <pthread.h>
#include <stdatomic.h>

#include "app/log.h"
#include "support/kh_test.h"

#define GENEROUS_MS 60000

typedef struct job {
    int value; /* no lock: handed over by begin and wait */
    pthread_t by;
} job;

static void add_one(void *self)
{
    job *of = self;
    of->value++;
    of->by = pthread_self();
}

static void each_task_is_done_when_it_was_waited_for(void **state)
{
    (void)state;
    job done[2] = {{0}};
    kh_crew *crew = kh_crew_new(2);
    assert_non_null(crew);
    for (int i = 1; i <= 1000; i++) {
        kh_crew_begin(crew, 0, add_one, &done[0]);
        kh_crew_begin(crew, 1, add_one, &done[1]);
        kh_crew_wait_for_all(crew);
        assert_int_equal(done[0].value, i);
        assert_int_equal(done[1].value, i);
    }
    assert_int_equal(pthread_equal(done[0].by, done[1].by), 0);
    assert_int_equal(pthread_equal(done[0].by, pthread_self()), 0);
    kh_crew_free(crew);
}

typedef struct gate {
    pthread_barrier_t both;
    bool passed;
} gate;

static void pass_gate(void *self)
{
    gate *of = self;
    (void)pthread_barrier_wait(&of->both);
    of->passed = true;
}

/* The first hand's task goes no further than the barrier until this thread has come there too. */
static void one_hand_goes_on_while_another_is_busy(void **state)
{
    (void)state;
    gate of = {0};
    job done = {0};
    kh_crew *crew = kh_crew_new(2);
    assert_non_null(crew);
    assert_int_equal(pthread_barrier_init(&of.both, NULL, 2), 0);
    kh_crew_begin(crew, 0, pass_gate, &of);
    for (int i = 1; i <= 3; i++) {
        kh_crew_begin(crew, 1, add_one, &done);
        while (kh_crew_is_busy(crew, 1)) {
            kh_crew_wait_for_any(crew, GENEROUS_MS);
        }
        assert_int_equal(done.value, i);
        assert_true(kh_crew_is_busy(crew, 0));
    }
    (void)pthread_barrier_wait(&of.both);
    kh_crew_wait_for_all(crew);
    assert_true(of.passed);
    assert_false(kh_crew_is_busy(crew, 0));
    (void)pthread_barrier_destroy(&of.both);
    kh_crew_free(crew);
}

static void an_end_before_the_wait_is_not_missed(void **state)
{
    (void)state;
    job done = {0};
    kh_crew *crew = kh_crew_new(1);
    assert_non_null(crew);
    kh_crew_begin(crew, 0, add_one, &done);
    kh_crew_wait_for_all(crew);
    int64_t began = kh_monotonic_ms();
    kh_crew_wait_for_any(crew, GENEROUS_MS);
    assert_true(kh_monotonic_ms() - began < GENEROUS_MS);
    assert_int_equal(done.value, 1);
    kh_crew_free(crew);
}

static void count(void *self)
{
    atomic_fetch_add((atomic_int *)self, 1);
}

static void each_end_is_told(void **state)
{
    (void)state;
    job done = {0};
    atomic_int told = 0;
    kh_crew *crew = kh_crew_new(1);
    assert_non_null(crew);
    kh_crew_tell(crew, count, &told);
    for (int i = 1; i <= 100; i++) {
        kh_crew_begin(crew, 0, add_one, &done);
        kh_crew_wait_for_all(crew);
        assert_int_equal(atomic_load(&told), i);
    }
    kh_crew_free(crew);
}

static void the_end_comes_behind_what_was_begun(void **state)
{
    (void)state;
    job done = {0};
    kh_crew *crew = kh_crew_new(1);
    assert_non_null(crew);
    kh_crew_begin(crew, 0, add_one, &done);
    kh_crew_free(crew);
    assert_int_equal(done.value, 1);
    kh_crew_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_task_is_done_when_it_was_waited_for),
        cmocka_unit_test(one_hand_goes_on_while_another_is_busy),
        cmocka_unit_test(an_end_before_the_wait_is_not_missed),
        cmocka_unit_test(each_end_is_told),
        cmocka_unit_test(the_end_comes_behind_what_was_begun),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
