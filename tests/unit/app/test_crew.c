#include "app/crew.h"

#include <pthread.h>

#include "support/kh_test.h"

typedef struct job {
    int value; /* no lock: handed over by begin and wait */
    pthread_t by;
} job;

static void *add_one(void *self)
{
    job *of = self;
    of->value++;
    of->by = pthread_self();
    return NULL;
}

static void each_task_is_done_when_wait_returns(void **state)
{
    (void)state;
    job done = {0};
    kh_crew *crew = kh_crew_new();
    assert_non_null(crew);
    for (int i = 1; i <= 1000; i++) {
        kh_crew_begin(crew, add_one, &done);
        kh_crew_wait(crew);
        assert_int_equal(done.value, i);
    }
    kh_crew_free(crew);
    assert_int_equal(done.value, 1000);
}

static void it_is_one_thread_of_its_own(void **state)
{
    (void)state;
    job first = {0};
    job second = {0};
    kh_crew *crew = kh_crew_new();
    assert_non_null(crew);
    kh_crew_begin(crew, add_one, &first);
    kh_crew_wait(crew);
    kh_crew_begin(crew, add_one, &second);
    kh_crew_wait(crew);
    assert_int_equal(first.value + second.value, 2);
    assert_int_equal(pthread_equal(first.by, pthread_self()), 0);
    assert_int_not_equal(pthread_equal(first.by, second.by), 0);
    kh_crew_free(crew);
}

typedef struct gate {
    pthread_barrier_t both;
    bool passed;
} gate;

static void *pass_gate(void *self)
{
    gate *of = self;
    (void)pthread_barrier_wait(&of->both);
    of->passed = true;
    return NULL;
}

/* The task goes no further than the barrier until this thread has come there too. */
static void begin_does_not_wait_for_the_task(void **state)
{
    (void)state;
    gate of = {0};
    kh_crew *crew = kh_crew_new();
    assert_non_null(crew);
    assert_int_equal(pthread_barrier_init(&of.both, NULL, 2), 0);
    kh_crew_begin(crew, pass_gate, &of);
    (void)pthread_barrier_wait(&of.both);
    kh_crew_wait(crew);
    assert_true(of.passed);
    (void)pthread_barrier_destroy(&of.both);
    kh_crew_free(crew);
}

static void waiting_for_nothing_and_freeing_nothing(void **state)
{
    (void)state;
    kh_crew *crew = kh_crew_new();
    assert_non_null(crew);
    kh_crew_wait(crew);
    kh_crew_free(crew);
    kh_crew_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_task_is_done_when_wait_returns),
        cmocka_unit_test(it_is_one_thread_of_its_own),
        cmocka_unit_test(begin_does_not_wait_for_the_task),
        cmocka_unit_test(waiting_for_nothing_and_freeing_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
