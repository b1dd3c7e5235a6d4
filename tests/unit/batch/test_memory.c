/* Each allocation of a whole history's batch fails once: KH_E_MEMORY is said, nothing leaks, no result leaves that
 * would not have left without the failure, and the batch, dropped and tried again in the same arena, gives what it
 * should. */
#include <stdio.h>
#include <string.h>

#include "codec/event_line.h"
#include "codec/event_reader.h"
#include "fake_store.h"
#include "support/core_state.h"
#include "support/fail_each.h"

#define LINE_BYTES 65536

typedef struct input_list {
    core_state *core;
    kh_input inputs[256];
    kh_record records[256];
    uint32_t count;
    fake_store *store;    /* of the run at hand */
    fake_store *expected; /* of the undisturbed one */
} input_list;

/* ---- one history through one lane ---- */

typedef struct course {
    const input_list *of;
    kh_arena *arena;
    kh_arrangement arrangement;
    bool owns;
    bool blocked; /* a rule pack is missing: nothing more can be decided */
    kh_lane lane;
} course;

static kh_rc begin(course *run)
{
    static const kh_facts nothing = {0};
    fake_store_init(run->of->store);
    run->owns = true;
    run->lane = (kh_lane){
        .clock = KH_INSTANT_NONE,
        .arrangements = &run->arrangement,
        .arrangement_count = 1,
        .owns_arrangement = &run->owns,
        .arena = run->arena,
        .store = &run->of->store->store,
        .sink = &run->of->store->sink,
    };
    return kh_arrangement_build(&run->of->core->book.book, KH_TEXT("jp-sg"), &nothing, run->arena, &run->arrangement);
}

static kh_rc advance(course *run, kh_instant to)
{
    const kh_amendment *missing = NULL;
    kh_instant from = kh_lane_blocked_from(&run->lane, &missing);
    uint32_t budget = UINT32_MAX;
    bool reached = false;
    run->blocked = from != KH_INSTANT_NONE && to >= from;
    return kh_lane_advance(&run->lane, run->blocked ? from - 1 : to, &budget, &reached);
}

static kh_rc sweep(course *run, const kh_record *record)
{
    kh_cause cause = {.trigger = KH_TRIGGER_ARRANGEMENT, .topic = record->topic, .offset = record->offset};
    kh_rc rc = kh_lane_begin_sweep(&run->lane, &cause);
    for (uint32_t i = 0; rc == KH_OK && i < run->of->store->count; i++) {
        rc = kh_lane_decide_again(&run->lane, &run->of->store->subjects[i], &cause);
    }
    return rc;
}

static kh_rc take(course *run, const kh_input *input)
{
    kh_taken taken;
    kh_rc rc = advance(run, input->record->timestamp);
    if (rc != KH_OK || run->blocked) {
        return rc;
    }
    rc = kh_lane_take(&run->lane, input, &taken);
    return rc == KH_OK && taken.arrangement_changed ? sweep(run, input->record) : rc;
}

/* Results are the undisturbed run's, as far as they go. */
static void compare(const input_list *of)
{
    assert_true(of->store->taken <= of->expected->taken);
    for (uint32_t i = 0; i < of->store->taken; i++) {
        assert_string_equal(of->store->lines[i], of->expected->lines[i]);
    }
}

static kh_rc run_history(kh_arena *arena, const input_list *of)
{
    course run = {.of = of, .arena = arena};
    kh_rc rc = begin(&run);
    for (uint32_t i = 0; rc == KH_OK && !run.blocked && i < of->count; i++) {
        rc = take(&run, &of->inputs[i]);
    }
    if (rc == KH_OK && !run.blocked) {
        rc = advance(&run, kh_test_instant("2030-01-01@JP"));
    }
    return rc;
}

static kh_rc run_and_try_again(kh_arena *arena, const void *input)
{
    const input_list *of = input;
    kh_rc rc = run_history(arena, of);
    compare(of);
    if (rc == KH_E_MEMORY) {
        kh_arena_reset(arena);
        assert_rc(run_history(arena, of), KH_OK);
        compare(of);
    }
    assert_int_equal(of->store->taken, of->expected->taken);
    return rc;
}

