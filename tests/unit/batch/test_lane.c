#include "batch/lane.h"

#include <stdio.h>

#include "fake_store.h"
#include "support/core_state.h"

typedef struct lane_state {
    core_state *core;
    fake_store store;
    kh_arrangement arrangements[1];
    bool owns[1];
    kh_lane lane;
    kh_record record;
    kh_taken taken; /* of the last record */
} lane_state;

static void init_lane(lane_state *of)
{
    static const kh_facts nothing = {0};
    fake_store_init(&of->store);
    assert_rc(
        kh_arrangement_build(&of->core->book.book, KH_TEXT("jp-sg"), &nothing, &of->core->arena, &of->arrangements[0]),
        KH_OK);
    of->owns[0] = true;
    of->record = (kh_record){.topic = KH_TEXT("sg.label-events"), .partition = 3, .offset = 100};
    of->lane = (kh_lane){
        .number = 3,
        .clock = KH_INSTANT_NONE,
        .arrangements = of->arrangements,
        .arrangement_count = 1,
        .owns_arrangement = of->owns,
        .arena = &of->core->arena,
        .store = &of->store.store,
        .sink = &of->store.sink,
    };
}

static int setup(void **state)
{
    lane_state *of = calloc(1, sizeof *of);
    void *core = NULL;
    if (of == NULL || core_setup(&core) != 0) {
        return -1;
    }
    of->core = core;
    init_lane(of);
    *state = of;
    return 0;
}

static int teardown(void **state)
{
    lane_state *of = *state;
    void *core = of->core;
    free(of);
    return core_teardown(&core);
}

/* Facts borrow the statement, so an input lives as long as the arena. */
static const kh_input *input_of(lane_state *of, uint32_t event)
{
    kh_input *input = kh_arena_allocate(&of->core->arena, sizeof *input);
    assert_non_null(input);
    of->record.offset++;
    *input = (kh_input){.record = &of->record, .event = of->core->history.events[event]};
    return input;
}

static void advance(lane_state *of, const char *at)
{
    uint32_t budget = 1000;
    bool reached = false;
    assert_rc(kh_lane_advance(&of->lane, kh_test_instant(at), &budget, &reached), KH_OK);
    assert_true(reached);
}

/* One record at the lane's clock. */
static void take(lane_state *of, const char *line)
{
    kh_test_history_state(&of->core->history, line);
    const kh_input *input = input_of(of, of->core->history.count - 1);
    assert_rc(kh_lane_take(&of->lane, input, &of->taken), KH_OK);
}

/* As if decided long ago by somebody else: the facts stand, and nothing was published. */
static void put(lane_state *of, const char *key, const char *lines)
{
    uint32_t first = of->core->history.count;
    kh_test_history_state(&of->core->history, lines);
    kh_subject *subject = fake_store_subject(&of->store, kh_text_of(key));
    for (uint32_t i = first; i < of->core->history.count; i++) {
        const kh_event *event = &of->core->history.events[i];
        kh_merge merge;
        assert_rc(kh_facts_merge(&subject->facts, event->participant, &event->statement, &of->core->arena, &merge),
                  KH_OK);
    }
    subject->accepted = true;
    subject->basis = kh_label_basis(&of->arrangements[0], subject->key, &subject->facts);
}

static const kh_result *result(const lane_state *of, uint32_t seq)
{
    assert_true(seq < of->store.taken);
    return &of->store.results[seq];
}

static void the_arrangement_is_decided_at_the_first_instant(void **state)
{
    lane_state *of = *state;
    advance(of, "2026-07-01@JP");
    fake_store_expect(&of->store, "obligation YEARLY_CONSULTATION/jp-sg 1 -1 OPEN TIME");
    assert_int_equal(result(of, 0)->decided_at, kh_test_instant("2026-07-01@JP"));
    assert_text(result(of, 0)->subject, "arrangement/jp-sg");
    assert_text(result(of, 0)->cause.topic, "");
    kh_subject *subject = fake_store_subject(&of->store, KH_TEXT("arrangement/jp-sg"));
    assert_true(subject->accepted && subject->changed && !subject->facts_changed);
    assert_int_equal(subject->due_at, kh_test_instant("2027-06-02@SG"));
}

