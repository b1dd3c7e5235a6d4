#include "app/publishing.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <time.h>

#include "app/log.h"
#include "support/kh_test.h"

#define CALLS_MAX   64
#define LINE_SIZE   512
#define GENEROUS_MS 60000
#define DEPTH       6

/* The broker: each transaction waits at a gate and is then answered as the test wants. */
static struct {
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    unsigned calls;   /* transactions begun */
    unsigned permits; /* how many may pass the gate */
    bool open;        /* all may */
    kh_rc answers[CALLS_MAX];
    char lines[CALLS_MAX][LINE_SIZE]; /* what each was of: "1 2 3|jp/0=10(5) sg/0=20(5)|claim" */
    int64_t begun_ms[CALLS_MAX];
    int64_t ended_ms[CALLS_MAX];
    unsigned released; /* claims */
} broker = {.mutex = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};

static kh_group_claim *claim(int number)
{
    static char claims[4]; /* only told apart by their addresses */
    return (kh_group_claim *)&claims[number];
}

static int claim_number(const kh_group_claim *of)
{
    for (int i = 0; i < 4; i++) {
        if (of == claim(i)) {
            return i;
        }
    }
    return -1;
}

static void describe(const kh_publication *publication, char *out)
{
    size_t used = 0;
    out[0] = '\0';
    for (size_t i = 0; i < publication->message_count; i++) {
        used += (size_t)snprintf(out + used, LINE_SIZE - used, "%s%.*s", i == 0 ? "" : " ",
                                 KH_TEXT_ARGS(publication->messages[i].key));
    }
    used += (size_t)snprintf(out + used, LINE_SIZE - used, "|");
    for (size_t i = 0; i < publication->offset_count; i++) {
        const kh_lane_offset *offset = &publication->offsets[i];
        int64_t mark = -1;
        kh_text deployment;
        assert_true(kh_mark_parse(offset->metadata, &mark, &deployment));
        used += (size_t)snprintf(out + used, LINE_SIZE - used, "%s%s/%" PRId32 "=%" PRId64 "(%" PRId64 ")",
                                 i == 0 ? "" : " ", offset->topic, offset->lane, offset->next_offset, mark);
    }
    used += (size_t)snprintf(out + used, LINE_SIZE - used, "|%d", claim_number(publication->claim));
    assert_true(used < LINE_SIZE);
}

kh_rc __wrap_kh_publisher_publish(kh_publisher *publisher, const kh_publication *publication, kh_kafka_error *error);
void __wrap_kh_group_claim_release(kh_group_claim *of);

kh_rc __wrap_kh_publisher_publish(kh_publisher *publisher, const kh_publication *publication, kh_kafka_error *error)
{
    (void)publisher;
    (void)pthread_mutex_lock(&broker.mutex);
    unsigned call = broker.calls++;
    assert_true(call < CALLS_MAX);
    describe(publication, broker.lines[call]);
    broker.begun_ms[call] = kh_monotonic_ms();
    (void)pthread_cond_broadcast(&broker.changed);
    while (!broker.open && broker.permits == 0) {
        (void)pthread_cond_wait(&broker.changed, &broker.mutex);
    }
    broker.permits -= broker.open ? 0 : 1;
    kh_rc rc = broker.answers[call];
    broker.ended_ms[call] = kh_monotonic_ms();
    (void)pthread_mutex_unlock(&broker.mutex);
    (void)snprintf(error->text, sizeof error->text, "answer %u", call);
    return rc;
}

void __wrap_kh_group_claim_release(kh_group_claim *of)
{
    (void)pthread_mutex_lock(&broker.mutex);
    broker.released += of != NULL;
    (void)pthread_mutex_unlock(&broker.mutex);
}

static void let_pass(unsigned permits)
{
    (void)pthread_mutex_lock(&broker.mutex);
    broker.permits += permits;
    (void)pthread_cond_broadcast(&broker.changed);
    (void)pthread_mutex_unlock(&broker.mutex);
}

static void let_all_pass(void)
{
    (void)pthread_mutex_lock(&broker.mutex);
    broker.open = true;
    (void)pthread_cond_broadcast(&broker.changed);
    (void)pthread_mutex_unlock(&broker.mutex);
}