/* ---- the histories ---- */

static void read_line(input_list *of, kh_text line)
{
    static const kh_topic_owner owners[] = {{{"jp.label-events", 15}, {"JP", 2}}, {{"sg.label-events", 15}, {"SG", 2}}};
    kh_event_rules rules = {
        .book = &of->core->book.book, .owners = owners, .owner_count = 2, .max_bytes = KH_EVENT_MAX_BYTES};
    bool has_timestamp = false;
    assert_true(of->count < sizeof of->inputs / sizeof *of->inputs);
    kh_input *input = &of->inputs[of->count];
    kh_record *record = &of->records[of->count];
    kh_rc rc = kh_event_line_read(line, KH_EVENT_MAX_BYTES, &of->core->arena, record, &has_timestamp, &input->refusal);
    if (rc == KH_OK) {
        rc = kh_event_read(&rules, record, -1, &of->core->arena, &input->event, &input->refusal);
    }
    assert_true(rc == KH_OK || rc == KH_E_REFUSED);
    assert_true(has_timestamp);
    record->offset = of->count++;
    input->record = record;
    input->refused = rc == KH_E_REFUSED;
}

/* tests/cases/NAME.jsonl */
static void read_case(input_list *of, const char *name)
{
    static char line[LINE_BYTES];
    char path[512];
    (void)snprintf(path, sizeof path, KH_SOURCE_DIR "/tests/cases/%s.jsonl", name);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    while (fgets(line, sizeof line, file) != NULL) {
        size_t length = strcspn(line, "\n");
        assert_true(length > 0 && length < sizeof line - 1);
        read_line(of, (kh_text){line, length});
    }
    assert_int_equal(fclose(file), 0);
}

/* As a person would write them; see support/history.h. */
static void read_story(input_list *of, const char *lines)
{
    kh_test_history *history = &of->core->history;
    kh_test_history_state(history, lines);
    assert_true(history->count <= sizeof of->inputs / sizeof *of->inputs);
    for (; of->count < history->count; of->count++) {
        kh_record *record = &of->records[of->count];
        *record = (kh_record){
            .topic = KH_TEXT("sg.label-events"), .offset = of->count, .timestamp = kh_test_instant("2026-06-15@JP")};
        of->inputs[of->count] = (kh_input){.record = record, .event = history->events[of->count]};
    }
}

static long fail_in(core_state *core, const char *name, const char *lines)
{
    static fake_store expected;
    static fake_store store;
    static input_list of;
    kh_test_memory memory;
    of = (input_list){.core = core, .store = &expected};
    if (name != NULL) {
        read_case(&of, name);
    } else {
        read_story(&of, lines);
    }
    assert_rc(run_history(&core->arena, &of), KH_OK);
    assert_true(expected.taken > of.count / 2);
    of.store = &store;
    of.expected = &expected;
    return kh_test_fail_each(&memory, run_and_try_again, &of, KH_OK, false);
}

/* With a conflict of revisions, and an amendment whose pack is there. */
static void a_story(void **state)
{
    assert_true(fail_in(*state, NULL,
                        "SG issued valid=2026-06-01..2026-12-31 documents=a:ja;"
                        "JP/3: JP issued valid=2026-06-01..2028-05-31 basis=SG/1;"
                        "JP raised on=2026-06-10;"
                        "SG revoked decided=2026-06-12 rev=2 event=90;"
                        "SG suspended from=2026-06-13 rev=2 event=80;"
                        "JP consented pack=jp-sg-2 from=2026-10-01 given=2026-06-01;"
                        "SG consented pack=jp-sg-2 from=2026-10-01 given=2026-06-01") > 50);
}

static void plain(void **state)
{
    assert_true(fail_in(*state, "01-plain", NULL) > 300);
}

static void disputes(void **state)
{
    assert_true(fail_in(*state, "05-disputes", NULL) > 1000);
}

static void the_arrangement(void **state)
{
    assert_true(fail_in(*state, "06-arrangement", NULL) > 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CORE_TEST(a_story),
        CORE_TEST(plain),
        CORE_TEST(disputes),
        CORE_TEST(the_arrangement),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