static void before_the_effect_it_waits_for_it(void **state)
{
    lane_state *of = *state;
    advance(of, "2026-05-01@JP");
    fake_store_expect(&of->store, "");
    advance(of, "2026-07-01@JP");
    fake_store_expect(&of->store, "obligation YEARLY_CONSULTATION/jp-sg 1 -1 OPEN TIME");
    assert_int_equal(result(of, 0)->decided_at, kh_test_instant("2026-06-01@SG"));
    advance(of, "2027-12-01@JP");
    fake_store_expect(&of->store, "obligation YEARLY_CONSULTATION/jp-sg 2 0 OVERDUE TIME");
}

static void an_arrangement_of_another_lane_is_not_decided_here(void **state)
{
    lane_state *of = *state;
    of->owns[0] = false;
    advance(of, "2026-07-01@JP");
    fake_store_expect(&of->store, "");
    assert_int_equal(of->store.count, 0);
}

static void results_of_one_record_in_order(void **state)
{
    lane_state *of = *state;
    of->owns[0] = false;
    of->core->book.policies.notice_scope = KH_NOTICE_SCOPE_ALL_LABELS;
    advance(of, "2026-09-01@JP");
    put(of, "JP/5", "JP/5: JP issued valid=2026-06-01..2028-05-31 basis=SG/1");
    put(of, "JP/3", "JP/3: JP issued valid=2026-06-01..2028-05-31 basis=SG/1");
    put(of, "JP/4", "JP/4: JP issued valid=2026-06-01..2028-05-31 basis=SG/2");
    put(of, "SG/1",
        "SG issued valid=2026-06-01..2028-05-31 event=8;SG revoked decided=2026-07-31 rev=2 event=9;"
        "JP raised on=2026-07-01");
    take(of, "SG suspended from=2026-08-01 rev=2 event=5");
    fake_store_expect(&of->store, "dead CONFLICTING_REVISION\n"
                                  "status SG/1@JP 1/1 -1 LABEL_NOT_VALID EVENT\n"
                                  "obligation CONSULTATION/SG/1@JP 1 -1 OPEN EVENT\n"
                                  "obligation REVOCATION_NOTICE/SG/1@JP 1 -1 OPEN EVENT\n"
                                  "status JP/3@SG 1/1 -1 NOT_APPLICABLE_BASIS_IN_HOST BASIS\n"
                                  "status JP/5@SG 1/1 -1 NOT_APPLICABLE_BASIS_IN_HOST BASIS");
    assert_int_equal(of->taken.refusal.code, KH_REFUSAL_CONFLICTING_REVISION);
    assert_false(of->taken.arrangement_changed);
    const kh_result *status = result(of, 1);
    assert_text(status->cause.topic, "sg.label-events");
    assert_int_equal(status->cause.partition, 3);
    assert_int_equal(status->cause.offset, 101);
    assert_text(status->cause.event_id, "00000000-0000-4000-8000-000000000005");
    assert_int_equal(result(of, 4)->cause.offset, 101); /* of the dependents as well */
    assert_text(result(of, 4)->cause.event_id, "00000000-0000-4000-8000-000000000005");
    assert_int_equal(status->decided_at, kh_test_instant("2026-09-01@JP"));
    assert_ptr_equal(result(of, 0)->record, &of->record);
    assert_non_null(strstr(result(of, 0)->refusal.detail.data, "revision 2 of SG/1"));
    assert_text(result(of, 0)->cause.event_id, "");
}