/* Waits until so many transactions have begun. */
static void await_calls(unsigned calls)
{
    struct timespec until;
    (void)clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += GENEROUS_MS / 1000;
    (void)pthread_mutex_lock(&broker.mutex);
    int waited = 0;
    while (broker.calls < calls && waited != ETIMEDOUT) {
        waited = pthread_cond_timedwait(&broker.changed, &broker.mutex, &until);
    }
    bool begun = broker.calls >= calls;
    (void)pthread_mutex_unlock(&broker.mutex);
    assert_true(begun);
}

static unsigned count_calls(void)
{
    (void)pthread_mutex_lock(&broker.mutex);
    unsigned calls = broker.calls;
    (void)pthread_mutex_unlock(&broker.mutex);
    return calls;
}

static unsigned count_released(void)
{
    (void)pthread_mutex_lock(&broker.mutex);
    unsigned released = broker.released;
    (void)pthread_mutex_unlock(&broker.mutex);
    return released;
}

static void assert_call(unsigned call, const char *line)
{
    (void)pthread_mutex_lock(&broker.mutex);
    char copy[LINE_SIZE];
    memcpy(copy, broker.lines[call], sizeof copy);
    (void)pthread_mutex_unlock(&broker.mutex);
    assert_string_equal(copy, line);
}

static int setup(void **state)
{
    broker.calls = 0;
    broker.permits = 0;
    broker.open = false;
    broker.released = 0;
    memset(broker.answers, 0, sizeof broker.answers);
    static char producer; /* never looked into: publishing is wrapped */
    *state = kh_publishing_new((kh_publisher *)&producer, DEPTH);
    return *state == NULL ? -1 : 0;
}

static int teardown(void **state)
{
    let_all_pass();
    kh_publishing_free(*state);
    return 0;
}

static void add_message(kh_outgoing *out, int number)
{
    kh_message *messages = realloc(out->messages, (out->message_count + 1) * sizeof *messages);
    assert_non_null(messages);
    out->messages = messages;
    messages[out->message_count++] = (kh_message){.has_key = true, .key = kh_arena_number(&out->arena, number)};
    out->message_size = out->message_count;
}

/* Says where a lane is: the topic jp at \a next_seq * 10, sg at \a next_seq * 100. */
static void add_lane(kh_outgoing *out, int32_t lane, int64_t next_seq)
{
    static const char *const topics[] = {"jp", "sg"};
    const int64_t offsets[] = {next_seq * 10, next_seq * 100};
    assert_rc(kh_outgoing_add_lane(out, KH_TEXT("here"), lane, next_seq, topics, offsets, 2), KH_OK);
}

/* A batch with one message, of one lane. */
static void submit(kh_publishing *publishing, int message, int32_t lane, int64_t next_seq, int of)
{
    kh_outgoing *out = kh_publishing_borrow(publishing, GENEROUS_MS);
    assert_non_null(out);
    assert_int_equal(out->message_count + out->offset_count + out->mark_count, 0);
    add_message(out, message);
    add_lane(out, lane, next_seq);
    out->claim = claim(of);
    kh_publishing_submit(publishing, out);
}

static void assert_settled(kh_publishing *publishing, kh_rc failed)
{
    assert_true(kh_publishing_wait(publishing, GENEROUS_MS));
    assert_rc(kh_publishing_failed(publishing, NULL), failed);
}

/* Every slot can be borrowed: nothing was lost on its way. */
static void assert_all_idle(kh_publishing *publishing)
{
    kh_outgoing *slots[DEPTH];
    for (size_t i = 0; i < DEPTH; i++) {
        slots[i] = kh_publishing_borrow(publishing, 0);
        assert_non_null(slots[i]);
    }
    assert_null(kh_publishing_borrow(publishing, 0));
    for (size_t i = 0; i < DEPTH; i++) {
        kh_publishing_return(publishing, slots[i]);
    }
}

static void one_batch_is_one_transaction(void **state)
{
    kh_publishing *publishing = *state;
    kh_outgoing *out = kh_publishing_borrow(publishing, 0);
    assert_non_null(out);
    assert_int_equal(kh_publishing_mark(publishing, 3), -1);
    add_message(out, 1);
    add_message(out, 2);
    add_lane(out, 3, 7);
    out->claim = claim(0);
    kh_publishing_submit(publishing, out);
    await_calls(1);
    assert_int_equal(kh_publishing_mark(publishing, 3), -1); /* not before it is committed */
    assert_false(kh_publishing_wait(publishing, 0));
    let_pass(1);
    assert_settled(publishing, KH_OK);
    assert_call(0, "1 2|jp/3=70(7) sg/3=700(7)|0");
    assert_int_equal(kh_publishing_mark(publishing, 3), 7);
    assert_int_equal(kh_publishing_mark(publishing, 2), -1);
    assert_int_equal(count_released(), 1);
    assert_all_idle(publishing);
}

