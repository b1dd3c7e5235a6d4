/* What an overview's figures mean: rule packs by their day, and what needs somebody. */
#include "support/core_state.h"

#include "app/overview.h"

/* An overview of the fixture's book with what was stated about the arrangement, on a day. */
static void begin(core_state *core, const char *lines, const char *at, kh_overview *out)
{
    core_again(core);
    kh_test_history_state(&core->history, lines);
    kh_arrangement *arrangement = kh_arena_allocate(&core->arena, sizeof *arrangement);
    *arrangement = *core_arrangement(core);
    *out = (kh_overview){
        .day = kh_test_instant(at),
        .world = {.book = arrangement->book, .arrangements = arrangement, .count = 1},
    };
    assert_rc(kh_overview_judge_rules(out, &core->arena), KH_OK);
}

static void rule_packs_by_their_day(void **state)
{
    core_state *core = *state;
    static const char both[] = "JP consented pack=jp-sg-2 from=2026-10-01 given=2026-08-01;"
                               "SG consented pack=jp-sg-2 from=2026-10-01 given=2026-08-01";
    static const struct {
        const char *lines;
        const char *at;
        kh_pack_standing standings[KH_TEST_PACKS];
    } rows[] = {
        {"", "2026-05-31@SG", {KH_PACK_COMING, KH_PACK_NOT_AGREED, KH_PACK_NOT_AGREED}},
        {"", "2026-06-01@SG", {KH_PACK_IN_FORCE, KH_PACK_NOT_AGREED, KH_PACK_NOT_AGREED}},
        /* Singapore's clocks are an hour behind: in force once it is so on both dates. */
        {"", "2026-06-01@JP", {KH_PACK_COMING, KH_PACK_NOT_AGREED, KH_PACK_NOT_AGREED}},
        {both, "2026-09-30@SG", {KH_PACK_IN_FORCE, KH_PACK_COMING, KH_PACK_NOT_AGREED}},
        {both, "2026-10-01@SG", {KH_PACK_SUPERSEDED, KH_PACK_IN_FORCE, KH_PACK_NOT_AGREED}},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        kh_overview of;
        begin(core, rows[i].lines, rows[i].at, &of);
        assert_int_equal(of.pack_count, KH_TEST_PACKS);
        for (size_t p = 0; p < KH_TEST_PACKS; p++) {
            if (of.packs[p].standing != rows[i].standings[p]) {
                fail_msg("row %zu, pack %zu: %d", i, p, (int)of.packs[p].standing);
            }
        }
    }
}

static bool has_note(const kh_overview *of, const char *words)
{
    for (size_t i = 0; i < of->note_count; i++) {
        if (memmem(of->notes[i].data, of->notes[i].length, words, strlen(words)) != NULL) {
            return true;
        }
    }
    return false;
}

static void a_pack_that_both_want_and_nobody_loaded(void **state)
{
    core_state *core = *state;
    kh_overview of;
    begin(core,
          "JP consented pack=jp-sg-7 from=2026-10-01 given=2026-08-01;"
          "SG consented pack=jp-sg-7 from=2026-10-01 given=2026-08-01",
          "2026-09-01@SG", &of);
    assert_int_equal(of.pack_count, KH_TEST_PACKS + 1);
    assert_int_equal(of.packs[KH_TEST_PACKS].standing, KH_PACK_MISSING);
    assert_int_equal(of.packs[KH_TEST_PACKS].from, kh_test_day("2026-10-01"));
    assert_rc(kh_overview_judge(&of, &core->arena), KH_OK);
    assert_true(has_note(&of, "no lane goes past 2026-09-30T15:00:00Z without it"));
}

static void a_calendar_is_told_in_time(void **state)
{
    core_state *core = *state;
    kh_overview of;
    begin(core, "", "2026-06-01@SG", &of);
    assert_int_equal(of.calendar_count, 2);
    kh_day today = kh_instant_day(of.day, 0);
    assert_int_equal(of.calendars[0].days_left, of.calendars[0].complete_until - today);
    of.calendars[0].days_left = KH_OVERVIEW_CALENDAR_DAYS;
    of.calendars[1].days_left = KH_OVERVIEW_CALENDAR_DAYS;
    assert_rc(kh_overview_judge(&of, &core->arena), KH_OK);
    assert_false(has_note(&of, "is complete only until"));
    of.calendars[1].days_left--;
    assert_rc(kh_overview_judge(&of, &core->arena), KH_OK);
    assert_true(has_note(&of, "calendar sg-public-holidays is complete only until"));
    assert_false(has_note(&of, "jp-administrative"));
}

