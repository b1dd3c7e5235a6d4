#include "postgres_fixture.h"

#include <pthread.h>
#include <stdio.h>

#include "postgres/outbox.h"

/* The fixture with lane 0 taken by `one`, lane 1 by `two`; both have epoch 1 and no results. */
static int setup(void **state)
{
    int64_t epoch = 0;
    fixture_setup(state);
    fixture *fx = *state;
    fixture_take(fx, fx->one, (int32_t[]){0}, 1, &epoch);
    fixture_take(fx, fx->two, (int32_t[]){1}, 1, &epoch);
    return 0;
}

static kh_subject_row subject(int32_t lane, const char *key, bool known, const char *facts)
{
    return (kh_subject_row){.lane = lane,
                            .key = kh_text_of(key),
                            .known = known,
                            .has_facts = facts != NULL,
                            .facts = kh_text_of(facts),
                            .due_at = KH_INSTANT_NONE,
                            .next_change_at = KH_INSTANT_NONE};
}

static kh_result_row result(int64_t seq, const char *key)
{
    return (kh_result_row){.seq = seq,
                           .kind = 1,
                           .key = kh_text_of(key),
                           .subject = KH_TEXT("SG/1"),
                           .decision = KH_TEXT("\x01\0\x02"),
                           .status_version = 3,
                           .message_hash = UINT64_MAX - 5,
                           .decided_at = 77,
                           .cause = KH_TEXT("cause"),
                           .previous_seq = KH_SEQ_NONE};
}

static void write_batch(fixture *fx)
{
    kh_subject_row rows[2] = {subject(0, "SG/1", false, "facts\1"), subject(0, "SG/2", false, "")};
    rows[0].decisions = KH_TEXT("decisions");
    rows[0].due_at = 1234567890123;
    rows[0].next_change_at = -5;
    rows[0].basis = KH_TEXT("JP/9");
    rows[0].outcomes = KH_TEXT("JP=RECOGNISED");
    rows[0].residual_open = 4;
    kh_result_row results[2] = {result(0, "SG/1@JP"), result(1, "SG/1@JP")};
    results[1].previous_seq = 0;
    results[1].status_version = 0;
    results[1].public_version = 9;
    results[1].public_hash = 5;
    kh_instant now = 0;
    kh_lane_row lane;
    kh_lane_guard guard = {0, 1, 0};
    assert_rc(kh_transaction_begin(fx->one, &guard, 1, false, &fx->arena, &lane, &now), KH_OK);
    assert_int_equal(lane.epoch, 1);
    assert_rc(kh_transaction_append_results(fx->one, results, 2), KH_OK);
    assert_rc(kh_transaction_write_subjects(fx->one, rows, 2), KH_OK);
    kh_lane_progress progress = {.next_seq = 2,
                                 .clock = 50,
                                 .swept_version = 1,
                                 .sweeping = true,
                                 .sweep_after = KH_TEXT("SG/1"),
                                 .sweep_cause = KH_TEXT("sc")};
    assert_rc(kh_transaction_finish(fx->one, &progress, 1, NULL, 0), KH_OK);
    assert_rc(kh_transaction_commit(fx->one), KH_OK);
}