static void what_is_due_is_decided_by_instant_then_subject(void **state)
{
    lane_state *of = *state;
    of->owns[0] = false;
    advance(of, "2026-06-15@JP");
    take(of, "SG/3: SG issued valid=2026-06-01..2026-08-31");
    take(of, "SG/2: SG issued valid=2026-06-01..2026-07-31");
    take(of, "JP/7: JP issued valid=2026-06-01..2026-07-31");
    take(of, "SG/1: SG issued valid=2026-06-01..2026-07-31");
    fake_store_expect(&of->store, "status SG/3@JP 1/1 -1 RECOGNISED EVENT\n"
                                  "status SG/2@JP 1/1 -1 RECOGNISED EVENT\n"
                                  "status JP/7@SG 1/1 -1 RECOGNISED EVENT\n"
                                  "status SG/1@JP 1/1 -1 RECOGNISED EVENT");
    advance(of, "2026-12-01@JP");
    fake_store_expect(&of->store, "status JP/7@SG 2/2 2 LABEL_NOT_VALID TIME\n" /* an hour before Singapore */
                                  "status SG/1@JP 2/2 3 LABEL_NOT_VALID TIME\n"
                                  "status SG/2@JP 2/2 1 LABEL_NOT_VALID TIME\n"
                                  "status SG/3@JP 2/2 0 LABEL_NOT_VALID TIME");
    assert_int_equal(result(of, 4)->decided_at, kh_test_instant("2026-08-01@JP"));
    assert_int_equal(result(of, 5)->decided_at, kh_test_instant("2026-08-01@SG"));
    assert_int_equal(result(of, 6)->decided_at, kh_test_instant("2026-08-01@SG"));
    assert_int_equal(result(of, 7)->decided_at, kh_test_instant("2026-09-01@SG"));
    assert_int_equal(of->lane.clock, kh_test_instant("2026-12-01@JP"));
}

static void a_budget_stops_it_and_it_goes_on_among_equals(void **state)
{
    lane_state *of = *state;
    of->owns[0] = false;
    kh_instant midnight = kh_test_instant("2026-08-01@SG");
    bool reached = true;
    advance(of, "2026-06-15@JP");
    take(of, "SG/1: SG issued valid=2026-06-01..2026-07-31");
    take(of, "SG/2: SG issued valid=2026-06-01..2026-07-31");
    take(of, "SG/3: SG issued valid=2026-06-01..2026-07-31");
    of->store.told = of->store.taken;
    static const char *const expected[] = {"status SG/1@JP 2/2 0 LABEL_NOT_VALID TIME",
                                           "status SG/2@JP 2/2 1 LABEL_NOT_VALID TIME",
                                           "status SG/3@JP 2/2 2 LABEL_NOT_VALID TIME"};
    uint32_t budget = 0;
    assert_rc(kh_lane_advance(&of->lane, midnight, &budget, &reached), KH_OK);
    assert_false(reached);
    assert_int_equal(of->lane.clock, kh_test_instant("2026-06-15@JP"));
    for (size_t i = 0; i < 3; i++) {
        budget = 1;
        assert_rc(kh_lane_advance(&of->lane, midnight, &budget, &reached), KH_OK);
        assert_int_equal(budget, 0);
        assert_true(reached == (i == 2)); /* the last call sees that nothing is left */
        assert_int_equal(of->lane.clock, midnight);
        fake_store_expect(&of->store, expected[i]);
    }
    budget = 0;
    assert_rc(kh_lane_advance(&of->lane, midnight, &budget, &reached), KH_OK);
    assert_true(reached);
    fake_store_expect(&of->store, "");
}

static void the_clock_never_goes_back(void **state)
{
    lane_state *of = *state;
    of->owns[0] = false;
    advance(of, "2026-06-15@JP");
    advance(of, "2026-06-01@JP");
    assert_int_equal(of->lane.clock, kh_test_instant("2026-06-15@JP"));
    take(of, "SG/1: SG issued valid=2026-06-01..2026-07-31");
    of->store.told = of->store.taken;
    /* fell due while another clock ran: decided now, at this clock */
    of->lane.clock = kh_test_instant("2026-09-01@JP");
    advance(of, "2026-08-15@JP");
    fake_store_expect(&of->store, "status SG/1@JP 2/2 0 LABEL_NOT_VALID TIME");
    assert_int_equal(result(of, 1)->decided_at, kh_test_instant("2026-09-01@JP"));
    assert_int_equal(of->lane.clock, kh_test_instant("2026-09-01@JP"));
}