static const kh_overview_lane IDLE = {.row = {.owner = KH_TEXT("w"), .next_seq = 5}, .connected = true, .published = 5};

static void lanes_without_a_worker(void **state)
{
    core_state *core = *state;
    kh_overview_source cut = {KH_TEXT("jp"), 7, 8, 9};
    kh_overview_source ahead = {KH_TEXT("jp"), 10, 0, 9};
    kh_overview_source well = {KH_TEXT("jp"), 9, 0, 9};
    struct {
        kh_overview_lane lane;
        kh_clock_source clock;
        const char *words; /* NULL: nothing is said */
    } rows[] = {
        {IDLE, KH_CLOCK_WALL, NULL},
        {IDLE, KH_CLOCK_WALL, "no worker holds lane 0:"},
        {IDLE, KH_CLOCK_RECORDS, NULL},
        {IDLE, KH_CLOCK_RECORDS, "no worker holds lane 0:"},
        {IDLE, KH_CLOCK_RECORDS, "no worker holds lane 0:"},
        {IDLE, KH_CLOCK_RECORDS, "no worker holds lane 0:"},
        {IDLE, KH_CLOCK_WALL, "has lost records"},
        {IDLE, KH_CLOCK_WALL, "has lost records"},
        {IDLE, KH_CLOCK_WALL, NULL},
    };
    rows[1].lane.connected = false;
    rows[2].lane.row.owner = KH_TEXT("");
    rows[3].lane.row.owner = KH_TEXT("");
    rows[3].lane.lag = 1;
    rows[4].lane.row.owner = KH_TEXT("");
    rows[4].lane.published = 4;
    rows[5].lane.connected = false;
    rows[5].lane.row.arrangement_version = 1;
    rows[6].lane.sources = &cut;
    rows[7].lane.sources = &ahead;
    rows[8].lane.sources = &well;
    rows[6].lane.source_count = rows[7].lane.source_count = rows[8].lane.source_count = 1;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        kh_overview of;
        begin(core, "", "2026-06-01@SG", &of);
        of.lanes = &rows[i].lane;
        of.lane_count = 1;
        of.clock = rows[i].clock;
        assert_rc(kh_overview_judge(&of, &core->arena), KH_OK);
        if (of.note_count != (rows[i].words != NULL) || (rows[i].words != NULL && !has_note(&of, rows[i].words))) {
            fail_msg("row %zu: %zu notes, first \"%.*s\"", i, of.note_count,
                     of.note_count == 0 ? 0 : (int)of.notes[0].length, of.notes[0].data);
        }
    }
}

static void many_lanes_are_counted(void **state)
{
    core_state *core = *state;
    kh_overview of;
    kh_overview_lane lanes[10] = {0};
    for (int32_t i = 0; i < 10; i++) {
        lanes[i].row.lane = i;
    }
    begin(core, "", "2026-06-01@SG", &of);
    of.lanes = lanes;
    of.lane_count = 10;
    of.clock = KH_CLOCK_WALL;
    assert_rc(kh_overview_judge(&of, &core->arena), KH_OK);
    assert_true(has_note(&of, "lanes 0, 1, 2, 3, 4, 5, 6, 7 and 2 more:"));
}

static void dead_letters_that_nobody_has_seen_to(void **state)
{
    core_state *core = *state;
    kh_overview of;
    kh_overview_lane lane = IDLE;
    kh_dead_letter_count letters[] = {{.open = 3, .waiting = 3, .redriven = 7}, {.open = 2, .waiting = 1}};
    begin(core, "", "2026-06-01@SG", &of);
    of.lanes = &lane;
    of.lane_count = 1;
    of.letters = letters;
    of.letter_count = 1;
    assert_rc(kh_overview_judge(&of, &core->arena), KH_OK);
    assert_int_equal(of.note_count, 0);
    of.letter_count = 2;
    of.broker_error = "no answer";
    assert_rc(kh_overview_judge(&of, &core->arena), KH_OK);
    assert_true(has_note(&of, "1 record could not be used"));
    assert_true(has_note(&of, "the broker cannot be asked, so lag is not known: no answer"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CORE_TEST(rule_packs_by_their_day),    CORE_TEST(a_pack_that_both_want_and_nobody_loaded),
        CORE_TEST(a_calendar_is_told_in_time), CORE_TEST(lanes_without_a_worker),
        CORE_TEST(many_lanes_are_counted),     CORE_TEST(dead_letters_that_nobody_has_seen_to),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