static void subjects_come_back_as_they_were_written(void **state)
{
    fixture *fx = *state;
    kh_instant now = 0;
    kh_lane_row lane;
    write_batch(fx);
    static const kh_subject_key KEYS[] = {{0, {"SG/2", 4}}, {0, {"SG/3", 4}}, {0, {"SG/1", 4}}, {1, {"SG/1", 4}}};
    kh_subject_row *read = NULL;
    assert_rc(kh_transaction_begin(fx->one, &(kh_lane_guard){0, 1, 2}, 1, false, &fx->arena, &lane, &now), KH_OK);
    assert_int_equal(lane.clock, 50);
    assert_true(lane.sweeping);
    assert_text(lane.sweep_after, "SG/1");
    assert_text(lane.sweep_cause, "sc");
    assert_rc(kh_transaction_read_subjects(fx->one, KEYS, 4, &fx->arena, &read), KH_OK);
    assert_true(read[0].known && read[0].has_facts);
    assert_int_equal(read[0].facts.length, 0);
    assert_false(read[1].known);
    assert_text(read[1].key, "SG/3");
    assert_false(read[3].known);
    assert_true(read[2].known);
    assert_text(read[2].facts, "facts\1");
    assert_text(read[2].decisions, "decisions");
    assert_text(read[2].basis, "JP/9");
    assert_text(read[2].outcomes, "JP=RECOGNISED");
    assert_int_equal(read[2].residual_open, 4);
    assert_int_equal(read[2].due_at, 1234567890123);
    assert_int_equal(read[2].next_change_at, -5);
    /* Known rows go another way. */
    read[2].facts = KH_TEXT("more");
    read[2].due_at = KH_INSTANT_NONE;
    read[2].basis = (kh_text){0};
    assert_rc(kh_transaction_write_subjects(fx->one, &read[2], 1), KH_OK);
    assert_rc(kh_transaction_read_subjects(fx->one, KEYS, 4, &fx->arena, &read), KH_OK);
    assert_text(read[2].facts, "more");
    assert_int_equal(read[2].due_at, KH_INSTANT_NONE);
    assert_int_equal(read[2].basis.length, 0);
    assert_rc(kh_transaction_commit(fx->one), KH_OK);
}

static void results_come_back_as_they_were_written(void **state)
{
    fixture *fx = *state;
    kh_instant now = 0;
    write_batch(fx);
    assert_rc(kh_database_now(fx->two, &now), KH_OK);
    kh_result_row *out = NULL;
    size_t count = 0;
    assert_rc(kh_outbox_read(fx->two, 0, 0, 10, &fx->arena, &out, &count), KH_OK);
    assert_int_equal(count, 2);
    assert_true(kh_text_equal(out[0].decision, KH_TEXT("\x01\0\x02")));
    assert_int_equal(out[0].status_version, 3);
    assert_int_equal(out[0].public_version, 0);
    assert_true(out[0].message_hash == UINT64_MAX - 5);
    assert_int_equal(out[0].decided_at, 77);
    assert_int_equal(out[0].previous_seq, KH_SEQ_NONE);
    assert_text(out[0].cause, "cause");
    assert_true(out[0].recorded_at > 1700000000000 && out[0].recorded_at <= now);
    assert_int_equal(out[1].public_hash, 5);
    assert_int_equal(out[1].message_hash, 0);
    assert_rc(kh_outbox_read(fx->two, 0, 1, 10, &fx->arena, &out, &count), KH_OK);
    assert_int_equal(count, 1);
    assert_rc(kh_outbox_read_history(fx->two, 0, 1, 10, &fx->arena, &out, &count), KH_OK);
    assert_int_equal(count, 2);
    assert_int_equal(out[0].seq, 1);
    assert_int_equal(out[1].seq, 0);
    assert_rc(kh_outbox_read_history(fx->two, 0, 1, 1, &fx->arena, &out, &count), KH_OK);
    assert_int_equal(count, 1);
    kh_instant recorded_at = 0;
    assert_rc(kh_outbox_recorded_at(fx->two, 0, 1, &recorded_at), KH_OK);
    assert_int_equal(recorded_at, out[0].recorded_at);
    assert_rc(kh_outbox_recorded_at(fx->two, 0, 99, &recorded_at), KH_OK);
    assert_int_equal(recorded_at, KH_INSTANT_NONE);
}

static void guards_refuse_what_is_not_mine(void **state)
{
    fixture *fx = *state;
    assert_rc(fixture_begin(fx, fx->one, 0, 2, 0), KH_E_NOT_MINE);
    assert_rc(fixture_begin(fx, fx->one, 0, 1, 1), KH_E_NOT_MINE);
    assert_rc(fixture_begin(fx, fx->one, 77, 1, 0), KH_E_NOT_MINE);
    kh_lane_row rows[2];
    kh_instant now = 0;
    kh_lane_guard both[] = {{1, 1, 0}, {0, 9, 0}};
    assert_rc(kh_transaction_begin(fx->one, both, 2, false, &fx->arena, rows, &now), KH_E_NOT_MINE);
    both[1].epoch = 1;
    assert_rc(kh_transaction_begin(fx->one, both, 2, false, &fx->arena, rows, &now), KH_OK);
    assert_int_equal(rows[0].lane, 0);
    /* An offset that is not what it was expected to be. */
    kh_offset_progress offset = {.expected = 5, .row = {.lane = 0, .topic = KH_TEXT("jp"), .next_offset = 6}};
    kh_lane_progress progress = {.next_seq = 1};
    assert_rc(kh_transaction_finish(fx->one, &progress, 1, &offset, 1), KH_E_NOT_MINE);
    kh_transaction_rollback(fx->one);
    assert_int_equal(fixture_number(fx, "SELECT next_seq FROM lane WHERE lane = 0"), 0);
    assert_rc(fixture_begin(fx, fx->one, 0, 1, 0), KH_OK); /* the connection is fit for the next batch */
}