static void a_duplicate_writes_nothing(void **state)
{
    lane_state *of = *state;
    of->owns[0] = false;
    advance(of, "2026-06-15@JP");
    take(of, "SG/1: SG issued valid=2026-06-01..2026-07-31");
    of->store.told = of->store.taken;
    kh_subject *subject = fake_store_subject(&of->store, KH_TEXT("SG/1"));
    subject->changed = false;
    subject->facts_changed = false;
    const kh_input *again = input_of(of, 0);
    assert_rc(kh_lane_take(&of->lane, again, &of->taken), KH_OK);
    fake_store_expect(&of->store, "");
    assert_true(!subject->changed && !subject->facts_changed && !of->taken.gap);
    assert_int_equal(of->taken.refusal.code, KH_REFUSAL_NONE);
}

static void a_statement_that_changes_no_message_writes_no_result(void **state)
{
    lane_state *of = *state;
    of->owns[0] = false;
    advance(of, "2026-06-15@JP");
    take(of, "SG/1: SG issued valid=2026-06-01..2026-07-31");
    of->store.told = of->store.taken;
    take(of, "SG/1: SG lifted from=2026-06-20 rev=5");
    fake_store_expect(&of->store, "");
    assert_true(of->taken.gap);
    assert_true(fake_store_subject(&of->store, KH_TEXT("SG/1"))->facts_changed);
}

static void versions_of_the_two_messages_count_apart(void **state)
{
    lane_state *of = *state;
    of->owns[0] = false;
    advance(of, "2026-06-15@JP");
    take(of, "JP raised on=2026-06-10");
    fake_store_expect(&of->store, "status SG/1@JP 1/0 -1 INCOMPLETE EVENT\n"
                                  "obligation CONSULTATION/SG/1@JP 1 -1 OPEN EVENT");
    take(of, "SG issued valid=2026-06-01..2026-12-31");
    fake_store_expect(&of->store, "status SG/1@JP 2/1 0 RECOGNISED EVENT");
    take(of, "JP failed from=2026-09-01"); /* not announced to the public */
    fake_store_expect(&of->store, "status SG/1@JP 3/0 2 RECOGNISED EVENT");
    take(of,
         "SG suspended from=2026-10-01"); /* to the agencies this comes after the failure, to the public it is next */
    fake_store_expect(&of->store, "status SG/1@JP 0/2 3 RECOGNISED EVENT");
    take(of, "SG lifted from=2026-10-01");
    fake_store_expect(&of->store, "status SG/1@JP 0/3 4 RECOGNISED EVENT");
    take(of, "JP settled on=2026-06-10"); /* nor is it told that nothing comes of it */
    fake_store_expect(&of->store, "status SG/1@JP 4/0 5 RECOGNISED EVENT\n"
                                  "gone CONSULTATION/SG/1@JP 2 1 EVENT");
    take(of, "SG amended product=lantern");
    fake_store_expect(&of->store, "status SG/1@JP 5/4 6 RECOGNISED EVENT");
}