static void a_replay_has_its_batches_back_unpublished(void **state)
{
    kh_publishing *publishing = kh_publishing_new(NULL, DEPTH);
    unsigned calls = count_calls();
    (void)state;
    assert_non_null(publishing);
    for (int i = 0; i < 3 * DEPTH; i++) {
        submit(publishing, i, 3, i + 1, 0);
    }
    assert_settled(publishing, KH_OK);
    assert_int_equal(count_calls(), calls);
    assert_int_equal(kh_publishing_mark(publishing, 3), 3 * DEPTH);
    assert_all_idle(publishing);
    kh_publishing_free(publishing);
}

static void offsets_move_without_messages(void **state)
{
    kh_publishing *publishing = *state;
    kh_outgoing *out = kh_publishing_borrow(publishing, 0);
    assert_non_null(out);
    add_lane(out, 0, 0);
    let_all_pass();
    kh_publishing_submit(publishing, out);
    assert_settled(publishing, KH_OK);
    assert_call(0, "|jp/0=0(0) sg/0=0(0)|-1");
    assert_int_equal(kh_publishing_mark(publishing, 0), 0);
}

/* However they fall into transactions, the messages come in the order of the batches. */
static void order_is_kept(void **state)
{
    kh_publishing *publishing = *state;
    let_all_pass();
    for (int i = 0; i < 50; i++) {
        submit(publishing, i, i % 3, i, 0);
    }
    assert_settled(publishing, KH_OK);
    int next = 0;
    for (unsigned call = 0; call < count_calls(); call++) {
        char *rest = broker.lines[call];
        while (*rest != '|') {
            assert_int_equal(strtol(rest, &rest, 10), next++);
        }
    }
    assert_int_equal(next, 50);
    assert_int_equal(kh_publishing_mark(publishing, 0), 48);
    assert_int_equal(kh_publishing_mark(publishing, 1), 49);
    assert_int_equal(kh_publishing_mark(publishing, 2), 47);
    assert_int_equal(count_released(), 50);
}

static void what_waits_together_leaves_together(void **state)
{
    kh_publishing *publishing = *state;
    submit(publishing, 1, 0, 1, 0);
    await_calls(1);
    submit(publishing, 2, 0, 2, 0);
    submit(publishing, 3, 1, 5, 0);
    submit(publishing, 4, 0, 3, 0);
    let_pass(2);
    assert_settled(publishing, KH_OK);
    assert_int_equal(count_calls(), 2);
    assert_call(0, "1|jp/0=10(1) sg/0=100(1)|0");
    assert_call(1, "2 3 4|jp/0=30(3) sg/0=300(3) jp/1=50(5) sg/1=500(5)|0");
    assert_int_equal(kh_publishing_mark(publishing, 0), 3);
    assert_int_equal(kh_publishing_mark(publishing, 1), 5);
    assert_all_idle(publishing);
}

/* One on the heels of another would be refused, and tried again after a longer back-off. */
static void transactions_keep_a_distance(void **state)
{
    kh_publishing *publishing = *state;
    let_all_pass();
    for (int i = 0; i < 20; i++) {
        submit(publishing, i, 0, i, 0);
    }
    assert_settled(publishing, KH_OK);
    unsigned calls = count_calls();
    assert_true(calls > 1); /* fewer are lent than were submitted */
    for (unsigned call = 1; call < calls; call++) {
        assert_true(broker.begun_ms[call] - broker.ended_ms[call - 1] >= 10);
    }
}

static void two_assignments_never_share_a_transaction(void **state)
{
    kh_publishing *publishing = *state;
    submit(publishing, 1, 0, 1, 0);
    await_calls(1);
    submit(publishing, 2, 0, 2, 0);
    submit(publishing, 3, 0, 3, 1);
    submit(publishing, 4, 0, 4, 1);
    let_all_pass();
    assert_settled(publishing, KH_OK);
    assert_int_equal(count_calls(), 3);
    assert_call(1, "2|jp/0=20(2) sg/0=200(2)|0");
    assert_call(2, "3 4|jp/0=40(4) sg/0=400(4)|1");
}