typedef struct beginner {
    fixture *fx;
    kh_rc rc;
} beginner;

static void *begin_behind(void *argument)
{
    beginner *self = argument;
    kh_lane_row row;
    kh_instant now = 0;
    kh_test_memory memory;
    kh_arena arena;
    kh_test_memory_init(&memory, -1);
    kh_arena_init(&arena, 4096, &memory.memory);
    self->rc = kh_transaction_begin(self->fx->two, &(kh_lane_guard){0, 1, 0}, 1, false, &arena, &row, &now);
    kh_arena_deinit(&arena);
    return NULL;
}

/* The second waits at the lock; when it gets it, the place has moved on. */
static void a_guard_is_judged_by_what_is_there_after_the_wait(void **state)
{
    fixture *fx = *state;
    pthread_t thread;
    beginner second = {.fx = fx, .rc = KH_OK};
    kh_lane_progress progress = {.next_seq = 1};
    assert_rc(fixture_begin(fx, fx->one, 0, 1, 0), KH_OK);
    assert_int_equal(pthread_create(&thread, NULL, begin_behind, &second), 0);
    fixture_wait_for_lock(fx);
    assert_rc(kh_transaction_finish(fx->one, &progress, 1, NULL, 0), KH_OK);
    assert_rc(kh_transaction_commit(fx->one), KH_OK);
    pthread_join(thread, NULL);
    assert_rc(second.rc, KH_E_NOT_MINE);
}

static void a_commit_whose_connection_is_cut_is_unknown(void **state)
{
    fixture *fx = *state;
    char sql[128];
    kh_result_row row = result(0, "k");
    assert_rc(fixture_begin(fx, fx->one, 0, 1, 0), KH_OK);
    assert_rc(kh_transaction_append_results(fx->one, &row, 1), KH_OK);
    snprintf(sql, sizeof sql, "SELECT pg_terminate_backend(%d, 30000)", kh_database_backend(fx->one));
    fixture_sql(fx, sql);
    assert_rc(kh_transaction_commit(fx->one), KH_E_LOST);
    assert_int_equal(fixture_number(fx, "SELECT count(*) FROM result"), 0);
}

static void a_copy_whose_connection_is_cut_is_lost(void **state)
{
    fixture *fx = *state;
    char sql[128];
    kh_result_row row = result(0, "k");
    assert_rc(fixture_begin(fx, fx->one, 0, 1, 0), KH_OK);
    snprintf(sql, sizeof sql, "SELECT pg_terminate_backend(%d, 30000)", kh_database_backend(fx->one));
    fixture_sql(fx, sql);
    assert_rc(kh_transaction_append_results(fx->one, &row, 1), KH_E_LOST);
    kh_transaction_rollback(fx->one);
}