static void one_that_is_gone_counts_and_may_come_again(void **state)
{
    lane_state *of = *state;
    of->owns[0] = false;
    advance(of, "2026-08-15@JP");
    take(of, "SG issued valid=2026-06-01..2028-12-31 basis=JP/9");
    take(of, "SG revoked decided=2026-07-31 from=2026-12-01");
    take(of, "SG revocation-withdrawn");
    take(of, "SG revoked decided=2026-08-01 from=2026-12-01");
    advance(of, "2026-10-01@JP");
    fake_store_expect(&of->store, "status SG/1@JP 1/1 -1 NOT_APPLICABLE_BASIS_IN_HOST EVENT\n"
                                  "status SG/1@JP 2/0 0 NOT_APPLICABLE_BASIS_IN_HOST EVENT\n"
                                  "obligation REVOCATION_NOTICE/SG/1@JP 1 -1 OPEN EVENT\n"
                                  "status SG/1@JP 3/0 1 NOT_APPLICABLE_BASIS_IN_HOST EVENT\n"
                                  "gone REVOCATION_NOTICE/SG/1@JP 2 2 EVENT\n"
                                  "status SG/1@JP 4/0 3 NOT_APPLICABLE_BASIS_IN_HOST EVENT\n"
                                  "obligation REVOCATION_NOTICE/SG/1@JP 3 4 OPEN EVENT\n"
                                  "obligation REVOCATION_NOTICE/SG/1@JP 4 6 OVERDUE TIME");
    assert_null(result(of, 4)->obligation);
    assert_text(result(of, 4)->subject, "SG/1");
}

static void a_refused_record_is_a_dead_letter_and_touches_nothing(void **state)
{
    lane_state *of = *state;
    of->owns[0] = false;
    advance(of, "2026-06-15@JP");
    kh_input input = {
        .record = &of->record, .refused = true, .refusal = {KH_REFUSAL_NO_BODY, KH_TEXT("an empty record")}};
    assert_rc(kh_lane_take(&of->lane, &input, &of->taken), KH_OK);
    fake_store_expect(&of->store, "dead NO_BODY");
    assert_int_equal(of->taken.refusal.code, KH_REFUSAL_NO_BODY);
    assert_int_equal(of->store.count, 0);
    assert_text(result(of, 0)->refusal.detail, "an empty record");
    assert_int_equal(result(of, 0)->previous_seq, -1);
}

static void more_than_a_register_keeps_is_refused(void **state)
{
    lane_state *of = *state;
    of->owns[0] = false;
    advance(of, "2026-06-15@JP");
    char line[64];
    char date[KH_DATE_SIZE + 1];
    kh_day first = kh_test_day("2026-07-01");
    for (int i = 0; i < KH_REGISTER_LIMIT; i++) {
        kh_day_print(first + i, date);
        (void)snprintf(line, sizeof line, "JP measure from=%s rev=%d", date, i + 1);
        put(of, "SG/1", line);
    }
    take(of, "JP measure from=2050-01-01");
    fake_store_expect(&of->store, "dead TOO_MANY_STATEMENTS");
    assert_int_equal(of->taken.refusal.code, KH_REFUSAL_TOO_MANY_STATEMENTS);
    assert_false(fake_store_subject(&of->store, KH_TEXT("SG/1"))->facts_changed);
}

static void an_event_about_the_arrangement_asks_for_a_sweep(void **state)
{
    lane_state *of = *state;
    kh_cause cause = {.trigger = KH_TRIGGER_ARRANGEMENT};
    advance(of, "2026-07-01@JP");
    take(of, "SG/1: SG issued valid=2026-06-01..2030-12-31");
    of->store.told = of->store.taken;
    take(of, "JP consulted on=2026-06-20");
    assert_true(of->taken.arrangement_changed);
    fake_store_expect(&of->store, "obligation YEARLY_CONSULTATION/jp-sg 2 0 OPEN EVENT");
    take(of, "SG terminated last=2029-05-31");
    assert_true(of->taken.arrangement_changed);
    fake_store_expect(&of->store, ""); /* the yearly one stands as it was; the labels come with the sweep */
    assert_rc(kh_lane_begin_sweep(&of->lane, &cause), KH_OK);
    kh_subject *label = fake_store_subject(&of->store, KH_TEXT("SG/1"));
    assert_rc(kh_lane_decide_again(&of->lane, label, &cause), KH_OK);
    fake_store_expect(&of->store, "status SG/1@JP 2/2 1 RECOGNISED ARRANGEMENT");
    kh_subject *empty = fake_store_subject(&of->store, KH_TEXT("SG/2"));
    unsigned decided = of->store.decided;
    assert_rc(kh_lane_decide_again(&of->lane, empty, &cause), KH_OK);
    assert_int_equal(of->store.decided, decided); /* an empty row is passed by */
    fake_store_expect(&of->store, "");
}