static void what_was_aborted_is_tried_again_as_it_is(void **state)
{
    kh_publishing *publishing = *state;
    broker.answers[0] = KH_E_RETRY;
    broker.answers[1] = KH_E_RETRY;
    submit(publishing, 1, 0, 1, 0);
    await_calls(1);
    submit(publishing, 2, 0, 2, 0); /* must not slip into the second try */
    let_all_pass();
    assert_settled(publishing, KH_OK);
    assert_int_equal(count_calls(), 4);
    for (unsigned call = 0; call < 3; call++) {
        assert_call(call, "1|jp/0=10(1) sg/0=100(1)|0");
    }
    assert_call(3, "2|jp/0=20(2) sg/0=200(2)|0");
    assert_int_equal(kh_publishing_mark(publishing, 0), 2);
    assert_int_equal(count_released(), 2);
}

static void a_failure_drops_what_is_behind_it(void **state)
{
    kh_publishing *publishing = *state;
    broker.answers[1] = KH_E_LOST;
    let_pass(1);
    submit(publishing, 1, 0, 1, 0);
    assert_settled(publishing, KH_OK);
    submit(publishing, 2, 0, 2, 0);
    await_calls(2);
    submit(publishing, 3, 0, 3, 0);
    submit(publishing, 4, 1, 4, 1);
    let_all_pass();
    assert_true(kh_publishing_wait(publishing, GENEROUS_MS));
    kh_kafka_error error = {0};
    assert_rc(kh_publishing_failed(publishing, &error), KH_E_LOST);
    assert_string_equal(error.text, "answer 1");
    assert_int_equal(count_calls(), 2);
    assert_int_equal(kh_publishing_mark(publishing, 0), 1);
    assert_int_equal(kh_publishing_mark(publishing, 1), -1);
    submit(publishing, 5, 0, 5, 0); /* dropped too */
    assert_true(kh_publishing_wait(publishing, 0));
    assert_int_equal(count_released(), 5);
    assert_all_idle(publishing);
}

static void every_failure_but_retry_is_final(void **state)
{
    kh_publishing *publishing = *state;
    static const kh_rc codes[] = {KH_E_NOT_MINE, KH_E_LOST, KH_E_FENCED, KH_E_CONFIGURATION, KH_E_MEMORY};
    let_all_pass();
    for (unsigned i = 0; i < sizeof codes / sizeof *codes; i++) {
        broker.answers[i] = codes[i];
        submit(publishing, 1, 0, 1, 0);
        assert_settled(publishing, codes[i]);
        assert_int_equal(count_calls(), i + 1);
        kh_publishing_restart(publishing);
        assert_rc(kh_publishing_failed(publishing, NULL), KH_OK);
    }
}

static void after_a_restart_it_goes_on(void **state)
{
    kh_publishing *publishing = *state;
    broker.answers[0] = KH_E_FENCED;
    broker.answers[1] = KH_E_RETRY;
    let_all_pass();
    submit(publishing, 1, 0, 1, 0);
    assert_settled(publishing, KH_E_FENCED);
    kh_publishing_restart(publishing);
    submit(publishing, 1, 0, 1, 1);
    assert_settled(publishing, KH_OK);
    assert_int_equal(count_calls(), 3);
    assert_call(2, "1|jp/0=10(1) sg/0=100(1)|1");
    assert_int_equal(kh_publishing_mark(publishing, 0), 1);
}

static void dropping_leaves_the_transaction_in_hand(void **state)
{
    kh_publishing *publishing = *state;
    submit(publishing, 1, 0, 1, 0);
    await_calls(1);
    submit(publishing, 2, 0, 2, 0);
    submit(publishing, 3, 0, 3, 0);
    kh_publishing_drop(publishing);
    assert_int_equal(count_released(), 2);
    assert_false(kh_publishing_wait(publishing, 0));
    let_all_pass();
    assert_settled(publishing, KH_OK);
    assert_int_equal(count_calls(), 1);
    assert_int_equal(kh_publishing_mark(publishing, 0), 1);
    assert_all_idle(publishing);
}