static void bad_rows_are_told_from_the_rest(void **state)
{
    fixture *fx = *state;
    kh_result_row twice[] = {result(0, "k"), result(0, "k")};
    assert_rc(fixture_begin(fx, fx->one, 0, 1, 0), KH_OK);
    assert_rc(kh_transaction_append_results(fx->one, twice, 2), KH_E_BAD_ROW);
    assert_string_equal(kh_database_last_error(fx->one)->sqlstate, "23505");
    kh_transaction_rollback(fx->one);
    /* Not UTF-8, in a column of text; the answer comes with the next statement that needs one. */
    kh_subject_row bad = subject(0, "SG/\xff", false, "f");
    assert_rc(fixture_begin(fx, fx->one, 0, 1, 0), KH_OK);
    kh_rc rc = kh_transaction_write_subjects(fx->one, &bad, 1);
    assert_rc(rc == KH_OK ? kh_transaction_commit(fx->one) : rc, KH_E_BAD_ROW);
    assert_string_equal(kh_database_last_error(fx->one)->sqlstate, "22021");
    kh_transaction_rollback(fx->one);
    /* A key too large for an index. */
    char *large = calloc(1, 100001);
    for (uint32_t i = 0, chance = 1; i < 100000; i++) {
        chance = chance * 1664525u + 1013904223u; /* so that it cannot be compressed */
        large[i] = (char)('!' + (chance >> 16) % 90);
    }
    bad = subject(0, large, false, "f");
    assert_rc(fixture_begin(fx, fx->one, 0, 1, 0), KH_OK);
    rc = kh_transaction_write_subjects(fx->one, &bad, 1);
    assert_rc(rc == KH_OK ? kh_transaction_commit(fx->one) : rc, KH_E_BAD_ROW);
    kh_transaction_rollback(fx->one);
    free(large);
    assert_rc(fixture_begin(fx, fx->one, 0, 1, 0), KH_OK);
    assert_rc(kh_transaction_append_results(fx->one, twice, 1), KH_OK);
    assert_rc(kh_transaction_commit(fx->one), KH_OK);
}

/* A standby, or a server that has been made read-only: gone for now, not wrong for ever. */
static void a_read_only_server_is_waited_for(void **state)
{
    fixture *fx = *state;
    char address[640];
    kh_database *database = NULL;
    kh_database_settings settings = fixture_settings(fx);
    snprintf(address, sizeof address, "%s options='-c default_transaction_read_only=on'", fx->address);
    settings.connection = address;
    assert_rc(kh_database_open(&settings, &database, NULL), KH_OK);
    assert_rc(fixture_begin(fx, database, 0, 1, 0), KH_E_LOST);
    assert_string_equal(kh_database_last_error(database)->sqlstate, "25006");
    kh_database_close(database);
}

/* A statement that takes too long is ended by the server, and may be tried again. */
static void a_statement_that_takes_too_long_is_tried_again(void **state)
{
    fixture *fx = *state;
    kh_database *database = NULL;
    kh_database_settings settings = fixture_settings(fx);
    settings.statement_timeout_ms = 50;
    assert_rc(kh_database_open(&settings, &database, NULL), KH_OK);
    assert_rc(fixture_begin(fx, fx->one, 0, 1, 0), KH_OK);
    assert_rc(fixture_begin(fx, database, 0, 1, 0), KH_E_RETRY);
    assert_rc(kh_transaction_commit(fx->one), KH_OK);
    assert_rc(fixture_begin(fx, database, 0, 1, 0), KH_OK);
    kh_database_close(database);
}

static void our_own_mistakes_are_not_hidden(void **state)
{
    fixture *fx = *state;
    kh_subject_row unsorted[] = {subject(0, "b", false, "f"), subject(0, "a", false, "f")};
    kh_subject_row twice[] = {subject(0, "b", false, "f"), subject(0, "b", false, "f")};
    kh_subject_row missing = subject(0, "b", true, "f");
    assert_rc(fixture_begin(fx, fx->one, 0, 1, 0), KH_OK);
    assert_rc(fixture_begin(fx, fx->one, 0, 1, 0), KH_E_INTERNAL); /* one at a time; and it is rolled back */
    assert_rc(fixture_begin(fx, fx->one, 0, 1, 0), KH_OK);
    assert_rc(kh_transaction_write_subjects(fx->one, unsorted, 2), KH_E_INTERNAL);
    assert_rc(kh_transaction_write_subjects(fx->one, twice, 2), KH_E_INTERNAL);
    assert_rc(kh_transaction_write_subjects(fx->one, &missing, 1), KH_OK);
    assert_rc(kh_transaction_commit(fx->one), KH_E_INTERNAL); /* said to be there, and is not */
}

typedef struct locker {
    kh_database *database;
    kh_subject_key first;
    kh_rc rc;
} locker;