static void nothing_is_swept_before_the_first_instant(void **state)
{
    lane_state *of = *state;
    kh_cause cause = {.trigger = KH_TRIGGER_ARRANGEMENT};
    assert_rc(kh_lane_begin_sweep(&of->lane, &cause), KH_OK);
    fake_store_expect(&of->store, "");
    assert_int_equal(of->store.decided, 0);
}

static void a_missing_pack_blocks_from_its_day_on(void **state)
{
    lane_state *of = *state;
    const kh_amendment *missing = NULL;
    advance(of, "2026-07-01@JP");
    assert_true(kh_lane_blocked_from(&of->lane, &missing) == KH_INSTANT_NONE);
    take(of, "JP consented pack=jp-sg-4 from=2026-10-01 given=2026-06-15");
    assert_true(kh_lane_blocked_from(&of->lane, &missing) == KH_INSTANT_NONE);
    take(of, "SG consented pack=jp-sg-4 from=2026-10-01 given=2026-06-15");
    assert_int_equal(kh_lane_blocked_from(&of->lane, &missing), kh_test_instant("2026-10-01@JP"));
    assert_true(kh_text_equal(missing->sha256, kh_test_pack_sha256(KH_TEXT("jp-sg-4"))));
    of->store.told = of->store.taken;
    /* one that should have been in force already: nothing is decided by the old pack, but the facts are kept */
    take(of, "JP consented pack=jp-sg-5 from=2026-06-20 given=2026-06-15");
    take(of, "JP consulted on=2026-06-25");
    of->store.told = of->store.taken;
    take(of, "SG consented pack=jp-sg-5 from=2026-06-20 given=2026-06-15");
    assert_int_equal(kh_lane_blocked_from(&of->lane, &missing), kh_test_instant("2026-06-20@JP"));
    assert_true(of->taken.arrangement_changed);
    take(of, "JP consulted on=2026-06-28");
    assert_true(of->taken.arrangement_changed);
    fake_store_expect(&of->store, "");
}

static void what_the_sink_answers_comes_back(void **state)
{
    lane_state *of = *state;
    of->owns[0] = false;
    advance(of, "2026-06-15@JP");
    of->store.sink_answer = KH_E_LOST;
    kh_test_history_state(&of->core->history, "SG issued valid=2026-06-01..2026-12-31");
    const kh_input *input = input_of(of, 0);
    assert_rc(kh_lane_take(&of->lane, input, &of->taken), KH_E_LOST);
    assert_int_equal(of->lane.next_seq, 0);
}

#define LANE_TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        LANE_TEST(the_arrangement_is_decided_at_the_first_instant),
        LANE_TEST(before_the_effect_it_waits_for_it),
        LANE_TEST(an_arrangement_of_another_lane_is_not_decided_here),
        LANE_TEST(results_of_one_record_in_order),
        LANE_TEST(what_is_due_is_decided_by_instant_then_subject),
        LANE_TEST(a_budget_stops_it_and_it_goes_on_among_equals),
        LANE_TEST(the_clock_never_goes_back),
        LANE_TEST(a_duplicate_writes_nothing),
        LANE_TEST(a_statement_that_changes_no_message_writes_no_result),
        LANE_TEST(versions_of_the_two_messages_count_apart),
        LANE_TEST(one_that_is_gone_counts_and_may_come_again),
        LANE_TEST(a_refused_record_is_a_dead_letter_and_touches_nothing),
        LANE_TEST(more_than_a_register_keeps_is_refused),
        LANE_TEST(an_event_about_the_arrangement_asks_for_a_sweep),
        LANE_TEST(nothing_is_swept_before_the_first_instant),
        LANE_TEST(a_missing_pack_blocks_from_its_day_on),
        LANE_TEST(what_the_sink_answers_comes_back),
    };
    return cmocka_run_group_tests_name("lane", tests, NULL, NULL);
}
