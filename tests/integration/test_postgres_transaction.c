/* A batch as one transaction: what is written comes back as it was. */
#include "postgres_fixture.h"

#include "postgres/outbox.h"

static void write_batch(fixture *fx)
{
    kh_subject_row rows[2] = {fixture_subject(0, "SG/1", false, "facts\1"), fixture_subject(0, "SG/2", false, "")};
    rows[0].decisions = KH_TEXT("decisions");
    rows[0].due_at = 1234567890123;
    rows[0].next_change_at = -5;
    rows[0].basis = KH_TEXT("JP/9");
    rows[0].outcomes = KH_TEXT("JP=RECOGNISED");
    rows[0].residual_open = 4;
    kh_result_row results[2] = {fixture_result(0, "SG/1@JP"), fixture_result(1, "SG/1@JP")};
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
    recorded_at = 0; /* of the newest, if that one is still to come */
    assert_rc(kh_outbox_recorded_at(fx->two, 0, 99, &recorded_at), KH_OK);
    assert_int_equal(recorded_at, out[0].recorded_at);
    assert_rc(kh_outbox_recorded_at(fx->two, 0, -1, &recorded_at), KH_OK);
    assert_int_equal(recorded_at, KH_INSTANT_NONE);
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

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, fixture_setup_lanes, fixture_teardown)
    const struct CMUnitTest tests[] = {
        CASE(subjects_come_back_as_they_were_written), CASE(results_come_back_as_they_were_written),
        CASE(due_sweep_and_dependents_come_in_order),  CASE(a_wakeup_raised_meanwhile_stays),
        CASE(the_arrangement_rises_in_every_lane),     CASE(obligations_stand_until_they_are_gone),
        CASE(dead_letters_keep_their_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