static void *lock_other(void *argument)
{
    locker *self = argument;
    kh_test_memory memory;
    kh_arena arena;
    kh_subject_row *rows = NULL;
    kh_test_memory_init(&memory, -1);
    kh_arena_init(&arena, 4096, &memory.memory);
    self->rc = kh_transaction_lock_bases(self->database, &self->first, 1, &arena, &rows);
    if (self->rc != KH_OK) {
        kh_transaction_rollback(self->database);
    }
    kh_arena_deinit(&arena);
    return NULL;
}

/* Each writes its own label and then wants the other's as a basis. */
static void a_deadlock_is_tried_again(void **state)
{
    fixture *fx = *state;
    pthread_t threads[2];
    locker lockers[2] = {{fx->one, {1, KH_TEXT("b")}, KH_OK}, {fx->two, {0, KH_TEXT("a")}, KH_OK}};
    kh_subject_row rows[2] = {subject(0, "a", false, "f"), subject(1, "b", false, "f")};
    fixture_sql(fx, "INSERT INTO subject (lane, key) VALUES (0, 'a'), (1, 'b')");
    assert_rc(fixture_begin(fx, fx->one, 0, 1, 0), KH_OK);
    assert_rc(fixture_begin(fx, fx->two, 1, 1, 0), KH_OK);
    assert_rc(kh_transaction_write_subjects(fx->one, &rows[0], 1), KH_OK);
    assert_rc(kh_transaction_write_subjects(fx->two, &rows[1], 1), KH_OK);
    kh_subject_row *read = NULL;
    /* A read takes in the answers: both writes have happened. */
    assert_rc(kh_transaction_read_subjects(fx->one, &(kh_subject_key){0, KH_TEXT("a")}, 1, &fx->arena, &read), KH_OK);
    assert_rc(kh_transaction_read_subjects(fx->two, &(kh_subject_key){1, KH_TEXT("b")}, 1, &fx->arena, &read), KH_OK);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, lock_other, &lockers[i]), 0);
    }
    for (int i = 0; i < 2; i++) {
        pthread_join(threads[i], NULL);
    }
    assert_true((lockers[0].rc == KH_OK && lockers[1].rc == KH_E_RETRY) ||
                (lockers[0].rc == KH_E_RETRY && lockers[1].rc == KH_OK));
}

/* The reader of a basis waits for its writer, and then sees what was written: read after lock, in a later snapshot. */
static void a_basis_is_read_after_its_lock(void **state)
{
    fixture *fx = *state;
    kh_subject_row row = subject(1, "b", false, "new");
    kh_subject_row *read = NULL;
    pthread_t thread;
    locker waiting = {fx->one, {1, KH_TEXT("b")}, KH_OK};
    assert_rc(fixture_begin(fx, fx->one, 0, 1, 0), KH_OK);
    assert_rc(fixture_begin(fx, fx->two, 1, 1, 0), KH_OK);
    assert_rc(kh_transaction_write_subjects(fx->two, &row, 1), KH_OK);
    assert_rc(kh_transaction_read_subjects(fx->two, &(kh_subject_key){1, KH_TEXT("b")}, 1, &fx->arena, &read), KH_OK);
    assert_int_equal(pthread_create(&thread, NULL, lock_other, &waiting), 0);
    fixture_wait_for_lock(fx);
    assert_rc(kh_transaction_commit(fx->two), KH_OK);
    pthread_join(thread, NULL);
    assert_rc(waiting.rc, KH_OK);
    static const kh_subject_key KEYS[] = {{1, {"b", 1}}, {1, {"unknown", 7}}, {1, {"b", 1}}};
    assert_rc(kh_transaction_lock_bases(fx->one, KEYS, 3, &fx->arena, &read), KH_OK);
    assert_text(read[0].facts, "new");
    assert_true(read[1].known);
    assert_false(read[1].has_facts);
    assert_text(read[2].facts, "new");
    assert_rc(kh_transaction_commit(fx->one), KH_OK);
    assert_int_equal(fixture_number(fx, "SELECT count(*) FROM subject WHERE key = 'unknown' AND facts IS NULL"), 1);
}

typedef struct writer {
    kh_database *database;
    kh_rc rc;
} writer;

static void *write_basis(void *argument)
{
    writer *self = argument;
    kh_subject_row row = subject(1, "b", true, "new");
    self->rc = kh_transaction_write_subjects(self->database, &row, 1);
    if (self->rc == KH_OK) {
        self->rc = kh_transaction_commit(self->database);
    }
    return NULL;
}