static void dropping_ends_a_retry(void **state)
{
    kh_publishing *publishing = *state;
    for (unsigned i = 0; i < CALLS_MAX - 1; i++) {
        broker.answers[i] = KH_E_RETRY;
    }
    let_pass(2);
    submit(publishing, 1, 0, 1, 0);
    await_calls(2); /* it has been tried again */
    kh_publishing_drop(publishing);
    let_all_pass();
    assert_settled(publishing, KH_E_RETRY);
    unsigned calls = count_calls();
    assert_true(calls <= 3);
    assert_int_equal(kh_publishing_mark(publishing, 0), -1);
    for (unsigned i = calls + 2; i < CALLS_MAX; i++) {
        broker.answers[i] = KH_OK;
    }
    kh_publishing_restart(publishing); /* and from now on it is tried again as ever */
    submit(publishing, 2, 0, 2, 0);
    assert_settled(publishing, KH_OK);
    assert_int_equal(count_calls(), calls + 3);
    assert_int_equal(kh_publishing_mark(publishing, 0), 2);
}

static void no_more_are_lent_than_there_are(void **state)
{
    kh_publishing *publishing = *state;
    kh_outgoing *slots[DEPTH];
    for (size_t i = 0; i < DEPTH; i++) {
        slots[i] = kh_publishing_borrow(publishing, GENEROUS_MS);
        assert_non_null(slots[i]);
    }
    assert_null(kh_publishing_borrow(publishing, 0));
    assert_null(kh_publishing_borrow(publishing, 20));
    add_message(slots[2], 1);
    kh_publishing_return(publishing, slots[2]); /* unused: it is not published */
    kh_outgoing *again = kh_publishing_borrow(publishing, 0);
    assert_ptr_equal(again, slots[2]);
    assert_int_equal(again->message_count, 0);
    for (size_t i = 0; i < DEPTH; i++) {
        kh_publishing_return(publishing, slots[i]);
    }
    assert_true(kh_publishing_wait(publishing, 0));
    assert_int_equal(count_calls(), 0);
}

static void borrowing_waits_for_what_is_on_its_way(void **state)
{
    kh_publishing *publishing = *state;
    for (int i = 0; i < DEPTH; i++) {
        submit(publishing, i, 0, i, 0);
    }
    await_calls(1);
    assert_null(kh_publishing_borrow(publishing, 0));
    let_all_pass();
    kh_outgoing *out = kh_publishing_borrow(publishing, GENEROUS_MS);
    assert_non_null(out);
    kh_publishing_return(publishing, out);
    assert_settled(publishing, KH_OK);
}

/* Valgrind's and the sanitizer's word: nothing is lost, whatever was on its way. */
static void it_can_end_at_any_time(void **state)
{
    kh_publishing_free(NULL);
    kh_publishing *publishing = *state;
    for (unsigned i = 0; i < CALLS_MAX; i++) {
        broker.answers[i] = KH_E_RETRY;
    }
    submit(publishing, 1, 0, 1, 0);
    submit(publishing, 2, 0, 2, 0);
    submit(publishing, 3, 0, 3, 1);
    await_calls(1);
    let_all_pass();
    kh_publishing_free(publishing);
    assert_int_equal(count_released(), 3);
    *state = NULL;
}

#define PUBLISHING_TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    kh_log_configure(KH_LOG_ERROR, KH_LOG_TEXT); /* each retry is a warning */
    const struct CMUnitTest tests[] = {
        PUBLISHING_TEST(one_batch_is_one_transaction),
        PUBLISHING_TEST(a_replay_has_its_batches_back_unpublished),
        PUBLISHING_TEST(offsets_move_without_messages),
        PUBLISHING_TEST(order_is_kept),
        PUBLISHING_TEST(what_waits_together_leaves_together),
        PUBLISHING_TEST(transactions_keep_a_distance),
        PUBLISHING_TEST(two_assignments_never_share_a_transaction),
        PUBLISHING_TEST(what_was_aborted_is_tried_again_as_it_is),
        PUBLISHING_TEST(a_failure_drops_what_is_behind_it),
        PUBLISHING_TEST(every_failure_but_retry_is_final),
        PUBLISHING_TEST(after_a_restart_it_goes_on),
        PUBLISHING_TEST(dropping_leaves_the_transaction_in_hand),
        PUBLISHING_TEST(dropping_ends_a_retry),
        PUBLISHING_TEST(no_more_are_lent_than_there_are),
        PUBLISHING_TEST(borrowing_waits_for_what_is_on_its_way),
        PUBLISHING_TEST(it_can_end_at_any_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