/* The other way round: its writer waits for those who decide by it, and finds their rows when it looks for dependents.
 */
static void a_locked_basis_waits_to_be_written(void **state)
{
    fixture *fx = *state;
    kh_subject_key key = {1, KH_TEXT("b")};
    kh_subject_row *read = NULL;
    pthread_t thread;
    writer waiting = {fx->two, KH_OK};
    fixture_sql(fx, "INSERT INTO subject (lane, key, facts) VALUES (1, 'b', 'old')");
    assert_rc(fixture_begin(fx, fx->one, 0, 1, 0), KH_OK);
    assert_rc(fixture_begin(fx, fx->two, 1, 1, 0), KH_OK);
    assert_rc(kh_transaction_lock_bases(fx->one, &key, 1, &fx->arena, &read), KH_OK);
    assert_text(read[0].facts, "old");
    assert_int_equal(pthread_create(&thread, NULL, write_basis, &waiting), 0);
    fixture_wait_for_lock(fx);
    assert_rc(kh_transaction_commit(fx->one), KH_OK);
    pthread_join(thread, NULL);
    assert_rc(waiting.rc, KH_OK);
    assert_int_equal(fixture_number(fx, "SELECT count(*) FROM subject WHERE facts = 'new'"), 1);
}

static void due_sweep_and_dependents_come_in_order(void **state)
{
    fixture *fx = *state;
    kh_subject_row *rows = NULL;
    kh_dependent_row *dependents = NULL;
    size_t count = 0;
    fixture_sql(fx, "INSERT INTO subject (lane, key, facts, due_at, basis) VALUES (0, 'B', 'x', 20, 'JP/1'), "
                    "(0, 'a', 'x', 10, 'JP/2'), (0, 'C', 'x', 10, 'JP/3'), (0, 'd', NULL, NULL, NULL), "
                    "(1, 'e', 'x', 5, 'JP/1'), (0, 'z', 'x', NULL, 'JP/1')");
    assert_rc(fixture_begin(fx, fx->one, 0, 1, 0), KH_OK);
    assert_rc(kh_transaction_read_due(fx->one, 0, 19, 10, &fx->arena, &rows, &count), KH_OK);
    assert_int_equal(count, 2);
    assert_text(rows[0].key, "C"); /* as bytes */
    assert_text(rows[1].key, "a");
    assert_rc(kh_transaction_read_due(fx->one, 0, 20, 2, &fx->arena, &rows, &count), KH_OK);
    assert_int_equal(count, 2);
    assert_rc(kh_transaction_read_due(fx->one, 0, 9, 2, &fx->arena, &rows, &count), KH_OK);
    assert_int_equal(count, 0);
    assert_null(rows);
    assert_rc(kh_transaction_read_sweep(fx->one, 0, (kh_text){0}, 2, &fx->arena, &rows, &count), KH_OK);
    assert_int_equal(count, 2);
    assert_text(rows[0].key, "B");
    assert_text(rows[1].key, "C");
    assert_rc(kh_transaction_read_sweep(fx->one, 0, KH_TEXT("C"), 9, &fx->arena, &rows, &count), KH_OK);
    assert_int_equal(count, 2); /* not the empty one */
    assert_text(rows[0].key, "a");
    assert_text(rows[1].key, "z");
    static const kh_text BASES[] = {{"JP/1", 4}, {"JP/3", 4}, {"JP/4", 4}};
    assert_rc(kh_transaction_read_dependents(fx->one, BASES, 3, &fx->arena, &dependents, &count), KH_OK);
    assert_int_equal(count, 4);
    assert_text(dependents[0].key, "B");
    assert_text(dependents[0].basis, "JP/1");
    assert_text(dependents[3].key, "e");
    assert_int_equal(dependents[3].lane, 1);
}

static void a_wakeup_raised_meanwhile_stays(void **state)
{
    fixture *fx = *state;
    kh_wakeup_row wake[] = {{.lane = 0, .subject = KH_TEXT("a"), .cause = KH_TEXT("1")},
                            {.lane = 0, .subject = KH_TEXT("b"), .cause = KH_TEXT("2")}};
    kh_wakeup_row *read = NULL;
    size_t count = 0;
    assert_rc(fixture_begin(fx, fx->two, 1, 1, 0), KH_OK);
    assert_rc(kh_transaction_wake(fx->two, wake, 2), KH_OK);
    assert_rc(kh_transaction_commit(fx->two), KH_OK);
    assert_rc(fixture_begin(fx, fx->one, 0, 1, 0), KH_OK);
    assert_rc(kh_transaction_read_wakeups(fx->one, 0, 10, &fx->arena, &read, &count), KH_OK);
    assert_int_equal(count, 2);
    assert_int_equal(read[0].version, 1);
    assert_text(read[1].cause, "2");
    /* Another lane wakes "a" again before this batch ends. */
    assert_rc(fixture_begin(fx, fx->two, 1, 1, 0), KH_OK);
    assert_rc(kh_transaction_wake(fx->two, wake, 1), KH_OK);
    assert_rc(kh_transaction_commit(fx->two), KH_OK);
    assert_rc(kh_transaction_delete_wakeups(fx->one, read, count), KH_OK);
    assert_rc(kh_transaction_commit(fx->one), KH_OK);
    assert_int_equal(fixture_number(fx, "SELECT count(*) FROM wakeup WHERE subject = 'a' AND version = 2"), 1);
    assert_int_equal(fixture_number(fx, "SELECT count(*) FROM wakeup"), 1);
}

static void the_arrangement_rises_in_every_lane(void **state)
{
    fixture *fx = *state;
    kh_lane_row row;
    kh_instant now = 0;
    assert_rc(kh_transaction_begin(fx->one, &(kh_lane_guard){0, 1, 0}, 1, true, &fx->arena, &row, &now), KH_OK);
    assert_rc(kh_transaction_raise_arrangement(fx->one, KH_TEXT("consent")), KH_OK);
    assert_rc(kh_transaction_commit(fx->one), KH_OK);
    assert_int_equal(fixture_number(fx, "SELECT count(*) FROM lane WHERE arrangement_version = 1 AND "
                                        "arrangement_cause = 'consent'"),
                     FIXTURE_LANES);
}

static void obligations_stand_until_they_are_gone(void **state)
{
    fixture *fx = *state;
    kh_obligation_row rows[] = {{.id = KH_TEXT("C/1"),
                                 .kind = 2,
                                 .state = 1,
                                 .subject = KH_TEXT("SG/1"),
                                 .arrangement = KH_TEXT("jp-sg"),
                                 .obliged = KH_TEXT("JP SG"),
                                 .arose_on = 20000,
                                 .due_on = KH_DAY_NONE,
                                 .earliest_due_on = KH_DAY_NONE,
                                 .discharged_on = KH_DAY_NONE,
                                 .confirmed_on = KH_DAY_NONE,
                                 .provisional = true,
                                 .version = 1,
                                 .decided_at = 9},
                                {.id = KH_TEXT("N/1"),
                                 .kind = 1,
                                 .state = 1,
                                 .subject = KH_TEXT("SG/1"),
                                 .arrangement = KH_TEXT("jp-sg"),
                                 .obliged = KH_TEXT("SG"),
                                 .towards = KH_TEXT("JP"),
                                 .arose_on = 20000,
                                 .due_on = 20007,
                                 .earliest_due_on = 20005,
                                 .discharged_on = KH_DAY_NONE,
                                 .confirmed_on = KH_DAY_NONE,
                                 .version = 1}};
    assert_rc(fixture_begin(fx, fx->one, 0, 1, 0), KH_OK);
    assert_rc(kh_transaction_write_obligations(fx->one, rows, 2), KH_OK);
    rows[1].state = 3;
    rows[1].discharged_on = 20006;
    assert_rc(kh_transaction_write_obligations(fx->one, rows, 2), KH_OK);
    assert_rc(kh_transaction_delete_obligations(fx->one, &(kh_text){"C/1", 3}, 1), KH_OK);
    assert_rc(kh_transaction_commit(fx->one), KH_OK);
    assert_int_equal(fixture_number(fx,
                                    "SELECT count(*) FROM obligation WHERE id = 'N/1' AND state = 3 AND "
                                    "discharged_on = date '1970-01-01' + 20006 AND due_on = date '1970-01-01' + 20007"),
                     1);
    assert_int_equal(fixture_number(fx, "SELECT count(*) FROM obligation"), 1);
}

static void dead_letters_keep_their_bytes(void **state)
{
    fixture *fx = *state;
    kh_dead_letter_row rows[] = {{.seq = 0,
                                  .topic = KH_TEXT("jp"),
                                  .offset = 5,
                                  .record_timestamp = 99,
                                  .reason = KH_TEXT("UNDECODABLE"),
                                  .detail = KH_TEXT("why"),
                                  .has_key = true,
                                  .has_value = true,
                                  .value = KH_TEXT("\0\xff\x01"),
                                  .value_size = 3},
                                 {.seq = 2,
                                  .topic = KH_TEXT("jp"),
                                  .offset = 6,
                                  .record_timestamp = 99,
                                  .reason = KH_TEXT("NO_BODY"),
                                  .headers = KH_TEXT("h")}};
    kh_dead_letter_row *read = NULL;
    size_t count = 0;
    assert_rc(fixture_begin(fx, fx->one, 0, 1, 0), KH_OK);
    assert_rc(kh_transaction_append_dead_letters(fx->one, rows, 2), KH_OK);
    assert_rc(kh_transaction_commit(fx->one), KH_OK);
    assert_rc(kh_outbox_read_dead_letters(fx->two, 0, 0, 3, 10, &fx->arena, &read, &count), KH_OK);
    assert_int_equal(count, 2);
    assert_true(read[0].has_key && read[0].has_value);
    assert_int_equal(read[0].key.length, 0);
    assert_true(kh_text_equal(read[0].value, KH_TEXT("\0\xff\x01")));
    assert_int_equal(read[0].record_timestamp, 99);
    assert_false(read[1].has_key || read[1].has_value);
    assert_text(read[1].headers, "h");
    assert_rc(kh_outbox_read_dead_letters(fx->two, 0, 1, 2, 10, &fx->arena, &read, &count), KH_OK);
    assert_int_equal(count, 0);
}

/* Out of memory while rows are read: nothing leaks, and the connection can go on. */
static void memory_that_is_out_is_told(void **state)
{
    fixture *fx = *state;
    fixture_sql(fx, "INSERT INTO subject (lane, key, facts) SELECT 0, 'k' || i, 'facts' FROM generate_series(1, 50) i");
    kh_rc rc = KH_E_MEMORY;
    for (long nth = 0; rc != KH_OK; nth++) {
        kh_test_memory memory;
        kh_arena arena;
        kh_subject_row *rows = NULL;
        size_t count = 0;
        kh_test_memory_init(&memory, nth);
        kh_arena_init(&arena, 256, &memory.memory);
        assert_rc(fixture_begin(fx, fx->one, 0, 1, 0), KH_OK);
        rc = kh_transaction_read_sweep(fx->one, 0, (kh_text){0}, 100, &arena, &rows, &count);
        assert_true(rc == KH_E_MEMORY ? count == 0 : count == 50);
        kh_transaction_rollback(fx->one);
        kh_arena_deinit(&arena);
        assert_int_equal(memory.live, 0);
    }
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        CASE(subjects_come_back_as_they_were_written),
        CASE(results_come_back_as_they_were_written),
        CASE(guards_refuse_what_is_not_mine),
        CASE(a_guard_is_judged_by_what_is_there_after_the_wait),
        CASE(a_commit_whose_connection_is_cut_is_unknown),
        CASE(a_copy_whose_connection_is_cut_is_lost),
        CASE(bad_rows_are_told_from_the_rest),
        CASE(a_read_only_server_is_waited_for),
        CASE(a_statement_that_takes_too_long_is_tried_again),
        CASE(our_own_mistakes_are_not_hidden),
        CASE(a_deadlock_is_tried_again),
        CASE(a_basis_is_read_after_its_lock),
        CASE(a_locked_basis_waits_to_be_written),
        CASE(due_sweep_and_dependents_come_in_order),
        CASE(a_wakeup_raised_meanwhile_stays),
        CASE(the_arrangement_rises_in_every_lane),
        CASE(obligations_stand_until_they_are_gone),
        CASE(dead_letters_keep_their_bytes),
        CASE(memory_that_is_out_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
